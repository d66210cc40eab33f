//! Models that look at one journey alone: which share of a conversion each touch gets. Formulae: [`super::model::ALL`].

use super::journey::{Journey, Touch};
use super::model::Model;

/// The shares of a journey's touches, in order; they add up to 1. `half_life` in milliseconds. `None` for a model that
/// looks at all journeys at once, and for a journey without a touch.
pub fn shares(model: Model, journey: &Journey, half_life: f64) -> Option<Vec<f64>> {
    let touches = &journey.touches;
    let n = touches.len();
    let last = n.checked_sub(1)?;
    let one = |place: usize| {
        let mut shares = vec![0.0; n];
        shares[place] = 1.0;
        shares
    };
    let is_pulled = |touch: &Touch| !touch.is_direct;
    Some(match model {
        Model::First => one(0),
        Model::Last => one(last),
        Model::LastNonDirect => one(touches.iter().rposition(is_pulled).unwrap_or(last)),
        Model::FirstNonDirect => one(touches.iter().position(is_pulled).unwrap_or(0)),
        Model::Linear => vec![1.0 / n as f64; n],
        Model::LinearPaid => {
            let paid = touches.iter().filter(|touch| touch.is_paid).count();
            let share = |touch: &Touch| match (paid, touch.is_paid) {
                (0, _) => 1.0 / n as f64,
                (paid, true) => 1.0 / paid as f64,
                (_, false) => 0.0,
            };
            touches.iter().map(share).collect()
        }
        Model::UShaped => u_shaped(n),
        Model::WShaped => match journey.lead {
            Some(lead) if lead > 0 && lead < last && n == 3 => vec![1.0 / 3.0; 3],
            Some(lead) if lead > 0 && lead < last => {
                let mut shares = vec![0.1 / (n - 3) as f64; n];
                for place in [0, lead, last] {
                    shares[place] = 0.3;
                }
                shares
            }
            _ => u_shaped(n),
        },
        Model::TimeDecay => {
            // Against the latest, so that the weights of an old journey don't vanish.
            let latest = touches.iter().map(|touch| touch.before).min().unwrap_or(0);
            let weight = |touch: &Touch| (-((touch.before - latest) as f64) / half_life).exp2();
            let weights: Vec<f64> = touches.iter().map(weight).collect();
            let sum: f64 = weights.iter().sum();
            weights.into_iter().map(|weight| weight / sum).collect()
        }
        Model::Shapley => {
            let mut labels: Vec<u32> = touches.iter().map(|touch| touch.label).collect();
            labels.sort_unstable();
            labels.dedup();
            let each = 1.0 / labels.len() as f64;
            let share = |touch: &Touch| {
                let same = touches.iter().filter(|other| other.label == touch.label);
                each / same.count() as f64
            };
            touches.iter().map(share).collect()
        }
        Model::Markov => return None,
    })
}

fn u_shaped(n: usize) -> Vec<f64> {
    match n {
        0 => Vec::new(),
        1 => vec![1.0],
        2 => vec![0.5; 2],
        n => {
            let mut shares = vec![0.2 / (n - 2) as f64; n];
            shares[0] = 0.4;
            shares[n - 1] = 0.4;
            shares
        }
    }
}
