//! What is counted of some events: sums that add up over any days, and who was there.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use iso_currency::Currency;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use roaring::{MultiOps, RoaringBitmap};

use super::row::Row;
use crate::store::event::Money;

/// Visitors who are worth a second core, each counted as often as they are in one of several.
const MANY: u64 = 1 << 18;

/// What events are grouped by: a number in one of the log's tables (0 for none), or a text of metadata.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// Of a goal, an address, an origin or a client; or an hour of the day.
    Number(u32),
    /// A value of metadata.
    Text(Arc<str>),
    /// One of each thing that is grouped by, in order.
    Several(Arc<[Key]>),
}

/// Groups of events.
pub type Groups = HashMap<Key, Cell>;

/// Sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pages shown.
    pub views: u64,
    /// Goals fired.
    pub fires: u64,
    /// Sessions that began.
    pub sessions: u64,
    /// Sessions that became more than a look at one page.
    pub engaged: u64,
    /// Time spent, in seconds: between the events of each session.
    pub seconds: u64,
}

impl Counts {
    /// Both together.
    pub fn add(&mut self, other: &Counts) {
        self.views += other.views;
        self.fires += other.fires;
        self.sessions += other.sessions;
        self.engaged += other.engaged;
        self.seconds += other.seconds;
    }

    pub(super) fn event(&mut self, is_view: bool, begins: bool, engages: bool, seconds: u32) {
        self.views += u64::from(is_view);
        self.fires += u64::from(!is_view);
        self.sessions += u64::from(begins);
        self.engaged += u64::from(engages);
        self.seconds += u64::from(seconds);
    }
}

/// Money of some events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// In smallest units.
    pub minor: i64,
    /// How many events brought it.
    pub fires: u64,
}

impl Amount {
    /// That of one event.
    pub(super) fn of(minor: i64) -> Amount {
        Amount { minor, fires: 1 }
    }
}

/// Money by currency.
pub type Revenue = BTreeMap<[u8; 3], Amount>;

/// Adds an amount. Whoever fires absurd amounts gets an absurd sum, and everybody still gets an answer.
pub(in crate::store) fn add_revenue(sums: &mut Revenue, currency: [u8; 3], amount: Amount) {
    let sum = sums.entry(currency).or_default();
    sum.minor = sum.minor.saturating_add(amount.minor);
    sum.fires = sum.fires.saturating_add(amount.fires);
}

/// Adds the sums of others.
pub fn add_revenues(sums: &mut Revenue, others: &Revenue) {
    for (currency, amount) in others {
        add_revenue(sums, *currency, *amount);
    }
}

/// The sums as money.
pub fn money(sums: &Revenue) -> Vec<Money> {
    let money = |(code, amount): (&[u8; 3], &Amount)| {
        Some(Money {
            minor: amount.minor,
            currency: currency(code)?,
        })
    };
    sums.iter().filter_map(money).collect()
}

/// A currency by its three letters.
pub fn currency(code: &[u8; 3]) -> Option<Currency> {
    Currency::from_code(std::str::from_utf8(code).ok()?)
}

/// What is counted of a group of events on one day.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Sums.
    pub counts: Counts,
    /// Who was there.
    pub visitors: Visitors,
    /// What it brought.
    pub revenue: Revenue,
}

/// Visitors by number.
#[derive(Clone, Debug)]
pub enum Visitors {
    /// Ready to be asked.
    Ready(RoaringBitmap),
    /// As they were stored: counted, and read only when somebody asks who they are.
    Stored {
        /// Holds more than these.
        data: Arc<[u8]>,
        /// Where in it these are.
        place: Range<usize>,
        /// How many they are.
        count: u64,
    },
    /// Counted where they are.
    Counted {
        /// Some of them.
        named: RoaringBitmap,
        /// How many more, who are in no other group's that is counted together with others.
        more: u64,
    },
}

impl Default for Visitors {
    fn default() -> Self {
        Visitors::Ready(RoaringBitmap::new())
    }
}

impl Visitors {
    /// From numbers in any order, repeated or not.
    pub(in crate::store) fn of(numbers: Vec<u32>) -> Visitors {
        Visitors::counted(numbers, 0)
    }

    /// Those with these numbers, in any order, repeated or not, and so many more.
    pub(in crate::store) fn counted(mut numbers: Vec<u32>, more: u64) -> Visitors {
        numbers.sort_unstable();
        numbers.dedup();
        // They are sorted, so that this can't fail.
        let named = RoaringBitmap::from_sorted_iter(numbers).unwrap_or_default();
        Visitors::named(named, more)
    }

    fn named(named: RoaringBitmap, more: u64) -> Visitors {
        match more {
            0 => Visitors::Ready(named),
            more => Visitors::Counted { named, more },
        }
    }

    /// How many.
    pub fn count(&self) -> u64 {
        match self {
            Visitors::Ready(bitmap) => bitmap.len(),
            Visitors::Stored { count, .. } => *count,
            Visitors::Counted { named, more } => named.len() + more,
        }
    }

    /// How many beside those of whom it is known who they are.
    pub fn more(&self) -> u64 {
        match self {
            Visitors::Ready(_) | Visitors::Stored { .. } => 0,
            Visitors::Counted { more, .. } => *more,
        }
    }

    /// Who, as far as it is known. Damaged ones are nobody: the check of the file says so, and a start makes it anew.
    pub fn bitmap(&self) -> Cow<'_, RoaringBitmap> {
        match self {
            Visitors::Ready(named) | Visitors::Counted { named, .. } => Cow::Borrowed(named),
            Visitors::Stored { data, place, .. } => Cow::Owned(
                data.get(place.clone())
                    .and_then(|bytes| RoaringBitmap::deserialize_from(bytes).ok())
                    .unwrap_or_default(),
            ),
        }
    }

    /// All of several; many are read on all cores.
    pub fn union<'a>(several: impl IntoIterator<Item = &'a Visitors>) -> RoaringBitmap {
        let several: Vec<&Visitors> = several.into_iter().collect();
        let of_some = |some: &[&Visitors]| {
            let bitmaps = some.iter().map(|visitors| visitors.bitmap().into_owned());
            bitmaps.union()
        };
        let counts = several.iter().map(|visitors| visitors.count());
        let count = counts.fold(0, u64::saturating_add);
        if count < MANY || several.len() < 2 {
            return of_some(&several);
        }
        let some = several.len().div_ceil(rayon::current_num_threads());
        let found = several.par_chunks(some).map(of_some);
        found.reduce(RoaringBitmap::new, |a, b| a | b)
    }
}

impl Cell {
    /// Adds what another one counted.
    pub fn add(&mut self, other: &Cell) {
        self.counts.add(&other.counts);
        if other.visitors.count() > 0 {
            let more = self.visitors.more() + other.visitors.more();
            let mut named = std::mem::take(&mut self.visitors).bitmap().into_owned();
            named |= &*other.visitors.bitmap();
            self.visitors = Visitors::named(named, more);
        }
        add_revenues(&mut self.revenue, &other.revenue);
    }
}

/// Adds the groups of one to those of the other.
pub(in crate::store) fn add(groups: &mut Groups, others: Groups) {
    for (key, cell) in others {
        match groups.entry(key) {
            std::collections::hash_map::Entry::Occupied(mut known) => known.get_mut().add(&cell),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(cell);
            }
        }
    }
}

/// Groups that are being counted event by event.
#[derive(Default)]
pub(super) struct Counting(HashMap<Key, (Counts, Vec<u32>, Revenue)>);

impl Counting {
    pub(super) fn event(&mut self, key: Key, row: &Row) {
        let (counts, visitors, revenue) = self.0.entry(key).or_default();
        let place = &row.place;
        counts.event(
            row.goal == 0,
            place.begins,
            place.engages,
            place.seconds.into(),
        );
        if row.visitor != 0 {
            visitors.push(row.visitor);
        }
        if let Some(money) = row.revenue {
            add_revenue(revenue, money.currency, Amount::of(money.minor));
        }
    }

    pub(super) fn groups(self) -> Groups {
        let cell = |(counts, visitors, revenue)| Cell {
            counts,
            visitors: Visitors::of(visitors),
            revenue,
        };
        self.0
            .into_iter()
            .map(|(key, counted)| (key, cell(counted)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_visitors_are_united_as_few_are() {
        let of = |range: Range<u32>| Visitors::of(range.collect());
        for each in [10, MANY as u32 / 2] {
            let several = [of(0..each), of(each / 2..2 * each), Visitors::default()];
            assert_eq!(Visitors::union(&several).len(), u64::from(2 * each));
        }
    }
}
