//! What Stripe's events say: <https://docs.stripe.com/api/events>, whichever version of the API the account is on.
//!
//! A payment makes several events. So that it counts once, each kind of payment has one that counts:
//!
//! - a one-off checkout: `checkout.session.completed`, or `checkout.session.async_payment_succeeded` where the money comes
//!   later;
//! - an invoice, the first of a subscription and every renewal: `invoice.paid`;
//! - a payment intent of one's own making: `payment_intent.succeeded`, where its own metadata says whose it is. Those that
//!   Stripe makes for invoices have no metadata.
//!
//! A one-off checkout and its payment intent are one transaction, so that metadata on both does no harm.

use iso_currency::Currency;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{Amount, Fire, Goal, Notice, payer, text};
use crate::account::Payer;
use crate::ingest::metadata;
use crate::store::event::Money;

/// What an event says; `None` where it is none.
pub(super) fn read(event: &Value) -> Option<Notice> {
    let kind = text(event, "/type")?;
    let object = event.pointer("/data/object").filter(|o| o.is_object())?;
    let at = event.pointer("/created").and_then(Value::as_i64);
    let mut notice = Notice {
        id: text(event, "/id")?,
        at: Timestamp::from_second(at?).ok()?,
        things: things(object),
        payer: said(&kind, object),
        fire: Err("events of this kind mean nothing here"),
        kind,
    };
    notice.fire = fire(&notice.kind, event, object, &notice.payer);
    Some(notice)
}

/// What the object is known by, the most telling first: the payment, the subscription, the customer.
fn things(object: &Value) -> Vec<String> {
    let own = [
        "charge",
        "payment_intent",
        "subscription",
        "customer",
        "invoice",
    ];
    let is_own = text(object, "/object").is_some_and(|kind| own.contains(&&*kind));
    let mut things = Vec::new();
    if is_own {
        things.extend(text(object, "/id"));
    }
    for place in [
        "/payment_intent",
        "/charge",
        "/invoice",
        "/subscription",
        // Since the API's version 2025-03-31.
        "/parent/subscription_details/subscription",
        "/customer",
    ] {
        // Either the id, or the object itself.
        let id = text(object, place).or_else(|| text(object, &format!("{place}/id")));
        things.extend(id.filter(|id| !things.contains(id)));
    }
    things
}

/// Whose it is, where the object says so.
fn said(kind: &str, object: &Value) -> Payer {
    let mut payer = [
        "/metadata",
        "/subscription_details/metadata",
        "/parent/subscription_details/metadata",
    ]
    .into_iter()
    .filter_map(|place| object.pointer(place))
    .map(payer)
    .find(|payer| !payer.is_nobody())
    .unwrap_or_default();
    // Many put an id of their own there: only what can be a visitor's is taken for one.
    if payer.visitor.is_none() && kind.starts_with("checkout.session.") {
        let id = text(object, "/client_reference_id");
        let id = id.and_then(|id| Uuid::try_parse(&id).ok());
        payer.visitor = id.map(|id| id.to_string());
    }
    payer
}

fn fire(kind: &str, event: &Value, object: &Value, payer: &Payer) -> Result<Fire, &'static str> {
    let id = || text(object, "/id").ok_or("it names no id");
    let status = text(object, "/status").unwrap_or_default();
    let before = text(event, "/data/previous_attributes/status").unwrap_or_default();
    match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            if text(object, "/mode").as_deref() != Some("payment") {
                return Err("a subscription's payments are told by its invoices");
            }
            if text(object, "/payment_status").as_deref() != Some("paid") {
                return Err("it isn't paid yet");
            }
            // Where there are an invoice and a payment, the invoice tells.
            if text(object, "/invoice").is_some() {
                return Err("its invoice tells of the payment");
            }
            let transaction = own_id(object).or_else(|| text(object, "/payment_intent"));
            paid(
                transaction.map_or_else(id, Ok)?,
                money(object, "/amount_total")?,
            )
        }
        "invoice.paid" => paid(id()?, money(object, "/amount_paid")?),
        "payment_intent.succeeded" if payer.is_nobody() => {
            Err("its own metadata names nobody; checkouts and invoices tell of theirs")
        }
        "payment_intent.succeeded" if text(object, "/invoice").is_some() => {
            Err("its invoice tells of the payment")
        }
        "payment_intent.succeeded" => {
            let transaction = own_id(object).map_or_else(id, Ok)?;
            paid(transaction, money(object, "/amount_received")?)
        }
        "charge.refunded" => Ok(Fire {
            goal: Goal::Refund,
            transaction: id()?,
            amount: Amount::BackSoFar(money(object, "/amount_refunded")?),
        }),
        "customer.subscription.created" if status == "trialing" => {
            Ok(Fire::of(Goal::TrialStarted, id()?))
        }
        "customer.subscription.updated" if before == "trialing" && status == "active" => {
            Ok(Fire::of(Goal::TrialConverted, id()?))
        }
        "customer.subscription.deleted" => Ok(Fire::of(Goal::SubscriptionCancelled, id()?)),
        "customer.subscription.created" | "customer.subscription.updated" => {
            Err("no trial began or was converted")
        }
        "refund.created" | "refund.updated" | "charge.refund.updated" => {
            Err("charge.refunded tells of refunds")
        }
        _ => Err("events of this kind mean nothing here"),
    }
}

/// What a page or a backend that reports the same payment calls it.
fn own_id(object: &Value) -> Option<String> {
    let id = text(object, "/metadata/admx_transaction_id");
    id.filter(|id| id.chars().count() <= metadata::TRANSACTION)
}

fn paid(transaction: String, money: Money) -> Result<Fire, &'static str> {
    if money.minor <= 0 {
        return Err("nothing was paid");
    }
    Ok(Fire {
        goal: Goal::Payment,
        transaction,
        amount: Amount::Of(money),
    })
}

fn money(object: &Value, place: &str) -> Result<Money, &'static str> {
    let amount = object.pointer(place).and_then(Value::as_i64);
    let code = text(object, "/currency");
    let found = amount
        .zip(code)
        .and_then(|(amount, code)| of(amount, &code));
    found.ok_or("it names no amount in a currency that is known here")
}

/// Digits behind the point of Stripe's amounts, where ISO 4217 has others or might come to have: from
/// <https://docs.stripe.com/currencies>, sections "Zero-decimal currencies", "Three-decimal currencies" and "Special
/// cases", read in November 2026. ISK and UGX are written with two digits that are always 0; HUF and TWD are whole in
/// payouts alone, and these are none.
fn digits(currency: Currency) -> Option<i32> {
    match currency.code() {
        "ISK" | "UGX" => Some(2),
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => Some(0),
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => Some(3),
        _ => currency.exponent().map(|_| 2),
    }
}

/// Stripe's amount in the smallest unit of ISO 4217.
fn of(amount: i64, code: &str) -> Option<Money> {
    let currency = metadata::currency(code)?;
    let more = i32::from(currency.exponent()?) - digits(currency)?;
    let factor = 10i64.checked_pow(more.unsigned_abs())?;
    let minor = if more >= 0 {
        amount.checked_mul(factor)?
    } else {
        // To the nearest, halves away from zero, as amounts in whole units are rounded.
        let half = factor / 2 * amount.signum();
        amount.checked_add(half)? / factor
    };
    (minor.unsigned_abs() < super::MOST).then_some(Money { minor, currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_that_stripe_says() {
        for (amount, code, expected) in [
            (4990, "eur", Some(4990)),
            (1500, "JPY", Some(1500)),
            (500, "ugx", Some(5)),
            (500, "isk", Some(5)),
            (550, "isk", Some(6)),
            (-550, "isk", Some(-6)),
            (500, "mga", Some(50_000)),
            (123_450, "huf", Some(123_450)),
            (80_000, "twd", Some(80_000)),
            (5120, "kwd", Some(5120)),
            (100, "clf", Some(10_000)),
            (i64::MAX, "mga", None),
            (i64::MAX, "isk", None),
            (100, "xau", None),
            (100, "nope", None),
        ] {
            assert_eq!(
                of(amount, code).map(|money| money.minor),
                expected,
                "{amount} {code}"
            );
        }
    }
}
