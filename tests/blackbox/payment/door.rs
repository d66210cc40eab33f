//! Who is heard, that a payment counts once whoever reports it and how often, and what is set of it.

use std::io::Read;
use std::sync::{Arc, Barrier};

use serde_json::json;

use super::{
    CLOCK, NOW, SECRET, VISITOR, event, fires, outcome, send, set_secret, stripe, stripe_signed,
    with_secrets,
};
use crate::server::{ORIGIN, Server, set_up};

#[test]
fn only_the_provider_is_heard() {
    let (server, site, key) = with_secrets(CLOCK);
    let bare = server.add_site("bare.test");
    let object = json!({ "id": "in_1", "object": "invoice", "customer": "cus_1", "amount_paid": 4900, "currency": "eur", "metadata": { "admx_visitor_id": VISITOR } });
    let body = event("evt_1", "invoice.paid", NOW, object).to_string();
    let right = stripe_signed(NOW, SECRET, &body);
    let of_other = stripe_signed(NOW, "whsec_other", &body);
    let old = stripe_signed(NOW - 301, SECRET, &body);
    let no_event = r#"{"hello":"world"}"#;
    for (provider, to, signature, body, status, code) in [
        (
            "stripe",
            &*site,
            &*of_other,
            &*body,
            401,
            "invalid_signature",
        ),
        ("stripe", &site, &old, &body, 401, "invalid_signature"),
        ("stripe", &site, "", &body, 401, "invalid_signature"),
        ("stripe", &site, &right, no_event, 401, "invalid_signature"),
        (
            "stripe",
            &site,
            &stripe_signed(NOW, SECRET, no_event),
            no_event,
            400,
            "invalid_body",
        ),
        (
            "stripe",
            &site,
            &stripe_signed(NOW, SECRET, "{"),
            "{",
            400,
            "invalid_body",
        ),
        ("paddle", &site, &right, &body, 401, "invalid_signature"),
        // Neither is known, and nobody hears which.
        ("stripe", &bare, &right, &body, 404, "not_found"),
        ("stripe", "admx_nowhere", &right, &body, 404, "not_found"),
    ] {
        let reply = send(&server, provider, to, signature, body);
        assert_eq!(
            (reply.status, &*reply.code()),
            (status, code),
            "{provider} {to} {signature} {}",
            reply.text
        );
    }
    // What is too long is refused before it is sent.
    let length = 1024 * 1024 + 1;
    let head = format!(
        "POST /api/v1/webhooks/stripe/{site} HTTP/1.1\r\nhost: a.test\r\ncontent-length: {length}\r\n\r\n"
    );
    let mut answer = [0; 512];
    let read = server.open(head).read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let nowhere = server.ask(
        "POST",
        &format!("/api/v1/webhooks/klarna/{site}"),
        &[],
        &*body,
    );
    assert_eq!(nowhere.status, 404, "{}", nowhere.text);
    // Of several signatures one is right.
    let several = format!(
        "t={NOW},v1={},{}",
        "0".repeat(64),
        right.split_once(',').unwrap().1
    );
    let reply = send(&server, "stripe", &site, &several, &body);
    assert_eq!(outcome(&reply), "Fired Payment of 49.00 EUR");
    // The same once more, and the same in another envelope.
    assert_eq!(
        outcome(&send(&server, "stripe", &site, &right, &body)),
        "known"
    );
    let again = body.replace("evt_1", "evt_2");
    let reply = send(
        &server,
        "stripe",
        &site,
        &stripe_signed(NOW, SECRET, &again),
        &again,
    );
    assert_eq!(outcome(&reply), "Payment of 49.00 EUR was counted before");
    assert_eq!(fires(&server, &key, &site).len(), 1);
    // Over a kill, too.
    let server = Server::on(server.kill(), CLOCK);
    assert_eq!(
        outcome(&send(&server, "stripe", &site, &right, &body)),
        "known"
    );
    // No secret any more, nothing is heard.
    let manage = server.run(&["key", "new", "--name", "m", "--scope", "manage"]);
    assert_eq!(
        set_secret(&server, &manage, &site, json!({ "stripe_secret": null })).status,
        200
    );
    assert_eq!(send(&server, "stripe", &site, &right, &body).status, 404);
    for wrong in [
        json!({ "stripe_secret": "short" }),
        json!({ "stripe_secret": "with a space" }),
        json!({ "klarna_secret": "x" }),
    ] {
        assert_eq!(set_secret(&server, &manage, &site, wrong).status, 400);
    }
}

#[test]
fn a_payment_that_a_page_reports_too_counts_once() {
    let (server, site, key) = with_secrets(CLOCK);
    let body = json!({ "website_id": site, "anonymous_id": VISITOR, "name": "Payment", "metadata": { "value": 49, "currency": "EUR", "transaction_id": "order-1" } });
    assert_eq!(server.post(&[ORIGIN], body.to_string()).status, 200);
    let checkout = |id: &str, order: &str| {
        event(
            id,
            "checkout.session.completed",
            NOW,
            json!({ "id": "cs_1", "object": "checkout.session", "mode": "payment",
        "payment_status": "paid", "customer": null, "payment_intent": "pi_1", "amount_total": 4900, "currency": "eur",
        "metadata": { "admx_visitor_id": VISITOR, "admx_transaction_id": order } }),
        )
    };
    assert_eq!(
        stripe(&server, &site, &checkout("evt_1", "order-1")),
        "Payment of 49.00 EUR was counted before"
    );
    // Many at once, of one payment and of several: each payment once.
    let server = Arc::new(server);
    let barrier = Arc::new(Barrier::new(12));
    let threads: Vec<_> = (0..12)
        .map(|n| {
            let (server, barrier, site) = (server.clone(), barrier.clone(), site.clone());
            let told = checkout(&format!("evt_at_once_{n}"), &format!("order-{}", 2 + n % 3));
            std::thread::spawn(move || {
                barrier.wait();
                stripe(&server, &site, &told)
            })
        })
        .collect();
    let outcomes = threads.into_iter().map(|thread| thread.join().unwrap());
    assert_eq!(
        outcomes
            .filter(|outcome| outcome == "Fired Payment of 49.00 EUR")
            .count(),
        3
    );
    assert_eq!(fires(&server, &key, &site).len(), 4);
}

#[test]
fn the_secret_is_set_by_a_page_that_never_shows_it() {
    let (server, site, _) = set_up(CLOCK);
    let owner = server.person("owner@example.com", "owner", &[]);
    let path = format!("/settings/websites/{site}/payments");
    let page = || server.get(&path, &[("cookie", &owner)]).text;
    assert!(
        page().contains("No secret is set")
            && page().contains(&format!("/api/v1/webhooks/paddle/{site}"))
    );
    let set = |provider: &str, secret: &str| {
        server
            .form(&path, &owner, &[("provider", provider), ("secret", secret)])
            .status
    };
    assert_eq!(set("stripe", "short"), 400);
    assert_eq!(set("klarna", SECRET), 400);
    assert_eq!(set("stripe", SECRET), 303);
    assert!(page().contains("The secret was set on") && !page().contains(SECRET));
    // What a stranger with the secret writes is text.
    let hostile = "<script>alert(1)</script>";
    stripe(
        &server,
        &site,
        &event("evt_<b>1", hostile, NOW, json!({ "id": "x" })),
    );
    let text = page();
    assert!(
        text.contains("&#60;script&#62;") && !text.contains(hostile),
        "{text}"
    );
    assert_eq!(set("stripe", ""), 303);
    assert!(!page().contains("The secret was set on"));
    // Another workspace's site isn't there.
    let viewer = server.person("viewer@example.com", "viewer", &[]);
    assert_eq!(server.get(&path, &[("cookie", &viewer)]).status, 403);
    let elsewhere = server.run(&["workspace", "add", "Other"]);
    let other = server.run(&["site", "add", "other.test", "--workspace", "Other"]);
    let theirs = format!("/settings/websites/{other}/payments");
    assert_eq!(
        server.get(&theirs, &[("cookie", &owner)]).status,
        404,
        "{elsewhere}"
    );
    assert_eq!(
        server
            .form(
                &theirs,
                &owner,
                &[("provider", "stripe"), ("secret", SECRET)]
            )
            .status,
        404
    );
}
