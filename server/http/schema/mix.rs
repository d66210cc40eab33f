//! Schemas of the marketing mix.

use serde_json::{Value, json};

use super::{count, list, maybe_text, object, text};

fn number(example: f64) -> Value {
    json!({ "type": "number", "examples": [example] })
}

fn flag() -> Value {
    json!({ "type": "boolean", "examples": [false] })
}

fn maybe(mut of: Value) -> Value {
    if let Some(kind) = of.get("type").cloned() {
        of["type"] = json!([kind, "null"]);
    }
    of
}

fn estimate(mean: f64, low: f64, high: f64) -> Value {
    object(json!({ "mean": number(mean), "low": number(low), "high": number(high) }))
}

fn band() -> Value {
    object(
        json!({ "mean": list(number(1520.4)), "low": list(number(1210.0)), "high": list(number(1833.0)) }),
    )
}

fn stored() -> Value {
    object(json!({
        "id": count(7), "state": text("done"), "progress": maybe(number(0.4)), "message": text(""),
        "data_sha256": text("5f2a9c01d4e6"), "seed": count(1), "query_string": text("outcome=revenue&grain=day"),
        "asked_at": text("2026-11-23T10:00:00Z"), "done_at": maybe_text("2026-11-23T10:00:09Z"),
    }))
}

fn channel() -> Value {
    let point =
        object(json!({ "spend": number(500.0), "response": estimate(1400.0, 1100.0, 1750.0) }));
    object(json!({
        "name": text("Paid Search"), "driver": text("spend"), "spend": maybe(number(634_056.1)),
        "contribution": estimate(1_772_000.0, 950_000.0, 2_700_000.0), "share": estimate(0.16, 0.09, 0.25),
        "share_of_channels": estimate(0.47, 0.28, 0.61), "roi": maybe(estimate(2.8, 1.5, 4.6)),
        "marginal_roi": maybe(estimate(1.5, 0.8, 2.3)), "half_life": estimate(0.6, 0.2, 1.4), "half": estimate(900.0, 300.0, 1900.0),
        "slope": estimate(1.1, 0.6, 1.7), "fullness": estimate(0.49, 0.3, 0.7), "now": number(868.6), "most": number(3029.8),
        "prior": maybe(estimate(1.22, 0.22, 6.6)), "left": number(0.3), "response_curve": list(point),
    }))
}

pub(in crate::http) fn mix() -> Value {
    let previewed = object(json!({
        "name": text("Paid Search"), "contribution": number(1_500_000.0), "roi": maybe(number(2.4)), "half_life": number(0.6),
    }));
    let diagnostics = object(json!({
        "r_hat": number(1.004), "ess_bulk": number(710.0), "ess_tail": number(640.0), "divergences": count(0), "draws": count(2400),
        "chains": count(4),
    }));
    let held_out = object(
        json!({ "periods": count(60), "mape": number(0.042), "coverage": number(0.93), "expected": band() }),
    );
    let worst = json!({ "type": "array", "items": { "type": "number" }, "examples": [[17, 15_200.0, 13_900.0]] });
    let accuracy = object(json!({
        "r2": number(0.8), "mape": number(0.04), "autocorrelation": number(0.02), "inside": number(0.94), "worst": list(worst),
        "held_out": maybe(held_out),
    }));
    let effected =
        object(json!({ "name": text("Price"), "effect": estimate(-410.0, -700.0, -120.0) }));
    let of_channel = object(json!({ "channel": text("Paid Search"), "contribution": band() }));
    let over_time = object(json!({
        "dates": list(text("2026-11-23")), "outcome": list(number(15_063.0)), "expected": band(), "without_chance": band(), "base": band(),
        "season": band(), "events": band(), "channels": list(of_channel),
    }));
    let fit = object(json!({
        "id": count(7), "data_sha256": text("5f2a9c01d4e6"), "seed": count(1), "done_at": maybe_text("2026-11-23T10:00:09Z"),
        "is_of_older_data": flag(), "is_unreliable": flag(),
        "range": object(json!({ "from": text("2024-11-24"), "to": text("2026-11-23") })),
        "outcome": number(10_996_000.0), "channels_together": estimate(0.35, 0.25, 0.46), "base": number(7_200_000.0), "channels": list(channel()), "diagnostics": diagnostics,
        "accuracy": accuracy, "warnings": list(text("300 days are less than a year")), "events": list(effected), "settings": { "type": "object" },
        "over_time": over_time,
    }));
    object(json!({
        "query": { "type": "object" }, "sentence": text("What channels brought of the revenue by day"), "currency": maybe_text("EUR"),
        "left_out": list(text("Spend in other currencies than EUR is left out, of Display.")), "latest": maybe(stored()),
        "preview": { "anyOf": [list(previewed), { "type": "null" }] }, "refused": maybe_text("There are 40 days of data"), "fit": maybe(fit),
    }))
}

pub(in crate::http) fn mix_budget() -> Value {
    let row = object(json!({
        "channel": text("Paid Search"), "now": number(868.6), "least": number(0.0), "most": number(1737.1), "spend": number(916.9),
        "marginal": number(1.42), "is_beyond_observed": flag(),
    }));
    object(json!({
        "query": { "type": "object" }, "period": text("day"), "channels": list(row), "response": estimate(5893.0, 4100.0, 7900.0),
        "gain": estimate(100.8, 12.0, 260.0), "chance_of_gain": number(0.98), "is_unreliable": flag(),
    }))
}

pub(in crate::http) fn mix_fits() -> Value {
    object(json!({ "fits": list(stored()) }))
}

pub(in crate::http) fn asked_fit() -> Value {
    object(json!({ "id": count(7) }))
}

pub(in crate::http) fn cancelled_fit() -> Value {
    object(json!({ "cancelled": { "type": "boolean", "examples": [true] } }))
}
