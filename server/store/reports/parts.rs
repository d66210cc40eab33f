//! Sealed events in `reports.db`: columns and sums ([`file`]), read on several connections at one moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::Connection;

use super::archive::{Archive, Left, Taken, View};
use super::cell::{self, Groups};
use super::exits::{Exits, OfPart};
use super::file::{self, Columns, ReadError};
use super::group::By;
use super::marked::Wanted;
use super::needs::Needs;
use super::part::{self, Kind};
use super::pick::{self, Moment};
use super::pile::Pile;
use super::row::Row;
use super::tail::Tail;
use super::test::Test;
use super::{ALL_DAYS, care, scan, seal, sums};
use crate::store::care::Findings;
use crate::store::checkpoint;
use crate::store::read::Numbered;

/// Rows that are scanned by one thread before a second one helps.
const SHARE: usize = 200_000;

/// Blocks of parts for each thread that scans them.
const BLOCKS: usize = 4;

/// Rows of the days whose exit pages are looked for at once, but for the last of these days.
const AT_ONCE: usize = 1 << 20;

/// The file.
pub(super) struct Parts {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Parts {
    pub(super) fn new(file: PathBuf) -> Parts {
        Parts {
            file,
            idle: Mutex::default(),
        }
    }
}

impl Archive for Parts {
    fn moment(&self, threads: usize, tail: &Tail) -> Result<Taken<'_>, ReadError> {
        loop {
            let mut connections = Vec::new();
            for _ in 0..threads {
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
            let mut sealed = Sealed {
                connections,
                through: 0,
                idle: &self.idle,
            };
            let mut rows = Vec::new();
            // While the tail is held nothing is sealed, so that no event is missed and none seen twice.
            let is_one_moment = tail.held(|batches| {
                for (nth, connection) in sealed.connections.iter().enumerate() {
                    connection.execute_batch("BEGIN")?;
                    // What another process has sealed meanwhile is not counted from the tail too.
                    let through = file::through(connection)?;
                    if nth > 0 && through != sealed.through {
                        return Ok(false);
                    }
                    sealed.through = through;
                }
                rows.extend(batches.iter().cloned());
                Ok::<_, rusqlite::Error>(true)
            })?;
            if is_one_moment {
                return Ok((Box::new(sealed), rows));
            }
            // Another process sealed in between.
        }
    }

    fn through(&self) -> Result<i64, ReadError> {
        Ok(file::through(&file::open_to_read(&self.file)?)?)
    }

    fn forget_days(&self, site: i64, day: i32, cut: &[Row]) -> Result<(), ReadError> {
        care::forget_days(&self.file, site, day, cut)
    }

    fn forget_events(&self, ids: &RoaringTreemap) -> Result<(), ReadError> {
        care::forget_events(&self.file, ids)
    }

    fn overwrite(&self) -> Result<(), ReadError> {
        checkpoint::all(&file::open_to_change(&self.file)?);
        Ok(())
    }

    fn vacuum(&self) -> Result<(), ReadError> {
        let connection = file::open_to_change(&self.file)?;
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        Ok(())
    }

    fn check(&self, view: &mut dyn View, events: &Connection) -> Result<Findings, ReadError> {
        care::check(&file::open_to_read(&self.file)?, view.through(), events)
    }

    fn events(&self, _: Option<i64>, _: &[i64]) -> Result<Vec<Numbered>, ReadError> {
        // The log has all that is sealed here.
        Ok(Vec::new())
    }

    fn named(
        &self,
        _: &RoaringBitmap,
        _: &RoaringBitmap,
    ) -> Result<(RoaringBitmap, RoaringBitmap), ReadError> {
        Ok(Default::default())
    }
}

/// Everything as it was at one moment.
struct Sealed<'a> {
    connections: Vec<Connection>,
    through: i64,
    idle: &'a Mutex<Vec<Connection>>,
}

impl Sealed<'_> {
    /// Scans parts, a share of them on each connection.
    fn scan<T: Send>(
        &mut self,
        parts: &[file::Part],
        scan: impl Fn(&Connection, &file::Part) -> Result<T, ReadError> + Sync,
    ) -> Result<Vec<T>, ReadError> {
        let rows = rows_of(parts);
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

    /// Scans parts in blocks of some that follow each other; each connection takes the next one when it has done one. In
    /// the order of the parts.
    fn scan_blocks<T: Send>(
        &mut self,
        parts: &[file::Part],
        scan: impl Fn(&Connection, &[file::Part]) -> Result<T, ReadError> + Sync,
    ) -> Result<Vec<T>, ReadError> {
        let rows = rows_of(parts);
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

    fn parts(&self, site: i64, days: &RangeInclusive<i32>) -> rusqlite::Result<Vec<file::Part>> {
        file::parts(&self.connections[0], site, days)
    }
}

fn rows_of(parts: &[file::Part]) -> usize {
    parts.iter().map(|part| part.rows).sum()
}

impl View for Sealed<'_> {
    fn through(&self) -> i64 {
        self.through
    }

    fn answer(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        _: &BTreeSet<i32>,
        by: &By,
        tests: &[Test],
        _: &Needs,
    ) -> Result<BTreeMap<i32, Groups>, ReadError> {
        let (of_days, tests) = Test::of_days(tests);
        let first = &self.connections[0];
        let mut parts = file::parts(first, site, days)?;
        parts.retain(|part| Test::are_of(&of_days, part.day));
        let kept = by.number().filter(|_| tests.is_empty());
        let mut answer = match kept {
            Some(number) => sums::read(first, site, number, days)?,
            None => BTreeMap::new(),
        };
        answer.retain(|day, _| Test::are_of(&of_days, *day));
        let mut scanned = Vec::new();
        for part in parts {
            match kept {
                Some(_) if part.rolled => {}
                Some(_) => match sums::of_part(first, part.id, by)? {
                    Some(groups) => cell::add(answer.entry(part.day).or_default(), groups),
                    None => scanned.push(part),
                },
                None => scanned.push(part),
            }
        }
        let found = self.scan(&scanned, |connection, part| {
            Ok((part.day, scan::part(connection, part, by, &tests)?))
        })?;
        for (day, groups) in found {
            cell::add(answer.entry(day).or_default(), groups);
        }
        Ok(answer)
    }

    fn exits(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        open: &BTreeSet<i32>,
        tests: &[Test],
        _: &Needs,
    ) -> Result<Left, ReadError> {
        let (of_days, tests) = Test::of_days(tests);
        let connection = &self.connections[0];
        let kept = By::Exit.number().filter(|_| tests.is_empty());
        let mut parts = self.parts(site, days)?;
        parts.retain(|part| Test::are_of(&of_days, part.day));
        // A day's sums hold only while nothing came after they were made.
        let mut scanned = open.clone();
        let is_scanned = |part: &&file::Part| kept.is_none() || !part.rolled;
        scanned.extend(parts.iter().filter(is_scanned).map(|part| part.day));
        let mut answer = match kept {
            Some(number) => sums::read(connection, site, number, days)?,
            None => BTreeMap::new(),
        };
        answer.retain(|day, _| !scanned.contains(day) && Test::are_of(&of_days, *day));
        parts.retain(|part| scanned.contains(&part.day));
        let mut left: BTreeMap<i32, Exits> =
            open.iter().map(|day| (*day, Exits::default())).collect();
        let mut days = parts.chunk_by(|a, b| a.day == b.day).peekable();
        // Some days at a time: what is found is as much as there are sessions in each part.
        while days.peek().is_some() {
            let mut some = Vec::new();
            while let Some(day) = days.next_if(|_| rows_of(&some) < AT_ONCE) {
                some.extend_from_slice(day);
            }
            let found = self.scan(&some, |connection, part| {
                OfPart::read(connection, part, &tests)
            })?;
            let mut found = found.into_iter();
            for parts in some.chunk_by(|a, b| a.day == b.day) {
                let day = parts[0].day;
                let mut exits = left.remove(&day).unwrap_or_default();
                found
                    .by_ref()
                    .take(parts.len())
                    .for_each(|part| exits.add(part));
                match open.contains(&day) {
                    true => _ = left.insert(day, exits),
                    false => _ = answer.insert(day, exits.groups()),
                }
            }
        }
        Ok((answer, left))
    }

    fn marked(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        wanted: &Wanted,
    ) -> Result<Vec<Pile>, ReadError> {
        let parts = self.parts(site, days)?;
        self.scan_blocks(&parts, |connection, parts| {
            Pile::of_parts(connection, parts, wanted)
        })
    }

    fn picked(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
        before: Option<Moment>,
        most: usize,
    ) -> Result<Vec<(i32, Moment)>, ReadError> {
        let parts = self.parts(site, days)?;
        pick::picked(&self.connections[0], parts, tests, before, most)
    }

    fn passing(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<RoaringTreemap, ReadError> {
        pick::passing(&self.connections[0], &self.parts(site, days)?, tests)
    }

    fn keys(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<HashMap<String, u64>, ReadError> {
        pick::keys(&self.connections[0], &self.parts(site, days)?, tests)
    }

    fn ids(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        after: i64,
    ) -> Result<RoaringTreemap, ReadError> {
        let mut ids = RoaringTreemap::new();
        for part in self.parts(site, days)? {
            if part.last > after {
                let of_part = file::ids(&self.connections[0], &part)?;
                ids.extend(of_part.iter().map(|id| *id as u64));
            }
        }
        ids.remove_range(..=after.max(0) as u64);
        Ok(ids)
    }

    fn latest(&mut self, site: i64, most: usize) -> Result<Vec<i64>, ReadError> {
        let mut parts = self.parts(site, &ALL_DAYS)?;
        parts.sort_by_key(|part| std::cmp::Reverse(part.last));
        let mut ids: Vec<i64> = Vec::new();
        for part in parts {
            ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
            if most == 0 || ids.get(most - 1).is_some_and(|last| *last > part.last) {
                break;
            }
            ids.extend(file::ids(&self.connections[0], &part)?);
        }
        Ok(ids)
    }

    fn ids_of(&mut self, visitors: &RoaringBitmap) -> Result<RoaringTreemap, ReadError> {
        let connection = &self.connections[0];
        let mut found = RoaringTreemap::new();
        for (_, part) in file::all_parts(connection)? {
            let columns = Columns::open(connection, &part)?;
            let codes = part::codes(&columns.column(Kind::Visitor)?, columns.head.rows)?;
            let is_meant: Vec<bool> = codes
                .occurs
                .iter()
                .map(|number| visitors.contains(*number))
                .collect();
            if is_meant.contains(&true) {
                let ids = part::ids(&columns.column(Kind::Id)?, columns.head.rows)?;
                let meant = ids
                    .iter()
                    .zip(&codes.rows)
                    .filter(|(_, code)| is_meant[**code as usize]);
                found.extend(meant.map(|(id, _)| *id as u64));
            }
        }
        Ok(found)
    }

    fn later(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        _: i64,
    ) -> Result<Vec<Row>, ReadError> {
        let mut rows = Vec::new();
        for part in self.parts(site, days)? {
            rows.extend(seal::rows(&self.connections[0], site, &part)?);
        }
        Ok(rows)
    }
}

impl Drop for Sealed<'_> {
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
