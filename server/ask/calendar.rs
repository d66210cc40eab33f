//! Days by their names: Q2, June, 2025, 30 June, Friday, the weekend. One without a year is the latest that isn't to come.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::period::{Period, Shape, Unit, start, weekday_before};
use super::when::{Days, Found, When};
use super::word::Kind;

/// What months are called; three letters are enough.
pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// What the days of the week are called.
pub(super) const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

impl When<'_> {
    /// Q2, H1, June, 2025, a date, a weekday.
    pub(super) fn named(&self, at: usize) -> Option<(Period, usize)> {
        let begin = self.past(at, &["the"]);
        let low = self.low(begin);
        let mut letters = low.chars();
        let first = letters.next();
        if let (Some(kind @ ('q' | 'h')), rest) = (first, letters.as_str())
            && let Ok(place) = rest.parse::<u32>()
            && (kind == 'q' && (1..=4).contains(&place) || kind == 'h' && (1..=2).contains(&place))
        {
            let (year, to) = self.year_behind(begin + 1);
            let period = if kind == 'q' {
                self.quarter(place, year)?
            } else {
                self.half(place, year)?
            };
            return Some((period, to));
        }
        if let Some((year, rest)) = low.split_once(['-', '/'])
            && year.len() == 4
            && let Ok(year) = year.parse::<i16>()
        {
            if let Some(place) = rest.strip_prefix('q').and_then(|place| place.parse().ok()) {
                return Some((self.quarter(place, Some(year))?, begin + 1));
            }
            if let (2, Ok(month)) = (rest.len(), rest.parse::<i8>()) {
                return ((1..=12).contains(&month))
                    .then(|| (self.whole_month(year, month), begin + 1));
            }
        }
        if let Some(year) = self.year(begin) {
            if let Some(place) = self
                .low(begin + 1)
                .strip_prefix('q')
                .and_then(|place| place.parse().ok())
                .filter(|place| (1..=4).contains(place))
            {
                return Some((self.quarter(place, Some(year))?, begin + 2));
            }
            let is_year =
                begin == 0 || !self.is(begin + 1, &["visitors", "people", "users", "fires"]);
            let day = Date::new(year, 1, 1).ok()?;
            return is_year.then(|| {
                (
                    Period::of(format!("year:{year}"), Unit::Year, day, self.today),
                    begin + 1,
                )
            });
        }
        if let Some((date, to)) = self.date(begin) {
            let date = date.ok()?;
            return Some((Period::day(date), to));
        }
        if let Some((month, to)) = self.month(begin) {
            let (year, to) = self.year_behind(to);
            let year =
                year.unwrap_or_else(|| self.today.year() - i16::from(month > self.today.month()));
            return Some((self.whole_month(year, month), to));
        }
        if self.is(begin, &["weekend"]) {
            let saturday = start(Unit::Week, self.today).saturating_sub(2.days());
            if self.is(begin + 1, &["before"]) && self.is(begin + 2, &["last"]) {
                return Some((
                    weekend("weekend_before_last", saturday.saturating_sub(7.days())),
                    begin + 3,
                ));
            }
            return Some((weekend("last_weekend", saturday), begin + 1));
        }
        let weekday = self.weekday(begin)?;
        let day = weekday_before(weekday, self.today, true);
        // "Friday last week"
        if self.is(begin + 1, &["last"]) && self.unit(begin + 2) == Some(Unit::Week) {
            let monday = start(Unit::Week, self.today).saturating_sub(7.days());
            return Some((
                Period::day(
                    monday.saturating_add(i64::from(weekday.to_monday_zero_offset()).days()),
                ),
                begin + 3,
            ));
        }
        Some((Period::day(day), begin + 1))
    }

    pub(super) fn year(&self, at: usize) -> Option<i16> {
        let word = self
            .words
            .get(at)
            .filter(|word| word.kind == Kind::Number && word.low.len() == 4)?;
        let is_amount = at > 0 && self.low(at - 1) == "$";
        word.low
            .parse()
            .ok()
            .filter(|year| (1990..=2100).contains(year) && !is_amount)
    }

    /// A year that stands behind, as a number or as "last year".
    pub(super) fn year_behind(&self, at: usize) -> (Option<i16>, usize) {
        let next = self.past(at, &["of", ","]);
        if let Some(year) = self.year(next) {
            return (Some(year), next + 1);
        }
        if self.is(next, &["last", "this", "previous"]) && self.is(next + 1, &["year"]) {
            let year = self.today.year() - i16::from(self.low(next) != "this");
            return (Some(year), next + 2);
        }
        (None, at)
    }

    pub(super) fn quarter(&self, place: u32, year: Option<i16>) -> Option<Period> {
        let first = |year: i16| Date::new(year, place as i8 * 3 - 2, 1).ok();
        let year = match year {
            Some(year) => year,
            None => self.today.year() - i16::from(first(self.today.year())? > self.today),
        };
        (1..=4).contains(&place).then_some(())?;
        Some(Period::of(
            format!("q{place}:{year}"),
            Unit::Quarter,
            first(year)?,
            self.today,
        ))
    }

    pub(super) fn half(&self, place: u32, year: Option<i16>) -> Option<Period> {
        let first = |year: i16| Date::new(year, if place == 1 { 1 } else { 7 }, 1).ok();
        let year = match year {
            Some(year) => year,
            None => self.today.year() - i16::from(first(self.today.year())? > self.today),
        };
        let from = first(year)?;
        let to = from.saturating_add(6.months()).saturating_sub(1.day());
        Some(Period {
            shape: Shape::Whole(Unit::Month, 6),
            ..Period::days(
                format!("h{place}:{year}"),
                from,
                if to >= self.today {
                    self.today.max(from)
                } else {
                    to
                },
            )
        })
    }

    pub(super) fn whole_month(&self, year: i16, month: i8) -> Period {
        let day = Date::new(year, month, 1).unwrap_or(self.today);
        Period::of(
            format!("month:{year}-{month:02}"),
            Unit::Month,
            day,
            self.today,
        )
    }

    /// The month that stands here, and where it ends.
    pub(super) fn month(&self, at: usize) -> Option<(i8, usize)> {
        let low = self.low(at).trim_end_matches('.');
        let is_month = |name: &&str| {
            *name == low
                || low.len() >= 3
                    && low.len() <= 4
                    && name.starts_with(low)
                    && (low != "sept" || *name == "september")
        };
        let month = MONTHS.iter().position(is_month)? as i8 + 1;
        if matches!(
            low,
            "may" | "mar" | "march" | "dec" | "sep" | "jun" | "jan" | "oct"
        ) && low == "may"
        {
            let before = if at == 0 { "" } else { self.low(at - 1) };
            let leads = [
                "in", "of", "since", "for", "last", "this", "vs", "versus", "to", "and", "between",
                "from", "during", "until", "than", "with", "over", "against", "before", "after",
                "through", "till", "is", "early", "late", "mid", ",",
            ];
            let is_number = |at: usize| self.number(at).is_some();
            let is_meant = leads.contains(&before)
                || is_number(at + 1)
                || at > 0 && is_number(at - 1)
                || at + 1 == self.words.len();
            is_meant.then_some(())?;
        }
        Some((month, at + 1))
    }

    pub(super) fn weekday(&self, at: usize) -> Option<Weekday> {
        let low = self.low(at).trim_end_matches('.');
        let is_short = matches!(
            low,
            "mon" | "tue" | "tues" | "wed" | "thu" | "thur" | "thurs" | "fri" | "sat" | "sun"
        );
        let place = WEEKDAYS
            .iter()
            .position(|day| *day == low || is_short && day.starts_with(low))?;
        Weekday::from_monday_zero_offset(place as i8).ok()
    }

    /// A single date; an error where there is none like it.
    pub(super) fn date(&self, at: usize) -> Option<(Result<Date, ()>, usize)> {
        let low = self.low(at);
        if low.len() == 10
            && low.as_bytes()[4] == b'-'
            && low.bytes().filter(u8::is_ascii_digit).count() == 8
        {
            return Some((low.parse().map_err(|_| ()), at + 1));
        }
        for separator in ['/', '.'] {
            let parts: Vec<Option<i16>> =
                low.split(separator).map(|part| part.parse().ok()).collect();
            if let [Some(a), Some(b), Some(c)] = *parts {
                let of = |year: i16, month: i16, day: i16| {
                    Date::new(year, month as i8, day as i8).map_err(|_| ())
                };
                let fits = |n: i16| (1..=31).contains(&n);
                let found = match (separator, a) {
                    (_, 1990..=2100) if fits(b) && fits(c) => of(a, b, c),
                    ('.', _) if fits(a) && fits(b) && c >= 1990 => of(c, b, a),
                    ('/', _) if fits(a) && fits(b) && c >= 1990 && b > 12 => of(c, a, b),
                    ('/', _) if fits(a) && fits(b) && c >= 1990 && (a > 12 || a == b) => {
                        of(c, b, a)
                    }
                    // Which is the month can't be known.
                    _ => Err(()),
                };
                return Some((found, at + 1));
            }
        }
        // 30 June, 30th of June, June 30
        let (day, month, to) = match self.month(at) {
            Some((month, next)) => {
                let next = self.past(next, &["the"]);
                let day = self
                    .words
                    .get(next)
                    .filter(|word| word.kind == Kind::Number && word.low.len() <= 2)?
                    .number()?;
                if self.unit(next + 1).is_some() {
                    return None;
                }
                (day, month, next + 1)
            }
            None => {
                let day = self
                    .words
                    .get(at)
                    .filter(|word| word.kind == Kind::Number && word.low.len() <= 2)?
                    .number()?;
                let next = self.past(at + 1, &["of"]);
                let (month, to) = match self.month(next) {
                    Some(found) => found,
                    None => return self.shared_month(at, day),
                };
                (day, month, to)
            }
        };
        let (year, to) = self.year_behind(to);
        Some((self.nearest(year, month, day), to))
    }

    /// `1 to 10 June`: the month stands behind the second day.
    pub(super) fn shared_month(&self, at: usize, day: u32) -> Option<(Result<Date, ()>, usize)> {
        if !self.is(at + 1, &["to", "-", "–", "until", "through", "and", ".."]) {
            return None;
        }
        let second = self.past(at + 2, &["the"]);
        self.number(second).filter(|day| (1..=31).contains(day))?;
        let next = self.past(second + 1, &["of"]);
        let (month, to) = self.month(next)?;
        let (year, _) = self.year_behind(to);
        Some((self.nearest(year, month, day), at + 1))
    }

    pub(super) fn nearest(&self, year: Option<i16>, month: i8, day: u32) -> Result<Date, ()> {
        let day = i8::try_from(day).map_err(|_| ())?;
        let of = |year: i16| Date::new(year, month, day).map_err(|_| ());
        match year {
            Some(year) => of(year),
            None => match of(self.today.year()) {
                Ok(date) if date <= self.today => Ok(date),
                Ok(_) => of(self.today.year() - 1),
                // 29 February of a year that had one.
                Err(()) => (1..4)
                    .find_map(|back| of(self.today.year() - back).ok())
                    .ok_or(()),
            },
        }
    }

    /// A date that doesn't exist.
    pub(super) fn invalid(&self, at: usize) -> Found {
        match self.date(at) {
            Some((Err(()), to)) => Some((Days::Invalid, to)),
            _ => None,
        }
    }

    /// Something that was noted of a day.
    pub(super) fn note(&self, at: usize) -> Option<(Period, usize)> {
        let word = self.words.get(at).filter(|word| word.low.len() > 3)?;
        let has = |note: &&(Date, String)| {
            note.1
                .to_lowercase()
                .split(|c: char| !c.is_alphanumeric())
                .any(|part| part == word.low)
        };
        let mut found = self.notes.iter().filter(has);
        let (day, _) = found.next().filter(|_| found.next().is_none())?;
        Some((Period::day(*day), at + 1))
    }
}

pub(super) fn weekend(label: &str, saturday: Date) -> Period {
    Period {
        shape: Shape::Weekend,
        ..Period::days(label, saturday, saturday.saturating_add(1.day()))
    }
}
