//! What is thought of parameters before any data, as densities of what is sampled: logits and logarithms, the change of
//! variable included. Constants that no parameter changes are left out.

use nuts_rs::rand::Rng;
use rand_distr::{Beta as BetaDraw, Distribution, Gamma as GammaDraw, StandardNormal};

/// A part between 0 and 1, sampled as its logit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    #[allow(missing_docs)]
    pub a: f64,
    #[allow(missing_docs)]
    pub b: f64,
}

/// Something above 0, sampled as its logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    #[allow(missing_docs)]
    pub shape: f64,
    #[allow(missing_docs)]
    pub rate: f64,
}

impl Beta {
    /// The density's logarithm at a logit, and its derivative by it.
    pub fn at(&self, part: f64) -> (f64, f64) {
        (
            self.a * part.ln() + self.b * (-part).ln_1p(),
            self.a * (1.0 - part) - self.b * part,
        )
    }

    #[allow(missing_docs)]
    pub fn mean(&self) -> f64 {
        self.a / (self.a + self.b)
    }

    /// One of it; the mean where the parameters are none.
    pub fn draw(&self, rng: &mut impl Rng) -> f64 {
        BetaDraw::new(self.a, self.b).map_or(self.mean(), |beta| beta.sample(rng))
    }
}

impl Gamma {
    /// By its mean and standard deviation.
    pub fn of(mean: f64, sd: f64) -> Gamma {
        Gamma {
            shape: (mean / sd).powi(2),
            rate: mean / (sd * sd),
        }
    }

    /// The density's logarithm at a logarithm, of which this is the number, and its derivative by it.
    pub fn at(&self, number: f64) -> (f64, f64) {
        (
            self.shape * number.ln() - self.rate * number,
            self.shape - self.rate * number,
        )
    }

    #[allow(missing_docs)]
    pub fn mean(&self) -> f64 {
        self.shape / self.rate
    }

    /// One of it; the mean where the parameters are none.
    pub fn draw(&self, rng: &mut impl Rng) -> f64 {
        let gamma = GammaDraw::new(self.shape, 1.0 / self.rate);
        gamma.map_or(self.mean(), |gamma| gamma.sample(rng))
    }
}

/// The logarithm of a normal density at `x`, and its derivative.
pub fn normal(x: f64, mean: f64, sd: f64) -> (f64, f64) {
    let off = (x - mean) / sd;
    (-0.5 * off * off, -off / sd)
}

/// The logarithm of half a normal density at the logarithm of `x`, and its derivative by that.
pub fn half_normal(x: f64, sd: f64) -> (f64, f64) {
    let off = x / sd;
    (x.ln() - 0.5 * off * off, 1.0 - off * off)
}

/// One of a standard normal.
pub fn standard(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}
