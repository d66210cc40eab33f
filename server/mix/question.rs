//! What is asked of the mix, as it stands in an address.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::budget::{Aim, Bounds};
use super::line::{
    above_nothing, bound, channel_named, control, driver, event, lift, measured, prior,
};
use super::series::{Driver, Lift, Prior, Settings};
use crate::account::control::file::ELSE_ZERO;
use crate::account::{self, Site};
use crate::query::query_string::Form;
use crate::query::range::Range;
use crate::query::read::Parts;
use crate::query::sent::{self, Asks};
use crate::query::sentence;

/// Days up to yesterday that are taken where no days are named.
const DAYS: i64 = 730;

/// Things of a kind that may be named.
const MOST: usize = 50;

/// What is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Fires of the goals, or of all.
    Fires,
    /// Different visitors; with goals those who fired one.
    Visitors,
    /// What they brought, in one currency.
    Revenue,
}

/// Their names in an address, and in words.
pub const OUTCOMES: [(&str, &str, Outcome); 3] = [
    ("fires", "Goal fires", Outcome::Fires),
    ("visitors", "Visitors", Outcome::Visitors),
    ("revenue", "Revenue", Outcome::Revenue),
];

/// Something that happened on some days.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Days of the same name are one event.
    pub name: String,
    #[allow(missing_docs)]
    pub from: Date,
    #[allow(missing_docs)]
    pub to: Date,
    /// How strong it was; a price, where it is one.
    pub value: f64,
}

/// A column of what was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    #[allow(missing_docs)]
    pub name: String,
    /// Whether a value holds until the next, as prices do; else a day without one has 0.
    pub holds: bool,
}

/// A question.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Of which site, as people know it.
    pub website_id: Arc<str>,
    #[allow(missing_docs)]
    pub outcome: Outcome,
    /// Of these goals only; of everything where there are none.
    pub goals: Vec<String>,
    /// Of spend, and of revenue; the one that most was spent in where none is named.
    pub currency: Option<String>,
    #[allow(missing_docs)]
    pub weekly: bool,
    /// Channels with spend; all that have some where none are named.
    pub channels: Vec<String>,
    /// Channels that enter by their sessions.
    pub organic: Vec<String>,
    /// What drives a channel, where it isn't its spend.
    pub drivers: Vec<(String, Driver)>,
    /// What is thought of a channel beforehand: of revenue the return on spend, of anything else what one costs.
    pub priors: Vec<Prior>,
    /// Experiments, in the same.
    pub lifts: Vec<Lift>,
    #[allow(missing_docs)]
    pub events: Vec<Event>,
    /// Whether what was uploaded of prices and the like counts.
    pub has_controls: bool,
    /// Which of that, and how; where none is named all of it.
    pub controls: Vec<Control>,
    /// Whether notes on days are events, too.
    pub notes: bool,
    /// On these days.
    pub range: Range,
    /// Whether they were named: if not they move on each day.
    pub is_dated: bool,
}

/// A budget that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// By the fit of this.
    pub question: Question,
    /// What is spent now, split better, where nothing is said.
    pub aim: Option<Aim>,
    /// What may be spent a period, by channel; of others from nothing to twice of now.
    pub bounds: Vec<(String, Bounds)>,
}

/// A question as it was sent: `outcome=revenue&grain=day&prior=Paid+Search:2:0.5`.
pub type Sent = sent::Sent<Question>;

/// The same for a budget, with `total=…` or `target=…` a period and `bound=Paid Search:100:900`.
pub type SentBudget = sent::Sent<Budget>;

/// The names of a question and three more.
const OF_BUDGETS: [(&str, Form); Question::NAMES.len() + 3] = sent::with(
    Question::NAMES,
    [
        ("total", Form::Text),
        ("target", Form::Text),
        ("bound", Form::Each),
    ],
);

impl Asks for Budget {
    const NAMES: &'static [(&'static str, Form)] = &OF_BUDGETS;

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Budget, String> {
        let mut amount = |name: &str| -> Result<Option<f64>, String> {
            let text = parts.text(name)?.filter(|text| !text.is_empty());
            let amount = text.map(|text| above_nothing(&text, 0.0, 1e12));
            amount
                .transpose()
                .map_err(|error| format!("{name}: {error}"))
        };
        let aim = match (amount("total")?, amount("target")?) {
            (Some(_), Some(_)) => {
                return Err("target: wanted is a total or a target, not both".into());
            }
            (Some(total), None) => Some(Aim::Total(total)),
            (None, Some(target)) => Some(Aim::Target(target)),
            (None, None) => None,
        };
        Ok(Budget {
            aim,
            bounds: each(parts, "bound", bound)?,
            question: Question::of(parts, site, now)?,
        })
    }
}

impl Asks for Question {
    const NAMES: &'static [(&'static str, Form)] = &[
        ("website_id", Form::Text),
        ("outcome", Form::Text),
        ("goals", Form::Each),
        ("currency", Form::Text),
        ("grain", Form::Text),
        ("channel", Form::Each),
        ("organic", Form::Each),
        ("driver", Form::Each),
        ("prior", Form::Each),
        ("measured", Form::Each),
        ("lift", Form::Each),
        ("event", Form::Each),
        ("control", Form::Each),
        ("controls", Form::Text),
        ("notes", Form::Text),
        ("from", Form::End("range", "from")),
        ("to", Form::End("range", "to")),
    ];

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Question, String> {
        let outcome = match parts.text("outcome")?.filter(|name| !name.is_empty()) {
            None => Outcome::Fires,
            Some(name) => {
                let known = OUTCOMES.iter().find(|(known, ..)| *known == name);
                let known = known.ok_or_else(|| {
                    format!("outcome: {name:.40?} is none; there are fires, visitors, revenue")
                });
                known?.2
            }
        };
        let weekly = match parts.text("grain")?.as_deref() {
            None | Some("" | "day") => false,
            Some("week") => true,
            Some(_) => return Err("grain: wanted day or week".into()),
        };
        let notes = parts.yes("notes", true)?;
        let has_controls = parts.yes("controls", true)?;
        let currency = parts.text("currency")?.filter(|code| !code.is_empty());
        let currency = currency
            .map(|code| account::currency(&code).map(|known| known.code().to_owned()))
            .transpose()
            .map_err(|error| error.to_string())?;
        let goals = parts
            .goals()?
            .into_iter()
            .filter(|goal| !goal.is_empty())
            .collect();
        let channels = each(parts, "channel", channel_named)?;
        let organic = each(parts, "organic", channel_named)?;
        let drivers = each(parts, "driver", driver)?;
        let priors = each(parts, "prior", prior)?;
        let mut lifts = each(parts, "measured", measured)?;
        lifts.extend(each(parts, "lift", lift)?);
        let events = each(parts, "event", event)?;
        let controls = each(parts, "control", control)?;
        let is_dated = parts.has_range();
        let range = match is_dated {
            true => parts.range(site, now)?,
            false => {
                let today = now.to_zoned(site.zone.clone()).date();
                Range {
                    from: today.saturating_sub(DAYS.days()),
                    to: today.saturating_sub(1.day()),
                    zone: site.zone.clone(),
                }
            }
        };
        Ok(Question {
            website_id: site.website_id.as_str().into(),
            outcome,
            goals,
            currency,
            weekly,
            channels,
            organic,
            drivers,
            priors,
            lifts,
            events,
            has_controls,
            controls,
            notes,
            range,
            is_dated,
        })
    }
}

/// The values of a name, each read; empty ones, as forms send them, are none.
fn each<T>(
    parts: &mut Parts,
    name: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let texts = parts.texts(name)?;
    if texts.len() > MOST {
        return Err(format!("{name}: more than {MOST}"));
    }
    let texts = texts
        .iter()
        .map(|text| text.trim())
        .filter(|text| !text.is_empty());
    let one = |text: &str| read(text).map_err(|error| format!("{name}: {text:.120?}: {error}"));
    texts.map(one).collect()
}

impl Question {
    /// What a fit is told beside its numbers. Of what is counted people know what one costs; the model knows how many come of
    /// a unit of money.
    pub fn settings(&self) -> Settings {
        let is_money = self.outcome == Outcome::Revenue;
        let mut settings = Settings {
            is_money,
            priors: self.priors.clone(),
            lifts: self.lifts.clone(),
            seed: 1,
        };
        if !is_money {
            for prior in &mut settings.priors {
                prior.median = 1.0 / prior.median;
            }
            for lift in settings.lifts.iter_mut().filter(|lift| lift.when.is_none()) {
                // Its error is as large beside it.
                let value = 1.0 / lift.value;
                lift.error = lift.error / lift.value * value;
                lift.value = value;
            }
        }
        settings
    }

    fn outcome_name(&self) -> &'static str {
        let mut names = OUTCOMES.iter();
        names
            .find(|(.., outcome)| *outcome == self.outcome)
            .map_or("fires", |(name, ..)| name)
    }

    /// What [`Sent::query_string`] reads it from.
    pub fn query_string(&self) -> String {
        let mut out = Serializer::new(self.key());
        out.append_pair("from", &self.range.from.to_string());
        out.append_pair("to", &self.range.to.to_string());
        out.finish()
    }

    /// The same without the days, unless they were named: what a fit is found by again.
    pub fn key(&self) -> String {
        let mut out = Serializer::new(String::new());
        out.append_pair("website_id", &self.website_id);
        out.append_pair("outcome", self.outcome_name());
        self.goals.iter().for_each(|goal| {
            out.append_pair("goals", goal);
        });
        if let Some(currency) = &self.currency {
            out.append_pair("currency", currency);
        }
        out.append_pair("grain", if self.weekly { "week" } else { "day" });
        for (name, lines) in self.lines() {
            lines.iter().for_each(|line| {
                out.append_pair(name, line);
            });
        }
        out.append_pair("notes", if self.notes { "true" } else { "false" });
        if !self.has_controls {
            out.append_pair("controls", "false");
        }
        out.finish()
    }

    /// The lists of it, as lines of an address.
    pub fn lines(&self) -> [(&'static str, Vec<String>); 8] {
        let prior = |prior: &Prior| format!("{}:{}:{}", prior.channel, prior.median, prior.spread);
        let measured = |lift: &Lift| format!("{}:{}:{}", lift.channel, lift.value, lift.error);
        let lift = |lift: &Lift| {
            let (from, to, change) = lift.when?;
            Some(format!(
                "{}:{from}..{to}:{change}:{}:{}",
                lift.channel, lift.value, lift.error
            ))
        };
        let event = |event: &Event| {
            format!(
                "{}:{}..{}:{}",
                event.name, event.from, event.to, event.value
            )
        };
        let control = |control: &Control| match control.holds {
            true => control.name.clone(),
            false => format!("{}{ELSE_ZERO}", control.name),
        };
        let driver = |(channel, by): &(String, Driver)| format!("{channel}:{}", by.name());
        let of_return = self.lifts.iter().filter(|lift| lift.when.is_none());
        [
            ("channel", self.channels.clone()),
            ("organic", self.organic.clone()),
            ("driver", self.drivers.iter().map(driver).collect()),
            ("prior", self.priors.iter().map(prior).collect()),
            ("measured", of_return.map(measured).collect()),
            ("lift", self.lifts.iter().filter_map(lift).collect()),
            ("event", self.events.iter().map(event).collect()),
            ("control", self.controls.iter().map(control).collect()),
        ]
    }

    /// The parts that it is read from, dates resolved.
    pub fn json(&self) -> Value {
        let mut json = json!({
            "website_id": *self.website_id,
            "outcome": self.outcome_name(),
            "goals": self.goals,
            "currency": self.currency,
            "grain": if self.weekly { "week" } else { "day" },
            "notes": self.notes,
            "controls": self.has_controls,
            "range": { "from": self.range.from.to_string(), "to": self.range.to.to_string() },
        });
        for (name, lines) in self.lines() {
            json[name] = json!(lines);
        }
        json
    }

    /// In words, without a full stop: "What channels brought of the revenue of Paid by day, 1 November 2024 to 30 October 2026".
    pub fn sentence(&self) -> String {
        let of = match self.goals.is_empty() {
            true => String::new(),
            false => format!(" of {}", sentence::goals(&self.goals)),
        };
        let outcome = match self.outcome {
            Outcome::Fires if self.goals.is_empty() => "fires of all goals",
            Outcome::Fires => "fires",
            Outcome::Visitors => "visitors",
            Outcome::Revenue => "revenue",
        };
        let grain = if self.weekly { "week" } else { "day" };
        format!(
            "What channels brought of the {outcome}{of} by {grain}, {}",
            sentence::range(&self.range)
        )
    }
}

#[cfg(test)]
#[path = "question_tests.rs"]
mod tests;
