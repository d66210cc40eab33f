//! What the store is asked for a query: what it groups by, and what events must be. What its numbers are called is read
//! while it scans; where that fails, the answer fails.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use roaring::RoaringBitmap;

use super::dimension::{Dimension, Named};
use super::filter::Filter;
use super::operator::{Matcher, Operator};
use super::range::Range;
use crate::account::GoalBook;
use crate::store::reports::cell::Key;
use crate::store::reports::group::{Axis, By, Fold, first_alike};
use crate::store::reports::test::{NumberTest, Of, Test};
use crate::store::{ReadError, Store};

/// Values of a row's dimensions, in their order; `None` where there is none.
pub(super) type Values = Vec<Option<String>>;

/// What numbers are called.
#[derive(Clone)]
pub(super) struct Names {
    store: Arc<Store>,
    book: Arc<GoalBook>,
    failed: Arc<Mutex<Option<rusqlite::Error>>>,
}

impl Names {
    pub(super) fn new(store: &Arc<Store>, book: &Arc<GoalBook>) -> Names {
        Names {
            store: store.clone(),
            book: book.clone(),
            failed: Arc::default(),
        }
    }

    pub(super) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub(super) fn book(&self) -> &GoalBook {
        &self.book
    }

    pub(super) fn value(&self, named: Named, number: u32) -> Option<String> {
        let value = named.value(&self.store, number).unwrap_or_else(|error| {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            None
        })?;
        Some(match named {
            Named::Goal => self.book.shown(&value).to_owned(),
            _ => value,
        })
    }

    /// What `read` gives, unless a name that it asked for could not be read.
    pub(super) fn checked<T>(
        &self,
        read: impl FnOnce() -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let found = read()?;
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.take().map_or(Ok(found), |error| Err(error.into()))
    }
}

/// What settles a dimension's value, but for the day.
#[derive(Clone, PartialEq)]
enum Base {
    Number(Of),
    Exit,
    Hour,
    Metadata(Arc<str>),
}

/// How events are split by some dimensions: what the store groups by, and how its keys become values.
pub(super) struct Split {
    pub(super) by: By,
    pub(super) dimensions: Vec<Dimension>,
    bases: Vec<Base>,
    /// Of one thing that is a number: which of its numbers have the same values.
    pub(super) fold: Option<Fold>,
}

impl Split {
    pub(super) fn new(dimensions: &[Dimension], range: &Range, names: &Names) -> Split {
        let mut bases = Vec::new();
        for base in dimensions.iter().filter_map(base) {
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
        let by = |base: &Base| match base {
            Base::Number(of) => By::Number(*of),
            Base::Exit => By::Exit,
            Base::Hour => By::Hour(range.zone.clone()),
            Base::Metadata(key) => By::Metadata(key.clone()),
        };
        let mut of_one = None;
        let by = match bases.as_slice() {
            [] => By::Total,
            [one] => {
                of_one = fold(one, dimensions, names);
                by(one)
            }
            several => {
                let axis = |base: &Base| Axis {
                    by: by(base),
                    fold: fold(base, dimensions, names),
                };
                By::Several(several.iter().map(axis).collect())
            }
        };
        Split {
            by,
            dimensions: dimensions.to_vec(),
            bases,
            fold: of_one,
        }
    }

    /// Whether each goal is a row of its own.
    pub(super) fn is_by_goal(&self) -> bool {
        self.dimensions.contains(&Dimension::Named(Named::Goal))
    }

    /// Gives one day for all that have the same values, by what gives those.
    pub(super) fn days(
        &self,
        of_day: impl Fn(Named, i32) -> Option<String>,
    ) -> impl Fn(i32) -> i32 {
        let is_of_day = |dimension: &Dimension| match dimension {
            Dimension::Named(named) => named.is_of_day().then_some(*named),
            Dimension::Metadata(_) => None,
        };
        let of_days: Vec<Named> = self.dimensions.iter().filter_map(is_of_day).collect();
        first_alike(move |day| -> Values {
            of_days.iter().map(|named| of_day(*named, day)).collect()
        })
    }

    /// The values of a key of the store, but for those that the day settles; of a goal, where it is said which.
    pub(super) fn values(&self, key: &Key, names: &Names, goal: Option<&str>) -> Values {
        let value = |dimension: &Dimension| {
            if let (Dimension::Named(Named::Goal), Some(goal)) = (dimension, goal) {
                return Some(goal.to_owned());
            }
            let base = base(dimension)?;
            let key = match key {
                Key::Several(keys) => {
                    keys.get(self.bases.iter().position(|known| *known == base)?)?
                }
                key => key,
            };
            match (dimension, key) {
                (Dimension::Named(named), Key::Number(number)) => names.value(*named, *number),
                (Dimension::Metadata(_), Key::Text(text)) => Some(text.to_string()),
                _ => None,
            }
        };
        self.dimensions.iter().map(value).collect()
    }
}

fn base(dimension: &Dimension) -> Option<Base> {
    match dimension {
        Dimension::Metadata(key) => Some(Base::Metadata(key.clone())),
        Dimension::Named(Named::ExitPage) => Some(Base::Exit),
        Dimension::Named(Named::Hour) => Some(Base::Hour),
        Dimension::Named(named) => named.of().map(Base::Number),
    }
}

/// Makes numbers with the same values one: the first of them that was seen.
fn fold(base: &Base, dimensions: &[Dimension], names: &Names) -> Option<Fold> {
    if !matches!(base, Base::Number(_) | Base::Exit) {
        return None;
    }
    let of_base = dimensions.iter().filter_map(|dimension| match dimension {
        Dimension::Named(named) if self::base(dimension).as_ref() == Some(base) => Some(*named),
        _ => None,
    });
    let (of_base, names): (Vec<Named>, _) = (of_base.collect(), names.clone());
    let values = move |number| -> Values {
        let values = of_base.iter().map(|named| names.value(*named, number));
        values.collect()
    };
    Some(Fold::alike(values))
}

/// Who fired some goals.
pub(super) type WhoFired<'a> = &'a dyn Fn(&Arc<[String]>) -> Result<Arc<RoaringBitmap>, ReadError>;

/// What events must be to pass all of these filters; page views as fires of `as_goal`, where it is one.
pub(super) fn tests(
    names: &Names,
    range: &Range,
    filters: &[Filter],
    as_goal: Option<&str>,
    who_fired: WhoFired,
) -> Result<Vec<Test>, ReadError> {
    let mut tests = Vec::new();
    for filter in filters {
        match test(names, range, filter, as_goal, who_fired)? {
            Test::All(all) => tests.extend(all),
            one => tests.push(one),
        }
    }
    Ok(tests)
}

fn test(
    names: &Names,
    range: &Range,
    filter: &Filter,
    as_goal: Option<&str>,
    who_fired: WhoFired,
) -> Result<Test, ReadError> {
    let several = |filters: &[Filter]| tests(names, range, filters, as_goal, who_fired);
    Ok(match filter {
        Filter::Value(operator, Dimension::Named(Named::Goal), values) => {
            let matcher = Matcher::new(*operator, &asked(names.book(), *operator, values));
            match as_goal {
                Some(goal) => {
                    // On any day: whoever asks by days has sums.
                    let passes = matcher.passes(Some(goal));
                    Test::Day(Arc::new(move |_| passes))
                }
                None => {
                    let names = names.clone();
                    let passes =
                        move |number| matcher.passes(names.value(Named::Goal, number).as_deref());
                    Test::Number(Of::Goal, once(passes))
                }
            }
        }
        Filter::Value(operator, dimension, values) => {
            value_test(names, range, *operator, dimension, values)
        }
        Filter::Fired(fired, goals) => {
            let visitors = who_fired(goals)?;
            match fired {
                true => Test::Visitor(visitors),
                false => Test::Not(Box::new(Test::Visitor(visitors))),
            }
        }
        Filter::And(filters) => Test::All(several(filters)?),
        Filter::Or(filters) => {
            let each = filters
                .iter()
                .map(|filter| test(names, range, filter, as_goal, who_fired));
            Test::Any(each.collect::<Result<_, _>>()?)
        }
        Filter::Not(filter) => Test::Not(Box::new(test(names, range, filter, as_goal, who_fired)?)),
    })
}

/// What goals are called that were asked for by any of their names.
pub(super) fn shown(book: &GoalBook, goals: &[String]) -> Vec<String> {
    goals
        .iter()
        .map(|goal| book.shown(goal).to_owned())
        .collect()
}

/// The values of a condition on goals, whole names as they are shown.
fn asked(book: &GoalBook, operator: Operator, values: &Arc<[String]>) -> Arc<[String]> {
    match operator {
        Operator::Is | Operator::IsNot => shown(book, values).into(),
        _ => values.clone(),
    }
}

fn value_test(
    names: &Names,
    range: &Range,
    operator: Operator,
    dimension: &Dimension,
    values: &Arc<[String]>,
) -> Test {
    let matcher = Matcher::new(operator, values);
    match dimension {
        Dimension::Metadata(key) => {
            Test::Metadata(key.clone(), Arc::new(move |value| matcher.passes(value)))
        }
        Dimension::Named(named) if named.is_of_day() => {
            let named = *named;
            Test::Day(Arc::new(move |day| {
                matcher.passes(named.of_day(day).as_deref())
            }))
        }
        Dimension::Named(named) => {
            let (named, names) = (*named, names.clone());
            let passes = once(move |number| matcher.passes(names.value(named, number).as_deref()));
            match named.of() {
                Some(of) => Test::Number(of, passes),
                // Of an hour its name is read alike; no other is let in.
                None => Test::Hour(range.zone.clone(), passes),
            }
        }
    }
}

/// The same, asked once for each number: what occurs on one day occurs on others.
pub(super) fn once(test: impl Fn(u32) -> bool + Send + Sync + 'static) -> Arc<NumberTest> {
    let known: Mutex<HashMap<u32, bool>> = Mutex::default();
    Arc::new(move |number| {
        let lock = || known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(passes) = lock().get(&number) {
            return *passes;
        }
        let passes = test(number);
        lock().insert(number, passes);
        passes
    })
}
