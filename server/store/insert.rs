//! One event → its row in the log, and what it needs beside: numbers for what repeats, the visitor, the session.

mod sign_in;

use std::hash::Hash;

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, params};

use super::event::{Client, Event, EventId, Origin, UserId, VisitorKey, What};
use super::origin;
use super::reports::log;
use super::reports::row::{Revenue, Row};
use super::schema::VIEW;
use super::session::{IDLE, Place, Sessions, Shared};
use super::{care, id};
use crate::recent::Recent;

/// Entries of each kind that are held in memory, at least.
const REMEMBERED: usize = 50_000;

/// Events at the end of the log that are read at a start to know which sessions may go on, at most.
const RESUMED: i64 = 500_000;

/// Events in a row that are too old to matter, after which no others are looked for.
const LATE: u32 = 2_000;

/// Bytes of a query that is taken for one of many alike.
const COMMON_QUERY: usize = 100;

/// What is held in memory between transactions: numbers, visitors, sessions. After a transaction that failed it is to be
/// [reset](Held::reset), since it may hold numbers that mean nothing.
pub(super) struct Held {
    goals: Recent<Box<str>, u32>,
    site_goals: Recent<(i64, u32), ()>,
    addresses: Recent<Box<str>, u32>,
    origins: Recent<Origin, u32>,
    clients: Recent<Client, u32>,
    visitors: Recent<(i64, VisitorKey), Visitor>,
    users: Recent<u32, Box<str>>,
    pub(super) sessions: Sessions,
    /// The number of the next event.
    next: i64,
}

#[derive(Clone, Copy)]
struct Visitor {
    number: u32,
    /// Whether other sites know them too, so that it has to be kept which saw them last.
    is_elsewhere: bool,
    /// Whether several people use the browser, each of whom is a visitor with a number of their own.
    is_shared: bool,
}

impl Held {
    pub(super) fn new() -> Held {
        Held {
            goals: Recent::new(REMEMBERED),
            site_goals: Recent::new(REMEMBERED),
            addresses: Recent::new(REMEMBERED),
            origins: Recent::new(REMEMBERED),
            clients: Recent::new(REMEMBERED),
            visitors: Recent::new(REMEMBERED * 4),
            users: Recent::new(REMEMBERED),
            sessions: Sessions::new(),
            next: 1,
        }
    }

    /// Whether `last`, the last number given in the log, was given by this: nobody else has written to it.
    pub(super) fn is_current(&self, last: i64) -> bool {
        last + 1 == self.next
    }

    /// Forgets what it holds and reads what the log says: the next number, never one that was given before, and the
    /// sessions that may go on.
    pub(super) fn reset(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        *self = Held::new();
        self.next = care::last_given(connection)? + 1;
        let mut statement = connection.prepare(
            "SELECT id, at, visitor, session, step, url, origin, client FROM event
             WHERE id > ?1 ORDER BY id DESC",
        )?;
        let mut rows = statement.query([self.next - RESUMED])?;
        let (mut recent, mut latest, mut older) = (Vec::new(), i64::MIN, 0);
        while let Some(row) = rows.next()? {
            let at: i64 = row.get(1)?;
            latest = latest.max(at);
            // Events come nearly in the order of time: where there are only old ones, there are no others before.
            older = if at < latest - 2 * IDLE { older + 1 } else { 0 };
            if older > LATE {
                break;
            }
            let place = log::place(row, row.get(0)?, 3)?;
            if let Some(visitor) = row.get(2)?
                && place.session != 0
                && older == 0
            {
                recent.push((visitor, at, place));
            }
        }
        let mut begun = connection.prepare(log::SHARED)?;
        for (visitor, at, mut place) in recent.into_iter().rev() {
            if !place.begins {
                place.shared = log::shared(&mut begun, place.session)?;
            }
            self.sessions.resume(visitor, at, &place);
        }
        Ok(())
    }
}

/// One transaction's statements.
pub(super) struct Insert<'a> {
    connection: &'a Connection,
    held: &'a mut Held,
    new_key: CachedStatement<'a>,
    new_event: CachedStatement<'a>,
}

impl<'a> Insert<'a> {
    pub(super) fn new(connection: &'a Connection, held: &'a mut Held) -> rusqlite::Result<Self> {
        Ok(Insert {
            connection,
            held,
            new_key: connection.prepare_cached("INSERT OR IGNORE INTO event_key VALUES (?1)")?,
            new_event: connection.prepare_cached(
                "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            )?,
        })
    }

    /// Stores an event and gives its row, if its kind has one; `None` when its id, or its goal's transaction, is stored
    /// already.
    pub(super) fn event(&mut self, event: &Event) -> rusqlite::Result<Option<Option<Row>>> {
        if let EventId::Given(id) = &event.id {
            let key = id::key(event.workspace, id);
            if self.new_key.execute([&key])? == 0 {
                return Ok(None);
            }
        }
        if let (Some(transaction), What::Goal(goal)) = (&event.transaction, &event.what) {
            let key = id::transaction_key(event.site, goal, transaction);
            if self.new_key.execute([&key])? == 0 {
                return Ok(None);
            }
        }
        let (site, at) = (event.site.0, event.at.as_millisecond());
        let visitor = match &event.visitor {
            Some(key) => {
                let known = self.visitor(key, site, at)?;
                match &event.user {
                    Some(user) => self.identify(key, known, site, at, user)?,
                    None if known.is_shared => self.at_browser(known.number, at)?,
                    None => known.number,
                }
            }
            None => 0,
        };
        let goal = match &event.what {
            What::View => VIEW as u32,
            What::Goal(name) => self.goal(site, name.as_str())?,
            What::Identify => return Ok(Some(None)),
        };
        self.row(event, visitor, goal).map(|row| Some(Some(row)))
    }

    /// Writes the row of an event that has had a number.
    pub(super) fn row_numbered(
        &mut self,
        id: i64,
        event: &Event,
        visitor: u32,
        goal: u32,
    ) -> rusqlite::Result<()> {
        self.held.next = id;
        self.row(event, visitor, goal).map(|_| ())
    }

    fn row(&mut self, event: &Event, visitor: u32, goal: u32) -> rusqlite::Result<Row> {
        let at = event.at.as_millisecond();
        let (url, query) = match &event.url {
            Some(url) => self.address(&url.0)?,
            None => (0, Value::Null),
        };
        let referrer = match &event.referrer {
            Some(referrer) => self.referrer(&referrer.0)?,
            None => 0,
        };
        let id = self.held.next;
        let joined = if visitor == 0 {
            None
        } else {
            self.held.sessions.join(visitor, at)
        };
        let place = match joined {
            Some(place) => place,
            None if visitor == 0 || !event.begins => Place::default(),
            None => {
                let shared = Shared {
                    entry: url,
                    origin: self.origin(&event.origin)?,
                    client: self.client(&event.client)?,
                };
                let is_goal = !matches!(event.what, What::View);
                self.held.sessions.begin(visitor, id, at, is_goal, shared)
            }
        };
        let session = match place {
            Place { session: 0, .. } => None,
            Place { begins: true, .. } => Some(0),
            Place { session, .. } => Some(session),
        };
        let step = place.seconds.saturating_mul(2) | u16::from(place.engages);
        let kept = |number: u32| (place.begins && number != 0).then_some(number);
        let some = |number: u32| (number != 0).then_some(number);
        self.new_event.execute(params![
            id,
            event.site.0,
            event.day,
            at,
            goal,
            some(visitor),
            session,
            (step != 0).then_some(step),
            some(url),
            query,
            some(referrer),
            kept(place.shared.origin),
            kept(place.shared.client),
            event.metadata.as_ref().map(|m| &m.0),
            event.revenue.as_ref().map(|r| r.minor),
            event.revenue.as_ref().map(|r| r.currency.code()),
        ])?;
        self.held.next = id + 1;
        Ok(Row {
            id,
            site: event.site.0,
            day: event.day,
            at,
            goal,
            visitor,
            place,
            url,
            revenue: event.revenue.as_ref().map(Revenue::of),
            metadata: event.metadata.as_ref().map(|m| m.0.as_str().into()),
        })
    }

    fn visitor(&mut self, visitor: &VisitorKey, site: i64, at: i64) -> rusqlite::Result<Visitor> {
        let held = (site, visitor.clone());
        if let Some(known) = self.held.visitors.get(&held) {
            let known = *known;
            if known.is_elsewhere {
                self.saw(known.number, at)?;
            }
            return Ok(known);
        }
        let key = key(visitor);
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, site FROM visitor WHERE key = ?1")?;
        let mut rows = statement.query(params![key])?;
        let (mut here, mut others) = (None, Vec::new());
        while let Some(row) = rows.next()? {
            match row.get::<_, i64>(1)? {
                found if found == site => here = Some(row.get(0)?),
                other => others.push(other),
            }
        }
        let is_elsewhere = !others.is_empty();
        for other in others {
            if let Some(known) = self.held.visitors.get(&(other, visitor.clone())) {
                known.is_elsewhere = true;
            }
        }
        let (number, is_shared) = match here {
            Some(number) => {
                if is_elsewhere {
                    self.saw(number, at)?;
                }
                let mut others = self
                    .connection
                    .prepare_cached("SELECT 1 FROM browser WHERE first = ?1 LIMIT 1")?;
                (number, others.exists([number])?)
            }
            None => (self.new_visitor(&key, site, at)?, false),
        };
        let visitor = Visitor {
            number,
            is_elsewhere,
            is_shared,
        };
        self.held.visitors.insert(held, visitor);
        Ok(visitor)
    }

    fn new_visitor(&self, key: &Value, site: i64, at: i64) -> rusqlite::Result<u32> {
        let mut add = self
            .connection
            .prepare_cached("INSERT INTO visitor (key, site, last_at) VALUES (?1, ?2, ?3)")?;
        number(add.insert(params![key, site, at])?)
    }

    fn saw(&self, visitor: u32, at: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE visitor SET last_at = max(last_at, ?2) WHERE id = ?1")?
            .execute(params![visitor, at])
            .map(|_| ())
    }

    fn goal(&mut self, site: i64, name: &str) -> rusqlite::Result<u32> {
        let number = numbered(
            self.connection,
            &mut self.held.goals,
            name,
            "SELECT id FROM goal WHERE name = ?1",
            "INSERT INTO goal (name) VALUES (?1)",
        )?;
        if self.held.site_goals.get(&(site, number)).is_none() {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO site_goal VALUES (?1, ?2)")?
                .execute(params![site, number])?;
            self.held.site_goals.insert((site, number), ());
        }
        Ok(number)
    }

    fn text(&mut self, text: &str) -> rusqlite::Result<u32> {
        numbered(
            self.connection,
            &mut self.held.addresses,
            text,
            "SELECT id FROM address WHERE text = ?1",
            "INSERT INTO address (text) VALUES (?1)",
        )
    }

    /// The number of an address without its query, and the query: as a number where many visits may share it, as text
    /// where it is likely the only one of its kind, so that the table of addresses doesn't grow with every click.
    fn address(&mut self, address: &str) -> rusqlite::Result<(u32, Value)> {
        let (page, query) = origin::split(address);
        let page = self.text(page)?;
        let query = if query.is_empty() {
            Value::Null
        } else if query.len() > COMMON_QUERY || origin::has_click_id(query) {
            Value::Text(query.to_owned())
        } else {
            Value::Integer(self.text(query)?.into())
        };
        Ok((page, query))
    }

    /// The number of the page before. A query that no other visit shares is left out of it.
    fn referrer(&mut self, address: &str) -> rusqlite::Result<u32> {
        let (page, query) = origin::split(address);
        let is_common = query.len() <= COMMON_QUERY && !origin::has_click_id(query);
        self.text(if is_common { address } else { page })
    }

    fn origin(&mut self, origin: &Origin) -> rusqlite::Result<u32> {
        if origin.is_direct() {
            return Ok(0);
        }
        let Origin {
            referrer,
            source,
            medium,
            campaign,
            term,
            content,
            click,
        } = origin;
        let values = params![referrer, source, medium, campaign, term, content, click];
        number_of(
            self.connection,
            &mut self.held.origins,
            origin,
            "SELECT id FROM origin WHERE referrer = ?1 AND source = ?2 AND medium = ?3 AND campaign = ?4
             AND term = ?5 AND content = ?6 AND click = ?7",
            "INSERT INTO origin (referrer, source, medium, campaign, term, content, click)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            values,
        )
    }

    fn client(&mut self, client: &Client) -> rusqlite::Result<u32> {
        if *client == Client::default() {
            return Ok(0);
        }
        let country = client
            .country
            .map(|c| String::from_utf8_lossy(&c).into_owned());
        let country = country.unwrap_or_default();
        let values = params![client.browser, client.os, client.device, country];
        number_of(
            self.connection,
            &mut self.held.clients,
            client,
            "SELECT id FROM client WHERE browser = ?1 AND os = ?2 AND device = ?3 AND country = ?4",
            "INSERT INTO client (browser, os, device, country) VALUES (?1, ?2, ?3, ?4)",
            values,
        )
    }
}

/// What stands before an id of the site's own, and before a user without a browser.
pub(super) const OWN: &str = "a:";
pub(super) const USER: &str = "u:";

/// How a visitor stands in the log.
pub(super) fn key(visitor: &VisitorKey) -> Value {
    match visitor {
        VisitorKey::Uuid(id) => Value::Blob(id.as_bytes().to_vec()),
        VisitorKey::Text(id) => Value::Text(format!("{OWN}{id}")),
        VisitorKey::User(UserId(id)) => Value::Text(format!("{USER}{id}")),
    }
}

/// The number of `text` in its table, given one where it is new.
fn numbered(
    connection: &Connection,
    held: &mut Recent<Box<str>, u32>,
    text: &str,
    find: &str,
    add: &str,
) -> rusqlite::Result<u32> {
    if let Some(number) = held.get(text) {
        return Ok(*number);
    }
    let found = find_or_add(connection, find, add, [text])?;
    held.insert(text.into(), found);
    Ok(found)
}

/// The same of what has several parts.
fn number_of<K: Clone + Eq + Hash>(
    connection: &Connection,
    held: &mut Recent<K, u32>,
    key: &K,
    find: &str,
    add: &str,
    values: impl Params + Copy,
) -> rusqlite::Result<u32> {
    if let Some(number) = held.get(key) {
        return Ok(*number);
    }
    let found = find_or_add(connection, find, add, values)?;
    held.insert(key.clone(), found);
    Ok(found)
}

fn find_or_add(
    connection: &Connection,
    find: &str,
    add: &str,
    values: impl Params + Copy,
) -> rusqlite::Result<u32> {
    let found = connection
        .prepare_cached(find)?
        .query_row(values, |row| row.get(0))
        .optional()?;
    match found {
        Some(found) => Ok(found),
        None => number(connection.prepare_cached(add)?.insert(values)?),
    }
}

/// A row's id as a number of 32 bits; a table of more rows than that takes no more.
fn number(id: i64) -> rusqlite::Result<u32> {
    u32::try_from(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))
}
