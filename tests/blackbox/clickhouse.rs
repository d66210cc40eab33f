//! Events in a ClickHouse: that nothing is lost or counted twice, whatever goes wrong, and that one can move there and back.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::engine::Engine;
use crate::server::{self, Reply, Server};

fn start(data: TempDir, engine: &Engine) -> Server {
    Server::with_environment(data, &[], &engine.environment())
}

/// A server with a site and a key.
fn ground(engine: &Engine) -> (Server, String, String) {
    let server = start(tempfile::tempdir().unwrap(), engine);
    let site = server.add_site("example.com");
    let key = server.new_key();
    (server, site, key)
}

/// Fires a goal so many times, as events with ids of their own.
fn fire(server: &Server, site: &str, key: &str, range: std::ops::Range<u32>) {
    let numbers: Vec<u32> = range.collect();
    for some in numbers.chunks(50) {
        let event = |n: &u32| {
            json!({
                "name": format!("Goal {}", n % 3),
                "website_id": site,
                "event_id": format!("0190f3c2-7d1a-4c33-8a5e-{n:012x}"),
                "user_id": format!("user-{}", n % 40),
                "metadata": {"plan": format!("p{}", n % 2), "value": 2, "currency": "EUR"},
            })
        };
        let events: Vec<_> = some.iter().map(event).collect();
        let reply = server.post_with_key(key, json!(events).to_string());
        assert_eq!(reply.status, 200, "{:.300}", reply.text);
    }
}

/// The same with so many events, all of which are there.
fn filled(engine: &Engine, count: u32) -> (Server, String, String) {
    let (server, site, key) = ground(engine);
    fire(&server, &site, &key, 0..count);
    until("all are there", || all_there(engine, count.into()));
    (server, site, key)
}

/// Fires by goal.
fn asked(server: &Server, site: &str, key: &str) -> Reply {
    let range = json!({ "from": server::day(1), "to": server::day(0) });
    let query =
        json!({ "website_id": site, "metrics": ["fires"], "dimensions": ["goal"], "range": range });
    server.post_to("/api/v1/query", key, query.to_string())
}

fn goals(server: &Server, site: &str, key: &str) -> Vec<(String, u64)> {
    let reply = asked(server, site, key);
    assert_eq!(reply.status, 200, "{}", reply.text);
    let data = reply.json()["data"].clone();
    let goal = |row: &serde_json::Value| {
        let name = row["dimensions"][0].as_str().unwrap().to_owned();
        (name, row["metrics"][0].as_u64().unwrap())
    };
    let mut goals: Vec<_> = data["rows"].as_array().unwrap().iter().map(goal).collect();
    goals.sort();
    goals
}

fn thirds(count: u64) -> Vec<(String, u64)> {
    (0..3)
        .map(|n| (format!("Goal {n}"), (count + 2 - n) / 3))
        .collect()
}

fn metric(server: &Server, name: &str) -> u64 {
    let text = server.ask("GET", "/metrics", &[], "").text;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    line.trim().parse().unwrap()
}

/// Waits until it is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn all_there(engine: &Engine, count: u64) -> bool {
    let sql = "SELECT count(), uniqExact(id), (SELECT sum(fires) FROM shop.day_sum WHERE kind = 0) FROM shop.event";
    engine.asked(sql) == Ok(format!("{count}\t{count}\t{count}"))
}

#[test]
fn events_go_there_and_answers_come_from_there() {
    let engine = Engine::start();
    let (server, site, key) = ground(&engine);
    fire(&server, &site, &key, 0..100);
    assert_eq!(goals(&server, &site, &key), thirds(100));
    until("all are there", || all_there(&engine, 100));
    assert_eq!(goals(&server, &site, &key), thirds(100));
    // A retry is counted once, wherever the first one is.
    fire(&server, &site, &key, 90..120);
    until("all are there", || all_there(&engine, 120));
    assert_eq!(goals(&server, &site, &key), thirds(120));
    assert_eq!(metric(&server, "admx_clickhouse_events_waiting"), 0);
    assert_eq!(metric(&server, "admx_clickhouse_events_shipped_total"), 120);
    assert_eq!(metric(&server, "admx_clickhouse_failing"), 0);
    // Whoever looks at the tables with tools of their own finds what was sent.
    let paid = engine.query("SELECT sum(amount), any(currency), uniqExact(visitor), countIf(pairs['plan'] = 'p1') FROM shop.event");
    assert_eq!(paid, "24000\tEUR\t40\t60");

    let owner = server.person("owner@example.com", "owner", &[]);
    let page = server
        .ask("GET", "/settings/websites", &[("cookie", &*owner)], "")
        .text;
    let place = format!("clickhouse://127.0.0.1:{}/shop", engine.port);
    assert!(
        page.contains(&place) && page.contains("All of them are there"),
        "{page}"
    );
    // Nobody else learns where that is.
    let viewer = server.person("viewer@example.com", "viewer", &[]);
    let page = server
        .ask("GET", "/settings/websites", &[("cookie", &*viewer)], "")
        .text;
    assert!(!page.contains("clickhouse://"), "{page}");

    // A command beside the server, and a start, find the same.
    let checked = server::run_with(server.data.path(), &["check"], &engine.environment());
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let again = start(server.stop(), &engine);
    assert_eq!(goals(&again, &site, &key), thirds(120));
}

#[test]
fn while_it_is_away_events_are_stored_and_it_is_said() {
    let engine = Engine::start();
    let (server, site, key) = filled(&engine, 30);
    engine.fail("503");
    fire(&server, &site, &key, 30..90);
    until("it is noticed", || {
        metric(&server, "admx_clickhouse_failing") == 1
    });
    until("it is counted", || {
        metric(&server, "admx_clickhouse_events_waiting") == 60
    });
    // Events are taken, so that nobody is to send them elsewhere; numbers there are none.
    let ready = server.ask("GET", "/readyz", &[], "");
    assert_eq!(ready.status, 200);
    assert!(
        ready.text.starts_with("ready for events; the ClickHouse"),
        "{}",
        ready.text
    );
    let reply = asked(&server, &site, &key);
    assert_eq!((reply.status, reply.code().as_str()), (503, "overloaded"));
    assert!(
        reply.text.contains("events are stored all the same"),
        "{}",
        reply.text
    );
    let owner = server.person("owner@example.com", "owner", &[]);
    let page = server
        .ask("GET", "/settings/websites", &[("cookie", &*owner)], "")
        .text;
    assert!(
        page.contains("60 wait on this server")
            && page.contains("Something has failed there since"),
        "{page}"
    );
    // A start while it is away takes events too.
    let server = start(server.stop(), &engine);
    fire(&server, &site, &key, 80..100);
    engine.work();
    until("all are there", || all_there(&engine, 100));
    assert_eq!(goals(&server, &site, &key), thirds(100));
    until("it is noticed", || {
        metric(&server, "admx_clickhouse_failing") == 0
    });
    assert_eq!(server.ask("GET", "/readyz", &[], "").text, "ready\n");
}

#[test]
fn an_answer_that_is_lost_counts_nothing_twice() {
    let engine = Engine::start();
    let (server, site, key) = filled(&engine, 10);
    engine.fail("after");
    fire(&server, &site, &key, 10..60);
    // Sent several times by then, each time done, never heard of.
    until("it is noticed", || {
        metric(&server, "admx_clickhouse_failing") == 1
    });
    std::thread::sleep(Duration::from_secs(3));
    engine.work();
    until("none waits", || {
        metric(&server, "admx_clickhouse_events_waiting") == 0
    });
    assert!(all_there(&engine, 60));
    // The same with a server that is killed in between.
    engine.fail("after");
    fire(&server, &site, &key, 60..90);
    until("it is noticed", || {
        metric(&server, "admx_clickhouse_failing") == 1
    });
    let data = server.kill();
    engine.work();
    let server = start(data, &engine);
    until("none waits", || {
        metric(&server, "admx_clickhouse_events_waiting") == 0
    });
    assert!(all_there(&engine, 90));
    assert_eq!(goals(&server, &site, &key), thirds(90));
}

#[test]
fn a_log_moves_there_and_back_and_a_copy_is_put_back() {
    let engine = Engine::start();
    let server = Server::start();
    let site = server.add_site("example.com");
    let key = server.new_key();
    fire(&server, &site, &key, 0..90);
    // While the server runs.
    let to = engine.place();
    let said = server.run(&["migrate-store", "--to", &to]);
    assert_eq!(said, "90 events of 1 days of sites are the same in both");
    assert!(all_there(&engine, 90));
    fire(&server, &site, &key, 90..99);
    let data = server.stop();
    let server = start(data, &engine);
    until("all are there", || all_there(&engine, 99));
    assert_eq!(goals(&server, &site, &key), thirds(99));

    let backup = server.data.path().join("backup");
    let beside = |arguments: &[&str]| {
        let output = server::run_with(server.data.path(), arguments, &engine.environment());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.success(),
            said,
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (went, said, _) = beside(&["backup", backup.to_str().unwrap()]);
    assert!(went, "{said}");
    fire(&server, &site, &key, 99..120);
    until("all are there", || all_there(&engine, 120));
    let (went, said, told) = beside(&["migrate-store", "--to", "sqlite"]);
    assert!(
        went && told.starts_with("120 events of 1 days"),
        "{said}{told}"
    );

    // What came after the copy goes there too.
    let data = server.stop();
    let output = server::run_with(
        data.path(),
        &["restore", data.path().join("backup").to_str().unwrap()],
        &engine.environment(),
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let server = start(data, &engine);
    until("the later ones are gone", || all_there(&engine, 99));
    assert_eq!(goals(&server, &site, &key), thirds(99));
    // Nobody else's events go into the same tables.
    let other = tempfile::tempdir().unwrap();
    let output = server::run_with(other.path(), &["migrate-store", "--to", &to], &[]);
    assert!(!output.status.success());
    server.stop();
    let other = Server::start();
    let output = server::run(other.data.path(), &["migrate-store", "--to", &to]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("the events of another log"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_taken_out_yet_keeps_no_event_from_going_there() {
    let engine = Engine::start();
    let (server, site, key) = filled(&engine, 80);
    engine.fail("changes");
    let erase = |server: &Server| {
        let arguments = ["erase", "--user", "user-1"];
        server::run_with(server.data.path(), &arguments, &engine.environment())
    };
    let refused = erase(&server);
    assert!(!refused.status.success());
    // It is known what is still to be taken out, whatever the log has.
    let shipped = rusqlite::Connection::open(server.data.path().join("shipped.db")).unwrap();
    let left = "SELECT count(*) FROM forgotten";
    let left: u32 = shipped.query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 2);
    let count = |sql: &str| engine.query(&format!("SELECT count() FROM shop.event{sql}"));
    fire(&server, &site, &key, 82..120);
    until("they go there all the same", || count("") == "118");
    until("it is noticed", || {
        metric(&server, "admx_clickhouse_failing") == 1
    });
    // It is said until it is done, and numbers are there meanwhile.
    fire(&server, &site, &key, 122..160);
    until("they go there all the same", || count("") == "156");
    assert_eq!(metric(&server, "admx_clickhouse_failing"), 1);
    assert_eq!(asked(&server, &site, &key).status, 200);
    engine.work();
    // A start tries at once.
    let server = start(server.stop(), &engine);
    until("they are taken out", || count("") == "154");
    let erased = erase(&server);
    assert!(
        erased.status.success(),
        "{}",
        String::from_utf8_lossy(&erased.stderr)
    );
    assert_eq!(count(""), "154");
    until("the sums are those of what is left", || {
        all_there(&engine, 154)
    });
}

#[test]
fn a_move_that_was_killed_goes_on_where_it_was() {
    let engine = Engine::start();
    let server = Server::start();
    let site = server.add_site("example.com");
    server.run(&[
        "seed", "--site", &site, "--days", "40", "--events", "200000",
    ]);
    let data = server.stop();
    let migrate = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_admx"));
        let to = engine.place();
        command.args(["migrate-store", "--to", &to]);
        command.env_clear().env("ADMX_DATA", data.path());
        command
    };
    let moved = || {
        engine
            .asked("SELECT count() FROM shop.event")
            .unwrap_or_default()
    };
    let mut child = migrate().stderr(Stdio::null()).spawn().unwrap();
    let is_some = |count: String| count.parse::<u64>().is_ok_and(|count| count > 0);
    until("some are there", || is_some(moved()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_ne!(moved(), "200000", "it was through before it was killed");
    let output = migrate().output().unwrap();
    let (said, told) = [output.stderr, output.stdout]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .into();
    assert!(
        output.status.success() && told.starts_with("200000 events of "),
        "{said}{told}"
    );
    assert!(told.contains("are the same in both"), "{told}");
    let there = engine.query("SELECT count(), uniqExact(id) FROM shop.event");
    assert_eq!(there, "200000\t200000");
}

#[test]
fn a_place_that_is_none_is_said_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    for (place, said) in [
        ("postgres://x", "it must begin with clickhouse://"),
        (
            "clickhouse://me:secret@h/a-b",
            "\"a-b\" can't be the name of a database",
        ),
    ] {
        let output = server::run_with(data.path(), &["check"], &[("ADMX_STORE", place.into())]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(said), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
