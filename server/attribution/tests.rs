//! Journeys against a plain walk over what happened, and credits that add up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::journey::{Journey, Touch};
use super::journeys::{CONVERTS, LEAD, VISIT};
use super::question::Sent;
use super::*;
use crate::query::people::{Payment, People};
use crate::store::reports::alike::{Counted, Visited};
use crate::store::reports::marked::{Event, Marked, Paid, of_each};

fn question(query: &str) -> Question {
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    Sent::query_string(query)
        .unwrap()
        .read(&Site::sample(), now)
        .unwrap()
}

proptest! {
    #[test]
    fn credits_add_up_exactly(
        journeys in proptest::collection::vec(
            (proptest::collection::vec((0u32..6, 0i64..3_000_000_000, any::<bool>(), any::<bool>()), 0..9),
             proptest::option::of(0usize..9), proptest::option::of(-5000i64..100_000)), 1..20),
        order in 1usize..4,
    ) {
        let conversions = journeys.into_iter().map(|(touches, lead, minor)| {
            let mut touches: Vec<_> = touches.into_iter().map(|(label, before, is_direct, is_paid)| {
                Touch { label, before, is_direct, is_paid }
            }).collect();
            touches.sort_by_key(|touch| -touch.before);
            Conversion {
                id: 1,
                at: 0,
                journey: Journey { touches, lead },
                money: minor.map(|minor| (*b"EUR", minor)),
            }
        });
        let labels = (0..6).map(|label| Label::Value(Some(label.to_string())));
        let journeys = Journeys {
            labels: labels.collect(),
            conversions: conversions.collect(),
            people: 1,
            lost: vec![(vec![0, 1], 3.0)],
        };
        let found = answered(&journeys, &question(&format!("goals=A&markov_order={order}")));
        for place in 0..MODELS {
            let sum: f64 = found.rows.iter().map(|row| row.credits[place]).sum();
            prop_assert_eq!(sum, journeys.conversions.len() as f64);
            for (currency, all) in &found.money {
                let sum: f64 = found.rows.iter().map(|row| row.money[currency][place]).sum();
                prop_assert_eq!(sum, *all as f64);
            }
            prop_assert!(found.rows.iter().all(|row| row.credits[place] >= -1e-9));
        }
    }

    #[test]
    fn journeys_are_what_a_plain_walk_finds(
        events in proptest::collection::vec((1u32..6, 0i64..400, 0u32..4, 0u8..8), 0..60),
        window in 1i64..200,
    ) {
        let mut events: Vec<Marked> = events.into_iter().zip(1..).map(|((visitor, at, key, sets), id)| Event {
            // Conversions are of the last two days.
            visitor, at, id, day: (at / 100) as i32, key, sets: if at < 200 { sets & !CONVERTS } else { sets },
        }.into()).collect();
        events.sort_unstable();
        let of = |sets: u8| -> Vec<Marked> { events.iter().filter(|e| e.sets() & sets != 0).copied().collect() };
        let conversions = of(CONVERTS);
        let value = |n: u32| (n > 0).then(|| format!("v{n}"));
        let people = People {
            events: of(VISIT | LEAD | CONVERTS).into(),
            counted: Counted::default(),
            values: (0..4).map(|n| vec![Some("Direct".into()), value(n)]).collect(),
        };
        let paid: Vec<Payment> = conversions.iter().step_by(2).map(|e| Payment {
            person: e.visitor,
            paid: Paid { visitor: e.visitor, at: e.at(), id: e.id(), day: e.day(), minor: e.id(), currency: *b"EUR" },
        }).collect();
        let happened = Happened { paid: &paid, before: &people, meant: 0, first_day: 2, window };
        let found = Journeys::of(&happened);
        prop_assert_eq!(found.conversions.len(), conversions.len());
        for (found_one, fire) in found.conversions.iter().zip(&conversions) {
            let before: Vec<&Marked> = people.events.iter().filter(|e| {
                e.visitor == fire.visitor && e.at() <= fire.at() && e.at() >= fire.at() - window
            }).collect();
            let visits: Vec<_> = before.iter().filter(|e| e.sets() & VISIT != 0).collect();
            let told: Vec<_> = found_one.journey.touches.iter().map(|touch| {
                (found.labels[touch.label as usize].clone(), touch.before)
            }).collect();
            let wanted: Vec<_> = visits.iter().map(|e| (Label::Value(value(e.key)), fire.at() - e.at())).collect();
            prop_assert_eq!(told, wanted);
            // The first that fired in a visit that is known.
            let visits_until = |place: usize| before[..=place].iter().filter(|e| e.sets() & VISIT != 0).count();
            let leads = (0..before.len()).filter(|place| before[*place].sets() & LEAD != 0);
            let lead = leads.map(visits_until).find(|visits| *visits > 0).map(|visits| visits - 1);
            prop_assert_eq!(found_one.journey.lead, lead);
            prop_assert_eq!(found_one.money.is_some(), paid.iter().any(|p| p.paid.id == fire.id()));
        }
        let mut lost: BTreeMap<Vec<Label>, f64> = BTreeMap::new();
        for person in 1..6 {
            let visits: Vec<&Marked> = people.events.iter()
                .filter(|e| e.visitor == person && e.sets() & VISIT != 0).collect();
            let last = visits.last().filter(|last| last.day() >= 2);
            if let (Some(last), false) = (last, conversions.iter().any(|e| e.visitor == person)) {
                let path = visits.iter().filter(|e| e.at() >= last.at() - window);
                *lost.entry(path.map(|e| Label::Value(value(e.key))).collect()).or_default() += 1.0;
            }
        }
        let told: BTreeMap<Vec<Label>, f64> = found.lost.iter().map(|(path, people)| {
            (path.iter().map(|label| found.labels[*label as usize].clone()).collect(), *people)
        }).collect();
        prop_assert_eq!(told, lost);
        // Whoever didn't convert may be counted instead.
        let (mut counted, mut left) = (Counted::default(), Vec::new());
        for they in of_each(&people.events.iter().copied().collect::<Vec<_>>()) {
            if they[0].visitor % 2 == 1 || they.iter().any(|e| e.sets() & CONVERTS != 0) {
                left.extend(they.iter().copied());
                continue;
            }
            let visits: Vec<&Marked> = they.iter().filter(|e| e.sets() & VISIT != 0).collect();
            let counts = |e: &Marked| visits.last().is_some_and(|last| last.day() >= 2 && e.at() >= last.at() - window);
            let keys: Vec<u32> = visits.iter().filter(|e| counts(e)).map(|e| e.key).collect();
            counted.others.extend(visits.iter().filter(|e| !counts(e)).map(|e| (e.key, 1)));
            if !keys.is_empty() {
                counted.visited.push(Visited { keys, people: 1 });
            }
        }
        let some = People { events: left.into(), counted, values: people.values.clone() };
        let some = Journeys::of(&Happened { before: &some, ..happened });
        prop_assert_eq!(some.labels, found.labels);
        prop_assert_eq!(some.lost, found.lost);
        prop_assert_eq!(some.conversions.len(), found.conversions.len());
    }
}
