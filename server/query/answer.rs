//! A query → rows.

use std::collections::HashSet;
use std::sync::Arc;

use iso_currency::Currency;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::Query;
use super::dimension::{Dimension, Named};
use super::plan::Values;
use super::rank;
use super::table::{Group, Plan, Table};
use crate::store::event::Money;
use crate::store::{ReadError, Store};

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// In the query's order. A query that is split by a part of time alone has a row for each, quiet ones too.
    pub rows: Vec<Row>,
    /// The cursor of the rows that follow; `None` when there are no more.
    pub next: Option<String>,
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// A value a dimension; `None` where there is none.
    pub values: Vec<Option<String>>,
    /// The figures, as they were asked for.
    pub figures: Vec<Figure>,
    /// The same figures of the range beside: of the same values, and of days, weeks and months at the same place. Rows of
    /// which only that range knows are not shown.
    pub compare: Option<Vec<Figure>>,
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
    /// One sum of several currencies.
    Total(Total),
    /// Averages by currency, in major units.
    Average(Vec<(f64, Currency)>),
}

/// Money of several currencies as one sum, as far as rates are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Total {
    /// In the site's currency; `None` where it has none.
    pub sum: Option<Money>,
    /// What was of other currencies, as it was before.
    pub changed: Vec<Money>,
    /// What could not become the site's currency: without a currency of the site all.
    pub left: Vec<Money>,
}

/// Asks the store.
///
/// # Errors
/// When its files can't be read.
pub fn answer(store: &Arc<Store>, query: &Query) -> Result<Answer, ReadError> {
    let plan = Plan::new(store, query)?;
    let passes = plan.passes(&query.range)?;
    let beside = query
        .compare
        .as_ref()
        .map(|range| plan.passes(range))
        .transpose()?;
    let mut table = plan.table(&passes)?;
    let beside = beside
        .as_ref()
        .map(|passes| plan.table(passes))
        .transpose()?;
    for values in quiet(query) {
        table.groups.entry(values).or_default();
    }
    let groups: Vec<_> = std::mem::take(&mut table.groups).into_iter().collect();
    let end = query.offset.saturating_add(query.limit);
    let next = (groups.len() > end).then(|| query.cursor(end));
    let rows = rank::first(&table, groups, query);
    let nothing = Group::default();
    let figures = |table: &Table, values: &Values, group: &Group| {
        let metrics = query.metrics.iter();
        metrics
            .map(|metric| table.figure(values, group, *metric))
            .collect()
    };
    let row = |(values, group): &(Values, Group)| Row {
        values: values.clone(),
        figures: figures(&table, values, group),
        compare: beside.as_ref().map(|beside| {
            let group = beside.groups.get(values).unwrap_or(&nothing);
            figures(beside, values, group)
        }),
    };
    Ok(Answer {
        rows: rows.par_iter().map(row).collect(),
        next,
    })
}

/// Rows that are there even when nothing happened: the one of a query that isn't split, and every part of time where it
/// is split by that alone.
fn quiet(query: &Query) -> HashSet<Values> {
    match query.dimensions.as_slice() {
        [] => HashSet::from([Vec::new()]),
        [Dimension::Named(Named::Hour)] => (0..24)
            .map(|hour| vec![Some(format!("{hour:02}"))])
            .collect(),
        [Dimension::Named(named)] if named.is_of_day() => query
            .range
            .days()
            .map(|day| vec![named.of_day(day)])
            .collect(),
        _ => HashSet::new(),
    }
}
