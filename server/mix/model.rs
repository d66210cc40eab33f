//! The model: an outcome is what channels bring, each by its curve, and what moves it anyway, and chance.
//!
//! `y[t] = s·(Σ_c T_c ÷ s · f_c[t] ÷ Σ f_c + X[t]·b) + ε`, with `s` the scale of the outcome, `f` of [`curve`](super::curve), `X` of
//! [`design`](super::design) and `ε` normal. What a channel brings in all, `T_c`, is what is sampled (its logarithm): return × spend. With an
//! always-on channel the height of a saturation curve and the level can stand in for each other, what a channel brings in all can't so easily.

use serde::{Deserialize, Serialize};

use super::curve::{Curve, Effects, Saturation};
use super::design::{Column, Design, dot};
use super::prior::{Beta, Gamma, half_normal, normal};

/// What is thought of a channel's effect beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// What it brings in all over the fitted periods is `per` times a log-normal number: with spend as `per`, that is the return.
    Total {
        /// In the outcome's unit.
        per: f64,
        /// Of the logarithm.
        mean: f64,
        #[allow(missing_docs)]
        sd: f64,
    },
    /// The height of its curve, in scaled outcome, is half-normal.
    Height {
        #[allow(missing_docs)]
        sd: f64,
    },
}

/// A channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    #[allow(missing_docs)]
    pub name: String,
    /// What drives it, a number a period: spend, impressions, clicks or sessions.
    pub driver: Vec<f64>,
    /// What it cost, a number a period; none of what costs nothing.
    pub spend: Option<Vec<f64>>,
    #[allow(missing_docs)]
    pub effect: Effect,
    /// Of the part that is left a period later.
    pub decay: Beta,
    /// Of the half-way point, in the driver's most; of the logistic curve the rate.
    pub half: Gamma,
    /// Of the slope.
    pub slope: Gamma,
}

/// The priors of curves that are used unless something else is said.
pub const DECAY: Beta = Beta { a: 2.0, b: 3.0 };

impl Channel {
    /// With the usual priors of its curve.
    pub fn new(name: &str, driver: Vec<f64>, spend: Option<Vec<f64>>, effect: Effect) -> Channel {
        Channel {
            name: name.into(),
            driver,
            spend,
            effect,
            decay: DECAY,
            half: Gamma::of(0.4, 0.3),
            slope: Gamma::of(1.2, 0.4),
        }
    }
}

/// What an experiment said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reading {
    /// What came of each unit that an effect is per: the return on spend.
    Return {
        #[allow(missing_docs)]
        value: f64,
        #[allow(missing_docs)]
        error: f64,
    },
    /// A driver was changed for some periods, and the outcome of those changed.
    Lift {
        /// The first period and the one after the last.
        from: usize,
        #[allow(missing_docs)]
        to: usize,
        /// By which part of itself the driver was changed: −1 is off.
        change: f64,
        /// In the outcome's unit, in all.
        value: f64,
        #[allow(missing_docs)]
        error: f64,
    },
}

/// A lift experiment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// Of the channel in this place.
    pub channel: usize,
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// What a model is made of.
#[derive(Clone, Debug)]
pub struct Input {
    /// A number a period.
    pub outcome: Vec<f64>,
    #[allow(missing_docs)]
    pub channels: Vec<Channel>,
    /// Coefficients are of the scaled outcome.
    pub columns: Vec<Column>,
    #[allow(missing_docs)]
    pub experiments: Vec<Experiment>,
    #[allow(missing_docs)]
    pub saturation: Saturation,
    /// Periods after which nothing is left.
    pub reach: Option<usize>,
    /// What the outcome is divided by.
    pub scale: f64,
    /// The chance's standard deviation is half-normal with this one, in scaled outcome.
    pub noise: f64,
    /// The first so many periods are fitted.
    pub fitted: usize,
}

/// A model of data.
#[derive(Clone, Debug)]
pub struct Model {
    /// What it was made of.
    pub input: Input,
    #[allow(missing_docs)]
    pub design: Design,
    /// The most of each driver, which half-way points are told in.
    pub most: Vec<f64>,
    /// Drivers in their most.
    drivers: Vec<Vec<f64>>,
    /// And as experiments had them: their own and the changed, up to the experiment's end.
    changed: Vec<Vec<f64>>,
    /// The scaled outcome less what priors expect of the columns.
    off: Vec<f64>,
    work: Work,
}

/// What is written anew each time.
#[derive(Clone, Debug, Default)]
struct Work {
    effects: Vec<Effects>,
    changed: Effects,
    rest: Vec<f64>,
    pull: Vec<f64>,
    along: Vec<f64>,
}

/// The parameters of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampled {
    /// The logarithm of the return, or of the height.
    pub effect: f64,
    /// Half-way points are in the driver's most.
    pub curve: Curve,
}

impl Model {
    #[allow(missing_docs)]
    pub fn new(input: Input) -> Model {
        let periods = input.outcome.len();
        let design = Design::new(input.columns.clone(), periods, input.fitted);
        let fitted = |driver: &[f64]| {
            driver
                .iter()
                .copied()
                .take(input.fitted)
                .fold(0.0, f64::max)
        };
        let most: Vec<f64> = input
            .channels
            .iter()
            .map(|channel| fitted(&channel.driver))
            .collect();
        let scaled = |(channel, most): (&Channel, &f64)| -> Vec<f64> {
            channel
                .driver
                .iter()
                .map(|x| x / most.max(f64::MIN_POSITIVE))
                .collect()
        };
        let drivers: Vec<Vec<f64>> = input.channels.iter().zip(&most).map(scaled).collect();
        let change = |experiment: &Experiment| match experiment.reading {
            Reading::Return { .. } => Vec::new(),
            Reading::Lift {
                from, to, change, ..
            } => {
                let driver = drivers[experiment.channel].iter().enumerate();
                let driver = driver.take(to);
                driver
                    .map(|(at, x)| if at >= from { x * (1.0 + change) } else { *x })
                    .collect()
            }
        };
        let changed = input.experiments.iter().map(change).collect();
        let expected = design.expected.iter();
        let off = input.outcome.iter().zip(expected);
        let off = off
            .take(input.fitted)
            .map(|(y, expected)| y / input.scale - expected);
        Model {
            off: off.collect(),
            work: Work {
                effects: vec![Effects::default(); input.channels.len()],
                ..Work::default()
            },
            design,
            most,
            drivers,
            changed,
            input,
        }
    }

    /// Parameters of a channel.
    pub fn each(&self) -> usize {
        match self.input.saturation {
            Saturation::Hill => 4,
            Saturation::Logistic => 3,
        }
    }

    /// Parameters in all: those of each channel, and the logarithm of the chance's standard deviation.
    pub fn parameters(&self) -> usize {
        self.input.channels.len() * self.each() + 1
    }

    /// What stands at a channel's place of a draw.
    pub fn sampled(&self, position: &[f64], channel: usize) -> Sampled {
        let at = &position[channel * self.each()..];
        Sampled {
            effect: at[0],
            curve: Curve {
                saturation: self.input.saturation,
                decay: 1.0 / (1.0 + (-at[1]).exp()),
                half: at[2].exp(),
                slope: match self.input.saturation {
                    Saturation::Hill => at[3].exp(),
                    Saturation::Logistic => 1.0,
                },
                reach: self.input.reach,
            },
        }
    }

    /// The standard deviation of chance, in scaled outcome.
    pub fn noise(&self, position: &[f64]) -> f64 {
        position[self.parameters() - 1].exp()
    }

    /// A channel's driver in its most, all periods.
    pub fn driver(&self, channel: usize) -> &[f64] {
        &self.drivers[channel]
    }

    /// What the height of a channel's curve is, in scaled outcome, when its effects add up to this over the fitted periods.
    pub fn height(&self, channel: usize, effect: f64, sum: f64) -> f64 {
        if sum <= 0.0 {
            return 0.0;
        }
        match self.input.channels[channel].effect {
            Effect::Total { per, .. } => effect.exp() * per / self.input.scale / sum,
            Effect::Height { .. } => effect.exp(),
        }
    }

    /// What the channels leave of the scaled outcome over the fitted periods, when they bring this.
    pub fn rest(&self, media: impl Fn(usize) -> f64) -> Vec<f64> {
        self.off
            .iter()
            .enumerate()
            .map(|(at, off)| off - media(at))
            .collect()
    }

    /// The logarithm of the posterior density, up to a constant, and its derivatives. Not finite where numbers are too
    /// large to be told.
    pub fn density(&mut self, position: &[f64], gradient: &mut [f64]) -> f64 {
        let mut work = std::mem::take(&mut self.work);
        let found = self.density_with(position, gradient, &mut work);
        self.work = work;
        found
    }

    fn density_with(&self, position: &[f64], gradient: &mut [f64], work: &mut Work) -> f64 {
        let (fitted, each) = (self.input.fitted, self.each());
        let channels = self.input.channels.len();
        let last = self.parameters() - 1;
        gradient.fill(0.0);
        work.rest.clear();
        work.rest.extend_from_slice(&self.off);
        let mut heights = Vec::with_capacity(channels);
        for (channel, effects) in work.effects.iter_mut().enumerate() {
            let sampled = self.sampled(position, channel);
            sampled
                .curve
                .effects(&self.drivers[channel][..fitted], effects);
            let sum: f64 = effects.value.iter().sum();
            let height = self.height(channel, sampled.effect, sum);
            for (rest, value) in work.rest.iter_mut().zip(&effects.value) {
                *rest -= height * value;
            }
            heights.push((height, sum));
        }
        // The density of what is left, with the columns' coefficients integrated out.
        let noise = position[last].exp();
        let variance = noise * noise;
        self.design.project(&work.rest, &mut work.along);
        let mut squares = dot(&work.rest, &work.rest);
        let (mut spread, mut by_variance) = (0.0, 0.0);
        work.pull.clear();
        work.pull.extend_from_slice(&work.rest);
        for ((along, strength), column) in work
            .along
            .iter()
            .zip(&self.design.strengths)
            .zip(&self.design.basis)
        {
            let part = strength / (variance + strength);
            squares -= along * along * part;
            spread += (strength / variance).ln_1p();
            by_variance += part - along * along * strength / (variance + strength).powi(2);
            let take = along * part;
            for (pull, value) in work.pull.iter_mut().zip(column) {
                *pull -= take * value;
            }
        }
        let mut density = -0.5 * (squares / variance + spread) - fitted as f64 * noise.ln();
        gradient[last] = squares / variance + by_variance - fitted as f64;
        let (prior, by) = half_normal(noise, self.input.noise);
        density += prior;
        gradient[last] += by;
        for (channel, effects) in work.effects.iter().enumerate() {
            let at = channel * each;
            let (height, sum) = heights[channel];
            let pull = height / variance;
            let of = dot(&work.pull, &effects.value);
            gradient[at] += pull * of;
            let is_total = matches!(self.input.channels[channel].effect, Effect::Total { .. });
            for (place, by) in self.by(effects).into_iter().enumerate() {
                let mut along = dot(&work.pull, by);
                if is_total {
                    along -= of * by.iter().sum::<f64>() / sum.max(f64::MIN_POSITIVE);
                }
                gradient[at + 1 + place] += pull * along;
            }
            density += self.prior(position, channel, &mut gradient[at..at + each]);
        }
        let experiments = self.input.experiments.iter().zip(&self.changed);
        for (experiment, changed) in experiments {
            let channel = experiment.channel;
            let effects = &work.effects[channel];
            let at = channel * each;
            match experiment.reading {
                Reading::Return { value, error } => {
                    let (reading, by) = normal(position[at], value.ln(), error / value);
                    density += reading;
                    gradient[at] += by;
                }
                Reading::Lift {
                    from,
                    to,
                    value,
                    error,
                    ..
                } => {
                    let sampled = self.sampled(position, channel);
                    sampled.curve.effects(changed, &mut work.changed);
                    let (height, sum) = heights[channel];
                    let more = |changed: &[f64], own: &[f64]| -> f64 {
                        changed[from..to]
                            .iter()
                            .zip(&own[from..to])
                            .map(|(a, b)| a - b)
                            .sum()
                    };
                    let lift = more(&work.changed.value, &effects.value);
                    let scale = height * self.input.scale;
                    let (reading, by) = normal(scale * lift, value, error);
                    density += reading;
                    gradient[at] += by * scale * lift;
                    let own = self.by(effects).into_iter();
                    for (place, (own, changed)) in own.zip(self.by(&work.changed)).enumerate() {
                        let mut along = more(changed, own);
                        if let Effect::Total { .. } = self.input.channels[channel].effect {
                            along -= lift * own.iter().sum::<f64>() / sum.max(f64::MIN_POSITIVE);
                        }
                        gradient[at + 1 + place] += by * scale * along;
                    }
                }
            }
        }
        density
    }

    /// The derivatives that the model's curves have.
    fn by<'a>(&self, effects: &'a Effects) -> Vec<&'a [f64]> {
        let all: [&[f64]; 3] = [&effects.by_decay, &effects.by_half, &effects.by_slope];
        all[..self.each() - 1].to_vec()
    }

    /// Adds the derivatives of a channel's prior, and gives its density.
    fn prior(&self, position: &[f64], channel: usize, gradient: &mut [f64]) -> f64 {
        let sampled = self.sampled(position, channel);
        let Channel {
            effect,
            decay,
            half,
            slope,
            ..
        } = &self.input.channels[channel];
        let effect = match effect {
            Effect::Total { mean, sd, .. } => normal(sampled.effect, *mean, *sd),
            Effect::Height { sd } => half_normal(sampled.effect.exp(), *sd),
        };
        let all = [
            effect,
            decay.at(sampled.curve.decay),
            half.at(sampled.curve.half),
            slope.at(sampled.curve.slope),
        ];
        let mut density = 0.0;
        for ((of, by), into) in all.into_iter().zip(gradient) {
            density += of;
            *into += by;
        }
        density
    }

    /// Where priors have their middle; `chance` moves it, a number a parameter.
    pub fn start(&self, mut chance: impl FnMut() -> f64) -> Vec<f64> {
        let mut position = Vec::with_capacity(self.parameters());
        for channel in &self.input.channels {
            let effect = match channel.effect {
                Effect::Total { mean, .. } => mean,
                Effect::Height { sd } => (0.7 * sd).ln(),
            };
            let decay = channel.decay.mean();
            let all = [
                effect,
                (decay / (1.0 - decay)).ln(),
                channel.half.mean().ln(),
                channel.slope.mean().ln(),
            ];
            position.extend(all.into_iter().take(self.each()).map(|at| at + chance()));
        }
        let mean_off = self.off.iter().sum::<f64>() / self.off.len() as f64;
        let spread = self
            .off
            .iter()
            .map(|off| (off - mean_off).powi(2))
            .sum::<f64>();
        let spread = (spread / self.off.len() as f64).sqrt();
        position.push((0.5 * spread).max(1e-6).ln() + chance());
        position
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
