//! What reports need of the log, one site and one span of time at a time.

use std::collections::BTreeMap;
use std::ops::Range;

use iso_currency::Currency;
use jiff::Timestamp;
use rusqlite::params;

use super::event::{GoalName, Metadata, Money, SiteId, VisitorKey};
use super::schema::VIEW;
use super::{Store, writer};

/// One event as counting needs it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// When.
    pub at: Timestamp,
    /// Who; `None` when nobody was named.
    pub visitor: Option<i64>,
}

/// One event as a person reads it.
#[derive(Clone, Debug)]
pub struct Fire {
    /// Its number in the log; later ones are stored later.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Which goal; `None` for a page view.
    pub goal: Option<GoalName>,
    /// The page.
    pub url: Option<String>,
    /// The page before.
    pub referrer: Option<String>,
    /// What the site attached.
    pub metadata: Option<Metadata>,
    /// Who: the number of the visitor in this log.
    pub visitor: Option<i64>,
}

impl Store {
    /// Every goal that the site ever had, by number; number 0, page views, is not among them.
    pub fn goals(&self, site: SiteId) -> rusqlite::Result<BTreeMap<i64, GoalName>> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT goal.id, goal.name FROM site_goal JOIN goal ON goal.id = site_goal.goal WHERE site_goal.site = ?1")?;
            let rows = statement.query_map([site.0], |row| Ok((row.get(0)?, GoalName::stored(row.get(1)?))))?;
            rows.collect()
        })
    }

    /// Gives `each` the events of one goal (`None`: the page views) within the span, oldest first.
    pub fn each_fire(
        &self,
        site: SiteId,
        goal: Option<i64>,
        span: Range<Timestamp>,
        mut each: impl FnMut(Row),
    ) -> rusqlite::Result<()> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT at, visitor FROM event WHERE site = ?1 AND goal = ?2 AND at >= ?3 AND at < ?4 ORDER BY at")?;
            let mut rows = statement.query(params![site.0, goal.unwrap_or(VIEW), span.start.as_millisecond(), span.end.as_millisecond()])?;
            while let Some(row) = rows.next()? {
                each(Row { at: instant(row.get(0)?), visitor: row.get(1)? });
            }
            Ok(())
        })
    }

    /// What one goal brought within the span, a sum a currency, by the currency's code.
    pub fn revenue(
        &self,
        site: SiteId,
        goal: i64,
        span: Range<Timestamp>,
    ) -> rusqlite::Result<Vec<Money>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT currency, amount FROM event
                 WHERE site = ?1 AND goal = ?2 AND at >= ?3 AND at < ?4 AND amount IS NOT NULL",
            )?;
            let (from, to) = (span.start.as_millisecond(), span.end.as_millisecond());
            let mut rows = statement.query(params![site.0, goal, from, to])?;
            // Whoever fires absurd amounts gets an absurd sum, and everybody still gets an answer.
            let mut sums: BTreeMap<String, i64> = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let sum = sums.entry(row.get(0)?).or_default();
                *sum = sum.saturating_add(row.get(1)?);
            }
            let money = |(code, minor): (String, i64)| {
                Some(Money {
                    minor,
                    currency: Currency::from_code(&code)?,
                })
            };
            Ok(sums.into_iter().filter_map(money).collect())
        })
    }

    /// The number of the last event in the log, of any site.
    pub fn last_id(&self) -> rusqlite::Result<i64> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT coalesce(max(id), 0) FROM event")?
                .query_row([], |row| row.get(0))
        })
    }

    /// The latest events of a site, newest first.
    pub fn latest(&self, site: SiteId, most: u32) -> rusqlite::Result<Vec<Fire>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{FIRES} WHERE event.site = ?1 ORDER BY event.id DESC LIMIT ?2"
            ))?;
            statement
                .query_and_then(params![site.0, most], fire)?
                .collect()
        })
    }

    /// Events of a site that were stored after the one numbered `after`, oldest first.
    pub fn after(&self, site: SiteId, after: i64, most: u32) -> rusqlite::Result<Vec<Fire>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{FIRES} WHERE event.id > ?2 AND event.site = ?1 ORDER BY event.id LIMIT ?3"
            ))?;
            statement
                .query_and_then(params![site.0, after, most], fire)?
                .collect()
        })
    }

    /// Gives `each` the events of a site in the order they were stored, until it answers `false`.
    pub fn each_event(
        &self,
        site: SiteId,
        mut each: impl FnMut(Fire) -> bool,
    ) -> rusqlite::Result<()> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("{FIRES} WHERE event.site = ?1 ORDER BY event.id"))?;
            let mut rows = statement.query([site.0])?;
            while let Some(row) = rows.next()? {
                if !each(fire(row)?) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Of `sites`, the one that saw this visitor last.
    pub fn site_that_saw(
        &self,
        visitor: &VisitorKey,
        sites: &[SiteId],
    ) -> rusqlite::Result<Option<SiteId>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT site FROM visitor WHERE key = ?1 ORDER BY last_at DESC, id DESC",
            )?;
            let seen = statement.query_map([writer::key(visitor)], |row| row.get(0).map(SiteId))?;
            let mut known =
                seen.filter(|site| site.as_ref().map_or(true, |site| sites.contains(site)));
            known.next().transpose()
        })
    }

    /// Events that were refused or filtered since `from`, a count a reason, most first; of no known site for `None`.
    pub fn dropped(
        &self,
        site: Option<SiteId>,
        from: Timestamp,
    ) -> rusqlite::Result<Vec<(String, u64)>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT reason, sum(count) FROM dropped WHERE site = ?1 AND day >= ?2
                 GROUP BY reason ORDER BY 2 DESC, 1",
            )?;
            let site = site.map_or(writer::NO_SITE, |site| site.0);
            let rows = statement.query_map(params![site, writer::day(from)], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            rows.collect()
        })
    }

    /// Whether the site ever sent anything.
    pub fn has_events(&self, site: SiteId) -> rusqlite::Result<bool> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM event WHERE site = ?1)")?
                .query_row([site.0], |row| row.get(0))
        })
    }
}

const FIRES: &str = "SELECT event.id, event.at, goal.name, url.text, referrer.text, event.metadata, event.visitor FROM event
     INDEXED BY event_by_site
     LEFT JOIN goal ON goal.id = event.goal
     LEFT JOIN address AS url ON url.id = event.url
     LEFT JOIN address AS referrer ON referrer.id = event.referrer";

/// A row of [`FIRES`].
fn fire(row: &rusqlite::Row<'_>) -> rusqlite::Result<Fire> {
    Ok(Fire {
        id: row.get(0)?,
        at: instant(row.get(1)?),
        goal: row.get::<_, Option<String>>(2)?.map(GoalName::stored),
        url: row.get(3)?,
        referrer: row.get(4)?,
        metadata: row.get::<_, Option<String>>(5)?.map(Metadata),
        visitor: row.get(6)?,
    })
}

fn instant(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}
