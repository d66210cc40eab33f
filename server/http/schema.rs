//! JSON schemas of what the API takes and gives. Lists of names come from the tables that are read by.

mod ask;
mod control;
mod experiment;
mod mix;
mod people;
mod rate;
mod spend;
mod tagging;
mod told;

use serde_json::{Value, json};

use crate::account::{Role, Scope};
use crate::query::dimension::NAMED;
use crate::query::filter::words as operators;
use crate::query::metric::METRICS;
use crate::transfer::line::COLUMNS;
pub(super) use ask::{answer, question};
pub(super) use control::{control_rows, controls};
pub(super) use experiment::experiment;
pub(super) use mix::{asked_fit, cancelled_fit, mix, mix_budget, mix_fits};
pub(super) use people::{attribution, cohort_people, cohorts, conversions};
pub(super) use rate::{gone_rates, rate_rows, rates, stored_rates};
pub(super) use spend::{gone_spend, spend, spend_rows, stored_spend};
pub(super) use tagging::{tagged_link, tagging};
pub(super) use told::{
    new_report, new_webhook, one_report, one_webhook, payment_secrets, payments, provider_event,
    reports, taken_payment, webhooks,
};

/// A name, and the schema under it.
type Named = (&'static str, fn() -> Value);

/// What stands under a name of its own in the document.
pub(super) const NAMED_SCHEMAS: [Named; 10] = [
    ("Error", error),
    ("Filter", filter),
    ("Query", query),
    ("Funnel", funnel),
    ("Site", site),
    ("Fire", fire),
    ("Figure", figure),
    ("Money", money),
    ("Range", range),
    ("Event", event),
];

/// One of those.
pub(super) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object that has all of these.
fn object(properties: Value) -> Value {
    let names: Vec<_> = properties
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys().cloned())
        .collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn text(example: &str) -> Value {
    json!({ "type": "string", "examples": [example] })
}

fn maybe_text(example: &str) -> Value {
    json!({ "type": ["string", "null"], "examples": [example] })
}

fn count(example: u64) -> Value {
    json!({ "type": "integer", "minimum": 0, "examples": [example] })
}

fn share() -> Value {
    json!({ "type": ["number", "null"], "examples": [0.5] })
}

fn website() -> Value {
    text("admx_7f3k")
}

/// `{"status":"success","data":…,"meta":{…}}`
pub(super) fn success(data: Value) -> Value {
    object(json!({ "status": { "const": "success" }, "data": data, "meta": meta() }))
}

fn meta() -> Value {
    object(json!({ "request_id": text("0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f") }))
}

fn error() -> Value {
    let error = json!({
        "type": "object",
        "required": ["code", "message"],
        "properties": { "code": text("invalid_field"), "message": text("to: wanted a day as YYYY-MM-DD"), "details": {} },
    });
    object(json!({ "error": error, "meta": meta() }))
}

fn money() -> Value {
    object(json!({ "currency": text("EUR"), "amount": { "type": "number", "examples": [49.0] } }))
}

fn figure() -> Value {
    let total = object(json!({
        "sum": { "anyOf": [named("Money"), { "type": "null" }] }, "changed": list(named("Money")), "left": list(named("Money")),
    }));
    json!({ "anyOf": [{ "type": ["number", "null"], "examples": [12] }, list(named("Money")), total] })
}

fn range() -> Value {
    let day = |example: &str| json!({ "type": "string", "format": "date", "examples": [example] });
    json!({ "type": "object", "additionalProperties": false,
        "properties": { "from": day("2026-11-01"), "to": day("2026-11-30") } })
}

fn dimension() -> Value {
    let names: Vec<_> = NAMED.iter().map(|(name, _)| *name).collect();
    json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": "^metadata\\..+" }], "examples": ["channel"] })
}

fn tuple(parts: &[Value]) -> Value {
    json!({ "type": "array", "prefixItems": parts, "minItems": parts.len(), "maxItems": parts.len() })
}

fn filter() -> Value {
    let operators: Vec<_> = operators().map(|(name, _)| name).collect();
    let values = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    let filters = json!({ "type": "array", "items": named("Filter"), "minItems": 1 });
    json!({
        "oneOf": [
            tuple(&[json!({ "enum": operators }), dimension(), values]),
            tuple(&[json!({ "enum": ["and", "or"] }), filters]),
            tuple(&[json!({ "const": "not" }), named("Filter")]),
        ],
        "examples": [["is", "source", ["Google"]]],
    })
}

fn query() -> Value {
    let metrics: Vec<_> = METRICS.iter().map(|(name, _)| *name).collect();
    let direction = json!({ "enum": ["asc", "desc"] });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["metrics"],
        "properties": {
            "website_id": website(),
            "metrics": { "type": "array", "items": { "enum": metrics }, "minItems": 1, "uniqueItems": true,
                "examples": [["fires", "visitors"]] },
            "goals": { "type": "array", "items": { "type": "string" }, "examples": [["Trial Started"]] },
            "dimensions": { "type": "array", "items": dimension(), "maxItems": 3, "uniqueItems": true,
                "examples": [["channel"]] },
            "filters": list(named("Filter")),
            "range": named("Range"),
            "compare": named("Range"),
            "order": { "type": "array", "items": tuple(&[json!({ "type": "string" }), direction]),
                "examples": [[["fires", "desc"]]] },
            "limit": { "type": "integer", "minimum": 1, "maximum": 10_000, "examples": [100] },
            "cursor": { "type": ["string", "null"], "examples": [null] },
        },
    })
}

/// What `POST /api/v1/query` takes.
pub(super) fn query_body() -> Value {
    named("Query")
}

/// What `POST /api/v1/funnel` takes.
pub(super) fn funnel_body() -> Value {
    named("Funnel")
}

fn funnel() -> Value {
    let step = |name: &str, example: &str| json!({ "type": "object", "required": [name], "additionalProperties": false, "properties": { name: text(example) } });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["steps"],
        "properties": {
            "website_id": website(),
            "steps": { "type": "array", "minItems": 2, "maxItems": 8,
                "items": { "oneOf": [step("page", "/pricing*"), step("goal", "Trial Started")] } },
            "window_minutes": { "type": "integer", "minimum": 1, "maximum": 129_600, "examples": [43_200] },
            "filters": list(named("Filter")),
            "range": named("Range"),
        },
    })
}

pub(super) fn rows() -> Value {
    let row = json!({
        "type": "object",
        "required": ["dimensions", "metrics"],
        "properties": {
            "dimensions": list(maybe_text("Organic Search")),
            "metrics": list(named("Figure")),
            "compare": list(named("Figure")),
        },
    });
    object(json!({
        "query": { "type": "object" },
        "sentence": text("Fires of Trial Started by channel, 1 to 30 November 2026, most first"),
        "rows": list(row),
        "next": maybe_text("100.5f2a9c01d4e6"),
    }))
}

pub(super) fn steps() -> Value {
    let step = json!({
        "type": "object",
        "required": ["visitors", "share_of_first", "share_of_previous", "median_seconds"],
        "properties": {
            "page": text("/pricing*"), "visitors": count(12), "share_of_first": share(), "share_of_previous": share(),
            "median_seconds": { "type": ["number", "null"], "examples": [180.0] },
        },
    });
    object(
        json!({ "query": { "type": "object" }, "sentence": text("Fires of Trial Started, 1 to 30 November 2026"), "steps": list(step) }),
    )
}

pub(super) fn goals() -> Value {
    let day =
        object(json!({ "date": text("2026-11-23"), "fires": count(3), "visitors": count(2) }));
    let goal = object(json!({
        "name": text("Trial Started"), "reserved": { "type": "boolean" }, "fires": count(3), "visitors": count(2),
        "conversion_rate": share(), "revenue": list(named("Money")), "days": list(day),
    }));
    object(json!({ "goals": list(goal), "visitors": count(4) }))
}

fn fire() -> Value {
    object(json!({
        "at": text("2026-11-23T10:30:00Z"), "name": maybe_text("Trial Started"),
        "visitor": { "type": ["integer", "null"], "examples": [7] },
        "session": { "type": ["integer", "null"], "examples": [41] },
        "url": maybe_text("https://example.com/pricing"), "referrer": maybe_text("https://www.google.com/"),
        "channel": maybe_text("Organic Search"), "source": maybe_text("Google"), "medium": maybe_text("email"),
        "campaign": maybe_text("spring"), "browser": maybe_text("Firefox"), "os": maybe_text("Linux"),
        "device": maybe_text("Desktop"), "country": maybe_text("DE"),
        "revenue": { "anyOf": [named("Money"), { "type": "null" }] },
        "metadata": { "type": ["object", "string", "null"], "examples": [{ "plan": "pro" }] },
    }))
}

pub(super) fn fires() -> Value {
    let next = maybe_text("1795521600000.42");
    object(json!({ "fires": list(named("Fire")), "next": next, "range": named("Range") }))
}

pub(super) fn visitor() -> Value {
    object(json!({
        "visitor": count(7), "user_id": maybe_text("customer-42"), "events": list(named("Fire")),
        "next": maybe_text("1795521600000.42"),
    }))
}

pub(super) fn live() -> Value {
    object(json!({ "visitors": count(3) }))
}

pub(super) fn metadata_keys() -> Value {
    object(json!({ "keys": list(object(json!({ "key": text("plan"), "events": count(12) }))) }))
}

pub(super) fn report() -> Value {
    let bad = object(json!({ "line": count(3), "reason": text("fired_at: lies in the future") }));
    object(json!({
        "lines": count(120), "stored": count(118), "known": count(1), "left": count(0), "bad": list(bad),
        "stopped": { "type": ["string", "null"], "examples": [null] },
    }))
}

fn event() -> Value {
    let words = |name: &str| {
        COLUMNS
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, words)| *words)
    };
    let field = |name: &str, kind: &str, example: Value| json!({ "type": [kind, "null"], "description": words(name), "examples": [example] });
    let text = |name: &str, example: &str| field(name, "string", json!(example));
    json!({
        "type": "object",
        "properties": {
            "website_id": website(),
            "event_id": { "type": ["string", "null"], "description": "A UUID; the same id is stored once, ever" },
            "name": text("name", "Trial Started"),
            "anonymous_id": text("anonymous_id", "visitor-7"),
            "user_id": text("user_id", "customer-42"),
            "url": text("url", "https://example.com/pricing"),
            "referrer": text("referrer", "https://www.google.com/"),
            "metadata": field("metadata", "object", json!({ "plan": "pro" })),
            "fired_at": text("fired_at", "2026-11-23T10:30:00Z"),
            "age_ms": { "type": ["number", "null"], "minimum": 0, "description": "How long ago it happened, instead of fired_at" },
            "transaction_id": { "type": ["string", "integer", "null"], "maxLength": 200, "description": "From a server: with the same goal it is stored once in a site", "examples": ["order-1042"] },
            "revenue": { "type": ["object", "null"], "description": "From a server: in whole units, below 0 a refund", "properties": {
                "amount": { "type": "number", "examples": [49.9] }, "currency": { "type": "string", "examples": ["EUR"] },
            } },
        },
    })
}

/// What `POST /api/event` takes.
pub(super) fn events() -> Value {
    json!({ "oneOf": [named("Event"), { "type": "array", "items": named("Event"), "minItems": 1, "maxItems": 100 }] })
}

pub(super) fn taken() -> Value {
    json!({ "type": "object", "properties": {
        "event_id": text("0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f"), "duplicate": { "type": "boolean" },
        "reason": { "type": "string" }, "results": { "type": "array", "items": { "type": "object" } },
    } })
}

fn site() -> Value {
    object(json!({
        "website_id": website(), "domain": text("example.com"), "name": maybe_text("Shop"),
        "hosts": list(text("pay.example.net")), "timezone": text("Europe/Berlin"), "currency": maybe_text("EUR"),
        "keep_days": { "type": ["integer", "null"], "examples": [365] }, "is_demo": { "type": "boolean" },
    }))
}

pub(super) fn one_site() -> Value {
    named("Site")
}

pub(super) fn sites() -> Value {
    object(json!({ "sites": list(named("Site")) }))
}

pub(super) fn new_site() -> Value {
    json!({ "type": "object", "required": ["domain"], "additionalProperties": false, "properties": {
        "domain": text("example.com"), "hosts": list(text("pay.example.net")), "timezone": maybe_text("Europe/Berlin"),
    } })
}

pub(super) fn site_change() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": {
        "name": maybe_text("Shop"), "hosts": { "type": ["array", "null"], "items": { "type": "string" } },
        "timezone": maybe_text("Europe/Berlin"), "currency": maybe_text("EUR"),
        "keep_days": { "type": ["integer", "null"], "minimum": 0, "examples": [365] },
    } })
}

pub(super) fn gone_site() -> Value {
    object(json!({ "website_id": website(), "deleted": { "const": true } }))
}

fn scopes() -> Value {
    list(json!({ "enum": Scope::ALL.map(Scope::as_str) }))
}

pub(super) fn me() -> Value {
    let workspace = object(json!({ "id": count(1), "name": text("My workspace") }));
    json!({ "type": "object", "required": ["kind", "workspace", "sites"], "properties": {
        "kind": { "enum": ["key", "user"] }, "name": text("backend"), "scopes": scopes(), "workspace": workspace,
        "sites": list(named("Site")),
    } })
}

pub(super) fn keys() -> Value {
    let key = object(json!({
        "id": count(2), "name": text("backend"), "scopes": scopes(), "created_at": text("2026-11-23T10:30:00Z"),
        "expires_at": maybe_text("2027-11-23T10:30:00Z"), "revoked_at": maybe_text("2027-01-01T00:00:00Z"),
        "last_used_at": maybe_text("2026-11-24T09:00:00Z"),
    }));
    object(json!({ "keys": list(key) }))
}

pub(super) fn new_key() -> Value {
    json!({ "type": "object", "required": ["name", "scopes"], "additionalProperties": false, "properties": {
        "name": text("backend"), "scopes": scopes(),
        "expires_in_days": { "type": ["integer", "null"], "minimum": 1, "examples": [365] },
    } })
}

pub(super) fn made_key() -> Value {
    object(
        json!({ "id": count(2), "key": text("admx_sk_…"), "expires_at": maybe_text("2027-11-23T10:30:00Z") }),
    )
}

pub(super) fn revoked_key() -> Value {
    object(json!({ "id": count(2), "revoked": { "const": true } }))
}

pub(super) fn members() -> Value {
    let roles = [Role::Owner, Role::Editor, Role::Viewer].map(Role::as_str);
    let member = object(json!({
        "id": count(1), "email": text("ada@example.com"), "role": { "enum": roles }, "since": text("2026-11-23T10:30:00Z"),
    }));
    object(json!({ "members": list(member) }))
}

fn worth() -> Value {
    json!({ "type": ["object", "null"], "required": ["amount"], "additionalProperties": false, "properties": {
        "amount": { "type": "number", "examples": [49.5] }, "currency": maybe_text("EUR"),
    } })
}

/// What may be set of a goal.
fn of_goal() -> Value {
    json!({
        "name": text("Trial started"), "names": list(text("Trial Started")), "description": maybe_text("A trial of 14 days"),
        "hidden": { "type": "boolean" }, "value": worth(), "page": maybe_text("/thanks*"),
    })
}

fn set_goal() -> Value {
    let mut properties = of_goal();
    properties["id"] = count(1);
    object(properties)
}

pub(super) fn set_goals() -> Value {
    object(json!({ "website_id": website(), "goals": list(set_goal()) }))
}

pub(super) fn new_goal() -> Value {
    let mut properties = of_goal();
    properties["website_id"] = maybe_text("admx_7f3k");
    json!({ "type": "object", "required": ["name"], "additionalProperties": false, "properties": properties })
}

pub(super) fn goal_change() -> Value {
    let mut properties = of_goal();
    properties["website_id"] = maybe_text("admx_7f3k");
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

pub(super) fn one_goal() -> Value {
    set_goal()
}

/// What is known by a number, and gone.
pub(super) fn gone() -> Value {
    object(json!({ "id": count(1), "deleted": { "const": true } }))
}
