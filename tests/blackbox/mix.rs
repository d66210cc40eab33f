//! The marketing mix: what is fitted of events and spend, in the background, kept over restarts, told by API, CSV and page.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Server, set_up};

/// Weeks of data, the last of which ended before this Monday.
const WEEKS: i64 = 20;

/// What is asked everywhere.
const ASKED: &str = "outcome=revenue&goals=Buy&grain=week&control=Promotion:zero&control=Price&from=2026-06-01&to=2026-10-18";

fn date(day: i64) -> jiff::civil::Date {
    let first: jiff::civil::Date = "2026-06-01".parse().unwrap();
    first.saturating_add(jiff::SignedDuration::from_hours(24 * day))
}

/// Spend and revenue of twenty weeks: search brings more in weeks in which more is spent on it, display brings nothing.
fn fill(server: &Server, site: &str) -> String {
    let key = server.full_key();
    let mut spend = "date,channel,amount,currency\n".to_owned();
    let mut events = Vec::new();
    for week in 0..WEEKS {
        let search = 300.0 + 200.0 * (week as f64 * 1.3).sin();
        let display = 200.0 + 100.0 * (week as f64 * 0.7 + 1.0).cos();
        for day in 0..7 {
            let date = date(7 * week + day);
            spend +=
                &format!("{date},Paid Search,{search:.2},EUR\n{date},Display,{display:.2},EUR\n");
            let value = 2000.0 + 2.5 * search + 40.0 * ((week * 7 + day) as f64 * 2.7).sin();
            events.push(json!({ "website_id": site, "name": "Buy", "anonymous_id": format!("v{week}-{day}"),
                "fired_at": format!("{date}T10:00:00Z"), "metadata": { "value": (value * 100.0).round() / 100.0, "currency": "EUR" } }));
        }
    }
    for events in events.chunks(100) {
        let stored = server.post_with_key(&key, json!(events).to_string());
        assert_eq!(stored.status, 200, "{}", stored.text);
    }
    let stored = server.send(
        &key,
        "POST",
        &format!("/api/v1/spend?website_id={site}"),
        "text/csv",
        &spend,
    );
    assert_eq!(stored.status, 200, "{}", stored.text);
    key
}

fn get(server: &Server, key: &str, path: &str) -> Value {
    let reply = server.get_with_key(key, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()["data"].clone()
}

fn start(server: &Server, key: &str, site: &str) -> i64 {
    let path = format!("/api/v1/mix/fits?website_id={site}&{ASKED}");
    let reply = server.send(key, "POST", &path, "application/json", "");
    assert_eq!(reply.status, 202, "{}", reply.text);
    reply.json()["data"]["id"].as_i64().unwrap()
}

/// The answer once a fit is done. It gives way to everything else, so that it may take a while on a machine that is busy.
fn done(server: &Server, key: &str, site: &str, id: i64) -> Value {
    let path = format!("/api/v1/mix?website_id={site}&{ASKED}");
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(100) {
        let answer = get(server, key, &path);
        assert_ne!(answer["latest"]["state"], "failed", "{answer}");
        if answer["fit"]["id"] == json!(id) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("fit {id} was not done in time");
}

#[test]
fn a_fit_is_made_in_the_background_and_told_everywhere() {
    let (server, site, _) = set_up(&[]);
    let key = fill(&server, &site);
    let path = |more: &str| format!("/api/v1/mix{more}?website_id={site}&{ASKED}");
    // A promotion on two days, and a price that never changes.
    let controls = format!("date,Promotion,Price\n{},1,5\n{},1,5\n", date(10), date(50));
    let to = format!("/api/v1/controls?website_id={site}");
    let stored = server.send(&key, "POST", &to, "text/csv", &controls);
    assert_eq!(stored.status, 200, "{}", stored.text);
    // Before: a point, and nothing else.
    let before = get(&server, &key, &path(""));
    assert_eq!(before["fit"], Value::Null, "{before}");
    let preview = before["preview"].as_array().unwrap();
    assert_eq!(preview.len(), 2);
    assert!(preview[1]["roi"].as_f64().unwrap() > 1.0, "{preview:?}");
    assert_eq!(
        server.get_with_key(&key, &path("/budget")).code(),
        "not_fitted"
    );
    let id = start(&server, &key, &site);
    // Whoever asks for the same while it waits gets the same.
    assert_eq!(start(&server, &key, &site), id);
    let found = done(&server, &key, &site, id);
    let fit = &found["fit"];
    let (display, search) = (&fit["channels"][0], &fit["channels"][1]);
    assert_eq!(
        (&display["name"], &search["name"]),
        (&json!("Display"), &json!("Paid Search"))
    );
    let roi = |of: &Value, end: &str| of["roi"][end].as_f64().unwrap();
    // Of revenue made without chance and without a curve the interval is narrow, and curves bend a little.
    assert!(
        (roi(search, "mean") - 2.5).abs() < 0.75 && roi(search, "low") < roi(search, "high"),
        "{search}"
    );
    assert!(roi(search, "mean") > roi(display, "mean"), "{fit}");
    assert_eq!(
        fit["over_time"]["dates"].as_array().unwrap().len(),
        WEEKS as usize
    );
    assert_eq!(fit["over_time"]["dates"][0], "2026-06-01");
    assert_eq!(found["currency"], "EUR");
    let left_out = found["left_out"][0].as_str().unwrap();
    assert!(left_out.starts_with("Price is left out: it is the same on all days"));
    let promotion = &fit["events"][0];
    assert_eq!(
        (&promotion["name"], &fit["events"][1]),
        (&json!("Promotion"), &Value::Null)
    );
    assert!(promotion["effect"]["low"].as_f64() < promotion["effect"]["high"].as_f64());
    assert_eq!(fit["data_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        (fit["seed"].as_i64(), fit["is_of_older_data"].as_bool()),
        (Some(1), Some(false))
    );
    // Who asks in words is led to what was fitted.
    let question = json!({ "website_id": site, "question": "What did Paid Search bring?" });
    let told = server
        .post_to("/api/v1/ask", &key, question.to_string())
        .json()["data"]
        .clone();
    let link = told["link"].as_str().unwrap_or_else(|| panic!("{told}"));
    assert!(
        link.starts_with(&format!(
            "/dashboard/mix?site={site}&outcome=revenue&goals=Buy&grain=week&"
        )),
        "{link}"
    );
    let cookie = server.person("reader@example.com", "viewer", &[]);
    let shown = server.get(link, &[("cookie", &cookie)]).text;
    assert!(
        shown.contains(&format!("Fit {id} of {WEEKS} weeks")),
        "{shown}"
    );
    // The same once more, to the last digit.
    let again = start(&server, &key, &site);
    assert_ne!(again, id);
    let second = done(&server, &key, &site, again);
    for part in ["channels", "over_time", "diagnostics", "data_sha256"] {
        assert_eq!(second["fit"][part], fit[part], "{part}");
    }
    let listed = get(
        &server,
        &key,
        &format!("/api/v1/mix/fits?website_id={site}"),
    );
    assert_eq!(listed["fits"].as_array().unwrap().len(), 2);
    // A budget: all of it is spent, and within bounds.
    let budget = get(
        &server,
        &key,
        &format!("{}&total=3000&bound=Display:100:500", path("/budget")),
    );
    let spend: Vec<f64> = budget["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["spend"].as_f64().unwrap())
        .collect();
    assert!(
        (spend.iter().sum::<f64>() - 3000.0).abs() < 0.01 && (100.0..=500.001).contains(&spend[0]),
        "{budget}"
    );
    let beyond = server.get_with_key(&key, &format!("{}&total=900000", path("/budget")));
    assert_eq!(
        (beyond.status, &*beyond.code()),
        (400, "invalid_field"),
        "{}",
        beyond.text
    );
    let csv = server.get_with_key(&key, &path(".csv"));
    assert_eq!(csv.text.lines().next(), Some("date,part,mean,low,high"));
    assert_eq!(csv.text.lines().count(), 1 + WEEKS as usize * 7);
    // Numbers below 0 are numbers.
    assert!(!csv.text.contains('\''), "{}", csv.text);
    // Data that come later are told of.
    let more = format!(
        "date,channel,amount,currency\n{},Display,1.00,EUR\n",
        date(3)
    );
    server.send(
        &key,
        "POST",
        &format!("/api/v1/spend?website_id={site}"),
        "text/csv",
        &more,
    );
    assert_eq!(
        get(&server, &key, &path(""))["fit"]["is_of_older_data"],
        true
    );
    // The page has all of it.
    let cookie = server.follow(&server.login);
    let page = server.get(
        &format!("/dashboard/mix?site={site}&{ASKED}"),
        &[("cookie", &cookie)],
    );
    assert_eq!(page.status, 200);
    for part in [
        "In plain words",
        "What not to conclude",
        "Paid Search",
        "A better split",
        "Beside attribution",
        "Fit against truth",
        "What the data said",
        "The numbers have changed since this was fitted",
    ] {
        assert!(page.text.contains(part), "{part}");
    }
}

#[test]
fn a_fit_is_cancelled_or_outlives_a_restart() {
    let (server, site, _) = set_up(&[]);
    let key = fill(&server, &site);
    let id = start(&server, &key, &site);
    let path = format!("/api/v1/mix/fits/{id}?website_id={site}");
    let cancelled = server.send(&key, "DELETE", &path, "application/json", "");
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    assert_eq!(
        server
            .send(&key, "DELETE", &path, "application/json", "")
            .status,
        404
    );
    let told = get(
        &server,
        &key,
        &format!("/api/v1/mix?website_id={site}&{ASKED}"),
    );
    assert_eq!(
        (&told["latest"]["state"], &told["fit"]),
        (&json!("cancelled"), &Value::Null)
    );
    // Killed while it fits: begun anew by the next server.
    let id = start(&server, &key, &site);
    let server = Server::on(server.kill(), &[]);
    done(&server, &key, &site, id);
}

#[test]
fn what_cannot_be_told_is_refused_and_viewers_start_nothing_on_the_page() {
    let (server, site, _) = set_up(&[]);
    let key = fill(&server, &site);
    let path = format!(
        "/api/v1/mix?website_id={site}&outcome=revenue&goals=Buy&from=2026-06-01&to=2026-07-01"
    );
    let refused = get(&server, &key, &path);
    assert!(
        refused["refused"]
            .as_str()
            .unwrap()
            .contains("31 days of data"),
        "{refused}"
    );
    let path = format!("/api/v1/mix?website_id={site}&{ASKED}&channel=Affiliates");
    assert!(
        get(&server, &key, &path)["refused"]
            .as_str()
            .unwrap()
            .contains("Affiliates has no spend")
    );
    let wrong = server.get_with_key(
        &key,
        &format!("/api/v1/mix?website_id={site}&prior=Email:x:1"),
    );
    assert_eq!((wrong.status, &*wrong.code()), (400, "invalid_field"));
    let viewer = server.person("viewer@example.com", "viewer", &[]);
    let page = server.get(
        &format!("/dashboard/mix?site={site}&{ASKED}"),
        &[("cookie", &viewer)],
    );
    assert!(
        page.status == 200 && !page.text.contains("action=\"/dashboard/mix/fits\""),
        "{}",
        page.status
    );
    let form = server.form(
        "/dashboard/mix/fits",
        &viewer,
        &[("site", &*site), ("asked", ASKED)],
    );
    assert_eq!(form.status, 403);
    let owner = server.follow(&server.login);
    let form = server.form(
        "/dashboard/mix/fits",
        &owner,
        &[("site", &*site), ("asked", ASKED)],
    );
    assert_eq!(form.status, 303);
    let back = form.header("location").unwrap();
    assert!(
        back.starts_with("/dashboard/mix?site=") && back.contains("grain=week"),
        "{back}"
    );
    let page = server.get(back, &[("cookie", &owner)]);
    assert!(
        page.text.contains("Cancel the fit") || page.text.contains("In plain words"),
        "{}",
        page.text
    );
}
