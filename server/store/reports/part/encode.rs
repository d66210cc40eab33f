//! Rows → the bytes of a part.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::super::bytes::{put_numbers, put_u32};
use super::super::row::{self, Row};
use super::Kind;
use crate::store::session::Place;

/// Metadata keys that have a column; of more, the most frequent ones of the first many.
const KEYS: usize = 1000;
const COUNTED: usize = 100_000;

/// Rows of one site and day as bytes.
pub(crate) fn encode(rows: &mut [Row]) -> Vec<u8> {
    rows.sort_unstable_by_key(|row| (row.at, row.id));
    let numbers = |of: &dyn Fn(usize, &Row) -> i64| {
        let values: Vec<i64> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| of(at, row))
            .collect();
        let mut out = Vec::new();
        put_numbers(&values, &mut out);
        out
    };
    let codes = |of: fn(&Row) -> u32| {
        let values: Vec<u32> = rows.iter().map(of).collect();
        put_codes(&values)
    };
    let session = |row: &Row| match row.place {
        Place { session: 0, .. } => 0,
        Place { begins: true, .. } => 1,
        Place { session, .. } => 1 + row.id - session,
    };
    let mut columns: Vec<(Kind, Arc<str>, Vec<u8>)> = [
        (Kind::Id, numbers(&|at, row| row.id - at as i64)),
        (Kind::At, numbers(&|_, row| row.at)),
        (Kind::Goal, codes(|row| row.goal)),
        (Kind::Visitor, codes(|row| row.visitor)),
        (Kind::Session, numbers(&|_, row| session(row))),
        (Kind::Step, numbers(&|_, row| step(&row.place))),
        (Kind::Url, codes(|row| row.url)),
        (Kind::Entry, codes(|row| row.place.shared.entry)),
        (Kind::Origin, codes(|row| row.place.shared.origin)),
        (Kind::Client, codes(|row| row.place.shared.client)),
        (Kind::Revenue, put_revenue(rows)),
    ]
    .into_iter()
    .map(|(kind, column)| (kind, "".into(), column))
    .collect();
    columns.extend(
        metadata(rows)
            .into_iter()
            .map(|(key, column)| (Kind::Metadata, key, column)),
    );
    assemble(rows.len(), &columns)
}

fn step(place: &Place) -> i64 {
    i64::from(place.seconds) * 2 + i64::from(place.engages)
}

fn assemble(rows: usize, columns: &[(Kind, Arc<str>, Vec<u8>)]) -> Vec<u8> {
    let head: usize = 8 + columns
        .iter()
        .map(|(_, key, _)| 11 + key.len())
        .sum::<usize>();
    let mut out = Vec::with_capacity(head + columns.iter().map(|c| c.2.len()).sum::<usize>());
    put_u32(head, &mut out);
    put_u32(rows, &mut out);
    let mut at = head;
    for (kind, key, column) in columns {
        out.push(*kind as u8);
        out.extend_from_slice(&(key.len() as u16).to_le_bytes());
        out.extend_from_slice(key.as_bytes());
        put_u32(at, &mut out);
        put_u32(column.len(), &mut out);
        at += column.len();
    }
    for (_, _, column) in columns {
        out.extend_from_slice(column);
    }
    out
}

fn put_codes(values: &[u32]) -> Vec<u8> {
    let mut occurs = values.to_vec();
    occurs.sort_unstable();
    occurs.dedup();
    let places: HashMap<u32, i64> = occurs.iter().copied().zip(0..).collect();
    let mut out = Vec::new();
    put_u32(occurs.len(), &mut out);
    put_numbers(
        &occurs.iter().map(|id| i64::from(*id)).collect::<Vec<_>>(),
        &mut out,
    );
    put_numbers(
        &values.iter().map(|id| places[id]).collect::<Vec<_>>(),
        &mut out,
    );
    out
}

fn put_revenue(rows: &[Row]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, revenue) in rows
        .iter()
        .enumerate()
        .filter_map(|(at, row)| Some((at, row.revenue?)))
    {
        put_u32(at, &mut out);
        out.extend_from_slice(&revenue.minor.to_le_bytes());
        out.extend_from_slice(&revenue.currency);
    }
    out
}

/// One column a key: the values that occur, and for each row 0, or 1 and the value's place; where few rows have the key,
/// only those rows' places in the part before their values'.
fn metadata(rows: &[Row]) -> BTreeMap<Arc<str>, Vec<u8>> {
    let pairs = |row: &Row| row.metadata.as_deref().map(row::pairs).unwrap_or_default();
    let mut counts: HashMap<Arc<str>, usize> = HashMap::new();
    for (key, _) in rows.iter().flat_map(pairs) {
        let has_room = counts.len() < COUNTED && key.len() <= 0xffff;
        if has_room || counts.contains_key(&key) {
            *counts.entry(key).or_default() += 1;
        }
    }
    let mut frequent: Vec<_> = counts.into_iter().collect();
    frequent.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    frequent.truncate(KEYS);
    let mut cells: HashMap<Arc<str>, Vec<(usize, Arc<str>)>> = frequent
        .into_iter()
        .map(|(key, count)| (key, Vec::with_capacity(count)))
        .collect();
    for (at, row) in rows.iter().enumerate() {
        for (key, value) in pairs(row) {
            if let Some(cells) = cells.get_mut(&key) {
                cells.push((at, value));
            }
        }
    }
    let column = |(key, cells): (Arc<str>, Vec<_>)| (key, put_values(rows.len(), &cells));
    cells.into_iter().map(column).collect()
}

fn put_values(rows: usize, cells: &[(usize, Arc<str>)]) -> Vec<u8> {
    let mut occurs: Vec<&str> = cells.iter().map(|(_, value)| &**value).collect();
    occurs.sort_unstable();
    occurs.dedup();
    let places: HashMap<&str, i64> = occurs.iter().copied().zip(1..).collect();
    let mut out = Vec::new();
    put_u32(occurs.len(), &mut out);
    let ends: Vec<i64> = occurs
        .iter()
        .scan(0, |end, text| {
            *end += text.len() as i64;
            Some(*end)
        })
        .collect();
    put_numbers(&ends, &mut out);
    for text in &occurs {
        out.extend_from_slice(text.as_bytes());
    }
    let is_sparse = cells.len() < rows / 4;
    out.push(u8::from(is_sparse));
    if is_sparse {
        put_u32(cells.len(), &mut out);
        put_numbers(
            &cells.iter().map(|(at, _)| *at as i64).collect::<Vec<_>>(),
            &mut out,
        );
        put_numbers(
            &cells
                .iter()
                .map(|(_, value)| places[&**value])
                .collect::<Vec<_>>(),
            &mut out,
        );
    } else {
        let mut codes = vec![0; rows];
        for (at, value) in cells {
            codes[*at] = places[&**value];
        }
        put_numbers(&codes, &mut out);
    }
    out
}
