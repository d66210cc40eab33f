//! Single events, and who is told of event by event.

use std::collections::HashMap;

use clickhouse::Row as Fields;
use roaring::RoaringBitmap;
use serde::Deserialize;

use super::condition::{MOMENT, Within, is_in, time_of};
use super::grouping::Grouping;
use super::view::At;
use crate::store::ReadError;
use crate::store::reports::alike::Alike;
use crate::store::reports::cell::Key;
use crate::store::reports::marked::{Event, Paid, Wanted};
use crate::store::reports::pile::Pile;
use crate::store::reports::row::letters;

/// An event, with up to three numbers that it is grouped by: of millions none is a list.
#[derive(Fields, Deserialize)]
struct One {
    visitor: u32,
    ms: i64,
    id: i64,
    day: i32,
    has: u8,
    n0: u32,
    n1: u32,
    n2: u32,
    texts: Vec<String>,
    sets: u8,
}

#[derive(Fields, Deserialize)]
struct Payment {
    visitor: u32,
    ms: i64,
    id: i64,
    day: i32,
    amount: i64,
    currency: String,
}

#[derive(Fields, Deserialize)]
struct Visitor {
    it: u32,
}

/// Some sets: what an event of each is.
pub(super) struct Sets(Vec<(u8, String)>);

impl Sets {
    fn of(within: &Within, wanted: &Wanted) -> Result<Sets, ReadError> {
        let sets = wanted.sets.iter();
        let sets = sets.map(|(bits, test)| Ok((*bits, within.condition(test)?)));
        Ok(Sets(sets.collect::<Result<_, ReadError>>()?))
    }

    /// What an event of one of these is, meant by their bits.
    pub(super) fn any(&self, meant: u8) -> String {
        let mine = self.0.iter().filter(|(bits, _)| bits & meant != 0);
        let mine: Vec<&str> = mine.map(|(_, condition)| condition.as_str()).collect();
        match mine.is_empty() {
            true => "0".into(),
            false if mine.contains(&"1") => "1".into(),
            false => format!("({})", mine.join(" OR ")),
        }
    }

    /// The bits of those of these that an event is of, meant by their bits; `None` where there is none.
    fn bits(&self, meant: u8) -> Option<String> {
        let mine = self.0.iter().filter(|(bits, _)| bits & meant != 0);
        let mine = mine.map(|(bits, condition)| format!("if({condition}, {}, 0)", bits & meant));
        let all = mine.reduce(|all, one| format!("bitOr({all}, {one})"))?;
        Some(format!("toUInt8({all})"))
    }
}

impl At<'_> {
    /// What a question of single events gives.
    pub(super) fn told(&self, within: &Within, wanted: &Wanted) -> Result<Pile, ReadError> {
        let mut pile = Pile::default();
        let mut grouping = Grouping::new(within, wanted.by)?;
        let sets = Sets::of(within, wanted)?;
        let mut events = within.passing(wanted.tests)?;
        let paid = match wanted.paid {
            0 => Vec::new(),
            paid => {
                self.payments(&events.and(&format!("currency != '' AND {}", sets.any(paid))))?
            }
        };
        let is_counted = |alike: &Alike| At::is_counted(alike.did, &grouping);
        if let Some(alike) = wanted.alike.filter(is_counted) {
            grouping = grouping.folded(within, alike.fold)?;
            let apart = self.apart(&events, &sets, wanted, &alike, &paid)?;
            let apart = is_in("visitor", &apart);
            let others = events.and(&format!("visitor != 0 AND NOT {apart}"));
            self.alike(&others, &sets, &grouping, &alike, &mut pile)?;
            events = events.and(&apart);
        }
        self.events_of(&events, &sets, &grouping, wanted, &mut pile)?;
        paid.into_iter().for_each(|paid| pile.payment(paid));
        Ok(pile.ended())
    }

    /// Visitors who are told of event by event.
    fn apart(
        &self,
        within: &Within,
        sets: &Sets,
        wanted: &Wanted,
        alike: &Alike,
        paid: &[Paid],
    ) -> Result<RoaringBitmap, ReadError> {
        let mut apart = alike.named.clone();
        if alike.apart & wanted.paid != 0 {
            apart.extend(paid.iter().map(|paid| paid.visitor));
        }
        let they = sets.any(alike.apart & !wanted.paid);
        if they != "0" {
            let visitors: Vec<Visitor> = self.ask(&format!(
                "SELECT DISTINCT visitor AS it FROM {} WHERE {} AND {they}",
                self.events(),
                within.all()
            ))?;
            apart.extend(visitors.into_iter().map(|visitor| visitor.it));
        }
        Ok(apart)
    }

    /// Events that belong to some sets.
    fn events_of(
        &self,
        within: &Within,
        sets: &Sets,
        grouping: &Grouping,
        wanted: &Wanted,
        pile: &mut Pile,
    ) -> Result<(), ReadError> {
        let Some(bits) = sets.bits(!wanted.paid) else {
            return Ok(());
        };
        let columns = format!(
            "day, toUInt8({}) AS has, {}, {bits} AS sets",
            grouping.has(),
            grouping.columns_of_one()
        );
        let from = format!(
            "FROM {} WHERE {} AND visitor != 0 AND {}",
            self.events(),
            within.all(),
            sets.any(!wanted.paid)
        );
        let [ms, id] = time_of("earliest");
        let (time, from) = match wanted.once_a_day {
            true => (
                format!("{ms} AS ms, {id} AS id"),
                format!(
                    "(SELECT visitor, min({MOMENT}) AS earliest, {columns} {from}
                      GROUP BY visitor, day, has, n0, n1, n2, texts, sets)"
                ),
            ),
            false => (
                "ms, id".into(),
                format!("(SELECT visitor, toUnixTimestamp64Milli(at) AS ms, id, {columns} {from})"),
            ),
        };
        let ones: Vec<One> = self.ask(&format!(
            "SELECT visitor, {time}, day, has, n0, n1, n2, texts, sets FROM {from}"
        ))?;
        let mut keys = Keys::new(grouping);
        for one in ones {
            let key = keys.of(one.has != 0, [one.n0, one.n1, one.n2], &one.texts);
            let event = Event {
                visitor: wanted
                    .one_of
                    .map_or(one.visitor, |one_of| one_of(one.visitor)),
                at: one.ms,
                id: one.id,
                day: one.day,
                key: 0,
                sets: one.sets,
            };
            pile.event(key, event);
        }
        Ok(())
    }

    fn payments(&self, within: &Within) -> Result<Vec<Paid>, ReadError> {
        let payments: Vec<Payment> = self.ask(&format!(
            "SELECT visitor, toUnixTimestamp64Milli(at) AS ms, id, day, amount, currency FROM {} WHERE {}",
            self.events(),
            within.all()
        ))?;
        let paid = payments.into_iter().map(|payment| Paid {
            visitor: payment.visitor,
            at: payment.ms,
            id: payment.id,
            day: payment.day,
            minor: payment.amount,
            currency: letters(&payment.currency),
        });
        Ok(paid.collect())
    }
}

/// Keys of groups. What many have is made one once.
pub(super) struct Keys<'a> {
    grouping: &'a Grouping,
    known: HashMap<[u32; 3], Option<Key>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(grouping: &'a Grouping) -> Keys<'a> {
        Keys {
            grouping,
            known: HashMap::new(),
        }
    }

    /// The key of a row's numbers and texts, where it is in a group.
    pub(super) fn of(&mut self, has: bool, numbers: [u32; 3], texts: &[String]) -> Option<Key> {
        match (has, texts) {
            (false, _) => None,
            (_, []) => {
                let known = self.known.entry(numbers);
                let grouping = self.grouping;
                known.or_insert_with(|| grouping.key(&numbers, &[])).clone()
            }
            (_, texts) => self.grouping.key(&numbers, texts),
        }
    }
}
