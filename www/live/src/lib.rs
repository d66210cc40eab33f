//! What moves, in Rust: fires that appear on the operators' pages while one looks, and the debug overlay. Visitors never
//! load it, and every page works without it: what it shows is made by the server and fetched anew.
//!
//! - [`fire`]: what a live stream tells; the type that the server writes and this side reads
//! - `timer`: waiting
//!
//! The feature `pages`, on our own pages:
//!
//! - `card`: a part of a page that is fetched anew when something happened
//! - `list`: a list that new fires slide into
//! - `stream`: the server's events (`EventSource`)
//! - `copy`: buttons that copy a code sample
//! - `palette`: asking from anywhere by ⌘K
//!
//! The feature `overlay`, on a site's page whose address asks for it:
//!
//! - `overlay`: what the pixel does there
//!
//! Each of the two is a module of its own, so that nobody loads what the other needs.

pub mod fire;
#[cfg(all(feature = "overlay", any(target_arch = "wasm32", test)))]
pub mod overlay;

#[cfg(all(feature = "pages", target_arch = "wasm32"))]
mod card;
#[cfg(all(feature = "pages", target_arch = "wasm32"))]
mod copy;
#[cfg(all(feature = "pages", target_arch = "wasm32"))]
pub mod list;
#[cfg(all(feature = "pages", target_arch = "wasm32"))]
mod palette;
#[cfg(all(feature = "pages", target_arch = "wasm32"))]
mod stream;
#[cfg(target_arch = "wasm32")]
mod timer;

pub use fire::Fire;
#[cfg(all(feature = "pages", target_arch = "wasm32"))]
pub use stream::parse;

/// Sets everything on one of our pages going that asks for it. `assets/live.js` calls it.
#[cfg(all(feature = "pages", target_arch = "wasm32"))]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn start() {
    let Some(document) = web_sys::window().and_then(|w| w.document()) else {
        return;
    };
    card::start(&document);
    list::start(&document);
    copy::start(&document);
    palette::start(&document);
}

/// Shows on a visited page what the pixel does there. `js/debug.js` calls it.
#[cfg(all(feature = "overlay", target_arch = "wasm32"))]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn overlay() {
    let window = web_sys::window();
    if let Some((window, document)) = window.and_then(|w| w.document().map(|d| (w, d))) {
        // Where it fails, the page goes on without the overlay.
        let _ = overlay::start(&window, &document);
    }
}
