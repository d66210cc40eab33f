//! Attribution: for programs, and as a page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::App;
use super::access::{Access, Person};
use super::analytics::{again, asked, goals_of, look, parameter, written};
use super::api::{question, reading};
use super::events::event;
use super::page::{NoPage, page};
use super::reply::{Data, Error};
use super::spend::sums;
use crate::account::Site;
use crate::account::spend::Days;
use crate::attribution::cost;
use crate::attribution::model::{ALL, About};
use crate::attribution::question::{Conversions, Question, Sent, SentConversions};
use crate::attribution::{self, Answer, Row, RowOf};
use crate::pages::analytics::attribution::{Attribution, Made};
use crate::query::fires::{self, Fires};
use crate::store::ReadError;
use crate::store::event::{GoalName, major};
use crate::store::reports::cell::currency;

/// Conversions that a page tells.
const TOLD: &str = "50";

/// `GET /api/v1/attribution`
pub(super) async fn attribution(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, question) = question::<Question>(&app, &access, query)?;
    let asked = question.clone();
    let found = reading(move || {
        let found = attribution::answer(&app.store, &site, &asked)?;
        costed(&app, &site, &asked, found)
    })
    .await?;
    Ok(Data::new(StatusCode::OK, &answered(&question, &found)))
}

/// An answer with what was spent, where that is known.
fn costed(
    app: &App,
    site: &Site,
    question: &Question,
    mut found: Answer,
) -> Result<Answer, ReadError> {
    if let Some(by) = cost::spent_by(question) {
        let days = Days {
            from: question.range.from,
            to: question.range.to,
            channel: None,
        };
        cost::with_spend(
            &mut found,
            app.accounts.spent(site, &days, by, question.convert)?,
        );
    }
    Ok(found)
}

fn answered(question: &Question, found: &Answer) -> Value {
    let path = |(path, conversions, lost): &(Vec<RowOf>, u64, u64)| {
        let visits: Vec<_> = path.iter().map(row_of).collect();
        json!({ "visits": visits, "conversions": conversions, "not_converted": lost })
    };
    let model = |about: &About| json!({ "name": about.name, "label": about.label, "how": about.how, "formula": about.formula });
    json!({
        "query": question.json(),
        "sentence": question.sentence(),
        "models": ALL.iter().map(model).collect::<Vec<_>>(),
        "conversions": found.conversions,
        "people": found.people,
        "not_converted": found.lost,
        "revenue": sums(&found.money),
        "spend": sums(&found.spend),
        "visits_before": found.visits,
        "days_before": found.days,
        "markov": { "chance": found.chance, "order": question.markov_order, "null_journeys": question.null_journeys },
        "rows": found.rows.iter().map(row).collect::<Vec<_>>(),
        "paths": found.paths.iter().map(path).collect::<Vec<_>>(),
    })
}

/// What a row is of: its value, or what kind of rest it is.
fn row_of(of: &RowOf) -> Value {
    let (kind, value) = match of {
        RowOf::Value(value) => ("value", value.as_deref()),
        RowOf::Other => ("other", None),
        RowOf::NoVisit => ("no_visit", None),
        RowOf::Unsaid => ("unsaid", None),
    };
    json!({ "kind": kind, "value": value })
}

/// A figure of what was spent in a currency, by the model in that place.
type CostOf<'a> = &'a dyn Fn(usize, &[u8; 3], i64) -> Option<Value>;

fn row(row: &Row) -> Value {
    let mut json = row_of(&row.of);
    let credits = ALL.iter().zip(row.credits);
    let credits: Map<_, _> = credits
        .map(|(about, credit)| (about.name.to_owned(), json!(credit)))
        .collect();
    let revenue = ALL.iter().enumerate().map(|(place, about)| {
        let amounts = row.money.iter().filter_map(|(code, credits)| {
            let currency = currency(code)?;
            Some(json!({ "currency": currency.code(), "amount": major(credits[place], currency) }))
        });
        (about.name.to_owned(), amounts.collect())
    });
    json["visits"] = json!(row.visits);
    json["conversions_touched"] = json!(row.touched);
    json["credits"] = credits.into();
    json["revenue"] = Value::Object(revenue.collect());
    json["removal_effect"] = json!(row.effect);
    json["spend"] = sums(&row.spend);
    let each = |of: CostOf| -> Value {
        let one = |(place, about): (usize, &About)| {
            let spend = row.spend.iter();
            let of: Value = spend
                .filter_map(|(code, minor)| of(place, code, *minor))
                .collect();
            (about.name.to_owned(), of)
        };
        Value::Object(ALL.iter().enumerate().map(one).collect())
    };
    json["cost_per_goal"] = each(&|place, code, minor| {
        let (cost, currency) = (
            cost::cost_per_goal(minor, &row.credits)[place]?,
            currency(code)?,
        );
        Some(json!({ "currency": currency.code(), "amount": major(cost, currency) }))
    });
    json["roas"] = each(&|place, code, minor| {
        let roas = cost::roas(minor, row.money.get(code))[place]?;
        Some(json!({ "currency": currency(code)?.code(), "roas": roas }))
    });
    json
}

/// `GET /api/v1/attribution/conversions`
pub(super) async fn conversions(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, asked) = question::<Conversions>(&app, &access, query)?;
    let question = asked.question.clone();
    let (earned, fires) = reading(move || {
        let earned = attribution::earned(&app.store, &site, &asked)?;
        let picked = earned.iter().map(|earned| earned.at).collect();
        let fires = fires::these(&app.store, &site, picked)?;
        Ok((earned, fires))
    })
    .await?;
    let one = |(earned, fired): (&attribution::Earned, &fires::Fired)| {
        let mut json = event(fired);
        json["share"] = json!(earned.share);
        json
    };
    let conversions: Vec<_> = earned.iter().zip(&fires.fires).map(one).collect();
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "query": question.json(), "conversions": conversions }),
    ))
}

/// What a page is asked for beside the view.
const ASKED: [&str; 9] = [
    "goals",
    "by",
    "model",
    "window_days",
    "half_life_days",
    "markov_order",
    "null_journeys",
    "lead_goal",
    "convert",
];

/// `GET /dashboard/attribution`
pub(super) async fn attribution_page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let mut frame = look(&app, &user, &query, "attribution".into())?;
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
            let now = app.clock.now();
            let sent = Sent::query_string(&written(&frame, &asked));
            let question = sent.and_then(|sent| sent.read(&site, now));
            let question = question.map_err(Error::field)?;
            let told = parameter(&query, "of").map(|of| {
                let mut all = asked.clone();
                all.push(("of".into(), of));
                all.push(("limit".into(), TOLD.into()));
                let sent = SentConversions::query_string(&written(&frame, &all));
                sent.and_then(|sent| sent.read(&site, now))
            });
            let told = told.transpose().map_err(Error::field)?;
            let made = reading(move || {
                let (found, told) = match told {
                    None => (attribution::answer(&app.store, &site, &question)?, None),
                    Some(told) => {
                        let found = attribution::answer_and_earned(&app.store, &site, &told)?;
                        let (found, earned) = found;
                        let picked = earned.iter().map(|earned| earned.at).collect();
                        let fires: Fires = fires::these(&app.store, &site, picked)?;
                        (found, Some((told.of, earned, fires)))
                    }
                };
                let found = costed(&app, &site, &question, found)?;
                Ok(Made {
                    question,
                    found,
                    told,
                })
            });
            Some(made.await?)
        }
    };
    frame.asked = again(&asked);
    page(StatusCode::OK, &Attribution::new(frame, known, made))
}
