//! Single events of parts that pass tests: which they are, latest first, and what keys of metadata they have.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use roaring::RoaringTreemap;
use rusqlite::Connection;

use super::file::{Columns, Part, ReadError};
use super::part::{self, Kind};
use super::test::{self, Test};

/// Where an event stands in time: milliseconds since 1970, and its number in the log.
pub type Moment = (i64, i64);

/// The latest events that pass, of those before `before`, with their days. Days are looked at one by one from the last,
/// until there are enough.
pub(super) fn picked(
    connection: &Connection,
    parts: Vec<Part>,
    tests: &[Test],
    before: Option<Moment>,
    most: usize,
) -> Result<Vec<(i32, Moment)>, ReadError> {
    let mut days: BTreeMap<i32, Vec<Part>> = BTreeMap::new();
    for part in parts {
        days.entry(part.day).or_default().push(part);
    }
    let mut picked = Vec::new();
    for (day, parts) in days.into_iter().rev() {
        let mut moments: Vec<Moment> = Vec::new();
        for part in &parts {
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
        picked.extend(moments.into_iter().map(|moment| (day, moment)));
        if picked.len() == most {
            break;
        }
    }
    Ok(picked)
}

/// The numbers of events that pass: few bytes an event, since they lie close together.
pub(super) fn passing(
    connection: &Connection,
    parts: &[Part],
    tests: &[Test],
) -> Result<RoaringTreemap, ReadError> {
    let mut found = RoaringTreemap::new();
    for part in parts {
        let columns = Columns::open(connection, part)?;
        let Some(passes) = test::passing(&columns, part.day, tests)? else {
            continue;
        };
        let ids = part::ids(&columns.column(Kind::Id)?, columns.head.rows)?;
        let meant = ids.iter().zip(&passes).filter(|(_, passes)| **passes);
        found.extend(meant.map(|(id, _)| *id as u64));
    }
    Ok(found)
}

/// Keys of metadata that events which pass have, and how many have each.
pub(super) fn keys(
    connection: &Connection,
    parts: &[Part],
    tests: &[Test],
) -> Result<HashMap<String, u64>, ReadError> {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for part in parts {
        let columns = Columns::open(connection, part)?;
        let Some(passes) = test::passing(&columns, part.day, tests)? else {
            continue;
        };
        for key in columns.head.keys().map(|(key, _)| key) {
            if let Some(codes) = columns.metadata(key)? {
                let has = |code: u32| codes.occurs[code as usize].is_some();
                let rows = codes.rows.iter().zip(&passes);
                let count = rows
                    .filter(|(code, passes)| **passes && has(**code))
                    .count() as u64;
                match counts.get_mut(key) {
                    Some(sum) => *sum += count,
                    None if count > 0 => {
                        counts.insert(key.to_owned(), count);
                    }
                    None => {}
                }
            }
        }
    }
    Ok(counts)
}
