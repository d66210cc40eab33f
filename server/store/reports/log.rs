//! Reads the log's rows anew, as they were told when they were stored.

use rusqlite::{Connection, OptionalExtension, Statement};

use super::row::{Revenue, Row, letters};
use super::tail::FULL_BYTES;
use crate::recent::Recent;
use crate::store::read::{Numbered, Rest};
use crate::store::session::{Place, Shared};

/// What a session's first event settled.
pub(in crate::store) const SHARED: &str = "SELECT url, origin, client FROM event WHERE id = ?1";

/// Sessions whose first event is remembered while the log is read, at least.
const HELD: usize = 100_000;

/// Reads what the session numbered `id` shares; nothing when its first event is gone.
pub(in crate::store) fn shared(statement: &mut Statement, id: i64) -> rusqlite::Result<Shared> {
    let found = statement
        .query_row([id], |row| shared_of(row, 0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn shared_of(row: &rusqlite::Row, at: usize) -> rusqlite::Result<Shared> {
    let number = |at| Ok::<_, rusqlite::Error>(row.get::<_, Option<u32>>(at)?.unwrap_or_default());
    Ok(Shared {
        entry: number(at)?,
        origin: number(at + 1)?,
        client: number(at + 2)?,
    })
}

/// An event's place in its session. Columns from `at` on: session, step, url, origin, client.
pub(in crate::store) fn place(row: &rusqlite::Row, id: i64, at: usize) -> rusqlite::Result<Place> {
    let Some(session) = row.get::<_, Option<i64>>(at)? else {
        return Ok(Place::default());
    };
    let step: u16 = row.get::<_, Option<u16>>(at + 1)?.unwrap_or_default();
    let begins = session == 0;
    Ok(Place {
        session: if begins { id } else { session },
        begins,
        seconds: step / 2,
        engages: step % 2 == 1,
        shared: if begins {
            shared_of(row, at + 2)?
        } else {
            Shared::default()
        },
    })
}

/// The rows numbered above `after`, in order.
pub(crate) fn after(connection: &Connection, after: i64) -> rusqlite::Result<Vec<Row>> {
    let mut rows = Vec::new();
    each::<rusqlite::Error>(connection, after, |row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// Events in a row, from the one after the number `after` on, as they are numbered, `most` at the most, and fewer where
/// their metadata is much.
pub(in crate::store) fn some(
    connection: &Connection,
    after: i64,
    most: usize,
) -> rusqlite::Result<Vec<Numbered>> {
    struct Enough(Option<rusqlite::Error>);
    impl From<rusqlite::Error> for Enough {
        fn from(error: rusqlite::Error) -> Enough {
            Enough(Some(error))
        }
    }
    let (mut events, mut bytes) = (Vec::new(), 0);
    let read = numbered::<Enough>(connection, after, most as i64, |event| {
        bytes += event.row.metadata.as_ref().map_or(0, |text| text.len());
        events.push(event);
        match bytes < FULL_BYTES {
            true => Ok(()),
            false => Err(Enough(None)),
        }
    });
    match read {
        Ok(()) | Err(Enough(None)) => Ok(events),
        Err(Enough(Some(error))) => Err(error),
    }
}

/// Gives `each` the rows numbered above `after`, in order, until it answers an error.
pub(in crate::store) fn each<E: From<rusqlite::Error>>(
    connection: &Connection,
    after: i64,
    mut each: impl FnMut(Row) -> Result<(), E>,
) -> Result<(), E> {
    numbered(connection, after, -1, |event| each(event.row))
}

fn numbered<E: From<rusqlite::Error>>(
    connection: &Connection,
    after: i64,
    most: i64,
    mut each: impl FnMut(Numbered) -> Result<(), E>,
) -> Result<(), E> {
    let mut sessions = Recent::new(HELD);
    let mut begun = connection.prepare_cached(SHARED)?;
    let mut statement = connection.prepare_cached(
        "SELECT id, site, day, at, goal, visitor, session, step, url, origin, client, metadata, amount, currency,
            query, referrer
         FROM event WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query([after, most])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let mut place = place(row, id, 6)?;
        if place.begins {
            sessions.insert(id, place.shared);
        } else if place.session != 0 {
            place.shared = match sessions.get(&place.session) {
                Some(shared) => *shared,
                None => {
                    let shared = shared(&mut begun, place.session)?;
                    sessions.insert(place.session, shared);
                    shared
                }
            };
        }
        let text = |at| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str_or_null()?);
        let row_of = Row {
            id,
            site: row.get(1)?,
            day: row.get(2)?,
            at: row.get(3)?,
            goal: row.get(4)?,
            visitor: row.get::<_, Option<u32>>(5)?.unwrap_or_default(),
            place,
            url: row.get::<_, Option<u32>>(8)?.unwrap_or_default(),
            revenue: match (row.get(12)?, text(13)?) {
                (Some(minor), Some(code)) => Some(Revenue {
                    minor,
                    currency: letters(code),
                }),
                _ => None,
            },
            metadata: text(11)?.map(Into::into),
        };
        each(Numbered {
            row: row_of,
            rest: Rest::read(row.get_ref(14)?)?,
            referrer: row.get::<_, Option<u32>>(15)?.unwrap_or_default(),
        })?;
    }
    Ok(())
}
