//! One goal: figures, fires over time, broken down by anything, and every fire.

use askama::Template;

use super::by::encoded;
use super::card::List;
use super::dimension_words;
use super::figure::{Shown, Total};
use super::fires::FiresTable;
use super::frame::{Choice, Frame};
use super::over_time::OverTime;
use super::report::step;
use crate::query::answer::{Answer, Row};
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;

/// Figures of a goal.
pub const FIGURES: [Metric; 5] = [
    Metric::Fires,
    Metric::Visitors,
    Metric::ConversionRate,
    Metric::TotalRevenue,
    Metric::AverageValue,
];

/// Figures of a part of it.
pub const OF_PART: [Metric; 4] = [
    Metric::Fires,
    Metric::Visitors,
    Metric::ConversionRate,
    Metric::TotalRevenue,
];

/// What it can be broken down by, beside keys of metadata.
const PARTS: [Named; 9] = [
    Named::Channel,
    Named::Source,
    Named::Campaign,
    Named::Page,
    Named::EntryPage,
    Named::Country,
    Named::Device,
    Named::Browser,
    Named::Weekday,
];

/// What was asked of a goal.
pub struct Asked {
    /// Each of [`FIGURES`].
    pub totals: Vec<Total>,
    /// Fires by what [`step`] gives.
    pub series: Vec<Row>,
    /// By the dimension that is chosen.
    pub parts: Answer,
    /// The keys of metadata that its fires have.
    pub keys: Vec<(String, u64)>,
}

/// `/dashboard/goals/{name}`
#[derive(Template)]
#[template(path = "goal.html", config = "www/askama.toml")]
pub struct GoalPage {
    frame: Frame,
    label: String,
    is_reserved: bool,
    figures: Vec<Shown>,
    over_time: OverTime,
    choices: Vec<Choice>,
    list: List,
    fires: FiresTable,
    after: i64,
}

impl GoalPage {
    /// Makes the page of a goal, broken down by `dimension`.
    pub fn new(
        frame: Frame,
        name: &str,
        dimension: &Dimension,
        asked: Asked,
        fires: FiresTable,
        after: i64,
    ) -> GoalPage {
        let keys = asked.keys.iter();
        let keys = keys.map(|(key, _)| Dimension::Metadata(key.as_str().into()));
        let named = PARTS.iter().map(|named| Dimension::Named(*named));
        let choice = |part: Dimension| Choice {
            words: dimension_words(&part),
            address: format!("{}&by={}", frame.to(&frame.page), encoded(&part.name())),
            is_chosen: part == *dimension,
        };
        let choices = keys.chain(named).map(choice).collect();
        GoalPage {
            label: live::fire::plain_name(name).to_owned(),
            is_reserved: name.starts_with("__"),
            figures: asked.totals.iter().map(Shown::of).collect(),
            over_time: OverTime::new(
                Metric::Fires,
                step(&frame.range),
                &asked.series,
                &frame.range,
                &frame.notes,
            ),
            choices,
            list: List::new(
                &frame.view,
                &frame.page,
                dimension,
                &OF_PART,
                &asked.parts.rows,
            )
            .asked(&frame.asked),
            fires,
            after,
            frame,
        }
    }

    fn compare_address(&self) -> String {
        self.frame.with(|view| view.compares = !view.compares)
    }

    fn part_address(&self) -> String {
        format!("{}&part=fires", self.frame.to(&self.frame.page))
    }
}
