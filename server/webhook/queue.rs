//! What is to be told and how far each webhook has read: `queue.db`, apart from the accounts, so that these stay quiet.
//! Where it is lost, webhooks go on from the events of that moment.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::queue;

const TABLES: &str = "
     -- event: the number of the last event that was looked at. is_past: on which side of its number a figure was.
     CREATE TABLE IF NOT EXISTS reader (
        webhook INTEGER PRIMARY KEY,
        event INTEGER NOT NULL,
        is_past INTEGER
     ) STRICT;
     -- next_at: when it is sent; NULL when it is over. status: of the last answer.
     CREATE TABLE IF NOT EXISTS delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        webhook INTEGER NOT NULL,
        body TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        next_at INTEGER,
        tries INTEGER NOT NULL DEFAULT 0,
        tried_at INTEGER,
        status INTEGER,
        outcome TEXT NOT NULL DEFAULT ''
     ) STRICT;
     CREATE INDEX IF NOT EXISTS delivery_due ON delivery (next_at) WHERE next_at IS NOT NULL;
     CREATE INDEX IF NOT EXISTS delivery_webhook ON delivery (webhook, id);";

/// Deliveries of a webhook that are over and still listed.
const KEPT: i64 = 50;

/// The file.
pub(super) struct Queue(Mutex<Connection>);

/// How far a webhook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    pub(super) event: i64,
    pub(super) is_past: Option<bool>,
}

/// Something that is told.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// Of which webhook.
    pub webhook: i64,
    /// What is sent.
    pub body: String,
    /// Since when it waits.
    pub made_at: Timestamp,
    /// Whether it is sent again.
    pub waits: bool,
    /// How often it was sent.
    pub tries: u32,
    /// When it was sent last.
    pub tried_at: Option<Timestamp>,
    /// The last answer's status.
    pub status: Option<u16>,
    /// What became of it, in words.
    pub outcome: String,
}

const COLUMNS: &str =
    "SELECT id, webhook, body, made_at, next_at, tries, tried_at, status, outcome FROM delivery";

fn delivery(row: &rusqlite::Row) -> rusqlite::Result<Delivery> {
    let time = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
    Ok(Delivery {
        id: row.get(0)?,
        webhook: row.get(1)?,
        body: row.get(2)?,
        made_at: time(row.get(3)?),
        waits: row.get::<_, Option<i64>>(4)?.is_some(),
        tries: row.get(5)?,
        tried_at: row.get::<_, Option<i64>>(6)?.map(time),
        status: row.get(7)?,
        outcome: row.get(8)?,
    })
}

impl Queue {
    pub(super) fn open(folder: &Path) -> anyhow::Result<Queue> {
        let connection = queue::open(folder, TABLES)?;
        Ok(Queue(Mutex::new(connection)))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a webhook is; a new one begins after the event numbered `last`.
    pub(super) fn reader(&self, webhook: i64, last: i64) -> rusqlite::Result<Reader> {
        let connection = self.lock();
        connection.execute(
            "INSERT OR IGNORE INTO reader (webhook, event) VALUES (?1, ?2)",
            [webhook, last],
        )?;
        connection.query_row(
            "SELECT event, is_past FROM reader WHERE webhook = ?1",
            [webhook],
            |row| {
                Ok(Reader {
                    event: row.get(0)?,
                    is_past: row.get(1)?,
                })
            },
        )
    }

    /// Takes what is to be told, and with it how far the webhook is: both or neither.
    pub(super) fn push(
        &self,
        webhook: i64,
        bodies: &[String],
        reader: Reader,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        for body in bodies {
            transaction.execute(
                "INSERT INTO delivery (webhook, body, made_at, next_at) VALUES (?1, ?2, ?3, ?3)",
                params![webhook, body, now.as_millisecond()],
            )?;
        }
        transaction.execute(
            "UPDATE reader SET event = ?2, is_past = ?3 WHERE webhook = ?1",
            params![webhook, reader.event, reader.is_past],
        )?;
        transaction.commit()
    }

    /// How many wait.
    pub(super) fn waiting(&self, webhook: i64) -> rusqlite::Result<u32> {
        self.lock().query_row(
            "SELECT count(*) FROM delivery WHERE webhook = ?1 AND next_at IS NOT NULL",
            [webhook],
            |row| row.get(0),
        )
    }

    /// The first of each webhook that is due, but of those that are `busy`.
    pub(super) fn due(
        &self,
        now: Timestamp,
        busy: &HashSet<i64>,
    ) -> rusqlite::Result<Vec<Delivery>> {
        let connection = self.lock();
        let sql = format!(
            "{COLUMNS} WHERE id IN (SELECT min(id) FROM delivery WHERE next_at <= ?1 GROUP BY webhook)"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let due = statement.query_map([now.as_millisecond()], delivery)?;
        let due: Vec<_> = due.collect::<Result<_, _>>()?;
        let is_free = |delivery: &Delivery| !busy.contains(&delivery.webhook);
        Ok(due.into_iter().filter(is_free).collect())
    }

    /// Notes what became of one; where it failed and may be sent again, when.
    pub(super) fn sent(
        &self,
        id: i64,
        status: Option<u16>,
        outcome: &str,
        next: Option<Timestamp>,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let connection = self.lock();
        connection.execute(
            "UPDATE delivery SET tries = tries + 1, tried_at = ?2, status = ?3, outcome = ?4, next_at = ?5 WHERE id = ?1",
            params![
                id,
                now.as_millisecond(),
                status,
                outcome,
                next.map(Timestamp::as_millisecond)
            ],
        )?;
        connection.execute(
            "DELETE FROM delivery WHERE next_at IS NULL AND webhook = (SELECT webhook FROM delivery WHERE id = ?1)
             AND id <= (SELECT id FROM delivery WHERE webhook = (SELECT webhook FROM delivery WHERE id = ?1)
                        AND next_at IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            params![id, KEPT],
        )?;
        Ok(())
    }

    /// Ends all of a webhook's that wait.
    pub(super) fn give_up(&self, webhook: i64) -> rusqlite::Result<()> {
        self.lock().execute(
            "UPDATE delivery SET next_at = NULL WHERE webhook = ?1",
            [webhook],
        )?;
        Ok(())
    }

    /// Forgets a webhook.
    pub(super) fn forget(&self, webhook: i64) -> rusqlite::Result<()> {
        let connection = self.lock();
        connection.execute("DELETE FROM delivery WHERE webhook = ?1", [webhook])?;
        connection.execute("DELETE FROM reader WHERE webhook = ?1", [webhook])?;
        Ok(())
    }

    /// The latest of a webhook, latest first.
    pub(super) fn latest(&self, webhook: i64, most: u32) -> rusqlite::Result<Vec<Delivery>> {
        let connection = self.lock();
        let sql = format!("{COLUMNS} WHERE webhook = ?1 ORDER BY id DESC LIMIT ?2");
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![webhook, most], delivery)?;
        rows.collect()
    }
}
