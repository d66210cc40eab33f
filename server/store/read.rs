//! Single events, and what the numbers in reports are called.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::event::{GoalName, Metadata, Money, Origin, SiteId, VisitorKey};
use super::reports::row::{Revenue, Row};
use super::reports::{ReadError, log};
use super::session::Place;
use super::{Store, care, insert, writer};
use crate::recent::Recent;

/// Events that are told of at the most after a time away.
const AWAY: u64 = 1000;

/// Events that are read at a time, in one statement where they lie close together.
pub(super) const WINDOW: usize = 4096;

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
    pub visitor: Option<u32>,
}

/// An event with the visit it belongs to.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The event.
    pub fire: Fire,
    /// What brought the visit.
    pub origin: Arc<Origin>,
    /// With what the visitor came.
    pub client: Arc<ClientNames>,
    /// The number of the visit: of its first event.
    pub session: Option<i64>,
    /// What it brought.
    pub revenue: Option<Money>,
}

/// An event as the log has it: numbers for what repeats.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Numbered {
    pub(super) row: Row,
    /// Behind the page's address.
    pub(super) rest: Rest,
    /// The page before; 0 for none.
    pub(super) referrer: u32,
}

/// The query of a page's address.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rest {
    None,
    /// One of many alike: the number of an address.
    Number(u32),
    Text(String),
}

impl Rest {
    /// As it stands in the log.
    pub(super) fn read(value: ValueRef<'_>) -> rusqlite::Result<Rest> {
        Ok(match value {
            ValueRef::Integer(number) => u32::try_from(number).map_or(Rest::None, Rest::Number),
            ValueRef::Text(text) => Rest::Text(String::from_utf8_lossy(text).into_owned()),
            _ => Rest::None,
        })
    }
}

/// With what somebody came, in words; what is unknown is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientNames {
    /// Such as `Firefox`.
    pub browser: String,
    /// Such as `Windows`.
    pub os: String,
    /// `Desktop`, `Mobile`, `Tablet` or `Other`.
    pub device: String,
    /// ISO 3166, two capital letters.
    pub country: String,
}

/// What numbers are called, as far as it was asked lately. A number's name never changes.
pub(super) struct Names {
    goals: Mutex<Recent<u32, Option<Arc<GoalName>>>>,
    addresses: Mutex<Recent<u32, Arc<str>>>,
    origins: Mutex<Recent<u32, Arc<Origin>>>,
    clients: Mutex<Recent<u32, Arc<ClientNames>>>,
}

/// Names of each kind that are held in memory, at least.
const NAMES: usize = 20_000;

impl Default for Names {
    fn default() -> Self {
        Names {
            goals: Mutex::new(Recent::new(NAMES)),
            addresses: Mutex::new(Recent::new(NAMES)),
            origins: Mutex::new(Recent::new(NAMES)),
            clients: Mutex::new(Recent::new(NAMES)),
        }
    }
}

impl Store {
    /// Every goal that the site ever had, by number; number 0, page views, is not among them.
    pub fn goals(&self, site: SiteId) -> rusqlite::Result<HashMap<u32, GoalName>> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT goal.id, goal.name FROM site_goal JOIN goal ON goal.id = site_goal.goal WHERE site_goal.site = ?1")?;
            let rows = statement.query_map([site.0], |row| Ok((row.get(0)?, GoalName::stored(row.get(1)?))))?;
            rows.collect()
        })
    }

    /// The goal with this number; none for 0, page views.
    pub fn goal(&self, number: u32) -> rusqlite::Result<Option<Arc<GoalName>>> {
        self.named(&self.names.goals, number, |connection| {
            let mut find = connection.prepare_cached("SELECT name FROM goal WHERE id = ?1")?;
            let name = find.query_row([number], |row| row.get(0)).optional()?;
            Ok(name.map(|name| Arc::new(GoalName::stored(name))))
        })
    }

    /// The address with this number; empty for 0 and for one that was erased.
    pub fn address(&self, number: u32) -> rusqlite::Result<Arc<str>> {
        self.named(&self.names.addresses, number, |connection| {
            let mut find = connection.prepare_cached("SELECT text FROM address WHERE id = ?1")?;
            let text = find
                .query_row([number], |row| row.get::<_, String>(0))
                .optional()?;
            Ok(text.unwrap_or_default().into())
        })
    }

    /// What brought a session, by its number; for 0 nothing did.
    pub fn origin(&self, number: u32) -> rusqlite::Result<Arc<Origin>> {
        self.named(&self.names.origins, number, |connection| {
            let mut find = connection.prepare_cached(
                "SELECT referrer, source, medium, campaign, term, content, click FROM origin WHERE id = ?1",
            )?;
            let origin = find.query_row([number], |row| {
                Ok(Origin {
                    referrer: row.get(0)?,
                    source: row.get(1)?,
                    medium: row.get(2)?,
                    campaign: row.get(3)?,
                    term: row.get(4)?,
                    content: row.get(5)?,
                    click: row.get(6)?,
                })
            });
            Ok(Arc::new(origin.optional()?.unwrap_or_default()))
        })
    }

    /// With what a visitor came, by its number; for 0 nothing is known.
    pub fn client(&self, number: u32) -> rusqlite::Result<Arc<ClientNames>> {
        self.named(&self.names.clients, number, |connection| {
            let mut find = connection
                .prepare_cached("SELECT browser, os, device, country FROM client WHERE id = ?1")?;
            let client = find.query_row([number], |row| {
                Ok(ClientNames {
                    browser: row.get(0)?,
                    os: row.get(1)?,
                    device: row.get(2)?,
                    country: row.get(3)?,
                })
            });
            Ok(Arc::new(client.optional()?.unwrap_or_default()))
        })
    }

    fn named<T: Clone + Default>(
        &self,
        held: &Mutex<Recent<u32, T>>,
        number: u32,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if number == 0 {
            return Ok(T::default());
        }
        let lock = || held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = lock().get(&number) {
            return Ok(name.clone());
        }
        let name = self.read(read)?;
        lock().insert(number, name.clone());
        Ok(name)
    }

    /// The number of the last event in the log, of any site.
    pub fn last_id(&self) -> rusqlite::Result<i64> {
        self.read(care::last_given)
    }

    /// The latest events of a site, newest first.
    pub fn latest(&self, site: SiteId, most: usize) -> Result<Vec<Fire>, ReadError> {
        let mut ids = self.reports.latest(site, most)?;
        ids.reverse();
        let mut fires = self.fires(site, &ids)?;
        fires.reverse();
        Ok(fires)
    }

    /// The events with these numbers, in the order given, with their visits; those of other sites and those that are gone
    /// are left out.
    pub fn details(&self, site: SiteId, ids: &[i64]) -> Result<Vec<Detail>, ReadError> {
        let found = self.read(|connection| {
            let mut one = connection.prepare_cached(&format!("{FIRES} WHERE event.id = ?1"))?;
            let mut more = connection.prepare_cached(
                "SELECT session, step, url, origin, client, amount, currency FROM event WHERE id = ?1 AND site = ?2",
            )?;
            let mut begun = connection.prepare_cached(log::SHARED)?;
            let mut found = HashMap::with_capacity(ids.len());
            for id in ids {
                let read = |row: &rusqlite::Row| {
                    let money = match (row.get(5)?, row.get::<_, Option<String>>(6)?) {
                        (Some(minor), Some(code)) => Money::stored(minor, &code),
                        _ => None,
                    };
                    Ok((log::place(row, *id, 0)?, money))
                };
                let Some((mut place, revenue)) = more.query_row((id, site.0), read).optional()? else {
                    continue;
                };
                if place.session != 0 && !place.begins {
                    place.shared = log::shared(&mut begun, place.session)?;
                }
                if let Some(fire) = one.query_map([id], fire)?.next().transpose()? {
                    found.insert(*id, (fire, place, revenue));
                }
            }
            Ok::<_, rusqlite::Error>(found)
        })?;
        let gone = |id: &&i64| !found.contains_key(*id);
        let gone: Vec<i64> = ids.iter().filter(gone).copied().collect();
        let mut found = found;
        for event in self.reports.moved(Some(site), &gone)? {
            let (place, revenue) = (event.row.place, event.row.revenue);
            let revenue = revenue.and_then(Revenue::money);
            found.insert(event.row.id, (self.named_fire(event)?, place, revenue));
        }
        let detail = |(fire, place, revenue): (Fire, Place, Option<Money>)| {
            Ok(Detail {
                fire,
                origin: self.origin(place.shared.origin)?,
                client: self.client(place.shared.client)?,
                session: (place.session != 0).then_some(place.session),
                revenue,
            })
        };
        let found = ids.iter().filter_map(|id| found.remove(id));
        found.map(detail).collect()
    }

    /// An event with what its numbers are called.
    pub(super) fn named_fire(&self, event: Numbered) -> rusqlite::Result<Fire> {
        let Numbered {
            row,
            rest,
            referrer,
        } = event;
        let url = match row.url {
            0 => None,
            number => {
                let mut url = self.address(number)?.to_string();
                match rest {
                    Rest::None => {}
                    Rest::Number(number) => url.push_str(&self.address(number)?),
                    Rest::Text(text) => url.push_str(&text),
                }
                Some(url)
            }
        };
        let referrer = match referrer {
            0 => None,
            number => Some(self.address(number)?.to_string()),
        };
        Ok(Fire {
            id: row.id,
            at: instant(row.at),
            goal: self.goal(row.goal)?.map(|goal| (*goal).clone()),
            url: url.filter(|url| !url.is_empty()),
            referrer: referrer.filter(|referrer| !referrer.is_empty()),
            metadata: row.metadata.map(|text| Metadata(text.into())),
            visitor: (row.visitor != 0).then_some(row.visitor),
        })
    }

    /// Whom the site calls a visitor lately: the user that was named last, if any was.
    pub fn user(&self, visitor: u32) -> rusqlite::Result<Option<String>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT user FROM identity WHERE visitor = ?1 ORDER BY at DESC LIMIT 1",
            )?;
            statement.query_row([visitor], |row| row.get(0)).optional()
        })
    }

    /// The next events of a site after the one numbered `after`, oldest first: none is passed over.
    pub fn following(&self, site: SiteId, after: i64, most: usize) -> Result<Vec<Fire>, ReadError> {
        let ids = self.reports.ids(site, after)?;
        let ids: Vec<i64> = ids.iter().take(most).map(|id| id as i64).collect();
        self.fires(site, &ids)
    }

    /// Events of a site that were stored after the one numbered `after`, oldest first.
    pub fn after(&self, site: SiteId, after: i64, most: usize) -> Result<Vec<Fire>, ReadError> {
        let ids = self.reports.ids(site, after)?;
        // Who was away for long is told of the latest only; the page has the numbers anyway.
        let skipped = ids.len().saturating_sub(AWAY) as usize;
        let ids: Vec<i64> = ids
            .iter()
            .skip(skipped)
            .take(most)
            .map(|id| id as i64)
            .collect();
        self.fires(site, &ids)
    }

    /// The events of a site with these numbers, which are in order.
    pub(super) fn fires(&self, site: SiteId, ids: &[i64]) -> Result<Vec<Fire>, ReadError> {
        let mut fires = Vec::with_capacity(ids.len());
        self.read(|connection| {
            each_of(connection, site, ids, |fire| {
                fires.push(fire);
            })
        })?;
        let known: HashSet<i64> = fires.iter().map(|fire| fire.id).collect();
        let gone: Vec<i64> = ids
            .iter()
            .filter(|id| !known.contains(id))
            .copied()
            .collect();
        let moved = self.reports.moved(Some(site), &gone)?;
        if !moved.is_empty() {
            for event in moved {
                fires.push(self.named_fire(event)?);
            }
            fires.sort_unstable_by_key(|fire| fire.id);
        }
        Ok(fires)
    }

    /// The site that saw this visitor last, of those that are meant.
    pub fn site_that_saw(
        &self,
        visitor: &VisitorKey,
        is_meant: impl Fn(SiteId) -> bool,
    ) -> rusqlite::Result<Option<SiteId>> {
        if let Some(site) = self.seen.site(visitor).filter(|site| is_meant(*site)) {
            return Ok(Some(site));
        }
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT site FROM visitor WHERE key = ?1 ORDER BY last_at DESC, id DESC",
            )?;
            let seen = statement.query_map([insert::key(visitor)], |row| row.get(0).map(SiteId))?;
            let mut known = seen.filter(|site| site.as_ref().map_or(true, |site| is_meant(*site)));
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
    pub fn has_events(&self, site: SiteId) -> Result<bool, ReadError> {
        Ok(!self.reports.latest(site, 1)?.is_empty())
    }
}

const FIRES: &str = "SELECT event.id, event.at, goal.name, url.text || coalesce(query.text, event.query, ''), referrer.text,
        event.metadata, event.visitor FROM event
     LEFT JOIN goal ON goal.id = event.goal
     LEFT JOIN address AS url ON url.id = event.url
     LEFT JOIN address AS query ON typeof(event.query) = 'integer' AND query.id = event.query
     LEFT JOIN address AS referrer ON referrer.id = event.referrer";

/// Gives `each` the events of a site that have these numbers, which are in order.
fn each_of(
    connection: &Connection,
    site: SiteId,
    ids: &[i64],
    mut each: impl FnMut(Fire),
) -> rusqlite::Result<()> {
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
        return Ok(());
    };
    let mut read = |statement: &mut CachedStatement, from: i64, to: i64| {
        let mut rows = statement.query(params![from, to, site.0])?;
        while let Some(row) = rows.next()? {
            let fire = fire(row)?;
            if ids.binary_search(&fire.id).is_ok() {
                each(fire);
            }
        }
        Ok::<_, rusqlite::Error>(())
    };
    let mut statement = connection.prepare_cached(&format!(
        "{FIRES} WHERE event.id BETWEEN ?1 AND ?2 AND event.site = ?3 ORDER BY event.id"
    ))?;
    // Reading past a few events of other sites is cheaper than looking each one up.
    if (last - first) as usize <= ids.len() * 16 {
        return read(&mut statement, *first, *last);
    }
    ids.iter().try_for_each(|id| read(&mut statement, *id, *id))
}

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
