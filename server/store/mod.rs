//! The event log: SQLite in `events.db`. The only room with SQL, beside [`account`](crate::account).
//!
//! - [`event`]: what is stored, as types that can't be wrong
//! - `schema`: the tables
//! - [`writer`]: one thread that commits what waits as one transaction and answers after it
//! - `read`: what reports need
//! - [`live`]: who is told of what was committed
//!
//! Leaves to [`ingest`](crate::ingest): whether something is an event at all. Leaves to [`query`](crate::query): what
//! the rows mean.

pub mod event;
pub mod live;
mod read;
mod schema;
pub mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

pub use read::{Fire, Row};
pub use writer::{Outcome, WriteError};

/// How the log is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Requests that may wait for the writer; one more is turned away.
    pub queue: usize,
    /// Bytes the log's file may have; `None` for as much as the disk holds.
    pub most_bytes: Option<u64>,
}

/// The event log.
pub struct Store {
    file: PathBuf,
    writer: writer::Writer,
    live: live::Live,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens the log in `folder`, made and brought up to date where needed, and starts its writer.
    pub fn open(folder: &Path, settings: &Settings) -> anyhow::Result<Arc<Store>> {
        let file = folder.join("events.db");
        let connection = schema::open(&file, settings.most_bytes)?;
        let live = live::Live::default();
        let writer = writer::Writer::start(connection, settings.queue, live.clone())?;
        Ok(Arc::new(Store {
            file,
            writer,
            live,
            readers: Mutex::default(),
        }))
    }

    /// Where events go in.
    pub fn writer(&self) -> &writer::Writer {
        &self.writer
    }

    /// Where one hears of what was stored.
    pub fn live(&self) -> &live::Live {
        &self.live
    }

    /// Runs `work` on a connection that sees the log as it is now and can't change it.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let idle = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => schema::open_to_read(&self.file)?,
        };
        let result = work(&connection);
        self.readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        result
    }
}
