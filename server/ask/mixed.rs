//! What the marketing mix says, from the latest fit of a site: its own figures, each with its interval.

use super::reading::{Condition, Mix};
use super::table::{Cell, Row, Table};
use crate::mix::budget::Aim;
use crate::mix::fit::{Fit, Told, split};
use crate::mix::posterior::Estimate;
use crate::query::dimension::{Dimension, Named};
use crate::query::operator::Operator;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// An estimate, as a middle and both ends of its interval of 94 %.
fn cells(of: &Estimate, cell: &dyn Fn(Option<f64>) -> Cell) -> Vec<Cell> {
    [of.mean, of.low, of.high]
        .map(|number| cell(Some(number)))
        .into()
}

/// The channels that conditions mean; `None` for all.
///
/// # Errors
/// In words, where something else is filtered by.
fn meant(conditions: &[Condition]) -> Result<Option<Vec<String>>, String> {
    let mut names = Vec::new();
    for condition in conditions {
        match (&condition.dimension, condition.operator) {
            (Dimension::Named(Named::Channel), Operator::Is) => {
                names.extend(condition.values.iter().map(|name| name.to_lowercase()));
            }
            _ => return Err("the marketing mix knows channels, not sources, pages or devices: ask it of a channel, such as Paid Social".into()),
        }
    }
    Ok((!names.is_empty()).then_some(names))
}

/// Answers from a fit.
///
/// # Errors
/// In words: why the fit can't say it.
pub fn table(asked: Mix, fit: &Fit, conditions: &[Condition]) -> Result<Table, String> {
    let meant = meant(conditions)?;
    let is_meant = |channel: &&Told| {
        let name = channel.name.to_lowercase();
        meant.as_ref().is_none_or(|names| names.contains(&name))
    };
    let number = |number| Cell::Number(number);
    let channels = fit.channels.iter().filter(is_meant);
    let row = |channel: &Told, cells: Vec<Cell>| Row {
        of: vec![Some(channel.name.clone())],
        cells,
        compare: None,
    };
    let of = |get: &dyn Fn(&Told) -> Option<Estimate>, cell: &dyn Fn(Option<f64>) -> Cell| {
        let rows = channels.clone().filter_map(|channel| {
            let estimate = get(channel)?;
            Some(row(channel, cells(&estimate, cell)))
        });
        rows.collect::<Vec<_>>()
    };
    let ends = |name: &str| vec![name.to_owned(), "at least".into(), "at most".into()];
    let (metrics, mut rows) = match asked {
        Mix::Contribution => (
            ends("contribution"),
            of(&|channel| Some(channel.contribution), &number),
        ),
        Mix::Roas => (ends("roas"), of(&|channel| channel.roi, &number)),
        Mix::MarginalRoas => (
            ends("marginal roas"),
            of(&|channel| channel.marginal_roi, &number),
        ),
        Mix::HalfLife => {
            let seconds = |days: Option<f64>| Cell::Seconds(days.map(|days| days * DAY));
            (
                ends("half-life"),
                of(&|channel| Some(channel.half_life), &seconds),
            )
        }
        Mix::Saturation => (
            ends("part of all it could bring"),
            of(&|channel| Some(channel.fullness), &|share| {
                Cell::Share(share)
            }),
        ),
        Mix::Optimize(more) => {
            let now: f64 = fit.paid().map(|channel| channel.now).sum();
            let total = now + more.map_or(0.0, f64::from);
            let (_, split) = split(fit, &[], Some(Aim::Total(total)))?;
            let each = fit.paid().zip(split.spend.iter().zip(&split.marginals));
            let rows = each.map(|(channel, (spend, marginal))| {
                let numbers = [*spend, channel.now, *marginal];
                row(
                    channel,
                    numbers.map(|number| Cell::Number(Some(number))).into(),
                )
            });
            let period = fit.series.period_word();
            (
                vec![
                    format!("spend a {period}"),
                    "spent now".into(),
                    "the next unit brings".into(),
                ],
                rows.collect(),
            )
        }
    };
    if rows.is_empty() {
        return Err("the latest fit of the marketing mix has no such channel".into());
    }
    let size = |row: &Row| row.cells.first().and_then(Cell::size).unwrap_or_default();
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let (from, to) = (fit.series.first, fit.series.last());
    let mut notes = vec![format!(
        "by the latest fit, of {from} to {to}; intervals are of 94 %"
    )];
    if fit.is_unreliable() {
        notes.push("the fit is unreliable: its chains do not agree".into());
    }
    if let Mix::Optimize(Some(more)) = asked {
        notes.push(format!(
            "read as {more} more each {}",
            fit.series.period_word()
        ));
    }
    notes.extend(fit.warnings.iter().cloned());
    Ok(Table {
        dimensions: vec!["channel".into()],
        metrics,
        rows,
        next: None,
        notes,
    })
}

/// The answer in one sentence.
pub(super) fn sentence(asked: Mix, table: &Table) -> String {
    let told = |row: &Row| {
        let name = row.of.first().cloned().flatten().unwrap_or_default();
        let words: Vec<String> = row.cells.iter().map(Cell::words).collect();
        match (asked, &*words) {
            (Mix::Optimize(_), [spend, now, _]) => format!("{name} {spend} (now {now})"),
            (_, [middle, low, high]) => format!("{name} {middle} ({low} to {high})"),
            _ => name,
        }
    };
    let rows: Vec<String> = table.rows.iter().take(5).map(told).collect();
    let lead = match asked {
        Mix::Contribution => "What spend brought",
        Mix::Roas => "What came back of each unit spent",
        Mix::MarginalRoas => "What the next unit would bring",
        Mix::HalfLife => "Until half of an effect has come",
        Mix::Saturation => "How much of all it could bring each channel brings now",
        Mix::Optimize(_) => "The best split",
    };
    format!("{lead}, by the marketing mix: {}.", rows.join(", "))
}
