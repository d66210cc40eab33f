//! Attribution: which visits earned a conversion, by eleven models side by side, over the same journeys and window.
//!
//! - [`model`]: the models in one table, with their formulae; [`rules`]: those that look at one journey alone;
//!   [`markov`]: the one that looks at all of them
//! - [`journey`], [`journeys`]: what came before a conversion, and how that is found in what people did
//! - [`credit`]: journeys → what each channel, source, campaign or page gets; numbers in, numbers out
//! - [`cost`]: what that cost
//! - [`question`]: what is asked; [`answer()`]: that, of what [`people`](crate::query::people) did

pub mod cost;
pub mod credit;
pub mod journey;
pub mod journeys;
pub mod markov;
pub mod model;
pub mod question;
pub mod rules;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::ToSpan;

use crate::account::Site;
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::people::{Asked, Look, Set, What};
use crate::query::range::{self, Range};
use crate::store::reports::alike::{Did, Visiting};
use crate::store::{ReadError, Store};
use credit::{Conversion, Credits, credit, settle};
use journeys::{Happened, Journeys, Label};
use model::{ALL, MODELS, Model};
use question::{Conversions, Question};

/// Frequent journeys that are told.
const PATHS: usize = 20;

/// What became of a question.
#[derive(Debug)]
pub struct Answer {
    /// The most conversions by the question's model first; rare ones and unknown ones at the end.
    pub rows: Vec<Row>,
    /// Conversions.
    pub conversions: u64,
    /// Different people among those who converted.
    pub people: u64,
    /// People who visited and didn't convert.
    pub lost: u64,
    /// Visits before a conversion, on average; of those of which any is known.
    pub visits: Option<f64>,
    /// Days from the first of them to the conversion, on average.
    pub days: Option<f64>,
    /// The chance of a conversion in the Markov chain.
    pub chance: f64,
    /// What they brought, in smallest units by currency.
    pub money: BTreeMap<[u8; 3], i64>,
    /// What was spent on the same days, the same way; nothing before [`cost::with_spend`].
    pub spend: BTreeMap<[u8; 3], i64>,
    /// The most frequent journeys: what their visits are, conversions, and people who did the same and didn't convert.
    pub paths: Vec<(Vec<RowOf>, u64, u64)>,
    /// A journey, and what each visit of it gets by each model.
    pub example: Option<Example>,
}

/// What a row is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowOf {
    /// A channel, source, campaign or page; `None` for visits without one.
    Value(Option<String>),
    /// All that are too rare to be told apart.
    Other,
    /// Conversions before which no visit is known.
    NoVisit,
    /// Spend of which the source or campaign wasn't said.
    Unsaid,
}

impl RowOf {
    /// From how it stands in an address.
    pub fn parse(text: &str) -> Option<RowOf> {
        match text.split_once(':') {
            Some(("value", value)) => Some(RowOf::Value(Some(value.to_owned()))),
            Some(_) => None,
            None => match text {
                "none" => Some(RowOf::Value(None)),
                "other" => Some(RowOf::Other),
                "no_visit" => Some(RowOf::NoVisit),
                "unsaid" => Some(RowOf::Unsaid),
                _ => None,
            },
        }
    }

    /// As it is read.
    pub fn written(&self) -> String {
        match self {
            RowOf::Value(Some(value)) => format!("value:{value}"),
            RowOf::Value(None) => "none".into(),
            RowOf::Other => "other".into(),
            RowOf::NoVisit => "no_visit".into(),
            RowOf::Unsaid => "unsaid".into(),
        }
    }
}

/// What one channel, source, campaign or page gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub of: RowOf,
    /// Visits of it in journeys that converted.
    pub visits: u64,
    /// Conversions with such a visit before them.
    pub touched: u64,
    /// Conversions, by model.
    pub credits: Credits,
    /// Money in smallest units, by currency and model.
    pub money: BTreeMap<[u8; 3], Credits>,
    /// How many of the conversions would be missing without it, by the Markov chain.
    pub effect: Option<f64>,
    /// What was spent on it, in smallest units by currency.
    pub spend: BTreeMap<[u8; 3], i64>,
}

/// A journey, to show how models share.
#[derive(Debug, PartialEq)]
pub struct Example {
    /// Its visits in order: what each is, and days before the conversion.
    pub visits: Vec<(RowOf, f64)>,
    /// What each visit gets, by model; nothing for one that looks at all journeys.
    pub shares: Vec<(Model, Option<Vec<f64>>)>,
}

/// A conversion to which something earned a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Earned {
    /// When, in milliseconds since 1970, and its number in the log.
    pub at: (i64, i64),
    /// The part, 0 to 1.
    pub share: f64,
}

/// Answers a question.
///
/// # Errors
/// When the store's files can't be read; here and below.
pub fn answer(store: &Arc<Store>, site: &Site, question: &Question) -> Result<Answer, ReadError> {
    Ok(answered(&journeys(store, site, question)?, question))
}

fn answered(journeys: &Journeys, question: &Question) -> Answer {
    let settings = question.settings();
    let labels = journeys.labels.len();
    let all = &journeys.conversions;
    let credit = credit(labels, all, &journeys.lost, &settings);
    let (mut visits, mut touched) = (vec![0; labels + 1], vec![0; labels + 1]);
    let mut seen: Vec<u32> = Vec::new();
    for conversion in all {
        seen.clear();
        seen.extend(conversion.journey.touches.iter().map(|touch| touch.label));
        for label in &seen {
            visits[*label as usize] += 1;
        }
        seen.sort_unstable();
        seen.dedup();
        if seen.is_empty() {
            touched[labels] += 1;
        }
        for label in &seen {
            touched[*label as usize] += 1;
        }
    }
    let row = |label: usize| Row {
        of: journeys.labels.get(label).map_or(RowOf::NoVisit, row_of),
        visits: visits[label],
        touched: touched[label],
        credits: credit.conversions[label],
        money: credit
            .money
            .iter()
            .map(|(currency, rows)| (*currency, rows[label]))
            .collect(),
        effect: credit.effects.get(label).copied(),
        spend: BTreeMap::new(),
    };
    let mut rows: Vec<Row> = (0..=labels).map(row).collect();
    rows.retain(|row| row.of != RowOf::NoVisit || row.touched > 0);
    let model = question.model as usize;
    rows.sort_by(|a, b| {
        let is_rest = |row: &Row| !matches!(row.of, RowOf::Value(_));
        (is_rest(a).cmp(&is_rest(b))).then(b.credits[model].total_cmp(&a.credits[model]))
    });
    let money = settle_all(&mut rows, all);
    let known: Vec<_> = all
        .iter()
        .filter_map(|conversion| Some((conversion, conversion.journey.touches.first()?)))
        .collect();
    let mean = |sum: f64| (!known.is_empty()).then(|| sum / known.len() as f64);
    let path = |(path, converted, lost): (Vec<u32>, u64, u64)| {
        let of = |label: &u32| row_of(&journeys.labels[*label as usize]);
        (path.iter().map(of).collect(), converted, lost)
    };
    Answer {
        rows,
        conversions: all.len() as u64,
        people: journeys.people,
        lost: journeys.lost.iter().map(|(_, people)| *people as u64).sum(),
        visits: mean(
            known
                .iter()
                .map(|(c, _)| c.journey.touches.len() as f64)
                .sum(),
        ),
        days: mean(known.iter().map(|(_, first)| days(first.before)).sum()),
        chance: credit.chance,
        money,
        spend: BTreeMap::new(),
        paths: journeys.paths(PATHS).into_iter().map(path).collect(),
        example: example(journeys, settings.half_life),
    }
}

/// Makes each column of the rows add up exactly to what was shared; gives what that is of money.
fn settle_all(rows: &mut [Row], conversions: &[Conversion]) -> BTreeMap<[u8; 3], i64> {
    let mut money: BTreeMap<[u8; 3], i64> = BTreeMap::new();
    for (currency, minor) in conversions.iter().filter_map(|conversion| conversion.money) {
        let sum = money.entry(currency).or_default();
        *sum = sum.saturating_add(minor);
    }
    for place in 0..MODELS {
        let credits = rows.iter_mut().map(|row| &mut row.credits[place]);
        settle(credits.collect(), conversions.len() as f64);
        for (currency, minor) in &money {
            let credits = rows
                .iter_mut()
                .filter_map(|row| row.money.get_mut(currency));
            let credits = credits.map(|credits| &mut credits[place]);
            settle(credits.collect(), *minor as f64);
        }
    }
    money
}

/// The latest conversions to which something earned a part by the question's model, latest first. By the Markov chain each conversion is
/// shared by the removal effects of what its journey touched.
#[allow(clippy::missing_errors_doc)]
pub fn earned(
    store: &Arc<Store>,
    site: &Site,
    asked: &Conversions,
) -> Result<Vec<Earned>, ReadError> {
    Ok(earned_of(&journeys(store, site, &asked.question)?, asked))
}

/// Both, of the same journeys.
#[allow(clippy::missing_errors_doc)]
pub fn answer_and_earned(
    store: &Arc<Store>,
    site: &Site,
    asked: &Conversions,
) -> Result<(Answer, Vec<Earned>), ReadError> {
    let journeys = journeys(store, site, &asked.question)?;
    let answer = answered(&journeys, &asked.question);
    Ok((answer, earned_of(&journeys, asked)))
}

fn earned_of(
    journeys: &Journeys,
    Conversions {
        question,
        of,
        limit,
    }: &Conversions,
) -> Vec<Earned> {
    let model = question.model;
    let settings = question.settings();
    let label = journeys
        .labels
        .iter()
        .position(|label| row_of(label) == *of);
    let effects = match model {
        Model::Markov => {
            let labels = journeys.labels.len();
            credit(labels, &journeys.conversions, &journeys.lost, &settings).effects
        }
        _ => Vec::new(),
    };
    let share = |conversion: &Conversion| -> f64 {
        let touches = &conversion.journey.touches;
        let is_it = |touch: u32| Some(touch as usize) == label;
        if touches.is_empty() {
            return f64::from(u8::from(*of == RowOf::NoVisit));
        }
        if model == Model::Markov {
            let different: HashSet<u32> = touches.iter().map(|touch| touch.label).collect();
            let effect = |label: u32| effects.get(label as usize).copied().unwrap_or_default();
            let sum: f64 = different.iter().map(|label| effect(*label)).sum();
            let mine = different.iter().find(|label| is_it(**label));
            return mine.map_or(0.0, |label| effect(*label) / sum);
        }
        let shares = rules::shares(model, &conversion.journey, settings.half_life);
        let touches = touches.iter().zip(shares.into_iter().flatten());
        let mine = touches.filter(|(touch, _)| is_it(touch.label));
        mine.map(|(_, share)| share).sum()
    };
    let earned = |conversion: &Conversion| Earned {
        at: (conversion.at, conversion.id),
        share: share(conversion),
    };
    let mut earned: Vec<_> = journeys.conversions.iter().map(earned).collect();
    earned.retain(|earned| earned.share > 0.0);
    earned.sort_by_key(|earned| std::cmp::Reverse(earned.at));
    earned.truncate(*limit);
    earned
}

fn row_of(label: &Label) -> RowOf {
    match label {
        Label::Value(value) => RowOf::Value(value.clone()),
        Label::Other => RowOf::Other,
    }
}

fn days(milliseconds: i64) -> f64 {
    milliseconds as f64 / 86_400_000.0
}

/// Asks the store for the journeys.
fn journeys(store: &Arc<Store>, site: &Site, question: &Question) -> Result<Journeys, ReadError> {
    let asked = Asked::new(store, site)?;
    let set = |what, filters: &[Filter]| Set {
        what,
        filters: filters.to_vec(),
        days: None,
    };
    // Sets in the order of their bits.
    let lead = question.lead_goal.clone();
    let lead = lead.map_or(What::Nothing, |lead| What::Fires(vec![lead]));
    let converts = What::Fires(question.goals.clone());
    let converts = Set {
        days: Some(question.range.clone()),
        ..set(converts, &question.filters)
    };
    let paying = (&converts.clone(), question.convert);
    let of_visits: Vec<Filter> = question
        .filters
        .iter()
        .filter(|filter| !filter.is_of_fires())
        .cloned()
        .collect();
    let mut sets = vec![set(What::Visits, &[]), set(lead, &[]), converts];
    // Who didn't convert counts with a visit that passes.
    let meant = match of_visits.is_empty() || !question.null_journeys {
        true => 0,
        false => {
            sets.push(Set {
                days: Some(question.range.clone()),
                ..set(What::Visits, &of_visits)
            });
            journeys::MEANT
        }
    };
    let channel = Dimension::Named(Named::Channel);
    let by = Dimension::Named(question.by);
    let by = match by == channel {
        true => vec![channel],
        false => vec![channel, by],
    };
    let window = question.window_days as i64;
    let before = Range {
        from: question.range.from.saturating_sub(window.days()),
        ..question.range.clone()
    };
    let first_day = range::number(question.range.from);
    let window = window * 86_400_000;
    let visiting = Visiting {
        visits: journeys::VISIT,
        window,
        from: first_day,
        meant,
    };
    let look = Look {
        range: &before,
        sets: &sets,
        by: &by,
        once_a_day: false,
        alike: Some((Did::Visited(&visiting), journeys::CONVERTS)),
    };
    let (before, paid) = asked.did_and_paid(&look, paying)?;
    Ok(Journeys::of(&Happened {
        paid: &paid,
        before: &before,
        meant,
        first_day,
        window,
    }))
}

/// A journey of several different visits, as short as it can be with the most of them, to show how models share.
fn example(journeys: &Journeys, half_life: f64) -> Option<Example> {
    let different = |conversion: &Conversion| {
        let labels = conversion.journey.touches.iter().map(|touch| touch.label);
        labels.collect::<HashSet<_>>().len().min(4)
    };
    let journeys_of = journeys.conversions.iter();
    let short =
        journeys_of.filter(|conversion| (2..=6).contains(&conversion.journey.touches.len()));
    let best = short.max_by_key(|conversion| {
        let length = conversion.journey.touches.len();
        (
            different(conversion),
            std::cmp::Reverse((length, conversion.id)),
        )
    })?;
    let visit = |touch: &journey::Touch| {
        let of = row_of(&journeys.labels[touch.label as usize]);
        (of, days(touch.before))
    };
    let share = |about: &model::About| {
        let shares = rules::shares(about.model, &best.journey, half_life);
        (about.model, shares)
    };
    Some(Example {
        visits: best.journey.touches.iter().map(visit).collect(),
        shares: ALL.iter().map(share).collect(),
    })
}

#[cfg(test)]
mod tests;
