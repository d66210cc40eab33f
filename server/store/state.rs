//! How the writer fares: what it did, what that took, and whether it can write now. Leaves saying so to
//! [`http`](crate::http).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{Outcome, Store};

/// Bytes that are written and taken back to see whether events can be stored again.
const TRIAL: usize = 64 * 1024;

/// What the writer did since the start, and how it is.
pub struct State {
    /// Events that are on disk.
    pub stored: Counter,
    /// Events that were on disk already.
    pub duplicates: Counter,
    /// Events of one transaction.
    pub events: Histogram,
    /// Seconds of one transaction, the sync of the disk included.
    pub seconds: Histogram,
    failure: Mutex<Option<String>>,
}

impl Default for State {
    fn default() -> State {
        State {
            stored: Counter::default(),
            duplicates: Counter::default(),
            events: Histogram::new(exponential_buckets(1.0, 4.0, 7)),
            seconds: Histogram::new(exponential_buckets(0.000_25, 4.0, 9)),
            failure: Mutex::default(),
        }
    }
}

impl State {
    /// Why nothing can be stored; `None` when it can be.
    pub fn failure(&self) -> Option<String> {
        self.lock().clone()
    }

    pub(super) fn committed(&self, outcomes: &[Vec<Outcome>], took: Duration) {
        let events = outcomes.iter().map(Vec::len).sum::<usize>();
        let stored = outcomes.iter().flatten();
        let stored = stored
            .filter(|outcome| **outcome == Outcome::Stored)
            .count();
        self.stored.inc_by(stored as u64);
        self.duplicates.inc_by((events - stored) as u64);
        self.events.observe(events as f64);
        self.seconds.observe(took.as_secs_f64());
        *self.lock() = None;
    }

    pub(super) fn failed(&self, error: &rusqlite::Error) {
        *self.lock() = Some(error.to_string());
    }

    /// The writer's thread has ended, and does not come back.
    pub(super) fn stopped(&self) {
        *self.lock() = Some("the writer has stopped; start the server anew".into());
    }

    /// Tries to write if the last transaction failed. Whoever asks whether events can be stored sends them elsewhere when
    /// they can't be, and without one to store nothing would show that they can be again.
    pub(super) fn try_again(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        if self.lock().is_none() {
            return Ok(());
        }
        let trial = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        trial.execute(
            "INSERT INTO about VALUES ('trial', zeroblob(?1))",
            [TRIAL as i64],
        )?;
        trial.execute("DELETE FROM about WHERE name = 'trial'", [])?;
        trial.commit()?;
        *self.lock() = None;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// When the event that was stored last happened.
    pub fn last_event_at(&self) -> rusqlite::Result<Option<Timestamp>> {
        let at: Option<i64> = self.read(|connection| {
            connection
                .prepare_cached("SELECT at FROM event ORDER BY id DESC LIMIT 1")?
                .query_row([], |row| row.get(0))
                .optional()
        })?;
        Ok(at.and_then(|at| Timestamp::from_millisecond(at).ok()))
    }
}
