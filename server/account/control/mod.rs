//! What moves a site's goals beside its channels, as people know it by day: a price, a discount, how many shops were open.
//! Each has a name and at most one value a day; what is sent for a name and day again takes the place of what was there.
//!
//! [`file`](self::file) says what a row may be; the marketing mix takes them as columns of its own.

pub mod file;

use jiff::civil::Date;
use rusqlite::{TransactionBehavior, params};

use super::sheet::Stored;
use super::{Accounts, ChangeError};
use crate::store::event::SiteId;

/// Values, and names, that a site may have.
const MOST: i64 = 500_000;
const NAMES: i64 = 100;

/// The value of a control on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// The day, of the site's zone.
    pub day: Date,
    #[allow(missing_docs)]
    pub name: String,
    /// In whatever unit it is counted.
    pub value: f64,
}

/// What is known of a control.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    #[allow(missing_docs)]
    pub name: String,
    /// How many days have a value.
    pub days: u64,
    #[allow(missing_docs)]
    pub first: String,
    #[allow(missing_docs)]
    pub last: String,
    #[allow(missing_docs)]
    pub least: f64,
    #[allow(missing_docs)]
    pub most: f64,
}

/// Which days and control.
#[derive(Clone, Debug)]
pub struct Which {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// Of this one only.
    pub name: Option<String>,
}

const CHOSEN: &str = "site = ?1 AND day BETWEEN ?2 AND ?3 AND (?4 IS NULL OR name = ?4)";

impl Accounts {
    /// Stores values, all or none.
    pub fn set_controls(&self, site: SiteId, rows: &[Control]) -> Result<Stored, ChangeError> {
        self.change(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let count = || {
                let count = "SELECT count(*), count(DISTINCT name) FROM control WHERE site = ?1";
                transaction.query_row(count, [site.0], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
                })
            };
            let (before, _) = count()?;
            let mut set = transaction.prepare(
                "INSERT OR REPLACE INTO control (site, name, day, value) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for Control { day, name, value } in rows {
                set.execute(params![site.0, name, day.to_string(), value])?;
            }
            drop(set);
            let (after, names) = count()?;
            if after > MOST || names > NAMES {
                return Err(ChangeError::Conflict(
                    "a site may have a hundred controls and half a million values of them; delete some that are no longer asked for",
                ));
            }
            transaction.commit()?;
            let added = (after - before).max(0) as u64;
            Ok(Stored {
                added,
                replaced: rows.len() as u64 - added,
            })
        })
    }

    /// Values, in order of names and days; so many of them.
    pub fn controls(
        &self,
        site: SiteId,
        which: &Which,
        most: usize,
    ) -> rusqlite::Result<Vec<Control>> {
        self.read(|connection| {
            let mut rows = connection.prepare_cached(&format!(
                "SELECT day, name, value FROM control WHERE {CHOSEN} ORDER BY name, day LIMIT ?5",
            ))?;
            let days = (which.from.to_string(), which.to.to_string());
            let rows = rows.query_map(
                params![site.0, days.0, days.1, which.name, most as i64],
                |row| {
                    let day: String = row.get(0)?;
                    Ok(Control {
                        day: day.parse().unwrap_or_default(),
                        name: row.get(1)?,
                        value: row.get(2)?,
                    })
                },
            )?;
            rows.collect()
        })
    }

    /// Which controls a site has, by name.
    pub fn control_names(&self, site: SiteId) -> rusqlite::Result<Vec<Summary>> {
        self.read(|connection| {
            let mut rows = connection.prepare_cached(
                "SELECT name, count(*), min(day), max(day), min(value), max(value) FROM control WHERE site = ?1
                 GROUP BY name ORDER BY name",
            )?;
            let rows = rows.query_map([site.0], |row| {
                Ok(Summary {
                    name: row.get(0)?,
                    days: row.get::<_, i64>(1)?.unsigned_abs(),
                    first: row.get(2)?,
                    last: row.get(3)?,
                    least: row.get(4)?,
                    most: row.get(5)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Takes values away; gives how many.
    pub fn remove_controls(&self, site: SiteId, which: &Which) -> Result<u64, ChangeError> {
        self.change(|connection| {
            let gone = connection.execute(
                &format!("DELETE FROM control WHERE {CHOSEN}"),
                params![
                    site.0,
                    which.from.to_string(),
                    which.to.to_string(),
                    which.name
                ],
            )?;
            Ok(gone as u64)
        })
    }
}
