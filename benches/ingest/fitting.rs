//! Events at a pace, while nothing else is done and while a marketing mix is fitted: 730 days, four channels.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::drive::{Answers, paced};
use crate::process::cpu;
use crate::{FLAGS, Ours, WARM_UP, server};

const DAYS: i64 = 730;
const CHANNELS: [(&str, f64); 4] = [
    ("Paid Search", 0.9),
    ("Paid Social", 1.7),
    ("Display", 2.3),
    ("Email", 3.1),
];
const ASKED: &str = "outcome=fires&goals=Buy&grain=day";

/// Fires and spend of two years.
fn fill(ours: &Ours, key: &str) {
    let mut spend = "date,channel,amount,currency\n".to_owned();
    let mut events = Vec::new();
    for before in (1..=DAYS).rev() {
        let day = server::day(before);
        for (channel, speed) in CHANNELS {
            let amount = 200.0 + 150.0 * (before as f64 * speed).sin();
            spend += &format!("{day},{channel},{amount:.2},EUR\n");
        }
        let fires = 8 + (before * before) % 7 + i64::from((before as f64 * 0.9).sin() > 0.0) * 4;
        for fire in 0..fires {
            events.push(json!({ "website_id": ours.site, "name": "Buy", "anonymous_id": format!("f{before}-{fire}"), "fired_at": format!("{day}T10:00:00Z") }));
        }
    }
    for events in events.chunks(100) {
        let stored = ours.server.post_with_key(key, json!(events).to_string());
        assert_eq!(stored.status, 200, "{}", stored.text);
    }
    let path = format!("/api/v1/spend?website_id={}", ours.site);
    let stored = ours.server.send(key, "POST", &path, "text/csv", &spend);
    assert_eq!(stored.status, 200, "{}", stored.text);
}

fn get(ours: &Ours, key: &str) -> Value {
    let path = format!("/api/v1/mix?website_id={}&{ASKED}", ours.site);
    ours.server.get_with_key(key, &path).json()["data"].clone()
}

pub fn run(pace: usize, connections: usize, time: Duration) {
    let (server, site, key) = server::set_up(&FLAGS);
    let full = server.full_key();
    let ours = Ours {
        server,
        site,
        key,
        acknowledged: 0,
    };
    fill(&ours, &full);
    println!(
        "\n## {pace} events a second from browsers, {connections} connections, while a marketing mix is fitted\n\n\
         | | events/s | p50 / p99 / max, ms | p99 by idle's |\n|---|--:|--:|--:|"
    );
    let requests = ours.browser();
    let port = ours.server.port;
    paced(port, &requests, connections, pace, WARM_UP);
    let row = |name: &str, answers: &Answers, idle: &Answers| {
        assert_eq!(answers.refused, 0, "answers other than 200");
        println!(
            "| {name} | {:.0} | {:.2} / {:.2} / {:.1} | {:.2} |",
            answers.rate(),
            answers.percentile(0.5),
            answers.percentile(0.99),
            answers.max.as_secs_f64() * 1e3,
            answers.percentile(0.99) / idle.percentile(0.99)
        );
    };
    let before = paced(port, &requests, connections, pace, time);
    row("idle", &before, &before);
    let path = format!("/api/v1/mix/fits?website_id={}&{ASKED}", ours.site);
    let (began, used) = (Instant::now(), cpu(ours.server.pid()));
    let asked = ours.server.send(&full, "POST", &path, "", "");
    assert_eq!(asked.status, 202, "{}", asked.text);
    // Past its start.
    std::thread::sleep(Duration::from_secs(1));
    let during = paced(port, &requests, connections, pace, time);
    let is_running = get(&ours, &full)["latest"]["state"] == "waiting";
    row("while it is fitted", &during, &before);
    let after = server::wait_for("the fit", || {
        let now = get(&ours, &full);
        assert_ne!(now["latest"]["state"], "failed", "{now}");
        (now["fit"] != Value::Null).then_some(now)
    });
    println!(
        "\nThe fit took {:.1} s beside that, {:.1} CPU s of the server in all; R-hat {:.3}.{}",
        began.elapsed().as_secs_f64(),
        cpu(ours.server.pid()) - used,
        after["fit"]["diagnostics"]["r_hat"].as_f64().unwrap(),
        match is_running {
            true => "",
            false => " It was done before the clock was: take fewer --seconds.",
        }
    );
}
