//! The groups that the store gives for a query and a range, as rows to be, and their figures. Figures that add up are sums
//! of days; visitors are counted over all days, exactly, and only where they are asked for.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use roaring::RoaringBitmap;

use super::Query;
use super::answer::{Figure, Total};
use super::dimension::{Dimension, Named};
use super::layer::{Counted, Layer, Meant, Passing, Wants};
use super::metric::Metric;
use super::plan::{Names, Split, Values};
use super::range::Range;
use crate::account::rate::Exchange;
use crate::store::event::{GoalName, Money};
use crate::store::person::{Browsers, Persons};
use crate::store::reports::cell::{
    Amount, Cell, Counts, Key, Revenue, Visitors, add_revenues, currency, money,
};
use crate::store::{ReadError, Store};

/// What is known of a row before its visitors are counted.
#[derive(Default)]
pub(super) struct Group<'a> {
    counts: Counts,
    revenue: Revenue,
    /// The same in the site's currency, where that is asked.
    total: Sum,
    visitors: Vec<&'a Visitors>,
    /// How many visitors, and how many people.
    counted: OnceLock<(u64, u64)>,
}

/// Money in the site's currency, in its smallest units and parts of them, and what is beside it.
#[derive(Default)]
struct Sum {
    own: f64,
    changed: Revenue,
    left: Revenue,
}

impl Sum {
    fn add(&mut self, day: i32, revenue: &Revenue, exchange: &Exchange) {
        for (code, amount) in revenue {
            let beside = match exchange.change(code, day, amount.minor) {
                Some(changed) => {
                    self.own += changed;
                    &mut self.changed
                }
                None => &mut self.left,
            };
            if exchange.code() != Some(*code) {
                add_revenues(beside, &Revenue::from([(*code, *amount)]));
            }
        }
    }

    fn total(&self, exchange: &Exchange) -> Total {
        let own = |currency| Money {
            minor: self.own.round() as i64,
            currency,
        };
        Total {
            sum: exchange.own().map(own),
            changed: money(&self.changed),
            left: money(&self.left),
        }
    }
}

impl<'a> Group<'a> {
    fn add(&mut self, day: i32, cell: &'a Cell, exchange: Option<&Exchange>) {
        self.counts.add(&cell.counts);
        add_revenues(&mut self.revenue, &cell.revenue);
        if let Some(exchange) = exchange {
            self.total.add(day, &cell.revenue, exchange);
        }
        if cell.visitors.count() > 0 {
            self.visitors.push(&cell.visitors);
        }
    }

    /// Visitors, each day's counted anew: no fewer than there are.
    fn most_visitors(&self) -> u64 {
        self.visitors.iter().map(|visitors| visitors.count()).sum()
    }

    /// Visitors and people; no people where these are not asked for.
    fn counted(&self, who: &Who) -> (u64, u64) {
        *self
            .counted
            .get_or_init(|| match (&who.persons, self.visitors.as_slice()) {
                (None, []) => (0, 0),
                (None, [one]) if who.browsers.is_empty() => (one.count(), 0),
                (persons, visitors) => {
                    let all = Visitors::union(visitors.iter().copied());
                    let more: u64 = visitors.iter().map(|visitors| visitors.more()).sum();
                    let people = persons.as_ref();
                    let people = people.map_or(0, |persons| persons.count(&all) + more);
                    (who.browsers.count(&all) + more, people)
                }
            })
    }
}

/// Which visitors are one browser, and which are one person, where that is asked.
struct Who {
    browsers: Arc<Browsers>,
    persons: Option<Arc<Persons>>,
    /// Everybody who may be one with somebody else, where others are counted in the store.
    named: Option<RoaringBitmap>,
}

impl Who {
    fn new(store: &Store, asks_people: bool) -> Result<Who, ReadError> {
        let browsers = store.browsers()?;
        let persons = asks_people.then(|| store.persons()).transpose()?;
        let named = || {
            let several = persons.as_ref().map(|persons| persons.several());
            browsers.shared() | several.unwrap_or(&RoaringBitmap::new())
        };
        Ok(Who {
            named: store.reports().counts().then(named),
            browsers,
            persons,
        })
    }
}

/// How a query's events are split, for all of its ranges.
pub(super) struct Plan<'q> {
    query: &'q Query,
    names: Names,
    who: Who,
    split: Split,
    /// Where it isn't the same: how everybody is split whose share fired. Fires alone have goals and metadata.
    everybody: Option<Split>,
}

/// What the store gave for one range.
pub(super) struct Passes {
    range: Range,
    events: Vec<Layer>,
    fired: Option<Vec<Layer>>,
    everybody: Option<Vec<Layer>>,
}

/// Groups by their values, of one range.
pub(super) struct Table<'a> {
    pub(super) groups: HashMap<Values, Group<'a>>,
    fired: Option<HashMap<Values, Group<'a>>>,
    everybody: Option<HashMap<Values, Group<'a>>>,
    kept: Vec<bool>,
    who: &'a Who,
    exchange: &'a Exchange,
}

impl<'q> Plan<'q> {
    pub(super) fn new(store: &Arc<Store>, query: &'q Query) -> Result<Plan<'q>, ReadError> {
        let names = Names::new(store, &query.book);
        let is_of_visitor = |dimension: &&Dimension| !dimension.is_of_fire();
        let of_visitors: Vec<_> = query
            .dimensions
            .iter()
            .filter(is_of_visitor)
            .cloned()
            .collect();
        let is_same = of_visitors.len() == query.dimensions.len() && query.goals.is_empty();
        let is_asked = query.asks(Metric::ConversionRate) && !is_same;
        Ok(Plan {
            query,
            who: Who::new(store, query.asks(Metric::People))?,
            split: Split::new(&query.dimensions, &query.range, &names),
            everybody: is_asked.then(|| Split::new(&of_visitors, &query.range, &names)),
            names,
        })
    }

    /// Asks the store.
    pub(super) fn passes(&self, range: &Range) -> Result<Passes, ReadError> {
        let query = self.query;
        let passing = Passing::new(&self.names, query.site, range, &query.filters);
        let is_meant = |name: &str| query.wants_goal(name);
        let meant: Option<Meant> = (!query.goals.is_empty()).then_some(&is_meant);
        let is_by_goal = query.dimensions.contains(&Dimension::Named(Named::Goal));
        let all_fires = query.goals.is_empty() && !is_by_goal && query.asks(Metric::ConversionRate);
        let is_any = |name: &str| GoalName::reserved(name).is_none() && !query.book.is_hidden(name);
        let days = self.split.days(self.of_day(range));
        let wants = Wants::of(query, self.counted(&days));
        let visitors = |split: &Split, meant: Option<Meant>| {
            let days = split.days(self.of_day(range));
            let wants = Wants {
                counted: self.counted(&days),
                ..Wants::default()
            };
            passing.layers(split, meant, wants)
        };
        Ok(Passes {
            range: range.clone(),
            events: passing.layers(&self.split, meant, wants)?,
            fired: all_fires
                .then(|| visitors(&self.split, Some(&is_any)))
                .transpose()?,
            everybody: self
                .everybody
                .as_ref()
                .map(|split| visitors(split, None))
                .transpose()?,
        })
    }

    fn counted<'a>(&'a self, days: &'a dyn Fn(i32) -> i32) -> Option<Counted<'a>> {
        let named = self.who.named.as_ref();
        named.map(|named| Counted { days, named })
    }

    /// The value of a day of a range. Days, weeks and months of other ranges than the query's are those at the same place in
    /// it.
    fn of_day(&self, range: &Range) -> impl Fn(Named, i32) -> Option<String> {
        let (from, to) = (range.clone(), self.query.range.clone());
        let is_same = from == to;
        move |named, day| match is_same {
            true => named.of_day(day),
            false => named.of_day(named.moved(day, from.from, to.from)),
        }
    }

    /// The groups of what the store gave.
    pub(super) fn table<'a>(&'a self, passes: &'a Passes) -> Result<Table<'a>, ReadError> {
        let of_day = self.of_day(&passes.range);
        let is_listed = |goal: &str| self.query.lists_goal(goal);
        let asks_total = self.query.asks(Metric::TotalRevenue);
        let exchange = asks_total.then_some(&*self.query.exchange);
        let grouped = |split: &Split, layers: &'a [Layer]| {
            let grouped = || {
                Ok(grouped(
                    split,
                    layers,
                    &self.names,
                    &of_day,
                    is_listed,
                    exchange,
                ))
            };
            self.names.checked(grouped)
        };
        let mut table = Table {
            groups: grouped(&self.split, &passes.events)?,
            fired: passes
                .fired
                .as_ref()
                .map(|layers| grouped(&self.split, layers))
                .transpose()?,
            everybody: None,
            kept: self
                .query
                .dimensions
                .iter()
                .map(|dimension| !dimension.is_of_fire())
                .collect(),
            who: &self.who,
            exchange: &self.query.exchange,
        };
        if let (Some(split), Some(layers)) = (&self.everybody, &passes.everybody) {
            let everybody = grouped(split, layers)?;
            if table.kept.iter().all(|kept| *kept) {
                // Where nobody fired is a row of its own.
                for values in everybody.keys() {
                    table.groups.entry(values.clone()).or_default();
                }
            }
            table.everybody = Some(everybody);
        }
        Ok(table)
    }
}

fn grouped<'a>(
    split: &Split,
    layers: &'a [Layer],
    names: &Names,
    of_day: impl Fn(Named, i32) -> Option<String>,
    is_listed: impl Fn(&str) -> bool,
    exchange: Option<&Exchange>,
) -> HashMap<Values, Group<'a>> {
    let mut keys = Numbered::default();
    let mut spans = Numbered::default();
    let mut groups: HashMap<(usize, usize), Group> = HashMap::new();
    let is_of_day = |dimension: &Dimension| match dimension {
        Dimension::Named(named) if named.is_of_day() => Some(*named),
        _ => None,
    };
    let of_days: Vec<Option<Named>> = split.dimensions.iter().map(is_of_day).collect();
    for layer in layers {
        let goal = layer.goal.as_deref();
        let mut key_numbers: HashMap<&Key, usize> = HashMap::new();
        for (day, cells) in &layer.days {
            let values = of_days.iter().map(|named| of_day((*named)?, *day));
            let span = spans.number(values.collect());
            for (key, cell) in cells {
                let key = *key_numbers
                    .entry(key)
                    .or_insert_with(|| keys.number(split.values(key, names, goal)));
                let group = groups.entry((span, key)).or_default();
                group.add(*day, cell, exchange);
            }
        }
    }
    let goal = Dimension::Named(Named::Goal);
    let goal = split
        .dimensions
        .iter()
        .position(|dimension| *dimension == goal);
    let named = groups.into_iter().map(|((span, key), group)| {
        let (of_key, of_day) = (&keys.values[key], &spans.values[span]);
        let values = of_days.iter().zip(of_key.iter().zip(of_day));
        let values =
            values.map(|(is_of_day, (key, day))| if is_of_day.is_some() { day } else { key });
        (values.cloned().collect::<Values>(), group)
    });
    // Page views are no goal.
    let is_row = |values: &Values| match goal {
        Some(at) => values[at].as_deref().is_some_and(&is_listed),
        None => true,
    };
    named.filter(|(values, _)| is_row(values)).collect()
}

/// Values by number.
#[derive(Default)]
struct Numbered {
    numbers: HashMap<Values, usize>,
    values: Vec<Values>,
}

impl Numbered {
    fn number(&mut self, values: Values) -> usize {
        *self.numbers.entry(values).or_insert_with_key(|values| {
            self.values.push(values.clone());
            self.values.len() - 1
        })
    }
}

impl Table<'_> {
    /// A figure of a row.
    pub(super) fn figure(&self, values: &Values, group: &Group, metric: Metric) -> Figure {
        let Counts {
            views,
            fires,
            sessions,
            engaged,
            seconds,
        } = group.counts;
        let a_session = |n: u64| Figure::Ratio((sessions > 0).then(|| n as f64 / sessions as f64));
        match metric {
            Metric::Fires => Figure::Count(fires),
            Metric::Visitors => Figure::Count(group.counted(self.who).0),
            Metric::People => Figure::Count(group.counted(self.who).1),
            Metric::Sessions => Figure::Count(sessions),
            Metric::Pageviews => Figure::Count(views),
            Metric::ConversionRate => Figure::Ratio(self.conversion(values, group)),
            Metric::Revenue => Figure::Money(money(&group.revenue)),
            Metric::TotalRevenue => Figure::Total(group.total.total(self.exchange)),
            Metric::AverageValue => {
                let average = |(code, amount): (&[u8; 3], &Amount)| {
                    Some((average(code, amount)?, currency(code)?))
                };
                Figure::Average(group.revenue.iter().filter_map(average).collect())
            }
            Metric::BounceRate => a_session(sessions.saturating_sub(engaged)),
            Metric::SessionDuration => a_session(seconds),
            Metric::PagesPerSession => a_session(views),
        }
    }

    fn conversion(&self, values: &Values, group: &Group) -> Option<f64> {
        let fired = match &self.fired {
            Some(fired) => fired
                .get(values)
                .map_or(0, |fired| fired.counted(self.who).0),
            None => group.counted(self.who).0,
        };
        let all = match &self.everybody {
            Some(everybody) => {
                let kept = values.iter().zip(&self.kept).filter(|(_, kept)| **kept);
                let kept: Values = kept.map(|(value, _)| value.clone()).collect();
                everybody
                    .get(&kept)
                    .map_or(0, |all| all.counted(self.who).0)
            }
            None => group.counted(self.who).0,
        };
        (all > 0).then(|| fired as f64 / all as f64)
    }

    /// What rows are ordered by; `None` where it is unknown.
    pub(super) fn rank(&self, values: &Values, group: &Group, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Revenue => Some(
                group
                    .revenue
                    .values()
                    .map(|amount| amount.minor as f64)
                    .sum(),
            ),
            // What has no rate counts as what it says, as it does where the site has no currency.
            Metric::TotalRevenue => {
                let left = group.total.left.values();
                Some(group.total.own + left.map(|amount| amount.minor as f64).sum::<f64>())
            }
            metric => match self.figure(values, group, metric) {
                Figure::Count(n) => Some(n as f64),
                Figure::Ratio(ratio) => ratio,
                Figure::Average(averages) => averages
                    .iter()
                    .map(|(average, _)| *average)
                    .reduce(|a, b| a + b),
                Figure::Money(_) | Figure::Total(_) => None,
            },
        }
    }

    /// No less than the rank, for visitors and people, and costs nothing.
    pub(super) fn bound(&self, group: &Group) -> f64 {
        group.most_visitors() as f64
    }
}

/// In major units.
fn average(code: &[u8; 3], amount: &Amount) -> Option<f64> {
    let sum = Money {
        minor: amount.minor,
        currency: currency(code)?,
    };
    (amount.fires > 0).then(|| sum.major() / amount.fires as f64)
}
