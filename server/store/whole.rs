//! Events with everything that makes them again: for what leaves this server to come back, here or elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringTreemap;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::event::{SiteId, UserId, VisitorKey};
use super::read::{ClientNames, Fire, WINDOW};
use super::reports::{ReadError, log};
use super::{Store, insert};
use crate::recent::Recent;

/// Visitors, and sessions, whose names are remembered while events are read, at least.
const HELD: usize = 50_000;

/// An event, and what the log knows beside it.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The event itself.
    pub fire: Fire,
    /// Who, as the browser or the site calls them; `None` for nobody, and for who was erased.
    pub visitor: Option<VisitorKey>,
    /// The user that the visitor was named as last.
    pub user: Option<String>,
    /// With what the visit came; nothing is known of an event without one.
    pub client: Arc<ClientNames>,
}

/// Who a visitor is.
type Who = (Option<VisitorKey>, Option<String>);

impl Store {
    /// Gives `each` those of a site's events that have these numbers, in the order they were stored, until it answers
    /// `false`. The log is not held, however long it takes.
    ///
    /// # Errors
    /// When the store's files can't be read.
    pub fn each_whole(
        &self,
        site: SiteId,
        ids: &RoaringTreemap,
        mut each: impl FnMut(Whole) -> bool,
    ) -> Result<(), ReadError> {
        let mut ids = ids.iter().map(|id| id as i64);
        let mut visitors: Recent<u32, Who> = Recent::new(HELD);
        let mut sessions: Recent<i64, u32> = Recent::new(HELD);
        loop {
            let window: Vec<i64> = ids.by_ref().take(WINDOW).collect();
            if window.is_empty() {
                return Ok(());
            }
            let fires = self.fires(site, &window)?;
            let read = self.read(|connection| {
                let whole = |fire: Fire| {
                    let who = who(connection, &mut visitors, fire.visitor)?;
                    let client = client(connection, &mut sessions, fire.id)?;
                    Ok((fire, who, client))
                };
                fires
                    .into_iter()
                    .map(whole)
                    .collect::<Result<Vec<_>, ReadError>>()
            })?;
            let gone = read.iter().filter(|(_, _, client)| client.is_none());
            let gone: Vec<i64> = gone.map(|(fire, ..)| fire.id).collect();
            let moved = self.reports.moved(Some(site), &gone)?.into_iter();
            let moved: HashMap<i64, u32> = moved
                .map(|event| (event.row.id, event.row.place.shared.client))
                .collect();
            for (fire, (visitor, user), client) in read {
                let client = client.or_else(|| moved.get(&fire.id).copied());
                let client = client.unwrap_or_default();
                let whole = Whole {
                    fire,
                    visitor,
                    user,
                    client: self.client(client)?,
                };
                if !each(whole) {
                    return Ok(());
                }
            }
        }
    }
}

fn who(
    connection: &Connection,
    held: &mut Recent<u32, Who>,
    visitor: Option<u32>,
) -> rusqlite::Result<Who> {
    let Some(visitor) = visitor else {
        return Ok((None, None));
    };
    if let Some(known) = held.get(&visitor) {
        return Ok(known.clone());
    }
    let mut find = connection.prepare_cached(
        "SELECT key FROM visitor WHERE id = ifnull((SELECT first FROM browser WHERE visitor = ?1), ?1)",
    )?;
    let key = find.query_row([visitor], |row| Ok(read_key(row.get_ref(0)?)));
    let mut find = connection
        .prepare_cached("SELECT user FROM identity WHERE visitor = ?1 ORDER BY at DESC LIMIT 1")?;
    let user = find.query_row([visitor], |row| row.get(0)).optional()?;
    let who = (key.optional()?.flatten(), user);
    held.insert(visitor, who.clone());
    Ok(who)
}

/// What [`insert::key`] wrote.
pub(super) fn read_key(key: ValueRef<'_>) -> Option<VisitorKey> {
    match key {
        ValueRef::Blob(bytes) => Uuid::from_slice(bytes).ok().map(VisitorKey::Uuid),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).ok()?;
            let own = text.strip_prefix(insert::OWN);
            let user = || text.strip_prefix(insert::USER);
            own.map(|id| VisitorKey::Text(id.to_owned()))
                .or_else(|| user().map(|id| VisitorKey::User(UserId(id.to_owned()))))
        }
        _ => None,
    }
}

/// The number of what an event's visit came with; `None` where the log has no such event.
fn client(
    connection: &Connection,
    held: &mut Recent<i64, u32>,
    id: i64,
) -> rusqlite::Result<Option<u32>> {
    let mut find = connection.prepare_cached("SELECT session, client FROM event WHERE id = ?1")?;
    let found = find.query_row([id], |row| {
        Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<u32>>(1)?))
    });
    let Some((session, own)) = found.optional()? else {
        return Ok(None);
    };
    match session {
        None => Ok(Some(0)),
        Some(0) => Ok(Some(own.unwrap_or_default())),
        Some(session) => {
            if let Some(known) = held.get(&session) {
                return Ok(Some(*known));
            }
            let mut begun = connection.prepare_cached(log::SHARED)?;
            let client = log::shared(&mut begun, session)?.client;
            held.insert(session, client);
            Ok(Some(client))
        }
    }
}
