//! What a budget brings, and how it is best split. Of each draw a channel's steady response to `s` a period is
//! `height · sⁿ ÷ (Kⁿ + sⁿ)`; a split is judged by the mean of all draws, and its gain told with an interval. Where a split is best, one
//! more unit brings the same in every channel that isn't at a bound.
//!
//! Curves may be S-shaped, so that climbing alone can end in a lesser place: a coarse split of the whole budget is searched first.

use serde::{Deserialize, Serialize};

use super::posterior::Estimate;

/// Parts that the coarse search splits a budget into.
const PARTS: usize = 200;

/// Times that each pair of channels is balanced at the most.
const TIMES: usize = 100;

/// Draws that a split is looked for with; it is told of with all.
const SOUGHT: usize = 120;

/// A channel's response to what is spent on it a period, of one draw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// What it could bring a period at the most.
    pub height: f64,
    /// The spend a period that brings half of that.
    pub half: f64,
    #[allow(missing_docs)]
    pub slope: f64,
}

impl Response {
    /// What a spend a period brings a period, where it stays so.
    pub fn at(&self, spend: f64) -> f64 {
        match spend > 0.0 {
            true => self.height / (1.0 + (self.half / spend).powf(self.slope)),
            false => 0.0,
        }
    }

    /// What one more unit brings there.
    pub fn marginal(&self, spend: f64) -> f64 {
        if spend <= 0.0 {
            return 0.0;
        }
        let past = (self.half / spend).powf(self.slope);
        self.height * self.slope * past / (spend * (1.0 + past).powi(2))
    }
}

/// The responses of channels: by channel, then draw.
pub type Responses = Vec<Vec<Response>>;

/// The mean of a channel's draws.
pub fn mean(responses: &[Response], spend: f64) -> f64 {
    responses
        .iter()
        .map(|response| response.at(spend))
        .sum::<f64>()
        / responses.len().max(1) as f64
}

/// The mean of what one more unit brings.
pub fn marginal(responses: &[Response], spend: f64) -> f64 {
    let all = responses.iter().map(|response| response.marginal(spend));
    all.sum::<f64>() / responses.len().max(1) as f64
}

/// The least and most that may be spent on a channel a period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    #[allow(missing_docs)]
    pub least: f64,
    #[allow(missing_docs)]
    pub most: f64,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aim {
    /// The best split of so much a period.
    Total(f64),
    /// The least budget that brings so much a period from the channels.
    Target(f64),
}

/// A split, beside what is spent now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// A period, by channel.
    pub spend: Vec<f64>,
    /// What all of it brings a period.
    pub response: Estimate,
    /// How much more than what is spent now; the interval is of both under the same draws.
    pub gain: Estimate,
    /// Of how many of the draws it is more.
    pub sure: f64,
    /// What one more unit brings in each, there.
    pub marginals: Vec<f64>,
}

/// Looks for a split.
///
/// # Errors
/// In words, where there is none within the bounds.
pub fn split(
    responses: &Responses,
    now: &[f64],
    bounds: &[Bounds],
    aim: Aim,
) -> Result<Split, String> {
    let least: f64 = bounds.iter().map(|bounds| bounds.least).sum();
    let most: f64 = bounds.iter().map(|bounds| bounds.most).sum();
    let some = |channel: &Vec<Response>| -> Vec<Response> {
        let step = channel.len().div_ceil(SOUGHT).max(1);
        channel.iter().copied().step_by(step).collect()
    };
    let sought: Responses = responses.iter().map(some).collect();
    let spend = match aim {
        Aim::Total(total) => {
            // What bounds are rounded by is no reason to refuse.
            let slack = 1e-9 * total.abs().max(1.0);
            if !(least - slack..=most + slack).contains(&total) {
                return Err(format!(
                    "{total:.2} can't be spent within the bounds, which are {least:.2} to {most:.2} in all"
                ));
            }
            best(&sought, bounds, total.clamp(least, most))
        }
        Aim::Target(target) => cheapest(&sought, bounds, target, (least, most))?,
    };
    Ok(told(responses, now, spend))
}

/// What a split brings beside what is spent now.
fn told(responses: &Responses, now: &[f64], spend: Vec<f64>) -> Split {
    let draws = responses.first().map_or(0, Vec::len);
    let sum = |spend: &[f64], draw: usize| -> f64 {
        let all = responses.iter().zip(spend);
        all.map(|(channel, spend)| channel[draw].at(*spend)).sum()
    };
    let there: Vec<f64> = (0..draws).map(|draw| sum(&spend, draw)).collect();
    let gains: Vec<f64> = (0..draws)
        .map(|draw| there[draw] - sum(now, draw))
        .collect();
    let more = gains.iter().filter(|gain| **gain > 0.0).count();
    let all = responses.iter().zip(&spend);
    Split {
        marginals: all
            .map(|(channel, spend)| marginal(channel, *spend))
            .collect(),
        response: Estimate::of(there),
        gain: Estimate::of(gains),
        sure: more as f64 / draws.max(1) as f64,
        spend,
    }
}

/// The best split of a total that lies within the bounds.
fn best(responses: &Responses, bounds: &[Bounds], total: f64) -> Vec<f64> {
    let mut spend = coarse(responses, bounds, total);
    // What is left of coarse parts goes where there is room.
    let mut left = total - spend.iter().sum::<f64>();
    for (spend, bounds) in spend.iter_mut().zip(bounds) {
        let room = (*spend + left).clamp(bounds.least, bounds.most) - *spend;
        *spend += room;
        left -= room;
    }
    for _ in 0..TIMES {
        let mut moved = 0.0f64;
        for a in 0..spend.len() {
            for b in a + 1..spend.len() {
                moved = moved.max(balance(responses, bounds, &mut spend, a, b));
            }
        }
        if moved < 1e-6 * total.max(1e-6) {
            break;
        }
    }
    spend
}

/// The best split into parts, found exactly: of one channel, of two, and so on.
fn coarse(responses: &Responses, bounds: &[Bounds], total: f64) -> Vec<f64> {
    let least: f64 = bounds.iter().map(|bounds| bounds.least).sum();
    let part = (total - least).max(0.0) / PARTS as f64;
    // What the channels so far bring of so many parts, and how many the last of them has of those.
    let mut so_far = vec![0.0; PARTS + 1];
    let mut chosen: Vec<Vec<usize>> = Vec::new();
    for (channel, bounds) in responses.iter().zip(bounds) {
        let room = match part > 0.0 {
            true => (((bounds.most - bounds.least) / part + 1e-9).floor() as usize).min(PARTS),
            false => 0,
        };
        let brings: Vec<f64> = (0..=room)
            .map(|parts| mean(channel, bounds.least + parts as f64 * part))
            .collect();
        let mut of = vec![0; PARTS + 1];
        let mut next = vec![f64::NEG_INFINITY; PARTS + 1];
        for parts in 0..=PARTS {
            for (taken, brings) in brings.iter().enumerate().take(parts + 1) {
                let all = so_far[parts - taken] + brings;
                if all > next[parts] {
                    (next[parts], of[parts]) = (all, taken);
                }
            }
        }
        so_far = next;
        chosen.push(of);
    }
    let mut parts = PARTS;
    let mut spend = vec![0.0; bounds.len()];
    for place in (0..bounds.len()).rev() {
        let taken = chosen[place][parts];
        spend[place] = bounds[place].least + taken as f64 * part;
        parts -= taken;
    }
    spend
}

/// Moves spend between two channels to where it brings most nearby; gives how much was moved.
fn balance(responses: &Responses, bounds: &[Bounds], spend: &mut [f64], a: usize, b: usize) -> f64 {
    let both = spend[a] + spend[b];
    let from = bounds[a].least.max(both - bounds[b].most);
    let to = bounds[a].most.min(both - bounds[b].least);
    // Less than this is what numbers are rounded by.
    if to - from <= 1e-9 * both.abs() {
        return 0.0;
    }
    let steeper = |x: f64| marginal(&responses[a], x) - marginal(&responses[b], both - x);
    let worth = |x: f64| mean(&responses[a], x) + mean(&responses[b], both - x);
    // Between neighbours on a grid around where it is, halving as long as the signs differ.
    let width = (to - from) / PARTS as f64;
    let (mut low, mut high) = ((spend[a] - width).max(from), (spend[a] + width).min(to));
    while low > from && steeper(low) < 0.0 {
        low = (low - width).max(from);
    }
    while high < to && steeper(high) > 0.0 {
        high = (high + width).min(to);
    }
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        match steeper(middle) > 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    let mut found = 0.5 * (low + high);
    for end in [from, to] {
        if worth(end) > worth(found) {
            found = end;
        }
    }
    if worth(found) <= worth(spend[a]) {
        return 0.0;
    }
    let moved = (found - spend[a]).abs();
    (spend[a], spend[b]) = (found, both - found);
    moved
}

/// The least budget that brings a target, split as it is best.
fn cheapest(
    responses: &Responses,
    bounds: &[Bounds],
    target: f64,
    (least, most): (f64, f64),
) -> Result<Vec<f64>, String> {
    let worth = |spend: &[f64]| -> f64 {
        let all = responses.iter().zip(spend);
        all.map(|(channel, spend)| mean(channel, *spend)).sum()
    };
    let all = worth(&best(responses, bounds, most));
    if all < target {
        return Err(format!(
            "within the bounds the channels are expected to bring {all:.2} a period at the most, less than {target:.2}"
        ));
    }
    let (mut low, mut high) = (least, most);
    for _ in 0..30 {
        let middle = 0.5 * (low + high);
        match worth(&best(responses, bounds, middle)) < target {
            true => low = middle,
            false => high = middle,
        }
    }
    Ok(best(responses, bounds, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn golden() -> (Responses, Vec<f64>) {
        let one = |height, half, slope| {
            vec![Response {
                height,
                half,
                slope,
            }]
        };
        let responses = vec![
            one(5200.0, 900.0, 1.0),
            one(4300.0, 1100.0, 1.4),
            one(900.0, 500.0, 1.0),
            one(2400.0, 600.0, 1.2),
        ];
        (
            responses,
            vec![
                868.570_014_154,
                1_134.399_953_875,
                221.036_362_893,
                319.450_462_405,
            ],
        )
    }

    #[test]
    fn the_split_is_the_one_that_another_solver_finds() {
        // By sequential quadratic programming from forty starts, bounds 0 to twice of now.
        let (responses, now) = golden();
        let bounds: Vec<Bounds> = now
            .iter()
            .map(|now| Bounds {
                least: 0.0,
                most: 2.0 * now,
            })
            .collect();
        let found = split(&responses, &now, &bounds, Aim::Total(now.iter().sum())).unwrap();
        for (found, wanted) in found
            .spend
            .iter()
            .zip([916.9473, 1060.957, 63.4124, 502.1401])
        {
            assert!((found - wanted).abs() < 1.0, "{found} {wanted}");
        }
        assert!((found.response.mean / 5893.4584 - 1.0).abs() < 1e-4);
        assert!((found.gain.mean - (5893.4584 - 5792.6617)).abs() < 0.1);
        for marginal in found.marginals {
            assert!((marginal - 1.41762).abs() < 1e-4, "{marginal}");
        }
        let target = split(&responses, &now, &bounds, Aim::Target(5893.4584)).unwrap();
        assert!((target.spend.iter().sum::<f64>() - now.iter().sum::<f64>()).abs() < 1.0);
    }

    #[test]
    fn bounds_hold_and_what_lies_beyond_them_is_refused() {
        let (responses, now) = golden();
        let mut bounds: Vec<Bounds> = now
            .iter()
            .map(|now| Bounds {
                least: 0.5 * now,
                most: 1.2 * now,
            })
            .collect();
        let total = now.iter().sum();
        let found = split(&responses, &now, &bounds, Aim::Total(total)).unwrap();
        for (spend, bounds) in found.spend.iter().zip(&bounds) {
            assert!((bounds.least - 1e-6..=bounds.most + 1e-6).contains(spend));
        }
        assert!((found.spend.iter().sum::<f64>() - total).abs() < 1e-6);
        bounds[0].most = bounds[0].least;
        bounds[1].most = bounds[1].least;
        assert!(
            split(&responses, &now, &bounds, Aim::Total(total))
                .unwrap_err()
                .contains("can't be spent")
        );
        assert!(
            split(&responses, &now, &bounds, Aim::Target(1e6))
                .unwrap_err()
                .contains("at the most")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]

        #[test]
        fn no_other_split_is_better(
            channels in proptest::collection::vec((100.0f64..5000.0, 50.0f64..2000.0, 0.6f64..3.0, 50.0f64..1500.0), 2..5),
            others in proptest::collection::vec(proptest::collection::vec(0.01f64..1.0, 4), 50),
        ) {
            let responses: Responses = channels.iter().map(|(height, half, slope, _)| vec![Response { height: *height, half: *half, slope: *slope }]).collect();
            let now: Vec<f64> = channels.iter().map(|channel| channel.3).collect();
            let total: f64 = now.iter().sum();
            let bounds = vec![Bounds { least: 0.0, most: total }; now.len()];
            let found = split(&responses, &now, &bounds, Aim::Total(total)).unwrap();
            prop_assert!((found.spend.iter().sum::<f64>() - total).abs() < 1e-6 * total);
            prop_assert!(found.gain.mean >= -1e-6);
            for other in others {
                let sum: f64 = other.iter().take(now.len()).sum();
                let worth: f64 = responses.iter().zip(&other).map(|(channel, part)| mean(channel, part / sum * total)).sum();
                prop_assert!(worth <= found.response.mean * (1.0 + 1e-6), "{worth} {found:?}");
            }
        }
    }
}
