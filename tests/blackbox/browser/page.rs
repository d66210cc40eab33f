//! Our own pages in the browser: the demo, the dashboard that moves, and the samples for pages, run as written.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use serde_json::{Value, json};

use super::block_on;
use super::driver::Browser;
use super::site::{self, Pages};
use crate::sample::samples;
use crate::server::{Server, wait_for};

/// Waits until a script answers true.
async fn until(browser: &Browser, within: Duration, script: &str) -> Duration {
    let began = Instant::now();
    while browser.script(&format!("return ({script})")).await != json!(true) {
        assert!(
            began.elapsed() < within,
            "not within {within:?}: {script}\n{}",
            browser.script("return document.body.innerText").await
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

#[test]
fn the_demo_fires_every_kind_of_goal_and_shows_what_arrived() {
    block_on(async {
        let server = Server::start();
        let browser = Browser::start().await;
        browser
            .client
            .goto(&format!("{}/demo", server.url))
            .await
            .unwrap();
        let shows = |label: &str| {
            format!(
                "[...document.querySelectorAll('.fires strong')].some(e => e.textContent == {label:?})"
            )
        };
        let patience = Duration::from_secs(10);
        until(&browser, patience, &shows("Page view")).await;
        browser.left("[data-admx-goal]").await;
        until(&browser, patience, &shows("Pricing Click")).await;
        browser.left("#trial").await;
        until(&browser, patience, &shows("Trial Started")).await;
        browser
            .script("document.querySelector('video').play()")
            .await;
        until(&browser, patience, &shows("Video play")).await;
        browser.left("a[download]").await;
        until(&browser, patience, &shows("File download")).await;
        browser.left("a[target]").await;
        browser.close_others().await;
        until(&browser, patience, &shows("Outbound click")).await;
        browser.wheel(9000).await;
        for mark in ["50", "75", "90"] {
            until(
                &browser,
                patience,
                &shows(&format!("Scrolled past {mark} %")),
            )
            .await;
        }
        browser.left("#newsletter button").await;
        until(&browser, patience, &shows("Form submit")).await;
        let address = browser.client.current_url().await.unwrap();
        assert_eq!(
            address.query(),
            Some("topic=Goals"),
            "the form still does its work"
        );
        browser.close().await;
    });
}

#[test]
fn the_dashboard_shows_a_fire_within_a_second_without_reload() {
    block_on(async {
        let server = Server::start();
        let site = server.add_site("example.com");
        let key = server.new_key();
        let browser = Browser::start().await;
        browser.client.goto(&server.login).await.unwrap();
        browser.left("form .button").await;
        let logged_in = "!location.pathname.startsWith('/login/')";
        until(&browser, Duration::from_secs(5), logged_in).await;
        browser
            .client
            .goto(&format!("{}/dashboard/analytics?site={site}", server.url))
            .await
            .unwrap();
        browser.script("window.stays = true").await;
        assert!(
            browser
                .client
                .source()
                .await
                .unwrap()
                .contains("Nothing has arrived yet")
        );
        // The stream is open once the page has it; a fire before would be on the page already.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let row = |name: &str, fires: &str| {
            format!(
                "document.querySelector('tr[data-goal=\"{name}\"] [data-fires]')?.textContent == '{fires}'"
            )
        };
        let mut slowest = Duration::ZERO;
        for (nth, name) in ["Trial", "Trial", "__admx_scroll_50", "Trial"]
            .into_iter()
            .enumerate()
        {
            let body = json!({ "website_id": site, "name": name, "url": "https://example.com/" });
            assert_eq!(
                server
                    .post(&[("origin", "https://example.com")], body.to_string())
                    .status,
                200
            );
            let fires = match nth {
                0 => "1",
                1 => "2",
                2 => "1",
                _ => "3",
            };
            slowest = slowest.max(until(&browser, Duration::from_secs(1), &row(name, fires)).await);
        }
        println!("slowest fire to page: {slowest:?}");
        assert_eq!(browser.script("return window.stays").await, json!(true));
        assert_eq!(
            browser
                .script("return document.querySelectorAll('svg.spark title').length")
                .await,
            json!(2)
        );
        // The switch hides the goals that fire by themselves, and the range changes the days.
        browser.left("a.switch[href*='reserved=hide']").await;
        assert_eq!(browser.script("return [...document.querySelectorAll('tr[data-goal]')].map(r => r.dataset.goal)").await, json!(["Trial"]));
        let link = browser
            .client
            .find(Locator::LinkText("7 days"))
            .await
            .unwrap();
        link.click().await.unwrap();
        let address = browser.client.current_url().await.unwrap();
        assert!(
            address.query().unwrap().contains("range=7d&reserved=hide"),
            "{address}"
        );
        // The same numbers as the API's.
        let api = server
            .get_with_key(&key, &format!("/api/v1/analytics/goals?website_id={site}"))
            .json();
        assert_eq!(api["data"]["goals"][0]["fires"], 3);
        browser.close().await;
    });
}

#[test]
fn samples_for_pages_run_as_written() {
    block_on(async {
        let server = Server::start();
        server.add_site("sample.localhost");
        let key = server.new_key();
        let sample = |name: &str| {
            samples(&server)
                .into_iter()
                .find(|(n, _)| n == name)
                .unwrap()
                .1
        };
        let html = format!(
            "<!doctype html><title>t</title>{}<body>{}",
            sample("snippet"),
            sample("html")
        );
        let (listener, port) = site::listen().await;
        site::serve(
            listener,
            Pages {
                html: [("sample.localhost".to_owned(), (html, String::new()))].into(),
                ..Pages::default()
            },
        );
        let browser = Browser::start().await;
        browser
            .client
            .goto(&format!("http://sample.localhost:{port}/"))
            .await
            .unwrap();
        browser.left("button").await;
        browser.script(&sample("javascript")).await;
        let goals: Vec<Value> = wait_for("both goals", || {
            let events = server
                .get_with_key(&key, "/api/v1/export/events.ndjson")
                .text;
            let goals: Vec<_> = events
                .lines()
                .map(|l| serde_json::from_str::<Value>(l).unwrap())
                .filter(|e| !e["name"].is_null())
                .collect();
            (goals.len() == 2).then_some(goals)
        });
        let mut told: Vec<_> = goals
            .iter()
            .map(|g| json!([g["name"], g["metadata"]]))
            .collect();
        // Two moments are two requests, and either may be stored first.
        told.sort_by_key(Value::to_string);
        assert_eq!(
            told,
            [
                json!(["Pricing Click", { "plan": "pro" }]),
                json!(["Trial Started", { "plan": "pro", "value": 49, "currency": "USD" }])
            ]
        );
        browser.close().await;
    });
}

#[test]
fn pages_that_were_left_hold_no_connection_and_go_on_when_one_comes_back() {
    block_on(async {
        let server = Server::start();
        let site = server.add_site("example.com");
        let fire = |name: &str| {
            let body = json!({ "website_id": site, "name": name, "url": "https://example.com/" });
            let reply = server.post(&[("origin", "https://example.com")], body.to_string());
            assert_eq!(reply.status, 200);
        };
        fire("Trial");
        let browser = Browser::start().await;
        browser.client.goto(&server.login).await.unwrap();
        browser.left("form .button").await;
        let logged_in = "!location.pathname.startsWith('/login/')";
        until(&browser, Duration::from_secs(5), logged_in).await;
        let page = format!("{}/dashboard/analytics?site={site}", server.url);
        browser.client.goto(&page).await.unwrap();
        browser.script("window.stays = true").await;
        // Browsers have six connections for a server; a page that waited for one would wait for a minute.
        for nth in 0..8 {
            let began = Instant::now();
            let goal = format!("{}/dashboard/goals/Goal{nth}?site={site}", server.url);
            browser.client.goto(&goal).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(began.elapsed() < Duration::from_secs(10), "{nth}");
        }
        let there = browser.client.current_url().await.unwrap();
        browser.client.goto(&page).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        browser.script("window.stays = true").await;
        browser.client.goto(there.as_str()).await.unwrap();
        // What happened meanwhile is on the page that one comes back to, and what happens then.
        fire("Trial");
        browser.client.back().await.unwrap();
        let fires = |number: u32| {
            format!(
                "document.querySelector('tr[data-goal=Trial] [data-fires]')?.textContent == '{number}'"
            )
        };
        let soon = Duration::from_secs(5);
        until(&browser, soon, &fires(2)).await;
        fire("Trial");
        until(&browser, soon, &fires(3)).await;
        assert_eq!(browser.script("return window.stays").await, json!(true));
        browser.close().await;
    });
}
