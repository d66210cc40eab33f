//! Takes out of the reports what is taken out of the log, and checks that they say what the log says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::{Connection, params};

use super::file::{self, Columns};
use super::group::By;
use super::part::{self, Kind};
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
        let snapshot = self.snapshot(1)?;
        let connection = &snapshot.connections[0];
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
        let fresh = snapshot.rows.iter().flat_map(|batch| batch.iter());
        found.extend(
            fresh
                .filter(|row| visitors.contains(row.visitor))
                .map(|row| row.id as u64),
        );
        Ok(found)
    }

    /// Every visitor of a site on some days.
    pub(in crate::store) fn visitors(
        &self,
        site: SiteId,
        days: RangeInclusive<i32>,
    ) -> Result<RoaringBitmap, ReadError> {
        let days = self.answer(site, days, &By::Total, &[])?;
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
        let snapshot = self.snapshot(1)?;
        let days = day..=day.saturating_add(1);
        let mut cut: Vec<Row> = snapshot.rows(site.0, &days).cloned().collect();
        for part in file::parts(&snapshot.connections[0], site.0, &days)? {
            cut.extend(seal::rows(&snapshot.connections[0], site.0, &part)?);
        }
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
        let places: HashMap<i64, Place> = cut.iter().map(|row| (row.id, row.place)).collect();
        let mut connection = file::open_to_change(&self.file)?;
        let transaction = seal::begin(&mut connection)?;
        let mut days = BTreeSet::new();
        for part in file::parts(&transaction, site.0, &(day..=day.saturating_add(1)))? {
            let change = |row: &mut Row| {
                if let Some(place) = places.get(&row.id) {
                    row.place = *place;
                }
                true
            };
            if seal::change(&transaction, site.0, &part, change)? {
                days.extend(part.rolled.then_some(part.day));
            }
        }
        for day in days {
            seal::roll(&transaction, site.0, day)?;
        }
        transaction.execute(
            "DELETE FROM part WHERE site = ?1 AND day < ?2",
            params![site.0, day],
        )?;
        transaction.execute(
            "DELETE FROM sums WHERE site = ?1 AND day < ?2",
            params![site.0, day],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// Brings what was overwritten into the file, as far as others let it.
    pub(in crate::store) fn overwrite(&self) -> Result<(), ReadError> {
        crate::store::checkpoint::all(&file::open_to_change(&self.file)?);
        Ok(())
    }

    /// Gives unused room back to the disk.
    pub(in crate::store) fn vacuum(&self) -> rusqlite::Result<()> {
        let connection = file::open_to_change(&self.file)?;
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
    }

    /// Takes events out of their parts, and makes their days' sums anew.
    pub(in crate::store) fn forget_events(&self, ids: &RoaringTreemap) -> Result<(), ReadError> {
        let mut connection = file::open_to_change(&self.file)?;
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

    /// Compares each site's days with the log: which events there are, and what their sums are.
    pub(in crate::store) fn check(&self, events: &Connection) -> Result<Findings, ReadError> {
        let snapshot = self.snapshot(1)?;
        let connection = &snapshot.connections[0];
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
            if row.id <= snapshot.through {
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
