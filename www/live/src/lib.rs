//! What moves, in Rust: fires that appear on the operators' pages while one looks, and the debug overlay. Visitors never
//! load it, and every page works without it: what it shows is made by the server and fetched anew.
//!
//! - [`fire`]: what a live stream tells; the type that the server writes and this side reads
//! - `card`: a part of a page that is fetched anew when something happened
//! - `list`: a list that new fires slide into
//! - `stream`: the server's events (`EventSource`)
//! - `timer`: waiting
//! - `copy`: buttons that copy a code sample
//! - `overlay`: on a page whose address asks for it, what the pixel does there

pub mod fire;
#[cfg(any(target_arch = "wasm32", test))]
pub mod overlay;

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

/// Sets everything on one of our pages going that asks for it. `assets/live.js` calls it.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn start() {
    let Some(document) = web_sys::window().and_then(|w| w.document()) else {
        return;
    };
    card::start(&document);
    list::start(&document);
    copy::start(&document);
}

/// Shows on a visited page what the pixel does there. `js/debug.js` calls it.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn overlay() {
    let window = web_sys::window();
    if let Some((window, document)) = window.and_then(|w| w.document().map(|d| (w, d))) {
        // Where it fails, the page goes on without the overlay.
        let _ = overlay::start(&window, &document);
    }
}
