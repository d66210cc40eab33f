//! Sealing: the tail → parts, the parts of a day that is over → fewer of them, and its sums. In a thread of its own, on a
//! file of its own, so that no event waits for it.

use std::collections::{HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::exits::{Exits, OfPart};
use super::file::{self, Part, ReadError};
use super::group::By;
use super::part::{self, ROWS};
use super::row::Row;
use super::scan;
use super::tail::{FULL, FULL_BYTES, First, Tail};
use super::{cell, log, sums};
use crate::private;
use crate::store::care;

/// Rows that are sealed at a time while the log is read.
const CHUNK: usize = 1 << 18;
const CHUNK_BYTES: usize = 64 << 20;

/// Bytes of the parts that are merged into one.
const MERGED_BYTES: usize = 64 << 20;

/// Rows of the parts that are merged at a time, but for those of the last one, when their day is over.
const MERGED_ROWS: usize = 4 * ROWS;

/// Small parts of one day, one after the other, that are merged while the day goes on.
const SMALL_PARTS: usize = 8;

/// Rows of a part that has sums of its own while its day goes on; a smaller one is scanned as fast.
const SUMMED: usize = 4096;

/// How often it is looked what can be tidied up while little happens.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long what is under way may take to end.
const FAREWELL: Duration = Duration::from_secs(4);

/// How long after a failure it is tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// Milliseconds of a day, and how long after its end by UTC it has ended in every zone.
const DAY: i64 = 86_400_000;
const LAST_ZONE: i64 = 13 * 3_600_000;

/// What seals.
pub(super) struct Seals {
    connection: Connection,
    /// The log, to read.
    events: Connection,
    /// How often events had been taken out of the log when the tail was read.
    erased: i64,
    tail: Arc<Tail>,
    /// Days that can't be merged.
    damaged: HashSet<(i64, i32)>,
    /// The latest event seen, milliseconds since 1970: a day is over when something happened long enough after it.
    latest: i64,
}

impl Seals {
    pub(super) fn new(
        connection: Connection,
        events: Connection,
        tail: Arc<Tail>,
    ) -> rusqlite::Result<Seals> {
        // Copying into the file is done when nobody waits.
        let _ = connection.pragma_update(None, "wal_autocheckpoint", 0);
        Ok(Seals {
            erased: care::erased(&events)?,
            connection,
            events,
            tail,
            damaged: HashSet::new(),
            latest: 0,
        })
    }

    /// Reads what the log has after `through`: seals what is much, puts the rest into the tail.
    pub(super) fn catch_up(&mut self, through: i64, last: i64) -> Result<(), ReadError> {
        let is_much = last - through > 1_000_000;
        if is_much {
            tracing::info!("reports are made from the log; this takes about 5 s a million events");
        }
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let Seals {
            connection,
            events,
            latest,
            ..
        } = self;
        log::each::<ReadError>(events, through, |row| {
            *latest = row.at.max(*latest);
            bytes += row.metadata.as_ref().map_or(0, |text| text.len());
            rows.push(row);
            if rows.len() >= CHUNK || bytes >= CHUNK_BYTES {
                bytes = 0;
                seal(connection, std::mem::take(&mut rows))?;
            }
            Ok(())
        })?;
        if rows.len() >= FULL || bytes >= FULL_BYTES {
            seal(connection, std::mem::take(&mut rows))?;
        }
        self.tail.replace(|| Ok::<_, ReadError>(rows))?;
        if is_much {
            tracing::info!("reports are made");
        }
        Ok(())
    }

    /// Reads what the log has after `through` into the tail.
    pub(super) fn read(&self, through: i64) -> rusqlite::Result<()> {
        self.tail.replace(|| log::after(&self.events, through))
    }

    /// Seals what is first in the tail.
    fn seal_first(&mut self, first: &First) -> Result<(), ReadError> {
        let rows: Vec<&Row> = first
            .batches
            .iter()
            .flat_map(|batch| batch.iter())
            .collect();
        self.latest = rows.iter().map(|row| row.at).fold(self.latest, i64::max);
        let transaction = begin(&mut self.connection)?;
        let through = file::through(&transaction)?;
        let erased = care::erased(&self.events)?;
        if erased != self.erased || rows.first().is_some_and(|row| row.id <= through) {
            // A command beside the server has taken some of these out, or has sealed them too.
            drop(transaction);
            self.read(through)?;
            self.erased = erased;
            return Ok(());
        }
        add(&transaction, &rows)?;
        self.tail.sealed(first, || transaction.commit())?;
        checkpoint(&self.connection)
    }

    /// Merges some parts of one day that wants it; says whether there was one.
    fn tidy(&mut self) -> Result<bool, ReadError> {
        let over = (self.latest - LAST_ZONE).div_euclid(DAY);
        let wanted: Vec<(i64, i32, bool)> = {
            let mut statement = self.connection.prepare_cached(
                "SELECT site, day, day < ?1 AS is_over FROM part WHERE NOT rolled AND (day < ?1 OR rows < ?2)
                 GROUP BY site, day HAVING is_over OR count(*) >= ?3",
            )?;
            let rows = statement
                .query_map(params![over, ROWS as i64, SMALL_PARTS as i64], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
            rows.collect::<Result<_, _>>()?
        };
        for (site, day, is_over) in wanted {
            if self.damaged.contains(&(site, day)) {
                continue;
            }
            let transaction = begin(&mut self.connection)?;
            match settle(&transaction, site, day, is_over) {
                Ok(true) => {
                    transaction.commit()?;
                    checkpoint(&self.connection)?;
                    return Ok(true);
                }
                Ok(false) => {}
                Err(ReadError::Damaged(error)) => {
                    tracing::error!(site, day, %error, "a day's reports are damaged; `admx check` says more");
                    self.damaged.insert((site, day));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

/// Merges some of a day's parts, and makes its sums when all is merged and it is over; says whether that changed anything.
fn settle(
    transaction: &Transaction,
    site: i64,
    day: i32,
    is_over: bool,
) -> Result<bool, ReadError> {
    let parts = file::parts(transaction, site, &(day..=day))?;
    // A day that has sums keeps having them.
    let had_sums = parts.iter().any(|part| part.rolled);
    if !is_over && !had_sums {
        // What is full, between small ones too, stays until the day is over.
        let large = large(transaction, site, day)?;
        let is_small = |part: &Part| part.rows < ROWS && !large.contains(&part.id);
        let mut runs = parts.chunk_by(|a, b| is_small(a) == is_small(b));
        let run = runs.find(|run| is_small(&run[0]) && run.len() >= SMALL_PARTS);
        run.map_or(Ok(()), |run| merge(transaction, site, day, run))?;
        return Ok(run.is_some());
    }
    // Those that are full already stay, and the same events come to the same parts, whenever they came.
    let full = full(&parts);
    let rest = &parts[full..];
    let some = if had_sums { rest.len() } else { some(rest) };
    merge(transaction, site, day, &rest[..some])?;
    if some < rest.len() {
        let parts = file::parts(transaction, site, &(day..=day))?;
        if self::full(&parts) > full {
            return Ok(true);
        }
        // Where events are large no part becomes full.
        merge(transaction, site, day, &parts[full..])?;
    }
    roll(transaction, site, day)?;
    Ok(true)
}

/// How many parts at the front are full.
fn full(parts: &[Part]) -> usize {
    parts.iter().take_while(|part| part.rows == ROWS).count()
}

/// How many parts at the front are merged at a time.
fn some(parts: &[Part]) -> usize {
    let mut rows = 0;
    let fits = |part: &&Part| {
        let fits = rows < MERGED_ROWS;
        rows += part.rows;
        fits
    };
    parts.iter().take_while(fits).count()
}

/// Parts of a day that have so many bytes that two of them may not be merged into one.
fn large(transaction: &Transaction, site: i64, day: i32) -> rusqlite::Result<HashSet<i64>> {
    let mut statement = transaction
        .prepare_cached("SELECT id FROM part WHERE site = ?1 AND day = ?2 AND length(data) > ?3")?;
    let ids = statement.query_map(params![site, day, (MERGED_BYTES / 2) as i64], |row| {
        row.get(0)
    })?;
    ids.collect()
}

/// Seals rows that come after those that are sealed.
pub(super) fn seal(connection: &mut Connection, mut rows: Vec<Row>) -> Result<(), ReadError> {
    let transaction = begin(connection)?;
    let through = file::through(&transaction)?;
    rows.retain(|row| row.id > through);
    add(&transaction, &refs(&rows))?;
    transaction.commit()?;
    checkpoint(connection)
}

pub(super) fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn checkpoint(connection: &Connection) -> Result<(), ReadError> {
    // What readers keep from being copied now is copied the next time.
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}

/// Adds a part for each site and day among the rows, and keeps through where the log is sealed.
fn add(transaction: &Transaction, rows: &[&Row]) -> Result<(), ReadError> {
    let through = rows.iter().map(|row| row.id).max().unwrap_or_default();
    let mut days: HashMap<(i64, i32), Vec<&Row>> = HashMap::new();
    for row in rows {
        days.entry((row.site, row.day)).or_default().push(row);
    }
    for ((site, day), mut rows) in days {
        for chunk in rows.chunks_mut(ROWS) {
            insert(transaction, site, day, chunk)?;
        }
    }
    transaction.execute("UPDATE about SET through = max(through, ?1)", [through])?;
    Ok(())
}

fn insert(
    transaction: &Transaction,
    site: i64,
    day: i32,
    rows: &mut [&Row],
) -> Result<(), ReadError> {
    let first = rows.iter().map(|row| row.id).min();
    let last = rows.iter().map(|row| row.id).max();
    transaction
        .prepare_cached(
            "INSERT INTO part (site, day, first, last, rows, rolled, data) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
        )?
        .execute(params![site, day, first, last, rows.len() as i64, part::encode(rows)])?;
    if rows.len() >= SUMMED {
        let part = Part {
            id: transaction.last_insert_rowid(),
            day,
            rows: rows.len(),
            rolled: false,
            first: first.unwrap_or_default(),
            last: last.unwrap_or_default(),
        };
        for (by, number) in kept() {
            let data = match by {
                By::Exit => OfPart::read(transaction, &part, &[])?.encode(),
                _ => sums::encode(&scan::part(transaction, &part, by, &[])?),
            };
            transaction
                .prepare_cached("INSERT INTO part_sums VALUES (?1, ?2, ?3)")?
                .execute(params![part.id, number, data])?;
        }
    }
    Ok(())
}

/// Merges parts of a day that follow each other into full ones and a rest, in the order in which their events were stored.
fn merge(transaction: &Transaction, site: i64, day: i32, parts: &[Part]) -> Result<(), ReadError> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for (nth, part) in parts.iter().enumerate() {
        let data: Vec<u8> = transaction
            .prepare_cached("DELETE FROM part WHERE id = ?1 RETURNING data")?
            .query_row([part.id], |row| row.get(0))?;
        if bytes + data.len() > MERGED_BYTES {
            insert_all(transaction, site, day, std::mem::take(&mut rows))?;
            bytes = 0;
        }
        bytes += data.len();
        rows.extend(part::decode(&data, site, day)?);
        if rows.len() >= ROWS {
            rows.sort_unstable_by_key(|row: &Row| row.id);
            // What comes later belongs behind these, nearly always.
            let next = parts.get(nth + 1).map_or(i64::MAX, |part| part.first);
            if rows[ROWS - 1].id < next || rows.len() >= 2 * ROWS {
                let later = rows.split_off(ROWS);
                insert(transaction, site, day, &mut refs(&rows))?;
                rows = later;
            }
        }
    }
    insert_all(transaction, site, day, rows)
}

/// Makes parts of rows, in the order in which they were stored.
fn insert_all(
    transaction: &Transaction,
    site: i64,
    day: i32,
    mut rows: Vec<Row>,
) -> Result<(), ReadError> {
    rows.sort_unstable_by_key(|row| row.id);
    for chunk in rows.chunks(ROWS) {
        insert(transaction, site, day, &mut refs(chunk))?;
    }
    Ok(())
}

fn refs(rows: &[Row]) -> Vec<&Row> {
    rows.iter().collect()
}

/// The rows of a part.
pub(super) fn rows(connection: &Connection, site: i64, part: &Part) -> Result<Vec<Row>, ReadError> {
    let data: Vec<u8> = connection
        .prepare_cached("SELECT data FROM part WHERE id = ?1")?
        .query_row([part.id], |row| row.get(0))?;
    Ok(part::decode(&data, site, part.day)?)
}

/// Changes the rows of a part and leaves those for which `change` answers `true`; says whether that made a difference.
pub(super) fn change(
    transaction: &Transaction,
    site: i64,
    part: &Part,
    mut change: impl FnMut(&mut Row) -> bool,
) -> Result<bool, ReadError> {
    let before = rows(transaction, site, part)?;
    let mut after = before.clone();
    after.retain_mut(|row| change(row));
    if after == before {
        return Ok(false);
    }
    transaction.execute("DELETE FROM part WHERE id = ?1", [part.id])?;
    if !after.is_empty() {
        insert(transaction, site, part.day, &mut refs(&after))?;
    }
    Ok(true)
}

/// What sums are kept of, and their numbers.
fn kept() -> impl Iterator<Item = (&'static By, i64)> {
    By::KEPT.iter().zip(0..)
}

/// Makes a day's sums from its parts.
pub(super) fn roll(transaction: &Transaction, site: i64, day: i32) -> Result<(), ReadError> {
    let parts = file::parts(transaction, site, &(day..=day))?;
    for (by, number) in kept() {
        let data = sums::encode(&day_groups(transaction, &parts, by)?);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO sums VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![site, day, number, data])?;
    }
    transaction
        .prepare_cached("UPDATE part SET rolled = 1 WHERE site = ?1 AND day = ?2")?
        .execute(params![site, day])?;
    Ok(())
}

/// The groups of a day's parts.
fn day_groups(connection: &Connection, parts: &[Part], by: &By) -> Result<cell::Groups, ReadError> {
    if *by == By::Exit {
        let mut exits = Exits::default();
        for part in parts {
            exits.add(OfPart::read(connection, part, &[])?);
        }
        return Ok(exits.groups());
    }
    let mut groups = cell::Groups::new();
    for part in parts {
        cell::add(&mut groups, scan::part(connection, part, by, &[])?);
    }
    Ok(groups)
}

/// The mark of the one process that seals.
pub(in crate::store) struct Lock(File);

impl Lock {
    pub(super) fn new(folder: &Path) -> std::io::Result<Lock> {
        let path = folder.join("sealing");
        private::create(&path)?;
        Ok(Lock(File::open(path)?))
    }

    /// Takes the mark, if nobody has it.
    pub(super) fn take(&self) -> std::io::Result<bool> {
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// The thread that seals. It ends when this is dropped.
pub(in crate::store) struct Sealer {
    tail: Arc<Tail>,
    thread: Option<JoinHandle<()>>,
}

impl Sealer {
    /// Seals from now on, or from when the process that has the mark is through.
    pub(in crate::store) fn start(
        mut seals: Box<dyn Seal>,
        tail: Arc<Tail>,
        lock: Lock,
        is_alone: bool,
    ) -> std::io::Result<Sealer> {
        let waits = tail.clone();
        let run = move || {
            // At a start there may be things to tidy up.
            let mut patience = Duration::ZERO;
            let mut is_alone = is_alone;
            while let Some(first) = waits.wait(patience) {
                patience = seals.patience();
                is_alone = is_alone || lock.take().unwrap_or_default();
                if !is_alone {
                    waits.went(false);
                    std::thread::sleep(PAUSE);
                    continue;
                }
                let went = seals.work(&first);
                waits.went(went.is_ok());
                if let Err(error) = went {
                    tracing::warn!(%error, "events can't be sealed; it is tried again");
                    waits.pause(PAUSE);
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("sealer".into())
            .spawn(run)?;
        Ok(Sealer {
            tail,
            thread: Some(thread),
        })
    }
}

/// What the thread does.
pub(in crate::store) trait Seal: Send {
    /// Seals what is first in the tail, when that is enough, and tidies up.
    fn work(&mut self, first: &First) -> Result<(), ReadError>;

    /// How long it waits for enough.
    fn patience(&self) -> Duration;
}

impl Seal for Seals {
    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn work(&mut self, first: &First) -> Result<(), ReadError> {
        if !first.batches.is_empty() {
            self.seal_first(first)?;
        }
        while !self.tail.is_waiting() && self.tidy()? {}
        Ok(())
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        self.tail.stop();
        let began = Instant::now();
        let is_over = |thread: &JoinHandle<()>| thread.is_finished() || began.elapsed() > FAREWELL;
        while self.thread.as_ref().is_some_and(|thread| !is_over(thread)) {
            std::thread::sleep(Duration::from_millis(2));
        }
        // One that waits for somebody else has nothing that a start doesn't find again.
        let ended = self.thread.take().filter(JoinHandle::is_finished);
        if ended.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that seals had died");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::Key;
    use super::*;
    use crate::store::session::Place;

    const SITE: i64 = 1;
    const DAY: i32 = 20_000;

    /// A file with parts of so many rows.
    fn with_parts(folder: &Path, sizes: &[usize]) -> Connection {
        let (mut connection, _) = file::open(&folder.join("reports.db"), b"log", 0).unwrap();
        let transaction = begin(&mut connection).unwrap();
        let mut last = 0;
        for size in sizes {
            let ids = last + 1..=last + *size as i64;
            last += *size as i64;
            let rows: Vec<Row> = ids.map(row).collect();
            insert(&transaction, SITE, DAY, &mut refs(&rows)).unwrap();
        }
        transaction.commit().unwrap();
        connection
    }

    fn row(id: i64) -> Row {
        Row {
            id,
            site: SITE,
            day: DAY,
            at: i64::from(DAY) * 86_400_000 + id,
            goal: 0,
            visitor: id as u32 % 1000 + 1,
            place: Place::default(),
            url: 1,
            revenue: None,
            metadata: None,
        }
    }

    /// The rows of each part and whether it is in the day's sums.
    fn parts(connection: &Connection) -> Vec<(usize, bool)> {
        let parts = file::parts(connection, SITE, &(DAY..=DAY)).unwrap();
        parts.iter().map(|part| (part.rows, part.rolled)).collect()
    }

    fn settled(connection: &mut Connection, is_over: bool) -> bool {
        let transaction = begin(connection).unwrap();
        let is_changed = settle(&transaction, SITE, DAY, is_over).unwrap();
        transaction.commit().unwrap();
        is_changed
    }

    #[test]
    fn what_is_more_than_a_part_holds_is_sealed_in_several() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = with_parts(folder.path(), &[]);
        let count = ROWS as i64 + 10;
        seal(&mut connection, (1..=count).map(row).collect()).unwrap();
        let parts = file::parts(&connection, SITE, &(DAY..=DAY)).unwrap();
        assert_eq!(parts.len(), 2);
        let views = parts.iter().map(|part| {
            let groups = scan::part(&connection, part, &By::Total, &[]).unwrap();
            groups[&Key::Number(0)].counts.views
        });
        assert_eq!(views.sum::<u64>(), count as u64);
    }

    #[test]
    fn a_day_that_is_over_is_merged_some_parts_at_a_time_and_has_sums_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = with_parts(folder.path(), &[100, ROWS, ROWS, ROWS, ROWS, 50]);
        assert!(!settled(&mut connection, false), "full ones stay");
        assert!(settled(&mut connection, true));
        let full = [(ROWS, false); 4];
        assert_eq!(parts(&connection)[..4], full);
        assert_eq!(parts(&connection)[4..], [(100, false), (50, false)]);
        assert!(settled(&mut connection, true));
        assert_eq!(parts(&connection)[..4], full.map(|(rows, _)| (rows, true)));
        assert_eq!(parts(&connection)[4..], [(150, true)]);
        let days = sums::read(&connection, SITE, 0, &(DAY..=DAY)).unwrap();
        let views = days[&DAY].values().map(|cell| cell.counts.views);
        assert_eq!(views.sum::<u64>(), 4 * ROWS as u64 + 150);
    }

    #[test]
    fn small_parts_that_follow_each_other_are_merged_while_the_day_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut sizes = vec![10; SMALL_PARTS - 1];
        let mut connection = with_parts(folder.path(), &sizes);
        assert!(!settled(&mut connection, false));
        sizes.push(10);
        let folder = tempfile::tempdir().unwrap();
        let mut connection = with_parts(folder.path(), &sizes);
        assert!(settled(&mut connection, false));
        assert_eq!(parts(&connection), [(10 * SMALL_PARTS, false)]);
    }
}
