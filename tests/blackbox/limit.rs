//! Where a server turns events away: crawlers, rates, a full store, a full queue, and more at once than there is room for.
//! Nothing is dropped without a reason that someone can see.

use std::io::Read;
use std::net::TcpStream;

use serde_json::json;

use crate::server::{ORIGIN, Server, set_up, wait_for};

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

/// Stores ten megabytes of events: more than what waits between two sockets.
pub fn fill(server: &Server, key: &str, site: &str) {
    let goal = json!({ "website_id": site, "name": "x", "metadata": { "fill": "x".repeat(4000) } });
    let goals = json!(vec![&goal; 100]).to_string();
    for _ in 0..25 {
        assert_eq!(server.post_with_key(key, &goals).status, 200);
    }
}

/// Whether it is an answer that says to come again in a second.
fn is_overloaded(reply: &crate::server::Reply) -> bool {
    reply.status == 503 && reply.code() == "overloaded" && reply.header("retry-after") == Some("1")
}

#[test]
fn connections_past_the_most_are_told_so() {
    let server = Server::with(&["--connections", "3"]);
    let idle: Vec<_> = (0..3).map(|_| server.open("")).collect();
    for _ in 0..100 {
        let reply = server.get("/healthz", &[]);
        assert!(is_overloaded(&reply), "{reply:?}");
    }
    // Even those that there is no time to be polite to.
    let flood: Vec<_> = (0..200).map(|_| server.open("")).collect();
    for mut stream in flood {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    }
    drop(idle);
    wait_for("room", || {
        (server.get("/healthz", &[]).status == 200).then_some(())
    });
    assert!(server.metric("admx_connections_turned_away_total") >= 300.0);
}

#[test]
fn bodies_past_the_most_wait_a_second_for_room() {
    let (server, _, key) = set_up(&["--in-flight", "6619136"]);
    let head = format!(
        "POST /api/event HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 6600000\r\n\r\n"
    );
    // What is only announced takes no room.
    let _announced: Vec<_> = (0..10).map(|_| server.open(&head)).collect();
    let slow = server.open(format!("{head}[{}", " ".repeat(6_550_000)));
    wait_for("the body to be read", || {
        (server.metric("admx_body_bytes_in_flight") > 6_500_000.0).then_some(())
    });
    let goal = json!({ "name": "x", "metadata": { "fill": "x".repeat(2000) } });
    let goals = json!(vec![&goal; 100]).to_string();
    let reply = server.post_with_key(&key, &goals);
    assert!(is_overloaded(&reply), "{reply:?}");
    assert_eq!(server.post_with_key(&key, r#"{"name":"x"}"#).status, 200);
    drop(slow);
    wait_for("room", || {
        (server.post_with_key(&key, &goals).status == 200).then_some(())
    });
    assert_eq!(server.metric("admx_body_bytes_in_flight"), 0.0);
}

#[test]
fn live_streams_are_limited_in_all_and_by_address() {
    let server = Server::with(&[
        "--streams",
        "3",
        "--streams-address",
        "2",
        "--trusted-proxy",
        "127.0.0.1/32",
    ]);
    let listen = |address: &str| -> (String, TcpStream) {
        let mut stream = server.open(format!(
            "GET /demo/live HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {address}\r\n\r\n"
        ));
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        (String::from_utf8_lossy(&status[9..]).into_owned(), stream)
    };
    let mut open = Vec::new();
    for (address, expected) in [
        ("192.0.2.1", "200"),
        ("192.0.2.1", "200"),
        ("192.0.2.1", "503"),
        ("192.0.2.2", "200"),
        ("192.0.2.3", "503"),
    ] {
        let (status, stream) = listen(address);
        assert_eq!(status, expected, "{address}");
        open.extend((status == "200").then_some(stream));
    }
    open.clear();
    wait_for("the streams to end", || {
        (server.metric("admx_streams") == 0.0).then_some(())
    });
    assert_eq!(listen("192.0.2.1").0, "200");
}

#[test]
fn who_takes_nothing_of_an_answer_is_let_go() {
    let (server, site, key) = set_up(&["--write-timeout", "1"]);
    fill(&server, &key, &site);
    let mut slow = server.open(format!(
        "GET /api/v1/export/events.ndjson?website_id={site} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n"
    ));
    let mut head = [0; 12];
    slow.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    // The one that asks is one itself.
    wait_for("the connection to be closed", || {
        (server.metric("admx_connections") == 1.0).then_some(())
    });
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"), "an end was sent");
    assert_eq!(server.events(&key, &site).len(), 2500, "others read on");
}
