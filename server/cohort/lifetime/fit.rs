//! Maximum likelihood of a few positive parameters, by Nelder and Mead's simplex (crate `argmin`) on their logarithms.

use argmin::core::{CostFunction, Error, Executor, State};
use argmin::solver::neldermead::NelderMead;

/// Steps of the simplex at the most; models of four parameters take some 300.
const STEPS: u64 = 4000;

/// Runs, each from where the one before ended: a simplex that has shrunk too early goes on.
const RUNS: usize = 3;

struct Cost<F>(F);

impl<F: Fn(&[f64]) -> f64> CostFunction for Cost<F> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, logs: &Vec<f64>) -> Result<f64, Error> {
        let parameters: Vec<f64> = logs
            .iter()
            .map(|log| log.clamp(-30.0, 30.0).exp())
            .collect();
        let cost = -(self.0)(&parameters);
        // Where nothing can be said nothing is likely.
        Ok(if cost.is_finite() {
            cost
        } else {
            f64::MAX / 4.0
        })
    }
}

/// The parameters that make `log_likelihood` the greatest, and how great it is. `None` where the search finds none.
pub fn most_likely<const N: usize>(
    start: [f64; N],
    log_likelihood: impl Fn(&[f64]) -> f64,
) -> Option<([f64; N], f64)> {
    let mut at: Vec<f64> = start.iter().map(|parameter| parameter.ln()).collect();
    let mut best = f64::NEG_INFINITY;
    for _ in 0..RUNS {
        let corner = |moved: usize| {
            let mut corner = at.clone();
            if let Some(coordinate) = corner.get_mut(moved) {
                *coordinate += 0.5;
            }
            corner
        };
        let simplex = (0..=N).map(corner).collect();
        let solver = NelderMead::new(simplex).with_sd_tolerance(1e-9).ok()?;
        let run = Executor::new(Cost(&log_likelihood), solver)
            .configure(|state| state.max_iters(STEPS))
            .run()
            .ok()?;
        let state = run.state();
        at = state.get_best_param()?.clone();
        best = -state.get_best_cost();
    }
    let mut found = [0.0; N];
    for (found, log) in found.iter_mut().zip(&at) {
        *found = log.clamp(-30.0, 30.0).exp();
    }
    (best.is_finite() && best > -1e300).then_some((found, best))
}
