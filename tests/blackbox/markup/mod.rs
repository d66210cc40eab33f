//! What strangers and members store is text on every page: hostile strings in every place that takes some (`ground`), every
//! page that the table of routes has, read by a real HTML parser. That a browser runs none of it is `browser::page`'s.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use admx::http::routes::{ROUTES, Tag};
use axum::http::Method;
use scraper::{Html, Selector};
use url::Url;

pub mod ground;

use ground::{PLACES, ground};

/// Elements that pages have. A picture or a frame is none of them.
const ELEMENTS: &str = "html head meta title link script body header nav main footer section article aside div p span a ul ol li dl dt dd \
    h1 h2 h3 h4 table caption colgroup col thead tbody tfoot tr th td form label input button select optgroup option textarea datalist fieldset legend \
    details dialog summary pre code kbd strong b i em small time bdi abbr hr br figure figcaption output progress meter video source \
    svg g path line polyline polygon rect circle text tspan desc defs use sup sub mark s del ins img";

/// Attributes that are addresses.
const ADDRESSES: [&str; 11] = [
    "href",
    "src",
    "action",
    "formaction",
    "xlink:href",
    "poster",
    "data-live",
    "data-live-card",
    "data-live-list",
    "srcset",
    "data",
];

/// Says what is wrong of a page, by failing.
fn check(path: &str, text: &str) -> Html {
    let page = match text.trim_start().starts_with("<!doctype") {
        true => Html::parse_document(text),
        false => Html::parse_fragment(text),
    };
    let elements: BTreeSet<&str> = ELEMENTS.split_whitespace().collect();
    let base = Url::parse("http://own.test/").unwrap();
    for element in page.select(&Selector::parse("*").unwrap()) {
        let (name, element_text) = (element.value().name(), || {
            element.html().chars().take(300).collect::<String>()
        });
        assert!(
            elements.contains(name),
            "{path}: <{name}>: {}",
            element_text()
        );
        for (attribute, value) in element.value().attrs() {
            let is_known = attribute
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-:_".contains(c));
            assert!(
                is_known
                    && !attribute.starts_with("on")
                    && !["style", "srcdoc", "hostile", "http-equiv"].contains(&attribute),
                "{path}: {attribute}: {}",
                element_text()
            );
            if ADDRESSES.contains(&attribute) {
                let address = base.join(value);
                let scheme = address.as_ref().map_or("", Url::scheme);
                assert!(
                    ["http", "https", "mailto"].contains(&scheme),
                    "{path}: {attribute}={value}"
                );
                let own = address.is_ok_and(|a| {
                    a.host_str() == base.host_str() || a.host_str() == Some("127.0.0.1")
                });
                assert!(
                    own || name == "a",
                    "{path}: {attribute}={value} of {}",
                    element_text()
                );
            }
        }
        if name == "script" {
            assert!(
                element.attr("src").is_some() && element.text().all(|t| t.is_empty()),
                "{path}: {}",
                element_text()
            );
        }
        if name == "img" {
            assert!(
                element
                    .attr("src")
                    .is_some_and(|src| src.starts_with("/docs/img/")),
                "{path}: {}",
                element_text()
            );
        }
    }
    page
}

/// The row of the table that a path is of.
fn route(path: &str) -> Option<&'static str> {
    let path = path.split(['?', '#']).next().unwrap();
    let asked: Vec<_> = path.split('/').collect();
    let fits = |pattern: &str| {
        let parts: Vec<_> = pattern.split('/').collect();
        parts.len() == asked.len()
            && parts
                .iter()
                .zip(&asked)
                .all(|(p, a)| p == a || p.starts_with('{'))
    };
    let mut rows = ROUTES
        .iter()
        .filter(|r| r.method == Method::GET && fits(r.path));
    // A row without a part that varies goes first.
    rows.clone()
        .find(|r| !r.path.contains('{'))
        .or(rows.next())
        .map(|r| r.path)
}

/// Pages of one row of the table that are looked at.
const EACH: usize = 90;

/// Pages that a mail alone leads to; the tests of mail look at them.
const MAILED: [&str; 2] = ["/login/password/{link}", "/unsubscribe/{token}"];

#[test]
fn what_is_stored_is_text_on_every_page() {
    let ground = ground();
    let mut waiting: VecDeque<String> = ground.begin.into();
    // Rows without a part that varies, whether anything links to them or not.
    let pages = || {
        ROUTES
            .iter()
            .filter(|r| r.method == Method::GET && r.tag == Tag::Pages)
    };
    waiting.extend(
        pages()
            .filter(|r| !r.path.contains('{'))
            .map(|r| r.path.to_owned()),
    );
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut looked: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    let links = Selector::parse("a[href], [data-live-card], form").unwrap();
    while let Some(path) = waiting.pop_front() {
        let row = route(&path).unwrap_or("none");
        let count = looked.entry(row).or_default();
        // Streams have no end.
        if *count >= EACH || row.ends_with("/live") || row.starts_with("/api/") {
            continue;
        }
        let reply = ground
            .server
            .get(&path, &[("cookie", &ground.owner), ("accept", "text/html")]);
        assert!(reply.status < 500, "{path}: {}", reply.status);
        if let Some(to) = reply.header("location") {
            let there = Url::parse(&ground.server.url).unwrap().join(to).unwrap();
            assert!(
                there.as_str().starts_with(&ground.server.url),
                "{path} leads to {to}"
            );
            let there = there.as_str()[ground.server.url.len()..].to_owned();
            if known.insert(there.clone()) {
                waiting.push_back(there);
            }
        }
        if !reply
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
        {
            let is_page = ROUTES.iter().any(|r| r.path == row && r.tag == Tag::Pages);
            assert!(
                reply.status != 200 || !is_page,
                "{path}: {:?}",
                reply.headers
            );
            *count += usize::from(reply.status == 303);
            continue;
        }
        *count += 1;
        let policy = reply.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe-inline"),
            "{path}: {policy}"
        );
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        let page = check(&path, &reply.text);
        let lower = reply.text.to_lowercase();
        shown.extend(PLACES.iter().filter(|place| lower.contains(**place)));
        // By a link that is text, the parts of an address stay what they were.
        for element in page.select(&links) {
            let to = ["href", "data-live-card", "action"]
                .iter()
                .find_map(|name| element.attr(name));
            let is_get = element
                .attr("method")
                .is_none_or(|m| m.eq_ignore_ascii_case("get"));
            let Some(to) = to.filter(|_| is_get) else {
                continue;
            };
            let Ok(to) = Url::parse(&format!("{}{path}", ground.server.url))
                .unwrap()
                .join(to)
            else {
                continue;
            };
            if !to.as_str().starts_with(&ground.server.url) {
                continue;
            }
            let to = format!(
                "{}{}",
                to.path(),
                to.query().map(|q| format!("?{q}")).unwrap_or_default()
            );
            if known.insert(to.clone()) {
                waiting.push_back(to);
            }
        }
    }
    println!("pages looked at: {looked:?}");
    let missed: Vec<_> = pages()
        .filter(|r| !looked.contains_key(r.path))
        .filter(|r| !r.path.ends_with("/live") && !MAILED.contains(&r.path))
        .map(|r| r.path)
        .collect();
    assert_eq!(missed, [""; 0], "no link leads there");
    let hidden: Vec<_> = PLACES
        .iter()
        .filter(|place| !shown.contains(*place))
        .collect();
    assert!(
        hidden.is_empty(),
        "no page shows what was stored as {hidden:?}"
    );
}

#[test]
fn the_check_sees_what_is_no_text() {
    for hostile in ground::HOSTILE.iter().filter(|text| text.contains('<')) {
        let page = format!(
            "<!doctype html><title>x</title><p title=\"{hostile}\">{hostile}</p><p title='>x</p>"
        );
        let seen = std::panic::catch_unwind(|| check("here", &page));
        assert!(seen.is_err(), "{hostile}");
    }
    for attribute in [
        "onclick=1",
        "href='javascript:x'",
        "href='java\tscript:x'",
        "href='data:,x'",
        "hostile",
        "style=x",
    ] {
        let seen = std::panic::catch_unwind(|| check("here", &format!("<a {attribute}>x</a>")));
        assert!(seen.is_err(), "{attribute}");
    }
    check(
        "here",
        "<p title='&lt;script&gt;'>&lt;script&gt;</p><a href='/x?y=%3Cscript%3E'>x</a>",
    );
}
