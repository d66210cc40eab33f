//! A fit: numbers in, what they say out. The same series, settings and seed give the same fit.

use serde::{Deserialize, Serialize};

use super::budget::{self, Aim, Bounds, Responses, Split};
use super::channel::{responses, told};
use super::check::{accuracy, doubts, held_out};
use super::diagnose::{ess_bulk, ess_tail};
use super::model::Model;
use super::posterior::{Band, Estimate, Lines, drawn, lines};
use super::preview::{Point, preview};
use super::sample::{Plan, Stopped, Watch, sample};
use super::series::{Driven, Driver, Series, Settings};

/// The version of what is computed; a stored fit of another one is not shown.
pub const VERSION: u32 = 1;

/// Above this R-hat chains don't agree, and a fit is unreliable.
pub const UNRELIABLE: f64 = 1.05;

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
    /// What the next unit would bring, at what is spent now; none where nothing is.
    pub marginal_roi: Option<Estimate>,
    /// Days until half of an effect has come.
    pub half_life: Estimate,
    /// The driver a period that brings half of what it could, in spend where it has one.
    pub half: Estimate,
    #[allow(missing_docs)]
    pub slope: Estimate,
    /// How much of all it could bring it brings, at what is spent now.
    pub fullness: Estimate,
    /// What is spent a period now: the mean of the last thirteen weeks. Of a channel without spend, its driver.
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

pub(super) fn held_plan(plan: &Plan) -> Plan {
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

/// Without digits that nothing can be told by.
pub(super) fn digits(number: f64) -> f64 {
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
    let one = |(driven, point): (&Driven, Point)| {
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
