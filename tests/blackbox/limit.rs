//! Where a server turns events away: crawlers, rates, a full store, a full queue. Nothing is dropped without a reason that
//! someone can see.

use serde_json::json;

use crate::server::{ORIGIN, set_up, wait_for};

#[test]
fn what_is_filtered_or_refused_is_counted_with_its_reason() {
    let (server, site, key) = set_up(&[
        "--exclude-address",
        "127.0.0.7/32",
        "--trusted-proxy",
        "127.0.0.1/32",
    ]);
    let body = json!({ "website_id": site, "name": "x" }).to_string();
    let bot = server.post(
        &[
            ORIGIN,
            (
                "user-agent",
                "Googlebot/2.1 (+http://www.google.com/bot.html)",
            ),
        ],
        &body,
    );
    assert_eq!(
        (bot.status, &bot.json()["data"]["reason"]),
        (202, &json!("bot"))
    );
    let own = server.post(&[ORIGIN, ("x-forwarded-for", "127.0.0.7")], &body);
    assert_eq!(
        (own.status, &own.json()["data"]["reason"]),
        (202, &json!("excluded_address"))
    );
    assert_eq!(
        server
            .post(
                &[ORIGIN],
                json!({ "website_id": site, "name": "__x" }).to_string()
            )
            .status,
        400
    );
    assert!(server.events(&key, &site).is_empty());
    let cookie = crate::page::log_in(&server);
    let shown = wait_for("the reasons on the page", || {
        let page = server
            .get(
                &format!("/dashboard/analytics?site={site}"),
                &[("cookie", &cookie)],
            )
            .text;
        page.contains("3 not counted").then_some(page)
    });
    for reason in ["1 bot", "1 excluded address", "1 invalid name"] {
        assert!(shown.contains(reason), "{reason}");
    }
}

#[test]
fn reasons_are_counted_while_events_go_on() {
    let (server, site, key) = set_up(&[]);
    for _ in 0..30 {
        let foreign = json!({ "website_id": site, "name": "x" }).to_string();
        assert_eq!(
            server
                .post(&[("origin", "https://evil.test")], foreign)
                .status,
            403
        );
        assert_eq!(server.post_with_key(&key, r#"{"name":"x"}"#).status, 200);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(
        server.post_with_key("admx_sk_no", r#"{"name":"x"}"#).status,
        401
    );
    let cookie = crate::page::log_in(&server);
    wait_for("the reasons on the page", || {
        let path = format!("/dashboard/analytics?site={site}");
        let page = server.get(&path, &[("cookie", &cookie)]).text;
        (page.contains("30 origin not allowed") && page.contains("1 invalid api key")).then_some(())
    });
}

#[test]
fn absurd_amounts_break_no_report() {
    let (server, site, key) = set_up(&[]);
    let goal = json!({ "name": "x", "metadata": { "value": 8.9e13, "currency": "USD" } });
    for _ in 0..12 {
        assert_eq!(
            server
                .post_with_key(&key, json!(vec![&goal; 100]).to_string())
                .status,
            200
        );
    }
    let report = server.get_with_key(&key, &format!("/api/v1/analytics/goals?website_id={site}"));
    assert_eq!(
        (report.status, &report.json()["data"]["goals"][0]["fires"]),
        (200, &json!(1200))
    );
}

#[test]
fn rates_are_limited_by_address_and_by_key() {
    let (server, site, key) = set_up(&[
        "--rate-address",
        "1",
        "--rate-address-burst",
        "3",
        "--rate-key",
        "2",
        "--trusted-proxy",
        "127.0.0.1/32",
    ]);
    let body = json!({ "website_id": site, "name": "x" }).to_string();
    let from = |address: &str| server.post(&[ORIGIN, ("x-forwarded-for", address)], &body);
    for _ in 0..3 {
        assert_eq!(from("192.0.2.1").status, 200);
    }
    let limited = from("192.0.2.1");
    assert_eq!(
        (limited.status, limited.code().as_str()),
        (429, "rate_limited")
    );
    for (name, value) in [
        ("retry-after", "1"),
        ("x-ratelimit-limit", "3"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1"),
    ] {
        assert_eq!(limited.header(name), Some(value), "{name}");
    }
    assert_eq!(
        from("192.0.2.2").status,
        200,
        "another address has its own bucket"
    );
    let statuses: Vec<_> = (0..3)
        .map(|_| server.post_with_key(&key, r#"{"name":"x"}"#).status)
        .collect();
    assert_eq!(statuses, [200, 200, 429]);
}

#[test]
fn a_full_store_takes_nothing_and_says_so() {
    let (server, site, key) = set_up(&["--storage-limit", "200000"]);
    let body = |n: usize| {
        json!({ "name": "x", "metadata": { "n": n, "fill": "x".repeat(4000) } }).to_string()
    };
    let mut stored = 0;
    let full = loop {
        let reply = server.post_with_key(&key, body(stored));
        if reply.status != 200 {
            break reply;
        }
        stored += 1;
        assert!(stored < 100);
    };
    assert_eq!(
        (
            full.status,
            full.code().as_str(),
            full.header("retry-after")
        ),
        (503, "storage_full", Some("60"))
    );
    assert_eq!(
        server.events(&key, &site).len(),
        stored,
        "reads go on, and nothing half is stored"
    );
    assert!(stored > 5);
}

#[test]
fn a_queue_that_is_full_turns_away() {
    let (server, _, key) = set_up(&["--queue", "1"]);
    // Another process holds the log, so that the writer waits.
    let other = rusqlite::Connection::open(server.data.path().join("events.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let statuses = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| server.post_with_key(&key, r#"{"name":"x"}"#)))
            .collect();
        std::thread::sleep(std::time::Duration::from_millis(500));
        other.execute_batch("ROLLBACK").unwrap();
        sent.into_iter()
            .map(|t| t.join().unwrap())
            .map(|r| (r.status, r.header("retry-after").map(str::to_owned)))
            .collect::<Vec<_>>()
    });
    assert!(statuses.contains(&(503, Some("1".into()))), "{statuses:?}");
    assert!(statuses.contains(&(200, None)), "{statuses:?}");
}
