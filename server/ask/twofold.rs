//! Questions that ask for two things at once, of which a reading would tell one: two figures, both ends, rows that had
//! none. They are asked back.

use super::compose::reading;
use super::parse::{Parse, Role};
use super::reading::{Outcome, Reading, What};
use super::sign::Kind;
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::operator::Operator;

/// What is asked for twice.
pub(super) fn twofold(parse: &Parse, read: &Reading) -> Option<Outcome> {
    let ask = |message: &str, need: &'static str, readings: Vec<Reading>| {
        Some(Outcome::Choose(message.into(), vec![need], readings))
    };
    if parse.signs.has_both_ends {
        return ask("The most or the least?", "order", vec![read.clone()]);
    }
    // "the largest order": of one row there is no most
    if parse.signs.end.is_some()
        && !parse.signs.is_comparative
        && parse.signs.change.is_none()
        && read.by.is_empty()
        && matches!(read.what, What::Figure(_))
    {
        return ask("The most of which rows?", "dimension", vec![read.clone()]);
    }
    // "organic vs paid trials": which is one goal's name
    let is_part = |at: &usize| {
        parse.roles.get(at.wrapping_sub(1)) == Some(&Role::Value)
            && parse.is(at + 1, &["paid", "new", "free"])
            && parse.roles.get(at + 1) == Some(&Role::Goal)
    };
    let is_target = |at: &usize| {
        parse.is(at + 1, &["goal", "goals", "the", "our"]) && {
            let next = (at + 1..at + 3).find(|at| !parse.is(*at, &["the", "our"]));
            next.is_some_and(|next| parse.is(next, &["goal", "goals", "target", "targets"]))
        }
    };
    if parse
        .signs
        .versus
        .iter()
        .any(|at| is_part(at) || is_target(at))
    {
        return ask("Compared with which other?", "values", vec![read.clone()]);
    }
    if parse.kind.is_none() && sorted_by_other(parse) {
        return ask("Sorted by what is told only", "metric", each_figure(parse));
    }
    if parse.kind.is_none() && figures(parse) {
        return ask("One figure at a time", "metric", each_figure(parse));
    }
    let is_row = |dimension: &Dimension| {
        matches!(dimension, Dimension::Named(Named::Goal)) || dimension.is_time()
    };
    if parse.kind.is_none()
        && !read.without.is_empty()
        && read.goals.is_empty()
        && parse.metrics.is_empty()
        && !read.by.is_empty()
    {
        return ask(
            "Rows that had none aren't told; visitors who didn't are",
            "metric",
            vec![read.clone()],
        );
    }
    // "a channel that brought more than email"
    let is_beside = parse.values.iter().any(|value| {
        let condition = &value.condition;
        let (place, before) = parse.before(value.at, &["the", "from", "in", "on", "via", "by"]);
        before == "than"
            && condition.operator == Operator::Is
            && condition.values.len() == 1
            && !parse.is(place.wrapping_sub(1), &["other", "rather"])
            && !is_row(&condition.dimension)
    });
    if is_beside && parse.signs.is_comparative {
        let readings = vec![Reading {
            filters: Vec::new(),
            ..read.clone()
        }];
        return ask("Compared with which other?", "values", readings);
    }
    None
}

/// "purchases by channel sorted by visitors".
fn sorted_by_other(parse: &Parse) -> bool {
    let sorted = (0..parse.words.len()).find(|at| {
        parse.is(
            *at,
            &["sorted", "ordered", "ranked", "sort", "order", "rank"],
        ) && parse.is(at + 1, &["by"])
    });
    let Some(sorted) = sorted else { return false };
    let is_before = |at: usize| at < sorted;
    parse.goals.iter().any(|goal| is_before(goal.from))
        && parse.dimensions.iter().any(|by| is_before(by.at))
        && parse.metrics.iter().any(|(_, at)| !is_before(*at))
        && parse.metrics.iter().all(|(_, at)| !is_before(*at))
}

/// Whether two figures, or a figure and a goal, are joined by "and".
fn figures(parse: &Parse) -> bool {
    let joins = |at: usize| parse.is(at, &["and", "&", "plus", "+"]);
    let leads = |at: usize| {
        parse.is(
            at,
            &[
                "how", "many", "much", "number", "of", "the", "our", "total", "also", "what",
                "count",
            ],
        )
    };
    let is_joined = |from: usize, to: usize| {
        from < to && (from..to).any(joins) && (from..to).all(|at| joins(at) || leads(at))
    };
    let end = |at: usize| {
        (at..parse.roles.len())
            .find(|at| parse.roles[*at] != Role::Figure)
            .unwrap_or(parse.roles.len())
    };
    let spans: Vec<(usize, usize, Metric)> = parse
        .metrics
        .iter()
        .filter(|(_, at)| parse.roles.get(*at) == Some(&Role::Figure))
        .map(|(metric, at)| (*at, end(*at), *metric))
        .collect();
    let of_goal = spans.iter().any(|(from, to, _)| {
        parse
            .goals
            .iter()
            .any(|goal| is_joined(*to, goal.from) || is_joined(goal.to, *from))
    });
    let of_figures = spans.iter().any(|(_, to, metric)| {
        spans
            .iter()
            .any(|(from, _, other)| other != metric && is_joined(*to, *from))
    });
    of_goal || of_figures
}

fn each_figure(parse: &Parse) -> Vec<Reading> {
    let with = |metric: Metric, keeps_goals: bool| {
        let mut copy = parse.copy();
        copy.metrics = vec![(metric, 0)];
        if !keeps_goals {
            copy.goals.clear();
        }
        reading(&mut copy).ok()
    };
    let mut all: Vec<Reading> = parse
        .metrics
        .iter()
        .filter_map(|(metric, _)| with(*metric, *metric == Metric::ConversionRate))
        .collect();
    if !parse.goals.is_empty() {
        all.extend(with(Metric::Fires, true));
    }
    all.dedup();
    all
}

/// "conversion rate from A to B", "between A and B": how far people get; "trials per purchase" is no figure.
pub(super) fn rate_between(parse: &mut Parse) {
    if let [first, second] = &*parse.goals {
        let between: Vec<&str> = (first.to..second.from).map(|at| parse.low(at)).collect();
        if parse.kind.is_none() && matches!(&*between, ["per"] | ["for", "every" | "each"]) {
            parse.kind = Some(Kind::Ratio);
            return;
        }
    }
    let is_rate = parse
        .metrics
        .iter()
        .any(|(metric, _)| *metric == Metric::ConversionRate);
    let [first, second] = &*parse.goals else {
        return;
    };
    let between: Vec<&str> = (first.to..second.from).map(|at| parse.low(at)).collect();
    let (_, before) = parse.before(first.from, &["a", "the", "an"]);
    let is_way = matches!(
        &*between,
        ["to" | "into" | "->" | "→"] | ["to", "a" | "the" | "an"]
    ) || before == "between" && between == ["and"];
    if is_rate && is_way && parse.kind.is_none() {
        parse.kind = Some(Kind::Funnel);
    }
}
