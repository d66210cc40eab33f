//! sBG: subscribers end at the end of any period, each with a chance of their own.
//!
//! Source: Fader, Hardie, "How to Project Customer Retention", Journal of Interactive Marketing 21 (2007).

use libm::lgamma;

use super::fit;

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Sbg {
    pub alpha: f64,
    pub beta: f64,
}

fn log_beta(a: f64, b: f64) -> f64 {
    lgamma(a) + lgamma(b) - lgamma(a + b)
}

impl Sbg {
    /// The parameters that are the most likely when so many ended with period 1, 2, 3, … and so many were still there after
    /// 0, 1, 2, … periods when they were looked at last; and the logarithm of the likelihood. `None` where nobody ended, or
    /// all did at once.
    pub fn fit(ended: &[f64], still: &[f64]) -> Option<(Sbg, f64)> {
        let others = still.iter().sum::<f64>() + ended.iter().skip(1).sum::<f64>();
        if ended.iter().sum::<f64>() <= 0.0 || others <= 0.0 {
            return None;
        }
        let of = |p: &[f64]| {
            let model = Sbg {
                alpha: p[0],
                beta: p[1],
            };
            let ended = ended.iter().zip(1u32..).filter(|(n, _)| **n > 0.0);
            let still = still.iter().zip(0u32..).filter(|(n, _)| **n > 0.0);
            ended
                .map(|(n, period)| n * model.log_ends(f64::from(period)))
                .sum::<f64>()
                + still
                    .map(|(n, periods)| n * model.left(f64::from(periods)).ln())
                    .sum::<f64>()
        };
        let ([alpha, beta], likelihood) = fit::most_likely([1.0, 1.0], of)?;
        Some((Sbg { alpha, beta }, likelihood))
    }

    /// The logarithm of the chance to end with a period, 1 for the first.
    fn log_ends(&self, period: f64) -> f64 {
        log_beta(self.alpha + 1.0, self.beta + period - 1.0) - log_beta(self.alpha, self.beta)
    }

    /// The share that is left after some periods.
    pub fn left(&self, periods: f64) -> f64 {
        (log_beta(self.alpha, self.beta + periods) - log_beta(self.alpha, self.beta)).exp()
    }
}
