//! Days as people say them: the grammar of periods. It reads words from a place on and says which days they are and where
//! they end. A month, a day or a weekday without a year is the latest that isn't to come; "last 7 days" are the seven
//! whole days before today; weeks begin on Monday.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::period::{Period, Shape, Unit, span, start, weekday_before};
use super::word::{Kind, Word};

/// Words of the grammar, for typing errors.
pub const WORDS: &[&str] = &[
    "today", "yesterday", "tonight", "tomorrow", "last", "past", "previous", "prior", "this", "next", "current", "coming", "upcoming", "hour", "hours", "day", "days", "week", "weeks", "month",
    "months", "quarter", "quarters", "year", "years", "weekend", "weekends", "fortnight", "since", "until", "till", "between", "ago", "before", "after", "rolling", "trailing", "january", "february",
    "march", "april", "june", "july", "august", "september", "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mondays", "tuesdays",
    "wednesdays", "thursdays", "fridays", "saturdays", "sundays", "weekdays", "mtd", "ytd", "qtd", "wtd", "yoy", "mom", "wow", "qoq", "half", "second", "third", "fourth", "time", "all", "ever",
    "date", "beginning", "start", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "twenty", "thirty", "ninety", "couple", "dozen", "through", "following", "wk", "wks", "lst", "yday", "mth", "qtr", "yr", "hrs",
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "may", "lately", "calendar", "far", "week's",
];

/// Days that were said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The first word, and the one behind the last.
    pub from: usize,
    #[allow(missing_docs)]
    pub to: usize,
    /// What.
    pub days: Days,
}

/// What was said of days.
#[derive(Clone, Debug, PartialEq)]
pub enum Days {
    /// These.
    One(Period),
    /// From the first day of one to the last of another.
    Range(Box<Period>, Box<Period>, Period),
    /// Such days of each week.
    Weekdays(Vec<Weekday>),
    /// To come.
    Future,
    /// No such day.
    Invalid,
}

/// Where days are said.
pub struct When<'a> {
    words: &'a [Word],
    today: Date,
    notes: &'a [(Date, String)],
}

type Found = Option<(Days, usize)>;

impl<'a> When<'a> {
    /// In these words, seen from this day.
    pub fn new(words: &'a [Word], today: Date, notes: &'a [(Date, String)]) -> When<'a> {
        When { words, today, notes }
    }

    /// All days that are said, in order.
    pub fn all(&self, is_free: &dyn Fn(usize) -> bool) -> Vec<Said> {
        let mut all = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let found = if is_free(at) && self.words[at].kind != Kind::Quoted { self.at(at) } else { None };
            match found {
                Some((days, to)) if to > at && (at..to).all(is_free) => {
                    all.push(Said { from: at, to, days });
                    at = to;
                }
                _ => at += 1,
            }
        }
        all
    }

    fn low(&self, at: usize) -> &str {
        self.words.get(at).filter(|word| word.kind != Kind::Quoted).map_or("", |word| &word.low)
    }

    fn is(&self, at: usize, any: &[&str]) -> bool {
        any.contains(&self.low(at))
    }

    fn number(&self, at: usize) -> Option<u32> {
        self.words.get(at)?.number()
    }

    /// Past words that only lead on.
    fn past(&self, mut at: usize, any: &[&str]) -> usize {
        while self.is(at, any) {
            at += 1;
        }
        at
    }

    fn unit(&self, at: usize) -> Option<Unit> {
        Some(match self.low(at) {
            "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
            "day" | "days" => Unit::Day,
            "week" | "weeks" | "wk" | "wks" => Unit::Week,
            "month" | "months" | "mth" | "mths" | "mo" => Unit::Month,
            "quarter" | "quarters" | "qtr" => Unit::Quarter,
            "year" | "years" | "yr" | "yrs" => Unit::Year,
            _ => return None,
        })
    }

    fn at(&self, at: usize) -> Found {
        let one = |period: Period, to: usize| Some((Days::One(period), to));
        if let Some(found) = self.future(at) {
            return Some(found);
        }
        if self.is(at, &["since", "starting"]) || self.is(at, &["after"]) && !self.is(at + 1, &["they", "the"]) {
            let begin = self.past(at + 1, &["the", "on", "in", "from"]);
            if self.is(begin, &["start", "beginning"]) && self.is(begin + 1, &["of"]) {
                let unit = self.past(begin + 2, &["the", "this"]);
                if let Some(unit_) = self.unit(unit) {
                    return one(Period::this(unit_, self.today), unit + 1);
                }
                let (period, to) = self.point(unit)?;
                return one(self.since(&period)?, to);
            }
            if self.is(begin, &["start", "beginning", "launch"]) && self.note(begin).is_none() {
                return self.is(begin, &["start", "beginning"]).then(|| (Days::One(Period::all(self.today)), begin + 1));
            }
            let said = self.point(begin).or_else(|| self.note(begin));
            let (period, to) = match said {
                Some(said) => said,
                None => return self.invalid(begin),
            };
            if let Some(found) = self.until(&period, to) {
                return Some(found);
            }
            if self.low(at) == "after" {
                let from = period.to.tomorrow().ok()?;
                let label = format!("since:{from}");
                return one(Period::days(label, from.min(self.today), self.today), to);
            }
            return one(self.since(&period)?, to);
        }
        if self.is(at, &["until", "till", "before", "through"]) && !self.is(at + 1, &["that", "last"]) {
            let (period, to) = self.point(self.past(at + 1, &["the", "end", "of"]))?;
            let end = if self.low(at) == "before" { period.from?.yesterday().ok()? } else { period.to };
            return one(Period { label: format!("until:{end}"), from: None, to: end, shape: Shape::All }, to);
        }
        if self.is(at, &["from", "between"]) {
            let begin = self.past(at + 1, &["the"]);
            let Some((first, to)) = self.point(begin) else { return self.invalid(begin) };
            return self.until(&first, to);
        }
        // The 3 days after 1 June, or after something that was noted.
        if let Some(found) = self.beside(at) {
            return Some(found);
        }
        if let Some((first, to)) = self.point(at) {
            if !self.is(to, &["and"])
                && let Some(found) = self.until(&first, to)
            {
                return Some(found);
            }
            return one(first, to);
        }
        if let Some(found) = self.recurring(at) {
            return Some(found);
        }
        self.invalid(at)
    }

    fn since(&self, period: &Period) -> Option<Period> {
        let from = period.from?;
        Some(Period::days(format!("since:{from}"), from, self.today.max(from)))
    }

    /// `to …` after a beginning.
    fn until(&self, first: &Period, at: usize) -> Found {
        if !self.is(at, &["to", "until", "till", "through", "thru", "..", "-", "–", "—", "and", "up"]) {
            return None;
        }
        let next = self.past(at + 1, &["the", "to", "until", "and", "including", "end", "of"]);
        if self.is(next, &["now", "today"]) {
            return Some((Days::One(self.since(first)?), next + 1));
        }
        let Some((mut last, to)) = self.point(next).or_else(|| self.day_of(first, next)) else {
            return self.invalid(next);
        };
        let (said_first, said_last) = (first.clone(), last.clone());
        let mut first = first.clone();
        // The year that stands behind the last one is meant of both.
        let has_year = |from: usize, to: usize| (from..to).any(|at| self.year(at).is_some() || self.low(at).len() == 10);
        if has_year(next, to) && !has_year(at.saturating_sub(3), at) {
            let years = i32::from(last.to.year()) - i32::from(first.to.year());
            first = shifted(&first, years);
            if first.from > Some(last.to) {
                first = shifted(&first, -1);
            }
        }
        if first.from > Some(last.to) {
            let earlier = shifted(&first, -1);
            if earlier.from <= Some(last.to) {
                first = earlier;
            } else {
                last = shifted(&last, 1);
            }
        }
        let from = first.from?;
        let period = Period::days(format!("{from}..{}", last.to), from, last.to);
        let shape = match (first.shape, last.shape) {
            (Shape::Whole(Unit::Month, 1), Shape::Whole(Unit::Month, 1)) => {
                let months = i32::from(last.to.year() - from.year()) * 12 + i32::from(last.to.month() - from.month()) + 1;
                Shape::Whole(Unit::Month, months)
            }
            _ => Shape::Days,
        };
        Some((Days::Range(Box::new(said_first), Box::new(said_last), Period { shape, ..period }), to))
    }

    /// The second day of `1 to 10 June` and `June 1 - 10`.
    fn day_of(&self, first: &Period, at: usize) -> Option<(Period, usize)> {
        let day = self.number(at).filter(|day| (1..=31).contains(day))?;
        let from = first.from.filter(|from| *from == first.to)?;
        let date = Date::new(from.year(), from.month(), day as i8).ok()?;
        (self.month(at + 1).is_none()).then(|| (Period::day(date), at + 1))
    }

    fn future(&self, at: usize) -> Found {
        if self.is(at, &["tomorrow"]) {
            return Some((Days::Future, at + 1));
        }
        if self.is(at, &["next", "coming", "upcoming", "following"]) {
            let unit = if self.number(at + 1).is_some() { at + 2 } else { at + 1 };
            let is_time = self.unit(unit).is_some() || self.is(unit, &["weekend"]) || self.month(unit).is_some() || self.weekday(unit).is_some();
            return is_time.then_some((Days::Future, unit + 1));
        }
        None
    }

    /// One run of days.
    fn point(&self, at: usize) -> Option<(Period, usize)> {
        let today = self.today;
        let days_ago = |days: i64| today.saturating_sub(days.days());
        let begin = self.past(at, &["the"]);
        let named = |label: &str, day: Date| Period { label: label.into(), ..Period::day(day) };
        match self.low(begin) {
            "today" | "tonight" => return Some((named("today", today), begin + 1)),
            "yesterday" | "yday" => return Some((named("yesterday", days_ago(1)), begin + 1)),
            "ytd" => return Some((Period { label: "ytd".into(), ..Period::this(Unit::Year, today) }, begin + 1)),
            "mtd" => return Some((Period { label: "mtd".into(), ..Period::this(Unit::Month, today) }, begin + 1)),
            "qtd" => return Some((Period { label: "qtd".into(), ..Period::this(Unit::Quarter, today) }, begin + 1)),
            "wtd" => return Some((Period { label: "wtd".into(), ..Period::this(Unit::Week, today) }, begin + 1)),
            "lifetime" if !self.is(begin + 1, &["value", "values"]) => return Some((Period::all(today), begin + 1)),
            _ => {}
        }
        let phrases: [(&[&str], i32); 8] = [
            (&["day", "before", "yesterday"], 2),
            (&["all", "time"], -1),
            (&["of", "all", "time"], -1),
            (&["all", "of", "time"], -1),
            (&["since", "forever"], -1),
            (&["entire", "history"], -1),
            (&["whole", "history"], -1),
            (&["in", "history"], -1),
        ];
        for (phrase, days) in phrases {
            if phrase.iter().enumerate().all(|(place, word)| self.low(begin + place) == *word) {
                let period = if days < 0 { Period::all(today) } else { Period::day(days_ago(i64::from(days))) };
                return Some((period, begin + phrase.len()));
            }
        }
        if self.is(begin, &["ever", "alltime"]) {
            return Some((Period::all(today), begin + 1));
        }
        if let Some(unit) = self.unit(begin) {
            // Month to date; the week before last; the week of 8 June.
            if self.is(begin + 1, &["to"]) && self.is(begin + 2, &["date"]) {
                return Some((Period::this(unit, today), begin + 3));
            }
            if self.is(begin + 1, &["before"]) && self.is(begin + 2, &["last"]) {
                let label = format!("{}_before_last", self.low(begin));
                return Some((Period::before(label, unit, 2, today), begin + 3));
            }
            if unit == Unit::Week && self.is(begin + 1, &["of", "starting", "beginning"]) {
                let (day, to) = self.date(self.past(begin + 2, &["the", "on"]))?;
                let day = day.ok()?;
                return Some((Period::of(format!("week:{day}"), Unit::Week, day, today), to));
            }
        }
        self.ordinal(begin)
            .or_else(|| self.relative(begin))
            .or_else(|| self.ago(begin))
            .or_else(|| self.named(begin))
    }

    /// The first 10 days of June, the second quarter of 2025, the last week of May.
    fn ordinal(&self, at: usize) -> Option<(Period, usize)> {
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
        let unit = if is_half { None } else { Some(self.unit(unit_at)?) };
        let has_of = self.is(unit_at + 1, &["of", "in"]);
        let whole_at = self.past(unit_at + 1, &["of", "in", "the"]);
        if is_half || unit == Some(Unit::Quarter) && place > 0 {
            let (year, to) = match self.year(whole_at) {
                Some(year) => (Some(year), whole_at + 1),
                None if self.is(whole_at, &["year"]) => (Some(self.today.year()), whole_at + 1),
                None if self.is(whole_at, &["this", "last"]) && self.is(whole_at + 1, &["year"]) => {
                    (Some(self.today.year() - i16::from(self.low(whole_at) == "last")), whole_at + 2)
                }
                None => (None, unit_at + 1),
            };
            let place = if place == 0 { 2 } else { place };
            return if is_half { Some((self.half(place, year)?, to)) } else { Some((self.quarter(place, year)?, to)) };
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
                (end.saturating_sub(length).saturating_add(1.day()).max(from), end)
            }
            place => {
                let from = from.saturating_add(span(unit?, place as i32 - 1));
                (from, from.saturating_add(length).saturating_sub(1.day()).min(end))
            }
        };
        (from <= end).then(|| (Period::days(format!("{from}..{end}"), from, end), to))
    }

    /// Last 7 days, this month, past week.
    fn relative(&self, at: usize) -> Option<(Period, usize)> {
        let today = self.today;
        if self.is(at, &["so"]) && self.is(at + 1, &["far"]) {
            let (period, to) = self.relative(at + 2)?;
            return matches!(period.shape, Shape::ToDate(_)).then_some((period, to));
        }
        let word = self.low(at);
        let is_past = matches!(word, "last" | "past" | "previous" | "prior" | "rolling" | "trailing" | "preceding" | "latest" | "lst");
        let is_this = matches!(word, "this" | "current");
        if !is_past && !is_this {
            return None;
        }
        let next = self.past(at + 1, &["full", "whole", "complete", "calendar", "of", "a"]);
        let calendar = self.low(next - 1) == "calendar" || self.low(next - 1) == "full";
        if is_this {
            if self.is(next, &["weekend"]) {
                let saturday = start(Unit::Week, today).saturating_add(5.days());
                return (saturday <= today).then(|| (weekend("this_weekend", saturday), next + 1));
            }
            if self.is(next, &["morning", "afternoon", "evening"]) {
                return Some((Period { label: "today".into(), ..Period::day(today) }, next + 1));
            }
            if let Some(unit) = self.unit(next) {
                let end = self.past(next + 1, &[]);
                let end = if self.is(end, &["so"]) && self.is(end + 1, &["far"]) { end + 2 } else { end };
                let end = if self.is(end, &["to"]) && self.is(end + 1, &["date"]) { end + 2 } else { end };
                return match unit {
                    Unit::Hour => None,
                    Unit::Day => Some((Period { label: "today".into(), ..Period::day(today) }, end)),
                    unit => Some((Period::this(unit, today), end)),
                };
            }
            if let Some(weekday) = self.weekday(next) {
                let day = start(Unit::Week, today).saturating_add(i64::from(weekday.to_monday_zero_offset()).days());
                return (day <= today).then(|| (Period::day(day), next + 1));
            }
            let (period, to) = self.named(next)?;
            return (period.from?.year() == today.year()).then_some((period, to));
        }
        if let Some(count) = self.number(next) {
            let unit_at = self.past(next + 1, &["full", "whole", "complete", "calendar", "of"]);
            let whole = self.low(unit_at - 1) == "calendar" || self.low(unit_at - 1) == "full" || self.low(unit_at - 1) == "complete";
            if let Some(unit) = self.unit(unit_at) {
                let count = i32::try_from(count).ok().filter(|count| (1..=3660).contains(count))?;
                return Some((self.last(unit, count, whole || calendar), unit_at + 1));
            }
            if self.is(unit_at, &["fortnights"]) {
                return Some((Period::last(Unit::Day, count as i32 * 14, today), unit_at + 1));
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
            return Some((Period { label: "yesterday".into(), ..Period::day(today.saturating_sub(1.day())) }, next + 1));
        }
        if let Some(unit) = self.unit(next) {
            let period = match (word, unit) {
                (_, Unit::Hour) => self.last(Unit::Hour, 1, false),
                (_, Unit::Day) if matches!(word, "past" | "rolling" | "trailing") => self.last(Unit::Hour, 24, false),
                (_, Unit::Day) => Period { label: "yesterday".into(), ..Period::day(today.saturating_sub(1.day())) },
                ("past" | "rolling" | "trailing", Unit::Week) => Period::last(Unit::Day, 7, today),
                ("past" | "rolling" | "trailing", Unit::Month) => Period::last(Unit::Day, 30, today),
                ("past" | "rolling" | "trailing", Unit::Year) => Period::last(Unit::Day, 365, today),
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

    fn last(&self, unit: Unit, count: i32, is_whole: bool) -> Period {
        let today = self.today;
        match unit {
            Unit::Hour => Period {
                label: format!("last_{count}h"),
                shape: Shape::Hours(count),
                ..Period::days("", today.saturating_sub(i64::from((count + 23) / 24).days()), today)
            },
            Unit::Week if !is_whole => Period { shape: Shape::Whole(Unit::Day, count * 7), ..Period::last(Unit::Day, count * 7, today) },
            unit => Period::last(unit, count, today),
        }
    }

    /// 3 days ago, two weeks ago.
    fn ago(&self, at: usize) -> Option<(Period, usize)> {
        let (count, unit_at) = match self.number(at) {
            Some(count) => (count, at + 1),
            None if self.is(at, &["a", "an"]) => (1, at + 1),
            None => return None,
        };
        let unit_at = if self.low(at) == "a" && self.is(unit_at, &["couple"]) { return self.ago(unit_at).or_else(|| self.couple(unit_at)) } else { unit_at };
        let unit = self.unit(unit_at)?;
        if !self.is(unit_at + 1, &["ago", "back", "earlier"]) {
            return None;
        }
        let count = i32::try_from(count).ok().filter(|count| (1..=3660).contains(count))?;
        let period = match unit {
            Unit::Hour => return None,
            Unit::Day => Period::day(self.today.saturating_sub(i64::from(count).days())),
            unit => Period::before(format!("{count}_{}_ago", self.low(unit_at)), unit, count, self.today),
        };
        Some((period, unit_at + 2))
    }

    fn couple(&self, at: usize) -> Option<(Period, usize)> {
        let unit_at = self.past(at + 1, &["of"]);
        let unit = self.unit(unit_at).filter(|unit| *unit == Unit::Day)?;
        self.is(unit_at + 1, &["ago"]).then(|| (Period::day(self.today.saturating_sub(span(unit, 2))), unit_at + 2))
    }

    /// Q2, H1, June, 2025, a date, a weekday.
    fn named(&self, at: usize) -> Option<(Period, usize)> {
        let begin = self.past(at, &["the"]);
        let low = self.low(begin);
        let mut letters = low.chars();
        let first = letters.next();
        if let (Some(kind @ ('q' | 'h')), rest) = (first, letters.as_str())
            && let Ok(place) = rest.parse::<u32>()
            && (kind == 'q' && (1..=4).contains(&place) || kind == 'h' && (1..=2).contains(&place))
        {
            let (year, to) = self.year_behind(begin + 1);
            let period = if kind == 'q' { self.quarter(place, year)? } else { self.half(place, year)? };
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
                return ((1..=12).contains(&month)).then(|| (self.whole_month(year, month), begin + 1));
            }
        }
        if let Some(year) = self.year(begin) {
            if let Some(place) = self.low(begin + 1).strip_prefix('q').and_then(|place| place.parse().ok()).filter(|place| (1..=4).contains(place)) {
                return Some((self.quarter(place, Some(year))?, begin + 2));
            }
            let is_year = begin == 0 || !self.is(begin + 1, &["visitors", "people", "users", "fires"]);
            let day = Date::new(year, 1, 1).ok()?;
            return is_year.then(|| (Period::of(format!("year:{year}"), Unit::Year, day, self.today), begin + 1));
        }
        if let Some((date, to)) = self.date(begin) {
            let date = date.ok()?;
            return Some((Period::day(date), to));
        }
        if let Some((month, to)) = self.month(begin) {
            let (year, to) = self.year_behind(to);
            let year = year.unwrap_or_else(|| self.today.year() - i16::from(month > self.today.month()));
            return Some((self.whole_month(year, month), to));
        }
        if self.is(begin, &["weekend"]) {
            let saturday = start(Unit::Week, self.today).saturating_sub(2.days());
            if self.is(begin + 1, &["before"]) && self.is(begin + 2, &["last"]) {
                return Some((weekend("weekend_before_last", saturday.saturating_sub(7.days())), begin + 3));
            }
            return Some((weekend("last_weekend", saturday), begin + 1));
        }
        let weekday = self.weekday(begin)?;
        let day = weekday_before(weekday, self.today, true);
        // "Friday last week"
        if self.is(begin + 1, &["last"]) && self.unit(begin + 2) == Some(Unit::Week) {
            let monday = start(Unit::Week, self.today).saturating_sub(7.days());
            return Some((Period::day(monday.saturating_add(i64::from(weekday.to_monday_zero_offset()).days())), begin + 3));
        }
        Some((Period::day(day), begin + 1))
    }

    fn year(&self, at: usize) -> Option<i16> {
        let word = self.words.get(at).filter(|word| word.kind == Kind::Number && word.low.len() == 4)?;
        let is_amount = at > 0 && self.low(at - 1) == "$";
        word.low.parse().ok().filter(|year| (1990..=2100).contains(year) && !is_amount)
    }

    /// A year that stands behind, as a number or as "last year".
    fn year_behind(&self, at: usize) -> (Option<i16>, usize) {
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

    fn quarter(&self, place: u32, year: Option<i16>) -> Option<Period> {
        let first = |year: i16| Date::new(year, place as i8 * 3 - 2, 1).ok();
        let year = match year {
            Some(year) => year,
            None => self.today.year() - i16::from(first(self.today.year())? > self.today),
        };
        (1..=4).contains(&place).then_some(())?;
        Some(Period::of(format!("q{place}:{year}"), Unit::Quarter, first(year)?, self.today))
    }

    fn half(&self, place: u32, year: Option<i16>) -> Option<Period> {
        let first = |year: i16| Date::new(year, if place == 1 { 1 } else { 7 }, 1).ok();
        let year = match year {
            Some(year) => year,
            None => self.today.year() - i16::from(first(self.today.year())? > self.today),
        };
        let from = first(year)?;
        let to = from.saturating_add(6.months()).saturating_sub(1.day());
        Some(Period {
            shape: Shape::Whole(Unit::Month, 6),
            ..Period::days(format!("h{place}:{year}"), from, if to >= self.today { self.today.max(from) } else { to })
        })
    }

    fn whole_month(&self, year: i16, month: i8) -> Period {
        let day = Date::new(year, month, 1).unwrap_or(self.today);
        Period::of(format!("month:{year}-{month:02}"), Unit::Month, day, self.today)
    }

    /// The month that stands here, and where it ends.
    fn month(&self, at: usize) -> Option<(i8, usize)> {
        const MONTHS: [&str; 12] = [
            "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
        ];
        let low = self.low(at).trim_end_matches('.');
        let is_month = |name: &&str| *name == low || low.len() >= 3 && low.len() <= 4 && name.starts_with(low) && (low != "sept" || *name == "september");
        let month = MONTHS.iter().position(|name| is_month(&name))? as i8 + 1;
        if matches!(low, "may" | "mar" | "march" | "dec" | "sep" | "jun" | "jan" | "oct") && low == "may" {
            let before = if at == 0 { "" } else { self.low(at - 1) };
            let leads = [
                "in", "of", "since", "for", "last", "this", "vs", "versus", "to", "and", "between", "from", "during", "until", "than", "with", "over", "against", "before", "after", "through", "till", "is", "early", "late", "mid", ",",
            ];
            let is_number = |at: usize| self.number(at).is_some();
            let is_meant = leads.contains(&before) || is_number(at + 1) || at > 0 && is_number(at - 1) || at + 1 == self.words.len();
            is_meant.then_some(())?;
        }
        Some((month, at + 1))
    }

    fn weekday(&self, at: usize) -> Option<Weekday> {
        const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let low = self.low(at).trim_end_matches('.');
        let is_short = matches!(low, "mon" | "tue" | "tues" | "wed" | "thu" | "thur" | "thurs" | "fri" | "sat" | "sun");
        let place = DAYS.iter().position(|day| *day == low || is_short && day.starts_with(low))?;
        Weekday::from_monday_zero_offset(place as i8).ok()
    }

    /// A single date; an error where there is none like it.
    fn date(&self, at: usize) -> Option<(Result<Date, ()>, usize)> {
        let low = self.low(at);
        if low.len() == 10 && low.as_bytes()[4] == b'-' && low.bytes().filter(u8::is_ascii_digit).count() == 8 {
            return Some((low.parse().map_err(|_| ()), at + 1));
        }
        for separator in ['/', '.'] {
            let parts: Vec<Option<i16>> = low.split(separator).map(|part| part.parse().ok()).collect();
            if let [Some(a), Some(b), Some(c)] = *parts {
                let of = |year: i16, month: i16, day: i16| Date::new(year, month as i8, day as i8).map_err(|_| ());
                let fits = |n: i16| (1..=31).contains(&n);
                let found = match (separator, a) {
                    (_, 1990..=2100) if fits(b) && fits(c) => of(a, b, c),
                    ('.', _) if fits(a) && fits(b) && c >= 1990 => of(c, b, a),
                    ('/', _) if fits(a) && fits(b) && c >= 1990 && b > 12 => of(c, a, b),
                    ('/', _) if fits(a) && fits(b) && c >= 1990 && (a > 12 || a == b) => of(c, b, a),
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
                let day = self.words.get(next).filter(|word| word.kind == Kind::Number && word.low.len() <= 2)?.number()?;
                if self.unit(next + 1).is_some() {
                    return None;
                }
                (day, month, next + 1)
            }
            None => {
                let day = self.words.get(at).filter(|word| word.kind == Kind::Number && word.low.len() <= 2)?.number()?;
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
    fn shared_month(&self, at: usize, day: u32) -> Option<(Result<Date, ()>, usize)> {
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

    fn nearest(&self, year: Option<i16>, month: i8, day: u32) -> Result<Date, ()> {
        let day = i8::try_from(day).map_err(|_| ())?;
        let of = |year: i16| Date::new(year, month, day).map_err(|_| ());
        match year {
            Some(year) => of(year),
            None => match of(self.today.year()) {
                Ok(date) if date <= self.today => Ok(date),
                Ok(_) => of(self.today.year() - 1),
                // 29 February of a year that had one.
                Err(()) => (1..4).find_map(|back| of(self.today.year() - back).ok()).ok_or(()),
            },
        }
    }

    /// A date that doesn't exist.
    fn invalid(&self, at: usize) -> Found {
        match self.date(at) {
            Some((Err(()), to)) => Some((Days::Invalid, to)),
            _ => None,
        }
    }

    /// Something that was noted of a day.
    fn note(&self, at: usize) -> Option<(Period, usize)> {
        let word = self.words.get(at).filter(|word| word.low.len() > 3)?;
        let has = |note: &&(Date, String)| note.1.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|part| part == word.low);
        let mut found = self.notes.iter().filter(has);
        let (day, _) = found.next().filter(|_| found.next().is_none())?;
        Some((Period::day(*day), at + 1))
    }

    fn beside(&self, at: usize) -> Found {
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
        Some((Days::One(Period::days(format!("{from}..{to_day}"), from, to_day)), to))
    }

    /// On Mondays, at weekends.
    fn recurring(&self, at: usize) -> Found {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        if self.is(at, &["weekends"]) {
            return Some((Days::Weekdays(vec![Saturday, Sunday]), at + 1));
        }
        if self.is(at, &["weekdays"]) && at > 0 && self.is(at - 1, &["on", "during"]) {
            return Some((Days::Weekdays(vec![Monday, Tuesday, Wednesday, Thursday, Friday]), at + 1));
        }
        let single = self.low(at).strip_suffix('s')?;
        let days = [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
        let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let place = names.iter().position(|name| *name == single)?;
        Some((Days::Weekdays(vec![days[place]]), at + 1))
    }
}

fn weekend(label: &str, saturday: Date) -> Period {
    Period { shape: Shape::Weekend, ..Period::days(label, saturday, saturday.saturating_add(1.day())) }
}

/// The same in another year.
fn shifted(period: &Period, years: i32) -> Period {
    let to = if period.to.tomorrow().is_ok_and(|next| next.day() == 1) && matches!(period.shape, Shape::Whole(Unit::Month, _)) {
        period.to.saturating_add(years.years()).last_of_month()
    } else {
        period.to.saturating_add(years.years())
    };
    let from = period.from.map(|from| from.saturating_add(years.years()));
    let label = match (period.shape, from) {
        (Shape::Whole(Unit::Month, 1), Some(from)) => format!("month:{}-{:02}", from.year(), from.month()),
        (Shape::Whole(Unit::Day, 1), Some(from)) => from.to_string(),
        _ => period.label.clone(),
    };
    Period { label, from, to, shape: period.shape }
}
