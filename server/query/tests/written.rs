//! What is written against what is read, sentences, and refusals.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::ground::{NOW, site};
use super::read;
use crate::query::dimension::{Dimension, NAMED, Named};
use crate::query::metric::{METRICS, Metric};
use crate::query::range::{Range, date};
use crate::query::read::Sent;
use crate::query::sentence::sentence;
use crate::query::{Order, OrderBy, Query, filter};
use crate::store::event::SiteId;

/// Any query.
fn query() -> impl Strategy<Value = Query> {
    let dates = || (0i16..4000).prop_map(|days| date(18_000 + i32::from(days)).unwrap());
    let range = || {
        (dates(), 0i64..90).prop_map(|(from, days)| Range {
            from,
            to: from + jiff::Span::new().days(days),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
        })
    };
    let dimension = prop_oneof![
        3 => prop::sample::select(&NAMED[..])
            .prop_filter("stands alone", |(_, named)| *named != Named::ExitPage)
            .prop_map(|(_, named)| Dimension::Named(named)),
        1 => "[a-c,:\\\\]{1,3}".prop_map(|key| Dimension::Metadata(key.into())),
    ];
    let metrics: Vec<_> = METRICS.iter().map(|(_, metric)| *metric).collect();
    let order = (
        any::<bool>(),
        0usize..4,
        prop::sample::select(metrics.clone()),
    );
    (
        prop::sample::subsequence(metrics, 1..5).prop_shuffle(),
        proptest::collection::vec("\\PC{0,8}", 0..3),
        proptest::collection::vec(dimension, 0..4),
        proptest::collection::vec(filter::tests::filter(), 0..3),
        (range(), prop::option::of(range())),
        proptest::collection::vec(order, 1..4),
        (
            1usize..=10_000,
            prop_oneof![Just(0usize), 1usize..1_000_000],
        ),
    )
        .prop_map(
            |(
                metrics,
                goals,
                mut dimensions,
                filters,
                (range, compare),
                orders,
                (limit, offset),
            )| {
                let mut seen = BTreeSet::new();
                dimensions.retain(|dimension| seen.insert(dimension.name()));
                let order = |(ascending, at, metric): (bool, usize, Metric)| Order {
                    by: if at < dimensions.len() {
                        OrderBy::Dimension(at)
                    } else {
                        OrderBy::Metric(metric)
                    },
                    ascending,
                };
                Query {
                    site: SiteId(1),
                    website_id: site().website_id.into(),
                    book: Default::default(),
                    exchange: super::ground::site().exchange,
                    metrics,
                    goals,
                    order: orders.into_iter().map(order).collect(),
                    dimensions,
                    filters,
                    range,
                    compare,
                    limit,
                    offset,
                }
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(query in query()) {
        let read = |sent: Sent| sent.read(&site(), NOW).unwrap();
        prop_assert_eq!(&read(Sent::json(query.json().to_string().as_bytes()).unwrap()), &query);
        prop_assert_eq!(&read(Sent::query_string(&query.query_string()).unwrap()), &query);
        prop_assert!(!sentence(&query).is_empty());
    }

    #[test]
    fn whatever_is_sent_is_read_or_refused_in_words(text: String) {
        let sent = [Sent::query_string(&text), Sent::json(text.as_bytes())];
        for error in sent.into_iter().filter_map(Result::err) {
            prop_assert!(!error.is_empty());
        }
    }
}

#[test]
fn sentences_say_every_part() {
    let range = json!({"from": "2026-11-01", "to": "2026-11-30"});
    let of = |mut json: Value| {
        if json["range"].is_null() {
            json["range"] = range.clone();
        }
        sentence(&read(&json, &super::GROUND.site))
    };
    for (json, expected) in [
        (
            json!({"metrics": ["fires", "visitors"], "goals": ["Trial Started"], "dimensions": ["channel"]}),
            "Fires and visitors of Trial Started by channel, 1 to 30 November 2026, most first",
        ),
        (
            json!({"metrics": ["pageviews"]}),
            "Page views, 1 to 30 November 2026",
        ),
        (
            json!({"metrics": ["people"], "dimensions": ["day"], "range": {"from": "2026-10-30", "to": "2026-11-02"},
                "compare": {"from": "2025-12-31", "to": "2026-01-03"}}),
            "People by day, 30 October to 2 November 2026, beside 31 December 2025 to 3 January 2026, earliest first",
        ),
        (
            json!({"metrics": ["conversion_rate"], "dimensions": ["source", "metadata.plan"], "goals": ["A", "B", "C"],
                "filters": [["is_not", "page", ["/a", "/b"]], ["or", [["has_not_fired", "goal", ["D"]], ["matches", "source", ["g*"]]]]],
                "order": [["visitors", "asc"], ["source", "asc"]], "limit": 5, "range": {"from": "2026-11-01", "to": "2026-11-01"}}),
            "Conversion rate of A, B and C by source and metadata plan where page is not /a or /b and (the visitor never fired D \
             or source matches g*), 1 November 2026, least visitors first, then source from A to Z, the first 5 rows",
        ),
    ] {
        assert_eq!(of(json), expected);
    }
}

#[test]
fn wrong_queries_say_which_part_and_what_would_be_right() {
    let read = |json: Value| {
        Sent::json(json.to_string().as_bytes())
            .and_then(|sent| sent.read(&site(), NOW))
            .unwrap_err()
    };
    for (json, expected) in [
        (json!([]), "the body is no JSON object"),
        (
            json!({"metric": ["fires"]}),
            "metric: there is no such part; there are website_id, metrics, goals",
        ),
        (json!({}), "metrics: wanted at least one of fires, visitors"),
        (json!({"metrics": "fires"}), "metrics: wanted a list"),
        (
            json!({"metrics": ["clicks"]}),
            "metrics: \"clicks\" is none; there are fires",
        ),
        (
            json!({"metrics": ["fires", "fires"]}),
            "metrics: fires stands twice",
        ),
        (
            json!({"metrics": ["fires"], "dimensions": ["colour"]}),
            "dimensions: \"colour\" is none; there are goal",
        ),
        (
            json!({"metrics": ["fires"], "dimensions": ["page", "day", "source", "os"]}),
            "dimensions: more than 3",
        ),
        (
            json!({"metrics": ["sessions"], "dimensions": ["exit_page", "source"]}),
            "exit_page goes together with day",
        ),
        (
            json!({"metrics": ["fires"], "dimensions": ["exit_page"]}),
            "metrics: fires isn't known by exit_page; wanted visitors",
        ),
        (
            json!({"metrics": ["fires"], "range": {"from": "yesterday"}}),
            "range: from: wanted a day as YYYY-MM-DD",
        ),
        (
            json!({"metrics": ["fires"], "range": "2026"}),
            "range: wanted {\"from\"",
        ),
        (
            json!({"metrics": ["fires"], "compare": {"from": "2026-01-01"}}),
            "compare: wanted both from and to",
        ),
        (
            json!({"metrics": ["fires"], "order": [["fires"]]}),
            "order: wanted a list of pairs",
        ),
        (
            json!({"metrics": ["fires"], "order": [["fires", "up"]]}),
            "order: \"up\" is no direction; wanted asc or desc",
        ),
        (
            json!({"metrics": ["fires"], "order": [["page", "asc"]]}),
            "none of the query's dimensions; wanted one of fires",
        ),
        (
            json!({"metrics": ["fires"], "limit": 0}),
            "limit: wanted 1 to 10000",
        ),
        (
            json!({"metrics": ["fires"], "limit": -1}),
            "limit: wanted a whole number",
        ),
        (
            json!({"metrics": ["fires"], "cursor": "5.x"}),
            "cursor: it is of another query",
        ),
    ] {
        let error = read(json.clone());
        assert!(error.contains(expected), "{json}: {error}");
    }
    for (query, expected) in [
        (
            "metric=fires",
            "metric: there is no such part; there are website_id, metrics",
        ),
        ("metrics=fires&limit=x", "limit: wanted a whole number"),
        ("metrics=fires&limit=1&limit=2", "limit stands twice"),
        (
            "metrics=fires&from=2026-01-01&from=2026-01-01",
            "from stands twice",
        ),
        (
            "metrics=fires&order=fires",
            "order: wanted name:asc or name:desc",
        ),
        (
            "metrics=fires&filter=source",
            "filter: \"source\" is none; wanted operator:dimension",
        ),
        ("metrics=fires&filters=x", "filters: wanted a JSON list"),
    ] {
        let error = Sent::query_string(query)
            .and_then(|sent| sent.read(&site(), NOW))
            .unwrap_err();
        assert!(error.contains(expected), "{query}: {error}");
    }
}
