//! A case: a page, what a visitor does, what must have arrived, and nothing else. All cases of a mode run in one
//! browser, each on a host of its own, so that none sees another's storage.

use std::time::Duration;

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::driver::Browser;
use super::engine::Engine;
use super::rows::{self, rows};
use super::site::{self, Pages};
use crate::server::Server;

/// What stands in WebAssembly's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Wasm,
    /// A policy without `'wasm-unsafe-eval'`.
    Refused,
    /// A browser without it.
    Deleted,
}

/// What a visitor does.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Left(&'static str),
    Middle(&'static str),
    Right(&'static str),
    Control(&'static str),
    /// Gives an element the focus and presses a key.
    Press(&'static str, Key),
    Script(&'static str),
    /// Opens a path of the same site.
    Open(&'static str),
    Back,
    Wheel(i64),
    Wait(u64),
}

/// A case.
pub struct Row {
    pub name: &'static str,
    /// Attributes of the script tag.
    pub tag: &'static str,
    /// What the page's policy says beside the mode's.
    pub policy: &'static str,
    /// What stands in the head before the script tag.
    pub head: &'static str,
    pub script: &'static str,
    pub body: &'static str,
    pub steps: Vec<Step>,
    /// Goals that must have arrived: name and metadata. `$ORIGIN`, `$HOST` and `$PORT` are the page's.
    pub goals: Vec<(&'static str, Value)>,
    /// Page views that must have arrived: what follows the host.
    pub views: Vec<&'static str>,
    /// Whether the pixel does nothing on the page that is left at the end.
    pub is_silent: bool,
    /// A script whose value must be true on the page at the end.
    pub holds: &'static str,
}

/// A case on a plain page at `/`.
pub fn row(
    name: &'static str,
    body: &'static str,
    steps: Vec<Step>,
    goals: Vec<(&'static str, Value)>,
) -> Row {
    Row {
        name,
        tag: "",
        policy: "",
        head: "",
        script: "script.plus.js",
        body,
        steps,
        goals,
        views: vec!["/"],
        is_silent: false,
        holds: "true",
    }
}

impl Row {
    /// The same with page views of these addresses.
    pub fn with_views(self, views: Vec<&'static str>) -> Row {
        Row { views, ..self }
    }
}

/// What a page that sees an error of anybody's remembers. Automation doesn't show, as it wouldn't with a person.
const WATCH: &str = "Object.defineProperty(Navigator.prototype,'webdriver',{get:()=>false,configurable:true});window.errors=[];addEventListener('error',e=>errors.push(e.message));\
                     addEventListener('unhandledrejection',e=>errors.push(String(e.reason)));\
                     window.lines=[];for(const k of ['log','info','warn','error']){const f=console[k];console[k]=(...a)=>{lines.push(a.join(' '));f(...a)}}";

fn html(row: &Row, mode: Mode, website_id: &str, collector: &str) -> String {
    let Row {
        tag,
        head,
        script,
        body,
        ..
    } = row;
    let deleted = if mode == Mode::Deleted {
        "delete window.WebAssembly;"
    } else {
        ""
    };
    let tag = format!(
        "<script defer data-website-id=\"{website_id}\" {tag} src=\"{collector}/js/{script}\"></script>"
    );
    let body = body.replace("$TAG", &tag);
    format!(
        "<!doctype html><meta charset=utf-8><title>t</title><script>{deleted}{WATCH}</script>{head}{tag}<body>{body}"
    )
}

async fn act(browser: &Browser, step: Step, origin: &str) {
    match step {
        Step::Left(css) => browser.left(css).await,
        Step::Middle(css) => browser.middle(css).await,
        Step::Right(css) => browser.right(css).await,
        Step::Control(css) => browser.press(css, 0, Some(Key::Control)).await,
        Step::Press(css, key) => {
            browser
                .script(&format!("document.querySelector({css:?}).focus()"))
                .await;
            browser.key(key).await;
        }
        Step::Script(code) => drop(browser.script(code).await),
        Step::Open(path) => browser
            .client
            .goto(&format!("{origin}{path}"))
            .await
            .unwrap(),
        Step::Back => browser.client.back().await.unwrap(),
        Step::Wheel(pixels) => browser.wheel(pixels).await,
        Step::Wait(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
    }
}

/// Runs every case in this mode and says all that is wrong at the end.
pub fn run(engine: Engine, mode: Mode) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Server::with(&["--rate-address", "0"]);
        let website_id = server.add_site("admx.localhost");
        let key = server.new_key();
        let collector = format!("http://stats.localhost:{}", server.port);
        let (listener, port) = site::listen().await;
        let host = |nth: usize| format!("row{nth}.admx.localhost");
        let rows: Vec<Row> = rows();
        let only = std::env::var("ADMX_TEST_ROW").unwrap_or_default();
        let rows: Vec<Row> = rows
            .into_iter()
            .filter(|row| row.name.contains(&only) && rows::missing(engine, row.name).is_none())
            .collect();
        let html = rows
            .iter()
            .enumerate()
            .map(|(nth, row)| {
                let policy = match mode {
                    Mode::Refused => format!(
                        "script-src 'self' 'unsafe-inline' {collector}; {}",
                        row.policy
                    ),
                    _ => row.policy.to_owned(),
                };
                (
                    host(nth),
                    (html(row, mode, &website_id, &collector), policy),
                )
            })
            .collect();
        site::serve(
            listener,
            Pages {
                html,
                collector: server.url.clone(),
                ..Pages::default()
            },
        );

        let browser = Browser::of(engine).await;
        let mut wrong = Vec::new();
        for (nth, row) in rows.iter().enumerate() {
            let origin = format!("http://{}:{port}", host(nth));
            browser.client.goto(&format!("{origin}/")).await.unwrap();
            for step in &row.steps {
                act(&browser, *step, &origin).await;
            }
            browser.close_others().await;
            let there = browser.client.current_url().await.unwrap();
            if there.as_str().starts_with(&origin) {
                let errors = browser.script("return window.errors").await;
                if errors != json!([]) {
                    wrong.push(format!("{}: the page saw {errors}", row.name));
                }
                let lines = browser
                    .script("return window.lines.filter(l => l.startsWith('admx')).length")
                    .await;
                if lines.as_u64().unwrap_or(9) > 1 {
                    wrong.push(format!("{}: {lines} console lines", row.name));
                }
                let refused = browser
                    .script("return window.lines.some(l => l.includes('wasm-unsafe-eval'))")
                    .await;
                if !row.is_silent && refused != json!(mode != Mode::Wasm) {
                    wrong.push(format!("{}: the line about wasm: {refused}", row.name));
                }
                let holds = browser.script(&format!("return ({})", row.holds)).await;
                if holds != json!(true) {
                    wrong.push(format!("{}: {} is {holds}", row.name, row.holds));
                }
            }
        }
        // Leaving the last page sends what it still holds.
        browser.client.goto("about:blank").await.unwrap();

        let expected: Vec<Vec<Value>> = rows
            .iter()
            .enumerate()
            .map(|(nth, row)| expected(row, &host(nth), port))
            .collect();
        let total: usize = expected.iter().map(Vec::len).sum();
        for _ in 0..100 {
            if server.events(&key, &website_id).len() >= total {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        browser.close().await;
        let events = server.events(&key, &website_id);
        for (nth, row) in rows.iter().enumerate() {
            let mut expected = expected[nth].clone();
            let mut found = found(&events, &format!("http://{}:{port}", host(nth)));
            expected.sort_by_key(Value::to_string);
            found.sort_by_key(Value::to_string);
            if expected != found {
                wrong.push(format!(
                    "{}:\n    wanted {}\n    found  {}",
                    row.name,
                    json!(expected),
                    json!(found)
                ));
            }
        }
        assert!(
            wrong.is_empty(),
            "{engine:?}, {mode:?}, {} wrong of {} rows:\n{}",
            wrong.len(),
            rows.len(),
            wrong.join("\n")
        );
    });
}

fn expected(row: &Row, host: &str, port: u16) -> Vec<Value> {
    let fill = |value: &Value| -> Value {
        let text = value.to_string();
        let text = text
            .replace("$ORIGIN", &format!("http://{host}:{port}"))
            .replace("$HOST", &format!("{host}:{port}"))
            .replace("$PORT", &port.to_string());
        serde_json::from_str(&text).unwrap()
    };
    let goals = row
        .goals
        .iter()
        .map(|(name, metadata)| json!([name, fill(metadata)]));
    goals
        .chain(row.views.iter().map(|path| json!(["view", path])))
        .collect()
}

/// What arrived from pages of this origin, in the form of [`expected`].
fn found(events: &[Value], origin: &str) -> Vec<Value> {
    let of_row = events
        .iter()
        .filter_map(|event| Some((event, event["url"].as_str()?.strip_prefix(origin)?)));
    of_row
        .map(|(event, path)| match event["name"].as_str() {
            Some(name) => json!([name, event["metadata"]]),
            None if path.len() > 1900 => json!(["view", "/long?…"]),
            None => json!(["view", path]),
        })
        .collect()
}
