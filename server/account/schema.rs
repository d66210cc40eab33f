//! The tables of `accounts.db`.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::private;

/// One entry a version that ever landed; entries are never changed.
const MIGRATIONS: &[M] = &[
    M::up(
        "CREATE TABLE workspace (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE site (
        id INTEGER PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspace,
        website_id TEXT NOT NULL UNIQUE,
        domain TEXT NOT NULL,
        zone TEXT NOT NULL DEFAULT 'UTC',
        is_demo INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE site_host (
        site INTEGER NOT NULL REFERENCES site,
        host TEXT NOT NULL,
        PRIMARY KEY (site, host)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE api_key (
        id INTEGER PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspace,
        name TEXT NOT NULL,
        hash BLOB NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER,
        revoked_at INTEGER
     ) STRICT;
     CREATE TABLE user (
        id INTEGER PRIMARY KEY,
        workspace INTEGER NOT NULL REFERENCES workspace,
        email TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE login_link (
        hash BLOB PRIMARY KEY,
        user INTEGER NOT NULL REFERENCES user,
        expires_at INTEGER NOT NULL,
        used_at INTEGER
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE login (
        hash BLOB PRIMARY KEY,
        user INTEGER NOT NULL REFERENCES user,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;",
    ),
    // 2026-11: how many days of events a site keeps; NULL for all.
    M::up("ALTER TABLE site ADD COLUMN keep_days INTEGER;"),
];

/// Opens the file, made and brought up to date where needed. Times are milliseconds since 1970.
pub(super) fn open(file: &Path) -> anyhow::Result<Connection> {
    private::create(file)?;
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Migrations::from_slice(MIGRATIONS).to_latest(&mut connection)?;
    Ok(connection)
}
