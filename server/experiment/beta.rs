//! What is believed of a rate: a beta distribution, its density and what lies below a point, to some nine digits for any
//! number of people. Integrals are sums over fixed points.

use statrs::function::beta::{beta_reg, ln_beta};

use super::numbers::Counted;

/// What is believed of a rate.
#[derive(Clone, Copy, Debug)]
pub struct Beta {
    a: f64,
    b: f64,
    /// The logarithm of the density where it is greatest.
    peak: f64,
}

/// Above this of both the continued fraction of the distribution wants more steps than it is given, and the density is
/// summed up.
const LARGE: f64 = 3000.0;

/// Above this of both together the logarithms of factorials are so great that too few digits are left behind the point, and
/// the density is summed up then, too.
const MANY: f64 = 100_000.0;

/// Stretches that this is done in: of two standard deviations each where it is shaped like a bell, of up to six where it falls
/// off as e to the −x. Exact to 2e-9.
const SUMMED: usize = 6;

/// Standard deviations beyond which nothing is looked for, where a density is shaped like a bell; and how many more where it
/// falls off as slowly as e to the −x, of which a double sees some 37.
const FAR: f64 = 12.0;
const FARTHER: f64 = 26.0;

/// Stretches that each piece of a range is cut into, each with Gauss and Legendre's points.
const STRETCHES: usize = 24;

/// Gauss and Legendre's points and weights of order 8 (Abramowitz and Stegun, table 25.4), mirrored.
const POINTS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

impl Beta {
    /// After seeing these, having known nothing.
    pub fn after(counted: Counted) -> Beta {
        let converted = counted.converted.min(counted.people);
        let mut beta = Beta {
            a: 1.0 + converted as f64,
            b: 1.0 + (counted.people - converted) as f64,
            peak: 0.0,
        };
        beta.peak = match beta.is_summed() {
            true => {
                let (low, high) = beta.range();
                -piece(low, high, STRETCHES, |x| beta.density(x)).ln()
            }
            false => {
                let mode = beta.mode();
                times(beta.a - 1.0, mode.ln()) + times(beta.b - 1.0, (-mode).ln_1p())
                    - ln_beta(beta.a, beta.b)
            }
        };
        beta
    }

    fn is_summed(self) -> bool {
        self.a.min(self.b) > LARGE || self.a + self.b > MANY
    }

    /// Where its density is greatest; of one that is the same everywhere, the middle.
    fn mode(self) -> f64 {
        match self.a + self.b > 2.0 {
            true => (self.a - 1.0) / (self.a + self.b - 2.0),
            false => 0.5,
        }
    }

    /// Its mean.
    pub fn mean(self) -> f64 {
        self.a / (self.a + self.b)
    }

    pub(super) fn density(self, x: f64) -> f64 {
        let mode = self.mode();
        // Differences alone are looked at, which are as exact as x.
        let up = times(self.a - 1.0, ((x - mode) / mode).ln_1p());
        let down = times(self.b - 1.0, ((mode - x) / (1.0 - mode)).ln_1p());
        (self.peak + up + down).exp()
    }

    pub(super) fn below(self, x: f64) -> f64 {
        match x {
            x if x <= 0.0 => 0.0,
            x if x >= 1.0 => 1.0,
            x if self.is_summed() => self.below_by_sum(x),
            x => beta_reg(self.a, self.b, x),
        }
    }

    /// The same by summing up the shorter side.
    fn below_by_sum(self, x: f64) -> f64 {
        let (low, high) = self.range();
        let density = |x: f64| self.density(x);
        match x < self.mean() {
            true if x <= low => 0.0,
            true => piece(low, x, SUMMED, density),
            false if x >= high => 1.0,
            false => 1.0 - piece(x, high, SUMMED, density),
        }
    }

    /// Between which all of it lies, as far as a double tells.
    pub(super) fn range(self) -> (f64, f64) {
        let sum = self.a + self.b;
        let deviation = (self.a * self.b / (sum * sum * (sum + 1.0))).sqrt();
        // Where nearly nobody or nearly everybody converts it isn't bell-shaped; of few people all of 0 to 1 is looked at.
        let spread = deviation * (FAR + FARTHER / self.a.min(self.b).sqrt());
        (
            (self.mean() - spread).max(0.0),
            (self.mean() + spread).min(1.0),
        )
    }
}

/// A power's logarithm: the 0th power is 1, whatever it is of.
fn times(power: f64, logarithm: f64) -> f64 {
    match power == 0.0 {
        true => 0.0,
        false => power * logarithm,
    }
}

/// The integral over a range in which some of what is looked at may rise or fall within a small part only: between `ends`.
pub(super) fn integral((from, to): (f64, f64), ends: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut ends: Vec<f64> = ends.iter().map(|end| end.clamp(from, to)).collect();
    ends.extend([from, to]);
    ends.sort_by(f64::total_cmp);
    let pieces = ends.windows(2).filter(|ends| ends[0] < ends[1]);
    let piece = |ends: &[f64]| piece(ends[0], ends[1], STRETCHES, &of);
    pieces.map(piece).sum()
}

fn piece(from: f64, to: f64, stretches: usize, of: impl Fn(f64) -> f64) -> f64 {
    let half = (to - from) / (2.0 * stretches as f64);
    let stretch = |place: usize| -> f64 {
        let middle = from + half * (2 * place + 1) as f64;
        let point =
            |(x, weight): &(f64, f64)| weight * (of(middle - half * x) + of(middle + half * x));
        POINTS.iter().map(point).sum::<f64>()
    };
    half * (0..stretches).map(stretch).sum::<f64>()
}

/// Where what is believed of some begins and ends.
pub(super) fn ends(all: &[Beta]) -> Vec<f64> {
    let ranges = all.iter().map(|one| one.range());
    ranges.flat_map(|(low, high)| [low, high]).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::experiment) fn beta(people: u64, converted: u64) -> Beta {
        Beta::after(Counted { people, converted })
    }

    /// Of nobody of many, of few, of any share, of nearly all.
    pub(in crate::experiment) fn rates() -> impl Strategy<Value = f64> {
        let few = (0.0f64..16.0).prop_map(|power| 10f64.powf(-power));
        prop_oneof![
            0.0f64..1.0,
            few.clone(),
            few.prop_map(|few| 1.0 - few),
            Just(0.0),
            Just(1.0)
        ]
    }

    #[test]
    fn a_rate_of_many_is_nearly_normal() {
        // 1 − Φ(1), and the first term of Edgeworth's series is 0 at 1 standard deviation.
        let beta = beta(8_000_000, 4_000_000);
        let above = 1.0 - beta.below(beta.mean() + 0.5 / (8_000_003f64).sqrt());
        assert!((above - 0.158_655_253_931).abs() < 1e-7, "{above}");
    }

    /// 1 − (1 − x)ᵇ of nobody, xᵃ of everybody.
    #[test]
    fn a_rate_of_nobody_of_many_is_a_power() {
        for people in [1u64, 5_000, 200_000, 8_946_464] {
            let power = people as f64 + 1.0;
            for at in [0.01, 0.5, 1.0, 3.0, 20.0].map(|times| times / (power + 20.0)) {
                let expected = -(power * (-at).ln_1p()).exp_m1();
                let found = beta(people, 0).below(at);
                assert!((found - expected).abs() < 1e-9, "{found} {expected}");
                let found = 1.0 - beta(people, people).below(1.0 - at);
                assert!((found - expected).abs() < 1e-9, "{found} {expected}");
            }
        }
    }

    proptest! {
        #[test]
        fn all_of_it_is_1_and_half_of_it_is_summed_alike(people in 1u64..20_000_000, rate in rates()) {
            let one = beta(people, (people as f64 * rate) as u64);
            let (low, high) = one.range();
            let all = piece(low, high, STRETCHES, |x| one.density(x));
            prop_assert!((all - 1.0).abs() < 1e-8, "{}", all);
            let mean = one.mean();
            let below = piece(low, mean, STRETCHES, |x| one.density(x));
            prop_assert!((below - one.below(mean)).abs() < 1e-8, "{} {}", below, one.below(mean));
        }
    }
}
