//! A model has a time and a budget, and is nobody unless named.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{FREE, Ground, NOW, ground, right};
use crate::chat::{Chat, Says};
use crate::server::{Server, set_up};

#[test]
fn a_slow_model_is_left_after_its_time_and_a_missing_one_at_once() {
    let ground = ground(&["--ask-model-timeout", "1"]);
    ground
        .chat
        .says(Says::Late(Duration::from_secs(5), right().to_string()));
    let begin = Instant::now();
    let told = ground.ask(FREE);
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(
        told["model_note"], "the language model took longer than 1 seconds",
        "{told}"
    );
    assert_eq!(ground.counted("timeout"), 1.0);
    // Many at once: whoever finds no place in time isn't asked for, and others aren't held up.
    std::thread::scope(|scope| {
        for number in 0..8 {
            let ground = &ground;
            scope.spawn(move || ground.ask(&format!("{FREE} {number}")));
        }
        std::thread::sleep(Duration::from_millis(300));
        let begin = Instant::now();
        assert_eq!(
            ground.ask("Trial Started by source last week")["kind"],
            "answer"
        );
        assert!(
            begin.elapsed() < Duration::from_millis(600),
            "{:?}",
            begin.elapsed()
        );
    });
    assert_eq!(ground.counted("busy") + ground.counted("timeout"), 9.0);
    // It is not remembered as the model's word.
    ground.chat.says(Says::Text(right().to_string()));
    assert_eq!(ground.ask(FREE)["read_by"], "model");

    let free = crate::sample::docs::free_port();
    let url = format!("http://127.0.0.1:{free}/v1");
    let (server, site, key) =
        set_up(&["--clock", NOW, "--ask-model-url", &url, "--ask-model", "m"]);
    let body = json!({ "website_id": site, "question": FREE });
    let told = server.post_to("/api/v1/ask", &key, body.to_string()).json();
    assert_eq!(
        told["data"]["model_note"], "the language model can’t be reached",
        "{told}"
    );
}

#[test]
fn a_day_has_so_many_requests_over_a_restart_too() {
    let ground = ground(&["--ask-model-budget", "2"]);
    ground.chat.says(Says::Text(right().to_string()));
    for number in 0..2 {
        assert_eq!(ground.ask(&format!("{FREE} {number}"))["read_by"], "model");
    }
    let spent = |told: Value| {
        assert_eq!(
            told["model_note"],
            "the language model was not asked: today’s budget of requests is used up",
            "{told}"
        );
    };
    spent(ground.ask(&format!("{FREE} 2")));
    // What was said is still known.
    assert_eq!(ground.ask(&format!("{FREE} 0"))["read_by"], "model");
    let Ground {
        server,
        site,
        key,
        chat,
    } = ground;
    let url = chat.url();
    let flags = [
        "--clock",
        NOW,
        "--ask-model-url",
        &url,
        "--ask-model",
        "m",
        "--ask-model-budget",
        "2",
    ];
    let server = Server::on(server.kill(), &flags);
    let ground = Ground {
        server,
        site,
        key,
        chat,
    };
    spent(ground.ask(&format!("{FREE} 3")));
    assert_eq!(ground.chat.asked().len(), 2);
}

#[test]
fn without_the_flags_nobody_is_asked_and_half_of_them_is_an_error() {
    let chat = Chat::start();
    let (server, site, key) = set_up(&["--clock", NOW]);
    let body = json!({ "website_id": site, "question": FREE });
    let told = server.post_to("/api/v1/ask", &key, body.to_string()).json();
    assert_ne!(told["data"]["kind"], "answer");
    assert_eq!(told["data"]["model_note"], Value::Null);
    let metrics = server.get("/metrics", &[]).text;
    assert!(!metrics.contains("ask_model"), "{metrics}");
    assert!(chat.asked().is_empty());
    let url = chat.url();
    for (flags, words) in [
        (
            vec!["--ask-model-url", &*url],
            "needs --ask-model (ADMX_ASK_MODEL)",
        ),
        (
            vec!["--ask-model", "m"],
            "need --ask-model-url (ADMX_ASK_MODEL_URL)",
        ),
        (
            vec!["--ask-model-url", "http://me:hush@x/v1", "--ask-model", "m"],
            "without a name, a password",
        ),
        (
            vec![
                "--ask-model-url",
                &*url,
                "--ask-model",
                "m",
                "--ask-model-key",
                "hush hush",
            ],
            "visible characters",
        ),
        (
            vec![
                "--ask-model-url",
                &*url,
                "--ask-model",
                "m",
                "--ask-model-timeout",
                "0",
            ],
            "1..=300",
        ),
    ] {
        for command in ["serve", "mcp"] {
            let folder = tempfile::tempdir().unwrap();
            let listen: &[&str] = if command == "serve" {
                &["--listen", "127.0.0.1:0"]
            } else {
                &[]
            };
            let output = Command::new(env!("CARGO_BIN_EXE_admx"))
                .args([command, "--data"])
                .arg(folder.path())
                .args(listen)
                .args(&flags)
                .env_clear()
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                !output.status.success() && said.contains(words),
                "{flags:?}: {said}"
            );
            assert!(!said.contains("hush"), "{said}");
        }
    }
}
