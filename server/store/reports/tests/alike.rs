//! People who are counted and those who are told of make together what a slow obvious count of everybody does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::{ALL_DAYS, NOON, SITE, plan};
use crate::store::Store;
use crate::store::reports::alike::{Age, Alike, Did, Joining, Visiting};
use crate::store::reports::cell::Key;
use crate::store::reports::group::{Axis, By, Fold};
use crate::store::reports::marked::{Found, Wanted};
use crate::store::reports::row::Row;
use crate::store::reports::test::{Of, Test};

/// Sets by their bits: a goal, page views of some pages, anything, other goals, and what is paid.
const GOAL: u8 = 1;
const PAGES: u8 = 2;
const ANY: u8 = 4;
const OTHER: u8 = 8;
const PAID: u8 = 16;

fn sets() -> Vec<(u8, Test)> {
    let goal = |is: fn(u32) -> bool| Test::Number(Of::Goal, Arc::new(is));
    vec![
        (GOAL, goal(|goal| goal % 3 == 1)),
        (
            PAGES,
            Test::Number(Of::Page, Arc::new(|page| page % 2 == 1)),
        ),
        (ANY, Test::All(Vec::new())),
        (OTHER, goal(|goal| goal % 3 == 2)),
        (PAID, goal(|goal| goal == 1)),
    ]
}

/// What somebody did once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Done {
    at: i64,
    id: i64,
    day: i32,
    key: Option<Key>,
    sets: u8,
}

type Everybody = BTreeMap<u32, Vec<Done>>;

fn everybody(rows: &[Row], key: impl Fn(&Row) -> Option<Key>) -> Everybody {
    let mut everybody = Everybody::new();
    for row in rows
        .iter()
        .filter(|row| row.site == SITE.0 && row.visitor != 0)
    {
        let of = |is: bool, bits| if is { bits } else { 0 };
        everybody.entry(row.visitor).or_default().push(Done {
            at: row.at,
            id: row.id,
            day: row.day,
            key: key(row),
            sets: of(row.goal % 3 == 1, GOAL)
                | of(row.url % 2 == 1, PAGES)
                | ANY
                | of(row.goal % 3 == 2, OTHER),
        });
    }
    everybody.values_mut().for_each(|done| done.sort());
    everybody
}

fn told(found: &Found) -> Everybody {
    let mut everybody = Everybody::new();
    for event in found.events.iter() {
        everybody.entry(event.visitor).or_default().push(Done {
            at: event.at(),
            id: event.id(),
            day: event.day(),
            key: found.keys[event.key as usize].clone(),
            sets: event.sets(),
        });
    }
    everybody
}

fn key_of(found: &Found, key: u32) -> Option<Key> {
    found.keys[key as usize].clone()
}

/// People by day, key, whether they fired and their age; how many, and how many returned at each age.
type Cohorts = BTreeMap<(i32, Option<Key>, bool, i64), (u64, Vec<u64>)>;

fn add(cohorts: &mut Cohorts, of: (i32, Option<Key>, bool, i64), people: u64, returned: &[u64]) {
    let cohort = cohorts.entry(of).or_default();
    cohort.0 += people;
    cohort.1.resize(returned.len(), 0);
    for (sum, one) in cohort.1.iter_mut().zip(returned) {
        *sum += one;
    }
}

fn age_now(joining: &Joining, at: i64) -> i64 {
    match joining.age {
        Age::Periods(_) => 0,
        Age::Windows { length, now } => (now - at).div_euclid(length),
    }
}

fn join(
    everybody: &Everybody,
    joining: &Joining,
    fold: &dyn Fn(Option<Key>) -> Option<Key>,
) -> Cohorts {
    let mut cohorts = Cohorts::new();
    for done in everybody.values() {
        let Some(first) = done.iter().position(|one| one.sets & joining.joins != 0) else {
            continue;
        };
        let (began, later) = (&done[first], &done[first..]);
        if began.sets & joining.passes == 0 || !joining.days.contains(&began.day) {
            continue;
        }
        let returns = later.iter().filter(|one| one.sets & joining.returns != 0);
        let ages: BTreeSet<i64> = returns
            .map(|one| match joining.age {
                Age::Periods(of) => i64::from(of(one.day) - of(began.day)),
                Age::Windows { length, .. } => (one.at - began.at).div_euclid(length),
            })
            .collect();
        let is_in = |(from, to): &(i32, i32)| {
            let ages = ages.range(i64::from(*from)..=i64::from(*to));
            u64::from(ages.count() > 0)
        };
        let returned: Vec<u64> = joining.ages.iter().map(is_in).collect();
        let fired = later.iter().any(|one| one.sets & joining.fires != 0);
        let of = (
            began.day,
            fold(began.key.clone()),
            fired,
            age_now(joining, began.at),
        );
        add(&mut cohorts, of, 1, &returned);
    }
    cohorts
}

/// People by the keys of their visits.
type Paths = BTreeMap<Vec<Option<Key>>, u64>;

fn visit(
    everybody: &Everybody,
    visiting: &Visiting,
    apart: u8,
    fold: &dyn Fn(Option<Key>) -> Option<Key>,
) -> Paths {
    let mut paths = Paths::new();
    for done in everybody.values() {
        let visits = done.iter().filter(|one| one.sets & visiting.visits != 0);
        let visits: Vec<&Done> = visits.collect();
        let is_of = |one: &&Done| one.sets & visiting.meant != 0;
        let is_meant = visiting.meant == 0 || visits.iter().any(is_of);
        let Some(last) = visits
            .last()
            .filter(|last| last.day >= visiting.from && is_meant)
        else {
            continue;
        };
        if done.iter().any(|one| one.sets & apart != 0) {
            continue;
        }
        let within = visits
            .iter()
            .filter(|one| one.at >= last.at - visiting.window);
        *paths
            .entry(within.map(|one| fold(one.key.clone())).collect())
            .or_default() += 1;
    }
    paths
}

fn ask(store: &Store, by: &By, alike: Alike) -> Found {
    let sets = sets();
    let wanted = Wanted {
        sets: &sets,
        tests: &[],
        by,
        one_of: None,
        once_a_day: false,
        paid: PAID,
        alike: Some(alike),
    };
    store.reports().marked(SITE, ALL_DAYS, &wanted).unwrap()
}

/// Every question of people who did alike is answered as if everybody were told of.
pub(super) fn assert_right(store: &Store, rows: &[Row]) {
    let (nobody, some): (RoaringBitmap, RoaringBitmap) =
        (RoaringBitmap::new(), (0..100_000).step_by(3).collect());
    let thirds = Fold::alike(|number| number % 3);
    let fold_one = |key: &Key| match key {
        Key::Number(number) => Key::Number((thirds.0)(*number)),
        other => other.clone(),
    };
    let fold = |key: Option<Key>| match key? {
        Key::Several(keys) => Some(Key::Several(keys.iter().map(fold_one).collect())),
        one => Some(fold_one(&one)),
    };
    let (by_origin, by_plan) = (By::Number(Of::Origin), By::Metadata("plan".into()));
    let axis = |of| Axis {
        by: By::Number(of),
        fold: Some(thirds.clone()),
    };
    let by_both = By::Several([axis(Of::Origin), axis(Of::Entry)].into());
    let of_origin = everybody(rows, |row| Some(Key::Number(row.place.shared.origin)));
    let of_both = everybody(rows, |row| {
        let place = row.place.shared;
        let both = [place.origin, place.entry].map(Key::Number);
        fold(Some(Key::Several(both.into())))
    });
    let of_plan = everybody(rows, |row| Some(Key::Text(plan(row)?.into())));
    let ask = |did: Did, by: &By, apart: u8, named: &RoaringBitmap| {
        let fold = Some(&thirds);
        let alike = Alike {
            did,
            apart,
            named,
            fold,
        };
        ask(store, by, alike)
    };
    let pairs = |day: i32| day.div_euclid(2);
    let days = 19_998..=20_001;
    let joinings = [
        Joining {
            joins: ANY,
            passes: PAGES,
            returns: ANY,
            joining_returns: true,
            fires: 0,
            days: days.clone(),
            age: Age::Periods(&|day| day),
            ages: vec![(0, 0), (1, 1), (2, i32::MAX)],
        },
        Joining {
            joins: GOAL,
            passes: GOAL,
            returns: OTHER,
            joining_returns: false,
            fires: OTHER,
            days: days.clone(),
            age: Age::Periods(&pairs),
            ages: vec![(0, 0), (1, 2)],
        },
        Joining {
            joins: GOAL,
            passes: ANY,
            returns: ANY,
            joining_returns: true,
            fires: OTHER,
            days: i32::MIN..=i32::MAX,
            age: Age::Windows {
                length: 86_400_000,
                now: NOON * 1000 + 172_800_000,
            },
            ages: vec![(0, 0), (1, 1)],
        },
        Joining {
            joins: PAGES,
            passes: ANY,
            returns: GOAL,
            joining_returns: false,
            fires: 0,
            days: 20_000..=20_000,
            age: Age::Windows {
                length: 7_200_000,
                now: NOON * 1000 + 172_800_000,
            },
            ages: vec![(0, 3), (4, i32::MAX)],
        },
        Joining {
            joins: ANY,
            passes: ANY,
            returns: 0,
            joining_returns: false,
            fires: 0,
            days,
            age: Age::Periods(&pairs),
            ages: Vec::new(),
        },
    ];
    let turns = [
        (&by_origin, &of_origin, 0, &nobody),
        (&by_origin, &of_origin, PAID, &some),
        (&by_plan, &of_plan, 0, &some),
    ];
    for (joining, (by, all, apart, named)) in joinings
        .iter()
        .zip(turns.into_iter().cycle().skip(rows.len() % 3))
    {
        let found = ask(Did::Joined(joining), by, apart, named);
        let they = told(&found);
        let mut cohorts = join(&they, joining, &fold);
        for one in &found.counted.joined {
            let key = fold(key_of(&found, one.key));
            let of = (one.day, key, one.fired, age_now(joining, one.at));
            add(&mut cohorts, of, one.people, &one.returned);
        }
        assert_eq!(cohorts, join(all, joining, &fold));
        if apart == PAID {
            assert!(
                found
                    .paid
                    .iter()
                    .all(|paid| paid.visitor == 0 || they.contains_key(&paid.visitor))
            );
        }
        assert_is_apart(store, &found, &they, all, named);
    }
    let visitings = [
        Visiting {
            visits: ANY,
            window: 90_000_000,
            from: 20_001,
            meant: 0,
        },
        Visiting {
            visits: PAGES,
            window: 1,
            from: i32::MIN,
            meant: GOAL,
        },
    ];
    let turns = [
        (&by_origin, &of_origin, 0, &nobody),
        (&by_both, &of_both, OTHER, &some),
    ];
    for (visiting, (by, all, apart, named)) in visitings
        .iter()
        .zip(turns.into_iter().cycle().skip(rows.len() % 2))
    {
        let found = ask(Did::Visited(visiting), by, apart, named);
        let they = told(&found);
        let mut paths = visit(&they, visiting, apart, &fold);
        for one in &found.counted.visited {
            let keys = one.keys.iter().map(|key| fold(key_of(&found, *key)));
            *paths.entry(keys.collect()).or_default() += one.people;
        }
        assert_eq!(paths, visit(all, visiting, apart, &fold));
        let mut visits: BTreeMap<Option<Key>, u64> = BTreeMap::new();
        let is_visit = |one: &&Done| one.sets & visiting.visits != 0;
        for one in they.values().flatten().filter(is_visit) {
            *visits.entry(fold(one.key.clone())).or_default() += 1;
        }
        for (key, count) in found.counted.visits() {
            *visits.entry(fold(key_of(&found, key))).or_default() += count;
        }
        let mut wanted: BTreeMap<Option<Key>, u64> = BTreeMap::new();
        for one in all.values().flatten().filter(is_visit) {
            *wanted.entry(fold(one.key.clone())).or_default() += 1;
        }
        assert_eq!(visits, wanted);
        let of_apart = |done: &&Vec<Done>| done.iter().any(|one| one.sets & apart != 0);
        assert_eq!(
            they.values().filter(of_apart).count(),
            all.values().filter(of_apart).count()
        );
        assert_is_apart(store, &found, &they, all, named);
    }
}

/// Who is told of is told of wholly; where nobody is counted everybody is.
fn assert_is_apart(
    store: &Store,
    found: &Found,
    they: &Everybody,
    all: &Everybody,
    named: &RoaringBitmap,
) {
    for (visitor, done) in they {
        assert_eq!(done.len(), all[visitor].len());
    }
    assert!(
        all.keys()
            .all(|visitor| !named.contains(*visitor) || they.contains_key(visitor))
    );
    let is_counted = found.counted.joined.len() + found.counted.visited.len() > 0;
    assert!(!is_counted || store.reports().counts());
    if !store.reports().counts() {
        assert_eq!(they.len(), all.len());
    }
}
