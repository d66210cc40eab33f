//! The npm package, as the server gives it, in an app made with Vite, React and TypeScript (`tests/npm`): installed,
//! type-checked, built, rendered by a server, and used in a browser.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use crate::browser::driver::Browser;
use crate::server::{Server, wait_for};

/// Where `tests/run` has put Vite, React and TypeScript.
pub fn tools() -> PathBuf {
    let tools = std::env::var("ADMX_TEST_NPM").map(PathBuf::from);
    let tools = tools.unwrap_or_else(|_| {
        let cache = std::env::var("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || std::env::home_dir().unwrap().join(".cache");
        cache.unwrap_or_else(|_| home()).join("admx/tools/npm")
    });
    let modules = tools.join("node_modules");
    assert!(
        modules.is_dir(),
        "tests/run puts Vite and React into {}",
        tools.display()
    );
    modules
}

/// Runs a program and gives what it printed.
fn run(
    folder: &Path,
    program: impl AsRef<Path>,
    arguments: &[&str],
    env: &[(&str, &str)],
) -> String {
    let output = Command::new(program.as_ref())
        .args(arguments)
        .current_dir(folder)
        .envs(env.iter().copied())
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", program.as_ref().display()));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{arguments:?}: {printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}

#[test]
fn an_app_made_with_vite_and_react_counts() {
    let server = Server::start();
    let site = server.add_site("app.localhost");
    let key = server.new_key();

    let address = format!("{}/js/admx.tgz", server.url);
    let reply = server.get("/js/admx.tgz", &[("accept-encoding", "br, gzip")]);
    assert_eq!(reply.header("content-type"), Some("application/gzip"));
    assert_eq!(reply.header("content-encoding"), None);
    assert_eq!(reply.header("cache-control"), Some("public, max-age=3600"));

    // What the package is installed into stands around the app, so that the app can share its other packages.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("package.json"), r#"{"private":true}"#).unwrap();
    run(
        folder.path(),
        "npm",
        &["install", "--no-audit", "--no-fund", &address],
        &[],
    );
    let installed = folder.path().join("node_modules/admx");
    let about = std::fs::read_to_string(installed.join("package.json")).unwrap();
    let about: Value = serde_json::from_str(&about).unwrap();
    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    assert!(installed.join("LICENSE").exists());

    let app = folder.path().join("app");
    let tools = tools();
    std::fs::create_dir(&app).unwrap();
    for part in ["index.html", "package.json", "tsconfig.json", "src"] {
        let part = format!("{}/tests/npm/{part}", env!("CARGO_MANIFEST_DIR"));
        run(&app, "cp", &["-R", &part, "."], &[]);
    }
    std::os::unix::fs::symlink(&tools, app.join("node_modules")).unwrap();
    let env = [
        ("VITE_ADMX_HOST", server.url.as_str()),
        ("VITE_ADMX_WEBSITE_ID", &site),
    ];
    let vite = tools.join(".bin/vite");
    run(&app, tools.join(".bin/tsc"), &[], &[]);
    run(&app, &vite, &["build"], &env);
    let ssr = ["build", "--ssr", "src/server.tsx", "--outDir", "server"];
    run(&app, &vite, &ssr, &env);

    let rendered: Value =
        serde_json::from_str(&run(&app, "node", &["server/server.js"], &[])).unwrap();
    assert!(rendered["html"].as_str().unwrap().contains("Start a trial"));
    assert_eq!(rendered["answers"], json!([false, null, null]));
    assert_eq!(rendered["global"], false);

    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(visit(&app.join("dist"), &server, &site, &key));
}

/// Opens the built app: as it is, on a page that has stub and tag already, and where the script can't come.
async fn visit(built: &Path, server: &Server, site: &str, key: &str) {
    let tag = format!(
        r#"<script defer data-allow-automation data-website-id="{site}" src="{}/js/script.plus.js"></script>"#,
        server.url
    );
    let (stub, _) = include_str!("../../README.md")
        .split_once("<script>window.admx=")
        .and_then(|(_, rest)| rest.split_once('\n'))
        .unwrap();
    let pages = Pages {
        built: built.to_owned(),
        tagged: format!("<script>window.admx={stub}{tag}"),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!(
        "http://app.localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let router = Router::new().fallback(answer).with_state(Arc::new(pages));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

    let browser = Browser::start().await;
    let mut known = 0;
    for (path, runs) in [("/", true), ("/tagged", true), ("/blocked", false)] {
        browser
            .client
            .goto(&format!("{origin}{path}"))
            .await
            .unwrap();
        let began = Instant::now();
        while browser.script("return window.loaded").await != json!([runs, runs]) {
            assert!(began.elapsed().as_secs() < 5, "{path}: load doesn't end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for button in ["#trial", "#prices", "#checkout"] {
            browser.left(button).await;
        }
        let tags = "return document.querySelectorAll('script[data-website-id]').length";
        assert_eq!(browser.script(tags).await, json!(u8::from(runs)), "{path}");
        assert_eq!(browser.script("return failures").await, json!([]), "{path}");
        if !runs {
            let waiting = "return window.admx.q.map(([name]) => name)";
            assert_eq!(
                browser.script(waiting).await,
                json!(["goal", "identify", "goal", "goal"])
            );
            continue;
        }
        let events = wait_for("what the app fires", || {
            let events = server.events(key, site);
            (events.len() >= known + 5).then_some(events)
        });
        let told = events[known..].iter().map(|event| {
            let page = event["url"].as_str().unwrap().replace(&origin, "");
            json!([page, event["name"], event["metadata"]])
        });
        // Two moments are two requests, and either may be stored first.
        let mut told: Vec<Value> = told.collect();
        told.sort_by_key(Value::to_string);
        known = events.len();
        let visitor = browser
            .script("return /admx_vid=([^;]+)/.exec(document.cookie)[1]")
            .await;
        let mut expected = vec![
            json!([path, "App Opened", { "items": 1 }]),
            json!(["/home", null, null]),
            json!(["/home", "Trial Started", { "plan": "pro", "value": 49, "currency": "USD" }]),
            json!(["/prices", null, null]),
            json!(["/prices", "Checkout", { "visitor": visitor }]),
        ];
        expected.sort_by_key(Value::to_string);
        assert_eq!(told, expected);
    }
    browser.close().await;
    assert_eq!(known, 10);
    assert_eq!(server.events(key, site).len(), known);
    let users: i64 = rusqlite::Connection::open(server.data.path().join("events.db"))
        .and_then(|events| {
            let count = "SELECT count(*) FROM identity WHERE user = 'customer-42'";
            events.query_row(count, [], |row| row.get(0))
        })
        .unwrap();
    assert_eq!(users, 1, "the second visit says nothing new of who it is");
}

struct Pages {
    built: PathBuf,
    tagged: String,
}

/// The built files, and for every other path the app's page.
async fn answer(State(pages): State<Arc<Pages>>, uri: Uri) -> Response {
    if uri.path().starts_with("/assets/") {
        let file = pages.built.join(uri.path().trim_start_matches('/'));
        let kind = [(header::CONTENT_TYPE, "text/javascript")];
        return std::fs::read(file).map_or_else(
            |_| StatusCode::NOT_FOUND.into_response(),
            |script| (kind, script).into_response(),
        );
    }
    let html = std::fs::read_to_string(pages.built.join("index.html")).unwrap();
    match uri.path() {
        "/tagged" => {
            Html(html.replace("</head>", &format!("{}</head>", pages.tagged))).into_response()
        }
        "/blocked" => {
            let policy = "script-src 'self' 'unsafe-inline'";
            ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
        }
        _ => Html(html).into_response(),
    }
}
