//! Kills, stops, power cuts, failing writes and a full disk under a load of many connections, and what of the
//! acknowledged events is missing or doubled afterwards. The long form of the tests in `durable.rs`.
//!
//! `cargo bench --bench crash -- --kills 200 --stops 50 --cuts 50 --failures 50`. The full disk needs root, for a small
//! tmpfs. Ends with 1 if anything was lost.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "../tests/blackbox/fault.rs"]
#[allow(dead_code)]
mod fault;
#[path = "../tests/blackbox/load.rs"]
#[allow(dead_code)]
mod load;
#[path = "../tests/blackbox/server.rs"]
#[allow(dead_code)]
mod server;

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;
use fault::{Disk, Fault, damage, wait_until_gone};
use load::{Event, Sent, compare, load, send_again};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use server::Server;

const FLAGS: [&str; 2] = ["--rate-key", "0"];

/// Rounds on one folder. Every round reads all that is there, so that a folder for all of them would take hours.
const ON_ONE_FOLDER: usize = 10;

#[derive(Parser)]
struct Options {
    /// kill -9
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// SIGTERM
    #[arg(long, default_value_t = 50)]
    stops: usize,
    /// Power cuts, every other one in the midst of a checkpoint
    #[arg(long, default_value_t = 50)]
    cuts: usize,
    /// Loads on a disk that fails now and then, each ended by kill -9
    #[arg(long, default_value_t = 50)]
    failures: usize,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Of what is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Kill,
    Stop,
    Cut,
    Failures,
}

/// A row of the table.
#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    acknowledged: usize,
    refused: usize,
    again: usize,
    missing: usize,
    doubled: usize,
    garbled: usize,
    damaged: usize,
}

impl Tally {
    fn count(&mut self, sent: &Sent) {
        self.acknowledged += sent.acknowledged.len();
        self.refused += sent.refused.values().sum::<usize>();
    }

    /// Compares what is stored with what was acknowledged, and says what is wrong.
    fn check(&mut self, server: &Server, keys: &Keys, acknowledged: &HashSet<Event>) {
        let faults = compare(acknowledged, &server.events(&keys.key, &keys.site));
        let damage = damage(server.data.path());
        if faults != load::Faults::default() || !damage.is_empty() {
            eprintln!("{faults:?} {damage:?}");
        }
        self.missing += faults.missing.len();
        self.doubled += faults.doubled.len();
        self.garbled += faults.garbled.len();
        self.damaged += damage.len();
    }

    fn print(&self, how: &str) {
        println!(
            "| {how} | {} | {} | {} | {} | {} | {} | {} | {} |",
            self.rounds,
            self.acknowledged,
            self.refused,
            self.again,
            self.missing,
            self.doubled,
            self.garbled,
            self.damaged
        );
    }

    fn is_clean(&self) -> bool {
        self.missing + self.doubled + self.garbled + self.damaged == 0
    }
}

struct Keys {
    site: String,
    key: String,
}

fn set_up(server: &Server) -> Keys {
    Keys {
        site: server.add_site("example.com"),
        key: server.new_key(),
    }
}

fn rounds(how: How, rounds: usize, options: &Options, random: &mut StdRng) -> Tally {
    let disk = Disk::new();
    let start = |data| match how {
        How::Kill | How::Stop => Server::on(data, &FLAGS),
        How::Cut | How::Failures => disk.serve(data, &FLAGS),
    };
    let mut tally = Tally::default();
    while tally.rounds < rounds {
        let mut server = start(tempfile::tempdir().unwrap());
        let keys = set_up(&server);
        let mut acknowledged = HashSet::new();
        for _ in 0..ON_ONE_FOLDER.min(rounds - tally.rounds) {
            let moment = Duration::from_millis(random.random_range(50..500));
            let seed = random.random();
            let fault = match (how, tally.rounds % 2) {
                (How::Cut, 0) => Fault::PowerCut {
                    after: random.random_range(1..4000),
                    seed,
                },
                (How::Cut, _) => Fault::CheckpointCut {
                    after: random.random_range(1..300),
                    seed,
                },
                (How::Failures, _) => Fault::Some {
                    one_in: random.random_range(4..400),
                    seed,
                },
                _ => Fault::None,
            };
            let sent = load(
                &server,
                &keys.key,
                tally.rounds,
                options.connections,
                || {
                    disk.set(fault);
                    match how {
                        How::Cut => wait_until_gone(&server),
                        How::Stop => {
                            std::thread::sleep(moment);
                            server.signal("-TERM");
                        }
                        How::Kill | How::Failures => {
                            std::thread::sleep(moment);
                            server.signal("-KILL");
                        }
                    }
                },
            );
            tally.count(&sent);
            acknowledged.extend(sent.acknowledged);
            server = start(match how {
                How::Stop => server.stopped(),
                How::Kill | How::Cut | How::Failures => server.kill(),
            });
            let again = send_again(&server, &keys.key, sent.unsure);
            assert_eq!(again.unsure, [], "{:?}", again.refused);
            tally.again += again.acknowledged.len();
            acknowledged.extend(again.acknowledged);
            tally.check(&server, &keys, &acknowledged);
            tally.rounds += 1;
        }
    }
    tally
}

/// A tmpfs of eight megabytes, until dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap().keep();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "admx"])
            .arg(&folder)
            .status();
        let disk = SmallDisk(folder);
        mounted.is_ok_and(|status| status.success()).then_some(disk)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Fills a small disk, kills and starts the server on it, makes room, and goes on.
fn full_disk(options: &Options) -> Option<Tally> {
    let disk = SmallDisk::mount()?;
    let ballast = disk.0.join("ballast");
    std::fs::write(&ballast, vec![1; 3 << 20]).unwrap();
    let mut server = Server::on(tempfile::tempdir_in(&disk.0).unwrap(), &FLAGS);
    let keys = set_up(&server);
    let mut tally = Tally {
        rounds: 1,
        ..Tally::default()
    };
    let full = load(&server, &keys.key, 0, options.connections, || {
        std::thread::sleep(Duration::from_secs(4));
    });
    tally.count(&full);
    let answers: Vec<_> = full.refused.keys().collect();
    assert_eq!(answers, ["503 storage_full"]);
    let mut acknowledged = full.acknowledged;
    tally.check(&server, &keys, &acknowledged);

    std::fs::remove_file(&ballast).unwrap();
    let again = send_again(&server, &keys.key, full.unsure);
    assert_eq!(again.unsure, [], "{:?}", again.refused);
    tally.again += again.acknowledged.len();
    acknowledged.extend(again.acknowledged);
    let after = load(&server, &keys.key, 1, options.connections, || {
        std::thread::sleep(Duration::from_millis(100));
    });
    tally.count(&after);
    acknowledged.extend(after.acknowledged);
    tally.check(&server, &keys, &acknowledged);

    server = Server::on(server.kill(), &FLAGS);
    tally.check(&server, &keys, &acknowledged);
    Some(tally)
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut random = StdRng::seed_from_u64(options.seed);
    println!(
        "{} connections, seed {}\n\n\
         | | rounds | acknowledged | refused | sent again | missing | doubled | garbled | damaged files |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|",
        options.connections, options.seed
    );
    let mut is_clean = true;
    let all = [
        ("kill -9 after 50 to 500 ms", How::Kill, options.kills),
        ("SIGTERM after 50 to 500 ms", How::Stop, options.stops),
        (
            "power cut, unsynced writes lost and torn",
            How::Cut,
            options.cuts,
        ),
        (
            "one in 4 to 400 writes fails, then kill -9",
            How::Failures,
            options.failures,
        ),
    ];
    for (name, how, times) in all {
        if times > 0 {
            let tally = rounds(how, times, &options, &mut random);
            tally.print(name);
            is_clean &= tally.is_clean();
        }
    }
    match full_disk(&options) {
        Some(tally) => {
            tally.print("tmpfs of 8 MiB full, and 3 MiB freed");
            is_clean &= tally.is_clean();
        }
        None => println!("\nThe full disk was left out: a tmpfs can be mounted by root only."),
    }
    ExitCode::from(u8::from(!is_clean))
}
