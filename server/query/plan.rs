//! What the store is asked for a query: what it groups by, and what events must be. What its numbers are called is read
//! while it scans; where that fails, the answer fails.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use roaring::RoaringBitmap;

use super::dimension::{Dimension, Named};
use super::filter::Filter;
use super::operator::{Matcher, Operator};
use super::range::Range;
use crate::store::event::{GoalName, SiteId};
use crate::store::reports::cell::{Groups, Key, Visitors};
use crate::store::reports::group::{Axis, By, Fold};
use crate::store::reports::test::{NumberTest, Of, Test};
use crate::store::{ReadError, Store};

/// Values of a row's dimensions, in their order; `None` where there is none.
pub(super) type Values = Vec<Option<String>>;

/// What numbers are called.
#[derive(Clone)]
pub(super) struct Names {
    store: Arc<Store>,
    failed: Arc<Mutex<Option<rusqlite::Error>>>,
}

impl Names {
    pub(super) fn new(store: &Arc<Store>) -> Names {
        Names {
            store: store.clone(),
            failed: Arc::default(),
        }
    }

    fn value(&self, named: Named, number: u32) -> Option<String> {
        named.value(&self.store, number).unwrap_or_else(|error| {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            None
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
        let by = match bases.as_slice() {
            [] => By::Total,
            [one] => by(one),
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
        }
    }

    /// The values of a key of the store, but for those that the day settles.
    pub(super) fn values(&self, key: &Key, names: &Names) -> Values {
        let value = |dimension: &Dimension| {
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
    let Base::Number(of) = base else { return None };
    let of_base = dimensions.iter().filter_map(|dimension| match dimension {
        Dimension::Named(named) if named.of() == Some(*of) => Some(*named),
        _ => None,
    });
    let (of_base, names): (Vec<Named>, _) = (of_base.collect(), names.clone());
    let folded: Mutex<(HashMap<u32, u32>, HashMap<Values, u32>)> = Mutex::default();
    Some(Fold(Arc::new(move |number| {
        let lock = || folded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().0.get(&number) {
            return *known;
        }
        let values = of_base
            .iter()
            .map(|named| names.value(*named, number))
            .collect();
        let mut folded = lock();
        let first = *folded.1.entry(values).or_insert(number);
        folded.0.insert(number, first);
        first
    })))
}

/// What events must be to pass all of these filters.
pub(super) fn tests(
    names: &Names,
    site: SiteId,
    range: &Range,
    filters: &[Filter],
) -> Result<Vec<Test>, ReadError> {
    let mut tests = Vec::new();
    for filter in filters {
        match test(names, site, range, filter)? {
            Test::All(all) => tests.extend(all),
            one => tests.push(one),
        }
    }
    Ok(tests)
}

fn test(names: &Names, site: SiteId, range: &Range, filter: &Filter) -> Result<Test, ReadError> {
    let several = |filters: &[Filter]| tests(names, site, range, filters);
    Ok(match filter {
        Filter::Value(operator, dimension, values) => {
            value_test(names, range, *operator, dimension, values)
        }
        Filter::Fired(fired, goals) => {
            let visitors = who_fired(&names.store, site, range, goals)?;
            let fired = *fired;
            Test::Number(
                Of::Visitor,
                Arc::new(move |visitor| visitors.contains(visitor) == fired),
            )
        }
        Filter::And(filters) => Test::All(several(filters)?),
        Filter::Or(filters) => {
            let each = filters
                .iter()
                .map(|filter| test(names, site, range, filter));
            Test::Any(each.collect::<Result<_, _>>()?)
        }
        Filter::Not(filter) => Test::Not(Box::new(test(names, site, range, filter)?)),
    })
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
fn once(test: impl Fn(u32) -> bool + Send + Sync + 'static) -> Arc<NumberTest> {
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

/// The numbers of goals that are meant.
pub(super) fn goals(
    store: &Store,
    site: SiteId,
    is_meant: impl Fn(&GoalName) -> bool,
) -> Result<HashSet<u32>, ReadError> {
    let all = store.goals(site)?.into_iter();
    let meant = all.filter(|(_, name)| is_meant(name));
    Ok(meant.map(|(number, _)| number).collect())
}

/// Groups of a site's events by day: of those that pass all filters, and of fires of some goals alone where there are any.
pub(super) fn ask(
    names: &Names,
    site: SiteId,
    range: &Range,
    split: &Split,
    filters: &[Test],
    goals: Option<HashSet<u32>>,
) -> Result<BTreeMap<i32, Groups>, ReadError> {
    let reports = names.store.reports();
    names.checked(|| match goals {
        None => reports.answer(site, range.days(), &split.by, filters),
        // Of each goal sums are kept, and nothing else splits them here.
        Some(goals)
            if matches!(split.by, By::Total | By::Number(Of::Goal))
                && filters.iter().all(|test| matches!(test, Test::Day(_))) =>
        {
            let mut days = reports.answer(site, range.days(), &By::Number(Of::Goal), filters)?;
            let is_meant = |key: &Key| matches!(key, Key::Number(number) if goals.contains(number));
            days.values_mut()
                .for_each(|groups| groups.retain(|key, _| is_meant(key)));
            Ok(days)
        }
        Some(goals) => {
            let mut tests = filters.to_vec();
            tests.push(Test::Number(
                Of::Goal,
                Arc::new(move |number| goals.contains(&number)),
            ));
            reports.answer(site, range.days(), &split.by, &tests)
        }
    })
}

/// Everybody who fired one of these goals within the range.
fn who_fired(
    store: &Store,
    site: SiteId,
    range: &Range,
    goals: &[String],
) -> Result<RoaringBitmap, ReadError> {
    let meant = self::goals(store, site, |name| {
        goals.iter().any(|goal| goal == name.as_str())
    })?;
    let days = store
        .reports()
        .answer(site, range.days(), &By::Number(Of::Goal), &[])?;
    let is_meant = |key: &Key| matches!(key, Key::Number(number) if meant.contains(number));
    let cells = days.values().flatten().filter(|(key, _)| is_meant(key));
    Ok(Visitors::union(cells.map(|(_, cell)| &cell.visitors)))
}
