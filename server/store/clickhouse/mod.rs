//! Sealed events in a ClickHouse, for who outgrows one machine: the same answers as from `reports.db`.
//!
//! The log stays what takes events and answers 200: it numbers them, knows which visit each belongs to, and is the queue in
//! front. What it has committed is *shipped* in the order of its numbers ([`ship`]): a block of rows, named by its first and
//! last number, so that a block that is sent twice is there once. What is there is dropped from the log after a while.
//! Questions are asked in SQL ([`view`]): tests become conditions ([`condition`]) on the numbers that occur, and visitors are
//! counted there where nobody needs to know who they are, in groups ([`grouping`]) or by what they did (`alike`); of others
//! single events are told (`marked`). What is not shipped yet is added from memory, as with `reports.db`.
//!
//! - [`place`]: the address in `ADMX_STORE`; `client`: requests; [`tables`]: what is made there, alone or on a cluster
//! - `shipped`: how far the log is shipped, in a file of its own; `claim`: whether that is what is there
//! - `stored`: a row; `hash`: of all that is in one
//! - `care`: what takes events out, and whether all is there; [`moved`]: from the log alone to a ClickHouse, and back

mod alike;
mod care;
mod claim;
mod client;
mod condition;
mod grouping;
mod hash;
mod marked;
pub mod moved;
pub mod place;
mod ship;
mod shipped;
mod stored;
mod tables;
#[cfg(test)]
mod tests;
mod view;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::Connection;

pub use place::Place;

use self::client::Client;
use self::shipped::Shipped;
pub(super) use self::shipped::place_of;
pub use self::shipped::renew;
use super::ReadError;
use super::care::Findings;
use super::read::Numbered;
use super::reports::Role;
use super::reports::archive::{Archive, Taken, View};
use super::reports::row::Row;
use super::reports::seal::Seal;
use super::reports::tail::Tail;
use super::schema;

/// How shipping fares.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Where to, without a password.
    pub place: String,
    /// Events that wait in the log.
    pub waiting: u64,
    /// Events shipped since the start.
    pub shipped: u64,
    /// Why it doesn't go on, and since when.
    pub trouble: Option<(Timestamp, String)>,
}

/// The sealed events of one log.
pub(super) struct ClickHouse {
    client: Arc<Client>,
    shipped: Shipped,
    log: PathBuf,
    queue: Arc<Mutex<Queue>>,
    /// Whether what is there is what it was.
    is_claimed: Arc<AtomicBool>,
    /// How long a question waits for that.
    patience: Duration,
}

/// Opens it, with the tables made where they are missing, and gives what ships there. Whoever `is_alone` looks first whether
/// what is there is what it was; else somebody has.
pub(super) fn open(
    place: &Place,
    folder: &Path,
    log: &[u8],
    events: Connection,
    tail: &Arc<Tail>,
    is_alone: bool,
    role: Role,
) -> anyhow::Result<(Box<dyn Archive>, Box<dyn Seal>)> {
    let client = Arc::new(Client::new(place)?);
    let shipped = Shipped::open(folder, log, place, |log| claim::is_known(&client, log))?;
    let queue = Arc::new(Mutex::new(Queue {
        place: place.to_string(),
        ..Queue::default()
    }));
    let is_claimed = Arc::new(AtomicBool::new(!is_alone));
    let ships = ship::Ship::new(
        client.clone(),
        shipped.clone(),
        folder,
        events,
        tail.clone(),
        queue.clone(),
        is_claimed.clone(),
    )?;
    let archive = ClickHouse {
        client,
        shipped,
        log: folder.join("events.db"),
        queue,
        is_claimed,
        patience: match role {
            Role::Server if place.settles => SETTLES,
            Role::Server => CLAIMS,
            Role::Command => Duration::MAX,
        },
    };
    Ok((Box::new(archive), Box::new(ships)))
}

/// How long a question waits at a server's start until it is known what is there; a command waits until it is.
const CLAIMS: Duration = Duration::from_secs(5);

/// How long a question waits for what was stored to be shipped, where it does.
const SETTLES: Duration = Duration::from_secs(20);

impl ClickHouse {
    /// Does `work` while nobody else changes what is there, which is this log's. A block of which it isn't known whether it is
    /// there is sent again before, so that it can't arrive later with something that is gone by then.
    fn changing<T>(
        &self,
        work: impl FnOnce(&Shipped) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.shipped.alone(|shipped| {
            claim::is_ours(&self.client, shipped)?;
            let state = shipped.state()?;
            if state.unsure().is_some() {
                let log = schema::open_to_read(&self.log)?;
                if let Some((through, _)) = ship::send(&self.client, shipped, &log, &state)? {
                    shipped.sent(through)?;
                }
            }
            work(shipped)
        })
    }

    /// Waits until it is known what is there, unless nobody answers.
    fn claimed(&self) -> Result<(), ReadError> {
        let began = Instant::now();
        while !self.is_claimed.load(Ordering::Acquire) {
            let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, why)) = &queue.trouble {
                return Err(ReadError::ClickHouse(why.clone()));
            }
            drop(queue);
            if began.elapsed() > self.patience {
                let error = "it is still being looked at what is there".to_owned();
                return Err(ReadError::ClickHouse(error));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Waits until all that is known here is shipped.
    fn settle(&self, tail: &Tail) -> Result<(), ReadError> {
        let began = Instant::now();
        while self.shipped.through()? < tail.last() {
            if began.elapsed() > SETTLES {
                let error = format!("nothing was shipped for {} s", SETTLES.as_secs());
                return Err(ReadError::ClickHouse(error));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Archive for ClickHouse {
    fn moment(&self, _: usize, tail: &Tail) -> Result<Taken<'_>, ReadError> {
        self.claimed()?;
        if self.client.settles() {
            self.settle(tail)?;
        }
        if tail.is_behind() {
            return Err(ReadError::ClickHouse(
                "more events wait to go there than are held in memory: reports would lack them"
                    .into(),
            ));
        }
        let mut rows = Vec::new();
        // While the tail is held nothing is said to be shipped, so that no event is missed and none seen twice.
        let through = tail.held(|batches| {
            rows.extend(batches.iter().cloned());
            self.shipped.through()
        })?;
        let unsummed = self.shipped.unsummed()?;
        Ok((
            Box::new(view::At::new(&self.client, through, unsummed)),
            rows,
        ))
    }

    fn through(&self) -> Result<i64, ReadError> {
        Ok(self.shipped.through()?)
    }

    fn counts(&self) -> bool {
        true
    }

    fn queue(&self) -> Option<Queue> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        Some(queue.clone())
    }

    fn forget_days(&self, site: i64, day: i32, cut: &[Row]) -> Result<(), ReadError> {
        self.changing(|shipped| care::forget_days(&self.client, shipped, site, day, cut))
    }

    fn forget_events(&self, ids: &RoaringTreemap) -> Result<(), ReadError> {
        match ids.is_empty() {
            true => Ok(()),
            false => self.changing(|shipped| {
                care::forget_events(&self.client, shipped, ids)?;
                Ok(shipped.forgets(ids, false)?)
            }),
        }
    }

    fn will_forget(&self, ids: &RoaringTreemap) -> Result<(), ReadError> {
        Ok(self.shipped.forgets(ids, true)?)
    }

    fn overwrite(&self) -> Result<(), ReadError> {
        // What is deleted there is rewritten at once.
        Ok(())
    }

    fn vacuum(&self) -> Result<(), ReadError> {
        self.changing(|_| care::merge(&self.client))
    }

    fn check(&self, view: &mut dyn View, events: &Connection) -> Result<Findings, ReadError> {
        // Nothing changes meanwhile.
        let through = view.through();
        self.shipped
            .alone(|_| care::check(&self.client, through, events))
    }

    fn events(&self, site: Option<i64>, ids: &[i64]) -> Result<Vec<Numbered>, ReadError> {
        stored::numbered(&self.client, site, ids)
    }

    fn named(
        &self,
        addresses: &RoaringBitmap,
        origins: &RoaringBitmap,
    ) -> Result<(RoaringBitmap, RoaringBitmap), ReadError> {
        care::named(&self.client, addresses, origins)
    }
}
