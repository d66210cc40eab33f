//! `admx front`: several in front of one server, and events that come while that is away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::server::{Reply, Server, day, set_up};

/// A front on a free port. It is killed when dropped.
struct Front {
    url: String,
    data: TempDir,
    child: Child,
}

impl Front {
    fn on(data: TempDir, behind: &str) -> Front {
        let mut child = Command::new(env!("CARGO_BIN_EXE_admx"))
            .args(["front", "--listen", "127.0.0.1:0", "--behind", behind])
            .arg("--data")
            .arg(data.path())
            .env_clear()
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| eprintln!("front: {line}"))
        });
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http"));
        Front {
            url: url.unwrap().trim_end_matches(',').to_owned(),
            data,
            child,
        }
    }

    fn new(behind: &str) -> Front {
        Front::on(tempfile::tempdir().unwrap(), behind)
    }

    fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.data, tempfile::tempdir().unwrap())
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        Server::ask_at(&self.url, method, path, headers, body)
    }

    fn event(&self, key: &str, event: &serde_json::Value) -> Reply {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", &*bearer)];
        self.ask("POST", "/api/event", &headers, &event.to_string())
    }

    fn metric(&self, name: &str) -> u64 {
        let text = self.ask("GET", "/metrics", &[], "").text;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}"))
            .trim()
            .parse()
            .unwrap()
    }

    fn until_none_waits(&self) {
        let began = Instant::now();
        while self.metric("admx_front_requests_waiting") > 0 {
            assert!(began.elapsed() < Duration::from_secs(30));
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn totals(server: &Server, key: &str, site: &str) -> serde_json::Value {
    let range = json!({ "from": day(1), "to": day(0) });
    server.query(
        key,
        json!({ "website_id": site, "metrics": ["fires", "sessions", "visitors"], "range": range }),
    )[0]["metrics"]
        .clone()
}

#[test]
fn events_of_any_front_are_one_servers() {
    let (server, site, key) = set_up(&[]);
    let fronts = [Front::new(&server.url), Front::new(&server.url)];
    let event = |n: u32| {
        json!({
            "website_id": site, "name": "Trial", "anonymous_id": format!("v{}", n % 4),
            "event_id": format!("0190f3c2-7d1a-4c33-8a5e-{n:012x}"), "url": "https://example.com/pricing",
        })
    };
    for n in 0..40 {
        // Each by two fronts, as when a client hears nothing and is sent to another one.
        for (nth, front) in fronts.iter().enumerate() {
            let reply = front.event(&key, &event(n));
            assert_eq!(reply.status, 200, "{}", reply.text);
            assert_eq!(reply.json()["data"]["duplicate"], nth == 1);
        }
    }
    // A visit goes on whichever front it comes by.
    assert_eq!(totals(&server, &key, &site), json!([40, 4, 4]));
    // What is wrong is said as without one, and everything else is there too.
    let wrong = fronts[0].event(&key, &json!({ "website_id": site, "name": "" }));
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "invalid_name"));
    let page = fronts[1].ask("GET", "/login", &[], "");
    assert!(
        page.status == 200 && page.text.contains("Log in"),
        "{}",
        page.text
    );
    let script = fronts[0].ask("GET", "/js/script.js", &[], "");
    assert_eq!(script.text, server.get("/js/script.js", &[]).text);
    assert_eq!(fronts[0].ask("GET", "/readyz", &[], "").text, "ready\n");
    assert_eq!(fronts[0].metric("admx_front_requests_spooled_total"), 0);
}

#[test]
fn while_the_server_is_away_events_wait_on_the_fronts_disk() {
    let (server, site, key) = set_up(&[]);
    let (behind, port) = (server.url.clone(), server.port);
    let front = Front::new(&behind);
    let event = |n: u32| json!({ "website_id": site, "name": "Trial", "anonymous_id": format!("v{n}"), "url": "https://example.com/" });
    assert_eq!(front.event(&key, &event(0)).status, 200);
    let script = || front.ask("GET", "/js/script.js", &[], "");
    let of_server = script();
    let data = server.stop();
    let before = jiff::Timestamp::now();
    for n in 1..30 {
        let reply = front.event(&key, &event(n));
        assert_eq!(reply.status, 200, "{}", reply.text);
        let told = reply.json()["data"].clone();
        assert!(
            told["event_id"].is_string() && told["duplicate"] == false,
            "{told}"
        );
    }
    let several = json!([event(30), event(31)]);
    let reply = front.event(&key, &several);
    assert_eq!(reply.json()["data"]["results"].as_array().unwrap().len(), 2);
    assert_eq!(front.metric("admx_front_requests_waiting"), 30);
    // Pages go on being counted.
    let of_front = script();
    assert_eq!(of_front.status, 200);
    assert_eq!(of_front.text, of_server.text);
    assert_eq!(front.ask("GET", "/js/none.js", &[], "").status, 502);
    // A page can't be had; what is no event isn't kept.
    assert_eq!(front.ask("GET", "/login", &[], "").status, 502);
    let bearer = format!("Bearer {key}");
    let reply = front.ask(
        "POST",
        "/api/event",
        &[("authorization", &bearer)],
        "no JSON",
    );
    assert_eq!((reply.status, reply.code().as_str()), (503, "overloaded"));
    // The front may be killed too.
    let front = Front::on(front.kill(), &behind);
    assert_eq!(front.metric("admx_front_requests_waiting"), 30);
    std::thread::sleep(Duration::from_millis(1500));
    let listen = format!("127.0.0.1:{port}");
    let server = Server::on(data, &["--listen", &listen]);
    front.until_none_waits();
    assert_eq!(totals(&server, &key, &site), json!([32, 32, 32]));
    // Nothing is left of who sent them.
    for file in ["spool.db", "spool.db-wal"] {
        let bytes = std::fs::read(front.data.path().join(file)).unwrap_or_default();
        let has_key = bytes.windows(key.len()).any(|some| some == key.as_bytes());
        assert!(!has_key, "{file}");
    }
    // They happened when they came, not when they were handed on.
    let events = server.events(&key, &site);
    let latest = events.iter().filter(|event| event["name"] == "Trial");
    for event in latest {
        let at: jiff::Timestamp = event["fired_at"].as_str().unwrap().parse().unwrap();
        assert!(
            at < before + jiff::SignedDuration::from_millis(1200),
            "{event}"
        );
    }
    assert_eq!(front.metric("admx_front_requests_refused_total"), 0);
}

/// A server that breaks at some events, and for as long as it `is_away` takes none.
fn breaking(is_away: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while stream.read_line(&mut line).unwrap() > 2 {
                let lower = line.to_lowercase();
                if let Some(number) = lower.strip_prefix("content-length:") {
                    length = number.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            let status = match (is_away.load(Ordering::SeqCst), body.contains("Breaks")) {
                (true, _) => "503 Service Unavailable",
                (false, true) => "500 Internal Server Error",
                (false, false) => "200 OK",
            };
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

#[test]
fn events_that_break_the_server_let_others_pass_and_are_kept() {
    let is_away = Arc::new(AtomicBool::new(true));
    let front = Front::new(&breaking(is_away.clone()));
    let event = |name: &str| json!({ "website_id": "admx_x", "name": name, "anonymous_id": "v" });
    for _ in 0..20 {
        assert_eq!(front.event("key", &event("Breaks")).status, 200);
    }
    for _ in 0..3 {
        assert_eq!(front.event("key", &event("Trial")).status, 200);
    }
    assert_eq!(front.metric("admx_front_requests_waiting"), 23);
    is_away.store(false, Ordering::SeqCst);
    let began = Instant::now();
    while front.metric("admx_front_requests_waiting") > 20 {
        assert!(began.elapsed() < Duration::from_secs(30), "others wait");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(front.metric("admx_front_requests_waiting"), 20);
    assert_eq!(front.metric("admx_front_requests_refused_total"), 0);
}

#[test]
fn who_looks_by_one_front_sees_what_came_by_another() {
    let server = Server::start();
    let key = server.new_key();
    let (one, other) = (Front::new(&server.url), Front::new(&server.url));
    let address = one.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /demo/live?after=0 HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
    let heard = BufReader::new(stream).lines().map_while(Result::ok);
    let mut heard = heard.filter_map(|line| {
        let data: serde_json::Value = serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
        Some(data["name"].as_str().unwrap_or_default().to_owned())
    });
    for name in ["first", "second"] {
        assert_eq!(other.event(&key, &json!({ "name": name })).status, 200);
        assert_eq!(heard.next().as_deref(), Some(name));
    }
}
