//! What draws say of a channel.

use super::budget::{Response, Responses};
use super::curve::Curve;
use super::fit::{Told, digits};
use super::model::{Effect, Model};
use super::posterior::{Drawn, Estimate, beforehand};
use super::sample::Draws;
use super::series::{Driver, Series};

/// Draws whose curves are kept, for budgets.
const KEPT: usize = 300;

/// Points of a response curve.
const POINTS: usize = 41;

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
pub(super) fn responses(series: &Series, said: &[Vec<Drawn>]) -> Responses {
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

pub(super) fn told(
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
    let tails = |spend: f64| Estimate::tails(said.iter().map(|draw| at(draw).at(spend)).collect());
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
        marginal_roi: spend
            .filter(|_| now > 0.0)
            .map(|_| estimate(&|draw| at(draw).marginal(now))),
        half_life: estimate(&|draw| half_life(&draw[channel].curve)),
        half: estimate(&|draw| at(draw).half),
        slope: estimate(&|draw| draw[channel].curve.slope),
        fullness: estimate(&|draw| at(draw).at(now) / at(draw).height),
        now,
        most,
        curve: points.map(|spend| (digits(spend), tails(spend))).collect(),
        prior,
        left,
    }
}

pub(super) fn deviation(numbers: &[f64]) -> f64 {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt()
}
