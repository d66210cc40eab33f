//! What is asked of cohorts, as it stands in an address.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::period::{UNITS, Unit, WINDOWS, Windows};
use super::table::{Age, By, Name};
use crate::account::Site;
use crate::query::dimension::Dimension;
use crate::query::filter::Filter;
use crate::query::query_string::Form;
use crate::query::range::Range;
use crate::query::read::Parts;
use crate::query::sent::{self, Asks};
use crate::query::sentence;

/// Ages that a table may have, and the greatest.
const AGES: usize = 60;
const OLDEST: i32 = 1000;

/// Days of money where none are named.
const DAYS: [i32; 6] = [7, 30, 60, 90, 180, 365];

/// People who are told where nothing else is asked, and at most.
const PEOPLE: u64 = 100;
const MOST_PEOPLE: u64 = 1000;

/// With what somebody joins a cohort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Their first visit of all.
    Visit,
    /// Their first fire of a goal.
    Goal(String),
    /// The first of what they did that passes the filters.
    Match,
}

/// What cohorts are split by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Split {
    /// When people joined.
    Time(Unit),
    /// What the event of joining is.
    Value(Dimension),
    /// Whether people fired this goal after joining.
    Fired(String),
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Who came back.
    Retention,
    /// What they brought.
    Revenue,
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Of which site, as people know it.
    pub website_id: Arc<str>,
    /// With what people join.
    pub start: Start,
    /// How they are split.
    pub split: Split,
    /// What is counted.
    pub what: What,
    /// Fires of these are returns; anything where there are none.
    pub returns: Vec<String>,
    /// What ages of retention are counted in.
    pub unit: Unit,
    /// Ages: periods, or days of money.
    pub ages: Vec<Age>,
    /// Whether whoever came back later counts at an age too.
    pub or_later: bool,
    /// Where periods begin.
    pub windows: Windows,
    /// In which currency; the one that was paid in most often where none is named.
    pub currency: Option<[u8; 3]>,
    /// Whether a prediction is wanted.
    pub predicts: bool,
    /// The event of joining passes all of these.
    pub filters: Vec<Filter>,
    /// People join on these days.
    pub range: Range,
}

/// Which people are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    /// Of these.
    pub question: Question,
    /// Of this cohort; of all of them where none is named.
    pub of: Option<Name>,
    /// The place of the age that is looked at.
    pub age: Option<usize>,
    /// So many of the latest.
    pub limit: usize,
}

/// A question as it was sent: `goal=Trial+Started&by=week&measure=retention&returns=App+Opened&unit=week&ages=0,1,2,3,4-8&
/// kind=on&windows=calendar&from=2026-11-01&to=2026-11-30`, with `filter` as a query has it.
pub type Sent = sent::Sent<Question>;

/// The same for single people, with `of=2026-11-02`, `of=value:Email`, `of=none`, `of=fired`, `of=not_fired`, `of=other` or
/// `of=all`, and `age=1`.
pub type SentMembers = sent::Sent<Members>;

/// One of some words.
fn one<T: Copy>(part: &str, word: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!("{part}: {word:?} is none; there are {}", known.join(", "))
    })
}

/// Kinds of retention.
const KINDS: [(&str, bool); 2] = [("on", false), ("on_or_after", true)];
const MEASURES: [(&str, What); 2] = [("retention", What::Retention), ("revenue", What::Revenue)];

impl Asks for Members {
    const NAMES: &'static [(&'static str, Form)] = &OF_MEMBERS;

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Members, String> {
        let of = parts.text("of")?;
        let age = parts.text("age")?.filter(|age| !age.is_empty());
        let limit = parts.whole("limit", PEOPLE, MOST_PEOPLE)? as usize;
        let question = Question::of(parts, site, now)?;
        let of = Name::parse(of.as_deref().unwrap_or("all"), question.split.by());
        let of =
            of.ok_or("of: wanted a cohort: a date, value:…, none, fired, not_fired, other or all")?;
        let place = |age: String| {
            let known = question
                .ages
                .iter()
                .position(|known| question.age(known) == age);
            known.ok_or_else(|| format!("age: {age:.20?} is none of the question's ages"))
        };
        Ok(Members {
            age: age.map(place).transpose()?,
            question,
            of,
            limit,
        })
    }
}

/// The names of a question and three more.
const OF_MEMBERS: [(&str, Form); Question::NAMES.len() + 3] = sent::with(
    Question::NAMES,
    [
        ("of", Form::Text),
        ("age", Form::Text),
        ("limit", Form::Number),
    ],
);

impl Asks for Question {
    const NAMES: &'static [(&'static str, Form)] = &[
        ("website_id", Form::Text),
        ("goal", Form::Text),
        ("start", Form::Text),
        ("by", Form::Text),
        ("measure", Form::Text),
        ("returns", Form::Each),
        ("unit", Form::Text),
        ("ages", Form::Names),
        ("kind", Form::Text),
        ("windows", Form::Text),
        ("fired", Form::Text),
        ("currency", Form::Text),
        ("predict", Form::Text),
        ("filter", Form::Filter),
        ("filters", Form::Filters),
        ("from", Form::End("range", "from")),
        ("to", Form::End("range", "to")),
    ];

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Question, String> {
        let mut text =
            |name: &str| Ok::<_, String>(parts.text(name)?.filter(|text| !text.is_empty()));
        let start = match (text("start")?.as_deref(), text("goal")?) {
            (None | Some("goal"), Some(goal)) => Start::Goal(goal),
            (None | Some("visit"), None) => Start::Visit,
            (Some("match"), None) => Start::Match,
            (Some("goal"), None) => {
                return Err("goal: wanted the goal that people join with".into());
            }
            _ => return Err("start: wanted visit, match, or goal with a goal".into()),
        };
        let split = match (text("fired")?, text("by")?.as_deref()) {
            (Some(goal), None | Some("fired")) => Split::Fired(goal),
            (None, Some("fired")) => {
                return Err("fired: wanted the goal that tells them apart".into());
            }
            (Some(_), Some(_)) => return Err("fired: goes with by=fired only".into()),
            (None, by) => read_split(by.unwrap_or("week"))?,
        };
        let what = text("measure")?
            .map_or(Ok(What::Retention), |word| one("measure", &word, &MEASURES))?;
        let unit = match (text("unit")?, &split) {
            (Some(word), _) => one("unit", &word, &UNITS)?,
            (None, Split::Time(unit)) => *unit,
            (None, _) => Unit::Week,
        };
        let or_later = text("kind")?.map_or(Ok(false), |word| one("kind", &word, &KINDS))?;
        let windows = text("windows")?.map_or(Ok(Windows::Calendar), |word| {
            one("windows", &word, &WINDOWS)
        })?;
        let currency = text("currency")?
            .map(|code| {
                let known = iso_currency::Currency::from_code(&code);
                let letters = known.and_then(|known| known.code().as_bytes().try_into().ok());
                letters.ok_or_else(|| format!("currency: {code:.10} is none of ISO 4217"))
            })
            .transpose()?;
        let ages = parts.texts("ages")?;
        let ages = match (ages.is_empty(), what) {
            (true, What::Revenue) => DAYS.iter().map(|days| Age { from: 0, to: *days }).collect(),
            (true, What::Retention) => usual(unit),
            (false, _) => read_ages(&ages, what)?,
        };
        Ok(Question {
            website_id: site.website_id.as_str().into(),
            start,
            split,
            what,
            returns: parts.texts("returns")?,
            unit,
            ages,
            or_later,
            windows,
            currency,
            predicts: parts.yes("predict", false)?,
            filters: parts.filters()?,
            range: parts.range(site, now)?,
        })
    }
}

fn read_split(by: &str) -> Result<Split, String> {
    if let Some(unit) = Unit::parse(by) {
        return Ok(Split::Time(unit));
    }
    let known = Dimension::parse(by)
        .filter(|dimension| !dimension.is_time() && dimension.name() != "exit_page");
    known.map(Split::Value).ok_or_else(|| {
        format!("by: {by:.40?} is none; wanted day, week, month, fired, or a dimension such as channel or metadata.KEY")
    })
}

/// Ages where none are named.
fn usual(unit: Unit) -> Vec<Age> {
    let all: Vec<i32> = match unit {
        Unit::Day => vec![0, 1, 2, 3, 4, 5, 6, 7, 14, 21, 28],
        Unit::Week | Unit::Month => (0..12).collect(),
    };
    all.into_iter()
        .map(|age| Age { from: age, to: age })
        .collect()
}

/// `3`, and of periods `1-3`.
fn read_ages(ages: &[String], what: What) -> Result<Vec<Age>, String> {
    if ages.len() > AGES {
        return Err(format!("ages: more than {AGES}"));
    }
    let age = |text: &String| {
        let number = |text: &str| {
            text.parse::<i32>()
                .ok()
                .filter(|age| (0..=OLDEST).contains(age))
        };
        let found = match (text.split_once('-'), what) {
            (Some((from, to)), What::Retention) => number(from).zip(number(to)),
            (Some(_), What::Revenue) => None,
            (None, What::Retention) => number(text).map(|age| (age, age)),
            (None, What::Revenue) => number(text).map(|age| (0, age)),
        };
        let found = found.filter(|(from, to)| from <= to);
        let found = found.map(|(from, to)| Age { from, to });
        found.ok_or_else(|| match what {
            What::Retention => {
                format!("ages: {text:.20?} is none; wanted 0 to {OLDEST}, or two of these as 1-3")
            }
            What::Revenue => format!("ages: {text:.20?} is none; wanted days, 0 to {OLDEST}"),
        })
    };
    ages.iter().map(age).collect()
}

impl Split {
    /// The same for what works it out.
    pub fn by(&self) -> By {
        match self {
            Split::Time(unit) => By::Time(*unit),
            Split::Value(_) => By::Value,
            Split::Fired(_) => By::Fired,
        }
    }

    /// As it is written.
    pub fn name(&self) -> String {
        match self {
            Split::Time(unit) => unit.name().into(),
            Split::Value(dimension) => dimension.name(),
            Split::Fired(_) => "fired".into(),
        }
    }
}

impl Question {
    /// What ages are counted in.
    pub fn unit_words(&self) -> &'static str {
        match self.what {
            What::Retention => self.unit.name(),
            What::Revenue => "day",
        }
    }

    /// An age as it is written: `3`, `1-3`.
    pub fn age(&self, age: &Age) -> String {
        match self.what {
            What::Retention if age.from != age.to => format!("{}-{}", age.from, age.to),
            _ => age.to.to_string(),
        }
    }

    /// The parts that it is read from, dates resolved.
    pub fn json(&self) -> Value {
        let (start, goal) = match &self.start {
            Start::Visit => ("visit", None),
            Start::Goal(goal) => ("goal", Some(goal)),
            Start::Match => ("match", None),
        };
        json!({
            "website_id": *self.website_id,
            "start": start,
            "goal": goal,
            "by": self.split.name(),
            "fired": match &self.split { Split::Fired(goal) => Some(goal), _ => None },
            "measure": match self.what { What::Retention => "retention", What::Revenue => "revenue" },
            "returns": self.returns,
            "unit": self.unit.name(),
            "ages": self.ages.iter().map(|age| self.age(age)).collect::<Vec<_>>(),
            "kind": if self.or_later { "on_or_after" } else { "on" },
            "windows": self.windows.name(),
            "currency": self.currency.as_ref().and_then(|code| std::str::from_utf8(code).ok()),
            "predict": self.predicts,
            "filters": self.filters.iter().map(Filter::json).collect::<Vec<_>>(),
            "range": { "from": self.range.from.to_string(), "to": self.range.to.to_string() },
        })
    }

    /// Who is looked at, in words: "People whose first visit".
    fn people(&self) -> String {
        let filters = sentence::filters(&self.filters);
        match &self.start {
            Start::Visit => format!("People by their first visit{filters}"),
            Start::Goal(goal) => format!("People by their first {goal}{filters}"),
            Start::Match => format!("People by the first thing they did{filters}"),
        }
    }

    /// In words, without a full stop: "People by their first Trial Started, a week's together, 1 to 30 November 2026: who
    /// came back in each calendar week after".
    pub fn sentence(&self) -> String {
        let split = match &self.split {
            Split::Time(unit) => format!("a {}’s together", unit.name()),
            Split::Value(dimension) => format!("by {}", sentence::dimension_words(dimension)),
            Split::Fired(goal) => format!("by whether they fired {goal} after it"),
        };
        let windows = match (self.windows, self.what) {
            (Windows::Calendar, What::Retention) => format!("calendar {}", self.unit.name()),
            (Windows::Rolling, What::Retention) => match self.unit {
                Unit::Day => "24 hours".into(),
                Unit::Week => "7 times 24 hours".into(),
                Unit::Month => "30 times 24 hours".into(),
            },
            (Windows::Calendar, What::Revenue) => "calendar days".into(),
            (Windows::Rolling, What::Revenue) => "times 24 hours".into(),
        };
        let what = match self.what {
            What::Revenue => format!("what they brought a person, up to so many {windows} after"),
            What::Retention => {
                let did = match self.returns.is_empty() {
                    true => "came back".into(),
                    false => format!("fired {}", sentence::list(self.returns.clone(), "or")),
                };
                let when = if self.or_later { "or later" } else { "after" };
                format!("who {did} in each {windows} {when}")
            }
        };
        format!(
            "{}, {split}, {}: {what}",
            self.people(),
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
    fn questions_say_what_they_are() {
        let days = "from=2026-11-01&to=2026-11-30";
        for (query, expected) in [
            (
                "",
                "People by their first visit, a week’s together, 1 to 30 November 2026: who came back in each calendar week after",
            ),
            (
                "goal=A&by=channel&unit=day&windows=rolling&kind=on_or_after&returns=B&returns=C&filter=is:country:DE",
                "People by their first A where country is DE, by channel, 1 to 30 November 2026: who fired B or C in each 24 hours or later",
            ),
            (
                "fired=B&measure=revenue",
                "People by their first visit, by whether they fired B after it, 1 to 30 November 2026: what they brought a person, up to so many calendar days after",
            ),
        ] {
            assert_eq!(
                read(&format!("{query}&{days}")).unwrap().sentence(),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn wrong_parts_are_named() {
        for (query, expected) in [
            (
                "by=hour",
                "by: \"hour\" is none; wanted day, week, month, fired, or a dimension such as channel or metadata.KEY",
            ),
            (
                "ages=3-1",
                "ages: \"3-1\" is none; wanted 0 to 1000, or two of these as 1-3",
            ),
            (
                "ages=1-3&measure=revenue",
                "ages: \"1-3\" is none; wanted days, 0 to 1000",
            ),
            ("start=goal", "goal: wanted the goal that people join with"),
            ("by=fired", "fired: wanted the goal that tells them apart"),
            (
                "kind=sometimes",
                "kind: \"sometimes\" is none; there are on, on_or_after",
            ),
            ("currency=XX", "currency: XX is none of ISO 4217"),
        ] {
            assert_eq!(read(query).unwrap_err(), expected, "{query}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(query in "(goal|by|ages|unit|fired|currency|filter|from)?=?.{0,30}") {
            let _ = read(&query);
        }
    }
}
