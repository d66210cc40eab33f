//! What Paddle Billing's events say: <https://developer.paddle.com/webhooks>.
//!
//! A payment is `transaction.completed`, once; `transaction.paid` comes before it and says less. A refund is an adjustment
//! that was approved: `adjustment.created` where that needs nobody, else `adjustment.updated`. A chargeback takes money
//! back as a refund does, and its reversal gives it back.

use serde_json::Value;

use super::{Amount, Fire, Goal, Notice, payer, text};
use crate::account::Payer;
use crate::ingest::metadata;
use crate::store::event::Money;

/// What an event says; `None` where it is none.
pub(super) fn read(event: &Value) -> Option<Notice> {
    let kind = text(event, "/event_type")?;
    let data = event.pointer("/data").filter(|data| data.is_object())?;
    Some(Notice {
        id: text(event, "/event_id")?,
        at: text(event, "/occurred_at")?.parse().ok()?,
        things: things(&kind, data),
        payer: data
            .pointer("/custom_data")
            .map_or_else(Payer::default, payer),
        fire: fire(&kind, data),
        kind,
    })
}

/// What the entity is known by, the most telling first: the payment, the subscription, the customer.
fn things(kind: &str, data: &Value) -> Vec<String> {
    let is_own = ["transaction.", "subscription.", "customer."]
        .iter()
        .any(|entity| kind.starts_with(entity));
    let own = is_own.then_some("/id");
    let places = own
        .into_iter()
        .chain(["/transaction_id", "/subscription_id", "/customer_id"]);
    places.filter_map(|place| text(data, place)).collect()
}

fn fire(kind: &str, data: &Value) -> Result<Fire, &'static str> {
    let id = || text(data, "/id").ok_or("it names no id");
    let is_trialing = text(data, "/status").as_deref() == Some("trialing");
    match kind {
        "transaction.completed" => {
            let money = money(data, "/details/totals/grand_total")?;
            if money.minor <= 0 {
                return Err("nothing was paid");
            }
            Ok(Fire {
                goal: Goal::Payment,
                transaction: id()?,
                amount: Amount::Of(money),
            })
        }
        "adjustment.created" | "adjustment.updated" => {
            let back = match text(data, "/action").as_deref() {
                Some("refund" | "chargeback") => -1,
                Some("chargeback_reverse") => 1,
                _ => return Err("no money went back"),
            };
            if text(data, "/status").as_deref() != Some("approved") {
                return Err("it isn't approved");
            }
            let mut money = money(data, "/totals/total")?;
            money.minor = money.minor.abs() * back;
            Ok(Fire {
                goal: Goal::Refund,
                transaction: id()?,
                amount: Amount::Of(money),
            })
        }
        "subscription.created" | "subscription.trialing" if is_trialing => {
            Ok(Fire::of(Goal::TrialStarted, id()?))
        }
        "subscription.activated" if had_trial(data) => Ok(Fire::of(Goal::TrialConverted, id()?)),
        "subscription.canceled" => Ok(Fire::of(Goal::SubscriptionCancelled, id()?)),
        "subscription.created" | "subscription.activated" => Err("there was no trial"),
        _ => Err("events of this kind mean nothing here"),
    }
}

/// Whether any of a subscription's items had a trial.
fn had_trial(data: &Value) -> bool {
    let items = data.pointer("/items").and_then(Value::as_array);
    items.is_some_and(|items| {
        let dates = |item: &Value| item.pointer("/trial_dates").is_some_and(Value::is_object);
        items.iter().any(dates)
    })
}

/// Paddle writes amounts as text, in the currency's smallest unit.
fn money(data: &Value, place: &str) -> Result<Money, &'static str> {
    let amount = text(data, place).and_then(|text| text.parse::<i64>().ok());
    let code = text(data, "/currency_code");
    let code = code.or_else(|| text(data, "/details/totals/currency_code"));
    let currency = code.and_then(|code| metadata::currency(&code));
    let found = amount
        .filter(|minor| minor.unsigned_abs() < super::MOST)
        .zip(currency);
    let (minor, currency) = found.ok_or("it names no amount in a currency that is known here")?;
    Ok(Money { minor, currency })
}
