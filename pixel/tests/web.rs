//! The core in a browser, held against what the browser itself says: run by `wasm-pack test`.
#![allow(clippy::unwrap_used)]
#![cfg(target_arch = "wasm32")]

use js_sys::{Array, JSON, JsString};
use pixel::record::{FIELD, RECORD};
use pixel::{moment, name};
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
        "__x",
        "",
    ] {
        let record = ["g", "5", "id", "", "\"https://a.test/\"", &quoted(text), ""]
            .join(&char::from(FIELD).to_string());
        let mut out = Vec::new();
        moment(record.as_bytes(), &mut out);
        let line = String::from_utf8(out).unwrap();
        assert_eq!(
            !line.starts_with('!'),
            name::parse(text).is_some(),
            "{text:?}: {line}"
        );
    }
}

#[wasm_bindgen_test]
fn what_comes_out_is_json_to_the_browser() {
    let url = quoted("https://a.test/?q=\"\\");
    let fields = |all: &[&str]| all.join(&char::from(FIELD).to_string());
    let records = [
        fields(&["p", "5", "a", "", &url, "", "", &quoted("https://b.test/")]),
        fields(&[
            "c",
            "5",
            "b",
            "{\"a\":2,\"b\":[null]}",
            &url,
            &quoted("Größe \"L\""),
            "{\"a\":1}",
            "",
            "0",
            "https:",
            "b.test",
            "a.test",
            "x.PDF",
            "",
            "{\"o\":1}",
            "{\"d\":2}",
        ]),
        fields(&["g", "6", "c", "", &url, &quoted("Second"), ""]),
        fields(&[
            "s",
            "7",
            "d",
            "",
            &url,
            "",
            "",
            "0",
            "95",
            "{\"path\":\"/\"}",
        ]),
    ];
    let mut out = Vec::new();
    moment(
        records.join(&char::from(RECORD).to_string()).as_bytes(),
        &mut out,
    );
    let lines = String::from_utf8(out).unwrap();
    let objects: Vec<_> = lines
        .lines()
        .map(|line| format!("{{{}}}", line.split_once(',').unwrap().1))
        .collect();
    let parsed = Array::from(&JSON::parse(&format!("[{}]", objects.join(","))).unwrap());
    assert_eq!(parsed.length(), 8);
    let names: Vec<_> = parsed
        .iter()
        .map(|o| {
            js_sys::Reflect::get(&o, &"name".into())
                .unwrap()
                .as_string()
        })
        .collect();
    let expected = [
        None,
        Some("Größe \"L\""),
        Some("__admx_outbound_click"),
        Some("__admx_file_download"),
        Some("Second"),
    ];
    assert_eq!(
        names[..5].iter().map(Option::as_deref).collect::<Vec<_>>(),
        expected
    );
    // Of a key that stands twice the call's counts.
    let metadata = js_sys::Reflect::get(&parsed.get(1), &"metadata".into()).unwrap();
    assert_eq!(
        String::from(JSON::stringify(&metadata).unwrap()),
        "{\"a\":2,\"b\":[null]}"
    );
}
