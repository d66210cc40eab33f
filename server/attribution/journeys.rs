//! What people did → journeys: which visits came before each conversion, and the visits of those who didn't convert.
//!
//! A conversion's journey are the visits of the same person that began within the window before it, the one in which it
//! fired among them. A person who converts twice has two journeys, which may share visits. Whoever visited on the days that
//! are asked about and didn't convert on them has the journey that ends with the last of these visits.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::credit::Conversion;
use super::journey::{Journey, Touch};
use crate::query::channel::{DIRECT, is_paid};
use crate::query::people::{Payment, People};
use crate::store::reports::marked::{Marked, of_each};

/// Labels that are told apart; all others are one.
pub const LABELS: usize = 100;

/// What a touch is counted as.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// A value; `None` for visits without one.
    Value(Option<String>),
    /// All that are too rare to be told apart.
    Other,
}

/// Sets of the events that journeys are made of, by their bits.
pub const VISIT: u8 = 1;
/// A fire of the lead goal.
pub const LEAD: u8 = 2;
/// A fire that is a conversion.
pub const CONVERTS: u8 = 4;
/// A visit with which somebody counts who didn't convert, where not everybody does.
pub const MEANT: u8 = 8;

/// Everything that is needed of a site's people.
pub struct Happened<'a> {
    /// What fires brought.
    pub paid: &'a [Payment],
    /// Conversions; visits, and fires of the lead goal, from the window before the first day on. Values: the channel, and what is
    /// counted by where that isn't the channel.
    pub before: &'a People,
    /// The set, by its bits, of which somebody has an event who counts without converting; 0 where everybody does.
    pub meant: u8,
    /// The first day, in days since 1970.
    pub first_day: i32,
    /// In milliseconds.
    pub window: i64,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Journeys {
    /// The labels, by number.
    pub labels: Vec<Label>,
    /// By person, then in order of time.
    pub conversions: Vec<Conversion>,
    /// Different people among them.
    pub people: u64,
    /// The labels of those who didn't convert, and how many had these, in order.
    pub lost: Vec<(Vec<u32>, f64)>,
}

impl Journeys {
    /// Makes journeys of what happened.
    pub fn of(happened: &Happened) -> Journeys {
        let kinds = Kinds::of(happened.before);
        let money: HashMap<i64, &Payment, RandomState> = happened
            .paid
            .iter()
            .map(|payment| (payment.paid.id, payment))
            .collect();
        let shares: Vec<&[Marked]> = happened.before.events.shares().collect();
        let some = shares.len().div_ceil(SHARES).max(1);
        let gathered: Vec<Gathered> = shares
            .par_chunks(some)
            .map(|shares| gather(shares, happened, &kinds, &money))
            .collect();
        let mut found = Journeys::default();
        let mut all: HashMap<Path, u64, RandomState> = HashMap::default();
        for Gathered {
            conversions,
            people,
            lost,
        } in gathered
        {
            found.conversions.extend(conversions);
            found.people += people;
            for (path, people) in lost {
                *all.entry(path).or_default() += people;
            }
        }
        for alike in &happened.before.counted.visited {
            let label = |key: &u32| kinds.touches[*key as usize].label;
            let path: Vec<u32> = alike.keys.iter().map(label).collect();
            *all.entry(Path::of(&path)).or_default() += alike.people;
        }
        // A map's order is by chance; sums are to be the same each time.
        let lost = all.into_iter();
        let lost = lost.map(|(path, people)| (path.labels(), people as f64));
        found.lost = lost.collect();
        found.labels = kinds.labels;
        found.lost.par_sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        found
    }

    /// The journeys that were the most frequent among conversions: their labels, how many conversions had them, and how
    /// many people did the same without converting.
    pub fn paths(&self, most: usize) -> Vec<(Vec<u32>, u64, u64)> {
        let mut counts: HashMap<Path, u64, RandomState> = HashMap::default();
        let mut path = Vec::new();
        for conversion in &self.conversions {
            path.clear();
            path.extend(conversion.journey.touches.iter().map(|touch| touch.label));
            *counts.entry(Path::of(&path)).or_default() += 1;
        }
        // Most are of one or two conversions, and needn't be brought in order.
        let mut least: Vec<u64> = counts.values().copied().collect();
        if most < least.len() {
            least.select_nth_unstable_by(most, |a, b| b.cmp(a));
        }
        let least = least.get(most).copied().unwrap_or_default();
        let frequent = counts.into_iter().filter(|(_, n)| *n >= least);
        let mut paths: Vec<_> = frequent.map(|(path, n)| (path.labels(), n)).collect();
        paths.sort_by(|(a, na), (b, nb)| nb.cmp(na).then(a.cmp(b)));
        paths.truncate(most);
        let told = |(path, n): (Vec<u32>, u64)| {
            let lost = self.lost.binary_search_by(|(lost, _)| lost.cmp(&path));
            let lost = lost.map_or(0.0, |place| self.lost[place].1);
            (path, n, lost as u64)
        };
        paths.into_iter().map(told).collect()
    }
}

/// People are looked at in so many shares at once.
const SHARES: usize = 16;

/// What came of a share of people.
#[derive(Default)]
struct Gathered {
    conversions: Vec<Conversion>,
    people: u64,
    lost: HashMap<Path, u64, RandomState>,
}

/// The labels of visits one after the other. Most are few and take no room of their own.
#[derive(PartialEq, Eq, Hash)]
enum Path {
    /// A byte each from the lowest on, the label and one.
    Few(u128),
    Many(Box<[u32]>),
}

// Labels and all others are told apart by a byte that isn't 0.
const _: () = assert!(LABELS + 1 < u8::MAX as usize);

impl Path {
    fn of(labels: &[u32]) -> Path {
        if labels.len() > size_of::<u128>() {
            return Path::Many(labels.into());
        }
        let last_first = labels.iter().rev();
        Path::Few(last_first.fold(0, |all, label| all << u8::BITS | u128::from(label + 1)))
    }

    fn labels(self) -> Vec<u32> {
        match self {
            Path::Few(labels) => {
                let bytes = labels.to_le_bytes().into_iter();
                let labels = bytes.take_while(|byte| *byte != 0);
                labels.map(|byte| u32::from(byte) - 1).collect()
            }
            Path::Many(labels) => labels.into_vec(),
        }
    }
}

/// Makes journeys of what some people did.
fn gather(
    shares: &[&[Marked]],
    happened: &Happened,
    kinds: &Kinds,
    money: &HashMap<i64, &Payment, RandomState>,
) -> Gathered {
    let mut found = Gathered::default();
    let (mut path, mut before) = (Vec::new(), Vec::new());
    for events in shares.iter().copied().flat_map(of_each) {
        let mut fires = events
            .iter()
            .filter(|event| event.sets() & CONVERTS != 0)
            .peekable();
        if fires.peek().is_some() {
            found.people += 1;
            // Who converts a thousand times has hardly more visits for it.
            before.clear();
            let is_before = |event: &&Marked| event.sets() & (VISIT | LEAD) != 0;
            before.extend(events.iter().filter(is_before).copied());
            found.conversions.extend(fires.map(|fire| {
                let money = money.get(&fire.id()).map(|payment| &payment.paid);
                Conversion {
                    id: fire.id(),
                    at: fire.at(),
                    journey: kinds.journey(&before, fire.at(), happened.window),
                    money: money.map(|paid| (paid.currency, paid.minor)),
                }
            }));
            continue;
        }
        let is_meant = |event: &Marked| event.sets() & happened.meant != 0;
        if happened.meant != 0 && !events.iter().any(is_meant) {
            continue;
        }
        kinds.path(events, happened, &mut path);
        if path.is_empty() {
            continue;
        }
        *found.lost.entry(Path::of(&path)).or_default() += 1;
    }
    found
}

/// What visits are, by their keys.
struct Kinds {
    labels: Vec<Label>,
    /// A touch without its time.
    touches: Vec<Touch>,
}

impl Kinds {
    fn of(people: &People) -> Kinds {
        let shares: Vec<&[Marked]> = people.events.shares().collect();
        let none = || vec![0u64; people.values.len()];
        let mut visits = shares
            .par_chunks(shares.len().div_ceil(SHARES).max(1))
            .map(|shares| {
                let mut visits = none();
                for event in shares
                    .iter()
                    .copied()
                    .flatten()
                    .filter(|event| event.sets() & VISIT != 0)
                {
                    visits[event.key as usize] += 1;
                }
                visits
            })
            .reduce(none, |mut all, some| {
                all.iter_mut()
                    .zip(some)
                    .for_each(|(all, some)| *all += some);
                all
            });
        for (key, counted) in people.counted.visits() {
            visits[key as usize] += counted;
        }
        let value = |values: &[Option<String>]| values.last().cloned().flatten();
        let mut counts: HashMap<Option<String>, u64> = HashMap::new();
        for (values, visits) in people.values.iter().zip(&visits).filter(|(_, n)| **n > 0) {
            *counts.entry(value(values)).or_default() += visits;
        }
        let mut order: Vec<_> = counts.into_iter().collect();
        order.sort_by(|(a, na), (b, nb)| nb.cmp(na).then(a.cmp(b)));
        let has_others = order.len() > LABELS;
        order.truncate(LABELS);
        let mut labels: Vec<Label> = order
            .into_iter()
            .map(|(value, _)| Label::Value(value))
            .collect();
        labels.extend(has_others.then_some(Label::Other));
        let numbers: HashMap<&Label, u32> = labels.iter().zip(0..).collect();
        let touch = |values: &Vec<Option<String>>| {
            let known = numbers.get(&Label::Value(value(values)));
            let channel = values.first().and_then(Option::as_deref);
            Touch {
                label: known.copied().unwrap_or(LABELS as u32),
                before: 0,
                is_direct: channel.is_none_or(|channel| channel == DIRECT),
                is_paid: channel.is_some_and(is_paid),
            }
        };
        let touches = people.values.iter().map(touch).collect();
        Kinds { touches, labels }
    }

    /// The visits of a person within the window before a moment.
    fn journey(&self, events: &[Marked], at: i64, window: i64) -> Journey {
        let until = events.partition_point(|event| event.at() <= at);
        let from = events.partition_point(|event| event.at() < at - window);
        let mut journey = Journey::default();
        for event in events.get(from..until).unwrap_or_default() {
            if event.sets() & VISIT != 0 {
                journey.touches.push(Touch {
                    before: at - event.at(),
                    ..self.touches[event.key as usize]
                });
            }
            if event.sets() & LEAD != 0 && journey.lead.is_none() {
                journey.lead = journey.touches.len().checked_sub(1);
            }
        }
        journey
    }

    /// The labels of the last visits of somebody who didn't convert; none where there was no visit on the days.
    fn path(&self, events: &[Marked], happened: &Happened, path: &mut Vec<u32>) {
        path.clear();
        let mut visits = events.iter().filter(|event| event.sets() & VISIT != 0);
        let last = visits.clone().next_back();
        let Some(last) = last.filter(|last| last.day() >= happened.first_day) else {
            return;
        };
        let from = last.at() - happened.window;
        let label = |event: &Marked| self.touches[event.key as usize].label;
        path.extend(
            visits
                .by_ref()
                .filter(|event| event.at() >= from)
                .map(label),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_any_length_come_back() {
        for visits in 0..40 {
            let labels: Vec<u32> = (0..visits)
                .map(|nth| nth * 7 % (LABELS as u32 + 1))
                .collect();
            assert_eq!(Path::of(&labels).labels(), labels);
        }
    }
}
