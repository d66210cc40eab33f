//! Schemas of who is told of what, webhooks and reports by mail, and of who tells of payments.

use serde_json::{Value, json};

use super::{count, list, maybe_text, object, text, website};
use crate::account::{Every, FIGURES, Provider};

/// When a webhook tells.
fn trigger() -> Value {
    json!({
        "goal": text("Trial Started"), "metric": { "enum": FIGURES }, "is": { "enum": ["over", "under"] }, "number": count(100),
    })
}

fn webhook() -> Value {
    let mut properties = trigger();
    for (name, schema) in [
        ("id", count(1)),
        ("website_id", website()),
        ("url", text("https://example.com/hook")),
        ("created_at", text("2026-11-24T10:30:00Z")),
        ("off_at", maybe_text("2026-11-25T10:30:00Z")),
        ("off_because", maybe_text("it failed for a day")),
        ("secret", text("Zk1v9QpX2mTnR4sL")),
        ("deliveries", list(json!({ "type": "object" }))),
    ] {
        properties[name] = schema;
    }
    json!({ "type": "object", "required": ["id", "website_id", "url", "created_at"], "properties": properties })
}

pub(in crate::http) fn webhooks() -> Value {
    object(json!({ "webhooks": list(webhook()) }))
}

pub(in crate::http) fn one_webhook() -> Value {
    webhook()
}

pub(in crate::http) fn new_webhook() -> Value {
    let mut properties = trigger();
    properties["website_id"] = maybe_text("admx_7f3k");
    properties["url"] = text("https://example.com/hook");
    json!({ "type": "object", "required": ["url"], "additionalProperties": false, "properties": properties })
}

fn every() -> Value {
    json!({ "enum": Every::ALL.map(Every::as_str) })
}

pub(in crate::http) fn one_report() -> Value {
    object(json!({
        "id": count(1), "website_id": website(), "email": text("me@example.com"), "every": every(),
        "since": text("2026-11-24T10:30:00Z"),
    }))
}

pub(in crate::http) fn reports() -> Value {
    object(json!({ "reports": list(one_report()) }))
}

pub(in crate::http) fn new_report() -> Value {
    let properties = json!({
        "website_id": maybe_text("admx_7f3k"), "email": maybe_text("me@example.com"), "every": every(),
    });
    json!({ "type": "object", "required": ["every"], "additionalProperties": false, "properties": properties })
}

/// What a payment provider sends, in its own words.
pub(in crate::http) fn provider_event() -> Value {
    json!({ "type": "object" })
}

pub(in crate::http) fn taken_payment() -> Value {
    object(json!({
        "duplicate": { "type": "boolean" }, "outcome": maybe_text("Fired Payment of 49.90 EUR"),
    }))
}

pub(in crate::http) fn payments() -> Value {
    let provider = object(json!({
        "provider": { "enum": Provider::ALL.map(Provider::as_str) },
        "url": text("https://stats.example.com/api/v1/webhooks/stripe/admx_7f3k"),
        "secret_set_at": maybe_text("2026-11-24T10:30:00Z"),
    }));
    let delivery = object(json!({
        "provider": text("stripe"), "event": text("evt_1"), "kind": text("invoice.paid"),
        "came_at": text("2026-11-24T10:30:00Z"), "outcome": text("Fired Payment of 49.90 EUR"),
        "waits": { "type": "boolean" },
    }));
    object(json!({
        "website_id": website(), "providers": list(provider), "deliveries": list(delivery),
    }))
}

pub(in crate::http) fn payment_secrets() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": {
        "stripe_secret": maybe_text("whsec_0123456789abcdef"), "paddle_secret": maybe_text("pdl_ntfset_0123456789"),
    } })
}
