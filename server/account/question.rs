//! What people asked in plain words, each their own, so that they can ask it again.

use jiff::Timestamp;
use rusqlite::params;

use super::{Accounts, ChangeError};
use crate::store::event::SiteId;

/// Questions of a person and site that are kept.
const MOST: i64 = 20;

impl Accounts {
    /// Keeps a question; one that was asked before is the latest again.
    pub fn keep_question(
        &self,
        user: i64,
        site: SiteId,
        text: &str,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        self.change(|connection| {
            connection.execute(
                "INSERT INTO question (user, site, text, asked_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (user, site, text) DO UPDATE SET asked_at = excluded.asked_at",
                params![user, site.0, text, now.as_millisecond()],
            )?;
            connection.execute(
                "DELETE FROM question WHERE user = ?1 AND site = ?2 AND text NOT IN
                 (SELECT text FROM question WHERE user = ?1 AND site = ?2 ORDER BY asked_at DESC, text LIMIT ?3)",
                params![user, site.0, MOST],
            )?;
            Ok(())
        })
    }

    /// What a person asked of a site, the latest first.
    pub fn questions(&self, user: i64, site: SiteId) -> rusqlite::Result<Vec<String>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT text FROM question WHERE user = ?1 AND site = ?2 ORDER BY asked_at DESC, text LIMIT ?3",
            )?;
            let texts = statement.query_map(params![user, site.0, MOST], |row| row.get(0))?;
            texts.collect()
        })
    }
}
