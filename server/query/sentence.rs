//! A query in words, so that whoever reads an answer sees what it is of:
//! "Fires and visitors of Trial Started by channel, 1 to 30 November 2026, most first".

use jiff::civil::Date;

use super::dimension::Dimension;
use super::filter::Filter;
use super::metric::Metric;
use super::operator::Operator;
use super::range::Range;
use super::read::{MOST_ROWS, ROWS};
use super::{Order, OrderBy, Query};

/// The sentence of a query, without a full stop.
pub fn sentence(query: &Query) -> String {
    let metrics = query.metrics.iter().map(|metric| metric_words(*metric));
    let mut text = capital(&list(metrics.collect(), "and"));
    if !query.goals.is_empty() {
        text += &format!(" of {}", goals(&query.goals));
    }
    if !query.dimensions.is_empty() {
        let dimensions = query.dimensions.iter().map(dimension_words);
        text += &format!(" by {}", list(dimensions.collect(), "and"));
    }
    text += &filters(&query.filters);
    text += &format!(", {}", range(&query.range));
    if let Some(compare) = &query.compare {
        text += &format!(", beside {}", range(compare));
    }
    // A single row has no order.
    if !query.dimensions.is_empty() {
        let orders: Vec<_> = query
            .order
            .iter()
            .map(|order| order_words(query, order))
            .collect();
        if !orders.is_empty() {
            text += &format!(", {}", orders.join(", then "));
        }
        text += &rows(query.limit, query.offset);
    }
    text
}

/// Goals in words.
pub(crate) fn goals(goals: &[String]) -> String {
    list(goals.iter().map(|goal| value(goal)).collect(), "and")
}

/// The filters of a query, from `where` on; nothing where there are none.
pub(crate) fn filters(filters: &[Filter]) -> String {
    if filters.is_empty() {
        return String::new();
    }
    let words = filters.iter().map(|filter| filter_words(filter, true));
    format!(" where {}", list(words.collect(), "and"))
}

/// One filter in words.
pub fn filter(filter: &Filter) -> String {
    filter_words(filter, true)
}

/// Which rows; nothing where nobody chose.
fn rows(limit: usize, offset: usize) -> String {
    match (limit, offset) {
        (ROWS | MOST_ROWS, 0) => String::new(),
        (1, 0) => ", the first row".into(),
        (limit, 0) => format!(", the first {limit} rows"),
        (limit, offset) => format!(", rows {} to {}", offset + 1, offset.saturating_add(limit)),
    }
}

fn metric_words(metric: Metric) -> String {
    match metric {
        Metric::Pageviews => "page views".into(),
        other => other.name().replace('_', " "),
    }
}

/// A dimension in words.
pub(crate) fn dimension_words(dimension: &Dimension) -> String {
    match dimension {
        Dimension::Named(named) => named.name().replace('_', " "),
        Dimension::Metadata(key) => format!("metadata {}", value(key)),
    }
}

fn filter_words(filter: &Filter, is_outermost: bool) -> String {
    let joined = |filters: &[Filter], word| {
        let words: Vec<_> = filters
            .iter()
            .map(|filter| filter_words(filter, false))
            .collect();
        let is_plain = is_outermost && word == "and" || words.len() == 1;
        let text = list(words, word);
        if is_plain { text } else { format!("({text})") }
    };
    match filter {
        Filter::Value(operator, dimension, values) => {
            let (verb, word) = match operator {
                Operator::Is => ("is", "or"),
                Operator::IsNot => ("is not", "or"),
                Operator::Contains => ("contains", "or"),
                Operator::NotContains => ("does not contain", "or"),
                Operator::Matches => ("matches", "or"),
            };
            let values = values.iter().map(|text| value(text)).collect();
            format!(
                "{} {verb} {}",
                dimension_words(dimension),
                list(values, word)
            )
        }
        Filter::Fired(fired, goals) => {
            let verb = if *fired { "fired" } else { "never fired" };
            let goals = goals.iter().map(|goal| value(goal)).collect();
            format!("the visitor {verb} {}", list(goals, "or"))
        }
        Filter::And(filters) => joined(filters, "and"),
        Filter::Or(filters) => joined(filters, "or"),
        Filter::Not(filter) => format!("not ({})", filter_words(filter, true)),
    }
}

fn order_words(query: &Query, order: &Order) -> String {
    match order.by {
        OrderBy::Metric(metric) => {
            let ends = match metric {
                Metric::ConversionRate
                | Metric::AverageValue
                | Metric::BounceRate
                | Metric::SessionDuration
                | Metric::PagesPerSession => ["lowest", "highest"],
                _ => ["least", "most"],
            };
            let end = ends[usize::from(!order.ascending)];
            let is_plain = query.metrics.first() == Some(&metric) && query.order.len() == 1;
            if is_plain {
                format!("{end} first")
            } else {
                format!("{end} {} first", metric_words(metric))
            }
        }
        OrderBy::Dimension(at) => match (query.dimensions.get(at), order.ascending) {
            (Some(dimension), true) if dimension.is_time() => "earliest first".into(),
            (Some(dimension), false) if dimension.is_time() => "latest first".into(),
            (Some(dimension), true) => format!("{} from A to Z", dimension_words(dimension)),
            (Some(dimension), false) => format!("{} from Z to A", dimension_words(dimension)),
            (None, _) => String::new(),
        },
    }
}

/// Days as people say them.
pub fn range(range: &Range) -> String {
    let (from, to) = (range.from, range.to);
    let whole = |date: Date| date.strftime("%-d %B %Y").to_string();
    if from == to {
        return whole(from);
    }
    let first = if (from.year(), from.month()) == (to.year(), to.month()) {
        from.day().to_string()
    } else if from.year() == to.year() {
        from.strftime("%-d %B").to_string()
    } else {
        whole(from)
    };
    format!("{first} to {}", whole(to))
}

fn value(text: &str) -> String {
    if text.is_empty() {
        "nothing".into()
    } else {
        text.to_owned()
    }
}

/// `a, b and c`.
pub(crate) fn list(mut words: Vec<String>, word: &str) -> String {
    let Some(last) = words.pop() else {
        return String::new();
    };
    if words.is_empty() {
        last
    } else {
        format!("{} {word} {last}", words.join(", "))
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}
