//! An answer in one sentence: the figure, or who leads and with what.

use super::mixed;
use super::plan::Asked;
use super::table::{Cell, Row, Table};
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::sentence;

impl Cell {
    /// As people read it.
    pub fn words(&self) -> String {
        let none = || "not known".to_owned();
        match self {
            Cell::Count(count) => grouped(*count),
            Cell::Number(None) | Cell::Share(None) | Cell::Seconds(None) | Cell::Instant(None) => {
                none()
            }
            Cell::Number(Some(number)) if number.fract().abs() < 5e-3 && number.abs() < 1e15 => {
                signed(number.round())
            }
            Cell::Number(Some(number)) => format!("{number:.2}"),
            Cell::Share(Some(share)) => format!("{:.1} %", share * 100.0).replace('-', "−"),
            Cell::Seconds(Some(seconds)) => duration(*seconds),
            Cell::Money(sums) if sums.is_empty() => "0".into(),
            Cell::Money(sums) => {
                let sums = sums.iter().map(|(amount, currency)| {
                    let whole = signed(amount.trunc());
                    let cents = ((amount.abs().fract()) * 100.0).round() as u64;
                    match cents {
                        0 => format!("{whole} {currency}"),
                        cents => format!("{whole}.{cents:02} {currency}"),
                    }
                });
                sentence::list(sums.collect(), "and")
            }
            Cell::Instant(Some(at)) => at.strftime("%-d %B %Y, %H:%M UTC").to_string(),
        }
    }
}

/// `12,345`
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn signed(number: f64) -> String {
    let sign = if number < 0.0 { "−" } else { "" };
    format!("{sign}{}", grouped(number.abs() as u64))
}

fn duration(seconds: f64) -> String {
    let units = [(86_400.0, "day"), (3600.0, "hour"), (60.0, "minute")];
    for (length, unit) in units {
        if seconds >= length {
            let count = seconds / length;
            let plural = if (count - 1.0).abs() < 0.05 { "" } else { "s" };
            return format!("{count:.1} {unit}{plural}");
        }
    }
    format!("{seconds:.0} seconds")
}

/// The name of a row of a table.
pub fn name_of(table: &Table, row: &Row) -> String {
    let dimensions = table
        .dimensions
        .iter()
        .map(Some)
        .chain(std::iter::repeat(None));
    let names = row.of.iter().zip(dimensions).map(|(value, dimension)| {
        let known = value.clone().filter(|value| !value.is_empty());
        known.unwrap_or_else(|| match dimension {
            Some(dimension) => format!("no {}", dimension.replace('_', " ")),
            None => "nothing".into(),
        })
    });
    sentence::list(names.collect(), "and")
}

/// How much more or less than on the other days; nothing where that isn't known.
pub fn change_words(row: &Row) -> Option<String> {
    let (now, before) = (
        row.cells.first()?.size()?,
        row.compare.as_deref()?.first()?.size()?,
    );
    let change = match before {
        0.0 if now == 0.0 => "as before".into(),
        0.0 => "up from nothing".into(),
        before => {
            let share = (now - before) / before.abs() * 100.0;
            match share {
                share if share.abs() < 0.05 => "the same".into(),
                share if share > 0.0 => format!("up {share:.1} %"),
                share => format!("down {:.1} %", -share),
            }
        }
    };
    Some(change)
}

/// What the answer is of, at its beginning: "Trial Started fired", "Visitors of Trial Started:".
fn lead(asked: &Asked) -> Option<String> {
    match asked {
        Asked::Query(query) => match (&*query.metrics, &*query.goals) {
            ([Metric::Fires], [goal]) => Some(format!("{goal} fired")),
            _ => None,
        },
        _ => None,
    }
}

/// The sentence, with a full stop.
pub fn sentence(asked: &Asked, table: &Table) -> String {
    let Some(first) = table.rows.first() else {
        return match asked {
            Asked::Help => "Goals, visitors, conversion rates, revenue, funnels, retention, lifetime value and attribution can be asked for, by channel, source, campaign, page, country, device, day or any key of metadata.".into(),
            _ => format!("{}: nothing was found.", asked.sentence()),
        };
    };
    let value = first.cells.first().map(Cell::words).unwrap_or_default();
    match asked {
        Asked::Mix(mix, _) => mixed::sentence(*mix, table),
        Asked::Moment { is_first, query } => {
            let goals = sentence::goals(&query.goals);
            match first.cells.first() {
                Some(Cell::Instant(None)) | None => format!("{goals} never fired."),
                Some(at) => format!(
                    "{goals} fired {} on {}.",
                    if *is_first { "first" } else { "last" },
                    at.words()
                ),
            }
        }
        Asked::Goals => {
            let names: Vec<String> = table
                .rows
                .iter()
                .take(10)
                .map(|row| name_of(table, row))
                .collect();
            let more = table.rows.len().saturating_sub(10);
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!(
                "The site has {} goals: {}{rest}.",
                table.rows.len(),
                names.join(", ")
            )
        }
        Asked::Funnel(_) => {
            let last = table.rows.last().unwrap_or(first);
            let share = last.cells.get(1).map(Cell::words).unwrap_or_default();
            let time = match last.cells.get(3) {
                Some(Cell::Seconds(Some(seconds))) => format!(
                    "; the middle one took {} from the step before",
                    duration(*seconds)
                ),
                _ => String::new(),
            };
            format!(
                "Of {value} visitors who fired {}, {} got to {} ({share}){time}.",
                name_of(table, first),
                last.cells.first().map(Cell::words).unwrap_or_default(),
                name_of(table, last)
            )
        }
        Asked::Why(queries) => why(
            queries
                .first()
                .and_then(|query| query.metrics.first())
                .map_or("", |metric| metric.name()),
            table,
        ),
        Asked::Cohorts(_) => {
            let all = table.rows.last().unwrap_or(first);
            let figures: Vec<String> = table
                .metrics
                .iter()
                .zip(&all.cells)
                .skip(1)
                .take(4)
                .map(|(name, cell)| format!("{name}: {}", cell.words()))
                .collect();
            let best = match (table.rows.len(), table.rows.first()) {
                (2.., Some(best)) if table.metrics.len() == 2 => format!(
                    "; {} comes first with {}",
                    name_of(table, best),
                    best.cells.get(1).map(Cell::words).unwrap_or_default()
                ),
                _ => String::new(),
            };
            format!(
                "{} people joined; {}{best}.",
                all.cells.first().map(Cell::words).unwrap_or_default(),
                figures.join(", ")
            )
        }
        _ if table.dimensions.is_empty() => {
            let beside = change_words(first).map(|change| {
                let before = first
                    .compare
                    .as_deref()
                    .and_then(|cells| cells.first())
                    .map(Cell::words)
                    .unwrap_or_default();
                format!(", {change} beside {before} on the other days")
            });
            let beside = beside.unwrap_or_default();
            match lead(asked) {
                Some(lead) => {
                    let times = if value == "1" { "time" } else { "times" };
                    format!("{lead} {value} {times}{beside}.")
                }
                None => format!("{value}{beside}."),
            }
        }
        Asked::Query(query)
            if query.dimensions.first().is_some_and(Dimension::is_time) && query.limit > 1 =>
        {
            over_time(query.dimensions.first(), table)
        }
        Asked::Change { .. } => {
            let change = change_words(first).unwrap_or_default();
            let before = first
                .compare
                .as_deref()
                .and_then(|cells| cells.first())
                .map(Cell::words)
                .unwrap_or_default();
            format!(
                "{}: {value}, {change} beside {before}.",
                name_of(table, first)
            )
        }
        _ => {
            let metric = table
                .metrics
                .first()
                .map(|metric| metric.replace('_', " "))
                .unwrap_or_default();
            let share = match (first.cells.first(), table.rows.len(), &table.next) {
                (Some(Cell::Count(_)), 2.., None) if metric == "fires" => {
                    let all: f64 = table
                        .rows
                        .iter()
                        .filter_map(|row| row.cells.first()?.size())
                        .sum();
                    let own = first.cells.first().and_then(Cell::size).unwrap_or(0.0);
                    if all > 0.0 {
                        format!(", {:.1} % of {}", own / all * 100.0, signed(all))
                    } else {
                        String::new()
                    }
                }
                _ => String::new(),
            };
            let second = table.rows.get(1).map(|row| {
                format!(
                    "; then {} with {}",
                    name_of(table, row),
                    row.cells.first().map(Cell::words).unwrap_or_default()
                )
            });
            format!(
                "{}: {value} {metric}{share}{}.",
                name_of(table, first),
                second.unwrap_or_default()
            )
        }
    }
}

fn over_time(dimension: Option<&Dimension>, table: &Table) -> String {
    let size = |row: &Row| row.cells.first().and_then(Cell::size).unwrap_or(0.0);
    let most = table.rows.iter().max_by(|a, b| size(a).total_cmp(&size(b)));
    let Some(most) = most else {
        return "Nothing was found.".into();
    };
    let unit = match dimension {
        Some(Dimension::Named(Named::Hour)) => "in the hour from",
        Some(Dimension::Named(Named::Week)) => "in the week from",
        Some(Dimension::Named(Named::Month)) => "in the month from",
        _ => "on",
    };
    let value = most.cells.first().map(Cell::words).unwrap_or_default();
    match most.cells.first() {
        Some(Cell::Count(_))
            if table
                .metrics
                .first()
                .is_some_and(|metric| metric == "fires") =>
        {
            let all: f64 = table.rows.iter().map(size).sum();
            format!(
                "{} in all; the most {unit} {} with {value}.",
                signed(all),
                name_of(table, most)
            )
        }
        _ => format!("The highest {unit} {} with {value}.", name_of(table, most)),
    }
}

fn why(metric: &str, table: &Table) -> String {
    let cell = |row: &Row, place: usize| row.cells.get(place).map(Cell::words).unwrap_or_default();
    let total: f64 = table.rows.iter().filter_map(super::explain::change).sum();
    let Some(first) = table.rows.first() else {
        return "Nothing was found.".into();
    };
    if total == 0.0 {
        return format!("{} didn’t change.", capital(metric));
    }
    let direction = if total < 0.0 { "fell" } else { "grew" };
    let dimension = table
        .dimensions
        .first()
        .map(|name| name.replace('_', " "))
        .unwrap_or_default();
    format!(
        "{} {direction} by {}; by {dimension}, {} makes up {} of that ({}, from {} to {}).",
        capital(metric),
        signed(total.abs()),
        name_of(table, first),
        cell(first, 2),
        cell(first, 1),
        first
            .compare
            .as_deref()
            .and_then(|cells| cells.first())
            .map(Cell::words)
            .unwrap_or_default(),
        cell(first, 0),
    )
}

/// `Conversion rate`
fn capital(metric: &str) -> String {
    let words = metric.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
