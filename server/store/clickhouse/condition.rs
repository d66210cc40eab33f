//! Tests → conditions in SQL. A test is a function of a number or a text, so it is asked once for each that occurs, and
//! those that pass stand in the condition.

use std::fmt::Write;
use std::ops::RangeInclusive;

use clickhouse::{Row as Fields, RowOwned, RowRead};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::{RoaringBitmap, RoaringTreemap};
use serde::Deserialize;

use super::client::Client;
use crate::store::ReadError;
use crate::store::reports::group::By;
use crate::store::reports::test::{Of, Test};

/// Values of a key of metadata among which is chosen.
const VALUES: usize = 200_000;

/// Where an event stands in time, as one number: the time in milliseconds, from long ago on, and behind it the number in the
/// log. Pairs take three times as long to compare.
pub(super) const MOMENT: &str = "bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(at) + 281474976710656), 64), toUInt128(id))";

/// The time and the number in the log of a [`MOMENT`].
pub(super) fn time_of(moment: &str) -> [String; 2] {
    [
        format!("toInt64(bitShiftRight({moment}, 64)) - 281474976710656"),
        format!("toInt64(toUInt64({moment}))"),
    ]
}

/// The column of a number.
pub(super) fn column(of: Of) -> &'static str {
    match of {
        Of::Goal => "goal",
        Of::Page => "url",
        Of::Entry => "entry",
        Of::Origin => "origin",
        Of::Client => "client",
    }
}

/// Which events of a site are looked at.
#[derive(Clone)]
pub(super) struct Within<'a> {
    client: &'a Client,
    /// What each of them is, in SQL.
    all: String,
    /// Whether there is nothing at all.
    is_empty: bool,
    /// Whether sums of days may be asked for what occurs.
    are_summed: bool,
    /// Which site and days.
    of_days: String,
}

#[derive(Fields, Deserialize)]
struct Number {
    it: u32,
}

#[derive(Fields, Deserialize)]
struct Day {
    it: i32,
}

#[derive(Fields, Deserialize)]
struct Text {
    it: String,
}

impl<'a> Within<'a> {
    pub(super) fn new(
        client: &'a Client,
        site: i64,
        days: &RangeInclusive<i32>,
        through: i64,
        are_summed: bool,
    ) -> Within<'a> {
        let (from, to) = (days.start(), days.end());
        let of_days = format!("site = {site} AND day BETWEEN {from} AND {to}");
        Within {
            client,
            all: format!("{of_days} AND id <= {through}"),
            is_empty: through == 0,
            are_summed,
            of_days,
        }
    }

    /// The same events, but for those of some days.
    pub(super) fn and(&self, condition: &str) -> Within<'a> {
        Within {
            all: format!("{} AND {condition}", self.all),
            ..self.clone()
        }
    }

    /// What all of them are.
    pub(super) fn all(&self) -> &str {
        &self.all
    }

    /// Their site and days.
    pub(super) fn site_days(&self) -> String {
        self.of_days.clone()
    }

    /// Those of them that pass all tests.
    pub(super) fn passing(&self, tests: &[Test]) -> Result<Within<'a>, ReadError> {
        let mut passing = self.clone();
        for test in tests {
            let _ = write!(passing.all, " AND {}", self.condition(test)?);
        }
        Ok(passing)
    }

    /// What a test says, in brackets where that is more than one thing.
    pub(super) fn condition(&self, test: &Test) -> Result<String, ReadError> {
        Ok(match test {
            Test::Number(of, passes) => {
                let column = column(*of);
                let occurs = self.numbers(*of)?.into_iter();
                let (yes, no): (RoaringBitmap, RoaringBitmap) =
                    occurs.partition(|number| passes(*number));
                chosen(
                    yes.is_empty(),
                    no.is_empty(),
                    yes.len() <= no.len(),
                    |are| is_in(column, if are { &yes } else { &no }),
                )
            }
            Test::Day(passes) => {
                let days = self.days()?.into_iter();
                let (yes, no): (Vec<i32>, Vec<i32>) = days.partition(|day| passes(*day));
                chosen(
                    yes.is_empty(),
                    no.is_empty(),
                    yes.len() <= no.len(),
                    |are| {
                        let days = if are { &yes } else { &no };
                        format!("day IN ({})", listed(days.iter()))
                    },
                )
            }
            Test::Metadata(key, passes) => {
                let key = quoted(key);
                let has = format!("mapContains(pairs, {key})");
                let occurs: Vec<Text> = self.ask(&format!(
                    "SELECT DISTINCT pairs[{key}] AS it FROM {} WHERE {} AND {has} LIMIT {}",
                    self.client.tables().asked("event"),
                    self.all,
                    VALUES + 1
                ))?;
                if occurs.len() > VALUES {
                    return Err(ReadError::ClickHouse(format!(
                        "metadata {key} has more than {VALUES} values in these days: too many for a condition"
                    )));
                }
                let texts = occurs.into_iter().map(|text| text.it);
                let (yes, no): (Vec<String>, Vec<String>) =
                    texts.partition(|text| passes(Some(text)));
                let of_those = chosen(
                    yes.is_empty(),
                    no.is_empty(),
                    yes.len() <= no.len(),
                    |are| {
                        let texts = if are { &yes } else { &no };
                        let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                        format!("pairs[{key}] IN ({})", texts.join(","))
                    },
                );
                match passes(None) {
                    true => format!("(NOT {has} OR {of_those})"),
                    false => format!("({has} AND {of_those})"),
                }
            }
            Test::Hour(zone, passes) => {
                let hours: Vec<u32> = (0..24).filter(|hour| passes(*hour)).collect();
                match hours.len() {
                    0 => "0".into(),
                    24 => "1".into(),
                    _ => format!("{} IN ({})", self.hour(zone)?, listed(hours.iter())),
                }
            }
            Test::Visitor(these) => is_in("visitor", these),
            Test::Begins => "begins = 1".into(),
            Test::All(tests) => self.several(tests, "1", " AND ")?,
            Test::Any(tests) => self.several(tests, "0", " OR ")?,
            Test::Not(test) => format!("NOT {}", self.condition(test)?),
        })
    }

    fn ask<T>(&self, sql: &str) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead + Send + 'static,
    {
        match self.is_empty {
            true => Ok(Vec::new()),
            false => self.client.rows(sql),
        }
    }

    fn several(&self, tests: &[Test], none: &str, between: &str) -> Result<String, ReadError> {
        let each = tests.iter().map(|test| self.condition(test));
        let each = each.collect::<Result<Vec<_>, ReadError>>()?;
        Ok(match each.is_empty() {
            true => none.into(),
            false => format!("({})", each.join(between)),
        })
    }

    /// The numbers that occur, and maybe others. Sums of days know them all, and are few.
    pub(super) fn numbers(&self, of: Of) -> Result<Vec<u32>, ReadError> {
        let numbers: Vec<Number> = match By::Number(of).number().filter(|_| self.are_summed) {
            Some(kind) => self.sums("key", kind)?,
            None => self.occur(column(of))?,
        };
        Ok(numbers.into_iter().map(|number| number.it).collect())
    }

    /// The days on which something happened, and maybe others.
    pub(super) fn days(&self) -> Result<Vec<i32>, ReadError> {
        let days: Vec<Day> = match By::Total.number().filter(|_| self.are_summed) {
            Some(kind) => self.sums("day", kind)?,
            None => self.occur("day")?,
        };
        Ok(days.into_iter().map(|day| day.it).collect())
    }

    fn sums<T>(&self, column: &str, kind: i64) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead + Send + 'static,
    {
        self.ask(&format!(
            "SELECT DISTINCT {column} AS it FROM {} WHERE {} AND kind = {kind}",
            self.client.tables().asked("day_sum"),
            self.of_days
        ))
    }

    fn occur<T>(&self, column: &str) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead + Send + 'static,
    {
        self.ask(&format!(
            "SELECT DISTINCT {column} AS it FROM {} WHERE {}",
            self.client.tables().asked("event"),
            self.all
        ))
    }

    /// The hour of the day in a zone. How far it is from UTC comes from here, so that both sides know the same changes of
    /// its clocks.
    pub(super) fn hour(&self, zone: &TimeZone) -> Result<String, ReadError> {
        // In whatever zone a day is meant, its events are less than two days from its noon.
        let (mut from, mut to) = (Timestamp::MAX, Timestamp::MIN);
        for day in self.days()? {
            let second = |day: i64| Timestamp::from_second(day * 86_400).unwrap_or_default();
            from = from.min(second(i64::from(day) - 2));
            to = to.max(second(i64::from(day) + 3));
        }
        let mut offset = zone.to_offset(from).seconds().to_string();
        let changes = zone
            .following(from)
            .take_while(|change| change.timestamp() <= to);
        for change in changes {
            let (from, seconds) = (
                change.timestamp().as_millisecond(),
                change.offset().seconds(),
            );
            offset = format!("if(toUnixTimestamp64Milli(at) >= {from}, {seconds}, {offset})");
        }
        Ok(format!(
            "toUInt32(intDiv(positiveModulo(toInt64(floor(toUnixTimestamp64Milli(at) / 1000)) + {offset}, 86400), 3600))"
        ))
    }
}

/// A condition by what passes and what doesn't: `list` gives the one that lists either.
fn chosen(
    none_passes: bool,
    all_pass: bool,
    by_those_that_pass: bool,
    list: impl Fn(bool) -> String,
) -> String {
    match (none_passes, all_pass) {
        (true, _) => "0".into(),
        (_, true) => "1".into(),
        _ if by_those_that_pass => list(true),
        _ => format!("NOT {}", list(false)),
    }
}

/// Numbers past which a bitmap is shorter to read than a list.
const LISTED: u64 = 64;

/// Whether a number is one of these.
pub(super) fn is_in(column: &str, numbers: &RoaringBitmap) -> String {
    if numbers.len() <= LISTED {
        return match numbers.is_empty() {
            true => "0".into(),
            false => format!("{column} IN ({})", listed(numbers.iter())),
        };
    }
    format!("bitmapContains({}, {column})", set(numbers))
}

/// Numbers as a bitmap.
pub(super) fn set(numbers: &RoaringBitmap) -> String {
    if numbers.len() <= LISTED {
        let numbers = listed(numbers.iter());
        return format!("bitmapBuild(CAST([{numbers}], 'Array(UInt32)'))");
    }
    let mut portable = Vec::with_capacity(numbers.serialized_size());
    // A vector takes whatever is written to it.
    let _ = numbers.serialize_into(&mut portable);
    bitmap("UInt32", &portable)
}

/// Whether an event's number is one of these.
pub(super) fn is_among(column: &str, ids: &RoaringTreemap) -> String {
    let (Some(first), Some(last)) = (ids.min(), ids.max()) else {
        return "0".into();
    };
    let within = format!("{column} BETWEEN {first} AND {last}");
    if ids.len() == last - first + 1 {
        return within;
    }
    if ids.len() <= LISTED {
        return format!("{within} AND {column} IN ({})", listed(ids.iter()));
    }
    let mut portable = Vec::with_capacity(ids.serialized_size());
    let _ = ids.serialize_into(&mut portable);
    let bitmap = bitmap("UInt64", &portable);
    format!("{within} AND bitmapContains({bitmap}, toUInt64({column}))")
}

/// A bitmap of more than 32 numbers as ClickHouse keeps it: 1, the length in groups of seven bits, and Roaring's portable
/// form.
fn bitmap(of: &str, portable: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * portable.len() + 12);
    hex.push_str("01");
    let mut length = portable.len();
    while length >= 0x80 {
        let _ = write!(hex, "{:02x}", length & 0x7f | 0x80);
        length >>= 7;
    }
    let _ = write!(hex, "{length:02x}");
    for byte in portable {
        let _ = write!(hex, "{byte:02x}");
    }
    format!("CAST(unhex('{hex}') AS AggregateFunction(groupBitmap, {of}))")
}

pub(super) fn listed<T: ToString>(numbers: impl Iterator<Item = T>) -> String {
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    numbers.join(",")
}

/// A text as it stands in SQL.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
