//! What a change is made of: the figures of two ranges beside each other, also of what only one of them knows, and the
//! dimension whose parts moved most.
//!
//! A value's part of a change is its own change divided by the whole change. A dimension explains a change the better, the
//! more of it lies with few of its values: each is told with the part of the one value that moved most the same way. That
//! is arithmetic and no cause.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::table::{Cell, Row, Table};
use crate::query::Query;
use crate::query::answer::{Figure, answer};
use crate::query::dimension::Dimension;
use crate::store::{ReadError, Store};

/// Rows of each range that are looked at, and that are told.
const TOLD: usize = 12;

/// How much more a row has than on the other days.
pub(super) fn change(row: &Row) -> Option<f64> {
    let size = |cells: &[Cell]| cells.first().map(|cell| cell.size().unwrap_or(0.0));
    Some(size(&row.cells)? - size(row.compare.as_deref()?)?)
}

/// The figures of both ranges.
type Both = (Vec<Cell>, Vec<Cell>);

/// Both ranges of a query beside each other: a row for whatever either knows.
pub(super) fn changed(store: &Arc<Store>, query: &Query) -> Result<Table, ReadError> {
    let plain = Query {
        compare: None,
        ..query.clone()
    };
    let before = query.compare.clone().map(|range| Query {
        range,
        ..plain.clone()
    });
    let (now, before) = (
        answer(store, &plain)?,
        before.map(|before| answer(store, &before)).transpose()?,
    );
    let metric = |figures: &[Figure]| -> Vec<Cell> {
        figures
            .iter()
            .zip(&query.metrics)
            .map(|(figure, metric)| Cell::of(figure, *metric))
            .collect()
    };
    let nothing: Vec<Cell> = query
        .metrics
        .iter()
        .map(|metric| Cell::nothing(*metric))
        .collect();
    let mut rows: BTreeMap<Vec<Option<String>>, Both> = BTreeMap::new();
    for row in &now.rows {
        rows.insert(row.values.clone(), (metric(&row.figures), nothing.clone()));
    }
    for row in before.iter().flat_map(|before| &before.rows) {
        let both = rows
            .entry(row.values.clone())
            .or_insert_with(|| (nothing.clone(), nothing.clone()));
        both.1 = metric(&row.figures);
    }
    let rows = rows.into_iter().map(|(of, (cells, compare))| Row {
        of,
        cells,
        compare: Some(compare),
    });
    Ok(Table {
        dimensions: query.dimensions.iter().map(Dimension::name).collect(),
        metrics: query
            .metrics
            .iter()
            .map(|metric| metric.name().to_owned())
            .collect(),
        rows: rows.collect(),
        ..Table::default()
    })
}

/// Which dimension explains the most of a change, and what of it each value is.
pub(super) fn why(store: &Arc<Store>, queries: &[Query]) -> Result<Table, ReadError> {
    let Some(first) = queries.first() else {
        return Ok(Table::default());
    };
    let whole = changed(
        store,
        &Query {
            dimensions: Vec::new(),
            order: Vec::new(),
            ..first.clone()
        },
    )?;
    let total = whole.rows.first().and_then(change).unwrap_or(0.0);
    let mut best: Option<(f64, usize, Table)> = None;
    let mut told: Vec<(f64, String, String)> = Vec::new();
    for (place, query) in queries.iter().enumerate() {
        let mut table = changed(store, query)?;
        let part = |row: &Row| change(row).unwrap_or(0.0) / total;
        table
            .rows
            .sort_by(|a, b| part(b).total_cmp(&part(a)).then_with(|| a.of.cmp(&b.of)));
        if total == 0.0 {
            table.rows.sort_by(|a, b| {
                change(b)
                    .unwrap_or(0.0)
                    .abs()
                    .total_cmp(&change(a).unwrap_or(0.0).abs())
            });
            best.get_or_insert((0.0, place, table));
            continue;
        }
        // A dimension of one value explains nothing; an unknown value little.
        let moved = table
            .rows
            .iter()
            .filter(|row| row.of.first().is_some_and(Option::is_some))
            .map(part)
            .next()
            .unwrap_or(0.0);
        let score = if table.rows.len() < 2 {
            0.0
        } else {
            moved.min(1.0)
        };
        if let Some(value) = table
            .rows
            .first()
            .and_then(|row| row.of.first().cloned().flatten())
            && score > 0.0
        {
            told.push((
                moved,
                table.dimensions.first().cloned().unwrap_or_default(),
                value,
            ));
        }
        if best
            .as_ref()
            .is_none_or(|(known, ..)| score > *known + 1e-9)
        {
            best = Some((score, place, table));
        }
    }
    let Some((_, _, mut table)) = best else {
        return Ok(Table::default());
    };
    table.metrics.push("change".into());
    table.metrics.push("share_of_change".into());
    for row in &mut table.rows {
        let moved = change(row).unwrap_or(0.0);
        row.cells.push(Cell::Number(Some(moved)));
        row.cells
            .push(Cell::Share((total != 0.0).then(|| moved / total)));
    }
    table.rows.truncate(TOLD);
    told.sort_by(|a, b| b.0.total_cmp(&a.0));
    let also = told.iter().skip(1).take(2).map(|(part, dimension, value)| {
        format!(
            "{} {value}: {:.0} %",
            dimension.replace('_', " "),
            part * 100.0
        )
    });
    let also: Vec<String> = also.collect();
    if !also.is_empty() {
        table
            .notes
            .push(format!("by other dimensions: {}", also.join(", ")));
    }
    table
        .notes
        .push("a decomposition of the change, not its cause".into());
    Ok(table)
}
