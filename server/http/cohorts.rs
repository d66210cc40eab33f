//! Cohorts: for programs, and as a page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::App;
use super::access::{Access, Person};
use super::analytics::{again, asked, goals_of, look, parameter, written};
use super::api::{question, reading};
use super::page::{NoPage, page};
use super::reply::{Data, Error};
use crate::account::Site;
use crate::cohort::compare::Difference;
use crate::cohort::predict::HeldOut;
use crate::cohort::question::{Members, Question, Sent, SentMembers, What};
use crate::cohort::table::{Cell, Cohort};
use crate::cohort::{self, Answer, Member};
use crate::pages::analytics::cohorts::{Cohorts, Made};
use crate::store::event::major;
use crate::store::reports::cell::currency;
use crate::transfer::line::csv_record;

/// People that a page tells.
const TOLD: &str = "100";

/// `GET /api/v1/cohorts`
pub(super) async fn cohorts(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, question) = question::<Question>(&app, &access, query)?;
    let (asked, now) = (question.clone(), app.clock.now());
    let found = reading(move || cohort::answer(&app.store, &site, &asked, now)).await?;
    Ok(Data::new(StatusCode::OK, &answered(&question, &found)))
}

/// Smallest units as major ones.
fn money(found: &Answer, minor: f64) -> Value {
    let currency = found.currency.as_ref().and_then(currency);
    json!(currency.map(|currency| major(minor, currency)))
}

fn answered(question: &Question, found: &Answer) -> Value {
    let cell = |cell: &Cell| {
        let share = cell.people as f64 / cell.reached as f64;
        let mut json = json!({ "reached": cell.reached, "people": cell.people, "share": share });
        if question.what == What::Revenue {
            json["revenue"] = money(found, cell.sum.minor as f64);
            json["per_person"] = money(found, cell.sum.minor as f64 / cell.reached as f64);
        }
        json
    };
    let by = question.split.by();
    let cohort = |cohort: &Cohort| {
        let name = cohort.name.written(by);
        let cells: Vec<_> = cohort
            .cells
            .iter()
            .map(|known| known.as_ref().map(cell))
            .collect();
        let mut json = json!({ "of": name, "size": cohort.size, "cells": cells });
        if question.what == What::Revenue {
            json["revenue_to_date"] = money(found, cohort.to_date.minor as f64);
        }
        json
    };
    let number = |number: f64| match question.what {
        What::Revenue => money(found, number),
        What::Retention => json!(number),
    };
    let difference = |difference: &Option<Difference>| {
        difference.map(
            |d| json!({ "value": number(d.value), "low": number(d.low), "high": number(d.high) }),
        )
    };
    let mut all = cohort(&found.table.all);
    all["of"] = json!("all");
    let code = |code: &[u8; 3]| currency(code).map(|currency| currency.code());
    let mut json = json!({
        "query": question.json(),
        "sentence": question.sentence(),
        "currency": found.currency.as_ref().and_then(code),
        "other_currencies": found.other_currencies.iter().filter_map(code).collect::<Vec<_>>(),
        "ages": question.ages.iter().map(|age| question.age(age)).collect::<Vec<_>>(),
        "cohorts": found.table.cohorts.iter().map(cohort).collect::<Vec<_>>(),
        "all": all,
        "differences": found.differences.iter().map(difference).collect::<Vec<_>>(),
        "prediction": null,
    });
    if !found.differences.is_empty() {
        json["warning"] = json!(cohort::NO_EXPERIMENT);
    }
    match &found.prediction {
        None => {}
        Some(Err(reason)) => json["prediction"] = json!({ "reason": reason }),
        Some(Ok(prediction)) => {
            let row =
                |row: &Vec<Option<f64>>| -> Value { row.iter().map(|n| n.map(number)).collect() };
            let (all, cohorts) = match prediction.cells.split_last() {
                Some((all, cohorts)) => (row(all), cohorts.iter().map(row).collect()),
                None => (json!([]), json!([])),
            };
            let held_out = |held: HeldOut| json!({ "predicted": held.predicted, "actual": held.actual, "span": held.span });
            json["prediction"] = json!({
                "model": prediction.model, "cohorts": cohorts, "all": all, "held_out": prediction.held_out.map(held_out),
            });
        }
    }
    json
}

/// `GET /api/v1/cohorts.csv`
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let (site, question) = question::<Question>(&app, &access, query)?;
    let (asked, now) = (question.clone(), app.clock.now());
    let found = reading(move || cohort::answer(&app.store, &site, &asked, now)).await?;
    let by = question.split.by();
    let mut head = vec!["cohort".to_owned(), "people".to_owned()];
    head.extend(
        question
            .ages
            .iter()
            .map(|age| format!("{} {}", question.unit_words(), question.age(age))),
    );
    let mut file = csv_record(head.iter().map(String::as_str));
    let money = |minor: f64| {
        let currency = found.currency.as_ref().and_then(currency);
        currency
            .map(|currency| major(minor, currency).to_string())
            .unwrap_or_default()
    };
    let cell = |cell: &Cell| match question.what {
        What::Retention => (cell.people as f64 / cell.reached as f64).to_string(),
        What::Revenue => money(cell.sum.minor as f64 / cell.reached as f64),
    };
    let mut row = |name: String, cohort: &Cohort| {
        let mut record = vec![name, cohort.size.to_string()];
        record.extend(
            cohort
                .cells
                .iter()
                .map(|known| known.as_ref().map(cell).unwrap_or_default()),
        );
        file.extend(csv_record(record.iter().map(String::as_str)));
    };
    for cohort in &found.table.cohorts {
        row(cohort.name.written(by), cohort);
    }
    row("all".into(), &found.table.all);
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], file).into_response())
}

/// `GET /api/v1/cohorts/people`
pub(super) async fn people(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, asked) = question::<Members>(&app, &access, query)?;
    let query = asked.question.json();
    let limit = asked.limit;
    let found = reading(move || told(&app, &site, &asked)).await?;
    let person = |member: &Member| {
        let joined = jiff::Timestamp::from_millisecond(member.joined.0).unwrap_or_default();
        json!({ "visitor": member.person, "joined": joined.to_string(), "came_back": member.came_back })
    };
    let people: Vec<_> = found.iter().take(limit).map(person).collect();
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "query": query, "count": found.len(), "people": people }),
    ))
}

fn told(app: &App, site: &Site, asked: &Members) -> Result<Vec<Member>, crate::store::ReadError> {
    let now = app.clock.now();
    cohort::members(
        &app.store,
        site,
        &asked.question,
        asked.of.as_ref(),
        asked.age,
        now,
    )
}

/// What the page is asked for beside the view.
const ASKED: [&str; 12] = [
    "goal", "start", "by", "measure", "returns", "unit", "ages", "kind", "windows", "fired",
    "currency", "predict",
];

/// `GET /dashboard/cohorts`
pub(super) async fn cohorts_page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let mut frame = look(&app, &user, &query, "cohorts".into())?;
    let known = goals_of(&app, &frame).await?;
    let asked = asked(&query, &ASKED);
    frame.asked = again(&asked);
    let (site, now) = (frame.site.clone(), app.clock.now());
    let sent = Sent::query_string(&written(&frame, &asked));
    let question = sent
        .and_then(|sent| sent.read(&site, now))
        .map_err(Error::field)?;
    let members = match parameter(&query, "of") {
        None => None,
        Some(of) => {
            let mut all = asked.clone();
            all.push(("of".into(), of));
            all.push(("limit".into(), TOLD.into()));
            all.extend(parameter(&query, "age").map(|age| ("age".to_owned(), age)));
            let sent = SentMembers::query_string(&written(&frame, &all));
            Some(
                sent.and_then(|sent| sent.read(&site, now))
                    .map_err(Error::field)?,
            )
        }
    };
    let made = reading(move || {
        let found = cohort::answer(&app.store, &site, &question, now)?;
        let told = members
            .map(|asked| Ok::<_, crate::store::ReadError>((told(&app, &site, &asked)?, asked)))
            .transpose()?;
        Ok(Made {
            question,
            found,
            told,
        })
    })
    .await?;
    page(StatusCode::OK, &Cohorts::new(frame, &known, made))
}
