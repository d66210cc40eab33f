//! What takes events out, and what commands do beside a running server: no count changes that shouldn't, and nothing is
//! left of who is to be forgotten.

use serde_json::{Value, json};

use crate::server::{Server, run, set_up, wait_for};

const VISITOR: &str = "0190f3c2-7d1a-7c33-8a5e-000000000001";

/// Keyed events, a hundred in each request.
fn post_many(
    server: &Server,
    key: &str,
    site: &str,
    requests: usize,
    make: impl Fn(usize) -> Value,
) {
    for n in 0..requests {
        let events: Vec<Value> = (0..100)
            .map(|m| {
                let mut event = make(n * 100 + m);
                event["website_id"] = json!(site);
                event
            })
            .collect();
        assert_eq!(
            server
                .post_with_key(key, Value::from(events).to_string())
                .status,
            200
        );
    }
}

fn fires(server: &Server, key: &str, site: &str) -> Value {
    server.query(key, json!({ "website_id": site, "metrics": ["fires"] }))[0]["metrics"][0].clone()
}

#[test]
fn who_is_to_be_forgotten_is_gone_from_a_running_server() {
    let (server, site, key) = set_up(&[]);
    let post = |body: Value| assert_eq!(server.post_with_key(&key, body.to_string()).status, 200);
    for (visitor, user) in [
        (VISITOR, None),
        ("phone-7", Some("ada-lovelace")),
        ("laptop-7", Some("ada-lovelace")),
        ("other", Some("bob")),
    ] {
        post(
            json!({ "name": "Seen", "anonymous_id": visitor, "user_id": user, "website_id": site }),
        );
        post(json!({ "url": "https://example.com/", "anonymous_id": visitor, "website_id": site }));
    }
    post(json!({ "name": "Paid", "user_id": "ada-lovelace", "website_id": site }));
    let visitors = || {
        let rows = server.query(
            &key,
            json!({ "website_id": site, "metrics": ["visitors", "fires"] }),
        );
        rows[0]["metrics"].clone()
    };
    assert_eq!(visitors(), json!([5, 5]));
    assert!(
        server
            .run(&["erase", "--visitor", VISITOR])
            .starts_with("2 events")
    );
    assert!(
        server
            .run(&["erase", "--user", "ada-lovelace"])
            .starts_with("5 events")
    );
    wait_for("the answer without them", || {
        (visitors() == json!([1, 1])).then_some(())
    });
    assert_eq!(server.events(&key, &site).len(), 2);
    // Who comes again is somebody new.
    post(json!({ "name": "Seen", "anonymous_id": VISITOR, "website_id": site }));
    assert_eq!(visitors(), json!([2, 2]));
    server.run(&["check"]);
    let data = server.stop();
    let log = std::fs::read(data.path().join("events.db")).unwrap();
    let holds = |text: &[u8]| log.windows(text.len()).any(|window| window == text);
    assert!(holds(b"bob") && !holds(b"ada-lovelace") && !holds(b"phone-7"));
}

#[test]
fn days_that_are_not_kept_go() {
    let (server, site, key) = set_up(&[]);
    for (n, at) in ["2026-01-05T10:00:00Z", "2026-03-05T10:00:00Z"]
        .iter()
        .enumerate()
    {
        let event = json!({ "name": format!("Old {n}"), "fired_at": at, "anonymous_id": "a", "website_id": site });
        assert_eq!(server.post_with_key(&key, event.to_string()).status, 200);
    }
    assert_eq!(
        server
            .post_with_key(
                &key,
                json!({ "name": "New", "website_id": site }).to_string()
            )
            .status,
        200
    );
    let output = run(server.data.path(), &["prune"]);
    assert_eq!(output.status.code(), Some(1));
    server.run(&["site", "keep", &site, "30"]);
    assert_eq!(
        server.run(&["prune"]),
        "example.com\t2 events taken out, 30 days kept"
    );
    let names: Vec<_> = server
        .events(&key, &site)
        .iter()
        .map(|e| e["name"].clone())
        .collect();
    assert_eq!(names, ["New"]);
    server.run(&["vacuum"]);
    server.run(&["check"]);
}

#[test]
fn commands_beside_a_busy_server_change_no_count() {
    let (server, site, key) = set_up(&["--rate-key", "0"]);
    std::thread::scope(|scope| {
        let commands = scope.spawn(|| {
            for _ in 0..6 {
                server.run(&["check"]);
            }
        });
        post_many(
            &server,
            &key,
            &site,
            700,
            |n| json!({ "name": "x", "anonymous_id": format!("v{}", n % 900) }),
        );
        commands.join().unwrap();
    });
    assert_eq!(fires(&server, &key, &site), 70_000);
    server.run(&["check"]);
}

#[test]
fn reports_outlive_the_erasing_of_the_newest_events() {
    let (server, site, key) = set_up(&["--rate-key", "0"]);
    post_many(
        &server,
        &key,
        &site,
        1,
        |_| json!({ "name": "stays", "anonymous_id": "other" }),
    );
    post_many(
        &server,
        &key,
        &site,
        340,
        |_| json!({ "name": "goes", "anonymous_id": "someone" }),
    );
    assert!(
        server
            .run(&["erase", "--visitor", "someone"])
            .starts_with("34000 events")
    );
    wait_for("the answer without them", || {
        (fires(&server, &key, &site) == 100).then_some(())
    });
    assert_eq!(
        server.run(&["seed", "--site", &site, "--days", "2", "--events", "10"]),
        "10 events stored for example.com"
    );
    server.run(&["check"]);
    post_many(
        &server,
        &key,
        &site,
        340,
        |_| json!({ "name": "comes", "anonymous_id": "another" }),
    );
    let stored = server.events(&key, &site).len();
    assert_eq!(stored, 34_110);
    let metrics = server.query(
        &key,
        json!({ "website_id": site, "metrics": ["fires", "pageviews"] }),
    );
    let answered = metrics[0]["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_u64().unwrap())
        .sum::<u64>();
    assert_eq!(answered, 34_110);
    server.run(&["check"]);
}

#[test]
fn nobody_who_is_erased_while_they_send_leaves_anything() {
    let (server, site, key) = set_up(&["--rate-key", "0"]);
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let event = json!({ "name": "x", "anonymous_id": "busy", "website_id": site, "url": "https://example.com/u/ada@lovelace.test" });
                assert_eq!(server.post_with_key(&key, event.to_string()).status, 200);
            }
        });
        for _ in 0..5 {
            std::thread::sleep(std::time::Duration::from_millis(60));
            server.run(&["erase", "--visitor", "busy"]);
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        sender.join().unwrap();
    });
    server.run(&["erase", "--visitor", "busy"]);
    assert_eq!(server.events(&key, &site).len(), 0);
    server.run(&["check"]);
    let data = server.stop();
    for name in ["events.db", "reports.db"] {
        let Ok(bytes) = std::fs::read(data.path().join(name)) else {
            // With a ClickHouse there is only the log.
            assert_eq!(name, "reports.db");
            continue;
        };
        assert!(
            !bytes.windows(12).any(|window| window == b"ada@lovelace"),
            "{name}"
        );
    }
}

#[test]
fn a_start_goes_on_with_the_sessions_there_were() {
    let (server, site, key) = set_up(&[]);
    let view = |visitor: &str| json!({ "url": "https://example.com/", "anonymous_id": visitor, "website_id": site });
    assert_eq!(
        server.post_with_key(&key, view("a").to_string()).status,
        200
    );
    // One that comes late must not hide those before it.
    let late = json!({ "url": "https://example.com/", "anonymous_id": "b", "website_id": site, "fired_at": "2026-01-05T10:00:00Z" });
    assert_eq!(server.post_with_key(&key, late.to_string()).status, 200);
    let server = Server::on(server.stop(), &[]);
    assert_eq!(
        server.post_with_key(&key, view("a").to_string()).status,
        200
    );
    let metrics = json!(["sessions", "pageviews", "bounce_rate"]);
    assert_eq!(
        server.query(&key, json!({ "website_id": site, "metrics": metrics }))[0]["metrics"],
        json!([1, 2, 0.0])
    );
}

#[test]
fn a_session_that_pruning_cuts_stays_more_than_one_page() {
    let (server, site, key) = set_up(&["--clock", "2026-11-24T12:00:00Z"]);
    for at in [
        "2026-11-23T23:58:00Z",
        "2026-11-24T00:01:00Z",
        "2026-11-24T00:05:00Z",
    ] {
        let view = json!({ "url": "https://example.com/", "anonymous_id": "a", "website_id": site, "fired_at": at });
        assert_eq!(server.post_with_key(&key, view.to_string()).status, 200);
    }
    let today = (jiff::Timestamp::now().as_second()
        - "2026-11-24T00:00:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .as_second())
        / 86_400
        + 1;
    assert!(
        server
            .run(&["prune", "--site", &site, "--days", &today.to_string()])
            .contains("1 events")
    );
    let metrics = json!(["sessions", "pageviews", "bounce_rate", "session_duration"]);
    wait_for("what is left", || {
        let rows = server.query(&key, json!({ "website_id": site, "metrics": metrics }));
        (rows[0]["metrics"] == json!([1, 2, 0.0, 240.0])).then_some(())
    });
    server.run(&["check"]);
}
