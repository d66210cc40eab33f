//! What was found in a question → what it asks, with what is taken for granted where it says nothing. Whatever isn't sure
//! is asked back with readings to choose from.

use super::lexicon::{NO_GOAL, STOP};
use super::name::{LIKE, Match};
use super::parse::{Linked, Mentioned, Parse, Role};
use super::period::{Period, Shape, Unit};
use super::reading::{Combine, Compare, Mix, Outcome, Reading, Refusal, Sort, What};
use super::sign::Kind;
use super::when::Days;
use crate::attribution::model::Model;
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::operator::Operator;

/// Readings that one may choose from.
const CHOICES: usize = 3;

/// What becomes of it.
pub(super) fn outcome(mut parse: Parse) -> Outcome {
    match parse.kind {
        Some(Kind::Goals) => return Outcome::Read(Box::new(Reading::of(What::Goals))),
        Some(Kind::Help) => return Outcome::Read(Box::new(Reading::of(What::Help))),
        _ => {}
    }
    joining_words(&mut parse);
    if let Some(outcome) = unknown_goal(&parse) {
        return outcome;
    }
    let unsure = parse.goals.iter().position(|goal| !goal.is_sure());
    if let Some(place) = unsure {
        return unsure_goal(parse, place);
    }
    let unknown = unknown_words(&parse);
    if parse.goals.is_empty() {
        people_who_buy(&mut parse);
    }
    popular(&mut parse);
    let missing = missing(&parse);
    if missing.is_some() && !has_topic(&parse) && parse.unknown().iter().all(|at| NO_GOAL.contains(&parse.low(*at)))
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
    Outcome::Read(Box::new(reading))
}

/// Words that join goals, or turn one round, are known.
fn joining_words(parse: &mut Parse) {
    let _ = goals_of(&mut *parse);
    parse.assumed.dedup();
    let several = parse.goals.len() > 1 || parse.values.iter().any(|value| value.condition.values.len() > 1) || parse.periods().len() > 1;
    if several {
        for at in 0..parse.words.len() {
            if parse.is_free(at) && parse.is(at, &["plus", "both", "combined", "together", "sum", "either", "altogether", "also", "difference", "respectively", "neither"]) {
                parse.roles[at] = Role::Sign;
            }
        }
    }
    for at in 0..parse.words.len() {
        // "Buy Now clicked"
        let is_done = |at: usize| parse.is_free(at) && NO_GOAL.contains(&parse.low(at)) && parse.low(at) != "new";
        let beside = |goal: &Match| goal.goals.first().is_some_and(|(_, like)| *like > 0.97) && (goal.to == at || at + 1 == goal.from || goal.to + 1 == at && parse.is(goal.to, &["was", "were", "is", "been", "button"]));
        if is_done(at) && parse.goals.iter().any(beside) {
            parse.roles[at] = Role::Sign;
        }
        if parse.is_free(at) && at > 0 && parse.is(at, &["where"]) && parse.roles[at - 1] == Role::Dimension {
            parse.roles[at] = Role::Sign;
        }
        // "where plan is pro"
        if parse.is_free(at) && parse.is(at, &["where"]) && parse.roles.get(at + 1).is_some_and(|role| matches!(role, Role::Value | Role::Dimension)) {
            parse.roles[at] = Role::Sign;
        }
    }
    let from = ["come from", "comes from", "came from", "coming from", "originate", "originate from", "originated", "come in from"];
    if parse.kind.is_none() && parse.dimensions.is_empty() && parse.says(&from)
        && let Some(at) = parse.take(&["where", "from where"], Role::Dimension)
    {
        parse.dimensions.push(Mentioned { dimension: Dimension::Named(Named::Source), at, is_plural: true, is_split: false });
    }
    let reserved = [("__admx_file_download", "filename"), ("__admx_outbound_click", "href"), ("__admx_video_play", "src"), ("__admx_form_submit", "formId")];
    if let (Some(_), false, [goal], true) = (parse.signs.end, parse.signs.is_comparative, &*parse.goals, parse.dimensions.is_empty())
        && let Some((_, key)) = reserved.iter().find(|(name, _)| goal.goals.first().is_some_and(|(known, _)| known == name))
    {
        let is_plural = parse.low(goal.to - 1).ends_with('s');
        let at = goal.from;
        parse.dimensions.push(Mentioned { dimension: Dimension::Metadata((*key).into()), at, is_plural, is_split: false });
    }
    // "from A to B" is a funnel.
    if let (None, [first, second, ..]) = (&parse.kind, &*parse.goals) {
        let (_, before) = parse.before(first.from, &["a", "the", "an"]);
        let between: Vec<&str> = (first.to..second.from).map(|at| parse.low(at)).collect();
        if before == "from" && between.contains(&"to") || between.iter().any(|low| matches!(*low, "->" | "→" | "=>")) {
            parse.kind = Some(Kind::Funnel);
        }
    }
    // "what did Meta bring", of a channel of which only spend is known
    let spend = &parse.vocabulary.found().spend;
    let is_spend = |value: &Linked| value.condition.dimension == Dimension::Named(Named::Channel) && value.condition.values.iter().all(|value| spend.contains(value));
    if parse.kind.is_none() && parse.metrics.is_empty() && parse.goals.is_empty() && !parse.values.is_empty() && parse.values.iter().all(is_spend)
        && parse.says(&["bring", "brought", "deliver", "delivered", "generate", "generated", "contribute", "do for us", "give us"])
    {
        parse.kind = Some(Kind::Mix(Mix::Contribution));
    }
    for at in parse.signs.versus.clone() {
        if parse.is_free(at) {
            parse.roles[at] = Role::Sign;
        }
    }
}

fn quoted_list(words: &[String]) -> String {
    words.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(" and ")
}

/// Words without a meaning, those that stand together as one.
fn unknown_words(parse: &Parse) -> Vec<String> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for at in parse.unknown() {
        match runs.last_mut() {
            Some(run) if run.1 == at => run.1 = at + 1,
            _ => runs.push((at, at + 1)),
        }
    }
    runs.into_iter().map(|(from, to)| parse.text(from, to)).collect()
}

fn has_topic(parse: &Parse) -> bool {
    !parse.goals.is_empty() || !parse.metrics.is_empty() || parse.kind.is_some()
}

/// A word that nothing is known of right beside a part of a goal's name: it is another goal that is meant.
fn unknown_goal(parse: &Parse) -> Option<Outcome> {
    let unknown = parse.unknown();
    for goal in &parse.goals {
        let is_exact = goal.goals.first().is_some_and(|(_, like)| *like >= 0.999);
        let figures = ["average", "avg", "mean", "median", "typical", "maximum", "minimum", "where", "when", "first", "new", "same"];
        let verbs = ["were", "was", "are", "is", "been", "being", "get", "got", "have", "had", "has"];
        let is_name = |at: &usize| !parse.is(*at, &figures) && parse.words[*at].kind != super::word::Kind::Number;
        let unknown: Vec<usize> = unknown.iter().copied().filter(is_name).collect();
        let is_part = |at: usize| unknown.contains(&at) || at > 0 && parse.is(at, &verbs) && unknown.contains(&(at - 1)) || at >= goal.from && at < goal.to || parse.is(at, &["the", "of", "a"]) && at > 0 && unknown.contains(&(at + 1));
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
            let mut names: Vec<String> = goal.goals.iter().take(1).map(|(name, _)| name.clone()).collect();
            for (name, _) in parse.vocabulary.names.like(&text, 0.6) {
                if !names.contains(&name) && names.len() < CHOICES && goal.is_whole == name.starts_with("__") {
                    names.push(name);
                }
            }
            return Some(Outcome::Refuse(Refusal::UnknownGoal(text, names)));
        }
    }
    None
}

fn no_topic(parse: &Parse, unknown: &[String]) -> Outcome {
    let says = !parse.days.is_empty() || !parse.values.is_empty() || !parse.dimensions.is_empty() || has_topic(parse) || parse.signs.end.is_some() || parse.signs.change.is_some();
    let text = unknown.join(" ");
    let like: Vec<String> = parse.vocabulary.names.like(&text, 0.75).into_iter().map(|(name, _)| name).take(CHOICES).collect();
    let counts = parse.says(&["how many", "number of", "count of", "how often", "total"]);
    if says && (counts || !parse.days.is_empty() || parse.says(&["fired", "fires", "goal"]) || !like.is_empty()) || counts && unknown.len() == 1 && !text.contains(' ') && parse.words.len() <= 4 || !like.is_empty() {
        let text = if unknown.len() == 1 { text } else { unknown[0].clone() };
        return Outcome::Refuse(Refusal::UnknownGoal(text, like));
    }
    if says && (parse.signs.end.is_some() || !parse.dimensions.is_empty() || has_topic(parse)) {
        let text = unknown[0].clone();
        return Outcome::Refuse(Refusal::UnknownGoal(text, like));
    }
    Outcome::Refuse(Refusal::OffTopic)
}

fn unsure_goal(parse: Parse, place: usize) -> Outcome {
    let found = parse.goals[place].clone();
    let text = parse.text(found.from, found.to);
    let first = found.goals.first().map_or(0.0, |(_, like)| *like);
    let least = if first >= LIKE { first - 0.12 } else { 0.0 };
    let names: Vec<String> = found.goals.iter().filter(|(_, like)| *like >= least).take(CHOICES).map(|(name, _)| name.clone()).collect();
    let with = |name: &String| {
        let mut parse = parse.copy();
        parse.goals[place] = Match { goals: vec![(name.clone(), 1.0)], ..found.clone() };
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
        format!("No goal is called “{text}”; is {} meant?", names.join(" or "))
    };
    Outcome::Choose(message, vec!["goal"], choices(readings))
}

/// Never a single choice: beside one reading stands what every site has.
fn choices(mut readings: Vec<Reading>) -> Vec<Reading> {
    readings.truncate(CHOICES);
    if let [only] = &*readings {
        let all = Reading {
            goals: Vec::new(),
            by: vec![Dimension::Named(Named::Goal)],
            compare: None,
            sort: Some(Sort { by_change: false, ascending: false }),
            limit: None,
            ..Reading { what: What::Figure(Metric::Fires), ..only.clone() }
        };
        if all != *only && !matches!(only.what, What::Goals | What::Help) {
            readings.push(all);
        }
    }
    readings
}

/// "top pages" are those most seen, "top countries" those of the most visitors.
fn popular(parse: &mut Parse) {
    let is_top = parse.is(parse.signs.end_at, &["top", "popular", "most"]) && parse.signs.end.is_some();
    let is_popular = parse.is(parse.signs.end_at, &["top"]) || parse.says(&["most popular", "popular"]);
    let [mentioned] = &*parse.dimensions else { return };
    let plain = !mentioned.dimension.is_time() && mentioned.dimension != Dimension::Named(Named::Goal) && matches!(mentioned.dimension, Dimension::Named(_));
    if is_top && is_popular && plain && !has_topic(parse) && parse.unknown().is_empty() {
        let metric = if mentioned.dimension == Dimension::Named(Named::Page) { Metric::Pageviews } else { Metric::Visitors };
        let at = mentioned.at;
        parse.assumed.push(format!("no figure was named: {}", metric.meaning().to_lowercase()));
        parse.metrics.push((metric, at));
    }
}

/// "customers" and "buyers" are who bought.
fn people_who_buy(parse: &mut Parse) {
    let is_plain = parse.kind.is_none() && parse.metrics.iter().all(|(metric, _)| *metric == Metric::Visitors);
    let at = (0..parse.words.len()).find(|at| parse.is(*at, &["customers", "customer", "buyers"]));
    let goal = ["purchase", "order completed", "order placed", "subscription paid", "order"].iter().find_map(|name| parse.vocabulary.names.exact(name)).map(str::to_owned);
    if let (true, Some(at), Some(goal)) = (is_plain, at, goal) {
        parse.assumed.push(format!("customers are people who fired {goal}"));
        parse.goals.push(Match { from: at, to: at + 1, goals: vec![(goal, 1.0)], is_whole: true });
        if parse.metrics.is_empty() {
            parse.metrics.push((Metric::Visitors, at));
        }
    }
}

/// What a question must say and doesn't.
fn missing(parse: &Parse) -> Option<Outcome> {
    let has_days = !parse.periods().is_empty();
    let period = || parse.periods().into_iter().next().map_or_else(|| default_period(parse.today, 30), |(_, _, period)| period);
    let all_goals = |by: bool| Reading {
        by: if by { vec![Dimension::Named(Named::Goal)] } else { Vec::new() },
        sort: by.then_some(Sort { by_change: false, ascending: false }),
        period: Some(period()),
        ..Reading::of(What::Figure(Metric::Fires))
    };
    let figure = |metric| Reading { period: Some(period()), ..Reading::of(What::Figure(metric)) };
    let ask = |message: &str, need: Vec<&'static str>, readings: Vec<Reading>| Some(Outcome::Choose(message.to_owned(), need, readings));
    match &parse.kind {
        Some(Kind::Funnel | Kind::TimeToConvert) if parse.goals.len() < 2 => {
            ask("A funnel needs at least two goals, as in “funnel from A to B”", vec!["goal"], vec![all_goals(true), figure(Metric::ConversionRate)])
        }
        Some(Kind::Credit | Kind::Cost | Kind::First | Kind::Last) if parse.goals.is_empty() => {
            ask("Of which goal?", vec!["goal"], top_goals(parse))
        }
        Some(Kind::Why) if parse.goals.is_empty() && parse.metrics.is_empty() => ask("Why what changed?", vec!["metric", "goal"], vec![figure(Metric::Visitors), all_goals(true)]),
        Some(Kind::Ratio) => {
            let goals = parse.goals.clone();
            let with = |metric| {
                let mut copy = parse.copy();
                copy.kind = None;
                copy.goals = goals.clone();
                copy.metrics = vec![(metric, 0)];
                reading(&mut copy).ok()
            };
            let first = parse.metrics.first().map_or(Metric::Fires, |(metric, _)| *metric);
            let readings = [first, Metric::Visitors, Metric::ConversionRate].into_iter().filter_map(with);
            let mut readings: Vec<Reading> = readings.collect();
            readings.dedup();
            ask("I don't divide one figure by another, but I know both", vec!["metric"], readings)
        }
        Some(_) => None,
        None if !parse.goals.is_empty() => None,
        None if !parse.metrics.is_empty() => None,
        None => {
            let by_goal = parse.dimensions.iter().any(|mentioned| mentioned.dimension == Dimension::Named(Named::Goal));
            let generic = parse.says(&["conversions", "conversion", "goals", "goal", "fires", "events", "goal completions", "fired"]);
            if by_goal || generic && (has_days || !parse.dimensions.is_empty() || !parse.values.is_empty()) {
                return None;
            }
            let words: Vec<&str> = (0..parse.words.len()).filter(|at| parse.is_free(*at) && NO_GOAL.contains(&parse.low(*at))).map(|at| parse.low(at)).collect();
            let like: Vec<String> = words.iter().filter(|low| !STOP.contains(low)).flat_map(|low| parse.vocabulary.names.with(low)).take(CHOICES).collect();
            if !generic && !like.is_empty() {
                let with = |name: &String| {
                    let mut copy = parse.copy();
                    copy.goals = vec![Match { from: 0, to: 0, goals: vec![(name.clone(), 1.0)], is_whole: true }];
                    reading(&mut copy).ok()
                };
                let readings = like.iter().filter_map(with).collect();
                return ask(&format!("Which goal: {}?", like.join(" or ")), vec!["goal"], choices(readings));
            }
            if generic {
                let need = if has_days { vec!["goal"] } else { vec!["goal", "period"] };
                return ask("Of which goal, and on which days?", need, vec![all_goals(true), all_goals(false), figure(Metric::ConversionRate)]);
            }
            let says = has_days || !parse.dimensions.is_empty() || !parse.values.is_empty() || parse.signs.end.is_some() || parse.signs.change.is_some() || !parse.signs.versus.is_empty() || parse.signs.previous.is_some();
            if says {
                let by = |metric: Metric| {
                    let mut copy = parse.copy();
                    copy.metrics = vec![(metric, 0)];
                    reading(&mut copy).ok()
                };
                let mut readings: Vec<Reading> = [Metric::Fires, Metric::Visitors, Metric::Revenue].into_iter().filter_map(by).collect();
                if parse.dimensions.is_empty() && parse.values.is_empty()
                    && let Some(first) = readings.first_mut()
                {
                    *first = all_goals(true);
                }
                return ask("Which figure, of which goal?", vec!["metric", "goal"], readings);
            }
            if parse.unknown().is_empty() && parse.words.len() <= 8 {
                return ask("Which figure, of which goal?", vec!["metric", "goal"], vec![all_goals(true), figure(Metric::Visitors), figure(Metric::Revenue)]);
            }
            Some(Outcome::Refuse(Refusal::OffTopic))
        }
    }
}

fn top_goals(parse: &Parse) -> Vec<Reading> {
    let names: Vec<String> = parse.vocabulary.names.all().filter(|name| !name.starts_with("__")).take(CHOICES).map(str::to_owned).collect();
    let with = |name: String| {
        let mut copy = parse.copy();
        copy.goals = vec![Match { from: 0, to: 0, goals: vec![(name, 1.0)], is_whole: true }];
        reading(&mut copy).ok()
    };
    names.into_iter().filter_map(with).collect()
}

fn default_period(today: jiff::civil::Date, days: i32) -> Period {
    Period::last(Unit::Day, days, today)
}

impl Parse<'_> {
    fn copy(&self) -> Parse<'_> {
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

/// The goals that are asked for, and those that people must not have fired.
fn goals_of(parse: &mut Parse) -> (Vec<String>, Vec<String>) {
    let (mut goals, mut without) = (Vec::new(), Vec::new());
    for found in parse.goals.clone() {
        let Some((name, _)) = found.goals.first().cloned() else { continue };
        let over = ["a", "the", "fire", "fired", "firing", "have", "had", "do", "did", "then", "ever", "any", "made", "make", "to", "go", "went", "on", "actually", "yet", "an", "been", "with", "got"];
        let (place, before) = parse.before(found.from, &over);
        let is_negative = matches!(before, "never" | "not" | "without" | "no" | "excluding" | "didnt" | "n't" | "nor" | "yet" | "skipped") || before == "but" && parse.is(place + 1, &["no", "not"]);
        if is_negative && place < parse.roles.len() {
            if parse.is_free(place) {
                parse.roles[place] = Role::Sign;
            }
            without.push(name);
        } else if !goals.contains(&name) {
            goals.push(name);
        }
        // Words of the same that other goals have too.
        let others: Vec<&str> = found.goals.iter().skip(1).filter(|(_, like)| *like >= 0.62).map(|(name, _)| &**name).take(3).collect();
        if !found.is_whole && !others.is_empty() {
            let text = parse.text(found.from, found.to);
            let told = format!("“{text}” is read as {}; there is {} too", goals.last().or(without.last()).cloned().unwrap_or_default(), others.join(", "));
            if !parse.assumed.contains(&told) {
                parse.assumed.push(told);
            }
        }
    }
    (goals, without)
}

/// The days, and those beside.
fn days_of(parse: &mut Parse) -> Result<(Option<Period>, Option<Compare>), Outcome> {
    let today = parse.today;
    let said = parse.periods();
    let compares = parse.signs.compares || parse.signs.change.is_some();
    let parts = parse.days.iter().find_map(|(from, _, days)| match days {
        Days::Range(first, last, _) => Some((*from, (**first).clone(), (**last).clone())),
        _ => None,
    });
    // "how did it change between May and June"
    if let (1, Some((from, first, last))) = (said.len(), parts)
        && compares
        && (parse.is(from, &["between", "from"]) || parse.signs.compares)
        && first.shape == last.shape
        && !matches!(first.shape, Shape::Whole(Unit::Day, _))
        && parse.signs.previous.is_none()
    {
        let (later, earlier) = if first.from > last.from { (first, last) } else { (last, first) };
        return Ok((Some(later), Some(Compare::Days(earlier))));
    }
    if let Some((is_year, unit)) = parse.signs.previous {
        let main = match (said.into_iter().next(), unit) {
            (Some((_, _, period)), _) => Some(period),
            (None, Some(unit)) if parse.signs.versus.is_empty() || !is_year => {
                let has_connector = parse.says(&["vs", "versus", "compared", "against", "than"]);
                Some(match (unit, has_connector) {
                    (Unit::Day, false) => Period { label: "yesterday".into(), ..Period::day(today.yesterday().unwrap_or(today)) },
                    (Unit::Day, true) => Period { label: "today".into(), ..Period::day(today) },
                    (Unit::Year, false) if is_year => Period::this(Unit::Year, today),
                    (unit, true) => Period::this(unit, today),
                    (unit, false) => Period::before(format!("last_{}", unit_name(unit)), unit, 1, today),
                })
            }
            (None, _) => None,
        };
        let compare = if is_year { Compare::YearBefore } else { Compare::Previous };
        return Ok((main, Some(compare)));
    }
    let versus = !parse.signs.versus.is_empty();
    match &*said {
        [] => Ok((None, parse.signs.change.map(|_| Compare::Previous))),
        [(from, _, only)] => {
            let (_, before) = parse.before(*from, &["the", "in", "on", "for", "of"]);
            let is_other = versus && (matches!(before, "to" | "with" | "than" | "vs" | "versus" | "vs." | "against" | "v")) && parse.signs.versus.iter().any(|at| at < from && from - at <= 4);
            if is_other {
                let main = match (&*only.label, only.shape) {
                    ("yesterday", _) => Some(Period { label: "today".into(), ..Period::day(today) }),
                    ("last_week" | "last_month" | "last_quarter" | "last_year", Shape::Whole(unit, 1)) => Some(Period::this(unit, today)),
                    _ => None,
                };
                return match main {
                    Some(main) => Ok((Some(main), Some(Compare::Previous))),
                    None => Ok((None, Some(Compare::Days(only.clone())))),
                };
            }
            let has_other = parse.goals.len() > 1 || parse.values.iter().any(|value| value.condition.values.len() > 1) || parse.models.len() > 1;
            let plain_compare = parse.signs.compares && !has_other && parse.signs.end.is_none() && !versus;
            Ok((Some(only.clone()), (parse.signs.change.is_some() || plain_compare).then_some(Compare::Previous)))
        }
        [(_, end, first), (begin, _, second), ..] => {
            if said.len() > 2 {
                return Err(Outcome::Choose("Which days?".into(), vec!["period"], Vec::new()));
            }
            let between: Vec<&str> = (*end..*begin).map(|at| parse.low(at)).collect();
            if parse.goals.len() > 1 && !versus && !compares {
                return Err(Outcome::Choose("Goals of different days are asked for one after the other".into(), vec!["period"], Vec::new()));
            }
            let joined = versus || compares || parse.signs.is_comparative || between.contains(&"and") || between.contains(&"or") || between.contains(&"from");
            if !joined {
                // "in June 2026 on Monday": one within the other.
                let inner = match (first.from, second.from) {
                    (Some(a), Some(b)) if b >= a && second.to <= first.to => Some(second.clone()),
                    (Some(a), Some(b)) if a >= b && first.to <= second.to => Some(first.clone()),
                    _ => None,
                };
                return inner.map(|inner| (Some(inner), None)).ok_or_else(|| Outcome::Choose("Which days?".into(), vec!["period"], Vec::new()));
            }
            let (later, earlier) = if first.from >= second.from { (first, second) } else { (second, first) };
            let is_relative = |label: &str| label.starts_with("last_") || label.ends_with("_before_last") || label.starts_with("this_") || label == "yesterday" || label == "today";
            let is_before = match later.shape {
                Shape::ToDate(unit) => earlier.shape == Shape::Whole(unit, 1) && later.from.and_then(|from| from.yesterday().ok()) == Some(earlier.to),
                _ => later.previous() == earlier.from.map(|from| (from, earlier.to)),
            };
            let is_year = earlier.label == "last_year" && !matches!(later.shape, Shape::ToDate(Unit::Year) | Shape::Whole(Unit::Year, _) | Shape::All);
            let compare = if is_year {
                Compare::YearBefore
            } else if is_before && (is_relative(&earlier.label) && is_relative(&later.label)) {
                Compare::Previous
            } else {
                Compare::Days(earlier.clone())
            };
            Ok((Some(later.clone()), Some(compare)))
        }
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}

fn in_days(number: u32, unit: Unit) -> u32 {
    number.saturating_mul(match unit {
        Unit::Week => 7,
        Unit::Month => 30,
        Unit::Quarter => 90,
        Unit::Year => 365,
        Unit::Hour | Unit::Day => 1,
    })
}

fn in_months(number: u32, unit: Unit) -> u32 {
    match unit {
        Unit::Year => number.saturating_mul(12),
        Unit::Month => number,
        Unit::Quarter => number.saturating_mul(3),
        unit => (in_days(number, unit) / 30).max(1),
    }
}

/// The reading of what was found.
#[allow(clippy::too_many_lines)]
fn reading(parse: &mut Parse) -> Result<Reading, Outcome> {
    let (goals, without) = goals_of(parse);
    let (period, compare) = days_of(parse)?;
    let metric = figure(parse, &goals);
    let mut reading = Reading {
        goals,
        without,
        filters: parse.values.iter().map(|value| value.condition.clone()).collect(),
        period,
        compare,
        by: parse.dimensions.iter().map(|mentioned| mentioned.dimension.clone()).collect(),
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
                reading.assumed.push("no model was named: last touch".into());
            }
            let half_life = if models.contains(&Model::TimeDecay) { spans.first().map(|(number, unit, _)| in_days(*number, *unit)) } else { None };
            let window = spans.get(usize::from(half_life.is_some())).map(|(number, unit, _)| in_days(*number, *unit));
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
                reading.assumed.push(if is_predicted { "no time was named: 12 months".into() } else { "no age was named: 90 days after joining".into() });
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
            reading.by.retain(|dimension| !dimension.is_time() && *dimension != Dimension::Named(Named::Goal));
            reading.what = What::Retention(unit, age.map(|(number, ..)| number));
            reading.compare = None;
        }
        Some(Kind::Funnel) => {
            reading.what = What::Funnel;
            reading.by.clear();
            reading.compare = None;
        }
        Some(Kind::TimeToConvert) => {
            reading.what = What::TimeToConvert;
            reading.by.clear();
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
            if !matches!(mix, Mix::Optimize(_)) {
                by_channel(&mut reading);
            }
        }
        Some(Kind::Why) => {
            let Some(change) = parse.signs.change else {
                return Err(Outcome::Refuse(Refusal::NoData("reasons of people".into())));
            };
            reading.what = What::Why;
            if parse.metrics.iter().any(|(metric, _)| *metric == metric_of(parse)) && reading.goals.is_empty() {
                reading.what = What::Why;
            }
            if reading.by.is_empty() {
                reading.by.push(Dimension::Named(Named::Channel));
            }
            reading.compare.get_or_insert(Compare::Previous);
            reading.sort = Some(Sort { by_change: true, ascending: change.unwrap_or(true) });
        }
        Some(Kind::First) => reading.what = What::First,
        Some(Kind::Last) => reading.what = What::Last,
        Some(Kind::Values(statistic, key)) => reading.what = What::Values(statistic, key),
        _ => {}
    }
    combine(parse, &mut reading);
    alternatives(parse, &mut reading);
    default_days(parse, &mut reading)?;
    sort(parse, &mut reading);
    for linked in &parse.values {
        if !linked.is_seen && !matches!(linked.condition.operator, Operator::Contains | Operator::NotContains) {
            reading.assumed.push(format!("no {} {} was seen yet", linked.condition.dimension.name(), linked.condition.values.join(" or ")));
        }
    }
    if reading.by.len() > 3 {
        return Err(Outcome::Choose("Figures are split by three things at most".into(), vec!["dimension"], Vec::new()));
    }
    Ok(reading)
}

fn metric_of(parse: &Parse) -> Metric {
    parse.metrics.first().map_or(Metric::Fires, |(metric, _)| *metric)
}

fn by_channel(reading: &mut Reading) {
    let is_channel = |dimension: &Dimension| *dimension == Dimension::Named(Named::Channel);
    if reading.by.is_empty() && !reading.filters.iter().any(|condition| is_channel(&condition.dimension) && condition.operator == Operator::Is) {
        reading.by.push(Dimension::Named(Named::Channel));
    }
}

/// Which figure is meant, of several that were named.
fn figure(parse: &Parse, goals: &[String]) -> Metric {
    let people = |metric: &Metric| *metric == Metric::Visitors;
    let is_often = parse.says(&["how often", "how many times", "number of times", "times"]) && !goals.is_empty();
    if is_often && parse.metrics.iter().all(|(metric, _)| people(metric)) {
        return Metric::Fires;
    }
    let named = parse.metrics.iter().map(|(metric, _)| *metric).find(|metric| !people(metric));
    match named {
        Some(metric) => metric,
        None if !parse.metrics.is_empty() => Metric::Visitors,
        None => Metric::Fires,
    }
}

/// How several goals go together.
fn combine(parse: &mut Parse, reading: &mut Reading) {
    if !reading.without.is_empty() && reading.what == What::Figure(Metric::Fires) {
        reading.what = What::Figure(Metric::Visitors);
    }
    let is_cohort = matches!(reading.what, What::Lifetime(_) | What::Predicted(_) | What::Retention(..));
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
    let is_versus = between.iter().any(|low| matches!(&**low, "vs" | "versus" | "vs." | "against" | "v" | "than")) || parse.signs.compares;
    let is_sum = parse.says(&["combined", "together", "in total", "sum of", "added up", "altogether", "total of"]) || between.iter().any(|low| matches!(&**low, "plus" | "+"));
    let is_people = reading.what == What::Figure(Metric::Visitors);
    let is_or = between.iter().any(|low| low == "or") || parse.says(&["either"]);
    if is_versus {
        each(reading);
    } else if is_sum || is_or && !parse.signs.is_comparative {
        reading.combine = Combine::Sum;
    } else if is_people && (parse.says(&["both"]) || between.iter().any(|low| matches!(&**low, "and" | "then" | "also" | "before" | "after" | "who"))) {
        reading.combine = Combine::All;
    } else {
        each(reading);
    }
}

fn each(reading: &mut Reading) {
    let by_goal = Dimension::Named(Named::Goal);
    if !reading.by.contains(&by_goal) {
        reading.by.push(by_goal);
    }
}

/// Two values against each other are split by what they are values of.
fn alternatives(parse: &Parse, reading: &mut Reading) {
    if !reading.by.is_empty() || !matches!(reading.what, What::Figure(_) | What::Lifetime(_) | What::Values(..) | What::Roas | What::CostPerGoal | What::Spend | What::Retention(..)) {
        return;
    }
    let several = parse.values.iter().find(|value| value.condition.values.len() > 1 && value.condition.operator == Operator::Is && value.condition.dimension != Dimension::Named(Named::Weekday));
    if let Some(several) = several {
        let versus = !parse.signs.versus.is_empty() || parse.signs.compares || parse.signs.is_comparative || parse.signs.end.is_some();
        let between = (several.at..several.to).any(|at| parse.is(at, &["vs", "versus", "vs.", "against", "or"]));
        if versus || between && parse.is(0, &["did", "does", "do", "is", "are", "was", "were", "which", "what"]) {
            reading.by.push(several.condition.dimension.clone());
        }
    }
}

/// The days where none are named, and what days the kind of question wants.
fn default_days(parse: &Parse, reading: &mut Reading) -> Result<(), Outcome> {
    let today = parse.today;
    // "last 8 weeks" split by week are weeks of the calendar.
    let by_week = reading.by.contains(&Dimension::Named(Named::Week)) || matches!(reading.what, What::Retention(Unit::Week, _));
    if let Some(period) = &mut reading.period
        && by_week
        && let Shape::Whole(Unit::Day, days) = period.shape
        && days % 7 == 0
        && period.label == format!("last_{days}d")
        && parse.says(&["weeks", "wks"])
    {
        *period = Period::last(Unit::Week, days / 7, today);
    }
    if reading.period.is_some() {
        return match (&reading.period, &reading.compare) {
            (Some(Period { from: None, .. }), Some(_)) if !matches!(reading.what, What::Figure(_)) => Ok(()),
            (Some(Period { from: None, .. }), Some(Compare::Previous | Compare::YearBefore)) => {
                Err(Outcome::Choose("All days have none before them; which are compared?".into(), vec!["period"], Vec::new()))
            }
            _ => Ok(()),
        };
    }
    let (period, told) = match reading.what {
        What::Goals | What::Help | What::Mix(_) => return Ok(()),
        What::First | What::Last | What::Predicted(_) => (Period::all(today), None),
        What::Lifetime(_) | What::Retention(..) => (default_period(today, 90), Some("90")),
        _ => (default_period(today, 30), Some("30")),
    };
    reading.period = Some(period);
    if let Some(days) = told {
        reading.assumed.push(format!("no days were named: the last {days} before today"));
    }
    Ok(())
}

fn sort(parse: &Parse, reading: &mut Reading) {
    if matches!(reading.what, What::Why | What::Funnel | What::TimeToConvert | What::First | What::Last | What::Goals | What::Help | What::Mix(Mix::Optimize(_)) | What::Retention(..)) {
        return;
    }
    let Some(first) = reading.by.first() else { return };
    let is_time = first.is_time();
    let mentioned = parse.dimensions.iter().find(|mentioned| mentioned.dimension == *first);
    let end = parse.signs.end.filter(|_| !(parse.signs.is_comparative && mentioned.is_none()));
    let changes = parse.signs.change.flatten();
    if let (Some(falls), true) = (changes, reading.compare.is_some() && !is_time) {
        let least = end == Some(true);
        reading.sort = Some(Sort { by_change: true, ascending: falls != least });
        let single = mentioned.is_some_and(|mentioned| !mentioned.is_plural && !mentioned.is_split);
        reading.limit = parse.signs.limit.or((end.is_some() && single).then_some(1));
        return;
    }
    let explicit_goals = *first == Dimension::Named(Named::Goal) && !reading.goals.is_empty() && reading.by.len() == 1;
    let several = matches!(&reading.what, What::Credit(models, ..) if models.len() > 1);
    match end {
        Some(is_least) if mentioned.is_some() => {
            reading.sort = Some(Sort { by_change: false, ascending: is_least });
            let single = mentioned.is_some_and(|mentioned| !mentioned.is_plural && !mentioned.is_split);
            reading.limit = parse.signs.limit.or((single && !parse.signs.is_comparative).then_some(1));
        }
        _ if is_time || several => {}
        _ if explicit_goals && mentioned.is_none() => {}
        _ => {
            reading.sort = Some(Sort { by_change: false, ascending: end == Some(true) });
            reading.limit = parse.signs.limit;
        }
    }
}
