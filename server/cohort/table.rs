//! What people did → cohorts: how many joined, how many came back at each age, and what they brought.
//!
//! Nothing is said of an age that somebody has not reached: a cohort of a week or month shows an age when all of its people
//! have reached it; one of a channel or another value counts those who have.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::period::{Moment, Unit, Windows};
use crate::query::people::{Payment, People};
use crate::query::range::number;
use crate::store::reports::alike;
use crate::store::reports::marked::{Marked, Paid, of_each};

/// Sets of the events that cohorts are made of, by their bits: what somebody joins with, what passes the filters, what is a
/// return.
pub const JOINS: u8 = 1;
/// What passes the filters.
pub const PASSES: u8 = 2;
/// A return.
pub const RETURNS: u8 = 4;
/// A fire of the goal by which two cohorts are told apart.
pub const FIRES: u8 = 8;

/// Cohorts that are told apart; all others are one.
pub const COHORTS: usize = 100;

/// What cohorts are split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// When people joined.
    Time(Unit),
    /// The value that the event of joining has.
    Value,
    /// Whether they fired a goal after joining.
    Fired,
}

/// Ages, from the first to the last period; of money days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// The first.
    pub from: i32,
    /// The last; the same for one.
    pub to: i32,
}

/// What is counted of a cohort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Who did something in periods of these ages; where `or_later`, in them or later.
    Retention {
        /// Periods.
        ages: Vec<Age>,
        /// What they are.
        unit: Unit,
        /// Whether later ones count too.
        or_later: bool,
    },
    /// Money brought up to these days after joining, in this currency.
    Revenue {
        /// Days.
        days: Vec<i32>,
        /// Three letters.
        currency: [u8; 3],
    },
}

/// What is asked of what happened.
#[derive(Clone, Debug)]
pub struct Asked {
    /// By what.
    pub by: By,
    /// What.
    pub measure: Measure,
    /// Where periods begin.
    pub windows: Windows,
    /// The days on which people join, in days since 1970.
    pub days: std::ops::RangeInclusive<i32>,
    /// Now.
    pub now: Moment,
}

/// Which cohort.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// Who joined in this period.
    Period(i32),
    /// Whose joining had this value; `None` for none.
    Value(Option<String>),
    /// Who fired the goal, and who didn't.
    Fired(bool),
    /// All that are too small to be told apart.
    Other,
}

impl Name {
    /// From how it stands in an address, for cohorts that are split so; all of them for `all`.
    pub fn parse(text: &str, by: By) -> Option<Option<Name>> {
        let name = match (text, by) {
            ("all", _) => return Some(None),
            ("other", By::Value) => Name::Other,
            ("none", By::Value) => Name::Value(None),
            ("fired", By::Fired) => Name::Fired(true),
            ("not_fired", By::Fired) => Name::Fired(false),
            (date, By::Time(unit)) => Name::Period(unit.of(number(date.parse().ok()?))),
            (value, By::Value) => Name::Value(Some(value.strip_prefix("value:")?.to_owned())),
            _ => return None,
        };
        Some(Some(name))
    }

    /// As it is read.
    pub fn written(&self, by: By) -> String {
        match (self, by) {
            (Name::Period(period), By::Time(unit)) => unit
                .first(*period)
                .map(|date| date.to_string())
                .unwrap_or_default(),
            (Name::Value(Some(value)), _) => format!("value:{value}"),
            (Name::Value(None), _) => "none".into(),
            (Name::Fired(true), _) => "fired".into(),
            (Name::Fired(false), _) => "not_fired".into(),
            (Name::Period(_) | Name::Other, _) => "other".into(),
        }
    }
}

/// People who joined alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohort {
    /// Which.
    pub name: Name,
    /// How many.
    pub size: u64,
    /// What became of them, an age after the other; `None` where it isn't known yet.
    pub cells: Vec<Option<Cell>>,
    /// What they brought to date, whatever their age.
    pub to_date: Sum,
}

/// What became of a cohort up to an age.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// People who have reached the age.
    pub reached: u64,
    /// Those of them who came back.
    pub people: u64,
    /// What they brought.
    pub sum: Sum,
}

/// Money of people, in smallest units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// All of it.
    pub minor: i64,
    /// The sum of each person's square, for intervals.
    pub squares: f64,
}

impl Sum {
    fn add(&mut self, minor: i64) {
        self.minor = self.minor.saturating_add(minor);
        self.squares += (minor as f64).powi(2);
    }
}

/// Cohorts, and all of them together.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// In order of time, or the greatest first.
    pub cohorts: Vec<Cohort>,
    /// All together. Of each age those count who have reached it, of cohorts that show it.
    pub all: Cohort,
}

/// Somebody who joined.
#[derive(Clone, Debug)]
pub struct Joined<'a> {
    /// With which event.
    pub event: &'a Marked,
    /// Everything from then on, in order.
    pub later: &'a [Marked],
    /// What they brought from then on, in order.
    pub paid: &'a [Payment],
}

/// Gives `each` everybody who joined on the days: with their first event of [`JOINS`], which passes the filters. `paid` is
/// by person, then in order.
pub fn each_joined<'a>(
    people: &'a People,
    paid: &'a [Payment],
    days: &std::ops::RangeInclusive<i32>,
    each: impl FnMut(Joined<'a>),
) {
    let shares: Vec<&[Marked]> = people.events.shares().collect();
    each_of(&shares, paid, days, each);
}

/// The same of some shares of the people.
fn each_of<'a>(
    shares: &[&'a [Marked]],
    paid: &'a [Payment],
    days: &std::ops::RangeInclusive<i32>,
    mut each: impl FnMut(Joined<'a>),
) {
    let first = shares.iter().find_map(|share| share.first());
    let first = first.map_or(0, |event| event.visitor);
    let mut rest = &paid[paid.partition_point(|payment| payment.person < first)..];
    for events in shares.iter().copied().flat_map(of_each) {
        let Some(first) = events.iter().position(|event| event.sets() & JOINS != 0) else {
            continue;
        };
        let event = &events[first];
        if event.sets() & PASSES == 0 || !days.contains(&event.day()) {
            continue;
        }
        let of_before = |payment: &&Payment| payment.person < event.visitor;
        let of_this = |payment: &&Payment| payment.person == event.visitor;
        // Few are passed over for each person, so that they are counted faster than sought.
        rest = &rest[rest.iter().take_while(of_before).count()..];
        let (mine, others) = rest.split_at(rest.iter().take_while(of_this).count());
        rest = others;
        let early = mine.partition_point(|payment| {
            (payment.paid.at, payment.paid.id) < (event.at(), event.id())
        });
        each(Joined {
            event,
            later: &events[first..],
            paid: &mine[early..],
        });
    }
}

/// In which cohort somebody is.
pub fn name(joined: &Joined, people: &People, by: By) -> Name {
    let fired = || joined.later.iter().any(|event| event.sets() & FIRES != 0);
    name_of(joined.event.day(), joined.event.key, fired, people, by)
}

/// In which cohort is who joined on this day with an event of this key.
fn name_of(day: i32, key: u32, fired: impl FnOnce() -> bool, people: &People, by: By) -> Name {
    match by {
        By::Time(unit) => Name::Period(unit.of(day)),
        By::Value => Name::Value(people.values[key as usize].last().cloned().flatten()),
        By::Fired => Name::Fired(fired()),
    }
}

/// People are looked at in so many shares at once.
const SHARES: usize = 16;

/// The cohorts of some shares of the people, in no order.
fn cohorts_of(
    shares: &[&[Marked]],
    people: &People,
    paid: &[Payment],
    asked: &Asked,
) -> Vec<Cohort> {
    let mut places: HashMap<Name, usize> = HashMap::new();
    // Of days, and of values that most people share, the name is looked up once.
    let mut known: HashMap<u32, usize, RandomState> = HashMap::default();
    let mut cohorts: Vec<Cohort> = Vec::new();
    each_of(shares, paid, &asked.days, |joined| {
        let mut named = || {
            let name = name(&joined, people, asked.by);
            *places.entry(name).or_insert_with_key(|name| {
                cohorts.push(Cohort::new(name.clone(), asked.measure.ages()));
                cohorts.len() - 1
            })
        };
        let place = match asked.by {
            By::Time(_) => *known.entry(joined.event.day() as u32).or_insert_with(named),
            By::Value => *known.entry(joined.event.key).or_insert_with(named),
            By::Fired => named(),
        };
        cohorts[place].add(&joined, asked);
    });
    cohorts
}

/// Makes cohorts of what happened; see [`each_joined`].
pub fn table(people: &People, paid: &[Payment], asked: &Asked) -> Table {
    let ages = asked.measure.ages();
    let shares: Vec<&[Marked]> = people.events.shares().collect();
    let some: Vec<Vec<Cohort>> = shares
        .par_chunks(shares.len().div_ceil(SHARES).max(1))
        .map(|shares| cohorts_of(shares, people, paid, asked))
        .collect();
    let mut places: HashMap<Name, usize> = HashMap::new();
    let mut cohorts: Vec<Cohort> = Vec::new();
    let counted = people.counted.joined.iter();
    let counted = counted.map(|alike| Cohort::counted(alike, people, asked));
    for cohort in some.into_iter().flatten().chain(counted) {
        match places.get(&cohort.name) {
            Some(place) => cohorts[*place].join(&cohort),
            None => {
                places.insert(cohort.name.clone(), cohorts.len());
                cohorts.push(cohort);
            }
        }
    }
    match asked.by {
        By::Time(_) => cohorts.sort_by(|a, b| a.name.cmp(&b.name)),
        By::Fired => cohorts.sort_by(|a, b| b.name.cmp(&a.name)),
        By::Value => {
            cohorts.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
            if cohorts.len() > COHORTS {
                let mut others = Cohort::new(Name::Other, ages);
                cohorts
                    .drain(COHORTS..)
                    .for_each(|cohort| others.join(&cohort));
                cohorts.push(others);
            }
        }
    }
    if matches!(asked.by, By::Time(_)) {
        for cohort in &mut cohorts {
            let size = cohort.size;
            cohort.cells.iter_mut().for_each(|cell| {
                *cell = cell.filter(|cell| cell.reached == size);
            });
        }
    }
    let mut all = Cohort::new(Name::Other, ages);
    cohorts.iter().for_each(|cohort| all.join(cohort));
    for cohort in cohorts.iter_mut().chain([&mut all]) {
        for cell in &mut cohort.cells {
            *cell = cell.filter(|cell| cell.reached > 0);
        }
    }
    Table { cohorts, all }
}

impl Measure {
    fn ages(&self) -> usize {
        match self {
            Measure::Retention { ages, .. } => ages.len(),
            Measure::Revenue { days, .. } => days.len(),
        }
    }
}

impl Cohort {
    fn new(name: Name, ages: usize) -> Cohort {
        Cohort {
            name,
            size: 0,
            cells: vec![Some(Cell::default()); ages],
            to_date: Sum::default(),
        }
    }

    /// People who were counted, none of whom paid.
    fn counted(alike: &alike::Joined, people: &People, asked: &Asked) -> Cohort {
        let name = name_of(alike.day, alike.key, || alike.fired, people, asked.by);
        let mut cohort = Cohort::new(name, asked.measure.ages());
        cohort.size = alike.people;
        let reached = asked.reached(Moment {
            at: alike.at,
            day: alike.day,
        });
        for (nth, cell) in cohort.cells.iter_mut().flatten().enumerate() {
            if reached(nth) {
                cell.reached = alike.people;
                cell.people = alike.returned.get(nth).copied().unwrap_or_default();
            }
        }
        cohort
    }

    fn join(&mut self, other: &Cohort) {
        self.size += other.size;
        self.to_date.minor = self.to_date.minor.saturating_add(other.to_date.minor);
        self.to_date.squares += other.to_date.squares;
        for (cell, other) in self.cells.iter_mut().flatten().zip(&other.cells) {
            if let Some(other) = other {
                cell.reached += other.reached;
                cell.people += other.people;
                cell.sum.minor = cell.sum.minor.saturating_add(other.sum.minor);
                cell.sum.squares += other.sum.squares;
            }
        }
    }

    fn add(&mut self, joined: &Joined, asked: &Asked) {
        self.size += 1;
        let start = joined.event.moment();
        let came_back = returned(joined, asked);
        if let Measure::Revenue { currency, .. } = &asked.measure {
            self.to_date
                .add(paid(joined, *currency).map(|(_, minor)| minor).sum());
        }
        let reached = asked.reached(start);
        for (nth, cell) in self.cells.iter_mut().flatten().enumerate() {
            if reached(nth) {
                let (came_back, minor) = up_to(joined, asked, &came_back, Some(nth));
                cell.reached += 1;
                cell.people += u64::from(came_back);
                cell.sum.add(minor);
            }
        }
    }
}

impl Asked {
    /// Says which ages somebody who joined then has reached, by their places.
    fn reached(&self, joined: Moment) -> impl Fn(usize) -> bool {
        let now = match &self.measure {
            Measure::Retention { unit, .. } => self.windows.since(*unit, joined).age(self.now),
            Measure::Revenue { .. } => 0,
        };
        move |age| match &self.measure {
            Measure::Retention { ages, .. } => now > ages[age].to,
            Measure::Revenue { days, .. } => self.windows.has_reached(days[age], joined, self.now),
        }
    }
}

/// Whether somebody came back at an age, by its place, or paid up to it, and what they brought up to it; to date without an
/// age.
pub fn did(joined: &Joined, asked: &Asked, age: Option<usize>) -> (bool, i64) {
    up_to(joined, asked, &returned(joined, asked), age)
}

/// The ages at which somebody came back; of money none.
fn returned(joined: &Joined, asked: &Asked) -> Vec<i32> {
    let Measure::Retention { unit, .. } = &asked.measure else {
        return Vec::new();
    };
    let returns = joined
        .later
        .iter()
        .filter(|event| event.sets() & RETURNS != 0);
    let since = asked.windows.since(*unit, joined.event.moment());
    let mut ages: Vec<i32> = returns.map(|event| since.age(event.moment())).collect();
    ages.dedup();
    ages
}

/// What somebody paid in a currency, and when.
fn paid<'a>(
    joined: &Joined<'a>,
    currency: [u8; 3],
) -> impl Iterator<Item = (Moment, i64)> + use<'a> {
    let paid = joined.paid.iter().map(|payment| &payment.paid);
    let moment = |paid: &Paid| Moment {
        at: paid.at,
        day: paid.day,
    };
    paid.filter(move |paid| paid.currency == currency)
        .map(move |paid| (moment(paid), paid.minor))
}

fn up_to(joined: &Joined, asked: &Asked, returned: &[i32], age: Option<usize>) -> (bool, i64) {
    match &asked.measure {
        Measure::Retention { ages, or_later, .. } => {
            let is_it = |seen: &i32| match age.map(|age| ages[age]) {
                None => *seen > 0,
                Some(age) if *or_later => *seen >= age.from,
                Some(age) => (age.from..=age.to).contains(seen),
            };
            (returned.iter().any(is_it), 0)
        }
        Measure::Revenue { days, currency } => {
            let start = joined.event.moment();
            let is_it = |then: &Moment| {
                age.is_none_or(|age| asked.windows.is_within(days[age], start, *then))
            };
            let mut payments = paid(joined, *currency)
                .filter(|(then, _)| is_it(then))
                .peekable();
            let has_paid = payments.peek().is_some();
            let sum = |sum: i64, (_, minor): (Moment, i64)| sum.saturating_add(minor);
            (has_paid, payments.fold(0, sum))
        }
    }
}

impl Marked {
    pub(super) fn moment(&self) -> Moment {
        Moment {
            at: self.at(),
            day: self.day(),
        }
    }
}

/// What people of several currencies paid most often with.
pub fn most_used(paid: &[Payment]) -> Option<[u8; 3]> {
    let mut counts: BTreeMap<[u8; 3], u64> = BTreeMap::new();
    for payment in paid {
        *counts.entry(payment.paid.currency).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(code, n)| (*n, std::cmp::Reverse(*code)))
        .map(|(code, _)| code)
}
