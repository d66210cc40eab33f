//! People who did the same, counted by ClickHouse.

use clickhouse::Row as Fields;
use serde::Deserialize;

use super::condition::{MOMENT, Within};
use super::grouping::{Grouping, transformed};
use super::marked::{Keys, Sets};
use super::view::At;
use crate::store::ReadError;
use crate::store::reports::alike::{Age, Alike, Did, Joined, Joining, Visited, Visiting};
use crate::store::reports::pile::Pile;

#[derive(Fields, Deserialize)]
struct One {
    ms: i64,
    it: i64,
    texts: Vec<String>,
    fired: u8,
    people: u64,
    returned: Vec<u64>,
}

#[derive(Fields, Deserialize)]
struct Path {
    path: Vec<u64>,
    people: u64,
    others: (Vec<u64>, Vec<u64>),
}

/// The time of an event, in milliseconds since 1970.
const MS: &str = "toUnixTimestamp64Milli(at)";

/// What an event is of that somebody joined with, as one number: the day, the number that it is grouped by, whether it is in
/// a group, and whether it passes. Many numbers are dear.
struct Packed(i64);

impl Packed {
    fn of(number: &str, has: &str, passes: &str) -> String {
        format!(
            "bitShiftLeft(toInt64(day), 40) + bitShiftLeft(toInt64({number}), 8) + toInt64({has}) * 2 + toInt64({passes})"
        )
    }

    /// The day, of a column.
    const DAY: &str = "toInt32(bitShiftRight(it, 40))";

    fn day(&self) -> i32 {
        (self.0 >> 40) as i32
    }

    fn number(&self) -> u32 {
        (self.0 >> 8) as u32
    }

    fn has(&self) -> bool {
        self.0 & 2 != 0
    }
}

/// What is kept of somebody's returns, and the ages that they make.
struct Seen {
    /// The period of an event.
    period: String,
    /// All of them, of events.
    seen: String,
    /// Their ages, of that.
    ages: String,
}

impl Seen {
    fn of(within: &Within, joining: &Joining, returns: &str) -> Result<Seen, ReadError> {
        let (mut period, mut joined) = ("0".to_owned(), "0".to_owned());
        if joining.ages.is_empty() {
            let (seen, ages) = ("0".into(), "0".into());
            return Ok(Seen { period, seen, ages });
        }
        if let Age::Periods(of) = joining.age {
            let days = within.days()?;
            let periods: Vec<i32> = days.iter().map(|day| of(*day)).collect();
            let of = |day: &str| match days == periods {
                true => day.to_owned(),
                false => transformed(day, "Int32", days.iter(), periods.iter()),
            };
            (period, joined) = (of("day"), of(Packed::DAY));
        }
        // What happened before somebody joined is no return.
        let later = "arrayFilter(one -> tupleElement(one, 2) >= began, seen)";
        let (seen, ages) = match (joining.age, joining.joining_returns) {
            (Age::Periods(_), true) => (
                of_those("groupUniqArray", "period", returns),
                format!("arrayMap(one -> one - {joined}, seen)"),
            ),
            (Age::Periods(_), false) => (
                of_those("groupArray", "(period, moment)", returns),
                format!("arrayMap(one -> tupleElement(one, 1) - {joined}, {later})"),
            ),
            (Age::Windows { length, .. }, true) => (
                of_those("groupArray", "ms", returns),
                format!(
                    "arrayMap(one -> intDiv(one - first, {length}), arrayFilter(one -> one >= first, seen))"
                ),
            ),
            (Age::Windows { length, .. }, false) => (
                of_those("groupArray", "(ms, moment)", returns),
                format!("arrayMap(one -> intDiv(tupleElement(one, 1) - first, {length}), {later})"),
            ),
        };
        Ok(Seen { period, seen, ages })
    }
}

/// An aggregate function of what is as a condition says.
fn of_those(function: &str, arguments: &str, are: &str) -> String {
    match are {
        "1" => format!("{function}({arguments})"),
        are => format!("{function}If({arguments}, {are})"),
    }
}

impl At<'_> {
    /// Whether people can be counted who did this, and are grouped so.
    pub(super) fn is_counted(did: Did, grouping: &Grouping) -> bool {
        let (numbers, texts) = (grouping.numbers().len(), grouping.has_texts());
        match did {
            Did::Joined(_) => numbers + usize::from(texts) <= 1,
            Did::Visited(_) => numbers <= 2 && !texts && grouping.has() == "1",
        }
    }

    /// Puts in how many of those whose events these are did the same.
    pub(super) fn alike(
        &self,
        within: &Within,
        sets: &Sets,
        grouping: &Grouping,
        alike: &Alike,
        pile: &mut Pile,
    ) -> Result<(), ReadError> {
        match alike.did {
            Did::Joined(joining) => self.joined(within, sets, grouping, joining, pile),
            Did::Visited(visiting) => self.visited(within, sets, grouping, visiting, pile),
        }
    }

    fn joined(
        &self,
        within: &Within,
        sets: &Sets,
        grouping: &Grouping,
        joining: &Joining,
        pile: &mut Pile,
    ) -> Result<(), ReadError> {
        let bits = [
            joining.joins,
            joining.passes,
            joining.returns,
            joining.fires,
        ];
        let [joins, passes, returns, fires] = bits.map(|bits| sets.any(bits));
        // What is so of all needn't be asked of each.
        let of = |condition: &str, alias: &'static str| match condition {
            "1" => "1",
            _ => alias,
        };
        let (are_joins, are_returns) = (of(&joins, "joins"), of(&returns, "returns"));
        let Seen { period, seen, ages } = Seen::of(within, joining, are_returns)?;
        let number = grouping.numbers().into_iter().next();
        let it = Packed::of(number.as_deref().unwrap_or("0"), grouping.has(), &passes);
        let began = of_those("min", "moment", are_joins);
        let fired = match joining.fires {
            0 => "toUInt8(0)".to_owned(),
            _ => format!("toUInt8(countIf(fires) > 0 AND maxIf(moment, fires) >= {began})"),
        };
        // Texts are seldom grouped by, and dear.
        let (some_texts, texts, by_texts) = match grouping.has_texts() {
            true => {
                let of_event = format!("CAST([{}], 'Array(String)')", grouping.texts().join(", "));
                let texts = of_those("argMin", &format!("{of_event}, moment"), are_joins);
                (
                    format!(", {texts} AS some_texts"),
                    "some_texts",
                    ", some_texts",
                )
            }
            false => (String::new(), "CAST([], 'Array(String)')", ""),
        };
        // Straight from the table, so that each server of a cluster does its part.
        let each = format!(
            "WITH {MS} AS ms, {MOMENT} AS moment, {period} AS period, {it} AS of_event,
                {joins} AS joins, {returns} AS returns, {fires} AS fires
             SELECT {began} AS began, {} AS first, {} AS it{some_texts}, {seen} AS seen, {fired} AS fired
             FROM {} WHERE {} AND ({joins} OR {returns} OR {fires}) GROUP BY visitor HAVING countIf(joins) > 0",
            of_those("min", "ms", are_joins),
            of_those("argMin", "of_event, moment", are_joins),
            self.events(),
            within.all()
        );
        let returned = joining.ages.iter().map(|(from, to)| match from == to {
            true => format!("has(ages, {from})"),
            false => format!("arrayExists(age -> age BETWEEN {from} AND {to}, ages)"),
        });
        let returned: Vec<String> = returned.collect();
        let returned = match returned.is_empty() {
            true => "CAST([], 'Array(UInt64)')".to_owned(),
            false => format!("sumForEach([{}])", returned.join(", ")),
        };
        let age_now = match joining.age {
            Age::Periods(_) => String::new(),
            Age::Windows { length, now } => format!(", floor(({now} - first) / {length})"),
        };
        let found: Vec<One> = self.ask(&format!(
            "WITH {ages} AS ages
             SELECT min(first) AS ms, it, {texts} AS texts, fired, count() AS people, {returned} AS returned
             FROM ({each}) WHERE bitAnd(it, 1) != 0 AND {} BETWEEN {} AND {} GROUP BY it, fired{by_texts}{age_now}",
            Packed::DAY,
            joining.days.start(),
            joining.days.end()
        ))?;
        let mut keys = Keys::new(grouping);
        for one in found {
            let it = Packed(one.it);
            let key = pile.key(keys.of(it.has(), [it.number(), 0, 0], &one.texts));
            pile.counted().joined.push(Joined {
                at: one.ms,
                day: it.day(),
                key,
                fired: one.fired != 0,
                people: one.people,
                returned: one.returned,
            });
        }
        Ok(())
    }

    fn visited(
        &self,
        within: &Within,
        sets: &Sets,
        grouping: &Grouping,
        visiting: &Visiting,
        pile: &mut Pile,
    ) -> Result<(), ReadError> {
        let meant = match visiting.meant {
            0 => "1".into(),
            meant => sets.any(meant),
        };
        let numbers = grouping.numbers().into_iter().zip([0, 32]);
        let numbers = numbers.map(|(number, at)| format!("bitShiftLeft(toUInt64({number}), {at})"));
        let step = numbers.reduce(|all, one| format!("{all} + {one}"));
        let each = format!(
            "SELECT arraySort(groupArray(({MOMENT}, {MS}, day, {}))) AS seen, max({meant}) AS are_meant
             FROM {} WHERE {} AND {} GROUP BY visitor",
            step.as_deref().unwrap_or("toUInt64(0)"),
            self.events(),
            within.all(),
            sets.any(visiting.visits)
        );
        let steps = format!(
            "if(are_meant AND tupleElement(seen[-1], 3) >= {},
                arrayFilter(one -> tupleElement(one, 2) >= tupleElement(seen[-1], 2) - {}, seen), [])",
            visiting.from, visiting.window
        );
        // Visits that are too long ago, or of who doesn't count, are before what counts.
        let found: Vec<Path> = self.ask(&format!(
            "WITH {steps} AS steps,
                arrayMap(one -> tupleElement(one, 4), arraySlice(seen, 1, length(seen) - length(steps))) AS before
             SELECT arrayMap(one -> tupleElement(one, 4), steps) AS path, count() AS people,
                sumMap(before, arrayMap(one -> toUInt64(1), before)) AS others
             FROM ({each}) GROUP BY path"
        ))?;
        let mut keys = Keys::new(grouping);
        let mut key = |pile: &mut Pile, step: u64| {
            let numbers = [step as u32, (step >> 32) as u32, 0];
            pile.key(keys.of(true, numbers, &[]))
        };
        for Path {
            path,
            people,
            others: (before, visits),
        } in found
        {
            for (step, visits) in before.into_iter().zip(visits) {
                let visits = (key(pile, step), visits);
                pile.counted().others.push(visits);
            }
            let path: Vec<u32> = path.into_iter().map(|step| key(pile, step)).collect();
            if !path.is_empty() {
                pile.counted().visited.push(Visited { keys: path, people });
            }
        }
        Ok(())
    }
}
