//! People of whom it is enough to know how many did the same: a store that is far away counts them where the events are,
//! and tells event by event only of the others. One that is at hand tells of everybody.

use std::ops::RangeInclusive;

use roaring::RoaringBitmap;

use super::group::Fold;

/// Who may be counted, and by what.
#[derive(Clone, Copy)]
pub struct Alike<'a> {
    /// What they did.
    pub did: Did<'a>,
    /// The sets, by their bits, of which one event is enough for somebody to be told of: an event that brought money, of
    /// those sets whose money is wanted.
    pub apart: u8,
    /// Visitors who are told of all the same: they may be the same person as somebody.
    pub named: &'a RoaringBitmap,
    /// Of one thing that is grouped by: which of its numbers are one. Of several each says it itself.
    pub fold: Option<&'a Fold>,
}

/// What people did.
#[derive(Clone, Copy)]
pub enum Did<'a> {
    /// They joined, and came back.
    Joined(&'a Joining<'a>),
    /// They visited.
    Visited(&'a Visiting),
}

/// Who joined alike: on the same day, with an event of the same group. Sets are meant by their bits.
pub struct Joining<'a> {
    /// Whoever has an event of this set joined with the first of them.
    pub joins: u8,
    /// That is of this set too, or they don't count.
    pub passes: u8,
    /// An event of this set from then on is a return.
    pub returns: u8,
    /// Whether every event of the first set is one of them: then days alone say what came later, and are taken to be in
    /// order.
    pub joining_returns: bool,
    /// An event of this set from then on tells two kinds of them apart.
    pub fires: u8,
    /// That is on one of these days, or they don't count.
    pub days: RangeInclusive<i32>,
    /// What ages are counted in.
    pub age: Age<'a>,
    /// The first and the last of the ages of which it is asked how many people returned at one of them.
    pub ages: Vec<(i32, i32)>,
}

/// How long after somebody joined something happened.
#[derive(Clone, Copy)]
pub enum Age<'a> {
    /// Periods, of which this gives a day's number.
    Periods(&'a (dyn Fn(i32) -> i32 + Sync)),
    /// Windows of so many milliseconds from the moment of joining on. Those are told apart who are of different ages at
    /// another moment.
    Windows {
        /// How long one is.
        length: i64,
        /// That moment, in milliseconds since 1970.
        now: i64,
    },
}

/// Who made the same visits: of those up to the last one, of the same groups in the same order.
pub struct Visiting {
    /// Visits are the events of this set, by its bits.
    pub visits: u8,
    /// How long before the last one they count, in milliseconds.
    pub window: i64,
    /// The last one is on this day or later, or they don't count.
    pub from: i32,
    /// Where there is such a set, by its bits: one of the visits is of it too, or they don't count either.
    pub meant: u8,
}

/// People of whom nothing else is told.
#[derive(Debug, Default)]
pub struct Counted {
    /// Those who joined.
    pub joined: Vec<Joined>,
    /// Those who visited.
    pub visited: Vec<Visited>,
    /// Visits that are none of those: too long before the last one, or of who doesn't count. The place of their group's key
    /// among all, and how many.
    pub others: Vec<(u32, u64)>,
}

/// People who joined alike.
#[derive(Debug, PartialEq, Eq)]
pub struct Joined {
    /// When the first of them did, in milliseconds since 1970.
    pub at: i64,
    /// On which day.
    pub day: i32,
    /// The place of their group's key among all.
    pub key: u32,
    /// Whether they fired what tells two kinds of them apart.
    pub fired: bool,
    /// How many.
    pub people: u64,
    /// How many of them returned, an age after the other.
    pub returned: Vec<u64>,
}

/// People who made the same visits.
#[derive(Debug, PartialEq, Eq)]
pub struct Visited {
    /// The places of their groups' keys among all, in the order of the visits.
    pub keys: Vec<u32>,
    /// How many.
    pub people: u64,
}

impl Counted {
    /// The visits of all of them: the place of their group's key among all, and how many.
    pub fn visits(&self) -> impl Iterator<Item = (u32, u64)> {
        let of_path = |path: &Visited| {
            let people = path.people;
            path.keys.clone().into_iter().map(move |key| (key, people))
        };
        let of_paths = self.visited.iter().flat_map(of_path);
        of_paths.chain(self.others.iter().copied())
    }

    /// Adds others, whose keys have other places.
    pub(super) fn add(&mut self, other: Counted, place: impl Fn(u32) -> u32) {
        self.joined
            .extend(other.joined.into_iter().map(|joined| Joined {
                key: place(joined.key),
                ..joined
            }));
        self.visited
            .extend(other.visited.into_iter().map(|mut visited| {
                visited.keys.iter_mut().for_each(|key| *key = place(*key));
                visited
            }));
        let others = other.others.into_iter();
        self.others
            .extend(others.map(|(key, visits)| (place(key), visits)));
    }
}
