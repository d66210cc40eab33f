//! Brings a log of an earlier version up to date; each step runs once, within the transaction that changes the tables.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use rusqlite_migration::HookResult;
use uuid::Uuid;

use super::event::{
    Address, Client, Event, EventId, GoalName, Metadata, Money, Origin, SiteId, What, WorkspaceId,
};
use super::id;
use super::insert::{Held, Insert};
use super::schema::VIEW;

/// Version 2: the events of version 1 get their sessions, days (of UTC, as all were then) and origins; ids become keys.
pub(super) fn to_2(transaction: &Transaction) -> HookResult {
    keys(transaction)?;
    identities(transaction)?;
    events(transaction)?;
    transaction
        .execute_batch("DROP TABLE event_1; DROP TABLE event_key_1; DROP TABLE identity_1;")?;
    Ok(())
}

fn keys(connection: &Connection) -> rusqlite::Result<()> {
    let mut add = connection.prepare("INSERT OR IGNORE INTO event_key VALUES (?1)")?;
    let mut old = connection.prepare("SELECT workspace, key FROM event_key_1")?;
    let mut rows = old.query([])?;
    while let Some(row) = rows.next()? {
        let id: [u8; 16] = row.get(1)?;
        add.execute([id::key(WorkspaceId(row.get(0)?), &Uuid::from_bytes(id))])?;
    }
    Ok(())
}

/// Of a visitor's sign-ins only those that changed who they were.
fn identities(connection: &Connection) -> rusqlite::Result<()> {
    let mut add = connection.prepare("INSERT OR REPLACE INTO identity VALUES (?1, ?2, ?3)")?;
    let mut old =
        connection.prepare("SELECT visitor, at, user FROM identity_1 ORDER BY visitor, at")?;
    let mut rows = old.query([])?;
    let mut known: Option<(i64, String)> = None;
    while let Some(row) = rows.next()? {
        let (visitor, at, user): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if known
            .as_ref()
            .is_none_or(|(of, name)| *of != visitor || *name != user)
        {
            add.execute(params![visitor, at, user])?;
            known = Some((visitor, user));
        }
    }
    Ok(())
}

fn events(connection: &Connection) -> rusqlite::Result<()> {
    let mut held = Held::new();
    let mut insert = Insert::new(connection, &mut held)?;
    let mut old = connection.prepare(
        "SELECT event_1.id, site, at, goal, goal.name, visitor, url.text, referrer.text, metadata, amount, currency
         FROM event_1 LEFT JOIN goal ON goal.id = event_1.goal LEFT JOIN address AS url ON url.id = event_1.url
         LEFT JOIN address AS referrer ON referrer.id = event_1.referrer ORDER BY event_1.id",
    )?;
    let mut rows = old.query([])?;
    while let Some(row) = rows.next()? {
        let number: u32 = row.get(3)?;
        let at = Timestamp::from_millisecond(row.get(2)?).unwrap_or_default();
        let url = row.get::<_, Option<String>>(6)?.map(Address);
        let referrer = row.get::<_, Option<String>>(7)?.map(Address);
        let event = Event {
            workspace: WorkspaceId(0),
            site: SiteId(row.get(1)?),
            at,
            day: at.as_second().div_euclid(86_400) as i32,
            id: EventId::Made(Uuid::nil()),
            what: match row.get::<_, Option<String>>(4)? {
                Some(name) if i64::from(number) != VIEW => What::Goal(GoalName::stored(name)),
                _ => What::View,
            },
            visitor: None,
            user: None,
            origin: Origin::of(url.as_ref(), referrer.as_ref(), |host| {
                is_host_of(host, url.as_ref())
            }),
            begins: url.is_some(),
            url,
            referrer,
            metadata: row.get::<_, Option<String>>(8)?.map(Metadata),
            revenue: money(row.get(9)?, row.get(10)?),
            transaction: None,
            client: Client::default(),
        };
        let visitor = row.get::<_, Option<u32>>(5)?.unwrap_or_default();
        insert.row_numbered(row.get(0)?, &event, visitor, number)?;
    }
    Ok(())
}

fn is_host_of(host: &str, url: Option<&Address>) -> bool {
    let parsed = url.and_then(|url| url::Url::parse(&url.0).ok());
    parsed.is_some_and(|url| url.host_str() == Some(host))
}

fn money(amount: Option<i64>, currency: Option<String>) -> Option<Money> {
    Some(Money {
        minor: amount?,
        currency: iso_currency::Currency::from_code(&currency?)?,
    })
}
