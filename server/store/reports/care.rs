//! Takes out of the reports what is taken out of the log, and checks that they say what the log says. The free functions
//! are of `reports.db`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::path::Path;

use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::{Connection, params};

use super::file;
use super::group::By;
use super::needs::Needs;
use super::row::Row;
use super::{ReadError, Reports, log, seal, sums};
use crate::store::care::{Findings, integrity};
use crate::store::event::SiteId;
use crate::store::session::{Place, Shared};

impl Reports {
    /// The numbers of a site's events of the days before `day`.
    pub(in crate::store) fn ids_before(
        &self,
        site: SiteId,
        day: i32,
    ) -> Result<RoaringTreemap, ReadError> {
        self.snapshot(1)?
            .ids(site.0, &(i32::MIN..=day.saturating_sub(1)), 0)
    }

    /// The numbers of these visitors' events, of any site.
    pub(in crate::store) fn ids_of(
        &self,
        visitors: &RoaringBitmap,
    ) -> Result<RoaringTreemap, ReadError> {
        self.snapshot(1)?.ids_of(visitors)
    }

    /// Every visitor of a site on some days.
    pub(in crate::store) fn visitors(
        &self,
        site: SiteId,
        days: RangeInclusive<i32>,
    ) -> Result<RoaringBitmap, ReadError> {
        let days = self.answer(site, days, &By::Total, &[], &Needs::NAMED)?;
        let cells = days.values().flat_map(|groups| groups.values());
        Ok(super::cell::Visitors::union(
            cells.map(|cell| &cell.visitors),
        ))
    }

    /// Events on `day` and the one after it of sessions whose first events are among `ids`, with the places that they have
    /// when their sessions begin with what is left.
    pub(in crate::store) fn cut_sessions(
        &self,
        site: SiteId,
        day: i32,
        ids: &RoaringTreemap,
    ) -> Result<Vec<Row>, ReadError> {
        let days = day..=day.saturating_add(1);
        let last = ids.max().map_or(0, |last| last as i64);
        let mut cut = self.snapshot(1)?.later(site.0, &days, last)?;
        cut.retain(|row| !row.place.begins && ids.contains(row.place.session as u64));
        cut.sort_by_key(|row| (row.at, row.id));
        // What each session begins with now, and whether it is engaged so far.
        let mut begun: HashMap<i64, (Place, bool)> = HashMap::new();
        for row in &mut cut {
            let is_goal = row.goal != 0;
            let session = row.place.session;
            row.place = match begun.get_mut(&session) {
                Some((first, is_engaged)) => Place {
                    session: first.session,
                    shared: first.shared,
                    // The second event makes it more than a look at one page.
                    engages: !std::mem::replace(is_engaged, true),
                    ..row.place
                },
                None => {
                    let first = Place {
                        session: row.id,
                        begins: true,
                        seconds: 0,
                        engages: is_goal,
                        shared: Shared {
                            entry: row.url,
                            ..row.place.shared
                        },
                    };
                    begun.insert(session, (first, is_goal));
                    first
                }
            };
        }
        Ok(cut)
    }

    /// Takes the days before `day` out, and puts events into the places that they have now.
    pub(in crate::store) fn forget_days(
        &self,
        site: SiteId,
        day: i32,
        cut: &[Row],
    ) -> Result<(), ReadError> {
        self.archive.forget_days(site.0, day, cut)
    }

    /// Keeps that these events are to be taken out of what is sealed, where that may take until somebody can be reached.
    pub(in crate::store) fn will_forget(&self, ids: &RoaringTreemap) -> Result<(), ReadError> {
        self.archive.will_forget(ids)
    }

    /// Takes events out of what is sealed.
    pub(in crate::store) fn forget_events(&self, ids: &RoaringTreemap) -> Result<(), ReadError> {
        self.archive.forget_events(ids)
    }

    /// Brings what was overwritten to the disk, as far as others let it.
    pub(in crate::store) fn overwrite(&self) -> Result<(), ReadError> {
        self.archive.overwrite()
    }

    /// Gives unused room back to the disk.
    pub(in crate::store) fn vacuum(&self) -> Result<(), ReadError> {
        self.archive.vacuum()
    }

    /// Compares what is sealed with the log.
    pub(in crate::store) fn check(&self, events: &Connection) -> Result<Findings, ReadError> {
        let mut snapshot = self.snapshot(1)?;
        self.archive.check(&mut *snapshot.view, events)
    }
}

/// Takes a site's days before `day` out of the file, and puts events into the places that they have now.
pub(super) fn forget_days(file: &Path, site: i64, day: i32, cut: &[Row]) -> Result<(), ReadError> {
    let places: HashMap<i64, Place> = cut.iter().map(|row| (row.id, row.place)).collect();
    let mut connection = file::open_to_change(file)?;
    let transaction = seal::begin(&mut connection)?;
    let mut days = BTreeSet::new();
    for part in file::parts(&transaction, site, &(day..=day.saturating_add(1)))? {
        let change = |row: &mut Row| {
            if let Some(place) = places.get(&row.id) {
                row.place = *place;
            }
            true
        };
        if seal::change(&transaction, site, &part, change)? {
            days.extend(part.rolled.then_some(part.day));
        }
    }
    for day in days {
        seal::roll(&transaction, site, day)?;
    }
    transaction.execute(
        "DELETE FROM part WHERE site = ?1 AND day < ?2",
        params![site, day],
    )?;
    transaction.execute(
        "DELETE FROM sums WHERE site = ?1 AND day < ?2",
        params![site, day],
    )?;
    transaction.commit()?;
    Ok(())
}

/// Takes events out of their parts, and makes their days' sums anew.
pub(super) fn forget_events(file: &Path, ids: &RoaringTreemap) -> Result<(), ReadError> {
    let mut connection = file::open_to_change(file)?;
    let transaction = seal::begin(&mut connection)?;
    let mut days = BTreeSet::new();
    for (site, part) in file::all_parts(&transaction)? {
        let before = ids.rank((part.first as u64).saturating_sub(1));
        if ids.rank(part.last as u64) > before
            && seal::change(&transaction, site, &part, |row| {
                !ids.contains(row.id as u64)
            })?
        {
            // A day that had sums gets them anew.
            days.extend(part.rolled.then_some((site, part.day)));
        }
    }
    for (site, day) in days {
        seal::roll(&transaction, site, day)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Compares each site's days with the log up to `through`: which events there are, and what their sums are.
pub(super) fn check(
    connection: &Connection,
    through: i64,
    events: &Connection,
) -> Result<Findings, ReadError> {
    let mut findings = integrity(connection, "reports.db")?;
    let mut sealed: BTreeMap<(i64, i32), Found> = BTreeMap::new();
    for (site, part) in file::all_parts(connection)? {
        let found = sealed.entry((site, part.day)).or_default();
        match seal::rows(connection, site, &part) {
            Ok(rows) => rows.iter().for_each(|row| found.row(row)),
            Err(ReadError::Damaged(error)) => {
                findings.push(format!("reports.db, part {}: {error}", part.id));
            }
            Err(error) => return Err(error),
        }
    }
    let mut logged: BTreeMap<(i64, i32), Found> = BTreeMap::new();
    log::each::<ReadError>(events, 0, |row| {
        if row.id <= through {
            logged.entry((row.site, row.day)).or_default().row(&row);
        }
        Ok(())
    })?;
    let days: BTreeSet<_> = sealed.keys().chain(logged.keys()).copied().collect();
    for day in days {
        let (site, number) = day;
        if sealed.get(&day) != logged.get(&day) {
            findings.push(format!(
                "reports.db: site {site}, day {number}: its parts are not what the log says"
            ));
        }
        let kept = sums::read(connection, site, 0, &(number..=number))?;
        if let (Some(groups), Some(found)) = (kept.get(&number), sealed.get(&day)) {
            let (counts, visitors) = groups
                .values()
                .next()
                .map_or_else(Default::default, |cell| {
                    (cell.counts, cell.visitors.bitmap().into_owned())
                });
            let is_rolled = file::parts(connection, site, &(number..=number))?
                .iter()
                .all(|part| part.rolled);
            if is_rolled
                && (counts.views + counts.fires != found.events || visitors != found.visitors)
            {
                findings.push(format!(
                    "reports.db: site {site}, day {number}: its sums are not those of its parts"
                ));
            }
        }
    }
    Ok(findings)
}

/// What is compared of a day.
#[derive(Debug, Default, PartialEq)]
struct Found {
    events: u64,
    ids: RoaringTreemap,
    goals: BTreeMap<u32, u64>,
    seconds: u64,
    money: i64,
    visitors: RoaringBitmap,
}

impl Found {
    fn row(&mut self, row: &Row) {
        self.events += 1;
        self.ids.insert(row.id as u64);
        *self.goals.entry(row.goal).or_default() += 1;
        self.seconds += u64::from(row.place.seconds);
        self.money = self
            .money
            .wrapping_add(row.revenue.map_or(0, |money| money.minor));
        if row.visitor != 0 {
            self.visitors.insert(row.visitor);
        }
    }
}
