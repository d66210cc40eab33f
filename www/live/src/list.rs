//! A list that new fires slide into: `<ol data-live-list="STREAM">`, newest first.

use web_sys::{Document, Element};

use crate::{Fire, stream};

/// Entries that a list keeps.
const KEPT: u32 = 30;

pub(crate) fn start(document: &Document) {
    let Ok(Some(list)) = document.query_selector("[data-live-list]") else {
        return;
    };
    let Some(url) = list.get_attribute("data-live-list") else {
        return;
    };
    let document = document.clone();
    stream::read(url, move |fire| {
        // It fails only on a page that is going away.
        let _ = add(&document, &list, &fire);
    });
}

/// Puts `fire` on top of `list`. Text only: what a visitor sent is never read as HTML.
///
/// # Errors
/// When the page's DOM refuses, which it doesn't while the page lives.
pub fn add(document: &Document, list: &Element, fire: &Fire) -> Result<(), wasm_bindgen::JsValue> {
    let entry = document.create_element("li")?;
    entry.set_class_name("new");
    let part = |tag: &str, class: &str, text: &str| {
        let element = document.create_element(tag)?;
        element.set_class_name(class);
        element.set_text_content(Some(text));
        entry.append_child(&element).map(|_| ())
    };
    part("time", "muted", &fire.time)?;
    part(
        "strong",
        if fire.reserved { "system" } else { "" },
        fire.label(),
    )?;
    part(
        "code",
        "muted",
        fire.metadata.as_deref().unwrap_or_default(),
    )?;
    list.prepend_with_node_1(&entry)?;
    while list.child_element_count() > KEPT {
        match list.last_element_child() {
            Some(last) => last.remove(),
            None => break,
        }
    }
    Ok(())
}
