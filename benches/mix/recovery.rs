//! Forty data sets of which the truth is known: how often intervals hold it, and how far off shares are.

use admx::mix::model::Model;
use admx::mix::posterior::{Estimate, drawn};
use admx::mix::sample::{Plan, Watch, sample};
use admx::mix::series::{Lift, Settings};

use crate::made::{Kind, Made, NAMES, made, reading};
use crate::{cpu, held};

/// What is found of all data sets by one method.
#[derive(Default)]
struct Found {
    errors: Vec<f64>,
    shares_held: usize,
    returns_held: usize,
    returns_off: Vec<f64>,
    r_hat: f64,
}

impl Found {
    fn add(&mut self, made: &Made, settings: &Settings, seed: u64) {
        let periods = made.series.periods();
        let model = Model::new(made.series.input(settings, periods));
        let plan = Plan {
            tune: 400,
            draws: 400,
            rounds: 2,
            ..Plan::new(seed)
        };
        let draws = sample(&model, &plan, &Watch::default()).unwrap();
        self.r_hat = self.r_hat.max(draws.r_hat);
        let said = drawn(&model, &draws);
        let all: f64 = made.contributions.iter().sum();
        for (channel, truth) in made.contributions.iter().enumerate() {
            let share = said.iter().map(|draw| {
                draw[channel].total / draw.iter().map(|drawn| drawn.total).sum::<f64>()
            });
            let share = Estimate::of(share.collect());
            let total = Estimate::of(said.iter().map(|draw| draw[channel].total).collect());
            self.errors.push((share.mean - truth / all).abs());
            self.returns_off.push((total.mean / truth - 1.0).abs());
            self.shares_held += usize::from((share.low..=share.high).contains(&(truth / all)));
            self.returns_held += usize::from((total.low..=total.high).contains(truth));
        }
    }

    fn tell(&self, method: &str, seconds: f64) -> (f64, f64, f64) {
        let count = self.errors.len() as f64;
        let mean = |all: &[f64]| all.iter().sum::<f64>() / count;
        let worst = self.errors.iter().copied().fold(0.0, f64::max);
        let (shares, returns) = (
            self.shares_held as f64 / count,
            self.returns_held as f64 / count,
        );
        println!(
            "| {method} | {:.1} ({:.1}) | {:.0} % | {shares:.3} / {returns:.3} | {:.3} | {seconds:.1} |",
            100.0 * mean(&self.errors),
            100.0 * worst,
            100.0 * mean(&self.returns_off),
            self.r_hat
        );
        (mean(&self.errors), shares, returns)
    }
}

pub fn run() {
    let sets: u64 = std::env::var("DATA_SETS")
        .ok()
        .and_then(|sets| sets.parse().ok())
        .unwrap_or(40);
    println!("\n## Recovery: {sets} data sets of 730 days and 4 channels\n");
    println!(
        "| | share error in points (worst) | ROAS off by | 94 % intervals hold share / ROAS | R-hat at the most | CPU s a set |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    let mut told = Vec::new();
    for experiments in [0, 2] {
        let mut found = Found::default();
        let began = cpu();
        for seed in 0..sets {
            let kind = [Kind::Plain, Kind::Together, Kind::Noisy][seed as usize % 3];
            let made = made(100 + seed, kind);
            let lift = |channel: usize| {
                let spend: f64 = made.series.channels[channel].driver.iter().sum();
                let truth = made.contributions[channel] / spend;
                let value = reading(truth, 1000 * (seed + 1) + channel as u64);
                Lift {
                    channel: NAMES[channel].into(),
                    when: None,
                    value,
                    error: 0.15 * value,
                }
            };
            let settings = Settings {
                is_money: true,
                lifts: (0..experiments).map(lift).collect(),
                ..Settings::default()
            };
            found.add(&made, &settings, seed);
        }
        told.push(found.tell(
            &format!("{experiments} experiments"),
            (cpu() - began) / sets as f64,
        ));
    }
    println!("\n| | found | wanted | tolerance |\n|---|--:|--:|--:|");
    for ((error, shares, returns), most) in told.into_iter().zip([0.055, 0.03]) {
        crate::below("share error", error, most);
        held("intervals that hold the share", shares, 0.92, 0.07);
        held("intervals that hold the ROAS", returns, 0.92, 0.07);
    }
}
