//! Money: what a server says beside the metadata, and a payment that several report and that counts once.

use std::sync::{Arc, Barrier};

use serde_json::{Value, json};

use crate::server::{ORIGIN, Server, set_up};

/// What a goal brought, as reports have it.
fn revenue(server: &Server, key: &str, site: &str, goal: &str) -> Value {
    let path = format!("/api/v1/analytics/goals?website_id={site}&from=2026-11-01&to=2026-11-30");
    let data = server.get_with_key(key, &path).json()["data"].clone();
    let goals = data["goals"].as_array().unwrap().clone();
    let found = goals.into_iter().find(|found| found["name"] == goal);
    found.map_or(Value::Null, |goal| json!([goal["fires"], goal["revenue"]]))
}

const NOVEMBER: &[&str] = &["--clock", "2026-11-24T12:00:00Z"];

#[test]
fn a_server_says_what_was_paid_beside_the_metadata() {
    let (server, site, key) = set_up(NOVEMBER);
    let paid = |revenue: Value| json!({ "website_id": site, "name": "Paid", "user_id": "u-1", "revenue": revenue });
    let eur = |amount: Value| json!({ "amount": amount, "currency": "EUR" });
    for (revenue, status, words) in [
        (eur(json!(49.9)), 200, ""),
        (eur(json!(0.005)), 200, ""),
        (json!({ "amount": 1500, "currency": "jpy" }), 200, ""),
        (json!({ "amount": 1.234, "currency": "KWD" }), 200, ""),
        (Value::Null, 200, ""),
        (eur(json!("49.9")), 400, "revenue.amount: wanted a number"),
        (eur(json!(1e200)), 400, "revenue.amount: is more"),
        (json!({ "amount": 1 }), 400, "revenue.currency: wanted"),
        (
            json!({ "amount": 1, "currency": "EURO" }),
            400,
            "revenue.currency: wanted an ISO 4217 code",
        ),
        (json!(49.9), 400, "revenue: wanted an object"),
    ] {
        let reply = server.post_with_key(&key, paid(revenue.clone()).to_string());
        assert_eq!(reply.status, status, "{revenue} {}", reply.text);
        if status == 400 {
            assert_eq!(reply.code(), "invalid_field");
            assert!(reply.text.contains(words), "{}", reply.text);
        }
    }
    // What is said beside the metadata wins over what stands in it.
    let mut both = paid(eur(json!(-9.90)));
    both["metadata"] = json!({ "value": 1, "currency": "USD", "plan": "pro", "transaction_id": 1 });
    both["transaction_id"] = json!("re_1");
    assert_eq!(server.post_with_key(&key, both.to_string()).status, 200);
    let sums = json!([
        { "currency": "EUR", "amount": 40.01 },
        { "currency": "JPY", "amount": 1500.0 },
        { "currency": "KWD", "amount": 1.234 },
    ]);
    assert_eq!(revenue(&server, &key, &site, "Paid"), json!([6, sums]));
    let events = server.events(&key, &site);
    let last = events.last().unwrap()["metadata"].clone();
    let expected =
        json!({ "value": -9.9, "currency": "EUR", "plan": "pro", "transaction_id": "re_1" });
    assert_eq!(last, expected);
    // A page says the same in its metadata, and hears so.
    let browser = |field: &str, value: Value| {
        let mut body = json!({ "website_id": site, "name": "Paid", "metadata": { "value": 1, "currency": "EUR" } });
        body[field] = value;
        server.post(&[ORIGIN], body.to_string())
    };
    for (field, value, words) in [
        ("revenue", eur(json!(1)), "value and currency into metadata"),
        ("transaction_id", json!("t"), "transaction_id into metadata"),
    ] {
        let reply = browser(field, value);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, "invalid_field")
        );
        assert!(reply.text.contains(words), "{}", reply.text);
    }
    // It comes out of here and in there as the same.
    let there = |site: &str, kind: &str| {
        let path = format!("/api/v1/export/events.{kind}?website_id={site}");
        server.get_with_key(&key, &path).text
    };
    let manage = server.run(&["key", "new", "--name", "m", "--scope", "manage"]);
    for kind in ["csv", "ndjson"] {
        let other = server.add_site(&format!("{kind}.test"));
        let path = format!("/api/v1/import/events.{kind}?website_id={other}");
        let reply = server.post_to(&path, &manage, there(&site, kind));
        assert_eq!(reply.json()["data"]["stored"], 6, "{}", reply.text);
        assert_eq!(there(&other, kind), there(&site, kind));
        assert_eq!(revenue(&server, &key, &other, "Paid"), json!([6, sums]));
    }
}

#[test]
fn a_transaction_counts_once_whoever_reports_it() {
    let (server, site, key) = set_up(NOVEMBER);
    let other = server.add_site("other.test");
    let paid = |site: &str, goal: &str, transaction: Value| json!({ "website_id": site, "name": goal, "metadata": { "value": 20, "currency": "EUR", "transaction_id": transaction } });
    let (page, backend) = (true, false);
    let send = |server: &Server, is_page: bool, body: &Value| {
        let reply = match is_page {
            true => server.post(&[ORIGIN], body.to_string()),
            false => server.post_with_key(&key, body.to_string()),
        };
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["data"]["duplicate"].as_bool().unwrap()
    };
    let of_server = json!({ "website_id": site, "name": "Paid", "transaction_id": "pi_1",
        "revenue": { "amount": 20, "currency": "EUR" }, "event_id": "0190f3c2-7d1a-7c33-8a5e-3f1b6f0c9d21" });
    for (is_page, body, is_known) in [
        (page, paid(&site, "Paid", json!("pi_1")), false),
        (page, paid(&site, "Paid", json!("pi_1")), true),
        (backend, of_server.clone(), true),
        (backend, paid(&site, "Paid", json!(7)), false),
        (backend, paid(&site, "Paid", json!(" 7 ")), true),
        // Another goal and another site are other payments.
        (page, paid(&site, "Refund", json!("pi_1")), false),
        (backend, paid(&other, "Paid", json!("pi_1")), false),
        // What can't be one is plain metadata.
        (page, paid(&site, "Paid", json!({})), false),
        (page, paid(&site, "Paid", json!({})), false),
        (page, paid(&site, "Paid", json!("")), false),
    ] {
        assert_eq!(send(&server, is_page, &body), is_known, "{body}");
    }
    // In one request, each by itself.
    let several = json!([
        paid(&site, "Paid", json!("a")),
        paid(&site, "Paid", json!("b")),
        paid(&site, "Paid", json!("a"))
    ]);
    let results = server.post_with_key(&key, several.to_string()).json()["data"]["results"].clone();
    let known: Vec<_> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["duplicate"].clone())
        .collect();
    assert_eq!(known, [json!(false), json!(false), json!(true)]);
    // Over a kill, too.
    let server = Server::on(server.kill(), NOVEMBER);
    assert!(send(&server, page, &paid(&site, "Paid", json!("pi_1"))));
    assert!(send(&server, backend, &of_server));
    // Many at once: one of them is the first.
    let server = Arc::new(server);
    let barrier = Arc::new(Barrier::new(16));
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let (server, barrier) = (server.clone(), barrier.clone());
            let (key, body) = (key.clone(), paid(&site, "Paid", json!("at once")));
            std::thread::spawn(move || {
                barrier.wait();
                let reply = server.post_with_key(&key, body.to_string());
                reply.json()["data"]["duplicate"] == json!(false)
            })
        })
        .collect();
    let first = threads.into_iter().map(|thread| thread.join().unwrap());
    assert_eq!(first.filter(|is_first| *is_first).count(), 1);
    let sum = |amount: f64| json!([{ "currency": "EUR", "amount": amount }]);
    assert_eq!(
        revenue(&server, &key, &site, "Paid"),
        json!([8, sum(160.0)])
    );
    assert_eq!(
        revenue(&server, &key, &other, "Paid"),
        json!([1, sum(20.0)])
    );
}

#[test]
fn a_refund_is_a_fire_that_takes_away() {
    let (server, site, key) = set_up(NOVEMBER);
    for (goal, amount) in [
        ("Payment", 49.0),
        ("Payment", 51.0),
        ("Refund", -49.0),
        ("Sale", 10.0),
        ("Sale", -10.0),
    ] {
        let body = json!({ "website_id": site, "name": goal, "revenue": { "amount": amount, "currency": "EUR" } });
        assert_eq!(server.post_with_key(&key, body.to_string()).status, 200);
    }
    let asked = json!({ "website_id": site, "metrics": ["fires", "revenue", "average_value"], "dimensions": ["goal"],
        "range": { "from": "2026-11-24", "to": "2026-11-24" }, "order": [["fires", "desc"]] });
    let rows = server.query(&key, asked.clone());
    let row = |name: &str| {
        let rows = rows.as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["dimensions"][0] == name)
            .unwrap();
        let amount = |at: usize| row["metrics"][at][0]["amount"].as_f64().unwrap();
        (row["metrics"][0].as_u64().unwrap(), amount(1), amount(2))
    };
    // A goal of its own leaves fires and average of what was paid alone; in the same goal it is a fire like any other.
    assert_eq!(row("Payment"), (2, 100.0, 50.0));
    assert_eq!(row("Refund"), (1, -49.0, -49.0));
    assert_eq!(row("Sale"), (2, 0.0, 0.0));
    let mut whole = asked;
    whole["dimensions"] = json!([]);
    assert_eq!(
        server.query(&key, whole)[0]["metrics"][1][0]["amount"],
        51.0
    );
}
