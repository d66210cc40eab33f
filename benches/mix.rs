//! Whether the marketing mix finds what is known to be so, and how long that takes.
//!
//! `cargo bench --bench mix -- [example] [daily] [recovery] [calibration]` (default all). Prints Markdown; fails where a tolerance isn't
//! kept. CPU seconds are those of the process; beside them stand those of other programs for the same, on a machine of the same kind.
//!
//! - example: the posterior that other samplers find of 179 weeks of two channels
//! - daily: 730 days of four channels of which the truth is known, with 60 days held out; two years of weeks; the preview
//! - recovery: forty data sets of that kind (`DATA_SETS`, another number of them), without and with two experiments
//! - calibration: ranks of what data were made with among draws given those data, which are even where the sampler is right

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

#[path = "mix/calibration.rs"]
mod calibration;
#[path = "mix/daily.rs"]
mod daily;
#[path = "mix/example.rs"]
mod example;
#[path = "mix/made.rs"]
mod made;
#[path = "mix/recovery.rs"]
mod recovery;

fn main() {
    let all: [(&str, fn()); 4] = [
        ("example", example::run),
        ("daily", daily::run),
        ("recovery", recovery::run),
        ("calibration", calibration::run),
    ];
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (name, run) in all {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            run();
        }
    }
}

/// A column of a file of the tests.
fn column(file: &str, name: &str) -> Vec<f64> {
    let path = format!("{}/tests/data/mix/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader
        .headers()
        .unwrap()
        .iter()
        .position(|header| header == name)
        .unwrap();
    let number =
        |record: Result<csv::StringRecord, csv::Error>| record.unwrap()[at].parse().unwrap();
    reader.records().map(number).collect()
}

/// CPU seconds of this process so far.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after: Vec<&str> = stat.rsplit(')').next().unwrap().split(' ').collect();
    // Clock ticks are hundredths of a second on every Linux that this runs on.
    (after[12].parse::<f64>().unwrap() + after[13].parse::<f64>().unwrap()) / 100.0
}

/// The most memory that this process had, in MiB.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
}

/// Whether a figure is within a tolerance of what is wanted, told as a row.
fn held(what: &str, found: f64, wanted: f64, within: f64) {
    println!("| {what} | {found:.4} | {wanted:.4} | ± {within:.4} |");
    assert!(
        (found - wanted).abs() <= within,
        "{what}: {found} is not within {within} of {wanted}"
    );
}

/// Whether a figure is below an end, told as a row.
fn below(what: &str, found: f64, end: f64) {
    println!("| {what} | {found:.4} | | ≤ {end} |");
    assert!(found <= end, "{what}: {found} is above {end}");
}
