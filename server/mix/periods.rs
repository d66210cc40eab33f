//! Days or whole weeks, which numbers are added up by.

use jiff::ToSpan;
use jiff::civil::Date;

/// The periods of a range: of weeks those that are whole.
pub(super) struct Periods {
    pub(super) first: Date,
    pub(super) count: usize,
    /// Days of one.
    pub(super) days: usize,
}

impl Periods {
    pub(super) fn new(from: Date, to: Date, weekly: bool) -> Periods {
        let days = if weekly { 7 } else { 1 };
        let first = match weekly {
            true => {
                let past = from.weekday().to_monday_zero_offset();
                from.saturating_add(((7 - i64::from(past)) % 7).days())
            }
            false => from,
        };
        let whole = (to - first).get_days() + 1;
        Periods {
            first,
            count: usize::try_from(whole).unwrap_or_default() / days,
            days,
        }
    }

    pub(super) fn of(&self, day: Date) -> Option<usize> {
        let days = usize::try_from((day - self.first).get_days()).ok()?;
        Some(days / self.days).filter(|period| *period < self.count)
    }

    /// Numbers of days, added up.
    pub(super) fn sums(&self, days: impl Iterator<Item = (Date, f64)>) -> Vec<f64> {
        let mut sums = vec![0.0; self.count];
        for (day, number) in days {
            if let Some(sum) = self.of(day).and_then(|period| sums.get_mut(period)) {
                *sum += number;
            }
        }
        sums
    }

    pub(super) fn last(&self) -> Date {
        let days = (self.count * self.days) as i64 - 1;
        self.first.saturating_add(days.days())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_are_whole_and_begin_on_monday() {
        // 2026-11-04 is a Wednesday, 2026-11-24 a Tuesday.
        let weeks = Periods::new(day("2026-11-04"), day("2026-11-24"), true);
        assert_eq!(
            (weeks.first, weeks.count, weeks.last()),
            (day("2026-11-09"), 2, day("2026-11-22"))
        );
        let sums = weeks.sums(
            [
                ("2026-11-08", 1.0),
                ("2026-11-09", 2.0),
                ("2026-11-22", 4.0),
                ("2026-11-23", 8.0),
            ]
            .map(|(text, number)| (day(text), number))
            .into_iter(),
        );
        assert_eq!(sums, [2.0, 4.0]);
        assert_eq!(
            Periods::new(day("2026-11-24"), day("2026-11-25"), true).count,
            0
        );
        assert_eq!(
            Periods::new(day("2026-11-04"), day("2026-11-24"), false).count,
            21
        );
    }
}
