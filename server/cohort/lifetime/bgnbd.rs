//! BG/NBD: customers buy at a rate of their own until, after any purchase, they drop out. Parameters r and alpha shape the
//! rates, a and b the chance to drop out.
//!
//! Source: Fader, Hardie, Lee, "Counting Your Customers the Easy Way", Marketing Science 24 (2005), equations 6, 9 and 10.

use libm::lgamma;

use super::fit;

/// What is known of a customer: purchases after the first, when the last of them was, and for how long the customer is known,
/// both from the first purchase on, in any one unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Customer {
    /// Purchases after the first.
    pub repeats: f64,
    /// When the last was; 0 without repeats.
    pub last: f64,
    /// How long the customer is known.
    pub known: f64,
}

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct BgNbd {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

impl BgNbd {
    /// The parameters that are the most likely for some customers, and the logarithm of the likelihood.
    pub fn fit(customers: &[Customer]) -> Option<(BgNbd, f64)> {
        // A part of the likelihood depends on the number of repeats alone.
        let mut repeats: Vec<f64> = customers.iter().map(|customer| customer.repeats).collect();
        repeats.sort_by(f64::total_cmp);
        let counts: Vec<(f64, f64)> = repeats
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len() as f64))
            .collect();
        let of = |p: &[f64]| {
            let model = BgNbd {
                r: p[0],
                alpha: p[1],
                a: p[2],
                b: p[3],
            };
            let by_count = counts.iter().map(|(x, n)| n * model.of_count(*x));
            by_count.sum::<f64>() + customers.iter().map(|c| model.of_times(c)).sum::<f64>()
        };
        let mean = customers.iter().map(|c| c.known).sum::<f64>() / customers.len().max(1) as f64;
        let start = [0.5, (mean / 4.0).max(1e-3), 1.0, 2.0];
        let ([r, alpha, a, b], likelihood) = fit::most_likely(start, of)?;
        Some((BgNbd { r, alpha, a, b }, likelihood))
    }

    /// The logarithm of the likelihood of some customers.
    pub fn log_likelihood(&self, customers: &[Customer]) -> f64 {
        let one = |customer: &Customer| self.of_count(customer.repeats) + self.of_times(customer);
        customers.iter().map(one).sum()
    }

    fn of_count(&self, x: f64) -> f64 {
        let BgNbd { r, alpha, a, b } = *self;
        lgamma(r + x) - lgamma(r) + r * alpha.ln() + lgamma(a + b) + lgamma(b + x)
            - lgamma(b)
            - lgamma(a + b + x)
    }

    fn of_times(&self, customer: &Customer) -> f64 {
        let (r, alpha) = (self.r, self.alpha);
        let x = customer.repeats;
        let alive = -(r + x) * (alpha + customer.known).ln();
        if x == 0.0 {
            return alive;
        }
        let gone = (self.a / (self.b + x - 1.0)).ln() - (r + x) * (alpha + customer.last).ln();
        let (more, less) = if alive > gone {
            (alive, gone)
        } else {
            (gone, alive)
        };
        more + (less - more).exp().ln_1p()
    }

    /// The odds that a customer has dropped out.
    fn odds_gone(&self, customer: &Customer) -> f64 {
        let x = customer.repeats;
        if x == 0.0 {
            return 0.0;
        }
        let ratio = (self.alpha + customer.known) / (self.alpha + customer.last);
        self.a / (self.b + x - 1.0) * ratio.powf(self.r + x)
    }

    /// The chance that a customer still buys. Of one without repeats it is 1: nobody drops out but after a purchase.
    pub fn alive(&self, customer: &Customer) -> f64 {
        1.0 / (1.0 + self.odds_gone(customer))
    }

    /// Purchases that are expected of a customer in the time that follows.
    pub fn expected(&self, customer: &Customer, time: f64) -> f64 {
        let BgNbd { r, alpha, a, b } = *self;
        let (x, known) = (customer.repeats, customer.known);
        let a = beside_one(a);
        let whole = alpha + known + time;
        let still = ((alpha + known) / whole).powf(r + x)
            * hypergeometric(r + x, b + x, a + b + x - 1.0, time / whole);
        (a + b + x - 1.0) / (a - 1.0) * (1.0 - still) / (1.0 + self.odds_gone(customer))
    }

    /// Repeat purchases that are expected of a new customer in some time.
    pub fn expected_of_new(&self, time: f64) -> f64 {
        let BgNbd { r, alpha, a, b } = *self;
        let a = beside_one(a);
        let still = (alpha / (alpha + time)).powf(r)
            * hypergeometric(r, b, a + b - 1.0, time / (alpha + time));
        (a + b - 1.0) / (a - 1.0) * (1.0 - still)
    }
}

/// At a = 1 the formula is the limit of what it is beside it.
fn beside_one(a: f64) -> f64 {
    if (a - 1.0).abs() < 1e-7 {
        1.0 + 1e-7
    } else {
        a
    }
}

/// Gauss's hypergeometric function of 0 <= z < 1, by its series.
fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 0..100_000 {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        if term.abs() <= sum.abs() * 1e-15 {
            break;
        }
    }
    sum
}
