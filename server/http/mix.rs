//! The marketing mix: for programs, and as a page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::access::{Access, Person};
use super::analytics::{again, asked, goals_of, look, parameter};
use super::api::{question, reading};
use super::extract::{Form, Part};
use super::page::{NoPage, page};
use super::reply::{Data, Error};
use super::settings::done;
use super::{App, auth, work};
use crate::account::{Site, StoredFit};
use crate::attribution::model::Model;
use crate::mix::budget::{Bounds, Split};
use crate::mix::fit::{self, Fit, Told};
use crate::mix::fits::Answer;
use crate::mix::posterior::Band;
use crate::mix::question::{Budget, Outcome, Question, Sent, SentBudget};
use crate::pages::analytics::mix::{Asked, Credit, Mix};
use crate::query::dimension::Named;
use crate::{attribution, store};

/// `GET /api/v1/mix`
pub(super) async fn mix(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, question) = question::<Question>(&app, &access, query)?;
    let asked = question.clone();
    let found = reading(move || app.fits.answer(&site, &asked)).await?;
    Ok(Data::new(StatusCode::OK, &answered(&question, &found)))
}

fn answered(question: &Question, found: &Answer) -> Value {
    let (preview, refused) = match &found.preview {
        Some(Ok(preview)) => (Some(preview), None),
        Some(Err(words)) => (None, Some(words)),
        None => (None, None),
    };
    json!({
        "query": question.json(),
        "sentence": question.sentence(),
        "currency": found.now.currency,
        "left_out": found.now.left_out,
        "latest": found.latest.as_ref().map(|latest| stored(latest, found.progress)),
        "preview": preview,
        "refused": refused,
        "fit": found.found.as_ref().map(|(of, fit)| told(of, fit, found.is_old)),
    })
}

/// A fit without its result.
fn stored(fit: &StoredFit, progress: Option<f64>) -> Value {
    json!({
        "id": fit.id,
        "state": fit.state.name(),
        "progress": progress,
        "message": fit.words,
        "data_sha256": fit.data,
        "seed": fit.seed,
        "query_string": fit.question,
        "asked_at": fit.asked_at.to_string(),
        "done_at": fit.done_at.map(|at| at.to_string()),
    })
}

fn told(of: &StoredFit, fit: &Fit, is_old: bool) -> Value {
    let series = &fit.series;
    let dates: Vec<_> = (0..series.periods())
        .map(|at| series.day(at).to_string())
        .collect();
    let channels: Vec<_> = fit.channels.iter().map(channel).collect();
    let names = series.channels.iter().map(|channel| channel.name.as_str());
    let by_channel: Vec<_> = names
        .zip(&fit.lines.channels)
        .map(|(name, band)| json!({ "channel": name, "contribution": band }))
        .collect();
    json!({
        "id": of.id,
        "data_sha256": of.data,
        "seed": of.seed,
        "done_at": of.done_at.map(|at| at.to_string()),
        "is_of_older_data": is_old,
        "is_unreliable": fit.is_unreliable(),
        "range": { "from": series.first.to_string(), "to": series.last().to_string() },
        "outcome": fit.outcome,
        "channels_together": fit.together,
        "base": fit.base,
        "channels": channels,
        "diagnostics": fit.diagnostics,
        "accuracy": fit.accuracy,
        "warnings": fit.warnings,
        "events": fit.lines.effects,
        "settings": fit.settings,
        "over_time": {
            "dates": dates,
            "outcome": series.outcome,
            "expected": fit.lines.expected,
            "without_chance": fit.lines.all,
            "base": fit.lines.base,
            "season": fit.lines.season,
            "events": fit.lines.events,
            "channels": by_channel,
        },
    })
}

pub(super) fn channel(told: &Told) -> Value {
    let curve = told
        .curve
        .iter()
        .map(|(spend, response)| json!({ "spend": spend, "response": response }));
    let mut json = json!(told);
    json["response_curve"] = curve.collect();
    if let Some(object) = json.as_object_mut() {
        object.remove("curve");
    }
    json
}

/// `GET /api/v1/mix.csv`: a row a period and part.
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let (site, question) = question::<Question>(&app, &access, query)?;
    let found = reading(move || app.fits.answer(&site, &question)).await?;
    // Cells are days, names of our own and numbers: what is below 0 is none of a spreadsheet's formulas. Writing to memory
    // doesn't fail.
    let mut file = csv::Writer::from_writer(Vec::new());
    let _ = file.write_record(["date", "part", "mean", "low", "high"]);
    // Before anything is fitted there are no rows.
    if let Some((_, fit)) = &found.found {
        lines_of(fit, &mut file);
    }
    let file = file.into_inner().unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], file).into_response())
}

/// A row a period and part.
fn lines_of(fit: &Fit, file: &mut csv::Writer<Vec<u8>>) {
    let lines = &fit.lines;
    let names = fit
        .series
        .channels
        .iter()
        .map(|channel| channel.name.as_str());
    let channels = names.zip(&lines.channels);
    let others = [
        ("(base)", &lines.base),
        ("(season)", &lines.season),
        ("(events)", &lines.events),
        ("(expected)", &lines.expected),
    ];
    let parts: Vec<(&str, &Band)> = channels.chain(others).collect();
    for (at, outcome) in fit.series.outcome.iter().enumerate() {
        let date = fit.series.day(at).to_string();
        let outcome = outcome.to_string();
        let _ = file.write_record([&*date, "(outcome)", &outcome, "", ""]);
        for (name, band) in &parts {
            let number = |line: &[f64]| line.get(at).map(f64::to_string).unwrap_or_default();
            let (mean, low, high) = (number(&band.mean), number(&band.low), number(&band.high));
            let _ = file.write_record([&*date, name, &mean, &low, &high]);
        }
    }
}

fn no_fit() -> Error {
    Error::new(
        StatusCode::NOT_FOUND,
        "not_fitted",
        "nothing is fitted for this question yet: POST it to /api/v1/mix/fits first",
    )
}

/// `POST /api/v1/mix/fits`
pub(super) async fn start(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, question) = question::<Question>(&app, &access, query)?;
    let id = ask(&app, site, question).await?;
    Ok(Data::new(StatusCode::ACCEPTED, &json!({ "id": id })))
}

async fn ask(app: &Arc<App>, site: Arc<Site>, question: Question) -> Result<i64, Error> {
    let fits = app.fits.clone();
    work::changing(app, move |_| fits.ask(&site, &question)).await
}

/// `GET /api/v1/mix/fits`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    access: Access,
    super::extract::Asked(asked): super::extract::Asked<OfSite>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let fits = work::changing(&app, move |accounts| accounts.fits(site.id)).await?;
    let fits: Vec<_> = fits.iter().map(|fit| stored(fit, None)).collect();
    Ok(Data::new(StatusCode::OK, &json!({ "fits": fits })))
}

#[derive(serde::Deserialize)]
pub(super) struct OfSite {
    website_id: Option<String>,
}

/// `DELETE /api/v1/mix/fits/{id}`
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    access: Access,
    id: Part,
    super::extract::Asked(asked): super::extract::Asked<OfSite>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let (fits, id) = (app.fits.clone(), id.number()?);
    work::changing(&app, move |_| fits.cancel(site.id, id)).await?;
    Ok(Data::new(StatusCode::OK, &json!({ "cancelled": true })))
}

/// `GET /api/v1/mix/budget`
pub(super) async fn budget(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, wanted) = question::<Budget>(&app, &access, query)?;
    let question = wanted.question.clone();
    let found = reading(move || {
        let (_, fit) = match app.fits.answer(&site, &wanted.question)?.found {
            Some(found) => found,
            None => return Ok(None),
        };
        let split = fit::split(&fit, &wanted.bounds, wanted.aim);
        Ok(Some((fit, split)))
    })
    .await?;
    let (fit, split) = found.ok_or_else(no_fit)?;
    let (bounds, split) = split.map_err(Error::field)?;
    Ok(Data::new(
        StatusCode::OK,
        &budgeted(&question, &fit, &bounds, &split),
    ))
}

fn budgeted(question: &Question, fit: &Fit, bounds: &[Bounds], split: &Split) -> Value {
    let rows = fit
        .paid()
        .zip(bounds)
        .zip(split.spend.iter().zip(&split.marginals));
    let row = |((channel, bounds), (spend, marginal)): ((&Told, &Bounds), (&f64, &f64))| {
        json!({
            "channel": channel.name,
            "now": channel.now,
            "least": bounds.least,
            "most": bounds.most,
            "spend": spend,
            "marginal": marginal,
            "is_beyond_observed": *spend > channel.most,
        })
    };
    json!({
        "query": question.json(),
        "period": fit.series.period_word(),
        "channels": rows.map(row).collect::<Vec<_>>(),
        "response": split.response,
        "gain": split.gain,
        "chance_of_gain": split.sure,
        "is_unreliable": fit.is_unreliable(),
    })
}

/// What the page is asked for beside the view.
const ASKED: [&str; 19] = [
    "outcome", "goals", "currency", "grain", "channel", "organic", "driver", "prior", "measured",
    "lift", "event", "control", "controls", "notes", "total", "target", "bound", "from", "to",
];

/// `GET /dashboard/mix`
pub(super) async fn mix_page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    // The view's days are those of other pages: a mix is of years.
    let site = parameter(&query, "site").unwrap_or_default();
    let site = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("site", &site)
        .finish();
    let mut frame = look(&app, &user, &site, "mix".into())?;
    let known = goals_of(&app, &frame).await?;
    let asked = asked(&query, &ASKED);
    frame.asked = again(&asked);
    let site = frame.site.clone();
    let wanted = SentBudget::query_string(frame.asked.trim_start_matches('&'))
        .and_then(|sent| sent.read(&site, app.clock.now()))
        .map_err(Error::field)?;
    let of = wanted.clone();
    let (found, split, credits) = reading(move || {
        let found = app.fits.answer(&site, &of.question)?;
        let split = found
            .found
            .as_ref()
            .map(|(_, fit)| fit::split(fit, &of.bounds, of.aim));
        let credits = match &found.found {
            Some((_, fit)) => credits(&app, &site, &of, fit)?,
            None => Vec::new(),
        };
        Ok((found, split, credits))
    })
    .await?;
    let asked = Asked {
        wanted,
        found,
        split,
        credits,
    };
    page(StatusCode::OK, &Mix::new(frame, &known, asked))
}

/// What attribution gives the same channels of the same goals on the same days; nothing where that can't be asked.
fn credits(
    app: &App,
    site: &Site,
    wanted: &Budget,
    fit: &Fit,
) -> Result<Vec<Credit>, store::ReadError> {
    let question = &wanted.question;
    if question.goals.is_empty() || question.outcome == Outcome::Visitors {
        return Ok(Vec::new());
    }
    let asked = attribution::question::Question {
        website_id: question.website_id.clone(),
        goals: question.goals.clone(),
        by: Named::Channel,
        model: Model::Last,
        window_days: 30,
        half_life_days: 7,
        markov_order: 1,
        null_journeys: true,
        lead_goal: None,
        convert: true,
        filters: Vec::new(),
        range: crate::query::range::Range {
            from: fit.series.first,
            to: fit.series.last(),
            zone: question.range.zone.clone(),
        },
    };
    let answer = attribution::answer(&Arc::clone(&app.store), site, &asked)?;
    let code = wanted_currency(question, fit, &answer);
    let one = |told: &Told| {
        let row = answer.rows.iter().find(
            |row| matches!(&row.of, attribution::RowOf::Value(Some(name)) if *name == told.name),
        );
        let of = |model: Model| {
            let row = row?;
            match (question.outcome, &code) {
                (Outcome::Revenue, Some(code)) => {
                    let currency = store::reports::cell::currency(code)?;
                    let credit = row
                        .money
                        .get(code)
                        .map_or(0.0, |credits| credits[model as usize]);
                    Some(store::event::major(credit, currency))
                }
                _ => Some(row.credits[model as usize]),
            }
        };
        Credit {
            channel: told.name.clone(),
            last: of(Model::Last),
            markov: of(Model::Markov),
        }
    };
    Ok(fit.channels.iter().map(one).collect())
}

/// The currency that revenue is of, where there is any.
fn wanted_currency(
    question: &Question,
    fit: &Fit,
    answer: &attribution::Answer,
) -> Option<[u8; 3]> {
    let named = question.currency.as_deref().or(fit.currency.as_deref());
    let named = named.and_then(|code| code.as_bytes().try_into().ok());
    named.or_else(|| answer.money.keys().next().copied())
}

/// `POST /dashboard/mix/fits`
pub(super) async fn start_by_form(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(form.text("site")))?;
    let given = asked(form.text("asked").trim_start_matches('&'), &ASKED[..12]);
    let days = asked(form.text("asked").trim_start_matches('&'), &ASKED[15..]);
    let all = again(&given.into_iter().chain(days).collect::<Vec<_>>());
    let question = Sent::query_string(all.trim_start_matches('&'))
        .and_then(|sent| sent.read(&site, app.clock.now()))
        .map_err(Error::field)?;
    ask(&app, site, question).await?;
    Ok(there(&form))
}

/// `POST /dashboard/mix/fits/{id}/cancel`
pub(super) async fn cancel_by_form(
    State(app): State<Arc<App>>,
    Person(user): Person,
    id: Part,
    form: Form,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(form.text("site")))?;
    let (fits, id) = (app.fits.clone(), id.number()?);
    work::changing(&app, move |_| fits.cancel(site.id, id)).await?;
    Ok(there(&form))
}

/// Back to the page, asked the same.
fn there(form: &Form) -> Response {
    let site = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("site", form.text("site"))
        .finish();
    let given = asked(form.text("asked").trim_start_matches('&'), &ASKED);
    done(&format!("/dashboard/mix?{site}{}", again(&given)))
}
