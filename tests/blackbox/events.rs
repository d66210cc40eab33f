//! Single events over the API: fires, one visitor's, who is there, and the keys of metadata.

use serde_json::{Value, json};

use crate::server::{Server, set_up};

fn get(server: &Server, key: &str, path: &str) -> Value {
    let reply = server.get_with_key(key, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()["data"].clone()
}

#[test]
fn fires_are_told_latest_first_and_page_by_page() {
    let (server, site, key) = set_up(&[]);
    let fire = |visitor: &str, minute: u32, name: &str, metadata: Value| {
        let event = json!({ "website_id": site, "anonymous_id": visitor, "name": name, "metadata": metadata,
            "url": "https://example.com/pricing?utm_source=google", "fired_at": format!("2026-11-03T10:{minute:02}:00Z") });
        assert_eq!(server.post_with_key(&key, event.to_string()).status, 200);
    };
    for minute in 0..5 {
        fire("a", minute, "Trial", json!({ "plan": "pro", "n": minute }));
    }
    fire("b", 9, "Paid", json!({ "value": 40, "currency": "EUR" }));
    let days = format!("website_id={site}&from=2026-11-01&to=2026-11-30");
    let all = get(&server, &key, &format!("/api/v1/fires?{days}"));
    assert_eq!(all["fires"].as_array().unwrap().len(), 6);
    assert_eq!(
        (&all["next"], &all["range"]["to"]),
        (&json!(null), &json!("2026-11-30"))
    );
    let paid = &all["fires"][0];
    let visitor = paid["visitor"].clone();
    assert_eq!(
        (
            &paid["name"],
            &paid["revenue"],
            &paid["channel"],
            &paid["source"],
            &paid["at"]
        ),
        (
            &json!("Paid"),
            &json!({ "currency": "EUR", "amount": 40.0 }),
            &json!("Organic Search"),
            &json!("google"),
            &json!("2026-11-03T10:09:00Z")
        )
    );
    let mut seen = Vec::new();
    let mut before = String::new();
    loop {
        let page = get(
            &server,
            &key,
            &format!(
                "/api/v1/fires?{days}&goals=Trial&filter=is:metadata.plan:pro&limit=2{before}"
            ),
        );
        seen.extend(
            page["fires"]
                .as_array()
                .unwrap()
                .iter()
                .map(|fire| fire["metadata"]["n"].clone()),
        );
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(seen, [4, 3, 2, 1, 0]);
    let journey = get(
        &server,
        &key,
        &format!("/api/v1/visitors/{visitor}?website_id={site}"),
    );
    assert_eq!(
        (&journey["visitor"], &journey["events"][0]["name"]),
        (&visitor, &json!("Paid"))
    );
    assert_eq!(
        get(&server, &key, &format!("/api/v1/metadata-keys?{days}"))["keys"],
        json!([{ "key": "n", "events": 5 }, { "key": "plan", "events": 5 }, { "key": "currency", "events": 1 }, { "key": "value", "events": 1 }])
    );
    for (path, status) in [
        ("fires?before=x", 400),
        ("fires?limit=0", 400),
        ("fires?metrics=fires", 400),
        ("visitors/999?", 404),
        ("visitors/x?", 404),
        ("live?website_id=admx_x", 404),
    ] {
        assert_eq!(
            server.get_with_key(&key, &format!("/api/v1/{path}")).status,
            status,
            "{path}"
        );
    }
    // A visitor of another site is nobody here.
    let other = server.add_site("other.test");
    let path = format!("/api/v1/visitors/{visitor}?website_id={other}");
    assert_eq!(server.get_with_key(&key, &path).status, 404);
}

#[test]
fn who_is_there_is_counted() {
    let (server, site, key) = set_up(&[]);
    let path = format!("/api/v1/live?website_id={site}");
    assert_eq!(get(&server, &key, &path), json!({ "visitors": 0 }));
    let page = json!({ "website_id": site, "anonymous_id": "a", "url": "https://example.com/" });
    assert_eq!(server.post_with_key(&key, page.to_string()).status, 200);
    assert_eq!(get(&server, &key, &path), json!({ "visitors": 1 }));
}

#[test]
fn a_query_has_its_rows_as_csv() {
    let (server, site, key) = set_up(&[]);
    for (visitor, plan, currency) in [("a", "=1", "EUR"), ("b", "x", "USD"), ("c", "x", "EUR")] {
        let event = json!({ "website_id": site, "anonymous_id": visitor, "name": "Paid", "fired_at": "2026-11-03T10:00:00Z",
            "metadata": { "plan": plan, "value": 1.5, "currency": currency } });
        assert_eq!(server.post_with_key(&key, event.to_string()).status, 200);
    }
    let asked = format!(
        "website_id={site}&metrics=fires,revenue&dimensions=metadata.plan&from=2026-11-03&to=2026-11-03&order=fires:desc"
    );
    let reply = server.get_with_key(&key, &format!("/api/v1/query.csv?{asked}"));
    assert_eq!(
        reply.text,
        "metadata.plan,fires,revenue.EUR,revenue.USD\nx,2,1.5,1.5\n'=1,1,1.5,\n"
    );
    assert_eq!(
        reply.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let first = server.get_with_key(&key, &format!("/api/v1/query.csv?{asked}&limit=1"));
    let link = first.header("link").unwrap();
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    let next = server.get_with_key(&key, next);
    assert_eq!(next.text, "metadata.plan,fires,revenue.EUR\n'=1,1,1.5\n");
    assert_eq!(next.header("link"), None);
}
