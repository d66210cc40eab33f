//! Draws → what they say: estimates with intervals, of channels, of curves and over time. Intervals are the narrowest that hold
//! 94 % of the draws; bands go from their 3 % to their 97 %, so that they are smooth.

use nuts_rs::rand::rngs::ChaCha8Rng;
use nuts_rs::rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::curve::Curve;
use super::design::{Column, Part};
use super::diagnose::quantile;
use super::model::{Effect, Model};
use super::prior::standard;
use super::sample::Draws;

/// Of the draws so many are inside of an interval.
pub const INSIDE: f64 = 0.94;

/// Draws that bands over time are made of.
const BANDS: usize = 600;

/// A number that isn't known exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    #[allow(missing_docs)]
    pub mean: f64,
    /// Where the interval begins and ends.
    pub low: f64,
    #[allow(missing_docs)]
    pub high: f64,
}

impl Estimate {
    /// Of draws.
    pub fn of(mut draws: Vec<f64>) -> Estimate {
        let mean = draws.iter().sum::<f64>() / draws.len().max(1) as f64;
        draws.sort_by(f64::total_cmp);
        let (low, high) = narrowest(&draws, INSIDE);
        Estimate { mean, low, high }
    }

    /// Of draws, with as many below it as above.
    pub fn tails(mut draws: Vec<f64>) -> Estimate {
        let mean = draws.iter().sum::<f64>() / draws.len().max(1) as f64;
        draws.sort_by(f64::total_cmp);
        let tail = (1.0 - INSIDE) / 2.0;
        Estimate {
            mean,
            low: quantile(&draws, tail),
            high: quantile(&draws, 1.0 - tail),
        }
    }
}

/// The narrowest interval that holds such a part of numbers in order.
pub fn narrowest(sorted: &[f64], part: f64) -> (f64, f64) {
    let held = ((part * sorted.len() as f64).floor() as usize).min(sorted.len().saturating_sub(1));
    let ends = sorted.iter().zip(sorted.iter().skip(held));
    let best = ends.min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
    best.map_or((f64::NAN, f64::NAN), |(low, high)| (*low, *high))
}

/// What a draw says of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// What it brought in all over the fitted periods, in the outcome's unit.
    pub total: f64,
    /// The height of its curve, the same a period.
    pub height: f64,
    /// Its half-way point is in the driver's unit.
    pub curve: Curve,
}

/// What each draw says of each channel: by draw, then channel.
pub fn drawn(model: &Model, draws: &Draws) -> Vec<Vec<Drawn>> {
    let fitted = model.input.fitted;
    let one = |draw: &[f64], channel: usize| {
        let sampled = model.sampled(draw, channel);
        let values = sampled.curve.values(&model.driver(channel)[..fitted]);
        let sum: f64 = values.iter().sum();
        let height = model.height(channel, sampled.effect, sum) * model.input.scale;
        let most = model.most[channel];
        let half = match sampled.curve.saturation {
            super::curve::Saturation::Hill => sampled.curve.half * most,
            super::curve::Saturation::Logistic => sampled.curve.half / most,
        };
        Drawn {
            total: height * sum,
            height,
            curve: Curve {
                half,
                ..sampled.curve
            },
        }
    };
    let channels = model.input.channels.len();
    draws
        .all()
        .map(|draw| (0..channels).map(|channel| one(draw, channel)).collect())
        .collect()
}

/// A line with its band.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    #[allow(missing_docs)]
    pub mean: Vec<f64>,
    #[allow(missing_docs)]
    pub low: Vec<f64>,
    #[allow(missing_docs)]
    pub high: Vec<f64>,
}

impl Band {
    /// Of draws of a line.
    fn of(draws: &[Vec<f32>]) -> Band {
        let mut band = Band::default();
        for at in 0..draws.first().map_or(0, Vec::len) {
            let here = draws.iter().map(|draw| f64::from(draw[at])).collect();
            let Estimate { mean, low, high } = Estimate::tails(here);
            band.mean.push(mean);
            band.low.push(low);
            band.high.push(high);
        }
        band
    }
}

/// What an event, a price or the like does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effected {
    #[allow(missing_docs)]
    pub name: String,
    /// In the outcome's unit, a period.
    pub effect: Estimate,
}

/// What made up the outcome, period by period, all in its unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// By channel.
    pub channels: Vec<Band>,
    /// The level and the trend.
    pub base: Band,
    #[allow(missing_docs)]
    pub season: Band,
    #[allow(missing_docs)]
    pub events: Band,
    /// What each event does to a period in which it is at its strongest, or a price at its highest.
    #[serde(default)]
    pub effects: Vec<Effected>,
    /// All of it.
    pub all: Band,
    /// With chance: where a new outcome would lie.
    pub expected: Band,
}

/// Lines of all periods, those that aren't fitted too.
pub fn lines(model: &Model, draws: &Draws, seed: u64) -> Lines {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(0);
    let channels = model.input.channels.len();
    let mut all: [Vec<Vec<f32>>; 5] = Default::default();
    let mut by_channel: Vec<Vec<Vec<f32>>> = vec![Vec::new(); channels];
    let columns = model.design.columns.iter();
    let mut effects: Vec<(&Column, Vec<f64>)> = columns
        .filter(|column| column.part == Part::Event)
        .map(|column| (column, Vec::new()))
        .collect();
    for draw in draws.some(BANDS) {
        let one = line(model, draw, &mut rng);
        for (into, line) in by_channel.iter_mut().zip(one.channels) {
            into.push(line);
        }
        for ((column, into), coefficient) in effects.iter_mut().zip(one.events) {
            into.push(coefficient * column.strongest());
        }
        for (into, line) in all.iter_mut().zip(one.others) {
            into.push(line);
        }
    }
    let [base, season, events, whole, expected] = all.map(|draws| Band::of(&draws));
    Lines {
        channels: by_channel.iter().map(|draws| Band::of(draws)).collect(),
        base,
        season,
        events,
        effects: effects
            .into_iter()
            .map(|(column, draws)| Effected {
                name: column.name.clone(),
                effect: Estimate::tails(draws),
            })
            .collect(),
        all: whole,
        expected,
    }
}

struct Line {
    channels: Vec<Vec<f32>>,
    /// The coefficient of each event's column.
    events: Vec<f64>,
    /// Base, season, events, all of it, and all of it with chance.
    others: [Vec<f32>; 5],
}

fn line(model: &Model, draw: &[f64], rng: &mut impl Rng) -> Line {
    let (periods, scale) = (model.input.outcome.len(), model.input.scale);
    let mut channels: Vec<Vec<f64>> = Vec::new();
    let mut media = vec![0.0; periods];
    for channel in 0..model.input.channels.len() {
        let sampled = model.sampled(draw, channel);
        let mut values = sampled.curve.values(model.driver(channel));
        let sum = values.iter().take(model.input.fitted).sum();
        let height = model.height(channel, sampled.effect, sum);
        for (value, media) in values.iter_mut().zip(&mut media) {
            *value *= height;
            *media += *value;
        }
        channels.push(values);
    }
    let noise = model.noise(draw);
    let rest = model.rest(|at| media[at]);
    let coefficients = model
        .design
        .coefficients(&rest, noise * noise, Some(&mut *rng));
    let mut events = Vec::new();
    let mut parts = [vec![0.0; periods], vec![0.0; periods], vec![0.0; periods]];
    for (column, coefficient) in model.design.columns.iter().zip(coefficients) {
        let part = match column.part {
            Part::Level | Part::Trend => 0,
            Part::Season => 1,
            Part::Event => {
                events.push(coefficient * scale);
                2
            }
        };
        for (sum, value) in parts[part].iter_mut().zip(&column.values) {
            *sum += coefficient * value;
        }
    }
    let whole: Vec<f64> = (0..periods)
        .map(|at| media[at] + parts.iter().map(|part| part[at]).sum::<f64>())
        .collect();
    let expected: Vec<f64> = whole
        .iter()
        .map(|value| value + noise * standard(rng))
        .collect();
    let told = |line: &Vec<f64>| line.iter().map(|value| (value * scale) as f32).collect();
    let [base, season, in_events] = &parts;
    Line {
        channels: channels.iter().map(told).collect(),
        events,
        others: [base, season, in_events, &whole, &expected].map(told),
    }
}

/// What was thought of a channel's return, or of what it brings, before the data: the middle, and 94 % around it.
pub fn beforehand(effect: Effect) -> Option<Estimate> {
    match effect {
        Effect::Total { mean, sd, .. } => {
            // Of a normal distribution 94 % lie within 1.8808 standard deviations.
            let at = |off: f64| (mean + off * sd).exp();
            Some(Estimate {
                mean: at(0.0),
                low: at(-1.8808),
                high: at(1.8808),
            })
        }
        Effect::Height { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_the_narrowest() {
        // Of a hundred numbers, 94 beside each other and six far away.
        let numbers: Vec<f64> = (0..94)
            .map(f64::from)
            .chain((0..6).map(|far| 1000.0 + f64::from(far)))
            .collect();
        let found = Estimate::of(numbers);
        assert_eq!(found.low, 0.0);
        assert!(found.high <= 1000.0, "{found:?}");
        let even = Estimate::of((0..=1000).map(f64::from).collect());
        assert_eq!((even.mean, even.high - even.low), (500.0, 940.0));
    }

    #[test]
    fn a_prior_is_told_as_the_return_that_it_means() {
        let told = beforehand(Effect::Total {
            per: 1.0,
            mean: 0.0,
            sd: 1.0,
        })
        .unwrap();
        assert!(
            (told.mean - 1.0).abs() < 1e-12
                && (told.high - 6.558).abs() < 1e-2
                && (told.low * told.high - 1.0).abs() < 1e-9
        );
    }
}
