//! Prices, promotions and the like: values of days → a column, a number a period.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::periods::Periods;
use super::question::{self, Question};
use crate::account::Accounts;
use crate::account::control::Which;
use crate::account::control::file::ELSE_ZERO;
use crate::store::event::SiteId;

/// Values that are looked at: all that a site may have.
const MOST: usize = 500_000;

/// A control, and what is known of it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: String,
    holds: bool,
    /// In order of days, a day once.
    values: Vec<(Date, f64)>,
}

impl Known {
    /// Those that a question takes, as far as they are known up to a day.
    pub(super) fn all(
        accounts: &Accounts,
        site: SiteId,
        question: &Question,
        last: Date,
    ) -> rusqlite::Result<Vec<Known>> {
        if !question.has_controls {
            return Ok(Vec::new());
        }
        let which = Which {
            from: Date::MIN,
            to: last,
            name: None,
        };
        let mut known: BTreeMap<String, Vec<(Date, f64)>> = BTreeMap::new();
        for row in accounts.controls(site, &which, MOST)? {
            let values = known.entry(row.name).or_default();
            values.push((row.day, row.value));
        }
        if question.controls.is_empty() {
            let all = known.into_iter().map(|(name, values)| Known {
                name,
                holds: true,
                values,
            });
            return Ok(all.collect());
        }
        let named = question.controls.iter();
        let named = named.map(|question::Control { name, holds }| Known {
            name: name.clone(),
            holds: *holds,
            values: known.get(name).cloned().unwrap_or_default(),
        });
        Ok(named.collect())
    }

    /// What it adds to a model, up to 1 either way. Of one that holds the mean is taken away: what it does is told against that.
    ///
    /// # Errors
    /// Why it can be no column, in words.
    pub(super) fn column(&self, periods: &Periods) -> Result<Vec<f64>, String> {
        let (Some((_, first)), Some((_, last))) = (self.values.first(), self.values.last()) else {
            return Err(format!(
                "nothing is known of it up to {}; upload its values under prices and promotions",
                periods.last()
            ));
        };
        let mut ahead = self.values.iter().peekable();
        let mut held = if self.holds { *first } else { 0.0 };
        let of_day = |day: Date| {
            if !self.holds {
                held = 0.0;
            }
            while let Some((known, value)) = ahead.next_if(|(known, _)| *known <= day) {
                if self.holds || *known == day {
                    held = *value;
                }
            }
            (day, held / periods.days as f64)
        };
        let days = (periods.count * periods.days) as i64;
        let days = (0..days).map(|at| periods.first.saturating_add(at.days()));
        let mut column = periods.sums(days.map(of_day));
        if self.holds {
            let mean = column.iter().sum::<f64>() / column.len().max(1) as f64;
            column.iter_mut().for_each(|value| *value -= mean);
        }
        let least = column.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let most = least.abs().max(highest.abs());
        if column.is_empty() || highest - least <= 1e-9 * last.abs() {
            let hint = match self.holds {
                true => format!(
                    ", since a value holds until the next; where other days have none, ask for {}{ELSE_ZERO}",
                    self.name
                ),
                false => String::new(),
            };
            return Err(format!("it is the same on all days{hint}"));
        }
        column.iter_mut().for_each(|value| *value /= most);
        Ok(column)
    }

    /// What was taken for days of which nothing is known, in words.
    pub(super) fn guessed(&self, periods: &Periods) -> Option<String> {
        let (first, value) = self.values.first()?;
        (self.holds && *first > periods.first).then(|| {
            format!(
                "{} is known from {first} on; before that it is taken to be {value}.",
                self.name
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(holds: bool, values: &[(&str, f64)]) -> Known {
        let value = |(day, value): &(&str, f64)| (day.parse().unwrap(), *value);
        Known {
            name: "Price".into(),
            holds,
            values: values.iter().map(value).collect(),
        }
    }

    fn days(from: &str, to: &str, weekly: bool) -> Periods {
        Periods::new(from.parse().unwrap(), to.parse().unwrap(), weekly)
    }

    #[test]
    fn a_value_holds_until_the_next_or_for_its_day() {
        let values = [("2026-11-03", 50.0), ("2026-11-05", 40.0)];
        let four = days("2026-11-02", "2026-11-06", false);
        let held = known(true, &values);
        // 50, 50, 50, 40, 40: the mean is 46.
        let column = held.column(&four).unwrap();
        let wanted = [4.0, 4.0, 4.0, -6.0, -6.0].map(|off| off / 6.0);
        assert!(
            column
                .iter()
                .zip(wanted)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
        assert_eq!(
            held.guessed(&four).as_deref(),
            Some("Price is known from 2026-11-03 on; before that it is taken to be 50.")
        );
        let single = known(false, &values);
        assert_eq!(single.column(&four).unwrap(), [0.0, 1.0, 0.0, 0.8, 0.0]);
        assert_eq!(single.guessed(&four), None);
        // What was known before the first day holds on.
        let later = known(true, &[("2026-10-01", 5.0), ("2026-11-04", 7.0)]);
        assert_eq!(later.guessed(&four), None);
        assert_eq!(
            later
                .column(&days("2026-11-03", "2026-11-04", false))
                .unwrap(),
            [-1.0, 1.0]
        );
        // A week has the mean of its days.
        let weeks = days("2026-11-02", "2026-11-15", true);
        let promotion = known(
            false,
            &[
                ("2026-11-03", 1.0),
                ("2026-11-10", 1.0),
                ("2026-11-12", 1.0),
            ],
        );
        assert_eq!(promotion.column(&weeks).unwrap(), [0.5, 1.0]);
    }

    #[test]
    fn what_never_changes_is_left_out_with_the_reason() {
        let days = days("2026-11-02", "2026-11-06", false);
        let why = known(true, &[("2026-11-03", 1.0), ("2026-11-05", 1.0)]).column(&days);
        assert_eq!(
            why.unwrap_err(),
            "it is the same on all days, since a value holds until the next; where other days have none, ask for Price:zero"
        );
        assert!(known(false, &[("2026-10-03", 1.0)]).column(&days).is_err());
        let daily = [2, 3, 4, 5, 6].map(|day| format!("2026-11-0{day}"));
        let daily: Vec<(&str, f64)> = daily.iter().map(|day| (&**day, 5.0)).collect();
        assert_eq!(
            known(false, &daily).column(&days).unwrap_err(),
            "it is the same on all days"
        );
        assert!(
            known(true, &[])
                .column(&days)
                .unwrap_err()
                .starts_with("nothing is known")
        );
    }
}
