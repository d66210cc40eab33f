//! `POST /api/event`: every row of the contract's status table, and what its fields mean.

use serde_json::{Value, json};

use crate::server::{ORIGIN, set_up};

const VISITOR: &str = "0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f";

#[test]
fn a_page_sends_what_is_right_and_hears_what_is_wrong() {
    let (server, site, key) = set_up(&[]);
    let right = json!({ "website_id": site, "anonymous_id": VISITOR, "name": "Buy", "url": "https://example.com/" });
    let with = |field: &str, value: Value| {
        let mut body = right.clone();
        body[field] = value;
        body
    };
    let metadata = |bytes: usize| json!({ "k": "x".repeat(bytes - r#"{"k":""}"#.len()) });
    let rows: Vec<(Value, u16, &str)> = vec![
        (right.clone(), 200, ""),
        (
            with("website_id", json!("admx_unknown")),
            404,
            "unknown_website",
        ),
        (with("website_id", json!(7)), 400, "invalid_field"),
        (
            with("website_id", json!(null)),
            401,
            "missing_authorization",
        ),
        (with("name", json!("x".repeat(100))), 200, ""),
        (with("name", json!("é".repeat(100))), 200, ""),
        (with("name", json!("😀".repeat(100))), 200, ""),
        (
            with("name", json!(format!(" \t{}\u{a0}", "x".repeat(100)))),
            200,
            "",
        ),
        (with("name", json!("x".repeat(101))), 400, "invalid_name"),
        (with("name", json!("")), 400, "invalid_name"),
        (with("name", json!("  ")), 400, "invalid_name"),
        (with("name", json!("a\u{7}b")), 400, "invalid_name"),
        (with("name", json!("a\nb")), 400, "invalid_name"),
        (with("name", json!("a\u{85}b")), 400, "invalid_name"),
        (with("name", json!("__x")), 400, "invalid_name"),
        (with("name", json!("__admx_scroll_51")), 400, "invalid_name"),
        (with("name", json!(7)), 400, "invalid_name"),
        (with("name", json!("__admx_scroll_50")), 200, ""),
        (with("metadata", metadata(8192)), 200, ""),
        (with("metadata", metadata(8193)), 413, "metadata_too_large"),
        (with("metadata", json!([1])), 400, "invalid_metadata"),
        (with("metadata", json!("x")), 400, "invalid_metadata"),
        (with("metadata", json!(null)), 200, ""),
        (with("event_id", json!("7")), 400, "invalid_field"),
        (with("anonymous_id", json!(7)), 400, "invalid_field"),
        (with("anonymous_id", json!("my-own-id")), 200, ""),
        (with("anonymous_id", json!(null)), 200, ""),
        (with("user_id", json!("")), 400, "invalid_field"),
        (with("user_id", json!("u-1")), 200, ""),
        (with("url", json!("data:text/html,x")), 400, "invalid_field"),
        (
            with("url", json!("blob:https://example.com/x")),
            400,
            "invalid_field",
        ),
        (with("url", json!("not an address")), 400, "invalid_field"),
        (
            with("referrer", json!("data:text/html,x")),
            400,
            "invalid_field",
        ),
        (with("age_ms", json!(-1)), 400, "invalid_field"),
        (with("age_ms", json!("1")), 400, "invalid_field"),
        (with("age_ms", json!(1e30)), 200, ""),
        (
            with("fired_at", json!("2020-01-01T00:00:00Z")),
            400,
            "invalid_field",
        ),
        (json!({ "website_id": site }), 400, "invalid_field"),
        (
            json!({ "website_id": site, "url": "https://example.com/" }),
            200,
            "",
        ),
        (
            json!({ "website_id": site, "anonymous_id": VISITOR, "user_id": "u-1" }),
            200,
            "",
        ),
        (json!([]), 400, "invalid_body"),
        (json!(vec![right.clone(); 101]), 400, "invalid_body"),
        (json!([7]), 400, "invalid_body"),
        (json!({ "raw": {} }), 400, "invalid_body"),
        (json!("x"), 400, "invalid_body"),
        (
            json!({ "website_id": site, "name": "x", "junk": "x".repeat(65_536) }),
            413,
            "body_too_large",
        ),
    ];
    let is_event = |body: &Value| body.get("name").is_some() || body.get("url").is_some();
    let stored = rows
        .iter()
        .filter(|(body, status, _)| *status == 200 && is_event(body))
        .count();
    for (body, status, code) in rows {
        let text = body.to_string();
        let reply = server.post(&[ORIGIN], &text);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{text:.200} → {}",
            reply.text
        );
        assert!(reply.json()["meta"]["request_id"].is_string());
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
    assert_eq!(server.events(&key, &site).len(), stored);
}

#[test]
fn an_origin_is_one_of_the_sites_hosts_or_the_address_is() {
    let (server, _, _) = set_up(&[]);
    let site = server.run(&["site", "add", "shop.test", "--host", "checkout.test"]);
    let rows = [
        (Some("https://shop.test"), "", 200),
        (Some("http://shop.test:8443"), "", 200),
        (Some("https://www.shop.test"), "", 200),
        (Some("https://checkout.test"), "", 200),
        (Some("https://www.checkout.test"), "", 403),
        (Some("https://notshop.test"), "", 403),
        (Some("https://shop.test.evil.test"), "", 403),
        (Some("null"), "", 403),
        (Some("null"), "https://shop.test/a", 200),
        (None, "https://www.shop.test/a", 200),
        (None, "https://evil.test/?shop.test", 403),
        (None, "", 403),
        (Some("https://evil.test"), "https://shop.test/a", 403),
    ];
    for (origin, url, status) in rows {
        let mut body = json!({ "website_id": site, "name": "x" });
        if !url.is_empty() {
            body["url"] = json!(url);
        }
        let headers: Vec<_> = origin.map(|o| ("origin", o)).into_iter().collect();
        let reply = server.post(&headers, body.to_string());
        assert_eq!(reply.status, status, "{origin:?} {url}: {}", reply.text);
        if status == 403 {
            assert_eq!(reply.code(), "origin_not_allowed");
        }
    }
}

#[test]
fn keys_are_checked_before_anything_else() {
    let (server, site, good) = set_up(&["--clock", "2030-01-01T00:00:00Z"]);
    let reads = server.run(&["key", "new", "--name", "r", "--scope", "analytics:read"]);
    let expired = server.run(&[
        "key",
        "new",
        "--name",
        "e",
        "--scope",
        "event:write",
        "--expires",
        "2029-12-31T23:59:59Z",
    ]);
    let revoked = server.run(&["key", "new", "--name", "v", "--scope", "event:write"]);
    assert_eq!(
        server.post_with_key(&revoked, r#"{"name":"x"}"#).status,
        200
    );
    let id = server
        .run(&["key", "list"])
        .lines()
        .last()
        .unwrap()
        .split('\t')
        .next()
        .unwrap()
        .to_owned();
    server.run(&["key", "revoke", &id]);
    let bearer = |key: &str| format!("Bearer {key}");
    let rows = [
        (bearer(&good), 200, ""),
        (format!("bearer {good}"), 200, ""),
        ("Basic eDp5".to_owned(), 401, "missing_authorization"),
        ("Bearer ".to_owned(), 401, "missing_authorization"),
        (bearer("admx_sk_wrong"), 401, "invalid_api_key"),
        (bearer(&expired), 401, "api_key_expired"),
        (bearer(&revoked), 401, "api_key_revoked"),
        (bearer(&reads), 403, "insufficient_scope"),
    ];
    for (authorization, status, code) in rows {
        let reply = server.post(&[("authorization", &authorization)], r#"{"name":"x"}"#);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{authorization:.20}"
        );
        assert!(
            !reply.text.contains(
                authorization
                    .split(' ')
                    .nth(1)
                    .filter(|s| !s.is_empty())
                    .unwrap_or("no secret")
            )
        );
    }
    assert_eq!(
        server.get("/api/v1/analytics/goals", &[]).code(),
        "missing_authorization"
    );
    let writes = server.run(&["key", "new", "--name", "w", "--scope", "event:write"]);
    assert_eq!(
        server
            .get_with_key(&writes, "/api/v1/analytics/goals")
            .code(),
        "insufficient_scope"
    );
    assert_eq!(
        server
            .get_with_key(
                &reads,
                &format!("/api/v1/analytics/goals?website_id={site}")
            )
            .status,
        200
    );
}

#[test]
fn a_servers_event_finds_its_site() {
    let (server, first, key) = set_up(&[]);
    let second = server.add_site("second.test");
    let count = |site: &str| server.events(&key, site).len();
    // Without an id: the workspace's first site, which is never the demo.
    assert_eq!(
        server
            .post_with_key(&key, r#"{"name":"a","user_id":"u"}"#)
            .status,
        200
    );
    assert_eq!((count(&first), count(&second)), (1, 0));
    // The site that last saw the visitor.
    let seen_on = |site: &str, origin: &str| {
        let body = json!({ "website_id": site, "anonymous_id": VISITOR, "url": origin });
        assert_eq!(
            server.post(&[("origin", origin)], body.to_string()).status,
            200
        );
    };
    let fires = || {
        assert_eq!(
            server
                .post_with_key(
                    &key,
                    json!({ "name": "b", "anonymous_id": VISITOR }).to_string()
                )
                .status,
            200
        )
    };
    seen_on(&second, "https://second.test");
    fires();
    assert_eq!((count(&first), count(&second)), (1, 2));
    std::thread::sleep(std::time::Duration::from_millis(5));
    seen_on(&first, "https://example.com");
    fires();
    assert_eq!((count(&first), count(&second)), (3, 2));
    std::thread::sleep(std::time::Duration::from_millis(5));
    seen_on(&second, "https://second.test");
    fires();
    assert_eq!((count(&first), count(&second)), (3, 4));
    // Named, it is that one; of nobody's workspace, it is unknown.
    assert_eq!(
        server
            .post_with_key(
                &key,
                json!({ "name": "c", "website_id": first }).to_string()
            )
            .status,
        200
    );
    assert_eq!(count(&first), 4);
    assert_eq!(
        server
            .post_with_key(&key, r#"{"name":"c","website_id":"admx_other"}"#)
            .code(),
        "unknown_website"
    );
}

#[test]
fn a_repeated_event_is_stored_once_and_says_so() {
    let (server, site, key) = set_up(&[]);
    let body =
        json!({ "name": "Paid", "event_id": "3f2c8b1e-9d4a-4c7e-8f10-0a1b2c3d4e5f" }).to_string();
    let first = server.post_with_key(&key, &body).json();
    let again = server.post_with_key(&key, &body);
    assert_eq!(
        first["data"],
        json!({ "event_id": "3f2c8b1e-9d4a-4c7e-8f10-0a1b2c3d4e5f", "duplicate": false })
    );
    assert_eq!(
        (again.status, &again.json()["data"]["duplicate"]),
        (200, &json!(true))
    );
    // On another site of the workspace, too: an id is stored once, ever.
    let other = server.add_site("other.test");
    let elsewhere = json!({ "name": "Paid", "website_id": other, "event_id": "3f2c8b1e-9d4a-4c7e-8f10-0a1b2c3d4e5f" });
    assert_eq!(
        server.post_with_key(&key, elsewhere.to_string()).json()["data"]["duplicate"],
        json!(true)
    );
    // Twice within one request, too.
    let twice = json!([{ "name": "P", "event_id": "3f2c8b1e-9d4a-4c7e-8f10-0a1b2c3d4e60" }, { "name": "P", "event_id": "3f2c8b1e-9d4a-4c7e-8f10-0a1b2c3d4e60" }]);
    let results = server.post_with_key(&key, twice.to_string()).json();
    assert_eq!(results["data"]["results"][0]["duplicate"], json!(false));
    assert_eq!(results["data"]["results"][1]["duplicate"], json!(true));
    assert_eq!(server.events(&key, &site).len(), 2);
}

#[test]
fn an_array_is_judged_one_by_one() {
    let (server, site, key) = set_up(&[]);
    let reply = server.post_with_key(
        &key,
        r#"[{"name":"a"},{"name":"__b"},{"name":"c","metadata":[]},{"name":"d"}]"#,
    );
    let results = reply.json()["data"]["results"].clone();
    let statuses: Vec<_> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["status"].as_u64().unwrap())
        .collect();
    assert_eq!((reply.status, statuses), (200, vec![200, 400, 400, 200]));
    let names: Vec<_> = server
        .events(&key, &site)
        .iter()
        .map(|e| e["name"].clone())
        .collect();
    assert_eq!(names, ["a", "d"]);
    // What is no event at all doesn't stop the others.
    let mixed = server
        .post_with_key(
            &key,
            r#"[{"name":"e"},7,{"name":"f","name":"f"},{"name":"g"}]"#,
        )
        .json();
    let statuses: Vec<_> = (0..4)
        .map(|n| mixed["data"]["results"][n]["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 400, 400, 200]);
    // When all are wrong, the answer is no 200.
    let reply = server.post_with_key(&key, r#"[{"name":"__a"},{"name":"b","age_ms":-1}]"#);
    assert_eq!((reply.status, reply.code().as_str()), (400, "invalid_name"));
    assert_eq!(
        reply.json()["error"]["details"]["results"][1]["error"]["code"],
        "invalid_field"
    );
    let hundred = json!(vec![json!({ "name": "x" }); 100]);
    assert_eq!(server.post_with_key(&key, hundred.to_string()).status, 200);
}

#[test]
fn time_is_the_servers_less_the_age_or_what_a_server_says() {
    let (server, site, key) = set_up(&["--clock", "2026-11-23T12:00:00Z"]);
    let rows = [
        (json!({ "name": "x" }), Ok("2026-11-23T12:00:00Z")),
        (
            json!({ "name": "x", "age_ms": 90_500 }),
            Ok("2026-11-23T11:58:29.5Z"),
        ),
        (
            json!({ "name": "x", "age_ms": 1e12 }),
            Ok("2026-11-16T12:00:00Z"),
        ),
        (
            json!({ "name": "x", "fired_at": "2020-02-29T10:00:00+02:00" }),
            Ok("2020-02-29T08:00:00Z"),
        ),
        (
            json!({ "name": "x", "fired_at": "2026-11-23T13:00:00Z" }),
            Err("invalid_field"),
        ),
        (
            json!({ "name": "x", "fired_at": "yesterday" }),
            Err("invalid_field"),
        ),
        (json!({ "name": "x", "fired_at": 7 }), Err("invalid_field")),
        (json!({ "name": "__admx_scroll_50" }), Err("invalid_name")),
    ];
    for (body, expected) in rows {
        let reply = server.post_with_key(&key, body.to_string());
        match expected {
            Ok(at) => assert_eq!(
                server.events(&key, &site).last().unwrap()["fired_at"],
                at,
                "{body}"
            ),
            Err(code) => assert_eq!((reply.status, reply.code().as_str()), (400, code), "{body}"),
        }
    }
}

#[test]
fn raw_records_are_judged_by_the_pixels_core() {
    let (server, site, key) = set_up(&["--clock", "2026-11-23T12:00:00Z"]);
    let draft = |nth: u32, rest: &str| {
        format!(
            ",\"event_id\":\"01a207ad-947a-4001-98fc-{nth:012}\",\"website_id\":\"{site}\",\"url\":\"https://example.com/a\"{rest}"
        )
    };
    let scroll = |nth, mark: u32| {
        let rest = format!(",\"name\":\"__admx_scroll_{mark}\",\"metadata\":{{\"path\":\"/a\"}}");
        draft(nth, &rest)
    };
    let view = draft(1, ",\"referrer\":\"https://google.com/\"");
    let trial = draft(2, ",\"name\":\"Trial\",\"metadata\":{\"plan\":\"pro\"}");
    let records = [
        ["1000", "p\r", "", &view].join("\t"),
        ["2000", "g\"Trial\"\r", &trial].join("\t"),
        ["2000", "g\"__no\"\r", &draft(3, ",\"name\":\"no\"")].join("\t"),
        [
            "3000",
            "s\r10\r80\r",
            "",
            &scroll(4, 50),
            &scroll(5, 75),
            &scroll(6, 90),
        ]
        .join("\t"),
        // What is no record, and what is no draft, makes no event.
        "x".into(),
        ["y", "p\r", "", &view].join("\t"),
        ["1000", "p\r", "", "}"].join("\t"),
    ]
    .join("\n");
    let raw =
        json!({ "raw": { "v": 2, "now": 5000, "anonymous_id": VISITOR, "records": records } });
    let reply = server.post(&[ORIGIN], raw.to_string());
    assert_eq!(reply.status, 200, "{}", reply.text);
    let events: Vec<_> = server
        .events(&key, &site)
        .iter()
        .map(|e| {
            (
                e["fired_at"].clone(),
                e["name"].clone(),
                e["metadata"].clone(),
            )
        })
        .collect();
    assert_eq!(
        events,
        [
            (json!("2026-11-23T11:59:56Z"), json!(null), json!(null)),
            (
                json!("2026-11-23T11:59:57Z"),
                json!("Trial"),
                json!({ "plan": "pro" })
            ),
            (
                json!("2026-11-23T11:59:58Z"),
                json!("__admx_scroll_50"),
                json!({ "path": "/a" })
            ),
            (
                json!("2026-11-23T11:59:58Z"),
                json!("__admx_scroll_75"),
                json!({ "path": "/a" })
            ),
        ]
    );
    assert_eq!(
        server.post(&[ORIGIN], raw.to_string()).json()["data"]["results"][3]["duplicate"],
        json!(true)
    );
    assert_eq!(
        server.post_with_key(&key, raw.to_string()).code(),
        "invalid_body",
        "it is the pixel's own"
    );
    for wrong in [
        json!({ "raw": { "v": 99, "now": 1, "records": "" } }),
        json!({ "raw": { "v": 2, "now": 1, "records": ["p"] } }),
    ] {
        assert_eq!(
            server.post(&[ORIGIN], wrong.to_string()).code(),
            "invalid_body"
        );
    }
}
