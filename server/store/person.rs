//! Who is who: which visitors are one person (contract §7). A user is one person with every visitor that was ever seen as
//! them; a visitor that was never seen as anybody is a person alone. Whoever signed in first in a browser is who used it
//! before, too. Anybody else who signs in there is a visitor with a number of their own from then on, until another does:
//! two people, of one browser. An event belongs to who was signed in at its time, by what is known when it is stored.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use roaring::RoaringBitmap;
use rusqlite::Connection;

use super::{Store, schema};

/// Which visitors are one person.
#[derive(Debug, Default)]
pub struct Persons {
    /// Visitors who are known as a user.
    known: RoaringBitmap,
    /// For each of them, in order: the least visitor who is the same user.
    firsts: Vec<u32>,
    /// Those of them who are the same user as another one.
    several: RoaringBitmap,
}

impl Persons {
    /// Of visitors in order, each with the name of its user; of one that stands several times the last name counts.
    fn of(
        identities: impl Iterator<Item = rusqlite::Result<(u32, String)>>,
    ) -> rusqlite::Result<Persons> {
        let mut persons = Persons::default();
        let mut firsts: HashMap<String, u32> = HashMap::new();
        let mut last: Option<(u32, String)> = None;
        let mut settle = |last: Option<(u32, String)>| {
            if let Some((visitor, user)) = last {
                persons.known.insert(visitor);
                persons.firsts.push(*firsts.entry(user).or_insert(visitor));
            }
        };
        for identity in identities {
            let next = identity?;
            match &mut last {
                Some(last) if last.0 == next.0 => *last = next,
                _ => settle(last.replace(next)),
            }
        }
        settle(last);
        let all = persons.known.iter().zip(persons.firsts.iter().copied());
        let further = all.filter(|(visitor, first)| visitor != first);
        persons.several = further
            .flat_map(|(visitor, first)| [visitor, first])
            .collect();
        Ok(persons)
    }

    /// The least visitor who is the same person.
    pub fn first(&self, visitor: u32) -> u32 {
        match self.known.contains(visitor) {
            true => self.of_known(visitor).unwrap_or(visitor),
            false => visitor,
        }
    }

    /// Its place in the list: how many stand before it.
    fn of_known(&self, visitor: u32) -> Option<u32> {
        let place = self.known.rank(visitor) as usize - 1;
        self.firsts.get(place).copied()
    }

    /// Visitors who are the same person as another one.
    pub fn several(&self) -> &RoaringBitmap {
        &self.several
    }

    /// How many people these visitors are.
    pub fn count(&self, visitors: &RoaringBitmap) -> u64 {
        let known = visitors & &self.known;
        let mut users = HashSet::new();
        if known.len() * 8 > self.known.len() {
            let all = self.known.iter().zip(&self.firsts);
            users.extend(
                all.filter(|(visitor, _)| known.contains(*visitor))
                    .map(|(_, first)| *first),
            );
        } else {
            users.extend(known.iter().filter_map(|visitor| self.of_known(visitor)));
        }
        visitors.len() - known.len() + users.len() as u64
    }
}

/// Visitors who share a browser.
#[derive(Debug, Default)]
pub struct Browsers {
    /// Those who are not the first at theirs.
    further: RoaringBitmap,
    /// For each of them, in order: the first.
    firsts: Vec<u32>,
}

impl Browsers {
    /// How many browsers these visitors are.
    pub fn count(&self, visitors: &RoaringBitmap) -> u64 {
        let further = visitors & &self.further;
        if further.is_empty() {
            return visitors.len();
        }
        let firsts: HashSet<u32> = further.iter().map(|visitor| self.first(visitor)).collect();
        let unseen = firsts.iter().filter(|first| !visitors.contains(**first));
        visitors.len() - further.len() + unseen.count() as u64
    }

    /// The first at a visitor's browser.
    pub fn first(&self, visitor: u32) -> u32 {
        if !self.further.contains(visitor) {
            return visitor;
        }
        let place = self.further.rank(visitor) as usize - 1;
        self.firsts.get(place).copied().unwrap_or(visitor)
    }

    /// Everybody who shares one.
    pub fn shared(&self) -> RoaringBitmap {
        let firsts: RoaringBitmap = self.firsts.iter().copied().collect();
        &self.further | firsts
    }

    /// Whether nobody shares one.
    pub fn is_empty(&self) -> bool {
        self.further.is_empty()
    }
}

/// What was read, and of which state of the file.
#[derive(Default)]
pub(super) struct Held(Option<(Connection, i64, Arc<Persons>)>);

impl Store {
    /// Who is who now. It is read anew when the log has changed since it was asked last.
    pub fn persons(&self) -> rusqlite::Result<Arc<Persons>> {
        let mut held = self.persons.lock().unwrap_or_else(PoisonError::into_inner);
        // The version says whether others changed the file since this same connection looked last.
        let version = |connection: &Connection| {
            connection.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0))
        };
        let connection = match held.0.take() {
            Some((connection, known, persons)) => {
                if version(&connection)? == known {
                    held.0 = Some((connection, known, persons.clone()));
                    return Ok(persons);
                }
                connection
            }
            None => schema::open_to_read(&self.file)?,
        };
        let known = version(&connection)?;
        let persons = Arc::new(read(&connection)?);
        held.0 = Some((connection, known, persons.clone()));
        Ok(persons)
    }
}

impl Store {
    /// Who shares a browser. Read anew when somebody has come; who was erased is asked for by nobody.
    pub fn browsers(&self) -> rusqlite::Result<Arc<Browsers>> {
        let last: u32 = self.read(|connection| {
            let mut last =
                connection.prepare_cached("SELECT ifnull(max(visitor), 0) FROM browser")?;
            last.query_row([], |row| row.get(0))
        })?;
        let mut held = self.browsers.lock().unwrap_or_else(PoisonError::into_inner);
        if held.further.max().unwrap_or(0) < last {
            let mut browsers = Browsers::default();
            self.read(|connection| {
                let mut all = connection
                    .prepare_cached("SELECT visitor, first FROM browser ORDER BY visitor")?;
                let mut rows = all.query([])?;
                while let Some(row) = rows.next()? {
                    browsers.further.insert(row.get(0)?);
                    browsers.firsts.push(row.get(1)?);
                }
                Ok::<_, rusqlite::Error>(())
            })?;
            *held = Arc::new(browsers);
        }
        Ok(held.clone())
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Persons> {
    let mut statement =
        connection.prepare_cached("SELECT visitor, user FROM identity ORDER BY visitor, at")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Persons::of(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn people_are_counted_as_a_list_says(
            mut identities in proptest::collection::vec((0u32..40, 0u8..6), 0..60),
            visitors in proptest::collection::btree_set(0u32..50, 0..50),
        ) {
            identities.sort_by_key(|(visitor, _)| *visitor);
            let last = |visitor: u32| {
                identities.iter().rev().find(|(known, _)| *known == visitor).map(|(_, user)| *user)
            };
            let people: HashSet<Result<u8, u32>> =
                visitors.iter().map(|visitor| last(*visitor).ok_or(*visitor)).collect();
            let persons = Persons::of(identities.iter().map(|(v, u)| Ok((*v, u.to_string())))).unwrap();
            for visitor in &visitors {
                let is_same = |other: &u32| last(*other).is_some() && last(*other) == last(*visitor);
                let first = (0..40).find(is_same).unwrap_or(*visitor);
                prop_assert_eq!(persons.first(*visitor), first);
                let others = (0..40).filter(|other| other != visitor && is_same(other)).count();
                prop_assert_eq!(persons.several().contains(*visitor), others > 0);
            }
            let visitors: RoaringBitmap = visitors.iter().collect();
            prop_assert_eq!(persons.count(&visitors), people.len() as u64);
        }

        #[test]
        fn browsers_are_counted_as_a_list_says(
            further in proptest::collection::btree_map(20u32..40, 0u32..20, 0..20),
            visitors in proptest::collection::btree_set(0u32..40, 0..40),
        ) {
            let first = |visitor: &u32| further.get(visitor).copied().unwrap_or(*visitor);
            let wanted: HashSet<u32> = visitors.iter().map(first).collect();
            let browsers = Browsers {
                further: further.keys().collect(),
                firsts: further.values().copied().collect(),
            };
            prop_assert_eq!(browsers.count(&visitors.iter().collect()), wanted.len() as u64);
        }
    }
}
