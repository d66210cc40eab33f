//! What a language model says: an answer of its protocol, and the text in one.

use std::sync::Arc;

use crate::ground::{GROUND, NOW};
use crate::model_read::{Names, Read, Wrong, read, said};
use crate::query::answer;
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::sentence;

pub fn model(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    check(&text);
    match said(input) {
        Ok(said) => check(&said),
        Err(wrong) => assert!(matches!(wrong, Wrong::Broken | Wrong::Refused)),
    }
}

fn check(said: &str) {
    let goals = ["Trial Started", "Purchase"].map(str::to_owned);
    let keys: [Arc<str>; 2] = ["plan".into(), "seats".into()];
    let values = [
        (Dimension::Named(Named::Source), vec!["news".to_owned()]),
        (Dimension::Metadata("plan".into()), vec!["pro".to_owned()]),
    ];
    let names = Names {
        goals: &goals,
        keys: &keys,
        values: &values,
        question: "trials of page one",
    };
    let Ok(Read { query, .. }) = read(said, &GROUND.site, &names, NOW) else {
        return;
    };
    assert_eq!(*query.website_id, *GROUND.site.website_id);
    assert!(query.goals.iter().all(|goal| goals.contains(goal)));
    query
        .filters
        .iter()
        .for_each(|filter| holds(filter, &goals));
    for dimension in &query.dimensions {
        is_known(dimension, &keys);
    }
    assert!((1..=10_000).contains(&query.limit) && query.offset == 0);
    assert!(!sentence::sentence(&query).is_empty());
    answer::answer(&GROUND.store, &query).expect("the store can be read");
    // It reads its own words.
    let mut json = query.json();
    json["website_id"] = "admx_other".into();
    let again = read(&json.to_string(), &GROUND.site, &names, NOW);
    assert_eq!(again.map(|read| read.query), Ok(query));
}

fn holds(filter: &Filter, goals: &[String]) {
    match filter {
        Filter::Fired(_, fired) => assert!(fired.iter().all(|goal| goals.contains(goal))),
        Filter::And(filters) | Filter::Or(filters) => {
            filters.iter().for_each(|filter| holds(filter, goals));
        }
        Filter::Not(filter) => holds(filter, goals),
        Filter::Value(_, dimension, _) => is_known(dimension, &["plan".into(), "seats".into()]),
    }
}

fn is_known(dimension: &Dimension, keys: &[Arc<str>]) {
    if let Dimension::Metadata(key) = dimension {
        assert!(keys.contains(key));
    }
}
