//! Days seen from today or from others: last 7 days, this month, 3 days ago, the first week of June, the day after something
//! that was noted.

use jiff::ToSpan;

use super::calendar::weekend;
use super::period::{Period, Shape, Unit, span, start, weekday_before};
use super::when::{Days, Found, When};

impl When<'_> {
    /// The first 10 days of June, the second quarter of 2025, the last week of May.
    pub(super) fn ordinal(&self, at: usize) -> Option<(Period, usize)> {
        let place = match self.low(at) {
            "first" | "1st" => 1,
            "second" | "2nd" => 2,
            "third" | "3rd" => 3,
            "fourth" | "4th" => 4,
            "last" | "final" => 0,
            "1" | "2" | "3" | "4" if self.unit(at + 1) == Some(Unit::Quarter) => self.number(at)?,
            _ => return None,
        };
        let count = self.number(at + 1).filter(|_| self.unit(at + 2).is_some());
        let unit_at = if count.is_some() { at + 2 } else { at + 1 };
        let is_half = self.is(unit_at, &["half"]);
        let unit = if is_half {
            None
        } else {
            Some(self.unit(unit_at)?)
        };
        let has_of = self.is(unit_at + 1, &["of", "in"]);
        let whole_at = self.past(unit_at + 1, &["of", "in", "the"]);
        if is_half || unit == Some(Unit::Quarter) && place > 0 {
            let (year, to) = match self.year(whole_at) {
                Some(year) => (Some(year), whole_at + 1),
                None if self.is(whole_at, &["year"]) => (Some(self.today.year()), whole_at + 1),
                None if self.is(whole_at, &["this", "last"])
                    && self.is(whole_at + 1, &["year"]) =>
                {
                    (
                        Some(self.today.year() - i16::from(self.low(whole_at) == "last")),
                        whole_at + 2,
                    )
                }
                None => (None, unit_at + 1),
            };
            let place = if place == 0 { 2 } else { place };
            return if is_half {
                Some((self.half(place, year)?, to))
            } else {
                Some((self.quarter(place, year)?, to))
            };
        }
        if !has_of {
            return None;
        }
        let (whole, to) = self.named(whole_at).or_else(|| self.relative(whole_at))?;
        let (from, end) = (whole.from?, whole.to);
        let length = span(unit?, count.unwrap_or(1) as i32);
        let (from, end) = match place {
            0 => {
                let end = match whole.shape {
                    Shape::ToDate(Unit::Month) => return None,
                    _ => end,
                };
                (
                    end.saturating_sub(length).saturating_add(1.day()).max(from),
                    end,
                )
            }
            place => {
                let from = from.saturating_add(span(unit?, place as i32 - 1));
                (
                    from,
                    from.saturating_add(length).saturating_sub(1.day()).min(end),
                )
            }
        };
        (from <= end).then(|| (Period::days(format!("{from}..{end}"), from, end), to))
    }

    /// Last 7 days, this month, past week.
    pub(super) fn relative(&self, at: usize) -> Option<(Period, usize)> {
        let today = self.today;
        if self.is(at, &["so"]) && self.is(at + 1, &["far"]) {
            let (period, to) = self.relative(at + 2)?;
            return matches!(period.shape, Shape::ToDate(_)).then_some((period, to));
        }
        let word = self.low(at);
        let is_past = matches!(
            word,
            "last"
                | "past"
                | "previous"
                | "prior"
                | "rolling"
                | "trailing"
                | "preceding"
                | "latest"
                | "lst"
        );
        let is_this = matches!(word, "this" | "current");
        if !is_past && !is_this {
            return None;
        }
        let next = self.past(
            at + 1,
            &["full", "whole", "complete", "calendar", "of", "a"],
        );
        let calendar = self.low(next - 1) == "calendar" || self.low(next - 1) == "full";
        if is_this {
            if self.is(next, &["weekend"]) {
                let saturday = start(Unit::Week, today).saturating_add(5.days());
                return (saturday <= today).then(|| (weekend("this_weekend", saturday), next + 1));
            }
            if self.is(next, &["morning", "afternoon", "evening"]) {
                return Some((
                    Period {
                        label: "today".into(),
                        ..Period::day(today)
                    },
                    next + 1,
                ));
            }
            if let Some(unit) = self.unit(next) {
                let end = self.past(next + 1, &[]);
                let end = if self.is(end, &["so"]) && self.is(end + 1, &["far"]) {
                    end + 2
                } else {
                    end
                };
                let end = if self.is(end, &["to"]) && self.is(end + 1, &["date"]) {
                    end + 2
                } else {
                    end
                };
                return match unit {
                    Unit::Hour => None,
                    Unit::Day => Some((
                        Period {
                            label: "today".into(),
                            ..Period::day(today)
                        },
                        end,
                    )),
                    unit => Some((Period::this(unit, today), end)),
                };
            }
            if let Some(weekday) = self.weekday(next) {
                let day = start(Unit::Week, today)
                    .saturating_add(i64::from(weekday.to_monday_zero_offset()).days());
                return (day <= today).then(|| (Period::day(day), next + 1));
            }
            let (period, to) = self.named(next)?;
            return (period.from?.year() == today.year()).then_some((period, to));
        }
        if let Some(count) = self.number(next) {
            let unit_at = self.past(next + 1, &["full", "whole", "complete", "calendar", "of"]);
            let whole = self.low(unit_at - 1) == "calendar"
                || self.low(unit_at - 1) == "full"
                || self.low(unit_at - 1) == "complete";
            if let Some(unit) = self.unit(unit_at) {
                let count = i32::try_from(count)
                    .ok()
                    .filter(|count| (1..=3660).contains(count))?;
                return Some((self.last(unit, count, whole || calendar), unit_at + 1));
            }
            if self.is(unit_at, &["fortnights"]) {
                return Some((
                    Period::last(Unit::Day, count as i32 * 14, today),
                    unit_at + 1,
                ));
            }
            if self.is(unit_at, &["weekday"]) {
                return None;
            }
            return None;
        }
        if self.is(next, &["few", "several"]) {
            return None;
        }
        if self.is(next, &["weekend"]) {
            let saturday = start(Unit::Week, today).saturating_sub(2.days());
            return Some((weekend("last_weekend", saturday), next + 1));
        }
        if self.is(next, &["fortnight"]) {
            return Some((Period::last(Unit::Day, 14, today), next + 1));
        }
        if self.is(next, &["night"]) {
            return Some((
                Period {
                    label: "yesterday".into(),
                    ..Period::day(today.saturating_sub(1.day()))
                },
                next + 1,
            ));
        }
        if let Some(unit) = self.unit(next) {
            let period = match (word, unit) {
                (_, Unit::Hour) => self.last(Unit::Hour, 1, false),
                (_, Unit::Day) if matches!(word, "past" | "rolling" | "trailing") => {
                    self.last(Unit::Hour, 24, false)
                }
                (_, Unit::Day) => Period {
                    label: "yesterday".into(),
                    ..Period::day(today.saturating_sub(1.day()))
                },
                ("past" | "rolling" | "trailing", Unit::Week) => Period::last(Unit::Day, 7, today),
                ("past" | "rolling" | "trailing", Unit::Month) => {
                    Period::last(Unit::Day, 30, today)
                }
                ("past" | "rolling" | "trailing", Unit::Year) => {
                    Period::last(Unit::Day, 365, today)
                }
                (_, unit) => {
                    let label = match unit {
                        Unit::Week => "last_week",
                        Unit::Month => "last_month",
                        Unit::Quarter => "last_quarter",
                        _ => "last_year",
                    };
                    Period::before(label, unit, 1, today)
                }
            };
            return Some((period, next + 1));
        }
        if let Some(weekday) = self.weekday(next) {
            return Some((Period::day(weekday_before(weekday, today, false)), next + 1));
        }
        if let Some((month, to)) = self.month(next) {
            let mut year = today.year();
            if month >= today.month() {
                year -= 1;
            }
            return Some((self.whole_month(year, month), to));
        }
        None
    }

    pub(super) fn last(&self, unit: Unit, count: i32, is_whole: bool) -> Period {
        let today = self.today;
        match unit {
            Unit::Hour => Period {
                label: format!("last_{count}h"),
                shape: Shape::Hours(count),
                ..Period::days(
                    "",
                    today.saturating_sub(i64::from((count + 23) / 24).days()),
                    today,
                )
            },
            Unit::Week if !is_whole => Period {
                shape: Shape::Whole(Unit::Day, count * 7),
                ..Period::last(Unit::Day, count * 7, today)
            },
            unit => Period::last(unit, count, today),
        }
    }

    /// 3 days ago, two weeks ago.
    pub(super) fn ago(&self, at: usize) -> Option<(Period, usize)> {
        let (count, unit_at) = match self.number(at) {
            Some(count) => (count, at + 1),
            None if self.is(at, &["a", "an"]) => (1, at + 1),
            None => return None,
        };
        let unit_at = if self.low(at) == "a" && self.is(unit_at, &["couple"]) {
            return self.ago(unit_at).or_else(|| self.couple(unit_at));
        } else {
            unit_at
        };
        let unit = self.unit(unit_at)?;
        if !self.is(unit_at + 1, &["ago", "back", "earlier"]) {
            return None;
        }
        let count = i32::try_from(count)
            .ok()
            .filter(|count| (1..=3660).contains(count))?;
        let period = match unit {
            Unit::Hour => return None,
            Unit::Day => Period::day(self.today.saturating_sub(i64::from(count).days())),
            unit => Period::before(
                format!("{count}_{}_ago", self.low(unit_at)),
                unit,
                count,
                self.today,
            ),
        };
        Some((period, unit_at + 2))
    }

    pub(super) fn couple(&self, at: usize) -> Option<(Period, usize)> {
        let unit_at = self.past(at + 1, &["of"]);
        let unit = self.unit(unit_at).filter(|unit| *unit == Unit::Day)?;
        self.is(unit_at + 1, &["ago"]).then(|| {
            (
                Period::day(self.today.saturating_sub(span(unit, 2))),
                unit_at + 2,
            )
        })
    }

    pub(super) fn beside(&self, at: usize) -> Found {
        let begin = self.past(at, &["the", "first"]);
        let count = self.number(begin);
        let unit_at = if count.is_some() { begin + 1 } else { begin };
        let unit = self.unit(unit_at).filter(|unit| *unit != Unit::Hour)?;
        let is_after = match self.low(unit_at + 1) {
            "after" | "following" => true,
            "before" | "preceding" => false,
            _ => return None,
        };
        let point = self.past(unit_at + 2, &["the", "our"]);
        let (day, to) = self.note(point).or_else(|| {
            let (date, to) = self.date(point)?;
            Some((Period::day(date.ok()?), to))
        })?;
        let day = day.to;
        let length = span(unit, count.unwrap_or(1) as i32);
        let (from, to_day) = if is_after {
            (day.saturating_add(1.day()), day.saturating_add(length))
        } else {
            (day.saturating_sub(length), day.saturating_sub(1.day()))
        };
        Some((
            Days::One(Period::days(format!("{from}..{to_day}"), from, to_day)),
            to,
        ))
    }

    pub(super) fn future(&self, at: usize) -> Found {
        if self.is(at, &["tomorrow"]) {
            return Some((Days::Future, at + 1));
        }
        if self.is(at, &["next", "coming", "upcoming", "following"]) {
            let unit = if self.number(at + 1).is_some() {
                at + 2
            } else {
                at + 1
            };
            let is_time = self.unit(unit).is_some()
                || self.is(unit, &["weekend"])
                || self.month(unit).is_some()
                || self.weekday(unit).is_some();
            return is_time.then_some((Days::Future, unit + 1));
        }
        None
    }
}
