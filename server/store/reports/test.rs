//! What an event must be to be counted: tests of single columns, and trees of them. A test is made once for each thing
//! that occurs in a column.

use std::sync::Arc;

use roaring::RoaringBitmap;

use jiff::tz::TimeZone;

use super::file::{Columns, ReadError};
use super::hour::{self, Hours};
use super::part::{self, Coded, Kind};
use super::row::Row;

/// What a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The goal; 0 for page views.
    Goal,
    /// The page.
    Page,
    /// The page that the session began on.
    Entry,
    /// What brought the session.
    Origin,
    /// With what the visitor came.
    Client,
}

impl Of {
    pub(super) fn kind(self) -> Kind {
        match self {
            Of::Goal => Kind::Goal,
            Of::Page => Kind::Url,
            Of::Entry => Kind::Entry,
            Of::Origin => Kind::Origin,
            Of::Client => Kind::Client,
        }
    }

    pub(super) fn of(self, row: &Row) -> u32 {
        match self {
            Of::Goal => row.goal,
            Of::Page => row.url,
            Of::Entry => row.place.shared.entry,
            Of::Origin => row.place.shared.origin,
            Of::Client => row.place.shared.client,
        }
    }
}

/// Whether a number passes.
pub type NumberTest = dyn Fn(u32) -> bool + Send + Sync;

/// Whether a value of metadata passes; `None` where there is none.
pub type ValueTest = dyn Fn(Option<&str>) -> bool + Send + Sync;

/// Whether a day passes, in days since 1970.
pub type DayTest = dyn Fn(i32) -> bool + Send + Sync;

/// What an event must be.
#[derive(Clone)]
pub enum Test {
    /// A number that passes.
    Number(Of, Arc<NumberTest>),
    /// Of one of these visitors.
    Visitor(Arc<RoaringBitmap>),
    /// A value of this key that passes.
    Metadata(Arc<str>, Arc<ValueTest>),
    /// A day that passes.
    Day(Arc<DayTest>),
    /// An hour of the day in this zone, 0 to 23, that passes.
    Hour(TimeZone, Arc<NumberTest>),
    /// The first event of its session.
    Begins,
    /// All of these.
    All(Vec<Test>),
    /// Any of these.
    Any(Vec<Test>),
    /// Not this.
    Not(Box<Test>),
}

impl Test {
    /// Tests of days alone, and the others: the former choose among days, of which sums may be kept.
    pub(in crate::store) fn of_days(tests: &[Test]) -> (Vec<Arc<DayTest>>, Vec<Test>) {
        let (mut of_days, mut others) = (Vec::new(), Vec::new());
        for test in tests {
            match test {
                Test::Day(test) => of_days.push(test.clone()),
                other => others.push(other.clone()),
            }
        }
        (of_days, others)
    }

    /// Whether a day passes all of these.
    pub(in crate::store) fn are_of(of_days: &[Arc<DayTest>], day: i32) -> bool {
        of_days.iter().all(|test| test(day))
    }
}

/// Which rows of a part pass.
enum Mask {
    All,
    None,
    /// Each by itself.
    Rows(Vec<bool>),
}

impl Mask {
    fn of_all(passes: bool) -> Mask {
        if passes { Mask::All } else { Mask::None }
    }

    /// By what becomes of each code; `rows` gives that of each row where not all are alike.
    fn coded(
        table: &[bool],
        rows: impl FnOnce() -> Result<Vec<bool>, ReadError>,
    ) -> Result<Mask, ReadError> {
        Ok(if table.iter().all(|passes| !passes) {
            Mask::None
        } else if table.iter().all(|passes| *passes) {
            Mask::All
        } else {
            Mask::Rows(rows()?)
        })
    }
}

/// What a table says of each code.
fn of_each(codes: &[u32], table: &[bool]) -> Vec<bool> {
    codes.iter().map(|code| table[*code as usize]).collect()
}

/// The mask of a column of numbers.
fn numbers(columns: &Columns, kind: Kind, passes: impl Fn(u32) -> bool) -> Result<Mask, ReadError> {
    let column = columns.column(kind)?;
    let codes = Coded::read(&column, columns.head.rows)?;
    let table: Vec<bool> = codes.occurs.iter().map(|number| passes(*number)).collect();
    Mask::coded(&table, || Ok(codes.of_each(&table)?))
}

fn mask(columns: &Columns, day: i32, test: &Test) -> Result<Mask, ReadError> {
    let n = columns.head.rows;
    Ok(match test {
        Test::Metadata(key, test) => match columns.metadata(key)? {
            Some(codes) => {
                let table = codes.occurs.iter().map(|value| test(value.as_deref()));
                let table: Vec<bool> = table.collect();
                Mask::coded(&table, || Ok(of_each(&codes.rows, &table)))?
            }
            None => Mask::of_all(test(None)),
        },
        Test::Number(of, test) => numbers(columns, of.kind(), |number| test(number))?,
        Test::Visitor(these) => numbers(columns, Kind::Visitor, |one| these.contains(one))?,
        Test::Day(test) => Mask::of_all(test(day)),
        Test::Hour(zone, test) => {
            let table: Vec<bool> = (0..24).map(|hour| test(hour)).collect();
            let rows = || Ok(of_each(&Hours::column(columns, zone)?, &table));
            Mask::coded(&table, rows)?
        }
        Test::Begins => Mask::Rows(part::begins(&columns.column(Kind::Session)?, n)?),
        Test::All(tests) => match passing(columns, day, tests)? {
            Some(rows) => Mask::Rows(rows),
            None => Mask::None,
        },
        Test::Any(tests) => {
            let mut any: Option<Vec<bool>> = None;
            for test in tests {
                match (mask(columns, day, test)?, &mut any) {
                    (Mask::All, _) => return Ok(Mask::All),
                    (Mask::None, _) => {}
                    (Mask::Rows(rows), None) => any = Some(rows),
                    (Mask::Rows(rows), Some(any)) => {
                        any.iter_mut()
                            .zip(rows)
                            .for_each(|(row, passes)| *row |= passes);
                    }
                }
            }
            any.map_or(Mask::None, Mask::Rows)
        }
        Test::Not(test) => match mask(columns, day, test)? {
            Mask::All => Mask::None,
            Mask::None => Mask::All,
            Mask::Rows(rows) => Mask::Rows(rows.into_iter().map(|passes| !passes).collect()),
        },
    })
}

/// Which rows of a day's part pass all tests; `None` when none does.
pub(super) fn passing(
    columns: &Columns,
    day: i32,
    tests: &[Test],
) -> Result<Option<Vec<bool>>, ReadError> {
    let mut all: Option<Vec<bool>> = None;
    for test in tests {
        match (mask(columns, day, test)?, &mut all) {
            (Mask::All, _) => {}
            (Mask::None, _) => return Ok(None),
            (Mask::Rows(rows), None) => all = Some(rows),
            (Mask::Rows(rows), Some(all)) => {
                all.iter_mut()
                    .zip(rows)
                    .for_each(|(row, passes)| *row &= passes);
            }
        }
    }
    Ok(Some(all.unwrap_or_else(|| vec![true; columns.head.rows])))
}

/// Whether a row passes all tests.
pub(super) fn passes(row: &Row, tests: &[Test]) -> bool {
    tests.iter().all(|test| match test {
        Test::Number(of, test) => test(of.of(row)),
        Test::Visitor(these) => these.contains(row.visitor),
        Test::Metadata(key, test) => test(row.metadata(key).as_deref()),
        Test::Day(test) => test(row.day),
        Test::Hour(zone, test) => test(hour::of(row.at, zone)),
        Test::Begins => row.place.begins,
        Test::All(tests) => passes(row, tests),
        Test::Any(tests) => tests
            .iter()
            .any(|test| passes(row, std::slice::from_ref(test))),
        Test::Not(test) => !passes(row, std::slice::from_ref(test)),
    })
}
