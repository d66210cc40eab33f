//! What people get by mail: a site's figures, as text and as HTML that every mail program shows, and short letters.

use std::sync::Arc;

use askama::Template;

use super::analytics::figure::{Change, Shown};
use super::analytics::report::{most, pairs};
use super::words;
use crate::account::Site;
use crate::query::answer::{Figure, Row, answer};
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::metric::Metric;
use crate::query::operator::Operator;
use crate::query::range::Range;
use crate::query::{Query, sentence};
use crate::store::{ReadError, Store};

/// Figures at the top.
const FIGURES: [Metric; 5] = [
    Metric::Visitors,
    Metric::Pageviews,
    Metric::Sessions,
    Metric::ConversionRate,
    Metric::TotalRevenue,
];

/// Figures of a goal.
const OF_GOAL: [Metric; 4] = [
    Metric::Fires,
    Metric::Visitors,
    Metric::ConversionRate,
    Metric::TotalRevenue,
];

/// What is listed beside goals.
const LISTS: [(&str, &str, Named, Metric); 3] = [
    ("Top pages", "Page", Named::Page, Metric::Pageviews),
    ("Channels", "Channel", Named::Channel, Metric::Visitors),
    ("Sources", "Source", Named::Source, Metric::Visitors),
];

/// Goals, rows of a list, and letters of a name.
const GOALS: usize = 20;
const ROWS: usize = 8;
const LETTERS: usize = 100;

/// Mail programs take styles only where they are used.
const CELL: &str = "padding:6px 4px;border-bottom:1px solid #999999;vertical-align:top;";
const HEAD: &str = "padding:4px;border-bottom:1px solid #999999;font-size:13px;font-weight:normal";
const NAME: &str = "font-weight:normal;word-break:break-word";

/// A site's figures of some days beside those before. What stands in it is text; the templates make it safe.
pub struct Report {
    site: String,
    days: String,
    before: String,
    figures: Vec<Cell>,
    goals: Vec<Goal>,
    lists: Vec<List>,
    /// Where the dashboard of these days is.
    pub link: Option<String>,
    /// Where reports are ended.
    pub unsubscribe: Option<String>,
}

/// A figure, and what it was.
struct Cell {
    words: &'static str,
    value: String,
    before: String,
    change: Option<String>,
}

struct Goal {
    name: String,
    cells: Vec<Cell>,
}

struct List {
    title: &'static str,
    of: &'static str,
    figure: &'static str,
    rows: Vec<(String, Cell)>,
}

#[derive(Template)]
#[template(path = "mail/report.html", config = "www/askama.toml")]
struct Html<'a>(&'a Report);

#[derive(Template)]
#[template(path = "mail/report.txt", config = "www/askama.toml")]
struct Text<'a>(&'a Report);

impl Report {
    /// Asks the store.
    ///
    /// # Errors
    /// When its files can't be read.
    pub fn read(
        store: &Arc<Store>,
        site: &Site,
        range: &Range,
        before: &Range,
    ) -> Result<Report, ReadError> {
        let ask = Query {
            compare: Some(before.clone()),
            ..Query::of(site, range.clone())
        };
        let totals = Query {
            metrics: FIGURES.to_vec(),
            ..ask.clone()
        };
        let figures = pairs(&totals, answer(store, &totals)?);
        let split = |named, metrics: &[Metric], filters, limit| Query {
            metrics: metrics.to_vec(),
            dimensions: vec![Dimension::Named(named)],
            order: vec![most(metrics[0])],
            filters,
            limit,
            ..ask.clone()
        };
        let goals = split(Named::Goal, &OF_GOAL, vec![of_ones_own()], GOALS);
        let goals = answer(store, &goals)?.rows;
        let mut lists = Vec::new();
        for (title, of, named, metric) in LISTS {
            let rows = answer(store, &split(named, &[metric], Vec::new(), ROWS))?.rows;
            lists.push(List {
                title,
                of,
                figure: words::metric(metric),
                rows: rows.iter().filter_map(|row| listed(metric, row)).collect(),
            });
        }
        Ok(Report {
            site: line(site.label()),
            days: sentence::range(range),
            before: sentence::range(before),
            figures: figures
                .into_iter()
                .map(|(metric, figure, before)| cell(metric, &figure, before.as_ref()))
                .collect(),
            goals: goals.iter().map(goal).collect(),
            lists,
            link: None,
            unsubscribe: None,
        })
    }

    /// What stands over the mail.
    pub fn subject(&self) -> String {
        let visitors = self.figures.first().map_or("0", |cell| &cell.value);
        let what = if visitors == "1" {
            "visitor"
        } else {
            "visitors"
        };
        format!("{}: {visitors} {what}, {}", self.site, self.days)
    }

    /// The days, in words.
    pub fn days(&self) -> &str {
        &self.days
    }

    /// As HTML.
    #[allow(clippy::missing_errors_doc)]
    pub fn html(&self) -> askama::Result<String> {
        Html(self).render()
    }

    /// As text.
    #[allow(clippy::missing_errors_doc)]
    pub fn text(&self) -> askama::Result<String> {
        Text(self).render()
    }
}

/// No goal that fires by itself.
fn of_ones_own() -> Filter {
    let goal = Dimension::Named(Named::Goal);
    let is = Filter::Value(Operator::Matches, goal, ["__admx_*".to_owned()].into());
    Filter::Not(Box::new(is))
}

fn cell(metric: Metric, figure: &Figure, before: Option<&Figure>) -> Cell {
    let shown = Shown::of(&(metric, figure.clone(), before.cloned()));
    Cell {
        words: match metric {
            Metric::Fires => "Fires",
            _ => shown.words,
        },
        value: shown.value,
        before: before.map_or_else(|| "–".into(), |before| words::figure(metric, before)),
        change: shown.change.map(|change: Change| change.words),
    }
}

fn cells(metrics: &[Metric], row: &Row) -> Vec<Cell> {
    let before = |at| row.compare.as_ref().and_then(|before| before.get(at));
    let figures = metrics.iter().zip(&row.figures).enumerate();
    figures
        .map(|(at, (metric, figure))| cell(*metric, figure, before(at)))
        .collect()
}

fn goal(row: &Row) -> Goal {
    Goal {
        name: name(row),
        cells: cells(&OF_GOAL, row),
    }
}

fn listed(metric: Metric, row: &Row) -> Option<(String, Cell)> {
    let cell = cells(&[metric], row).into_iter().next()?;
    Some((name(row), cell))
}

fn name(row: &Row) -> String {
    let value = row.values.first().and_then(Option::as_deref);
    line(value.filter(|value| !value.is_empty()).unwrap_or("None"))
}

/// What strangers chose, on one line of a bearable length, and without what turns the direction of the text around it.
fn line(text: &str) -> String {
    let is_plain = |c: char| {
        !c.is_control() && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut line: String = text
        .chars()
        .map(|c| if is_plain(c) { c } else { ' ' })
        .take(LETTERS)
        .collect();
    if text.chars().nth(LETTERS).is_some() {
        line.push('…');
    }
    line
}

/// A few words with one link.
#[derive(Template)]
#[template(path = "mail/letter.html", config = "www/askama.toml")]
pub struct Letter<'a> {
    /// What it says before the link, a paragraph each.
    pub says: &'a [String],
    /// The link, and what stands on it.
    pub link: &'a str,
    #[allow(missing_docs)]
    pub action: &'a str,
    /// What it says after.
    pub ends: &'a str,
}

impl Letter<'_> {
    /// As HTML.
    #[allow(clippy::missing_errors_doc)]
    pub fn html(&self) -> askama::Result<String> {
        self.render()
    }

    /// As text.
    pub fn text(&self) -> String {
        let says = self.says.join("\n\n");
        format!("{says}\n\n{}\n\n{}\n", self.link, self.ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_chose_stays_on_its_line() {
        let long = "x".repeat(500);
        for (text, expected) in [
            ("/a\r\nBcc: you@evil.test", "/a  Bcc: you@evil.test"),
            ("\u{202e}moc.live", " moc.live"),
            ("Größe ✓", "Größe ✓"),
        ] {
            assert_eq!(line(text), expected);
        }
        assert_eq!(line(&long).chars().count(), LETTERS + 1);
    }
}
