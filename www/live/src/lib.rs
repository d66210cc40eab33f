//! The moving part of the operators' pages: fires that appear while one looks. Only operators load it, and every page
//! works without it: what it shows is made by the server and fetched anew.
//!
//! - [`fire`]: what a live stream tells; the type that the server writes and this side reads
//! - `card`: a part of a page that is fetched anew when something happened
//! - `list`: a list that new fires slide into
//! - `stream`: the server's events (`EventSource`)
//! - `timer`: waiting
//! - `copy`: buttons that copy a code sample

pub mod fire;

#[cfg(target_arch = "wasm32")]
mod card;
#[cfg(target_arch = "wasm32")]
mod copy;
#[cfg(target_arch = "wasm32")]
pub mod list;
#[cfg(target_arch = "wasm32")]
mod stream;
#[cfg(target_arch = "wasm32")]
mod timer;

pub use fire::Fire;
#[cfg(target_arch = "wasm32")]
pub use stream::parse;

/// Sets everything on the page going that asks for it.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn start() {
    let Some(document) = web_sys::window().and_then(|w| w.document()) else {
        return;
    };
    card::start(&document);
    list::start(&document);
    copy::start(&document);
}
