//! Experiments: for programs, and as a page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::App;
use super::access::{Access, Person};
use super::analytics::{again, asked, goals_of, look, written};
use super::api::{question, reading};
use super::page::{NoPage, page};
use super::reply::{Data, Error};
use crate::experiment::numbers::Interval;
use crate::experiment::question::{Question, Sent};
use crate::experiment::verdict::Warning;
use crate::experiment::{self, Answer, Compared, Variant};
use crate::pages::analytics::experiments::Experiments;
use crate::store::event::{GoalName, major};
use crate::store::reports::cell::currency;

/// `GET /api/v1/experiments`
pub(super) async fn experiments(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, question) = question::<Question>(&app, &access, query)?;
    let asked = question.clone();
    let found = reading(move || experiment::answer(&app.store, &site, &asked)).await?;
    Ok(Data::new(StatusCode::OK, &answered(&question, &found)))
}

fn answered(question: &Question, found: &Answer) -> Value {
    let warning = |warning: &Warning| json!({ "code": warning.code(), "message": warning.words() });
    json!({
        "query": question.json(),
        "sentence": question.sentence(),
        "experiments": found.experiments,
        "experiment": found.experiment,
        "control": found.variants.first().map(|control| &control.name),
        "variants": found.variants.iter().map(variant).collect::<Vec<_>>(),
        "saw_several": found.mixed,
        "variants_left_out": found.left_out,
        "sample_ratio_p": found.mismatch,
        "warnings": found.warnings.iter().map(warning).collect::<Vec<_>>(),
        "verdict": { "code": found.verdict.code, "message": found.verdict.words },
    })
}

fn interval(interval: Interval) -> Value {
    json!({ "low": interval.low, "high": interval.high })
}

fn variant(variant: &Variant) -> Value {
    let revenue = variant.revenue.iter().filter_map(|(code, brought)| {
        let currency = currency(code)?;
        let people = brought.people.max(1) as f64;
        Some(json!({
            "currency": currency.code(),
            "amount": major(brought.sum, currency),
            "per_person": major(brought.sum / people, currency),
        }))
    });
    json!({
        "name": variant.name,
        "people": variant.counted.people,
        "conversions": variant.counted.converted,
        "expected_share": variant.weight,
        "rate": variant.counted.rate(),
        "rate_interval": interval(variant.rate),
        "chance_to_be_best": variant.best,
        "expected_loss": variant.loss,
        "revenue": revenue.collect::<Value>(),
        "against_control": variant.compared.as_ref().map(compared),
    })
}

fn compared(compared: &Compared) -> Value {
    let revenue = compared
        .revenue
        .iter()
        .filter_map(|(code, (value, between))| {
            let currency = currency(code)?;
            Some(json!({
                "currency": currency.code(),
                "per_person": major(*value, currency),
                "low": major(between.low, currency),
                "high": major(between.high, currency),
            }))
        });
    json!({
        "difference": compared.difference.value,
        "difference_interval": { "low": compared.difference.low, "high": compared.difference.high },
        "lift": compared.lift,
        "lift_interval": interval(compared.lift_interval),
        "chance_to_beat": compared.beats,
        "revenue": revenue.collect::<Value>(),
    })
}

/// What the page is asked for beside the view.
const ASKED: [&str; 7] = [
    "goals",
    "experiment_key",
    "variant_key",
    "experiment",
    "control",
    "weight",
    "convert",
];

/// `GET /dashboard/experiments`
pub(super) async fn experiments_page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let mut frame = look(&app, &user, &query, "experiments".into())?;
    // Exposure and conversion are looked for in everything that people did.
    frame.view.filters.clear();
    let site = frame.site.clone();
    let known = goals_of(&app, &frame).await?;
    let mut asked = asked(&query, &ASKED);
    if !asked.iter().any(|(name, _)| name == "goals") {
        let of_people = |goal: &&String| GoalName::reserved(goal).is_none();
        let goal = known.iter().find(of_people).or(known.first());
        asked.extend(goal.map(|goal| ("goals".to_owned(), goal.clone())));
    }
    let made = match asked.iter().any(|(name, _)| name == "goals") {
        false => None,
        true => {
            let mut all = asked.clone();
            all.retain(|(name, value)| name != "weight" || !value.ends_with(':'));
            let sent = Sent::query_string(&without_filters(&written(&frame, &all)));
            let question = sent
                .and_then(|sent| sent.read(&site, app.clock.now()))
                .map_err(Error::field)?;
            let of = question.clone();
            let found = reading(move || experiment::answer(&app.store, &site, &of)).await?;
            Some((question, found))
        }
    };
    frame.asked = again(&asked);
    page(StatusCode::OK, &Experiments::new(frame, &known, made))
}

/// The address without the filters of the view, of which there are none here.
fn without_filters(address: &str) -> String {
    let pairs = url::form_urlencoded::parse(address.as_bytes());
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.filter(|(name, _)| name != "filters"))
        .finish()
}
