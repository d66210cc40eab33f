//! Questions, as SQL.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::ops::RangeInclusive;

use clickhouse::{Row as Fields, RowOwned, RowRead};
use roaring::{RoaringBitmap, RoaringTreemap};
use serde::Deserialize;

use super::client::Client;
use super::condition::{MOMENT, Within, is_in, listed, set, time_of};
use super::grouping::Grouping;
use super::stored::{self, Stored};
use crate::store::ReadError;
use crate::store::reports::archive::{self, View};
use crate::store::reports::cell::{self, Amount, Cell, Counts, Groups, Revenue, Visitors};
use crate::store::reports::exits::{Exits, Last};
use crate::store::reports::group::By;
use crate::store::reports::marked::Wanted;
use crate::store::reports::needs::{Needs, Together, Who};
use crate::store::reports::pick::Moment;
use crate::store::reports::pile::Pile;
use crate::store::reports::row::{Row, letters};
use crate::store::reports::test::Test;

/// What is there, as of a number.
pub(super) struct At<'a> {
    client: &'a Client,
    through: i64,
    /// Days of sites whose sums are not to be asked.
    unsummed: BTreeSet<(i64, i32)>,
}

/// Events behind the last one among which the latest of a site are looked for first.
const NEAR: i64 = 1_000_000;

/// The groups of one day.
#[derive(Fields, Deserialize)]
struct Group {
    day: i32,
    numbers: Vec<u32>,
    texts: Vec<String>,
    views: u64,
    fires: u64,
    sessions: u64,
    engaged: u64,
    seconds: u64,
    /// Visitors beside those who are named.
    more: u64,
    visitors: Vec<u32>,
}

#[derive(Fields, Deserialize)]
struct Money {
    day: i32,
    numbers: Vec<u32>,
    texts: Vec<String>,
    currency: String,
    minor: i64,
    fires: u64,
}

#[derive(Fields, Deserialize)]
struct Picked {
    day: i32,
    ms: i64,
    id: i64,
}

#[derive(Fields, Deserialize)]
struct Id {
    id: i64,
}

#[derive(Fields, Deserialize)]
struct Named {
    key: String,
    count: u64,
}

#[derive(Fields, Deserialize)]
struct Seen {
    day: i32,
    session: i64,
    ms: i64,
    id: i64,
    page: u32,
    whose: u32,
}

impl<'a> At<'a> {
    pub(super) fn new(client: &'a Client, through: i64, unsummed: BTreeSet<(i64, i32)>) -> At<'a> {
        At {
            client,
            through,
            unsummed,
        }
    }

    fn within(&self, site: i64, days: &RangeInclusive<i32>) -> Within<'a> {
        let are_summed = !self.unsummed.iter().any(|(of, _)| *of == site);
        Within::new(self.client, site, days, self.through, are_summed)
    }

    /// What a question gives; nothing while nothing is there.
    pub(super) fn ask<T>(&self, sql: &str) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead + Send + 'static,
    {
        match self.through {
            0 => Ok(Vec::new()),
            _ => self.client.rows(sql),
        }
    }

    pub(super) fn events(&self) -> String {
        self.client.tables().asked("event")
    }

    /// The numbers of the events that are as `condition` says.
    fn numbers(&self, condition: &str) -> Result<RoaringTreemap, ReadError> {
        let sql = format!("SELECT id FROM {} WHERE {condition}", self.events());
        let ids: Vec<Id> = self.ask(&sql)?;
        Ok(ids.into_iter().map(|one| one.id as u64).collect())
    }

    /// Groups of events that are looked at one by one, as a question.
    fn counted(&self, within: &Within, grouping: &Grouping, who: &Who) -> String {
        format!(
            "SELECT {} AS of_day, {}, countIf(goal = 0) AS of_views, countIf(goal != 0) AS of_fires,
                sum(begins) AS of_sessions, sum(engages) AS of_engaged, sum(seconds) AS of_seconds{}
             FROM {} WHERE {} AND {} GROUP BY of_day, numbers, texts",
            grouping.day(),
            grouping.columns(),
            if_asked(who, "groupBitmapStateIf(visitor, visitor != 0)"),
            self.events(),
            within.all(),
            grouping.has()
        )
    }

    /// The same from the sums of some days.
    fn summed(&self, days: &str, kind: i64, grouping: &Grouping, who: &Who) -> String {
        format!(
            "SELECT {} AS of_day, {}, sum(views) AS of_views, sum(fires) AS of_fires, sum(sessions) AS of_sessions,
                sum(engaged) AS of_engaged, sum(seconds) AS of_seconds{}
             FROM {} WHERE {days} AND kind = {kind} GROUP BY of_day, numbers, texts",
            grouping.day(),
            grouping.columns_of("key"),
            if_asked(who, "groupBitmapMergeState(visitors)"),
            self.client.tables().asked("day_sum"),
        )
    }

    /// The groups of an answer, and how they were made.
    #[allow(clippy::too_many_arguments)]
    fn grouped(
        &self,
        site: i64,
        days: &RangeInclusive<i32>,
        open: &BTreeSet<i32>,
        by: &By,
        tests: &[Test],
        passing: &Within,
        needs: &Needs,
    ) -> Result<(Vec<Group>, Grouping), ReadError> {
        let (of_days, others) = Test::of_days(tests);
        let within = self.within(site, days);
        let mut grouping = Grouping::new(&within, by)?;
        let who = &needs.visitors;
        if let Who::Counted(together) = who {
            grouping = grouping.together(&within, together)?;
        }
        let Some(kind) = by.number().filter(|_| others.is_empty()) else {
            let found = self.groups(self.counted(passing, &grouping, who), None, who)?;
            return Ok((found, grouping));
        };
        // What is not shipped yet may be by the time this is read, and would be counted twice in the sums of its day.
        let unsummed = self.unsummed.iter().filter(|(of, _)| *of == site);
        let unsummed = unsummed.map(|(_, day)| *day);
        let open: BTreeSet<i32> = open.iter().copied().chain(unsummed).collect();
        let mut sums = within.site_days();
        for test in of_days {
            let _ = write!(sums, " AND {}", within.condition(&Test::Day(test))?);
        }
        let _ = write!(sums, " AND {}", among(&open, false));
        let sums = self.summed(&sums, kind, &grouping, who);
        let counted = (!open.is_empty()).then(|| {
            let open = passing.and(&among(&open, true));
            self.counted(&open, &grouping, who)
        });
        Ok((self.groups(sums, counted, who)?, grouping))
    }

    /// What one of these questions gives, or both together. Visitors are counted there, but for those who must be named.
    fn groups(
        &self,
        one: String,
        other: Option<String>,
        who: &Who,
    ) -> Result<Vec<Group>, ReadError> {
        let all = match other {
            None => one,
            Some(other) => format!(
                "SELECT one_day AS of_day, numbers, texts, sum(one_views) AS of_views, sum(one_fires) AS of_fires,
                    sum(one_sessions) AS of_sessions, sum(one_engaged) AS of_engaged, sum(one_seconds) AS of_seconds{}
                 FROM (SELECT of_day AS one_day, numbers, texts, of_views AS one_views, of_fires AS one_fires,
                    of_sessions AS one_sessions, of_engaged AS one_engaged, of_seconds AS one_seconds{}
                    FROM ({one} UNION ALL {other}))
                 GROUP BY of_day, numbers, texts",
                if_asked(who, "groupBitmapMergeState(one_who)"),
                match who {
                    Who::Nobody => "",
                    Who::Named | Who::Counted(_) => ", of_who AS one_who",
                }
            ),
        };
        let nobody = "CAST([], 'Array(UInt32)')".to_owned();
        let (more, visitors) = match who {
            Who::Nobody => ("toUInt64(0)".to_owned(), nobody),
            Who::Named => ("toUInt64(0)".to_owned(), "bitmapToArray(of_who)".to_owned()),
            Who::Counted(Together { named, .. }) if named.is_empty() => {
                ("bitmapCardinality(of_who)".to_owned(), nobody)
            }
            Who::Counted(Together { named, .. }) => {
                let named = set(named);
                (
                    format!("bitmapAndnotCardinality(of_who, {named})"),
                    format!("bitmapToArray(bitmapAnd(of_who, {named}))"),
                )
            }
        };
        self.ask(&format!(
            "SELECT of_day AS day, numbers, texts, of_views AS views, of_fires AS fires, of_sessions AS sessions,
                of_engaged AS engaged, of_seconds AS seconds, {more} AS more, {visitors} AS visitors FROM ({all})"
        ))
    }

    fn revenue(&self, within: &Within, grouping: &Grouping) -> Result<Vec<Money>, ReadError> {
        let within = within.and("currency != ''");
        self.ask(&format!(
            "SELECT day, {}, currency,
                toInt64(greatest(least(sum(toInt128(amount)), {}), {})) AS minor, count() AS fires
             FROM {} WHERE {} AND {} GROUP BY day, numbers, texts, currency",
            grouping.columns(),
            i64::MAX,
            i64::MIN + 1,
            self.events(),
            within.all(),
            grouping.has()
        ))
    }
}

/// How often is asked once more where something came between two questions.
const TRIES: usize = 3;

/// Groups as they are answered, but for what they brought; and whether one is of several that were counted apart: its
/// numbers weren't known to be one yet when it was asked which are.
fn answered(groups: Vec<Group>, grouping: &Grouping) -> (BTreeMap<i32, Groups>, bool) {
    let mut answer: BTreeMap<i32, Groups> = BTreeMap::new();
    let mut are_split = false;
    for group in groups {
        let Some(key) = grouping.key(&group.numbers, &group.texts) else {
            continue;
        };
        let cell = Cell {
            counts: Counts {
                views: group.views,
                fires: group.fires,
                sessions: group.sessions,
                engaged: group.engaged,
                seconds: group.seconds,
            },
            visitors: Visitors::counted(group.visitors, group.more),
            revenue: Revenue::new(),
        };
        let groups = answer.entry(group.day).or_default();
        let known = groups.get(&key).map_or(0, |known| known.visitors.more());
        are_split |= known > 0 && group.more > 0;
        cell::add(groups, Groups::from([(key, cell)]));
    }
    (answer, are_split)
}

/// The column `of_who` behind others, where somebody is asked for.
fn if_asked(who: &Who, of: &str) -> String {
    match who {
        Who::Nobody => String::new(),
        Who::Named | Who::Counted(_) => format!(", {of} AS of_who"),
    }
}

/// A condition on days.
fn among(days: &BTreeSet<i32>, are: bool) -> String {
    match (days.is_empty(), are) {
        (true, true) => "0".into(),
        (true, false) => "1".into(),
        (false, true) => format!("day IN ({})", listed(days.iter())),
        (false, false) => format!("day NOT IN ({})", listed(days.iter())),
    }
}

impl View for At<'_> {
    fn through(&self) -> i64 {
        self.through
    }

    fn answer(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        open: &BTreeSet<i32>,
        by: &By,
        tests: &[Test],
        needs: &Needs,
    ) -> Result<BTreeMap<i32, Groups>, ReadError> {
        let passing = self.within(site, days).passing(tests)?;
        let mut tries = 0;
        let (mut answer, grouping) = loop {
            let (found, grouping) = self.grouped(site, days, open, by, tests, &passing, needs)?;
            let (answer, are_split) = answered(found, &grouping);
            tries += 1;
            if !are_split || tries == TRIES {
                break (answer, grouping);
            }
        };
        if !needs.revenue {
            return Ok(answer);
        }
        for money in self.revenue(&passing, &grouping)? {
            if let Some(key) = grouping.key(&money.numbers, &money.texts) {
                let groups = answer.entry(money.day).or_default();
                let cell = groups.entry(key).or_default();
                let amount = Amount {
                    minor: money.minor,
                    fires: money.fires,
                };
                cell::add_revenue(&mut cell.revenue, letters(&money.currency), amount);
            }
        }
        Ok(answer)
    }

    fn exits(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        open: &BTreeSet<i32>,
        tests: &[Test],
        needs: &Needs,
    ) -> Result<archive::Left, ReadError> {
        let within = self.within(site, days).and("goal = 0 AND session != 0");
        let passing = within.passing(tests)?;
        // The last page, and whose, as one number.
        let last = |are_open: bool| {
            format!(
                "SELECT day, session, max({MOMENT}) AS last, argMax(bitShiftLeft(toUInt64(url), 32) + visitor, {MOMENT}) AS it,
                    toUInt32(bitShiftRight(it, 32)) AS page, toUInt32(it) AS whose
                 FROM {} WHERE {} AND {} GROUP BY day, session",
                self.events(),
                passing.all(),
                among(open, are_open)
            )
        };
        let mut exits: BTreeMap<i32, Exits> =
            open.iter().map(|day| (*day, Exits::default())).collect();
        let mut whose = RoaringBitmap::new();
        if !open.is_empty() {
            let [ms, id] = time_of("last");
            let seen: Vec<Seen> = self.ask(&format!(
                "SELECT day, session, {ms} AS ms, {id} AS id, page, whose FROM ({})",
                last(true)
            ))?;
            for seen in seen {
                whose.insert(seen.whose);
                if let Some(exits) = exits.get_mut(&seen.day) {
                    let last = Last {
                        session: seen.session,
                        at: (seen.ms, seen.id),
                        url: seen.page,
                        visitor: seen.whose,
                    };
                    exits.saw(last);
                }
            }
        }
        let mut grouping = Grouping::new(&within, &By::Exit)?;
        let who = match needs.visitors {
            Who::Counted(together) => {
                grouping = grouping.together(&within, &together)?;
                // Whoever is named on an open day isn't counted on another.
                whose |= together.named;
                let named = &whose;
                Who::Counted(Together { named, ..together })
            }
            who => who,
        };
        let none =
            ["views", "fires", "engaged", "seconds"].map(|of| format!("toUInt64(0) AS of_{of}"));
        let left = format!(
            "SELECT {} AS of_day, {}, count() AS of_sessions, {}{} FROM ({}) GROUP BY of_day, numbers, texts",
            grouping.day(),
            grouping.columns_of("page"),
            none.join(", "),
            if_asked(&who, "groupBitmapStateIf(whose, whose != 0)"),
            last(false)
        );
        let left = self.groups(left, None, &who)?;
        Ok((answered(left, &grouping).0, exits))
    }

    fn marked(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        wanted: &Wanted,
    ) -> Result<Vec<Pile>, ReadError> {
        Ok(vec![self.told(&self.within(site, days), wanted)?])
    }

    fn picked(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
        before: Option<Moment>,
        most: usize,
    ) -> Result<Vec<(i32, Moment)>, ReadError> {
        let mut within = self.within(site, days);
        if let Some((at, id)) = before {
            within = within.and(&format!("(toUnixTimestamp64Milli(at), id) < ({at}, {id})"));
        }
        let picked: Vec<Picked> = self.ask(&format!(
            "SELECT day, toUnixTimestamp64Milli(at) AS ms, id FROM {} WHERE {}
             ORDER BY day DESC, at DESC, id DESC LIMIT {most}",
            self.events(),
            within.passing(tests)?.all()
        ))?;
        let picked = picked.into_iter();
        Ok(picked.map(|one| (one.day, (one.ms, one.id))).collect())
    }

    fn passing(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<RoaringTreemap, ReadError> {
        let within = self.within(site, days);
        self.numbers(within.passing(tests)?.all())
    }

    fn keys(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        tests: &[Test],
    ) -> Result<HashMap<String, u64>, ReadError> {
        let within = self.within(site, days);
        let named: Vec<Named> = self.ask(&format!(
            "SELECT key, count() AS count FROM {} ARRAY JOIN mapKeys(pairs) AS key WHERE {} GROUP BY key",
            self.events(),
            within.passing(tests)?.all()
        ))?;
        Ok(named.into_iter().map(|one| (one.key, one.count)).collect())
    }

    fn ids(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        after: i64,
    ) -> Result<RoaringTreemap, ReadError> {
        let within = self.within(site, days);
        self.numbers(&format!("{} AND id > {after}", within.all()))
    }

    fn latest(&mut self, site: i64, most: usize) -> Result<Vec<i64>, ReadError> {
        // They are nearly always near the end, where an index leads to.
        for from in [self.through - NEAR, i64::MIN] {
            let latest: Vec<Id> = self.ask(&format!(
                "SELECT id FROM {} WHERE site = {site} AND id <= {} AND id > {from} ORDER BY id DESC LIMIT {most}",
                self.events(),
                self.through
            ))?;
            if latest.len() == most || from == i64::MIN {
                return Ok(latest.into_iter().map(|one| one.id).collect());
            }
        }
        Ok(Vec::new())
    }

    fn ids_of(&mut self, visitors: &RoaringBitmap) -> Result<RoaringTreemap, ReadError> {
        let theirs = is_in("visitor", visitors);
        self.numbers(&format!("{theirs} AND id <= {}", self.through))
    }

    fn later(
        &mut self,
        site: i64,
        days: &RangeInclusive<i32>,
        last: i64,
    ) -> Result<Vec<Row>, ReadError> {
        if self.through == 0 {
            return Ok(Vec::new());
        }
        let later = format!("begins = 0 AND session BETWEEN 1 AND {last}");
        let found = stored::rows(self.client, self.within(site, days).and(&later).all())?;
        let rows = found.into_iter().map(Stored::numbered);
        Ok(rows.map(|event| event.row).collect())
    }
}
