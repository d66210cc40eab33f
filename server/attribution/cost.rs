//! What channels, sources or campaigns cost, beside what they earned by each model:
//!
//! - cost per goal = spend ÷ conversions that the model credits
//! - ROAS (return on ad spend) = revenue that the model credits ÷ spend
//!
//! Both in one currency at a time: sums of several are never added up. What was spent on something that earned nothing has
//! a row, too; no credit changes by it.

use std::collections::{BTreeMap, HashMap};

use super::credit::Credits;
use super::model::MODELS;
use super::question::Question;
use super::{Answer, Row, RowOf};
use crate::account::spend::{Spent, SpentBy};
use crate::query::dimension::Named;

/// Less of a conversion than this is none: models share by fractions.
const NONE: f64 = 1e-9;

/// What of spend is asked for beside a question; `None` where spend isn't known by that, or by what filters say.
pub fn spent_by(question: &Question) -> Option<SpentBy> {
    let by = match question.by {
        Named::Channel => SpentBy::Channel,
        Named::Source => SpentBy::Source,
        Named::Campaign => SpentBy::Campaign,
        _ => return None,
    };
    question.filters.is_empty().then_some(by)
}

/// Puts spend to the rows that it is of. Among rows that are too rare to be told apart, so is their spend.
pub fn with_spend(answer: &mut Answer, spent: Spent) {
    let has_others = answer.rows.iter().any(|row| row.of == RowOf::Other);
    let told: HashMap<RowOf, usize> = answer
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| (row.of.clone(), place))
        .collect();
    for (value, sums) in spent {
        for (code, minor) in &sums {
            let sum = answer.spend.entry(*code).or_default();
            *sum = sum.saturating_add(*minor);
        }
        let of = match value.is_empty() {
            true => RowOf::Unsaid,
            false => RowOf::Value(Some(value)),
        };
        let place = told
            .get(&of)
            .or_else(|| match has_others && of != RowOf::Unsaid {
                true => told.get(&RowOf::Other),
                false => None,
            });
        match place.and_then(|place| answer.rows.get_mut(*place)) {
            Some(row) => {
                for (code, minor) in sums {
                    let sum = row.spend.entry(code).or_default();
                    *sum = sum.saturating_add(minor);
                }
            }
            None => {
                let money = answer.money.keys().map(|code| (*code, [0.0; MODELS]));
                answer.rows.push(Row {
                    of,
                    visits: 0,
                    touched: 0,
                    credits: [0.0; MODELS],
                    money: money.collect(),
                    effect: None,
                    spend: sums,
                });
            }
        }
    }
}

/// What a goal cost by each model, in smallest units; `None` where the model credits none.
pub fn cost_per_goal(spend: i64, credits: &Credits) -> [Option<f64>; MODELS] {
    credits.map(|credit| (credit > NONE).then(|| spend as f64 / credit))
}

/// What came back of each unit spent, by each model; `None` where nothing was spent, or no revenue is known in that
/// currency.
pub fn roas(spend: i64, revenue: Option<&Credits>) -> [Option<f64>; MODELS] {
    let of = |credit: f64| credit / spend as f64;
    match revenue.filter(|_| spend > 0) {
        Some(credits) => credits.map(|credit| Some(of(credit))),
        None => [None; MODELS],
    }
}

/// The credits of everything: all conversions, and all money by currency.
pub fn totals(answer: &Answer) -> (Credits, BTreeMap<[u8; 3], Credits>) {
    let money = answer.money.iter();
    (
        [answer.conversions as f64; MODELS],
        money
            .map(|(code, minor)| (*code, [*minor as f64; MODELS]))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(of: RowOf, credit: f64, euros: f64) -> Row {
        Row {
            of,
            visits: 1,
            touched: 1,
            credits: [credit; MODELS],
            money: [(*b"EUR", [euros; MODELS])].into(),
            effect: None,
            spend: BTreeMap::new(),
        }
    }

    fn answer(rows: Vec<Row>) -> Answer {
        Answer {
            rows,
            conversions: 10,
            people: 10,
            lost: 0,
            visits: None,
            days: None,
            chance: 1.0,
            money: [(*b"EUR", 100_000)].into(),
            spend: BTreeMap::new(),
            paths: Vec::new(),
            example: None,
        }
    }

    fn value(name: &str) -> RowOf {
        RowOf::Value(Some(name.into()))
    }

    fn spent(all: &[(&str, &[u8; 3], i64)]) -> Spent {
        let mut spent = Spent::new();
        for (of, code, minor) in all {
            spent
                .entry((*of).into())
                .or_default()
                .insert(**code, *minor);
        }
        spent
    }

    #[test]
    fn spend_comes_to_its_row_or_gets_one() {
        let mut found = answer(vec![
            row(value("Email"), 4.0, 40_000.0),
            row(RowOf::NoVisit, 6.0, 60_000.0),
        ]);
        let all = [
            ("Email", b"EUR", 2000),
            ("Email", b"USD", 500),
            ("Display", b"EUR", 9000),
            ("", b"EUR", 1),
        ];
        with_spend(&mut found, spent(&all));
        assert_eq!(found.rows.len(), 4);
        let [email, none, unsaid, display] = &found.rows[..] else {
            panic!()
        };
        assert_eq!(email.spend, [(*b"EUR", 2000), (*b"USD", 500)].into());
        assert!(none.spend.is_empty());
        assert_eq!(
            (&display.of, display.touched, display.credits),
            (&value("Display"), 0, [0.0; MODELS])
        );
        assert_eq!(
            (&unsaid.of, &unsaid.spend),
            (&RowOf::Unsaid, &[(*b"EUR", 1)].into())
        );
        assert_eq!(found.spend, [(*b"EUR", 11_001), (*b"USD", 500)].into());
        // 20 € for 4 goals that brought 400 €; of what earned nothing there is no cost per goal, and its return is 0.
        assert_eq!(cost_per_goal(2000, &email.credits), [Some(500.0); MODELS]);
        assert_eq!(roas(2000, email.money.get(b"EUR")), [Some(20.0); MODELS]);
        assert_eq!(roas(500, email.money.get(b"USD")), [None; MODELS]);
        assert_eq!(cost_per_goal(9000, &display.credits), [None; MODELS]);
        assert_eq!(roas(9000, display.money.get(b"EUR")), [Some(0.0); MODELS]);
        assert_eq!(roas(0, email.money.get(b"EUR")), [None; MODELS]);
    }

    #[test]
    fn spend_of_what_is_rare_is_among_the_rare() {
        let mut found = answer(vec![row(value("a"), 9.0, 0.0), row(RowOf::Other, 1.0, 0.0)]);
        with_spend(
            &mut found,
            spent(&[("b", b"EUR", 10), ("c", b"EUR", 20), ("", b"EUR", 40)]),
        );
        let spend: Vec<_> = found
            .rows
            .iter()
            .map(|row| (&row.of, row.spend.get(b"EUR").copied()))
            .collect();
        assert_eq!(
            spend,
            [
                (&value("a"), None),
                (&RowOf::Other, Some(30)),
                (&RowOf::Unsaid, Some(40))
            ]
        );
    }
}
