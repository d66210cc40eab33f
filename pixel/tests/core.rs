//! The core as a plain library: rows of records and the events they make, and laws that hold for any bytes.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use pixel::record::{FIELD, RECORD};
use pixel::{METADATA_BYTES, moment, name};
use proptest::prelude::*;

const URL: &str = "\"https://a.test/p\"";

/// A record of the nth kind of event, with an id by its place.
fn record(fields: &[&str]) -> String {
    fields.join(&char::from(FIELD).to_string())
}

fn run(records: &[String]) -> String {
    let mut out = Vec::new();
    moment(
        records.join(&char::from(RECORD).to_string()).as_bytes(),
        &mut out,
    );
    String::from_utf8(out).unwrap()
}

fn check(records: &[String], expected: &[&str]) {
    let found = run(records);
    assert_eq!(found.lines().collect::<Vec<_>>(), expected, "{records:?}");
}

fn goal(name: &str, metadata: &str) -> String {
    record(&["g", "5", "G", "", URL, name, metadata])
}

fn click(call: &str, name: &str, metadata: &str, barred: &str, button: &str) -> String {
    record(&["c", "5", "C", call, URL, name, metadata, barred, button])
}

fn link(button: &str, scheme: &str, host: &str, file: &str, download_as: &str) -> String {
    record(&[
        "c",
        "5",
        "C",
        "1",
        URL,
        "",
        "",
        "",
        button,
        scheme,
        host,
        "a.test",
        file,
        download_as,
        "{\"o\":1}",
        "{\"d\":1}",
    ])
}

#[test]
fn views_and_calls() {
    check(
        &[record(&[
            "p",
            "12",
            "P",
            "",
            URL,
            "",
            "",
            "\"https://b.test/\"",
        ])],
        &["12,\"event_id\":\"P0\",\"referrer\":\"https://b.test/\",\"url\":\"https://a.test/p\""],
    );
    check(
        &[record(&["p", "12", "P", "", URL, "", "", ""])],
        &["12,\"event_id\":\"P0\",\"url\":\"https://a.test/p\""],
    );
    check(
        &[goal("\"X\"", "{\"a\":1}")],
        &[
            "5,\"event_id\":\"G0\",\"name\":\"X\",\"metadata\":{\"a\":1},\"url\":\"https://a.test/p\"",
        ],
    );
    check(
        &[goal("\"X\"", "{}")],
        &["5,\"event_id\":\"G0\",\"name\":\"X\",\"url\":\"https://a.test/p\""],
    );
    check(
        &[record(&["i", "5", "I", "", "", "\"u 1\""])],
        &["5,\"event_id\":\"I0\",\"user_id\":\"u 1\""],
    );
    check(&[record(&["i", "5", "I", "", "", "\"\""])], &[]);
    check(
        &[record(&["?", "5", "I"]), String::new(), record(&["p"])],
        &[",\"event_id\":\"0\""],
    );
}

#[test]
fn tagged_elements() {
    const C: &str = "5,\"event_id\":\"C0\",\"name\":\"X\"";
    const END: &str = ",\"url\":\"https://a.test/p\"";
    let told = |metadata: &str| format!("{C}{metadata}{END}");
    let rows: &[(String, &[&str])] = &[
        (click("", "\"X\"", "", "", "0"), &[&told("")]),
        (
            click("", "\"X\"", "{\"a\":1}", "", "0"),
            &[&told(",\"metadata\":{\"a\":1}")],
        ),
        // A call that a handler of the same click made: its keys win.
        (
            click("{\"b\":2}", "\"X\"", "", "", "0"),
            &[&told(",\"metadata\":{\"b\":2}")],
        ),
        (
            click("{\"a\":2}", "\"X\"", "{\"a\":1}", "", "0"),
            &[&told(",\"metadata\":{\"a\":1,\"a\":2}")],
        ),
        (
            click("{}", "\"X\"", "{\"a\":1}", "", "0"),
            &[&told(",\"metadata\":{\"a\":1}")],
        ),
        // Disabled, the second half of a label's click, other buttons.
        (click("", "\"X\"", "", "d", "0"), &[]),
        (click("", "\"X\"", "", "l", "0"), &[]),
        (click("", "\"X\"", "", "", "1"), &[]),
        (click("", "\"X\"", "", "", "2"), &[]),
        (click("", "\"__x\"", "", "", "0"), &["!goal name refused"]),
    ];
    for (one, expected) in rows {
        check(std::slice::from_ref(one), expected);
    }
}

#[test]
fn links() {
    const OUT: &str = "5,\"event_id\":\"C1\",\"name\":\"__admx_outbound_click\",\"metadata\":{\"o\":1},\"url\":\"https://a.test/p\"";
    let file = |extension: &str| {
        format!(
            "5,\"event_id\":\"C2\",\"name\":\"__admx_file_download\",\"metadata\":{{\"extension\":\"{extension}\",\"d\":1}},\"url\":\"https://a.test/p\""
        )
    };
    check(&[link("0", "https:", "b.test", "", "")], &[OUT]);
    check(&[link("1", "http:", "a.test:81", "", "")], &[OUT]);
    check(&[link("2", "https:", "b.test", "", "")], &[]);
    check(&[link("0", "https:", "a.test", "x", "")], &[]);
    check(&[link("0", "mailto:", "", "a.pdf", "")], &[&file("pdf")]);
    check(
        &[link("0", "https:", "b.test", "A.ZIP", "")],
        &[OUT, &file("zip")],
    );
    check(
        &[link("0", "blob:", "", "0190", "All.xlsx")],
        &[&file("xlsx")],
    );
    for extension in [
        "pdf", "zip", "dmg", "pkg", "exe", "csv", "xlsx", "docx", "pptx", "mp4",
    ] {
        check(
            &[link(
                "0",
                "https:",
                "a.test",
                &format!("x.{}", extension.to_uppercase()),
                "",
            )],
            &[&file(extension)],
        );
    }
    for name in [
        "pdf",
        "x.pdf.",
        "x.pdfx",
        "x.apdf",
        "x.aaaaaaaaapdf",
        "x.mp",
        "x.mp44",
        ".",
        "",
    ] {
        check(&[link("0", "https:", "a.test", name, name)], &[]);
    }
}

#[test]
fn forms_videos_scrolling() {
    let form = |prevented: &str, name: &str| {
        run(&[record(&[
            "f",
            "5",
            "F",
            "1",
            URL,
            name,
            "",
            prevented,
            "{\"f\":1}",
        ])])
    };
    assert!(form("0", "").contains("__admx_form_submit\",\"metadata\":{\"f\":1}"));
    assert_eq!(form("1", ""), "");
    assert!(
        form("1", "\"Signup\"").contains("\"name\":\"Signup\"")
            && !form("0", "\"Signup\"").contains("__admx")
    );
    assert!(
        run(&[record(&["v", "5", "V", "", URL, "", "", "{\"src\":\"x\"}"])])
            .contains("\"__admx_video_play\",\"metadata\":{\"src\":\"x\"}")
    );
    for (from, to, expected) in [
        ("0", "49", &[][..]),
        ("0", "50", &["50"]),
        ("50", "74", &[]),
        ("50", "75", &["75"]),
        ("0", "100", &["50", "75", "90"]),
        ("60", "95", &["75", "90"]),
        ("90", "100", &[]),
    ] {
        let found = run(&[record(&["s", "5", "S", "", URL, "", "", from, to, "{}"])]);
        let marks: Vec<_> = found
            .lines()
            .map(|l| {
                l.split("__admx_scroll_")
                    .nth(1)
                    .unwrap()
                    .split('"')
                    .next()
                    .unwrap()
            })
            .collect();
        assert_eq!(marks, expected, "{from} to {to}");
    }
}

#[test]
fn metadata_that_is_too_large_costs_no_goal() {
    let of = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert!(run(&[goal("\"X\"", &of(METADATA_BYTES))]).contains("\"metadata\""));
    assert!(!run(&[goal("\"X\"", &of(METADATA_BYTES + 1))]).contains("\"metadata\""));
    // Together too large: the call's is kept.
    let both = run(&[click("{\"b\":2}", "\"X\"", &of(METADATA_BYTES), "", "0")]);
    assert!(
        both.contains("\"metadata\":{\"b\":2},\"url\""),
        "{both:.200}"
    );
    let fits = run(&[click(
        "{\"b\":2}",
        "\"X\"",
        &of(METADATA_BYTES - 7),
        "",
        "0",
    )]);
    assert!(fits.contains(",\"b\":2}"));
}

#[test]
fn names() {
    for (text, expected) in [
        ("Buy", Some("Buy")),
        (" \t\u{a0}\u{feff}Buy now\u{3000}\n", Some("Buy now")),
        ("\"\\", Some("\"\\")),
        ("_x", Some("_x")),
        ("__x", None),
        (" __x", None),
        ("", None),
        (" ", None),
        ("a\tb", None),
        ("a\u{0}b", None),
        ("a\u{7f}b", None),
        ("a\u{80}b", None),
        ("a\u{9f}b", None),
        ("a\u{a0}b", Some("a\u{a0}b")),
        ("é\u{c2}\u{80}", None),
    ] {
        assert_eq!(name::parse(text), expected, "{text:?}");
    }
    for character in ["x", "é", "日", "😀", "\"", "\\"] {
        assert!(name::parse(&character.repeat(100)).is_some(), "{character}");
        assert!(name::parse(&character.repeat(101)).is_none(), "{character}");
    }
    assert!(
        name::RESERVED
            .iter()
            .all(|n| name::is_reserved(n) && name::parse(n).is_none())
    );
    assert!(!name::is_reserved("__admx_scroll_51"));
}

/// The rule said once more, slowly.
fn slow_parse(text: &str) -> Option<&str> {
    let space = |c: char| c == '\u{feff}' || c.is_whitespace() && c != '\u{85}';
    let name = text.trim_matches(space);
    let right = (1..=100).contains(&name.chars().count())
        && !name.chars().any(char::is_control)
        && !name.starts_with("__");
    right.then_some(name)
}

proptest! {
    #[test]
    fn names_are_as_the_slow_rule_says(text in "[ _a\\\\\"\u{7f}-\u{a1}é😀\u{85}\n]{0,110}") {
        prop_assert_eq!(name::parse(&text), slow_parse(&text));
    }

    #[test]
    fn no_bytes_make_it_panic_and_the_same_bytes_give_the_same(bytes: Vec<u8>) {
        let mut once = Vec::new();
        moment(&bytes, &mut once);
        let mut again = Vec::new();
        moment(&bytes, &mut again);
        prop_assert_eq!(once, again);
    }

    #[test]
    fn records_of_any_kind_and_text_give_whole_lines(
        kinds in proptest::collection::vec("[pgicfvs]", 1..8),
        fields in proptest::collection::vec("[^\u{1e}\u{1f}\n]{0,30}", 15),
    ) {
        let quoted: Vec<String> = fields.iter().map(|f| format!("{f:?}")).collect();
        let records: Vec<_> = kinds.iter().map(|kind| {
            let mut all = vec![kind.as_str(), "5"];
            all.extend(quoted.iter().map(String::as_str));
            record(&all)
        }).collect();
        let out = run(&records);
        prop_assert!(out.is_empty() || out.ends_with('\n'));
        for line in out.lines() {
            prop_assert!(line.starts_with("5,\"event_id\":\"") || line.starts_with('!'), "{}", line);
        }
    }

    #[test]
    fn a_scroll_fires_each_mark_once_however_it_is_cut(stops in proptest::collection::vec(0u32..=100, 1..20)) {
        let mut seen = 0;
        let mut fired = 0;
        for stop in &stops {
            fired += run(&[record(&["s", "5", "S", "", URL, "", "", &seen.to_string(), &stop.to_string(), "{}"])]).lines().count();
            seen = seen.max(*stop);
        }
        let furthest = stops.iter().max().copied().unwrap_or(0);
        prop_assert_eq!(fired, [50, 75, 90].iter().filter(|mark| furthest >= **mark).count());
    }
}
