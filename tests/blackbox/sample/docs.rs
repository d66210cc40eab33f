//! Every code sample of the docs' pages runs, or is read by what would run it; where neither can be here, the table says
//! why.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::plain;
use crate::server::{Server, set_up, wait_for};

/// What becomes of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// A test below runs it.
    Runs,
    /// `browser::sample` opens it in Chromium, and what it fires arrives.
    Browser,
    /// esbuild reads it: the frameworks themselves aren't among what tests install.
    Parses(&'static str),
    /// Not here, because.
    Not(&'static str),
}

use How::{Browser, Not, Parses, Runs};

/// Each sample: its page, its id, and what becomes of it.
const TABLE: [(&str, &str, How); 36] = [
    (
        "scaling",
        "store",
        Not(
            "a ClickHouse of yours: `clickhouse` runs the same lines with the address of one of its own",
        ),
    ),
    (
        "scaling",
        "front",
        Not("addresses of yours: `front` runs the same line with some of its own"),
    ),
    ("ask", "model-ollama", Runs),
    ("ask", "model-llama", Runs),
    ("ask", "model-vllm", Runs),
    ("ask", "model-vendor", Runs),
    (
        "mcp",
        "claude-code",
        Not(
            "a program that logs in elsewhere: `mcp` speaks the same protocol by three other clients",
        ),
    ),
    ("mcp", "claude-desktop", Parses("json")),
    ("mcp", "cursor", Parses("json")),
    ("install", "tag", Browser),
    (
        "install",
        "wordpress-php",
        Not("PHP and WordPress for one line: that the line is the tag is held below"),
    ),
    ("install", "shopify-cart", Browser),
    ("install", "next-layout", Parses("jsx")),
    ("install", "package-load", Parses("js")),
    ("install", "react", Parses("jsx")),
    (
        "install",
        "vue",
        Not("Vue's compiler: its script is read, and `npm` calls the same function in an app"),
    ),
    (
        "install",
        "svelte",
        Not("Svelte's compiler: its script is read, and `npm` calls the same function in an app"),
    ),
    ("install", "gtm-html", Browser),
    ("goals", "paid", Runs),
    // By `docs`.
    ("goals", "revenue", Runs),
    ("goals", "thanks", Parses("js")),
    ("proxy", "tag", Browser),
    ("proxy", "nginx-conf", Browser),
    ("proxy", "caddyfile", Browser),
    ("proxy", "worker", Runs),
    ("host", "unit", Runs),
    (
        "host",
        "dockerfile",
        Not(
            "a daemon and a network for what it is made from: its shell lines are read, and its files are there",
        ),
    ),
    (
        "host",
        "docker-run",
        Not("the same: its lines are read by a shell"),
    ),
    ("host", "caddy", Runs),
    ("host", "nginx", Runs),
    ("host", "cron", Runs),
    ("webhooks", "fire", Runs),
    (
        "webhooks",
        "threshold",
        Not(
            "its figure is looked at every five minutes: it is read as JSON, `webhook` has the body's test",
        ),
    ),
    ("webhooks", "python", Runs),
    ("webhooks", "node", Runs),
    ("api", "", Runs),
];

/// A sample of a page of the docs.
pub fn sample(server: &Server, page: &str, id: &str) -> String {
    let text = server.get(&format!("/docs/{page}"), &[]).text;
    let begin = format!("<code id=\"{id}\">");
    let (_, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{page}: {id}"));
    plain(rest.split_once("</code>").unwrap().0)
}

fn python() -> String {
    std::env::var("ADMX_TEST_PYTHON").unwrap_or_else(|_| "python3".into())
}

/// A port that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Runs a command to its end, and gives what it printed.
pub fn run(folder: &Path, program: &str, arguments: &[&str], env: &[(&str, &str)]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .envs(env.iter().copied())
        .output()
        .unwrap_or_else(|e| panic!("{program}, which tests/run installs: {e}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A program that runs until it is dropped.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Running {
        Running(
            command
                .spawn()
                .unwrap_or_else(|e| panic!("{command:?}: {e}")),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // nginx's workers end with their master only if it is asked to.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

#[test]
fn the_table_has_every_sample() {
    let server = Server::start();
    let pages: BTreeSet<_> = TABLE.iter().map(|(page, ..)| *page).collect();
    let mut found = BTreeSet::new();
    for page in pages.into_iter().filter(|page| *page != "api") {
        let text = server.get(&format!("/docs/{page}"), &[]).text;
        assert_eq!(
            text.matches("<pre><code").count(),
            text.matches("<pre><code id=").count()
        );
        let ids = text.split("<pre><code id=\"").skip(1);
        found.extend(ids.map(|rest| (page.to_owned(), rest.split('"').next().unwrap().to_owned())));
    }
    let listed = TABLE.iter().filter(|(page, ..)| *page != "api");
    let listed: BTreeSet<_> = listed
        .map(|(page, id, _)| (page.to_string(), id.to_string()))
        .collect();
    assert_eq!(found, listed);
    for (page, id, how) in TABLE {
        if let Not(because) = how {
            println!("{page}, {id}: not run, {because}");
        }
    }
}

#[test]
fn samples_for_bundlers_are_read_by_one() {
    let server = Server::start();
    let esbuild = crate::npm::tools()
        .join(".bin/esbuild")
        .display()
        .to_string();
    let folder = tempfile::tempdir().unwrap();
    let read = |text: &str, kind: &str| {
        let file = folder.path().join(format!("sample.{kind}"));
        std::fs::write(&file, text).unwrap();
        run(folder.path(), &esbuild, &[&file.display().to_string()], &[])
    };
    for (page, id, how) in TABLE {
        if let Parses(kind) = how {
            let made = read(&sample(&server, page, id), kind);
            assert!(!made.is_empty(), "{page}, {id}");
        }
    }
    for id in ["vue", "svelte"] {
        let text = sample(&server, "install", id);
        let script = text
            .split_once("<script")
            .and_then(|(_, rest)| rest.split_once('>'));
        let script = script.unwrap().1.split_once("</script>").unwrap().0;
        assert!(read(script, "js").contains("\"admx\""), "{id}");
    }
    let php = sample(&server, "install", "wordpress-php");
    assert!(php.contains(&format!("echo '{}';", sample(&server, "install", "tag"))));
}

#[test]
fn what_a_backend_sends_is_stored_once() {
    let (server, site, key) = set_up(&[]);
    let folder = tempfile::tempdir().unwrap();
    let paid = sample(&server, "goals", "paid");
    for _ in 0..2 {
        let said = run(folder.path(), "bash", &["-c", &paid], &[("ADMX_KEY", &key)]);
        assert!(said.contains("\"success\""), "{said}");
    }
    let events = server.events(&key, &site);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["name"], "Invoice Paid");
}

#[test]
fn a_server_takes_the_language_models_that_are_named() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        run(folder.path(), "chmod", &["700", name], &[]);
    };
    // Models weigh gigabytes: what serves them does nothing here, and admx says what it was started with.
    for name in ["ollama", "llama-server", "vllm"] {
        file(name, "#!/bin/sh\n");
    }
    file("admx", "#!/bin/sh\nenv | grep ^ADMX_ASK\n");
    file("model-key", "sk-of-a-vendor\n");
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    for (id, count) in [
        ("model-ollama", 2),
        ("model-llama", 2),
        ("model-vllm", 2),
        ("model-vendor", 3),
    ] {
        let text = sample(&server, "ask", id);
        let said = run(folder.path(), "bash", &["-ec", &text], &[("PATH", &path)]);
        let named = said.lines().filter_map(|line| line.split_once('='));
        let named: Vec<_> = named.map(|(name, value)| (name, value.into())).collect();
        assert_eq!(named.len(), count, "{id}: {said}");
        let named = Server::with_environment(tempfile::tempdir().unwrap(), &[], &named);
        let metrics = named.get("/metrics", &[]).text;
        assert!(metrics.contains("admx_ask_model_requests"), "{id}");
    }
}

#[test]
fn receivers_of_webhooks_know_who_told_them() {
    for (id, program, file) in [
        ("python", python(), "hook.py"),
        ("node", "node".into(), "hook.mjs"),
    ] {
        let (server, site, _) = set_up(&["--webhooks-private"]);
        let key = server.run(&[
            "key",
            "new",
            "--name",
            "all",
            "--scope",
            "event:write",
            "--scope",
            "manage",
        ]);
        let port = free_port();
        let hook = json!({ "url": format!("http://127.0.0.1:{port}/"), "goal": "Trial Started", "website_id": site });
        let made = server.post_to("/api/v1/webhooks", &key, hook.to_string());
        let secret = made.json()["data"]["secret"].as_str().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let text = sample(&server, "webhooks", id);
        assert!(text.contains("8000"));
        std::fs::write(
            folder.path().join(file),
            text.replace("8000", &port.to_string()),
        )
        .unwrap();
        let mut command = Command::new(&program);
        command
            .arg(file)
            .current_dir(folder.path())
            .env("ADMX_WEBHOOK_SECRET", &secret);
        let mut running = Running::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        // A stranger isn't believed.
        let status = |signature: &str| {
            let mut curl = Command::new("curl");
            curl.args([
                "-s",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "-d",
                "{}",
                "-H",
                signature,
                &format!("http://127.0.0.1:{port}/"),
            ]);
            let code = String::from_utf8(curl.output().unwrap().stdout).unwrap();
            (code != "000").then_some(code)
        };
        let now = jiff::Timestamp::now().as_second();
        for forged in [
            "x: y",
            "admx-signature: t=1,v1=00",
            "admx-signature: nonsense",
            &format!("admx-signature: t={now},v1={}", "0".repeat(64)),
        ] {
            assert_eq!(wait_for(id, || status(forged)), "401", "{id}: {forged}");
        }
        let body = json!({ "website_id": site, "name": "Trial Started", "anonymous_id": "v", "url": "https://example.com/pricing", "metadata": { "plan": "pro" } });
        assert_eq!(server.post_with_key(&key, body.to_string()).status, 200);
        let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
        assert_eq!(
            lines.next().unwrap().unwrap(),
            "goal Trial Started 1",
            "{id}"
        );
    }
    // What is said to be sent has the fields of what is sent: `webhook` holds those.
    let server = Server::start();
    for (id, fields) in [
        (
            "fire",
            &[
                "kind",
                "webhook_id",
                "website_id",
                "domain",
                "goal",
                "event",
            ][..],
        ),
        (
            "threshold",
            &[
                "kind",
                "webhook_id",
                "website_id",
                "domain",
                "metric",
                "is",
                "number",
                "value",
                "at",
            ],
        ),
    ] {
        let body: Value = serde_json::from_str(&sample(&server, "webhooks", id)).unwrap();
        let keys: Vec<_> = body
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(keys, fields, "{id}");
    }
}

#[test]
fn calls_of_the_api_are_answered() {
    let (server, site, _) = set_up(&[]);
    // One of the calls revokes the second key; another mails somebody a report.
    server.person("me@example.com", "owner", &[]);
    server.new_key();
    let key = server.run(&[
        "key",
        "new",
        "--name",
        "all",
        "--scope",
        "event:write",
        "--scope",
        "analytics:read",
        "--scope",
        "manage",
    ]);
    server.run(&["seed", "--site", &site, "--days", "3", "--events", "300"]);
    let folder = tempfile::tempdir().unwrap();
    let page = server.get("/docs/api", &[]).text;
    let mut calls = 0;
    for sample in page.split("<pre><code>curl").skip(1) {
        let text = format!("curl{}", plain(sample.split_once("</code>").unwrap().0));
        // A provider signs what it tells; `payment` has its tests.
        // A budget is split by a fit, and what is cancelled has to run: `mix` has their tests.
        if text.contains("/api/v1/webhooks/stripe/")
            || text.contains("/api/v1/webhooks/paddle/")
            || text.contains("/api/v1/mix/budget")
            || text.contains("/api/v1/mix/fits/")
        {
            continue;
        }
        let is_file = text.contains("-T FILE");
        let is_json = text.contains("ndjson");
        let what = if is_json { "" } else { "fired_at,name,url\n" };
        std::fs::write(folder.path().join("FILE"), what).unwrap();
        // What takes away takes away what isn't there: the rest are to find the site and the key.
        let is_gone = text.contains("-X DELETE");
        let text = match is_gone {
            true => text,
            false => text.replace("admx_7f3k", &site),
        };
        let called = format!("{} -s -o /dev/null -w '%{{http_code}}'", text.trim_end());
        let status = run(
            folder.path(),
            "bash",
            &["-c", &called],
            &[("ADMX_KEY", &key)],
        );
        let taken: &[&str] = match (is_gone, is_file) {
            (true, _) => &["200", "404"],
            (_, true) => &["200", "400"],
            _ => &["200", "201", "202"],
        };
        assert!(taken.contains(&&*status), "{status}: {text}");
        calls += 1;
    }
    assert!(calls > 25, "{calls}");
}
