//! Experiments: which variant of something brings more people to a goal, and how sure that is.
//!
//! - [`numbers`]: the formulae, of what is believed of rates ([`beta`]); numbers in, numbers out
//! - [`question`]: what is asked; [`answer()`]: that, of what [`people`](crate::query::people) did
//! - [`verdict`]: what it comes to, in words
//!
//! Two keys of metadata say which experiment and which variant; any fire may carry them. A person is exposed with the first
//! fire that carries the variant, on the days that are asked for, and converts with a fire of the goal that is that one or
//! a later one. Who saw several variants is left out, and counted.

pub mod beta;
pub mod numbers;
pub mod question;
pub mod verdict;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::account::Site;
use crate::cohort::compare::{Difference, shares, wilson};
use crate::query::Query;
use crate::query::answer::{self, Figure};
use crate::query::dimension::Dimension;
use crate::query::filter::Filter;
use crate::query::metric::Metric;
use crate::query::operator::Operator;
use crate::query::people::{Asked, Look, Payment, People, Set, What};
use crate::store::{ReadError, Store};
use beta::Beta;
use numbers::{Brought, Counted, Interval};
use question::Question;
use verdict::{Verdict, Warning};

/// Variants that are told apart, those with the most fires; and experiments to choose from.
const VARIANTS: usize = 10;
const EXPERIMENTS: usize = 50;

/// Less than this is no mismatch of how people are given out.
const MISMATCH: f64 = 0.001;

/// What became of a question.
#[derive(Debug)]
pub struct Answer {
    /// Experiments that fired on these days, the most often fired first.
    pub experiments: Vec<String>,
    /// Which one this is of; `None` where fires name none.
    pub experiment: Option<String>,
    /// Control first, the others by name.
    pub variants: Vec<Variant>,
    /// Variants that fired too rarely to be told apart.
    pub left_out: usize,
    /// People who saw several variants; they are in none.
    pub mixed: u64,
    /// The chance of people being given out at least as unevenly; `None` of fewer than two variants.
    pub mismatch: Option<f64>,
    /// What speaks against believing it.
    pub warnings: Vec<Warning>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// A variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    #[allow(missing_docs)]
    pub name: String,
    /// People who saw it, and those who converted.
    pub counted: Counted,
    /// How many of all people should see it, as a share.
    pub weight: f64,
    /// Wilson's 95 % interval of its rate.
    pub rate: Interval,
    /// The chance that it is the best of all.
    pub best: f64,
    /// What choosing it gives away on average, as a share of people.
    pub loss: f64,
    /// What people brought, by currency, in smallest units.
    pub revenue: BTreeMap<[u8; 3], Brought>,
    /// Beside control; `None` of control itself, and where nobody saw one of the two.
    pub compared: Option<Compared>,
}

/// A variant beside control.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Its rate less control's, with Newcombe's 95 % interval.
    pub difference: Difference,
    /// The same as a share of control's rate; `None` where nobody of control converted.
    pub lift: Option<f64>,
    /// Where that lies with a chance of 95 %.
    pub lift_interval: Interval,
    /// The chance that its rate is greater.
    pub beats: f64,
    /// How much more it brought a person, by currency, in smallest units, with Welch's 95 % interval.
    pub revenue: BTreeMap<[u8; 3], (f64, Interval)>,
}

/// What one person did.
#[derive(Default)]
struct Person {
    /// The variant seen first, and when; several where there were.
    seen: Option<(u32, (i64, i64))>,
    is_mixed: bool,
    converted: bool,
}

/// Answers a question.
///
/// # Errors
/// When the store's files can't be read.
pub fn answer(store: &Arc<Store>, site: &Site, question: &Question) -> Result<Answer, ReadError> {
    let (experiments, experiment, names, left_out) = known(store, site, question)?;
    let asked = Asked::new(store, site)?;
    let seen = Set {
        what: What::Anything,
        filters: filters(question, experiment.as_deref(), &names),
        days: None,
    };
    let converted = Set {
        what: What::Fires(question.goals.clone()),
        filters: Vec::new(),
        days: None,
    };
    let (did, paid) = match names.is_empty() {
        true => (People::default(), Vec::new()),
        false => {
            let paying = Set {
                what: What::paying(&question.goals),
                filters: Vec::new(),
                days: None,
            };
            let look = Look {
                range: &question.range,
                sets: &[seen, converted],
                by: &[Dimension::Metadata(question.variant_key.as_str().into())],
                once_a_day: false,
                alike: None,
            };
            asked.did_and_paid(&look, (&paying, question.convert))?
        }
    };
    let mut found = count(&did, &paid, &names, question);
    found.experiments = experiments;
    found.experiment = experiment;
    found.left_out = left_out;
    if left_out > 0 {
        found.warnings.push(Warning::TooMany(left_out));
    }
    Ok(found)
}

/// Which experiments and variants fired: all experiments, the one that is meant, its variants, and how many are left out.
type Known = (Vec<String>, Option<String>, Vec<String>, usize);

fn known(store: &Arc<Store>, site: &Site, question: &Question) -> Result<Known, ReadError> {
    let [of, variant] = [&question.experiment_key, &question.variant_key]
        .map(|key| Dimension::Metadata(key.as_str().into()));
    let query = Query {
        metrics: vec![Metric::Fires],
        dimensions: vec![of, variant],
        ..Query::of(site, question.range.clone())
    };
    let mut fires: Vec<(Option<String>, String, u64)> = Vec::new();
    for row in answer::answer(store, &query)?.rows {
        if let ([of, Some(variant)], [Figure::Count(count)]) = (&row.values[..], &row.figures[..]) {
            fires.push((of.clone(), variant.clone(), *count));
        }
    }
    let mut sums: HashMap<Option<&str>, u64> = HashMap::new();
    for (of, _, count) in &fires {
        *sums.entry(of.as_deref()).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then(a.cmp(b)));
    let named = sums.iter().filter_map(|(of, _)| of.map(str::to_owned));
    let experiments: Vec<_> = named.take(EXPERIMENTS).collect();
    let experiment = question.experiment.clone().or(experiments.first().cloned());
    fires.retain(|(of, _, _)| *of == experiment);
    fires.sort_by(|(_, a, of_a), (_, b, of_b)| of_b.cmp(of_a).then(a.cmp(b)));
    let left_out = fires.len().saturating_sub(VARIANTS);
    fires.truncate(VARIANTS);
    let mut names: Vec<String> = fires.into_iter().map(|(_, variant, _)| variant).collect();
    names.sort();
    if let Some(place) = names
        .iter()
        .position(|name| question.control.as_ref() == Some(name))
    {
        names[..=place].rotate_right(1);
    }
    Ok((experiments, experiment, names, left_out))
}

/// Those of which fires are exposures.
fn filters(question: &Question, experiment: Option<&str>, names: &[String]) -> Vec<Filter> {
    let is = |key: &str, values: &[String]| {
        let key = Dimension::Metadata(key.into());
        Filter::Value(Operator::Is, key, values.into())
    };
    let of = experiment.map(|name| is(&question.experiment_key, &[name.to_owned()]));
    let variant = is(&question.variant_key, names);
    of.into_iter().chain([variant]).collect()
}

/// Counts people by variant, and says what that comes to.
fn count(did: &People, paid: &[Payment], names: &[String], question: &Question) -> Answer {
    let place = |key: u32| {
        let value = did.values.get(key as usize)?.first()?.as_ref()?;
        let place = names.iter().position(|name| name == value)?;
        u32::try_from(place).ok()
    };
    let mut people: HashMap<u32, Person> = HashMap::new();
    // By person, in the order in which it happened.
    for event in did.events.iter().filter(|event| event.visitor != 0) {
        let person = people.entry(event.visitor).or_default();
        if event.sets() & 1 != 0
            && let Some(variant) = place(event.key)
        {
            match person.seen {
                None => person.seen = Some((variant, (event.at(), event.id()))),
                Some((first, _)) => person.is_mixed |= first != variant,
            }
        }
        person.converted |= event.sets() & 2 != 0 && person.seen.is_some();
    }
    let mut counted = vec![Counted::default(); names.len()];
    let mut mixed = 0;
    for person in people.values() {
        let Some((variant, _)) = person.seen else {
            continue;
        };
        if person.is_mixed {
            mixed += 1;
            continue;
        }
        let counted = &mut counted[variant as usize];
        counted.people += 1;
        counted.converted += u64::from(person.converted);
    }
    let revenue = revenue(&people, paid, &counted);
    let weight = |name: &String| {
        let given = question
            .weights
            .iter()
            .rev()
            .find(|(known, _)| known == name);
        given.map_or(1.0, |(_, weight)| *weight)
    };
    let weights: Vec<f64> = names.iter().map(weight).collect();
    let variants = compare(names, &counted, &weights, &revenue);
    let all: Vec<u64> = counted.iter().map(|counted| counted.people).collect();
    let mismatch = numbers::mismatch(&all, &weights);
    let mut warnings: Vec<_> = verdict::too_little(&variants).into_iter().collect();
    warnings.extend(mismatch.filter(|p| *p < MISMATCH).map(Warning::Mismatch));
    if let Some(control) = &question.control
        && !names.contains(control)
    {
        warnings.push(Warning::NoControl(control.clone()));
    }
    Answer {
        experiments: Vec::new(),
        experiment: None,
        verdict: verdict::of(&variants, &warnings),
        variants,
        left_out: 0,
        mixed,
        mismatch,
        warnings,
    }
}

/// What people brought with conversions, by variant and currency.
fn revenue(
    people: &HashMap<u32, Person>,
    paid: &[Payment],
    counted: &[Counted],
) -> Vec<BTreeMap<[u8; 3], Brought>> {
    let mut sums: HashMap<([u8; 3], u32), (u32, i64)> = HashMap::new();
    for payment in paid {
        let Some(person) = people.get(&payment.person) else {
            continue;
        };
        let at = (payment.paid.at, payment.paid.id);
        if let Some((variant, since)) = person.seen
            && !person.is_mixed
            && at >= since
        {
            let sum = sums.entry((payment.paid.currency, payment.person));
            let (_, sum) = sum.or_insert((variant, 0));
            *sum = sum.saturating_add(payment.paid.minor);
        }
    }
    let mut brought: Vec<BTreeMap<[u8; 3], Brought>> = vec![BTreeMap::new(); counted.len()];
    // Where anybody paid in a currency, who didn't brought nothing of it.
    for (code, _) in sums.keys() {
        for (brought, counted) in brought.iter_mut().zip(counted) {
            brought.entry(*code).or_default().people = counted.people;
        }
    }
    for ((code, _), (variant, minor)) in &sums {
        let sum = brought[*variant as usize].entry(*code).or_default();
        sum.sum += *minor as f64;
        sum.squares += (*minor as f64).powi(2);
    }
    brought
}

fn compare(
    names: &[String],
    counted: &[Counted],
    weights: &[f64],
    revenue: &[BTreeMap<[u8; 3], Brought>],
) -> Vec<Variant> {
    let beliefs: Vec<_> = counted
        .iter()
        .map(|counted| Beta::after(*counted))
        .collect();
    let best = numbers::chances_to_be_best(&beliefs);
    let losses = numbers::expected_losses(&beliefs);
    let weight: f64 = weights.iter().sum();
    let compared = |place: usize| {
        let (control, one) = (*counted.first()?, *counted.get(place)?);
        if place == 0 || control.people == 0 || one.people == 0 {
            return None;
        }
        let share = |counted: Counted| (counted.converted, counted.people);
        let control_rate = control.rate().filter(|rate| *rate > 0.0);
        let means = revenue[place].iter().filter_map(|(code, brought)| {
            let of_control = revenue[0].get(code)?;
            Some((*code, numbers::difference_of_means(*brought, *of_control)?))
        });
        Some(Compared {
            difference: shares(share(one), share(control)),
            lift: control_rate.and_then(|rate| Some(one.rate()? / rate - 1.0)),
            lift_interval: numbers::lift_interval(beliefs[place], beliefs[0]),
            beats: numbers::chance_to_beat(beliefs[place], beliefs[0]),
            revenue: means.collect(),
        })
    };
    let variant = |(place, name): (usize, &String)| {
        let (low, high) = wilson((counted[place].converted, counted[place].people));
        Variant {
            name: name.clone(),
            counted: counted[place],
            weight: weights[place] / weight,
            rate: Interval { low, high },
            best: best[place],
            loss: losses[place],
            revenue: revenue[place].clone(),
            compared: compared(place),
        }
    };
    names.iter().enumerate().map(variant).collect()
}
