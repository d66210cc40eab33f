//! What cohorts, attribution and spend say, as rows.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::answer::SpentOn;
use super::table::{Cell, Row, Table};
use crate::account::Site;
use crate::account::spend::SpentBy;
use crate::attribution::model::{ALL, Model};
use crate::attribution::{self, RowOf, cost};
use crate::cohort;
use crate::cohort::question::{Question as Cohort, What};
use crate::query::Query;
use crate::query::answer::{Figure, answer};
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::store::event::major;
use crate::store::reports::cell::currency;
use crate::store::{ReadError, Store};

pub(super) fn cohorts(
    store: &Arc<Store>,
    site: &Site,
    questions: &[Cohort],
    now: Timestamp,
) -> Result<Table, ReadError> {
    let mut table = Table::default();
    let several = questions.len() > 1;
    for question in questions {
        let found = cohort::answer(store, site, question, now)?;
        let by = question.split.by();
        let code = found.currency.as_ref().and_then(currency);
        let goal = match &question.start {
            cohort::question::Start::Goal(goal) => goal.clone(),
            _ => "first visit".into(),
        };
        if table.metrics.is_empty() {
            table.dimensions = if several {
                vec!["goal".into(), "cohort".into()]
            } else {
                vec!["cohort".into()]
            };
            table.metrics.push("people".into());
            for age in &question.ages {
                let age = question.age(age);
                let unit = question.unit_words();
                table.metrics.push(match question.what {
                    What::Revenue => format!("revenue a person by {unit} {age}"),
                    What::Retention => format!("{unit} {age}"),
                });
            }
        }
        let money = |minor: f64| {
            Cell::Money(
                code.map(|code| (major(minor, code), code.code()))
                    .into_iter()
                    .collect(),
            )
        };
        let predicted = match &found.prediction {
            Some(Ok(prediction)) => Some(prediction),
            Some(Err(reason)) => {
                table.notes.push(reason.clone());
                None
            }
            None => None,
        };
        if let Some(prediction) = predicted {
            table.notes.push(format!(
                "what isn’t known yet is predicted by {}",
                prediction.model
            ));
        }
        let cohorts = found
            .table
            .cohorts
            .iter()
            .map(|cohort| (cohort.name.written(by), cohort));
        let all = cohorts
            .chain([("all".to_owned(), &found.table.all)])
            .enumerate();
        let mut rows: Vec<Row> = Vec::new();
        for (place, (name, cohort)) in all {
            let mut cells = vec![Cell::Count(cohort.size)];
            for (age, cell) in cohort.cells.iter().enumerate() {
                let foreseen =
                    predicted.and_then(|prediction| *prediction.cells.get(place)?.get(age)?);
                cells.push(match (cell, foreseen, question.what) {
                    (Some(cell), _, What::Revenue) => {
                        money(cell.sum.minor as f64 / cell.reached.max(1) as f64)
                    }
                    (Some(cell), _, What::Retention) => {
                        Cell::Share(Some(cell.people as f64 / cell.reached.max(1) as f64))
                    }
                    (None, Some(foreseen), What::Revenue) => money(foreseen),
                    (None, Some(foreseen), What::Retention) => Cell::Share(Some(foreseen)),
                    (None, None, What::Revenue) => Cell::Money(Vec::new()),
                    (None, None, What::Retention) => Cell::Share(None),
                });
            }
            let name = name
                .strip_prefix("value:")
                .map_or(name.clone(), str::to_owned);
            let of = if several {
                vec![Some(goal.clone()), Some(name)]
            } else {
                vec![Some(name)]
            };
            rows.push(Row {
                of,
                cells,
                compare: None,
            });
        }
        // All together are enough where goals stand beside each other.
        if several {
            rows.drain(..rows.len() - 1);
        } else if question.what == What::Revenue
            && matches!(question.split, cohort::question::Split::Value(_))
        {
            let all = rows.pop();
            rows.sort_by(|a, b| {
                b.cells[1]
                    .size()
                    .unwrap_or(-1.0)
                    .total_cmp(&a.cells[1].size().unwrap_or(-1.0))
            });
            rows.extend(all);
        }
        table.rows.extend(rows);
    }
    Ok(table)
}

pub(super) fn name_of(of: &RowOf) -> Option<String> {
    match of {
        RowOf::Value(value) => value.clone(),
        RowOf::Other => Some("others".into()),
        RowOf::NoVisit => Some("no visit known".into()),
        RowOf::Unsaid => Some("not said".into()),
    }
}

pub(super) fn place(model: Model) -> usize {
    ALL.iter()
        .position(|about| about.model == model)
        .unwrap_or(0)
}

pub(super) fn credit(
    models: &[Model],
    question: &attribution::question::Question,
    found: &attribution::Answer,
) -> Table {
    let row = |row: &attribution::Row| Row {
        of: vec![name_of(&row.of)],
        cells: models
            .iter()
            .map(|model| Cell::Number(Some(row.credits[place(*model)])))
            .collect(),
        compare: None,
    };
    Table {
        dimensions: vec![question.by.name().to_owned()],
        metrics: models
            .iter()
            .map(|model| format!("credit, {}", model.about().label.to_lowercase()))
            .collect(),
        rows: found.rows.iter().map(row).collect(),
        notes: vec![format!(
            "{} conversions of {} people",
            found.conversions, found.people
        )],
        ..Table::default()
    }
}

pub(super) fn cost_per_goal(
    question: &attribution::question::Question,
    found: &attribution::Answer,
) -> Table {
    let model = place(question.model);
    let row = |row: &attribution::Row| {
        let (mut costs, mut spends) = (Vec::new(), Vec::new());
        for (code, minor) in &row.spend {
            let Some(code) = currency(code) else { continue };
            spends.push((major(*minor as f64, code), code.code()));
            if let Some(cost) = cost::cost_per_goal(*minor, &row.credits)[model] {
                costs.push((major(cost, code), code.code()));
            }
        }
        let cost = match costs.is_empty() {
            true => Cell::Number(None),
            false => Cell::Money(costs),
        };
        Row {
            of: vec![name_of(&row.of)],
            cells: vec![
                cost,
                Cell::Money(spends),
                Cell::Number(Some(row.credits[model])),
            ],
            compare: None,
        }
    };
    let notes = match found.spend.is_empty() {
        true => vec!["no spend is known of these days; it is uploaded in the settings".into()],
        false => Vec::new(),
    };
    Table {
        dimensions: vec![question.by.name().to_owned()],
        metrics: vec!["cost per goal".into(), "spend".into(), "credit".into()],
        rows: found
            .rows
            .iter()
            .filter(|row| !row.spend.is_empty())
            .map(row)
            .collect(),
        notes,
        ..Table::default()
    }
}

pub(super) fn roas(
    store: &Arc<Store>,
    query: &Query,
    is_roas: bool,
    spent: SpentOn,
) -> Result<Table, ReadError> {
    let by = match query.dimensions.first() {
        Some(Dimension::Named(Named::Source)) => SpentBy::Source,
        Some(Dimension::Named(Named::Campaign)) => SpentBy::Campaign,
        _ => SpentBy::Channel,
    };
    let wanted = query.filters.iter().find_map(|filter| match filter {
        Filter::Value(_, _, values) => Some(values.clone()),
        _ => None,
    });
    let spent = spent(&query.range, by)?;
    let found = answer(store, query)?;
    let revenue: HashMap<Option<&str>, &[Figure]> = found
        .rows
        .iter()
        .map(|row| (row.values.first().and_then(Option::as_deref), &*row.figures))
        .collect();
    let mut rows = Vec::new();
    for (value, sums) in &spent {
        if wanted
            .as_ref()
            .is_some_and(|wanted| !wanted.contains(value))
        {
            continue;
        }
        for (code, minor) in sums {
            let Some(code) = currency(code) else { continue };
            let earned = match revenue
                .get(&Some(value.as_str()).filter(|value| !value.is_empty()))
                .and_then(|figures| figures.first())
            {
                Some(Figure::Total(total)) => total
                    .sum
                    .iter()
                    .chain(&total.left)
                    .find(|money| money.currency == code)
                    .map_or(0, |money| money.minor),
                _ => 0,
            };
            let share = (*minor > 0).then(|| earned as f64 / *minor as f64);
            let money = |minor: i64| Cell::Money(vec![(major(minor as f64, code), code.code())]);
            let cells = if is_roas {
                vec![Cell::Number(share), money(*minor), money(earned)]
            } else {
                vec![money(*minor)]
            };
            rows.push(Row {
                of: vec![Some(value.clone()).filter(|value| !value.is_empty())],
                cells,
                compare: None,
            });
        }
    }
    rows.sort_by(|a, b| {
        b.cells[0]
            .size()
            .unwrap_or(0.0)
            .total_cmp(&a.cells[0].size().unwrap_or(0.0))
    });
    let metrics = if is_roas {
        vec!["roas", "spend", "revenue"]
    } else {
        vec!["spend"]
    };
    Ok(Table {
        dimensions: query.dimensions.iter().map(Dimension::name).collect(),
        metrics: metrics.into_iter().map(str::to_owned).collect(),
        notes: if rows.is_empty() {
            vec!["no spend is known of these days; it is uploaded in the settings".into()]
        } else {
            Vec::new()
        },
        rows,
        ..Table::default()
    })
}
