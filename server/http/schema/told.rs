//! Schemas of who is told of what: webhooks, reports by mail.

use serde_json::{Value, json};

use super::{count, list, maybe_text, object, text, website};
use crate::account::{Every, FIGURES};

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
