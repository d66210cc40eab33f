//! The reference data, worked out by an independent engine, and a slow count of anything.

use proptest::prelude::*;
use serde_json::Value;

use super::period::{Unit, Windows};
use super::table::*;
use super::*;
use crate::query::people::{Payment, People};
use crate::store::reports::alike::{self, Counted};
use crate::store::reports::marked::{Event, Marked, Paid, of_each};

fn data(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/clv/");
    std::fs::read_to_string(format!("{folder}{name}")).unwrap()
}

/// The trial starters, what they did, and what they paid.
fn happened() -> (People, Vec<Payment>) {
    let text = data("retention_events.csv");
    let mut visitors: Vec<&str> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    visitors.sort_unstable();
    visitors.dedup();
    let channels = ["Email", "Organic Search", "Paid Search", "Paid Social"];
    let (mut events, mut paid) = (Vec::new(), Vec::new());
    for (line, id) in text.lines().skip(1).zip(1..) {
        let fields: Vec<&str> = line.split(',').collect();
        let at = format!("{}Z", fields[1].replace(' ', "T"));
        let at = at.parse::<Timestamp>().unwrap().as_millisecond();
        let visitor = visitors
            .iter()
            .position(|known| *known == fields[0])
            .unwrap() as u32
            + 1;
        let day = at.div_euclid(period::DAY) as i32;
        let key = channels
            .iter()
            .position(|known| *known == fields[4])
            .unwrap() as u32;
        let sets = if fields[2] == "Trial Started" {
            JOINS | PASSES
        } else {
            RETURNS
        };
        let event = Event {
            visitor,
            at,
            id,
            day,
            key,
            sets,
        };
        events.push(Marked::from(event));
        if !fields[3].is_empty() {
            let minor = (fields[3].parse::<f64>().unwrap() * 100.0) as i64;
            paid.push(Payment {
                person: visitor,
                paid: Paid {
                    visitor,
                    at,
                    id,
                    day,
                    minor,
                    currency: *b"USD",
                },
            });
        }
    }
    events.sort_unstable();
    paid.sort_by_key(|payment| (payment.person, payment.paid.at));
    let values = channels
        .iter()
        .map(|channel| vec![Some((*channel).to_owned())])
        .collect();
    let events = events.into();
    let counted = Counted::default();
    let people = People {
        events,
        counted,
        values,
    };
    (people, paid)
}

fn asked(by: By, measure: Measure, windows: Windows) -> Asked {
    Asked {
        by,
        measure,
        windows,
        days: i32::MIN..=i32::MAX,
        now: Moment {
            at: i64::MAX / 2,
            day: 100_000,
        },
    }
}

fn ages(ages: &[(i32, i32)]) -> Vec<Age> {
    ages.iter()
        .map(|(from, to)| Age {
            from: *from,
            to: *to,
        })
        .collect()
}

fn people(cohort: &Cohort) -> Vec<u64> {
    cohort
        .cells
        .iter()
        .map(|cell| cell.unwrap().people)
        .collect()
}

#[test]
fn retention_is_what_another_engine_found() {
    let reference: Value = serde_json::from_str(&data("retention_reference.json")).unwrap();
    let (happened, _) = happened();
    let days = [1, 2, 3, 7, 14, 28].map(|day| (day, day));
    let brackets = [(1, 3), (4, 7), (8, 14), (15, 28)];
    for (name, wanted, or_later, windows) in [
        ("n_day_calendar", days.as_slice(), false, Windows::Calendar),
        ("n_day_24h_windows", &days, false, Windows::Rolling),
        (
            "unbounded_on_or_after_calendar",
            &days,
            true,
            Windows::Calendar,
        ),
        ("bracket_calendar", &brackets, false, Windows::Calendar),
    ] {
        let measure = Measure::Retention {
            ages: ages(wanted),
            unit: Unit::Day,
            or_later,
        };
        let found = table(&happened, &[], &asked(By::Fired, measure, windows));
        assert_eq!(found.all.size, 60);
        let expected = wanted.iter().map(|(from, to)| {
            let name_of = if from == to {
                from.to_string()
            } else {
                format!("{from}-{to}")
            };
            reference[name][&name_of].as_u64().unwrap()
        });
        assert_eq!(people(&found.all), expected.collect::<Vec<_>>(), "{name}");
    }
    let measure = Measure::Retention {
        ages: ages(&[(1, 1), (2, 2), (3, 3), (4, 4)]),
        unit: Unit::Week,
        or_later: false,
    };
    let found = table(
        &happened,
        &[],
        &asked(By::Time(Unit::Week), measure, Windows::Calendar),
    );
    for cohort in &found.cohorts {
        let Name::Period(week) = cohort.name else {
            panic!()
        };
        let wanted = &reference["weekly_cohorts_mon"][Unit::Week.first(week).unwrap().to_string()];
        assert_eq!(cohort.size, wanted["size"].as_u64().unwrap());
        let weeks = (1..=4).map(|n| wanted["week_n_users"][format!("w{n}")].as_u64().unwrap());
        assert_eq!(people(cohort), weeks.collect::<Vec<_>>());
    }
    assert_eq!(found.cohorts.len(), 3);
}

#[test]
fn money_is_what_another_engine_found() {
    let reference: Value = serde_json::from_str(&data("retention_reference.json")).unwrap();
    let (happened, paid) = happened();
    let measure = Measure::Revenue {
        days: vec![7, 30, 60],
        currency: *b"USD",
    };
    let found = table(
        &happened,
        &paid,
        &asked(By::Time(Unit::Week), measure, Windows::Calendar),
    );
    assert_eq!(found.cohorts.len(), 3);
    for cohort in &found.cohorts {
        let Name::Period(week) = cohort.name else {
            panic!()
        };
        let wanted = &reference["cumulative_ltv_by_weekly_cohort"]
            [Unit::Week.first(week).unwrap().to_string()];
        for (cell, days) in cohort.cells.iter().zip(["d7", "d30", "d60"]) {
            assert_eq!(
                cell.unwrap().sum.minor,
                wanted[days].as_i64().unwrap() * 100,
                "{days}"
            );
        }
    }
    let measure = Measure::Revenue {
        days: vec![30],
        currency: *b"USD",
    };
    let found = table(
        &happened,
        &paid,
        &asked(By::Value, measure, Windows::Calendar),
    );
    for cohort in &found.cohorts {
        let Name::Value(Some(channel)) = &cohort.name else {
            panic!()
        };
        let wanted = &reference["cumulative_revenue_by_channel_d30"][channel];
        assert_eq!(cohort.size, wanted["visitors"].as_u64().unwrap());
        assert_eq!(
            cohort.cells[0].unwrap().sum.minor,
            wanted["revenue_d30"].as_i64().unwrap() * 100
        );
    }
    assert_eq!(found.cohorts.len(), 4);
}

#[test]
fn ages_that_nobody_has_reached_are_blank() {
    let (happened, paid) = happened();
    // Monday the 23rd of March: the first cohort is three weeks old, the last one has just ended.
    let now: Timestamp = "2026-03-23T12:00:00Z".parse().unwrap();
    let now = Moment {
        at: now.as_millisecond(),
        day: now.as_millisecond().div_euclid(period::DAY) as i32,
    };
    let weeks = Measure::Retention {
        ages: ages(&[(0, 0), (1, 1), (2, 2), (3, 3)]),
        unit: Unit::Week,
        or_later: false,
    };
    let at = |by, measure| Asked {
        now,
        ..asked(by, measure, Windows::Calendar)
    };
    let found = table(&happened, &[], &at(By::Time(Unit::Week), weeks));
    let known = |cohort: &Cohort| cohort.cells.iter().map(Option::is_some).collect::<Vec<_>>();
    let all: Vec<_> = found.cohorts.iter().map(known).collect();
    assert_eq!(
        all,
        [
            [true, true, true, false],
            [true, true, false, false],
            [true, false, false, false]
        ]
    );
    let reached = |table: &Table| {
        table
            .all
            .cells
            .iter()
            .map(|cell| cell.map(|cell| cell.reached))
            .collect::<Vec<_>>()
    };
    assert_eq!(reached(&found), [Some(60), Some(42), Some(22), None]);
    // By channel those count who have reached the age.
    let days = Measure::Revenue {
        days: vec![14, 30],
        currency: *b"USD",
    };
    let found = table(&happened, &paid, &at(By::Value, days));
    let old = happened
        .events
        .iter()
        .filter(|event| event.sets() & JOINS != 0 && event.day() + 14 < now.day);
    assert_eq!(reached(&found), [Some(old.count() as u64), None]);
}

proptest! {
    #[test]
    fn people_who_are_counted_are_as_many_as_those_who_are_told_of(
        events in proptest::collection::vec((1u32..12, 0i64..40, 0u32..4, 1u8..16), 0..80),
        (by, windows, or_later) in (0usize..3, any::<bool>(), any::<bool>()),
        now in 10i64..60,
    ) {
        const HALF: i64 = period::DAY / 2;
        let mut events: Vec<Marked> = events.into_iter().zip(1..).map(|((visitor, at, key, sets), id)| Event {
            visitor, at: at * HALF, id, day: (at / 2) as i32, key, sets,
        }.into()).collect();
        events.sort_unstable();
        let values = || (0..4).map(|n| vec![(n > 0).then(|| n.to_string())]).collect();
        let windows = if windows { Windows::Calendar } else { Windows::Rolling };
        let all_ages = ages(&[(0, 0), (1, 1), (2, 5)]);
        let measure = Measure::Retention { ages: all_ages.clone(), unit: Unit::Day, or_later };
        let asked = Asked {
            days: 2..=15,
            now: Moment { at: now * HALF, day: (now / 2) as i32 },
            ..asked([By::Time(Unit::Week), By::Value, By::Fired][by], measure, windows)
        };
        // Whoever has an even number is counted, one by one.
        let mut counted = Counted::default();
        for they in of_each(&events).filter(|they| they[0].visitor % 2 == 0) {
            let Some(first) = they.iter().position(|event| event.sets() & JOINS != 0) else { continue };
            let joined = they[first];
            if joined.sets() & PASSES == 0 || !asked.days.contains(&joined.day()) {
                continue;
            }
            let age = |event: &Marked| match windows {
                Windows::Calendar => event.day() - joined.day(),
                Windows::Rolling => ((event.at() - joined.at()) / period::DAY) as i32,
            };
            let has = |age_of: &Age| they[first..].iter().any(|event| {
                let age = age(event);
                event.sets() & RETURNS != 0 && age >= age_of.from && (or_later || age <= age_of.to)
            });
            counted.joined.push(alike::Joined {
                at: joined.at(),
                day: joined.day(),
                key: joined.key,
                fired: they[first..].iter().any(|event| event.sets() & FIRES != 0),
                people: 1,
                returned: all_ages.iter().map(|age| u64::from(has(age))).collect(),
            });
        }
        let told: Vec<Marked> = events.iter().filter(|event| event.visitor % 2 == 1).copied().collect();
        let told = People { events: told.into(), counted, values: values() };
        let all = People { events: events.into(), counted: Counted::default(), values: values() };
        prop_assert_eq!(table(&told, &[], &asked), table(&all, &[], &asked));
    }
}
