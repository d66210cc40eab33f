//! Which rows come first. Those that by a bound can't be among them are never counted exactly.

use std::cmp::Ordering;

use rayon::iter::{IntoParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

use super::dimension::{Dimension, Named};
use super::filter::WEEKDAYS;
use super::metric::Metric;
use super::plan::Values;
use super::table::{Group, Table};
use super::{Order, OrderBy, Query};

/// A row, and what it is ordered by: one figure for each metric of the order.
struct Ranked<'a> {
    ranks: Vec<Option<f64>>,
    values: Values,
    group: Group<'a>,
}

/// The rows of the query's page, in order.
pub(super) fn first<'a>(
    table: &Table<'a>,
    groups: Vec<(Values, Group<'a>)>,
    query: &Query,
) -> Vec<(Values, Group<'a>)> {
    let most = query.offset.saturating_add(query.limit);
    let metrics: Vec<Option<Metric>> = query.order.iter().map(metric_of).collect();
    // Counting who is in several days' bitmaps is most of the work: where that decides, it is done for the first only.
    let is_bounded = matches!(
        query.order.first(),
        Some(Order {
            by: OrderBy::Metric(Metric::Visitors | Metric::People),
            ascending: false
        })
    );
    let ranked = |(values, group): (Values, Group<'a>)| {
        let rank = |(nth, metric): (usize, &Option<Metric>)| match metric {
            Some(_) if nth == 0 && is_bounded => Some(table.bound(&group)),
            Some(metric) => table.rank(&values, &group, *metric),
            None => None,
        };
        Ranked {
            ranks: metrics.iter().enumerate().map(rank).collect(),
            values,
            group,
        }
    };
    let mut rows: Vec<Ranked> = groups.into_par_iter().map(ranked).collect();
    let order = |a: &Ranked, b: &Ranked| compare(query, a, b);
    rows.sort_by(order);
    if is_bounded {
        let exact = |row: &mut Ranked| {
            if let (Some(rank), Some(Some(metric))) = (row.ranks.first_mut(), metrics.first()) {
                *rank = table.rank(&row.values, &row.group, *metric);
            }
        };
        let likely = rows.len().min(most);
        rows[..likely].par_iter_mut().for_each(exact);
        let mut sure: Vec<Ranked> = Vec::new();
        for (nth, mut row) in rows.into_iter().enumerate() {
            if nth >= likely {
                if sure.len() >= most.saturating_mul(2) || nth == likely {
                    sure.sort_by(order);
                    sure.truncate(most);
                }
                let bound = row.ranks.first().copied().flatten();
                if sure.len() == most
                    && sure
                        .last()
                        .is_some_and(|last| last.ranks.first().copied().flatten() > bound)
                {
                    break;
                }
                exact(&mut row);
            }
            sure.push(row);
        }
        sure.sort_by(order);
        rows = sure;
    }
    let rows = rows.into_iter().skip(query.offset).take(query.limit);
    rows.map(|row| (row.values, row.group)).collect()
}

fn metric_of(order: &Order) -> Option<Metric> {
    match order.by {
        OrderBy::Metric(metric) => Some(metric),
        OrderBy::Dimension(_) => None,
    }
}

fn compare(query: &Query, a: &Ranked, b: &Ranked) -> Ordering {
    let one = |(nth, order): (usize, &Order)| match order.by {
        OrderBy::Metric(_) => match (a.ranks[nth], b.ranks[nth]) {
            (Some(a), Some(b)) if order.ascending => a.total_cmp(&b),
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => a.is_none().cmp(&b.is_none()),
        },
        OrderBy::Dimension(at) => {
            match (value(query, &a.values, at), value(query, &b.values, at)) {
                (Some(a), Some(b)) if order.ascending => a.cmp(&b),
                (Some(a), Some(b)) => b.cmp(&a),
                (a, b) => a.is_none().cmp(&b.is_none()),
            }
        }
    };
    let mut orders = query.order.iter().enumerate().map(one);
    orders
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.values.cmp(&b.values))
}

/// What a dimension's values are ordered by: days of the week by their place in it, all else as texts.
fn value<'v>(query: &Query, values: &'v Values, at: usize) -> Option<(usize, &'v str)> {
    let value = values.get(at)?.as_deref()?;
    let place = match query.dimensions.get(at) {
        Some(Dimension::Named(Named::Weekday)) => WEEKDAYS.iter().position(|day| *day == value),
        _ => None,
    };
    Some((place.unwrap_or_default(), value))
}
