//! What questions are answered from, derived from the log and kept beside it in `reports.db`.
//!
//! Events that were committed a moment ago lie in memory, in the [`tail`]. When there are enough of them they are *sealed*:
//! each site's and day's events become a part, columns in one blob ([`part`], [`file`]). When a day is over its parts are
//! merged and its *sums* are kept ([`sums`]): for each goal, page, page view, entry and exit page, origin and client the counts, and
//! the visitors as a Roaring bitmap. Sums are the very answer that a scan gives ([`scan`]), kept; so they can't disagree.
//! A question says what events must be ([`test`]) and what they are grouped by ([`group`]). It is answered from sums where
//! nothing is filtered, from columns else, and from the tail for what is not sealed yet. An event that comes late makes a further part of its day, which is scanned beside the day's sums until both are
//! merged.
//!
//! The log is the truth: the file may be deleted, and a start makes it anew.

mod bytes;
mod care;
pub mod cell;
mod file;
pub mod group;
mod hour;
pub(crate) mod log;
pub mod marked;
pub(crate) mod part;
mod pick;
mod present;
pub(crate) mod row;
mod scan;
mod seal;
pub(crate) mod sums;
mod tail;
pub mod test;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use roaring::RoaringTreemap;
use rusqlite::Connection;

use super::event::SiteId;
use super::{care as log_care, schema};
use cell::Groups;
pub use file::ReadError;
use group::By;
use marked::{Found, Pile, Wanted};
pub use pick::Moment;
use present::Present;
use row::Row;
use tail::Tail;
use test::Test;

/// Rows that are scanned by one thread before a second one helps.
const SHARE: usize = 200_000;

/// Blocks of parts for each thread that scans them.
const BLOCKS: usize = 4;

/// Who opens a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who takes events all day.
    Server,
    /// A command, which may run beside the server.
    Command,
}

/// What questions are answered from.
pub struct Reports {
    file: PathBuf,
    tail: Arc<Tail>,
    present: Present,
    /// Whether what is committed here is to be kept for sealing; a command beside the server leaves that to it.
    seals: bool,
    sealer: Mutex<Option<seal::Sealer>>,
    idle: Mutex<Vec<Connection>>,
}

impl Reports {
    /// Opens `reports.db` in `folder` and reads what is not sealed. One process at a time seals, and makes the file from
    /// the log where it is missing or of another log: the first that opens it, and when that ends the server.
    pub(super) fn open(folder: &Path, log: &Connection, role: Role) -> anyhow::Result<Reports> {
        let file = folder.join("reports.db");
        let lock = seal::Lock::new(folder)?;
        let is_alone = lock.take()?;
        let last = log_care::last_given(log)?;
        let id: Vec<u8> =
            log.query_row("SELECT value FROM about WHERE name = 'log'", [], |row| {
                row.get(0)
            })?;
        let (connection, through) = match is_alone {
            true => file::open(&file, &id, last)?,
            false => file::open_beside(&file, &id)?,
        };
        let tail = Arc::new(Tail::default());
        let events = schema::open_to_read(&folder.join("events.db"))?;
        let mut seals = seal::Seals::new(connection, events, tail.clone())?;
        if is_alone {
            seals.catch_up(through, last)?;
        } else {
            seals.read(through)?;
        }
        let sealer = match (is_alone, role) {
            (false, Role::Command) => None,
            _ => Some(seal::Sealer::start(seals, lock, is_alone)?),
        };
        let present = Present::default();
        tail.held(|batches| present.saw(batches.iter().flat_map(|batch| batch.iter())));
        Ok(Reports {
            file,
            tail,
            present,
            seals: sealer.is_some(),
            sealer: Mutex::new(sealer),
            idle: Mutex::default(),
        })
    }

    /// Takes what was committed.
    pub(super) fn add(&self, rows: Vec<Row>) {
        if self.seals {
            self.present.saw(&rows);
            self.tail.add(rows);
        }
    }

    /// How many of a site's visitors did something in the five minutes before `now`.
    pub fn present(&self, site: SiteId, now: Timestamp) -> u64 {
        self.present.count(site.0, now.as_millisecond())
    }

    /// The latest events of a site that pass all tests, latest first, of those before `before`.
    ///
    /// # Errors
    /// When `reports.db` can't be read.
    pub fn picked(
        &self,
        site: SiteId,
        days: RangeInclusive<i32>,
        tests: &[Test],
        before: Option<Moment>,
        most: usize,
    ) -> Result<Vec<Moment>, ReadError> {
        self.snapshot(1)?.picked(site.0, &days, tests, before, most)
    }

    /// The numbers of a site's events that pass all tests.
    ///
    /// # Errors
    /// When `reports.db` can't be read.
    pub fn passing(
        &self,
        site: SiteId,
        days: RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<RoaringTreemap, ReadError> {
        self.snapshot(1)?.passing(site.0, &days, tests)
    }

    /// The keys of metadata that a site's events which pass all tests have, and how many have each, most first.
    ///
    /// # Errors
    /// When `reports.db` can't be read.
    pub fn keys(
        &self,
        site: SiteId,
        days: RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<Vec<(String, u64)>, ReadError> {
        self.snapshot(1)?.keys(site.0, &days, tests)
    }

    /// Reads anew what is not sealed: after commands took events out of the log, or a commit had an unclear end.
    pub(super) fn reload(&self, log: &Connection) -> rusqlite::Result<()> {
        let reader = file::open_to_read(&self.file)?;
        self.tail
            .replace(|| log::after(log, file::through(&reader)?))
    }

    /// Ends the thread that seals. What is not sealed is read from the log at the next start.
    pub(super) fn stop(&self) {
        let sealer = self
            .sealer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(sealer);
    }

    /// Groups of a site's events by day, days in order; those without an event may be left out.
    ///
    /// # Errors
    /// When `reports.db` can't be read.
    pub fn answer(
        &self,
        site: SiteId,
        days: RangeInclusive<i32>,
        by: &By,
        tests: &[Test],
    ) -> Result<BTreeMap<i32, Groups>, ReadError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        self.snapshot(threads)?.answer(site.0, days, by, tests)
    }

    /// A site's events that belong to some sets, each by itself.
    ///
    /// # Errors
    /// When `reports.db` can't be read.
    pub fn marked(
        &self,
        site: SiteId,
        days: RangeInclusive<i32>,
        wanted: &Wanted,
    ) -> Result<Found, ReadError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        self.snapshot(threads)?.marked(site.0, &days, wanted)
    }

    /// The numbers of a site's events in the log, of those above `after`.
    pub(super) fn ids(&self, site: SiteId, after: i64) -> Result<RoaringTreemap, ReadError> {
        self.snapshot(1)?.ids(site.0, &ALL_DAYS, after)
    }

    /// The numbers of a site's latest events, latest first, at least `most` where there are so many.
    pub(super) fn latest(&self, site: SiteId, most: usize) -> Result<Vec<i64>, ReadError> {
        self.snapshot(1)?.latest(site.0, most)
    }

    /// What is sealed and what is not at one moment, on `readers` connections.
    fn snapshot(&self, readers: usize) -> Result<Snapshot<'_>, ReadError> {
        let mut connections = Vec::new();
        for _ in 0..readers {
            let idle = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            connections.push(match idle {
                Some(connection) => connection,
                None => file::open_to_read(&self.file)?,
            });
        }
        let mut snapshot = Snapshot {
            connections,
            rows: Vec::new(),
            through: 0,
            idle: &self.idle,
        };
        // While the tail is held nothing is sealed, so that no event is missed and none seen twice.
        let is_one_moment = self.tail.held(|batches| {
            for (nth, connection) in snapshot.connections.iter().enumerate() {
                connection.execute_batch("BEGIN")?;
                // What another process has sealed meanwhile is not counted from the tail too.
                let through = file::through(connection)?;
                if nth > 0 && through != snapshot.through {
                    return Ok(false);
                }
                snapshot.through = through;
            }
            snapshot.rows.extend(batches.iter().cloned());
            Ok::<_, rusqlite::Error>(true)
        })?;
        if !is_one_moment {
            // Another process sealed in between.
            drop(snapshot);
            return self.snapshot(readers);
        }
        Ok(snapshot)
    }
}

/// Everything as it was at one moment.
struct Snapshot<'a> {
    connections: Vec<Connection>,
    rows: Vec<Arc<[Row]>>,
    /// The number of the last event that is sealed.
    through: i64,
    idle: &'a Mutex<Vec<Connection>>,
}

impl Snapshot<'_> {
    fn answer(
        mut self,
        site: i64,
        days: RangeInclusive<i32>,
        by: &By,
        tests: &[Test],
    ) -> Result<BTreeMap<i32, Groups>, ReadError> {
        let Some(first) = self.connections.first() else {
            return Ok(BTreeMap::new());
        };
        // Tests of days alone choose among days, of which sums may still be kept.
        let (of_days, tests): (Vec<Test>, Vec<Test>) = tests
            .iter()
            .cloned()
            .partition(|test| matches!(test, Test::Day(_)));
        let tests = &*tests;
        let is_meant = |day: i32| {
            of_days
                .iter()
                .all(|test| matches!(test, Test::Day(test) if test(day)))
        };
        let mut parts = file::parts(first, site, &days)?;
        parts.retain(|part| is_meant(part.day));
        let kept = by.number().filter(|_| tests.is_empty());
        if *by == By::Exit {
            let mut exits = self.exits(site, &days, &parts, kept, tests)?;
            exits.retain(|day, _| is_meant(*day));
            return Ok(exits);
        }
        let mut answer = match kept {
            Some(number) => sums::read(first, site, number, &days)?,
            None => BTreeMap::new(),
        };
        answer.retain(|day, _| is_meant(*day));
        let mut scanned = Vec::new();
        for part in parts {
            match kept {
                Some(_) if part.rolled => {}
                Some(number) => match sums::of_part(first, part.id, number)? {
                    Some(groups) => cell::add(answer.entry(part.day).or_default(), groups),
                    None => scanned.push(part),
                },
                None => scanned.push(part),
            }
        }
        let found = self.scan(&scanned, |connection, part| {
            Ok((part.day, scan::part(connection, part, by, tests)?))
        })?;
        for (day, groups) in found {
            cell::add(answer.entry(day).or_default(), groups);
        }
        let rows = self.rows(site, &days).filter(|row| is_meant(row.day));
        for (day, groups) in scan::rows(rows, by, tests) {
            cell::add(answer.entry(day).or_default(), groups);
        }
        Ok(answer)
    }

    /// Events that are not sealed.
    fn rows(&self, site: i64, days: &RangeInclusive<i32>) -> impl Iterator<Item = &Row> {
        let rows = self.rows.iter().flat_map(|batch| batch.iter());
        rows.filter(move |row| row.id > self.through && row.site == site && days.contains(&row.day))
    }

    fn marked(
        mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        wanted: &Wanted,
    ) -> Result<Found, ReadError> {
        let parts = file::parts(&self.connections[0], site, days)?;
        let mut piles = self.scan_blocks(&parts, |connection, parts| {
            Pile::of_parts(connection, parts, wanted)
        })?;
        piles.push(Pile::of_rows(self.rows(site, days), wanted));
        Ok(Found::of(piles))
    }

    /// Scans parts in blocks of some that follow each other; each connection takes the next one when it has done one. In
    /// the order of the parts.
    fn scan_blocks<T: Send>(
        &mut self,
        parts: &[file::Part],
        scan: impl Fn(&Connection, &[file::Part]) -> Result<T, ReadError> + Sync,
    ) -> Result<Vec<T>, ReadError> {
        let rows: usize = parts.iter().map(|part| part.rows).sum();
        let threads = (rows / SHARE + 1).min(self.connections.len());
        if threads == 1 {
            return Ok(vec![scan(&self.connections[0], parts)?]);
        }
        let some = parts.len().div_ceil(threads * BLOCKS);
        let blocks = Mutex::new(parts.chunks(some).enumerate());
        let next = || {
            let mut blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
            blocks.next()
        };
        let each = |connection: &mut Connection| {
            let done = std::iter::from_fn(next);
            done.map(|(nth, parts)| Ok((nth, scan(connection, parts)?)))
                .collect::<Result<Vec<_>, ReadError>>()
        };
        let found: Vec<Vec<(usize, T)>> = self.connections[..threads]
            .par_iter_mut()
            .map(each)
            .collect::<Result<_, _>>()?;
        let mut found: Vec<(usize, T)> = found.into_iter().flatten().collect();
        found.sort_unstable_by_key(|(nth, _)| *nth);
        Ok(found.into_iter().map(|(_, found)| found).collect())
    }

    /// Scans parts, a share of them on each connection.
    fn scan<T: Send>(
        &mut self,
        parts: &[file::Part],
        scan: impl Fn(&Connection, &file::Part) -> Result<T, ReadError> + Sync,
    ) -> Result<Vec<T>, ReadError> {
        let rows: usize = parts.iter().map(|part| part.rows).sum();
        let shares = (rows / SHARE + 1).min(self.connections.len());
        let share = |connection: &Connection, nth: usize| {
            let mine = parts.iter().skip(nth).step_by(shares);
            mine.map(|part| scan(connection, part))
                .collect::<Result<Vec<_>, ReadError>>()
        };
        if shares == 1 {
            return share(&self.connections[0], 0);
        }
        // Threads that stay keep their memory for the next question; new ones would each leave some behind.
        let found: Vec<Vec<T>> = self.connections[..shares]
            .par_iter_mut()
            .enumerate()
            .map(|(nth, connection)| share(connection, nth))
            .collect::<Result<_, _>>()?;
        // In the order of the parts.
        let mut found: Vec<_> = found.into_iter().map(Vec::into_iter).collect();
        let next = |nth: usize| found[nth % shares].next();
        Ok((0..parts.len()).filter_map(next).collect())
    }

    /// The last page of each session, by day. A day's sums hold only while nothing came after they were made.
    fn exits(
        &self,
        site: i64,
        days: &RangeInclusive<i32>,
        parts: &[file::Part],
        kept: Option<i64>,
        tests: &[Test],
    ) -> Result<BTreeMap<i32, Groups>, ReadError> {
        let connection = &self.connections[0];
        let mut answer = match kept {
            Some(number) => sums::read(connection, site, number, days)?,
            None => BTreeMap::new(),
        };
        let mut fresh: BTreeMap<i32, Vec<&Row>> = BTreeMap::new();
        for row in self.rows(site, days) {
            fresh.entry(row.day).or_default().push(row);
        }
        for part in parts.iter().filter(|part| kept.is_none() || !part.rolled) {
            fresh.entry(part.day).or_default();
        }
        for (day, rows) in fresh {
            let mut exits = scan::Exits::default();
            for part in parts.iter().filter(|part| part.day == day) {
                exits.part(connection, part, tests)?;
            }
            rows.into_iter().for_each(|row| exits.row(row, tests));
            answer.insert(day, exits.groups());
        }
        Ok(answer)
    }

    fn ids(
        &self,
        site: i64,
        days: &RangeInclusive<i32>,
        after: i64,
    ) -> Result<RoaringTreemap, ReadError> {
        let mut ids = RoaringTreemap::new();
        for part in file::parts(&self.connections[0], site, days)? {
            if part.last > after {
                ids.extend(
                    file::ids(&self.connections[0], &part)?
                        .iter()
                        .map(|id| *id as u64),
                );
            }
        }
        ids.extend(self.rows(site, days).map(|row| row.id as u64));
        ids.remove_range(..=after.max(0) as u64);
        Ok(ids)
    }

    fn latest(&self, site: i64, most: usize) -> Result<Vec<i64>, ReadError> {
        let mut ids: Vec<i64> = self.rows(site, &ALL_DAYS).map(|row| row.id).collect();
        let mut parts = if ids.len() < most {
            file::parts(&self.connections[0], site, &ALL_DAYS)?
        } else {
            Vec::new()
        };
        parts.sort_by_key(|part| std::cmp::Reverse(part.last));
        for part in parts {
            ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
            if most > 0 && ids.get(most - 1).is_some_and(|last| *last > part.last) {
                break;
            }
            ids.extend(file::ids(&self.connections[0], &part)?);
        }
        ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
        ids.truncate(most);
        Ok(ids)
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        for connection in self.connections.drain(..) {
            // One that can't end its reading is of no more use.
            if connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok() {
                idle.push(connection);
            }
        }
    }
}

/// Every day that there may be.
const ALL_DAYS: RangeInclusive<i32> = i32::MIN..=i32::MAX;
