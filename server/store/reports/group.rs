//! What events are grouped by, and the groups that a part's rows are in.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;

use super::cell::Key;
use super::file::{Columns, ReadError};
use super::hour::{self, Hours};
use super::part::{self, Coded, Kind};
use super::row::Row;
use super::test::Of;

/// Pairs of codes that are numbered by a table; more are numbered by a map.
const PAIRS: usize = 1 << 20;

/// What events are grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Not at all.
    Total,
    /// What a number stands for.
    Number(Of),
    /// The page, of page views alone: goals fire on pages too, and are in no group.
    Viewed,
    /// The last page that a session saw on a day. Of its counts only sessions and visitors mean something.
    Exit,
    /// A key of metadata. Events without it are in no group.
    Metadata(Arc<str>),
    /// The hour of the day in a zone.
    Hour(TimeZone),
    /// Several of the above at once, but for the total and the last page.
    Several(Arc<[Axis]>),
}

/// One of several things that events are grouped by at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Which.
    pub by: By,
    /// Which of its numbers are one.
    pub fold: Option<Fold>,
}

/// Gives one number for all that are to be one: thousands of origins have a few channels.
#[derive(Clone)]
pub struct Fold(pub Arc<dyn Fn(u32) -> u32 + Send + Sync>);

impl Fold {
    /// Makes those one which are the same by `what`.
    pub fn alike<W: Eq + Hash + Send + 'static>(
        what: impl Fn(u32) -> W + Send + Sync + 'static,
    ) -> Fold {
        Fold(Arc::new(first_alike(what)))
    }
}

/// Gives for each the first that was seen which is the same by `what`.
pub fn first_alike<N: Copy + Eq + Hash, W: Eq + Hash>(what: impl Fn(N) -> W) -> impl Fn(N) -> N {
    let folded: Mutex<(HashMap<N, N>, HashMap<W, N>)> = Mutex::default();
    move |one| {
        let lock = || folded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().0.get(&one) {
            return *known;
        }
        let what = what(one);
        let mut folded = lock();
        let first = *folded.1.entry(what).or_insert(one);
        folded.0.insert(one, first);
        first
    }
}

impl PartialEq for Fold {
    fn eq(&self, other: &Fold) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Fold {}

impl std::fmt::Debug for Fold {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Fold")
    }
}

impl By {
    /// Those that a day's sums are kept of.
    pub(super) const KEPT: [By; 8] = [
        By::Total,
        By::Number(Of::Goal),
        By::Number(Of::Page),
        By::Number(Of::Entry),
        By::Exit,
        By::Number(Of::Origin),
        By::Number(Of::Client),
        By::Viewed,
    ];

    /// The number under which a day's sums are kept.
    pub(in crate::store) fn number(&self) -> Option<i64> {
        By::KEPT
            .iter()
            .zip(0..)
            .find(|(by, _)| *by == self)
            .map(|(_, number)| number)
    }

    /// The group of a row, if it is in any.
    pub(super) fn key(&self, row: &Row) -> Option<Key> {
        match self {
            By::Total => Some(Key::Number(0)),
            By::Number(of) => Some(Key::Number(of.of(row))),
            By::Viewed => (row.goal == 0).then_some(Key::Number(row.url)),
            By::Exit => Some(Key::Number(row.url)),
            By::Metadata(key) => row.metadata(key).map(Key::Text),
            By::Hour(zone) => Some(Key::Number(hour::of(row.at, zone))),
            By::Several(axes) => {
                let keys = axes.iter().map(|axis| Some(axis.folded(axis.by.key(row)?)));
                keys.collect::<Option<Arc<[Key]>>>().map(Key::Several)
            }
        }
    }
}

impl Axis {
    pub(in crate::store) fn folded(&self, key: Key) -> Key {
        match (key, &self.fold) {
            (Key::Number(number), Some(Fold(fold))) => Key::Number(fold(number)),
            (key, _) => key,
        }
    }
}

/// The groups of a part, and which of them each row is in.
pub(super) struct Grouping {
    /// `None` for rows that are in no group.
    pub(super) keys: Vec<Option<Key>>,
    pub(super) rows: Vec<u32>,
}

impl Grouping {
    /// `None` when no row is in any.
    pub(super) fn of(columns: &Columns, by: &By) -> Result<Option<Grouping>, ReadError> {
        let n = columns.head.rows;
        let numbered = |kind| {
            let codes = part::codes(&columns.column(kind)?, n)?;
            let keys = codes.occurs.into_iter().map(|n| Some(Key::Number(n)));
            Ok::<_, ReadError>(Grouping {
                keys: keys.collect(),
                rows: codes.rows,
            })
        };
        Ok(Some(match by {
            By::Total => Grouping {
                keys: vec![Some(Key::Number(0))],
                rows: vec![0; n],
            },
            By::Number(of) => numbered(of.kind())?,
            By::Viewed => {
                let goals = part::codes(&columns.column(Kind::Goal)?, n)?;
                let mut pages = numbered(Kind::Url)?;
                let none = pages.keys.len() as u32;
                pages.keys.push(None);
                for (page, goal) in pages.rows.iter_mut().zip(&goals.rows) {
                    if goals.occurs[*goal as usize] != 0 {
                        *page = none;
                    }
                }
                pages
            }
            By::Exit => numbered(Kind::Url)?,
            By::Metadata(key) => match columns.metadata(key)? {
                Some(codes) => {
                    let keys = codes.occurs.into_iter().map(|text| text.map(Key::Text));
                    Grouping {
                        keys: keys.collect(),
                        rows: codes.rows,
                    }
                }
                None => return Ok(None),
            },
            By::Hour(zone) => Grouping {
                keys: (0..24).map(|hour| Some(Key::Number(hour))).collect(),
                rows: Hours::column(columns, zone)?,
            },
            By::Several(axes) => {
                return several(n, axes, |axis| Grouping::of(columns, &axis.by));
            }
        }))
    }

    /// The same of some rows alone, in their order: of what has few groups hardly anything else is looked at.
    pub(super) fn of_some(
        columns: &Columns,
        by: &By,
        some: &[u32],
    ) -> Result<Option<Grouping>, ReadError> {
        let number = |of: Of| {
            let column = columns.column(of.kind())?;
            let codes = Coded::read(&column, columns.head.rows)?;
            // What is collected as a result grows bit by bit.
            let mut rows = Vec::with_capacity(some.len());
            for row in some {
                rows.push(codes.place(*row as usize)? as u32);
            }
            let keys = codes.occurs.iter().map(|n| Some(Key::Number(*n)));
            let keys = keys.collect();
            Ok::<_, ReadError>(Some(Grouping { keys, rows }))
        };
        let is_number = |axis: &Axis| matches!(axis.by, By::Number(_));
        match by {
            By::Total => Ok(Some(Grouping {
                keys: vec![Some(Key::Number(0))],
                rows: vec![0; some.len()],
            })),
            By::Number(of) => number(*of),
            By::Several(axes) if axes.iter().all(is_number) => {
                several(some.len(), axes, |axis| match axis.by {
                    By::Number(of) => number(of),
                    _ => Ok(None),
                })
            }
            _ => {
                let Some(Grouping { keys, rows }) = Grouping::of(columns, by)? else {
                    return Ok(None);
                };
                let rows = some.iter().map(|row| rows[*row as usize]).collect();
                Ok(Some(Grouping { keys, rows }))
            }
        }
    }

    /// The same with numbers that are to be one being one.
    fn folded(self, axis: &Axis) -> Grouping {
        if axis.fold.is_none() {
            return self;
        }
        let mut keys = Vec::new();
        let mut places: HashMap<Option<Key>, u32> = HashMap::new();
        let mut place = |key: Option<Key>| {
            *places.entry(key).or_insert_with_key(|key| {
                keys.push(key.clone());
                keys.len() as u32 - 1
            })
        };
        let table: Vec<u32> = self
            .keys
            .into_iter()
            .map(|key| place(key.map(|key| axis.folded(key))))
            .collect();
        Grouping {
            rows: self
                .rows
                .into_iter()
                .map(|code| table[code as usize])
                .collect(),
            keys,
        }
    }
}

/// Groups of each combination that occurs in so many rows; `of` gives those of one axis.
fn several(
    rows: usize,
    axes: &[Axis],
    of: impl Fn(&Axis) -> Result<Option<Grouping>, ReadError>,
) -> Result<Option<Grouping>, ReadError> {
    let mut rows = vec![0; rows];
    let mut groups: Vec<Option<Vec<Key>>> = vec![Some(Vec::new())];
    for axis in axes {
        let Some(next) = of(axis)? else {
            return Ok(None);
        };
        let next = next.folded(axis);
        let pairs = number_pairs(&mut rows, &next.rows, groups.len(), next.keys.len());
        groups = pairs
            .into_iter()
            .map(|(group, code)| {
                let mut keys = groups[group as usize].clone()?;
                keys.push(next.keys[code as usize].clone()?);
                Some(keys)
            })
            .collect();
    }
    Ok(Some(Grouping {
        keys: groups
            .into_iter()
            .map(|keys| keys.map(|keys| Key::Several(keys.into())))
            .collect(),
        rows,
    }))
}

/// Puts the number of each pair of codes in the place of the first; gives the pairs by number.
fn number_pairs(
    first: &mut [u32],
    second: &[u32],
    firsts: usize,
    seconds: usize,
) -> Vec<(u32, u32)> {
    const NEW: u32 = u32::MAX;
    let mut pairs = Vec::new();
    let mut table = match firsts.checked_mul(seconds) {
        Some(all) if all <= PAIRS => vec![NEW; all],
        _ => Vec::new(),
    };
    let mut map: HashMap<(u32, u32), u32> = HashMap::new();
    for (first, second) in first.iter_mut().zip(second) {
        let pair = (*first, *second);
        let number = match table.get_mut(pair.0 as usize * seconds + pair.1 as usize) {
            Some(number) => number,
            None => map.entry(pair).or_insert(NEW),
        };
        if *number == NEW {
            *number = pairs.len() as u32;
            pairs.push(pair);
        }
        *first = *number;
    }
    pairs
}
