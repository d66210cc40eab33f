//! Buttons that copy the code sample they stand beside: `<button data-copy="ID">`.

use wasm_bindgen::prelude::*;
use web_sys::{Document, Element};

pub(crate) fn start(document: &Document) {
    let Ok(buttons) = document.query_selector_all("[data-copy]") else {
        return;
    };
    for nth in 0..buttons.length() {
        let Some(button) = buttons
            .item(nth)
            .and_then(|node| node.dyn_into::<Element>().ok())
        else {
            continue;
        };
        let document = document.clone();
        let copied = button.clone();
        let work = Closure::<dyn Fn()>::new(move || {
            let text = copied
                .get_attribute("data-copy")
                .and_then(|id| document.get_element_by_id(&id))
                .and_then(|e| e.text_content());
            if let (Some(text), Some(window)) = (text, web_sys::window()) {
                // Where the browser refuses, the text can still be selected by hand.
                let _ = window.navigator().clipboard().write_text(&text);
                copied.set_text_content(Some("Copied"));
            }
        });
        // It fails only for a target that is gone.
        let _ = button.add_event_listener_with_callback("click", work.as_ref().unchecked_ref());
        button.remove_attribute("hidden").unwrap_or_default();
        work.forget();
    }
}
