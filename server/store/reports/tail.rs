//! What is committed and not sealed yet, in memory, in the order of storing.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::part::ROWS;
use super::row::Row;
use super::{ReadError, log};
use crate::store::care;

/// Rows that are worth sealing.
pub(in crate::store) const FULL: usize = 32_768;

/// Rows that are sealed at a time while so many come that they would soon be merged, and how long it is waited for them.
const MOST: usize = ROWS;
const SOON: Duration = Duration::from_secs(2);

/// Bytes of metadata that are sealed at a time.
pub(super) const FULL_BYTES: usize = 32 << 20;

/// Rows, and bytes of metadata, past which whoever adds waits for the sealing, and how long at most. So what is in memory
/// stays within bounds, whatever comes in.
const CROWDED: usize = 16 * FULL;
const CROWDED_BYTES: usize = 4 * FULL_BYTES;
const WAIT: Duration = Duration::from_secs(1);

/// The tail. It is held for moments only: to add a batch, to look, or to take out what a commit has sealed.
#[derive(Default)]
pub(in crate::store) struct Tail {
    state: Mutex<State>,
    news: Condvar,
    room: Condvar,
}

#[derive(Default)]
struct State {
    batches: VecDeque<Arc<[Row]>>,
    rows: usize,
    /// When there were enough of them to be sealed.
    full_at: Option<Instant>,
    /// Bytes of metadata in them.
    bytes: usize,
    /// The number of the last event that was taken in.
    last: i64,
    /// Counts how often all was put anew.
    generation: u64,
    /// Whether sealing failed the last time: nobody waits for it then.
    fails: bool,
    /// Whether what comes past a bound is let go, and nobody waits; sealing has the log to read it from.
    is_bound: bool,
    /// Whether some was let go.
    is_behind: bool,
    stops: bool,
}

impl State {
    fn is_much(&self) -> bool {
        self.rows >= CROWDED || self.bytes >= CROWDED_BYTES
    }

    fn is_crowded(&self) -> bool {
        self.is_much() && !self.fails && !self.stops && !self.is_bound
    }

    /// When what there is, is to be sealed.
    fn due(&self) -> Option<Instant> {
        let at_once = self.rows >= MOST || self.bytes >= FULL_BYTES;
        self.full_at.map(|at| if at_once { at } else { at + SOON })
    }

    fn is_due(&self) -> bool {
        self.due().is_some_and(|due| due <= Instant::now())
    }

    /// The batches that are sealed at a time. One that reaches further is cut.
    fn first(&mut self) -> Vec<Arc<[Row]>> {
        let mut left = MOST;
        for at in 0..self.batches.len() {
            let batch = &self.batches[at];
            if batch.len() < left {
                left -= batch.len();
                continue;
            }
            let (within, beyond) = batch.split_at(left);
            if !beyond.is_empty() {
                let (within, beyond) = (Arc::from(within), Arc::from(beyond));
                self.batches[at] = within;
                self.batches.insert(at + 1, beyond);
            }
            return self.batches.range(..=at).cloned().collect();
        }
        self.batches.iter().cloned().collect()
    }

    /// Puts rows in the place of all there is, which is up to the number `last`.
    fn put(&mut self, rows: Vec<Row>, last: i64) {
        self.generation += 1;
        self.last = last;
        self.batches.clear();
        let mut rows = rows.into_iter();
        loop {
            let some: Arc<[Row]> = rows.by_ref().take(MOST).collect();
            if some.is_empty() {
                break;
            }
            self.batches.push_back(some);
        }
        self.count();
    }

    fn count(&mut self) {
        self.rows = self.batches.iter().map(|batch| batch.len()).sum();
        self.bytes = self.batches.iter().map(|batch| bytes(batch)).sum();
        self.full_at = None;
        self.look();
    }

    /// Says whether somebody has to know that there is enough to be sealed.
    fn look(&mut self) -> bool {
        let is_full = self.rows >= FULL || self.bytes >= FULL_BYTES;
        let is_new = is_full && self.full_at.is_none();
        if is_new {
            self.full_at = Some(Instant::now());
        }
        is_new || self.is_due()
    }
}

/// Bytes of the rows' metadata.
pub(super) fn bytes(rows: &[Row]) -> usize {
    rows.iter()
        .map(|row| row.metadata.as_ref().map_or(0, |text| text.len()))
        .sum()
}

/// What is to be sealed: the first batches of the tail at one moment.
pub(in crate::store) struct First {
    pub(super) batches: Vec<Arc<[Row]>>,
    generation: u64,
}

impl Tail {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was committed, but for what was read from the log already.
    pub(super) fn add(&self, mut rows: Vec<Row>) {
        let mut state = self.state();
        rows.retain(|row| row.id > state.last);
        let Some(last) = rows.last() else {
            return;
        };
        state.last = last.id;
        if state.is_bound && state.is_much() {
            state.batches.clear();
            state.count();
            state.is_behind = true;
        }
        if state.is_behind {
            return;
        }
        state.rows += rows.len();
        state.bytes += bytes(&rows);
        state.batches.push_back(rows.into());
        if state.look() {
            self.news.notify_one();
        }
        if state.is_crowded() {
            let is_crowded = |state: &mut State| state.is_crowded();
            let _ = self.room.wait_timeout_while(state, WAIT, is_crowded);
        }
    }

    /// From now on what comes past a bound is let go.
    pub(in crate::store) fn bound(&self) {
        self.state().is_bound = true;
    }

    /// Whether there is to be an end.
    pub(in crate::store) fn stops(&self) -> bool {
        self.state().stops
    }

    /// Whether some of what came was let go.
    pub(in crate::store) fn is_behind(&self) -> bool {
        self.state().is_behind
    }

    /// Waits, but not when there is to be an end.
    pub(super) fn pause(&self, time: Duration) {
        let goes_on = |state: &mut State| !state.stops;
        let _ = self.news.wait_timeout_while(self.state(), time, goes_on);
    }

    /// The number of the last event that was taken in, or let go.
    pub(in crate::store) fn last(&self) -> i64 {
        self.state().last
    }

    /// Whether nothing is in it, and nothing was let go.
    pub(in crate::store) fn is_empty(&self) -> bool {
        let state = self.state();
        state.rows == 0 && !state.is_behind
    }

    /// Says how the sealing went.
    pub(super) fn went(&self, is_well: bool) {
        self.state().fails = !is_well;
        self.room.notify_all();
    }

    /// Looks while nothing is added or taken out.
    pub(in crate::store) fn held<T>(&self, look: impl FnOnce(&VecDeque<Arc<[Row]>>) -> T) -> T {
        look(&self.state().batches)
    }

    /// Waits until there is enough to seal, or `patience` is over; `None` when there is to be an end. Gives the first
    /// batches when there are enough of them, else none.
    pub(super) fn wait(&self, patience: Duration) -> Option<First> {
        let until = Instant::now() + patience;
        let mut state = self.state();
        while !state.stops && !state.is_due() {
            let until = state.due().map_or(until, |due| due.min(until));
            let time = until.saturating_duration_since(Instant::now());
            if time.is_zero() {
                break;
            }
            let (after, _) = self
                .news
                .wait_timeout(state, time)
                .unwrap_or_else(PoisonError::into_inner);
            state = after;
        }
        let batches = match state.is_due() {
            true => state.first(),
            false => Vec::new(),
        };
        (!state.stops).then_some(First {
            batches,
            generation: state.generation,
        })
    }

    /// Whether there is something better to do than to tidy up.
    pub(in crate::store) fn is_waiting(&self) -> bool {
        let state = self.state();
        state.stops || state.is_due()
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
            state.batches.drain(..first.batches.len());
            state.count();
            self.room.notify_all();
        }
        Ok(())
    }

    /// Takes out what is numbered up to `through`, if `commit` succeeds in saying that it is elsewhere.
    pub(in crate::store) fn left<E>(
        &self,
        through: i64,
        commit: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let mut state = self.state();
        commit()?;
        let is_gone = |batch: &Arc<[Row]>| batch.last().is_none_or(|last| last.id <= through);
        while state.batches.front().is_some_and(is_gone) {
            state.batches.pop_front();
        }
        state.count();
        self.room.notify_all();
        Ok(())
    }

    /// Reads anew what the log has after `through`: as much of it as may be held in memory, where the rest is let go.
    pub(in crate::store) fn reload(
        &self,
        events: &Connection,
        through: impl FnOnce() -> Result<i64, ReadError>,
    ) -> Result<(), ReadError> {
        let mut state = self.state();
        let through = through()?;
        let last = care::last_given(events)?;
        let is_behind = state.is_bound && last - through > CROWDED as i64;
        let rows = match is_behind {
            true => Vec::new(),
            false => log::after(events, through)?,
        };
        state.is_behind = is_behind;
        // More may have been committed since `last` was asked.
        let last = rows.last().map_or(last, |row| row.id.max(last));
        state.put(rows, last);
        self.news.notify_one();
        Ok(())
    }

    /// Puts what `read` gives in the place of all there is: what the log says now.
    pub(super) fn replace<E>(&self, read: impl FnOnce() -> Result<Vec<Row>, E>) -> Result<(), E> {
        let mut state = self.state();
        let rows = read()?;
        let last = rows.last().map_or(0, |row| row.id);
        state.put(rows, last);
        self.news.notify_one();
        Ok(())
    }

    pub(super) fn stop(&self) {
        self.state().stops = true;
        self.news.notify_one();
        self.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::session::Place;

    fn add(tail: &Tail, ids: std::ops::Range<usize>) {
        let row = |id: usize| Row {
            id: id as i64,
            site: 1,
            day: 0,
            at: 0,
            goal: 0,
            visitor: 1,
            place: Place::default(),
            url: 1,
            revenue: None,
            metadata: None,
        };
        for from in ids.clone().step_by(1_000) {
            tail.add((from..ids.end.min(from + 1_000)).map(row).collect());
        }
    }

    fn sealed(tail: &Tail, patience: Duration) -> usize {
        let first = tail.wait(patience).unwrap();
        tail.sealed(&first, || Ok::<_, ()>(())).unwrap();
        first.batches.iter().map(|batch| batch.len()).sum()
    }

    #[test]
    fn of_many_as_many_as_a_part_holds_are_sealed_at_once_and_of_few_what_came_meanwhile() {
        let tail = Tail::default();
        let count = ROWS + FULL + 500;
        add(&tail, 1..count + 1);
        assert_eq!(sealed(&tail, Duration::ZERO), ROWS);
        assert_eq!(sealed(&tail, Duration::ZERO), 0);
        let began = Instant::now();
        assert_eq!(sealed(&tail, 2 * SOON), count - ROWS);
        assert!(began.elapsed() < 2 * SOON);
        assert!(tail.is_empty());

        add(&tail, count + 1..count + FULL);
        assert_eq!(sealed(&tail, Duration::ZERO), 0);
        assert_eq!(tail.held(|batches| batches.len()), 33);
    }
}
