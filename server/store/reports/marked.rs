//! Single events that belong to some sets, by visitor and in order: what funnels, cohorts and journeys are made of.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use rusqlite::Connection;

use super::cell::Key;
use super::file::{Columns, Part, ReadError};
use super::group::{By, Grouping};
use super::part::{self, Coded, Kind};
use super::row::{Revenue, Row};
use super::test::{Test, passes, passing};

/// An event that belongs to at least one set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marked {
    /// Whose.
    pub visitor: u32,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Its number in the log.
    pub id: i64,
    /// Its day in the site's zone, in days since 1970.
    pub day: i32,
    /// The place of its group's key in [`Found::keys`].
    pub key: u32,
    /// To which sets it belongs: a bit a set, the lowest for the first.
    pub sets: u8,
}

/// Sets that there may be.
pub const SETS: usize = u8::BITS as usize;

/// Which events are wanted.
pub struct Wanted<'a> {
    /// The sets, each with its bits: an event of none of them is left out.
    pub sets: &'a [(u8, Test)],
    /// What each of them must pass beside.
    pub tests: &'a [Test],
    /// What they are grouped by, each alone or as one of several; those in no group have a key all the same: `None`.
    pub by: &'a By,
    /// Whose events are one's, where not each visitor is meant alone: gives the number that stands for several.
    pub one_of: Option<&'a (dyn Fn(u32) -> u32 + Sync)>,
    /// Whether of a visitor's events of one day, sets and group the first are enough. Later ones may come too.
    pub once_a_day: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The events.
    pub events: Events,
    /// The keys of their groups.
    pub keys: Vec<Option<Key>>,
}

/// An event that brought money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Whose; 0 for nobody's.
    pub visitor: u32,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Its number in the log.
    pub id: i64,
    /// Its day in the site's zone, in days since 1970.
    pub day: i32,
    /// In smallest units.
    pub minor: i64,
    /// Three letters.
    pub currency: [u8; 3],
}

/// Those of a part.
pub(super) fn part(
    connection: &Connection,
    part: &Part,
    wanted: &Wanted,
) -> Result<Found, ReadError> {
    let columns = Columns::open(connection, part)?;
    let n = columns.head.rows;
    let Some(all) = passing(&columns, part.day, wanted.tests)? else {
        return Ok(Found::default());
    };
    let mut belongs = vec![0u8; n];
    for (bits, set) in wanted.sets {
        if let Some(rows) = passing(&columns, part.day, std::slice::from_ref(set))? {
            for (belongs, passes) in belongs.iter_mut().zip(rows) {
                *belongs |= u8::from(passes) * bits;
            }
        }
    }
    let some = belongs.iter().zip(&all).zip(0..);
    let some = some.filter(|((sets, passes), _)| **sets != 0 && **passes);
    let some: Vec<u32> = some.map(|(_, row)| row).collect();
    if some.is_empty() {
        return Ok(Found::default());
    }
    let Grouping { keys, rows: groups } = Grouping::of_some(&columns, wanted.by, &some)?
        .unwrap_or_else(|| Grouping {
            keys: vec![None],
            rows: vec![0; some.len()],
        });
    let ids = columns.column(Kind::Id)?;
    let ids = part::numbered(&ids, n)?;
    let at = columns.column(Kind::At)?;
    let at = part::numbered(&at, n)?;
    let visitors = columns.column(Kind::Visitor)?;
    let visitors = Coded::read(&visitors, n)?;
    // Each visitor is looked up once.
    let whose: Vec<u32> = match wanted.one_of {
        None => visitors.occurs.clone(),
        Some(one_of) => visitors.occurs.iter().map(|one| one_of(*one)).collect(),
    };
    let mut first = wanted.once_a_day.then(|| First::new(visitors.occurs.len()));
    let mut events = Vec::with_capacity(match first {
        Some(_) => visitors.occurs.len().min(some.len()),
        None => some.len(),
    });
    for (i, key) in some.into_iter().zip(groups) {
        let i = i as usize;
        let visitor = visitors.place(i)?;
        if visitors.occurs[visitor] == 0 {
            continue;
        }
        let sets = belongs[i];
        if let Some(first) = &mut first
            && !first.is_first(&events, visitor, key, sets)
        {
            continue;
        }
        events.push(Marked {
            visitor: whose[visitor],
            at: at.get(i)?,
            // The log's numbers are kept less their place.
            id: ids.get(i)?.wrapping_add(i as i64),
            day: part.day,
            key,
            sets,
        });
    }
    Ok(Found {
        events: Events(vec![events]),
        keys,
    })
}

/// Those of the rows.
pub(super) fn rows<'a>(rows: impl Iterator<Item = &'a Row>, wanted: &Wanted) -> Found {
    let (mut found, mut events) = (Found::default(), Vec::new());
    let mut keys = Keys::default();
    for row in rows.filter(|row| row.visitor != 0 && passes(row, wanted.tests)) {
        let belongs =
            |(bits, set): &(u8, Test)| u8::from(passes(row, std::slice::from_ref(set))) * bits;
        let sets = wanted.sets.iter().map(belongs);
        let sets = sets.fold(0, |all, one| all | one);
        if sets != 0 {
            let one_of = wanted.one_of;
            events.push(Marked {
                visitor: one_of.map_or(row.visitor, |one_of| one_of(row.visitor)),
                at: row.at,
                id: row.id,
                day: row.day,
                key: keys.number(wanted.by.key(row), &mut found.keys),
                sets,
            });
        }
    }
    found.events = Events(vec![events]);
    found
}

/// Lets pass what is the first of its kind, where that is enough: a part's rows are in the order in which they happened.
struct First {
    /// For each visitor of the part the last of its events that was let pass.
    last: Vec<u32>,
    /// For each of those the one of the same visitor before.
    before: Vec<u32>,
}

/// No event.
const NONE: u32 = u32::MAX;

impl First {
    fn new(visitors: usize) -> First {
        First {
            last: vec![NONE; visitors],
            before: Vec::new(),
        }
    }

    /// Whether a visitor, by its place in the part's list, has had none with this key and these sets; from now on it has.
    fn is_first(&mut self, events: &[Marked], visitor: usize, key: u32, sets: u8) -> bool {
        let mut place = self.last[visitor];
        while let Some(known) = events.get(place as usize) {
            if (known.key, known.sets) == (key, sets) {
                return false;
            }
            place = self.before[place as usize];
        }
        self.before.push(self.last[visitor]);
        self.last[visitor] = events.len() as u32;
        true
    }
}

/// Keys by number.
#[derive(Default)]
pub(in crate::store) struct Keys(HashMap<Option<Key>, u32, RandomState>);

impl Keys {
    pub(in crate::store) fn number(&mut self, key: Option<Key>, all: &mut Vec<Option<Key>>) -> u32 {
        *self.0.entry(key).or_insert_with_key(|key| {
            all.push(key.clone());
            all.len() as u32 - 1
        })
    }
}

impl Found {
    /// All of these as one.
    pub(super) fn of(mut all: Vec<Found>) -> Found {
        let mut keys = Keys::default();
        let mut found = Found::default();
        let mut counts: Vec<usize> = Vec::new();
        let mut numbers: Vec<Vec<u32>> = Vec::new();
        for one in &mut all {
            let mine = one.keys.drain(..);
            let mine = mine.map(|key| keys.number(key, &mut found.keys));
            numbers.push(mine.collect());
            for event in one.events.iter() {
                let share = share(event.visitor);
                if share >= counts.len() {
                    counts.resize(share + 1, 0);
                }
                counts[share] += 1;
            }
        }
        // Each thread has shares of its own, and takes what is theirs; of some parts after the other, so that they can go.
        let threads = rayon::current_num_threads().clamp(1, counts.len().max(1));
        let each = counts.len().div_ceil(threads).max(1);
        let mut shares: Vec<Vec<Marked>> = counts.into_iter().map(Vec::with_capacity).collect();
        let some = all.len().div_ceil(BLOCKS).max(1);
        let mut numbers = numbers.chunks(some);
        while !all.is_empty() {
            let block: Vec<Found> = all.drain(..some.min(all.len())).collect();
            let numbers = numbers.next().unwrap_or_default();
            let mine = |(nth, shares): (usize, &mut [Vec<Marked>])| {
                let first = nth * each;
                for (one, numbers) in block.iter().zip(numbers) {
                    for event in one.events.iter() {
                        let place = share(event.visitor).checked_sub(first);
                        if let Some(share) = place.and_then(|place| shares.get_mut(place)) {
                            let key = numbers[event.key as usize];
                            share.push(Marked { key, ..*event });
                        }
                    }
                }
            };
            shares.par_chunks_mut(each).enumerate().for_each(mine);
        }
        shares.par_chunks_mut(each).for_each(|shares| {
            let mut room = Vec::new();
            shares.iter_mut().for_each(|share| sort(share, &mut room));
        });
        found.events = Events(shares);
        found
    }
}

/// Brings a share in order. Most of it came as it happened, so that each visitor's events need hardly be moved.
fn sort(share: &mut [Marked], room: &mut Vec<Marked>) {
    let mut ends = [0u32; TOGETHER as usize + 1];
    let place = |event: &Marked| (event.visitor % TOGETHER) as usize;
    for event in share.iter() {
        ends[place(event) + 1] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        sum += *end;
        *end = sum;
    }
    room.clear();
    room.extend_from_slice(share);
    for event in room.iter() {
        let end = &mut ends[place(event)];
        share[*end as usize] = *event;
        *end += 1;
    }
    for events in share.chunk_by_mut(|a, b| a.visitor == b.visitor) {
        if !events.is_sorted() {
            events.sort_unstable();
        }
    }
}

/// In so many blocks what was found is brought in order.
const BLOCKS: usize = 16;

/// Visitors whose events are kept together: as few as a processor's cache holds the events of.
const TOGETHER: u32 = 2048;

fn share(visitor: u32) -> usize {
    (visitor / TOGETHER) as usize
}

/// Events by visitor, then in the order in which they happened; events of nobody are left out. Of visitors whose numbers are
/// near they lie together.
#[derive(Debug, Default)]
pub struct Events(Vec<Vec<Marked>>);

impl Events {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Marked> {
        self.0.iter().flatten()
    }

    /// Those of each visitor.
    pub fn of_each(&self) -> impl Iterator<Item = &[Marked]> {
        self.shares().flat_map(of_each)
    }

    /// The same in shares that can be looked at one beside the other: of two, each visitor is in those at the same place.
    pub fn shares(&self) -> impl Iterator<Item = &[Marked]> {
        self.0.iter().map(Vec::as_slice)
    }
}

/// Those of each visitor, of events by visitor.
pub fn of_each(events: &[Marked]) -> impl Iterator<Item = &[Marked]> {
    events.chunk_by(|a, b| a.visitor == b.visitor)
}

impl From<Vec<Marked>> for Events {
    /// From events in order.
    fn from(events: Vec<Marked>) -> Events {
        let mut shares: Vec<Vec<Marked>> = Vec::new();
        for event in events {
            let place = share(event.visitor);
            if place >= shares.len() {
                shares.resize_with(place + 1, Vec::new);
            }
            shares[place].push(event);
        }
        Events(shares)
    }
}

/// Events of a part that brought money and pass `tests`.
pub(super) fn paid(
    connection: &Connection,
    part: &Part,
    tests: &[Test],
) -> Result<Vec<Paid>, ReadError> {
    let columns = Columns::open(connection, part)?;
    let n = columns.head.rows;
    let mut revenue = part::revenue(&columns.column(Kind::Revenue)?)?;
    if revenue.is_empty() {
        return Ok(Vec::new());
    }
    let Some(passes) = passing(&columns, part.day, tests)? else {
        return Ok(Vec::new());
    };
    revenue.retain(|(row, _)| passes.get(*row).copied().unwrap_or_default());
    let ids = part::ids(&columns.column(Kind::Id)?, n)?;
    let at = part::numbers(&columns.column(Kind::At)?, n)?;
    let visitors = part::codes(&columns.column(Kind::Visitor)?, n)?;
    let event = |(row, revenue): (usize, Revenue)| Paid {
        visitor: visitors.occurs[visitors.rows[row] as usize],
        at: at[row],
        id: ids[row],
        day: part.day,
        minor: revenue.minor,
        currency: revenue.currency,
    };
    Ok(revenue.into_iter().map(event).collect())
}

/// Those of the rows that brought money and pass `tests`.
pub(super) fn paid_rows<'a>(
    rows: impl Iterator<Item = &'a Row>,
    tests: &[Test],
) -> impl Iterator<Item = Paid> {
    rows.filter(|row| passes(row, tests)).filter_map(|row| {
        let revenue = row.revenue?;
        Some(Paid {
            visitor: row.visitor,
            at: row.at,
            id: row.id,
            day: row.day,
            minor: revenue.minor,
            currency: revenue.currency,
        })
    })
}
