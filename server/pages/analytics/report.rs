//! What the analytics page asks: figures, a series, the goals, and a list a card.

use std::sync::Arc;

use jiff::Timestamp;

use super::figure::Total;
use super::view::{FIGURES, TABS, View};
use crate::account::Site;
use crate::query::answer::{Answer, Figure, Row, answer};
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::metric::Metric;
use crate::query::operator::Operator;
use crate::query::range::Range;
use crate::query::{Order, OrderBy, Query};
use crate::store::{ReadError, Store};

/// Rows of a card, of the goals, and of their small lines.
const LISTED: usize = 9;
const GOALS: usize = 100;
const POINTS: usize = 10_000;

/// Days that are drawn by the day, and those by the week; more are drawn by the month.
const DAILY: i32 = 100;
const WEEKLY: i32 = 400;

/// Figures of a goal.
pub(super) const OF_GOAL: [Metric; 4] = [
    Metric::Fires,
    Metric::Visitors,
    Metric::ConversionRate,
    Metric::TotalRevenue,
];

/// What moves while one looks: figures, series, goals.
pub struct Moving {
    /// Each of [`FIGURES`], and the same of the days before.
    pub(super) figures: Vec<Total>,
    /// The figure that is drawn, a row a part of time.
    pub(super) series: Vec<Row>,
    /// What a row of the series is.
    pub(super) step: Named,
    /// A row a goal: see [`OF_GOAL`].
    pub(super) goals: Vec<Row>,
    /// Fires a goal and step, in the steps' order.
    pub(super) lines: Vec<Row>,
    /// What a step of a goal's line is, and all there are.
    pub(super) line_step: Named,
    pub(super) line_steps: Vec<String>,
    /// The days.
    pub(super) range: Range,
    /// Who is there now.
    pub(super) present: u64,
    /// What was refused or filtered, a count a reason.
    pub(super) dropped: Vec<(String, u64)>,
    /// The same of what named no site that this server knows.
    pub(super) unknown: Vec<(String, u64)>,
    /// Whether the site ever sent anything.
    pub(super) has_events: bool,
}

/// The rest: a list a card, in the order of [`TABS`].
pub struct Lists(pub(super) Vec<Answer>);

impl Moving {
    /// Asks the store.
    ///
    /// # Errors
    /// When its files can't be read.
    pub fn read(
        store: &Arc<Store>,
        site: &Site,
        view: &View,
        range: &Range,
        now: Timestamp,
    ) -> Result<Moving, ReadError> {
        let ask = view.ask(site, range);
        let totals = totals(store, &ask, view.hides_reserved)?;
        let step = step(range);
        let series = Query {
            metrics: vec![view.figure],
            dimensions: vec![Dimension::Named(step)],
            order: forward(),
            limit: POINTS,
            filters: filters(&ask, view.hides_reserved && view.figure == Metric::Fires),
            ..ask.clone()
        };
        let goals = Query {
            metrics: OF_GOAL.to_vec(),
            dimensions: vec![Dimension::Named(Named::Goal)],
            order: vec![most(Metric::Fires)],
            limit: GOALS,
            filters: filters(&ask, view.hides_reserved),
            compare: None,
            ..ask.clone()
        };
        let line_step = super::overview::line_step(step);
        let lines = Query {
            metrics: vec![Metric::Fires],
            dimensions: vec![Dimension::Named(Named::Goal), Dimension::Named(line_step)],
            order: Vec::new(),
            limit: POINTS,
            ..goals.clone()
        };
        let mut line_steps: Vec<String> = range
            .days()
            .filter_map(|day| line_step.of_day(day))
            .collect();
        line_steps.dedup();
        let from = range.starts()[0].1;
        Ok(Moving {
            figures: totals,
            series: answer(store, &series)?.rows,
            step,
            goals: answer(store, &goals)?.rows,
            lines: answer(store, &lines)?.rows,
            line_step,
            line_steps,
            range: range.clone(),
            present: store.reports().present(site.id, now),
            dropped: store.dropped(Some(site.id), from)?,
            unknown: store.dropped(None, from)?,
            has_events: store.has_events(site.id)?,
        })
    }
}

impl Lists {
    /// Asks the store.
    ///
    /// # Errors
    /// When its files can't be read.
    pub fn read(
        store: &Arc<Store>,
        site: &Site,
        view: &View,
        range: &Range,
    ) -> Result<Lists, ReadError> {
        let ask = view.ask(site, range);
        let list = |(tabs, named): (&super::view::Tabs, &Named)| {
            let query = Query {
                metrics: tabs.metrics.to_vec(),
                dimensions: vec![Dimension::Named(*named)],
                order: vec![most(tabs.metrics[0])],
                limit: LISTED,
                compare: None,
                ..ask.clone()
            };
            answer(store, &query)
        };
        let lists = TABS.iter().zip(&view.tabs).map(list);
        Ok(Lists(lists.collect::<Result<_, _>>()?))
    }
}

/// Each of [`FIGURES`]; the fires of goals that fire by themselves are left out where they are hidden.
fn totals(store: &Arc<Store>, ask: &Query, hides_reserved: bool) -> Result<Vec<Total>, ReadError> {
    let all = Query {
        metrics: FIGURES.to_vec(),
        ..ask.clone()
    };
    let mut totals = pairs(&all, answer(store, &all)?);
    if hides_reserved {
        let fires = Query {
            metrics: vec![Metric::Fires],
            filters: filters(ask, true),
            ..ask.clone()
        };
        for fires in pairs(&fires, answer(store, &fires)?) {
            for total in totals.iter_mut().filter(|total| total.0 == fires.0) {
                *total = fires.clone();
            }
        }
    }
    Ok(totals)
}

/// The figures of a query that isn't split, each with what it was before.
pub fn pairs(query: &Query, answer: Answer) -> Vec<Total> {
    let Some(row) = answer.rows.into_iter().next() else {
        return Vec::new();
    };
    let mut before = row.compare.map(Vec::into_iter);
    let mut pair = |(metric, figure): (&Metric, Figure)| {
        (*metric, figure, before.as_mut().and_then(Iterator::next))
    };
    query
        .metrics
        .iter()
        .zip(row.figures)
        .map(&mut pair)
        .collect()
}

/// The filters, and no goal that fires by itself where those are hidden.
fn filters(ask: &Query, hides_reserved: bool) -> Vec<Filter> {
    let mut filters = ask.filters.clone();
    if hides_reserved {
        let reserved = ["__admx_*".to_owned()];
        let goal = Dimension::Named(Named::Goal);
        let is = Filter::Value(Operator::Matches, goal, reserved.into());
        filters.push(Filter::Not(Box::new(is)));
    }
    filters
}

/// The most first.
pub fn most(metric: Metric) -> Order {
    Order {
        by: OrderBy::Metric(metric),
        ascending: false,
    }
}

/// Time as it goes.
pub fn forward() -> Vec<Order> {
    vec![Order {
        by: OrderBy::Dimension(0),
        ascending: true,
    }]
}

/// What a range is drawn by.
pub fn step(range: &Range) -> Named {
    let days = range.days();
    match days.end() - days.start() + 1 {
        1 => Named::Hour,
        2..=DAILY => Named::Day,
        days if days <= WEEKLY => Named::Week,
        _ => Named::Month,
    }
}
