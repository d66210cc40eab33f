//! What a server says of itself: metrics, logs, and that it lives.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::server::{ORIGIN, Server, set_up};

#[test]
fn what_happens_is_counted() {
    let (server, site, key) = set_up(&["--queue", "77"]);
    let goal = json!({ "website_id": site, "name": "Secret Goal", "url": "https://example.com/secret", "event_id": "0192d2b0-0000-7000-8000-000000000001" });
    for _ in 0..2 {
        assert_eq!(server.post(&[ORIGIN], goal.to_string()).status, 200);
    }
    let bot = [ORIGIN, ("user-agent", "Googlebot/2.1")];
    assert_eq!(server.post(&bot, goal.to_string()).status, 202);
    let two = json!([{ "name": "__x" }, { "name": "y" }]);
    assert_eq!(server.post_with_key(&key, two.to_string()).status, 200);
    assert_eq!(server.post_with_key(&key, "nonsense").status, 400);
    assert_eq!(server.post_with_key("admx_sk_no", "{}").status, 401);
    server.get("/secret", &[]);
    server.get("/docs", &[]);
    let metrics = server.get("/metrics", &[]);
    assert_eq!(
        metrics.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    for line in [
        "admx_events_stored_total 2",
        "admx_events_duplicate_total 1",
        r#"admx_events_filtered_total{reason="bot"} 1"#,
        r#"admx_events_refused_total{reason="invalid_name"} 1"#,
        r#"admx_events_refused_total{reason="invalid_body"} 1"#,
        r#"admx_events_refused_total{reason="invalid_api_key"} 1"#,
        r#"admx_requests_total{route="event",status="2xx"} 4"#,
        r#"admx_requests_total{route="event",status="4xx"} 2"#,
        r#"admx_requests_total{route="page",status="2xx"} 1"#,
        r#"admx_requests_total{route="other",status="4xx"} 1"#,
        r#"admx_requests_total{route="export",status="5xx"} 0"#,
        "admx_ingest_seconds_count 6",
        "admx_commit_events_sum 3.0",
        "admx_commit_seconds_count 3",
        "admx_queue_length 0",
        "admx_queue_capacity 77",
        "admx_requests_in_flight 1",
        "admx_body_bytes_in_flight 0",
        "admx_connections_turned_away_total 0",
        "admx_streams 0",
        r#"admx_build_info{version="0.1.0"} 1"#,
    ] {
        let is_there = metrics.text.lines().any(|told| told == line);
        assert!(is_there, "{line} is not in {}", metrics.text);
    }
    for (name, least) in [
        (r#"admx_file_bytes{file="events.db-wal"}"#, 4096.0),
        (r#"admx_file_bytes{file="accounts.db"}"#, 4096.0),
        ("admx_last_event_timestamp_seconds", 1_700_000_000.0),
        ("process_resident_memory_bytes", 4e6),
        ("process_cpu_seconds_total", 0.0),
    ] {
        assert!(server.metric(name) >= least, "{name}");
    }
    for word in ["ecret", "example.com", site.as_str()] {
        assert!(!metrics.text.contains(word), "{word}");
    }
}

#[test]
fn metrics_are_for_who_may_read_them() {
    let forwarded = ("x-forwarded-for", "192.0.2.1");
    for (who, local, through_a_proxy, with_a_key) in [
        ("local", 200, 401, 200),
        ("key", 401, 401, 200),
        ("public", 200, 200, 200),
    ] {
        let (server, _, key) = set_up(&["--metrics", who]);
        let writer = server.run(&["key", "new", "--name", "w", "--scope", "event:write"]);
        let bearer = format!("Bearer {key}");
        for (headers, expected) in [
            (&[][..], local),
            (&[forwarded], through_a_proxy),
            (&[forwarded, ("authorization", bearer.as_str())], with_a_key),
        ] {
            let status = server.get("/metrics", headers).status;
            assert_eq!(status, expected, "{who} {headers:?}");
        }
        if who == "key" {
            assert_eq!(server.get_with_key(&writer, "/metrics").status, 403);
        }
    }
}

#[test]
fn a_server_says_that_it_lives_and_can_work() {
    let server = Server::start();
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let reply = server.get(path, &[]);
        assert_eq!((reply.status, reply.text.as_str()), (200, text));
    }
}

#[test]
fn a_log_in_json_is_an_object_a_line() {
    let data = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_admx"))
        .args(["--listen", "127.0.0.1:0", "--log", "debug"])
        .env_clear()
        .env("ADMX_DATA", data.path())
        .env("ADMX_LOG_FORMAT", "json")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut objects = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(|line| line.unwrap())
        .map(|line| serde_json::from_str::<Value>(&line).unwrap_or_else(|e| panic!("{e}: {line}")));
    let mut message = |beginning: &str| {
        let said = |object: &Value| object["message"].as_str().unwrap().starts_with(beginning);
        objects.find(said).unwrap()
    };
    let address = message("admx 0.1.0 is at http://")["message"].clone();
    let address = address.as_str().unwrap().rsplit('/').next().unwrap();
    message("snippet    <script");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(b"nonsense\r\n\r\n").unwrap();
    let broke = message("a connection broke");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        (&broke["level"], &broke["target"]),
        (&json!("DEBUG"), &json!("admx::http::listen"))
    );
    assert!(broke["error"].is_string() && broke["timestamp"].is_string());
}
