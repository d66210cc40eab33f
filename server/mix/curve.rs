//! What spend becomes: part of it works later (adstock), and twice as much of it works less than twice (saturation).
//!
//! - geometric adstock, its weights adding up to 1: `a[t] = (1−l)·x[t] + l·a[t−1]`, or cut after `L` periods, with weights
//!   `l^k ÷ Σ l^j`, k < L; half-life `ln ½ ÷ ln l` periods
//! - Hill: `aⁿ ÷ (Kⁿ + aⁿ)`; logistic: `(1−e^(−k·a)) ÷ (1+e^(−k·a))`
//!
//! Where nothing was spent and nothing is left of what was, the value and all derivatives are 0.

/// How effects of the level of a driver bend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saturation {
    /// With a half-way point and a slope.
    Hill,
    /// With a rate.
    Logistic,
}

/// A channel's curve: how it decays and bends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    #[allow(missing_docs)]
    pub saturation: Saturation,
    /// Part of an effect that is left a period later, 0 to 1.
    pub decay: f64,
    /// Hill: the level that has half of all effect there can be; logistic: the rate.
    pub half: f64,
    /// Hill: how steep it is; unused otherwise.
    pub slope: f64,
    /// Periods after which nothing is left; none where the last trace counts.
    pub reach: Option<usize>,
}

/// The effect of each period, between 0 and 1, and what it changes by with the curve's parameters: with the logit of the
/// decay, the logarithm of the half-way point and the logarithm of the slope.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    #[allow(missing_docs)]
    pub value: Vec<f64>,
    #[allow(missing_docs)]
    pub by_decay: Vec<f64>,
    #[allow(missing_docs)]
    pub by_half: Vec<f64>,
    #[allow(missing_docs)]
    pub by_slope: Vec<f64>,
}

/// Levels of a driver after adstock: periods → periods, in the driver's unit.
pub fn adstock(driver: &[f64], decay: f64, reach: Option<usize>) -> Vec<f64> {
    let mut levels = Vec::with_capacity(driver.len());
    Adstock::new(decay, reach).each(driver, |level, _| levels.push(level));
    levels
}

/// The levels that adstock makes of a driver.
struct Adstock {
    decay: f64,
    /// Where effects end: the weights, and their derivatives by the decay.
    weights: Option<Vec<(f64, f64)>>,
}

impl Adstock {
    fn new(decay: f64, reach: Option<usize>) -> Adstock {
        let weights = reach.map(|reach| {
            let power = |at: usize| (decay.powi(at as i32), at as f64 * decay.powi(at as i32 - 1));
            let powers: Vec<(f64, f64)> = (0..reach)
                .map(|at| if at == 0 { (1.0, 0.0) } else { power(at) })
                .collect();
            let (sum, by) = powers
                .iter()
                .fold((0.0, 0.0), |sum, power| (sum.0 + power.0, sum.1 + power.1));
            let weight =
                |(power, of): (f64, f64)| (power / sum, of / sum - power * by / (sum * sum));
            powers.into_iter().map(weight).collect()
        });
        Adstock { decay, weights }
    }

    /// Gives each level and its derivative by the decay.
    fn each(&self, driver: &[f64], mut take: impl FnMut(f64, f64)) {
        let (mut level, mut by) = (0.0, 0.0);
        for (at, x) in driver.iter().enumerate() {
            match &self.weights {
                None => {
                    by = level - x + self.decay * by;
                    level = (1.0 - self.decay) * x + self.decay * level;
                }
                // Summed anew each time: what is over has to be nothing, not what rounding leaves of it.
                Some(weights) => {
                    let past = driver[..=at].iter().rev().zip(weights);
                    (level, by) = past.fold((0.0, 0.0), |(level, by), (x, (weight, of))| {
                        (level + weight * x, by + of * x)
                    });
                }
            }
            take(level, by);
        }
    }
}

impl Curve {
    /// The effect of a level that stays: 0 of 0, never 1.
    pub fn at(&self, level: f64) -> f64 {
        if level <= 0.0 {
            return 0.0;
        }
        match self.saturation {
            Saturation::Hill => sigmoid(self.slope * (level / self.half).ln()),
            Saturation::Logistic => (0.5 * self.half * level).tanh(),
        }
    }

    /// What one more of the level adds to it there; 0 at 0.
    pub fn slope_at(&self, level: f64) -> f64 {
        if level <= 0.0 {
            return 0.0;
        }
        let value = self.at(level);
        match self.saturation {
            Saturation::Hill => self.slope * value * (1.0 - value) / level,
            Saturation::Logistic => 0.5 * self.half * (1.0 - value * value),
        }
    }

    /// Periods after which half of an effect has come.
    pub fn half_life(&self) -> f64 {
        0.5f64.ln() / self.decay.ln()
    }

    /// The effects of a driver.
    pub fn values(&self, driver: &[f64]) -> Vec<f64> {
        let levels = adstock(driver, self.decay, self.reach);
        levels.into_iter().map(|level| self.at(level)).collect()
    }

    /// The same with derivatives, into what is there.
    pub fn effects(&self, driver: &[f64], out: &mut Effects) {
        let periods = driver.len();
        for column in [
            &mut out.value,
            &mut out.by_decay,
            &mut out.by_half,
            &mut out.by_slope,
        ] {
            column.clear();
            column.resize(periods, 0.0);
        }
        let by_logit = self.decay * (1.0 - self.decay);
        let log_half = self.half.ln();
        let mut at = 0;
        Adstock::new(self.decay, self.reach).each(driver, |level, by| {
            if level > 0.0 {
                match self.saturation {
                    Saturation::Hill => {
                        let steep = self.slope * (level.ln() - log_half);
                        let value = sigmoid(steep);
                        let bend = value * (1.0 - value);
                        out.value[at] = value;
                        out.by_decay[at] = bend * self.slope * by / level * by_logit;
                        out.by_half[at] = -self.slope * bend;
                        out.by_slope[at] = steep * bend;
                    }
                    Saturation::Logistic => {
                        let value = (0.5 * self.half * level).tanh();
                        let bend = 0.5 * self.half * (1.0 - value * value);
                        out.value[at] = value;
                        out.by_decay[at] = bend * by * by_logit;
                        out.by_half[at] = bend * level;
                    }
                }
            }
            at += 1;
        });
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Weights as they are written down.
    fn slowly(driver: &[f64], decay: f64, reach: usize) -> Vec<f64> {
        let weights: Vec<f64> = (0..reach).map(|k| decay.powi(k as i32)).collect();
        let sum: f64 = weights.iter().sum();
        let level = |t: usize| {
            let past = weights.iter().take(t + 1).enumerate();
            past.map(|(k, weight)| weight / sum * driver[t - k]).sum()
        };
        (0..driver.len()).map(level).collect()
    }

    fn curves() -> impl Strategy<Value = Curve> {
        let saturation = prop_oneof![Just(Saturation::Hill), Just(Saturation::Logistic)];
        let reach = prop_oneof![Just(None), (1usize..12).prop_map(Some)];
        (saturation, 0.05f64..0.95, 0.1f64..4.0, 0.4f64..2.5, reach).prop_map(
            |(saturation, decay, half, slope, reach)| Curve {
                saturation,
                decay,
                half,
                slope,
                reach,
            },
        )
    }

    proptest! {
        #[test]
        fn adstock_is_the_weighted_sum(
            driver in proptest::collection::vec(prop_oneof![Just(0.0), 0.0f64..5.0], 1..60),
            decay in 0.0f64..0.95,
            reach in 1usize..12,
        ) {
            let direct = slowly(&driver, decay, reach);
            for (found, wanted) in adstock(&driver, decay, Some(reach)).iter().zip(direct) {
                prop_assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
            }
            let mut level = 0.0;
            for (found, x) in adstock(&driver, decay, None).iter().zip(&driver) {
                level = (1.0 - decay) * x + decay * level;
                prop_assert!((found - level).abs() < 1e-9);
            }
        }

        #[test]
        fn derivatives_are_what_differences_say(
            curve in curves(),
            driver in proptest::collection::vec(prop_oneof![Just(0.0), 0.01f64..3.0], 1..40),
        ) {
            let mut found = Effects::default();
            curve.effects(&driver, &mut found);
            let values = curve.values(&driver);
            let step: f64 = 1e-6;
            let logit = (curve.decay / (1.0 - curve.decay)).ln();
            let moved = |by: f64| [
                Curve { decay: sigmoid(logit + by), ..curve },
                Curve { half: curve.half * by.exp(), ..curve },
                Curve { slope: curve.slope * by.exp(), ..curve },
            ];
            let columns = [&found.by_decay, &found.by_half, &found.by_slope];
            for ((up, down), column) in moved(step).iter().zip(&moved(-step)).zip(columns) {
                let (up, down) = (up.values(&driver), down.values(&driver));
                for t in 0..driver.len() {
                    prop_assert!((found.value[t] - values[t]).abs() < 1e-9);
                    let difference = (up[t] - down[t]) / (2.0 * step);
                    prop_assert!((column[t] - difference).abs() < 1e-5, "{t}: {} {difference}", column[t]);
                }
            }
        }

        #[test]
        fn a_curve_rises_as_its_slope_says(curve in curves(), level in 0.01f64..5.0) {
            let step = 1e-6 * level;
            let difference = (curve.at(level + step) - curve.at(level - step)) / (2.0 * step);
            prop_assert!((curve.slope_at(level) - difference).abs() < 1e-5 * (1.0 + difference));
            prop_assert!((0.0..1.0).contains(&curve.at(level)));
        }
    }

    #[test]
    fn of_nothing_comes_nothing() {
        let curve = Curve {
            saturation: Saturation::Hill,
            decay: 0.5,
            half: 0.4,
            slope: 0.7,
            reach: Some(3),
        };
        let mut effects = Effects::default();
        curve.effects(&[0.0, 0.0, 1.0], &mut effects);
        for column in [
            &effects.value,
            &effects.by_decay,
            &effects.by_half,
            &effects.by_slope,
        ] {
            assert_eq!(column[..2], [0.0, 0.0]);
            assert!(column[2].is_finite());
        }
        assert_eq!((curve.at(0.0), curve.slope_at(0.0)), (0.0, 0.0));
    }

    #[test]
    fn half_of_an_effect_comes_within_the_half_life() {
        let curve = Curve {
            saturation: Saturation::Hill,
            decay: 0.5f64.powf(0.25),
            half: 1.0,
            slope: 1.0,
            reach: None,
        };
        assert!((curve.half_life() - 4.0).abs() < 1e-12);
        let levels = adstock(&[1.0, 0.0, 0.0, 0.0], curve.decay, None);
        assert!((levels.iter().sum::<f64>() - 0.5).abs() < 1e-12);
    }
}
