//! The live part in a browser: run by `wasm-pack test`.
#![allow(clippy::unwrap_used)]
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Reflect};
use live::overlay::panel::Panel;
use live::overlay::{said, tap};
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

fn panel() -> Panel {
    Panel::new(&web_sys::window().unwrap().document().unwrap()).unwrap()
}

/// What the panel's list shows, an entry a line.
fn entries(panel: &Panel) -> Vec<String> {
    let entries = panel.root().query_selector_all("ol > li").unwrap();
    (0..entries.length())
        .map(|nth| entries.item(nth).unwrap().text_content().unwrap())
        .collect()
}

#[wasm_bindgen_test]
fn the_panel_lists_a_fire_and_what_the_server_said() {
    let panel = panel();
    let body = r#"[{"event_id":"a","url":"https://a.test/","name":"Trial","metadata":{"plan":"pro"}},{"event_id":"b","url":"https://a.test/"}]"#;
    let request = said::request(body).unwrap();
    let entry = panel.request("10:30:05", &request, false).unwrap();
    let fire = |said: [&str; 3]| {
        let [whole, first, second] = said;
        format!(
            "10:30:052 events sent{whole}Trial{first}{{\"plan\":\"pro\"}}https://a.test/Page view{second}https://a.test/"
        )
    };
    assert_eq!(entries(&panel), [fire(["…", "", ""])]);
    entry.answer(&said::answer(
        200,
        r#"{"data":{"results":[{"duplicate":false},{"reason":"bot"}]}}"#,
        2,
    ));
    assert_eq!(
        entries(&panel),
        [fire(["200", "stored", "not counted: bot"])]
    );
    for nth in 0..250 {
        panel.line("10:30:06", &format!("admx: {nth}")).unwrap();
    }
    let entries = entries(&panel);
    assert_eq!(entries.len(), 200);
    assert_eq!(entries[0], "10:30:06admx: 249");
}

#[wasm_bindgen_test]
fn what_a_page_wrote_is_text_in_the_panel_too() {
    let panel = panel();
    let bad = "<img src=x onerror=alert(1)>";
    let body = format!(
        r#"[{{"name":"{bad}","url":"https://a.test/{bad}","metadata":{{"\ud83d":"{bad}","a":1,"a":"{bad}"}}}}]"#
    );
    let request = said::request(&body).unwrap();
    let entry = panel.request("10:30:05", &request, false).unwrap();
    let reply = format!(r#"{{"error":{{"code":"{bad}","message":"{bad}"}}}}"#);
    entry.answer(&said::answer(400, &reply, 1));
    panel.line("10:30:06", bad).unwrap();
    panel.stand(bad, &[("Website", bad.to_owned())]).unwrap();
    assert!(panel.root().query_selector("img").unwrap().is_none());
    let section = panel.root().query_selector("section").unwrap().unwrap();
    let text = section.text_content().unwrap();
    assert_eq!(text.matches(bad).count(), 11, "{text}");
    // Of a key that stands twice the later one, and half a character as it was written.
    assert!(
        text.contains(&format!(r#"{{"\ud83d":"{bad}","a":"{bad}"}}"#)),
        "{text}"
    );
}

#[wasm_bindgen_test]
fn the_panel_folds_and_keeps_to_itself() {
    let panel = panel();
    let find = |what: &str| panel.root().query_selector(what).unwrap().unwrap();
    let button = find("button");
    for (hidden, expanded) in [(true, "false"), (false, "true")] {
        let click = web_sys::Event::new("click").unwrap();
        button.dispatch_event(&click).unwrap();
        assert_eq!(find("section > div").has_attribute("hidden"), hidden);
        let found = button.get_attribute("aria-expanded");
        assert_eq!(found.as_deref(), Some(expanded));
    }
    assert_eq!(
        find("ol").get_attribute("aria-live").as_deref(),
        Some("off")
    );
    let document = web_sys::window().unwrap().document().unwrap();
    let host = document.query_selector("admx-debug").unwrap().unwrap();
    assert!(host.shadow_root().is_none(), "the page can't look inside");
}

#[wasm_bindgen_test]
fn a_tapped_function_is_what_it_was() {
    let object = Object::new();
    let own = Function::new_with_args(
        "a, b",
        "if (b == 'throw') throw this; return [this, a, b, arguments.length]",
    );
    let own_name = own.name();
    Reflect::set(&object, &"call".into(), &own).unwrap();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let notes = seen.clone();
    tap::tap(&object, "call", move |given, came| {
        notes.borrow_mut().push((given.length(), came.is_ok()));
    })
    .unwrap();
    let tapped: Function = Reflect::get(&object, &"call".into()).unwrap().into();
    assert_eq!((tapped.name(), tapped.length()), (own_name, 2));
    let given = JsValue::from(Object::new());
    let came = Array::from(&tapped.call1(&object, &given).unwrap());
    assert_eq!(came.get(0), JsValue::from(object.clone()));
    assert_eq!((came.get(1), came.get(3)), (given.clone(), 1.into()));
    let thrown = tapped.call2(&object, &given, &"throw".into()).unwrap_err();
    assert_eq!(thrown, JsValue::from(object.clone()));
    assert_eq!(*seen.borrow(), [(1, true), (2, false)]);
    assert!(tap::tap(&object, "other", |_, _| {}).is_err());
}
