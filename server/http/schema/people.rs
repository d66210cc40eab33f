//! What is told of people over time: cohorts, and journeys shared by attribution.

use serde_json::{Value, json};

use super::{count, fire, list, maybe_text, named, object, share, text};
use crate::attribution::model::ALL;

pub(in crate::http) fn cohorts() -> Value {
    let number = || json!({ "type": ["number", "null"], "examples": [0.42] });
    let numbers = || list(number());
    let known = json!({
        "type": ["object", "null"], "required": ["reached", "people", "share"],
        "properties": { "reached": count(22), "people": count(11), "share": number(), "revenue": number(), "per_person": number() },
    });
    let cohort = || {
        json!({
            "type": "object", "required": ["of", "size", "cells"],
            "properties": { "of": text("2026-03-02"), "size": count(22), "cells": list(known.clone()), "revenue_to_date": number() },
        })
    };
    let difference = json!({
        "type": ["object", "null"], "properties": { "value": number(), "low": number(), "high": number() },
    });
    let prediction = json!({
        "type": ["object", "null"],
        "properties": {
            "reason": text("Too few have paid to predict anything"), "model": text("sBG alpha 0.704, beta 1.182 weeks"),
            "cohorts": list(numbers()), "all": numbers(), "held_out": {
                "type": ["object", "null"],
                "properties": { "predicted": number(), "actual": number(), "span": number() },
            },
        },
    });
    json!({
        "type": "object",
        "required": ["query", "sentence", "currency", "other_currencies", "ages", "cohorts", "all", "differences", "prediction"],
        "properties": {
            "query": { "type": "object" }, "sentence": text("People by their first visit, a week’s together, 1 to 30 November 2026: who came back in each calendar week after"), "currency": maybe_text("EUR"),
            "other_currencies": list(text("USD")), "ages": list(text("1")), "cohorts": list(cohort()), "all": cohort(),
            "differences": list(difference), "prediction": prediction, "warning": text("This is no experiment"),
        },
    })
}

pub(in crate::http) fn cohort_people() -> Value {
    let person = object(json!({
        "visitor": count(7), "joined": text("2026-11-23T10:30:00Z"), "came_back": { "type": "boolean" },
    }));
    object(json!({ "query": { "type": "object" }, "count": count(22), "people": list(person) }))
}

/// What a row of attribution is of.
fn row_of(mut more: Value) -> Value {
    more["kind"] = json!({ "enum": ["value", "other", "no_visit", "unsaid"] });
    more["value"] = maybe_text("Email");
    object(more)
}

/// Something for each model.
fn each_model(value: Value) -> Value {
    let models = ALL
        .iter()
        .map(|about| (about.name.to_owned(), value.clone()));
    object(Value::Object(models.collect()))
}

pub(in crate::http) fn attribution() -> Value {
    let number = || json!({ "type": "number", "examples": [46.85] });
    let maybe = || json!({ "type": ["number", "null"], "examples": [2.4] });
    let model = object(json!({
        "name": text("linear"), "label": text("Linear"), "how": text("The same to every visit."), "formula": text("1/n each"),
    }));
    let roas = object(json!({ "currency": text("EUR"), "roas": number() }));
    let row = row_of(json!({
        "visits": count(90), "conversions_touched": count(60), "credits": each_model(number()),
        "revenue": each_model(list(named("Money"))), "removal_effect": share(), "spend": list(named("Money")),
        "cost_per_goal": each_model(list(named("Money"))), "roas": each_model(list(roas)),
    }));
    let path = object(json!({
        "visits": list(row_of(json!({}))), "conversions": count(30), "not_converted": count(70),
    }));
    let markov = object(
        json!({ "chance": number(), "order": count(1), "null_journeys": { "type": "boolean" } }),
    );
    object(json!({
        "query": { "type": "object" }, "sentence": text("Fires of Trial Started shared among the visits of the 30 days before them by channel, 1 to 30 November 2026"), "models": list(model), "conversions": count(158),
        "people": count(150), "not_converted": count(1492), "revenue": list(named("Money")), "spend": list(named("Money")), "visits_before": maybe(),
        "days_before": maybe(), "markov": markov, "rows": list(row), "paths": list(path),
    }))
}

pub(in crate::http) fn conversions() -> Value {
    let mut conversion = fire();
    conversion["properties"]["share"] = share();
    object(json!({ "query": { "type": "object" }, "conversions": list(conversion) }))
}
