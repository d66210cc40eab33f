//! Which days a report is of, and when it is due: at eight in the morning where the site is.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::account::Every;
use crate::query::range::Range;

/// The hour at which reports are sent.
const HOUR: i8 = 8;

/// Days that a report is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) range: Range,
    /// From when on it is sent.
    pub(super) due: Timestamp,
}

impl Period {
    /// The one that was due last: those before it that nobody sent are not made up for.
    pub(super) fn latest(every: Every, zone: &TimeZone, now: Timestamp) -> Option<Period> {
        let days = match every {
            Every::Day => 1,
            Every::Week => 7,
        };
        let mut day = now.to_zoned(zone.clone()).date();
        if every == Every::Week {
            day = day
                .checked_sub(day.weekday().since(Weekday::Monday).days())
                .ok()?;
        }
        let mut due = due_on(day, zone)?;
        if due > now {
            day = day.checked_sub(days.days()).ok()?;
            due = due_on(day, zone)?;
        }
        let range = Range {
            from: day.checked_sub(days.days()).ok()?,
            to: day.yesterday().ok()?,
            zone: zone.clone(),
        };
        Some(Period { range, due })
    }

    /// As many days right before.
    pub(super) fn before(&self) -> Range {
        let days = self.range.days();
        let days = (days.end() - days.start() + 1).days();
        Range {
            from: self.range.from.saturating_sub(days),
            to: self.range.to.saturating_sub(days),
            zone: self.range.zone.clone(),
        }
    }
}

/// Where the clocks skip that hour it is the hour after.
fn due_on(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let due = day.at(HOUR, 0, 0, 0).to_zoned(zone.clone()).ok()?;
    Some(due.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    fn words(every: Every, zone: &str, now: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let period = Period::latest(every, &zone, now.parse().unwrap()).unwrap();
        let before = period.before();
        format!(
            "{} {} {} | {} {}",
            period.range.from, period.range.to, period.due, before.from, before.to
        )
    }

    #[test]
    fn the_latest_is_of_the_day_or_week_before() {
        for (every, zone, now, expected) in [
            // A Tuesday.
            (
                Every::Day,
                "UTC",
                "2026-11-24T08:00:00Z",
                "2026-11-23 2026-11-23 2026-11-24T08:00:00Z | 2026-11-22 2026-11-22",
            ),
            (
                Every::Day,
                "UTC",
                "2026-11-24T07:59:59Z",
                "2026-11-22 2026-11-22 2026-11-23T08:00:00Z | 2026-11-21 2026-11-21",
            ),
            (
                Every::Week,
                "UTC",
                "2026-11-24T07:00:00Z",
                "2026-11-16 2026-11-22 2026-11-23T08:00:00Z | 2026-11-09 2026-11-15",
            ),
            // A Monday, before and after eight; and the Sunday before.
            (
                Every::Week,
                "UTC",
                "2026-11-23T07:59:59Z",
                "2026-11-09 2026-11-15 2026-11-16T08:00:00Z | 2026-11-02 2026-11-08",
            ),
            (
                Every::Week,
                "UTC",
                "2026-11-23T08:00:00Z",
                "2026-11-16 2026-11-22 2026-11-23T08:00:00Z | 2026-11-09 2026-11-15",
            ),
            (
                Every::Week,
                "UTC",
                "2026-11-22T23:00:00Z",
                "2026-11-09 2026-11-15 2026-11-16T08:00:00Z | 2026-11-02 2026-11-08",
            ),
            // Eight in Berlin before and after the clocks change on 29 March, and on 25 October.
            (
                Every::Day,
                "Europe/Berlin",
                "2026-03-28T07:00:00Z",
                "2026-03-27 2026-03-27 2026-03-28T07:00:00Z | 2026-03-26 2026-03-26",
            ),
            (
                Every::Day,
                "Europe/Berlin",
                "2026-03-29T06:00:00Z",
                "2026-03-28 2026-03-28 2026-03-29T06:00:00Z | 2026-03-27 2026-03-27",
            ),
            (
                Every::Week,
                "Europe/Berlin",
                "2026-10-26T06:59:59Z",
                "2026-10-12 2026-10-18 2026-10-19T06:00:00Z | 2026-10-05 2026-10-11",
            ),
            (
                Every::Week,
                "Europe/Berlin",
                "2026-10-26T07:00:00Z",
                "2026-10-19 2026-10-25 2026-10-26T07:00:00Z | 2026-10-12 2026-10-18",
            ),
            // It is Tuesday there already, and still Sunday there.
            (
                Every::Day,
                "Pacific/Kiritimati",
                "2026-11-23T18:00:00Z",
                "2026-11-23 2026-11-23 2026-11-23T18:00:00Z | 2026-11-22 2026-11-22",
            ),
            (
                Every::Week,
                "Pacific/Pago_Pago",
                "2026-11-23T18:59:00Z",
                "2026-11-09 2026-11-15 2026-11-16T19:00:00Z | 2026-11-02 2026-11-08",
            ),
            // A zone that skipped a whole day, 30 December 2011.
            (
                Every::Day,
                "Pacific/Apia",
                "2011-12-30T19:00:00Z",
                "2011-12-30 2011-12-30 2011-12-30T18:00:00Z | 2011-12-29 2011-12-29",
            ),
        ] {
            assert_eq!(words(every, zone, now), expected, "{every} {zone} {now}");
        }
    }

    proptest! {
        /// Whenever one looks: it is due, the next one isn't, and going on in time never goes back.
        #[test]
        fn time_goes_on(second in 0i64..4_000_000_000, step in 0i64..2_000_000, zone in 0usize..4, is_weekly: bool) {
            let zone = ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Chatham"][zone];
            let zone = TimeZone::get(zone).unwrap();
            let every = if is_weekly { Every::Week } else { Every::Day };
            let now = Timestamp::from_second(second).unwrap();
            let first = Period::latest(every, &zone, now).unwrap();
            prop_assert!(first.due <= now);
            let days = if is_weekly { 7 } else { 1 };
            prop_assert!(now.as_second() - first.due.as_second() <= days * 86_400 + 3600);
            prop_assert_eq!(first.range.dates().count() as i64, days);
            let later = now + jiff::SignedDuration::from_secs(step);
            let second = Period::latest(every, &zone, later).unwrap();
            prop_assert!(second.due >= first.due && second.range.to >= first.range.to);
            prop_assert_eq!(second.due == first.due, second.range == first.range);
        }
    }
}
