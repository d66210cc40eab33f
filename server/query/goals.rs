//! The goals of a site: how often each fired, for how many visitors, at which rate, and what it brought.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use roaring::{MultiOps, RoaringBitmap};

use super::dimension::{Dimension, Named};
use super::layer::{Passing, Wants};
use super::plan::{Names, Split};
use super::range::Range;
use crate::account::Site;
use crate::store::event::{GoalName, Money};
use crate::store::person::Browsers;
use crate::store::reports::cell::{Cell, Revenue, Visitors, add_revenues, money};
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

/// Asks the store. Visitors are counted exactly; goals that are hidden are left out.
///
/// # Errors
/// When its files can't be read.
pub fn goals(store: &Arc<Store>, site: &Site, range: &Range) -> Result<Goals, ReadError> {
    let names = Names::new(store, &site.goals);
    let split = Split::new(&[Dimension::Named(Named::Goal)], range, &names);
    let wants = Wants {
        fires: true,
        money: true,
    };
    let layers = Passing::new(&names, site.id, range, &[]).layers(&split, None, wants)?;
    let mut by_name: BTreeMap<Option<String>, Vec<(i32, &Cell)>> = BTreeMap::new();
    names.checked(|| {
        for layer in &layers {
            for (day, groups) in &layer.days {
                for (key, cell) in groups {
                    let value = split.values(key, &names, layer.goal.as_deref()).pop();
                    by_name
                        .entry(value.flatten())
                        .or_default()
                        .push((*day, cell));
                }
            }
        }
        Ok(())
    })?;
    // Who fired a goal on any day: most of the work.
    let visitors: Vec<(&Option<String>, RoaringBitmap)> = by_name
        .par_iter()
        .map(|(name, cells)| (name, visitors(cells)))
        .collect();
    let browsers = store.browsers()?;
    let all = browsers.count(&visitors.iter().map(|(_, visitors)| visitors).union());
    let mut views = 0;
    let mut goals = Vec::new();
    for ((name, cells), (_, visitors)) in by_name.iter().zip(&visitors) {
        let Some(name) = name else {
            views = cells.iter().map(|(_, cell)| cell.counts.views).sum();
            continue;
        };
        let name = GoalName::shown(name).filter(|_| !site.goals.is_hidden(name));
        let visitors = browsers.count(visitors);
        goals.extend(name.map(|name| Goal {
            name,
            fires: fires(cells),
            visitors,
            conversion_rate: match all {
                0 => 0.0,
                all => visitors as f64 / all as f64,
            },
            revenue: revenue(cells),
            days: days(range, cells, &browsers),
        }));
    }
    goals.retain(|goal| goal.fires > 0);
    goals.sort_by(|a, b| b.fires.cmp(&a.fires).then_with(|| a.name.cmp(&b.name)));
    Ok(Goals {
        goals,
        visitors: all,
        views,
    })
}

fn fires(cells: &[(i32, &Cell)]) -> u64 {
    cells.iter().map(|(_, cell)| cell.counts.fires).sum()
}

fn visitors(cells: &[(i32, &Cell)]) -> RoaringBitmap {
    Visitors::union(cells.iter().map(|(_, cell)| &cell.visitors))
}

/// Every day of the range, with what its cells say.
fn days(range: &Range, cells: &[(i32, &Cell)], browsers: &Browsers) -> Vec<Day> {
    let mut by_day: BTreeMap<i32, Vec<(i32, &Cell)>> = BTreeMap::new();
    for (day, cell) in cells {
        by_day.entry(*day).or_default().push((*day, cell));
    }
    let day = |(date, day): (Date, i32)| {
        let cells = by_day.get(&day).map_or(&[][..], Vec::as_slice);
        Day {
            date,
            fires: fires(cells),
            visitors: match cells {
                [(_, one)] if browsers.is_empty() => one.visitors.count(),
                cells => browsers.count(&visitors(cells)),
            },
        }
    };
    range.dates().zip(range.days()).map(day).collect()
}

fn revenue(cells: &[(i32, &Cell)]) -> Vec<Money> {
    let mut sums = Revenue::new();
    cells
        .iter()
        .for_each(|(_, cell)| add_revenues(&mut sums, &cell.revenue));
    money(&sums)
}
