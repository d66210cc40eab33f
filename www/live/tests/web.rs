//! The live part in a browser: run by `wasm-pack test`.
#![allow(clippy::unwrap_used)]
#![cfg(target_arch = "wasm32")]

use live::{Fire, list};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

fn fire(name: Option<&str>) -> Fire {
    Fire {
        name: name.map(str::to_owned),
        reserved: name.is_some_and(|n| n.starts_with("__")),
        time: "10:30:05".into(),
        url: Some("https://a.test/".into()),
        metadata: Some("{\"a\":1}".into()),
    }
}

fn new_list() -> (web_sys::Document, web_sys::Element) {
    let document = web_sys::window().unwrap().document().unwrap();
    let list = document.create_element("ol").unwrap();
    (document, list)
}

#[wasm_bindgen_test]
fn a_message_of_the_server_is_read_and_nonsense_is_not() {
    let json = r#"{"name":"Trial","reserved":false,"time":"10:30:05","url":"https://a.test/","metadata":"{\"a\":1}"}"#;
    assert_eq!(
        live::parse(&JsValue::from_str(json)),
        Some(fire(Some("Trial")))
    );
    let view = r#"{"name":null,"reserved":false,"time":"10:30:05","url":null,"metadata":null}"#;
    assert_eq!(
        live::parse(&JsValue::from_str(view)).unwrap().label(),
        "Page view"
    );
    for nonsense in ["", "{", "[]", "7", "{\"name\":7}"] {
        assert_eq!(
            live::parse(&JsValue::from_str(nonsense)),
            None,
            "{nonsense}"
        );
    }
    assert_eq!(live::parse(&JsValue::NULL), None);
}

#[wasm_bindgen_test]
fn fires_slide_in_on_top_and_the_list_stays_short() {
    let (document, entries) = new_list();
    for nth in 0..40 {
        list::add(&document, &entries, &fire(Some(&format!("Goal {nth}")))).unwrap();
    }
    assert_eq!(entries.child_element_count(), 30);
    assert!(
        entries
            .first_element_child()
            .unwrap()
            .text_content()
            .unwrap()
            .contains("Goal 39")
    );
    list::add(&document, &entries, &fire(Some("__admx_scroll_50"))).unwrap();
    let first = entries.first_element_child().unwrap();
    assert!(
        first
            .inner_html()
            .contains("class=\"system\">Scrolled past 50 %")
    );
}

#[wasm_bindgen_test]
fn what_a_visitor_sent_is_text() {
    let (document, entries) = new_list();
    let bad = "<img src=x onerror=alert(1)>";
    list::add(
        &document,
        &entries,
        &Fire {
            metadata: Some(bad.into()),
            ..fire(Some(bad))
        },
    )
    .unwrap();
    assert!(entries.query_selector("img").unwrap().is_none());
    assert!(entries.text_content().unwrap().contains(bad));
}
