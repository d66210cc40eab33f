//! Single events that belong to some sets, by visitor and in order: what funnels, cohorts and journeys are made of.

use std::collections::HashMap;
use std::fmt;

use foldhash::fast::RandomState;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rusqlite::Connection;

use super::bytes::Damaged;
use super::cell::Key;
use super::file::{Columns, Part, ReadError};
use super::group::{By, Grouping};
use super::part::{self, Coded, Kind};
use super::row::{Revenue, Row};
use super::test::{Test, passes, passing};

/// An event that belongs to at least one set, in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
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

/// The same in 24 bytes: of what people did in a year there are millions. In the order of visitors, times and numbers.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marked {
    /// Whose.
    pub visitor: u32,
    /// The time, and the upper bits of the number.
    high: u64,
    /// The lower bits of the number, the day, the sets.
    low: u64,
    /// The place of its group's key in [`Found::keys`].
    pub key: u32,
}

/// Bits of the time: every instant from 6950 BC to 10889 AD.
const AT: u32 = 49;
/// The instant that is 0, so that earlier ones are less.
const EPOCH: i64 = 1 << (AT - 1);
/// Bits of the number below those that stand with the time.
const ID: u32 = 32;
/// Bits of the day.
const DAY: u32 = 24;

impl From<Event> for Marked {
    fn from(event: Event) -> Marked {
        let at = event.at.clamp(-EPOCH, EPOCH - 1) + EPOCH;
        // A log that gets a million events a second fills the 47 bits in four years.
        let id = event.id as u64;
        let day = u64::from(event.day as u32) << (u64::BITS - DAY) >> (u64::BITS - DAY);
        Marked {
            visitor: event.visitor,
            high: (at as u64) << (u64::BITS - AT) | id >> ID & ((1 << (u64::BITS - AT)) - 1),
            low: id << ID | day << u8::BITS | u64::from(event.sets),
            key: event.key,
        }
    }
}

impl From<Marked> for Event {
    fn from(marked: Marked) -> Event {
        Event {
            visitor: marked.visitor,
            at: marked.at(),
            id: marked.id(),
            day: marked.day(),
            key: marked.key,
            sets: marked.sets(),
        }
    }
}

impl Marked {
    /// When, in milliseconds since 1970.
    pub fn at(&self) -> i64 {
        (self.high >> (u64::BITS - AT)) as i64 - EPOCH
    }

    /// Its number in the log.
    pub fn id(&self) -> i64 {
        let upper = self.high & ((1 << (u64::BITS - AT)) - 1);
        (upper << ID | self.low >> ID) as i64
    }

    /// Its day in the site's zone, in days since 1970.
    pub fn day(&self) -> i32 {
        (self.low as u32 as i32) >> u8::BITS
    }

    /// To which sets it belongs: a bit a set, the lowest for the first.
    pub fn sets(&self) -> u8 {
        self.low as u8
    }
}

impl fmt::Debug for Marked {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        Event::from(*self).fmt(f)
    }
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
    /// The sets, by their bits, of whose events the money is wanted, nobody's too. Such a set alone makes no event.
    pub paid: u8,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The events.
    pub events: Events,
    /// The keys of their groups.
    pub keys: Vec<Option<Key>>,
    /// What was paid, in no order.
    pub paid: Vec<Paid>,
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

/// What was found of some parts, one after the other.
#[derive(Default)]
pub(in crate::store) struct Pile {
    shares: Vec<Share>,
    keys: Keys,
    paid: Vec<Paid>,
    /// Events that aren't with the others yet, and room to sort them.
    room: Vec<Marked>,
    sorted: Vec<Marked>,
    ends: Vec<u32>,
}

/// Which of a part's rows are events.
struct Belonging {
    /// These.
    some: Vec<u32>,
    /// The sets of each row.
    sets: Vec<u8>,
}

/// `None` when no row is in any set.
fn belonging(columns: &Columns, day: i32, wanted: &Wanted) -> Result<Option<Belonging>, ReadError> {
    let mut sets = vec![0u8; columns.head.rows];
    let mut is_any = false;
    for (bits, set) in wanted.sets {
        if let Some(rows) = passing(columns, day, std::slice::from_ref(set))? {
            is_any = true;
            for (sets, passes) in sets.iter_mut().zip(rows) {
                *sets |= u8::from(passes) * bits;
            }
        }
    }
    if !is_any {
        return Ok(None);
    }
    if !wanted.tests.is_empty() {
        let Some(rows) = passing(columns, day, wanted.tests)? else {
            return Ok(None);
        };
        for (sets, passes) in sets.iter_mut().zip(rows) {
            *sets *= u8::from(passes);
        }
    }
    // Each row is put down, and stays if it is one: nothing has to be guessed.
    let mut some = vec![0; sets.len()];
    let mut count = 0;
    for (row, sets) in (0..).zip(&sets) {
        some[count] = row;
        count += usize::from(sets & !wanted.paid != 0);
    }
    some.truncate(count);
    Ok(Some(Belonging { some, sets }))
}

impl Pile {
    /// Of these parts.
    pub(super) fn of_parts(
        connection: &Connection,
        parts: &[Part],
        wanted: &Wanted,
    ) -> Result<Pile, ReadError> {
        let mut pile = Pile::default();
        for part in parts {
            pile.part(connection, part, wanted)?;
        }
        Ok(pile)
    }

    fn part(
        &mut self,
        connection: &Connection,
        part: &Part,
        wanted: &Wanted,
    ) -> Result<(), ReadError> {
        let columns = Columns::open(connection, part)?;
        let n = columns.head.rows;
        let Some(Belonging { some, sets }) = belonging(&columns, part.day, wanted)? else {
            return Ok(());
        };
        let mut paid = match wanted.paid {
            0 => Vec::new(),
            _ => part::revenue(&columns.column(Kind::Revenue)?)?,
        };
        paid.retain(|(row, _)| sets.get(*row).is_some_and(|sets| sets & wanted.paid != 0));
        if some.is_empty() && paid.is_empty() {
            return Ok(());
        }
        let ids = columns.column(Kind::Id)?;
        let ids = part::numbered(&ids, n)?;
        // The log's numbers are kept less their place.
        let id = |row: usize| Ok::<_, Damaged>(ids.get(row)?.wrapping_add(row as i64));
        let at = columns.column(Kind::At)?;
        let at = part::numbered(&at, n)?;
        let visitors = columns.column(Kind::Visitor)?;
        let visitors = Coded::read(&visitors, n)?;
        for (row, Revenue { minor, currency }) in paid {
            self.paid.push(Paid {
                visitor: visitors.occurs[visitors.place(row)?],
                at: at.get(row)?,
                id: id(row)?,
                day: part.day,
                minor,
                currency,
            });
        }
        if some.is_empty() {
            return Ok(());
        }
        let (keys, groups) = match Grouping::of_some(&columns, wanted.by, &some)? {
            Some(Grouping { keys, rows }) => (keys, rows),
            None => (vec![None], vec![0; some.len()]),
        };
        let keys: Vec<u32> = keys.into_iter().map(|key| self.keys.number(key)).collect();
        // Each visitor is looked up once.
        let whose: Vec<u32> = match wanted.one_of {
            None => visitors.occurs.clone(),
            Some(one_of) => visitors.occurs.iter().map(|one| one_of(*one)).collect(),
        };
        let mut first = wanted.once_a_day.then(|| First::new(whose.len()));
        for (row, group) in some.into_iter().zip(groups) {
            let row = row as usize;
            let visitor = visitors.place(row)?;
            if visitors.occurs[visitor] == 0 {
                continue;
            }
            let sets = sets[row] & !wanted.paid;
            if let Some(first) = &mut first
                && !first.is_first(visitor, group, sets)
            {
                continue;
            }
            let event = Event {
                visitor: whose[visitor],
                at: at.get(row)?,
                id: id(row)?,
                day: part.day,
                key: keys[group as usize],
                sets,
            };
            self.room.push(event.into());
        }
        self.settle();
        Ok(())
    }

    /// Of these rows.
    pub(super) fn of_rows<'a>(rows: impl Iterator<Item = &'a Row>, wanted: &Wanted) -> Pile {
        let mut pile = Pile::default();
        for row in rows.filter(|row| passes(row, wanted.tests)) {
            let belongs =
                |(bits, set): &(u8, Test)| u8::from(passes(row, std::slice::from_ref(set))) * bits;
            let sets = wanted.sets.iter().map(belongs);
            let sets = sets.fold(0, |all, one| all | one);
            if let Some(Revenue { minor, currency }) = row.revenue
                && sets & wanted.paid != 0
            {
                pile.paid.push(Paid {
                    visitor: row.visitor,
                    at: row.at,
                    id: row.id,
                    day: row.day,
                    minor,
                    currency,
                });
            }
            let sets = sets & !wanted.paid;
            if sets != 0 && row.visitor != 0 {
                let key = pile.keys.number(wanted.by.key(row));
                let one_of = wanted.one_of;
                let event = Event {
                    visitor: one_of.map_or(row.visitor, |one_of| one_of(row.visitor)),
                    at: row.at,
                    id: row.id,
                    day: row.day,
                    key,
                    sets,
                };
                pile.room.push(event.into());
            }
        }
        pile.settle();
        pile
    }

    /// Puts an event in whose group has this key.
    pub(in crate::store) fn event(&mut self, key: Option<Key>, event: Event) {
        let key = self.keys.number(key);
        self.room.push(Event { key, ..event }.into());
        if self.room.len() == ROOM_OF_ALL {
            self.settle();
        }
    }

    /// Puts in what somebody paid.
    pub(in crate::store) fn payment(&mut self, paid: Paid) {
        self.paid.push(paid);
    }

    /// The same when there is no more.
    pub(in crate::store) fn ended(mut self) -> Pile {
        self.settle();
        self
    }

    /// Brings what came last to the others. Sorted by shares while it is at hand, it goes far away in few pieces.
    fn settle(&mut self) {
        let shares = self.room.iter().map(|event| share(event.visitor) + 1);
        let shares = shares.max().unwrap_or_default();
        if shares > self.shares.len() {
            self.shares.resize_with(shares, Share::default);
        }
        self.ends.clear();
        self.ends.resize(shares + 1, 0);
        for event in &self.room {
            self.ends[share(event.visitor) + 1] += 1;
        }
        sum_up(&mut self.ends);
        self.sorted.resize(self.room.len(), Marked::default());
        for event in self.room.drain(..) {
            let end = &mut self.ends[share(event.visitor)];
            self.sorted[*end as usize] = event;
            *end += 1;
        }
        let mut from = 0;
        for (share, end) in self.shares.iter_mut().zip(&self.ends) {
            share.add(&self.sorted[from..*end as usize]);
            from = *end as usize;
        }
    }
}

/// Makes counts, each at the place after its own, into the places where what they count begins.
fn sum_up(counts: &mut [u32]) {
    let mut sum = 0;
    for count in counts {
        sum += *count;
        *count = sum;
    }
}

/// Events of visitors whose numbers are near, in the order in which they came. They grow without being moved.
#[derive(Default)]
struct Share {
    full: Vec<Vec<Marked>>,
    last: Vec<Marked>,
}

/// Events that are sorted at once where they come one by one.
const ROOM_OF_ALL: usize = 1 << 16;

/// Events that a share takes room for at once, at first and at most.
const ROOM: (usize, usize) = (4, 128);

impl Share {
    fn add(&mut self, mut events: &[Marked]) {
        while !events.is_empty() {
            if self.last.len() == self.last.capacity() {
                let room = (self.last.len() * 2).clamp(ROOM.0, ROOM.1);
                let full = std::mem::replace(&mut self.last, Vec::with_capacity(room));
                if !full.is_empty() {
                    self.full.push(full);
                }
            }
            let room = self.last.capacity() - self.last.len();
            let (now, then) = events.split_at(room.min(events.len()));
            self.last.extend_from_slice(now);
            events = then;
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Marked> {
        self.full.iter().flatten().chain(&self.last)
    }
}

/// Lets pass what is the first of its kind, where that is enough: a part's rows are in the order in which they happened.
struct First {
    /// For each visitor of the part the last of its events that was let pass.
    last: Vec<u32>,
    /// For each of those its group and sets, and the one of the same visitor before.
    passed: Vec<(u32, u8, u32)>,
}

/// No event.
const NONE: u32 = u32::MAX;

impl First {
    fn new(visitors: usize) -> First {
        First {
            last: vec![NONE; visitors],
            passed: Vec::with_capacity(visitors),
        }
    }

    /// Whether a visitor, by its place in the part's list, has had none in this group and these sets; from now on it has.
    fn is_first(&mut self, visitor: usize, group: u32, sets: u8) -> bool {
        let mut place = self.last[visitor];
        while let Some((known, of, before)) = self.passed.get(place as usize) {
            if (*known, *of) == (group, sets) {
                return false;
            }
            place = *before;
        }
        let before = std::mem::replace(&mut self.last[visitor], self.passed.len() as u32);
        self.passed.push((group, sets, before));
        true
    }
}

/// Keys by number.
#[derive(Default)]
struct Keys {
    all: Vec<Option<Key>>,
    numbers: HashMap<Option<Key>, u32, RandomState>,
}

impl Keys {
    fn number(&mut self, key: Option<Key>) -> u32 {
        *self.numbers.entry(key).or_insert_with_key(|key| {
            self.all.push(key.clone());
            self.all.len() as u32 - 1
        })
    }
}

impl Found {
    /// What all of these hold. Events that are later are best in later ones.
    pub(super) fn of(piles: Vec<Pile>) -> Found {
        let mut keys = Keys::default();
        let mut paid = Vec::new();
        let mut numbers: Vec<Vec<u32>> = Vec::new();
        let mut shares: Vec<Vec<(usize, Share)>> = Vec::new();
        for (nth, pile) in piles.into_iter().enumerate() {
            let mine = pile.keys.all.into_iter();
            numbers.push(mine.map(|key| keys.number(key)).collect());
            paid.extend(pile.paid);
            if shares.len() < pile.shares.len() {
                shares.resize_with(pile.shares.len(), Vec::new);
            }
            for (all, share) in shares.iter_mut().zip(pile.shares) {
                if !share.last.is_empty() {
                    all.push((nth, share));
                }
            }
        }
        let shares = shares.into_par_iter();
        let shares = shares.map(|share| in_order(share, &numbers)).collect();
        Found {
            events: Events(shares),
            keys: keys.all,
            paid,
        }
    }
}

/// One share of all piles in order, with the numbers that the keys of each pile have among all. Most of it came as it
/// happened, so that each visitor's events need hardly be moved.
fn in_order(share: Vec<(usize, Share)>, numbers: &[Vec<u32>]) -> Vec<Marked> {
    let mut ends = [0u32; TOGETHER as usize + 1];
    let place = |event: &Marked| (event.visitor % TOGETHER) as usize;
    for event in share.iter().flat_map(|(_, share)| share.iter()) {
        ends[place(event) + 1] += 1;
    }
    sum_up(&mut ends);
    let all = ends.last().copied().unwrap_or_default();
    let mut events = vec![Marked::default(); all as usize];
    for (nth, Share { full, last }) in share {
        let numbers = &numbers[nth];
        for some in full.into_iter().chain([last]) {
            for event in some {
                let end = &mut ends[place(&event)];
                let key = numbers[event.key as usize];
                events[*end as usize] = Marked { key, ..event };
                *end += 1;
            }
        }
    }
    for events in events.chunk_by_mut(|a, b| a.visitor == b.visitor) {
        if !events.is_sorted() {
            events.sort_unstable();
        }
    }
    events
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event() -> impl Strategy<Value = Event> {
        let (at, day) = (-EPOCH..EPOCH, -(1 << 23)..1 << 23);
        let fields = (any::<u32>(), at, 0i64..1 << 47, day, any::<(u32, u8)>());
        fields.prop_map(|(visitor, at, id, day, (key, sets))| Event {
            visitor,
            at,
            id,
            day,
            key,
            sets,
        })
    }

    proptest! {
        #[test]
        fn events_come_back_as_they_went_in(event in event()) {
            prop_assert_eq!(Event::from(Marked::from(event)), event);
        }

        #[test]
        fn events_are_in_order_of_visitors_times_and_numbers(a in event(), b in event(), same in 0..3) {
            let b = Event {
                visitor: if same > 0 { a.visitor } else { b.visitor },
                at: if same > 1 { a.at } else { b.at },
                ..b
            };
            let order = (a.visitor, a.at, a.id).cmp(&(b.visitor, b.at, b.id));
            prop_assert_eq!(Marked::from(a).cmp(&Marked::from(b)), order);
        }
    }

    #[test]
    fn an_event_takes_24_bytes() {
        assert_eq!(size_of::<Marked>(), 24);
    }
}
