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

use statrs::function::beta::beta_reg;
use statrs::function::gamma::gamma_ur;

use super::beta::{Beta, ends, integral};

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
    use super::super::beta::tests::{beta, rates};
    use super::*;
    use proptest::prelude::*;

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
