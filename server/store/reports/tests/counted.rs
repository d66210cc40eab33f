//! Groups that are counted as one, by the slow obvious version.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::{ALL_DAYS, BERLIN, SITE, assert_same, hour, plan};
use crate::store::Store;
use crate::store::reports::cell::{Amount, Counts, Key, Revenue, Visitors, add_revenues};
use crate::store::reports::group::{Axis, By, Fold};
use crate::store::reports::needs::{Needs, Together, Who};
use crate::store::reports::row::Row;
use crate::store::reports::test::{Of, Test};

/// Sums, how many visitors, and euros.
type Sums = BTreeMap<(i32, Key), (Counts, u64, Amount)>;

/// Days that are one, numbers that are one, and who is named.
struct Alike<'a> {
    days: &'a dyn Fn(i32) -> i32,
    fold: Option<&'a Fold>,
    named: &'a RoaringBitmap,
}

fn counted(
    rows: &[Row],
    alike: &Alike,
    key: impl Fn(&Row) -> Option<Key>,
    passes: impl Fn(&Row) -> bool,
) -> Sums {
    let mut sums = super::Counted::new();
    for ((day, key), (counts, visitors, money)) in super::count(rows, key, passes) {
        let place = ((alike.days)(day), folded(key, alike.fold));
        let sum = sums.entry(place).or_default();
        sum.0.add(&counts);
        sum.1.extend(visitors);
        sum.2.minor += money.minor;
        sum.2.fires += money.fires;
    }
    let sums = sums.into_iter();
    sums.map(|(place, (counts, visitors, money))| (place, (counts, visitors.len() as u64, money)))
        .collect()
}

fn folded(key: Key, fold: Option<&Fold>) -> Key {
    match (key, fold) {
        (Key::Number(number), Some(Fold(fold))) => Key::Number(fold(number)),
        (key, _) => key,
    }
}

fn answered(store: &Store, alike: &Alike, by: &By, tests: &[Test]) -> Sums {
    let needs = Needs {
        visitors: Who::Counted(Together {
            days: alike.days,
            fold: alike.fold,
            named: alike.named,
        }),
        revenue: true,
    };
    let reports = store.reports();
    let answer = reports.answer(SITE, ALL_DAYS, by, tests, &needs).unwrap();
    let mut together: BTreeMap<(i32, Key), (Counts, Vec<Visitors>, Revenue)> = BTreeMap::new();
    for (day, groups) in answer {
        for (key, cell) in groups {
            let place = ((alike.days)(day), folded(key, alike.fold));
            let (counts, visitors, revenue) = together.entry(place).or_default();
            counts.add(&cell.counts);
            visitors.push(cell.visitors);
            add_revenues(revenue, &cell.revenue);
        }
    }
    let sums = |(counts, visitors, revenue): (Counts, Vec<Visitors>, Revenue)| {
        let named = Visitors::union(&visitors);
        let more: u64 = visitors.iter().map(Visitors::more).sum();
        assert!(store.reports().counts() || more == 0);
        let money = revenue.get(b"EUR").copied().unwrap_or_default();
        (counts, named.len() + more, money)
    };
    let together = together.into_iter();
    together.map(|(place, all)| (place, sums(all))).collect()
}

/// Every answer of groups that are one is what counting the log's rows gives.
pub(super) fn assert_right(store: &Store, rows: &[Row]) {
    let (nobody, some): (RoaringBitmap, RoaringBitmap) =
        (RoaringBitmap::new(), (0..100_000).step_by(3).collect());
    let thirds = Fold::alike(|number| number % 3);
    let goal = Test::Number(Of::Goal, Arc::new(|goal| goal % 2 == 1));
    let even = Test::Day(Arc::new(|day| day % 2 == 0));
    let (of_goal, of_even) = (|row: &Row| row.goal % 2 == 1, |row: &Row| row.day % 2 == 0);
    let by_origin = |row: &Row| Some(Key::Number(row.place.shared.origin));
    let three_days = |day: i32| day.div_euclid(3) * 3 + 1;
    for (named, days) in [
        (&nobody, &(|_| 7) as &dyn Fn(i32) -> i32),
        (&some, &three_days),
    ] {
        let mut alike = Alike {
            days,
            fold: None,
            named,
        };
        assert_same(
            answered(store, &alike, &By::Total, &[]),
            counted(rows, &alike, |_| Some(Key::Number(0)), |_| true),
            "all, together",
        );
        let by_plan = By::Metadata("plan".into());
        assert_same(
            answered(store, &alike, &by_plan, std::slice::from_ref(&goal)),
            counted(
                rows,
                &alike,
                |row| Some(Key::Text(plan(row)?.into())),
                of_goal,
            ),
            "by metadata, together",
        );
        alike.fold = Some(&thirds);
        assert_same(
            answered(store, &alike, &By::Number(Of::Origin), &[]),
            counted(rows, &alike, by_origin, |_| true),
            "by thirds, together",
        );
        assert_same(
            answered(
                store,
                &alike,
                &By::Number(Of::Origin),
                std::slice::from_ref(&even),
            ),
            counted(rows, &alike, by_origin, of_even),
            "on some days, together",
        );
        let tests = [goal.clone(), even.clone()];
        assert_same(
            answered(store, &alike, &By::Number(Of::Origin), &tests),
            counted(rows, &alike, by_origin, |row| of_goal(row) && of_even(row)),
            "filtered, together",
        );
        let sessions = |sums: Sums| -> BTreeMap<(i32, Key), (u64, u64)> {
            let sums = sums.into_iter().filter(|(_, sums)| sums.0.sessions > 0);
            sums.map(|(place, (counts, visitors, _))| (place, (counts.sessions, visitors)))
                .collect()
        };
        // Each last page as if the session had seen no other.
        let mut last: BTreeMap<(i32, i64), Row> = BTreeMap::new();
        for row in rows
            .iter()
            .filter(|row| row.goal == 0 && row.place.session != 0)
        {
            let known = last.get(&(row.day, row.place.session));
            if known.is_none_or(|known| (known.at, known.id) < (row.at, row.id)) {
                let mut row = row.clone();
                row.place.begins = true;
                last.insert((row.day, row.place.session), row);
            }
        }
        let last: Vec<Row> = last.into_values().collect();
        assert_same(
            sessions(answered(store, &alike, &By::Exit, &[])),
            sessions(counted(
                &last,
                &alike,
                |row| Some(Key::Number(row.url)),
                |_| true,
            )),
            "by last page, together",
        );
        assert_same(
            answered(store, &alike, &By::Viewed, &[]),
            counted(
                rows,
                &alike,
                |row| (row.goal == 0).then_some(Key::Number(row.url)),
                |_| true,
            ),
            "by page, together",
        );
        alike.fold = None;
        let axes = [
            Axis {
                by: By::Number(Of::Client),
                fold: Some(thirds.clone()),
            },
            Axis {
                by: By::Hour(BERLIN.clone()),
                fold: None,
            },
        ];
        let of_thirds = &thirds.0;
        assert_same(
            answered(store, &alike, &By::Several(axes.into()), &[]),
            counted(
                rows,
                &alike,
                |row| {
                    let client = Key::Number(of_thirds(row.place.shared.client));
                    Some(Key::Several([client, Key::Number(hour(row))].into()))
                },
                |_| true,
            ),
            "by several, together",
        );
    }
}
