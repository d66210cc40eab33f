//! A question → rows. Figures that add up are sums of days; visitors are counted once over all days, exactly, and only
//! for rows that can be among those that are shown.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use super::dimension::{Dimension, Named};
use super::question::{Filter, Metric, Question};
use crate::store::event::Money;
use crate::store::reports::cell::{
    Cell, Counts, Groups, Key, Revenue, Visitors, add_revenues, money,
};
use crate::store::reports::scan::{By, Of, Test};
use crate::store::{ReadError, Store};

/// One row of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The dimension's value; `None` where there is none, or no dimension.
    pub value: Option<String>,
    /// The figures, as they were asked for.
    pub figures: Vec<Figure>,
}

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// How many.
    Count(u64),
    /// A share or an average; `None` of nothing.
    Ratio(Option<f64>),
    /// Sums by currency.
    Money(Vec<Money>),
}

/// What is known of a row before its visitors are counted.
#[derive(Default)]
struct Group<'a> {
    counts: Counts,
    revenue: Revenue,
    visitors: Vec<&'a Visitors>,
    counted: Option<u64>,
}

impl<'a> Group<'a> {
    fn add(&mut self, cell: &'a Cell) {
        self.counts.add(&cell.counts);
        add_revenues(&mut self.revenue, &cell.revenue);
        self.visitors.push(&cell.visitors);
    }

    /// Visitors, each day's counted anew: no fewer than there are.
    fn most_visitors(&self) -> u64 {
        self.visitors.iter().map(|visitors| visitors.count()).sum()
    }

    fn visitors(&mut self) -> u64 {
        *self
            .counted
            .get_or_insert_with(|| Visitors::union(self.visitors.iter().copied()).len())
    }

    fn figure(&mut self, metric: Metric) -> Figure {
        let Counts {
            views,
            fires,
            sessions,
            engaged,
            seconds,
        } = self.counts;
        let a_session = |n: u64| Figure::Ratio((sessions > 0).then(|| n as f64 / sessions as f64));
        match metric {
            Metric::Fires => Figure::Count(fires),
            Metric::Visitors => Figure::Count(self.visitors()),
            Metric::Sessions => Figure::Count(sessions),
            Metric::Pageviews => Figure::Count(views),
            Metric::Revenue => Figure::Money(money(&self.revenue)),
            Metric::BounceRate => a_session(sessions.saturating_sub(engaged)),
            Metric::SessionDuration => a_session(seconds),
            Metric::PagesPerSession => a_session(views),
        }
    }

    /// What rows are ordered by, by a bound that costs nothing where the figure is the visitors.
    fn rank(&mut self, metric: Metric, exact: bool) -> f64 {
        match metric {
            Metric::Visitors if !exact => self.most_visitors() as f64,
            Metric::Revenue => self.revenue.values().map(|minor| *minor as f64).sum(),
            metric => match self.figure(metric) {
                Figure::Count(n) => n as f64,
                Figure::Ratio(ratio) => ratio.unwrap_or(f64::NEG_INFINITY),
                Figure::Money(_) => 0.0,
            },
        }
    }
}

/// Asks the store.
pub fn answer(store: &Arc<Store>, question: &Question) -> Result<Vec<Row>, ReadError> {
    let by = question.dimension.as_ref().map_or(By::Total, Dimension::by);
    let tests = tests(store, question);
    let days = store
        .reports()
        .answer(question.site, question.range.days(), &by, &tests)?;
    let mut groups = grouped(store, question.dimension.as_ref(), &days)?;
    if question.dimension.is_none() && groups.is_empty() {
        groups.insert(None, Group::default());
    }
    let rows = first(groups, question);
    let row = |(value, mut group): (Option<String>, Group)| Row {
        value,
        figures: question
            .metrics
            .iter()
            .map(|metric| group.figure(*metric))
            .collect(),
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Groups by the values that the store's keys stand for.
fn grouped<'a>(
    store: &Store,
    dimension: Option<&Dimension>,
    days: &'a BTreeMap<i32, Groups>,
) -> rusqlite::Result<HashMap<Option<String>, Group<'a>>> {
    let mut names: HashMap<&Key, Option<String>> = HashMap::new();
    let mut groups: HashMap<Option<String>, Group> = HashMap::new();
    for (day, cells) in days {
        for (key, cell) in cells {
            let value = match (dimension, key) {
                (None, _) => None,
                (
                    Some(Dimension::Named(
                        named @ (Named::Day | Named::Week | Named::Month | Named::Weekday),
                    )),
                    _,
                ) => named.of_day(*day),
                (Some(Dimension::Named(named)), Key::Number(number)) => match names.get(key) {
                    Some(value) => value.clone(),
                    None => names
                        .entry(key)
                        .or_insert(named.value(store, *number)?)
                        .clone(),
                },
                (Some(_), Key::Text(text)) => Some(text.to_string()),
                (Some(Dimension::Metadata(_)), Key::Number(_)) => None,
            };
            groups.entry(value).or_default().add(cell);
        }
    }
    if dimension == Some(&Dimension::Named(Named::Goal)) {
        // Page views are no goal.
        groups.remove(&None);
    }
    Ok(groups)
}

/// The rows that come first. Those that by a bound can't be among them are never counted exactly.
fn first<'a>(
    groups: HashMap<Option<String>, Group<'a>>,
    question: &Question,
) -> Vec<(Option<String>, Group<'a>)> {
    let (metric, ascending) = question.order;
    let mut ranked: Vec<_> = groups
        .into_iter()
        .map(|(value, mut group)| (group.rank(metric, ascending), value, group))
        .collect();
    let order = |a: &(f64, Option<String>, Group), b: &(f64, Option<String>, Group)| {
        let by_rank = if ascending {
            a.0.total_cmp(&b.0)
        } else {
            b.0.total_cmp(&a.0)
        };
        by_rank.then_with(|| a.1.cmp(&b.1))
    };
    ranked.sort_by(order);
    if question.metrics.contains(&Metric::Visitors) {
        // Nearly all of these are wanted, and counting who is in several days' bitmaps is most of the work.
        let likely = ranked.len().min(question.limit);
        ranked[..likely].par_iter_mut().for_each(|(_, _, group)| {
            group.visitors();
        });
    }
    if metric == Metric::Visitors && !ascending {
        let mut exact: Vec<(f64, Option<String>, Group)> = Vec::new();
        for (bound, value, mut group) in ranked {
            if exact.len() >= question.limit * 2 {
                exact.sort_by(order);
                exact.truncate(question.limit);
                if exact.last().is_some_and(|last| last.0 > bound) {
                    break;
                }
            }
            exact.push((group.rank(metric, true), value, group));
        }
        exact.sort_by(order);
        ranked = exact;
    }
    ranked.truncate(question.limit);
    ranked
        .into_iter()
        .map(|(_, value, group)| (value, group))
        .collect()
}

/// What events must be. A name that can't be read passes nothing; the next question tries again.
fn tests(store: &Arc<Store>, question: &Question) -> Vec<Test> {
    let test = |filter: &Filter| {
        let filter = filter.clone();
        match filter.dimension.clone() {
            Dimension::Metadata(key) => {
                Test::Metadata(key, Arc::new(move |value| filter.passes(value)))
            }
            Dimension::Named(named) => {
                let store = store.clone();
                let of = named.of().unwrap_or(Of::Goal);
                let passes = move |number| {
                    named
                        .value(&store, number)
                        .is_ok_and(|value| filter.passes(value.as_deref()))
                };
                Test::Number(of, Arc::new(passes))
            }
        }
    };
    let mut tests: Vec<Test> = question.filters.iter().map(test).collect();
    if !question.goals.is_empty() {
        let (store, goals) = (store.clone(), question.goals.clone());
        let passes = move |number| {
            let name = store.goal(number).ok().flatten();
            name.is_some_and(|name| goals.iter().any(|goal| goal == name.as_str()))
        };
        tests.push(Test::Number(Of::Goal, Arc::new(passes)));
    }
    tests
}
