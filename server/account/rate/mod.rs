//! Exchange rates that people upload: on which day one unit of a currency was worth how much of another, for all sites of
//! a workspace. What is sent for a day and pair again takes the place of what was there.
//!
//! [`file`](self::file) says what a row may be; [`Exchange`] is what a site's money is changed by.

pub mod exchange;
pub mod file;

use std::collections::HashMap;
use std::sync::Arc;

use iso_currency::Currency;
use jiff::civil::Date;
use rusqlite::{Connection, TransactionBehavior, params};

use super::sheet::Stored;
use super::{Accounts, ChangeError, WorkspaceId};
pub use exchange::Exchange;

/// Rates that a workspace may have.
const MOST: i64 = 2_000_000;

/// A currency's three letters.
pub type Code = [u8; 3];

/// What one unit of a currency was worth in another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// From this day on, until there is another.
    pub day: Date,
    /// One unit of this,
    pub from: Code,
    /// in units of this: both major ones.
    pub to: Code,
    /// How many; above 0.
    pub rate: f64,
}

/// A workspace's rates for two currencies.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    #[allow(missing_docs)]
    pub from: String,
    #[allow(missing_docs)]
    pub to: String,
    /// How many days have one.
    pub days: u64,
    #[allow(missing_docs)]
    pub first: String,
    #[allow(missing_docs)]
    pub last: String,
    /// That of the last day.
    pub rate: f64,
}

/// Which rates.
#[derive(Clone, Debug)]
pub struct Which {
    /// The first day.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// Of one unit of this currency only.
    pub currency: Option<String>,
    /// In units of this currency only.
    pub into: Option<String>,
}

/// What sites' money is changed by, as it is held in memory, with the number of the change that it is of.
#[derive(Default)]
pub(super) struct Held {
    numbers: HashMap<WorkspaceId, i64>,
    exchanges: HashMap<(WorkspaceId, Option<Currency>), (i64, Arc<Exchange>)>,
}

impl Held {
    /// Looks which rates have changed.
    pub(super) fn refresh(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut numbers = connection.prepare_cached("SELECT workspace, number FROM rate_change")?;
        let numbers = numbers.query_map([], |row| Ok((WorkspaceId(row.get(0)?), row.get(1)?)))?;
        self.numbers = numbers.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// What changes the money of a workspace's sites that count in `own`.
    pub(super) fn exchange(
        &mut self,
        connection: &Connection,
        workspace: WorkspaceId,
        own: Option<Currency>,
    ) -> rusqlite::Result<Arc<Exchange>> {
        let number = self.numbers.get(&workspace).copied().unwrap_or_default();
        match self.exchanges.get(&(workspace, own)) {
            Some((known, exchange)) if *known == number => Ok(exchange.clone()),
            _ => {
                let exchange = Arc::new(Exchange::new(own, &of(connection, workspace)?));
                let held = (number, exchange.clone());
                self.exchanges.insert((workspace, own), held);
                Ok(exchange)
            }
        }
    }
}

fn code(text: &str) -> Code {
    text.as_bytes().try_into().unwrap_or(*b"XXX")
}

fn letters(code: &Code) -> &str {
    std::str::from_utf8(code).unwrap_or("XXX")
}

fn of(connection: &Connection, workspace: WorkspaceId) -> rusqlite::Result<Vec<Rate>> {
    let mut rates = connection.prepare_cached(
        "SELECT day, from_code, to_code, rate FROM rate WHERE workspace = ?1 ORDER BY from_code, to_code, day",
    )?;
    let rates = rates.query_map([workspace.0], rate)?;
    rates.collect()
}

fn rate(row: &rusqlite::Row) -> rusqlite::Result<Rate> {
    let (day, from, to): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Rate {
        day: day.parse().unwrap_or_default(),
        from: code(&from),
        to: code(&to),
        rate: row.get(3)?,
    })
}

const CHOSEN: &str = "workspace = ?1 AND day BETWEEN ?2 AND ?3
     AND (?4 IS NULL OR from_code = ?4) AND (?5 IS NULL OR to_code = ?5)";

fn changed(connection: &Connection, workspace: WorkspaceId) -> rusqlite::Result<usize> {
    connection.execute(
        "INSERT INTO rate_change (workspace, number) VALUES (?1, 1)
         ON CONFLICT (workspace) DO UPDATE SET number = number + 1",
        [workspace.0],
    )
}

impl Accounts {
    /// Stores rates, all or none.
    pub fn set_rates(&self, workspace: WorkspaceId, rates: &[Rate]) -> Result<Stored, ChangeError> {
        self.change(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let count = || {
                let count = "SELECT count(*) FROM rate WHERE workspace = ?1";
                transaction.query_row(count, [workspace.0], |row| row.get::<_, i64>(0))
            };
            let before = count()?;
            let mut set = transaction.prepare(
                "INSERT OR REPLACE INTO rate (workspace, from_code, to_code, day, rate) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for Rate { day, from, to, rate } in rates {
                let (from, to) = (letters(from), letters(to));
                set.execute(params![workspace.0, from, to, day.to_string(), rate])?;
            }
            drop(set);
            let after = count()?;
            if after > MOST {
                return Err(ChangeError::Conflict(
                    "a workspace may have two million rates; delete some that are no longer asked for",
                ));
            }
            changed(&transaction, workspace)?;
            transaction.commit()?;
            let added = (after - before).max(0) as u64;
            Ok(Stored {
                added,
                replaced: rates.len() as u64 - added,
            })
        })
    }

    /// Rates, in order of days; so many of them.
    pub fn rates(
        &self,
        workspace: WorkspaceId,
        which: &Which,
        most: usize,
    ) -> rusqlite::Result<Vec<Rate>> {
        self.read(|connection| {
            let mut rates = connection.prepare_cached(&format!(
                "SELECT day, from_code, to_code, rate FROM rate WHERE {CHOSEN} ORDER BY day, from_code, to_code LIMIT ?6",
            ))?;
            let days = (which.from.to_string(), which.to.to_string());
            let (from, to) = (&which.currency, &which.into);
            let rates = rates.query_map(
                params![workspace.0, days.0, days.1, from, to, most as i64],
                rate,
            )?;
            rates.collect()
        })
    }

    /// For which pairs there are rates.
    pub fn rate_pairs(&self, workspace: WorkspaceId) -> rusqlite::Result<Vec<Pair>> {
        self.read(|connection| {
            // With max(day) the other columns are of its row.
            let mut pairs = connection.prepare_cached(
                "SELECT from_code, to_code, count(*), min(day), max(day), rate FROM rate WHERE workspace = ?1
                 GROUP BY from_code, to_code ORDER BY from_code, to_code",
            )?;
            let pairs = pairs.query_map([workspace.0], |row| {
                Ok(Pair {
                    from: row.get(0)?,
                    to: row.get(1)?,
                    days: row.get::<_, i64>(2)?.unsigned_abs(),
                    first: row.get(3)?,
                    last: row.get(4)?,
                    rate: row.get(5)?,
                })
            })?;
            pairs.collect()
        })
    }

    /// Takes rates away; gives how many.
    pub fn remove_rates(&self, workspace: WorkspaceId, which: &Which) -> Result<u64, ChangeError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let gone = transaction.execute(
                &format!("DELETE FROM rate WHERE {CHOSEN}"),
                params![
                    workspace.0,
                    which.from.to_string(),
                    which.to.to_string(),
                    which.currency,
                    which.into
                ],
            )?;
            changed(&transaction, workspace)?;
            transaction.commit()?;
            Ok(gone as u64)
        })
    }
}
