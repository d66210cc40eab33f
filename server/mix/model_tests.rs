use super::*;
use crate::mix::design::{Grain, columns};
use proptest::prelude::*;

/// Some weeks of two channels.
fn input(saturation: Saturation, effects: [Effect; 2], experiments: Vec<Experiment>) -> Input {
    let periods = 60;
    let wave = |at: usize, every: f64| {
        (1.5 + (at as f64 / every).sin() + (at as f64 * 1.7).cos() * 0.4).max(0.0)
    };
    let drivers: [Vec<f64>; 2] = [
        (0..periods).map(|at| 100.0 * wave(at, 3.0)).collect(),
        (0..periods)
            .map(|at| {
                if at % 5 < 2 {
                    0.0
                } else {
                    40.0 * wave(at, 7.0)
                }
            })
            .collect(),
    ];
    let outcome = (0..periods).map(|at| 900.0 + drivers[0][at] + (at as f64 * 0.9).sin() * 30.0);
    let outcome: Vec<f64> = outcome.collect();
    let [a, b] = drivers;
    Input {
        scale: outcome.iter().sum::<f64>() / periods as f64,
        outcome,
        channels: vec![
            Channel::new("a", a.clone(), Some(a), effects[0]),
            Channel::new("b", b.clone(), Some(b), effects[1]),
        ],
        columns: columns("2026-01-05".parse().unwrap(), periods, Grain::Week, &[]),
        experiments,
        saturation,
        reach: matches!(saturation, Saturation::Logistic).then_some(8),
        noise: 1.0,
        fitted: 52,
    }
}

fn models() -> Vec<Model> {
    let total = |per| Effect::Total {
        per,
        mean: 0.2,
        sd: 0.9,
    };
    let experiments = vec![
        Experiment {
            channel: 0,
            reading: Reading::Return {
                value: 1.4,
                error: 0.2,
            },
        },
        Experiment {
            channel: 1,
            reading: Reading::Lift {
                from: 20,
                to: 26,
                change: -1.0,
                value: -300.0,
                error: 60.0,
            },
        },
    ];
    vec![
        Model::new(input(
            Saturation::Hill,
            [total(7000.0), total(2000.0)],
            Vec::new(),
        )),
        Model::new(input(
            Saturation::Hill,
            [total(7000.0), total(2000.0)],
            experiments,
        )),
        Model::new(input(
            Saturation::Logistic,
            [Effect::Height { sd: 1.0 }, Effect::Height { sd: 0.5 }],
            vec![Experiment {
                channel: 1,
                reading: Reading::Lift {
                    from: 20,
                    to: 26,
                    change: 0.5,
                    value: 200.0,
                    error: 60.0,
                },
            }],
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn derivatives_are_what_differences_say(place in 0usize..3, moved in proptest::collection::vec(-0.8f64..0.8, 9)) {
        let mut model = models().swap_remove(place);
        let mut moved = moved.into_iter();
        let position = model.start(|| moved.next().unwrap());
        let parameters = position.len();
        let (mut gradient, mut unused) = (vec![0.0; parameters], vec![0.0; parameters]);
        model.density(&position, &mut gradient);
        for at in 0..parameters {
            let step = 1e-5;
            let mut density = |by: f64| {
                let mut position = position.clone();
                position[at] += by;
                model.density(&position, &mut unused)
            };
            // Of the fourth order: what is left of the step is below the tolerance.
            let difference = (8.0 * (density(step) - density(-step)) - density(2.0 * step) + density(-2.0 * step)) / (12.0 * step);
            let wrong = (gradient[at] - difference).abs() / (1.0 + difference.abs());
            prop_assert!(wrong < 1e-5, "{at}: {} {difference}", gradient[at]);
        }
    }
}

#[test]
fn the_density_is_that_of_the_whole_covariance() {
    // ln N(y | X·b₀ + media, σ²·I + X·V·Xᵀ), by elimination, for two positions: their difference needs no constants.
    let mut model = models().swap_remove(0);
    let fitted = model.input.fitted;
    let mut slowly = |position: &[f64]| -> (f64, f64) {
        let mut gradient = vec![0.0; position.len()];
        let found = model.density(position, &mut gradient);
        let mut media = vec![0.0; fitted];
        for channel in 0..2 {
            let sampled = model.sampled(position, channel);
            let values = sampled.curve.values(&model.driver(channel)[..fitted]);
            let height = model.height(channel, sampled.effect, values.iter().sum());
            media
                .iter_mut()
                .zip(values)
                .for_each(|(sum, value)| *sum += height * value);
        }
        let rest = model.rest(|at| media[at]);
        let variance = model.noise(position).powi(2);
        let of = |a: usize, b: usize| -> f64 {
            let columns = &model.design.columns;
            let both = columns
                .iter()
                .map(|column| column.values[a] * column.values[b] * column.sd * column.sd);
            both.sum::<f64>() + if a == b { variance } else { 0.0 }
        };
        // Rows of the lower factor of Cholesky's decomposition.
        let mut lower: Vec<Vec<f64>> = Vec::new();
        let (mut solved, mut density) = (Vec::new(), 0.0);
        for a in 0..fitted {
            let mut row: Vec<f64> = Vec::new();
            for b in 0..a {
                row.push((of(a, b) - dot(&row, &lower[b][..b])) / lower[b][b]);
            }
            let root = (of(a, a) - dot(&row, &row)).sqrt();
            solved.push((rest[a] - dot(&row, &solved)) / root);
            row.push(root);
            density -= root.ln() + 0.5 * solved[a].powi(2);
            lower.push(row);
        }
        let mut prior = vec![0.0; position.len()];
        for channel in 0..2 {
            density += model.prior(position, channel, &mut prior[channel * 4..channel * 4 + 4]);
        }
        density += half_normal(model.noise(position), model.input.noise).0;
        (found, density)
    };
    let (mut sign, mut other) = (0.3, -0.2);
    let a = slowly(&models().swap_remove(0).start(|| {
        sign = -sign;
        sign
    }));
    let b = slowly(&models().swap_remove(0).start(|| {
        other = -other * 1.1;
        other
    }));
    assert!(((a.0 - b.0) - (a.1 - b.1)).abs() < 1e-6, "{a:?} {b:?}");
    assert!((a.0 - b.0).abs() > 1.0);
}

#[test]
fn a_channel_that_never_ran_while_fitted_brings_nothing() {
    let mut data = input(
        Saturation::Hill,
        [Effect::Total {
            per: 7000.0,
            mean: 0.2,
            sd: 0.9,
        }; 2],
        Vec::new(),
    );
    data.channels[1].driver[..52].fill(0.0);
    let mut model = Model::new(data);
    let position = model.start(|| 0.1);
    let mut gradient = vec![0.0; position.len()];
    assert!(model.density(&position, &mut gradient).is_finite());
    assert!(gradient.iter().all(|by| by.is_finite()));
}
