//! Gamma-Gamma: what a customer's purchase is worth on average, between what this customer's were and what everybody's are.
//!
//! Source: Fader, Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), equations 1a and 5.

use libm::lgamma;

use super::fit;

/// A customer's purchases that are looked at, and their mean value, more than 0 both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// How many.
    pub purchases: f64,
    /// Their mean.
    pub mean: f64,
}

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

impl GammaGamma {
    /// The parameters that are the most likely for some customers, and the logarithm of the likelihood.
    pub fn fit(spent: &[Spent]) -> Option<(GammaGamma, f64)> {
        let mean = spent.iter().map(|spent| spent.mean).sum::<f64>() / spent.len().max(1) as f64;
        let of = |p: &[f64]| {
            let model = GammaGamma {
                p: p[0],
                q: p[1],
                v: p[2],
            };
            spent.iter().map(|spent| model.of(spent)).sum()
        };
        let ([p, q, v], likelihood) = fit::most_likely([2.0, 3.0, mean.max(1e-6)], of)?;
        Some((GammaGamma { p, q, v }, likelihood))
    }

    fn of(&self, spent: &Spent) -> f64 {
        let GammaGamma { p, q, v } = *self;
        let (x, m) = (spent.purchases, spent.mean);
        lgamma(p * x + q) - lgamma(p * x) - lgamma(q)
            + q * v.ln()
            + (p * x - 1.0) * m.ln()
            + p * x * x.ln()
            - (p * x + q) * (v + x * m).ln()
    }

    /// What a purchase is worth that a customer makes; of one of whom nothing is known, everybody's mean. `None` where the
    /// parameters give no mean.
    pub fn expected(&self, spent: Option<&Spent>) -> Option<f64> {
        let GammaGamma { p, q, v } = *self;
        let (x, m) = spent.map_or((0.0, 0.0), |spent| (spent.purchases, spent.mean));
        let below = p * x + q - 1.0;
        (below > 0.0).then(|| p * (v + x * m) / below)
    }
}
