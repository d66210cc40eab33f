//! Which single events are meant: a query's names without figures, as they stand in an address.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::Query;
use super::query_string;
use super::range::Range;
use super::read::Parts;
use crate::account::Site;
use crate::store::reports::Moment;

/// Events that an answer has where nothing else is asked, and at most.
const EVENTS: u64 = 100;
const MOST_EVENTS: u64 = 1000;

/// Which days are meant where none are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// The last 30.
    Last,
    /// All there are.
    All,
}

/// A question about single events as it was sent, before its site is known.
#[derive(Debug)]
pub struct Sent {
    /// The site's public id; read by whoever knows the workspace.
    pub website_id: Option<String>,
    parts: Parts,
}

/// Which events.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// Site, goals, filters and days; nothing else of it matters.
    pub query: Query,
    /// Those before this moment only.
    pub before: Option<Moment>,
    /// So many.
    pub limit: usize,
}

impl Sent {
    /// From what stands behind the `?` of an address.
    ///
    /// # Errors
    /// In words: which part is wrong, and what would be right; here and below.
    pub fn query_string(query: &str) -> Result<Sent, String> {
        let mut parts = Parts::of(query_string::object(query, &query_string::EVENTS)?);
        Ok(Sent {
            website_id: parts.text("website_id")?,
            parts,
        })
    }

    /// Reads it for a site.
    pub fn read(mut self, site: &Site, now: Timestamp, days: Days) -> Result<Events, String> {
        let parts = &mut self.parts;
        let range = match days {
            Days::All if !parts.has_range() => all(site, now),
            _ => parts.range(site, now)?,
        };
        let limit = match parts.number("limit")? {
            None => EVENTS,
            Some(limit) if (1..=MOST_EVENTS).contains(&limit) => limit,
            Some(_) => return Err(format!("limit: wanted 1 to {MOST_EVENTS}")),
        };
        let before = parts.text("before")?;
        let before = before.map(|text| {
            moment(&text).ok_or_else(|| {
                "before: wanted the \"next\" of an answer, such as 1795521600000.42".to_owned()
            })
        });
        Ok(Events {
            query: Query {
                goals: parts.goals()?,
                filters: parts.filters()?,
                limit: limit as usize,
                ..Query::of(site, range)
            },
            before: before.transpose()?,
            limit: limit as usize,
        })
    }
}

/// Every day that an event may be of: no event lies in the future, but in a zone it may be tomorrow already.
fn all(site: &Site, now: Timestamp) -> Range {
    let today = now.to_zoned(site.zone.clone()).date();
    Range {
        from: Date::constant(1969, 12, 31),
        to: today.saturating_add(2.days()),
        zone: site.zone.clone(),
    }
}

/// A moment as it stands in an address.
pub fn moment(text: &str) -> Option<Moment> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

/// The same, to be read by [`moment`].
pub fn moment_text((at, id): Moment) -> String {
    format!("{at}.{id}")
}
