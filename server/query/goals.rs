//! The goals of a site: how often each fired, for how many visitors, at which rate, and what it brought.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use roaring::{MultiOps, RoaringBitmap};

use super::dimension::{Dimension, Named};
use super::layer::{Counted, Layer, Passing, Wants};
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
    let browsers = store.browsers()?;
    let passing = Passing::new(&names, site.id, range, &[]);
    let reports = store.reports();
    // Where visitors are counted in the store, it counts those of a day, of all days and of all goals apart.
    let shared = reports.counts().then(|| browsers.shared());
    let layers = |split: &Split, sums: bool, days: &dyn Fn(i32) -> i32| {
        let wants = Wants {
            fires: sums,
            money: sums,
            counted: shared.as_ref().map(|named| Counted { days, named }),
        };
        passing.layers(split, None, wants)
    };
    let days = layers(&split, true, &|day| day)?;
    let days = by_name(&names, &split, &days)?;
    let first = range.days().next().unwrap_or_default();
    let counted = |split: &Split| layers(split, false, &|_| first);
    let (of_goals, of_all) = match shared {
        Some(_) => {
            let total = Split::new(&[], range, &names);
            (Some(counted(&split)?), Some(counted(&total)?))
        }
        None => (None, None),
    };
    let of_goals = of_goals
        .as_ref()
        .map(|layers| by_name(&names, &split, layers));
    let of_goals = of_goals.transpose()?;
    // Who fired a goal on any day: most of the work.
    let seen = of_goals.as_ref().unwrap_or(&days).par_iter();
    let seen: BTreeMap<&Option<String>, Seen> =
        seen.map(|(name, cells)| (name, Seen::of(cells))).collect();
    let all = match &of_all {
        Some(layers) => {
            let cells = layers
                .iter()
                .flat_map(|layer| layer.days.values().flatten());
            Seen::of(&cells.map(|(_, cell)| (first, cell)).collect::<Vec<_>>())
        }
        None => Seen {
            named: seen.values().map(|seen| &seen.named).union(),
            more: 0,
        },
    };
    let all = all.count(&browsers);
    let mut views = 0;
    let mut goals = Vec::new();
    for (name, cells) in &days {
        let visitors = seen.get(name).map_or(0, |seen| seen.count(&browsers));
        let Some(name) = name else {
            views = cells.iter().map(|(_, cell)| cell.counts.views).sum();
            continue;
        };
        let name = GoalName::shown(name).filter(|_| !site.goals.is_hidden(name));
        goals.extend(name.map(|name| Goal {
            name,
            fires: fires(cells),
            visitors,
            conversion_rate: match all {
                0 => 0.0,
                all => visitors as f64 / all as f64,
            },
            revenue: revenue(cells),
            days: of_days(range, cells, &browsers),
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

type Cells<'a> = Vec<(i32, &'a Cell)>;

/// What layers have of each goal, with its day; page views have no name.
fn by_name<'a>(
    names: &Names,
    split: &Split,
    layers: &'a [Layer],
) -> Result<BTreeMap<Option<String>, Cells<'a>>, ReadError> {
    let mut by_name: BTreeMap<Option<String>, Cells> = BTreeMap::new();
    names.checked(|| {
        for layer in layers {
            for (day, groups) in &layer.days {
                for (key, cell) in groups {
                    let value = split.values(key, names, layer.goal.as_deref()).pop();
                    let cells = by_name.entry(value.flatten()).or_default();
                    cells.push((*day, cell));
                }
            }
        }
        Ok(())
    })?;
    Ok(by_name)
}

/// Visitors of some cells.
struct Seen {
    named: RoaringBitmap,
    /// How many beside those.
    more: u64,
}

impl Seen {
    fn of(cells: &[(i32, &Cell)]) -> Seen {
        let visitors = || cells.iter().map(|(_, cell)| &cell.visitors);
        Seen {
            named: Visitors::union(visitors()),
            more: visitors().map(Visitors::more).sum(),
        }
    }

    fn count(&self, browsers: &Browsers) -> u64 {
        browsers.count(&self.named) + self.more
    }
}

fn fires(cells: &[(i32, &Cell)]) -> u64 {
    cells.iter().map(|(_, cell)| cell.counts.fires).sum()
}

/// Every day of the range, with what its cells say.
fn of_days(range: &Range, cells: &[(i32, &Cell)], browsers: &Browsers) -> Vec<Day> {
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
                cells => Seen::of(cells).count(browsers),
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
