//! Notes on days: what happened then, so that a bend in a line explains itself.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::params;

use super::{Accounts, ChangeError, Name};
use crate::store::event::SiteId;

/// Notes that a site may have.
const MOST: i64 = 1000;

/// A note.
#[derive(Clone, Debug)]
pub struct Note {
    /// To take it away by.
    pub id: i64,
    /// The day, of the site's zone.
    pub day: Date,
    /// What happened.
    pub text: String,
}

impl Accounts {
    /// Writes a note on a day.
    pub fn add_note(
        &self,
        site: SiteId,
        day: Date,
        text: &Name,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        self.change(|connection| {
            let added = connection.execute(
                "INSERT INTO note (site, day, text, created_at) SELECT ?1, ?2, ?3, ?4
                 WHERE (SELECT count(*) FROM note WHERE site = ?1) < ?5",
                params![
                    site.0,
                    day.to_string(),
                    text.as_str(),
                    now.as_millisecond(),
                    MOST
                ],
            )?;
            match added {
                0 => Err(ChangeError::Conflict(
                    "this site has as many notes as it may",
                )),
                _ => Ok(()),
            }
        })
    }

    /// A site's notes on some days, in order.
    pub fn notes(&self, site: SiteId, from: Date, to: Date) -> rusqlite::Result<Vec<Note>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, day, text FROM note WHERE site = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day, id",
            )?;
            let days = params![site.0, from.to_string(), to.to_string()];
            let notes = statement.query_map(days, |row| {
                let day: String = row.get(1)?;
                Ok(Note {
                    id: row.get(0)?,
                    day: day.parse().unwrap_or_default(),
                    text: row.get(2)?,
                })
            })?;
            notes.collect()
        })
    }

    /// Takes a note away.
    pub fn remove_note(&self, site: SiteId, id: i64) -> Result<(), ChangeError> {
        self.change(|connection| {
            let gone =
                connection.execute("DELETE FROM note WHERE site = ?1 AND id = ?2", [site.0, id])?;
            match gone {
                0 => Err(ChangeError::Missing("there is no such note")),
                _ => Ok(()),
            }
        })
    }
}
