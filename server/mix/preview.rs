//! A point estimate within a moment: for each channel the curve of a grid, and what channels bring by least squares that may not be
//! negative. It has no interval: one made with fixed curves would be far too narrow.

use self::squares::solve;

use super::curve::{Curve, Saturation};
use super::design::dot;
use super::model::Model;

/// What the grid has.
const DECAYS: [f64; 10] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const HALVES: [f64; 8] = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5];
const SLOPES: [f64; 4] = [0.8, 1.0, 1.4, 2.0];

/// Times that the grid is gone over, channel by channel.
const TIMES: usize = 3;

/// A channel's best point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// What it brought in all over the fitted periods, in the outcome's unit.
    pub total: f64,
    /// Its half-way point is in the driver's most.
    pub curve: Curve,
}

/// The best point of each channel.
pub fn preview(model: &Model) -> Vec<Point> {
    let fitted = model.input.fitted;
    let channels = model.input.channels.len();
    let rest = without(model, &model.rest(|_| 0.0));
    let mut curves = vec![curve(model, 0.3, 0.35, 1.0); channels];
    let effects = |channel: usize, curve: &Curve| -> Vec<f64> {
        without(model, &curve.values(&model.driver(channel)[..fitted]))
    };
    let mut columns: Vec<Vec<f64>> = (0..channels)
        .map(|channel| effects(channel, &curves[channel]))
        .collect();
    for _ in 0..TIMES {
        let before = curves.clone();
        for channel in 0..channels {
            let mut least = f64::INFINITY;
            let mut best = columns[channel].clone();
            for each in grid(model) {
                columns[channel] = effects(channel, &each);
                let (_, squares) = solve(&columns, &rest);
                if squares < least {
                    (least, curves[channel]) = (squares, each);
                    best.clone_from(&columns[channel]);
                }
            }
            columns[channel] = best;
        }
        if curves == before {
            break;
        }
    }
    let (heights, _) = solve(&columns, &rest);
    let point = |(channel, height): (usize, f64)| Point {
        total: {
            let values = curves[channel].values(&model.driver(channel)[..fitted]);
            height * model.input.scale * values.iter().sum::<f64>()
        },
        curve: curves[channel],
    };
    heights.into_iter().enumerate().map(point).collect()
}

fn curve(model: &Model, decay: f64, half: f64, slope: f64) -> Curve {
    Curve {
        saturation: model.input.saturation,
        decay,
        half,
        slope,
        reach: model.input.reach,
    }
}

fn grid(model: &Model) -> Vec<Curve> {
    let slopes = match model.input.saturation {
        Saturation::Hill => &SLOPES[..],
        Saturation::Logistic => &SLOPES[1..2],
    };
    let mut all = Vec::new();
    for decay in DECAYS {
        for half in HALVES {
            all.extend(slopes.iter().map(|slope| curve(model, decay, half, *slope)));
        }
    }
    all
}

/// What columns can't say of a line.
fn without(model: &Model, line: &[f64]) -> Vec<f64> {
    let mut rest = line.to_vec();
    for column in &model.design.basis {
        let along = dot(column, line);
        rest.iter_mut()
            .zip(column)
            .for_each(|(rest, value)| *rest -= along * value);
    }
    rest
}

/// Least squares of few columns whose coefficients may not be negative.
mod squares {
    use super::dot;

    /// The coefficients, one after the other set to what is best given the others, and the sum of squares that is left. The
    /// sum is convex, and so that ends at the least.
    pub fn solve(columns: &[Vec<f64>], rest: &[f64]) -> (Vec<f64>, f64) {
        let products: Vec<Vec<f64>> = columns
            .iter()
            .map(|a| columns.iter().map(|b| dot(a, b)).collect())
            .collect();
        let along: Vec<f64> = columns.iter().map(|column| dot(column, rest)).collect();
        let mut found = vec![0.0; columns.len()];
        for _ in 0..500 {
            let mut moved = 0.0f64;
            for at in 0..columns.len() {
                let own = products[at][at];
                if own <= 1e-12 {
                    continue;
                }
                let best = (found[at] + (along[at] - dot(&products[at], &found)) / own).max(0.0);
                moved = moved.max((best - found[at]).abs() * own.sqrt());
                found[at] = best;
            }
            if moved < 1e-9 * dot(rest, rest).sqrt() {
                break;
            }
        }
        let quadratic: f64 = products
            .iter()
            .zip(&found)
            .map(|(row, own)| own * dot(row, &found))
            .sum();
        let squares = dot(rest, rest) - 2.0 * dot(&along, &found) + quadratic;
        (found, squares)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn coefficients_are_the_best_that_are_not_negative() {
            let columns = vec![vec![1.0, 0.0, 1.0], vec![0.0, 1.0, 1.0]];
            let (found, squares) = solve(&columns, &[2.0, 3.0, 5.0]);
            assert!(
                (found[0] - 2.0).abs() < 1e-6 && (found[1] - 3.0).abs() < 1e-6 && squares < 1e-9
            );
            // Freely the second would be below 0: then the first alone is fitted.
            let (found, squares) = solve(&columns, &[2.0, -3.0, 1.0]);
            assert_eq!(found[1], 0.0);
            assert!((found[0] - 1.5).abs() < 1e-6 && (squares - (14.0 - 4.5)).abs() < 1e-6);
        }
    }
}
