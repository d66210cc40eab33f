//! One list whole, with every figure, and the page where a filter is chosen.

use askama::Template;

use super::card::List;
use super::dimension_words;
use super::frame::{Choice, Frame};
use crate::query::answer::Answer;
use crate::query::dimension::{Dimension, NAMED, Named};
use crate::query::metric::Metric;
use crate::query::operator::OPERATORS;
use crate::query::sentence;

/// Figures of a whole list.
pub const FIGURES: [Metric; 8] = [
    Metric::Visitors,
    Metric::Sessions,
    Metric::Pageviews,
    Metric::BounceRate,
    Metric::SessionDuration,
    Metric::Fires,
    Metric::ConversionRate,
    Metric::TotalRevenue,
];

/// Figures that are known of last pages.
pub const OF_EXITS: [Metric; 2] = [Metric::Visitors, Metric::Sessions];

/// Figures of fires alone: what a key of metadata splits.
pub const OF_FIRES: [Metric; 5] = [
    Metric::Fires,
    Metric::Visitors,
    Metric::ConversionRate,
    Metric::TotalRevenue,
    Metric::AverageValue,
];

/// The figures of a list by this.
pub fn metrics(dimension: &Dimension) -> &'static [Metric] {
    match dimension {
        Dimension::Metadata(_) | Dimension::Named(Named::Goal) => &OF_FIRES,
        Dimension::Named(Named::ExitPage) => &OF_EXITS,
        Dimension::Named(_) => &FIGURES,
    }
}

/// `/dashboard/by/{dimension}`
#[derive(Template)]
#[template(path = "by.html", config = "www/askama.toml")]
pub struct By {
    frame: Frame,
    of_what: String,
    choices: Vec<Choice>,
    list: List,
    next: Option<String>,
}

impl By {
    /// Makes the page of an answer that is split by this; `keys`: the keys of metadata that there are.
    pub fn new(frame: Frame, dimension: &Dimension, keys: &[(String, u64)], answer: &Answer) -> By {
        let page = |name: &str| frame.to(&format!("by/{}", encoded(name)));
        By {
            of_what: dimension_words(dimension),
            choices: choices(Some(dimension), keys, page),
            list: List::new(
                &frame.view,
                "analytics",
                dimension,
                metrics(dimension),
                &answer.rows,
            ),
            next: answer
                .next
                .as_ref()
                .map(|next| format!("{}&cursor={next}", frame.to(&frame.page))),
            frame,
        }
    }
}

/// `/dashboard/filter`: choosing what to filter by, how, and a value.
#[derive(Template)]
#[template(path = "filter.html", config = "www/askama.toml")]
pub struct ChooseFilter {
    frame: Frame,
    back: String,
    /// The place and the words of the filter that it is enough beside.
    or: Option<(usize, String)>,
    /// What is chosen, as the address has it.
    dimension: Option<String>,
    of_what: String,
    choices: Vec<Choice>,
    operators: &'static [(&'static str, &'static str)],
    list: Option<List>,
}

/// Operators in words.
const WORDS: [(&str, &str); OPERATORS.len()] = [
    ("is", "is"),
    ("is_not", "is not"),
    ("contains", "contains"),
    ("not_contains", "doesn't contain"),
    ("matches", "matches"),
];

const FIRED: [(&str, &str); OPERATORS.len() + 2] = [
    ("is", "is"),
    ("is_not", "is not"),
    ("contains", "contains"),
    ("not_contains", "doesn't contain"),
    ("matches", "matches"),
    ("has_fired", "of visitors who fired"),
    ("has_not_fired", "of visitors who never fired"),
];

impl ChooseFilter {
    /// Makes the page, which leads back to another; with a dimension, of what values there are of it.
    pub fn new(
        frame: Frame,
        back: &str,
        or: Option<usize>,
        keys: &[(String, u64)],
        chosen: Option<(&Dimension, &Answer)>,
    ) -> ChooseFilter {
        let dimension = chosen.map(|(dimension, _)| dimension);
        let is_goal = dimension == Some(&Dimension::Named(Named::Goal));
        let also = or.map_or_else(String::new, |place| format!("&or={place}"));
        let page = |name: &str| {
            let filter = frame.filter_address(back);
            format!("{filter}{also}&dimension={}", encoded(name))
        };
        let list = chosen.map(|(dimension, answer)| {
            List::new(
                &frame.view,
                back,
                dimension,
                &[Metric::Visitors],
                &answer.rows,
            )
            .asked(&frame.asked)
        });
        let or = or.map(|place| (place, sentence::filter(&frame.view.filters[place])));
        ChooseFilter {
            or,
            dimension: dimension.map(Dimension::name),
            of_what: dimension.map(dimension_words).unwrap_or_default(),
            choices: choices(dimension, keys, page)
                .into_iter()
                .filter(|choice| choice.words != "exit page")
                .collect(),
            operators: if is_goal { &FIRED } else { &WORDS },
            list,
            back: back.to_owned(),
            frame,
        }
    }
}

/// Everything there is to split by.
fn choices(
    chosen: Option<&Dimension>,
    keys: &[(String, u64)],
    address: impl Fn(&str) -> String,
) -> Vec<Choice> {
    let named = NAMED.iter().map(|(_, named)| Dimension::Named(*named));
    let named = named.filter(|dimension| !dimension.is_time());
    let keys = keys
        .iter()
        .map(|(key, _)| Dimension::Metadata(key.as_str().into()));
    let choice = |dimension: Dimension| Choice {
        words: dimension_words(&dimension),
        address: address(&dimension.name()),
        is_chosen: chosen == Some(&dimension),
    };
    named.chain(keys).map(choice).collect()
}

/// A part of an address.
pub fn encoded(text: &str) -> String {
    let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    // In a path a space isn't written with a plus.
    text.replace('+', "%20")
}
