//! A subscription from its trial to its end: whom the events mean, and what they fire.

use serde_json::{Value, json};

use super::{CLOCK, NOW, SECRET, VISITOR, event, fires, paddle, stripe, with_secrets};
use crate::server::ORIGIN;

fn subscription(id: &str, status: &str, metadata: Value) -> Value {
    json!({ "id": id, "object": "subscription", "customer": "cus_1", "status": status, "currency": "eur", "metadata": metadata,
        "items": { "object": "list", "data": [{ "id": "si_1", "price": { "id": "price_1", "unit_amount": 4900 } }] } })
}

fn invoice(id: &str, paid: i64) -> Value {
    json!({ "id": id, "object": "invoice", "customer": "cus_1", "amount_paid": paid, "amount_due": paid, "currency": "eur",
        "billing_reason": "subscription_cycle", "status": "paid", "metadata": {},
        "parent": { "type": "subscription_details", "subscription_details": { "metadata": {}, "subscription": "sub_1" } } })
}

fn charge(id: &str, back: i64) -> Value {
    json!({ "id": id, "object": "charge", "customer": "cus_1", "payment_intent": "pi_of_invoice", "amount": 4900,
        "amount_refunded": back, "refunded": back == 4900, "currency": "eur", "metadata": {} })
}

#[test]
fn a_subscription_of_stripe_is_the_visitors_from_trial_to_refund() {
    let (server, site, key) = with_secrets(CLOCK);
    let body = json!({ "website_id": site, "anonymous_id": VISITOR, "url": "https://example.com/pricing?utm_source=news", "age_ms": 600_000 });
    assert_eq!(server.post(&[ORIGIN], body.to_string()).status, 200);
    let day = 86_400;
    let t = NOW - 30 * day;
    let checkout = json!({ "id": "cs_1", "object": "checkout.session", "mode": "subscription", "payment_status": "paid",
        "customer": "cus_1", "subscription": "sub_1", "invoice": "in_0", "payment_intent": null, "amount_total": 0, "currency": "eur",
        "client_reference_id": null, "metadata": { "admx_visitor_id": VISITOR, "admx_user_id": "customer-42" } });
    let mut converted = event(
        "evt_6",
        "customer.subscription.updated",
        t + 14 * day,
        subscription("sub_1", "active", json!({})),
    );
    converted["data"]["previous_attributes"] = json!({ "status": "trialing" });
    for (told, expected) in [
        // The subscription comes before the checkout that says whose it is.
        (
            event(
                "evt_1",
                "customer.subscription.created",
                t,
                subscription("sub_1", "trialing", json!({})),
            ),
            "Trial Started waits: nobody is named yet",
        ),
        (
            event("evt_2", "invoice.paid", t, invoice("in_0", 0)),
            "Fired nothing: nothing was paid",
        ),
        (
            event("evt_3", "checkout.session.completed", t + 1, checkout),
            "Fired nothing: a subscription's payments are told by its invoices",
        ),
        (
            event(
                "evt_1",
                "customer.subscription.created",
                t,
                subscription("sub_1", "trialing", json!({})),
            ),
            "known",
        ),
        (converted, "Fired Trial Converted"),
        (
            event("evt_7", "invoice.paid", t + 14 * day, invoice("in_1", 4900)),
            "Fired Payment of 49.00 EUR",
        ),
        (
            event(
                "evt_8",
                "payment_intent.succeeded",
                t + 14 * day,
                json!({ "id": "pi_of_invoice", "object": "payment_intent", "customer": "cus_1", "amount_received": 4900, "currency": "eur", "metadata": {} }),
            ),
            "Fired nothing: its own metadata names nobody; checkouts and invoices tell of theirs",
        ),
        (
            event(
                "evt_9",
                "charge.refunded",
                t + 15 * day,
                charge("ch_1", 1000),
            ),
            "Fired Refund of -10.00 EUR",
        ),
        (
            event(
                "evt_10",
                "charge.refunded",
                t + 16 * day,
                charge("ch_1", 4900),
            ),
            "Fired Refund of -39.00 EUR",
        ),
        (
            event(
                "evt_11",
                "charge.refunded",
                t + 16 * day,
                charge("ch_1", 4900),
            ),
            "Fired nothing: so much was taken away before",
        ),
        (
            event(
                "evt_12",
                "customer.subscription.deleted",
                t + 20 * day,
                subscription("sub_1", "canceled", json!({})),
            ),
            "Fired Subscription Cancelled",
        ),
        (
            event(
                "evt_13",
                "product.created",
                t,
                json!({ "id": "prod_1", "object": "product" }),
            ),
            "Fired nothing: events of this kind mean nothing here",
        ),
        // Somebody else's, whom nothing names.
        (
            event(
                "evt_14",
                "invoice.paid",
                t,
                json!({ "id": "in_9", "object": "invoice", "customer": "cus_9", "amount_paid": 900, "currency": "eur" }),
            ),
            "Payment waits: nobody is named yet",
        ),
    ] {
        assert_eq!(stripe(&server, &site, &told), expected, "{told}");
    }
    let goals: Vec<_> = fires(&server, &key, &site)
        .into_iter()
        .filter(|fire| !fire[0].is_null())
        .collect();
    let fire = |goal: &str, at: &str, value: Value, transaction: &str| {
        json!([goal, at, VISITOR, "customer-42", value, transaction])
    };
    let expected = [
        fire(
            "Trial Started",
            "2026-10-25T12:00:00Z",
            Value::Null,
            "sub_1",
        ),
        fire(
            "Trial Converted",
            "2026-11-08T12:00:00Z",
            Value::Null,
            "sub_1",
        ),
        fire("Payment", "2026-11-08T12:00:00Z", json!(49.0), "in_1"),
        fire("Refund", "2026-11-09T12:00:00Z", json!(-10.0), "ch_1:1000"),
        fire("Refund", "2026-11-10T12:00:00Z", json!(-39.0), "ch_1:4900"),
        fire(
            "Subscription Cancelled",
            "2026-11-14T12:00:00Z",
            Value::Null,
            "sub_1",
        ),
    ];
    assert_eq!(goals, expected);
    // What waited says what became of it, and what was ignored is counted.
    let manage = server.run(&["key", "new", "--name", "m", "--scope", "manage"]);
    let data = server
        .get_with_key(&manage, &format!("/api/v1/sites/{site}/payments"))
        .json()["data"]
        .clone();
    let outcomes: Vec<_> = data["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| {
            (
                d["event"].as_str().unwrap(),
                d["outcome"].as_str().unwrap(),
                d["waits"] == true,
            )
        })
        .collect();
    assert_eq!(outcomes.len(), 12);
    assert_eq!(
        outcomes[0],
        ("evt_14", "Payment waits: nobody is named yet", true)
    );
    assert_eq!(
        *outcomes.last().unwrap(),
        ("evt_1", "Fired Trial Started", false)
    );
    assert_eq!(
        data["providers"][0]["url"],
        format!("{}/api/v1/webhooks/stripe/{site}", server.url)
    );
    assert!(
        data["providers"][0]["secret_set_at"].is_string() && !data.to_string().contains(SECRET)
    );
    // Revenue is that of what brought the visitor.
    let rows = server.query(&key, json!({ "website_id": site, "metrics": ["fires", "revenue"], "goals": ["Payment", "Refund"], "dimensions": [],
        "range": { "from": "2026-11-01", "to": "2026-11-24" } }));
    assert_eq!(
        rows[0]["metrics"],
        json!([3, [{ "currency": "EUR", "amount": 0.0 }]])
    );
    // Who is erased is forgotten here, too: a renewal names nobody again.
    server.run(&["erase", "--user", "customer-42"]);
    assert_eq!(
        stripe(
            &server,
            &site,
            &event("evt_20", "invoice.paid", NOW, invoice("in_2", 4900))
        ),
        "Payment waits: nobody is named yet"
    );
    let path = format!("/api/v1/export/events.ndjson?website_id={site}");
    assert_eq!(server.get_with_key(&key, &path).text, "");
}

#[test]
fn a_subscription_of_paddle_is_the_visitors_from_trial_to_refund() {
    let (server, site, key) = with_secrets(CLOCK);
    let event = |id: &str, kind: &str, at: &str, data: Value| json!({ "event_id": id, "event_type": kind, "occurred_at": at, "notification_id": "ntf_1", "data": data });
    let transaction = |id: &str, total: &str, custom: Value| {
        json!({ "id": id, "status": "completed", "customer_id": "ctm_1", "subscription_id": "sub_1",
        "currency_code": "JPY", "origin": "web", "custom_data": custom, "items": [{ "price": { "id": "pri_1" }, "quantity": 1 }],
        "details": { "totals": { "subtotal": total, "tax": "0", "total": total, "grand_total": total, "currency_code": "JPY" } } })
    };
    let subscription = |status: &str| {
        json!({ "id": "sub_1", "status": status, "customer_id": "ctm_1", "currency_code": "JPY", "custom_data": null,
        "items": [{ "status": status, "quantity": 1, "trial_dates": { "starts_at": "2026-11-01T00:00:00Z", "ends_at": "2026-11-15T00:00:00Z" } }] })
    };
    let adjustment = |status: &str| {
        json!({ "id": "adj_1", "action": "refund", "type": "full", "status": status, "transaction_id": "txn_2", "subscription_id": "sub_1",
        "customer_id": "ctm_1", "currency_code": "JPY", "reason": "asked for", "totals": { "subtotal": "1500", "tax": "0", "total": "1500", "currency_code": "JPY" } })
    };
    for (told, expected) in [
        (
            event(
                "evt_1",
                "subscription.created",
                "2026-11-01T00:00:00Z",
                subscription("trialing"),
            ),
            "Trial Started waits: nobody is named yet",
        ),
        (
            event(
                "evt_2",
                "transaction.completed",
                "2026-11-01T00:00:01.5Z",
                transaction("txn_1", "0", json!({ "admx_visitor_id": VISITOR })),
            ),
            "Fired nothing: nothing was paid",
        ),
        (
            event(
                "evt_3",
                "subscription.activated",
                "2026-11-15T00:00:00Z",
                subscription("active"),
            ),
            "Fired Trial Converted",
        ),
        (
            event(
                "evt_4",
                "transaction.completed",
                "2026-11-15T00:00:00Z",
                transaction("txn_2", "1500", Value::Null),
            ),
            "Fired Payment of 1500 JPY",
        ),
        (
            event(
                "evt_5",
                "transaction.paid",
                "2026-11-15T00:00:00Z",
                transaction("txn_2", "1500", Value::Null),
            ),
            "Fired nothing: events of this kind mean nothing here",
        ),
        (
            event(
                "evt_6",
                "adjustment.created",
                "2026-11-16T00:00:00Z",
                adjustment("pending_approval"),
            ),
            "Fired nothing: it isn't approved",
        ),
        (
            event(
                "evt_7",
                "adjustment.updated",
                "2026-11-17T00:00:00Z",
                adjustment("approved"),
            ),
            "Fired Refund of -1500 JPY",
        ),
        (
            event(
                "evt_8",
                "adjustment.updated",
                "2026-11-17T00:00:00Z",
                adjustment("approved"),
            ),
            "Refund of -1500 JPY was counted before",
        ),
        (
            event(
                "evt_9",
                "subscription.canceled",
                "2026-11-18T00:00:00Z",
                subscription("canceled"),
            ),
            "Fired Subscription Cancelled",
        ),
    ] {
        assert_eq!(paddle(&server, &site, &told), expected, "{told}");
    }
    let fire = |goal: &str, day: &str, value: Value, transaction: &str| {
        json!([
            goal,
            format!("2026-11-{day}T00:00:00Z"),
            VISITOR,
            null,
            value,
            transaction
        ])
    };
    let expected = [
        fire("Trial Started", "01", Value::Null, "sub_1"),
        fire("Trial Converted", "15", Value::Null, "sub_1"),
        fire("Payment", "15", json!(1500), "txn_2"),
        fire("Refund", "17", json!(-1500), "adj_1"),
        fire("Subscription Cancelled", "18", Value::Null, "sub_1"),
    ];
    assert_eq!(fires(&server, &key, &site), expected);
}
