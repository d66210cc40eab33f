//! How far the log is shipped: `shipped.db`, a small file beside the log. Whoever holds `shipped.lock` is the only one that
//! changes what is there: ships, or takes out.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use roaring::RoaringTreemap;
use rusqlite::{Connection, OptionalExtension, params};

use super::place::Place;
use crate::private;
use crate::store::ReadError;

/// log: the log's id; was: the id that it had before it was put back from a copy. epoch: made anew whenever blocks may be cut
/// otherwise than before, so that no block has the name of another. first, last: the block that is on its way, or was the last one. erased: how often events had been taken out of the log
/// when both were last the same. drops: whether the log drops what is shipped; dropped: whether it ever did.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS shipped (
        log BLOB NOT NULL,
        was BLOB,
        epoch BLOB NOT NULL,
        place TEXT NOT NULL,
        through INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        erased INTEGER NOT NULL,
        drops INTEGER NOT NULL,
        dropped INTEGER NOT NULL
     ) STRICT;
     -- Events that are to be taken out, and days whose sums are to be made anew.
     CREATE TABLE IF NOT EXISTS forgotten (event INTEGER PRIMARY KEY) STRICT;
     CREATE TABLE IF NOT EXISTS unsummed (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        PRIMARY KEY (site, day)
     ) STRICT, WITHOUT ROWID;";

/// The file.
#[derive(Clone)]
pub(super) struct Shipped {
    file: PathBuf,
    log: Vec<u8>,
    kept: Arc<Mutex<Connection>>,
    /// Another one, so that whoever reads waits for nobody who writes.
    reads: Arc<Mutex<Connection>>,
}

/// Where shipping stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The number of the last event of which it is known that it is there.
    pub(super) through: i64,
    /// The first and the last number of the block that was sent last.
    pub(super) block: (i64, i64),
    /// How often events had been taken out of the log when what is there was last the same.
    pub(super) erased: i64,
    /// Whether the log drops what is shipped.
    pub(super) drops: bool,
    /// Whether it has.
    pub(super) dropped: bool,
}

impl State {
    /// The block of which it isn't known whether it is there.
    pub(super) fn unsure(&self) -> Option<(i64, i64)> {
        (self.block.1 > self.through).then_some(self.block)
    }
}

impl Shipped {
    /// Opens the file in `folder`, made where it is missing; it must be of this log and this place, or of another place that
    /// `is_known` to have this log's events.
    pub(super) fn open(
        folder: &Path,
        log: &[u8],
        place: &Place,
        is_known: impl FnOnce(&str) -> Result<bool, ReadError>,
    ) -> anyhow::Result<Shipped> {
        let file = folder.join("shipped.db");
        private::create(&file)?;
        let connection = connect(&file)?;
        connection.execute_batch(TABLE)?;
        let known: Option<(Vec<u8>, String, bool)> = connection
            .query_row("SELECT log, place, dropped FROM shipped", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .context("shipped.db can't be read")?;
        let anew = || {
            connection.execute(
                "INSERT INTO shipped SELECT ?1, NULL, randomblob(8), ?2, 0, 0, 0, 0, 1, 0 WHERE NOT EXISTS (SELECT 1 FROM shipped)",
                params![log, place.to_string()],
            )
        };
        match known {
            None => {
                anew()?;
            }
            Some((of, ..)) if of != log => bail!(
                "shipped.db is of another event log than events.db: one of them was put back from a copy without the other"
            ),
            Some((_, there, _)) if there == place.to_string() => {}
            // The log still has all of them.
            Some((_, _, false)) => {
                connection.execute_batch("DELETE FROM shipped; DELETE FROM unsummed")?;
                anew()?;
            }
            Some((_, there, true)) => {
                // The same tables may be reached by another name.
                ensure!(
                    is_known(&hex(log))?,
                    "this log's events are in {there}, and {place} has none of them: `admx migrate-store --to sqlite` with ADMX_STORE as it was, then `--to` the new place"
                );
                connection.execute("UPDATE shipped SET place = ?1", [place.to_string()])?;
            }
        }
        Ok(Shipped {
            log: log.to_owned(),
            reads: Arc::new(Mutex::new(connect(&file)?)),
            kept: Arc::new(Mutex::new(connection)),
            file,
        })
    }

    fn reads(&self) -> MutexGuard<'_, Connection> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Connection> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That of a folder, as it is.
    #[cfg(test)]
    pub(super) fn in_folder(folder: &Path) -> anyhow::Result<Shipped> {
        let file = folder.join("shipped.db");
        let connection = connect(&file)?;
        let log = connection.query_row("SELECT log FROM shipped", [], |row| row.get(0))?;
        let kept = Arc::new(Mutex::new(connection));
        let reads = Arc::new(Mutex::new(connect(&file)?));
        Ok(Shipped {
            file,
            log,
            kept,
            reads,
        })
    }

    /// The ids of the log: what it is, and what it was before.
    pub(super) fn ids(&self) -> rusqlite::Result<(String, Option<String>)> {
        let was: Option<Vec<u8>> = self
            .kept()
            .query_row("SELECT was FROM shipped", [], |row| row.get(0))?;
        Ok((hex(&self.log), was.as_deref().map(hex)))
    }

    /// Says that what is there ends elsewhere than was known.
    pub(super) fn ends(&self, through: i64) -> rusqlite::Result<()> {
        self.kept()
            .execute(
                "UPDATE shipped SET through = ?1, first = 0, last = 0, was = NULL, epoch = randomblob(8)",
                [through],
            )
            .map(|_| ())
    }

    /// The name of a block: the same events of the same log have the same.
    pub(super) fn block(&self, (first, last): (i64, i64)) -> rusqlite::Result<String> {
        let epoch: Vec<u8> = self
            .kept()
            .query_row("SELECT epoch FROM shipped", [], |row| row.get(0))?;
        Ok(format!("{}-{}-{first}-{last}", hex(&self.log), hex(&epoch)))
    }

    /// The numbers of events that are to be taken out.
    pub(super) fn forgotten(&self) -> rusqlite::Result<RoaringTreemap> {
        let kept = self.kept();
        let mut ids = kept.prepare_cached("SELECT event FROM forgotten")?;
        let found = ids.query_map([], |row| row.get::<_, i64>(0).map(|id| id as u64))?;
        found.collect()
    }

    /// Says that these events are to be taken out, or that they are.
    pub(super) fn forgets(&self, ids: &RoaringTreemap, are_left: bool) -> rusqlite::Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut kept = self.kept();
        let transaction = kept.transaction()?;
        let sql = match are_left {
            true => "INSERT OR IGNORE INTO forgotten VALUES (?1)",
            false => "DELETE FROM forgotten WHERE event = ?1",
        };
        for id in ids {
            transaction.prepare_cached(sql)?.execute([id as i64])?;
        }
        transaction.commit()
    }

    /// Days of sites whose sums are to be made anew.
    pub(super) fn unsummed(&self) -> rusqlite::Result<BTreeSet<(i64, i32)>> {
        let reads = self.reads();
        let mut days = reads.prepare_cached("SELECT site, day FROM unsummed")?;
        let found = days.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.collect()
    }

    /// Says that the sums of these days are to be made anew, or that they are.
    pub(super) fn mark(&self, days: &BTreeSet<(i64, i32)>, unsummed: bool) -> rusqlite::Result<()> {
        let mut kept = self.kept();
        let transaction = kept.transaction()?;
        let sql = match unsummed {
            true => "INSERT OR IGNORE INTO unsummed VALUES (?1, ?2)",
            false => "DELETE FROM unsummed WHERE site = ?1 AND day = ?2",
        };
        for (site, day) in days {
            transaction
                .prepare_cached(sql)?
                .execute(params![site, day])?;
        }
        transaction.commit()
    }

    /// The number of the last event that is there.
    pub(super) fn through(&self) -> rusqlite::Result<i64> {
        Ok(state(&self.reads())?.through)
    }

    /// Where shipping stands.
    pub(super) fn state(&self) -> rusqlite::Result<State> {
        state(&self.kept())
    }

    /// Says which block is sent next. It is to be said before, so that after a crash the same one is sent again.
    pub(super) fn sends(&self, (first, last): (i64, i64)) -> rusqlite::Result<()> {
        self.kept()
            .execute("UPDATE shipped SET first = ?1, last = ?2", [first, last])
            .map(|_| ())
    }

    /// Says that all up to `through` is there.
    pub(super) fn sent(&self, through: i64) -> rusqlite::Result<()> {
        self.kept()
            .execute("UPDATE shipped SET through = max(through, ?1)", [through])
            .map(|_| ())
    }

    /// Says that what is there is what the log says, of which events had been taken out so often.
    pub(super) fn is_same(&self, erased: i64) -> rusqlite::Result<()> {
        self.kept()
            .execute(
                "UPDATE shipped SET erased = ?1 WHERE erased <> ?1",
                [erased],
            )
            .map(|_| ())
    }

    /// Says whether the log is to drop what is shipped.
    pub(super) fn drops(&self, drops: bool) -> rusqlite::Result<()> {
        self.kept()
            .execute("UPDATE shipped SET drops = ?1", [drops])
            .map(|_| ())
    }

    /// Says whether the log has dropped some of it.
    pub(super) fn has_dropped(&self, dropped: bool) -> rusqlite::Result<()> {
        self.kept()
            .execute("UPDATE shipped SET dropped = ?1", [dropped])
            .map(|_| ())
    }

    /// Does `work` while nobody else changes what is there.
    pub(super) fn alone<T>(
        &self,
        work: impl FnOnce(&Shipped) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let lock = self.file.with_extension("lock");
        let unlocked = |error: std::io::Error| {
            ReadError::ClickHouse(format!("{} can't be locked: {error}", lock.display()))
        };
        private::create(&lock).map_err(unlocked)?;
        let file = File::open(&lock).map_err(unlocked)?;
        // Until it is closed, by whatever end.
        file.lock().map_err(unlocked)?;
        work(self)
    }
}

/// The place that a folder's events are in, if the log no longer has all of them.
pub(in crate::store) fn place_of(folder: &Path) -> anyhow::Result<Option<String>> {
    let file = folder.join("shipped.db");
    if !file.exists() {
        return Ok(None);
    }
    let place = connect(&file)?
        .query_row("SELECT place FROM shipped WHERE dropped", [], |row| {
            row.get(0)
        })
        .optional()
        .context("shipped.db can't be read")?;
    Ok(place)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes the file one of a log that was put back, which has another id than before.
pub fn renew(file: &Path, log: &[u8]) -> rusqlite::Result<()> {
    connect(file)?
        .execute("UPDATE shipped SET was = log, log = ?1", [log])
        .map(|_| ())
}

fn state(connection: &Connection) -> rusqlite::Result<State> {
    connection
        .prepare_cached("SELECT through, first, last, erased, drops, dropped FROM shipped")?
        .query_row([], |row| {
            Ok(State {
                through: row.get(0)?,
                block: (row.get(1)?, row.get(2)?),
                erased: row.get(3)?,
                drops: row.get(4)?,
                dropped: row.get(5)?,
            })
        })
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}
