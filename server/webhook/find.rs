//! What there is to tell: fires after the last one that was told, and figures that got past a number.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::queue::{Queue, Reader};
use crate::account::{Site, Trigger, Webhook};
use crate::query::answer::{Figure, answer};
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::metric::Metric;
use crate::query::operator::Operator;
use crate::query::range::Range;
use crate::query::{Query, fires};
use crate::store::{Fire, Store};

/// Events that are read at a time, and deliveries of a webhook that may wait: the log itself is the queue of what else
/// there is.
const WINDOW: usize = 500;
const WAITING: usize = 200;

/// Puts the fires of a webhook's goal into the queue, as far as there is room.
pub(super) fn fires(
    queue: &Queue,
    store: &Store,
    (webhook, site): (&Webhook, &Site),
    goal: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut reader = queue.reader(webhook.id, store.last_id()?)?;
    loop {
        let room = WAITING.saturating_sub(queue.waiting(webhook.id)? as usize);
        if room == 0 {
            return Ok(());
        }
        let events = store.following(site.id, reader.event, WINDOW)?;
        let mut bodies = Vec::new();
        for event in &events {
            if bodies.len() == room {
                break;
            }
            reader.event = event.id;
            if fires::is_fire(&site.goals, goal, event) {
                bodies.push(fire_json(webhook, site, goal, event).to_string());
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        let is_full = bodies.len() == room;
        queue.push(webhook.id, &bodies, reader, now)?;
        if is_full || events.len() < WINDOW {
            return Ok(());
        }
    }
}

fn fire_json(webhook: &Webhook, site: &Site, goal: &str, event: &Fire) -> Value {
    let metadata = event.metadata.as_ref();
    json!({
        "kind": "goal",
        "webhook_id": webhook.id,
        "website_id": site.website_id,
        "domain": site.domain,
        "goal": site.goals.shown(goal),
        "event": {
            "number": event.id,
            "fired_at": event.at.to_string(),
            "name": event.goal.as_ref().map(|name| name.as_str()),
            "url": event.url,
            "visitor": event.visitor,
            "metadata": metadata.and_then(|metadata| serde_json::from_str::<Value>(&metadata.0).ok()),
        },
    })
}

/// Looks at a webhook's figure, and tells that it got past its number since it was looked at before.
pub(super) fn threshold(
    queue: &Queue,
    store: &Arc<Store>,
    (webhook, site): (&Webhook, &Site),
    now: Timestamp,
) -> anyhow::Result<()> {
    let Trigger::Threshold {
        metric,
        is_over,
        number,
    } = &webhook.trigger
    else {
        return Ok(());
    };
    let Some(metric) = Metric::parse(metric) else {
        return Ok(());
    };
    let query = last_day(site, metric, now);
    let figure = match answer(store, &query)?
        .rows
        .first()
        .and_then(|row| row.figures.first())
    {
        Some(Figure::Count(count)) => *count,
        _ => 0,
    };
    let is_past = match is_over {
        true => figure > u64::from(*number),
        false => figure < u64::from(*number),
    };
    let reader = queue.reader(webhook.id, store.last_id()?)?;
    if reader.is_past == Some(is_past) {
        return Ok(());
    }
    let body = json!({
        "kind": "threshold",
        "webhook_id": webhook.id,
        "website_id": site.website_id,
        "domain": site.domain,
        "metric": metric.name(),
        "is": if *is_over { "over" } else { "under" },
        "number": number,
        "value": figure,
        "at": now.to_string(),
    });
    let bodies = if is_past {
        vec![body.to_string()]
    } else {
        Vec::new()
    };
    let reader = Reader {
        is_past: Some(is_past),
        ..reader
    };
    Ok(queue.push(webhook.id, &bodies, reader, now)?)
}

/// A figure of the last 24 hours, the one that runs among them.
fn last_day(site: &Site, metric: Metric, now: Timestamp) -> Query {
    let here = now.to_zoned(site.zone.clone());
    let (to, hour) = (here.date(), here.hour());
    let from = to.saturating_sub(1.day());
    let is = |dimension, values: Vec<String>| {
        Filter::Value(Operator::Is, Dimension::Named(dimension), values.into())
    };
    let part = |day: jiff::civil::Date, hours: Vec<i8>| {
        let hours = hours.iter().map(|hour| format!("{hour:02}")).collect();
        Filter::And(vec![
            is(Named::Day, vec![day.to_string()]),
            is(Named::Hour, hours),
        ])
    };
    let range = Range {
        from,
        to,
        zone: site.zone.clone(),
    };
    Query {
        metrics: vec![metric],
        filters: vec![Filter::Or(vec![
            part(to, (0..=hour).collect()),
            part(from, (hour + 1..24).collect()),
        ])],
        limit: 1,
        ..Query::of(site, range)
    }
}
