//! A query in an address: names and values ↔ the JSON object of the same query.

use serde_json::{Map, Value, json};
use url::form_urlencoded::{Serializer, parse};

use super::dimension::Dimension;
use super::filter::{Filter, line_json};
use super::{OrderBy, Query};

/// How a name's values become a part of the object.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// Names with commas between them; a backslash stands before a comma that is meant.
    Names,
    /// A text, as often as there are some: added to the list of this name.
    Each,
    /// `name:asc` or `name:desc`, commas between them.
    Order,
    /// A filter on one line.
    Filter,
    /// Filters as JSON.
    Filters,
    /// An end of a range of this name.
    End(&'static str, &'static str),
    /// A step of a funnel: `page:…` or `goal:…`.
    Step,
}

/// Names of a query.
pub(super) const QUERY: &[(&str, Form)] = &[
    ("website_id", Form::Text),
    ("metrics", Form::Names),
    ("goals", Form::Each),
    ("dimensions", Form::Names),
    ("filter", Form::Filter),
    ("filters", Form::Filters),
    ("from", Form::End("range", "from")),
    ("to", Form::End("range", "to")),
    ("compare_from", Form::End("compare", "from")),
    ("compare_to", Form::End("compare", "to")),
    ("order", Form::Order),
    ("limit", Form::Number),
    ("cursor", Form::Text),
];

/// Names of a funnel.
pub(super) const FUNNEL: &[(&str, Form)] = &[
    ("website_id", Form::Text),
    ("step", Form::Step),
    ("window_minutes", Form::Number),
    ("filter", Form::Filter),
    ("filters", Form::Filters),
    ("from", Form::End("range", "from")),
    ("to", Form::End("range", "to")),
];

/// Names of a question about single events.
pub(super) const EVENTS: &[(&str, Form)] = &[
    ("website_id", Form::Text),
    ("goals", Form::Each),
    ("filter", Form::Filter),
    ("filters", Form::Filters),
    ("from", Form::End("range", "from")),
    ("to", Form::End("range", "to")),
    ("limit", Form::Number),
    ("before", Form::Text),
];

/// The part of the object that a name's values are of.
pub(super) fn part((name, form): &(&'static str, Form)) -> &'static str {
    match form {
        Form::Filter | Form::Filters => "filters",
        Form::End(range, _) => range,
        Form::Step => "steps",
        Form::Text | Form::Number | Form::Names | Form::Each | Form::Order => name,
    }
}

/// The object that a query string means.
pub(crate) fn object(query: &str, known: &[(&str, Form)]) -> Result<Map<String, Value>, String> {
    let mut object = Map::new();
    for (name, value) in parse(query.as_bytes()) {
        let Some((name, form)) = known.iter().find(|(known, _)| *known == name) else {
            let known: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "{name:.40}: there is no such part; there are {}",
                known.join(", ")
            ));
        };
        let mut add = |part: &str, values: Vec<Value>| match object
            .entry(part)
            .or_insert_with(|| json!([]))
        {
            Value::Array(list) => list.extend(values),
            other => *other = values.into(),
        };
        let single = match form {
            Form::Text => Some((name, json!(value))),
            Form::Number => {
                let number = value.parse::<u64>();
                let number = number.map_err(|_| format!("{name}: wanted a whole number"))?;
                Some((name, json!(number)))
            }
            Form::Names => {
                add(name, split(&value).into_iter().map(Value::from).collect());
                None
            }
            Form::Each => {
                add(name, vec![json!(value)]);
                None
            }
            Form::Order => {
                let order = |order: String| {
                    let pair = order
                        .rsplit_once(':')
                        .map(|(name, direction)| json!([name, direction]));
                    pair.ok_or_else(|| {
                        format!("{name}: wanted name:asc or name:desc, such as fires:desc")
                    })
                };
                add(
                    name,
                    split(&value)
                        .into_iter()
                        .map(order)
                        .collect::<Result<_, _>>()?,
                );
                None
            }
            Form::Filter => {
                add("filters", vec![line_json(&value)?]);
                None
            }
            Form::Filters => {
                let filters: Vec<Value> = serde_json::from_str(&value).map_err(|_| {
                    format!(
                        "{name}: wanted a JSON list, such as [[\"is\",\"source\",[\"Google\"]]]"
                    )
                })?;
                add(name, filters);
                None
            }
            Form::Step => {
                let step = match value.split_once(':') {
                    Some((kind @ ("page" | "goal"), value)) => json!({ kind: value }),
                    _ => return Err(format!("{name}: wanted page:/path or goal:Name")),
                };
                add("steps", vec![step]);
                None
            }
            Form::End(range, end) => {
                let range = object.entry(*range).or_insert_with(|| json!({}));
                match range.get(end) {
                    Some(_) => return Err(format!("{name} stands twice")),
                    None => range[end] = json!(value),
                }
                None
            }
        };
        if let Some((name, value)) = single
            && object.insert((*name).to_owned(), value).is_some()
        {
            return Err(format!("{name} stands twice"));
        }
    }
    Ok(object)
}

/// At commas without a backslash before them.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let c = match c {
            ',' => {
                parts.push(String::new());
                continue;
            }
            '\\' => characters.next(),
            c => Some(c),
        };
        if let Some(last) = parts.last_mut() {
            last.extend(c);
        }
    }
    parts
}

fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace(',', "\\,")
}

/// The query string of a query.
pub(super) fn write(query: &Query) -> String {
    let mut out = Serializer::new(String::new());
    let dimensions: Vec<_> = query
        .dimensions
        .iter()
        .map(|d| escaped(&d.name()))
        .collect();
    let metrics: Vec<_> = query.metrics.iter().map(|metric| metric.name()).collect();
    out.append_pair("website_id", &query.website_id);
    out.append_pair("metrics", &metrics.join(","));
    for goal in &query.goals {
        out.append_pair("goals", goal);
    }
    if !dimensions.is_empty() {
        out.append_pair("dimensions", &dimensions.join(","));
    }
    let lines: Option<Vec<_>> = query.filters.iter().map(Filter::line).collect();
    match lines {
        Some(lines) => lines.iter().for_each(|line| {
            out.append_pair("filter", line);
        }),
        None => {
            let filters: Value = query.filters.iter().map(Filter::json).collect();
            out.append_pair("filters", &filters.to_string());
        }
    }
    out.append_pair("from", &query.range.from.to_string());
    out.append_pair("to", &query.range.to.to_string());
    if let Some(compare) = &query.compare {
        out.append_pair("compare_from", &compare.from.to_string());
        out.append_pair("compare_to", &compare.to.to_string());
    }
    for order in &query.order {
        let name = match order.by {
            OrderBy::Metric(metric) => metric.name().to_owned(),
            OrderBy::Dimension(at) => query
                .dimensions
                .get(at)
                .map(Dimension::name)
                .unwrap_or_default(),
        };
        let direction = if order.ascending { "asc" } else { "desc" };
        out.append_pair("order", &format!("{}:{direction}", escaped(&name)));
    }
    out.append_pair("limit", &query.limit.to_string());
    if query.offset > 0 {
        out.append_pair("cursor", &query.cursor(query.offset));
    }
    out.finish()
}
