//! Schemas of what moves goals beside channels.

use serde_json::{Value, json};

use super::{count, list, object, text, website};

fn number(example: f64) -> Value {
    json!({ "type": "number", "examples": [example] })
}

fn row() -> Value {
    object(json!({
        "date": { "type": "string", "format": "date", "examples": ["2026-11-23"] }, "name": text("Price"), "value": number(49.9),
    }))
}

pub(in crate::http) fn controls() -> Value {
    let known = object(json!({
        "name": text("Price"), "days": count(730), "first": text("2024-11-24"), "last": text("2026-11-23"), "least": number(39.9),
        "most": number(49.9),
    }));
    object(json!({
        "website_id": website(), "controls": list(known), "rows": list(row()), "more": { "type": "boolean" },
    }))
}

pub(in crate::http) fn control_rows() -> Value {
    let mut sent = row();
    sent["additionalProperties"] = json!(false);
    sent["properties"]["value"] =
        json!({ "anyOf": [{ "type": "number" }, { "type": "string" }], "examples": [49.9] });
    json!({ "type": "object", "required": ["rows"], "additionalProperties": false, "properties": { "rows": list(sent) } })
}
