//! Events that belong to the steps of a funnel, from columns and from rows.

use rusqlite::Connection;

use super::file::{Columns, Part, ReadError};
use super::part::{self, Kind};
use super::row::Row;
use super::test::{Test, passes, passing};

/// An event that belongs to at least one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Whose.
    pub visitor: u32,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Its number in the log.
    pub id: i64,
    /// To which steps it belongs: a bit a step, the lowest for the first.
    pub steps: u8,
}

/// Steps that there may be.
pub const STEPS: usize = u8::BITS as usize;

/// Those of a part that pass `tests`.
pub(super) fn part(
    connection: &Connection,
    part: &Part,
    steps: &[Test],
    tests: &[Test],
) -> Result<Vec<Step>, ReadError> {
    let columns = Columns::open(connection, part)?;
    let n = columns.head.rows;
    let Some(all) = passing(&columns, part.day, tests)? else {
        return Ok(Vec::new());
    };
    let mut belongs = vec![0u8; n];
    for (nth, step) in steps.iter().enumerate().take(STEPS) {
        if let Some(rows) = passing(&columns, part.day, std::slice::from_ref(step))? {
            for (belongs, passes) in belongs.iter_mut().zip(rows) {
                *belongs |= u8::from(passes) << nth;
            }
        }
    }
    let ids = part::ids(&columns.column(Kind::Id)?, n)?;
    let at = part::numbers(&columns.column(Kind::At)?, n)?;
    let visitors = part::codes(&columns.column(Kind::Visitor)?, n)?;
    let found = (0..n)
        .filter(|i| all[*i] && belongs[*i] != 0)
        .map(|i| Step {
            visitor: visitors.occurs[visitors.rows[i] as usize],
            at: at[i],
            id: ids[i],
            steps: belongs[i],
        });
    Ok(found.filter(|step| step.visitor != 0).collect())
}

/// Those of the rows that pass `tests`.
pub(super) fn rows<'a>(
    rows: impl Iterator<Item = &'a Row>,
    steps: &[Test],
    tests: &[Test],
) -> Vec<Step> {
    let step = |row: &Row| {
        let belongs =
            |(nth, step): (usize, &Test)| u8::from(passes(row, std::slice::from_ref(step))) << nth;
        Step {
            visitor: row.visitor,
            at: row.at,
            id: row.id,
            steps: steps
                .iter()
                .enumerate()
                .take(STEPS)
                .map(belongs)
                .fold(0, |all, one| all | one),
        }
    };
    rows.filter(|row| row.visitor != 0 && passes(row, tests))
        .map(step)
        .filter(|step| step.steps != 0)
        .collect()
}
