//! `reports.db`: what is derived from the log, so that questions need not read it. It may be deleted at any time: the next
//! start makes it anew.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rusqlite::{Connection, MAIN_DB, OptionalExtension, params};

use super::bytes::Damaged;
use super::part::{self, Codes, Head, Kind};
use crate::private;
use crate::store::schema;

/// The form of the file; a file of another form is made anew.
const FORM: i64 = 4;

const TABLES: &str = "
     -- Events of a site and day as columns: see part.rs. first, last: the least and the greatest number of them. rolled:
     -- whether they are in the day's sums.
     CREATE TABLE part (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        rolled INTEGER NOT NULL,
        data BLOB NOT NULL
     ) STRICT;
     CREATE INDEX part_by_day ON part (site, day);
     CREATE INDEX part_unrolled ON part (site, day) WHERE NOT rolled;
     -- Sums of a part of a day that is not over; only of parts that are large. Of exit pages each session's last one: see
     -- exits.rs.
     CREATE TABLE part_sums (
        part INTEGER NOT NULL,
        by INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (part, by)
     ) STRICT;
     CREATE TRIGGER part_gone AFTER DELETE ON part BEGIN
        DELETE FROM part_sums WHERE part = old.id;
     END;
     CREATE TRIGGER part_rolled AFTER UPDATE OF rolled ON part WHEN new.rolled BEGIN
        DELETE FROM part_sums WHERE part = new.id;
     END;
     -- Sums of a day: see sums.rs. by: what they are grouped by.
     CREATE TABLE sums (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        by INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (site, by, day)
     ) STRICT;
     -- log: the id of the log that this is of. through: the number of its last event that is in a part.
     CREATE TABLE about (log BLOB NOT NULL, through INTEGER NOT NULL) STRICT;";

/// Why reports can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file.
    #[error(transparent)]
    File(#[from] rusqlite::Error),
    /// Its content.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The ClickHouse in which events are.
    #[error("ClickHouse: {0}")]
    ClickHouse(String),
}

/// Opens the file for the one process that seals, if it belongs to the log with this id and ends no later than the last
/// number that was given there; else makes a new one. Gives the number of the last event that is in it.
pub(super) fn open(file: &Path, log: &[u8], last: i64) -> anyhow::Result<(Connection, i64)> {
    if file.exists() {
        match known(file, log) {
            Ok(Some((connection, through))) if through <= last => return Ok((connection, through)),
            Ok(_) => tracing::info!("reports.db is of another log or version: it is made anew"),
            Err(error) if is_damage(&error) => {
                tracing::warn!(%error, "reports.db is damaged: it is made anew");
            }
            Err(error) => return Err(error).context("reports.db can't be opened"),
        }
        remove(file)?;
    }
    private::create(file)?;
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "page_size", 16384)?;
    set_up(&connection)?;
    connection.execute_batch(TABLES)?;
    connection.execute("INSERT INTO about VALUES (?1, 0)", [log])?;
    connection.pragma_update(None, "user_version", FORM)?;
    Ok((connection, 0))
}

/// Removes the file, with those that SQLite puts beside it.
pub(in crate::store) fn remove(file: &Path) -> std::io::Result<()> {
    for end in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Opens the file beside the process that seals, as it is.
pub(super) fn open_beside(file: &Path, log: &[u8]) -> anyhow::Result<(Connection, i64)> {
    known(file, log)
        .context("reports.db can't be opened")?
        .context("reports.db is being made by the server; try again when it is")
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let code = error.sqlite_error_code();
    // A table that isn't there is a file of another form.
    matches!(code, Some(DatabaseCorrupt | NotADatabase))
        || matches!(error, rusqlite::Error::SqliteFailure(_, Some(text)) if text.starts_with("no such table"))
}

/// A file that is there, if it is of this form and log.
fn known(file: &Path, log: &[u8]) -> rusqlite::Result<Option<(Connection, i64)>> {
    let connection = Connection::open(file)?;
    set_up(&connection)?;
    let form: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if form != FORM {
        return Ok(None);
    }
    let through = connection
        .query_row("SELECT through FROM about WHERE log = ?1", [log], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(through.map(|through| (connection, through)))
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What a power cut takes from this file is made anew from the log.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Whoever is erased is to be gone from unused pages too.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cache_size", -8192)
}

pub(super) fn open_to_read(file: &Path) -> rusqlite::Result<Connection> {
    let connection = schema::open_to_read(file)?;
    connection.pragma_update(None, "cache_size", -4096)?;
    Ok(connection)
}

/// A connection beside the one that seals, for what takes events out.
pub(super) fn open_to_change(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    set_up(&connection)?;
    // What was taken out must not come back with a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// The number of the last event that is sealed.
pub(super) fn through(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT through FROM about")?
        .query_row([], |row| row.get(0))
}

/// A part, but for its columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) id: i64,
    pub(super) day: i32,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) rows: usize,
    pub(super) rolled: bool,
}

/// The parts of a site and some days, by day, then in the order in which their events were stored.
pub(super) fn parts(
    connection: &Connection,
    site: i64,
    days: &RangeInclusive<i32>,
) -> rusqlite::Result<Vec<Part>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, day, first, last, rows, rolled FROM part
         WHERE site = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day, first",
    )?;
    let rows = statement.query_map(params![site, days.start(), days.end()], |row| {
        Ok(Part {
            id: row.get(0)?,
            day: row.get(1)?,
            first: row.get(2)?,
            last: row.get(3)?,
            rows: row.get::<_, u32>(4)? as usize,
            rolled: row.get(5)?,
        })
    })?;
    rows.collect()
}

/// Every part, with its site.
pub(super) fn all_parts(connection: &Connection) -> rusqlite::Result<Vec<(i64, Part)>> {
    let mut sites = connection.prepare_cached("SELECT DISTINCT site FROM part")?;
    let sites = sites.query_map([], |row| row.get::<_, i64>(0))?;
    let mut all = Vec::new();
    for site in sites {
        let site = site?;
        all.extend(
            parts(connection, site, &(i32::MIN..=i32::MAX))?
                .into_iter()
                .map(|part| (site, part)),
        );
    }
    Ok(all)
}

/// A part's columns, each read when it is asked for.
pub(super) struct Columns<'a> {
    pub(super) head: Head,
    blob: rusqlite::blob::Blob<'a>,
}

impl<'a> Columns<'a> {
    pub(super) fn open(connection: &'a Connection, part: &Part) -> Result<Columns<'a>, ReadError> {
        let blob = connection.blob_open(MAIN_DB, c"part", c"data", part.id, true)?;
        let mut first = vec![0; Head::FIRST.min(blob.len())];
        blob.read_at_exact(&mut first, 0)?;
        let length = Head::length(&first)?;
        if length > blob.len() {
            return Err(Damaged.into());
        }
        if length > first.len() {
            first = vec![0; length];
            blob.read_at_exact(&mut first, 0)?;
        }
        let head = Head::read(&first)?;
        if head.rows != part.rows {
            return Err(Damaged.into());
        }
        Ok(Columns { head, blob })
    }

    /// The bytes of a column; `None` when the part has none of that key.
    pub(super) fn read(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(range) = self.head.column(kind, key) else {
            return Ok(None);
        };
        if range.end > self.blob.len() {
            return Err(Damaged.into());
        }
        let mut bytes = vec![0; range.len()];
        self.blob.read_at_exact(&mut bytes, range.start)?;
        Ok(Some(bytes))
    }

    /// What a key of metadata says of each row; `None` when it says nothing.
    pub(super) fn metadata(&self, key: &str) -> Result<Option<Codes<Option<Arc<str>>>>, ReadError> {
        let n = self.head.rows;
        if let Some(column) = self.read(Kind::Metadata, key)? {
            return Ok(Some(part::values(&column, n)?));
        }
        let rest = self.read(Kind::Rest, "")?;
        Ok(rest.map(|rest| part::of_rest(&rest, n, key)).transpose()?)
    }

    /// The bytes of a column that every part has.
    pub(super) fn column(&self, kind: Kind) -> Result<Vec<u8>, ReadError> {
        self.read(kind, "")?.ok_or(ReadError::Damaged(Damaged))
    }
}

/// The numbers of a part's events in the log.
pub(super) fn ids(connection: &Connection, part: &Part) -> Result<Vec<i64>, ReadError> {
    let columns = Columns::open(connection, part)?;
    Ok(part::ids(&columns.column(Kind::Id)?, columns.head.rows)?)
}
