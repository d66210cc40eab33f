//! Payments that Stripe and Paddle tell of.
//!
//! - `told`: whom they mean, and what they fire
//! - `door`: who is heard, that each counts once, and what is set of it

mod door;
mod told;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::server::{Reply, Server, set_up};

const VISITOR: &str = "0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f";
const CLOCK: &[&str] = &["--clock", "2026-11-24T12:00:00Z"];
/// The same in seconds.
const NOW: i64 = 1_795_521_600;
const SECRET: &str = "whsec_of_the_tests";

fn hex(signed: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let digest = mac.finalize().into_bytes();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stripe_signed(at: i64, secret: &str, body: &str) -> String {
    format!("t={at},v1={}", hex(&format!("{at}.{body}"), secret))
}

fn send(server: &Server, provider: &str, site: &str, signature: &str, body: &str) -> Reply {
    let header = format!("{provider}-signature");
    let path = format!("/api/v1/webhooks/{provider}/{site}");
    server.ask(
        "POST",
        &path,
        &[(&header, signature), ("content-type", "application/json")],
        body,
    )
}

/// What became of an event that Stripe tells.
fn stripe(server: &Server, site: &str, event: &Value) -> String {
    let body = event.to_string();
    let reply = send(
        server,
        "stripe",
        site,
        &stripe_signed(NOW, SECRET, &body),
        &body,
    );
    assert_eq!(reply.status, 200, "{}", reply.text);
    outcome(&reply)
}

fn paddle(server: &Server, site: &str, event: &Value) -> String {
    let body = event.to_string();
    let signature = format!("ts={NOW};h1={}", hex(&format!("{NOW}:{body}"), SECRET));
    let reply = send(server, "paddle", site, &signature, &body);
    assert_eq!(reply.status, 200, "{}", reply.text);
    outcome(&reply)
}

fn outcome(reply: &Reply) -> String {
    let data = reply.json()["data"].clone();
    assert_eq!(data["duplicate"], data["outcome"].is_null());
    data["outcome"].as_str().unwrap_or("known").to_owned()
}

/// A site with both secrets set, by the API.
fn with_secrets(flags: &[&str]) -> (Server, String, String) {
    let (server, site, key) = set_up(flags);
    let manage = server.run(&["key", "new", "--name", "m", "--scope", "manage"]);
    set_secret(
        &server,
        &manage,
        &site,
        json!({ "stripe_secret": SECRET, "paddle_secret": SECRET }),
    );
    (server, site, key)
}

fn set_secret(server: &Server, key: &str, site: &str, secrets: Value) -> Reply {
    let authorization = format!("Bearer {key}");
    let path = format!("/api/v1/sites/{site}/payments");
    server.ask(
        "PATCH",
        &path,
        &[("authorization", &authorization)],
        secrets.to_string(),
    )
}

fn event(id: &str, kind: &str, created: i64, object: Value) -> Value {
    json!({ "id": id, "object": "event", "api_version": "2025-08-27.basil", "created": created, "livemode": true,
        "pending_webhooks": 1, "request": { "id": null, "idempotency_key": null }, "type": kind, "data": { "object": object } })
}

/// Goals with when, who and what of a site, as an export has them.
fn fires(server: &Server, key: &str, site: &str) -> Vec<Value> {
    let path = format!("/api/v1/export/events.ndjson?website_id={site}");
    let text = server.get_with_key(key, &path).text;
    let fire = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        json!([
            line["name"],
            line["fired_at"],
            line["anonymous_id"],
            line["user_id"],
            line["metadata"]["value"],
            line["metadata"]["transaction_id"]
        ])
    };
    text.lines().map(fire).collect()
}
