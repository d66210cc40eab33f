//! The core as a plain library: rows of facts and what they make, and laws that hold for any bytes.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use pixel::record::{Told, events};
use pixel::{FACT, NAME_REFUSED, name, verdict};
use proptest::prelude::*;

/// Facts as the shim writes them: the kind with the name as JSON, then its own, each ended.
fn facts(of: &[&str]) -> Vec<u8> {
    let mut all = Vec::new();
    for fact in of {
        all.extend(fact.bytes());
        all.push(FACT);
    }
    all
}

fn check(rows: &[(&[&str], u32)]) {
    for (of, expected) in rows {
        assert_eq!(verdict(&facts(of)), *expected, "{of:?}");
    }
}

/// Draft 0 and the like, as the verdict names them.
const GOAL: u32 = 1;
const FIRST: u32 = 2;
const SECOND: u32 = 4;
const THIRD: u32 = 8;

#[test]
fn views_calls_users_videos() {
    check(&[
        (&["p"], FIRST),
        (&["v"], FIRST),
        (&["g\"X\""], GOAL),
        (&["g\"\""], NAME_REFUSED),
        (&["g\"__x\""], NAME_REFUSED),
        (&["g"], 0),
        (&["i\"u 1\""], FIRST),
        (&["i\"__u\""], FIRST),
        (&["i\"\""], NAME_REFUSED),
        (&["i"], 0),
        (&["?\"X\"", "1"], GOAL),
        (&[""], 0),
    ]);
    assert_eq!(verdict(b""), 0);
    assert_eq!(verdict(b"g\"X\""), 0, "a name that was cut is none");
}

#[test]
fn clicks_and_links() {
    check(&[
        (&["c\"X\""], GOAL),
        (&["c", "https", "1", "", ""], FIRST),
        (&["c", "http", "1", "", ""], FIRST),
        (&["c", "https", "0", "", ""], 0),
        (&["c", "mailto", "1", "", ""], 0),
        (&["c", "ftp", "1", "", ""], 0),
        (&["c", "htt", "1", "", ""], 0),
        (&["c", "", "1", "", ""], 0),
        (&["c\"X\"", "https", "1", "pdf", ""], GOAL | FIRST | SECOND),
        (
            &["c\"__x\"", "https", "1", "pdf", ""],
            NAME_REFUSED | FIRST | SECOND,
        ),
        // The attribute names the download.
        (&["c", "blob", "0", "", "xlsx"], THIRD),
        (&["c", "https", "0", "pdf", "zip"], THIRD),
        (&["c", "https", "0", "pdf", "txt"], SECOND),
        (&["c", "https", "0", "txt", "zip"], THIRD),
    ]);
    for ending in [
        "pdf", "zip", "dmg", "pkg", "exe", "csv", "xlsx", "docx", "pptx", "mp4",
    ] {
        check(&[(&["c", "https", "0", ending, ""], SECOND)]);
    }
    for ending in [
        "", "pd", "pdfx", "apdf", "mp44", "fdp", "txt", "html", "PDF",
    ] {
        check(&[(&["c", "https", "0", ending, ending], 0)]);
    }
}

#[test]
fn forms_and_scrolling() {
    check(&[
        (&["f", "0"], FIRST),
        (&["f", "1"], 0),
        (&["f\"Signup\"", "0"], GOAL),
        (&["f\"Signup\"", "1"], GOAL),
        (&["f\"__x\"", "0"], NAME_REFUSED),
        (&["s", "0", "49"], 0),
        (&["s", "0", "50"], FIRST),
        (&["s", "50", "74"], 0),
        (&["s", "50", "75"], SECOND),
        (&["s", "0", "100"], FIRST | SECOND | THIRD),
        (&["s", "60", "95"], SECOND | THIRD),
        (&["s", "90", "100"], 0),
        (&["s", "4294967296", "50"], FIRST),
    ]);
}

#[test]
fn records_give_the_drafts_that_count() {
    let found = |records: &str| {
        events(records)
            .map(|t| (t.at, t.draft.to_owned()))
            .collect::<Vec<_>>()
    };
    let told = |at: f64, draft: &str| (at, draft.to_owned());
    assert_eq!(
        found("1000\tp\r\t\t,a\n2000.5\tc\"X\"\rhttps\r1\rpdf\r\r\t,x\t,out\t,file\t,attribute"),
        [
            told(1000.0, ",a"),
            told(2000.5, ",x"),
            told(2000.5, ",out"),
            told(2000.5, ",file")
        ]
    );
    for nothing in [
        "",
        "\n\n",
        "p",
        "1000",
        "1000\tp\r",
        "x\tp\r\t\t,a",
        "1000\tp\r\t\ta",
        "1000\tg\"__\"\r\t,a",
    ] {
        assert_eq!(found(nothing), [], "{nothing:?}");
    }
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
    fn no_bytes_make_it_panic_or_name_what_there_is_not(bytes: Vec<u8>) {
        prop_assert!(verdict(&bytes) < 32);
    }

    #[test]
    fn no_facts_name_a_draft_that_their_kind_has_not(kind in "[pgicfvs]", of in proptest::collection::vec("(\"[a_\\\\]{0,4}\"|http|https|[0-9]{0,12}|pdf|mp4)?", 0..7)) {
        let mut all: Vec<&str> = of.iter().map(String::as_str).collect();
        let first = format!("{kind}{}", all.first().copied().unwrap_or_default());
        if all.is_empty() { all.push(&first) } else { all[0] = &first }
        let most = match kind.as_str() {
            "p" | "v" | "i" => FIRST | NAME_REFUSED | GOAL,
            "g" => GOAL | NAME_REFUSED,
            "f" => GOAL | FIRST | NAME_REFUSED,
            _ => 31,
        };
        prop_assert_eq!(verdict(&facts(&all)) & !most, 0);
    }

    #[test]
    fn no_text_makes_records_panic_and_every_draft_is_of_it(text in "[0-9pgcfvsi\"\t\n\r,x]{0,80}") {
        for Told { draft, .. } in events(&text) {
            prop_assert!(draft.starts_with(',') && text.contains(draft) && !draft.contains(['\t', '\n']));
        }
    }

    #[test]
    fn a_scroll_fires_each_mark_once_however_it_is_cut(stops in proptest::collection::vec(0u32..=100, 1..20)) {
        let mut seen = 0;
        let mut fired = 0;
        for stop in &stops {
            fired += verdict(&facts(&["s", &seen.to_string(), &stop.to_string()])).count_ones() as usize;
            seen = seen.max(*stop);
        }
        let furthest = stops.iter().max().copied().unwrap_or(0);
        prop_assert_eq!(fired, [50, 75, 90].iter().filter(|mark| furthest >= **mark).count());
    }
}
