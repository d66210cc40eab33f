//! A part: events of one site and day as columns in one blob. Pure: rows in, bytes out, and columns back.
//!
//! Layout, little-endian: the length of what comes before the columns (u32), the number of rows (u32), then an entry a
//! column: its kind (u8), length of its key (u16), the key, where it begins and its length (u32 each). Rows stand by time,
//! then by number, so that the same rows always make the same bytes.
//!
//! A column of whole numbers is as [`bytes`](super::bytes) has them. A
//! column of *codes* is a sorted list of what occurs, and for each row the place in that list: tests are made once for
//! each thing that occurs, not for each row.

mod decode;
mod encode;

use std::ops::Range;

use super::bytes::{Bytes, Damaged};
pub(crate) use decode::decode;
pub(super) use decode::{
    Coded, Codes, begins, codes, ids, numbered, numbers, of_rest, revenue, small_numbers, values,
};
pub(crate) use encode::encode;

/// Rows that a part may have.
pub(crate) const ROWS: usize = 1 << 17;

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
    /// What keys without a column of their own say: a JSON object of strings.
    Rest,
}

const KINDS: [Kind; 13] = [
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
    Kind::Rest,
];

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

    /// Keys of metadata that have a column of their own, and where it lies.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let metadata = self
            .columns
            .iter()
            .filter(|(kind, _, _)| *kind == Kind::Metadata);
        metadata.map(|(_, key, range)| (key.as_str(), range.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::{self, Revenue, Row};
    use super::*;
    use crate::store::session::{Place, Shared};
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
            let bytes = encode(&mut rows.iter().collect::<Vec<_>>());
            rows.sort_by_key(|r| (r.at, r.id));
            prop_assert_eq!(&decode(&bytes, 1, 20_000).unwrap(), &rows);
            prop_assert_eq!(encode(&mut rows.iter().rev().collect::<Vec<_>>()), bytes);
        }

        #[test]
        fn every_key_comes_back_however_many_there_are(rows in proptest::collection::vec(row(), 1..6)) {
            let mut rows = rows;
            rows.sort_by_key(|r| r.id);
            rows.dedup_by_key(|r| r.id);
            for (at, row) in rows.iter_mut().enumerate() {
                let keys: Vec<_> = (at * 300..at * 300 + 700).map(|n| format!("k{n:04}")).collect();
                row.metadata = row::metadata(keys.iter().map(|key| (key.as_str(), &key[3..])));
            }
            let bytes = encode(&mut rows.iter().collect::<Vec<_>>());
            rows.sort_by_key(|r| (r.at, r.id));
            prop_assert_eq!(&decode(&bytes, 1, 20_000).unwrap(), &rows);
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_and_never_panic(
            rows in proptest::collection::vec(row(), 1..20), at: prop::sample::Index, byte: u8, cut: prop::sample::Index,
        ) {
            let mut bytes = encode(&mut rows.iter().collect::<Vec<_>>());
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = decode(&bytes, 1, 1);
            bytes.truncate(cut.index(bytes.len()));
            let _ = decode(&bytes, 1, 1);
        }
    }
}
