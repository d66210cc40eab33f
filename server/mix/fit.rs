//! A fit: numbers in, what they say out. The same series, settings and seed give the same fit.

use serde::{Deserialize, Serialize};

use super::budget::{self, Aim, Bounds, Response, Responses, Split};
use super::curve::Curve;
use super::diagnose::{ess_bulk, ess_tail};
use super::model::{Effect, Model};
use super::posterior::{Band, Drawn, Estimate, INSIDE, Lines, beforehand, drawn, lines};
use super::preview::{Point, preview};
use super::sample::{Draws, Plan, Stopped, Watch, sample};
use super::series::{Driver, Series, Settings};

/// The version of what is computed; a stored fit of another one is not shown.
pub const VERSION: u32 = 1;

/// Above this R-hat chains don't agree, and a fit is unreliable.
pub const UNRELIABLE: f64 = 1.05;

/// Draws whose curves are kept, for budgets.
const KEPT: usize = 300;

/// Points of a response curve.
const POINTS: usize = 41;

/// Periods that are held out: 60 days or 8 weeks.
const HELD_DAYS: usize = 60;
const HELD_WEEKS: usize = 8;

/// Where a posterior is that much as wide as the prior, the data said little.
const SAID_LITTLE: f64 = 0.85;

/// What a fit says of a channel. Money and outcome in major units, times in days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    #[allow(missing_docs)]
    pub name: String,
    #[allow(missing_docs)]
    pub driver: Driver,
    /// What was spent in all; none of a channel that costs nothing.
    pub spend: Option<f64>,
    /// What it brought in all.
    pub contribution: Estimate,
    /// That as a part of the whole outcome.
    pub share: Estimate,
    /// And of what all channels brought.
    pub share_of_channels: Estimate,
    /// What came of each unit spent.
    pub roi: Option<Estimate>,
    /// What the next unit would bring, at what is spent now.
    pub marginal_roi: Option<Estimate>,
    /// Days until half of an effect has come.
    pub half_life: Estimate,
    /// The driver a period that brings half of what it could, in spend where it has one.
    pub half: Estimate,
    #[allow(missing_docs)]
    pub slope: Estimate,
    /// How much of all it could bring it brings, at what is spent now.
    pub fullness: Estimate,
    /// What is spent a period now: the mean of the last four weeks. Of a channel without spend, its driver.
    pub now: f64,
    /// The most of a period.
    pub most: f64,
    /// Response a period by spend a period.
    pub curve: Vec<(f64, Estimate)>,
    /// What was thought of the return beforehand, the middle and 94 % around it; of a channel without spend of its share.
    pub prior: Option<Estimate>,
    /// How wide the posterior of its effect is beside the prior: 1 where the data said nothing.
    pub left: f64,
}

/// Whether draws can be relied on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// The largest of the parameters; wanted is less than 1.01.
    pub r_hat: f64,
    /// The least of the parameters.
    pub ess_bulk: f64,
    #[allow(missing_docs)]
    pub ess_tail: f64,
    #[allow(missing_docs)]
    pub divergences: usize,
    #[allow(missing_docs)]
    pub draws: usize,
    #[allow(missing_docs)]
    pub chains: usize,
}

/// How well days that the model hadn't seen were told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// The last so many.
    pub periods: usize,
    /// Mean absolute error in parts of the outcome.
    pub mape: f64,
    /// Parts of them inside of the 94 % interval.
    pub coverage: f64,
    /// What was expected of them.
    pub expected: Band,
}

/// How well the model tells what it was fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The part of the outcome's variance that it accounts for.
    pub r2: f64,
    #[allow(missing_docs)]
    pub mape: f64,
    /// How alike what is left is from one period to the next: 0 where it is chance alone.
    pub autocorrelation: f64,
    /// Parts of the periods inside of the 94 % interval.
    pub inside: f64,
    /// The periods that it tells worst, by place: the outcome, and what was expected.
    pub worst: Vec<(usize, f64, f64)>,
    /// None where too little would be left to fit.
    pub held_out: Option<HeldOut>,
}

/// A channel's best point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Previewed {
    #[allow(missing_docs)]
    pub name: String,
    #[allow(missing_docs)]
    pub contribution: f64,
    #[allow(missing_docs)]
    pub roi: Option<f64>,
    /// Days.
    pub half_life: f64,
}

/// A fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    #[allow(missing_docs)]
    pub version: u32,
    /// What it was made of.
    pub series: Series,
    #[allow(missing_docs)]
    pub settings: Settings,
    /// Of money in it; set by whoever knows.
    pub currency: Option<String>,
    /// In the series' order.
    pub channels: Vec<Told>,
    /// The whole outcome of all periods.
    pub outcome: f64,
    /// The part of it that all channels brought together.
    pub together: Estimate,
    /// Of the outcome, what would have come without channels, seasons and events.
    pub base: f64,
    #[allow(missing_docs)]
    pub lines: Lines,
    /// Curves of channels with spend, in their order.
    pub responses: Responses,
    #[allow(missing_docs)]
    pub diagnostics: Diagnostics,
    #[allow(missing_docs)]
    pub accuracy: Accuracy,
    #[allow(missing_docs)]
    pub warnings: Vec<String>,
}

impl Fit {
    /// Whether chains disagree so much that nothing here may be relied on.
    pub fn is_unreliable(&self) -> bool {
        self.diagnostics.r_hat > UNRELIABLE
    }

    /// Channels with spend.
    pub fn paid(&self) -> impl Iterator<Item = &Told> {
        self.channels
            .iter()
            .filter(|channel| channel.spend.is_some())
    }
}

/// Why there is no fit.
#[derive(Debug, thiserror::Error)]
pub enum NoFit {
    /// The data can't tell; in words, with what would help.
    #[error("{0}")]
    Refused(String),
    #[allow(missing_docs)]
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Draws that a fit takes at the least, to tell how far it is.
pub fn draws_of(plan: &Plan) -> usize {
    plan.least() + held_plan(plan).least()
}

fn held_plan(plan: &Plan) -> Plan {
    Plan {
        tune: plan.tune * 2 / 3,
        draws: plan.draws / 2,
        rounds: 1,
        ..*plan
    }
}

/// Fits.
///
/// # Errors
/// Where the data can't tell, when it was cancelled, or when the sampler can't go on.
pub fn fit(series: &Series, settings: &Settings, plan: &Plan, watch: &Watch) -> Result<Fit, NoFit> {
    series.check().map_err(NoFit::Refused)?;
    let periods = series.periods();
    let model = Model::new(series.input(settings, periods));
    let draws = sample(&model, plan, watch)?;
    let said = drawn(&model, &draws);
    let mut told_lines = lines(&model, &draws, plan.seed);
    let outcome: f64 = series.outcome.iter().sum();
    let channels = (0..series.channels.len())
        .map(|channel| told(series, &model, &draws, &said, channel, outcome))
        .collect::<Vec<_>>();
    let mut accuracy = accuracy(series, &told_lines);
    accuracy.held_out = held_out(series, settings, plan, watch)?;
    let of_parameters = (0..model.parameters()).map(|at| draws.each(|draw| draw[at]));
    let (mut bulk, mut tail) = (f64::INFINITY, f64::INFINITY);
    for parameter in of_parameters {
        bulk = bulk.min(ess_bulk(&parameter));
        tail = tail.min(ess_tail(&parameter));
    }
    let diagnostics = Diagnostics {
        r_hat: draws.r_hat,
        ess_bulk: bulk,
        ess_tail: tail,
        divergences: draws.divergences,
        draws: draws.count(),
        chains: plan.chains,
    };
    let mut warnings = series.warnings();
    let together = said
        .iter()
        .map(|draw| draw.iter().map(|drawn| drawn.total).sum::<f64>() / outcome);
    let together = Estimate::of(together.collect());
    warnings.extend(doubts(&channels, &diagnostics, &accuracy, series));
    round(&mut told_lines);
    Ok(Fit {
        version: VERSION,
        series: series.clone(),
        settings: settings.clone(),
        currency: None,
        base: told_lines.base.mean.iter().sum(),
        responses: responses(series, &said),
        channels,
        outcome,
        together,
        lines: told_lines,
        diagnostics,
        accuracy,
        warnings,
    })
}

/// The driver that a unit of money buys: what a curve of another driver is told in spend by.
fn bought(series: &Series, channel: usize) -> f64 {
    let driven = &series.channels[channel];
    match &driven.spend {
        Some(spend) if driven.by != Driver::Spend => {
            let spend: f64 = spend.iter().sum();
            driven.driver.iter().sum::<f64>() / spend.max(f64::MIN_POSITIVE)
        }
        _ => 1.0,
    }
}

fn response(drawn: &Drawn, bought: f64) -> Response {
    Response {
        height: drawn.height,
        half: drawn.curve.half / bought,
        slope: drawn.curve.slope,
    }
}

/// The curves of channels with spend, of some draws.
fn responses(series: &Series, said: &[Vec<Drawn>]) -> Responses {
    let step = said.len().div_ceil(KEPT).max(1);
    let of = |channel: usize| {
        let bought = bought(series, channel);
        let some = said.iter().step_by(step);
        some.map(|draw| {
            let Response {
                height,
                half,
                slope,
            } = response(&draw[channel], bought);
            Response {
                height: digits(height),
                half: digits(half),
                slope: digits(slope),
            }
        })
        .collect()
    };
    let paid =
        (0..series.channels.len()).filter(|channel| series.channels[*channel].spend.is_some());
    paid.map(of).collect()
}

fn told(
    series: &Series,
    model: &Model,
    draws: &Draws,
    said: &[Vec<Drawn>],
    channel: usize,
    outcome: f64,
) -> Told {
    let driven = &series.channels[channel];
    let estimate =
        |of: &dyn Fn(&[Drawn]) -> f64| Estimate::of(said.iter().map(|draw| of(draw)).collect());
    let bought = bought(series, channel);
    let spend: Option<f64> = driven.spend.as_ref().map(|spend| spend.iter().sum());
    // The driver a period, in spend where there is any.
    let of_period = driven.spend.as_ref().unwrap_or(&driven.driver);
    let lately = &of_period[of_period.len().saturating_sub(series.lately())..];
    let now = lately.iter().sum::<f64>() / lately.len().max(1) as f64;
    let most = of_period.iter().copied().fold(0.0, f64::max);
    let at = |draw: &[Drawn]| response(&draw[channel], bought);
    let last = (1.25 * most).max(1.5 * now);
    let points = (0..POINTS).map(|point| last * point as f64 / (POINTS - 1) as f64);
    let days = series.grain().days() as f64;
    let half_life = |curve: &Curve| curve.half_life() * days;
    let effect = model.input.channels[channel].effect;
    let logs: Vec<f64> = draws
        .all()
        .map(|draw| model.sampled(draw, channel).effect)
        .collect();
    let left = match effect {
        Effect::Total { sd, .. } => deviation(&logs) / sd,
        Effect::Height { .. } => 1.0,
    };
    let prior = beforehand(effect);
    Told {
        name: driven.name.clone(),
        driver: driven.by,
        spend,
        contribution: estimate(&|draw| draw[channel].total),
        share: estimate(&|draw| draw[channel].total / outcome),
        share_of_channels: estimate(&|draw| {
            draw[channel].total / draw.iter().map(|drawn| drawn.total).sum::<f64>()
        }),
        roi: spend.map(|spend| estimate(&|draw| draw[channel].total / spend)),
        marginal_roi: spend.map(|_| estimate(&|draw| at(draw).marginal(now))),
        half_life: estimate(&|draw| half_life(&draw[channel].curve)),
        half: estimate(&|draw| at(draw).half),
        slope: estimate(&|draw| draw[channel].curve.slope),
        fullness: estimate(&|draw| at(draw).at(now) / at(draw).height),
        now,
        most,
        curve: points
            .map(|spend| (digits(spend), estimate(&|draw| at(draw).at(spend))))
            .collect(),
        prior,
        left,
    }
}

fn deviation(numbers: &[f64]) -> f64 {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// How well lines tell the outcome that they were fitted to.
fn accuracy(series: &Series, lines: &Lines) -> Accuracy {
    let outcome = &series.outcome;
    let rest: Vec<f64> = outcome
        .iter()
        .zip(&lines.all.mean)
        .map(|(y, all)| y - all)
        .collect();
    let variance = deviation(outcome).powi(2);
    let squares = rest.iter().map(|x| x * x).sum::<f64>();
    let next = rest
        .iter()
        .zip(rest.iter().skip(1))
        .map(|(a, b)| a * b)
        .sum::<f64>();
    let mut worst: Vec<(usize, f64, f64)> = outcome
        .iter()
        .zip(&lines.all.mean)
        .enumerate()
        .map(|(at, (y, all))| (at, *y, digits(*all)))
        .collect();
    worst.sort_by(|a, b| (b.1 - b.2).abs().total_cmp(&(a.1 - a.2).abs()));
    worst.truncate(3);
    let (mape, inside) = told_by(outcome, &lines.all.mean, &lines.expected);
    Accuracy {
        r2: 1.0 - squares / outcome.len() as f64 / variance,
        mape,
        autocorrelation: next / squares.max(f64::MIN_POSITIVE),
        inside,
        worst,
        held_out: None,
    }
}

/// The mean absolute error in parts of an outcome, of periods that had one, and which part of it lies inside of a band.
fn told_by(outcome: &[f64], mean: &[f64], band: &Band) -> (f64, f64) {
    let errors: Vec<f64> = outcome
        .iter()
        .zip(mean)
        .filter(|(y, _)| **y != 0.0)
        .map(|(y, mean)| ((mean - y) / y).abs())
        .collect();
    let ends = band.low.iter().zip(&band.high);
    let inside = outcome
        .iter()
        .zip(ends)
        .filter(|(y, (low, high))| (*low..=*high).contains(y));
    (
        errors.iter().sum::<f64>() / errors.len().max(1) as f64,
        inside.count() as f64 / outcome.len().max(1) as f64,
    )
}

/// Fits all but the last periods, and tells those.
fn held_out(
    series: &Series,
    settings: &Settings,
    plan: &Plan,
    watch: &Watch,
) -> Result<Option<HeldOut>, Stopped> {
    let periods = match series.weekly {
        true => HELD_WEEKS,
        false => HELD_DAYS,
    };
    let fitted = series.periods().saturating_sub(periods);
    let ran = |channel: &super::series::Driven| {
        channel
            .driver
            .iter()
            .take(fitted)
            .any(|driver| *driver > 0.0)
    };
    let enough = fitted * series.grain().days() >= super::series::DAYS;
    if !enough || !series.channels.iter().all(ran) {
        return Ok(None);
    }
    let model = Model::new(series.input(settings, fitted));
    let draws = sample(&model, &held_plan(plan), watch)?;
    let lines = lines(&model, &draws, plan.seed);
    let part = |line: &[f64]| line[fitted..].iter().copied().map(digits).collect();
    let expected = Band {
        mean: part(&lines.all.mean),
        low: part(&lines.expected.low),
        high: part(&lines.expected.high),
    };
    let (mape, coverage) = told_by(&series.outcome[fitted..], &expected.mean, &expected);
    Ok(Some(HeldOut {
        periods,
        mape,
        coverage,
        expected,
    }))
}

/// What of the fit to be careful about, in words.
fn doubts(
    channels: &[Told],
    diagnostics: &Diagnostics,
    accuracy: &Accuracy,
    series: &Series,
) -> Vec<String> {
    let mut all = Vec::new();
    if diagnostics.divergences > 0 {
        all.push(format!(
            "The sampler lost its way on {} of {} draws: corners of what is possible may be missing.",
            diagnostics.divergences, diagnostics.draws
        ));
    }
    for channel in channels.iter().filter(|channel| channel.left > SAID_LITTLE) {
        all.push(format!(
            "The data said little of {}: its estimate is mostly what was thought beforehand.",
            channel.name
        ));
    }
    for channel in channels
        .iter()
        .filter(|channel| channel.now > channel.most * 0.999)
    {
        all.push(format!(
            "{} was never spent more on than now: what more would bring is a guess.",
            channel.name
        ));
    }
    if accuracy.autocorrelation.abs() > 0.4 {
        all.push(format!(
            "What is left unexplained is alike from one {} to the next (correlation {:.2}): something that moves the outcome is missing, \
             such as an event or a price.",
            series.period_word(),
            accuracy.autocorrelation
        ));
    }
    if let Some(held) = accuracy
        .held_out
        .as_ref()
        .filter(|held| held.coverage < 0.8)
    {
        all.push(format!(
            "Of the last {} {}s, which the model hadn't seen, only {:.0} % lay inside of its {:.0} % interval: what comes next may differ from \
             what was.",
            held.periods,
            series.period_word(),
            100.0 * held.coverage,
            100.0 * INSIDE
        ));
    }
    all
}

/// Without digits that nothing can be told by.
fn digits(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let scale = 10f64.powi(5 - number.abs().log10().floor() as i32);
    (number * scale).round() / scale
}

fn round(lines: &mut Lines) {
    let others = [
        &mut lines.base,
        &mut lines.season,
        &mut lines.events,
        &mut lines.all,
        &mut lines.expected,
    ];
    for band in lines.channels.iter_mut().chain(others) {
        for line in [&mut band.mean, &mut band.low, &mut band.high] {
            line.iter_mut().for_each(|number| *number = digits(*number));
        }
    }
}

/// A point estimate within a moment, without intervals.
///
/// # Errors
/// Where the data can't tell.
pub fn previewed(series: &Series, settings: &Settings) -> Result<Vec<Previewed>, String> {
    series.check()?;
    let model = Model::new(series.input(settings, series.periods()));
    let one = |(driven, point): (&super::series::Driven, Point)| {
        let spend: Option<f64> = driven.spend.as_ref().map(|spend| spend.iter().sum());
        Previewed {
            name: driven.name.clone(),
            contribution: point.total,
            roi: spend.map(|spend| point.total / spend),
            half_life: match point.curve.decay > 0.0 {
                true => point.curve.half_life() * series.grain().days() as f64,
                false => 0.0,
            },
        }
    };
    Ok(series
        .channels
        .iter()
        .zip(preview(&model))
        .map(one)
        .collect())
}

/// The best split of a budget by a fit, over its channels with spend, within the bounds that are named; others may have up to twice
/// of what they have now. Where no aim is said it is what is spent now.
///
/// # Errors
/// In words, where there is none within the bounds.
pub fn split(
    fit: &Fit,
    named: &[(String, Bounds)],
    aim: Option<Aim>,
) -> Result<(Vec<Bounds>, Split), String> {
    let now: Vec<f64> = fit.paid().map(|channel| channel.now).collect();
    let bounds: Vec<Bounds> = fit
        .paid()
        .map(|channel| {
            let named = named.iter().rev().find(|(name, _)| *name == channel.name);
            named.map_or(
                Bounds {
                    least: 0.0,
                    most: 2.0 * channel.now,
                },
                |(_, bounds)| *bounds,
            )
        })
        .collect();
    let aim = aim.unwrap_or(Aim::Total(now.iter().sum()));
    let split = budget::split(&fit.responses, &now, &bounds, aim)?;
    Ok((bounds, split))
}

#[cfg(test)]
#[path = "fit_tests.rs"]
mod tests;
