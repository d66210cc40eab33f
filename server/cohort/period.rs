//! Ages: how long after somebody joined something happened, by the calendar of the site's zone or in windows of 24 hours.

use jiff::civil::Date;

use crate::query::range::date;
use crate::store::reports::alike::Age;

/// Milliseconds of 24 hours.
pub const DAY: i64 = 86_400_000;

/// What ages are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks, from Monday.
    Week,
    /// Months.
    Month,
}

/// Units as they are written.
pub const UNITS: [(&str, Unit); 3] = [
    ("day", Unit::Day),
    ("week", Unit::Week),
    ("month", Unit::Month),
];

/// Where periods begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// With the days, weeks and months of the site's zone.
    Calendar,
    /// With the moment somebody joined: of 24 hours, 7 or 30 times that.
    Rolling,
}

/// Kinds of windows as they are written.
pub const WINDOWS: [(&str, Windows); 2] = [
    ("calendar", Windows::Calendar),
    ("rolling", Windows::Rolling),
];

/// A moment, with its day in the site's zone: milliseconds and days since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds.
    pub at: i64,
    /// Days.
    pub day: i32,
}

impl Unit {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
        }
    }

    /// From how it is written.
    pub fn parse(name: &str) -> Option<Unit> {
        let known = UNITS.iter().find(|(known, _)| *known == name);
        known.map(|(_, unit)| *unit)
    }

    /// The number of a day's period, counted from 1970 on.
    pub fn of(self, day: i32) -> i32 {
        match self {
            Unit::Day => day,
            // 1970 began on a Thursday.
            Unit::Week => (day + 3).div_euclid(7),
            Unit::Month => month(day),
        }
    }

    /// The first day of a period.
    pub fn first(self, period: i32) -> Option<Date> {
        match self {
            Unit::Day => date(period),
            Unit::Week => date(period * 7 - 3),
            Unit::Month => {
                let year = i16::try_from(1970 + period.div_euclid(12)).ok()?;
                Date::new(year, period.rem_euclid(12) as i8 + 1, 1).ok()
            }
        }
    }

    /// Milliseconds of a rolling window.
    fn length(self) -> i64 {
        match self {
            Unit::Day => DAY,
            Unit::Week => 7 * DAY,
            Unit::Month => 30 * DAY,
        }
    }
}

/// The number of a day's month, from 1970 on. Asked for every event; source: Howard Hinnant, "chrono-compatible low-level
/// date algorithms", `civil_from_days`, where years begin in March.
fn month(day: i32) -> i32 {
    let day = i64::from(day) + 719_468;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let since_march = (5 * day + 2) / 153;
    ((era * 400 + year - 1970) * 12 + since_march + 2) as i32
}

impl Windows {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Windows::Calendar => "calendar",
            Windows::Rolling => "rolling",
        }
    }

    /// From how it is written.
    pub fn parse(name: &str) -> Option<Windows> {
        let known = WINDOWS.iter().find(|(known, _)| *known == name);
        known.map(|(_, windows)| *windows)
    }

    /// Tells the ages of what happens to somebody who joined then.
    pub fn since(self, unit: Unit, joined: Moment) -> Since {
        Since {
            windows: self,
            unit,
            joined: match self {
                Windows::Calendar => i64::from(unit.of(joined.day)),
                Windows::Rolling => joined.at,
            },
        }
    }

    /// What ages are, in a store that counts people by them; `period` is that of a day. Rolling windows that are over at
    /// this moment are told from others.
    pub(super) fn age<'a>(
        self,
        unit: Unit,
        period: &'a (dyn Fn(i32) -> i32 + Sync),
        now: i64,
    ) -> Age<'a> {
        match self {
            Windows::Calendar => Age::Periods(period),
            Windows::Rolling => Age::Windows {
                length: unit.length(),
                now,
            },
        }
    }

    /// Whether something lies within so many days of joining, the last one included.
    pub fn is_within(self, days: i32, joined: Moment, then: Moment) -> bool {
        match self {
            Windows::Calendar => then.day - joined.day <= days,
            Windows::Rolling => then.at - joined.at <= i64::from(days) * DAY,
        }
    }

    /// Whether these days are over.
    pub fn has_reached(self, days: i32, joined: Moment, now: Moment) -> bool {
        !self.is_within(days, joined, now)
    }
}

/// The ages of what happens to somebody.
#[derive(Clone, Copy)]
pub struct Since {
    windows: Windows,
    unit: Unit,
    /// The period of joining, or its moment.
    joined: i64,
}

impl Since {
    /// In which period after joining something lies; 0 is the one of joining. A period is over when now lies in a later one.
    pub fn age(self, then: Moment) -> i32 {
        match self.windows {
            Windows::Calendar => (i64::from(self.unit.of(then.day)) - self.joined) as i32,
            Windows::Rolling => (then.at - self.joined).div_euclid(self.unit.length()) as i32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::range::number;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn months_are_those_of_the_calendar(day in -700_000i32..2_900_000) {
            let date = date(day).unwrap();
            let wanted = (i32::from(date.year()) - 1970) * 12 + i32::from(date.month()) - 1;
            prop_assert_eq!(month(day), wanted);
        }
    }

    #[test]
    fn periods_begin_where_the_calendar_says() {
        for (day, week, month) in [
            ("1970-01-01", "1969-12-29", "1970-01-01"),
            ("2026-03-01", "2026-02-23", "2026-03-01"),
            ("2026-03-02", "2026-03-02", "2026-03-01"),
            ("2024-12-31", "2024-12-30", "2024-12-01"),
            ("1969-11-30", "1969-11-24", "1969-11-01"),
        ] {
            let number = number(day.parse().unwrap());
            for (unit, expected) in [(Unit::Week, week), (Unit::Month, month), (Unit::Day, day)] {
                let first = unit.first(unit.of(number)).unwrap();
                assert_eq!(first.to_string(), expected, "{day} {unit:?}");
            }
        }
    }
}
