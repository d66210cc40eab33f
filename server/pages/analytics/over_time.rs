//! A figure over time: the picture, what is written around it, and the table behind it.

use askama::Template;
use jiff::civil::Date;

use crate::account::Note;
use crate::pages::{chart, words};
use crate::query::answer::{Figure, Row};
use crate::query::dimension::Named;
use crate::query::metric::Metric;
use crate::query::range::{self, Range};
use crate::query::sentence;

/// A series over the page's width.
#[derive(Template)]
#[template(path = "over-time.html", config = "www/askama.toml")]
pub(super) struct OverTime {
    svg: String,
    /// The values of the lines of the grid, the highest first.
    grid: Vec<String>,
    /// The first and the last step.
    ends: (String, String),
    figure: &'static str,
    step: &'static str,
    compares: bool,
    steps: Vec<(String, String, Option<String>)>,
    /// What happened: the day, and the note.
    notes: Vec<(String, String)>,
}

impl OverTime {
    /// From rows of one figure that are split by `step`.
    pub(super) fn new(
        metric: Metric,
        step: Named,
        rows: &[Row],
        range: &Range,
        notes: &[Note],
    ) -> OverTime {
        let row = |row: &Row| {
            let figure = |figures: &[Figure]| words::figure(metric, &figures[0]);
            (
                step_words(step, row.values[0].as_deref()),
                figure(&row.figures),
                row.compare.as_deref().map(figure),
            )
        };
        let steps: Vec<_> = rows.iter().map(row).collect();
        let point = |(row, (at, now, before)): (&Row, &(String, String, Option<String>))| {
            let before_words = before.as_ref().map(|words| format!(", before {words}"));
            let value = row.values[0].as_deref();
            let noted = notes.iter().filter(|note| is_in(step, value, note.day));
            chart::Point {
                note: noted
                    .map(|note| note.text.as_str())
                    .collect::<Vec<_>>()
                    .join("; "),
                value: words::number(&row.figures[0]),
                before: row.compare.as_ref().map(|before| words::number(&before[0])),
                words: format!("{at}: {now}{}", before_words.unwrap_or_default()),
            }
        };
        let points: Vec<_> = rows.iter().zip(&steps).map(point).collect();
        let title = format!("{}, {}", words::metric(metric), sentence::range(range));
        let series = chart::series(&points, &title);
        let end = |row: Option<&(String, String, Option<String>)>| {
            row.map(|(words, _, _)| words.clone()).unwrap_or_default()
        };
        OverTime {
            svg: series.svg,
            grid: series
                .grid
                .iter()
                .map(|value| short(metric, *value))
                .collect(),
            ends: (end(steps.first()), end(steps.last())),
            figure: words::metric(metric),
            step: step.name(),
            compares: rows.iter().any(|row| row.compare.is_some()),
            steps,
            notes: notes
                .iter()
                .map(|note| (note.day.strftime("%-d %b").to_string(), note.text.clone()))
                .collect(),
        }
    }
}

/// Whether a day lies in a part of time.
fn is_in(step: Named, value: Option<&str>, day: Date) -> bool {
    let part = match step {
        // All hours are of the one day: the note stands at the first.
        Named::Hour => return value == Some("00"),
        step => step.of_day(range::number(day)),
    };
    part.as_deref() == value
}

/// A part of time as people write it.
fn step_words(step: Named, value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    let date = |format: &str| {
        let date: Option<Date> = value.parse().ok();
        date.map_or_else(String::new, |date| date.strftime(format).to_string())
    };
    match step {
        Named::Hour => format!("{value}:00"),
        Named::Week => format!("Week of {}", date("%-d %b")),
        Named::Month => date("%B %Y"),
        _ => date("%-d %b"),
    }
}

/// A value of the grid, in few characters.
fn short(metric: Metric, value: f64) -> String {
    match metric {
        Metric::BounceRate | Metric::ConversionRate => {
            format!("{} %", words::trimmed(value * 100.0))
        }
        _ => words::few(value),
    }
}
