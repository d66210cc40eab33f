//! What was found of some parts, and how it becomes one: events come part by part, and are wanted visitor by visitor.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rusqlite::Connection;

use super::alike::Counted;
use super::bytes::Damaged;
use super::cell::Key;
use super::file::{Columns, Part, ReadError};
use super::group::Grouping;
use super::marked::{Event, Events, Found, Marked, Paid, TOGETHER, Wanted, share};
use super::part::{self, Coded, Kind};
use super::row::{Revenue, Row};
use super::test::{Test, passes, passing};

/// What was found of some parts, one after the other.
#[derive(Default)]
pub(in crate::store) struct Pile {
    shares: Vec<Share>,
    keys: Keys,
    paid: Vec<Paid>,
    counted: Counted,
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
        let key = self.key(key);
        self.room.push(Event { key, ..event }.into());
        if self.room.len() == ROOM_OF_ALL {
            self.settle();
        }
    }

    /// Puts in what somebody paid.
    pub(in crate::store) fn payment(&mut self, paid: Paid) {
        self.paid.push(paid);
    }

    /// The number of a group's key.
    pub(in crate::store) fn key(&mut self, key: Option<Key>) -> u32 {
        self.keys.number(key)
    }

    /// Puts in people who are counted, with numbers of keys.
    pub(in crate::store) fn counted(&mut self) -> &mut Counted {
        &mut self.counted
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
        let (mut paid, mut counted) = (Vec::new(), Counted::default());
        let mut numbers: Vec<Vec<u32>> = Vec::new();
        let mut shares: Vec<Vec<(usize, Share)>> = Vec::new();
        for (nth, pile) in piles.into_iter().enumerate() {
            let mine = pile.keys.all.into_iter();
            let mine: Vec<u32> = mine.map(|key| keys.number(key)).collect();
            counted.add(pile.counted, |key| mine[key as usize]);
            numbers.push(mine);
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
            counted,
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
            for mut event in some {
                let end = &mut ends[place(&event)];
                event.key = numbers[event.key as usize];
                events[*end as usize] = event;
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
