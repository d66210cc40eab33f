//! The event log: SQLite in `events.db`, and what is derived from it in `reports.db`. The only room with SQL, beside
//! [`account`](crate::account).
//!
//! - [`event`]: what is stored, as types that can't be wrong; [`origin`]: what brought a session; [`id`]: event ids
//! - `schema`, `upgrade`: the tables, and how older ones are brought up to date
//! - [`writer`]: one thread that commits what waits as one transaction and answers after it; `insert`: one event's rows;
//!   `session`: which visit it belongs to; `seen`: which site saw a visitor last; `checkpoint`: copies the log's end into
//!   its file; [`state`]: how it fares
//! - [`reports`]: what questions are answered from; [`clickhouse`]: the same for who outgrows one machine
//! - `read`: single events, names; `whole`: events with all that makes them again; [`person`]: which visitors are one person; [`care`]: copies, checks, and what takes events out
//! - [`live`]: who is told of what was committed
//!
//! Leaves to [`ingest`](crate::ingest): whether something is an event at all. Leaves to [`query`](crate::query): what
//! the rows mean.

pub mod care;
pub(crate) mod checkpoint;
pub mod clickhouse;
pub mod event;
pub mod id;
mod insert;
pub mod live;
pub mod origin;
pub mod person;
mod read;
pub mod reports;
mod schema;
mod seen;
mod session;
pub mod state;
mod upgrade;
mod whole;
pub mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

pub use read::{ClientNames, Detail, Fire};
pub use reports::{ReadError, Reports, Role};
pub use whole::Whole;
pub use writer::{Outcome, WriteError};

/// How the log is kept.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Requests that may wait for the writer; one more is turned away.
    pub queue: usize,
    /// Who opens it.
    pub role: Role,
    /// Bytes the log's file may have; `None` for as much as the disk holds.
    pub most_bytes: Option<u64>,
    /// Where what is sealed goes; `None` for `reports.db` beside the log.
    pub clickhouse: Option<clickhouse::Place>,
}

impl Settings {
    /// Those of a test whose store is in `folder`: of `reports.db`, or of the ClickHouse that `ADMX_TEST_STORE` names, so that
    /// what holds for one is shown for both.
    #[cfg(test)]
    pub(crate) fn of_test(folder: &Path) -> Settings {
        Settings {
            queue: 64,
            role: Role::Server,
            most_bytes: None,
            clickhouse: clickhouse::Place::of_test(folder),
        }
    }

    fn apply(&self, connection: &Connection) -> rusqlite::Result<()> {
        checkpoint::watch(connection);
        match self.most_bytes {
            Some(most) => schema::limit(connection, most),
            None => Ok(()),
        }
    }
}

/// The event log.
pub struct Store {
    file: PathBuf,
    ids: Arc<id::Maker>,
    reports: Arc<Reports>,
    writer: writer::Writer,
    live: live::Live,
    seen: Arc<seen::Seen>,
    names: read::Names,
    persons: Mutex<person::Held>,
    browsers: Mutex<Arc<person::Browsers>>,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens the log in `folder`, made and brought up to date where needed, and starts its threads.
    pub fn open(folder: &Path, settings: &Settings) -> anyhow::Result<Arc<Store>> {
        let file = folder.join("events.db");
        let connection = schema::open(&file)?;
        let secret =
            connection.query_row("SELECT value FROM about WHERE name = 'secret'", [], |row| {
                row.get(0)
            })?;
        let ids = Arc::new(id::Maker::new(secret));
        let clickhouse = settings.clickhouse.as_ref();
        let reports = Reports::open(folder, &connection, settings.role, clickhouse)?;
        let reports = Arc::new(reports);
        let live = live::Live::default();
        let seen = Arc::<seen::Seen>::default();
        let writer = writer::Writer::start(
            file.clone(),
            connection,
            settings.clone(),
            ids.clone(),
            reports.clone(),
            live.clone(),
            seen.clone(),
        )?;
        Ok(Arc::new(Store {
            file,
            ids,
            reports,
            writer,
            live,
            seen,
            names: read::Names::default(),
            persons: Mutex::default(),
            browsers: Mutex::default(),
            readers: Mutex::default(),
        }))
    }

    /// Where events go in.
    pub fn writer(&self) -> &writer::Writer {
        &self.writer
    }

    /// What questions are answered from.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Where one hears of what was stored.
    pub fn live(&self) -> &live::Live {
        &self.live
    }

    /// A new id for an event whose sender named none.
    pub fn new_event_id(&self, now: Timestamp) -> Uuid {
        self.ids.make(now)
    }

    /// The salt of a day (since 1970, UTC), the same until the day is over, restarts or not. That of the day before is
    /// overwritten.
    pub fn salt(&self, day: i64) -> rusqlite::Result<[u8; 32]> {
        let connection = schema::connect(&self.file)?;
        connection.pragma_update(None, "secure_delete", true)?;
        let name = format!("salt {day}");
        connection.execute(
            "DELETE FROM about WHERE name LIKE 'salt %' AND name <> ?1",
            [&name],
        )?;
        let fresh: [u8; 32] = rand::random();
        connection.execute(
            "INSERT OR IGNORE INTO about VALUES (?1, ?2)",
            (&name, fresh),
        )?;
        connection.query_row("SELECT value FROM about WHERE name = ?1", [&name], |row| {
            row.get(0)
        })
    }

    /// Takes no more events, writes what waits, and comes back when all of it is on disk.
    pub fn stop(&self) {
        self.writer.stop();
        self.reports.stop();
    }

    /// Runs `work` on a connection that sees the log as it is now and can't change it.
    fn read<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
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
        // One that saw the file go wrong is not kept.
        if result.is_ok() {
            self.readers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
        result
    }
}
