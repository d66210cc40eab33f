//! What models say, and what becomes of it.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::prompt::Prompt;
use super::read::{Names, Read, Wrong, read, said};
use crate::account::Site;
use crate::ask::vocabulary::{Found, Vocabulary};
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::sentence::sentence;

const QUESTION: &str = "how did my Beta-Launch campaign do for sign-ups?";

fn now() -> Timestamp {
    "2026-07-15T10:30:00Z".parse().unwrap()
}

fn found() -> Found {
    let values = |name: &str, values: &[&str]| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        (Dimension::parse(name).unwrap(), values)
    };
    Found {
        goals: vec!["Trial Started".into(), "Answer 42".into()],
        values: vec![
            values("source", &["Google", "bing"]),
            values("page", &["/", "/pricing"]),
            values("metadata.plan", &["pro"]),
            // As many as are looked at: there may be more.
            (
                Dimension::Named(Named::Campaign),
                (0..300)
                    .map(|number| format!("campaign {number}"))
                    .collect(),
            ),
        ],
        ..Found::default()
    }
}

fn try_read(said: &str) -> Result<Read, Wrong> {
    let found = found();
    let keys: Vec<Arc<str>> = vec!["plan".into()];
    let names = Names {
        goals: &found.goals,
        keys: &keys,
        values: &found.values,
        question: QUESTION,
    };
    read(said, &Site::sample(), &names, now())
}

fn filtered(operator: &str, dimension: &str, value: &str) -> Result<Filter, Wrong> {
    let filter = json!({ "operator": operator, "dimension": dimension, "values": [value] });
    let said = json!({ "metrics": ["fires"], "filters": [filter] }).to_string();
    try_read(&said).map(|read| read.query.filters[0].clone())
}

#[test]
fn what_it_says_becomes_a_query() {
    let flat = json!({
        "refuse": "", "metrics": ["fires", "visitors"], "goals": ["Trial Started"], "dimensions": ["source"],
        "filters": [{ "operator": "is", "dimension": "source", "values": ["google"] }, ["not", ["has_fired", "goal", ["Answer 42"]]]],
        "from": "2026-06-01", "to": "2026-06-30", "compare_from": "2026-05-01", "compare_to": "2026-05-31",
        "order": [{ "by": "visitors", "direction": "asc" }], "limit": 5, "website_id": "admx_other",
    });
    let text = flat.to_string();
    let wanted = "Fires and visitors of Trial Started by source where source is Google and not (the visitor fired Answer 42), 1 to 30 June 2026, \
                  beside 1 to 31 May 2026, least visitors first, the first 5 rows";
    for said in [
        text.clone(),
        format!("```json\n{text}\n```"),
        format!("```\n{text}```"),
        format!("<think>{{}} 42</think>\n{text}"),
    ] {
        let read = try_read(&said).unwrap();
        assert_eq!(sentence(&read.query), wanted);
        assert!(read.has_days);
        assert_eq!(*read.query.website_id, *Site::sample().website_id);
    }
    let short = try_read(r#"{"metrics":["visitors"],"from":null,"to":""}"#).unwrap();
    assert!(!short.has_days);
    // Of time there are all rows, of all else so many.
    for (dimension, limit, rows) in [
        ("day", json!(0), 10_000),
        ("day", json!(7), 7),
        ("day", json!(500), 10_000),
        ("source", json!(0), 100),
        ("source", json!(500), 100),
    ] {
        let said = json!({ "metrics": ["fires"], "dimensions": [dimension], "limit": limit });
        let read = try_read(&said.to_string()).unwrap();
        assert_eq!(read.query.limit, rows, "{dimension} {limit}");
    }
}

#[test]
fn values_are_those_of_the_site() {
    for (operator, dimension, value, wanted) in [
        ("is", "source", "GOOGLE", Ok("Google")),
        ("is", "source", "", Ok("")),
        ("is", "source", "yahoo", Err(Wrong::Value)),
        ("is_not", "source", "yahoo", Err(Wrong::Value)),
        ("contains", "source", "oog", Ok("oog")),
        ("contains", "source", "yahoo", Err(Wrong::Value)),
        ("matches", "page", "/pricing*", Err(Wrong::Value)),
        ("contains", "page", "/sign-ups", Ok("/sign-ups")),
        // There may be more campaigns than are known, but none that nobody speaks of.
        ("is", "campaign", "Beta Launch", Ok("Beta Launch")),
        ("is", "campaign", "summer", Err(Wrong::Value)),
        ("is", "channel", "Email", Ok("Email")),
        ("is", "channel", "email", Err(Wrong::Query)),
        ("is", "weekday", "Monday", Ok("Monday")),
        ("is", "weekday", "Someday", Err(Wrong::Query)),
        ("is", "goal", "Answer 42", Ok("Answer 42")),
        ("is", "goal", "answer 42", Err(Wrong::Goal)),
        ("contains", "goal", "trial", Ok("trial")),
        ("contains", "goal", "money", Err(Wrong::Value)),
        ("is", "metadata.plan", "PRO", Ok("pro")),
        ("is", "metadata.secret", "pro", Err(Wrong::Key)),
    ] {
        let read = filtered(operator, dimension, value).map(|filter| match filter {
            Filter::Value(_, _, values) => values[0].clone(),
            other => panic!("{other:?}"),
        });
        assert_eq!(
            read.as_deref(),
            wanted.as_ref().map(|value| *value),
            "{operator} {dimension} {value}"
        );
    }
}

#[test]
fn an_answer_of_the_protocol_has_one_text() {
    let message = |message: Value| json!({ "choices": [{ "message": message }] }).to_string();
    let call = |arguments: Value| json!({ "content": "no", "tool_calls": [{ "function": { "name": "query", "arguments": arguments } }] });
    for (body, wanted) in [
        (message(json!({ "content": "a" })), Ok("a")),
        (message(call(json!("{}"))), Ok("{}")),
        (message(call(json!({ "a": 1 }))), Ok("{\"a\":1}")),
        (
            message(json!({ "content": null, "refusal": "no" })),
            Err(Wrong::Refused),
        ),
        (message(json!({ "content": ["a"] })), Err(Wrong::Broken)),
        (
            message(json!({ "content": "x".repeat(20_000) })),
            Err(Wrong::Broken),
        ),
        ("{\"choices\":[]}".into(), Err(Wrong::Broken)),
        ("[]".into(), Err(Wrong::Broken)),
        (String::new(), Err(Wrong::Broken)),
    ] {
        assert_eq!(
            said(body.as_bytes()).as_deref(),
            wanted.as_ref().map(|text| *text),
            "{body}"
        );
    }
}

#[test]
fn a_prompt_is_bounded_and_doesnt_depend_on_what_fired() {
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let prompt = |goals: Vec<String>| {
        let names = Vocabulary::new(Found { goals, ..found() });
        Prompt::new(&names, today, "UTC", QUESTION)
    };
    let many: Vec<String> = (0..5000).map(|number| format!("{number:0>90}")).collect();
    let body = prompt(many).body("m", false).to_string();
    assert!(body.len() < 60_000, "{}", body.len());
    let (ab, ba) = (["a", "b"].map(str::to_owned), ["b", "a"].map(str::to_owned));
    assert_eq!(prompt(ab.to_vec()), prompt(ba.to_vec()));
    // Every part of every object is wanted, and no other is: strict endpoints take no less.
    fn strict(schema: &Value) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let names: Vec<_> = properties.keys().map(|name| json!(name)).collect();
            assert_eq!(schema["required"], json!(names));
            assert_eq!(schema["additionalProperties"], false);
            properties.values().for_each(strict);
        }
        if let Some(items) = schema.get("items") {
            strict(items);
        }
    }
    let body = prompt(Vec::new()).body("m", false);
    strict(&body["response_format"]["json_schema"]["schema"]);
}

/// Goals that a filter names.
fn goals(filter: &Filter, into: &mut Vec<String>) {
    match filter {
        Filter::Fired(_, names) => into.extend(names.iter().cloned()),
        Filter::And(all) | Filter::Or(all) => all.iter().for_each(|one| goals(one, into)),
        Filter::Not(one) => goals(one, into),
        Filter::Value(..) => {}
    }
}

/// Whatever a query names is there.
fn holds(read: &Read) {
    let (query, found) = (&read.query, found());
    let mut named = query.goals.clone();
    query
        .filters
        .iter()
        .for_each(|filter| goals(filter, &mut named));
    assert!(
        named.iter().all(|goal| found.goals.contains(goal)),
        "{named:?}"
    );
    assert_eq!(*query.website_id, *Site::sample().website_id);
    assert!(query.limit <= 10_000 && query.offset == 0);
    for dimension in &query.dimensions {
        assert!(!matches!(dimension, Dimension::Metadata(key) if **key != *"plan"));
    }
}

proptest! {
    #[test]
    fn whatever_bytes_come_nothing_breaks(bytes in prop::collection::vec(any::<u8>(), 0..400), text in ".*") {
        if let Ok(text) = said(&bytes) {
            let _ = try_read(&text);
        }
        let body = json!({ "choices": [{ "message": { "content": text } }] }).to_string();
        prop_assert_eq!(said(body.as_bytes()), Ok(text.clone()));
        if let Ok(read) = try_read(&text) {
            holds(&read);
        }
    }

    #[test]
    fn a_query_names_nothing_that_isnt_there(
        goal in prop::sample::select(vec!["Trial Started", "Answer 42", "trial started", "Sales", ""]),
        fired in prop::sample::select(vec!["Trial Started", "Sales", "*"]),
        dimension in prop::sample::select(vec!["source", "day", "metadata.plan", "metadata.x", "visitor", "exit_page", "goal"]),
        operator in prop::sample::select(vec!["is", "is_not", "contains", "matches", "has_fired", "has_not_fired", "and", "not"]),
        value in prop::sample::select(vec!["Google", "pro", "Sales", "", "Trial Started"]),
        extra in prop::sample::select(vec!["cursor", "limit", "website_id", "sql", "offset", "refuse"]),
        number in -5i64..20_000,
    ) {
        let said = json!({
            "metrics": ["fires"], "goals": [goal], "dimensions": [dimension], extra: number,
            "filters": [{ "operator": operator, "dimension": dimension, "values": [value] }, ["or", [["has_fired", "goal", [fired]]]]],
        });
        if let Ok(read) = try_read(&said.to_string()) {
            holds(&read);
            prop_assert_ne!(extra, "sql");
        }
    }
}
