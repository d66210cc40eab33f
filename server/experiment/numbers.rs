//! The numbers of experiments, with their formulae. Numbers in, numbers out: integrals are sums over fixed points, nothing
//! is drawn by chance, so that the same counts always give the same answer.
//!
//! A variant has n people of whom k converted. Its rate p is believed to be Beta(1 + k, 1 + n − k): what is known of a rate
//! after seeing that, having known nothing before (a Beta(1, 1)). With f and F the density and distribution of that:
//!
//! - chance to beat control = P(p > c) = ∫ f_p(x) F_c(x) dx
//! - chance to be best = ∫ f_i(x) ∏ F_j(x) dx over the others j
//! - expected loss = E[max_j p_j] − E[p_i], with E[max] = ∫ (1 − ∏ F_j(x)) dx: what is given away, on average, if this one
//!   is chosen and another is better
//! - lift = p / c − 1; its credible interval has P(lift ≤ r) = ∫ f_c(x) F_p(x (1 + r)) dx = 2.5 % and 97.5 % at its ends
//! - sample ratio mismatch: χ² = Σ (n_i − e_i)² / e_i with v − 1 degrees of freedom
//! - revenue a person: Welch's interval of a difference of means, with Student's t at Welch and Satterthwaite's degrees of
//!   freedom

use statrs::function::beta::{beta_reg, ln_beta};
use statrs::function::gamma::gamma_ur;

/// People, and those of them who converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    #[allow(missing_docs)]
    pub people: u64,
    #[allow(missing_docs)]
    pub converted: u64,
}

/// Where something lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    #[allow(missing_docs)]
    pub low: f64,
    #[allow(missing_docs)]
    pub high: f64,
}

/// What people brought: how many people, the sum of their money, and the sum of its squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Brought {
    #[allow(missing_docs)]
    pub people: u64,
    #[allow(missing_docs)]
    pub sum: f64,
    #[allow(missing_docs)]
    pub squares: f64,
}

impl Counted {
    /// The share that converted.
    pub fn rate(self) -> Option<f64> {
        (self.people > 0).then(|| self.converted as f64 / self.people as f64)
    }
}

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

    fn density(self, x: f64) -> f64 {
        let mode = self.mode();
        // Differences alone are looked at, which are as exact as x.
        let up = times(self.a - 1.0, ((x - mode) / mode).ln_1p());
        let down = times(self.b - 1.0, ((mode - x) / (1.0 - mode)).ln_1p());
        (self.peak + up + down).exp()
    }

    fn below(self, x: f64) -> f64 {
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
    fn range(self) -> (f64, f64) {
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
fn integral((from, to): (f64, f64), ends: &[f64], of: impl Fn(f64) -> f64) -> f64 {
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
fn ends(all: &[Beta]) -> Vec<f64> {
    let ranges = all.iter().map(|one| one.range());
    ranges.flat_map(|(low, high)| [low, high]).collect()
}

/// The chance that the first is greater than the second.
pub fn chance_to_beat(first: Beta, second: Beta) -> f64 {
    let of = |x: f64| first.density(x) * second.below(x);
    integral(first.range(), &ends(&[second]), of).clamp(0.0, 1.0)
}

/// The chance of each to be the greatest.
pub fn chances_to_be_best(all: &[Beta]) -> Vec<f64> {
    let ends = ends(all);
    let chance = |(place, one): (usize, &Beta)| {
        let others = || all.iter().enumerate().filter(move |(at, _)| *at != place);
        let of =
            |x: f64| one.density(x) * others().map(|(_, other)| other.below(x)).product::<f64>();
        integral(one.range(), &ends, of).clamp(0.0, 1.0)
    };
    all.iter().enumerate().map(chance).collect()
}

/// What choosing each gives away on average.
pub fn expected_losses(all: &[Beta]) -> Vec<f64> {
    let ranges = all.iter().map(|one| one.range());
    // Below all that the best can be the product is 0, above it 1.
    let (from, to) = ranges.fold((0.0, 0.0), |(from, to), (low, high)| {
        (f64::max(from, low), f64::max(to, high))
    });
    let below_all = |x: f64| all.iter().map(|one| one.below(x)).product::<f64>();
    let greatest = from + integral((from, to), &ends(all), |x| 1.0 - below_all(x));
    all.iter()
        .map(|one| (greatest - one.mean()).max(0.0))
        .collect()
}

/// The 95 % credible interval of how much greater the first is than the second, as a share of the second.
pub fn lift_interval(first: Beta, second: Beta) -> Interval {
    let first_ends = ends(&[first]);
    let below = |lift: f64| {
        let ends: Vec<f64> = first_ends.iter().map(|end| end / (1.0 + lift)).collect();
        let of = |x: f64| second.density(x) * first.below(x * (1.0 + lift));
        integral(second.range(), &ends, of)
    };
    let end = |share: f64| {
        // Lift is searched for on a scale on which −100 % and boundless growth are both ends.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..44 {
            let middle = (low + high) / 2.0;
            match below(middle / (1.0 - middle) - 1.0) < share {
                true => low = middle,
                false => high = middle,
            }
        }
        low / (1.0 - low) - 1.0
    };
    Interval {
        low: end(0.025),
        high: end(0.975),
    }
}

/// The chance of a split at least as uneven as this if people were given out by these weights. `None` of fewer than two
/// variants, or where a weight is no number above 0.
pub fn mismatch(people: &[u64], weights: &[f64]) -> Option<f64> {
    let (all, sum) = (
        people.iter().sum::<u64>() as f64,
        weights.iter().sum::<f64>(),
    );
    let is_right = people.len() > 1 && people.len() == weights.len() && all > 0.0;
    if !is_right
        || !weights
            .iter()
            .all(|weight| *weight > 0.0 && weight.is_finite())
    {
        return None;
    }
    let part = |(people, weight): (&u64, &f64)| {
        let expected = all * weight / sum;
        (*people as f64 - expected).powi(2) / expected
    };
    let chi: f64 = people.iter().zip(weights).map(part).sum();
    match chi > 0.0 {
        true => Some(gamma_ur((people.len() - 1) as f64 / 2.0, chi / 2.0)),
        false => Some(1.0),
    }
}

/// How much more the first brought a person than the second, and where that lies with 95 % confidence. `None` of fewer
/// than two people.
pub fn difference_of_means(first: Brought, second: Brought) -> Option<(f64, Interval)> {
    let of = |brought: Brought| {
        let n = brought.people as f64;
        let mean = brought.sum / n;
        let variance = (brought.squares - n * mean * mean).max(0.0) / (n - 1.0);
        (n > 1.0).then_some((mean, variance / n, n - 1.0))
    };
    let ((a, spread_a, free_a), (b, spread_b, free_b)) = (of(first)?, of(second)?);
    let spread = spread_a + spread_b;
    let free = spread * spread / (spread_a * spread_a / free_a + spread_b * spread_b / free_b);
    let half = match spread > 0.0 {
        true => student(free) * spread.sqrt(),
        false => 0.0,
    };
    Some((
        a - b,
        Interval {
            low: a - b - half,
            high: a - b + half,
        },
    ))
}

/// The 97.5 % point of Student's t.
fn student(free: f64) -> f64 {
    // Of more it is the same to five digits, and the continued fraction wants too many steps.
    let free = free.min(100_000.0);
    // P(|T| > t) = I_{ν/(ν+t²)}(ν/2, 1/2)
    let outside = |t: f64| beta_reg(free / 2.0, 0.5, free / (free + t * t));
    let (mut low, mut high) = (1.0, 1000.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        match outside(middle) > 0.05 {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn beta(people: u64, converted: u64) -> Beta {
        Beta::after(Counted { people, converted })
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

    /// Exact: as fractions, by Evan Miller's sum for whole numbers (Formulas for Bayesian A/B testing, 2013) and Chris
    /// Stucchio's for the loss (Bayesian A/B testing at VWO, 2015), in Python.
    #[test]
    fn two_variants_are_as_exact_fractions_say() {
        for ((n, k), (m, l), chance, loss, other) in [
            (
                (100, 15),
                (100, 10),
                0.853_283_789_934,
                0.003_578_088_131,
                0.052_597_695_974,
            ),
            (
                (1000, 130),
                (1000, 100),
                0.982_165_066_116,
                0.000_092_374_492,
                0.030_032_494_252,
            ),
            (
                (20, 3),
                (20, 0),
                0.946_529_080_675,
                0.002_204_403_651,
                0.138_568_040_014,
            ),
        ] {
            let (b, a) = (beta(n, k), beta(m, l));
            assert!(
                (chance_to_beat(b, a) - chance).abs() < 1e-10,
                "{}",
                chance_to_beat(b, a)
            );
            assert!((chances_to_be_best(&[a, b])[1] - chance).abs() < 1e-10);
            let losses = expected_losses(&[a, b]);
            assert!(
                (losses[1] - loss).abs() < 1e-10 && (losses[0] - other).abs() < 1e-10,
                "{losses:?}"
            );
        }
    }

    /// Exact: integrals of polynomials with fractions, in Python.
    #[test]
    fn three_variants_are_as_exact_integrals_say() {
        let all = [beta(19, 2), beta(19, 5), beta(19, 4)];
        let best = chances_to_be_best(&all);
        let losses = expected_losses(&all);
        for (found, expected) in
            best.iter()
                .zip([0.062_692_027_990, 0.604_334_798_102, 0.332_973_173_907])
        {
            assert!((found - expected).abs() < 1e-10, "{best:?}");
        }
        for (found, expected) in
            losses
                .iter()
                .zip([0.178_617_483_248, 0.035_760_340_391, 0.083_379_388_010])
        {
            assert!((found - expected).abs() < 1e-10, "{losses:?}");
        }
    }

    /// By a midpoint sum over 400,000 points, in Python.
    #[test]
    fn the_lift_lies_where_a_fine_sum_says() {
        let found = lift_interval(beta(1000, 130), beta(1000, 100));
        assert!(
            (found.low - 0.01757).abs() < 2e-4 && (found.high - 0.66105).abs() < 2e-4,
            "{found:?}"
        );
    }

    /// erfc(√(χ²/2)) of two groups, e^(−χ²/2) of three.
    #[test]
    fn an_uneven_split_is_seen() {
        for (people, weights, expected) in [
            (&[1000, 1100][..], &[1.0, 1.0][..], 0.029_096_331_741),
            (&[900, 1000, 1100], &[1.0, 1.0, 1.0], 4.539_992_976e-5),
            (&[100, 300], &[1.0, 3.0], 1.0),
        ] {
            let found = mismatch(people, weights).unwrap();
            assert!((found - expected).abs() < 1e-10, "{found}");
        }
        assert_eq!(mismatch(&[5], &[1.0]), None);
        assert_eq!(mismatch(&[5, 5], &[0.0, 1.0]), None);
    }

    /// Welch 1947: 5 values 1 to 5 against 2, 4, …, 10; t of 5.882 degrees of freedom is 2.4588 in tables.
    #[test]
    fn means_lie_where_welch_says() {
        let of = |values: &[f64]| Brought {
            people: values.len() as u64,
            sum: values.iter().sum(),
            squares: values.iter().map(|value| value * value).sum(),
        };
        let (value, found) = difference_of_means(
            of(&[2.0, 4.0, 6.0, 8.0, 10.0]),
            of(&[1.0, 2.0, 3.0, 4.0, 5.0]),
        )
        .unwrap();
        let half = 2.4588 * 2.5f64.sqrt();
        assert!(
            (value - 3.0).abs() < 1e-12 && (found.high - 3.0 - half).abs() < 2e-3,
            "{found:?}"
        );
        // Two, ten and a hundred degrees of freedom, as every table has them.
        for (free, expected) in [(2.0, 4.302_653), (10.0, 2.228_139), (100.0, 1.983_972)] {
            assert!((student(free) - expected).abs() < 1e-6);
        }
        assert_eq!(difference_of_means(of(&[1.0]), of(&[1.0, 2.0])), None);
    }

    /// Of nobody of many, of few, of any share, of nearly all.
    fn rates() -> impl Strategy<Value = f64> {
        let few = (0.0f64..16.0).prop_map(|power| 10f64.powf(-power));
        prop_oneof![
            0.0f64..1.0,
            few.clone(),
            few.prop_map(|few| 1.0 - few),
            Just(0.0),
            Just(1.0)
        ]
    }

    proptest! {
        #[test]
        fn chances_add_up(counts in proptest::collection::vec((0u64..200_000, 0u64..200_000), 2..6)) {
            let all: Vec<_> = counts.iter().map(|(a, b)| beta(*a.max(b), *a.min(b))).collect();
            let sum: f64 = chances_to_be_best(&all).iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-8, "{}", sum);
            let both = chance_to_beat(all[0], all[1]) + chance_to_beat(all[1], all[0]);
            prop_assert!((both - 1.0).abs() < 1e-8, "{}", both);
            prop_assert!(expected_losses(&all).iter().all(|loss| (0.0..=1.0).contains(loss)));
        }

        #[test]
        fn chances_of_near_rates_add_up(people in 1u64..20_000_000, rate in rates(), nearer in -4.0f64..4.0) {
            let converted = (people as f64 * rate) as u64;
            let spread = (people as f64 * rate * (1.0 - rate)).sqrt();
            let other = (converted as f64 + nearer * spread).clamp(0.0, people as f64) as u64;
            let (a, b) = (beta(people, converted), beta(people, other));
            for one in [a, b] {
                let (low, high) = one.range();
                let all = piece(low, high, STRETCHES, |x| one.density(x));
                prop_assert!((all - 1.0).abs() < 1e-8, "{}", all);
                let mean = one.mean();
                let below = piece(low, mean, STRETCHES, |x| one.density(x));
                prop_assert!((below - one.below(mean)).abs() < 1e-8, "{} {}", below, one.below(mean));
            }
            let both = chance_to_beat(a, b) + chance_to_beat(b, a);
            prop_assert!((both - 1.0).abs() < 1e-8, "{}", both);
        }

        #[test]
        fn an_interval_of_the_lift_has_its_ends_in_order(n in 1u64..3000, k in 0u64..3000, m in 1u64..3000, l in 0u64..3000) {
            let found = lift_interval(beta(n, k.min(n)), beta(m, l.min(m)));
            prop_assert!(found.low >= -1.0 && found.low <= found.high);
        }
    }
}
