//! A question → groups, from columns and from rows. What is tested and grouped by is looked at once for each thing that
//! occurs in a column; a row costs a few look-ups in small tables.

use std::collections::HashMap;

use roaring::RoaringBitmap;
use rusqlite::Connection;

use super::cell::{Amount, Cell, Counting, Counts, Groups, Visitors, add_revenue};
use super::file::{Columns, Part, ReadError};
use super::group::{By, Grouping};
use super::part::{self, Codes, Kind};
use super::row::Row;
use super::test::{Test, passes, passing};

/// Words of 64 visitors that one part's groups may take while they are counted; past that, pairs are sorted.
const WORDS: usize = 1 << 22;

/// Groups of a part's events.
pub(super) fn part(
    connection: &Connection,
    part: &Part,
    by: &By,
    tests: &[Test],
) -> Result<Groups, ReadError> {
    let columns = Columns::open(connection, part)?;
    let n = columns.head.rows;
    let Some(passes) = passing(&columns, part.day, tests)? else {
        return Ok(Groups::new());
    };
    let codes =
        |kind| -> Result<Codes<u32>, ReadError> { Ok(part::codes(&columns.column(kind)?, n)?) };
    let goals = codes(Kind::Goal)?;
    let Some(Grouping { keys, rows: groups }) = Grouping::of(&columns, by)? else {
        return Ok(Groups::new());
    };
    let is_view: Vec<bool> = goals.occurs.iter().map(|goal| *goal == 0).collect();
    let sessions = part::small_numbers(&columns.column(Kind::Session)?, n)?;
    let steps = part::small_numbers(&columns.column(Kind::Step)?, n)?;
    let visitors = codes(Kind::Visitor)?;
    let mut counts = vec![Counts::default(); keys.len()];
    let mut seen = Seen::new(keys.len(), &visitors.occurs);
    for i in 0..n {
        if passes[i] {
            let group = groups[i] as usize;
            let (step, is_view) = (steps[i], is_view[goals.rows[i] as usize]);
            counts[group].event(is_view, sessions[i] == 1, step % 2 == 1, step / 2);
            seen.add(group, visitors.rows[i]);
        }
    }
    let mut cells: Vec<Cell> = counts
        .into_iter()
        .zip(seen.visitors(&visitors.occurs))
        .map(|(counts, visitors)| Cell {
            counts,
            visitors,
            revenue: Default::default(),
        })
        .collect();
    for (at, money) in part::revenue(&columns.column(Kind::Revenue)?)? {
        if passes.get(at).copied().unwrap_or_default() {
            add_revenue(
                &mut cells[groups[at] as usize].revenue,
                money.currency,
                Amount::of(money.minor),
            );
        }
    }
    let named = keys
        .into_iter()
        .zip(cells)
        .filter_map(|(key, cell)| Some((key?, cell)));
    Ok(named
        .filter(|(_, cell)| cell.counts.views + cell.counts.fires > 0)
        .collect())
}

/// Which visitors each group saw, by their places in the part's list.
enum Seen {
    /// A bit a group and visitor.
    Bits { words: usize, bits: Vec<u64> },
    /// A pair an event, where bits would take too much room.
    Pairs(Vec<(u32, u32)>, usize),
}

impl Seen {
    fn new(groups: usize, visitors: &[u32]) -> Seen {
        let words = visitors.len().div_ceil(64);
        match words.checked_mul(groups) {
            Some(all) if all <= WORDS => Seen::Bits {
                words,
                bits: vec![0; all],
            },
            _ => Seen::Pairs(Vec::new(), groups),
        }
    }

    fn add(&mut self, group: usize, visitor: u32) {
        match self {
            Seen::Bits { words, bits } => {
                bits[group * *words + visitor as usize / 64] |= 1 << (visitor % 64);
            }
            Seen::Pairs(pairs, _) => pairs.push((group as u32, visitor)),
        }
    }

    /// Each group's visitors. Number 0 is nobody.
    fn visitors(self, numbers: &[u32]) -> Vec<Visitors> {
        let ready = |sorted: Vec<u32>| {
            Visitors::Ready(RoaringBitmap::from_sorted_iter(sorted).unwrap_or_default())
        };
        match self {
            Seen::Bits { words: 0, .. } => Vec::new(),
            Seen::Bits { words, bits } => bits
                .chunks(words)
                .map(|group| {
                    let mut out = Vec::new();
                    for (word, bits) in group.iter().enumerate() {
                        let mut bits = *bits;
                        while bits != 0 {
                            let number = numbers[word * 64 + bits.trailing_zeros() as usize];
                            out.extend((number != 0).then_some(number));
                            bits &= bits - 1;
                        }
                    }
                    ready(out)
                })
                .collect(),
            Seen::Pairs(mut pairs, groups) => {
                pairs.sort_unstable();
                pairs.dedup();
                let mut out = vec![Vec::new(); groups];
                for (group, visitor) in pairs {
                    let number = numbers[visitor as usize];
                    out[group as usize].extend((number != 0).then_some(number));
                }
                out.into_iter().map(ready).collect()
            }
        }
    }
}

/// Groups of rows, by day.
pub(super) fn rows<'a>(
    rows: impl Iterator<Item = &'a Row>,
    by: &By,
    tests: &[Test],
) -> HashMap<i32, Groups> {
    let mut days: HashMap<i32, Counting> = HashMap::new();
    for row in rows {
        if !passes(row, tests) {
            continue;
        }
        if let Some(key) = by.key(row) {
            days.entry(row.day).or_default().event(key, row);
        }
    }
    days.into_iter()
        .map(|(day, counting)| (day, counting.groups()))
        .collect()
}
