//! What is asked of attribution, as it stands in an address.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::RowOf;
use super::credit::Settings;
use super::markov::MOST_ORDER;
use super::model::{ALL, Model};
use crate::account::Site;
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::query_string::Form;
use crate::query::range::Range;
use crate::query::read::Parts;
use crate::query::sent::{self, Asks};
use crate::query::sentence;

/// Days before a conversion in which visits count, where nothing is said and at most.
const WINDOW: u64 = 30;
const MOST_WINDOW: u64 = 90;

/// Days in which a touch loses half its weight, where nothing is said and at most.
const HALF_LIFE: u64 = 7;
const MOST_HALF_LIFE: u64 = 90;

/// What conversions may be shared among, in the order in which pages offer it.
pub const BY: [(&str, Named); 6] = [
    ("channel", Named::Channel),
    ("source", Named::Source),
    ("medium", Named::Medium),
    ("campaign", Named::Campaign),
    ("referrer", Named::Referrer),
    ("entry_page", Named::EntryPage),
];

/// Conversions that are told where nothing else is asked, and at most.
const CONVERSIONS: u64 = 100;
const MOST_CONVERSIONS: u64 = 1000;

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Of which site, as people know it.
    pub website_id: Arc<str>,
    /// Fires of these are conversions.
    pub goals: Vec<String>,
    /// Shared among these.
    pub by: Named,
    /// Whose credits order the rows.
    pub model: Model,
    /// Visits of so many days before a conversion count.
    pub window_days: u64,
    /// Of time decay.
    pub half_life_days: u64,
    /// Of the Markov chain.
    pub markov_order: u64,
    /// Whether the chain knows of those who didn't convert.
    pub null_journeys: bool,
    /// What makes a lead, for the W-shaped model.
    pub lead_goal: Option<String>,
    /// Whether money becomes the site's currency, as far as rates are known.
    pub convert: bool,
    /// Conversions pass all of these.
    pub filters: Vec<Filter>,
    /// Conversions are of these days.
    pub range: Range,
}

/// Which conversions are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversions {
    /// Of these.
    pub question: Question,
    /// Those to which this earned a part, by the question's model.
    pub of: RowOf,
    /// So many of the latest.
    pub limit: usize,
}

/// A question as it was sent: `goals=Trial+Started&by=channel&window_days=30&from=2026-11-01&to=2026-11-30`, with `filter`
/// as a query has it.
pub type Sent = sent::Sent<Question>;

/// The same for single conversions, with `of=value:Email`, `of=none`, `of=other` or `of=no_visit`.
pub type SentConversions = sent::Sent<Conversions>;

impl Asks for Question {
    const NAMES: &'static [(&'static str, Form)] = &[
        ("website_id", Form::Text),
        ("goals", Form::Each),
        ("by", Form::Text),
        ("model", Form::Text),
        ("window_days", Form::Number),
        ("half_life_days", Form::Number),
        ("markov_order", Form::Number),
        ("null_journeys", Form::Text),
        ("lead_goal", Form::Text),
        ("convert", Form::Text),
        ("filter", Form::Filter),
        ("filters", Form::Filters),
        ("from", Form::End("range", "from")),
        ("to", Form::End("range", "to")),
    ];

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Question, String> {
        let goals = parts.goals()?;
        if goals.is_empty() {
            return Err("goals: wanted at least one: its fires are the conversions".into());
        }
        let by = match parts.text("by")? {
            None => Named::Channel,
            Some(name) => named(&name)?,
        };
        let model = match parts.text("model")? {
            None => Model::Last,
            Some(name) => Model::parse(&name).ok_or_else(|| {
                let known: Vec<_> = ALL.iter().map(|about| about.name).collect();
                format!("model: {name:?} is none; there are {}", known.join(", "))
            })?,
        };
        Ok(Question {
            model,
            website_id: site.website_id.as_str().into(),
            goals,
            by,
            window_days: parts.whole("window_days", WINDOW, MOST_WINDOW)?,
            half_life_days: parts.whole("half_life_days", HALF_LIFE, MOST_HALF_LIFE)?,
            markov_order: parts.whole("markov_order", 1, MOST_ORDER as u64)?,
            null_journeys: parts.yes("null_journeys", true)?,
            lead_goal: parts.text("lead_goal")?.filter(|goal| !goal.is_empty()),
            convert: parts.yes("convert", true)?,
            filters: parts.filters()?,
            range: parts.range(site, now)?,
        })
    }
}

impl Asks for Conversions {
    const NAMES: &'static [(&'static str, Form)] = &OF_CONVERSIONS;

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Conversions, String> {
        let of = parts.text("of")?;
        let of = of.as_deref().and_then(RowOf::parse);
        Ok(Conversions {
            of: of.ok_or("of: wanted value:… with a row's value, none, other or no_visit")?,
            limit: parts.whole("limit", CONVERSIONS, MOST_CONVERSIONS)? as usize,
            question: Question::of(parts, site, now)?,
        })
    }
}

/// The names of a question and two more.
const OF_CONVERSIONS: [(&str, Form); Question::NAMES.len() + 2] = sent::with(
    Question::NAMES,
    [("of", Form::Text), ("limit", Form::Number)],
);

fn named(name: &str) -> Result<Named, String> {
    let known = BY.iter().find(|(known, _)| *known == name);
    known.map(|(_, named)| *named).ok_or_else(|| {
        let known: Vec<_> = BY.iter().map(|(name, _)| *name).collect();
        format!("by: {name:?} is none; there are {}", known.join(", "))
    })
}

impl Question {
    /// What models need.
    pub fn settings(&self) -> Settings {
        Settings {
            half_life: self.half_life_days as f64 * 86_400_000.0,
            order: self.markov_order as usize,
            with_lost: self.null_journeys,
        }
    }

    /// The parts that it is read from, dates resolved.
    pub fn json(&self) -> Value {
        json!({
            "website_id": *self.website_id,
            "goals": self.goals,
            "by": self.by.name(),
            "model": self.model.about().name,
            "window_days": self.window_days,
            "half_life_days": self.half_life_days,
            "markov_order": self.markov_order,
            "null_journeys": self.null_journeys,
            "lead_goal": self.lead_goal,
            "convert": self.convert,
            "filters": self.filters.iter().map(Filter::json).collect::<Vec<_>>(),
            "range": { "from": self.range.from.to_string(), "to": self.range.to.to_string() },
        })
    }

    /// What [`Sent::query_string`] reads it from.
    pub fn query_string(&self) -> String {
        let mut out = Serializer::new(String::new());
        out.append_pair("website_id", &self.website_id);
        for goal in &self.goals {
            out.append_pair("goals", goal);
        }
        out.append_pair("by", self.by.name());
        out.append_pair("model", self.model.about().name);
        out.append_pair("window_days", &self.window_days.to_string());
        out.append_pair("half_life_days", &self.half_life_days.to_string());
        out.append_pair("markov_order", &self.markov_order.to_string());
        out.append_pair(
            "null_journeys",
            if self.null_journeys { "true" } else { "false" },
        );
        if let Some(lead) = &self.lead_goal {
            out.append_pair("lead_goal", lead);
        }
        if !self.convert {
            out.append_pair("convert", "false");
        }
        let filters: Value = self.filters.iter().map(Filter::json).collect();
        if !self.filters.is_empty() {
            out.append_pair("filters", &filters.to_string());
        }
        out.append_pair("from", &self.range.from.to_string());
        out.append_pair("to", &self.range.to.to_string());
        out.finish()
    }

    /// In words, without a full stop: "Fires of Trial Started shared among the channels of the visits of 30 days before
    /// them, 1 to 30 November 2026".
    pub fn sentence(&self) -> String {
        let goals = sentence::goals(&self.goals);
        let by = sentence::dimension_words(&Dimension::Named(self.by));
        let days = match self.window_days {
            1 => "the day".to_owned(),
            days => format!("the {days} days"),
        };
        format!(
            "Fires of {goals}{} shared among the visits of {days} before them by {by}, {}",
            sentence::filters(&self.filters),
            sentence::range(&self.range)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(query: &str) -> Result<Question, String> {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        Sent::query_string(query)?.read(&Site::sample(), now)
    }

    #[test]
    fn a_question_comes_back_from_the_json_that_it_writes() {
        let asked = "goals=A+b&goals=C&by=campaign&model=markov&window_days=90&half_life_days=3&markov_order=2&null_journeys=false\
                     &lead_goal=L&filter=is:country:DE&from=2026-10-01&to=2026-10-31";
        let question = read(asked).unwrap();
        assert_eq!(question.window_days, 90);
        assert_eq!(read(&question.query_string()).unwrap(), question);
        let again = Sent::json(question.json().to_string().as_bytes()).unwrap();
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        assert_eq!(again.read(&Site::sample(), now).unwrap(), question);
        assert_eq!(
            question.sentence(),
            "Fires of A b and C where country is DE shared among the visits of the 90 days before them by campaign, 1 to \
             31 October 2026"
        );
    }

    #[test]
    fn wrong_parts_are_named() {
        for (query, expected) in [
            (
                "",
                "goals: wanted at least one: its fires are the conversions",
            ),
            (
                "goals=A&by=day",
                "by: \"day\" is none; there are channel, source, medium, campaign, referrer, entry_page",
            ),
            (
                "goals=A&model=best",
                "model: \"best\" is none; there are first, last, last_non_direct, first_non_direct, linear, linear_paid, \
                 u_shaped, w_shaped, time_decay, markov, shapley",
            ),
            (
                "goals=A&of=other",
                "of: there is no such part; there are website_id, goals, by, model, window_days, half_life_days, markov_order, null_journeys, lead_goal, convert, filter, filters, from, to",
            ),
            ("goals=A&window_days=91", "window_days: wanted 1 to 90"),
            ("goals=A&window_days=0", "window_days: wanted 1 to 90"),
            ("goals=A&markov_order=4", "markov_order: wanted 1 to 3"),
            (
                "goals=A&half_life_days=x",
                "half_life_days: wanted a whole number",
            ),
            (
                "goals=A&null_journeys=maybe",
                "null_journeys: wanted true or false",
            ),
            (
                "goals=A&to=2026-02-30",
                "range: to: wanted a day as YYYY-MM-DD",
            ),
        ] {
            assert_eq!(read(query).unwrap_err(), expected, "{query}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(query in "(goals|by|window_days|filter|from|lead_goal)?=?.{0,30}") {
            let _ = read(&query);
        }
    }
}
