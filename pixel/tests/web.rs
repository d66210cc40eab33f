//! The core in a browser, held against what the browser itself says: run by `wasm-pack test`.
#![allow(clippy::unwrap_used)]
#![cfg(target_arch = "wasm32")]

use js_sys::{JSON, JsString};
use pixel::record::events;
use pixel::{name, verdict};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

/// `text` as the browser writes it into JSON.
fn quoted(text: &str) -> String {
    JSON::stringify(&JsValue::from_str(text)).unwrap().into()
}

#[wasm_bindgen_test]
fn white_space_is_what_the_browser_trims() {
    for code in 1..0xffffu32 {
        let Some(c) = char::from_u32(code) else {
            continue;
        };
        let text = format!("{c}x{c}");
        let trimmed: String = JsString::from(text.as_str()).trim().into();
        let is_control = c.is_control();
        let expected = if trimmed == "x" {
            Some("x")
        } else if is_control {
            None
        } else {
            Some(text.as_str())
        };
        assert_eq!(name::parse(&text), expected, "U+{code:04X}");
    }
}

#[wasm_bindgen_test]
fn names_that_the_browser_quotes_are_judged_as_they_are() {
    for text in [
        "Buy",
        "\"quoted\"",
        "back\\slash",
        "日本",
        "😀",
        "a\nb",
        "a\u{1}b",
        "a\u{7f}b",
        "a\u{85}b",
        "__x",
        "",
    ] {
        let facts = format!("g{}\r", quoted(text));
        assert_eq!(
            verdict(facts.as_bytes()) == 1,
            name::parse(text).is_some(),
            "{text:?}"
        );
    }
}

#[wasm_bindgen_test]
fn drafts_are_json_to_the_browser() {
    let draft = format!(",\"event_id\":\"a\",\"name\":{}", quoted("Größe \"L\""));
    let record = format!("5\tg{}\r\t{draft}", quoted("Größe \"L\""));
    let told: Vec<_> = events(&record).collect();
    assert_eq!(told.len(), 1);
    let object = JSON::parse(&format!("{{\"age_ms\":0{}}}", told[0].draft)).unwrap();
    let name = js_sys::Reflect::get(&object, &"name".into()).unwrap();
    assert_eq!(name.as_string().as_deref(), Some("Größe \"L\""));
}
