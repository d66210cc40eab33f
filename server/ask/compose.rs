//! What was found in a question → what it asks, with what is taken for granted where it says nothing. Whatever isn't sure
//! is asked back with readings to choose from.

use super::days::{days_of, default_days, in_days, in_months};
use super::doubt::{
    choices, has_topic, missing, no_topic, quoted_list, seen_page, unknown_goal, unknown_words,
    unsure_goal,
};
use super::join::{alternatives, combine, goals_of, joining_words, people_who_buy, popular};
use super::lexicon::NO_GOAL;
use super::name::MAYBE;
use super::order::sort;
use super::parse::Parse;
use super::period::Unit;
use super::reading::{Compare, Mix, Outcome, Reading, Refusal, Sort, What};
use super::sign::Kind;
use super::twofold::{rate_between, twofold};
use crate::attribution::model::Model;
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::operator::Operator;

/// What becomes of it.
pub(super) fn outcome(mut parse: Parse) -> Outcome {
    match parse.kind {
        Some(Kind::Goals) => return Outcome::Read(Box::new(Reading::of(What::Goals))),
        Some(Kind::Help) => return Outcome::Read(Box::new(Reading::of(What::Help))),
        _ => {}
    }
    joining_words(&mut parse);
    people_who_viewed(&mut parse);
    rate_between(&mut parse);
    if let Some(outcome) = unknown_goal(&parse) {
        return outcome;
    }
    keyed_goals(&mut parse);
    let unsure = parse.goals.iter().position(|goal| !goal.is_sure());
    if let Some(place) = unsure {
        return unsure_goal(parse, place);
    }
    let unknown = unknown_words(&parse);
    if !unknown.is_empty()
        && parse.goals.is_empty()
        && parse.kind.is_none()
        && parse.metrics.iter().all(|(_, at)| parse.is(*at, &["who"]))
    {
        // "who won the cup" asks for no visitors.
        if !parse.metrics.is_empty() && parse.days.is_empty() {
            return Outcome::Refuse(Refusal::OffTopic);
        }
        parse.metrics.clear();
    }
    if parse.goals.is_empty() {
        people_who_buy(&mut parse);
    }
    popular(&mut parse);
    let missing = missing(&parse);
    if missing.is_some()
        && !has_topic(&parse)
        && parse
            .unknown()
            .iter()
            .all(|at| NO_GOAL.contains(&parse.low(*at)))
        && let Some(outcome) = missing
    {
        return outcome;
    }
    if !unknown.is_empty() && (missing.is_some() || !has_topic(&parse)) {
        return no_topic(&parse, &unknown);
    }
    if let Some(outcome) = missing {
        return outcome;
    }
    let reading = match reading(&mut parse) {
        Ok(reading) => reading,
        Err(outcome) => return outcome,
    };
    if !unknown.is_empty() {
        let message = format!("I don't know what {} means here", quoted_list(&unknown));
        return Outcome::Choose(message, vec!["words"], choices(vec![reading]));
    }
    if let Some(outcome) = twofold(&parse, &reading) {
        return outcome;
    }
    if let Some(outcome) = seen_page(&parse, &reading) {
        return outcome;
    }
    Outcome::Read(Box::new(reading))
}

/// "which webinar got the most registrations": of several goals the one that is named as the key is.
fn keyed_goals(parse: &mut Parse) {
    let of_values = parse.values.iter().map(|value| &value.condition.dimension);
    let of_split = parse
        .dimensions
        .iter()
        .map(|mentioned| &mentioned.dimension);
    let keys: Vec<String> = of_values
        .chain(of_split)
        .filter_map(|dimension| match dimension {
            Dimension::Metadata(key) => Some(key.to_lowercase()),
            Dimension::Named(_) => None,
        })
        .collect();
    for goal in parse.goals.iter_mut().filter(|goal| !goal.is_whole) {
        let with: Vec<String> = keys
            .iter()
            .flat_map(|key| parse.vocabulary.names.with(key))
            .collect();
        let mut named = goal
            .goals
            .iter()
            .filter(|(name, like)| *like >= MAYBE && with.contains(name));
        if let (Some((name, _)), None) = (named.next().cloned(), named.next()) {
            goal.goals = vec![(name, 0.95)];
        }
    }
}

/// "people viewed": people are counted, not what they viewed.
fn people_who_viewed(parse: &mut Parse) {
    const PEOPLE: [&str; 6] = ["people", "visitors", "users", "persons", "folks", "ppl"];
    let people = (0..parse.words.len()).find(|at| parse.is(*at, &PEOPLE));
    let viewed = |at: usize| people.is_some_and(|people| people < at) && parse.is(at, &["viewed"]);
    let places: Vec<usize> = (0..parse.metrics.len())
        .filter(|place| viewed(parse.metrics[*place].1))
        .collect();
    for place in places {
        parse.metrics[place].0 = Metric::Visitors;
    }
}

impl Parse<'_> {
    pub(super) fn copy(&self) -> Parse<'_> {
        Parse {
            words: self.words.clone(),
            roles: self.roles.clone(),
            vocabulary: self.vocabulary,
            today: self.today,
            question: self.question,
            days: self.days.clone(),
            goals: self.goals.clone(),
            values: self.values.clone(),
            dimensions: self.dimensions.clone(),
            metrics: self.metrics.clone(),
            models: self.models.clone(),
            assumed: self.assumed.clone(),
            signs: self.signs.clone(),
            kind: self.kind.clone(),
        }
    }
}

/// The reading of what was found.
#[allow(clippy::too_many_lines)]
pub(super) fn reading(parse: &mut Parse) -> Result<Reading, Outcome> {
    let (goals, without) = goals_of(parse);
    let (period, compare) = days_of(parse)?;
    let metric = figure(parse, &goals);
    let mut reading = Reading {
        goals,
        without,
        filters: parse
            .values
            .iter()
            .map(|value| value.condition.clone())
            .collect(),
        period,
        compare,
        by: parse
            .dimensions
            .iter()
            .map(|mentioned| mentioned.dimension.clone())
            .collect(),
        assumed: parse.assumed.clone(),
        ..Reading::of(What::Figure(metric))
    };
    // Values are told as the site sorts them.
    for condition in &mut reading.filters {
        condition.values.sort();
    }
    let spans = parse.signs.spans.clone();
    match parse.kind.clone() {
        Some(Kind::Credit) => {
            let mut models = parse.models.clone();
            if models.is_empty() {
                models.push(Model::Last);
                reading
                    .assumed
                    .push("no model was named: last touch".into());
            }
            let half_life = if models.contains(&Model::TimeDecay) {
                spans
                    .first()
                    .map(|(number, unit, _)| in_days(*number, *unit))
            } else {
                None
            };
            let window = spans
                .get(usize::from(half_life.is_some()))
                .map(|(number, unit, _)| in_days(*number, *unit));
            reading.what = What::Credit(models, half_life, window);
            reading.compare = None;
            by_channel(&mut reading);
        }
        Some(Kind::Lifetime { is_predicted }) => {
            let horizon = spans.first().copied();
            reading.what = if is_predicted {
                What::Predicted(horizon.map_or(12, |(number, unit, _)| in_months(number, unit)))
            } else {
                What::Lifetime(horizon.map_or(90, |(number, unit, _)| in_days(number, unit)))
            };
            if horizon.is_none() {
                reading.assumed.push(if is_predicted {
                    "no time was named: 12 months".into()
                } else {
                    "no age was named: 90 days after joining".into()
                });
            }
        }
        Some(Kind::Retention) => {
            let grain = reading.by.iter().find_map(|dimension| match dimension {
                Dimension::Named(Named::Day) => Some(Unit::Day),
                Dimension::Named(Named::Week) => Some(Unit::Week),
                Dimension::Named(Named::Month) => Some(Unit::Month),
                _ => None,
            });
            let age = spans.first().copied();
            let unit = match (grain, age) {
                (_, Some((_, unit @ (Unit::Day | Unit::Week | Unit::Month), _))) => unit,
                (Some(unit), _) => unit,
                (None, _) => Unit::Week,
            };
            reading.by.retain(|dimension| {
                !dimension.is_time() && *dimension != Dimension::Named(Named::Goal)
            });
            reading.what = What::Retention(unit, age.map(|(number, ..)| number));
            reading.compare = None;
        }
        Some(Kind::Funnel) => {
            reading.what = What::Funnel;
            unsplit(&mut reading)?;
            reading.compare = None;
        }
        Some(Kind::TimeToConvert) => {
            reading.what = What::TimeToConvert;
            unsplit(&mut reading)?;
            reading.compare = None;
        }
        Some(Kind::Roas) => {
            reading.what = What::Roas;
            by_channel(&mut reading);
        }
        Some(Kind::Cost) => {
            reading.what = What::CostPerGoal;
            by_channel(&mut reading);
        }
        Some(Kind::Spend) => {
            reading.what = What::Spend;
            by_channel(&mut reading);
        }
        Some(Kind::Mix(mix)) => {
            let mix = match mix {
                Mix::Optimize(_) => Mix::Optimize(parse.signs.amount),
                other => other,
            };
            reading.what = What::Mix(mix);
            reading.compare = None;
            if matches!(mix, Mix::Optimize(_)) {
                reading
                    .by
                    .retain(|by| *by != Dimension::Named(Named::Channel));
            } else {
                by_channel(&mut reading);
            }
        }
        Some(Kind::Why) => {
            let Some(change) = parse.signs.change else {
                return Err(Outcome::Refuse(Refusal::NoData("reasons of people".into())));
            };
            reading.what = What::Why(metric);
            if reading.by.is_empty() {
                reading.by.push(Dimension::Named(Named::Channel));
            }
            reading.compare.get_or_insert(Compare::Previous);
            reading.sort = Some(Sort {
                by_change: true,
                ascending: change.unwrap_or(true),
            });
        }
        Some(kind @ (Kind::First | Kind::Last)) => {
            let is_first = kind == Kind::First;
            reading.what = if is_first { What::First } else { What::Last };
            reading.by.retain(|dimension| !dimension.is_time());
        }
        Some(Kind::Values(statistic, key)) => reading.what = What::Values(statistic, key),
        _ => {}
    }
    combine(parse, &mut reading);
    alternatives(parse, &mut reading);
    default_days(parse, &mut reading)?;
    sort(parse, &mut reading);
    for linked in &parse.values {
        if !linked.is_seen
            && !matches!(
                linked.condition.operator,
                Operator::Contains | Operator::NotContains
            )
        {
            reading.assumed.push(format!(
                "no {} {} was seen yet",
                linked.condition.dimension.name(),
                linked.condition.values.join(" or ")
            ));
        }
    }
    if reading.by.len() > 3 {
        return Err(Outcome::Choose(
            "Figures are split by three things at most".into(),
            vec!["dimension"],
            Vec::new(),
        ));
    }
    Ok(reading)
}

/// Funnels and times from goal to goal have no rows: of one value at a time.
fn unsplit(reading: &mut Reading) -> Result<(), Outcome> {
    let is_plain = |by: &Dimension| by.is_time() || *by == Dimension::Named(Named::Goal);
    let is_split = !reading.by.iter().all(is_plain);
    reading.by.clear();
    if !is_split {
        return Ok(());
    }
    let whole = Reading {
        compare: None,
        ..reading.clone()
    };
    Err(Outcome::Choose(
        "A funnel isn't split, but may be filtered by one value".into(),
        vec!["dimension"],
        vec![whole],
    ))
}

fn by_channel(reading: &mut Reading) {
    let is_channel = |dimension: &Dimension| *dimension == Dimension::Named(Named::Channel);
    if reading.by.is_empty()
        && !reading
            .filters
            .iter()
            .any(|condition| is_channel(&condition.dimension) && condition.operator == Operator::Is)
    {
        reading.by.push(Dimension::Named(Named::Channel));
    }
}

/// Which figure is meant, of several that were named.
fn figure(parse: &Parse, goals: &[String]) -> Metric {
    let people = |metric: &Metric| *metric == Metric::Visitors;
    let is_often = parse.says(&["how often", "how many times", "number of times", "times"])
        && !goals.is_empty();
    if is_often && parse.metrics.iter().all(|(metric, _)| people(metric)) {
        return Metric::Fires;
    }
    let named = parse
        .metrics
        .iter()
        .map(|(metric, _)| *metric)
        .find(|metric| !people(metric));
    match named {
        Some(metric) => metric,
        None if !parse.metrics.is_empty() => Metric::Visitors,
        None => Metric::Fires,
    }
}
