//! Single events, for programs: fires, what a visitor did, who is there now, and which keys metadata has.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::access::Access;
use super::api::{money, question, reading};
use super::extract::{Asked, Part};
use super::reply::{Data, Error};
use super::{App, auth};
use crate::query::events::{Events, moment_text};
use crate::query::fires::{self, Fired, Fires};

/// `GET /api/v1/fires`
pub(super) async fn fires(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (_, asked) = question::<Events>(&app, &access, query)?;
    let range = asked.query.range.clone();
    let found =
        reading(move || fires::fires(&app.store, &asked.query, asked.before, asked.limit)).await?;
    let mut data = list("fires", &found);
    data["range"] = json!({ "from": range.from.to_string(), "to": range.to.to_string() });
    Ok(Data::new(StatusCode::OK, &data))
}

/// Numbers are given to the visitors of all sites: nothing is said of one that this site never saw.
pub(super) fn nobody() -> Error {
    Error::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "this site knows no such visitor",
    )
}

/// `GET /api/v1/visitors/{number}`
pub(super) async fn visitor(
    State(app): State<Arc<App>>,
    access: Access,
    Part(number): Part,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (site, asked) = question::<Events>(&app, &access, query)?;
    let number: u32 = number.parse().map_err(|_| nobody())?;
    let before = asked.before;
    let (journey, user) = reading(move || {
        let journey = fires::journey(&app.store, &site, number, before, asked.limit)?;
        Ok((journey, app.store.user(number)?))
    })
    .await?;
    if journey.fires.is_empty() && before.is_none() {
        return Err(nobody());
    }
    let mut data = list("events", &journey);
    data["visitor"] = json!(number);
    data["user_id"] = match journey.fires.is_empty() {
        true => Value::Null,
        false => json!(user),
    };
    Ok(Data::new(StatusCode::OK, &data))
}

#[derive(Deserialize)]
pub(super) struct Parameters {
    website_id: Option<String>,
}

/// `GET /api/v1/live`
pub(super) async fn live(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<Parameters>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let visitors = app.store.reports().present(site.id, app.clock.now());
    Ok(Data::new(StatusCode::OK, &json!({ "visitors": visitors })))
}

/// `GET /api/v1/metadata-keys`
pub(super) async fn metadata_keys(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (_, asked) = question::<Events>(&app, &access, query)?;
    let keys = reading(move || fires::keys(&app.store, &asked.query)).await?;
    let key = |(key, events): &(String, u64)| json!({ "key": key, "events": events });
    let keys: Value = keys.iter().map(key).collect();
    Ok(Data::new(StatusCode::OK, &json!({ "keys": keys })))
}

pub(super) fn list(name: &str, found: &Fires) -> Value {
    let events: Value = found.fires.iter().map(event).collect();
    json!({ name: events, "next": found.next.map(moment_text) })
}

pub(super) fn event(fired: &Fired) -> Value {
    let (detail, fire) = (&fired.detail, &fired.detail.fire);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let metadata = fire.metadata.as_ref();
    json!({
        "at": fire.at.to_string(),
        "name": fire.goal.as_ref().map(|goal| goal.as_str()),
        "visitor": fire.visitor,
        "session": detail.session,
        "url": fire.url,
        "referrer": fire.referrer,
        "channel": fired.channel,
        "source": some(&detail.origin.source),
        "medium": some(&detail.origin.medium),
        "campaign": some(&detail.origin.campaign),
        "browser": some(&detail.client.browser),
        "os": some(&detail.client.os),
        "device": some(&detail.client.device),
        "country": some(&detail.client.country),
        "revenue": detail.revenue.as_ref().map(money),
        "metadata": metadata.and_then(|metadata| parsed(&metadata.0)),
    })
}

/// As a value, unless it is deeper than a value may be: then as the text that it is.
fn parsed(metadata: &str) -> Option<Value> {
    let value = serde_json::from_str(metadata).ok();
    value.or_else(|| {
        serde_json::from_str::<&RawValue>(metadata)
            .ok()
            .map(|raw| json!(raw.get()))
    })
}
