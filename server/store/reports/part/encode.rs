//! Rows → the bytes of a part.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::{fast, quality};

use super::super::bytes::{put_numbers, put_u32};
use super::super::row::{self, Row};
use super::Kind;
use crate::store::session::Place;

/// Metadata keys that have a column of their own, the most frequent ones of the first many.
const KEYS: usize = 1000;
const COUNTED: usize = 100_000;

/// Rows of one site and day as bytes.
pub(crate) fn encode(rows: &mut [&Row]) -> Vec<u8> {
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
        let values: Vec<u32> = rows.iter().map(|row| of(row)).collect();
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
    columns.extend(metadata(rows));
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
    // The log gave these numbers, so that nobody can choose ones that collide.
    let places: HashMap<u32, i64, fast::RandomState> = occurs.iter().copied().zip(0..).collect();
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

fn put_revenue(rows: &[&Row]) -> Vec<u8> {
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

/// By texts that strangers wrote: hashed with a seed that they don't know.
type Texts<'a, T> = HashMap<Cow<'a, str>, T, quality::RandomState>;

/// What one key of metadata says: the values that occur, and which rows have which.
#[derive(Default)]
struct Told<'a> {
    places: Texts<'a, u32>,
    cells: Vec<(u32, u32)>,
}

/// The most frequent keys have a column each; what the others say stands together in one, as JSON a row.
fn metadata(rows: &[&Row]) -> Vec<(Kind, Arc<str>, Vec<u8>)> {
    let mut told: Texts<Told> = HashMap::default();
    let mut rest: BTreeMap<u32, BTreeMap<Cow<str>, Cow<str>>> = BTreeMap::new();
    for (at, row) in (0u32..).zip(rows) {
        row::each_pair(row.metadata.as_deref().unwrap_or_default(), |key, value| {
            if told.len() >= COUNTED && !told.contains_key(&key) {
                rest.entry(at).or_default().insert(key, value);
                return;
            }
            let told = told.entry(key).or_default();
            let next = told.places.len() as u32;
            let place = *told.places.entry(value).or_insert(next);
            told.cells.push((at, place));
        });
    }
    let mut keys: Vec<_> = told.into_iter().collect();
    keys.sort_by(|a, b| (b.1.cells.len(), &a.0).cmp(&(a.1.cells.len(), &b.0)));
    for (key, told) in keys.drain(keys.len().min(KEYS)..) {
        let values = told.values();
        for (at, place) in told.cells {
            let row = rest.entry(at).or_default();
            row.insert(key.clone(), values[place as usize].clone());
        }
    }
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    let column = |(key, told): (Cow<str>, Told)| {
        let column = put_values(rows.len(), &told);
        (Kind::Metadata, Arc::from(&*key), column)
    };
    let mut columns: Vec<_> = keys.into_iter().map(column).collect();
    if !rest.is_empty() {
        let mut told = Told::default();
        for (place, (at, pairs)) in (0..).zip(rest) {
            let pairs = pairs.iter().map(|(key, value)| (&**key, &**value));
            let text = row::metadata(pairs).map_or_else(String::new, String::from);
            let place = *told.places.entry(text.into()).or_insert(place);
            told.cells.push((at, place));
        }
        columns.push((Kind::Rest, "".into(), put_values(rows.len(), &told)));
    }
    columns
}

impl<'a> Told<'a> {
    /// The values, each in its place.
    fn values(&self) -> Vec<Cow<'a, str>> {
        let mut values = vec![Cow::Borrowed(""); self.places.len()];
        for (value, place) in &self.places {
            values[*place as usize] = value.clone();
        }
        values
    }
}

/// The values that occur, in order, and for each row 0, or 1 and the value's place; where few rows have one, only those
/// rows' places in the part before their values'.
fn put_values(rows: usize, told: &Told) -> Vec<u8> {
    let mut occurs: Vec<(&str, u32)> = told.places.iter().map(|(v, at)| (&**v, *at)).collect();
    occurs.sort_unstable();
    let most = occurs.iter().map(|(_, place)| *place).max();
    let mut places = vec![0i64; most.map_or(0, |most| most as usize + 1)];
    for (at, (_, place)) in (1..).zip(&occurs) {
        places[*place as usize] = at;
    }
    let mut out = Vec::new();
    put_u32(occurs.len(), &mut out);
    let ends: Vec<i64> = occurs
        .iter()
        .scan(0, |end, (text, _)| {
            *end += text.len() as i64;
            Some(*end)
        })
        .collect();
    put_numbers(&ends, &mut out);
    for (text, _) in &occurs {
        out.extend_from_slice(text.as_bytes());
    }
    let is_sparse = told.cells.len() < rows / 4;
    out.push(u8::from(is_sparse));
    let cells = told.cells.iter();
    if is_sparse {
        put_u32(told.cells.len(), &mut out);
        let rows: Vec<_> = cells.clone().map(|(at, _)| i64::from(*at)).collect();
        put_numbers(&rows, &mut out);
        let values: Vec<_> = cells.map(|(_, place)| places[*place as usize]).collect();
        put_numbers(&values, &mut out);
    } else {
        let mut codes = vec![0; rows];
        cells.for_each(|(at, place)| codes[*at as usize] = places[*place as usize]);
        put_numbers(&codes, &mut out);
    }
    out
}
