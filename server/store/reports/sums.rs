//! A day's groups as one blob. The same groups always make the same bytes.
//!
//! Layout, little-endian: the number of groups (u32); their keys, each count, the number of their visitors and the length
//! of these, as columns of whole numbers; then money (how many amounts, then group,
//! currency, amount and how many events each); then each
//! group's visitors as a Roaring bitmap.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::bytes::{Bytes, Damaged, put_numbers, put_u32};
use super::cell::{Amount, Cell, Counts, Groups, Key, Visitors, add_revenue};
use super::file::ReadError;
use super::group::By;

/// The sums of a site and some days that are grouped by what has this number.
pub(super) fn read(
    connection: &Connection,
    site: i64,
    by: i64,
    days: &RangeInclusive<i32>,
) -> Result<BTreeMap<i32, Groups>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT day, data FROM sums WHERE site = ?1 AND by = ?2 AND day BETWEEN ?3 AND ?4",
    )?;
    let mut rows = statement.query(params![site, by, days.start(), days.end()])?;
    let mut all = BTreeMap::new();
    while let Some(row) = rows.next()? {
        all.insert(row.get(0)?, decode(row.get(1)?)?);
    }
    Ok(all)
}

/// The sums of a part, if it has any.
pub(super) fn of_part(
    connection: &Connection,
    part: i64,
    by: &By,
) -> Result<Option<Groups>, ReadError> {
    let data = kept(connection, part, by)?;
    Ok(data.map(decode).transpose()?)
}

/// What is kept of a part that is large, where it is: its sums, or for [`By::Exit`] the last page of each session.
pub(super) fn kept(
    connection: &Connection,
    part: i64,
    by: &By,
) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut statement =
        connection.prepare_cached("SELECT data FROM part_sums WHERE part = ?1 AND by = ?2")?;
    let kept = statement.query_row(params![part, by.number()], |row| row.get(0));
    kept.optional()
}

/// Groups whose keys are numbers, as bytes.
pub(crate) fn encode(groups: &Groups) -> Vec<u8> {
    let mut groups: Vec<(u32, &Cell)> = groups
        .iter()
        .filter_map(|(key, cell)| match key {
            Key::Number(number) => Some((*number, cell)),
            Key::Text(_) | Key::Several(_) => None,
        })
        .collect();
    groups.sort_by_key(|(key, _)| *key);
    let mut bitmaps = Vec::new();
    let mut lengths = Vec::with_capacity(groups.len());
    for (_, cell) in &groups {
        let before = bitmaps.len();
        let mut visitors = cell.visitors.bitmap().into_owned();
        visitors.optimize();
        // A vector takes whatever is written to it.
        let _ = visitors.serialize_into(&mut bitmaps);
        lengths.push((bitmaps.len() - before) as i64);
    }
    let mut out = Vec::new();
    put_u32(groups.len(), &mut out);
    let mut column = |of: &dyn Fn(&(u32, &Cell)) -> u64| {
        put_numbers(
            &groups
                .iter()
                .map(|group| of(group) as i64)
                .collect::<Vec<_>>(),
            &mut out,
        );
    };
    column(&|(key, _)| u64::from(*key));
    column(&|(_, cell)| cell.counts.views);
    column(&|(_, cell)| cell.counts.fires);
    column(&|(_, cell)| cell.counts.sessions);
    column(&|(_, cell)| cell.counts.engaged);
    column(&|(_, cell)| cell.counts.seconds);
    column(&|(_, cell)| cell.visitors.count());
    put_numbers(&lengths, &mut out);
    put_u32(
        groups.iter().map(|(_, cell)| cell.revenue.len()).sum(),
        &mut out,
    );
    for (at, (_, cell)) in groups.iter().enumerate() {
        for (currency, amount) in &cell.revenue {
            put_u32(at, &mut out);
            out.extend_from_slice(currency);
            out.extend_from_slice(&amount.minor.to_le_bytes());
            out.extend_from_slice(&amount.fires.to_le_bytes());
        }
    }
    out.extend_from_slice(&bitmaps);
    out
}

/// The groups of a blob; who their visitors are is read when it is asked.
pub(crate) fn decode(data: Vec<u8>) -> Result<Groups, Damaged> {
    let data: Arc<[u8]> = data.into();
    let mut left = Bytes(&data);
    let count = left.u32()? as usize;
    if count > data.len() {
        return Err(Damaged);
    }
    let mut column = || {
        left.numbers(count)
            .map(|numbers| numbers.to_vec(|n| n as u64))
    };
    let (keys, views, fires) = (column()?, column()?, column()?);
    let (sessions, engaged, seconds) = (column()?, column()?, column()?);
    let (visitors, lengths) = (column()?, column()?);
    let amounts = left.u32()? as usize;
    let mut money = Vec::new();
    for _ in 0..amounts {
        let at = left.u32()? as usize;
        let currency = left.array()?;
        let amount = Amount {
            minor: i64::from_le_bytes(left.array()?),
            fires: u64::from_le_bytes(left.array()?),
        };
        money.push((at, currency, amount));
    }
    let mut from = data.len() - left.0.len();
    let mut cells = Vec::with_capacity(count);
    for at in 0..count {
        let to = from
            .checked_add(lengths[at] as usize)
            .filter(|to| *to <= data.len())
            .ok_or(Damaged)?;
        let cell = Cell {
            counts: Counts {
                views: views[at],
                fires: fires[at],
                sessions: sessions[at],
                engaged: engaged[at],
                seconds: seconds[at],
            },
            visitors: Visitors::Stored {
                data: data.clone(),
                place: from..to,
                count: visitors[at],
            },
            revenue: Default::default(),
        };
        cells.push((Key::Number(keys[at] as u32), cell));
        from = to;
    }
    for (at, currency, amount) in money {
        add_revenue(
            &mut cells.get_mut(at).ok_or(Damaged)?.1.revenue,
            currency,
            amount,
        );
    }
    Ok(cells.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn groups() -> impl Strategy<Value = Groups> {
        let counts = (0u64..9, 0u64..900, 0u64..70_000, 0u64..9, any::<u32>());
        let cell = (
            counts,
            proptest::collection::vec(any::<u32>(), 0..20),
            proptest::option::of((any::<i64>(), any::<u64>())),
        );
        proptest::collection::hash_map(any::<u32>(), cell, 0..10).prop_map(|groups| {
            groups
                .into_iter()
                .map(
                    |(key, ((views, fires, sessions, engaged, seconds), visitors, money))| {
                        let counts = Counts {
                            views,
                            fires,
                            sessions,
                            engaged,
                            seconds: seconds.into(),
                        };
                        let amount = |(minor, fires)| (*b"EUR", Amount { minor, fires });
                        let revenue = money.map(amount).into_iter().collect();
                        (
                            Key::Number(key),
                            Cell {
                                counts,
                                visitors: Visitors::of(visitors),
                                revenue,
                            },
                        )
                    },
                )
                .collect()
        })
    }

    proptest! {
        #[test]
        fn groups_come_back(groups in groups()) {
            let again = decode(encode(&groups)).unwrap();
            prop_assert_eq!(again.len(), groups.len());
            for (key, cell) in &groups {
                let found = &again[key];
                prop_assert_eq!(found.counts, cell.counts);
                prop_assert_eq!(found.visitors.count(), cell.visitors.count());
                prop_assert_eq!(found.visitors.bitmap(), cell.visitors.bitmap());
                prop_assert_eq!(&found.revenue, &cell.revenue);
            }
        }

        #[test]
        fn damaged_bytes_never_panic(groups in groups(), at: prop::sample::Index, byte: u8) {
            let mut bytes = encode(&groups);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(groups) = decode(bytes) {
                groups.values().for_each(|cell| drop(cell.visitors.bitmap()));
            }
        }
    }
}
