//! What questions are answered from, derived from the log and kept beside it in `reports.db`.
//!
//! Events that were committed a moment ago lie in memory, in the [`tail`]. When there are enough of them they are *sealed*:
//! each site's and day's events become a part, columns in one blob ([`part`], [`file`]). When a day is over its parts are
//! merged and its *sums* are kept ([`sums`]): for each goal, page, page view, entry and exit page, origin and client the
//! counts, and the visitors as a Roaring bitmap. Sums are the very answer that a scan gives ([`scan`]), kept; so they can't
//! disagree.
//! A question says what events must be ([`test`]), what they are grouped by ([`group`]) and what it needs of each group
//! ([`needs`]); of single people ([`marked`]), which of them may be counted ([`alike`]). It is answered from sums where
//! nothing is filtered, from columns else ([`pile`] finds single events there), and from the tail for what is not sealed yet.
//! An event that comes late makes a further part of its day, which is scanned beside the day's sums until both are merged.
//!
//! The log is the truth: the file may be deleted, and a start makes it anew.

pub mod alike;
pub(super) mod archive;
mod bytes;
mod care;
pub mod cell;
pub(in crate::store) mod exits;
pub(in crate::store) mod file;
pub mod group;
mod hour;
pub(crate) mod log;
pub mod marked;
pub mod needs;
pub(crate) mod part;
mod parts;
pub(in crate::store) mod pick;
pub(in crate::store) mod pile;
mod present;
pub(crate) mod row;
mod scan;
pub(in crate::store) mod seal;
pub(crate) mod sums;
pub(in crate::store) mod tail;
pub mod test;
#[cfg(test)]
pub(super) mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::Connection;

use super::event::SiteId;
use super::read::Numbered;
use super::{care as log_care, clickhouse, schema};
use alike::Alike;
use archive::{Archive, View};
use cell::Groups;
pub use file::ReadError;
use group::By;
use marked::{Found, Wanted};
use needs::{Needs, Together, Who};
pub use pick::Moment;
use pile::Pile;
use present::Present;
use row::Row;
use tail::Tail;
use test::Test;

/// Keys of metadata that are told.
const KEYS: usize = 200;

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
    archive: Box<dyn Archive>,
    tail: Arc<Tail>,
    present: Present,
    /// Whether what is committed here is to be kept for sealing; a command beside the server leaves that to it.
    seals: bool,
    sealer: Mutex<Option<seal::Sealer>>,
}

impl Reports {
    /// Opens what is sealed of the log in `folder`, and reads what is not. One process at a time seals, and makes
    /// `reports.db` from the log where it is missing or of another log: the first that opens it, and when that ends the
    /// server.
    pub(super) fn open(
        folder: &Path,
        log: &Connection,
        role: Role,
        clickhouse: Option<&clickhouse::Place>,
    ) -> anyhow::Result<Reports> {
        let lock = seal::Lock::new(folder)?;
        let is_alone = lock.take()?;
        let last = log_care::last_given(log)?;
        let id: Vec<u8> =
            log.query_row("SELECT value FROM about WHERE name = 'log'", [], |row| {
                row.get(0)
            })?;
        let tail = Arc::new(Tail::default());
        let events = schema::open_to_read(&folder.join("events.db"))?;
        let (archive, seals): (Box<dyn Archive>, Box<dyn seal::Seal>) = match clickhouse {
            Some(place) => {
                if is_alone {
                    // What is taken out from now on would stay in it.
                    file::remove(&folder.join("reports.db"))?;
                }
                clickhouse::open(place, folder, &id, events, &tail, is_alone, role)?
            }
            None => {
                if let Some(place) = clickhouse::place_of(folder)? {
                    anyhow::bail!(
                        "this log's events are in {place}: set ADMX_STORE to it, or bring them back with `admx migrate-store --to sqlite`"
                    );
                }
                let file = folder.join("reports.db");
                let (connection, through) = match is_alone {
                    true => file::open(&file, &id, last)?,
                    false => file::open_beside(&file, &id)?,
                };
                let mut seals = seal::Seals::new(connection, events, tail.clone())?;
                if is_alone {
                    seals.catch_up(through, last)?;
                } else {
                    seals.read(through)?;
                }
                (Box::new(parts::Parts::new(file)), Box::new(seals))
            }
        };
        let sealer = match (is_alone, role) {
            (false, Role::Command) => None,
            _ => Some(seal::Sealer::start(seals, tail.clone(), lock, is_alone)?),
        };
        let present = Present::default();
        tail.held(|batches| present.saw(batches.iter().flat_map(|batch| batch.iter())));
        Ok(Reports {
            archive,
            tail,
            present,
            seals: sealer.is_some(),
            sealer: Mutex::new(sealer),
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
    pub(super) fn reload(&self, log: &Connection) -> Result<(), ReadError> {
        self.tail.reload(log, || self.archive.through())
    }

    /// Those of a site's events with these numbers that the log itself no longer has, in order.
    pub(super) fn moved(
        &self,
        site: Option<SiteId>,
        ids: &[i64],
    ) -> Result<Vec<Numbered>, ReadError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.archive.events(site.map(|site| site.0), ids)
    }

    /// Which of these addresses, then which of these origins, occur in events that the log itself no longer has.
    pub(super) fn named(
        &self,
        addresses: &RoaringBitmap,
        origins: &RoaringBitmap,
    ) -> Result<(RoaringBitmap, RoaringBitmap), ReadError> {
        self.archive.named(addresses, origins)
    }

    /// How sealing fares, where it goes over a network.
    pub fn queue(&self) -> Option<clickhouse::Queue> {
        self.archive.queue()
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
        needs: &Needs,
    ) -> Result<BTreeMap<i32, Groups>, ReadError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let snapshot = self.snapshot(threads)?;
        let together = match needs.visitors {
            Who::Counted(together) if self.counts() => together,
            _ => return snapshot.answer(site.0, days, by, tests, needs),
        };
        let named = &snapshot.named(site.0, &days, together.named);
        let visitors = Who::Counted(Together { named, ..together });
        let needs = Needs { visitors, ..*needs };
        snapshot.answer(site.0, days, by, tests, &needs)
    }

    /// Whether visitors are counted where that is enough: whoever needs to know who they are asks for it.
    pub fn counts(&self) -> bool {
        self.archive.counts()
    }

    /// A site's events that belong to some sets, each by itself, and people who are counted instead.
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
        let snapshot = self.snapshot(threads)?;
        let Some(alike) = wanted.alike.filter(|_| self.counts()) else {
            return snapshot.marked(site.0, &days, wanted);
        };
        let named = &snapshot.named(site.0, &days, alike.named);
        let wanted = Wanted {
            alike: Some(Alike { named, ..alike }),
            ..*wanted
        };
        snapshot.marked(site.0, &days, &wanted)
    }

    /// The numbers of a site's events in the log, of those above `after`.
    pub(super) fn ids(&self, site: SiteId, after: i64) -> Result<RoaringTreemap, ReadError> {
        self.snapshot(1)?.ids(site.0, &ALL_DAYS, after)
    }

    /// The numbers of a site's latest events, latest first, at least `most` where there are so many.
    pub(super) fn latest(&self, site: SiteId, most: usize) -> Result<Vec<i64>, ReadError> {
        self.snapshot(1)?.latest(site.0, most)
    }

    /// What is sealed and what is not at one moment, read on so many threads.
    fn snapshot(&self, threads: usize) -> Result<Snapshot<'_>, ReadError> {
        let (view, rows) = self.archive.moment(threads, &self.tail)?;
        let through = view.through();
        Ok(Snapshot {
            view,
            rows,
            through,
        })
    }
}

/// Everything as it was at one moment: what is sealed and what is not.
struct Snapshot<'a> {
    view: Box<dyn View + 'a>,
    rows: Vec<Arc<[Row]>>,
    /// The number of the last event that is sealed.
    through: i64,
}

/// Events that are not sealed.
#[derive(Clone, Copy)]
struct Fresh<'a> {
    batches: &'a [Arc<[Row]>],
    through: i64,
}

impl<'a> Fresh<'a> {
    fn all(self) -> impl Iterator<Item = &'a Row> + Clone {
        let rows = self.batches.iter().flat_map(|batch| batch.iter());
        rows.filter(move |row| row.id > self.through)
    }

    fn of(self, site: i64, days: &'a RangeInclusive<i32>) -> impl Iterator<Item = &'a Row> + Clone {
        self.all()
            .filter(move |row| row.site == site && days.contains(&row.day))
    }

    fn passing(
        self,
        site: i64,
        days: &'a RangeInclusive<i32>,
        tests: &'a [Test],
    ) -> impl Iterator<Item = &'a Row> {
        self.of(site, days)
            .filter(move |row| test::passes(row, tests))
    }
}

impl Snapshot<'_> {
    fn fresh(&self) -> Fresh<'_> {
        Fresh {
            batches: &self.rows,
            through: self.through,
        }
    }

    /// These visitors, and those of events that are not sealed: whoever is counted there isn't added from here.
    fn named(&self, site: i64, days: &RangeInclusive<i32>, these: &RoaringBitmap) -> RoaringBitmap {
        let mut named = these.clone();
        named.extend(self.fresh().of(site, days).map(|row| row.visitor));
        named
    }

    fn answer(
        mut self,
        site: i64,
        days: RangeInclusive<i32>,
        by: &By,
        tests: &[Test],
        needs: &Needs,
    ) -> Result<BTreeMap<i32, Groups>, ReadError> {
        if *by == By::Exit {
            return self.exits(site, &days, tests, needs);
        }
        let open: BTreeSet<i32> = self.fresh().of(site, &days).map(|row| row.day).collect();
        let mut answer = self.view.answer(site, &days, &open, by, tests, needs)?;
        for (day, groups) in scan::rows(self.fresh().of(site, &days), by, tests) {
            cell::add(answer.entry(day).or_default(), groups);
        }
        Ok(answer)
    }

    /// The last page of each session, by day: sessions go on from what is sealed to what is not.
    fn exits(
        mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
        needs: &Needs,
    ) -> Result<BTreeMap<i32, Groups>, ReadError> {
        let (of_days, others) = Test::of_days(tests);
        let fresh = Fresh {
            batches: &self.rows,
            through: self.through,
        };
        let rows = fresh
            .of(site, days)
            .filter(|row| Test::are_of(&of_days, row.day));
        let open: BTreeSet<i32> = rows.clone().map(|row| row.day).collect();
        let (mut answer, mut exits) = self.view.exits(site, days, &open, tests, needs)?;
        for row in rows {
            exits.entry(row.day).or_default().row(row, &others);
        }
        for (day, exits) in exits {
            cell::add(answer.entry(day).or_default(), exits.groups());
        }
        Ok(answer)
    }

    fn marked(
        mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        wanted: &Wanted,
    ) -> Result<Found, ReadError> {
        let mut piles = self.view.marked(site, days, wanted)?;
        piles.push(Pile::of_rows(self.fresh().of(site, days), wanted));
        // A connection of these is of use to others while all is brought in order.
        drop(self);
        Ok(Found::of(piles))
    }

    fn picked(
        mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
        before: Option<Moment>,
        most: usize,
    ) -> Result<Vec<Moment>, ReadError> {
        let mut picked = self.view.picked(site, days, tests, before, most)?;
        let fresh = self.fresh().passing(site, days, tests);
        let fresh = fresh.map(|row| (row.day, (row.at, row.id)));
        picked.extend(fresh.filter(|(_, moment)| before.is_none_or(|before| *moment < before)));
        picked.sort_unstable_by_key(|event| Reverse(*event));
        picked.truncate(most);
        Ok(picked.into_iter().map(|(_, moment)| moment).collect())
    }

    fn passing(
        mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<RoaringTreemap, ReadError> {
        let mut found = self.view.passing(site, days, tests)?;
        let fresh = self.fresh().passing(site, days, tests);
        found.extend(fresh.map(|row| row.id as u64));
        Ok(found)
    }

    /// Keys of metadata that events which pass have, and how many have each, most first.
    fn keys(
        mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<Vec<(String, u64)>, ReadError> {
        let mut counts = self.view.keys(site, days, tests)?;
        for row in self.fresh().passing(site, days, tests) {
            row::each_pair(row.metadata.as_deref().unwrap_or_default(), |key, _| {
                *counts.entry(key.into_owned()).or_default() += 1;
            });
        }
        let mut keys: Vec<_> = counts.into_iter().collect();
        keys.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        keys.truncate(KEYS);
        Ok(keys)
    }

    fn ids(
        mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        after: i64,
    ) -> Result<RoaringTreemap, ReadError> {
        let mut ids = self.view.ids(site, days, after)?;
        let fresh = self.fresh().of(site, days).filter(|row| row.id > after);
        ids.extend(fresh.map(|row| row.id as u64));
        Ok(ids)
    }

    fn latest(mut self, site: i64, most: usize) -> Result<Vec<i64>, ReadError> {
        let mut ids: Vec<i64> = self.fresh().of(site, &ALL_DAYS).map(|row| row.id).collect();
        // What is not sealed came after all that is.
        if ids.len() < most {
            ids.extend(self.view.latest(site, most - ids.len())?);
        }
        ids.sort_unstable_by_key(|id| Reverse(*id));
        ids.truncate(most);
        Ok(ids)
    }

    fn ids_of(mut self, visitors: &RoaringBitmap) -> Result<RoaringTreemap, ReadError> {
        let mut found = self.view.ids_of(visitors)?;
        let fresh = self.fresh().all();
        let theirs = fresh.filter(|row| visitors.contains(row.visitor));
        found.extend(theirs.map(|row| row.id as u64));
        Ok(found)
    }

    fn later(
        mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        last: i64,
    ) -> Result<Vec<Row>, ReadError> {
        let mut rows = self.view.later(site, days, last)?;
        rows.extend(self.fresh().of(site, days).cloned());
        Ok(rows)
    }
}

/// Every day that there may be.
const ALL_DAYS: RangeInclusive<i32> = i32::MIN..=i32::MAX;
