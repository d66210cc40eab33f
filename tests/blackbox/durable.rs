//! A 200 means on disk: kills, stops, power cuts and disks that fail lose nothing that was acknowledged, and double
//! nothing. `benches/crash.rs` is the long form.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fault::{Disk, Fault, damage, wait_until_gone};
use crate::load::{assert_kept, load, send_again};
use crate::server::{Server, set_up, wait_for};

const FLAGS: [&str; 2] = ["--rate-key", "0"];

#[test]
fn kills_and_stops_under_load_lose_nothing() {
    let (mut server, site, key) = set_up(&FLAGS);
    let mut acknowledged = HashSet::new();
    for round in 0..12 {
        let how = if round % 3 == 2 { "-TERM" } else { "-KILL" };
        let sent = load(&server, &key, round, 8, || {
            std::thread::sleep(Duration::from_millis(200));
            server.signal(how);
            // A stop ends what is in flight; nothing new is taken meanwhile.
            std::thread::sleep(Duration::from_millis(100));
        });
        acknowledged.extend(sent.acknowledged);
        let data = match how {
            "-TERM" => server.stopped(),
            _ => server.kill(),
        };
        server = Server::on(data, &FLAGS);
        acknowledged.extend(send_again(&server, &key, sent.unsure).acknowledged);
        assert_kept(
            &server,
            &key,
            &site,
            &acknowledged,
            &format!("round {round}, {how}"),
        );
    }
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

/// Somebody who sends the half of an event and somebody who reads nothing of an export.
fn the_slow(server: &Server, key: &str) -> [std::net::TcpStream; 2] {
    let head = format!("host: x\r\nauthorization: Bearer {key}\r\n");
    let other = server.add_site("other.test");
    crate::limit::fill(server, key, &other);
    let slow = [
        server.open(format!(
            "POST /api/event HTTP/1.1\r\n{head}content-length: 100\r\n\r\n{{\"name\":"
        )),
        server.open(format!(
            "GET /api/v1/export/events.ndjson?website_id={other} HTTP/1.1\r\n{head}\r\n"
        )),
    ];
    let began = |server: &Server| server.metric("admx_body_bytes_in_flight") > 0.0;
    wait_for("the half of an event", || began(server).then_some(()));
    std::io::Read::read_exact(&mut &slow[1], &mut [0; 64]).unwrap();
    slow
}

#[test]
fn a_stop_comes_within_ten_seconds_whatever_others_do_and_loses_nothing() {
    let (server, site, key) = set_up(&FLAGS);
    let _slow = the_slow(&server, &key);
    let sent = load(&server, &key, 0, 4, || {
        std::thread::sleep(Duration::from_millis(200));
        server.signal("-TERM");
    });
    let server = Server::on(server.stopped(), &FLAGS);
    let acknowledged = sent.acknowledged;
    assert!(!acknowledged.is_empty());
    assert_kept(&server, &key, &site, &acknowledged, "after the stop");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (mut server, _, key) = set_up(&FLAGS);
    let _slow = the_slow(&server, &key);
    server.signal("-TERM");
    wait_for("the first to be heard", || {
        std::net::TcpStream::connect(("127.0.0.1", server.port))
            .is_err()
            .then_some(())
    });
    let asked = Instant::now();
    server.signal("-TERM");
    assert_eq!(server.wait().code(), Some(1));
    assert!(asked.elapsed() < Duration::from_secs(2));
    assert_eq!(damage(server.data.path()), [""; 0]);
}

#[test]
fn a_folder_on_a_full_disk_is_called_that() {
    let disk = Disk::new();
    disk.set(Fault::Full);
    let data = tempfile::tempdir().unwrap();
    let output = disk.run(data.path(), &["site", "list"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let expected = "accounts.db can't be opened: the disk is full or can't be written: ";
    assert!(said.contains(expected), "{said}");
}

fn set_up_on(disk: &Disk) -> (Server, String, String) {
    let server = disk.serve(tempfile::tempdir().unwrap(), &FLAGS);
    let site = server.add_site("example.com");
    let key = server.new_key();
    (server, site, key)
}

#[test]
fn power_cuts_under_load_lose_nothing() {
    let disk = Disk::new();
    let (mut server, site, key) = set_up_on(&disk);
    let mut acknowledged = HashSet::new();
    for round in 0..12 {
        let seed = round as u64;
        let cut = match round % 2 {
            0 => Fault::PowerCut {
                after: 50 + 100 * seed,
                seed,
            },
            _ => Fault::CheckpointCut {
                after: 1 + 4 * seed,
                seed,
            },
        };
        let sent = load(&server, &key, round, 8, || {
            disk.set(cut);
            wait_until_gone(&server);
        });
        acknowledged.extend(sent.acknowledged);
        server = disk.serve(server.kill(), &FLAGS);
        let again = send_again(&server, &key, sent.unsure);
        acknowledged.extend(again.acknowledged);
        assert_kept(
            &server,
            &key,
            &site,
            &acknowledged,
            &format!("round {round}"),
        );
        assert_eq!(damage(server.data.path()), [""; 0], "round {round}");
    }
    let sectors = disk.injected();
    assert!(
        acknowledged.len() > 100 && sectors > 100,
        "{} acknowledged, {sectors} sectors put back",
        acknowledged.len()
    );
}

/// A disk that lets nothing be written, and is mended.
fn recovers_from(fault: Fault, code: &str, reason: &str) {
    let disk = Disk::new();
    let (server, site, key) = set_up_on(&disk);
    let before = load(&server, &key, 0, 8, || {
        std::thread::sleep(Duration::from_millis(200));
    });
    let mut acknowledged = before.acknowledged;
    assert!(
        disk.writes() > 100,
        "the library is between: {}",
        disk.writes()
    );

    let ready = || {
        let reply = server.get("/readyz", &[]);
        (reply.status, reply.text)
    };
    assert_eq!(ready(), (200, "ready\n".into()));

    disk.set(fault);
    let turned_away = load(&server, &key, 1, 8, || {
        std::thread::sleep(Duration::from_millis(300));
    });
    assert_eq!(
        ready(),
        (503, format!("events can't be stored: {reason}\n"))
    );
    assert_eq!(turned_away.acknowledged.len(), 0);
    let answers: Vec<_> = turned_away.refused.keys().cloned().collect();
    assert_eq!(answers, [format!("503 {code}")]);
    let reply = server.post_with_key(&key, json!({ "name": "refused" }).to_string());
    assert_eq!((reply.status, reply.code().as_str()), (503, code));
    assert!(
        reply
            .header("retry-after")
            .is_some_and(|wait| wait.parse::<u32>().is_ok())
    );
    let stored = server.events(&key, &site);
    assert_kept(
        &server,
        &key,
        &site,
        &acknowledged,
        "while nothing can be written",
    );
    assert_eq!(stored.len(), acknowledged.len(), "nothing that was refused");

    // It has tried to write meanwhile, without an event to store.
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(ready().0, 503);
    disk.set(Fault::None);
    wait_for("readiness without an event", || {
        (ready().0 == 200).then_some(())
    });
    let again = send_again(&server, &key, turned_away.unsure);
    assert_eq!(
        again.unsure,
        [],
        "writes go on by themselves, not {:?}",
        again.refused
    );
    acknowledged.extend(again.acknowledged);
    let after = load(&server, &key, 2, 8, || {
        std::thread::sleep(Duration::from_millis(200));
    });
    assert!(
        after.acknowledged.len() > 20 && after.refused.is_empty(),
        "{after:?}"
    );
    acknowledged.extend(after.acknowledged);
    assert_kept(&server, &key, &site, &acknowledged, "afterwards");
    let server = Server::on(server.kill(), &FLAGS);
    assert_kept(&server, &key, &site, &acknowledged, "after a kill");
    assert_eq!(damage(server.data.path()), [""; 0]);
}

#[test]
fn a_full_disk_turns_events_away_until_it_has_room() {
    recovers_from(Fault::Full, "storage_full", "database or disk is full");
}

#[test]
fn a_broken_disk_turns_events_away_until_it_is_mended() {
    recovers_from(Fault::Broken, "overloaded", "disk I/O error");
}

#[test]
fn writes_that_fail_now_and_then_lose_nothing() {
    let disk = Disk::new();
    let (mut server, site, key) = set_up_on(&disk);
    let mut acknowledged = HashSet::new();
    let mut refused = 0;
    for (round, one_in) in [300, 40, 8].into_iter().enumerate() {
        disk.set(Fault::Some {
            one_in,
            seed: one_in,
        });
        let sent = load(&server, &key, round, 8, || {
            std::thread::sleep(Duration::from_millis(700));
        });
        disk.set(Fault::None);
        acknowledged.extend(sent.acknowledged);
        let answers: Vec<_> = sent.refused.keys().collect();
        assert!(
            answers.iter().all(|answer| answer.starts_with("503 ")),
            "{answers:?}"
        );
        refused += sent.refused.values().sum::<usize>();
        let again = send_again(&server, &key, sent.unsure);
        assert_eq!(
            again.unsure,
            [],
            "writes go on by themselves, not {:?}",
            again.refused
        );
        acknowledged.extend(again.acknowledged);
        let when = format!("one in {one_in}");
        assert_kept(&server, &key, &site, &acknowledged, &when);
        server = disk.serve(server.kill(), &FLAGS);
        assert_kept(
            &server,
            &key,
            &site,
            &acknowledged,
            &format!("{when}, after a kill"),
        );
        assert_eq!(damage(server.data.path()), [""; 0], "{when}");
    }
    assert!(
        refused > 0 && acknowledged.len() > 100,
        "{refused}, {}",
        acknowledged.len()
    );
}
