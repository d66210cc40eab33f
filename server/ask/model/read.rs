//! What a language model said → a query of the site, or none. It is data of a stranger: it passes the reader of
//! `/api/v1/query`, and whatever it names must be there already. What it says beside that is dropped.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use crate::account::Site;
use crate::query::Query;
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::operator::Operator;
use crate::query::read::{MOST_ROWS, Sent};

/// Bytes of what a model may say.
const SAID: usize = 16 * 1024;

/// Rows where it names no time, and at most.
const ROWS: usize = 100;

/// Days before today where none are named, as everywhere in questions.
const USUAL: i64 = 30;

/// Values of a dimension from which on others may exist that aren't known.
const MANY: usize = 300;

/// What there is: nothing else may be named.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Goals as they are called.
    pub goals: &'a [String],
    /// Keys of metadata.
    pub keys: &'a [Arc<str>],
    /// Values that were seen of dimensions.
    pub values: &'a [(Dimension, Vec<String>)],
    /// The question.
    pub question: &'a str,
}

/// Why there is no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// No answer of the protocol, or no JSON of a query in it.
    #[error("the language model’s answer could not be read")]
    Broken,
    /// It says that it can't.
    #[error("the language model has no reading of it either")]
    Refused,
    /// The reader doesn't take it.
    #[error("the language model’s reading is no query that this can answer")]
    Query,
    /// A goal that isn't one of the site's.
    #[error("the language model named a goal that this site doesn’t have")]
    Goal,
    /// A key of metadata that wasn't seen.
    #[error("the language model named a key of metadata that this site doesn’t have")]
    Key,
    /// A value that neither was seen nor stands in the question.
    #[error("the language model named a value that this site doesn’t have")]
    Value,
    /// Days that are to come.
    #[error("the language model named days that are to come")]
    Days,
}

/// A reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The query.
    pub query: Query,
    /// Whether it named days; else they are the 30 before today.
    pub has_days: bool,
}

/// What the model said, out of an answer of the protocol: the arguments of the first tool it calls, or its text.
///
/// # Errors
/// When there is neither, or too much of it.
pub fn said(body: &[u8]) -> Result<String, Wrong> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| Wrong::Broken)?;
    let message = answer.pointer("/choices/0/message").ok_or(Wrong::Broken)?;
    let said = match message.pointer("/tool_calls/0/function/arguments") {
        Some(Value::String(text)) => text.clone(),
        Some(object @ Value::Object(_)) => object.to_string(),
        _ => match (message.get("content"), message.get("refusal")) {
            (Some(Value::String(text)), _) => text.clone(),
            (_, Some(Value::String(_))) => return Err(Wrong::Refused),
            _ => return Err(Wrong::Broken),
        },
    };
    match said.len() <= SAID {
        true => Ok(said),
        false => Err(Wrong::Broken),
    }
}

/// Reads it for a site.
///
/// # Errors
/// Why there is no reading.
pub fn read(said: &str, site: &Site, names: &Names<'_>, now: Timestamp) -> Result<Read, Wrong> {
    let said: Value = serde_json::from_str(bare(said)).map_err(|_| Wrong::Broken)?;
    let Value::Object(said) = said else {
        return Err(Wrong::Broken);
    };
    let sent = sent(said)?;
    let has_days = sent.contains_key("range");
    let has_limit = sent.contains_key("limit");
    let body = Value::Object(sent).to_string();
    // Of this site, whatever it says, by the reader of /api/v1/query.
    let sent = Sent::json(body.as_bytes()).map_err(|_| Wrong::Query)?;
    let query = sent.read(site, now).map_err(|_| Wrong::Query)?;
    let mut query = checked(query, names)?;
    let today = now.to_zoned(site.zone.clone()).date();
    if !has_days {
        query.range.from = today.saturating_sub(USUAL.days());
        query.range.to = today.saturating_sub(1.day());
    }
    let ranges = [Some(&query.range), query.compare.as_ref()];
    if ranges.into_iter().flatten().any(|range| range.from > today) {
        return Err(Wrong::Days);
    }
    // Of days to come there is nothing to show.
    let ranges = [Some(&mut query.range), query.compare.as_mut()];
    for range in ranges.into_iter().flatten() {
        range.to = range.to.min(today);
    }
    let is_time = query.dimensions.first().is_some_and(Dimension::is_time);
    query.limit = match is_time && (!has_limit || query.limit >= ROWS) {
        true => MOST_ROWS,
        false => query.limit.min(ROWS),
    };
    Ok(Read { query, has_days })
}

/// Whether it is an answer at all, right or wrong; what was cut off is none.
pub fn is_whole(said: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(bare(said)).is_ok()
}

/// Without what models put around JSON: thoughts in front, a fence.
fn bare(said: &str) -> &str {
    let said = said.trim();
    let said = match said.strip_prefix("<think>") {
        Some(thoughts) => thoughts.split_once("</think>").map_or("", |(_, rest)| rest),
        None => said,
    };
    let said = said.trim();
    let Some(fenced) = said.strip_prefix("```") else {
        return said;
    };
    let fenced = fenced.strip_prefix("json").unwrap_or(fenced);
    fenced.strip_suffix("```").unwrap_or(fenced).trim()
}

/// The same as the body of a query: in the form that a model is asked for, or already in that of the API.
fn sent(said: Map<String, Value>) -> Result<Map<String, Value>, Wrong> {
    let mut sent = Map::new();
    let mut ends: [Option<String>; 4] = [const { None }; 4];
    for (name, value) in said {
        if value.is_null() {
            continue;
        }
        let end = ["from", "to", "compare_from", "compare_to"]
            .iter()
            .position(|end| *end == name);
        match (&*name, value) {
            ("refuse", Value::String(text)) if text.trim().is_empty() => {}
            ("refuse", Value::Bool(false)) => {}
            ("refuse", _) => return Err(Wrong::Refused),
            // Whose numbers are asked for isn't the model's to say.
            ("website_id", _) => {}
            ("limit", value) if value.as_u64() == Some(0) => {}
            ("metrics" | "goals" | "dimensions" | "range" | "compare" | "limit", value) => {
                sent.insert(name, value);
            }
            ("filters", Value::Array(all)) => {
                let all = all
                    .into_iter()
                    .map(|one| listed(one, ["operator", "dimension", "values"]));
                sent.insert(name, all.collect());
            }
            ("order", Value::Array(all)) => {
                let all = all.into_iter().map(|one| listed(one, ["by", "direction"]));
                sent.insert(name, all.collect());
            }
            (_, Value::String(day)) if end.is_some() => {
                if let Some(end) = end.filter(|_| !day.trim().is_empty()) {
                    ends[end] = Some(day.trim().to_owned());
                }
            }
            _ => return Err(Wrong::Broken),
        }
    }
    let [from, to, compare_from, compare_to] = ends;
    for (name, from, to) in [("range", from, to), ("compare", compare_from, compare_to)] {
        if from.is_some() || to.is_some() {
            sent.insert(name.into(), json!({ "from": from, "to": to }));
        }
    }
    Ok(sent)
}

/// An object's parts as a list, in this order; anything else as it is.
fn listed<const N: usize>(value: Value, parts: [&str; N]) -> Value {
    match value {
        Value::Object(mut object) if object.len() == N => parts
            .into_iter()
            .map(|part| object.remove(part).unwrap_or_default())
            .collect(),
        other => other,
    }
}

/// The query with the site's own spellings, once everything that it names is known to be there.
fn checked(query: Query, names: &Names<'_>) -> Result<Query, Wrong> {
    query.goals.iter().try_for_each(|goal| names.goal(goal))?;
    query
        .dimensions
        .iter()
        .try_for_each(|dimension| names.dimension(dimension))?;
    let filters = query.filters.iter().map(|filter| names.filter(filter));
    let filters = filters.collect::<Result<Vec<_>, _>>()?;
    Ok(Query { filters, ..query })
}

impl Names<'_> {
    fn goal(&self, goal: &str) -> Result<(), Wrong> {
        match self.goals.iter().any(|known| known == goal) {
            true => Ok(()),
            false => Err(Wrong::Goal),
        }
    }

    fn dimension(&self, dimension: &Dimension) -> Result<(), Wrong> {
        match dimension {
            Dimension::Named(_) => Ok(()),
            Dimension::Metadata(key) if self.keys.contains(key) => Ok(()),
            Dimension::Metadata(_) => Err(Wrong::Key),
        }
    }

    fn filter(&self, filter: &Filter) -> Result<Filter, Wrong> {
        let all = |filters: &[Filter]| {
            filters
                .iter()
                .map(|one| self.filter(one))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(match filter {
            Filter::And(filters) => Filter::And(all(filters)?),
            Filter::Or(filters) => Filter::Or(all(filters)?),
            Filter::Not(filter) => Filter::Not(Box::new(self.filter(filter)?)),
            Filter::Fired(_, goals) => {
                goals.iter().try_for_each(|goal| self.goal(goal))?;
                filter.clone()
            }
            Filter::Value(operator, dimension, values) => {
                self.dimension(dimension)?;
                let is_whole = matches!(operator, Operator::Is | Operator::IsNot);
                let value = |value: &String| match is_whole {
                    true => self.whole(dimension, value),
                    false => self.part(dimension, value),
                };
                let values = values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
                Filter::Value(*operator, dimension.clone(), values.into())
            }
        })
    }

    fn seen(&self, dimension: &Dimension) -> &[String] {
        let seen = self.values.iter().find(|(known, _)| known == dimension);
        seen.map_or(&[], |(_, values)| values)
    }

    /// A value as the site writes it.
    fn whole(&self, dimension: &Dimension, value: &str) -> Result<String, Wrong> {
        if *dimension == Dimension::Named(Named::Goal) {
            if !value.is_empty() {
                self.goal(value)?;
            }
            return Ok(value.to_owned());
        }
        // What the reader takes of days, hours and channels is one; an empty value is none.
        let is_listed = dimension.is_time() || *dimension == Dimension::Named(Named::Channel);
        if value.is_empty() || is_listed {
            return Ok(value.to_owned());
        }
        let seen = self.seen(dimension);
        let low = value.to_lowercase();
        let same = seen.iter().find(|known| *known == value);
        let same = same.or_else(|| seen.iter().find(|known| known.to_lowercase() == low));
        match same {
            Some(known) => Ok(known.clone()),
            // There may be more than those that are known.
            None if seen.len() >= MANY && self.asks(value) => Ok(value.to_owned()),
            None => Err(Wrong::Value),
        }
    }

    /// A part of values: of one that is known, or made of words of the question.
    fn part(&self, dimension: &Dimension, value: &str) -> Result<String, Wrong> {
        let low = value.to_lowercase();
        let goals = match dimension {
            Dimension::Named(Named::Goal) => self.goals,
            _ => &[],
        };
        let mut all = self.seen(dimension).iter().chain(goals);
        match all.any(|known| known.to_lowercase().contains(&low)) || self.asks(value) {
            true => Ok(value.to_owned()),
            false => Err(Wrong::Value),
        }
    }

    /// Whether each word of a value stands in the question.
    fn asks(&self, value: &str) -> bool {
        let asked = words(self.question);
        words(value).is_subset(&asked)
    }
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
