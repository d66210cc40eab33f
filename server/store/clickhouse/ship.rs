//! Ships what the log has committed: in the order of its numbers, in blocks that have names. In a thread of its own.
//!
//! Which block is sent is written down before, that it is there after. When the answer to one is lost, the same block is
//! sent again under the same name, and is there once. While there is nobody at the other end the log is the queue; what is
//! in memory stays within bounds.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::Queue;
use super::care as there;
use super::claim;
use super::client::Client;
use super::moved;
use super::shipped::{Shipped, State};
use super::stored::Stored;
use crate::store::reports::log;
use crate::store::reports::seal::Seal;
use crate::store::reports::tail::{FULL, First, Tail};
use crate::store::{ReadError, care, schema};

/// How long events wait for others at most, so that many go at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two blocks.
const BETWEEN: Duration = Duration::from_millis(2);

/// The same where questions wait for them.
const HASTE: Duration = Duration::from_millis(5);

/// What the log keeps of what is shipped: what is younger, in milliseconds, since sessions go on, and so many of the last
/// events, which people look at most.
const KEPT: i64 = 2 * 86_400_000;
const KEPT_EVENTS: i64 = 100_000;

/// How often it is looked what the log can drop, and how many events go in one transaction.
const DROPS: Duration = Duration::from_secs(600);
const AT_ONCE: i64 = 5_000;
/// So many transactions in any case, since it takes a while to find which events may go.
const LEAST: usize = 8;

/// How long what couldn't be done is left alone at least.
const AGAIN: Duration = Duration::from_secs(60);

/// What failed, and until when it is left alone.
struct Trouble {
    until: Instant,
    why: String,
}

pub(super) struct Ship {
    client: Arc<Client>,
    shipped: Shipped,
    file: PathBuf,
    /// The log, to read.
    events: Connection,
    tail: Arc<Tail>,
    queue: Arc<Mutex<Queue>>,
    is_claimed: bool,
    /// The same for who asks.
    has_claimed: Arc<AtomicBool>,
    /// When it is looked again what the log can drop.
    drops: Option<Instant>,
    /// Why something couldn't be taken out yet, or summed up anew.
    unsettled: Option<Trouble>,
}

impl Ship {
    pub(super) fn new(
        client: Arc<Client>,
        shipped: Shipped,
        folder: &Path,
        events: Connection,
        tail: Arc<Tail>,
        queue: Arc<Mutex<Queue>>,
        has_claimed: Arc<AtomicBool>,
    ) -> Result<Ship, ReadError> {
        tail.bound();
        tail.reload(&events, || Ok(shipped.through()?))?;
        let ship = Ship {
            client,
            shipped,
            file: folder.join("events.db"),
            events,
            tail,
            queue,
            is_claimed: false,
            has_claimed,
            drops: None,
            unsettled: None,
        };
        ship.told(&Ok(()));
        Ok(ship)
    }

    /// Ships all there is.
    fn ship(&mut self) -> Result<(), ReadError> {
        if !self.is_claimed {
            // Another one may have shipped until now.
            self.has_claimed.store(false, Ordering::Release);
            let claim = |shipped: &Shipped| claim::claim(&self.client, shipped, &self.events);
            self.shipped.alone(claim)?;
            self.settle_erased()?;
            // What goes there once more is in memory until then.
            let through = || Ok(self.shipped.through()?);
            self.tail.reload(&self.events, through)?;
            self.has_claimed.store(true, Ordering::Release);
            self.is_claimed = true;
        }
        while self.block()? && !self.tail.stops() {
            self.waits();
            // Whoever waits to take something out has a chance.
            std::thread::sleep(BETWEEN);
        }
        // What came while much was shipped is in memory from now on.
        if self.tail.is_behind() {
            let through = || Ok(self.shipped.through()?);
            self.tail.reload(&self.events, through)?;
        }
        if self.is_settled()? {
            // Whoever takes events out takes them out there too.
            self.shipped.is_same(care::erased(&self.events)?)?;
        }
        Ok(())
    }

    /// Settles what is to be; says whether all is. What can't be, as while a replica is away, keeps no event from going there,
    /// but for the time that a try takes.
    fn is_settled(&mut self) -> Result<bool, ReadError> {
        let is_early = |trouble: &Trouble| Instant::now() < trouble.until;
        if self.unsettled.as_ref().is_some_and(is_early) || self.tail.stops() {
            return Ok(false);
        }
        let began = Instant::now();
        self.unsettled = self.settle().err().map(|error| {
            tracing::warn!(%error, "what is to be taken out can't be yet; it is tried again");
            Trouble {
                until: Instant::now() + AGAIN.max(began.elapsed() * 10),
                why: error.to_string(),
            }
        });
        Ok(self.unsettled.is_none())
    }

    /// Takes out what was to be taken out, and sums up anew what was to be, when something came between.
    fn settle(&self) -> Result<(), ReadError> {
        self.shipped.alone(|shipped| {
            let forgotten = shipped.forgotten()?;
            if !forgotten.is_empty() {
                there::forget_events(&self.client, shipped, &forgotten)?;
                shipped.forgets(&forgotten, false)?;
            }
            there::sum_anew(&self.client, shipped, &shipped.unsummed()?)
        })
    }

    /// Takes out there what was taken out of the log while its reports were beside it.
    fn settle_erased(&self) -> Result<(), ReadError> {
        let erased = care::erased(&self.events)?;
        self.shipped.alone(|shipped| {
            let state = shipped.state()?;
            if state.erased != erased && state.through > 0 && !state.dropped {
                moved::mend(&self.client, shipped, &self.events, state.through)?;
            }
            Ok(shipped.is_same(erased)?)
        })
    }

    /// Ships one block; says whether there may be more.
    fn block(&self) -> Result<bool, ReadError> {
        self.shipped.alone(|shipped| {
            let state = shipped.state()?;
            let last = care::last_given(&self.events)?;
            let Some((through, count)) = send(&self.client, shipped, &self.events, &state)? else {
                // What was numbered since is gone again.
                shipped.sent(last)?;
                return Ok(false);
            };
            self.tail.left(through, || shipped.sent(through))?;
            self.queue().shipped += count as u64;
            Ok(through < last)
        })
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how many events wait.
    fn waits(&self) {
        let waiting = self.shipped.through().and_then(|through| {
            Ok((care::last_given(&self.events)? - through)
                .max(0)
                .unsigned_abs())
        });
        let mut queue = self.queue();
        queue.waiting = waiting.unwrap_or(queue.waiting);
    }

    fn told(&self, went: &Result<(), ReadError>) {
        self.waits();
        let unsettled = self.unsettled.as_ref().map(|trouble| trouble.why.clone());
        let why = went.as_ref().err().map(ReadError::to_string).or(unsettled);
        let mut queue = self.queue();
        queue.trouble = why.map(|why| {
            let since = queue.trouble.take().map(|(since, _)| since);
            (since.unwrap_or_else(Timestamp::now), why)
        });
    }

    /// Drops from the log what was shipped a while ago.
    fn drop_old(&mut self) -> Result<(), ReadError> {
        let began = Instant::now();
        if self.drops.is_some_and(|then| began < then) {
            return Ok(());
        }
        self.drops = Some(began + DROPS);
        let before = Timestamp::now().as_millisecond() - KEPT;
        let mut connection = schema::connect(&self.file)?;
        let last = care::last_given(&connection)? - KEPT_EVENTS;
        // Not for long while many events want to go there.
        let goes_on = |batches| {
            let is_wanted = self.tail.is_waiting() || self.tail.is_behind();
            !self.tail.stops() && (batches < LEAST || !is_wanted)
        };
        if !drop_some(&mut connection, &self.shipped, last, before, goes_on)? {
            self.drops = Some(Instant::now() + AGAIN.max(began.elapsed() * 10));
        }
        Ok(())
    }
}

/// Drops events of the log, up to the number `last`, that are shipped and older, while it `goes_on` after so many batches;
/// says whether that was all of them. The first events of sessions that go on stay, and the last event.
pub(super) fn drop_some(
    connection: &mut Connection,
    shipped: &Shipped,
    last: i64,
    before: i64,
    goes_on: impl Fn(usize) -> bool,
) -> Result<bool, ReadError> {
    let last = last.min(shipped.through()?);
    // The log's numbers are in the order of storing, and nearly in that of time.
    let young: Option<i64> = connection
        .query_row(
            "SELECT id FROM event WHERE id <= ?1 AND at >= ?2 ORDER BY id LIMIT 1",
            [last, before],
            |row| row.get(0),
        )
        .optional()?;
    let greatest = "SELECT coalesce(max(id), 0) FROM event";
    let greatest: i64 = connection.query_row(greatest, [], |row| row.get(0))?;
    let last = young.map_or(last, |young| young - 1).min(greatest - 1);
    let begun: HashSet<i64> = {
        let mut find = connection.prepare(
            "SELECT DISTINCT session FROM event WHERE id > ?1 AND session BETWEEN 1 AND ?1",
        )?;
        let found = find.query_map([last], |row| row.get(0))?;
        found.collect::<Result<_, _>>()?
    };
    let (mut after, mut batches) = (i64::MIN, 0);
    while goes_on(batches) {
        batches += 1;
        let began = Instant::now();
        let goes = shipped.alone(|shipped| {
            if !shipped.state()?.drops {
                return Ok(false);
            }
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let ids: Vec<i64> = {
                let mut find = transaction.prepare_cached(
                    "SELECT id FROM event WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
                )?;
                let found = find.query_map([after, last, AT_ONCE], |row| row.get(0))?;
                found.collect::<Result<_, _>>()?
            };
            let Some(greatest) = ids.last() else {
                return Ok(false);
            };
            after = *greatest;
            shipped.has_dropped(true)?;
            let gone = ids.into_iter().filter(|id| !begun.contains(id));
            care::delete(&transaction, gone)?;
            transaction.commit()?;
            Ok(true)
        })?;
        if !goes {
            return Ok(true);
        }
        // Events that come get as much time.
        std::thread::sleep(began.elapsed());
    }
    Ok(false)
}

/// Sends the block of which it isn't known whether it is there, or else the next one, and gives through where all is there
/// then, and how many events that were; `None` where there is none.
pub(super) fn send(
    client: &Client,
    shipped: &Shipped,
    events: &Connection,
    state: &State,
) -> Result<Option<(i64, usize)>, ReadError> {
    let (block, rows) = match state.unsure() {
        Some(block) => {
            let mut rows = log::some(events, block.0 - 1, FULL)?;
            rows.retain(|event| event.row.id <= block.1);
            (block, rows)
        }
        None => {
            let rows = log::some(events, state.through, FULL)?;
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
                return Ok(None);
            };
            let block = (first.row.id, last.row.id);
            shipped.sends(block)?;
            (block, rows)
        }
    };
    let count = rows.len();
    if count > 0 {
        let rows = rows.iter().map(|event| Stored::of(event, 0)).collect();
        client.insert("event", rows, shipped.block(block)?)?;
    }
    Ok(Some((block.1, count)))
}

impl Seal for Ship {
    fn patience(&self) -> Duration {
        match self.client.settles() {
            true => HASTE,
            false => PATIENCE,
        }
    }

    fn work(&mut self, _: &First) -> Result<(), ReadError> {
        // There may be a block of which it isn't known whether it is there.
        let is_through = self.shipped.through()? >= self.tail.last();
        let is_done = self.shipped.unsummed()?.is_empty() && self.shipped.forgotten()?.is_empty();
        if self.is_claimed && is_through && is_done && self.tail.is_empty() {
            return self.drop_old();
        }
        let went = self.ship();
        self.told(&went);
        went?;
        self.drop_old()
    }
}
