//! Experiments: who counts where, what is said of it, by API and page.

use serde_json::{Value, json};

use crate::server::{Server, set_up};

fn sent(server: &Server, key: &str, events: &[Value]) {
    for events in events.chunks(100) {
        let reply = server.post_with_key(key, json!(events).to_string());
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

fn key(server: &Server) -> String {
    server.run(&[
        "key",
        "new",
        "--name",
        "all",
        "--scope",
        "event:write",
        "--scope",
        "analytics:read",
    ])
}

#[test]
fn people_count_with_the_first_variant_they_saw() {
    let (server, site, _) = set_up(&["--rate-key", "0"]);
    let key = key(&server);
    let event = |who: u32, minute: u32, name: &str, metadata: Value| {
        json!({
            "website_id": site, "anonymous_id": format!("00000000-0000-4000-8000-{who:012}"), "name": name,
            "fired_at": format!("{}T10:{minute:02}:00Z", (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(48)).strftime("%Y-%m-%d")),
            "url": "https://example.com/", "metadata": metadata,
        })
    };
    let seen = |who, minute, variant: &str| {
        event(
            who,
            minute,
            "Experiment Viewed",
            json!({ "experiment": "Checkout", "variant": variant }),
        )
    };
    let paid = |who, minute, value: f64| {
        event(
            who,
            minute,
            "Paid",
            json!({ "value": value, "currency": "EUR" }),
        )
    };
    let mut events = Vec::new();
    // 200 people each; 20 of A and 60 of B pay.
    for who in 0..400 {
        let variant = if who % 2 == 0 { "A" } else { "B" };
        events.push(seen(who, 10, variant));
        let pays = if variant == "A" { who < 40 } else { who < 120 };
        if pays {
            events.push(paid(who, 20, 10.0));
        }
    }
    // Too early; with the fire itself; several variants; another experiment; two that are one person.
    events.extend([paid(500, 5, 99.0), seen(500, 10, "A")]);
    events.push(event(
        501,
        10,
        "Paid",
        json!({ "experiment": "Checkout", "variant": "B", "value": 5, "currency": "EUR" }),
    ));
    events.extend([seen(502, 10, "A"), seen(502, 11, "B"), paid(502, 20, 99.0)]);
    events.push(event(
        503,
        10,
        "Experiment Viewed",
        json!({ "experiment": "Other", "variant": "C" }),
    ));
    for who in [504, 505] {
        let mut event = seen(who, 10 + who % 2, "A");
        event["user_id"] = json!("one");
        events.push(event);
    }
    sent(&server, &key, &events);
    let ask = |more: &str| {
        let path = format!("/api/v1/experiments?website_id={site}&goals=Paid{more}");
        let reply = server.get_with_key(&key, &path);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["data"].clone()
    };
    let data = ask("");
    assert_eq!(data["experiments"], json!(["Checkout", "Other"]));
    assert_eq!(
        (&data["control"], &data["saw_several"]),
        (&json!("A"), &json!(1))
    );
    let counts = |data: &Value| -> Vec<Value> {
        let variants = data["variants"].as_array().unwrap().iter();
        variants
            .map(|v| json!([v["name"], v["people"], v["conversions"]]))
            .collect()
    };
    assert_eq!(
        counts(&data),
        [json!(["A", 202, 20]), json!(["B", 201, 61])]
    );
    let b = &data["variants"][1];
    assert!(
        b["chance_to_be_best"].as_f64().unwrap() > 0.999
            && b["against_control"]["chance_to_beat"].as_f64().unwrap() > 0.999
    );
    let lift = b["against_control"]["lift"].as_f64().unwrap();
    assert!((lift - (61.0 / 201.0 * 202.0 / 20.0 - 1.0)).abs() < 1e-12);
    let between = &b["against_control"]["lift_interval"];
    assert!(between["low"].as_f64().unwrap() < lift && lift < between["high"].as_f64().unwrap());
    // What was paid before doesn't count.
    assert_eq!(data["variants"][0]["revenue"][0]["amount"], 200.0);
    assert_eq!(b["revenue"][0]["amount"], 605.0);
    assert_eq!(
        (&data["verdict"]["code"], &data["warnings"]),
        (&json!("better"), &json!([]))
    );
    let words = data["verdict"]["message"].as_str().unwrap();
    assert!(
        words.contains("more than 99.9 %") && !words.contains("significant"),
        "{words}"
    );
    // Another control; an expected split that isn't this one; another experiment; keys of other names.
    let data = ask("&control=B");
    assert_eq!(data["control"], "B");
    assert!(
        data["variants"][1]["against_control"]["lift"]
            .as_f64()
            .unwrap()
            < 0.0
    );
    let data = ask("&weight=A:3&weight=B:1");
    assert_eq!(data["warnings"][0]["code"], "sample_ratio_mismatch");
    let data = ask("&experiment=Other");
    assert_eq!(
        (counts(&data), &data["verdict"]["code"]),
        (vec![json!(["C", 1, 0])], &json!("no_data"))
    );
    assert_eq!(ask("&variant_key=arm")["variants"], json!([]));
    assert_eq!(ask("&control=Z")["warnings"][0]["code"], "no_such_control");
    for (query, words) in [("", "goals: wanted"), ("&goals=Paid&weight=A:x", "weight:")] {
        let reply = server.get_with_key(
            &key,
            &format!("/api/v1/experiments?website_id={site}{query}"),
        );
        assert!(
            reply.status == 400 && reply.text.contains(words),
            "{}",
            reply.text
        );
    }
    let cookie = server.person("viewer@example.com", "viewer", &[]);
    let page = server
        .get(
            &format!("/dashboard/experiments?site={site}&goals=Paid"),
            &[("cookie", &cookie)],
        )
        .text;
    assert!(
        page.contains("B is the best with a chance of more than 99.9 %") && page.contains("30.3 %"),
        "{page}"
    );
    let empty = server
        .get(
            &format!("/dashboard/experiments?site={site}&goals=Paid&variant_key=none"),
            &[("cookie", &cookie)],
        )
        .text;
    assert!(
        empty.contains("No fire on these days says which variant"),
        "{empty}"
    );
}
