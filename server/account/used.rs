//! When keys and logins were used last: noted in memory with every request, and written once a minute in one go, so that
//! no request waits for a disk. A crash loses a minute of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::params;

use super::Accounts;

/// What was used since it was written last.
#[derive(Default)]
pub(super) struct Used(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    keys: HashMap<i64, Timestamp>,
    logins: HashMap<i64, Timestamp>,
}

impl Used {
    fn noted(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note_login(&self, login: i64, now: Timestamp) {
        self.noted().logins.insert(login, now);
    }

    pub(super) fn login(&self, login: i64) -> Option<Timestamp> {
        self.noted().logins.get(&login).copied()
    }

    pub(super) fn note_key(&self, key: i64, now: Timestamp) {
        self.noted().keys.insert(key, now);
    }

    pub(super) fn key(&self, key: i64) -> Option<Timestamp> {
        self.noted().keys.get(&key).copied()
    }
}

impl Accounts {
    /// Writes what was used since the last time. What can't be written is only not known.
    pub fn write_used(&self) -> rusqlite::Result<()> {
        let noted = std::mem::take(&mut *self.used.noted());
        if noted.keys.is_empty() && noted.logins.is_empty() {
            return Ok(());
        }
        self.change(|connection| {
            let transaction = connection.transaction()?;
            for (table, column, used) in [
                ("api_key", "used_at", &noted.keys),
                ("login", "seen_at", &noted.logins),
            ] {
                let sql = format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1");
                let mut statement = transaction.prepare_cached(&sql)?;
                for (id, at) in used {
                    statement.execute(params![id, at.as_millisecond()])?;
                }
            }
            transaction.commit()
        })
    }
}
