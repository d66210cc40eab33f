//! A card: lists that share a place, one of them shown; each row is a filter.

use askama::Template;

use super::frame::Choice;
use super::report::Lists;
use super::view::{TABS, Tabs, View};
use super::{dimension_words, value_words};
use crate::pages::words;
use crate::query::answer::{Answer, Row};
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;

/// A card.
pub(super) struct Card {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) tabs: Vec<Choice>,
    pub(super) list: List,
    pub(super) all: String,
    pub(super) has_more: bool,
}

pub(super) fn cards(view: &View, lists: Lists) -> Vec<Card> {
    let all = TABS.iter().zip(&view.tabs).zip(lists.0).enumerate();
    all.map(|(nth, ((tabs, named), answer))| card(view, nth, tabs, *named, &answer))
        .collect()
}

fn card(view: &View, nth: usize, tabs: &'static Tabs, named: Named, answer: &Answer) -> Card {
    let choice = |(other, words): &(Named, &'static str)| {
        let view = view.with(|view| view.tabs[nth] = *other);
        Choice {
            words: (*words).to_owned(),
            address: format!("{}#{}", view.address("analytics"), tabs.name),
            is_chosen: *other == named,
        }
    };
    Card {
        name: tabs.name,
        title: tabs.title,
        tabs: tabs.choices.iter().map(choice).collect(),
        list: List::new(
            view,
            "analytics",
            &Dimension::Named(named),
            tabs.metrics,
            &answer.rows,
        ),
        all: view.address(&format!("by/{}", named.name())),
        has_more: answer.next.is_some(),
    }
}

/// Rows of an answer that is split by one dimension.
#[derive(Template)]
#[template(path = "list.html", config = "www/askama.toml")]
pub(super) struct List {
    of_what: String,
    heads: Vec<&'static str>,
    pub(super) rows: Vec<Listed>,
    /// Whether a click on a row can filter.
    filters: bool,
}

/// A row of a list.
pub(super) struct Listed {
    pub(super) words: String,
    /// As it is stored.
    pub(super) value: String,
    address: String,
    is_chosen: bool,
    /// Its share of the first figure's most, in hundredths.
    share: u32,
    figures: Vec<String>,
}

impl List {
    /// A click on a row leads to `page`.
    pub(super) fn new(
        view: &View,
        page: &str,
        dimension: &Dimension,
        metrics: &[Metric],
        rows: &[Row],
    ) -> List {
        let first = |row: &Row| row.figures.first().map_or(0.0, words::number);
        let most = rows.iter().map(first).fold(0.0, f64::max).max(1.0);
        let row = |row: &Row| {
            let value = row.values.first().and_then(Option::as_deref);
            let figures = metrics.iter().zip(&row.figures);
            Listed {
                words: value_words(dimension, value),
                value: value.unwrap_or_default().to_owned(),
                address: view.toggled(dimension, value).address(page),
                is_chosen: view.is_chosen(dimension, value),
                share: (first(row) / most * 100.0).round() as u32,
                figures: figures
                    .map(|(metric, figure)| words::figure(*metric, figure))
                    .collect(),
            }
        };
        List {
            of_what: dimension_words(dimension),
            heads: metrics.iter().map(|metric| head(*metric)).collect(),
            rows: rows.iter().map(row).collect(),
            filters: *dimension != Dimension::Named(Named::ExitPage),
        }
    }

    /// The same with what the page that rows lead to is asked for beside.
    pub(super) fn asked(mut self, asked: &str) -> List {
        self.rows.iter_mut().for_each(|row| row.address += asked);
        self
    }
}

/// Over a column.
fn head(metric: Metric) -> &'static str {
    match metric {
        Metric::ConversionRate => "Rate",
        metric => words::metric(metric),
    }
}
