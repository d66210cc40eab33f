//! Spend: what channels cost, by site, day and channel, and by source and campaign where that is known. What is sent for
//! a day, channel, source and campaign again takes the place of what was there.
//!
//! [`file`](self::file) says what a row may be; which channels there are is told by whoever asks.

mod daily;
pub mod file;

use std::collections::BTreeMap;

pub use daily::DaySum;
use iso_currency::Currency;
use jiff::civil::Date;
use rusqlite::{Row, TransactionBehavior, params};

use super::sheet::Stored;
use super::{Accounts, ChangeError, Site};
use crate::query::range::number;
use crate::store::event::{Money, SiteId};

/// Rows that a site may have.
const MOST: i64 = 1_000_000;

/// What was spent on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The day, of the site's zone.
    pub day: Date,
    /// On which channel.
    pub channel: String,
    /// With whom, as `utm_source` says it; empty where that isn't known.
    pub source: String,
    /// On which campaign, as `utm_campaign` says it; empty where that isn't known.
    pub campaign: String,
    /// How much.
    pub money: Money,
    /// How often it was shown, where that is known.
    pub impressions: Option<u64>,
    /// How often it was clicked, where that is known.
    pub clicks: Option<u64>,
}

/// What spend is summed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpentBy {
    #[allow(missing_docs)]
    Channel,
    #[allow(missing_docs)]
    Source,
    #[allow(missing_docs)]
    Campaign,
}

/// What was spent, by channel, source or campaign; under an empty name what is of none. In smallest units by currency.
pub type Spent = BTreeMap<String, BTreeMap<[u8; 3], i64>>;

/// What was spent on a channel in a month, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthSum {
    /// `2026-11`
    pub month: String,
    #[allow(missing_docs)]
    pub channel: String,
    #[allow(missing_docs)]
    pub money: Money,
    /// Of the rows that say it.
    pub impressions: Option<u64>,
    #[allow(missing_docs)]
    pub clicks: Option<u64>,
}

/// Which days and channel.
#[derive(Clone, Debug)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// Of this channel only.
    pub channel: Option<String>,
}

const CHOSEN: &str = "site = ?1 AND day BETWEEN ?2 AND ?3 AND (?4 IS NULL OR channel = ?4)";

fn money(row: &Row, minor: usize, code: usize) -> rusqlite::Result<Money> {
    let text: String = row.get(code)?;
    let currency = Currency::from_code(&text).unwrap_or(Currency::XXX);
    let minor = row.get(minor)?;
    Ok(Money { minor, currency })
}

fn counted(row: &Row, place: usize) -> rusqlite::Result<Option<u64>> {
    let count: Option<i64> = row.get(place)?;
    Ok(count.and_then(|count| count.try_into().ok()))
}

impl Accounts {
    /// Stores rows, all or none.
    pub fn set_spend(&self, site: SiteId, rows: &[Spend]) -> Result<Stored, ChangeError> {
        self.change(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let count = || {
                let count = "SELECT count(*) FROM spend WHERE site = ?1";
                transaction.query_row(count, [site.0], |row| row.get::<_, i64>(0))
            };
            let before = count()?;
            let mut set = transaction.prepare(
                "INSERT OR REPLACE INTO spend (site, day, channel, source, campaign, minor, currency, impressions, clicks)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?;
            for row in rows {
                set.execute(params![
                    site.0,
                    row.day.to_string(),
                    row.channel,
                    row.source,
                    row.campaign,
                    row.money.minor,
                    row.money.currency.code(),
                    row.impressions.map(|count| count as i64),
                    row.clicks.map(|count| count as i64)
                ])?;
            }
            drop(set);
            let after = count()?;
            if after > MOST {
                return Err(ChangeError::Conflict(
                    "a site may have a million rows of spend; delete some that are no longer asked for",
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

    /// Rows, in order of days; so many of them.
    pub fn spend(&self, site: SiteId, of: &Days, most: usize) -> rusqlite::Result<Vec<Spend>> {
        self.read(|connection| {
            let mut rows = connection.prepare_cached(&format!(
                "SELECT day, channel, source, campaign, minor, currency, impressions, clicks FROM spend
                 WHERE {CHOSEN} ORDER BY day, channel, source, campaign LIMIT ?5",
            ))?;
            let rows = rows.query_map(
                params![site.0, of.from.to_string(), of.to.to_string(), of.channel, most as i64],
                |row| {
                    let day: String = row.get(0)?;
                    Ok(Spend {
                        day: day.parse().unwrap_or_default(),
                        channel: row.get(1)?,
                        source: row.get(2)?,
                        campaign: row.get(3)?,
                        money: money(row, 4, 5)?,
                        impressions: counted(row, 6)?,
                        clicks: counted(row, 7)?,
                    })
                },
            )?;
            rows.collect()
        })
    }

    /// Sums by channel, source or campaign. Where it `changes`, in the site's currency as far as rates are known, each day's
    /// sum to the nearest smallest unit.
    pub fn spent(
        &self,
        site: &Site,
        of: &Days,
        by: SpentBy,
        changes: bool,
    ) -> rusqlite::Result<Spent> {
        let by = match by {
            SpentBy::Channel => "channel",
            SpentBy::Source => "source",
            SpentBy::Campaign => "campaign",
        };
        self.read(|connection| {
            let mut sums = connection.prepare_cached(&format!(
                "SELECT {by}, currency, sum(minor), day FROM spend WHERE {CHOSEN} GROUP BY {by}, currency, day",
            ))?;
            let mut sums = sums.query(params![
                site.id.0,
                of.from.to_string(),
                of.to.to_string(),
                of.channel
            ])?;
            let mut spent = Spent::new();
            while let Some(row) = sums.next()? {
                let (code, day): (String, String) = (row.get(1)?, row.get(3)?);
                let (Ok(code), Ok(day)) = (code.as_bytes().try_into(), day.parse()) else {
                    continue;
                };
                let (code, minor) = match (row.get(2)?, changes) {
                    (minor, false) => (code, minor),
                    (minor, true) => site.exchange.changed(code, number(day), minor),
                };
                let sums = spent.entry(row.get(0)?).or_default();
                let sum = sums.entry(code).or_default();
                *sum = i64::saturating_add(*sum, minor);
            }
            Ok(spent)
        })
    }

    /// Sums by month, latest first, and channel; of so many months.
    pub fn spent_by_month(&self, site: SiteId, months: usize) -> rusqlite::Result<Vec<MonthSum>> {
        self.read(|connection| {
            let mut sums = connection.prepare_cached(
                "SELECT substr(day, 1, 7) AS month, channel, sum(minor), currency, sum(impressions), sum(clicks) FROM spend
                 WHERE site = ?1 AND substr(day, 1, 7) IN
                    (SELECT DISTINCT substr(day, 1, 7) FROM spend WHERE site = ?1 ORDER BY 1 DESC LIMIT ?2)
                 GROUP BY month, channel, currency ORDER BY month DESC, channel, currency",
            )?;
            let sums = sums.query_map(params![site.0, months as i64], |row| {
                Ok(MonthSum {
                    month: row.get(0)?,
                    channel: row.get(1)?,
                    money: money(row, 2, 3)?,
                    impressions: counted(row, 4)?,
                    clicks: counted(row, 5)?,
                })
            })?;
            sums.collect()
        })
    }

    /// Takes rows away; gives how many.
    pub fn remove_spend(&self, site: SiteId, of: &Days) -> Result<u64, ChangeError> {
        self.change(|connection| {
            let gone = connection.execute(
                &format!("DELETE FROM spend WHERE {CHOSEN}"),
                params![site.0, of.from.to_string(), of.to.to_string(), of.channel],
            )?;
            Ok(gone as u64)
        })
    }
}
