//! Takes events out, and looks whether all is there.
//!
//! What is taken out is rewritten by ClickHouse before it answers; the sums of the days it was of are made anew. Whatever
//! stops it half-way, doing it again ends it.

use std::collections::{BTreeMap, BTreeSet};

use clickhouse::Row as Fields;
use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::Connection;
use serde::Deserialize;

use super::client::Client;
use super::condition::{is_among, is_in};
use super::hash;
use super::shipped::Shipped;
use super::stored::{self, Stored};
use crate::store::ReadError;
use crate::store::care::Findings;
use crate::store::read::Numbered;
use crate::store::reports::log;
use crate::store::reports::row::Row;

/// What makes a change wait until it is everywhere.
const NOW: &str = "SETTINGS mutations_sync = 2";

#[derive(Fields, Deserialize)]
struct Day {
    site: i64,
    day: i32,
}

#[derive(Fields, Deserialize)]
struct Number {
    it: u32,
}

/// What is compared of a site's day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Fields, Deserialize)]
pub(super) struct Tally {
    pub(super) site: i64,
    pub(super) day: i32,
    pub(super) events: u64,
    /// Of all that is known of its events.
    pub(super) hash: u64,
}

/// Takes a site's days before `day` out, and puts events into the places that they have now.
pub(super) fn forget_days(
    client: &Client,
    shipped: &Shipped,
    site: i64,
    day: i32,
    cut: &[Row],
) -> Result<(), ReadError> {
    let next = day.saturating_add(1);
    let ids: RoaringTreemap = cut.iter().map(|row| row.id as u64).collect();
    let mut days = BTreeSet::new();
    if !ids.is_empty() {
        let condition = format!("site = {site} AND {}", is_among("id", &ids));
        let known = stored::rows(client, &condition)?;
        let places: BTreeMap<i64, &Row> = cut.iter().map(|row| (row.id, row)).collect();
        let version = known.iter().map(Stored::version).max().unwrap_or_default() + 1;
        let mut moved = Vec::new();
        for stored in known {
            let mut event: Numbered = stored.numbered();
            let place = places.get(&event.row.id).map(|row| row.place);
            if let Some(place) = place.filter(|place| *place != event.row.place) {
                event.row.place = place;
                moved.push(event);
            }
        }
        if !moved.is_empty() {
            days.extend(moved.iter().map(|event| (site, event.row.day)));
            shipped.mark(&days, true)?;
            let rows = moved
                .iter()
                .map(|event| Stored::of(event, version))
                .collect();
            // First what is new, then what was: nothing is lost in between.
            let block = format!("cut-{}", uuid::Uuid::now_v7());
            client.insert("event", rows, block)?;
        }
    }
    // What was, of this time and of one that was broken off.
    let twice: Vec<Version> = client.rows(&format!(
        "SELECT id, max(version) AS version FROM {} WHERE site = {site} AND day BETWEEN {day} AND {next}
         GROUP BY id HAVING count() > 1",
        client.tables().asked("event")
    ))?;
    let mut versions: BTreeMap<u32, RoaringTreemap> = BTreeMap::new();
    for Version { id, version } in twice {
        versions.entry(version).or_default().insert(id as u64);
    }
    for (version, ids) in versions {
        days.extend([(site, day), (site, next)]);
        shipped.mark(&days, true)?;
        let ids = is_among("id", &ids);
        let old = format!("site = {site} AND {ids} AND version < {version}");
        delete(client, "event", &old)?;
    }
    sum_anew(client, shipped, &days)?;
    let before = format!("site = {site} AND day < {day}");
    delete(client, "event", &before)?;
    delete(client, "day_sum", &before)
}

#[derive(Fields, Deserialize)]
struct Version {
    id: i64,
    version: u32,
}

/// Takes whole days of sites out, with their sums.
pub(super) fn clear_days(client: &Client, days: &BTreeSet<(i64, i32)>) -> Result<(), ReadError> {
    let condition = of_days(days);
    delete(client, "event", &condition)?;
    delete(client, "day_sum", &condition)
}

fn of_days(days: &BTreeSet<(i64, i32)>) -> String {
    let days: Vec<String> = days
        .iter()
        .map(|(site, day)| format!("({site}, {day})"))
        .collect();
    format!("(site, day) IN ({})", days.join(", "))
}

/// Takes events out.
pub(super) fn forget_events(
    client: &Client,
    shipped: &Shipped,
    ids: &RoaringTreemap,
) -> Result<(), ReadError> {
    forget(client, shipped, &is_among("id", ids))
}

/// Takes out what is numbered above `last`.
pub(super) fn forget_after(client: &Client, shipped: &Shipped, last: i64) -> Result<(), ReadError> {
    forget(client, shipped, &format!("id > {last}"))
}

/// Takes out the events that are as `condition` says.
fn forget(client: &Client, shipped: &Shipped, condition: &str) -> Result<(), ReadError> {
    let days: Vec<Day> = client.rows(&format!(
        "SELECT DISTINCT site, day FROM {} WHERE {condition}",
        client.tables().asked("event")
    ))?;
    let days = days.iter().map(|day| (day.site, day.day)).collect();
    shipped.mark(&days, true)?;
    delete(client, "event", condition)?;
    sum_anew(client, shipped, &days)
}

pub(super) fn delete(client: &Client, table: &str, condition: &str) -> Result<(), ReadError> {
    let tables = client.tables();
    client.execute(&format!(
        "ALTER TABLE {} {} DELETE WHERE {condition} {NOW}",
        tables.kept(table),
        tables.everywhere()
    ))
}

/// Days of sites that are summed up at once.
const SUMMED_AT_ONCE: usize = 200;

/// Makes the sums of some sites' days from their events. They are marked before; until it is done, they are not asked.
pub(super) fn sum_anew(
    client: &Client,
    shipped: &Shipped,
    days: &BTreeSet<(i64, i32)>,
) -> Result<(), ReadError> {
    if days.is_empty() {
        return Ok(());
    }
    let condition = of_days(days);
    delete(client, "day_sum", &condition)?;
    let all: Vec<(i64, i32)> = days.iter().copied().collect();
    for some in all.chunks(SUMMED_AT_ONCE) {
        let some = of_days(&some.iter().copied().collect());
        client.execute(&client.tables().sum_anew(&some))?;
    }
    // Whoever was stopped on the way may have left something there that goes on by itself.
    if !wrongly_summed(client, &condition)?.is_empty() {
        let error = "sums of days did not come out as their events are; they are made once more";
        return Err(ReadError::ClickHouse(error.into()));
    }
    Ok(shipped.mark(days, false)?)
}

/// Lets ClickHouse merge what it has.
pub(super) fn merge(client: &Client) -> Result<(), ReadError> {
    let tables = client.tables();
    for table in ["event", "day_sum"] {
        client.execute(&format!(
            "OPTIMIZE TABLE {} {} FINAL",
            tables.kept(table),
            tables.everywhere()
        ))?;
    }
    Ok(())
}

/// Which of these addresses, then which of these origins, events have.
pub(super) fn named(
    client: &Client,
    addresses: &RoaringBitmap,
    origins: &RoaringBitmap,
) -> Result<(RoaringBitmap, RoaringBitmap), ReadError> {
    let occur = |column: &str, numbers: &RoaringBitmap| -> Result<RoaringBitmap, ReadError> {
        if numbers.is_empty() {
            return Ok(RoaringBitmap::new());
        }
        let found: Vec<Number> = client.rows_of_all(&format!(
            "SELECT DISTINCT {column} AS it FROM {} WHERE {}",
            client.tables().asked("event"),
            is_in(column, numbers)
        ))?;
        Ok(found.into_iter().map(|number| number.it).collect())
    };
    let mut known = RoaringBitmap::new();
    for column in ["url", "referrer", "query", "entry"] {
        known |= occur(column, addresses)?;
    }
    Ok((known, occur("origin", origins)?))
}

/// What is there of each site's days up to `through`, of the sites and days that `condition` says.
pub(super) fn tallies(
    client: &Client,
    through: i64,
    condition: &str,
) -> Result<BTreeMap<(i64, i32), Tally>, ReadError> {
    let tallies: Vec<Tally> = client.rows_of_all(&format!(
        "SELECT site, day, count() AS events, sum(hash) AS hash FROM ({}) GROUP BY site, day",
        hash::sql(&format!(
            "{} WHERE id <= {through} AND {condition}",
            client.tables().asked("event")
        ))
    ))?;
    let placed = |tally: Tally| ((tally.site, tally.day), tally);
    Ok(tallies.into_iter().map(placed).collect())
}

#[derive(Fields, Deserialize)]
struct Id {
    id: i64,
}

/// The numbers of the events of some days, up to `through`.
pub(super) fn ids_of_days(
    client: &Client,
    through: i64,
    days: &BTreeSet<(i64, i32)>,
) -> Result<RoaringTreemap, ReadError> {
    let ids: Vec<Id> = client.rows_of_all(&format!(
        "SELECT id FROM {} WHERE id <= {through} AND {}",
        client.tables().asked("event"),
        of_days(days)
    ))?;
    Ok(ids.into_iter().map(|one| one.id as u64).collect())
}

impl Tally {
    pub(super) fn add(&mut self, event: &Numbered) {
        self.events += 1;
        self.hash = self.hash.wrapping_add(hash::of(event));
    }
}

#[derive(Fields, Deserialize)]
struct Twice {
    site: i64,
    day: i32,
    more: i64,
}

/// Days of sites, of those that are as `condition` says, whose sums are not those of their events.
pub(super) fn wrongly_summed(
    client: &Client,
    condition: &str,
) -> Result<BTreeSet<(i64, i32)>, ReadError> {
    let wrong: Vec<Day> = client.rows_of_all(&format!(
        "SELECT site, day FROM (
            SELECT site, day, count() AS events, groupBitmapIf(visitor, visitor != 0) AS seen FROM {} WHERE {condition} GROUP BY site, day
         ) AS of_events FULL OUTER JOIN (
            SELECT site, day, sum(views) + sum(fires) AS summed, groupBitmapMerge(visitors) AS visited
            FROM {} WHERE kind = 0 AND {condition} GROUP BY site, day
         ) AS of_sums USING (site, day) WHERE events != summed OR seen != visited ORDER BY site, day",
        client.tables().asked("event"),
        client.tables().asked("day_sum")
    ))?;
    Ok(wrong.iter().map(|day| (day.site, day.day)).collect())
}

/// Looks whether each event is there once, as the log has it where the log still does, and whether sums are those of their
/// events.
pub(super) fn check(
    client: &Client,
    through: i64,
    events: &Connection,
) -> Result<Findings, ReadError> {
    let event = client.tables().asked("event");
    let mut findings = Findings::new();
    let twice: Vec<Twice> = client.rows_of_all(&format!(
        "SELECT site, day, toInt64(count()) - toInt64(uniqExact(id)) AS more FROM {event} GROUP BY site, day HAVING more > 0 ORDER BY site, day"
    ))?;
    for Twice { site, day, more } in twice {
        findings.push(format!(
            "ClickHouse: site {site}, day {day}: {more} events are there twice"
        ));
    }
    // The log may have dropped its first events, so that it is looked at by the event.
    let mut after = 0;
    loop {
        let mut some = log::some(events, after, WINDOW)?;
        let Some(last) = some.last().map(|event| event.row.id) else {
            break;
        };
        after = last;
        some.retain(|event| event.row.id <= through);
        let (Some(first), Some(last)) = (some.first(), some.last()) else {
            break;
        };
        let (first, last) = (first.row.id, last.row.id);
        let there: Vec<Hashed> = client.rows_of_all(&format!(
            "SELECT id, hash FROM ({})",
            hash::sql(&format!("{event} WHERE id BETWEEN {first} AND {last}"))
        ))?;
        let there: BTreeMap<i64, u64> = there.into_iter().map(|one| (one.id, one.hash)).collect();
        let is_other = |event: &&Numbered| there.get(&event.row.id) != Some(&hash::of(event));
        let mut days: BTreeMap<(i64, i32), u64> = BTreeMap::new();
        for event in some.iter().filter(is_other) {
            *days.entry((event.row.site, event.row.day)).or_default() += 1;
        }
        for ((site, day), count) in days {
            findings.push(format!(
                "ClickHouse: site {site}, day {day}: {count} events are not there as the log has them"
            ));
        }
    }
    for (site, day) in wrongly_summed(client, "1")? {
        findings.push(format!(
            "ClickHouse: site {site}, day {day}: its sums are not those of its events"
        ));
    }
    Ok(findings)
}

/// Events that are compared at a time.
const WINDOW: usize = 1 << 17;

#[derive(Fields, Deserialize)]
struct Hashed {
    id: i64,
    hash: u64,
}
