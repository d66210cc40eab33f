//! The JSON API: `GET /api/v1/…`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::extract::Asked;
use super::reply::{Data, Error};
use super::{App, auth};
use crate::query::answer::{self, Figure};
use crate::query::goals::{self, Goals};
use crate::query::question;
use crate::query::range::Range;
use crate::store::ReadError;
use crate::store::event::Money;

#[derive(Deserialize)]
pub(super) struct Parameters {
    website_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// `GET /api/v1/analytics/goals`: contract §9.
pub(super) async fn goals(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<Parameters>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let range = Range::parse(
        asked.from.as_deref(),
        asked.to.as_deref(),
        &site.zone,
        app.clock.now(),
    )
    .map_err(|error| Error::field(error.to_string()))?;
    let goals = reading(move || goals::goals(&app.store, site.id, &range)).await?;
    Ok(Data::new(StatusCode::OK, &json(&goals)))
}

/// `POST /api/v1/query`: contract §10, as far as one dimension at a time goes.
pub(super) async fn query(
    State(app): State<Arc<App>>,
    access: Access,
    body: Bytes,
) -> Result<Data, Error> {
    let sent: question::Sent = serde_json::from_slice(&body).map_err(|error| {
        Error::field(format!(
            "the body is no query as this server reads it: {error}"
        ))
    })?;
    let site = auth::site(&app, access.workspace, sent.website_id.as_deref())?;
    let question = sent.read(&site, app.clock.now()).map_err(Error::field)?;
    let split = question.dimension.is_some();
    let rows = reading(move || answer::answer(&app.store, &question)).await?;
    let row = |row: &answer::Row| {
        let dimensions: Vec<_> = split.then(|| json!(row.value)).into_iter().collect();
        json!({ "dimensions": dimensions, "metrics": row.figures.iter().map(figure).collect::<Vec<_>>() })
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    Ok(Data::new(StatusCode::OK, &json!({ "rows": rows })))
}

fn figure(figure: &Figure) -> Value {
    match figure {
        Figure::Count(count) => json!(count),
        Figure::Ratio(ratio) => json!(ratio),
        Figure::Money(sums) => sums.iter().map(money).collect(),
    }
}

/// Runs `work`, which reads files, off the threads that serve.
pub(super) async fn reading<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => {
            tracing::error!(%error, "a report died");
            Err(Error::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the server made a mistake; its log has the request's id",
            ))
        }
    }
}

/// Days without a fire are left out.
fn json(goals: &Goals) -> Value {
    let goal = |goal: &goals::Goal| {
        let days: Vec<_> = goal
            .days
            .iter()
            .filter(|day| day.fires > 0)
            .map(|day| json!({ "date": day.date.to_string(), "fires": day.fires, "visitors": day.visitors }))
            .collect();
        json!({
            "name": goal.name.as_str(),
            "reserved": goal.name.is_reserved(),
            "fires": goal.fires,
            "visitors": goal.visitors,
            "conversion_rate": goal.conversion_rate,
            "revenue": goal.revenue.iter().map(money).collect::<Vec<_>>(),
            "days": days,
        })
    };
    json!({ "goals": goals.goals.iter().map(goal).collect::<Vec<_>>(), "visitors": goals.visitors })
}

/// In major units.
fn money(money: &Money) -> Value {
    json!({ "currency": money.currency.code(), "amount": money.major() })
}
