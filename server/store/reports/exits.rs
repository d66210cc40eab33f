//! Exit pages: the last page of each session, by day. A session goes on from part to part, and from what is sealed to what
//! is not.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rusqlite::Connection;

use super::bytes::{Bytes, Damaged, put_numbers, put_u32};
use super::cell::{Cell, Counts, Groups, Key, Visitors};
use super::file::{Columns, Part, ReadError};
use super::group::By;
use super::part::{self, Coded, Kind};
use super::row::Row;
use super::sums;
use super::test::{Test, passes, passing};

/// Numbers of the log for each of a part's rows, over which a bit for each is worth its room.
const SPREAD: usize = 64;

/// A page view that may be the last of its session.
#[derive(Clone, Copy)]
pub(in crate::store) struct Last {
    pub(in crate::store) session: i64,
    pub(in crate::store) at: (i64, i64),
    pub(in crate::store) url: u32,
    pub(in crate::store) visitor: u32,
}

/// The last pages of one day, of which some may be of the same session.
#[derive(Default)]
pub(in crate::store) struct Exits {
    parts: Vec<OfPart>,
    others: Vec<Last>,
}

/// The last pages of one part.
pub(super) struct OfPart {
    /// The least and the greatest number of its events.
    first: i64,
    last: i64,
    /// Those of sessions that began between these, one each.
    own: Vec<Last>,
    /// Those of others, one each.
    others: Vec<Last>,
}

impl OfPart {
    pub(super) fn read(
        connection: &Connection,
        part: &Part,
        tests: &[Test],
    ) -> Result<OfPart, ReadError> {
        if tests.is_empty()
            && let Some(kept) = sums::kept(connection, part.id, &By::Exit)?
        {
            return Ok(OfPart::decode(&kept, part)?);
        }
        let mut found = OfPart {
            first: part.first,
            last: part.last,
            own: Vec::new(),
            others: Vec::new(),
        };
        let columns = Columns::open(connection, part)?;
        let n = columns.head.rows;
        let column = |kind| columns.column(kind);
        let goals = column(Kind::Goal)?;
        let goals = Coded::read(&goals, n)?;
        let is_view: Vec<bool> = goals.occurs.iter().map(|goal| *goal == 0).collect();
        if !is_view.contains(&true) {
            return Ok(found);
        }
        let Some(passes) = passing(&columns, part.day, tests)? else {
            return Ok(found);
        };
        let is_view = goals.of_each(&is_view)?;
        let ids = part::ids(&column(Kind::Id)?, n)?;
        let sessions = part::numbers(&column(Kind::Session)?, n)?;
        let (at, urls, visitors) = (
            column(Kind::At)?,
            column(Kind::Url)?,
            column(Kind::Visitor)?,
        );
        let at = part::numbered(&at, n)?;
        let (urls, visitors) = (Coded::read(&urls, n)?, Coded::read(&visitors, n)?);
        let mut seen = Numbers::within(part.first, part.last, n);
        // Rows stand by time: of a session's views the one that is met first from the end is the last.
        for i in (0..n).rev() {
            if !passes[i] || !is_view[i] || sessions[i] == 0 {
                continue;
            }
            let session = ids[i].wrapping_sub(sessions[i].wrapping_sub(1));
            let is_own = (part.first..=part.last).contains(&session);
            if is_own && !seen.insert(session) {
                continue;
            }
            let last = Last {
                session,
                at: (at.get(i)?, ids[i]),
                url: urls.occurs[urls.place(i)?],
                visitor: visitors.occurs[visitors.place(i)?],
            };
            match is_own {
                true => found.own.push(last),
                false => found.others.push(last),
            }
        }
        last_of_each(&mut found.others);
        Ok(found)
    }

    /// As bytes: its own, then the others, each as how many and columns of whole numbers.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for lasts in [&self.own, &self.others] {
            put_u32(lasts.len(), &mut out);
            let mut column = |of: &dyn Fn(&Last) -> i64| {
                put_numbers(&lasts.iter().map(of).collect::<Vec<_>>(), &mut out);
            };
            column(&|last| last.session);
            column(&|last| last.at.0);
            column(&|last| last.at.1);
            column(&|last| last.url.into());
            column(&|last| last.visitor.into());
        }
        out
    }

    fn decode(bytes: &[u8], part: &Part) -> Result<OfPart, Damaged> {
        let mut left = Bytes(bytes);
        let mut lasts = || {
            let count = left.u32()? as usize;
            if count > part.rows {
                return Err(Damaged);
            }
            let mut column = || left.numbers(count);
            let (sessions, at, ids) = (column()?, column()?, column()?);
            let (urls, visitors) = (column()?, column()?);
            let last = |nth| {
                Ok(Last {
                    session: sessions.get(nth)?,
                    at: (at.get(nth)?, ids.get(nth)?),
                    url: urls.get(nth)? as u32,
                    visitor: visitors.get(nth)? as u32,
                })
            };
            (0..count).map(last).collect()
        };
        Ok(OfPart {
            first: part.first,
            last: part.last,
            own: lasts()?,
            others: lasts()?,
        })
    }

    /// Where its sessions ended; `later` are the last pages of some of them, and of further ones, by session.
    fn pages(self, later: &[Last]) -> Pages {
        let mut pages = Pages::default();
        let mut is_own = vec![false; later.len()];
        let mut goes_on = Numbers::within(self.first, self.last, self.own.len());
        later
            .iter()
            .for_each(|last| _ = goes_on.insert(last.session));
        for own in &self.own {
            let later_at = || later.binary_search_by_key(&own.session, |last| last.session);
            match goes_on.contains(own.session).then(later_at) {
                Some(Ok(at)) => {
                    is_own[at] = true;
                    pages.add(std::cmp::max_by_key(own, &later[at], |last| last.at));
                }
                _ => pages.add(own),
            }
        }
        let alone = later.iter().zip(is_own).filter(|(_, is_own)| !is_own);
        alone.for_each(|(last, _)| pages.add(last));
        pages
    }
}

impl Exits {
    pub(in crate::store) fn saw(&mut self, seen: Last) {
        self.others.push(seen);
    }

    pub(super) fn add(&mut self, mut part: OfPart) {
        self.others.append(&mut part.others);
        self.parts.push(part);
    }

    pub(super) fn row(&mut self, row: &Row, tests: &[Test]) {
        if row.goal == 0 && row.place.session != 0 && passes(row, tests) {
            self.saw(Last {
                session: row.place.session,
                at: (row.at, row.id),
                url: row.url,
                visitor: row.visitor,
            });
        }
    }

    pub(super) fn groups(self) -> Groups {
        let Exits {
            mut parts,
            mut others,
        } = self;
        // Where the numbers of parts mix, nobody knows of which one a session is.
        parts.sort_unstable_by_key(|part| part.first);
        let mut through = i64::MIN;
        for part in &mut parts {
            if part.first <= through {
                others.append(&mut part.own);
            }
            through = through.max(part.last);
        }
        last_of_each(&mut others);
        let mut left = &others[..];
        let mut pages = Pages::default();
        let mut met = Vec::new();
        for part in parts.into_iter().filter(|part| !part.own.is_empty()) {
            let (before, from) =
                left.split_at(left.partition_point(|last| last.session < part.first));
            let (later, after) =
                from.split_at(from.partition_point(|last| last.session <= part.last));
            before.iter().for_each(|last| pages.add(last));
            met.push((part, later));
            left = after;
        }
        left.iter().for_each(|last| pages.add(last));
        let met = met.into_par_iter().map(|(part, later)| part.pages(later));
        pages.with(met.reduce(Pages::default, Pages::with)).groups()
    }
}

/// Leaves the last one of each session, in the order of sessions.
fn last_of_each(lasts: &mut Vec<Last>) {
    lasts.sort_unstable_by_key(|last| (last.session, Reverse(last.at)));
    lasts.dedup_by_key(|last| last.session);
}

/// Sessions that ended on each page, and whose they were.
#[derive(Default)]
struct Pages(HashMap<u32, (u64, Vec<u32>), RandomState>);

impl Pages {
    fn add(&mut self, last: &Last) {
        let (sessions, visitors) = self.0.entry(last.url).or_default();
        *sessions += 1;
        visitors.push(last.visitor);
    }

    /// These and others.
    fn with(mut self, others: Pages) -> Pages {
        if self.0.is_empty() {
            return others;
        }
        for (url, (sessions, mut visitors)) in others.0 {
            let known = self.0.entry(url).or_default();
            known.0 += sessions;
            known.1.append(&mut visitors);
        }
        self
    }

    fn groups(self) -> Groups {
        let cell = |(sessions, visitors)| Cell {
            counts: Counts {
                sessions,
                ..Counts::default()
            },
            visitors: Visitors::of(visitors),
            revenue: Default::default(),
        };
        let pages = self.0.into_par_iter();
        pages
            .map(|(url, page)| (Key::Number(url), cell(page)))
            .collect()
    }
}

/// A set of the log's numbers.
enum Numbers {
    /// A bit for each from the first one on.
    Near(i64, Vec<u64>),
    Far(HashSet<i64, RandomState>),
}

impl Numbers {
    /// Of so many, more or less, that are mostly between these two.
    fn within(first: i64, last: i64, count: usize) -> Numbers {
        match usize::try_from(last.saturating_sub(first)) {
            Ok(range) if range / SPREAD <= count => Numbers::Near(first, vec![0; range / 64 + 1]),
            _ => Numbers::Far(HashSet::default()),
        }
    }

    /// Adds one, and says whether it is new. One that is not between the two may be left out.
    #[inline]
    fn insert(&mut self, number: i64) -> bool {
        match self {
            Numbers::Far(numbers) => numbers.insert(number),
            Numbers::Near(first, bits) => {
                let at = number.wrapping_sub(*first) as usize;
                let bit = 1 << (at % 64);
                let Some(bits) = bits.get_mut(at / 64) else {
                    return true;
                };
                let is_new = *bits & bit == 0;
                *bits |= bit;
                is_new
            }
        }
    }

    #[inline]
    fn contains(&self, number: i64) -> bool {
        match self {
            Numbers::Far(numbers) => numbers.contains(&number),
            Numbers::Near(first, bits) => {
                let at = number.wrapping_sub(*first) as usize;
                bits.get(at / 64)
                    .is_some_and(|bits| bits & 1 << (at % 64) != 0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::session::Place;
    use proptest::prelude::*;

    /// Events of a few sessions, how far their numbers lie apart, and into which of some parts each goes; the last are not
    /// sealed.
    fn rows() -> impl Strategy<Value = Vec<(usize, Row)>> {
        let one = (0i64..12, 0i64..50, 0u32..2, 1u32..4, 0usize..4);
        (
            proptest::collection::vec(one, 1..80),
            prop_oneof![Just(1), Just(100), Just(100_000)],
            any::<bool>(),
        )
            .prop_map(|(drawn, apart, is_in_order)| {
                let count = drawn.len();
                let mut begun: HashMap<i64, i64> = HashMap::new();
                let numbered = drawn.into_iter().zip(1..);
                numbered
                    .map(|((session, at, goal, url, part), nth)| {
                        let id = nth * apart;
                        let part = match is_in_order {
                            true => nth as usize * 4 / (count + 1),
                            false => part,
                        };
                        let session = match session {
                            0 => 0,
                            session => *begun.entry(session).or_insert(id),
                        };
                        let row = Row {
                            id,
                            site: 1,
                            day: 20_000,
                            at,
                            goal,
                            visitor: session as u32 % 7 + 1,
                            place: Place {
                                session,
                                begins: session == id,
                                ..Place::default()
                            },
                            url,
                            revenue: None,
                            metadata: None,
                        };
                        (part, row)
                    })
                    .collect()
            })
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(rows in 0usize..9, bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
            let part = Part { id: 1, day: 20_000, first: 1, last: 9, rows, rolled: false };
            let last = Last { session: 3, at: (7, 8), url: 9, visitor: 10 };
            let of_part = OfPart { first: 1, last: 9, own: vec![last; rows / 2], others: vec![last; rows] };
            let mut encoded = of_part.encode();
            let at = at.index(encoded.len());
            encoded[at] = byte;
            for bytes in [encoded, bytes] {
                if let Ok(of_part) = OfPart::decode(&bytes, &part) {
                    let mut exits = Exits::default();
                    exits.add(of_part);
                    exits.groups();
                }
            }
        }

        #[test]
        fn each_session_ends_once_however_its_events_are_spread(rows in rows()) {
            let connection = Connection::open_in_memory().unwrap();
            connection
                .execute_batch("CREATE TABLE part (id INTEGER PRIMARY KEY, data BLOB); CREATE TABLE part_sums (part, by, data)")
                .unwrap();
            let mut exits = Exits::default();
            for id in 0..3 {
                let mut rows: Vec<&Row> = rows.iter().filter(|(of, _)| *of == id).map(|(_, row)| row).collect();
                let (Some(first), Some(last)) = (rows.iter().map(|r| r.id).min(), rows.iter().map(|r| r.id).max()) else {
                    continue;
                };
                let part = Part { id: id as i64, day: 20_000, first, last, rows: rows.len(), rolled: false };
                let data = part::encode(&mut rows);
                connection.execute("INSERT INTO part VALUES (?1, ?2)", (part.id, data)).unwrap();
                let of_part = OfPart::read(&connection, &part, &[]).unwrap();
                exits.add(OfPart::decode(&of_part.encode(), &part).unwrap());
            }
            rows.iter().filter(|(of, _)| *of == 3).for_each(|(_, row)| exits.row(row, &[]));

            let mut last: HashMap<i64, &Row> = HashMap::new();
            for (_, row) in rows.iter().filter(|(_, row)| row.goal == 0 && row.place.session != 0) {
                let known = last.entry(row.place.session).or_insert(row);
                if (known.at, known.id) < (row.at, row.id) {
                    *known = row;
                }
            }
            let mut pages = Pages::default();
            for (session, row) in last {
                pages.add(&Last { session, at: (row.at, row.id), url: row.url, visitor: row.visitor });
            }
            let (found, right) = (exits.groups(), pages.groups());
            prop_assert_eq!(found.len(), right.len());
            for (page, cell) in right {
                prop_assert_eq!(found[&page].counts, cell.counts);
                prop_assert_eq!(found[&page].visitors.bitmap(), cell.visitors.bitmap());
            }
        }
    }
}
