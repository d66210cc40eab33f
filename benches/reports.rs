//! How long reports take: a site of N events over 30 days, made by `admx seed`, asked over HTTP on one machine.
//!
//! `cargo bench --bench reports -- [clickhouse] [EVENTS…]` (default 1000000). Prints a Markdown table a size: milliseconds at
//! the client, median of seven after one that warms up; then bytes on disk an event, the start, memory. With the word
//! `clickhouse` the same once more from there: the events are moved with `admx migrate-store`, which is timed too. It needs
//! `ADMX_TEST_CHDB`, as the tests do, or `ADMX_TEST_CLICKHOUSE` for a real server's address.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/blackbox/engine.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod engine;
#[path = "ingest/process.rs"]
#[allow(dead_code, reason = "the load's bench uses the rest")]
mod process;
#[path = "../tests/blackbox/server.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::Server;
use tempfile::TempDir;

/// Times each question is asked after the first.
const TIMES: usize = 7;

fn main() {
    let sizes: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![1_000_000]
    } else {
        sizes
    };
    let moves = std::env::args().any(|word| word == "clickhouse");
    for events in sizes {
        let data = tempfile::tempdir().expect("a temporary folder");
        let data = run(data, events);
        if moves {
            from_clickhouse(data, events);
        }
    }
}

fn run(data: TempDir, events: u64) -> TempDir {
    let site = admx(data.path(), &["site", "add", "example.com"]);
    let began = Instant::now();
    let count = events.to_string();
    admx(
        data.path(),
        &["seed", "--site", &site, "--days", "30", "--events", &count],
    );
    println!("## Reports over 30 days, {events} events\n");
    println!("Seeded in {:.0} s.\n", began.elapsed().as_secs_f64());
    let data = settle(data);
    let started = Instant::now();
    let server = Server::on(data, &[]);
    asked(&server, &site, started);
    let bytes = |name: &str| {
        ["", "-wal"]
            .iter()
            .filter_map(|end| {
                std::fs::metadata(server.data.path().join(format!("{name}{end}"))).ok()
            })
            .map(|file| file.len())
            .sum::<u64>()
    };
    let (log, reports) = (bytes("events.db"), bytes("reports.db"));
    println!(
        "On disk {:.1} bytes an event: the log {:.1}, reports {:.1}.\n",
        (log + reports) as f64 / events as f64,
        log as f64 / events as f64,
        reports as f64 / events as f64,
    );
    server.stop()
}

/// The same events, moved to a ClickHouse.
fn from_clickhouse(data: TempDir, events: u64) {
    let real = std::env::var("ADMX_TEST_CLICKHOUSE").ok();
    let engine = real.is_none().then(engine::Engine::start);
    let place = real.unwrap_or_else(|| engine.as_ref().map(engine::Engine::place).unwrap());
    println!("## The same from a ClickHouse\n");
    let began = Instant::now();
    let said = admx(data.path(), &["migrate-store", "--to", &place]);
    let took = began.elapsed().as_secs_f64();
    println!(
        "{said}: moved and compared in {took:.0} s, {:.0} events a second.",
        events as f64 / took
    );
    if let Some(engine) = &engine {
        println!(
            "The engine used {:.0} s of processor time and has {:.0} MiB.",
            process::cpu(engine.child.id()),
            process::memory(engine.child.id()).unwrap_or_default()
        );
        engine.query("OPTIMIZE TABLE shop.event FINAL");
        engine.query("OPTIMIZE TABLE shop.day_sum FINAL");
        let bytes = "SELECT table, sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'shop' GROUP BY table ORDER BY table FORMAT TSV";
        for line in engine.query(bytes).lines() {
            let (table, bytes) = line.split_once('\t').unwrap();
            let bytes: f64 = bytes.parse().unwrap();
            println!("{table}: {:.1} bytes an event.", bytes / events as f64);
        }
    }
    println!();
    let site = admx(data.path(), &["site", "list"]);
    let site = site
        .lines()
        .find(|line| line.contains("example.com"))
        .unwrap();
    let site = site
        .split_whitespace()
        .find(|word| word.starts_with("admx_"))
        .unwrap()
        .to_owned();
    let environment = [("ADMX_STORE", place.into())];
    let started = Instant::now();
    let server = Server::with_environment(data, &[], &environment);
    asked(&server, &site, started);
}

/// Asks a server everything, and prints how long that takes.
fn asked(server: &Server, site: &str, started: Instant) {
    assert_eq!(server.get("/healthz", &[]).status, 200);
    let start = started.elapsed();
    let key = admx(
        server.data.path(),
        &["key", "new", "--name", "bench", "--scope", "analytics:read"],
    );
    let memory = || process::memory(server.pid()).unwrap_or_default();
    let idle = memory();
    println!("| question | ms, median | least | rows |\n|---|--:|--:|--:|");
    let client: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(120)))
        .build()
        .into();
    let authorization = format!("Bearer {key}");
    let ask = |question: &Value| -> (f64, usize) {
        let began = Instant::now();
        let mut response = match question.as_str() {
            Some(path) => client
                .get(format!("{}{path}{site}", server.url))
                .header("authorization", &authorization)
                .call()
                .expect("an answer"),
            None => client
                .post(format!("{}/api/v1/query", server.url))
                .header("authorization", &authorization)
                .send(question.to_string())
                .expect("an answer"),
        };
        let text = response.body_mut().read_to_string().expect("its text");
        let took = began.elapsed().as_secs_f64() * 1000.0;
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        let data = &answer["data"];
        let rows = ["rows", "goals", "cohorts"];
        let rows = rows.iter().find_map(|name| data[name].as_array());
        (took, rows.map_or(0, Vec::len))
    };
    for (name, question) in questions(site) {
        ask(&question);
        let mut times: Vec<_> = (0..TIMES).map(|_| ask(&question)).collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        println!(
            "| {name} | {:.1} | {:.1} | {} |",
            times[TIMES / 2].0,
            times[0].0,
            times[0].1
        );
    }
    println!(
        "\nStart to the first answer {:.2} s, memory idle {idle:.0} MiB, after the questions {:.0} MiB.",
        start.as_secs_f64(),
        memory()
    );
}

/// Questions by name; one that is a text is an address that the site's id is put behind.
fn questions(site: &str) -> Vec<(&'static str, Value)> {
    let ask = |metrics: &[&str], dimension: Option<&str>, more: Value| {
        let mut question = json!({ "website_id": site, "metrics": metrics, "limit": 100 });
        if let Some(dimension) = dimension {
            question["dimensions"] = json!([dimension]);
        }
        if let (Some(question), Some(more)) = (question.as_object_mut(), more.as_object()) {
            question.extend(more.clone());
        }
        question
    };
    let totals = [
        "visitors",
        "pageviews",
        "sessions",
        "fires",
        "bounce_rate",
        "session_duration",
        "revenue",
    ];
    let three = json!({ "filters": [["is", "source", ["google.com", "google"]], ["is", "device", ["Desktop"]], ["is", "metadata.plan", ["pro"]]] });
    let pages = json!({ "filters": [["contains", "page", ["docs"]], ["is_not", "country", ["US"]], ["is", "entry_page", ["/", "/pricing"]]] });
    let mut all = vec![
        (
            "goals card: fires, visitors, revenue, days",
            json!("/api/v1/analytics/goals?website_id="),
        ),
        ("totals: seven figures", ask(&totals, None, json!({}))),
        (
            "by day: seven figures",
            ask(&totals, Some("day"), json!({})),
        ),
        (
            "by week: visitors",
            ask(&["visitors"], Some("week"), json!({})),
        ),
        (
            "pages by visitors",
            ask(&["visitors", "pageviews"], Some("page"), json!({})),
        ),
        (
            "entry pages",
            ask(
                &["visitors", "sessions", "bounce_rate"],
                Some("entry_page"),
                json!({}),
            ),
        ),
        (
            "exit pages",
            ask(&["visitors", "sessions"], Some("exit_page"), json!({})),
        ),
        (
            "sources",
            ask(
                &["visitors", "sessions", "fires"],
                Some("source"),
                json!({}),
            ),
        ),
        (
            "campaigns",
            ask(
                &["visitors", "sessions", "fires"],
                Some("campaign"),
                json!({}),
            ),
        ),
        ("countries", ask(&["visitors"], Some("country"), json!({}))),
        ("browsers", ask(&["visitors"], Some("browser"), json!({}))),
        ("devices", ask(&["visitors"], Some("device"), json!({}))),
    ];
    all.extend([
        (
            "one goal by source",
            ask(
                &["fires", "visitors"],
                Some("source"),
                json!({ "goals": ["Trial Started"] }),
            ),
        ),
        (
            "one goal by a key of metadata",
            ask(
                &["fires", "visitors"],
                Some("metadata.plan"),
                json!({ "goals": ["Trial Started"] }),
            ),
        ),
        (
            "three filters, one of metadata: totals",
            ask(&totals, None, three.clone()),
        ),
        (
            "three filters, one of metadata: goals",
            ask(&["fires", "visitors"], Some("goal"), three.clone()),
        ),
        (
            "three filters, one of metadata: pages",
            ask(&["visitors"], Some("page"), three),
        ),
        (
            "three filters on pages: sources",
            ask(&["visitors"], Some("source"), pages),
        ),
        (
            "channels: conversion rate of a goal",
            ask(
                &["visitors", "conversion_rate"],
                Some("channel"),
                json!({ "goals": ["Trial Started"] }),
            ),
        ),
        (
            "one goal by day, beside the days before",
            ask(
                &["fires", "visitors"],
                Some("day"),
                json!({ "goals": ["Trial Started"], "compare": { "from": "2026-01-01", "to": "2026-01-30" } }),
            ),
        ),
        ("people", ask(&["people"], None, json!({}))),
        (
            "hours of the day",
            ask(&["visitors", "fires"], Some("hour"), json!({})),
        ),
        (
            "channel, country and device at once",
            ask(
                &["visitors"],
                None,
                json!({ "dimensions": ["channel", "country", "device"] }),
            ),
        ),
        (
            "pages of those who fired a goal, or came from a campaign",
            ask(
                &["visitors"],
                Some("page"),
                json!({ "filters": [["or", [["has_fired", "goal", ["Trial Started"]], ["is_not", "campaign", [""]]]]] }),
            ),
        ),
        (
            "attribution: eleven models, by channel",
            json!("/api/v1/attribution?goals=Trial+Started&website_id="),
        ),
        (
            "cohorts by week of the first visit, who came back",
            json!("/api/v1/cohorts?website_id="),
        ),
        (
            "cohorts by week, what they brought",
            json!("/api/v1/cohorts?measure=revenue&website_id="),
        ),
    ]);
    all
}

/// Starts and stops once, so that days that are over are merged and summed before they are measured.
fn settle(data: TempDir) -> TempDir {
    let server = Server::on(data, &[]);
    let reports = rusqlite::Connection::open(server.data.path().join("reports.db")).unwrap();
    let (mut quiet, mut before) = (0, 0);
    while quiet < 8 {
        std::thread::sleep(Duration::from_millis(500));
        let sums = "SELECT count(*) + (SELECT count(*) FROM part) FROM sums";
        let sums: i64 = reports.query_row(sums, [], |row| row.get(0)).unwrap();
        quiet = if sums == before { quiet + 1 } else { 0 };
        before = sums;
    }
    server.stop()
}

/// Runs a command and gives what it prints.
fn admx(data: &Path, words: &[&str]) -> String {
    let output = server::run(data, words);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
