//! Schemas of what channels cost.

use serde_json::{Value, json};

use super::{count, list, named, object, text, website};

fn maybe_count(example: u64) -> Value {
    json!({ "type": ["integer", "null"], "minimum": 0, "examples": [example] })
}

pub(in crate::http) fn spend() -> Value {
    let row = object(json!({
        "date": text("2026-11-23"), "channel": text("Paid Search"), "source": text("google"), "campaign": text("spring"),
        "amount": { "type": "number", "examples": [120.5] }, "currency": text("EUR"), "impressions": maybe_count(10_000),
        "clicks": maybe_count(140),
    }));
    let sum = object(json!({ "channel": text("Paid Search"), "spend": list(named("Money")) }));
    object(json!({
        "website_id": website(), "range": named("Range"), "rows": list(row), "more": { "type": "boolean" }, "channels": list(sum),
        "spend": list(named("Money")),
    }))
}

pub(in crate::http) fn spend_rows() -> Value {
    let amount = json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "string" }], "examples": [120.5] });
    let row = json!({
        "type": "object", "required": ["date", "channel", "amount", "currency"], "additionalProperties": false,
        "properties": {
            "date": { "type": "string", "format": "date", "examples": ["2026-11-23"] }, "channel": text("Paid Search"),
            "amount": amount, "currency": text("EUR"), "source": text("google"), "campaign": text("spring"),
            "impressions": count(10_000), "clicks": count(140),
        },
    });
    json!({ "type": "object", "required": ["rows"], "additionalProperties": false, "properties": { "rows": list(row) } })
}

pub(in crate::http) fn stored_spend() -> Value {
    object(
        json!({ "website_id": website(), "rows": count(120), "added": count(117), "replaced": count(3) }),
    )
}

pub(in crate::http) fn gone_spend() -> Value {
    object(json!({ "website_id": website(), "deleted": count(120) }))
}
