//! Looking after the log: checks, and what takes events out of it, while the server runs or not.
//!
//! Events leave in this order: first from the log, then from the reports, last the names of who they were of. Whatever
//! stops it half-way, doing it again ends it. Each time the log counts up how often that was done; whoever holds in memory
//! what the log said reads it anew when that has changed.

use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::event::{SiteId, UserId, VisitorKey};
use super::reports::ReadError;
use super::reports::row::Row;
use super::{Store, insert, schema};

/// Events that are taken out in one transaction, so that none that comes waits long.
const AT_ONCE: usize = 5_000;

/// How often events were taken out of the log.
pub(super) fn erased(connection: &Connection) -> rusqlite::Result<i64> {
    let count = connection
        .prepare_cached("SELECT value FROM about WHERE name = 'erased'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(count.unwrap_or_default())
}

fn count_erased(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT INTO about VALUES ('erased', 1) ON CONFLICT DO UPDATE SET value = value + 1",
            [],
        )
        .map(|_| ())
}

/// Who is to be forgotten.
#[derive(Clone, Debug)]
pub enum Who {
    /// A browser.
    Visitor(VisitorKey),
    /// A person: all browsers that were ever theirs, and what backends told of them.
    User(UserId),
}

/// What a check found wrong; nothing where all is well.
pub type Findings = Vec<String>;

impl Store {
    /// Takes a site's events of the days before `day` out, and visitors who have no others. A session that this cuts in
    /// two begins with the first event that is left of it. Gives how many events.
    pub fn prune(&self, site: SiteId, day: i32) -> Result<u64, ReadError> {
        let mut connection = self.careful()?;
        let ids = self.reports.ids_before(site, day)?;
        if ids.is_empty() {
            return Ok(0);
        }
        let cut = self.reports.cut_sessions(site, day, &ids)?;
        begin_anew(&mut connection, &cut)?;
        let taken = take_out(&mut connection, &ids)?;
        self.reports.forget_days(site, day, &cut)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.reports.reload(&transaction)?;
        let known = self.reports.visitors(site)?;
        let gone = {
            let mut all = transaction.prepare("SELECT id FROM visitor WHERE site = ?1")?;
            let all = all.query_map([site.0], |row| row.get::<_, u32>(0))?;
            let all: RoaringBitmap = all.collect::<Result<_, _>>()?;
            all - known
        };
        forget(&transaction, &gone)?;
        transaction.commit()?;
        Ok(taken)
    }

    /// Takes out all of somebody's events and everything that says who they were. Gives how many events.
    pub fn erase(&self, who: &Who) -> Result<u64, ReadError> {
        let mut connection = self.careful()?;
        let visitors = visitors_of(&connection, who)?;
        self.reports.reload(&connection)?;
        let ids = self.reports.ids_of(&visitors)?;
        let taken = take_out(&mut connection, &ids)?;
        self.reports.forget_events(&ids)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        forget(&transaction, &visitors)?;
        if let Who::User(UserId(user)) = who {
            transaction.execute("DELETE FROM identity WHERE user = ?1", [user])?;
        }
        transaction.commit()?;
        Ok(taken)
    }

    /// Gives unused room in the log's file back to the disk.
    pub fn vacuum(&self) -> rusqlite::Result<()> {
        let connection = schema::connect(&self.file)?;
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
    }

    /// Reads everything: whether the files are whole, and whether reports say what the log says.
    pub fn check(&self) -> Result<Findings, ReadError> {
        let connection = schema::connect(&self.file)?;
        let mut findings = integrity(&connection, "events.db")?;
        let unknown: i64 = connection.query_row(
            "SELECT count(*) FROM event WHERE goal <> 0 AND goal NOT IN (SELECT id FROM goal)
             OR url IS NOT NULL AND url NOT IN (SELECT id FROM address)
             OR visitor IS NOT NULL AND visitor NOT IN (SELECT id FROM visitor)",
            [],
            |row| row.get(0),
        )?;
        if unknown > 0 {
            findings.push(format!(
                "events.db: {unknown} events name a goal, page or visitor that is not there"
            ));
        }
        findings.extend(self.reports.check(&connection)?);
        Ok(findings)
    }

    /// A connection that overwrites what it deletes.
    fn careful(&self) -> rusqlite::Result<Connection> {
        let connection = schema::connect(&self.file)?;
        connection.pragma_update(None, "secure_delete", true)?;
        Ok(connection)
    }
}

/// What SQLite says of a file.
pub fn integrity(connection: &Connection, name: &str) -> rusqlite::Result<Findings> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    let wrong = lines.into_iter().filter(|line| line != "ok");
    Ok(wrong.map(|line| format!("{name}: {line}")).collect())
}

fn visitors_of(connection: &Connection, who: &Who) -> rusqlite::Result<RoaringBitmap> {
    let by_key = |key: &VisitorKey| -> rusqlite::Result<RoaringBitmap> {
        let mut find = connection.prepare_cached("SELECT id FROM visitor WHERE key = ?1")?;
        let found = find.query_map([insert::key(key)], |row| row.get::<_, u32>(0))?;
        found.collect()
    };
    match who {
        Who::Visitor(key) => by_key(key),
        Who::User(user) => {
            let mut find = connection.prepare("SELECT visitor FROM identity WHERE user = ?1")?;
            let theirs = find.query_map([&user.0], |row| row.get::<_, u32>(0))?;
            let theirs: RoaringBitmap = theirs.collect::<Result<_, _>>()?;
            Ok(theirs | by_key(&VisitorKey::User(user.clone()))?)
        }
    }
}

/// Writes the places that events have in sessions that begin later than they did.
fn begin_anew(connection: &mut Connection, cut: &[Row]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for Row { id, place, .. } in cut {
        let step = place.seconds.saturating_mul(2) | u16::from(place.engages);
        let kept = |number: u32| (place.begins && number != 0).then_some(number);
        transaction.execute(
            "UPDATE event SET session = ?2, step = ?3, origin = ?4, client = ?5 WHERE id = ?1",
            params![
                id,
                if place.begins { 0 } else { place.session },
                (step != 0).then_some(step),
                kept(place.shared.origin),
                kept(place.shared.client),
            ],
        )?;
    }
    transaction.commit()
}

/// Deletes events from the log, some at a time.
fn take_out(connection: &mut Connection, ids: &RoaringTreemap) -> rusqlite::Result<u64> {
    let ids: Vec<i64> = ids.iter().map(|id| id as i64).collect();
    let mut taken = 0;
    for some in ids.chunks(AT_ONCE) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut delete = transaction.prepare_cached("DELETE FROM event WHERE id = ?1")?;
            for id in some {
                taken += delete.execute([id])? as u64;
            }
        }
        count_erased(&transaction)?;
        transaction.commit()?;
    }
    Ok(taken)
}

/// Deletes who visitors were.
fn forget(connection: &Connection, visitors: &RoaringBitmap) -> rusqlite::Result<()> {
    let mut visitor = connection.prepare_cached("DELETE FROM visitor WHERE id = ?1")?;
    let mut identity = connection.prepare_cached("DELETE FROM identity WHERE visitor = ?1")?;
    for number in visitors {
        visitor.execute([number])?;
        identity.execute([number])?;
    }
    count_erased(connection)
}
