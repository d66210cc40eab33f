//! Days of a zone, and the instants they are. A day exists only together with a time zone: near a change of the clocks
//! it has 23 or 25 hours.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Days that a range may have: ten years.
const DAYS: i32 = 3660;

/// Whole days in a zone, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Whose days.
    pub zone: TimeZone,
}

/// Why there is no such range.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// No date.
    #[error("{0}: wanted a day as YYYY-MM-DD")]
    Date(&'static str),
    /// Backwards.
    #[error("from: {0} lies after to ({1})")]
    Order(Date, Date),
    /// Too long.
    #[error("a range may have {DAYS} days at the most")]
    Length,
}

impl Range {
    /// The last `days` days in `zone`, today included.
    pub fn last(days: i32, zone: &TimeZone, now: Timestamp) -> Range {
        let to = now.to_zoned(zone.clone()).date();
        let from = to.saturating_sub((days - 1).days());
        Range {
            from,
            to,
            zone: zone.clone(),
        }
    }

    /// From two dates as people write them; each may be left out: `to` is today then, `from` 29 days before `to`.
    pub fn parse(
        from: Option<&str>,
        to: Option<&str>,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Range, RangeError> {
        let date = |text: Option<&str>, name| {
            text.map(|t| parse_date(t).ok_or(RangeError::Date(name)))
                .transpose()
        };
        let to = date(to, "to")?.unwrap_or_else(|| now.to_zoned(zone.clone()).date());
        let from = date(from, "from")?.unwrap_or_else(|| to.saturating_sub(29.days()));
        let range = Range {
            from,
            to,
            zone: zone.clone(),
        };
        if from > to {
            return Err(RangeError::Order(from, to));
        }
        if from.until(to).map_or(i32::MAX, |span| span.get_days()) >= DAYS {
            return Err(RangeError::Length);
        }
        Ok(range)
    }

    /// Each day.
    pub fn dates(&self) -> impl Iterator<Item = Date> {
        self.from
            .series(1.day())
            .take_while(|date| *date <= self.to)
    }

    /// The days as the store counts them: from 1970 on.
    pub fn days(&self) -> RangeInclusive<i32> {
        number(self.from)..=number(self.to)
    }

    /// Each day with the instant it starts at; the last entry is the day after, where the range ends.
    pub fn starts(&self) -> Vec<(Date, Timestamp)> {
        let mut starts = Vec::new();
        let mut day = self.from;
        loop {
            let start = day
                .to_zoned(self.zone.clone())
                .map_or(Timestamp::MAX, |z| z.timestamp());
            starts.push((day, start));
            if day > self.to {
                return starts;
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => {
                    starts.push((day, Timestamp::MAX));
                    return starts;
                }
            }
        }
    }
}

/// A date as days since 1970.
pub fn number(date: Date) -> i32 {
    // Dates lie within some four million days.
    (date - Date::constant(1970, 1, 1)).get_days()
}

/// The date that is so many days after 1970 began, as far as there are dates.
pub fn date(number: i32) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(number.days()).ok()
}

/// `YYYY-MM-DD` and nothing else.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let plain = text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| {
            if at == 4 || at == 7 {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        });
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn days_are_of_the_zone_and_have_23_or_25_hours() {
        let now = "2026-03-30T12:00:00Z".parse().unwrap();
        let range = Range::parse(Some("2026-03-29"), Some("2026-03-29"), &berlin(), now).unwrap();
        let starts: Vec<_> = range
            .starts()
            .into_iter()
            .map(|(_, at)| at.to_string())
            .collect();
        assert_eq!(starts, ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]);
    }

    #[test]
    fn what_is_left_out_is_the_last_30_days() {
        let now = "2026-11-22T23:30:00Z".parse().unwrap();
        let range = Range::parse(None, None, &berlin(), now).unwrap();
        assert_eq!(
            (range.from.to_string(), range.to.to_string()),
            ("2026-10-25".into(), "2026-11-23".into())
        );
        assert_eq!(range.starts().len(), 31);
    }

    #[test]
    fn wrong_ranges_say_what_is_wrong() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (from, to, expected) in [
            (Some("2026-02-30"), None, "from: wanted a day as YYYY-MM-DD"),
            (None, Some("yesterday"), "to: wanted a day as YYYY-MM-DD"),
            (Some("20260101"), None, "from: wanted a day as YYYY-MM-DD"),
            (
                Some("2026-02-02"),
                Some("2026-02-01"),
                "from: 2026-02-02 lies after to (2026-02-01)",
            ),
            (
                Some("1900-01-01"),
                Some("2026-02-01"),
                "a range may have 3660 days at the most",
            ),
        ] {
            assert_eq!(
                Range::parse(from, to, &TimeZone::UTC, now)
                    .unwrap_err()
                    .to_string(),
                expected
            );
        }
    }
}
