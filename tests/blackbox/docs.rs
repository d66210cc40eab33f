//! The docs: each page answers, speaks of this server, and leads nowhere that isn't there.

use std::collections::BTreeSet;

use crate::server::Server;

/// A path of the docs, and what stands on it; BASE is where this server is reached.
const ROWS: [(&str, &[&str]); 16] = [
    (
        "/docs/ask",
        &["last 7 days", "Jaro-Winkler", "ADMX_ASK_MODEL_BUDGET"],
    ),
    ("/docs/mcp", &["BASE/mcp", "explain_change"]),
    ("/docs", &["The script", "What is stored and sent"]),
    (
        "/docs/install",
        &[
            "functions.php",
            "layout/theme.liquid",
            "next/script",
            "Svelte",
            "createElement",
        ],
    ),
    (
        "/docs/goals",
        &[
            "curl BASE/api/event",
            "fired_at",
            "Further names",
            "transaction_id",
        ],
    ),
    ("/docs/webhooks", &["Admx-Signature", "24 hours"]),
    (
        "/docs/mix",
        &["a[t] = (1 − l) x[t] + l a[t−1]", "What not to conclude"],
    ),
    (
        "/docs/payments",
        &[
            "admx.visitorId()",
            "invoice.paid",
            "transaction.completed",
            "curl -X PATCH BASE/api/v1/sites/",
        ],
    ),
    (
        "/docs/proxy",
        &[
            "proxy_pass BASE/js/script.plus.js;",
            "reverse_proxy BASE",
            "cf-connecting-ip",
        ],
    ),
    (
        "/docs/host",
        &["WantedBy=multi-user.target", "FROM debian", "admx backup"],
    ),
    (
        "/docs/script",
        &[
            "src=&quot;BASE/js/script.plus.js&quot;",
            "npm install BASE/js/admx.tgz",
            "data-require-consent",
            "data-admx-scroll-delay",
            "__admx_scroll_75",
            "?admx_debug",
        ],
    ),
    (
        "/docs/api",
        &[
            "POST /api/v1/query",
            "curl &#39;BASE/api/v1/live",
            "conversion_rate",
            "has_not_fired",
            "--from umami",
        ],
    ),
    (
        "/docs/privacy",
        &[
            "admx_vid",
            "admx_choice",
            "admx_queue",
            "admx_ignore",
            "365 days",
        ],
    ),
    (
        "/docs/csp",
        &[
            "script-src BASE 'wasm-unsafe-eval'; connect-src BASE<",
            "curl -sf BASE/js/script.plus.",
            "data-api=&quot;/stats/event&quot;",
        ],
    ),
    (
        "/docs/scaling",
        &[
            "admx migrate-store --to 'clickhouse://",
            "admx front --behind",
            "admx_clickhouse_events_waiting",
        ],
    ),
    (
        "/docs/operate",
        &[
            "curl BASE/metrics",
            "ADMX_IN_FLIGHT",
            "/readyz",
            "SIGTERM",
            "admx user link EMAIL",
            "PATCH /api/v1/sites/ID",
            "ADMX_SMTP",
            "RFC 8058",
        ],
    ),
];

#[test]
fn each_page_speaks_of_this_server_and_leads_somewhere() {
    let server = Server::start();
    let mut links = BTreeSet::new();
    for (path, stands) in ROWS {
        let reply = server.get(path, &[]);
        assert_eq!(reply.status, 200, "{path}");
        let policy = reply.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        for words in stands {
            let words = words.replace("BASE", &server.url);
            assert!(reply.text.contains(&words), "{path}: {words}");
        }
        for tag in reply.text.split("<script").skip(1) {
            assert!(
                tag.split('>').next().unwrap().contains("src="),
                "{path}: <script{tag:.60}"
            );
        }
        assert!(!reply.text.contains("style="), "{path}");
        let current = format!("<a href=\"{path}\" aria-current=\"page\">");
        assert!(reply.text.contains(&current), "{path}");
        links.extend(
            reply
                .text
                .split("href=\"/")
                .skip(1)
                .map(|rest| format!("/{}", rest.split('"').next().unwrap())),
        );
        // What a button copies is there.
        for id in reply
            .text
            .split("data-copy=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            assert!(
                reply.text.contains(&format!("<code id=\"{id}\">")),
                "{path}: {id}"
            );
        }
    }
    assert!(
        ROWS.iter().all(|(path, _)| links.contains(*path)),
        "{links:?}"
    );
    for link in links {
        let (path, part) = link.split_once('#').unwrap_or((&link, ""));
        let reply = server.get(path, &[]);
        // The dashboard leads to the login.
        assert!(
            matches!(reply.status, 200 | 303),
            "{link}: {}",
            reply.status
        );
        assert!(
            part.is_empty() || reply.text.contains(&format!("id=\"{part}\"")),
            "{link}"
        );
    }
}

#[test]
fn what_the_docs_say_of_money_runs_as_written() {
    let server = Server::start();
    let site = server.add_site("example.com");
    let key = |scope| server.run(&["key", "new", "--name", scope, "--scope", scope]);
    let keys = [
        ("paid", "/docs/goals", key("event:write")),
        ("revenue", "/docs/goals", key("event:write")),
        ("secret", "/docs/payments", key("manage")),
    ];
    for (id, page, key) in keys {
        let page = server.get(page, &[]).text;
        let (_, rest) = page.split_once(&format!("<code id=\"{id}\">")).unwrap();
        let sample = rest.split_once("</code>").unwrap().0;
        let output = std::process::Command::new("bash")
            .args(["-c", &sample.replacen("curl", "curl -fsS", 1)])
            .env("ADMX_KEY", key)
            .env("ADMX_SITE", &site)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{id}: {said} {output:?}");
        assert!(said.contains("\"status\":\"success\""), "{id}: {said}");
    }
    let fires: Vec<_> = server
        .events(&server.new_key(), &site)
        .iter()
        .map(|event| (event["name"].clone(), event["metadata"]["value"].clone()))
        .collect();
    use serde_json::json;
    assert_eq!(
        fires,
        [
            (json!("Invoice Paid"), json!(49)),
            (json!("Payment"), json!(49.90))
        ]
    );
}

#[test]
fn what_the_overlay_loads_may_be_loaded_by_any_page() {
    let server = Server::start();
    let debug = server.get("/js/debug.js", &[]);
    assert!(
        debug.text.contains("../assets/debug_bg.js"),
        "{}",
        debug.text
    );
    for (path, kind) in [
        ("/js/debug.js", "text/javascript; charset=utf-8"),
        ("/assets/debug_bg.js", "text/javascript; charset=utf-8"),
        ("/assets/debug_bg.wasm", "application/wasm"),
    ] {
        let reply = server.get(path, &[]);
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), Some(kind), "{path}");
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
    }
    // Relative to the module, not to the page.
    let glue = server.get("/assets/debug_bg.js", &[]).text;
    assert!(glue.contains("debug_bg.wasm`,import.meta.url"), "{glue}");
}
