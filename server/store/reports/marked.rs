//! Single events that belong to some sets, by visitor and in order: what funnels, cohorts and journeys are made of.

use std::fmt;

use super::alike::{Alike, Counted};
use super::cell::Key;
use super::group::By;
use super::test::Test;

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
#[derive(Clone, Copy)]
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
    /// Of which people it is enough to know how many did the same.
    pub alike: Option<Alike<'a>>,
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
    /// People who are counted instead.
    pub counted: Counted,
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

/// Visitors whose events are kept together: as few as a processor's cache holds the events of.
pub(super) const TOGETHER: u32 = 2048;

pub(super) fn share(visitor: u32) -> usize {
    (visitor / TOGETHER) as usize
}

/// Events by visitor, then in the order in which they happened; events of nobody are left out. Of visitors whose numbers are
/// near they lie together.
#[derive(Debug, Default)]
pub struct Events(pub(super) Vec<Vec<Marked>>);

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
