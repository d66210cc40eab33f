//! The Markov model: people go from touch to touch until they convert or are lost. A channel's removal effect is the share
//! of conversions that would be missing if every step to it led nowhere.
//!
//! The chain has a state for each run of up to `order` touches, the start, and two ends. Without channel c, whoever would
//! step to a state whose latest touch is c is lost: `RE_c = 1 − P(conversion without c) / P(conversion)`. The probabilities
//! solve a system of linear equations, by sweeps in which each state takes what its neighbours have (Gauss and Seidel) with
//! its own loop solved for, until nothing moves any more. Steps from a state to itself don't change the answer.
//!
//! Source: Anderl, Becker, von Wangenheim, Schumann, "Mapping the customer journey", IJRM 33 (2016).

// Places in rows and columns of a matrix are what these loops are about.
#![allow(clippy::needless_range_loop)]

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// How far a touch looks back at the most.
pub const MOST_ORDER: usize = 3;

/// Sweeps after which a chain counts as solved. Each takes the error down by the share of people who go on.
const SWEEPS: usize = 100_000;

/// A run of labels, the latest last.
type State = [u32; MOST_ORDER];

/// Where nothing stands yet.
const NONE: u32 = u32::MAX;

/// Journeys as steps of a chain.
pub struct Chain {
    order: usize,
    numbers: HashMap<State, usize, RandomState>,
    /// Each state's latest touch; of the start [`NONE`].
    latest: Vec<u32>,
    /// How many went from a state to another.
    steps: HashMap<(usize, usize), f64, RandomState>,
    /// How many converted after it, and how many left it in any way.
    converted: Vec<f64>,
    left: Vec<f64>,
}

impl Chain {
    /// Of nobody yet; a state is a run of up to `order` touches, 1 to [`MOST_ORDER`].
    pub fn new(order: usize) -> Chain {
        let start = [NONE; MOST_ORDER];
        Chain {
            order: order.clamp(1, MOST_ORDER),
            numbers: [(start, 0)].into_iter().collect(),
            latest: vec![NONE],
            steps: HashMap::default(),
            converted: vec![0.0],
            left: vec![0.0],
        }
    }

    /// Adds people who had these touches: so many who converted then, and so many who didn't.
    pub fn add(&mut self, labels: impl IntoIterator<Item = u32>, converted: f64, lost: f64) {
        let people = converted + lost;
        let mut state = [NONE; MOST_ORDER];
        let mut at = 0;
        for label in labels {
            let kept = MOST_ORDER - self.order;
            state[kept..].rotate_left(1);
            state[MOST_ORDER - 1] = label;
            let next = *self.numbers.entry(state).or_insert_with(|| {
                self.latest.push(label);
                self.converted.push(0.0);
                self.left.push(0.0);
                self.latest.len() - 1
            });
            *self.steps.entry((at, next)).or_default() += people;
            self.left[at] += people;
            at = next;
        }
        self.converted[at] += converted;
        self.left[at] += people;
    }

    /// The removal effect of each label below `labels`, 0 to 1, and the probability of a conversion. All 0 where nobody
    /// converted.
    pub fn removal_effects(&self, labels: usize) -> (Vec<f64>, f64) {
        let matrix = Matrix::of(self);
        let all = matrix.converts(None);
        if all <= 0.0 {
            return (vec![0.0; labels], 0.0);
        }
        let effect = |label| (1.0 - matrix.converts(Some(label)) / all).clamp(0.0, 1.0);
        ((0..labels as u32).map(effect).collect(), all)
    }
}

/// The chain's probabilities, a row a state.
struct Matrix<'a> {
    chain: &'a Chain,
    /// Where people go from each state, but for itself, and with what probability among those who leave it.
    rows: Vec<Vec<(usize, f64)>>,
    converts: Vec<f64>,
    /// States in the order in which they are best solved: the ends of journeys first.
    order: Vec<usize>,
}

impl Matrix<'_> {
    fn of(chain: &Chain) -> Matrix<'_> {
        let n = chain.latest.len();
        let mut leave = chain.left.clone();
        for state in 0..n {
            if let Some(own) = chain.steps.get(&(state, state)) {
                leave[state] -= own;
            }
        }
        let mut rows = vec![Vec::new(); n];
        for ((from, to), people) in &chain.steps {
            if from != to && leave[*from] > 0.0 {
                rows[*from].push((*to, people / leave[*from]));
            }
        }
        // A map's order is by chance; sums are to be the same each time.
        rows.iter_mut()
            .for_each(|row: &mut Vec<_>| row.sort_unstable_by_key(|step| step.0));
        let convert = |state: usize| match leave[state] > 0.0 {
            true => chain.converted[state] / leave[state],
            false => 0.0,
        };
        let mut order: Vec<usize> = (0..n).collect();
        let goes_on = |state: &usize| rows[*state].iter().map(|step| step.1).sum::<f64>();
        order.sort_by(|a, b| goes_on(a).total_cmp(&goes_on(b)).then(b.cmp(a)));
        Matrix {
            chain,
            converts: (0..n).map(convert).collect(),
            rows,
            order,
        }
    }

    /// The probability that whoever starts converts, when every step to `without` leads nowhere.
    fn converts(&self, without: Option<u32>) -> f64 {
        let is_gone = |state: usize| Some(self.chain.latest[state]) == without;
        // With its own loop taken away, a state that is gone is reached by nobody.
        let mut known = vec![0.0; self.rows.len()];
        for _ in 0..SWEEPS {
            let mut moved: f64 = 0.0;
            for state in self.order.iter().copied().filter(|state| !is_gone(*state)) {
                let onward = self.rows[state].iter().map(|(to, p)| p * known[*to]);
                let now = self.converts[state] + onward.sum::<f64>();
                moved = moved.max((now - known[state]).abs());
                known[state] = now;
            }
            if moved < 1e-16 {
                break;
            }
        }
        known[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by elimination, for a chain of order 1.
    fn eliminated(journeys: &[(Vec<u32>, u32, u32)], labels: usize, without: Option<u32>) -> f64 {
        let n = labels + 1;
        let mut counts = vec![vec![0.0; n + 2]; n];
        for (touches, converted, lost) in journeys {
            let people = f64::from(converted + lost);
            let mut at = 0;
            for label in touches {
                counts[at][*label as usize + 1] += people;
                at = *label as usize + 1;
            }
            counts[at][n] += f64::from(*converted);
            counts[at][n + 1] += f64::from(*lost);
        }
        let mut a = vec![vec![0.0; n + 1]; n];
        for i in 0..n {
            let sum: f64 = counts[i].iter().sum();
            a[i][i] = 1.0;
            if sum == 0.0 {
                continue;
            }
            let gone = without.map(|label| label as usize + 1);
            for j in (0..n).filter(|j| Some(*j) != gone) {
                a[i][j] -= counts[i][j] / sum;
            }
            a[i][n] = counts[i][n] / sum;
        }
        for i in 0..n {
            let pivot = (i..n)
                .max_by(|x, y| a[*x][i].abs().total_cmp(&a[*y][i].abs()))
                .unwrap();
            a.swap(i, pivot);
            for j in 0..n {
                if j != i && a[i][i] != 0.0 {
                    let factor = a[j][i] / a[i][i];
                    for k in i..=n {
                        a[j][k] -= factor * a[i][k];
                    }
                }
            }
        }
        a[0][n] / a[0][0]
    }

    proptest! {
        #[test]
        fn sweeps_give_what_elimination_gives(
            journeys in proptest::collection::vec(
                (proptest::collection::vec(0u32..5, 0..6), 0u32..9, 1u32..9), 1..12),
        ) {
            let mut chain = Chain::new(1);
            for (touches, converted, lost) in &journeys {
                chain.add(touches.iter().copied(), f64::from(*converted), f64::from(*lost));
            }
            let (effects, all) = chain.removal_effects(5);
            let wanted = eliminated(&journeys, 5, None);
            prop_assert!((all - wanted).abs() < 1e-12, "{} and {}", all, wanted);
            for (label, effect) in effects.iter().enumerate() {
                let without = eliminated(&journeys, 5, Some(label as u32));
                let wanted = if wanted > 0.0 { (1.0 - without / wanted).max(0.0) } else { 0.0 };
                prop_assert!((effect - wanted).abs() < 1e-10, "{}: {} and {}", label, effect, wanted);
            }
        }
    }

    #[test]
    fn a_longer_memory_tells_apart_what_comes_before() {
        // Email converts after search alone: a chain of one touch can't see it.
        let journeys: [(&[u32], f64, f64); 3] =
            [(&[0, 1], 10.0, 0.0), (&[2, 1], 0.0, 10.0), (&[2], 0.0, 5.0)];
        let effects = |order| {
            let mut chain = Chain::new(order);
            for (touches, converted, lost) in journeys {
                chain.add(touches.iter().copied(), converted, lost);
            }
            chain.removal_effects(3).0
        };
        assert!(effects(1)[2] > 0.3);
        assert_eq!(effects(2), [1.0, 1.0, 0.0]);
        assert_eq!(effects(3), [1.0, 1.0, 0.0]);
    }
}
