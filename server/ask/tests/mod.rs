//! Questions with what each means, as rows of data.

mod text;

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::parse::read;
use super::vocabulary::{Found, Vocabulary};
use crate::query::dimension::Dimension;

fn now() -> Timestamp {
    "2026-07-15T10:30:00Z".parse().unwrap()
}

/// The site that the questions are of: `benches/ask.rs` asks it, too.
static SITE: LazyLock<Vocabulary> = LazyLock::new(|| {
    let text = include_str!("../../../tests/data/ask/site.json");
    let site: serde_json::Value = serde_json::from_str(text).unwrap();
    let texts = |list: &serde_json::Value| {
        let list = list.as_array().unwrap().iter();
        list.map(|text| text.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let values = site["values"].as_object().unwrap().iter();
    let notes = site["notes"].as_array().unwrap().iter();
    Vocabulary::new(Found {
        goals: texts(&site["goals"]),
        values: values
            .map(|(name, values)| (Dimension::parse(name).unwrap(), texts(values)))
            .collect(),
        spend: texts(&site["spend"]),
        notes: notes
            .map(|note| {
                let note = texts(note);
                (note[0].parse().unwrap(), note[1].clone())
            })
            .collect(),
    })
});

fn said(question: &str) -> String {
    text::of(&read(question, &SITE, now(), &TimeZone::UTC))
}

/// Rows of a file of questions: what is read, what should be, and which are alike.
fn check(file: &str) -> (usize, Vec<String>, usize) {
    let (mut all, mut wrong, mut confident) = (0, Vec::new(), 0);
    for line in file.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        let column = |place: usize| columns.get(place).copied().unwrap_or("").trim();
        let is_optional = column(7).contains("optional")
            && said(column(1)) == "error=unsupported reason=language";
        let days = [column(3), column(4), column(5), column(6)].join(" ");
        let expected = format!("{} | {}", column(2), days.trim());
        let found = said(column(1));
        let expected = expected
            .trim_end_matches(" |")
            .trim_end_matches(" | ")
            .trim()
            .to_owned();
        all += 1;
        if found != expected && !is_optional {
            if !found.starts_with("error=") {
                confident += 1;
            }
            wrong.push(format!(
                "{} {}\n   found    {found}\n   expected {expected}",
                column(0),
                column(1)
            ));
        }
    }
    (all, wrong, confident)
}

#[test]
fn reference_questions_are_read_as_they_are_meant() {
    let (all, wrong, _) = check(include_str!("../../../tests/data/ask/questions.tsv"));
    assert!(all >= 80, "{all}");
    assert!(
        wrong.is_empty(),
        "{} of {all}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn further_questions_are_read_as_they_are_meant() {
    let (all, wrong, _) = check(include_str!("../../../tests/data/ask/further.tsv"));
    assert!(all >= 150, "{all}");
    assert!(
        wrong.is_empty(),
        "{} of {all}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// A site whose values are words of the language too.
#[test]
fn values_that_are_words_of_sentences_are_meant_only_where_they_must_be() {
    let values: [(&str, &[&str]); 8] = [
        ("channel", &["Direct", "Email", "Display"]),
        ("country", &["US", "IT", "IN", "DE", "BE", "NO", "ME", "AT"]),
        ("campaign", &["new", "may", "summer"]),
        ("source", &["us", "google", "search"]),
        ("metadata.optin", &["yes", "no"]),
        ("metadata.size", &["s", "m", "l", "or"]),
        ("metadata.tier", &["free", "all", "best", "top"]),
        ("metadata.coupon", &["MAY", "JUNE10", "first"]),
    ];
    let values = values.iter().map(|(name, values)| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        (Dimension::parse(name).unwrap(), values)
    });
    let site = Vocabulary::new(Found {
        goals: ["Order Placed", "Lead Captured", "Sign Up"]
            .map(str::to_owned)
            .to_vec(),
        values: values.collect(),
        ..Found::default()
    });
    for (question, expected) in [
        (
            "orders by country in June",
            "by=country period=month:2026-06 sort=desc",
        ),
        (
            "orders per country in Q2",
            "by=country period=q2:2026 sort=desc",
        ),
        (
            "orders in AT last week",
            "where=country=\"AT\" period=last_week",
        ),
        (
            "orders from BE and NO last week",
            "where=country in [\"BE\",\"NO\"] period=last_week",
        ),
        (
            "orders from US last week",
            "where=country=\"US\" period=last_week",
        ),
        (
            "orders in the us last week",
            "where=country=\"US\" period=last_week",
        ),
        ("show me orders last week", "period=last_week"),
        ("tell us the orders last week", "period=last_week"),
        (
            "let us see it: orders last week by country",
            "by=country period=last_week sort=desc",
        ),
        (
            "orders by optin last week",
            "by=meta.optin period=last_week sort=desc",
        ),
        (
            "orders with optin no last week",
            "where=meta.optin=\"no\" period=last_week",
        ),
        (
            "orders by size or country last week",
            "by=meta.size,country period=last_week sort=desc",
        ),
        (
            "orders by tier all time",
            "by=meta.tier period=all_time sort=desc",
        ),
        (
            "which tier is best for orders last week",
            "by=meta.tier period=last_week sort=desc limit=1",
        ),
        (
            "top tier by orders last week",
            "by=meta.tier period=last_week sort=desc limit=1",
        ),
        (
            "orders with coupon MAY last week",
            "where=meta.coupon=\"MAY\" period=last_week",
        ),
        (
            "orders by coupon in may",
            "by=meta.coupon period=month:2026-05 sort=desc",
        ),
        ("all orders last week", "period=last_week"),
        (
            "orders via display last week",
            "where=channel=\"Display\" period=last_week",
        ),
        (
            "display orders last week by channel",
            "by=channel period=last_week sort=desc",
        ),
    ] {
        let found = text::of(&read(question, &site, now(), &TimeZone::UTC));
        let expected = format!("metric=fires goal=\"Order Placed\" {expected}");
        let found = found.split(" | ").next().unwrap_or_default();
        assert_eq!(found, expected, "{question}");
    }
    for question in [
        "orders from us last week",
        "orders by country in it",
        "orders in no",
    ] {
        let found = text::of(&read(question, &site, now(), &TimeZone::UTC));
        assert_eq!(found, "error=ambiguous need=[\"words\"]", "{question}");
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_is_read_or_refused(question in ".{0,200}") {
        let _ = said(&question);
    }

    #[test]
    fn words_of_questions_in_any_order_too(words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..16)) {
        let _ = said(&words.join(" "));
    }
}

const WORDS: [&str; 60] = [
    "trials",
    "by",
    "channel",
    "last",
    "week",
    "month",
    "top",
    "5",
    "campaigns",
    "vs",
    "compared",
    "to",
    "the",
    "before",
    "since",
    "Monday",
    "June",
    "30",
    "February",
    "2026",
    "q2",
    "between",
    "and",
    "from",
    "until",
    "not",
    "without",
    "Trial",
    "Started",
    "why",
    "did",
    "drop",
    "ltv",
    "90",
    "day",
    "retention",
    "funnel",
    "average",
    "price",
    "markov",
    "half",
    "life",
    "mobile",
    "US",
    "\"Buy Now\"",
    "-",
    "..",
    "2026-05-01",
    "1",
    "$1000",
    "%",
    "of",
    "visitors",
    "ago",
    "first",
    "ever",
    "launch",
    "after",
    "3",
    "days",
];

#[test]
fn days_at_the_ends_of_time_are_read_or_refused() {
    for at in [
        "-009999-01-02T12:00:00Z",
        "9999-12-30T12:00:00Z",
        "2024-02-29T00:00:00Z",
    ] {
        let now: Timestamp = at.parse().unwrap();
        for question in [
            "trials last month",
            "trials last 3660 days",
            "trials this week vs last week",
            "trials since May",
            "trials 100 years ago",
            "trials yoy",
            "trials on February 29",
            "trials in the last 5 years by month",
        ] {
            let _ = read(question, &SITE, now, &TimeZone::UTC);
        }
    }
}
