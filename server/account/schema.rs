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
    // 2026-11: people with passwords and roles, in as many workspaces as they like; invitations; logins that are listed;
    // what sites are called. Whoever was there first owns the workspace; the others could only look, and still do.
    M::up(
        "CREATE TABLE membership (
        workspace INTEGER NOT NULL REFERENCES workspace,
        user INTEGER NOT NULL REFERENCES user,
        role TEXT NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
        created_at INTEGER NOT NULL,
        PRIMARY KEY (workspace, user)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX membership_user ON membership (user);
     CREATE TEMP TABLE twin AS SELECT later.id AS id, min(earlier.id) AS meant FROM user AS later
        JOIN user AS earlier ON lower(earlier.email) = lower(later.email) AND earlier.id < later.id GROUP BY later.id;
     UPDATE login_link SET user = coalesce((SELECT meant FROM twin WHERE id = user), user);
     UPDATE login SET user = coalesce((SELECT meant FROM twin WHERE id = user), user);
     DELETE FROM user WHERE id IN (SELECT id FROM twin);
     DROP TABLE twin;
     UPDATE user SET email = lower(email);
     INSERT INTO membership SELECT workspace, id,
        CASE WHEN id = (SELECT min(id) FROM user AS other WHERE other.workspace = user.workspace) THEN 'owner' ELSE 'viewer' END,
        created_at FROM user;
     ALTER TABLE user DROP COLUMN workspace;
     ALTER TABLE user ADD COLUMN password TEXT;
     CREATE TABLE login_listed (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        user INTEGER NOT NULL REFERENCES user,
        workspace INTEGER REFERENCES workspace,
        agent TEXT NOT NULL,
        is_by_link INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
     ) STRICT;
     INSERT INTO login_listed (hash, user, agent, is_by_link, created_at, seen_at, expires_at)
        SELECT hash, user, '', 1, created_at, created_at, expires_at FROM login;
     DROP TABLE login;
     ALTER TABLE login_listed RENAME TO login;
     CREATE TABLE invitation (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        workspace INTEGER NOT NULL REFERENCES workspace,
        email TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        accepted_at INTEGER,
        revoked_at INTEGER
     ) STRICT;
     ALTER TABLE api_key ADD COLUMN used_at INTEGER;
     ALTER TABLE site ADD COLUMN name TEXT;
     ALTER TABLE site ADD COLUMN currency TEXT;
     ALTER TABLE site ADD COLUMN deleted_at INTEGER;",
    ),
    // 2026-11: what is set of goals. page: the pattern of paths whose views are fires; value: in smallest units.
    M::up(
        "CREATE TABLE goal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        site INTEGER NOT NULL REFERENCES site,
        name TEXT NOT NULL,
        description TEXT,
        is_hidden INTEGER NOT NULL,
        value INTEGER,
        currency TEXT,
        page TEXT,
        UNIQUE (site, name)
     ) STRICT;
     CREATE TABLE goal_name (
        site INTEGER NOT NULL REFERENCES site,
        name TEXT NOT NULL,
        goal INTEGER NOT NULL REFERENCES goal ON DELETE CASCADE,
        PRIMARY KEY (site, name)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX goal_name_goal ON goal_name (goal);",
    ),
    // 2026-11: webhooks, on each fire of a goal or where a figure crosses a number. secret: what deliveries are signed
    // with, so that it can't be a hash.
    M::up(
        "CREATE TABLE webhook (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        site INTEGER NOT NULL REFERENCES site,
        url TEXT NOT NULL,
        secret TEXT NOT NULL,
        goal TEXT,
        metric TEXT,
        is_over INTEGER,
        number INTEGER,
        created_at INTEGER NOT NULL,
        off_at INTEGER,
        off_because TEXT
     ) STRICT;",
    ),
    // 2026-11: notes, saved views, public links.
    M::up(
        "-- day: YYYY-MM-DD.
     CREATE TABLE note (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL REFERENCES site,
        day TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX note_by_day ON note (site, day);
     CREATE TABLE saved_view (
        id INTEGER PRIMARY KEY,
        site INTEGER NOT NULL REFERENCES site,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        UNIQUE (site, name)
     ) STRICT;
     -- password: as account/password.rs makes it.
     CREATE TABLE share (
        site INTEGER PRIMARY KEY REFERENCES site,
        token TEXT NOT NULL UNIQUE,
        password TEXT,
        created_at INTEGER NOT NULL
     ) STRICT;",
    ),
    // 2026-11: reports by mail, what links in mails are signed with, and links that set another password.
    M::up(
        "-- every: day or week. since: what was due before isn't sent.
     CREATE TABLE report (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        site INTEGER NOT NULL REFERENCES site,
        user INTEGER NOT NULL REFERENCES user,
        every TEXT NOT NULL CHECK (every IN ('day', 'week')),
        since INTEGER NOT NULL,
        UNIQUE (site, user)
     ) STRICT;
     CREATE TABLE secret (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;
     ALTER TABLE login_link ADD COLUMN is_reset INTEGER NOT NULL DEFAULT 0;",
    ),
    // 2026-11: payment providers.
    M::up(
        "-- secret: what their webhooks are signed with, so that it can't be a hash.
     CREATE TABLE payment_secret (
        site INTEGER NOT NULL REFERENCES site,
        provider TEXT NOT NULL CHECK (provider IN ('stripe', 'paddle')),
        secret TEXT NOT NULL,
        set_at INTEGER NOT NULL,
        PRIMARY KEY (site, provider)
     ) STRICT, WITHOUT ROWID;
     -- thing: the provider's id of a customer, a subscription or a payment.
     CREATE TABLE payment_payer (
        site INTEGER NOT NULL REFERENCES site,
        provider TEXT NOT NULL,
        thing TEXT NOT NULL,
        visitor TEXT,
        user TEXT,
        PRIMARY KEY (site, provider, thing)
     ) STRICT, WITHOUT ROWID;
     -- amount: what of a payment was counted as paid back, in smallest units.
     CREATE TABLE payment_refunded (
        site INTEGER NOT NULL REFERENCES site,
        provider TEXT NOT NULL,
        thing TEXT NOT NULL,
        amount INTEGER NOT NULL,
        PRIMARY KEY (site, provider, thing)
     ) STRICT, WITHOUT ROWID;
     -- waiting: JSON of what is fired once it is known for whom.
     CREATE TABLE payment_delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        site INTEGER NOT NULL REFERENCES site,
        provider TEXT NOT NULL,
        event TEXT NOT NULL,
        kind TEXT NOT NULL,
        came_at INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        waiting TEXT,
        UNIQUE (site, provider, event)
     ) STRICT;",
    ),
    // 2026-11: what channels cost. day: YYYY-MM-DD; minor: in smallest units; source and campaign: empty where unknown.
    M::up(
        "CREATE TABLE spend (
        site INTEGER NOT NULL REFERENCES site,
        day TEXT NOT NULL,
        channel TEXT NOT NULL,
        source TEXT NOT NULL,
        campaign TEXT NOT NULL,
        minor INTEGER NOT NULL,
        currency TEXT NOT NULL,
        impressions INTEGER,
        clicks INTEGER,
        PRIMARY KEY (site, day, channel, source, campaign)
     ) STRICT, WITHOUT ROWID;",
    ),
    // 2026-11: exchange rates. One unit of from_code is worth that much of to_code from a day (YYYY-MM-DD) on.
    M::up(
        "CREATE TABLE rate (
        workspace INTEGER NOT NULL REFERENCES workspace,
        from_code TEXT NOT NULL,
        to_code TEXT NOT NULL,
        day TEXT NOT NULL,
        rate REAL NOT NULL,
        PRIMARY KEY (workspace, from_code, to_code, day)
     ) STRICT, WITHOUT ROWID;
     -- number: goes up with each change, so that rates are read anew only then.
     CREATE TABLE rate_change (
        workspace INTEGER PRIMARY KEY REFERENCES workspace,
        number INTEGER NOT NULL
     ) STRICT;",
    ),
    // 2026-11: fits of the marketing mix. key: the question without its days, unless they were named; data: SHA-256 of the
    // numbers; result: JSON.
    M::up(
        "CREATE TABLE mix_fit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        site INTEGER NOT NULL REFERENCES site,
        key TEXT NOT NULL,
        question TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'cancelled', 'failed')),
        data TEXT NOT NULL,
        seed INTEGER NOT NULL,
        words TEXT NOT NULL,
        result TEXT,
        asked_at INTEGER NOT NULL,
        done_at INTEGER
     ) STRICT;
     CREATE INDEX mix_fit_by_key ON mix_fit (site, key);",
    ),
    // 2026-11: what people asked in plain words, the latest of each.
    M::up(
        "CREATE TABLE question (
        user INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
        site INTEGER NOT NULL REFERENCES site ON DELETE CASCADE,
        text TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        PRIMARY KEY (user, site, text)
     ) STRICT, WITHOUT ROWID;",
    ),
    // 2026-11: what moves goals beside channels, by day (YYYY-MM-DD): prices, discounts.
    M::up(
        "CREATE TABLE control (
        site INTEGER NOT NULL REFERENCES site,
        name TEXT NOT NULL,
        day TEXT NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (site, name, day)
     ) STRICT, WITHOUT ROWID;",
    ),
    // 2026-11: how many requests the language model was sent on a day (UTC).
    M::up(
        "CREATE TABLE model_day (
        day TEXT PRIMARY KEY,
        requests INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;",
    ),
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
