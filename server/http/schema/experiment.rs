//! Schemas of experiments.

use serde_json::{Value, json};

use super::{count, list, maybe_text, object, share, text};

fn number(example: f64) -> Value {
    json!({ "type": "number", "examples": [example] })
}

fn interval(low: f64, high: f64) -> Value {
    object(json!({ "low": number(low), "high": number(high) }))
}

pub(in crate::http) fn experiment() -> Value {
    let revenue = object(
        json!({ "currency": text("EUR"), "amount": number(4900.0), "per_person": number(4.9) }),
    );
    let more = object(json!({
        "currency": text("EUR"), "per_person": number(0.8), "low": number(-0.2), "high": number(1.8),
    }));
    let mut control = object(json!({
        "difference": number(0.03), "difference_interval": interval(0.002, 0.058), "lift": share(),
        "lift_interval": interval(0.018, 0.661), "chance_to_beat": number(0.982), "revenue": list(more),
    }));
    control["type"] = json!(["object", "null"]);
    let variant = object(json!({
        "name": text("B"), "people": count(1000), "conversions": count(130), "expected_share": number(0.5), "rate": share(),
        "rate_interval": interval(0.111, 0.152), "chance_to_be_best": number(0.982), "expected_loss": number(0.0001),
        "revenue": list(revenue), "against_control": control,
    }));
    let said =
        |code: &str, message: &str| object(json!({ "code": text(code), "message": text(message) }));
    object(json!({
        "query": { "type": "object" }, "sentence": text("Fires of Paid by people who saw a variant before or then"),
        "experiments": list(text("Checkout")), "experiment": maybe_text("Checkout"), "control": maybe_text("A"),
        "variants": list(variant), "saw_several": count(3), "variants_left_out": count(0), "sample_ratio_p": share(),
        "warnings": list(said("too_little_data", "Too little is known yet")),
        "verdict": said("better", "B is the best with a chance of 98.2 %"),
    }))
}
