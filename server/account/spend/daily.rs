//! Spend by day and channel: what models of a whole range are made of.

use jiff::civil::Date;
use rusqlite::params;

use super::{CHOSEN, Days};
use crate::account::Accounts;
use crate::store::event::SiteId;

/// What a channel cost on a day, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaySum {
    #[allow(missing_docs)]
    pub day: Date,
    #[allow(missing_docs)]
    pub channel: String,
    /// In smallest units.
    pub minor: i64,
    #[allow(missing_docs)]
    pub currency: [u8; 3],
    /// Of the rows that say it.
    pub impressions: u64,
    #[allow(missing_docs)]
    pub clicks: u64,
}

impl Accounts {
    /// Sums by day, channel and currency, in that order.
    pub fn spent_by_day(&self, site: SiteId, of: &Days) -> rusqlite::Result<Vec<DaySum>> {
        self.read(|connection| {
            let mut sums = connection.prepare_cached(&format!(
                "SELECT day, channel, currency, sum(minor), ifnull(sum(impressions), 0), ifnull(sum(clicks), 0) FROM spend
                 WHERE {CHOSEN} GROUP BY day, channel, currency ORDER BY day, channel, currency",
            ))?;
            let mut sums = sums.query(params![
                site.0,
                of.from.to_string(),
                of.to.to_string(),
                of.channel
            ])?;
            let mut all = Vec::new();
            while let Some(row) = sums.next()? {
                let (day, code): (String, String) = (row.get(0)?, row.get(2)?);
                let count = |place| row.get::<_, i64>(place).map(|count| count.max(0) as u64);
                if let (Ok(day), Ok(currency)) = (day.parse(), code.as_bytes().try_into()) {
                    all.push(DaySum {
                        day,
                        channel: row.get(1)?,
                        minor: row.get(3)?,
                        currency,
                        impressions: count(4)?,
                        clicks: count(5)?,
                    });
                }
            }
            Ok(all)
        })
    }
}
