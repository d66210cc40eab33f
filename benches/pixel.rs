//! What the script costs a visited page, in Chromium by WebDriver, beside Plausible's npm tracker in the same run.
//!
//! `benches/pixel` fetches Plausible's package and runs this. Prints one table; asserts nothing, since machines differ.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/blackbox/browser/driver.rs"]
#[allow(dead_code)]
mod driver;
#[path = "../tests/blackbox/browser/engine.rs"]
#[allow(dead_code)]
mod engine;
#[path = "../tests/blackbox/server.rs"]
#[allow(dead_code)]
mod server;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use driver::Browser;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use server::Server;

/// A command of the browser's own protocol.
#[derive(Debug)]
struct Cdp(&'static str, Value);

impl WebDriverCompatibleCommand for Cdp {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (axum::http::Method, Option<String>) {
        let body = json!({ "cmd": self.0, "params": self.1 });
        (axum::http::Method::POST, Some(body.to_string()))
    }
}

async fn cdp(browser: &Browser, command: &'static str, parameters: Value) -> Value {
    browser
        .client
        .issue_cmd(Cdp(command, parameters))
        .await
        .unwrap()
}

async fn open(browser: &Browser, origin: &str, name: &str) {
    let address = format!("{origin}/{name}");
    browser.client.goto(&address).await.unwrap();
}

/// Seconds of the page's main thread: in scripts, in all tasks, on the processor.
async fn metric(browser: &Browser, name: &str) -> f64 {
    let metrics = cdp(browser, "Performance.getMetrics", json!({})).await;
    let metrics = metrics["metrics"].as_array().unwrap();
    metrics.iter().find(|m| m["name"] == name).unwrap()["value"]
        .as_f64()
        .unwrap()
}

/// The page: what stands before and behind the tracker says how long it took to be there.
fn page(tracker: &str) -> String {
    format!(
        "<!doctype html><meta charset=utf-8><title>t</title>\
         <script>Object.defineProperty(Navigator.prototype,'webdriver',{{get:()=>false}})</script>\
         <script type=module>window.began=performance.now()</script>{tracker}\
         <body>{}",
        "<p>Some <a href=/two>text</a> of a page.</p>".repeat(200)
    )
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn least(all: &[f64]) -> f64 {
    all.iter().copied().fold(f64::INFINITY, f64::min)
}

const ROUNDS: usize = 15;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let plausible = std::env::args()
        .find(|argument| argument.ends_with(".js"))
        .expect("the path of Plausible's plausible.js");
    let plausible = std::fs::read_to_string(plausible).unwrap();
    let server = Server::with(&["--rate-address", "0"]);
    let site = server.add_site("admx.localhost");
    let key = server.new_key();
    let stats = format!("http://stats.localhost:{}", server.port);
    let pages = [
        ("none", String::new()),
        (
            "admx",
            // Deferred scripts and modules run in the order of the document.
            format!(
                "<script defer data-website-id={site} src={stats}/js/script.plus.js></script>\
                 <script type=module>window.ready=performance.now()</script>"
            ),
        ),
        (
            "plausible",
            format!(
                "<script type=module>import {{ init, track }} from '/plausible.js';\
                 init({{ domain: 'admx.localhost', endpoint: '{stats}/api/event', captureOnLocalhost: true, outboundLinks: true, fileDownloads: true, formSubmissions: true }});\
                 window.track = track; window.ready = performance.now()</script>"
            ),
        ),
    ];
    let mut router = Router::new()
        .route("/two", get(Html("<title>two</title>two")))
        .route(
            "/plausible.js",
            get(move || async move {
                (
                    [
                        (header::CONTENT_TYPE, "text/javascript"),
                        (header::CACHE_CONTROL, "max-age=3600"),
                    ],
                    plausible,
                )
                    .into_response()
            }),
        );
    for (name, tracker) in &pages {
        let html = page(tracker);
        router = router.route(
            &format!("/{name}"),
            get(move || async move { Html(html).into_response() }),
        );
    }
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let origin = format!(
        "http://bench.admx.localhost:{}",
        listener.local_addr().unwrap().port()
    );
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let browser = Browser::start().await;
    cdp(&browser, "Performance.enable", json!({})).await;
    println!(
        "CPU slowed four times; script and tracker from the browser's cache; {ROUNDS} loads each, in turn"
    );
    cdp(
        &browser,
        "Emulation.setCPUThrottlingRate",
        json!({ "rate": 4 }),
    )
    .await;
    let mut ready = vec![Vec::new(); pages.len()];
    let mut script = vec![Vec::new(); pages.len()];
    let mut longest = vec![Vec::new(); pages.len()];
    for round in 0..=ROUNDS {
        for (nth, (name, _)) in pages.iter().enumerate() {
            browser.client.goto("about:blank").await.unwrap();
            let before = metric(&browser, "ScriptDuration").await;
            open(&browser, &origin, name).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let after = metric(&browser, "ScriptDuration").await;
            let took = browser
                .script("return (window.ready || 0) - window.began")
                .await
                .as_f64()
                .unwrap();
            let blocked = browser
                .script("return Math.max(0, ...performance.getEntriesByType('longtask').map(e => e.duration))")
                .await
                .as_f64()
                .unwrap();
            // The first load fills the cache.
            if round > 0 {
                ready[nth].push(took);
                script[nth].push((after - before) * 1e3);
                longest[nth].push(blocked);
            }
        }
    }
    println!("| | none | admx | Plausible |\n|---|--:|--:|--:|");
    println!(
        "| until the call is there, ms (median, least) | | {:.1}, {:.1} | {:.1}, {:.1} |",
        median(ready[1].clone()),
        least(&ready[1]),
        median(ready[2].clone()),
        least(&ready[2])
    );
    println!(
        "| script CPU a page load, ms (median, least) | {:.1}, {:.1} | {:.1}, {:.1} | {:.1}, {:.1} |",
        median(script[0].clone()),
        least(&script[0]),
        median(script[1].clone()),
        least(&script[1]),
        median(script[2].clone()),
        least(&script[2])
    );

    cdp(
        &browser,
        "Emulation.setCPUThrottlingRate",
        json!({ "rate": 1 }),
    )
    .await;
    let calls = [
        ("admx", "admx.goal('Goal', {plan: 'pro'})"),
        ("plausible", "track('Goal', {props: {plan: 'pro'}})"),
    ];
    let mut cost = Vec::new();
    for (name, call) in calls {
        open(&browser, &origin, name).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        browser
            .script("window.fetch = () => Promise.resolve(new Response('{}')); navigator.sendBeacon = () => true")
            .await;
        let mut all = Vec::new();
        for _ in 0..9 {
            // A moment of one call each, as pages have them, would measure the timer; ten of a hundred are put together.
            let before = metric(&browser, "ThreadTime").await;
            browser
                .client
                .execute_async(
                    &format!(
                        "const done = arguments[0]; let left = 100;
                         (function some() {{ for (let i = 0; i < 100; i++) {call}; --left ? setTimeout(some) : setTimeout(done, 50) }})()"
                    ),
                    vec![],
                )
                .await
                .unwrap();
            all.push((metric(&browser, "ThreadTime").await - before) / 1e4 * 1e6);
        }
        cost.push(all);
    }
    println!(
        "| one call, network stubbed, µs of CPU (median, least) | | {:.1}, {:.1} | {:.1}, {:.1} |",
        median(cost[0].clone()),
        least(&cost[0]),
        median(cost[1].clone()),
        least(&cost[1])
    );

    let task = "document.body.insertAdjacentHTML('beforeend', '<p><b>x</b></p>'.repeat(5000))";
    let mut observer = Vec::new();
    for name in ["none", "admx"] {
        let mut all = Vec::new();
        for _ in 0..9 {
            open(&browser, &origin, name).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            let before = metric(&browser, "ScriptDuration").await;
            browser.script(task).await;
            all.push((metric(&browser, "ScriptDuration").await - before) * 1e3);
        }
        observer.push(least(&all));
    }
    println!(
        "| script CPU for 10,000 inserted nodes, ms (least) | {:.1} | {:.1} | |",
        observer[0], observer[1]
    );

    cdp(
        &browser,
        "Emulation.setCPUThrottlingRate",
        json!({ "rate": 4 }),
    )
    .await;
    let mut lost = 0i64;
    for _ in 0..5 {
        open(&browser, &origin, "admx").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = server
            .events(&key, &site)
            .iter()
            .filter(|e| e["name"] == "Leaving")
            .count();
        browser
            .script("for (let i = 0; i < 1000; i++) admx.goal('Leaving', {i}); location.href = '/admx?next'")
            .await;
        tokio::time::sleep(Duration::from_millis(4000)).await;
        let after = server
            .events(&key, &site)
            .iter()
            .filter(|e| e["name"] == "Leaving")
            .count();
        lost += 1000 - (after - before) as i64;
    }
    println!("| lost of 5,000 fired right before leaving, in fives | | {lost} | |");
    println!(
        "| longest task over 50 ms while loading, ms | {:.0} | {:.0} | {:.0} |",
        median(longest[0].clone()),
        median(longest[1].clone()),
        median(longest[2].clone())
    );
    open(&browser, &origin, "admx").await;
    cdp(&browser, "HeapProfiler.collectGarbage", json!({})).await;
    let before = metric(&browser, "JSHeapUsedSize").await;
    browser
        .script("for (let i = 0; i < 10000; i++) admx.goal('Memory', {i})")
        .await;
    tokio::time::sleep(Duration::from_millis(8000)).await;
    cdp(&browser, "HeapProfiler.collectGarbage", json!({})).await;
    println!(
        "| memory after 10,000 goals, KiB more | | {:.0} | |",
        (metric(&browser, "JSHeapUsedSize").await - before) / 1024.0
    );
    browser.close().await;
}
