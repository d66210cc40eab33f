//! What it costs to take events: rate, latency, CPU, memory and disk, each event on disk before its answer, beside a
//! bare echo on the same HTTP library under the same client. Counts what is stored against what was acknowledged.
//!
//! `cargo bench --bench ingest -- [single] [c256] [paced] [fitting] [batch] [restart] [stored [N]] [--seconds N]`; without a word,
//! all of them. Data goes to a folder in `TMPDIR`: let it be on the disk that is meant.
//!
//! - `echo`: the yardstick; `request`: what is sent; `drive`: the client; `process`: what was used; `fitting`: beside a fit
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "ingest/drive.rs"]
mod drive;
#[path = "ingest/echo.rs"]
mod echo;
#[path = "ingest/fitting.rs"]
mod fitting;
#[path = "../tests/blackbox/load.rs"]
#[allow(dead_code)]
mod load;
#[path = "ingest/process.rs"]
mod process;
#[path = "ingest/request.rs"]
mod request;
#[path = "../tests/blackbox/server.rs"]
#[allow(dead_code)]
mod server;

use std::io::Read;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap::Parser;
use drive::{Answers, Until, closed, paced};
use echo::Echo;
use process::{Use, watch};
use request::{Requests, Sender};
use server::Server;

// The server's allocator: the echo and the client shall not be slower for theirs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FLAGS: [&str; 4] = ["--rate-key", "0", "--rate-address", "0"];
const CONNECTIONS: usize = 64;
const BATCH_CONNECTIONS: usize = 16;
const PACE: usize = 2_000;

/// What a server does before the clock runs.
const WARM_UP: Duration = Duration::from_millis(500);

#[derive(Parser)]
struct Options {
    /// single, c256, paced, fitting, batch, restart, stored; a number after `stored` is how many events
    words: Vec<String>,
    #[arg(long, default_value_t = 7)]
    seconds: u64,
    /// Be the echo
    #[arg(long, hide = true)]
    echo: bool,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    fn wants(&self, word: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|given| given == word)
    }

    fn stored(&self) -> u64 {
        let number = self.words.iter().find_map(|word| word.parse().ok());
        number.unwrap_or(1_000_000)
    }
}

type Shared = Arc<Mutex<Requests>>;

fn requests(sender: &Sender) -> Shared {
    Arc::new(Mutex::new(Requests::new(sender)))
}

/// A server with a site and a key, and how many events it acknowledged.
struct Ours {
    server: Server,
    site: String,
    key: String,
    acknowledged: u64,
}

impl Ours {
    fn start() -> Ours {
        let (server, site, key) = server::set_up(&FLAGS);
        Ours {
            server,
            site,
            key,
            acknowledged: 0,
        }
    }

    fn browser(&self) -> Shared {
        let website_id = self.site.clone();
        requests(&Sender::Browser { website_id })
    }

    fn server(&self) -> Shared {
        let key = self.key.clone();
        requests(&Sender::Server { key })
    }

    /// A load, after one that isn't measured.
    fn drive(&mut self, requests: &Shared, connections: usize, time: Duration) -> (Answers, Use) {
        let port = self.server.port;
        let warm = closed(port, requests, connections, Until::Elapsed(WARM_UP), || ());
        let measured = watch(self.server.pid(), || {
            closed(port, requests, connections, Until::Elapsed(time), || ())
        });
        self.count(&warm);
        self.count(&measured.0);
        measured
    }

    fn count(&mut self, answers: &Answers) {
        assert_eq!(answers.refused, 0, "answers other than 200");
        self.acknowledged += answers.acknowledged;
    }

    /// Counts the lines of the export.
    fn stored(&self) -> u64 {
        let mut response = ureq::get(format!(
            "{}/api/v1/export/events.ndjson?website_id={}",
            self.server.url, self.site
        ))
        .header("authorization", format!("Bearer {}", self.key))
        .call()
        .unwrap();
        let mut reader = response.body_mut().as_reader();
        let mut part = vec![0; 64 * 1024];
        let mut lines = 0;
        loop {
            match reader.read(&mut part).unwrap() {
                0 => return lines,
                n => lines += part[..n].iter().filter(|byte| **byte == b'\n').count() as u64,
            }
        }
    }

    /// Whether all is stored that was acknowledged, and nothing else.
    fn check(&self) -> String {
        let stored = self.stored();
        assert_eq!(stored, self.acknowledged, "stored, acknowledged");
        grouped(stored as f64)
    }
}

/// A load on an echo of its own, the same one as before.
fn drive_echo(requests: &Shared, connections: usize, time: Duration) -> (Answers, Use) {
    let echo = Echo::start();
    closed(
        echo.port,
        requests,
        connections,
        Until::Elapsed(WARM_UP),
        || (),
    );
    watch(echo.pid(), || {
        closed(
            echo.port,
            requests,
            connections,
            Until::Elapsed(time),
            || (),
        )
    })
}

/// 1,234,567
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Microseconds of CPU an event.
fn micros(seconds: f64, answers: &Answers) -> f64 {
    seconds * 1e6 / answers.acknowledged as f64
}

const COLUMNS: &str = "\
| | events/s | p50 / p99 / max, ms | CPU µs an event | client's µs | PSS peak, MiB | rate by the echo's | CPU by the echo's | acknowledged = stored |
|---|--:|--:|--:|--:|--:|--:|--:|--:|";

/// Prints a row of a table with [`COLUMNS`].
fn row(name: &str, (answers, used): &(Answers, Use), echo: &(Answers, Use), stored: &str) {
    let cpu = micros(used.cpu, answers);
    println!(
        "| {name} | {} | {:.2} / {:.2} / {:.1} | {cpu:.1} | {:.1} | {:.0} | {:.2} | {:.1} | {stored} |",
        grouped(answers.rate()),
        answers.percentile(0.5),
        answers.percentile(0.99),
        answers.max.as_secs_f64() * 1e3,
        micros(used.client, answers),
        used.memory,
        answers.rate() / echo.0.rate(),
        cpu / micros(echo.1.cpu, &echo.0),
    );
}

fn single(connections: usize, time: Duration) {
    println!("\n## Single events, {connections} connections, empty store\n\n{COLUMNS}");
    let mut ours = Ours::start();
    let requests = ours.browser();
    let echo = drive_echo(&requests, connections, time);
    row("bare echo", &echo, &echo, "");
    let measured = ours.drive(&requests, connections, time);
    row("from browsers", &measured, &echo, &ours.check());
    let mut ours = Ours::start();
    let requests = ours.server();
    let measured = ours.drive(&requests, connections, time);
    row("with a key", &measured, &echo, &ours.check());
}

fn at_a_pace(time: Duration) {
    println!(
        "\n## {PACE} events a second, whatever the answers, {CONNECTIONS} connections\n\n{COLUMNS}"
    );
    let pace = |port, pid, requests: &Shared| {
        let warm = paced(port, requests, CONNECTIONS, PACE, WARM_UP);
        let measured = watch(pid, || paced(port, requests, CONNECTIONS, PACE, time));
        (warm, measured)
    };
    let mut ours = Ours::start();
    let browser = ours.browser();
    let bare = Echo::start();
    let (_, echo) = pace(bare.port, bare.pid(), &browser);
    drop(bare);
    row("bare echo", &echo, &echo, "");
    for (name, requests) in [("from browsers", browser), ("with a key", ours.server())] {
        let (warm, measured) = pace(ours.server.port, ours.server.pid(), &requests);
        ours.count(&warm);
        ours.count(&measured.0);
        row(name, &measured, &echo, &ours.check());
    }
}

fn batch(time: Duration) {
    println!(
        "\n## Arrays of {} events with a key, {BATCH_CONNECTIONS} connections, empty store\n\n\
         | | events/s | p50 / p99 / max of an array, ms | CPU µs an event | events/s a core | PSS peak, MiB | acknowledged = stored |\n\
         |---|--:|--:|--:|--:|--:|--:|",
        request::BATCH
    );
    let mut ours = Ours::start();
    let key = ours.key.clone();
    let (answers, used) = ours.drive(&requests(&Sender::Batches { key }), BATCH_CONNECTIONS, time);
    println!(
        "| batches | {} | {:.1} / {:.1} / {:.1} | {:.2} | {} | {:.0} | {} |",
        grouped(answers.rate()),
        answers.percentile(0.5),
        answers.percentile(0.99),
        answers.max.as_secs_f64() * 1e3,
        micros(used.cpu, &answers),
        grouped(answers.acknowledged as f64 / used.cpu),
        used.memory,
        ours.check()
    );
}

fn restart(time: Duration) {
    println!(
        "\n## kill -9 in the midst of the load, {CONNECTIONS} connections\n\n\
         | | acknowledged | stored after the restart | missing |\n|---|--:|--:|--:|"
    );
    for name in ["from browsers", "with a key"] {
        let mut ours = Ours::start();
        let requests = match name {
            "with a key" => ours.server(),
            _ => ours.browser(),
        };
        let answers = closed(
            ours.server.port,
            &requests,
            CONNECTIONS,
            Until::Elapsed(time),
            || ours.server.signal("-KILL"),
        );
        ours.count(&answers);
        ours.server = Server::on(ours.server.kill(), &FLAGS);
        let stored = ours.stored();
        let missing = ours.acknowledged.saturating_sub(stored);
        println!(
            "| {name} | {} | {} | {missing} |",
            grouped(ours.acknowledged as f64),
            grouped(stored as f64)
        );
        // One request a connection may be stored and its answer lost.
        assert!(missing == 0 && stored <= ours.acknowledged + CONNECTIONS as u64);
    }
}

fn stored(events: u64, time: Duration) {
    println!(
        "\n## {} events stored\n\n\
         | filled, events/s | CPU µs an event | PSS peak, MiB | bytes on disk an event | start until /healthz, ms | idle, MiB |\n\
         |--:|--:|--:|--:|--:|--:|",
        grouped(events as f64)
    );
    let mut ours = Ours::start();
    let key = ours.key.clone();
    let history = requests(&Sender::History { key, events });
    let (answers, used) = watch(ours.server.pid(), || {
        closed(
            ours.server.port,
            &history,
            BATCH_CONNECTIONS,
            Until::Sent(events),
            || (),
        )
    });
    ours.count(&answers);
    let bytes = process::bytes(ours.server.data.path());
    let data = ours.server.stop();
    let began = Instant::now();
    ours.server = Server::on(data, &FLAGS);
    while ours.server.get("/healthz", &[]).status != 200 {}
    let start = began.elapsed();
    std::thread::sleep(Duration::from_secs(1));
    println!(
        "| {} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0} |",
        grouped(answers.rate()),
        micros(used.cpu, &answers),
        used.memory,
        bytes as f64 / answers.acknowledged as f64,
        start.as_secs_f64() * 1e3,
        process::memory(ours.server.pid()).unwrap_or_default()
    );

    println!(
        "\nSingle events on top, {CONNECTIONS} connections; an empty store's right after:\n\n\
         | | events/s | p50 / p99, ms | CPU µs an event | PSS peak, MiB | rate by the empty store's | CPU by the empty store's |\n\
         |---|--:|--:|--:|--:|--:|--:|"
    );
    for name in ["from browsers", "with a key"] {
        let run = |ours: &mut Ours| {
            let requests = match name {
                "with a key" => ours.server(),
                _ => ours.browser(),
            };
            ours.drive(&requests, CONNECTIONS, time)
        };
        let (answers, used) = run(&mut ours);
        let (empty, empty_used) = run(&mut Ours::start());
        println!(
            "| {name} | {} | {:.2} / {:.2} | {:.1} | {:.0} | {:.2} | {:.2} |",
            grouped(answers.rate()),
            answers.percentile(0.5),
            answers.percentile(0.99),
            micros(used.cpu, &answers),
            used.memory,
            answers.rate() / empty.rate(),
            micros(used.cpu, &answers) / micros(empty_used.cpu, &empty)
        );
    }
    println!("\nAcknowledged = stored: {}", ours.check());
}

fn main() -> ExitCode {
    let options = Options::parse();
    if options.echo {
        echo::serve();
        return ExitCode::SUCCESS;
    }
    const WORDS: [&str; 7] = [
        "single", "c256", "paced", "fitting", "batch", "restart", "stored",
    ];
    let unknown = |word: &&String| !WORDS.contains(&word.as_str()) && word.parse::<u64>().is_err();
    if let Some(word) = options.words.iter().find(unknown) {
        eprintln!("{word}: there are {}", WORDS.join(", "));
        return ExitCode::from(2);
    }
    let folder = tempfile::tempdir().unwrap();
    let shape = |sender| requests(&sender).lock().unwrap().bytes;
    let browser = shape(Sender::Browser {
        website_id: format!("admx_{}", "x".repeat(20)),
    });
    let server = shape(Sender::Server { key: String::new() });
    println!(
        "{} cores shared with the client; 4 KiB are on disk in {:.2} ms; bodies of {} to {} bytes from browsers, {} to {} with a key; {} s each",
        std::thread::available_parallelism().unwrap(),
        process::sync(folder.path()),
        browser.0,
        browser.1,
        server.0,
        server.1,
        options.seconds
    );
    let time = options.time();
    if options.wants("single") {
        single(CONNECTIONS, time);
    }
    if options.wants("c256") {
        single(256, time);
    }
    if options.wants("paced") {
        at_a_pace(time);
    }
    if options.wants("fitting") {
        fitting::run(PACE, CONNECTIONS, time);
    }
    if options.wants("batch") {
        batch(time);
    }
    if options.wants("restart") {
        restart(time);
    }
    if options.wants("stored") {
        stored(options.stored(), time);
    }
    println!("\n{}", include_str!("ingest/peers.md"));
    ExitCode::SUCCESS
}
