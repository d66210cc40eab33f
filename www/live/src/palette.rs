//! ⌘K, or Ctrl K, anywhere on a site's pages: asks a question, in the `<dialog data-palette>` that the page brings along.

use wasm_bindgen::prelude::*;
use web_sys::{Document, HtmlDialogElement, HtmlElement, KeyboardEvent};

pub(crate) fn start(document: &Document) {
    let found = document.query_selector("[data-palette]").ok().flatten();
    let Some(palette) = found.and_then(|found| found.dyn_into::<HtmlDialogElement>().ok()) else {
        return;
    };
    let page = document.clone();
    let work = Closure::<dyn Fn(KeyboardEvent)>::new(move |pressed: KeyboardEvent| {
        let is_it =
            (pressed.meta_key() || pressed.ctrl_key()) && pressed.key().eq_ignore_ascii_case("k");
        if !is_it || pressed.shift_key() || pressed.alt_key() {
            return;
        }
        pressed.prevent_default();
        // The page of questions has its own field.
        let field = page.query_selector("#question").ok().flatten();
        match field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
            Some(field) => field.focus().unwrap_or_default(),
            None if palette.open() => palette.close(),
            // It fails only for a dialog that is open already.
            None => palette.show_modal().unwrap_or_default(),
        }
    });
    // It fails only for a target that is gone.
    let _ = document.add_event_listener_with_callback("keydown", work.as_ref().unchecked_ref());
    work.forget();
}
