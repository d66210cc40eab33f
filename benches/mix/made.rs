//! Data sets made by the model's own kind of curves, of which the truth is known.

use admx::mix::curve::{Curve, Saturation};
use admx::mix::series::{Driven, Driver, Series};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// A data set: its numbers, and what each channel really brought.
pub struct Made {
    pub series: Series,
    pub contributions: Vec<f64>,
}

/// What is hard about it.
#[derive(Clone, Copy)]
pub enum Kind {
    Plain,
    /// The channels' spends move together.
    Together,
    /// Chance is 12 % of the outcome instead of 5 %.
    Noisy,
}

pub const NAMES: [&str; 4] = ["search", "social", "display", "video"];

fn normal(rng: &mut StdRng) -> f64 {
    let (a, b): (f64, f64) = (rng.random_range(f64::MIN_POSITIVE..1.0), rng.random());
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// Two years of days, of a seed.
pub fn made(seed: u64, kind: Kind) -> Made {
    let mut rng = StdRng::seed_from_u64(seed);
    let days = 730;
    let together = match kind {
        Kind::Together => 0.6f64,
        _ => 0.0,
    };
    // How spends wander: each its own way, and a part of a way that all go.
    let mut wander = |kept: f64| -> Vec<f64> {
        let mut at = 0.0;
        (0..days)
            .map(|_| {
                at = kept * at + (1.0 - kept * kept).sqrt() * normal(&mut rng);
                at
            })
            .collect()
    };
    let common = wander(0.9);
    let ways: Vec<Vec<f64>> = (0..4).map(|_| wander(0.88)).collect();
    // Level, half-way point, slope, height, decay, and whether it runs in flights.
    let kinds = [
        (870.0, 900.0, 1.0, 5200.0, 0.3, false),
        (1130.0, 1100.0, 1.4, 4300.0, 0.6, false),
        (440.0, 500.0, 1.0, 900.0, 0.5, true),
        (900.0, 600.0, 1.2, 2400.0, 0.8, true),
    ];
    let mut outcome: Vec<f64> = Vec::new();
    let (trend, season) = (rng.random_range(-1.0..4.0), rng.random_range(400.0..1200.0));
    let week: Vec<f64> = (0..7).map(|_| rng.random_range(-600.0..600.0)).collect();
    let promotion: Vec<f64> = (0..days)
        .map(|_| f64::from(u8::from(rng.random_bool(0.02))))
        .collect();
    for (day, promotion) in promotion.iter().enumerate() {
        let angle = std::f64::consts::TAU * day as f64 / 365.25;
        let base = 9000.0 + trend * day as f64 + season * (angle + 0.7).sin() + week[day % 7];
        outcome.push(base + 1500.0 * promotion);
    }
    let (mut channels, mut contributions) = (Vec::new(), Vec::new());
    for (at, (level, half, slope, height, decay, flights)) in kinds.into_iter().enumerate() {
        let mut on = !flights;
        let mut left = rng.random_range(10..40);
        let mut spend = Vec::with_capacity(days);
        for (own, all) in ways[at].iter().zip(&common) {
            if flights {
                left -= 1;
                if left == 0 {
                    on = !on;
                    left = rng.random_range(14..45);
                }
            }
            let way = (1.0 - together).sqrt() * own + together.sqrt() * all;
            spend.push(if on { level * (0.5 * way).exp() } else { 0.0 });
        }
        let spread = |rng: &mut StdRng, of: f64| of * rng.random_range(0.75f64..1.33);
        let curve = Curve {
            saturation: Saturation::Hill,
            decay: (decay + rng.random_range(-0.1..0.1f64)).clamp(0.05, 0.85),
            half: spread(&mut rng, half),
            slope: spread(&mut rng, slope),
            reach: None,
        };
        let height = spread(&mut rng, height);
        let brought: Vec<f64> = curve
            .values(&spend)
            .iter()
            .map(|value| height * value)
            .collect();
        outcome
            .iter_mut()
            .zip(&brought)
            .for_each(|(sum, brought)| *sum += brought);
        contributions.push(brought.iter().sum());
        channels.push(Driven {
            name: NAMES[at].into(),
            by: Driver::Spend,
            driver: spend.clone(),
            spend: Some(spend),
        });
    }
    let part = match kind {
        Kind::Noisy => 0.12,
        _ => 0.05,
    };
    let sd = part * outcome.iter().sum::<f64>() / days as f64;
    outcome
        .iter_mut()
        .for_each(|sum| *sum += sd * normal(&mut rng));
    Made {
        series: Series {
            first: "2024-01-01".parse().unwrap(),
            weekly: false,
            outcome,
            channels,
            events: vec![("Promotion".into(), promotion)],
        },
        contributions,
    }
}

/// A reading of an experiment that is off by a tenth, one time in three by more.
pub fn reading(truth: f64, seed: u64) -> f64 {
    let mut rng = StdRng::seed_from_u64(seed);
    truth * (0.1 * normal(&mut rng)).exp()
}
