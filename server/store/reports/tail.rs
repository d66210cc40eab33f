//! What is committed and not sealed yet, in memory, in the order of storing.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::row::Row;

/// Rows that are sealed at a time.
pub(super) const FULL: usize = 32_768;

/// The tail. It is held for moments only: to add a batch, to look, or to take out what a commit has sealed.
#[derive(Default)]
pub(super) struct Tail {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    batches: VecDeque<Arc<[Row]>>,
    rows: usize,
    /// Counts how often all was put anew.
    generation: u64,
    stops: bool,
}

/// What is to be sealed: the first batches of the tail at one moment.
pub(super) struct First {
    pub(super) batches: Vec<Arc<[Row]>>,
    generation: u64,
}

impl Tail {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, rows: Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        let mut state = self.state();
        state.rows += rows.len();
        state.batches.push_back(rows.into());
        if state.rows >= FULL {
            self.news.notify_one();
        }
    }

    /// Looks while nothing is added or taken out.
    pub(super) fn held<T>(&self, look: impl FnOnce(&VecDeque<Arc<[Row]>>) -> T) -> T {
        look(&self.state().batches)
    }

    /// Waits until there is enough to seal, or `patience` is over; `None` when there is to be an end. Gives all batches
    /// there are when they are enough, else none.
    pub(super) fn wait(&self, patience: Duration) -> Option<First> {
        let state = self.state();
        let idle = |state: &mut State| !state.stops && state.rows < FULL;
        let (state, _) = self
            .news
            .wait_timeout_while(state, patience, idle)
            .unwrap_or_else(PoisonError::into_inner);
        let batches = if state.rows < FULL {
            Vec::new()
        } else {
            state.batches.iter().cloned().collect()
        };
        (!state.stops).then_some(First {
            batches,
            generation: state.generation,
        })
    }

    /// Whether there is something better to do than to tidy up.
    pub(super) fn is_waiting(&self) -> bool {
        let state = self.state();
        state.stops || state.rows >= FULL
    }

    /// Takes out what was first, if `commit` succeeds in putting it elsewhere. When all was put anew meanwhile nothing
    /// is done.
    pub(super) fn sealed<E>(
        &self,
        first: &First,
        commit: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut state = self.state();
        if state.generation == first.generation {
            commit()?;
            let taken = state.batches.drain(..first.batches.len());
            let taken: usize = taken.map(|batch| batch.len()).sum();
            state.rows -= taken;
        }
        Ok(())
    }

    /// Puts what `read` gives in the place of all there is: what the log says now.
    pub(super) fn replace<E>(&self, read: impl FnOnce() -> Result<Vec<Row>, E>) -> Result<(), E> {
        let mut state = self.state();
        let rows = read()?;
        state.generation += 1;
        state.rows = rows.len();
        state.batches.clear();
        state.batches.push_back(rows.into());
        Ok(())
    }

    pub(super) fn stop(&self) {
        self.state().stops = true;
        self.news.notify_one();
    }
}
