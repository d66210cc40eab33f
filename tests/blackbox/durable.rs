//! A 200 means on disk: kills and stops lose nothing that was acknowledged, and double nothing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::server::Server;

/// Sends from eight threads until `end` is called, and gives the names that were acknowledged.
fn load(server: &Server, key: &str, round: usize, end: impl FnOnce()) -> HashSet<String> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|thread| {
                let over = &over;
                scope.spawn(move || {
                    let mut acknowledged = HashSet::new();
                    for n in 0.. {
                        if over.load(Ordering::Relaxed) {
                            break;
                        }
                        let name = format!("{round}-{thread}-{n}");
                        let sent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                            server
                                .post_with_key(key, json!({ "name": name }).to_string())
                                .status
                        }));
                        match sent {
                            Ok(200) => acknowledged.insert(name),
                            _ => break,
                        };
                    }
                    acknowledged
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        end();
        over.store(true, Ordering::Relaxed);
        senders
            .into_iter()
            .flat_map(|s| s.join().unwrap())
            .collect()
    })
}

fn signal(server: &Server, signal: &str) {
    let pid = server.pid().to_string();
    assert!(
        std::process::Command::new("kill")
            .args([signal, &pid])
            .status()
            .unwrap()
            .success()
    );
    if signal == "-TERM" {
        // It ends what is in flight; nothing new is taken meanwhile.
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn kills_and_stops_under_load_lose_nothing() {
    std::panic::set_hook(Box::new(|_| ()));
    let mut server = Server::with(&["--rate-key", "0"]);
    let site = server.add_site("example.com");
    let key = server.new_key();
    let mut acknowledged = HashSet::new();
    for round in 0..8 {
        let how = if round % 2 == 0 { "-KILL" } else { "-TERM" };
        acknowledged.extend(load(&server, &key, round, || signal(&server, how)));
        let data = server.kill();
        server = Server::on(data, &["--rate-key", "0"]);
        let stored: Vec<String> = server
            .events(&key, &site)
            .iter()
            .map(|e| e["name"].as_str().unwrap().to_owned())
            .collect();
        let distinct: HashSet<_> = stored.iter().cloned().collect();
        let _ = std::panic::take_hook();
        assert_eq!(
            stored.len(),
            distinct.len(),
            "round {round}: something was stored twice"
        );
        let missing: Vec<_> = acknowledged.difference(&distinct).take(5).collect();
        assert!(
            missing.is_empty(),
            "round {round}, {how}: acknowledged, and not there: {missing:?}"
        );
        std::panic::set_hook(Box::new(|_| ()));
    }
    let _ = std::panic::take_hook();
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
}

#[test]
fn a_stop_comes_within_ten_seconds_even_while_somebody_looks() {
    let server = Server::start();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    std::io::Write::write_all(&mut stream, b"GET /demo/live HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut beginning = [0; 64];
    std::io::Read::read_exact(&mut stream, &mut beginning).unwrap();
    server.stop();
}
