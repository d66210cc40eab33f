//! Single events that pass tests: which they are, latest first, and what keys of metadata they have.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use roaring::RoaringTreemap;

use super::Snapshot;
use super::file::{self, Columns, Part, ReadError};
use super::part::{self, Kind};
use super::row;
use super::test::{self, Test};

/// Where an event stands in time: milliseconds since 1970, and its number in the log.
pub type Moment = (i64, i64);

/// Keys of metadata that are told.
const KEYS: usize = 200;

impl Snapshot<'_> {
    /// The latest events of a site that pass, latest first, of those before `before`. Days are looked at one by one from
    /// the last, until there are enough.
    pub(super) fn picked(
        &self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
        before: Option<Moment>,
        most: usize,
    ) -> Result<Vec<Moment>, ReadError> {
        let connection = &self.connections[0];
        let mut parts: BTreeMap<i32, Vec<Part>> = BTreeMap::new();
        for part in file::parts(connection, site, days)? {
            parts.entry(part.day).or_default().push(part);
        }
        let mut fresh: BTreeMap<i32, Vec<Moment>> = BTreeMap::new();
        for row in self.rows(site, days) {
            let moments = fresh.entry(row.day).or_default();
            if test::passes(row, tests) {
                moments.push((row.at, row.id));
            }
        }
        let days: BTreeSet<i32> = parts.keys().chain(fresh.keys()).copied().collect();
        let mut picked = Vec::new();
        for day in days.into_iter().rev() {
            let mut moments = fresh.remove(&day).unwrap_or_default();
            for part in parts.get(&day).into_iter().flatten() {
                let columns = Columns::open(connection, part)?;
                let n = columns.head.rows;
                let Some(passes) = test::passing(&columns, part.day, tests)? else {
                    continue;
                };
                let ids = part::ids(&columns.column(Kind::Id)?, n)?;
                let at = part::numbers(&columns.column(Kind::At)?, n)?;
                moments.extend((0..n).filter(|i| passes[*i]).map(|i| (at[i], ids[i])));
            }
            moments.retain(|moment| before.is_none_or(|before| *moment < before));
            moments.sort_unstable_by_key(|moment| Reverse(*moment));
            moments.truncate(most - picked.len());
            picked.extend(moments);
            if picked.len() == most {
                break;
            }
        }
        Ok(picked)
    }

    /// The numbers of a site's events that pass: few bytes an event, since they lie close together.
    pub(super) fn passing(
        &self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<RoaringTreemap, ReadError> {
        let connection = &self.connections[0];
        let mut found = RoaringTreemap::new();
        for part in file::parts(connection, site, days)? {
            let columns = Columns::open(connection, &part)?;
            let Some(passes) = test::passing(&columns, part.day, tests)? else {
                continue;
            };
            let ids = part::ids(&columns.column(Kind::Id)?, columns.head.rows)?;
            let meant = ids.iter().zip(&passes).filter(|(_, passes)| **passes);
            found.extend(meant.map(|(id, _)| *id as u64));
        }
        let fresh = self.rows(site, days).filter(|row| test::passes(row, tests));
        found.extend(fresh.map(|row| row.id as u64));
        Ok(found)
    }

    /// Keys of metadata that events which pass have, and how many have each, most first.
    pub(super) fn keys(
        &self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<Vec<(String, u64)>, ReadError> {
        let connection = &self.connections[0];
        let mut counts: HashMap<String, u64> = HashMap::new();
        let mut told = |key: &str, count: u64| match counts.get_mut(key) {
            Some(sum) => *sum += count,
            None if count > 0 => {
                counts.insert(key.to_owned(), count);
            }
            None => {}
        };
        for part in file::parts(connection, site, days)? {
            let columns = Columns::open(connection, &part)?;
            let Some(passes) = test::passing(&columns, part.day, tests)? else {
                continue;
            };
            for key in columns.head.keys().map(|(key, _)| key) {
                if let Some(codes) = columns.metadata(key)? {
                    let has = |code: u32| codes.occurs[code as usize].is_some();
                    let rows = codes.rows.iter().zip(&passes);
                    let count = rows
                        .filter(|(code, passes)| **passes && has(**code))
                        .count();
                    told(key, count as u64);
                }
            }
        }
        for row in self.rows(site, days).filter(|row| test::passes(row, tests)) {
            row::each_pair(row.metadata.as_deref().unwrap_or_default(), |key, _| {
                told(&key, 1);
            });
        }
        let mut keys: Vec<_> = counts.into_iter().collect();
        keys.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        keys.truncate(KEYS);
        Ok(keys)
    }
}
