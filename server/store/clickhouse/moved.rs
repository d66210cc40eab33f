//! Moves a log's events to a ClickHouse and back, while the server runs: in steps that go on where they were broken off, and
//! compared at the end, each site's every day, by how many events there are and by a hash of all that is known of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use roaring::RoaringTreemap;
use rusqlite::{Connection, TransactionBehavior, params};

use super::care::{self, Tally};
use super::claim;
use super::client::Client;
use super::place::Place;
use super::ship;
use super::shipped::Shipped;
use super::stored::{self, Stored};
use crate::store::read::{Numbered, Rest};
use crate::store::reports::{file, log};
use crate::store::{ReadError, care as log_care, schema};

/// Events that are read, or written to the log, in one step.
const STEP: i64 = 10_000;

/// What was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Events that are there now.
    pub events: u64,
    /// Their days of sites.
    pub days: u64,
    /// Whether those were compared: not where the log has dropped events that are there.
    pub are_compared: bool,
    /// Those of them that had to be made anew, since events were taken out meanwhile.
    pub mended: u64,
}

/// Says how far it is: events, of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What there is of each site's days.
type Tallies = BTreeMap<(i64, i32), Tally>;

struct Both {
    client: Arc<Client>,
    shipped: Shipped,
    log: Connection,
}

impl Both {
    fn open(folder: &Path, place: &Place) -> anyhow::Result<Both> {
        let log =
            schema::open_to_read(&folder.join("events.db")).context("events.db can't be opened")?;
        let id: Vec<u8> =
            log.query_row("SELECT value FROM about WHERE name = 'log'", [], |row| {
                row.get(0)
            })?;
        let client = Arc::new(Client::new(place)?);
        let shipped = Shipped::open(folder, &id, place, |log| claim::is_known(&client, log))?;
        shipped.alone(|shipped| claim::claim(&client, shipped, &log))?;
        Ok(Both {
            client,
            shipped,
            log,
        })
    }
}

/// Moves all events to a ClickHouse. The server may run and take more meanwhile; those are moved when it is started with
/// `ADMX_STORE`.
pub fn to_clickhouse(folder: &Path, place: &Place, progress: Progress) -> anyhow::Result<Moved> {
    let both = Both::open(folder, place)?;
    let Both {
        client,
        shipped,
        log,
    } = &both;
    shipped.drops(true)?;
    let (mut mended, all) = (0, log_care::last_given(log)?);
    let erased = log_care::erased(log)?;
    loop {
        let sent = shipped.alone(|shipped| {
            let sent = ship::send(client, shipped, log, &shipped.state()?)?;
            if let Some((through, _)) = sent {
                shipped.sent(through)?;
            }
            Ok(sent)
        })?;
        let Some((through, _)) = sent else { break };
        progress(through.unsigned_abs(), all.max(through).unsigned_abs());
        if through >= all && shipped.state()?.unsure().is_none() {
            break;
        }
    }
    let there = shipped.alone(|shipped| {
        let through = shipped.through()?;
        if shipped.state()?.dropped {
            // A server has dropped events of the log: what is there is the only truth, and is compared with itself by `admx check`.
            let there = care::tallies(client, through, "1")?;
            return Ok((there, BTreeSet::new(), false));
        }
        let (days, mut here) = mend(client, shipped, log, through)?;
        mended = days;
        if days > 0 {
            // Somebody may have been taken out of the log meanwhile.
            here = tallied(log, through)?;
        }
        let there = care::tallies(client, through, "1")?;
        let differ = differing(&here, &there);
        if differ.is_empty() {
            shipped.is_same(erased)?;
        }
        Ok((there, differ, true))
    })?;
    let (there, differ, are_compared) = there;
    ensure!(
        differ.is_empty(),
        "{} days of sites are not there as they are here; the first is day {} of site {}",
        differ.len(),
        differ.first().map_or(0, |(_, day)| *day),
        differ.first().map_or(0, |(site, _)| *site),
    );
    Ok(told(&there, are_compared, mended))
}

/// Brings all events back into the log. The server may run meanwhile; it drops none of them any more. When it is started
/// without `ADMX_STORE` after that, it makes `reports.db` from the log.
pub fn to_sqlite(folder: &Path, place: &Place, progress: Progress) -> anyhow::Result<Moved> {
    let both = Both::open(folder, place)?;
    let Both {
        client,
        shipped,
        log,
    } = &both;
    let state = shipped.state()?;
    shipped.drops(false)?;
    let mut writes = schema::connect(&folder.join("events.db"))?;
    let mut after = 0;
    loop {
        let some = shipped.alone(|_| {
            let condition = format!(
                "id > {after} AND id <= {} ORDER BY id LIMIT {STEP}",
                state.through
            );
            let some = stored::rows(client, &condition)?;
            let some: Vec<Numbered> = some.into_iter().map(Stored::numbered).collect();
            put_back(&mut writes, &some)?;
            Ok(some)
        })?;
        let Some(last) = some.last() else { break };
        after = last.row.id;
        progress(after.unsigned_abs(), state.through.unsigned_abs());
    }
    let (there, differ) = shipped.alone(|shipped| {
        let through = shipped.through()?;
        let there = care::tallies(client, through, "1")?;
        let mut differ = differing(&tallied(log, through)?, &there);
        if !differ.is_empty() {
            // Somebody was forgotten while they were brought back.
            let known = care::ids_of_days(client, through, &differ)?;
            take_back(&mut writes, through, &differ, &known)?;
            differ = differing(&tallied(log, through)?, &there);
        }
        if differ.is_empty() {
            // Reports that were made before may know who was forgotten since.
            file::remove(&folder.join("reports.db")).map_err(|error| {
                ReadError::ClickHouse(format!("reports.db can't be removed: {error}"))
            })?;
            shipped.has_dropped(false)?;
        }
        Ok((there, differ))
    })?;
    ensure!(
        differ.is_empty(),
        "{} days of sites are not here as they are there; run it once more, and `admx check`",
        differ.len()
    );
    Ok(told(&there, true, 0))
}

fn told(there: &Tallies, are_compared: bool, mended: u64) -> Moved {
    Moved {
        events: there.values().map(|tally| tally.events).sum(),
        days: there.len() as u64,
        are_compared,
        mended,
    }
}

/// Writes events into the log as they were, those that are not there.
fn put_back(log: &mut Connection, events: &[Numbered]) -> Result<(), ReadError> {
    let transaction = log.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut put = transaction.prepare_cached(
            "INSERT OR IGNORE INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?;
        for event in events {
            let (row, place) = (&event.row, &event.row.place);
            let some = |number: u32| (number != 0).then_some(number);
            let kept = |number: u32| some(number).filter(|_| place.begins);
            let session = match (place.session, place.begins) {
                (0, _) => None,
                (_, true) => Some(0),
                (session, false) => Some(session),
            };
            let step = place.seconds.saturating_mul(2) | u16::from(place.engages);
            let query: rusqlite::types::Value = match &event.rest {
                Rest::None => rusqlite::types::Value::Null,
                Rest::Number(number) => i64::from(*number).into(),
                Rest::Text(text) => text.clone().into(),
            };
            let currency = row.revenue.map(|money| money.currency);
            put.execute(params![
                row.id,
                row.site,
                row.day,
                row.at,
                row.goal,
                some(row.visitor),
                session,
                (step != 0).then_some(step),
                some(row.url),
                query,
                some(event.referrer),
                kept(place.shared.origin),
                kept(place.shared.client),
                row.metadata,
                row.revenue.map(|money| money.minor),
                currency.map(|code| String::from_utf8_lossy(&code).into_owned()),
            ])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Deletes events of some days from the log, up to `through`, that are not among those that are known.
fn take_back(
    log: &mut Connection,
    through: i64,
    days: &BTreeSet<(i64, i32)>,
    known: &RoaringTreemap,
) -> Result<(), ReadError> {
    let transaction = log.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut gone = Vec::new();
    {
        let mut all = transaction.prepare("SELECT id, site, day FROM event WHERE id <= ?1")?;
        let mut rows = all.query([through])?;
        while let Some(row) = rows.next()? {
            let (id, day): (i64, (i64, i32)) = (row.get(0)?, (row.get(1)?, row.get(2)?));
            if days.contains(&day) && !known.contains(id as u64) {
                gone.push(id);
            }
        }
    }
    log_care::delete(&transaction, gone.into_iter())?;
    transaction.commit()?;
    Ok(())
}

/// What the log has of each site's days up to `through`.
fn tallied(log: &Connection, through: i64) -> Result<Tallies, ReadError> {
    let mut days = Tallies::new();
    let mut after = 0;
    loop {
        let some = log::some(log, after, STEP as usize)?;
        let Some(last) = some.last() else { break };
        after = last.row.id;
        for event in some.iter().filter(|event| event.row.id <= through) {
            let place = (event.row.site, event.row.day);
            days.entry(place).or_default().add(event);
        }
        if after >= through {
            break;
        }
    }
    Ok(days)
}

fn differing(here: &Tallies, there: &Tallies) -> BTreeSet<(i64, i32)> {
    let said = |tally: Option<&Tally>| tally.map(|tally| (tally.events, tally.hash));
    let all = here.keys().chain(there.keys());
    all.filter(|day| said(here.get(day)) != said(there.get(day)))
        .copied()
        .collect()
}

/// Makes the days anew that are not there as the log has them; gives how many, and what the log has.
pub(super) fn mend(
    client: &Client,
    shipped: &Shipped,
    log: &Connection,
    through: i64,
) -> Result<(u64, Tallies), ReadError> {
    let (here, there) = (tallied(log, through)?, care::tallies(client, through, "1")?);
    let differ = differing(&here, &there);
    if differ.is_empty() {
        return Ok((0, here));
    }
    shipped.mark(&differ, true)?;
    care::clear_days(client, &differ)?;
    let mut after = 0;
    loop {
        let mut some = log::some(log, after, STEP as usize)?;
        let Some(last) = some.last().map(|event| event.row.id) else {
            break;
        };
        after = last;
        some.retain(|event| {
            event.row.id <= through && differ.contains(&(event.row.site, event.row.day))
        });
        if !some.is_empty() {
            let rows = some.iter().map(|event| Stored::of(event, 0)).collect();
            client.insert("event", rows, format!("mend-{}", uuid::Uuid::now_v7()))?;
        }
        if after >= through {
            break;
        }
    }
    // As rows came in they were summed up again.
    shipped.mark(&differ, false)?;
    tracing::info!(days = differ.len(), "days were made anew in the ClickHouse");
    Ok((differ.len() as u64, here))
}
