//! Whether chains agree, and what their draws are worth: rank-normalised split R-hat, and effective sample sizes in the bulk and in
//! the tails (Vehtari, Gelman, Simpson, Carpenter and Bürkner, "Rank-normalization, folding, and localization: an improved R-hat",
//! Bayesian Analysis 16, 2021).

use statrs::distribution::{ContinuousCDF, Normal};

/// R-hat of draws by chain: 1 where chains agree. The larger of that of ranks and that of how far off the middle draws are.
pub fn r_hat(chains: &[Vec<f64>]) -> f64 {
    let halves = split(chains);
    let mut all: Vec<f64> = halves.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let middle = quantile(&all, 0.5);
    let folded: Vec<Vec<f64>> = halves
        .iter()
        .map(|chain| chain.iter().map(|x| (x - middle).abs()).collect())
        .collect();
    plain_r_hat(&ranked(&halves)).max(plain_r_hat(&ranked(&folded)))
}

/// How many independent draws say as much of the middle.
pub fn ess_bulk(chains: &[Vec<f64>]) -> f64 {
    ess(&ranked(&split(chains)))
}

/// And of the ends: the lesser of those of being below the 5 % and the 95 % quantile.
pub fn ess_tail(chains: &[Vec<f64>]) -> f64 {
    let halves = split(chains);
    let mut all: Vec<f64> = halves.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let below = |part: f64| {
        let end = quantile(&all, part);
        let is_below = |chain: &Vec<f64>| {
            let below = chain.iter().map(|x| f64::from(u8::from(*x <= end)));
            below.collect::<Vec<f64>>()
        };
        ess(&halves.iter().map(is_below).collect::<Vec<_>>())
    };
    below(0.05).min(below(0.95))
}

/// A quantile of numbers in order, between neighbours where it lies there; nothing of nothing.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = part * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * (at - at.floor())
}

fn split(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let length = chains.iter().map(Vec::len).min().unwrap_or_default() / 2;
    let halves = chains
        .iter()
        .flat_map(|chain| [&chain[..length], &chain[chain.len() - length..]]);
    halves.map(<[f64]>::to_vec).collect()
}

/// Draws as normal scores of their ranks, ties at the mean of theirs.
fn ranked(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut order: Vec<(f64, usize, usize)> = Vec::new();
    for (chain, draws) in chains.iter().enumerate() {
        order.extend(draws.iter().enumerate().map(|(at, x)| (*x, chain, at)));
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = order.len() as f64;
    let normal = Normal::standard();
    let mut scores: Vec<Vec<f64>> = chains.iter().map(|chain| vec![0.0; chain.len()]).collect();
    for ties in order.chunk_by(|a, b| a.0 == b.0) {
        // Chunks lie in the order, so that where one begins says which ranks it has.
        let before =
            (ties.as_ptr() as usize - order.as_ptr() as usize) / size_of::<(f64, usize, usize)>();
        let rank = before as f64 + (ties.len() as f64 + 1.0) / 2.0;
        let score = normal.inverse_cdf((rank - 0.375) / (count + 0.25));
        for (_, chain, at) in ties {
            scores[*chain][*at] = score;
        }
    }
    scores
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

fn variance(numbers: &[f64]) -> f64 {
    let middle = mean(numbers);
    numbers.iter().map(|x| (x - middle).powi(2)).sum::<f64>() / (numbers.len() as f64 - 1.0)
}

/// The variance within chains, and what it would be of all draws.
fn variances(chains: &[Vec<f64>]) -> (f64, f64) {
    let length = chains[0].len() as f64;
    let within = mean(
        &chains
            .iter()
            .map(|chain| variance(chain))
            .collect::<Vec<_>>(),
    );
    let means: Vec<f64> = chains.iter().map(|chain| mean(chain)).collect();
    let between = if means.len() > 1 {
        variance(&means)
    } else {
        0.0
    };
    (within, within * (length - 1.0) / length + between)
}

fn plain_r_hat(chains: &[Vec<f64>]) -> f64 {
    if chains.first().is_none_or(|chain| chain.len() < 2) {
        return f64::INFINITY;
    }
    let (within, all) = variances(chains);
    match within > 0.0 {
        true => (all / within).sqrt(),
        // Draws that don't move agree only where they are the same.
        false if all > 0.0 => f64::INFINITY,
        false => 1.0,
    }
}

/// By Geyer's initial monotone sequence of the autocorrelations of all chains.
fn ess(chains: &[Vec<f64>]) -> f64 {
    let Some(length) = chains.first().map(Vec::len).filter(|length| *length > 3) else {
        return 0.0;
    };
    let count = (length * chains.len()) as f64;
    let (within, all) = variances(chains);
    if within <= 0.0 {
        return count;
    }
    let centred: Vec<Vec<f64>> = chains
        .iter()
        .map(|chain| {
            let middle = mean(chain);
            chain.iter().map(|x| x - middle).collect()
        })
        .collect();
    let correlation = |lag: usize| {
        let of = |chain: &Vec<f64>| {
            super::design::dot(&chain[lag..], &chain[..length - lag]) / length as f64
        };
        let covariance = mean(&centred.iter().map(of).collect::<Vec<_>>());
        // Within chains the variance is that of all but one, the covariance of all.
        let scaled = covariance * length as f64 / (length as f64 - 1.0);
        1.0 - (within - scaled) / all
    };
    let (mut sum, mut least, mut lag) = (0.0, f64::INFINITY, 0);
    while lag + 1 < length {
        let first = if lag == 0 { 1.0 } else { correlation(lag) };
        let pair = first + correlation(lag + 1);
        if pair < 0.0 {
            break;
        }
        least = least.min(pair);
        sum += least;
        lag += 2;
    }
    let time = (2.0 * sum - 1.0).max(1.0 / count.log10());
    count / time
}

#[cfg(test)]
mod tests {
    use super::super::prior::standard;
    use super::*;
    use nuts_rs::rand::SeedableRng;
    use nuts_rs::rand::rngs::ChaCha8Rng;

    /// Four chains in which each draw keeps a part of the one before.
    fn chains(kept: f64, apart: f64) -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut chain = |at: usize| {
            let mut x = standard(&mut rng);
            let mut next = || {
                x = kept * x + (1.0 - kept * kept).sqrt() * standard(&mut rng);
                x + apart * at as f64
            };
            (0..2000).map(|_| next()).collect()
        };
        (0..4).map(&mut chain).collect()
    }

    #[test]
    fn independent_draws_are_worth_their_number() {
        let chains = chains(0.0, 0.0);
        assert!(r_hat(&chains) < 1.003, "{}", r_hat(&chains));
        let (bulk, tail) = (ess_bulk(&chains), ess_tail(&chains));
        assert!(
            (7000.0..9500.0).contains(&bulk) && (6500.0..9500.0).contains(&tail),
            "{bulk} {tail}"
        );
    }

    #[test]
    fn draws_that_keep_a_part_are_worth_less() {
        // Of an autoregression with ρ, (1 − ρ) ÷ (1 + ρ) of the draws: 8000 · 0.1 ÷ 1.9.
        let bulk = ess_bulk(&chains(0.9, 0.0));
        assert!((320.0..540.0).contains(&bulk), "{bulk}");
    }

    #[test]
    fn chains_that_are_apart_or_of_different_widths_are_told() {
        assert!(r_hat(&chains(0.0, 0.5)) > 1.1);
        let mut wide = chains(0.0, 0.0);
        wide[3].iter_mut().for_each(|x| *x *= 3.0);
        assert!(r_hat(&wide) > 1.05, "{}", r_hat(&wide));
        assert_eq!(r_hat(&[vec![1.0; 10], vec![2.0; 10]]), f64::INFINITY);
    }
}
