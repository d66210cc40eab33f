//! Filters: what events must be, as a tree of conditions.
//!
//! As JSON: `["is","source",["Google"]]`, `["has_fired","goal",["Trial Started"]]`, `["and",[…]]`, `["or",[…]]`,
//! `["not",…]`. On one line: `is:source:Google|Bing`, where a backslash stands before a `:`, `|` or `\` that is meant as
//! it is.

use std::sync::Arc;

use serde_json::{Value, json};

use super::channel;
use super::dimension::{Dimension, NAMED, Named};
use super::operator::{OPERATORS, Operator};
use super::range::parse_date;

/// How deep trees may be, how many conditions a query may have, and how many values all of them together.
const DEPTH: usize = 8;
const LEAVES: usize = 50;
const VALUES: usize = 1000;

/// Bytes that a value may have.
const VALUE: usize = 2048;

/// What events must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// A dimension's value compares so with any of these, or with none, as the operator says.
    Value(Operator, Dimension, Arc<[String]>),
    /// Of a visitor who fired one of these goals within the range, or none of them. Events of nobody are of one who fired
    /// none.
    Fired(bool, Arc<[String]>),
    /// All of these.
    And(Vec<Filter>),
    /// Any of these.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
}

/// Operators as they are written, each with what it means.
pub fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    let compared = OPERATORS
        .iter()
        .map(|(name, operator)| (*name, operator.meaning()));
    let fired = FIRED.iter().map(|(name, fired)| match fired {
        true => (
            *name,
            "Of visitors who fired one of these goals on these days",
        ),
        false => (
            *name,
            "Of visitors who fired none of these goals on these days",
        ),
    });
    compared.chain(fired)
}

const FIRED: [(&str, bool); 2] = [("has_fired", true), ("has_not_fired", false)];

/// What is left of the bounds while filters are read.
struct Left {
    leaves: usize,
    values: usize,
}

/// Reads a query's filters, of which events must pass all.
///
/// # Errors
/// In words: what is wrong, and what would be right.
pub(super) fn read(filters: &[Value]) -> Result<Vec<Filter>, String> {
    let mut left = Left {
        leaves: LEAVES,
        values: VALUES,
    };
    filters
        .iter()
        .map(|filter| one(filter, DEPTH, &mut left))
        .collect()
}

/// Reads filters as they stand in an address: on a line each, and lists of them as JSON.
///
/// # Errors
/// In words: what is wrong, and what would be right.
pub fn written(lines: &[String], lists: &[String]) -> Result<Vec<Filter>, String> {
    let mut all = lines
        .iter()
        .map(|line| line_json(line))
        .collect::<Result<Vec<_>, _>>()?;
    for list in lists {
        let list: Vec<Value> = serde_json::from_str(list)
            .map_err(|_| format!("filters: {:?} is no list of JSON", short_text(list)))?;
        all.extend(list);
    }
    read(&all)
}

fn one(filter: &Value, depth: usize, left: &mut Left) -> Result<Filter, String> {
    let wanted = || {
        format!(
            "filters: {} is none; wanted [operator, dimension, [value, …]], [\"and\", […]], [\"or\", […]] or [\"not\", …]",
            short(filter)
        )
    };
    let list = filter.as_array().ok_or_else(wanted)?;
    if depth == 0 {
        return Err(format!("filters: deeper than {DEPTH} levels"));
    }
    let several = |left: &mut Left, filters: &[Value]| {
        filters
            .iter()
            .map(|filter| one(filter, depth - 1, left))
            .collect::<Result<Vec<_>, _>>()
    };
    match list.as_slice() {
        [Value::String(word), Value::Array(filters)] if word == "and" || word == "or" => {
            if filters.is_empty() {
                return Err(format!(
                    "filters: {word} of nothing; wanted at least one filter"
                ));
            }
            let filters = several(left, filters)?;
            Ok(if word == "and" {
                Filter::And(filters)
            } else {
                Filter::Or(filters)
            })
        }
        [Value::String(word), filter] if word == "not" => {
            Ok(Filter::Not(Box::new(one(filter, depth - 1, left)?)))
        }
        [
            Value::String(operator),
            Value::String(dimension),
            Value::Array(values),
        ] => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let values = values.iter().map(text).collect::<Option<Vec<_>>>();
            let values = values.ok_or_else(|| {
                format!("filters: wanted values of {dimension} as texts in quotes, such as [\"5\"]")
            })?;
            leaf(operator, dimension, values, left)
        }
        _ => Err(wanted()),
    }
}

fn leaf(
    operator: &str,
    dimension: &str,
    values: Vec<String>,
    left: &mut Left,
) -> Result<Filter, String> {
    let bound = |left: &mut usize, count: usize, what: &str, most: usize| {
        *left = left
            .checked_sub(count)
            .ok_or_else(|| format!("filters: more than {most} {what}"))?;
        Ok::<_, String>(())
    };
    bound(&mut left.leaves, 1, "conditions", LEAVES)?;
    bound(&mut left.values, values.len(), "values", VALUES)?;
    if values.is_empty() {
        return Err(format!(
            "filters: {operator} {dimension} has no value; wanted at least one, \"\" for those without"
        ));
    }
    if values.iter().any(|value| value.len() > VALUE) {
        return Err(format!(
            "filters: a value of {dimension} is longer than {VALUE} bytes"
        ));
    }
    let values: Arc<[String]> = values.into();
    if let Some((_, fired)) = FIRED.iter().find(|(name, _)| *name == operator) {
        return match dimension {
            "goal" => Ok(Filter::Fired(*fired, values)),
            _ => Err(format!(
                "filters: {operator} {dimension}: only a goal is fired; wanted \"goal\""
            )),
        };
    }
    let Some((_, operator)) = OPERATORS.iter().find(|(name, _)| *name == operator) else {
        let known = OPERATORS.iter().map(|(name, _)| *name);
        let known: Vec<_> = known.chain(FIRED.iter().map(|(name, _)| *name)).collect();
        return Err(format!(
            "filters: {operator:?} is no operator; there are {}, and, or, not",
            known.join(", ")
        ));
    };
    let dimension = Dimension::parse(dimension).ok_or_else(|| {
        let known: Vec<_> = NAMED.iter().map(|(name, _)| *name).collect();
        format!(
            "filters: {dimension:?} is no dimension; there are {}, metadata.KEY",
            known.join(", ")
        )
    })?;
    if dimension == Dimension::Named(Named::ExitPage) {
        return Err("filters: exit_page can't be filtered by, since a session's last page is known only from all its events; filter by page or entry_page".into());
    }
    if matches!(operator, Operator::Is | Operator::IsNot)
        && let Dimension::Named(named) = dimension
    {
        for value in &*values {
            check(named, value)?;
        }
    }
    Ok(Filter::Value(*operator, dimension, values))
}

/// Refuses what no event can be, where all values are known.
fn check(dimension: Named, value: &str) -> Result<(), String> {
    let is_known = match dimension {
        Named::Hour => (0..24).any(|hour| value == format!("{hour:02}")),
        Named::Weekday => WEEKDAYS.contains(&value),
        Named::Day | Named::Week | Named::Month => parse_date(value).is_some(),
        Named::Channel => channel::all().any(|channel| channel == value),
        _ => true,
    };
    if is_known {
        return Ok(());
    }
    let wanted = match dimension {
        Named::Hour => "00 to 23".to_owned(),
        Named::Weekday => WEEKDAYS.join(", "),
        Named::Channel => channel::all().collect::<Vec<_>>().join(", "),
        _ => "a day as YYYY-MM-DD, of a week its Monday, of a month its first".to_owned(),
    };
    let name = dimension.name();
    Err(format!(
        "filters: {name} is never {:?}; wanted {wanted}",
        short_text(value)
    ))
}

/// Days of the week, in order.
pub(super) const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A part of an error: no more of what was sent than tells what is meant.
fn short(value: &Value) -> String {
    short_text(&value.to_string()).to_owned()
}

fn short_text(text: &str) -> &str {
    &text[..text.floor_char_boundary(80)]
}

impl Filter {
    /// Whether it says which goal an event is of.
    pub(super) fn is_of_goals(&self) -> bool {
        match self {
            Filter::Value(_, dimension, _) => *dimension == Dimension::Named(Named::Goal),
            Filter::Fired(..) => false,
            Filter::And(filters) | Filter::Or(filters) => filters.iter().any(Filter::is_of_goals),
            Filter::Not(filter) => filter.is_of_goals(),
        }
    }

    /// Whether it says something of fires, not of visits: no visit has it.
    pub(crate) fn is_of_fires(&self) -> bool {
        match self {
            Filter::Value(_, dimension, _) => dimension.is_of_fire(),
            Filter::Fired(..) => false,
            Filter::And(filters) | Filter::Or(filters) => filters.iter().any(Filter::is_of_fires),
            Filter::Not(filter) => filter.is_of_fires(),
        }
    }

    /// Whether it wants one of some goals by its whole name.
    pub(super) fn names_goal(&self, is_it: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Filter::Value(Operator::Is, Dimension::Named(Named::Goal), values) => {
                values.iter().any(|value| is_it(value))
            }
            Filter::And(filters) | Filter::Or(filters) => {
                filters.iter().any(|filter| filter.names_goal(is_it))
            }
            Filter::Value(..) | Filter::Fired(..) | Filter::Not(_) => false,
        }
    }

    /// As it is read.
    pub fn json(&self) -> Value {
        let all = |filters: &[Filter]| filters.iter().map(Filter::json).collect::<Vec<_>>();
        match self {
            Filter::Value(operator, dimension, values) => {
                json!([operator.name(), dimension.name(), **values])
            }
            Filter::Fired(fired, goals) => json!([fired_name(*fired), "goal", **goals]),
            Filter::And(filters) => json!(["and", all(filters)]),
            Filter::Or(filters) => json!(["or", all(filters)]),
            Filter::Not(filter) => json!(["not", filter.json()]),
        }
    }

    /// On one line; `None` of what joins others.
    pub fn line(&self) -> Option<String> {
        let (operator, dimension, values) = match self {
            Filter::Value(operator, dimension, values) => {
                (operator.name(), dimension.name(), values)
            }
            Filter::Fired(fired, goals) => (fired_name(*fired), "goal".to_owned(), goals),
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => return None,
        };
        let values: Vec<_> = values.iter().map(|value| escaped(value)).collect();
        Some(format!(
            "{operator}:{}:{}",
            escaped(&dimension),
            values.join("|")
        ))
    }
}

fn fired_name(fired: bool) -> &'static str {
    FIRED[usize::from(!fired)].0
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | ':' | '|') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A line as the JSON of the same filter. What follows the second `:` is values, so that those of addresses need no
/// backslash.
pub(super) fn line_json(line: &str) -> Result<Value, String> {
    let mut parts = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        let ends = match c {
            '\\' => {
                let Some(next) = characters.next() else { break };
                push(&mut parts, next);
                continue;
            }
            ':' => parts.len() < 3,
            '|' => parts.len() >= 3,
            _ => false,
        };
        if ends {
            parts.push(String::new());
        } else {
            push(&mut parts, c);
        }
    }
    match parts.as_slice() {
        [operator, dimension, values @ ..] if !values.is_empty() => {
            Ok(json!([operator, dimension, values]))
        }
        _ => Err(format!(
            "filter: {:?} is none; wanted operator:dimension:value|value, such as is:source:Google",
            short_text(line)
        )),
    }
}

fn push(parts: &mut [String], c: char) {
    if let Some(last) = parts.last_mut() {
        last.push(c);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wrong_filters_say_what_would_be_right() {
        let leaf = r#"["is","source",["a"]]"#;
        let nested = |levels: usize| {
            format!(
                "{}{leaf}{}",
                r#"["not","#.repeat(levels),
                "]".repeat(levels)
            )
        };
        let many = |count: usize| format!(r#"["or",[{}]]"#, vec![leaf; count].join(","));
        for (filter, expected) in [
            ("5".to_owned(), "filters: 5 is none; wanted [operator"),
            (r#"["is","source"]"#.into(), r#"is none; wanted [operator"#),
            (
                r#"["like","source",["a"]]"#.into(),
                r#""like" is no operator; there are is, is_not, contains, not_contains, matches, has_fired, has_not_fired, and, or, not"#,
            ),
            (
                r#"["is","colour",["a"]]"#.into(),
                r#""colour" is no dimension; there are goal, day"#,
            ),
            (
                r#"["is","exit_page",["/"]]"#.into(),
                "exit_page can't be filtered by",
            ),
            (r#"["is","source",[]]"#.into(), "wanted at least one"),
            (r#"["is","metadata.n",[5]]"#.into(), "as texts in quotes"),
            (r#"["has_fired","page",["/"]]"#.into(), r#"wanted "goal""#),
            (
                r#"["is","hour",["9"]]"#.into(),
                r#"hour is never "9"; wanted 00 to 23"#,
            ),
            (
                r#"["is","weekday",["monday"]]"#.into(),
                "wanted Monday, Tuesday",
            ),
            (
                r#"["is","day",["today"]]"#.into(),
                "wanted a day as YYYY-MM-DD",
            ),
            (
                r#"["is","channel",["Search"]]"#.into(),
                "wanted Direct, Cross-network",
            ),
            (r#"["and",[]]"#.into(), "and of nothing"),
            (nested(8), "deeper than 8 levels"),
            (many(51), "more than 50 conditions"),
            (
                format!(r#"["is","source",["{}"]]"#, "x".repeat(2049)),
                "longer than 2048 bytes",
            ),
        ] {
            let error = read(&[serde_json::from_str(&filter).unwrap()]).unwrap_err();
            assert!(error.contains(expected), "{filter}: {error}");
        }
        for right in [nested(7), many(50)] {
            read(&[serde_json::from_str(&right).unwrap()]).unwrap();
        }
    }

    #[test]
    fn lines_are_short_for_conditions() {
        for (line, expected) in [
            ("is:source:Google", r#"["is","source",["Google"]]"#),
            ("is:source:a|b", r#"["is","source",["a","b"]]"#),
            (r"is:source:a\|b\\", r#"["is","source",["a|b\\"]]"#),
            (
                "is:referrer:https://a.test/",
                r#"["is","referrer",["https://a.test/"]]"#,
            ),
            (r"is:metadata.a\:b:c", r#"["is","metadata.a:b",["c"]]"#),
            ("is:source:", r#"["is","source",[""]]"#),
        ] {
            assert_eq!(line_json(line).unwrap().to_string(), expected);
        }
        assert!(
            line_json("source")
                .unwrap_err()
                .contains("wanted operator:dimension:value|value")
        );
    }

    pub(in crate::query) fn filter() -> impl Strategy<Value = Filter> {
        let values = || proptest::collection::vec("\\PC{0,4}", 1..3).prop_map(Arc::from);
        let open = [Named::Source, Named::Page, Named::Goal, Named::Country];
        let dimension = prop_oneof![
            prop::sample::select(open.to_vec()).prop_map(Dimension::Named),
            "[a-z:|\\\\]{1,3}".prop_map(|key| Dimension::Metadata(key.into())),
        ];
        let operator = prop::sample::select(OPERATORS.to_vec()).prop_map(|(_, operator)| operator);
        let leaf = prop_oneof![
            4 => (operator, dimension, values()).prop_map(|(o, d, v)| Filter::Value(o, d, v)),
            1 => (any::<bool>(), values()).prop_map(|(fired, goals)| Filter::Fired(fired, goals)),
            1 => prop::sample::select(WEEKDAYS.to_vec()).prop_map(|day| {
                Filter::Value(Operator::Is, Dimension::Named(Named::Weekday), [day.to_owned()].into())
            }),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let several = || proptest::collection::vec(inner.clone(), 1..3);
            prop_oneof![
                several().prop_map(Filter::And),
                several().prop_map(Filter::Or),
                inner
                    .clone()
                    .prop_map(|filter| Filter::Not(Box::new(filter))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(filter in filter()) {
            prop_assert_eq!(&read(&[filter.json()]).unwrap()[0], &filter);
            if let Some(line) = filter.line() {
                prop_assert_eq!(line_json(&line).unwrap(), filter.json());
            }
        }

        #[test]
        fn no_line_makes_it_panic(line: String) {
            if let Ok(json) = line_json(&line) {
                let _ = read(&[json]);
            }
        }
    }
}
