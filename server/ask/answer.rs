//! What was asked → a table and a sentence, from the rooms' own answers. No figure is made here that isn't in one of them:
//! differences, shares of a sum and statistics over listed values are worked out of their rows.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::earned::{cohorts, cost_per_goal, credit, roas};
use super::explain;
use super::plan::Asked;
use super::reading::Statistic;
use super::table::{Cell, Row, Table};
use crate::account::Site;
use crate::account::spend::{Spent, SpentBy};
use crate::attribution::{self, cost};
use crate::query::answer::{Answer as Rows, Figure, answer};
use crate::query::dimension::{Dimension, Named};
use crate::query::fires::fires;
use crate::query::range::Range;
use crate::query::{Query, funnel, goals};
use crate::store::{ReadError, Store};

/// Fires that are walked through to find the first of a day.
const PAGES: usize = 200;
const PAGE: usize = 1000;

/// Asks what was spent on days, by something.
pub type SpentOn<'a> = &'a dyn Fn(&Range, SpentBy) -> Result<Spent, ReadError>;

fn table(query: &Query, found: &Rows) -> Table {
    let cells = |figures: &[Figure]| {
        figures
            .iter()
            .zip(&query.metrics)
            .map(|(figure, metric)| Cell::of(figure, *metric))
            .collect()
    };
    let rows = found.rows.iter().map(|row| Row {
        of: row.values.clone(),
        cells: cells(&row.figures),
        compare: row.compare.as_deref().map(cells),
    });
    Table {
        dimensions: query.dimensions.iter().map(Dimension::name).collect(),
        metrics: query
            .metrics
            .iter()
            .map(|metric| metric.name().to_owned())
            .collect(),
        rows: rows.collect(),
        next: found.next.clone(),
        notes: Vec::new(),
    }
}

/// Asks the rooms.
///
/// # Errors
/// When the store's files can't be read.
pub fn find(
    store: &Arc<Store>,
    site: &Site,
    asked: &Asked,
    now: Timestamp,
    spent: SpentOn,
) -> Result<Table, ReadError> {
    match asked {
        Asked::Query(query) => Ok(table(query, &answer(store, query)?)),
        Asked::Change {
            query,
            ascending,
            limit,
        } => {
            let mut table = explain::changed(store, query)?;
            let change = |row: &Row| explain::change(row).unwrap_or(0.0);
            table.rows.sort_by(|a, b| {
                let order = change(a).total_cmp(&change(b));
                let order = if *ascending { order } else { order.reverse() };
                order.then_with(|| a.of.cmp(&b.of))
            });
            table.rows.truncate(*limit);
            Ok(table)
        }
        Asked::Why(queries) => explain::why(store, queries),
        Asked::Values(statistic, query) => Ok(values(*statistic, query, &answer(store, query)?)),
        Asked::Moment { query, is_first } => moment(store, query, *is_first),
        Asked::Funnel(asked) => {
            let reached = funnel::funnel(store, asked)?;
            let rows = asked.steps.iter().zip(&reached).map(|(step, reached)| {
                let name = match step {
                    funnel::Step::Goal(goal) => goal.clone(),
                    funnel::Step::Page(page) => page.clone(),
                };
                Row {
                    of: vec![Some(name)],
                    cells: vec![
                        Cell::Count(reached.visitors),
                        Cell::Share(reached.of_first),
                        Cell::Share(reached.of_previous),
                        Cell::Seconds(reached.median_seconds),
                    ],
                    compare: None,
                }
            });
            Ok(Table {
                dimensions: vec!["step".into()],
                metrics: [
                    "visitors",
                    "share_of_first",
                    "share_of_previous",
                    "median_seconds",
                ]
                .map(str::to_owned)
                .into(),
                rows: rows.collect(),
                ..Table::default()
            })
        }
        Asked::Cohorts(questions) => cohorts(store, site, questions, now),
        Asked::Credit(models, question) => {
            let found = attribution::answer(store, site, question)?;
            Ok(credit(models, question, &found))
        }
        Asked::CostPerGoal(question) => {
            let mut found = attribution::answer(store, site, question)?;
            if let Some(by) = cost::spent_by(question) {
                cost::with_spend(&mut found, spent(&question.range, by)?);
            }
            Ok(cost_per_goal(question, &found))
        }
        Asked::Spend { query, is_roas } => roas(store, query, *is_roas, spent),
        Asked::Goals => {
            let range = Range::last(90, &site.zone, now);
            let found = goals::goals(store, site, &range)?;
            let fired = found.goals.iter().map(|goal| Row {
                of: vec![Some(goal.name.as_str().to_owned())],
                cells: vec![Cell::Count(goal.fires), Cell::Count(goal.visitors)],
                compare: None,
            });
            let mut rows: Vec<Row> = fired.collect();
            for goal in site.goals.goals() {
                let name = goal.set.name.as_str();
                if !goal.set.is_hidden && !rows.iter().any(|row| row.of[0].as_deref() == Some(name))
                {
                    rows.push(Row {
                        of: vec![Some(name.to_owned())],
                        cells: vec![Cell::Count(0), Cell::Count(0)],
                        compare: None,
                    });
                }
            }
            Ok(Table {
                dimensions: vec!["goal".into()],
                metrics: vec!["fires".into(), "visitors".into()],
                rows,
                notes: vec!["fires and visitors of the last 90 days".into()],
                ..Table::default()
            })
        }
        Asked::Help | Asked::Mix(..) => Ok(Table::default()),
    }
}

/// What rows share, and the values in them, each as often as it fired.
type Group = (Vec<Option<String>>, Vec<(f64, u64)>);

/// Something of the values by which a query is split last, each as often as it fired.
fn values(statistic: Statistic, query: &Query, found: &Rows) -> Table {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<Vec<Option<String>>, usize> = HashMap::new();
    let mut others = 0;
    for row in &found.rows {
        let Some((value, of)) = row.values.split_last() else {
            continue;
        };
        let Some(Figure::Count(fires)) = row.figures.first() else {
            continue;
        };
        let number = value
            .as_deref()
            .and_then(|value| value.trim().parse::<f64>().ok())
            .filter(|number| number.is_finite());
        let Some(number) = number else {
            others += fires;
            continue;
        };
        let place = *places.entry(of.to_vec()).or_insert_with(|| {
            groups.push((of.to_vec(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push((number, *fires));
    }
    let mut rows: Vec<Row> = groups
        .into_iter()
        .map(|(of, mut values)| {
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
            let fires: u64 = values.iter().map(|(_, fires)| fires).sum();
            Row {
                of,
                cells: vec![
                    Cell::Number(of_values(statistic, &values)),
                    Cell::Count(fires),
                ],
                compare: None,
            }
        })
        .collect();
    let by = query.dimensions.len().saturating_sub(1);
    if rows.is_empty() && by == 0 {
        rows.push(Row {
            of: Vec::new(),
            cells: vec![Cell::Number(None), Cell::Count(0)],
            compare: None,
        });
    }
    if query
        .dimensions
        .first()
        .is_some_and(|first| by > 0 && first.is_time())
    {
        rows.sort_by(|a, b| a.of.cmp(&b.of));
    } else {
        rows.sort_by(|a, b| {
            b.cells[0]
                .size()
                .unwrap_or(0.0)
                .total_cmp(&a.cells[0].size().unwrap_or(0.0))
        });
    }
    let mut notes = Vec::new();
    if others > 0 {
        notes.push(format!(
            "{others} fires without a number there are left out"
        ));
    }
    if found.next.is_some() {
        notes.push(format!(
            "only the {} most frequent values are in it",
            found.rows.len()
        ));
    }
    let name = query
        .dimensions
        .last()
        .map_or_else(String::new, Dimension::name);
    let word = statistic.words().trim_end_matches(" of").to_lowercase();
    Table {
        dimensions: query
            .dimensions
            .iter()
            .take(by)
            .map(Dimension::name)
            .collect(),
        metrics: vec![format!("{word} {name}"), "fires".into()],
        rows,
        notes,
        ..Table::default()
    }
}

/// One number of values, ordered, each as often as it occurs.
fn of_values(statistic: Statistic, values: &[(f64, u64)]) -> Option<f64> {
    let count: u64 = values.iter().map(|(_, count)| count).sum();
    let sum: f64 = values
        .iter()
        .map(|(value, count)| value * *count as f64)
        .sum();
    match statistic {
        Statistic::Sum => Some(sum),
        Statistic::Average => (count > 0).then(|| sum / count as f64),
        Statistic::Least => values.first().map(|(value, _)| *value),
        Statistic::Most => values.last().map(|(value, _)| *value),
        Statistic::Median => {
            let at = |place: u64| {
                let mut before = 0;
                values.iter().find_map(|(value, count)| {
                    before += count;
                    (before > place).then_some(*value)
                })
            };
            let (low, high) = (count.checked_sub(1)? / 2, count / 2);
            Some((at(low)? + at(high)?) / 2.0)
        }
    }
}

/// When the first, or the last, of some fires was.
fn moment(store: &Arc<Store>, query: &Query, is_first: bool) -> Result<Table, ReadError> {
    let mut asked = query.clone();
    if is_first {
        // The day of the first, then the fires of that day.
        let by_day = Query {
            dimensions: vec![Dimension::Named(Named::Day)],
            order: Vec::new(),
            limit: 10_000,
            ..query.clone()
        };
        let found = answer(store, &by_day)?;
        let fired = found
            .rows
            .iter()
            .filter(|row| matches!(row.figures.first(), Some(Figure::Count(count)) if *count > 0));
        let day = fired
            .filter_map(|row| row.values.first()?.as_deref()?.parse().ok())
            .min();
        if let Some(day) = day {
            asked.range = Range {
                from: day,
                to: day,
                zone: asked.range.zone.clone(),
            };
        }
    }
    let mut at: Option<Timestamp> = None;
    let mut before = None;
    for _ in 0..PAGES {
        let found = fires(store, &asked, before, if is_first { PAGE } else { 1 })?;
        let times = found.fires.iter().map(|fired| fired.detail.fire.at);
        at = if is_first {
            times.min().or(at)
        } else {
            times.max()
        };
        before = found.next;
        if !is_first || before.is_none() {
            break;
        }
    }
    let name = if is_first {
        "first_fired_at"
    } else {
        "last_fired_at"
    };
    Ok(Table {
        metrics: vec![name.into()],
        rows: vec![Row {
            of: Vec::new(),
            cells: vec![Cell::Instant(at)],
            compare: None,
        }],
        ..Table::default()
    })
}
