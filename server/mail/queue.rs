//! What mail waits and what became of it, in `queue.db`, and which reports were sent already.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::queue;

const TABLES: &str = "
     -- text: the whole message; empty when it is over. next_at: when it is sent; NULL when it is over. until_at: when it
     -- is given up. site, user: whose report it is.
     CREATE TABLE IF NOT EXISTS mail (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        site INTEGER,
        user INTEGER,
        days TEXT,
        recipient TEXT NOT NULL,
        text BLOB NOT NULL,
        made_at INTEGER NOT NULL,
        next_at INTEGER,
        until_at INTEGER NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        is_sent INTEGER NOT NULL DEFAULT 0,
        outcome TEXT NOT NULL DEFAULT ''
     ) STRICT;
     CREATE INDEX IF NOT EXISTS mail_due ON mail (next_at) WHERE next_at IS NOT NULL;
     CREATE INDEX IF NOT EXISTS mail_report ON mail (user, site) WHERE user IS NOT NULL;
     -- to_day: the last day of a report that somebody was sent, as YYYY-MM-DD.
     CREATE TABLE IF NOT EXISTS reported (
        site INTEGER NOT NULL,
        user INTEGER NOT NULL,
        to_day TEXT NOT NULL,
        PRIMARY KEY (site, user, to_day)
     ) STRICT;";

/// Messages that are over and still listed: of somebody's report of a site, and of all else together.
const KEPT: i64 = 20;
const KEPT_ELSE: i64 = 1000;

/// Reports of one person and site of which it is remembered that they were sent: more than a year of days.
const REMEMBERED: i64 = 400;

/// The file.
pub(super) struct Queue(Mutex<Connection>);

/// A message to be.
pub(super) struct New<'a> {
    pub(super) kind: &'static str,
    pub(super) report: Option<OfReport>,
    pub(super) recipient: &'a str,
    pub(super) text: &'a [u8],
    pub(super) until: Timestamp,
}

/// Whose report it is.
#[derive(Clone)]
pub(super) struct OfReport {
    pub(super) site: i64,
    pub(super) user: i64,
    /// In words.
    pub(super) days: String,
    /// The last day, where it is sent by itself: once.
    pub(super) once: Option<Date>,
}

/// A message that is to be sent now.
pub(super) struct Due {
    pub(super) id: i64,
    pub(super) recipient: String,
    pub(super) text: Vec<u8>,
    pub(super) made_at: Timestamp,
    pub(super) until: Timestamp,
    pub(super) tries: u32,
}

/// A report that was sent, or will be.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Of which site, by its number.
    pub site: i64,
    /// Its days in words.
    pub days: String,
    /// Since when it waits or waited.
    pub made_at: Timestamp,
    /// Whether it is tried again.
    pub waits: bool,
    /// Whether it was taken.
    pub is_sent: bool,
    /// How often it was tried.
    pub tries: u32,
    /// What became of it, in words.
    pub outcome: String,
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

fn sent(row: &Row) -> rusqlite::Result<Sent> {
    Ok(Sent {
        site: row.get(0)?,
        days: row.get(1)?,
        made_at: time(row.get(2)?),
        waits: row.get::<_, Option<i64>>(3)?.is_some(),
        is_sent: row.get(4)?,
        tries: row.get(5)?,
        outcome: row.get(6)?,
    })
}

impl Queue {
    pub(super) fn open(folder: &Path) -> anyhow::Result<Queue> {
        Ok(Queue(Mutex::new(queue::open(folder, TABLES)?)))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message; one that is sent once, and that it was: both or neither. Says whether it was taken.
    pub(super) fn push(&self, new: &New, now: Timestamp) -> rusqlite::Result<bool> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let of = new.report.as_ref();
        if let Some((of, day)) = of.and_then(|of| Some((of, of.once?))) {
            let is_new = transaction.execute(
                "INSERT INTO reported VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![of.site, of.user, day.to_string()],
            )?;
            if is_new == 0 {
                return Ok(false);
            }
            transaction.execute(
                "DELETE FROM reported WHERE site = ?1 AND user = ?2 AND rowid <=
                    (SELECT rowid FROM reported WHERE site = ?1 AND user = ?2 ORDER BY rowid DESC LIMIT 1 OFFSET ?3)",
                params![of.site, of.user, REMEMBERED],
            )?;
        }
        transaction.execute(
            "INSERT INTO mail (kind, site, user, days, recipient, text, made_at, next_at, until_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
            params![
                new.kind,
                of.map(|of| of.site),
                of.map(|of| of.user),
                of.map(|of| &of.days),
                new.recipient,
                new.text,
                now.as_millisecond(),
                new.until.as_millisecond()
            ],
        )?;
        transaction.commit()?;
        Ok(true)
    }

    /// Whether somebody was sent the report that ends on this day.
    pub(super) fn is_reported(&self, site: i64, user: i64, to: Date) -> rusqlite::Result<bool> {
        self.lock().query_row(
            "SELECT EXISTS (SELECT 1 FROM reported WHERE site = ?1 AND user = ?2 AND to_day = ?3)",
            params![site, user, to.to_string()],
            |row| row.get(0),
        )
    }

    /// The one that is due first. What waits for longer than anything does was put there by a clock that has gone back
    /// since.
    pub(super) fn due(&self, now: Timestamp) -> rusqlite::Result<Option<Due>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT id, recipient, text, made_at, until_at, tries FROM mail
             WHERE next_at <= ?1 OR next_at > ?2 ORDER BY next_at, id LIMIT 1",
        )?;
        let latest = (now + queue::LONGEST).as_millisecond();
        statement
            .query_row([now.as_millisecond(), latest], |row| {
                Ok(Due {
                    id: row.get(0)?,
                    recipient: row.get(1)?,
                    text: row.get(2)?,
                    made_at: time(row.get(3)?),
                    until: time(row.get(4)?),
                    tries: row.get(5)?,
                })
            })
            .optional()
    }

    /// Notes that one failed and when it is tried again.
    pub(super) fn retry(&self, id: i64, outcome: &str, next: Timestamp) -> rusqlite::Result<()> {
        self.lock().execute(
            "UPDATE mail SET tries = tries + 1, outcome = ?2, next_at = ?3 WHERE id = ?1",
            params![id, outcome, next.as_millisecond()],
        )?;
        Ok(())
    }

    /// Notes how one ended. Its text, which may have a link that works once, is forgotten.
    pub(super) fn end(&self, id: i64, is_sent: bool, outcome: &str) -> rusqlite::Result<()> {
        let connection = self.lock();
        connection.execute(
            "UPDATE mail SET tries = tries + 1, next_at = NULL, is_sent = ?2, outcome = ?3, text = x'' WHERE id = ?1",
            params![id, is_sent, outcome],
        )?;
        connection.execute(
            "DELETE FROM mail WHERE next_at IS NULL AND user = (SELECT user FROM mail WHERE id = ?1)
             AND site = (SELECT site FROM mail WHERE id = ?1)
             AND id <= (SELECT id FROM mail WHERE user = (SELECT user FROM mail WHERE id = ?1)
                        AND site = (SELECT site FROM mail WHERE id = ?1)
                        AND next_at IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            params![id, KEPT],
        )?;
        connection.execute(
            "DELETE FROM mail WHERE next_at IS NULL AND user IS NULL
             AND id <= (SELECT id FROM mail WHERE user IS NULL AND next_at IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?1)",
            [KEPT_ELSE],
        )?;
        Ok(())
    }

    /// Somebody's latest reports, latest first.
    pub(super) fn latest(&self, user: i64, most: u32) -> rusqlite::Result<Vec<Sent>> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT site, coalesce(days, ''), made_at, next_at, is_sent, tries, outcome FROM mail
             WHERE user = ?1 ORDER BY id DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(params![user, most], sent)?;
        rows.collect()
    }

    /// Ends what waits of somebody's reports of a site, which they don't want any more.
    pub(super) fn give_up(&self, site: i64, user: i64) -> rusqlite::Result<()> {
        self.lock().execute(
            "UPDATE mail SET next_at = NULL, outcome = 'not wanted any more', text = x''
             WHERE site = ?1 AND user = ?2 AND next_at IS NOT NULL",
            [site, user],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use jiff::SignedDuration;
    use jiff::civil::date;

    fn new(user: i64, once: Option<Date>) -> New<'static> {
        New {
            kind: "report",
            report: Some(OfReport {
                site: 1,
                user,
                days: "days".into(),
                once,
            }),
            recipient: "me@example.com",
            text: b"secret",
            until: Timestamp::MAX,
        }
    }

    #[test]
    fn what_waits_is_due_when_it_is_and_its_text_is_forgotten_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::open(folder.path()).unwrap();
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        queue.push(&new(1, None), at(1_000_000)).unwrap();
        assert!(queue.due(at(999_999)).unwrap().is_none());
        let due = queue.due(at(1_000_000)).unwrap().unwrap();
        assert_eq!((&*due.text, due.tries), (&b"secret"[..], 0));
        queue.retry(due.id, "later", at(1_000_004)).unwrap();
        assert!(queue.due(at(1_000_003)).unwrap().is_none());
        // The clock was wrong by a day.
        assert_eq!(queue.due(at(900_000)).unwrap().unwrap().tries, 1);
        queue.end(due.id, true, "Sent").unwrap();
        assert!(queue.due(at(2_000_000)).unwrap().is_none());
        let text: Vec<u8> = queue
            .lock()
            .query_row("SELECT text FROM mail", [], |row| row.get(0))
            .unwrap();
        assert!(text.is_empty());
        let latest = queue.latest(1, 10).unwrap();
        assert!(latest.len() == 1 && latest[0].is_sent && latest[0].tries == 2);
    }

    #[test]
    fn a_report_is_taken_once_and_lists_stay_short() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::open(folder.path()).unwrap();
        let (now, day) = (Timestamp::UNIX_EPOCH, date(2026, 11, 24));
        assert!(queue.push(&new(1, Some(day)), now).unwrap());
        assert!(!queue.push(&new(1, Some(day)), now).unwrap());
        assert!(queue.push(&new(2, Some(day)), now).unwrap());
        assert!(queue.is_reported(1, 1, day).unwrap());
        assert!(!queue.is_reported(1, 3, day).unwrap());
        for _ in 0..30 {
            queue.push(&new(1, None), now).unwrap();
        }
        queue.give_up(1, 2).unwrap();
        while let Some(due) = queue.due(now).unwrap() {
            queue.end(due.id, true, "Sent").unwrap();
        }
        assert_eq!(queue.latest(1, 100).unwrap().len(), KEPT as usize);
        assert_eq!(
            queue.latest(2, 100).unwrap()[0].outcome,
            "not wanted any more"
        );
        // However long that goes on.
        for n in 0..2 * REMEMBERED {
            let day = day.checked_add(jiff::Span::new().days(n)).unwrap();
            queue.push(&new(9, Some(day)), now).unwrap();
        }
        let kept: i64 = queue
            .lock()
            .query_row("SELECT count(*) FROM reported WHERE user = 9", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(kept, REMEMBERED);
    }
}
