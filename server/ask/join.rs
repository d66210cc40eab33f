//! What belongs together: several goals, values against each other, and words that mean a figure, a dimension or a kind of
//! question only beside others.

use super::doubt::has_topic;
use super::lexicon::NO_GOAL;
use super::name::Match;
use super::parse::{Linked, Mentioned, Parse, Role};
use super::reading::{Combine, Mix, Reading, What};
use super::sign::Kind;
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::operator::Operator;

/// Words that join goals, or turn one round, are known.
pub(super) fn joining_words(parse: &mut Parse) {
    let _ = goals_of(&mut *parse);
    parse.assumed.dedup();
    let several = parse.goals.len() > 1
        || parse
            .values
            .iter()
            .any(|value| value.condition.values.len() > 1)
        || parse.periods().len() > 1;
    if several {
        for at in 0..parse.words.len() {
            if parse.is_free(at)
                && parse.is(
                    at,
                    &[
                        "plus",
                        "both",
                        "combined",
                        "together",
                        "sum",
                        "either",
                        "altogether",
                        "added",
                        "summed",
                        "totalled",
                        "also",
                        "difference",
                        "respectively",
                        "neither",
                    ],
                )
            {
                parse.roles[at] = Role::Sign;
            }
        }
    }
    // "sum of all trials"
    parse.take(&["sum of", "sum up", "the sum", "sum"], Role::Sign);
    for at in 0..parse.words.len() {
        // "Buy Now clicked"
        let is_done = |at: usize| {
            parse.is_free(at) && NO_GOAL.contains(&parse.low(at)) && parse.low(at) != "new"
        };
        let beside = |goal: &Match| {
            goal.goals.first().is_some_and(|(_, like)| *like > 0.97)
                && (goal.to == at
                    || at + 1 == goal.from
                    || at + 2 == goal.from && parse.is(at + 1, &["on", "of", "to", "the", "for"])
                    || goal.to + 1 == at
                        && parse.is(goal.to, &["was", "were", "is", "been", "button"]))
        };
        if is_done(at) && parse.goals.iter().any(beside) {
            parse.roles[at] = Role::Sign;
        }
        if parse.is_free(at)
            && at > 0
            && parse.is(at, &["where"])
            && parse.roles[at - 1] == Role::Dimension
        {
            parse.roles[at] = Role::Sign;
        }
        // "where plan is pro"
        if parse.is_free(at)
            && parse.is(at, &["where"])
            && parse
                .roles
                .get(at + 1)
                .is_some_and(|role| matches!(role, Role::Value | Role::Dimension))
        {
            parse.roles[at] = Role::Sign;
        }
    }
    let from = [
        "come from",
        "comes from",
        "came from",
        "coming from",
        "originate",
        "originate from",
        "originated",
        "come in from",
    ];
    if parse.kind.is_none()
        && parse.dimensions.is_empty()
        && parse.says(&from)
        && let Some(at) = parse.take(&["where", "from where"], Role::Dimension)
    {
        parse.dimensions.push(Mentioned {
            dimension: Dimension::Named(Named::Source),
            at,
            is_plural: true,
            is_split: false,
        });
    }
    let reserved = [
        ("__admx_file_download", "filename"),
        ("__admx_outbound_click", "href"),
        ("__admx_video_play", "src"),
        ("__admx_form_submit", "formId"),
    ];
    if let (Some(_), false, [goal], true) = (
        parse.signs.end,
        parse.signs.is_comparative,
        &*parse.goals,
        parse.dimensions.is_empty(),
    ) && let Some((_, key)) = reserved
        .iter()
        .find(|(name, _)| goal.goals.first().is_some_and(|(known, _)| known == name))
    {
        let is_plural = (goal.from..goal.to)
            .any(|at| parse.low(at).ends_with('s') && !parse.is(at, &["was", "is"]));
        let at = goal.from;
        parse.dimensions.push(Mentioned {
            dimension: Dimension::Metadata((*key).into()),
            at,
            is_plural,
            is_split: false,
        });
    }
    // "from A to B" is a funnel.
    if let (None, [first, second, ..]) = (&parse.kind, &*parse.goals) {
        let (_, before) = parse.before(first.from, &["a", "the", "an"]);
        let between: Vec<&str> = (first.to..second.from).map(|at| parse.low(at)).collect();
        if before == "from" && between.contains(&"to")
            || between
                .iter()
                .any(|low| matches!(*low, "->" | "→" | "=>" | ">" | "›" | "»"))
        {
            parse.kind = Some(Kind::Funnel);
        }
    }
    // "what did Meta bring", of a channel of which only spend is known
    let spend = &parse.vocabulary.found().spend;
    let is_spend = |value: &Linked| {
        value.condition.dimension == Dimension::Named(Named::Channel)
            && value
                .condition
                .values
                .iter()
                .all(|value| spend.contains(value))
    };
    if parse.kind.is_none()
        && parse.metrics.is_empty()
        && parse.goals.is_empty()
        && !parse.values.is_empty()
        && parse.values.iter().all(is_spend)
        && parse.says(&[
            "bring",
            "brought",
            "deliver",
            "delivered",
            "generate",
            "generated",
            "contribute",
            "do for us",
            "give us",
        ])
    {
        parse.kind = Some(Kind::Mix(Mix::Contribution));
    }
    for at in parse.signs.versus.clone() {
        if parse.is_free(at) {
            parse.roles[at] = Role::Sign;
        }
    }
}

/// "top pages" are those most seen, "top countries" those of the most visitors.
pub(super) fn popular(parse: &mut Parse) {
    let is_top =
        parse.is(parse.signs.end_at, &["top", "popular", "most"]) && parse.signs.end.is_some();
    let is_popular = parse.is(parse.signs.end_at, &["top"])
        || parse.says(&["most popular", "popular", "most visited", "most viewed"]);
    let [mentioned] = &*parse.dimensions else {
        return;
    };
    let plain = !mentioned.dimension.is_time()
        && mentioned.dimension != Dimension::Named(Named::Goal)
        && matches!(mentioned.dimension, Dimension::Named(_));
    if is_top && is_popular && plain && !has_topic(parse) && parse.unknown().is_empty() {
        let metric = if mentioned.dimension == Dimension::Named(Named::Page) {
            Metric::Pageviews
        } else {
            Metric::Visitors
        };
        let at = mentioned.at;
        parse.assumed.push(format!(
            "no figure was named: {}",
            metric.meaning().to_lowercase()
        ));
        parse.metrics.push((metric, at));
    }
}

/// "customers" and "buyers" are who bought.
pub(super) fn people_who_buy(parse: &mut Parse) {
    let is_plain = parse.kind.is_none()
        && parse
            .metrics
            .iter()
            .all(|(metric, _)| *metric == Metric::Visitors);
    let at = (0..parse.words.len()).find(|at| parse.is(*at, &["customers", "customer", "buyers"]));
    let goal = [
        "purchase",
        "order completed",
        "order placed",
        "subscription paid",
        "order",
    ]
    .iter()
    .find_map(|name| parse.vocabulary.names.exact(name))
    .map(str::to_owned);
    if let (true, Some(at), Some(goal)) = (is_plain, at, goal) {
        parse
            .assumed
            .push(format!("customers are people who fired {goal}"));
        parse.goals.push(Match {
            from: at,
            to: at + 1,
            goals: vec![(goal, 1.0)],
            is_whole: true,
        });
        if parse.metrics.is_empty() {
            parse.metrics.push((Metric::Visitors, at));
        }
    }
}

/// The goals that are asked for, and those that people must not have fired.
pub(super) fn goals_of(parse: &mut Parse) -> (Vec<String>, Vec<String>) {
    let (mut goals, mut without) = (Vec::new(), Vec::new());
    for found in parse.goals.clone() {
        let Some((name, _)) = found.goals.first().cloned() else {
            continue;
        };
        let over = [
            "a", "the", "fire", "fired", "firing", "have", "had", "do", "did", "then", "ever",
            "any", "made", "make", "to", "go", "went", "on", "actually", "yet", "an", "been",
            "with", "got",
        ];
        let (place, before) = parse.before(found.from, &over);
        let is_negative = matches!(
            before,
            "never"
                | "not"
                | "without"
                | "no"
                | "excluding"
                | "didnt"
                | "n't"
                | "nor"
                | "yet"
                | "skipped"
        ) || before == "but" && parse.is(place + 1, &["no", "not"]);
        if is_negative && place < parse.roles.len() {
            if parse.is_free(place) {
                parse.roles[place] = Role::Sign;
            }
            without.push(name);
        } else if !goals.contains(&name) {
            goals.push(name);
        }
        // Words of the same that other goals have too.
        let others: Vec<&str> = found
            .goals
            .iter()
            .skip(1)
            .filter(|(_, like)| *like >= 0.62)
            .map(|(name, _)| &**name)
            .take(3)
            .collect();
        if !found.is_whole && !others.is_empty() {
            let text = parse.text(found.from, found.to);
            let told = format!(
                "“{text}” is read as {}; there is {} too",
                goals.last().or(without.last()).cloned().unwrap_or_default(),
                others.join(", ")
            );
            if !parse.assumed.contains(&told) {
                parse.assumed.push(told);
            }
        }
    }
    (goals, without)
}

/// How several goals go together.
pub(super) fn combine(parse: &mut Parse, reading: &mut Reading) {
    if !reading.without.is_empty() && reading.what == What::Figure(Metric::Fires) {
        reading.what = What::Figure(Metric::Visitors);
    }
    let is_cohort = matches!(
        reading.what,
        What::Lifetime(_) | What::Predicted(_) | What::Retention(..)
    );
    if reading.goals.len() < 2 || matches!(reading.what, What::Funnel | What::TimeToConvert) {
        return;
    }
    let by_goal = Dimension::Named(Named::Goal);
    if is_cohort {
        if reading.by.is_empty() {
            reading.by.push(by_goal);
        }
        return;
    }
    let first = parse.goals.first().map_or(0, |goal| goal.to);
    let last = parse.goals.last().map_or(0, |goal| goal.from);
    let between: Vec<String> = (first..last).map(|at| parse.low(at).to_owned()).collect();
    let is_versus = between
        .iter()
        .any(|low| matches!(&**low, "vs" | "versus" | "vs." | "against" | "v" | "than"))
        || parse.signs.compares;
    let is_sum = parse.says(&[
        "combined",
        "together",
        "in total",
        "sum of",
        "added up",
        "altogether",
        "total of",
        "total fires of",
        "total number of",
        "total count of",
    ]) || between.iter().any(|low| matches!(&**low, "plus" | "+"));
    // "of those who started, how many went on to buy"
    let goes_on = parse.says(&["went on to", "go on to", "goes on to", "ended up"]);
    if goes_on && reading.what == What::Figure(Metric::Fires) {
        reading.what = What::Figure(Metric::Visitors);
    }
    let is_people = reading.what == What::Figure(Metric::Visitors);
    let is_or = between.iter().any(|low| low == "or") || parse.says(&["either"]);
    if is_versus {
        each(reading);
    } else if is_sum || is_or && !parse.signs.is_comparative {
        reading.combine = Combine::Sum;
    } else if is_people
        && (goes_on
            || parse.says(&["both"])
            || between
                .iter()
                .any(|low| matches!(&**low, "and" | "then" | "also" | "before" | "after" | "who")))
    {
        reading.combine = Combine::All;
    } else {
        each(reading);
    }
}

pub(super) fn each(reading: &mut Reading) {
    let by_goal = Dimension::Named(Named::Goal);
    if !reading.by.contains(&by_goal) {
        reading.by.push(by_goal);
    }
}

/// Two values against each other are split by what they are values of.
pub(super) fn alternatives(parse: &Parse, reading: &mut Reading) {
    if !reading.by.iter().all(Dimension::is_time)
        || !matches!(
            reading.what,
            What::Figure(_)
                | What::Lifetime(_)
                | What::Values(..)
                | What::Roas
                | What::CostPerGoal
                | What::Spend
                | What::Retention(..)
        )
    {
        return;
    }
    let several = parse.values.iter().find(|value| {
        value.condition.values.len() > 1
            && value.condition.operator == Operator::Is
            && value.condition.dimension != Dimension::Named(Named::Weekday)
    });
    if let Some(several) = several {
        let (_, before) = parse.before(several.at, &["the", "our"]);
        let versus = !parse.signs.versus.is_empty()
            || before == "between"
            || parse.signs.compares
            || parse.signs.is_comparative
            || parse.signs.end.is_some();
        let between = (several.at..several.to)
            .any(|at| parse.is(at, &["vs", "versus", "vs.", "against", "or"]));
        if versus
            || between
                && parse.is(
                    0,
                    &[
                        "did", "does", "do", "is", "are", "was", "were", "which", "what",
                    ],
                )
        {
            reading.by.push(several.condition.dimension.clone());
        }
    }
}
