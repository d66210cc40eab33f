//! Lines → the log: stored as they come, in steps, and a report of what was not taken. A file that is mostly wrong is
//! given up early.

use std::time::Duration;

use serde::Serialize;

use super::{Found, Item};
use crate::ingest::imported::Imported;
use crate::store::event::Event;
use crate::store::{Outcome, Store, WriteError};

/// Events that are stored at once.
const STEP: usize = 1000;

/// Lines that may be wrong, after which the rest of the file is left.
pub const MOST_BAD: usize = 100;

/// How often a full queue is tried again, and how long is waited before.
const TRIES: u32 = 100;
const WAIT: Duration = Duration::from_millis(100);

/// What became of a file.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Lines that were read, the first with names aside.
    pub lines: u64,
    /// Events that were stored.
    pub stored: u64,
    /// Events that were there already.
    pub known: u64,
    /// Lines that were left on purpose, such as those of crawlers.
    pub left: u64,
    /// Lines that were wrong.
    pub bad: Vec<Bad>,
    /// Why the rest of the file was not read; nothing when all of it was.
    pub stopped: Option<String>,
    /// Why the log took no more.
    #[serde(skip)]
    pub failed: Option<WriteError>,
}

/// A line that was wrong.
#[derive(Debug, Serialize)]
pub struct Bad {
    /// Its number in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

impl Report {
    /// This and what came after it.
    pub fn add(&mut self, next: Report) {
        self.lines += next.lines;
        self.stored += next.stored;
        self.known += next.known;
        self.left += next.left;
        self.bad.extend(next.bad);
        self.stopped = self.stopped.take().or(next.stopped);
        self.failed = self.failed.take().or(next.failed);
    }
}

/// Stores what a file says. The thread waits: not for those that serve.
pub fn import(store: &Store, imported: &mut Imported, items: impl Iterator<Item = Item>) -> Report {
    let mut report = Report::default();
    let mut step = Vec::with_capacity(STEP);
    for item in items {
        let (line, found) = match item {
            Ok(found) => found,
            Err(why) => {
                report.stopped = Some(why);
                break;
            }
        };
        report.lines += 1;
        match found {
            Found::Left(_) => report.left += 1,
            Found::Bad(reason) => report.bad.push(Bad { line, reason }),
            Found::Line(said) => match imported.event(&said) {
                Ok(event) => step.push(event),
                Err(refusal) => report.bad.push(Bad {
                    line,
                    reason: refusal.message,
                }),
            },
        }
        if report.bad.len() >= MOST_BAD {
            report.stopped = Some(format!("{MOST_BAD} lines are wrong"));
            break;
        }
        if step.len() == STEP && !stored(store, &mut step, &mut report) {
            return report;
        }
    }
    stored(store, &mut step, &mut report);
    report
}

/// Stores what was gathered, and says whether it could.
fn stored(store: &Store, step: &mut Vec<Event>, report: &mut Report) -> bool {
    let events = std::mem::take(step);
    if events.is_empty() {
        return true;
    }
    let mut tries = 0;
    let outcome = loop {
        match store.writer().append_here(events.clone()) {
            Err(WriteError::Overloaded) if tries < TRIES => {
                tries += 1;
                std::thread::sleep(WAIT);
            }
            outcome => break outcome,
        }
    };
    match outcome {
        Ok(outcomes) => {
            let fresh = outcomes
                .iter()
                .filter(|outcome| **outcome == Outcome::Stored);
            let fresh = fresh.count() as u64;
            report.stored += fresh;
            report.known += outcomes.len() as u64 - fresh;
            true
        }
        Err(error) => {
            report.stopped = Some(error.to_string());
            report.failed = Some(error);
            false
        }
    }
}
