//! The numbers of a site: the analytics page, and what lies behind each of its numbers.
//!
//! - [`view`]: what is looked at, as the address says it; [`frame`]: what these pages have in common
//! - [`report`]: what the analytics page asks; [`overview`]: its part that moves; `card`: its lists
//! - [`by`]: one list whole, and choosing a filter; [`goal`]: one goal; [`fires`]: single events, and a visitor's journey;
//!   [`funnels`]: how far visitors get; [`attribution`]: which visits earned a goal's fires;
//!   [`cohorts`]: who came back, and what they brought; [`experiments`]: which variant is better; [`tagging`]: whether links say what brings
//!   people;
//!   [`mix`]: what spend brought; `mix_report` has its figures, `mix_chart` its pictures, `mix_words` its words;
//!   [`ask`]: a question in plain words
//! - `form`: what pages that ask more have in common; `figure`, `over_time`: a figure with what it was before, a figure over time

pub mod ask;
pub mod attribution;
pub mod by;
mod card;
pub mod cohorts;
mod costs;
pub mod experiments;
pub(super) mod figure;
pub mod fires;
mod form;
pub mod frame;
pub mod funnels;
pub mod goal;
pub mod mix;
mod mix_chart;
mod mix_report;
mod mix_words;
mod over_time;
pub mod overview;
pub mod report;
pub mod tagging;
pub mod view;

use askama::Template;

use crate::query::dimension::{Dimension, Named};
use card::Card;
use frame::Frame;
use overview::Overview;
use report::Lists;

/// `/dashboard/analytics`
#[derive(Template)]
#[template(path = "analytics.html", config = "www/askama.toml")]
pub struct Analytics {
    frame: Frame,
    overview: Overview,
    present: String,
    /// The last event in the log when the page was made; the stream goes on from there.
    after: i64,
    cards: Vec<Card>,
}

impl Analytics {
    /// Makes the page.
    pub fn new(frame: Frame, overview: Overview, lists: Lists, after: i64) -> Analytics {
        Analytics {
            cards: card::cards(&frame.view, lists),
            present: overview.present.clone(),
            frame,
            overview,
            after,
        }
    }

    fn compare_address(&self) -> String {
        self.frame.with(|view| view.compares = !view.compares)
    }

    fn reserved_address(&self) -> String {
        self.frame
            .with(|view| view.hides_reserved = !view.hides_reserved)
    }

    fn part_address(&self) -> String {
        format!("{}&part=overview", self.frame.to("analytics"))
    }
}

/// What a dimension's value is called; `None` is nothing.
fn value_words(dimension: &Dimension, value: Option<&str>) -> String {
    match (dimension, value) {
        (Dimension::Named(Named::Source | Named::Referrer), None) => "Direct or unknown".into(),
        (_, None) => "None".into(),
        (Dimension::Named(Named::Goal), Some(name)) => live::fire::plain_name(name).to_owned(),
        (Dimension::Named(Named::Country), Some(code)) => country(code),
        (_, Some(value)) => value.to_owned(),
    }
}

/// A country as people call it, not as treaties do.
fn country(code: &str) -> String {
    let short = match code {
        "BO" => "Bolivia",
        "GB" => "United Kingdom",
        "IR" => "Iran",
        "KP" => "North Korea",
        "KR" => "South Korea",
        "LA" => "Laos",
        "MD" => "Moldova",
        "RU" => "Russia",
        "SY" => "Syria",
        "TW" => "Taiwan",
        "TZ" => "Tanzania",
        "US" => "United States",
        "VE" => "Venezuela",
        "VN" => "Vietnam",
        _ => rust_iso3166::from_alpha2(code).map_or(code, |country| country.name),
    };
    let name = short.split_once(" (").map_or(short, |(name, _)| name);
    name.to_owned()
}

/// What a dimension is called.
fn dimension_words(dimension: &Dimension) -> String {
    match dimension {
        Dimension::Named(named) => named.name().replace('_', " "),
        Dimension::Metadata(key) => key.to_string(),
    }
}
