//! Looking after the log: checks, and what takes events out of it, while the server runs or not.
//!
//! Events leave in this order: first from the log, then from the reports, last the names of who they were of. Whatever
//! stops it half-way, doing it again ends it. Each time the log counts up how often that was done; whoever holds in memory
//! what the log said reads it anew when that has changed.

use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::event::{SiteId, UserId, VisitorKey};
use super::read::{Numbered, Rest};
use super::reports::row::Row;
use super::reports::{ReadError, Reports};
use super::whole::read_key;
use super::{Store, checkpoint, insert, schema};

/// Events that are taken out in one transaction, so that none that comes waits long.
const AT_ONCE: usize = 5_000;

/// How often what came while somebody's events were taken out is looked for, before all that comes waits for it.
const ROUNDS: usize = 4;

/// How often events were taken out of the log.
pub(super) fn erased(connection: &Connection) -> rusqlite::Result<i64> {
    let count = connection
        .prepare_cached("SELECT value FROM about WHERE name = 'erased'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(count.unwrap_or_default())
}

/// The greatest number that an event was ever given, taken out or not.
pub(super) fn last_given(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "SELECT max(coalesce((SELECT max(id) FROM event), 0),
                        coalesce((SELECT value FROM about WHERE name = 'last'), 0))",
        )?
        .query_row([], |row| row.get(0))
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
        // Each hour, and nearly always there is nothing: the tail is read anew only where there is.
        if self.reports.ids_before(site, day)?.is_empty() {
            return Ok(0);
        }
        let mut connection = self.careful()?;
        self.reports.reload(&connection)?;
        let ids = self.reports.ids_before(site, day)?;
        let before = self
            .reports
            .visitors(site, i32::MIN..=day.saturating_sub(1))?;
        let cut = self.reports.cut_sessions(site, day, &ids)?;
        begin_anew(&mut connection, &cut)?;
        take_out(&mut connection, &ids)?;
        self.reports.forget_days(site, day, &cut)?;
        // Who has been seen since `last` is asked of the log, some at a time, so that no event waits for it.
        let last = last_given(&connection)?;
        self.reports.reload(&connection)?;
        let gone = before - self.reports.visitors(site, day..=i32::MAX)?;
        let gone: Vec<u32> = gone.iter().collect();
        for some in gone.chunks(AT_ONCE) {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let seen = {
                let mut seen = transaction.prepare_cached(
                    "SELECT DISTINCT visitor FROM event WHERE id > ?1 AND visitor IS NOT NULL",
                )?;
                let seen = seen.query_map([last], |row| row.get::<_, u32>(0))?;
                seen.collect::<Result<RoaringBitmap, _>>()?
            };
            forget(
                &transaction,
                some.iter()
                    .copied()
                    .filter(|number| !seen.contains(*number)),
            )?;
            transaction.commit()?;
        }
        self.overwrite(&connection)?;
        Ok(ids.len())
    }

    /// What somebody's visitors are called.
    pub fn keys_of(&self, who: &Who) -> rusqlite::Result<Vec<VisitorKey>> {
        self.read(|connection| {
            let mut find = connection.prepare_cached("SELECT key FROM visitor WHERE id = ?1")?;
            let mut keys = Vec::new();
            for visitor in visitors_of(connection, who)? {
                let key = find.query_row([visitor], |row| Ok(read_key(row.get_ref(0)?)));
                keys.extend(key.optional()?.flatten());
            }
            Ok(keys)
        })
    }

    /// Takes out all of somebody's events and everything that says who they were: their names, and addresses and origins
    /// that nobody else has. Gives how many events.
    pub fn erase(&self, who: &Who) -> Result<u64, ReadError> {
        let mut connection = self.careful()?;
        let visitors = visitors_of(&connection, who)?;
        self.reports.reload(&connection)?;
        let (mut known, mut taken) = (last_given(&connection)?, 0);
        let mut ids = self.reports.ids_of(&visitors)?;
        let mut theirs = Theirs::default();
        // Once, and again for what came meanwhile.
        for _ in 0..ROUNDS {
            theirs.read(&connection, &ids, &self.reports)?;
            // Said before and after: what goes to the reports meanwhile is taken out there even if they can't be reached now.
            self.reports.will_forget(&ids)?;
            take_out(&mut connection, &ids)?;
            self.reports.will_forget(&ids)?;
            self.reports.forget_events(&ids)?;
            taken += ids.len();
            let last = last_given(&connection)?;
            ids = those_since(&connection, known, &visitors)?;
            known = last;
            if ids.is_empty() {
                break;
            }
        }
        let last = last_given(&connection)?;
        theirs.keep_those_of_others(&connection, 0)?;
        theirs.keep_those_moved(&self.reports)?;
        // What comes even now goes with the names, so that nothing is left that could not be found again. Nobody far away is
        // asked meanwhile, since every event waits.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let late = those_since(&transaction, known, &visitors)?;
        let mut of_late = Theirs::default();
        of_late.read(&transaction, &late, &self.reports)?;
        let is_far = self.reports.queue().is_some();
        if !is_far {
            theirs.add(&of_late);
        }
        self.reports.will_forget(&late)?;
        delete(&transaction, late.iter().map(|id| id as i64))?;
        forget(&transaction, visitors.iter())?;
        if let Who::User(UserId(user)) = who {
            transaction.execute("DELETE FROM identity WHERE user = ?1", [user])?;
        }
        let looked_at = if late.is_empty() || is_far { last } else { 0 };
        theirs.keep_those_of_others(&transaction, looked_at)?;
        theirs.delete(&transaction)?;
        transaction.commit()?;
        self.reports.forget_events(&late)?;
        if is_far && !late.is_empty() {
            let last = last_given(&connection)?;
            of_late.keep_those_of_others(&connection, 0)?;
            of_late.keep_those_moved(&self.reports)?;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            of_late.keep_those_of_others(&transaction, last)?;
            of_late.delete(&transaction)?;
            transaction.commit()?;
        }
        self.overwrite(&connection)?;
        Ok(taken + late.len())
    }

    /// Brings what was overwritten from the WALs into the files, as far as others let it.
    fn overwrite(&self, connection: &Connection) -> Result<(), ReadError> {
        checkpoint::all(connection);
        self.reports.overwrite()
    }

    /// Gives unused room in the log's file back to the disk.
    pub fn vacuum(&self) -> Result<(), ReadError> {
        let connection = schema::connect(&self.file)?;
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
        self.reports.vacuum()
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
        let mut find = connection.prepare_cached(
            "SELECT id FROM visitor WHERE key = ?1 UNION
             SELECT browser.visitor FROM browser JOIN visitor ON visitor.id = first WHERE key = ?1",
        )?;
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
fn take_out(connection: &mut Connection, ids: &RoaringTreemap) -> rusqlite::Result<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id as i64).collect();
    let chunks = ids.chunks(AT_ONCE);
    let all = chunks.len();
    for (nth, some) in chunks.enumerate() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        delete(&transaction, some.iter().copied())?;
        // Whoever holds what the log said reads it anew twice, not for each of many chunks.
        if nth == 0 || nth + 1 == all {
            count_erased(&transaction)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// The numbers of these visitors' events above `known`.
fn those_since(
    connection: &Connection,
    known: i64,
    visitors: &RoaringBitmap,
) -> rusqlite::Result<RoaringTreemap> {
    let mut find = connection
        .prepare("SELECT id, visitor FROM event WHERE id > ?1 AND visitor IS NOT NULL")?;
    let found = find.query_map([known], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?))
    })?;
    let mut ids = RoaringTreemap::new();
    for found in found {
        let (id, visitor) = found?;
        if visitors.contains(visitor) {
            ids.insert(id as u64);
        }
    }
    Ok(ids)
}

/// Deletes events from the log, and keeps that their numbers were given.
pub(super) fn delete(
    connection: &Connection,
    ids: impl Iterator<Item = i64>,
) -> rusqlite::Result<()> {
    let last = last_given(connection)?;
    connection.execute(
        "INSERT INTO about VALUES ('last', ?1) ON CONFLICT DO UPDATE SET value = ?1",
        [last],
    )?;
    let mut delete = connection.prepare_cached("DELETE FROM event WHERE id = ?1")?;
    for id in ids {
        delete.execute([id])?;
    }
    Ok(())
}

/// Deletes who visitors were.
fn forget(connection: &Connection, visitors: impl Iterator<Item = u32>) -> rusqlite::Result<()> {
    let mut visitor = connection.prepare_cached("DELETE FROM visitor WHERE id = ?1")?;
    let mut identity = connection.prepare_cached("DELETE FROM identity WHERE visitor = ?1")?;
    let mut browser = connection.prepare_cached("DELETE FROM browser WHERE visitor = ?1")?;
    for number in visitors {
        browser.execute([number])?;
        visitor.execute([number])?;
        identity.execute([number])?;
    }
    count_erased(connection)
}

/// Addresses and origins of somebody who is erased, by number.
#[derive(Default)]
struct Theirs {
    addresses: RoaringBitmap,
    origins: RoaringBitmap,
}

impl Theirs {
    fn read(
        &mut self,
        connection: &Connection,
        ids: &RoaringTreemap,
        reports: &Reports,
    ) -> Result<(), ReadError> {
        let mut gone = Vec::new();
        let mut find = connection.prepare_cached(
            "SELECT url, referrer, iif(typeof(query) = 'integer', query, NULL), origin FROM event WHERE id = ?1",
        )?;
        for id in ids {
            let mut rows = find.query([id as i64])?;
            let Some(row) = rows.next()? else {
                gone.push(id as i64);
                continue;
            };
            for at in 0..3 {
                self.addresses.extend(row.get::<_, Option<u32>>(at)?);
            }
            self.origins.extend(row.get::<_, Option<u32>>(3)?);
        }
        for Numbered {
            row,
            rest,
            referrer,
        } in reports.moved(None, &gone)?
        {
            let query = match rest {
                Rest::Number(number) => number,
                Rest::None | Rest::Text(_) => 0,
            };
            self.addresses.extend([row.url, referrer, query]);
            self.origins.insert(row.place.shared.origin);
        }
        Ok(())
    }

    fn add(&mut self, others: &Theirs) {
        self.addresses |= &others.addresses;
        self.origins |= &others.origins;
    }

    /// Leaves only those that no event has which the log itself no longer has.
    fn keep_those_moved(&mut self, reports: &Reports) -> Result<(), ReadError> {
        let (addresses, origins) = reports.named(&self.addresses, &self.origins)?;
        self.addresses -= addresses;
        self.origins -= origins;
        Ok(())
    }

    /// Leaves only those that no event numbered above `after` has.
    fn keep_those_of_others(
        &mut self,
        connection: &Connection,
        after: i64,
    ) -> rusqlite::Result<()> {
        if self.addresses.is_empty() && self.origins.is_empty() {
            return Ok(());
        }
        let mut all = connection.prepare(
            "SELECT url, referrer, iif(typeof(query) = 'integer', query, NULL), origin FROM event WHERE id > ?1",
        )?;
        let mut rows = all.query([after])?;
        while let Some(row) = rows.next()? {
            for at in 0..3 {
                if let Some(number) = row.get::<_, Option<u32>>(at)? {
                    self.addresses.remove(number);
                }
            }
            if let Some(number) = row.get::<_, Option<u32>>(3)? {
                self.origins.remove(number);
            }
        }
        Ok(())
    }

    fn delete(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut address = connection.prepare_cached("DELETE FROM address WHERE id = ?1")?;
        for number in &self.addresses {
            address.execute([number])?;
        }
        let mut origin = connection.prepare_cached("DELETE FROM origin WHERE id = ?1")?;
        for number in &self.origins {
            origin.execute([number])?;
        }
        Ok(())
    }
}
