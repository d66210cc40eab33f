//! The tables of `events.db`.
//!
//! What repeats (goal names, addresses) stands once and is meant by number; visitors are dense integers. Times are
//! milliseconds since 1970.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use crate::private;

/// The goal number of events that are page views.
pub(super) const VIEW: i64 = 0;

/// One entry a version that ever landed; entries are never changed.
const MIGRATIONS: &[M] = &[M::up(
    "CREATE TABLE goal (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
     ) STRICT;
     CREATE TABLE address (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE
     ) STRICT;
     -- key: BLOB for a UUID, TEXT ('a:' or 'u:' in front) for the site's own id or a user without a browser.
     -- last_at settles which site a server's event means. For a visitor of one site it is up to a minute old.
     CREATE TABLE visitor (
        id INTEGER PRIMARY KEY,
        key ANY NOT NULL,
        site INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        UNIQUE (key, site)
     ) STRICT;
     CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL,
        at INTEGER NOT NULL,
        goal INTEGER NOT NULL,
        visitor INTEGER,
        url INTEGER,
        referrer INTEGER,
        metadata TEXT,
        amount INTEGER,
        currency TEXT
     ) STRICT;
     CREATE INDEX event_by_goal ON event (site, goal, at, visitor);
     CREATE INDEX event_with_revenue ON event (site, goal, at, currency, amount) WHERE amount IS NOT NULL;
     CREATE INDEX event_by_site ON event (site);
     CREATE TABLE event_key (
        workspace INTEGER NOT NULL,
        key BLOB NOT NULL,
        PRIMARY KEY (workspace, key)
     ) STRICT, WITHOUT ROWID;
     -- Which goals a site has, so that a report need not look for them.
     CREATE TABLE site_goal (
        site INTEGER NOT NULL,
        goal INTEGER NOT NULL,
        PRIMARY KEY (site, goal)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE identity (
        visitor INTEGER NOT NULL,
        at INTEGER NOT NULL,
        user TEXT NOT NULL,
        PRIMARY KEY (visitor, at, user)
     ) STRICT, WITHOUT ROWID;
     -- What was refused or filtered; site 0 when none is known. day: days since 1970, UTC.
     CREATE TABLE dropped (
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        reason TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (site, day, reason)
     ) STRICT, WITHOUT ROWID;",
)];

/// Opens the file for its one writer, made and brought up to date where needed.
pub(super) fn open(file: &Path, most_bytes: Option<u64>) -> anyhow::Result<Connection> {
    private::create(file)?;
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -65536)?;
    Migrations::from_slice(MIGRATIONS).to_latest(&mut connection)?;
    if let Some(most) = most_bytes {
        let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        connection.query_row(
            &format!("PRAGMA max_page_count = {}", most / page.unsigned_abs()),
            [],
            |_| Ok(()),
        )?;
    }
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

pub(super) fn open_to_read(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}
