//! Who is at a browser: the first who signs in there is who it was before, too; anybody else is a visitor with a number of
//! their own from then on, until another signs in (see [`person`](crate::store::person)).

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Insert, Visitor};
use crate::store::event::{UserId, VisitorKey};

/// What stands before a further person at a browser.
const SHARED: &str = "s:";

impl Insert<'_> {
    /// Keeps that from `at` on this user is at the visitor's browser, unless that is what is known. The first one is who was
    /// there before, too; any other is a visitor of their own, whose number this gives.
    pub(super) fn identify(
        &mut self,
        key: &VisitorKey,
        visitor: Visitor,
        site: i64,
        at: i64,
        UserId(user): &UserId,
    ) -> rusqlite::Result<u32> {
        let first = visitor.number;
        let is_known = |known: &mut Box<str>| **known == *user;
        if !visitor.is_shared && self.held.users.get(&first).is_some_and(is_known) {
            return Ok(first);
        }
        let known = who(self.connection, first, at)?;
        let number = match known {
            Some((number, known)) if known == *user => number,
            known => {
                let theirs: Option<u32> = self
                    .connection
                    .prepare_cached(
                        "SELECT visitor FROM identity WHERE user = ?2 AND (visitor = ?1
                         OR visitor IN (SELECT visitor FROM browser WHERE first = ?1)) LIMIT 1",
                    )?
                    .query_row(params![first, user], |row| row.get(0))
                    .optional()?;
                let number = match (known, theirs) {
                    (None, _) => first,
                    (Some(_), Some(number)) => number,
                    (Some(_), None) => self.further(key, first, site, at, user)?,
                };
                self.connection
                    .prepare_cached("INSERT OR REPLACE INTO identity VALUES (?1, ?2, ?3)")?
                    .execute(params![number, at, user])?;
                number
            }
        };
        if number == first {
            self.held.users.insert(first, user.as_str().into());
        }
        Ok(number)
    }

    /// A visitor for a further person at somebody's browser.
    fn further(
        &mut self,
        key: &VisitorKey,
        first: u32,
        site: i64,
        at: i64,
        user: &str,
    ) -> rusqlite::Result<u32> {
        let own = Value::Text(format!("{SHARED}{first}:{user}"));
        let number = self.new_visitor(&own, site, at)?;
        self.connection
            .prepare_cached("INSERT INTO browser VALUES (?1, ?2)")?
            .execute([number, first])?;
        if let Some(held) = self.held.visitors.get(&(site, key.clone())) {
            held.is_shared = true;
        }
        Ok(number)
    }

    /// Who was at a browser at a moment.
    pub(super) fn at_browser(&self, first: u32, at: i64) -> rusqlite::Result<u32> {
        Ok(who(self.connection, first, at)?.map_or(first, |(number, _)| number))
    }
}

/// Who was at a browser at a moment, by number and user: whoever signed in last before it, else who signed in first.
fn who(connection: &Connection, first: u32, at: i64) -> rusqlite::Result<Option<(u32, String)>> {
    const OF_BROWSER: &str = "SELECT visitor, user FROM identity WHERE (visitor = ?1
         OR visitor IN (SELECT visitor FROM browser WHERE first = ?1))";
    let mut find = connection.prepare_cached(&format!(
        "SELECT * FROM ({OF_BROWSER} AND at <= ?2 ORDER BY at DESC LIMIT 1)
         UNION ALL SELECT * FROM ({OF_BROWSER} AND at > ?2 ORDER BY at LIMIT 1) LIMIT 1"
    ))?;
    find.query_row(params![first, at], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}
