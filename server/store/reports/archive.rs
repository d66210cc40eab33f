//! Where events are kept once they are sealed, behind one trait: `reports.db` ([`Parts`](super::parts::Parts)), or a
//! ClickHouse ([`clickhouse`](crate::store::clickhouse)). What is sealed and what is not make every answer together:
//! [`Snapshot`](super::Snapshot) does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use roaring::{RoaringBitmap, RoaringTreemap};
use rusqlite::Connection;

use super::ReadError;
use super::cell::Groups;
use super::exits::Exits;
use super::group::By;
use super::marked::Wanted;
use super::needs::Needs;
use super::pick::Moment;
use super::pile::Pile;
use super::row::Row;
use super::tail::Tail;
use super::test::Test;
use crate::store::care::Findings;
use crate::store::clickhouse::Queue;
use crate::store::read::Numbered;

/// Where sealed events are.
pub(in crate::store) trait Archive: Send + Sync {
    /// What is sealed and what is not at one moment; it is read on so many threads.
    fn moment(&self, threads: usize, tail: &Tail) -> Result<Taken<'_>, ReadError>;

    /// The number of the last event that is sealed.
    fn through(&self) -> Result<i64, ReadError>;

    /// Whether visitors of groups that are one, and people who did the same, are counted there instead of being named.
    fn counts(&self) -> bool {
        false
    }

    /// How sealing fares, where it goes over a network.
    fn queue(&self) -> Option<Queue> {
        None
    }

    /// Takes a site's days before `day` out, and puts events into the places that they have now.
    fn forget_days(&self, site: i64, day: i32, cut: &[Row]) -> Result<(), ReadError>;

    /// Keeps that these events are to be taken out, where that may take until somebody can be reached.
    fn will_forget(&self, _: &RoaringTreemap) -> Result<(), ReadError> {
        Ok(())
    }

    /// Takes events out.
    fn forget_events(&self, ids: &RoaringTreemap) -> Result<(), ReadError>;

    /// Brings what was overwritten to the disk, as far as others let it.
    fn overwrite(&self) -> Result<(), ReadError>;

    /// Gives unused room back to the disk.
    fn vacuum(&self) -> Result<(), ReadError>;

    /// Whether it is whole, and says what the log says.
    fn check(&self, view: &mut dyn View, events: &Connection) -> Result<Findings, ReadError>;

    /// Those events, of a site where one is named, with these numbers that the log itself no longer has, in order.
    fn events(&self, site: Option<i64>, ids: &[i64]) -> Result<Vec<Numbered>, ReadError>;

    /// Which of these addresses, then which of these origins, events in it have.
    fn named(
        &self,
        addresses: &RoaringBitmap,
        origins: &RoaringBitmap,
    ) -> Result<(RoaringBitmap, RoaringBitmap), ReadError>;
}

/// What is sealed at one moment, and the batches of the tail then.
pub(in crate::store) type Taken<'a> = (Box<dyn View + 'a>, Vec<Arc<[Row]>>);

/// Groups of days that are settled, and of those that are open what further events are to be added to.
pub(in crate::store) type Left = (BTreeMap<i32, Groups>, BTreeMap<i32, Exits>);

/// What was sealed at one moment.
pub(in crate::store) trait View {
    /// The number of the last event that is sealed.
    fn through(&self) -> i64;

    /// Groups by day, with what is needed of them; not for [`By::Exit`]. There are events of the `open` days that are not
    /// sealed.
    fn answer(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        open: &BTreeSet<i32>,
        by: &By,
        tests: &[Test],
        needs: &Needs,
    ) -> Result<BTreeMap<i32, Groups>, ReadError>;

    /// The last page of each session, by day; of days that are still open, what further events are to be added to.
    fn exits(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        open: &BTreeSet<i32>,
        tests: &[Test],
        needs: &Needs,
    ) -> Result<Left, ReadError>;

    /// Events that belong to some sets, and what was paid with some.
    fn marked(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        wanted: &Wanted,
    ) -> Result<Vec<Pile>, ReadError>;

    /// The latest events that pass, of those before `before`, by day and then by moment, latest first.
    fn picked(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
        before: Option<Moment>,
        most: usize,
    ) -> Result<Vec<(i32, Moment)>, ReadError>;

    /// The numbers of events that pass.
    fn passing(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<RoaringTreemap, ReadError>;

    /// How many of the events that pass have each key of metadata.
    fn keys(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<HashMap<String, u64>, ReadError>;

    /// The numbers of events above `after`.
    fn ids(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        after: i64,
    ) -> Result<RoaringTreemap, ReadError>;

    /// The numbers of the latest events, in any order, `most` of them where there are so many; further ones may come too.
    fn latest(&mut self, site: i64, most: usize) -> Result<Vec<i64>, ReadError>;

    /// The numbers of these visitors' events, of any site.
    fn ids_of(&mut self, visitors: &RoaringBitmap) -> Result<RoaringTreemap, ReadError>;

    /// Events, but for the first ones, of sessions whose first ones are numbered up to `last`; others may come too.
    fn later(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        last: i64,
    ) -> Result<Vec<Row>, ReadError>;
}
