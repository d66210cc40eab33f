//! A part: events of one site and day as columns in one blob. Pure: rows in, bytes out, and columns back.
//!
//! Layout, little-endian: the length of what comes before the columns (u32), the number of rows (u32), then an entry a
//! column: its kind (u8), length of its key (u16), the key, where it begins and its length (u32 each). Rows stand by time,
//! then by number, so that the same rows always make the same bytes.
//!
//! A column of whole numbers is as [`bytes`](super::bytes) has them. A
//! column of *codes* is a sorted list of what occurs, and for each row the place in that list: tests are made once for
//! each thing that occurs, not for each row.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::bytes::{Bytes, Damaged, put_numbers, put_u32};
use super::row::{self, Revenue, Row};
use crate::store::session::{Place, Shared};

/// Rows that a part may have.
pub(super) const ROWS: usize = 1 << 19;

/// Metadata keys that have a column; of more, the most frequent ones.
const KEYS: usize = 1000;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(super) enum Kind {
    /// The number in the log, less the row's place in the part.
    Id = 1,
    At,
    Goal,
    Visitor,
    /// 0: none. 1: begins here. Else 1 and how many numbers ago its first event was.
    Session,
    /// Seconds since the session's event before, times two, plus one when with it the session is engaged.
    Step,
    Url,
    Entry,
    Origin,
    Client,
    /// Row, amount and currency of each event that has one.
    Revenue,
    /// One column a key.
    Metadata,
}

const KINDS: [Kind; 12] = [
    Kind::Id,
    Kind::At,
    Kind::Goal,
    Kind::Visitor,
    Kind::Session,
    Kind::Step,
    Kind::Url,
    Kind::Entry,
    Kind::Origin,
    Kind::Client,
    Kind::Revenue,
    Kind::Metadata,
];

/// Rows of one site and day as bytes.
pub(super) fn encode(rows: &mut [Row]) -> Vec<u8> {
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
    let mut keys: HashMap<Arc<str>, Vec<(usize, Arc<str>)>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        for (key, value) in row.metadata.as_deref().map(row::pairs).unwrap_or_default() {
            keys.entry(key).or_default().push((at, value));
        }
    }
    let mut keys: Vec<_> = keys
        .into_iter()
        .filter(|(key, _)| key.len() <= 0xffff)
        .collect();
    keys.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    keys.truncate(KEYS);
    keys.into_iter()
        .map(|(key, cells)| (key, put_values(rows.len(), &cells)))
        .collect()
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

/// What a part says of itself: where its columns are.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) rows: usize,
    columns: Vec<(Kind, String, Range<usize>)>,
}

impl Head {
    /// Bytes to read first; the first four of them say how many there are in all.
    pub(super) const FIRST: usize = 1024;

    /// How many bytes come before the columns.
    pub(super) fn length(first: &[u8]) -> Result<usize, Damaged> {
        Ok(Bytes(first).u32()? as usize)
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Head, Damaged> {
        let mut left = Bytes(bytes);
        let head = left.u32()? as usize;
        let mut left = Bytes(bytes.get(8..head).ok_or(Damaged)?);
        let rows = Bytes(&bytes[4..8]).u32()? as usize;
        if rows > ROWS {
            return Err(Damaged);
        }
        let mut columns = Vec::new();
        while !left.0.is_empty() {
            let kind = left.take(1)?[0];
            let kind = *KINDS.iter().find(|k| **k as u8 == kind).ok_or(Damaged)?;
            let length = u16::from_le_bytes(left.array()?);
            let key = String::from_utf8(left.take(length.into())?.to_vec()).map_err(|_| Damaged)?;
            let (start, length) = (left.u32()? as usize, left.u32()? as usize);
            columns.push((kind, key, start..start + length));
        }
        Ok(Head { rows, columns })
    }

    /// Where a column lies; `None` when the part has none of that key.
    pub(super) fn column(&self, kind: Kind, key: &str) -> Option<Range<usize>> {
        let found = self
            .columns
            .iter()
            .find(|(k, name, _)| *k == kind && name == key);
        found.map(|(_, _, range)| range.clone())
    }

    fn keys(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let metadata = self
            .columns
            .iter()
            .filter(|(kind, _, _)| *kind == Kind::Metadata);
        metadata.map(|(_, key, range)| (key.as_str(), range.clone()))
    }
}

/// A column of whole numbers, such as times.
pub(super) fn numbers(column: &[u8], rows: usize) -> Result<Vec<i64>, Damaged> {
    Ok(Bytes(column).numbers(rows)?.to_vec(|number| number))
}

/// A column of small whole numbers, such as steps.
pub(super) fn small_numbers(column: &[u8], rows: usize) -> Result<Vec<u32>, Damaged> {
    Ok(Bytes(column).numbers(rows)?.to_vec(|number| number as u32))
}

/// The log's numbers of the rows.
pub(super) fn ids(column: &[u8], rows: usize) -> Result<Vec<i64>, Damaged> {
    let mut ids = numbers(column, rows)?;
    ids.iter_mut()
        .zip(0..)
        .for_each(|(id, at)| *id = id.wrapping_add(at));
    Ok(ids)
}

/// What occurs in a column, and for each row its place in that.
pub(super) struct Codes<T> {
    pub(super) occurs: Vec<T>,
    pub(super) rows: Vec<u32>,
}

/// A column of codes.
pub(super) fn codes(column: &[u8], rows: usize) -> Result<Codes<u32>, Damaged> {
    let mut left = Bytes(column);
    let count = counted(&mut left, rows)?;
    let occurs = left.numbers(count)?.to_vec(|number| number as u32);
    let rows = left.numbers(rows)?.to_vec(|number| number as u32);
    checked(Codes { occurs, rows })
}

/// A column of metadata; the first thing that occurs is its absence.
pub(super) fn values(column: &[u8], rows: usize) -> Result<Codes<Option<Arc<str>>>, Damaged> {
    let mut left = Bytes(column);
    let count = counted(&mut left, rows)?;
    let ends = left.numbers(count)?.to_vec(|number| number as usize);
    let texts = left.take(ends.last().copied().unwrap_or_default())?;
    let mut occurs = vec![None];
    let mut from = 0;
    for end in ends {
        let text = texts
            .get(from..end)
            .and_then(|t| std::str::from_utf8(t).ok())
            .ok_or(Damaged)?;
        occurs.push(Some(text.into()));
        from = end;
    }
    if left.take(1)?[0] == 0 {
        let rows = left.numbers(rows)?.to_vec(|number| number as u32);
        return checked(Codes { occurs, rows });
    }
    let cells = counted(&mut left, rows)?;
    let places = left.numbers(cells)?.to_vec(|number| number as usize);
    let values = left.numbers(cells)?.to_vec(|number| number as u32);
    let mut codes = vec![0; rows];
    for (at, value) in places.into_iter().zip(values) {
        *codes.get_mut(at).ok_or(Damaged)? = value;
    }
    checked(Codes {
        occurs,
        rows: codes,
    })
}

/// How many things follow: no more than there are rows.
fn counted(left: &mut Bytes, rows: usize) -> Result<usize, Damaged> {
    let count = left.u32()? as usize;
    if count > rows {
        Err(Damaged)
    } else {
        Ok(count)
    }
}

/// Codes of which each means something.
fn checked<T>(codes: Codes<T>) -> Result<Codes<T>, Damaged> {
    let most = codes.rows.iter().copied().max();
    if most.is_some_and(|most| most as usize >= codes.occurs.len()) {
        return Err(Damaged);
    }
    Ok(codes)
}

/// Which rows brought what.
pub(super) fn revenue(column: &[u8]) -> Result<Vec<(usize, Revenue)>, Damaged> {
    let mut left = Bytes(column);
    let mut out = Vec::new();
    while !left.0.is_empty() {
        let at = left.u32()? as usize;
        let minor = i64::from_le_bytes(left.array()?);
        out.push((
            at,
            Revenue {
                minor,
                currency: left.array()?,
            },
        ));
    }
    Ok(out)
}

/// The rows of a part, as they went in but for the form of their metadata.
pub(super) fn decode(bytes: &[u8], site: i64, day: i32) -> Result<Vec<Row>, Damaged> {
    let head = Head::read(bytes)?;
    let column = |kind| {
        let range = head.column(kind, "").ok_or(Damaged)?;
        bytes.get(range).ok_or(Damaged)
    };
    let n = head.rows;
    let ids = ids(column(Kind::Id)?, n)?;
    let at = numbers(column(Kind::At)?, n)?;
    let session = numbers(column(Kind::Session)?, n)?;
    let steps = numbers(column(Kind::Step)?, n)?;
    let of = |kind| -> Result<Vec<u32>, Damaged> {
        let codes = codes(column(kind)?, n)?;
        Ok(codes
            .rows
            .iter()
            .map(|code| codes.occurs[*code as usize])
            .collect())
    };
    let (goal, visitor, url) = (of(Kind::Goal)?, of(Kind::Visitor)?, of(Kind::Url)?);
    let (entry, origin, client) = (of(Kind::Entry)?, of(Kind::Origin)?, of(Kind::Client)?);
    let mut rows: Vec<Row> = (0..n)
        .map(|i| Row {
            id: ids[i],
            site,
            day,
            at: at[i],
            goal: goal[i],
            visitor: visitor[i],
            place: Place {
                session: match session[i] {
                    0 => 0,
                    1 => ids[i],
                    ago => ids[i].wrapping_sub(ago.wrapping_sub(1)),
                },
                begins: session[i] == 1,
                seconds: (steps[i] / 2) as u16,
                engages: steps[i] % 2 == 1,
                shared: Shared {
                    entry: entry[i],
                    origin: origin[i],
                    client: client[i],
                },
            },
            url: url[i],
            revenue: None,
            metadata: None,
        })
        .collect();
    for (at, revenue) in revenue(column(Kind::Revenue)?)? {
        rows.get_mut(at).ok_or(Damaged)?.revenue = Some(revenue);
    }
    let mut pairs: Vec<Vec<(&str, Arc<str>)>> = vec![Vec::new(); n];
    for (key, range) in head.keys() {
        let codes = values(bytes.get(range).ok_or(Damaged)?, n)?;
        for (at, code) in codes.rows.iter().enumerate() {
            if let Some(value) = &codes.occurs[*code as usize] {
                pairs[at].push((key, value.clone()));
            }
        }
    }
    for (row, pairs) in rows.iter_mut().zip(&pairs) {
        row.metadata = row::metadata(pairs.iter().map(|(key, value)| (*key, &**value)));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row() -> impl Strategy<Value = Row> {
        let place = (
            0u8..3,
            any::<u16>(),
            any::<bool>(),
            0u32..9,
            0u32..300,
            0u32..3,
        );
        let metadata = proptest::option::of(proptest::collection::btree_map(
            "[a-c]{1}",
            "\\PC{0,3}",
            0..3,
        ));
        let revenue = proptest::option::of((any::<i64>(), Just(*b"EUR")));
        (
            1i64..1_000_000,
            0i64..90_000_000,
            0u32..3,
            0u32..100_000,
            place,
            (revenue, metadata),
        )
            .prop_map(
                |(
                    id,
                    at,
                    goal,
                    visitor,
                    (kind, seconds, engages, entry, origin, client),
                    (revenue, pairs),
                )| Row {
                    id,
                    site: 1,
                    day: 20_000,
                    at: 1_728_000_000_000 + at,
                    goal,
                    visitor,
                    place: Place {
                        session: match kind {
                            0 => 0,
                            1 => id,
                            _ => id - id / 2 - 1,
                        },
                        begins: kind == 1,
                        seconds: seconds / 2,
                        engages,
                        shared: Shared {
                            entry,
                            origin,
                            client,
                        },
                    },
                    url: visitor % 700,
                    revenue: revenue.map(|(minor, currency)| Revenue { minor, currency }),
                    metadata: pairs.and_then(|pairs| {
                        row::metadata(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())))
                    }),
                },
            )
    }

    proptest! {
        #[test]
        fn rows_come_back_and_their_order_does_not_matter(rows in proptest::collection::vec(row(), 0..60)) {
            let mut rows = rows;
            rows.sort_by_key(|r| r.id);
            rows.dedup_by_key(|r| r.id);
            let bytes = encode(&mut rows);
            prop_assert_eq!(&decode(&bytes, 1, 20_000).unwrap(), &rows);
            let mut other = rows.clone();
            other.reverse();
            prop_assert_eq!(encode(&mut other), bytes);
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_and_never_panic(
            rows in proptest::collection::vec(row(), 1..20), at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
        ) {
            let mut rows = rows;
            let mut bytes = encode(&mut rows);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = decode(&bytes, 1, 1);
            bytes.truncate(cut.index(bytes.len()));
            let _ = decode(&bytes, 1, 1);
        }
    }
}
