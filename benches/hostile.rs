//! A flood of requests of which half mean harm: does memory stay flat, is every answer one of ours, is what was
//! acknowledged stored?
//!
//! `cargo bench --bench hostile -- [REQUESTS]` (default 1000000). Prints how often each status was answered, and the server's
//! memory on the way; exits with 1 when a request had no answer that it should have had, or an event is missing.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "ingest/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../tests/blackbox/server.rs"]
#[allow(dead_code)]
mod server;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use server::Server;

const CONNECTIONS: u64 = 16;

fn main() -> ExitCode {
    let requests: u64 = std::env::args()
        .skip(1)
        .find_map(|word| word.parse().ok())
        .unwrap_or(1_000_000);
    let server = Server::with(&["--rate-key", "0", "--rate-address", "0"]);
    let site = server.add_site("example.com");
    let key = server.new_key();
    let statuses: Mutex<BTreeMap<String, u64>> = Mutex::default();
    let done = AtomicU64::new(0);
    let memory: Mutex<Vec<(u64, f64)>> = Mutex::default();
    std::thread::scope(|scope| {
        for n in 0..CONNECTIONS {
            let (site, key, statuses, done, server) = (&site, &key, &statuses, &done, &server);
            scope.spawn(move || {
                let mut rng = StdRng::seed_from_u64(n);
                let mut connection = None;
                let mut found: BTreeMap<String, u64> = BTreeMap::new();
                for _ in 0..requests / CONNECTIONS {
                    let (request, closes) = request(&mut rng, site, key);
                    let status = ask(&mut connection, server.port, &request, closes);
                    *found.entry(status).or_default() += 1;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                for (status, count) in found {
                    *statuses.lock().unwrap().entry(status).or_default() += count;
                }
            });
        }
        let mut wanted = 0;
        while done.load(Ordering::Relaxed) < requests / CONNECTIONS * CONNECTIONS {
            let so_far = done.load(Ordering::Relaxed);
            if so_far >= wanted {
                memory
                    .lock()
                    .unwrap()
                    .push((so_far, process::memory(server.pid()).unwrap()));
                wanted += requests / 10;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let statuses = statuses.into_inner().unwrap();
    println!("| answer | requests |\n|---|--:|");
    for (status, count) in &statuses {
        println!("| {status} | {count} |");
    }
    println!("\n| requests so far | memory, MiB |\n|--:|--:|");
    for (so_far, mib) in memory.into_inner().unwrap() {
        println!("| {so_far} | {mib:.0} |");
    }
    let stored = server.events(&key, &site).len() as u64;
    let acknowledged = statuses.get("200").copied().unwrap_or_default();
    println!("\nAcknowledged {acknowledged}, stored {stored}.");
    let wrong: u64 = statuses
        .iter()
        .filter(|(status, _)| status.starts_with('5') || *status == "none")
        .map(|(_, count)| count)
        .sum();
    match wrong == 0 && stored == acknowledged {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// A request, and whether the connection may end with it.
fn request(rng: &mut StdRng, site: &str, key: &str) -> (Vec<u8>, bool) {
    let url = format!(
        "https://example.com/{}?q={}",
        rng.random_range(0..100_000),
        rng.random_range(0..1_000_000)
    );
    let valid = format!(
        r#"{{"website_id":"{site}","name":"Goal {}","anonymous_id":"v{}","url":"{url}","metadata":{{"k{}":"{}"}}}}"#,
        rng.random_range(0..500),
        rng.random_range(0..50_000),
        rng.random_range(0..5000),
        rng.random::<u64>()
    );
    let mut noise = vec![0; rng.random_range(0..2000)];
    rng.fill_bytes(&mut noise);
    let body: Vec<u8> = match rng.random_range(0..20) {
        0 => valid[..rng.random_range(0..valid.len())].into(),
        1 => noise.clone(),
        2 => "[".repeat(rng.random_range(1..30_000)).into(),
        3 => format!(r#"{{"a":{}1{}}}"#, "[".repeat(20_000), "]".repeat(20_000)).into(),
        4 => format!(
            r#"{{"website_id":"{site}","name":"{}"}}"#,
            "x".repeat(rng.random_range(100..60_000))
        )
        .into(),
        5 => format!(
            r#"{{"website_id":"{site}","name":"x","metadata":{{"a":"{}"}}}}"#,
            "y".repeat(rng.random_range(8_000..60_000))
        )
        .into(),
        6 => valid.replace("Goal", "\\ud800\\u0000").into(),
        7 => format!(
            r#"{{"raw":{{"v":2,"now":1e308,"anonymous_id":null,"records":"{}"}}}}"#,
            "\\u0001x".repeat(rng.random_range(1..500))
        )
        .into(),
        8 => valid.replace(site, "admx_nobody").into(),
        9 => {
            let at = rng.random_range(0..valid.len());
            let mut bytes = valid.clone().into_bytes();
            bytes[at] = rng.random();
            bytes
        }
        _ => valid.into(),
    };
    let credentials = match rng.random_range(0..10) {
        0 => "authorization: Bearer admx_sk_nonsense\r\n".to_owned(),
        1 => "authorization: \u{7f}\r\n".to_owned(),
        2..=5 => format!("authorization: Bearer {key}\r\n"),
        _ => "origin: https://example.com\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0\r\n".to_owned(),
    };
    let length = body.len();
    let (head, closes) = match rng.random_range(0..50) {
        0 => (
            format!(
                "POST /api/event HTTP/1.1\r\nhost: x\r\n{credentials}content-length: {}\r\n\r\n",
                length + 5_000_000
            ),
            true,
        ),
        1 => (
            format!(
                "POST /api/event HTTP/1.1\r\nhost: x\r\n{credentials}content-length: zero\r\n\r\n"
            ),
            true,
        ),
        2 => (
            format!(
                "{} /{} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n",
                "GET",
                "a/../".repeat(50)
            ),
            true,
        ),
        _ => (
            format!(
                "POST /api/event HTTP/1.1\r\nhost: x\r\n{credentials}content-length: {length}\r\n\r\n"
            ),
            // A header that is none ends the connection, and what was sent behind it may cost the answer.
            credentials.contains('\u{7f}'),
        ),
    };
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&body);
    (bytes, closes)
}

/// Sends a request and gives the status of its answer; "closed" where none is owed, "none" where one is.
fn ask(
    connection: &mut Option<BufReader<TcpStream>>,
    port: u16,
    request: &[u8],
    closes: bool,
) -> String {
    let stream = connection.take().unwrap_or_else(|| {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(15)))
            .unwrap();
        BufReader::new(stream)
    });
    let mut stream = stream;
    let sent = stream.get_mut().write_all(request);
    if closes {
        let _ = stream.get_mut().shutdown(std::net::Shutdown::Write);
    }
    let Some((status, ends)) = answer(&mut stream) else {
        return if closes || sent.is_err() {
            "closed"
        } else {
            "none"
        }
        .to_owned();
    };
    if !closes && !ends {
        *connection = Some(stream);
    }
    status
}

/// The status of an answer, and whether the connection ends with it.
fn answer(stream: &mut BufReader<TcpStream>) -> Option<(String, bool)> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let status = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut ends) = (0, false);
    loop {
        line.clear();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
        ends |= header == "connection: close";
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    // A raw body may make no event.
    let stores = body.windows(10).any(|window| window == b"\"event_id\"");
    let status = if status == "200" && !stores {
        "200, no event".to_owned()
    } else {
        status
    };
    Some((status, ends))
}
