//! What isn't sure or isn't said: words that nothing is known of, names that may be two goals, questions without a figure.
//! Each becomes readings to choose from, or a refusal.

use super::compose::reading;
use super::days::default_period;
use super::lexicon::{NO_GOAL, STOP};
use super::name::{LIKE, Match};
use super::parse::Parse;
use super::reading::{Condition, Outcome, Reading, Refusal, Sort, What};
use super::sign::Kind;
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::operator::Operator;

/// Readings that one may choose from.
const CHOICES: usize = 3;

pub(super) fn quoted_list(words: &[String]) -> String {
    words
        .iter()
        .map(|word| format!("“{word}”"))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Words without a meaning, those that stand together as one.
pub(super) fn unknown_words(parse: &Parse) -> Vec<String> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for at in parse.unknown() {
        match runs.last_mut() {
            Some(run) if run.1 == at => run.1 = at + 1,
            _ => runs.push((at, at + 1)),
        }
    }
    runs.into_iter()
        .map(|(from, to)| parse.text(from, to))
        .collect()
}

pub(super) fn has_topic(parse: &Parse) -> bool {
    !parse.goals.is_empty() || !parse.metrics.is_empty() || parse.kind.is_some()
}

/// A word that nothing is known of right beside a part of a goal's name: it is another goal that is meant.
pub(super) fn unknown_goal(parse: &Parse) -> Option<Outcome> {
    let unknown = parse.unknown();
    for goal in &parse.goals {
        let is_exact = goal.goals.first().is_some_and(|(_, like)| *like >= 0.999);
        let figures = [
            "average", "avg", "mean", "median", "typical", "maximum", "minimum", "where", "when",
            "first", "new", "same",
        ];
        let verbs = [
            "were", "was", "are", "is", "been", "being", "get", "got", "have", "had", "has",
        ];
        let is_name = |at: &usize| {
            !parse.is(*at, &figures) && parse.words[*at].kind != super::word::Kind::Number
        };
        let unknown: Vec<usize> = unknown.iter().copied().filter(is_name).collect();
        let is_part = |at: usize| {
            unknown.contains(&at)
                || at > 0 && parse.is(at, &verbs) && unknown.contains(&(at - 1))
                || at >= goal.from && at < goal.to
                || parse.is(at, &["the", "of", "a"]) && at > 0 && unknown.contains(&(at + 1))
        };
        let mut from = goal.from;
        while from > 0 && is_part(from - 1) && !parse.is(from - 1, &["the", "of", "a"]) {
            from -= 1;
        }
        let mut to = goal.to;
        while is_part(to) && !is_exact {
            to += 1;
        }
        if (from < goal.from || to > goal.to) && !is_exact {
            let text = parse.text(from, to);
            let mut names: Vec<String> = goal
                .goals
                .iter()
                .take(1)
                .map(|(name, _)| name.clone())
                .collect();
            for (name, _) in parse.vocabulary.names.like(&text, 0.6) {
                if !names.contains(&name)
                    && names.len() < CHOICES
                    && goal.is_whole == name.starts_with("__")
                {
                    names.push(name);
                }
            }
            return Some(Outcome::Refuse(Refusal::UnknownGoal(text, names)));
        }
    }
    None
}

pub(super) fn no_topic(parse: &Parse, unknown: &[String]) -> Outcome {
    let says = !parse.days.is_empty()
        || !parse.values.is_empty()
        || !parse.dimensions.is_empty()
        || has_topic(parse)
        || parse.signs.end.is_some()
        || parse.signs.change.is_some();
    let text = unknown.join(" ");
    let like: Vec<String> = parse
        .vocabulary
        .names
        .like(&text, 0.75)
        .into_iter()
        .map(|(name, _)| name)
        .take(CHOICES)
        .collect();
    let counts = parse.says(&["how many", "number of", "count of", "how often", "total"]);
    if says
        && (counts
            || !parse.days.is_empty()
            || parse.says(&["fired", "fires", "goal"])
            || !like.is_empty())
        || counts && unknown.len() == 1 && !text.contains(' ') && parse.words.len() <= 4
        || !like.is_empty()
    {
        let text = if unknown.len() == 1 {
            text
        } else {
            unknown[0].clone()
        };
        return Outcome::Refuse(Refusal::UnknownGoal(text, like));
    }
    if says && (parse.signs.end.is_some() || !parse.dimensions.is_empty() || has_topic(parse)) {
        let text = unknown[0].clone();
        return Outcome::Refuse(Refusal::UnknownGoal(text, like));
    }
    Outcome::Refuse(Refusal::OffTopic)
}

pub(super) fn unsure_goal(parse: Parse, place: usize) -> Outcome {
    let found = parse.goals[place].clone();
    let text = parse.text(found.from, found.to);
    let first = found.goals.first().map_or(0.0, |(_, like)| *like);
    let least = if first >= LIKE { first - 0.12 } else { 0.0 };
    let names: Vec<String> = found
        .goals
        .iter()
        .filter(|(_, like)| *like >= least)
        .take(CHOICES)
        .map(|(name, _)| name.clone())
        .collect();
    let with = |name: &String| {
        let mut parse = parse.copy();
        parse.goals[place] = Match {
            goals: vec![(name.clone(), 1.0)],
            ..found.clone()
        };
        for goal in &mut parse.goals {
            goal.goals.truncate(1);
            if let Some(only) = goal.goals.first_mut() {
                only.1 = 1.0;
            }
        }
        reading(&mut parse).ok()
    };
    let readings: Vec<Reading> = names.iter().filter_map(with).collect();
    let message = if readings.len() > 1 {
        format!("“{text}” may be {}", names.join(" or "))
    } else {
        format!(
            "No goal is called “{text}”; is {} meant?",
            names.join(" or ")
        )
    };
    Outcome::Choose(message, vec!["goal"], choices(readings))
}

/// Never a single choice: beside one reading stands what every site has.
pub(super) fn choices(mut readings: Vec<Reading>) -> Vec<Reading> {
    readings.truncate(CHOICES);
    if let [only] = &*readings {
        let all = Reading {
            goals: Vec::new(),
            by: vec![Dimension::Named(Named::Goal)],
            compare: None,
            sort: Some(Sort {
                by_change: false,
                ascending: false,
            }),
            limit: None,
            ..Reading {
                what: What::Figure(Metric::Fires),
                ..only.clone()
            }
        };
        if all != *only && !matches!(only.what, What::Goals | What::Help) {
            readings.push(all);
        }
    }
    readings
}

/// What a question must say and doesn't.
pub(super) fn missing(parse: &Parse) -> Option<Outcome> {
    let has_days = !parse.periods().is_empty();
    let period = || {
        parse
            .periods()
            .into_iter()
            .next()
            .map_or_else(|| default_period(parse.today, 30), |(_, _, period)| period)
    };
    let all_goals = |by: bool| Reading {
        by: if by {
            vec![Dimension::Named(Named::Goal)]
        } else {
            Vec::new()
        },
        sort: by.then_some(Sort {
            by_change: false,
            ascending: false,
        }),
        period: Some(period()),
        ..Reading::of(What::Figure(Metric::Fires))
    };
    let figure = |metric| Reading {
        period: Some(period()),
        ..Reading::of(What::Figure(metric))
    };
    let ask = |message: &str, need: Vec<&'static str>, readings: Vec<Reading>| {
        Some(Outcome::Choose(message.to_owned(), need, readings))
    };
    if let Some(goal) = share_of(parse) {
        let mut readings = vec![figure(Metric::ConversionRate), all_goals(true)];
        readings[0].goals = vec![goal.clone()];
        return ask(
            &format!("I know the share of visitors, not of “{goal}”"),
            vec!["metric"],
            readings,
        );
    }
    match &parse.kind {
        Some(Kind::Funnel | Kind::TimeToConvert) if parse.goals.len() < 2 => ask(
            "A funnel needs at least two goals, as in “funnel from A to B”",
            vec!["goal"],
            vec![all_goals(true), figure(Metric::ConversionRate)],
        ),
        Some(Kind::Credit | Kind::Cost | Kind::First | Kind::Last) if parse.goals.is_empty() => {
            ask("Of which goal?", vec!["goal"], top_goals(parse))
        }
        Some(Kind::Why) if parse.goals.is_empty() && parse.metrics.is_empty() => ask(
            "Why what changed?",
            vec!["metric", "goal"],
            vec![figure(Metric::Visitors), all_goals(true)],
        ),
        Some(Kind::Ratio) => {
            let goals = parse.goals.clone();
            let with = |metric| {
                let mut copy = parse.copy();
                copy.kind = None;
                copy.goals = goals.clone();
                copy.metrics = vec![(metric, 0)];
                reading(&mut copy).ok()
            };
            let first = parse
                .metrics
                .first()
                .map_or(Metric::Fires, |(metric, _)| *metric);
            let readings = [first, Metric::Visitors, Metric::ConversionRate]
                .into_iter()
                .filter_map(with);
            let mut readings: Vec<Reading> = readings.collect();
            readings.dedup();
            ask(
                "I don't divide one figure by another, but I know both",
                vec!["metric"],
                readings,
            )
        }
        Some(_) => None,
        None if !parse.goals.is_empty() => None,
        None if !parse.metrics.is_empty() => None,
        None => {
            let by_goal = parse
                .dimensions
                .iter()
                .any(|mentioned| mentioned.dimension == Dimension::Named(Named::Goal));
            let generic = parse.says(&[
                "conversions",
                "conversion",
                "goals",
                "goal",
                "fires",
                "events",
                "goal completions",
                "fired",
            ]);
            if by_goal || generic && (!parse.dimensions.is_empty() || !parse.values.is_empty()) {
                return None;
            }
            let words: Vec<&str> = (0..parse.words.len())
                .filter(|at| parse.is_free(*at) && NO_GOAL.contains(&parse.low(*at)))
                .map(|at| parse.low(at))
                .collect();
            let like: Vec<String> = words
                .iter()
                .filter(|low| !STOP.contains(low))
                .flat_map(|low| parse.vocabulary.names.with(low))
                .take(CHOICES)
                .collect();
            if !generic && !like.is_empty() {
                let with = |name: &String| {
                    let mut copy = parse.copy();
                    copy.goals = vec![Match {
                        from: 0,
                        to: 0,
                        goals: vec![(name.clone(), 1.0)],
                        is_whole: true,
                    }];
                    reading(&mut copy).ok()
                };
                let readings = like.iter().filter_map(with).collect();
                return ask(
                    &format!("Which goal: {}?", like.join(" or ")),
                    vec!["goal"],
                    choices(readings),
                );
            }
            if generic {
                let need = if has_days {
                    vec!["goal"]
                } else {
                    vec!["goal", "period"]
                };
                return ask(
                    "Of which goal, and on which days?",
                    need,
                    vec![
                        all_goals(true),
                        all_goals(false),
                        figure(Metric::ConversionRate),
                    ],
                );
            }
            let says = has_days
                || !parse.dimensions.is_empty()
                || !parse.values.is_empty()
                || parse.signs.end.is_some()
                || parse.signs.change.is_some()
                || !parse.signs.versus.is_empty()
                || parse.signs.previous.is_some();
            if says {
                let by = |metric: Metric| {
                    let mut copy = parse.copy();
                    copy.metrics = vec![(metric, 0)];
                    reading(&mut copy).ok()
                };
                let mut readings: Vec<Reading> = [Metric::Fires, Metric::Visitors, Metric::Revenue]
                    .into_iter()
                    .filter_map(by)
                    .collect();
                if parse.dimensions.is_empty()
                    && parse.values.is_empty()
                    && let Some(first) = readings.first_mut()
                {
                    *first = all_goals(true);
                }
                return ask(
                    "Which figure, of which goal?",
                    vec!["metric", "goal"],
                    readings,
                );
            }
            if parse.unknown().is_empty() && parse.words.len() <= 8 {
                return ask(
                    "Which figure, of which goal?",
                    vec!["metric", "goal"],
                    vec![
                        all_goals(true),
                        figure(Metric::Visitors),
                        figure(Metric::Revenue),
                    ],
                );
            }
            Some(Outcome::Refuse(Refusal::OffTopic))
        }
    }
}

/// "what percentage of trials came from google": a share of fires, which is no share of visitors.
fn share_of(parse: &Parse) -> Option<String> {
    const SHARES: [&str; 8] = [
        "percentage",
        "percent",
        "%",
        "share",
        "fraction",
        "proportion",
        "portion",
        "part",
    ];
    let at = (0..parse.words.len())
        .find(|at| parse.is(*at, &SHARES) && parse.is(at + 1, &["of"]))
        .filter(|_| parse.kind.is_none())?;
    let goal = parse
        .goals
        .iter()
        .find(|goal| (at + 2..at + 4).contains(&goal.from))?;
    let is_led = goal.from == at + 2 || parse.is(at + 2, &["the", "our", "all", "my"]);
    goal.goals
        .first()
        .filter(|_| is_led)
        .map(|(name, _)| name.clone())
}

/// "saw the pricing page": a page is meant, though a goal may begin with the same word.
pub(super) fn seen_page(parse: &Parse, read: &Reading) -> Option<Outcome> {
    const SEE: [&str; 14] = [
        "saw", "see", "seen", "sees", "view", "viewed", "visit", "visited", "open", "opened",
        "read", "reached", "browsed", "looked",
    ];
    const LEADS: [&str; 8] = ["the", "our", "my", "a", "your", "at", "on", "to"];
    let is_page = Dimension::Named(Named::Page);
    let page = parse
        .dimensions
        .iter()
        .find(|mentioned| mentioned.dimension == is_page && parse.is(mentioned.at, &["page"]))?;
    let seen = (page.at.saturating_sub(5)..page.at).rfind(|at| parse.is(*at, &SEE))?;
    let words = (seen + 1..page.at).map(|at| parse.low(at));
    let name: Vec<&str> = words.filter(|word| !LEADS.contains(word)).collect();
    if name.is_empty() {
        return None;
    }
    let mut plain = read.clone();
    plain.by.retain(|dimension| *dimension != is_page);
    let mut of_page = plain.clone();
    of_page.goals.clear();
    if of_page.what == What::Figure(Metric::Fires) {
        of_page.what = What::Figure(Metric::Visitors);
    }
    of_page.filters.push(Condition {
        dimension: is_page,
        operator: Operator::Contains,
        values: vec![name.join("-")],
    });
    let message = format!("Is the page “{}” meant?", name.join(" "));
    let readings = match plain.goals.is_empty() {
        true => vec![of_page],
        false => vec![of_page, plain],
    };
    Some(Outcome::Choose(message, vec!["page"], choices(readings)))
}

pub(super) fn top_goals(parse: &Parse) -> Vec<Reading> {
    let names: Vec<String> = parse
        .vocabulary
        .names
        .all()
        .filter(|name| !name.starts_with("__"))
        .take(CHOICES)
        .map(str::to_owned)
        .collect();
    let with = |name: String| {
        let mut copy = parse.copy();
        copy.goals = vec![Match {
            from: 0,
            to: 0,
            goals: vec![(name, 1.0)],
            is_whole: true,
        }];
        reading(&mut copy).ok()
    };
    names.into_iter().filter_map(with).collect()
}
