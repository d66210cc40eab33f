//! Webhooks: what is sent, signed, sent again after failures and restarts, and where nothing is sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::account::{between, get};
use crate::server::{Server, wait_for};

const PRIVATE: &str = "--webhooks-private";

/// A server on this machine that notes what it is sent, and answers what it is told to.
struct Receiver {
    url: String,
    /// 0 for no answer at all; 1 for one that doesn't come.
    status: Arc<AtomicU16>,
    taken: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    fn start(status: u16) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Receiver {
            url: format!("http://{}/hook?a=1", listener.local_addr().unwrap()),
            status: Arc::new(AtomicU16::new(status)),
            taken: Arc::default(),
        };
        let (status, taken) = (receiver.status.clone(), receiver.taken.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    if let Some(n) = line.to_lowercase().strip_prefix("content-length: ") {
                        length = n.trim().parse().unwrap();
                    }
                    head += &line;
                }
                let mut body = vec![0; length];
                if stream.read_exact(&mut body).is_err() {
                    continue;
                }
                let status = status.load(Ordering::SeqCst);
                taken
                    .lock()
                    .unwrap()
                    .push((head, String::from_utf8(body).unwrap()));
                if status == 1 {
                    // The connection stays open, and this receiver takes no other.
                    std::thread::sleep(std::time::Duration::from_secs(60));
                }
                if status > 1 {
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 2\r\n\r\nok"
                    );
                    let _ = stream.get_mut().write_all(answer.as_bytes());
                }
            }
        });
        receiver
    }

    /// The numbers of the events that came.
    fn numbers(&self) -> Vec<i64> {
        let taken = self.taken.lock().unwrap();
        let number = |(_, body): &(String, String)| {
            serde_json::from_str::<Value>(body).unwrap()["event"]["number"].as_i64()
        };
        taken.iter().filter_map(number).collect()
    }
}

/// A server with a site, and a key that may everything.
fn ground(flags: &[&str]) -> (Server, String) {
    let server = Server::with(flags);
    server.add_site("example.com");
    let mut words = vec!["key", "new", "--name", "all"];
    for scope in ["event:write", "analytics:read", "manage"] {
        words.extend(["--scope", scope]);
    }
    let key = server.run(&words);
    (server, key)
}

fn ask(server: &Server, key: &str, method: &str, path: &str, body: Value) -> crate::server::Reply {
    let bearer = format!("Bearer {key}");
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    server.ask(method, path, &[("authorization", &bearer)], body)
}

fn add(server: &Server, key: &str, body: Value) -> Value {
    let reply = ask(server, key, "POST", "/api/v1/webhooks", body);
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()["data"].clone()
}

fn fire(server: &Server, key: &str, name: &str) {
    let body = json!({ "name": name, "metadata": { "plan": "pro" } });
    assert_eq!(server.post_with_key(key, body.to_string()).status, 200);
}

fn deliveries(server: &Server, key: &str, nth: usize) -> Value {
    let all = ask(server, key, "GET", "/api/v1/webhooks", Value::Null).json();
    all["data"]["webhooks"][nth]["deliveries"].clone()
}

#[test]
fn each_fire_is_told_signed_by_any_name_of_the_goal() {
    let receiver = Receiver::start(200);
    let (server, key) = ground(&[PRIVATE]);
    fire(&server, &key, "Buy");
    let set = json!({ "name": "Bought", "names": ["Buy"], "page": "/thanks*" });
    assert_eq!(ask(&server, &key, "POST", "/api/v1/goals", set).status, 201);
    let made = add(
        &server,
        &key,
        json!({ "url": receiver.url, "goal": "Bought" }),
    );
    let secret = made["secret"].as_str().unwrap().to_owned();
    for name in ["Buy", "Other", "Bought"] {
        fire(&server, &key, name);
    }
    let view = json!({ "url": "https://example.com/thanks/a?b=1", "anonymous_id": "00000000-0000-4000-8000-000000000001" });
    assert_eq!(server.post_with_key(&key, view.to_string()).status, 200);
    wait_for("three deliveries", || {
        (receiver.numbers().len() == 3).then_some(())
    });
    let taken = receiver.taken.lock().unwrap().clone();
    let (head, body) = &taken[0];
    assert!(head.starts_with("POST /hook?a=1 HTTP/1.1\r\n"), "{head}");
    let told: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&told["kind"], &told["goal"]),
        (&json!("goal"), &json!("Bought"))
    );
    assert_eq!(told["event"]["name"], "Buy");
    assert_eq!(told["event"]["metadata"], json!({ "plan": "pro" }));
    let line = head
        .lines()
        .find(|line| line.to_lowercase().starts_with("admx-signature: "));
    let signature = line.unwrap().split_once(": ").unwrap().1;
    let (t, v1) = signature
        .strip_prefix("t=")
        .unwrap()
        .split_once(",v1=")
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{t}.{body}").as_bytes());
    let digest: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(v1, digest);
    // The secret isn't shown again, and the list says how it went.
    let listed = ask(&server, &key, "GET", "/api/v1/webhooks", Value::Null);
    assert!(!listed.text.contains(&secret));
    wait_for("what became of it", || {
        let all = deliveries(&server, &key, 0);
        let is_taken = |one: &Value| one["status"] == 200 && one["waits"] == false;
        all.as_array().unwrap().iter().all(is_taken).then_some(())
    });
    let id = made["id"].as_i64().unwrap();
    let path = format!("/api/v1/webhooks/{id}");
    assert_eq!(ask(&server, &key, "DELETE", &path, Value::Null).status, 200);
    assert_eq!(ask(&server, &key, "DELETE", &path, Value::Null).status, 404);
}

#[test]
fn what_fails_is_sent_again_and_no_fire_is_lost_over_a_restart() {
    let receiver = Receiver::start(500);
    let (server, key) = ground(&[PRIVATE]);
    add(&server, &key, json!({ "url": receiver.url, "goal": "Buy" }));
    fire(&server, &key, "Buy");
    wait_for("a refusal", || {
        let one = deliveries(&server, &key, 0)[0].clone();
        (one["status"] == 500 && one["waits"] == true).then_some(())
    });
    // Killed right after events were taken; the receiver is elsewhere for a while.
    receiver.status.store(0, Ordering::SeqCst);
    for _ in 0..5 {
        fire(&server, &key, "Buy");
    }
    let data = server.kill();
    receiver.status.store(204, Ordering::SeqCst);
    let server = Server::on(data, &[PRIVATE]);
    fire(&server, &key, "Buy");
    wait_for("all seven taken", || {
        let all = deliveries(&server, &key, 0);
        let taken = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["status"] == 204);
        (taken.count() == 7).then_some(())
    });
    let mut numbers = receiver.numbers();
    assert!(numbers.len() > 7, "the first was sent again");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 7);
}

#[test]
fn nothing_goes_to_private_networks_and_nothing_elsewhere_is_followed() {
    let receiver = Receiver::start(302);
    let (server, key) = ground(&[]);
    let port = receiver.url.split(':').nth(2).unwrap().to_owned();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
    ] {
        add(
            &server,
            &key,
            json!({ "url": format!("http://{host}:{port}"), "goal": "Buy" }),
        );
    }
    fire(&server, &key, "Buy");
    for nth in 0..5 {
        wait_for("a refusal of ours", || {
            let one = deliveries(&server, &key, nth)[0].clone();
            let outcome = one["outcome"].as_str().unwrap_or_default();
            outcome.contains("not a public one").then_some(())
        });
    }
    assert!(receiver.taken.lock().unwrap().is_empty());
    let server = Server::on(server.stop(), &[PRIVATE]);
    wait_for("what was sent elsewhere", || {
        let one = deliveries(&server, &key, 0)[0].clone();
        let outcome = one["outcome"].as_str().unwrap_or_default();
        (one["status"] == 302 && outcome.contains("not followed")).then_some(())
    });
}

#[test]
fn what_nobody_takes_for_24_hours_is_switched_off_and_not_a_moment_before() {
    let receiver = Receiver::start(500);
    let server = Server::with(&[PRIVATE, "--clock", "2026-11-24T12:00:00Z"]);
    server.add_site("example.com");
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
    add(&server, &key, json!({ "url": receiver.url, "goal": "Buy" }));
    fire(&server, &key, "Buy");
    fire(&server, &key, "Buy");
    let tried = |server: &Server, tries: u64| {
        wait_for("a try", || {
            let all = deliveries(server, &key, 0);
            // Latest first: the older one goes before.
            (all[1]["tries"] == tries).then_some(all)
        })
    };
    assert_eq!(tried(&server, 1)[1]["waits"], true);
    let off = |server: &Server| {
        let all = ask(server, &key, "GET", "/api/v1/webhooks", Value::Null).json();
        all["data"]["webhooks"][0]["off_because"].clone()
    };
    // The pause after this try ends within the 24 hours, and after the next one it doesn't.
    let server = Server::on(server.stop(), &[PRIVATE, "--clock", "2026-11-25T11:59:50Z"]);
    assert_eq!(tried(&server, 2)[1]["waits"], true);
    assert_eq!(off(&server), Value::Null);
    let server = Server::on(server.stop(), &[PRIVATE, "--clock", "2026-11-25T11:59:59Z"]);
    assert_eq!(tried(&server, 3)[1]["waits"], false);
    let because = wait_for("its end", || {
        Some(off(&server)).filter(|because| !because.is_null())
    });
    assert_eq!(because, "nothing was taken for 24 hours: refused");
    let all = deliveries(&server, &key, 0);
    assert_eq!(
        (&all[0]["waits"], &all[1]["waits"]),
        (&json!(false), &json!(false))
    );
    // It stays off, whatever comes, and says so.
    receiver.status.store(200, Ordering::SeqCst);
    let taken = receiver.taken.lock().unwrap().len();
    fire(&server, &key, "Buy");
    let owner = server.first("o@example.com");
    let (_, page) = get(&server, &owner, "/settings/webhooks");
    assert!(page.contains("Off since 25 November 2026"), "{page}");
    std::thread::sleep(std::time::Duration::from_millis(2500));
    assert_eq!(receiver.taken.lock().unwrap().len(), taken);
}

#[test]
fn a_receiver_that_never_answers_holds_up_nobody_else() {
    let (silent, good) = (Receiver::start(1), Receiver::start(200));
    let (server, key) = ground(&[PRIVATE]);
    add(&server, &key, json!({ "url": silent.url, "goal": "Buy" }));
    add(&server, &key, json!({ "url": good.url, "goal": "Buy" }));
    let began = std::time::Instant::now();
    for _ in 0..5 {
        fire(&server, &key, "Buy");
    }
    wait_for("all of the other's", || {
        (good.numbers().len() == 5).then_some(())
    });
    // One at a time is sent, and nothing is said of it until it is given up.
    let all = deliveries(&server, &key, 0);
    let is_untried = |one: &Value| one["tries"] == 0;
    assert!(all.as_array().unwrap().iter().all(is_untried), "{all}");
    assert_eq!(silent.taken.lock().unwrap().len(), 1);
    std::thread::sleep(std::time::Duration::from_secs(8).saturating_sub(began.elapsed()));
    wait_for("the end of patience", || {
        let first = deliveries(&server, &key, 0)[4].clone();
        (first["outcome"] == "no answer within 10 seconds").then_some(())
    });
    let waited = began.elapsed().as_secs();
    assert!((9..14).contains(&waited), "{waited}");
    fire(&server, &key, "Buy");
    wait_for("the other's again", || {
        (good.numbers().len() == 6).then_some(())
    });
}

#[test]
fn a_figure_is_told_when_it_gets_past_its_number() {
    let receiver = Receiver::start(200);
    let (server, key) = ground(&[PRIVATE]);
    add(
        &server,
        &key,
        json!({ "url": receiver.url, "metric": "fires", "is": "over", "number": 2 }),
    );
    for _ in 0..3 {
        fire(&server, &key, "Buy");
    }
    // It is looked at when the server starts; a second look finds it where it was.
    let server = Server::on(server.stop(), &[PRIVATE]);
    wait_for("a crossing", || {
        (receiver.taken.lock().unwrap().len() == 1).then_some(())
    });
    let body = receiver.taken.lock().unwrap()[0].1.clone();
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&told["metric"], &told["is"], &told["value"]),
        (&json!("fires"), &json!("over"), &json!(3))
    );
    wait_for("its end", || {
        (deliveries(&server, &key, 0)[0]["waits"] == false).then_some(())
    });
    let server = Server::on(server.stop(), &[PRIVATE]);
    wait_for("another look", || {
        (deliveries(&server, &key, 0)[0]["status"] == 200).then_some(())
    });
    assert_eq!(receiver.taken.lock().unwrap().len(), 1);
}

#[test]
fn webhooks_are_set_by_page_are_text_and_are_of_one_workspace() {
    let receiver = Receiver::start(200);
    let (server, key) = ground(&[PRIVATE]);
    let owner = server.person("o@example.com", "owner", &[]);
    let (_, text) = get(&server, &owner, "/settings/webhooks");
    let site = between(&text, "<option value=\"", "\"").to_owned();
    let hostile = "<script>alert(1)</script>";
    let fields = [
        ("url", &*receiver.url),
        ("website_id", &site),
        ("goal", hostile),
        ("metric", "fires"),
        ("is", "over"),
    ];
    let made = server.form("/settings/webhooks", &owner, &fields);
    assert_eq!(made.status, 200, "{}", made.text);
    let secret = between(&made.text, "<code id=\"new-secret\">", "<").to_owned();
    assert!(secret.starts_with("admx_wh_"));
    let (_, text) = get(&server, &owner, "/settings/webhooks");
    assert!(!text.contains(&secret) && !text.contains(hostile), "{text}");
    let id = between(&text, "id=\"webhook-", "\"").to_owned();
    let tested = server.form(&format!("/settings/webhooks/{id}/test"), &owner, &[]);
    assert!(tested.text.contains(": taken."), "{}", tested.text);
    assert_eq!(receiver.taken.lock().unwrap().len(), 1);
    for (body, status) in [
        (json!({ "url": "ftp://example.com", "goal": "A" }), 400),
        (
            json!({ "url": "https://a:b@example.com", "goal": "A" }),
            400,
        ),
        (json!({ "url": "https://example.com" }), 400),
        (
            json!({ "url": "https://example.com", "goal": "A", "metric": "fires" }),
            400,
        ),
        (
            json!({ "url": "https://example.com", "metric": "revenue", "is": "over", "number": 1 }),
            400,
        ),
        (
            json!({ "url": "https://example.com", "metric": "fires", "is": "near", "number": 1 }),
            400,
        ),
        (
            json!({ "url": "https://example.com", "goal": "A", "website_id": "admx_nowhere" }),
            404,
        ),
    ] {
        let reply = ask(&server, &key, "POST", "/api/v1/webhooks", body.clone());
        assert_eq!(reply.status, status, "{body}: {}", reply.text);
    }
    server.run(&["workspace", "add", "Elsewhere"]);
    let stranger = server.run(&[
        "key",
        "new",
        "--name",
        "x",
        "--scope",
        "manage",
        "--workspace",
        "Elsewhere",
    ]);
    let path = format!("/api/v1/webhooks/{id}");
    assert_eq!(
        ask(&server, &stranger, "DELETE", &path, Value::Null).status,
        404
    );
    let all = ask(&server, &stranger, "GET", "/api/v1/webhooks", Value::Null).json();
    assert_eq!(all["data"]["webhooks"], json!([]));
    let deleted = server.form(&format!("/settings/webhooks/{id}/delete"), &owner, &[]);
    assert_eq!(deleted.status, 303);
}
