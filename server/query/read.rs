//! JSON → a query, and a query → the JSON that it is read from. A query string is turned into the same JSON first.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::dimension::{Dimension, NAMED, Named};
use super::filter;
use super::metric::{METRICS, Metric};
use super::query_string::{Form, QUERY};
use super::range::Range;
use super::sent::{self, Asks};
use super::{Order, OrderBy, Query};
use crate::account::Site;

/// Rows that an answer has where nothing else is asked.
pub(super) const ROWS: usize = 100;
/// Rows that an answer has at most.
pub const MOST_ROWS: usize = 10_000;

/// Dimensions at once, and goals.
const DIMENSIONS: usize = 3;
const GOALS: usize = 100;

/// An object as it was sent, of which parts are taken out.
#[derive(Debug)]
pub(crate) struct Parts(Map<String, Value>);

impl Parts {
    /// From JSON, all of whose names are known.
    pub(crate) fn of_json(json: &[u8], known: &[&str]) -> Result<Parts, String> {
        let object: Value = serde_json::from_slice(json)
            .map_err(|error| format!("the body is no JSON: {error}"))?;
        let Value::Object(object) = object else {
            return Err("the body is no JSON object".into());
        };
        Parts(object).checked(known)
    }

    pub(crate) fn of(object: Map<String, Value>) -> Parts {
        Parts(object)
    }

    fn checked(self, known: &[&str]) -> Result<Parts, String> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(format!(
                "{name:.40}: there is no such part; there are {}",
                known.join(", ")
            )),
            None => Ok(self),
        }
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name}: wanted a text in quotes")),
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u64>, String> {
        let number = |value: Value| {
            value
                .as_u64()
                .ok_or_else(|| format!("{name}: wanted a whole number"))
        };
        self.take(name).map(number).transpose()
    }

    /// A whole number from 1 to `most`; `otherwise` where nothing is said.
    pub(crate) fn whole(&mut self, name: &str, otherwise: u64, most: u64) -> Result<u64, String> {
        let number = self.number(name)?.unwrap_or(otherwise);
        match (1..=most).contains(&number) {
            true => Ok(number),
            false => Err(format!("{name}: wanted 1 to {most}")),
        }
    }

    /// Whether something is so; `otherwise` where nothing is said.
    pub(crate) fn yes(&mut self, name: &str, otherwise: bool) -> Result<bool, String> {
        match self.take(name) {
            None => Ok(otherwise),
            Some(Value::Bool(is_so)) => Ok(is_so),
            Some(Value::String(text)) if text.is_empty() => Ok(otherwise),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(_) => Err(format!("{name}: wanted true or false")),
        }
    }

    pub(crate) fn list(&mut self, name: &str) -> Result<Vec<Value>, String> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(format!("{name}: wanted a list, such as [\"…\"]")),
        }
    }

    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<String>, String> {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(format!("{name}: wanted a list of texts, such as [\"…\"]")),
        };
        self.list(name)?.into_iter().map(text).collect()
    }

    /// Two days, each of which may be left out.
    fn days(&mut self, name: &str) -> Result<Option<[Option<String>; 2]>, String> {
        let wanted = || format!("{name}: wanted {{\"from\":\"YYYY-MM-DD\",\"to\":\"YYYY-MM-DD\"}}");
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(object)) => {
                let mut days = Parts(object)
                    .checked(&["from", "to"])
                    .map_err(|_| wanted())?;
                let mut day = |end| days.text(end).map_err(|error| format!("{name}.{error}"));
                Ok(Some([day("from")?, day("to")?]))
            }
            Some(_) => Err(wanted()),
        }
    }

    /// The range of a site's days, the last 30 where nothing is said.
    pub(crate) fn range(&mut self, site: &Site, now: Timestamp) -> Result<Range, String> {
        let [from, to] = self.days("range")?.unwrap_or_default();
        Range::parse(from.as_deref(), to.as_deref(), &site.zone, now)
            .map_err(|error| format!("range: {error}"))
    }

    /// The goals that are meant; all where there are none.
    pub(crate) fn goals(&mut self) -> Result<Vec<String>, String> {
        let goals = self.texts("goals")?;
        if goals.len() > GOALS {
            return Err(format!("goals: more than {GOALS}"));
        }
        Ok(goals)
    }

    /// Whether days are named.
    pub(crate) fn has_range(&self) -> bool {
        self.0.contains_key("range")
    }

    pub(crate) fn filters(&mut self) -> Result<Vec<filter::Filter>, String> {
        filter::read(&self.list("filters")?)
    }
}

/// A query as it was sent: `metrics=fires,visitors&goals=Buy&dimensions=channel&filter=is:source:Google&from=2026-11-01&
/// to=2026-11-30&order=fires:desc&limit=10` in an address. `goals`, `filter` and `order` may stand several times there;
/// `filters` is the JSON of a list.
pub type Sent = sent::Sent<Query>;

impl Asks for Query {
    const NAMES: &'static [(&'static str, Form)] = QUERY;

    fn of(parts: &mut Parts, site: &Site, now: Timestamp) -> Result<Query, String> {
        let metrics = read_metrics(parts.texts("metrics")?)?;
        let dimensions = read_dimensions(parts.texts("dimensions")?)?;
        let goals = parts.goals()?;
        let range = parts.range(site, now)?;
        let compare = match parts.days("compare")? {
            None => None,
            Some([Some(from), Some(to)]) => {
                let range = Range::parse(Some(&from), Some(&to), &site.zone, now);
                Some(range.map_err(|error| format!("compare: {error}"))?)
            }
            Some(_) => return Err("compare: wanted both from and to".into()),
        };
        let is_line = matches!(&*dimensions, [only] if only.is_time());
        let order = read_order(parts.list("order")?, &metrics, &dimensions)?;
        let most = MOST_ROWS as u64;
        let limit = match parts.number("limit")? {
            Some(limit) if (1..=most).contains(&limit) => limit as usize,
            Some(_) => return Err(format!("limit: wanted 1 to {MOST_ROWS}")),
            // A line has no hole at its end.
            None if is_line => MOST_ROWS,
            None => ROWS,
        };
        let query = Query {
            metrics,
            goals,
            dimensions,
            filters: parts.filters()?,
            compare,
            order,
            limit,
            ..Query::of(site, range)
        };
        check_exits(&query)?;
        match parts.text("cursor")? {
            Some(cursor) => query.after(&cursor),
            None => Ok(query),
        }
    }
}

fn names(known: impl Iterator<Item = &'static str>) -> String {
    known.collect::<Vec<_>>().join(", ")
}

/// Refuses what stands twice.
fn once(part: &str, names: &[String]) -> Result<(), String> {
    let mut seen = HashSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(format!("{part}: {name} stands twice")),
        None => Ok(()),
    }
}

fn read_metrics(sent: Vec<String>) -> Result<Vec<Metric>, String> {
    if sent.is_empty() {
        let known = names(METRICS.iter().map(|(name, _)| *name));
        return Err(format!("metrics: wanted at least one of {known}"));
    }
    let metric = |name: &String| {
        Metric::parse(name).ok_or_else(|| {
            let known = names(METRICS.iter().map(|(name, _)| *name));
            format!("metrics: {name:?} is none; there are {known}")
        })
    };
    let metrics = sent.iter().map(metric).collect::<Result<Vec<_>, _>>()?;
    once("metrics", &sent)?;
    Ok(metrics)
}

fn read_dimensions(sent: Vec<String>) -> Result<Vec<Dimension>, String> {
    let dimension = |name: &String| {
        Dimension::parse(name).ok_or_else(|| {
            let known = names(NAMED.iter().map(|(name, _)| *name));
            format!("dimensions: {name:?} is none; there are {known}, metadata.KEY")
        })
    };
    let dimensions = sent.iter().map(dimension).collect::<Result<Vec<_>, _>>()?;
    if dimensions.len() > DIMENSIONS {
        return Err(format!("dimensions: more than {DIMENSIONS}"));
    }
    once("dimensions", &sent)?;
    Ok(dimensions)
}

/// Where nothing is said time goes forward, and of all else the most comes first.
fn read_order(
    sent: Vec<Value>,
    metrics: &[Metric],
    dimensions: &[Dimension],
) -> Result<Vec<Order>, String> {
    if sent.is_empty() {
        let is_time = dimensions.first().is_some_and(Dimension::is_time);
        let first = metrics.first().copied().map(OrderBy::Metric);
        let by = if is_time {
            Some(OrderBy::Dimension(0))
        } else {
            first
        };
        let order = |by| Order {
            by,
            ascending: is_time,
        };
        return Ok(by.map(order).into_iter().collect());
    }
    let most = METRICS.len() + DIMENSIONS;
    if sent.len() > most {
        return Err(format!("order: more than {most}"));
    }
    let one = |sent: Value| {
        let wanted = "order: wanted a list of pairs, such as [[\"fires\",\"desc\"]]";
        let pair = sent.as_array().filter(|pair| pair.len() == 2);
        let text = |at: usize| pair.and_then(|pair| pair[at].as_str()).ok_or(wanted);
        let (name, direction) = (text(0)?, text(1)?);
        let ascending = match direction {
            "asc" => true,
            "desc" => false,
            _ => {
                return Err(format!(
                    "order: {direction:?} is no direction; wanted asc or desc"
                ));
            }
        };
        let dimension = dimensions.iter().position(|known| known.name() == name);
        let by = Metric::parse(name)
            .map(OrderBy::Metric)
            .or(dimension.map(OrderBy::Dimension))
            .ok_or_else(|| {
                let known = METRICS.iter().map(|(name, _)| (*name).to_owned());
                let known: Vec<_> = known.chain(dimensions.iter().map(Dimension::name)).collect();
                format!(
                    "order: {name:?} is no metric and none of the query's dimensions; wanted one of {}",
                    known.join(", ")
                )
            })?;
        Ok(Order { by, ascending })
    };
    sent.into_iter().map(one).collect()
}

/// Of last pages only some figures are known, and they can't be split further but by days.
fn check_exits(query: &Query) -> Result<(), String> {
    let exit = Dimension::Named(Named::ExitPage);
    if !query.dimensions.contains(&exit) {
        return Ok(());
    }
    let is_known = |dimension: &Dimension| match dimension {
        Dimension::Named(named) => *named == Named::ExitPage || named.is_of_day(),
        Dimension::Metadata(_) => false,
    };
    if !query.dimensions.iter().all(is_known) {
        return Err(
            "dimensions: exit_page goes together with day, week, month and weekday only".into(),
        );
    }
    if !query.goals.is_empty() {
        return Err("goals: not by exit_page, which is of page views; filter by has_fired".into());
    }
    let unknown = METRICS
        .iter()
        .find(|(_, metric)| query.asks(*metric) && !metric.is_of_exits());
    match unknown {
        Some((name, _)) => Err(format!(
            "metrics: {name} isn't known by exit_page; wanted visitors, people or sessions"
        )),
        None => Ok(()),
    }
}

impl Query {
    /// The JSON that it is read from, dates resolved.
    pub fn json(&self) -> Value {
        let mut json = self.unpaged();
        json["limit"] = json!(self.limit);
        if self.offset > 0 {
            json["cursor"] = json!(self.cursor(self.offset));
        }
        json
    }

    /// What the rows and their order depend on.
    fn unpaged(&self) -> Value {
        let days =
            |range: &Range| json!({ "from": range.from.to_string(), "to": range.to.to_string() });
        let order = |order: &Order| {
            let name = match order.by {
                OrderBy::Metric(metric) => metric.name().to_owned(),
                OrderBy::Dimension(at) => self
                    .dimensions
                    .get(at)
                    .map(Dimension::name)
                    .unwrap_or_default(),
            };
            json!([name, if order.ascending { "asc" } else { "desc" }])
        };
        let mut json = json!({
            "website_id": *self.website_id,
            "metrics": self.metrics.iter().map(|metric| metric.name()).collect::<Vec<_>>(),
            "goals": self.goals,
            "dimensions": self.dimensions.iter().map(Dimension::name).collect::<Vec<_>>(),
            "filters": self.filters.iter().map(filter::Filter::json).collect::<Vec<_>>(),
            "range": days(&self.range),
        });
        if let Some(compare) = &self.compare {
            json["compare"] = days(compare);
        }
        json["order"] = self.order.iter().map(order).collect();
        json
    }

    /// The same, from the row on that follows its last.
    pub fn next(&self) -> Query {
        Query {
            offset: self.offset.saturating_add(self.limit),
            ..self.clone()
        }
    }

    /// What stands for the rows from `offset` on.
    pub(super) fn cursor(&self, offset: usize) -> String {
        format!("{offset}.{}", self.mark())
    }

    /// The same, from the row on that a cursor stands for.
    ///
    /// # Errors
    /// In words, when it is of another query.
    pub fn after(mut self, cursor: &str) -> Result<Query, String> {
        self.offset = self.offset_of(cursor).ok_or(
            "cursor: it is of another query; wanted the \"next\" of an answer to this one, dates named",
        )?;
        Ok(self)
    }

    fn offset_of(&self, cursor: &str) -> Option<usize> {
        let (offset, mark) = cursor.split_once('.')?;
        let offset: usize = offset.parse().ok()?;
        // The one way to write it.
        let is_right = mark == self.mark() && offset > 0 && cursor == self.cursor(offset);
        is_right.then_some(offset)
    }

    /// Tells this query from others.
    fn mark(&self) -> String {
        let hash = Sha256::digest(self.unpaged().to_string());
        hash.iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// What [`Sent::query_string`] reads it from.
    pub fn query_string(&self) -> String {
        super::query_string::write(self)
    }
}
