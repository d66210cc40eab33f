//! Which single events are meant: a query's names without figures, as they stand in an address.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::Query;
use super::query_string::{EVENTS, Form};
use super::range::Range;
use super::read::Parts;
use super::sent::{self, Asks};
use crate::account::Site;
use crate::store::reports::Moment;

/// Events that an answer has where nothing else is asked, and at most.
const USUAL: u64 = 100;
const MOST: u64 = 1000;

/// A question about single events as it was sent.
pub type Sent = sent::Sent<Events>;

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

impl Asks for Events {
    const NAMES: &'static [(&'static str, Form)] = EVENTS;

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Events, String> {
        let range = parts.range(site, now)?;
        Events::on(parts, site, range)
    }
}

impl Sent {
    /// Reads it for a site; all days are meant where none are named.
    ///
    /// # Errors
    /// In words: which part is wrong, and what would be right.
    pub fn read_all(mut self, site: &Site, now: Timestamp) -> Result<Events, String> {
        let range = match self.parts.has_range() {
            true => self.parts.range(site, now)?,
            false => all(site, now),
        };
        Events::on(&mut self.parts, site, range)
    }
}

impl Events {
    fn on(parts: &mut Parts, site: &Site, range: Range) -> Result<Events, String> {
        let limit = parts.whole("limit", USUAL, MOST)?;
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
