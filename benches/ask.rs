//! How long questions in plain words take to be read: each of `tests/data/ask/*.tsv`, on the site that they are of and on one
//! that has as many names as are ever looked at.
//!
//! `cargo bench --bench ask`. Prints a Markdown table: milliseconds a question, of each the median of eleven readings after
//! one that warms up; over all of a file their median, the 95th percentile and the slowest. Nothing is asked of a store.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use admx::ask::parse;
use admx::ask::vocabulary::{Found, Vocabulary};
use admx::query::dimension::Dimension;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

const FILES: [(&str, &str); 2] = [
    (
        "questions.tsv",
        include_str!("../tests/data/ask/questions.tsv"),
    ),
    ("further.tsv", include_str!("../tests/data/ask/further.tsv")),
];

/// Times each question is read after the first.
const TIMES: usize = 11;

/// Names of the greater site: goals, keys of metadata, and values of each key.
const GOALS: usize = 1000;
const KEYS: usize = 30;
const VALUES: usize = 300;

fn main() {
    let now: Timestamp = "2026-07-15T10:30:00Z".parse().unwrap();
    println!("| file | site | questions | median, ms | 95 %, ms | slowest, ms | the slowest |");
    println!("|---|---|--:|--:|--:|--:|---|");
    for (site, found) in [("their own", small()), ("greater", great())] {
        let names = Vocabulary::new(found);
        for (file, text) in FILES {
            let mut took: Vec<(f64, &str)> = text
                .lines()
                .skip(1)
                .filter_map(|line| line.split('\t').nth(1))
                .map(|question| (milliseconds(question, &names, now), question))
                .collect();
            took.sort_by(|a, b| a.0.total_cmp(&b.0));
            let at = |share: f64| took[((took.len() - 1) as f64 * share).round() as usize];
            let ((median, _), (most, _), (slowest, question)) = (at(0.5), at(0.95), at(1.0));
            println!(
                "| {file} | {site} | {} | {median:.3} | {most:.3} | {slowest:.3} | {question} |",
                took.len()
            );
        }
    }
}

/// The median time that a question takes.
fn milliseconds(question: &str, names: &Vocabulary, now: Timestamp) -> f64 {
    let mut took: Vec<f64> = (0..=TIMES)
        .map(|_| {
            let begin = Instant::now();
            black_box(parse::read(black_box(question), names, now, &TimeZone::UTC));
            begin.elapsed().as_secs_f64() * 1000.0
        })
        .skip(1)
        .collect();
    took.sort_by(f64::total_cmp);
    took[TIMES / 2]
}

/// The site that the questions are of.
fn small() -> Found {
    let site: Value = serde_json::from_str(include_str!("../tests/data/ask/site.json")).unwrap();
    let texts = |list: &Value| {
        let list = list.as_array().unwrap().iter();
        list.map(|text| text.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let values = site["values"].as_object().unwrap().iter();
    Found {
        goals: texts(&site["goals"]),
        values: values
            .map(|(name, values)| (Dimension::parse(name).unwrap(), texts(values)))
            .collect(),
        spend: texts(&site["spend"]),
        notes: Vec::new(),
    }
}

/// The same with many more names.
fn great() -> Found {
    const FIRST: [&str; 10] = [
        "Guide", "Video", "Order", "Plan", "Invite", "Team", "Report", "Export", "Course", "Ticket",
    ];
    const SECOND: [&str; 10] = [
        "Opened",
        "Started",
        "Sent",
        "Closed",
        "Shared",
        "Saved",
        "Paid",
        "Cancelled",
        "Renewed",
        "Viewed",
    ];
    let mut found = small();
    for number in found.goals.len()..GOALS {
        let (first, second) = (FIRST[number % 10], SECOND[number / 10 % 10]);
        found.goals.push(format!("{first} {second} {number}"));
    }
    for key in found.values.len()..found.values.len() + KEYS {
        let values = (0..VALUES).map(|value| format!("value {key} of {value}"));
        let key = Dimension::Metadata(format!("key_{key}").into());
        found.values.push((key, values.collect()));
    }
    found
}
