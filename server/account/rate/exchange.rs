//! What a site's money is changed by: for each currency, from which day on how much of it is one unit of the site's.

use std::collections::HashMap;

use iso_currency::Currency;

use super::{Code, Rate};
use crate::query::range::number;
use crate::store::reports::cell::currency;

/// Days and rates, in order of days. Each holds until the next.
type Steps = Vec<(i32, f64)>;

/// A site's currency, and how others become it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exchange {
    own: Option<Currency>,
    /// From the smallest unit of a currency to the site's smallest unit.
    steps: HashMap<Code, Steps>,
}

/// The rate that holds on a day.
fn at(steps: &[(i32, f64)], day: i32) -> Option<(i32, f64)> {
    let after = steps.partition_point(|(known, _)| *known <= day);
    after.checked_sub(1).map(|place| steps[place])
}

/// Of two rates for the same thing the one of the later day holds; of one day, the first.
fn later(one: &Steps, other: &Steps) -> Steps {
    merged(one, other, |one, other| match (one, other) {
        (Some(one), Some(other)) if other.0 > one.0 => Some(other.1),
        (Some(one), _) => Some(one.1),
        (None, other) => other.map(|(_, rate)| rate),
    })
}

/// One after the other.
fn product(one: &Steps, other: &Steps) -> Steps {
    merged(one, other, |one, other| Some(one?.1 * other?.1))
}

fn merged(
    one: &Steps,
    other: &Steps,
    of: impl Fn(Option<(i32, f64)>, Option<(i32, f64)>) -> Option<f64>,
) -> Steps {
    let mut days: Vec<i32> = one.iter().chain(other).map(|(day, _)| *day).collect();
    days.sort_unstable();
    days.dedup();
    let step = |day| Some((day, of(at(one, day), at(other, day))?));
    days.into_iter().filter_map(step).collect()
}

/// How many smallest units are one major one.
fn units(code: &Code) -> f64 {
    let exponent = currency(code).and_then(Currency::exponent).unwrap_or(0);
    10f64.powi(i32::from(exponent))
}

impl Exchange {
    /// Of a site that counts in `own`, by these rates. A currency becomes the site's by a rate from it to the site's, by
    /// the inverse of one from the site's to it, or by way of the currency that most rates are of.
    pub fn new(own: Option<Currency>, rates: &[Rate]) -> Exchange {
        let mut exchange = Exchange {
            own,
            steps: HashMap::new(),
        };
        let Some(to) = exchange.code() else {
            return exchange;
        };
        let mut pairs: HashMap<(Code, Code), Steps> = HashMap::new();
        let mut count: HashMap<Code, usize> = HashMap::new();
        for rate in rates {
            let step = (number(rate.day), rate.rate);
            pairs.entry((rate.from, rate.to)).or_default().push(step);
            *count.entry(rate.from).or_default() += 1;
            *count.entry(rate.to).or_default() += 1;
        }
        pairs
            .values_mut()
            .for_each(|steps| steps.sort_by_key(|(day, _)| *day));
        let none = Steps::new();
        let direct = |from: Code, to: Code| -> Steps {
            let there = pairs.get(&(from, to)).unwrap_or(&none);
            let back = pairs.get(&(to, from)).unwrap_or(&none);
            let back = back.iter().map(|(day, rate)| (*day, 1.0 / rate)).collect();
            later(there, &back)
        };
        let way = count.iter().max_by_key(|(code, count)| (**count, **code));
        let Some((way, _)) = way else {
            return exchange;
        };
        let from_way = direct(*way, to);
        for code in count.keys().filter(|code| **code != to) {
            let mut steps = direct(*code, to);
            if steps.is_empty() {
                steps = product(&direct(*code, *way), &from_way);
            }
            let minor = units(&to) / units(code);
            steps.iter_mut().for_each(|(_, rate)| *rate *= minor);
            if !steps.is_empty() {
                exchange.steps.insert(*code, steps);
            }
        }
        exchange
    }

    /// The site's currency.
    pub fn own(&self) -> Option<Currency> {
        self.own
    }

    /// Its three letters.
    pub fn code(&self) -> Option<Code> {
        self.own?.code().as_bytes().try_into().ok()
    }

    /// An amount in smallest units of the site's currency, on a day since 1970; `None` where that isn't known: the site
    /// has no currency, or the first rate is of a later day.
    pub fn change(&self, code: &Code, day: i32, minor: i64) -> Option<f64> {
        if self.code()? == *code {
            return Some(minor as f64);
        }
        let (_, rate) = at(self.steps.get(code)?, day)?;
        Some(minor as f64 * rate)
    }

    /// The same to the nearest whole unit, with the currency that it is of then; as it was where the rate isn't known.
    pub fn changed(&self, code: Code, day: i32, minor: i64) -> (Code, i64) {
        match (self.code(), self.change(&code, day, minor)) {
            (Some(own), Some(changed)) => (own, changed.round() as i64),
            _ => (code, minor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(day: &str, from: &Code, to: &Code, rate: f64) -> Rate {
        let day = day.parse().unwrap();
        let (from, to) = (*from, *to);
        Rate {
            day,
            from,
            to,
            rate,
        }
    }

    fn on(day: &str) -> i32 {
        number(day.parse().unwrap())
    }

    #[test]
    fn a_rate_holds_until_the_next() {
        let rates = [
            rate("2026-11-02", b"USD", b"EUR", 0.5),
            rate("2026-11-05", b"USD", b"EUR", 0.8),
        ];
        let exchange = Exchange::new(Some(Currency::EUR), &rates);
        let then = |day| exchange.change(b"USD", on(day), 1000);
        assert_eq!(then("2026-11-01"), None);
        assert_eq!(then("2026-11-02"), Some(500.0));
        assert_eq!(then("2026-11-04"), Some(500.0));
        assert_eq!(then("2030-01-01"), Some(800.0));
        assert_eq!(exchange.change(b"EUR", 0, -7), Some(-7.0));
        assert_eq!(exchange.changed(*b"GBP", 0, 7), (*b"GBP", 7));
        assert_eq!(Exchange::new(None, &rates).change(b"EUR", 0, 7), None);
    }

    #[test]
    fn smallest_units_are_of_each_currency() {
        let rates = [
            rate("2026-11-02", b"EUR", b"JPY", 160.0),
            rate("2026-11-02", b"EUR", b"KWD", 0.32),
        ];
        let day = on("2026-11-02");
        let euro = Exchange::new(Some(Currency::EUR), &rates);
        assert_eq!(euro.changed(*b"JPY", day, 160), (*b"EUR", 100));
        assert_eq!(euro.changed(*b"KWD", day, 320), (*b"EUR", 100));
        let yen = Exchange::new(Some(Currency::JPY), &rates);
        assert_eq!(yen.changed(*b"EUR", day, 250), (*b"JPY", 400));
        // By way of the euro.
        assert_eq!(yen.changed(*b"KWD", day, 640), (*b"JPY", 320));
    }

    #[test]
    fn of_a_rate_and_an_inverse_the_later_holds() {
        let rates = [
            rate("2026-11-02", b"USD", b"EUR", 0.5),
            rate("2026-11-03", b"EUR", b"USD", 4.0),
        ];
        let exchange = Exchange::new(Some(Currency::EUR), &rates);
        assert_eq!(exchange.change(b"USD", on("2026-11-02"), 100), Some(50.0));
        assert_eq!(exchange.change(b"USD", on("2026-11-03"), 100), Some(25.0));
    }

    proptest! {
        #[test]
        fn there_and_back_is_what_it_was(rate_of in 0.001f64..1000.0, minor in -1_000_000i64..1_000_000) {
            let rates = [rate("2026-11-02", b"USD", b"EUR", rate_of)];
            let day = on("2026-11-02");
            let there = Exchange::new(Some(Currency::EUR), &rates).change(b"USD", day, minor).unwrap();
            prop_assert!((there / rate_of - minor as f64).abs() < 1e-6);
        }
    }
}
