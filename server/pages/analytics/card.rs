//! A card: lists that share a place, one of them shown; each row is a filter.

use super::report::Lists;
use super::value_words;
use super::view::{TABS, Tabs, View};
use crate::pages::words;
use crate::query::answer::{Answer, Row};
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;

/// A card.
pub(super) struct Card {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) tabs: Vec<super::Choice>,
    pub(super) heads: Vec<&'static str>,
    pub(super) of_what: String,
    pub(super) rows: Vec<Listed>,
    pub(super) all: String,
    pub(super) has_more: bool,
    /// Whether a click on a row can filter.
    pub(super) filters: bool,
}

/// A row of a list.
pub(super) struct Listed {
    pub(super) words: String,
    pub(super) address: String,
    pub(super) is_chosen: bool,
    /// Its share of the first row's figure, in hundredths.
    pub(super) share: u32,
    pub(super) figures: Vec<String>,
}

pub(super) fn cards(view: &View, lists: Lists) -> Vec<Card> {
    let all = TABS.iter().zip(&view.tabs).zip(lists.0).enumerate();
    all.map(|(nth, ((tabs, named), answer))| card(view, nth, tabs, *named, &answer))
        .collect()
}

fn card(view: &View, nth: usize, tabs: &'static Tabs, named: Named, answer: &Answer) -> Card {
    let dimension = Dimension::Named(named);
    let choice = |(other, words): &(Named, &'static str)| super::Choice {
        words: (*words).to_owned(),
        address: format!(
            "{}#{}",
            view.with(|view| view.tabs[nth] = *other)
                .address("analytics"),
            tabs.name
        ),
        is_chosen: *other == named,
    };
    Card {
        name: tabs.name,
        title: tabs.title,
        tabs: tabs.choices.iter().map(choice).collect(),
        heads: tabs.metrics.iter().map(|metric| head(*metric)).collect(),
        of_what: named.name().replace('_', " "),
        rows: listed(view, &dimension, tabs.metrics, &answer.rows),
        all: view.address(&format!("by/{}", named.name())),
        has_more: answer.next.is_some(),
        filters: named != Named::ExitPage,
    }
}

/// Rows of an answer that is split by one dimension.
pub(super) fn listed(
    view: &View,
    dimension: &Dimension,
    metrics: &[Metric],
    rows: &[Row],
) -> Vec<Listed> {
    let first = |row: &Row| row.figures.first().map_or(0.0, words::number);
    let most = rows.iter().map(first).fold(0.0, f64::max).max(1.0);
    let row = |row: &Row| {
        let value = row.values.first().and_then(Option::as_deref);
        let figures = metrics.iter().zip(&row.figures);
        Listed {
            words: value_words(dimension, value),
            address: view.toggled(dimension, value).address("analytics"),
            is_chosen: view.is_chosen(dimension, value),
            share: (first(row) / most * 100.0).round() as u32,
            figures: figures
                .map(|(metric, figure)| words::figure(*metric, figure))
                .collect(),
        }
    };
    rows.iter().map(row).collect()
}

/// Over a column.
pub(super) fn head(metric: Metric) -> &'static str {
    match metric {
        Metric::ConversionRate => "Rate",
        metric => words::metric(metric),
    }
}
