//! `/api/v1/query` and `/api/v1/funnel`: what they answer, by body and by address, and what they refuse.

use serde_json::{Value, json};

use crate::server::{Server, set_up};

const DAY: &str = "2026-11-03";

/// Four visitors on one day: `a` came from a search, tried and bought; `b` from an assistant and tried; `c` and `d` typed
/// the address; `c` and `d` are one person.
fn fill(server: &Server, site: &str, key: &str) {
    let page = |visitor: &str, minute: u32, url: &str, user: Option<&str>| {
        json!({ "anonymous_id": visitor, "url": format!("https://example.com{url}"), "user_id": user,
            "fired_at": format!("{DAY}T10:{minute:02}:00Z") })
    };
    let goal = |visitor: &str, minute: u32, name: &str, metadata: Value| {
        json!({ "anonymous_id": visitor, "name": name, "metadata": metadata, "url": "https://example.com/pricing",
            "fired_at": format!("{DAY}T10:{minute:02}:00Z") })
    };
    for mut event in [
        page("a", 0, "/?utm_source=google", None),
        page("a", 1, "/pricing", None),
        goal("a", 3, "Trial Started", json!({ "plan": "pro" })),
        goal("a", 9, "Paid", json!({ "value": 40, "currency": "EUR" })),
        goal("a", 9, "Paid", json!({ "value": 50, "currency": "EUR" })),
        page("b", 0, "/?utm_source=chatgpt.com", None),
        page("b", 5, "/pricing/team", None),
        goal("b", 9, "Trial Started", json!({ "plan": "free" })),
        page("c", 2, "/", Some("ada")),
        page("d", 2, "/", Some("ada")),
    ] {
        event["website_id"] = json!(site);
        let reply = server.post_with_key(key, event.to_string());
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

fn range() -> Value {
    json!({ "from": DAY, "to": DAY })
}

#[test]
fn every_part_is_answered_and_read_back() {
    let (server, site, key) = set_up(&[]);
    fill(&server, &site, &key);
    let dimensions = |values: &[&str]| json!(values);
    for (mut query, expected) in [
        (
            json!({ "metrics": ["fires", "visitors", "people", "pageviews", "conversion_rate", "revenue", "average_value"] }),
            json!([{ "dimensions": [], "metrics": [4, 4, 3, 6, 0.5, [{ "currency": "EUR", "amount": 90.0 }],
                [{ "currency": "EUR", "amount": 45.0 }]] }]),
        ),
        (
            json!({ "metrics": ["visitors", "conversion_rate"], "dimensions": ["channel"], "goals": ["Paid"], "order": [["channel", "asc"]] }),
            json!([
                { "dimensions": ["AI Assistants"], "metrics": [0, 0.0] },
                { "dimensions": ["Direct"], "metrics": [0, 0.0] },
                { "dimensions": ["Organic Search"], "metrics": [1, 1.0] },
            ]),
        ),
        (
            json!({ "metrics": ["fires", "conversion_rate"], "dimensions": ["goal", "source"] }),
            json!([
                { "dimensions": ["Paid", "google"], "metrics": [2, 1.0] },
                { "dimensions": ["Trial Started", "chatgpt.com"], "metrics": [1, 1.0] },
                { "dimensions": ["Trial Started", "google"], "metrics": [1, 1.0] },
            ]),
        ),
        (
            json!({ "metrics": ["pageviews"], "filters": [["or", [["has_fired", "goal", ["Paid"]], ["matches", "page", ["/PRICING/*"]]]]],
                "dimensions": ["page"], "compare": { "from": "2026-11-02", "to": "2026-11-02" } }),
            json!([
                { "dimensions": ["/"], "metrics": [1], "compare": [0] },
                { "dimensions": ["/pricing"], "metrics": [1], "compare": [0] },
                { "dimensions": ["/pricing/team"], "metrics": [1], "compare": [0] },
            ]),
        ),
    ] {
        query["website_id"] = json!(site);
        query["range"] = range();
        let reply = server.post_to("/api/v1/query", &key, query.to_string());
        assert_eq!(reply.status, 200, "{query}: {}", reply.text);
        let data = reply.json()["data"].clone();
        assert_eq!(data["rows"], expected, "{query}");
        assert_eq!(data["next"], Value::Null);
        // What was read is what is asked again.
        let again = server
            .post_to("/api/v1/query", &key, data["query"].to_string())
            .json();
        assert_eq!(again["data"], data);
    }
    let hours = server.query(
        &key,
        json!({ "website_id": site, "metrics": ["visitors"], "dimensions": ["hour"], "range": range() }),
    );
    let hours = hours.as_array().unwrap();
    assert_eq!(hours.len(), 24);
    assert_eq!(
        hours[10],
        json!({ "dimensions": dimensions(&["10"]), "metrics": [4] })
    );
    assert_eq!(
        hours[11],
        json!({ "dimensions": dimensions(&["11"]), "metrics": [0] })
    );
}

#[test]
fn an_address_asks_what_a_body_asks() {
    let (server, site, key) = set_up(&[]);
    fill(&server, &site, &key);
    let path = format!(
        "/api/v1/query?website_id={site}&metrics=fires,visitors&goals=Trial+Started&dimensions=channel,metadata.plan\
         &filter=is:source:google%7Cchatgpt.com&from={DAY}&to={DAY}&order=metadata.plan:desc&limit=1"
    );
    let reply = server.get_with_key(&key, &path);
    assert_eq!(reply.status, 200, "{}", reply.text);
    let data = reply.json()["data"].clone();
    assert_eq!(
        data["sentence"],
        "Fires and visitors of Trial Started by channel and metadata plan where source is google or chatgpt.com, \
         3 November 2026, metadata plan from Z to A, the first row"
    );
    assert_eq!(
        data["rows"],
        json!([{ "dimensions": ["Organic Search", "pro"], "metrics": [1, 1] }])
    );
    let next = data["next"].as_str().unwrap();
    let page = server
        .get_with_key(&key, &format!("{path}&cursor={next}"))
        .json()["data"]
        .clone();
    assert_eq!(
        page["rows"],
        json!([{ "dimensions": ["AI Assistants", "free"], "metrics": [1, 1] }])
    );
    assert_eq!(page["next"], Value::Null);
    let filters = "%5B%22not%22,%5B%22is%22,%22channel%22,%5B%22Direct%22%5D%5D%5D";
    let path = format!(
        "/api/v1/query?website_id={site}&metrics=visitors&filters=%5B{filters}%5D&from={DAY}&to={DAY}"
    );
    assert_eq!(
        server.get_with_key(&key, &path).json()["data"]["rows"][0]["metrics"],
        json!([2])
    );
}

#[test]
fn a_funnel_says_how_many_get_how_far_and_how_fast() {
    let (server, site, key) = set_up(&[]);
    fill(&server, &site, &key);
    let body = json!({ "website_id": site, "steps": [{ "page": "/" }, { "page": "/pricing*" }, { "goal": "Trial Started" }],
        "window_minutes": 8, "range": range() });
    let data = server
        .post_to("/api/v1/funnel", &key, body.to_string())
        .json()["data"]
        .clone();
    assert_eq!(
        data["sentence"],
        "Visitors who came to /, then came to /pricing*, then fired Trial Started, within 8 minutes, 3 November 2026"
    );
    assert_eq!(
        data["steps"],
        json!([
            { "page": "/", "visitors": 4, "share_of_first": 1.0, "share_of_previous": 1.0, "median_seconds": null },
            { "page": "/pricing*", "visitors": 2, "share_of_first": 0.5, "share_of_previous": 0.5, "median_seconds": 180.0 },
            { "goal": "Trial Started", "visitors": 1, "share_of_first": 0.25, "share_of_previous": 0.5, "median_seconds": 120.0 },
        ])
    );
    let path = format!(
        "/api/v1/funnel?website_id={site}&step=page:/&step=page:/pricing*&step=goal:Trial+Started&window_minutes=8&from={DAY}&to={DAY}"
    );
    assert_eq!(server.get_with_key(&key, &path).json()["data"], data);
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let (server, site, key) = set_up(&[]);
    for (path, body, status, expected) in [
        (
            "query",
            json!({ "metrics": ["clicks"] }),
            400,
            "metrics: \"clicks\" is none; there are fires",
        ),
        (
            "query",
            json!({ "metrics": ["fires"], "filters": [["is", "exit_page", ["/"]]] }),
            400,
            "filter by page or entry_page",
        ),
        (
            "query",
            json!({ "metrics": ["fires"], "filters": [["is", "channel", ["Ads"]]] }),
            400,
            "wanted Direct",
        ),
        (
            "query",
            json!({ "metrics": ["fires"], "website_id": "admx_x" }),
            404,
            "website_id: no such site",
        ),
        (
            "funnel",
            json!({ "steps": [{ "page": "/" }] }),
            400,
            "steps: wanted 2 to 8",
        ),
        (
            "funnel",
            json!({ "steps": [{ "page": "/" }, { "event": "x" }] }),
            400,
            "wanted {\"page\":\"/path*\"} or {\"goal\":\"Name\"}",
        ),
        (
            "funnel",
            json!({ "steps": [{ "page": "/" }, { "goal": "x" }], "window_minutes": 129_601 }),
            400,
            "window_minutes: wanted 1 to 129600",
        ),
        (
            "funnel",
            json!({ "step": [] }),
            400,
            "step: there is no such part; there are website_id, steps",
        ),
    ] {
        let reply = server.post_to(&format!("/api/v1/{path}"), &key, body.to_string());
        let message = reply.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(reply.status, status, "{body}: {message}");
        assert!(message.contains(expected), "{body}: {message}");
    }
    for (path, expected) in [
        (
            "query?metrics=fires&dimension=day",
            "dimension: there is no such part",
        ),
        (
            "query?metrics=fires&filter=source",
            "wanted operator:dimension:value|value",
        ),
        (
            "funnel?step=/pricing",
            "step: wanted page:/path or goal:Name",
        ),
    ] {
        let reply = server.get_with_key(&key, &format!("/api/v1/{path}&website_id={site}"));
        assert_eq!(reply.status, 400);
        assert!(reply.text.contains(expected), "{}", reply.text);
        assert_eq!(server.get(&format!("/api/v1/{path}"), &[]).status, 401);
    }
}
