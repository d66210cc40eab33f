//! Draws from a model's posterior: the No-U-Turn sampler, several chains, each on a thread of its own. The same model, plan and seed give the same draws on the same kind of machine.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};

use nuts_rs::rand::rngs::ChaCha8Rng;
use nuts_rs::rand::{Rng, RngExt, SeedableRng};
use nuts_rs::{
    Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings,
};

use super::diagnose;
use super::model::Model;

/// How much is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What chance comes from.
    pub seed: u64,
    #[allow(missing_docs)]
    pub chains: usize,
    /// Draws of each chain that only find out how to draw.
    pub tune: usize,
    /// Draws of each chain in a round.
    pub draws: usize,
    /// Rounds at the most; another one is drawn while chains don't agree.
    pub rounds: usize,
    /// Chains that run at the same time. What comes out is the same with fewer.
    pub at_once: usize,
}

impl Plan {
    /// As results are made with.
    pub fn new(seed: u64) -> Plan {
        Plan {
            seed,
            chains: 4,
            tune: 600,
            draws: 600,
            rounds: 4,
            at_once: 4,
        }
    }

    /// Draws that a plan comes to at the least.
    pub fn least(&self) -> usize {
        self.chains * (self.tune + self.draws)
    }
}

/// The R-hat below which no more is drawn.
pub const AGREED: f64 = 1.01;

/// How far a fit is, for whoever watches it; and whether it should go on.
#[derive(Debug, Default)]
pub struct Watch {
    /// Draws so far.
    pub done: AtomicUsize,
    #[allow(missing_docs)]
    pub cancelled: AtomicBool,
}

/// Why there are no draws.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// It was asked to.
    #[error("the fit was cancelled")]
    Cancelled,
    /// The sampler gave up.
    #[error("the sampler stopped: {0}")]
    Failed(String),
}

/// What was drawn.
#[derive(Clone, Debug)]
pub struct Draws {
    /// Positions, by chain.
    pub chains: Vec<Vec<Box<[f64]>>>,
    /// Draws at which the sampler left what it can follow.
    pub divergences: usize,
    /// The largest of the parameters.
    pub r_hat: f64,
}

impl Draws {
    /// All, a chain after the other.
    pub fn all(&self) -> impl Iterator<Item = &[f64]> {
        self.chains.iter().flatten().map(|draw| &**draw)
    }

    #[allow(missing_docs)]
    pub fn count(&self) -> usize {
        self.chains.iter().map(Vec::len).sum()
    }

    /// About so many, spread evenly.
    pub fn some(&self, wanted: usize) -> Vec<&[f64]> {
        let step = self.count().div_ceil(wanted.max(1)).max(1);
        self.all().step_by(step).collect()
    }

    /// A number of each draw, by chain.
    pub fn each(&self, of: impl Fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
        let chain = |chain: &Vec<Box<[f64]>>| chain.iter().map(|draw| of(draw)).collect();
        self.chains.iter().map(chain).collect()
    }
}

/// A model as the sampler wants it.
struct Density(Model);

#[derive(Debug, thiserror::Error)]
#[error("the density isn't finite")]
struct NotFinite;

impl LogpError for NotFinite {
    fn is_recoverable(&self) -> bool {
        true
    }
}

impl HasDims for Density {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.dim() as u64)])
    }
}

impl CpuLogpFunc for Density {
    type LogpError = NotFinite;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.0.parameters()
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, NotFinite> {
        let density = self.0.density(position, gradient);
        match density.is_finite() && gradient.iter().all(|by| by.is_finite()) {
            true => Ok(density),
            false => Err(NotFinite),
        }
    }

    fn expand_vector<R: Rng + ?Sized>(
        &mut self,
        _: &mut R,
        position: &[f64],
    ) -> Result<Vec<f64>, CpuMathError> {
        Ok(position.to_vec())
    }
}

/// Lets so many do something at once.
struct Turns {
    free: Mutex<usize>,
    given_back: Condvar,
}

impl Turns {
    fn new(at_once: usize) -> Turns {
        Turns {
            free: Mutex::new(at_once.max(1)),
            given_back: Condvar::new(),
        }
    }

    fn take<T>(&self, work: impl FnOnce() -> T) -> T {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let free = self.given_back.wait_while(free, |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        let _turn = Turn(self);
        work()
    }
}

/// A turn, given back whatever happens.
struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.given_back.notify_one();
    }
}

/// What a chain tells after a round: its draws, and how many diverged.
type Round = Result<(usize, Vec<Box<[f64]>>, usize), Stopped>;

/// Draws.
///
/// # Errors
/// When it was cancelled, or when the sampler can't go on.
pub fn sample(model: &Model, plan: &Plan, watch: &Watch) -> Result<Draws, Stopped> {
    let mut draws = Draws {
        chains: vec![Vec::new(); plan.chains],
        divergences: 0,
        r_hat: f64::INFINITY,
    };
    let turns = Turns::new(plan.at_once);
    std::thread::scope(|scope| {
        let (told, rounds) = channel();
        let mut go: Vec<Sender<()>> = Vec::new();
        for chain in 0..plan.chains {
            let (told, (start, wanted)) = (told.clone(), channel());
            go.push(start);
            let (model, turns) = (model.clone(), &turns);
            scope.spawn(move || {
                let run = || run(chain, model, plan, watch, turns, &told, &wanted);
                if catch_unwind(AssertUnwindSafe(run)).is_err() {
                    // The others wait for what this one won't tell.
                    let failed = Stopped::Failed("a chain ended early".into());
                    let _ = told.send(Err(failed));
                }
            });
        }
        drop(told);
        for round in 0..plan.rounds {
            if round > 0 {
                // A chain that is gone has said why.
                go.iter().for_each(|go| go.send(()).unwrap_or_default());
            }
            for _ in 0..plan.chains {
                let (chain, more, divergences) = rounds
                    .recv()
                    .map_err(|_| Stopped::Failed("a chain ended early".into()))??;
                draws.chains[chain].extend(more);
                draws.divergences += divergences;
            }
            draws.r_hat = (0..model.parameters())
                .map(|at| diagnose::r_hat(&draws.each(|draw| draw[at])))
                .fold(1.0, f64::max);
            if draws.r_hat < AGREED {
                break;
            }
        }
        Ok(draws)
    })
}

fn run(
    chain: usize,
    model: Model,
    plan: &Plan,
    watch: &Watch,
    turns: &Turns,
    told: &Sender<Round>,
    wanted: &Receiver<()>,
) {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    rng.set_stream(chain as u64 + 1);
    let start = model.start(|| rng.random_range(-0.5..0.5));
    let settings = settings(plan);
    let sampler = settings
        .new_chain(chain as u64, CpuMath::new(Density(model)), &mut rng)
        .and_then(|mut sampler| sampler.set_position(&start).map(|()| sampler));
    let failed = |error: String| told.send(Err(Stopped::Failed(error))).unwrap_or_default();
    let mut sampler = match sampler {
        Ok(sampler) => sampler,
        Err(error) => return failed(error.to_string()),
    };
    let mut tune = plan.tune;
    for _ in 0..plan.rounds {
        let (mut kept, mut divergences) = (Vec::with_capacity(plan.draws), 0);
        for at in 0..tune + plan.draws {
            if watch.cancelled.load(Relaxed) {
                return told.send(Err(Stopped::Cancelled)).unwrap_or_default();
            }
            match turns.take(|| sampler.draw()) {
                Ok((draw, progress)) if at >= tune => {
                    divergences += usize::from(progress.diverging);
                    kept.push(draw);
                }
                Ok(_) => {}
                Err(error) => return failed(error.to_string()),
            }
            watch.done.fetch_add(1, Relaxed);
        }
        tune = 0;
        // Nobody waits any more where another chain failed, or where chains agree.
        if told.send(Ok((chain, kept, divergences))).is_err() || wanted.recv().is_err() {
            return;
        }
    }
}

fn settings(plan: &Plan) -> DiagNutsSettings {
    let mut settings = DiagNutsSettings {
        num_tune: plan.tune as u64,
        num_draws: (plan.draws * plan.rounds) as u64,
        num_chains: plan.chains,
        seed: plan.seed,
        maxdepth: 8,
        ..DiagNutsSettings::default()
    };
    settings.adapt_options.step_size_settings.target_accept = 0.9;
    settings
}
