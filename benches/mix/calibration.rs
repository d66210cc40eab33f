//! Simulation-based calibration (Talts, Betancourt, Simpson, Vehtari and Gelman, 2018): parameters drawn from the priors, data from
//! those, and draws given the data. Where model and sampler are right, each parameter's rank among its draws is even.

use admx::mix::design::{Grain, columns};
use admx::mix::model::{Channel, Effect, Input, Model};
use admx::mix::prior::standard;
use admx::mix::sample::{Plan, Watch, sample};
use nuts_rs::rand::SeedableRng;
use nuts_rs::rand::rngs::ChaCha8Rng;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::cpu;

const PERIODS: usize = 60;
const SETS: u64 = 200;
/// Draws that a rank is among, thinned so that each is almost independent.
const AMONG: usize = 19;
const NOISE: f64 = 0.2;

fn channel(name: &str, rng: &mut ChaCha8Rng, flights: bool) -> Channel {
    let spend: Vec<f64> = (0..PERIODS)
        .map(|at| {
            let on = !flights || at / 6 % 2 == 0;
            if on {
                100.0 * (0.5 * standard(rng)).exp()
            } else {
                0.0
            }
        })
        .collect();
    let per = spend.iter().sum();
    Channel::new(
        name,
        spend.clone(),
        Some(spend),
        Effect::Total {
            per,
            mean: 0.2,
            sd: 0.9,
        },
    )
}

pub fn run() {
    let mut ranks: Vec<Vec<usize>> = Vec::new();
    let began = cpu();
    for set in 0..SETS {
        let mut rng = ChaCha8Rng::seed_from_u64(set);
        let channels = vec![channel("a", &mut rng, false), channel("b", &mut rng, true)];
        let first = "2025-01-06".parse().unwrap();
        let empty = Input {
            outcome: vec![0.0; PERIODS],
            channels,
            columns: columns(first, PERIODS, Grain::Week, &[]),
            experiments: Vec::new(),
            saturation: admx::mix::curve::Saturation::Hill,
            reach: None,
            scale: 500.0,
            noise: NOISE,
            fitted: PERIODS,
        };
        let model = Model::new(empty.clone());
        // From the priors.
        let mut truth = Vec::new();
        for channel in &model.input.channels {
            let Effect::Total { mean, sd, .. } = channel.effect else {
                unreachable!()
            };
            let decay = channel.decay.draw(&mut rng);
            truth.push(mean + sd * standard(&mut rng));
            truth.push((decay / (1.0 - decay)).ln());
            truth.push(channel.half.draw(&mut rng).ln());
            truth.push(channel.slope.draw(&mut rng).ln());
        }
        let noise = (NOISE * standard(&mut rng)).abs();
        truth.push(noise.ln());
        let mut outcome = vec![0.0; PERIODS];
        for column in &model.input.columns {
            let coefficient = column.mean + column.sd * standard(&mut rng);
            outcome
                .iter_mut()
                .zip(&column.values)
                .for_each(|(sum, value)| *sum += coefficient * value);
        }
        for channel in 0..2 {
            let sampled = model.sampled(&truth, channel);
            let values = sampled.curve.values(model.driver(channel));
            let height = model.height(channel, sampled.effect, values.iter().sum());
            outcome
                .iter_mut()
                .zip(values)
                .for_each(|(sum, value)| *sum += height * value);
        }
        let outcome: Vec<f64> = outcome
            .into_iter()
            .map(|sum| 500.0 * (sum + noise * standard(&mut rng)))
            .collect();
        let model = Model::new(Input { outcome, ..empty });
        let plan = Plan {
            chains: 1,
            tune: 800,
            draws: AMONG * 40,
            rounds: 1,
            ..Plan::new(set)
        };
        let draws = sample(&model, &plan, &Watch::default()).unwrap();
        let thinned: Vec<&[f64]> = draws.all().skip(39).step_by(40).take(AMONG).collect();
        let rank = |at: usize| thinned.iter().filter(|draw| draw[at] < truth[at]).count();
        ranks.push((0..truth.len()).map(rank).collect());
    }
    println!("\n## Calibration: {SETS} data sets made of the priors, 60 weeks, 2 channels\n");
    println!(
        "{:.1} CPU s. Of even ranks, χ² of 10 bins with 9 degrees of freedom; with nine parameters the least p is below 0.001 once in a hundred times.\n",
        cpu() - began
    );
    println!("| parameter | χ² | p |\n|---|--:|--:|");
    let names = [
        "effect a", "decay a", "half a", "slope a", "effect b", "decay b", "half b", "slope b",
        "noise",
    ];
    let chi = ChiSquared::new(9.0).unwrap();
    for (at, name) in names.into_iter().enumerate() {
        let mut bins = [0.0; 10];
        ranks
            .iter()
            .for_each(|ranks| bins[ranks[at] * 10 / (AMONG + 1)] += 1.0);
        let expected = SETS as f64 / 10.0;
        let sum: f64 = bins
            .iter()
            .map(|bin| (bin - expected).powi(2) / expected)
            .sum();
        let p = 1.0 - chi.cdf(sum);
        println!("| {name} | {sum:.1} | {p:.3} |");
        assert!(p > 0.001, "{name}: ranks aren't even, p = {p}");
    }
}
