//! The JSON API: `/api/v1/…`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::extract::Asked;
use super::reply::{Data, Error};
use super::{App, auth};
use crate::account::{Site, WorkspaceId};
use crate::query::answer::{self, Figure};
use crate::query::goals::{self, Goals};
use crate::query::range::Range;
use crate::query::sent::{Asks, Sent};
use crate::query::{funnel, read, sentence};
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
    let goals = reading(move || goals::goals(&app.store, &site, &range)).await?;
    Ok(Data::new(StatusCode::OK, &json(&goals)))
}

/// `POST /api/v1/query`: contract §10.
pub(super) async fn query(
    State(app): State<Arc<App>>,
    access: Access,
    body: Bytes,
) -> Result<Data, Error> {
    answered(&app, access.workspace, read::Sent::json(&body)).await
}

/// `GET /api/v1/query`: the same in the address.
pub(super) async fn query_in_address(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(asked): RawQuery,
) -> Result<Data, Error> {
    let sent = read::Sent::query_string(&asked.unwrap_or_default());
    answered(&app, access.workspace, sent).await
}

async fn answered(
    app: &Arc<App>,
    workspace: WorkspaceId,
    sent: Result<read::Sent, String>,
) -> Result<Data, Error> {
    let sent = sent.map_err(Error::field)?;
    let site = auth::site(app, workspace, sent.website_id.as_deref())?;
    let query = sent.read(&site, app.clock.now()).map_err(Error::field)?;
    let (asked, sentence) = (query.json(), sentence::sentence(&query));
    let store = app.store.clone();
    let answer = reading(move || answer::answer(&store, &query)).await?;
    let figures = |figures: &[Figure]| figures.iter().map(figure).collect::<Value>();
    let row = |row: &answer::Row| {
        let mut json = json!({ "dimensions": row.values, "metrics": figures(&row.figures) });
        if let Some(compare) = &row.compare {
            json["compare"] = figures(compare);
        }
        json
    };
    let rows: Vec<_> = answer.rows.iter().map(row).collect();
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "query": asked, "sentence": sentence, "rows": rows, "next": answer.next }),
    ))
}

fn figure(figure: &Figure) -> Value {
    match figure {
        Figure::Count(count) => json!(count),
        Figure::Ratio(ratio) => json!(ratio),
        Figure::Money(sums) => sums.iter().map(money).collect(),
        Figure::Total(total) => {
            let each = |sums: &[Money]| sums.iter().map(money).collect::<Value>();
            json!({ "sum": total.sum.as_ref().map(money), "changed": each(&total.changed), "left": each(&total.left) })
        }
        Figure::Average(averages) => averages
            .iter()
            .map(|(amount, currency)| json!({ "currency": currency.code(), "amount": amount }))
            .collect(),
    }
}

/// `POST /api/v1/funnel`.
pub(super) async fn funnel(
    State(app): State<Arc<App>>,
    access: Access,
    body: Bytes,
) -> Result<Data, Error> {
    stepped(&app, access.workspace, funnel::Sent::json(&body)).await
}

/// `GET /api/v1/funnel`: the same in the address.
pub(super) async fn funnel_in_address(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(asked): RawQuery,
) -> Result<Data, Error> {
    let sent = funnel::Sent::query_string(&asked.unwrap_or_default());
    stepped(&app, access.workspace, sent).await
}

async fn stepped(
    app: &Arc<App>,
    workspace: WorkspaceId,
    sent: Result<funnel::Sent, String>,
) -> Result<Data, Error> {
    let sent = sent.map_err(Error::field)?;
    let site = auth::site(app, workspace, sent.website_id.as_deref())?;
    let funnel = sent.read(&site, app.clock.now()).map_err(Error::field)?;
    let (store, asked) = (app.store.clone(), funnel.clone());
    let reached = reading(move || funnel::funnel(&store, &asked)).await?;
    let step = |(step, reached): (&funnel::Step, &funnel::Reached)| {
        let mut json = step.json();
        json["visitors"] = json!(reached.visitors);
        json["share_of_first"] = json!(reached.of_first);
        json["share_of_previous"] = json!(reached.of_previous);
        json["median_seconds"] = json!(reached.median_seconds);
        json
    };
    let steps: Vec<_> = funnel.steps.iter().zip(&reached).map(step).collect();
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "query": funnel.json(), "sentence": funnel.sentence(), "steps": steps }),
    ))
}

/// Reads what stands in an address as a question, and of which of the workspace's sites it is.
pub(super) fn question<Q: Asks>(
    app: &App,
    access: &Access,
    query: Option<String>,
) -> Result<(Arc<Site>, Q), Error> {
    let sent = Sent::<Q>::query_string(&query.unwrap_or_default()).map_err(Error::field)?;
    let site = auth::site(app, access.workspace, sent.website_id.as_deref())?;
    let question = sent.read(&site, app.clock.now()).map_err(Error::field)?;
    Ok((site, question))
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
pub(super) fn money(money: &Money) -> Value {
    json!({ "currency": money.currency.code(), "amount": money.major() })
}
