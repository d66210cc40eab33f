//! How well a fit tells what was, and what it hadn't seen; and what to be careful about.

use super::channel::deviation;
use super::fit::{Accuracy, Diagnostics, HeldOut, Told, digits, held_plan};
use super::model::Model;
use super::posterior::{Band, INSIDE, Lines, lines};
use super::sample::{Plan, Stopped, Watch, sample};
use super::series::{DAYS, Driven, Series, Settings};

/// Periods that are held out: 60 days or 8 weeks.
const HELD_DAYS: usize = 60;
const HELD_WEEKS: usize = 8;

/// Where a posterior is that much as wide as the prior, the data said little.
const SAID_LITTLE: f64 = 0.85;

/// How well lines tell the outcome that they were fitted to.
pub(super) fn accuracy(series: &Series, lines: &Lines) -> Accuracy {
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
pub(super) fn held_out(
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
    let ran = |channel: &Driven| {
        channel
            .driver
            .iter()
            .take(fitted)
            .any(|driver| *driver > 0.0)
    };
    let enough = fitted * series.grain().days() >= DAYS;
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
pub(super) fn doubts(
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
