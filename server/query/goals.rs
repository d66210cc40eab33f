//! The goals of a site: how often each fired, for how many visitors, at which rate, and what it brought.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use roaring::{MultiOps, RoaringBitmap};

use super::range::Range;
use crate::store::event::{GoalName, Money, SiteId};
use crate::store::reports::cell::{Cell, Groups, Key, Revenue, Visitors, add_revenues, money};
use crate::store::reports::group::By;
use crate::store::reports::test::Of;
use crate::store::{ReadError, Store};

/// One day of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which, in the range's zone.
    pub date: Date,
    /// How often it fired.
    pub fires: u64,
    /// For how many different visitors.
    pub visitors: u64,
}

/// A goal that fired within the range.
#[derive(Clone, Debug)]
pub struct Goal {
    /// What it is called.
    pub name: GoalName,
    /// How often it fired.
    pub fires: u64,
    /// For how many different visitors.
    pub visitors: u64,
    /// Those visitors' share of all who were there: 0 to 1; 0 when nobody was.
    pub conversion_rate: f64,
    /// What it brought, a sum a currency.
    pub revenue: Vec<Money>,
    /// Every day of the range, quiet ones too.
    pub days: Vec<Day>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Goals {
    /// Goals that fired, most fires first.
    pub goals: Vec<Goal>,
    /// Everybody who was there: different visitors with any event.
    pub visitors: u64,
    /// Pages shown.
    pub views: u64,
}

/// Asks the store. Visitors are counted exactly.
pub fn goals(store: &Store, site: SiteId, range: &Range) -> Result<Goals, ReadError> {
    let names = store.goals(site)?;
    let by_day = store
        .reports()
        .answer(site, range.days(), &By::Number(Of::Goal), &[])?;
    let numbers: BTreeSet<Key> = by_day
        .values()
        .flat_map(|groups| groups.keys().cloned())
        .collect();
    let cells = |key| cells_of(&by_day, key);
    // Who fired a goal on any day: most of the work.
    let visitors: Vec<(&Key, RoaringBitmap)> = numbers
        .par_iter()
        .map(|key| {
            (
                key,
                Visitors::union(cells(key).map(|(_, cell)| &cell.visitors)),
            )
        })
        .collect();
    let everybody = visitors.iter().map(|(_, visitors)| visitors).union();
    let mut views = 0;
    let mut goals = Vec::new();
    for (key, visitors) in &visitors {
        let Key::Number(number) = key else { continue };
        match names.get(number) {
            Some(name) => goals.push(Goal {
                name: name.clone(),
                fires: cells(key).map(|(_, cell)| cell.counts.fires).sum(),
                visitors: visitors.len(),
                conversion_rate: 0.0,
                revenue: revenue(cells(key).map(|(_, cell)| &cell.revenue)),
                days: days(range, cells(key)),
            }),
            None => views += cells(key).map(|(_, cell)| cell.counts.views).sum::<u64>(),
        }
    }
    let visitors = everybody.len();
    for goal in &mut goals {
        goal.conversion_rate = match visitors {
            0 => 0.0,
            all => goal.visitors as f64 / all as f64,
        };
    }
    goals.sort_by(|a, b| b.fires.cmp(&a.fires).then_with(|| a.name.cmp(&b.name)));
    Ok(Goals {
        goals,
        visitors,
        views,
    })
}

/// The days on which a goal has a cell, and the cells.
fn cells_of<'a>(
    by_day: &'a BTreeMap<i32, Groups>,
    key: &'a Key,
) -> impl Iterator<Item = (i32, &'a Cell)> {
    let cell = move |(day, groups): (&i32, &'a Groups)| Some((*day, groups.get(key)?));
    by_day.iter().filter_map(cell)
}

/// Every day of the range, with what its cell says.
fn days<'a>(range: &Range, cells: impl Iterator<Item = (i32, &'a Cell)>) -> Vec<Day> {
    let mut days: Vec<Day> = range
        .dates()
        .map(|date| Day {
            date,
            fires: 0,
            visitors: 0,
        })
        .collect();
    for (day, cell) in cells {
        let at = usize::try_from(day - *range.days().start()).ok();
        if let Some(day) = at.and_then(|at| days.get_mut(at)) {
            day.fires = cell.counts.fires;
            day.visitors = cell.visitors.count();
        }
    }
    days
}

fn revenue<'a>(cells: impl Iterator<Item = &'a Revenue>) -> Vec<Money> {
    let mut sums = Revenue::new();
    cells.for_each(|cell| add_revenues(&mut sums, cell));
    money(&sums)
}
