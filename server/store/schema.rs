//! The tables of `events.db`.
//!
//! What repeats (goal names, addresses, origins, clients) stands once and is meant by number, from 1; visitors are dense
//! integers. Times are milliseconds since 1970. Nothing here is indexed by what is random or asked for only by reports:
//! the log is written at its end alone, and [`reports`](super::reports) are kept beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use super::upgrade;
use crate::private;

/// The goal number of events that are page views.
pub(super) const VIEW: i64 = 0;

/// One entry a version that ever landed; entries are never changed.
fn migrations() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(VERSION_1),
        M::up_with_hook(VERSION_2, upgrade::to_2),
        M::up(VERSION_3),
    ])
}

/// 2026-11: the first.
const VERSION_1: &str = "CREATE TABLE goal (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
     ) STRICT;
     CREATE TABLE address (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE
     ) STRICT;
     -- key: BLOB for a UUID, TEXT ('a:' or 'u:' in front) for the site's own id or a user without a browser; 's:' for a
     -- further person at somebody's browser.
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
     ) STRICT, WITHOUT ROWID;";

/// 2026-11: sessions, days, origins and clients; ids as short keys; no index on the log.
const VERSION_2: &str = "
     ALTER TABLE event RENAME TO event_1;
     ALTER TABLE event_key RENAME TO event_key_1;
     ALTER TABLE identity RENAME TO identity_1;
     DROP INDEX event_by_goal;
     DROP INDEX event_with_revenue;
     DROP INDEX event_by_site;
     CREATE TABLE origin (
        id INTEGER PRIMARY KEY,
        referrer TEXT NOT NULL,
        source TEXT NOT NULL,
        medium TEXT NOT NULL,
        campaign TEXT NOT NULL,
        term TEXT NOT NULL,
        content TEXT NOT NULL,
        click TEXT NOT NULL,
        UNIQUE (referrer, source, medium, campaign, term, content, click)
     ) STRICT;
     CREATE TABLE client (
        id INTEGER PRIMARY KEY,
        browser TEXT NOT NULL,
        os TEXT NOT NULL,
        device TEXT NOT NULL,
        country TEXT NOT NULL,
        UNIQUE (browser, os, device, country)
     ) STRICT;
     -- id: the order of storing. day: days since 1970 in the site's zone. session: NULL for none, 0 for one that begins
     -- here, else the id of its first event. step: seconds since the session's event before, times two, plus one when
     -- with it the session is more than a look at one page. url: up to the query; query: the rest, as a number in
     -- address, or as text where it is likely to be the only one. origin, client: of a session's first event only.
     CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL,
        day INTEGER NOT NULL,
        at INTEGER NOT NULL,
        goal INTEGER NOT NULL,
        visitor INTEGER,
        session INTEGER,
        step INTEGER,
        url INTEGER,
        query ANY,
        referrer INTEGER,
        origin INTEGER,
        client INTEGER,
        metadata TEXT,
        amount INTEGER,
        currency TEXT
     ) STRICT;
     -- key: see store/id.rs.
     CREATE TABLE event_key (key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
     -- From when on a visitor was which user.
     CREATE TABLE identity (
        visitor INTEGER NOT NULL,
        at INTEGER NOT NULL,
        user TEXT NOT NULL,
        PRIMARY KEY (visitor, at)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX identity_by_user ON identity (user);
     -- What this log is: its own id and secret; today's salt; how often events were taken out.
     CREATE TABLE about (
        name TEXT PRIMARY KEY,
        value ANY NOT NULL
     ) STRICT, WITHOUT ROWID;
     INSERT INTO about VALUES ('log', randomblob(16)), ('secret', randomblob(32));";

/// 2026-11: several people at one browser.
const VERSION_3: &str = "
     -- Visitors who are a further person at the browser of another, the first.
     CREATE TABLE browser (
        visitor INTEGER PRIMARY KEY,
        first INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX browser_by_first ON browser (first);";

/// A connection that can write, with everything about it set but the schema.
pub(super) fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -65536)?;
    // The checkpointer copies the log's end into the file, off the writer's path.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens the file for its one writer, made and brought up to date where needed. Before an older file is changed, a copy
/// of it is put beside it.
pub(super) fn open(file: &Path) -> anyhow::Result<Connection> {
    private::create(file)?;
    let mut connection = connect(file)?;
    let migrations = migrations();
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > 0 && migrations.pending_migrations(&connection)? > 0 {
        let copy = copy_name(file, version);
        tracing::info!(copy = %copy.display(), "the event log is from an older admx: it is copied, then brought up to date");
        private::create(&copy)?;
        connection.backup(rusqlite::MAIN_DB, &copy, None)?;
    }
    migrations.to_latest(&mut connection)?;
    Ok(connection)
}

/// Where the copy of a file of an older version goes.
fn copy_name(file: &Path, version: i64) -> PathBuf {
    file.with_extension(format!("db.version-{version}"))
}

/// Sets how large the file may grow.
pub(super) fn limit(connection: &Connection, most_bytes: u64) -> rusqlite::Result<()> {
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let most = most_bytes / page.unsigned_abs();
    connection.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))
}

pub(super) fn open_to_read(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}
