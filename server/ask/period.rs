//! The days that a question is about, and the days that they are compared with.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// A part of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    #[allow(missing_docs)]
    Hour,
    #[allow(missing_docs)]
    Day,
    #[allow(missing_docs)]
    Week,
    #[allow(missing_docs)]
    Month,
    #[allow(missing_docs)]
    Quarter,
    #[allow(missing_docs)]
    Year,
}

/// What kind of days they are, which says what lies before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// So many whole parts of the calendar.
    Whole(Unit, i32),
    /// A part of the calendar up to today.
    ToDate(Unit),
    /// Just days.
    Days,
    /// Two days of a weekend.
    Weekend,
    /// Everything there is.
    All,
    /// So many hours up to now.
    Hours(i32),
}

/// Days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// As it was said.
    pub label: String,
    /// The first day; `None` where it is the first of all.
    pub from: Option<Date>,
    /// The last.
    pub to: Date,
    /// What kind.
    pub shape: Shape,
}

/// The first day of the part of the calendar that a day lies in.
pub fn start(unit: Unit, day: Date) -> Date {
    match unit {
        Unit::Hour | Unit::Day => day,
        Unit::Week => day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days()),
        Unit::Month => day.first_of_month(),
        Unit::Quarter => {
            let month = (day.month() - 1) / 3 * 3 + 1;
            Date::new(day.year(), month, 1).unwrap_or(day)
        }
        Unit::Year => day.first_of_year(),
    }
}

/// So many of it.
pub fn span(unit: Unit, count: i32) -> Span {
    match unit {
        Unit::Hour | Unit::Day => Span::new().days(count),
        Unit::Week => Span::new().days(count.saturating_mul(7)),
        Unit::Month => Span::new().months(count),
        Unit::Quarter => Span::new().months(count.saturating_mul(3)),
        Unit::Year => Span::new().years(count),
    }
}

fn name(unit: Unit) -> &'static str {
    match unit {
        Unit::Hour => "hour",
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}

impl Period {
    /// These days.
    pub fn days(label: impl Into<String>, from: Date, to: Date) -> Period {
        Period {
            label: label.into(),
            from: Some(from),
            to,
            shape: Shape::Days,
        }
    }

    /// One day.
    pub fn day(day: Date) -> Period {
        Period {
            shape: Shape::Whole(Unit::Day, 1),
            ..Period::days(day.to_string(), day, day)
        }
    }

    /// The part of the calendar that a day lies in, as far as today.
    pub fn of(label: impl Into<String>, unit: Unit, day: Date, today: Date) -> Period {
        let from = start(unit, day);
        let end = from.saturating_add(span(unit, 1)).saturating_sub(1.day());
        let is_now = end >= today;
        Period {
            label: label.into(),
            from: Some(from),
            to: if is_now { today.max(from) } else { end },
            shape: if is_now {
                Shape::ToDate(unit)
            } else {
                Shape::Whole(unit, 1)
            },
        }
    }

    /// This week, month …, up to today.
    pub fn this(unit: Unit, today: Date) -> Period {
        Period {
            shape: Shape::ToDate(unit),
            ..Period::of(format!("this_{}", name(unit)), unit, today, today)
        }
    }

    /// The whole one so many before this one.
    pub fn before(label: impl Into<String>, unit: Unit, count: i32, today: Date) -> Period {
        let from = start(unit, today).saturating_sub(span(unit, count));
        Period::of(label, unit, from, today)
    }

    /// The last so many whole ones: days before today, weeks and months before this.
    pub fn last(unit: Unit, count: i32, today: Date) -> Period {
        let to = start(unit, today).saturating_sub(1.day());
        let from = start(unit, today).saturating_sub(span(unit, count));
        let letter = match unit {
            Unit::Hour => "h",
            Unit::Day => "d",
            Unit::Week => "w",
            Unit::Month => "m",
            Unit::Quarter => "q",
            Unit::Year => "y",
        };
        Period {
            shape: Shape::Whole(unit, count),
            ..Period::days(format!("last_{count}{letter}"), from, to)
        }
    }

    /// All days up to today.
    pub fn all(today: Date) -> Period {
        Period {
            label: "all_time".into(),
            from: None,
            to: today,
            shape: Shape::All,
        }
    }

    /// The days before these, as many; of parts of the calendar the parts before, of one that isn't over as far as it is.
    pub fn previous(&self) -> Option<(Date, Date)> {
        let from = self.from?;
        let yesterday = |day: Date| day.saturating_sub(1.day());
        match self.shape {
            Shape::All => None,
            Shape::Whole(unit, count) => {
                Some((from.saturating_sub(span(unit, count)), yesterday(from)))
            }
            Shape::ToDate(unit) => {
                let start = from.saturating_sub(span(unit, 1));
                let passed = (self.to - from).get_days();
                Some((
                    start,
                    start.saturating_add(passed.days()).min(yesterday(from)),
                ))
            }
            Shape::Weekend => Some((
                from.saturating_sub(7.days()),
                self.to.saturating_sub(7.days()),
            )),
            Shape::Hours(_) => Some((yesterday(from), yesterday(self.to))),
            Shape::Days => {
                let length = (self.to - from).get_days() + 1;
                Some((from.saturating_sub(length.days()), yesterday(from)))
            }
        }
    }

    /// The same days of the year before.
    pub fn year_before(&self) -> Option<(Date, Date)> {
        let year = |day: Date| day.saturating_sub(1.year());
        let is_month_end = self.to.tomorrow().is_ok_and(|next| next.day() == 1);
        let to = match (self.shape, is_month_end) {
            (Shape::Whole(Unit::Month | Unit::Quarter | Unit::Year, _), true) => {
                year(self.to).last_of_month()
            }
            _ => year(self.to),
        };
        Some((year(self.from?), to))
    }
}

/// The last such weekday before a day; the day itself where `or_today`.
pub fn weekday_before(weekday: Weekday, day: Date, or_today: bool) -> Date {
    let offset = i64::from(day.weekday().since(weekday));
    let offset = if offset == 0 && !or_today { 7 } else { offset };
    day.saturating_sub(offset.days())
}
