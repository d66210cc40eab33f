//! Schemas of what currencies are worth.

use serde_json::{Value, json};

use super::{count, list, object, text};

fn row() -> Value {
    object(json!({
        "date": { "type": "string", "format": "date", "examples": ["2026-11-23"] }, "from": text("EUR"), "to": text("USD"),
        "rate": { "type": "number", "exclusiveMinimum": 0, "examples": [1.0837] },
    }))
}

pub(in crate::http) fn rates() -> Value {
    object(json!({ "rows": list(row()), "more": { "type": "boolean" } }))
}

pub(in crate::http) fn rate_rows() -> Value {
    let mut sent = row();
    sent["additionalProperties"] = json!(false);
    sent["properties"]["rate"] = json!({ "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "type": "string" }], "examples": [1.0837] });
    json!({ "type": "object", "required": ["rows"], "additionalProperties": false, "properties": { "rows": list(sent) } })
}

pub(in crate::http) fn stored_rates() -> Value {
    object(json!({ "rows": count(120), "added": count(117), "replaced": count(3) }))
}

pub(in crate::http) fn gone_rates() -> Value {
    object(json!({ "deleted": count(120) }))
}
