//! Days as people say them: the grammar of periods. It reads words from a place on and says which days they are and where
//! they end. A month, a day or a weekday without a year is the latest that isn't to come; "last 7 days" are the seven
//! whole days before today; weeks begin on Monday.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::calendar::WEEKDAYS;
use super::period::{Period, Shape, Unit};
use super::word::{Kind, Word};

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
    pub(super) words: &'a [Word],
    pub(super) today: Date,
    pub(super) notes: &'a [(Date, String)],
}

pub(super) type Found = Option<(Days, usize)>;

impl<'a> When<'a> {
    /// In these words, seen from this day.
    pub fn new(words: &'a [Word], today: Date, notes: &'a [(Date, String)]) -> When<'a> {
        When {
            words,
            today,
            notes,
        }
    }

    /// All days that are said, in order.
    pub fn all(&self, is_free: &dyn Fn(usize) -> bool) -> Vec<Said> {
        let mut all = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let found = if is_free(at) && self.words[at].kind != Kind::Quoted {
                self.at(at)
            } else {
                None
            };
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

    pub(super) fn low(&self, at: usize) -> &str {
        self.words
            .get(at)
            .filter(|word| word.kind != Kind::Quoted)
            .map_or("", |word| &word.low)
    }

    pub(super) fn is(&self, at: usize, any: &[&str]) -> bool {
        any.contains(&self.low(at))
    }

    pub(super) fn number(&self, at: usize) -> Option<u32> {
        self.words.get(at)?.number()
    }

    /// Past words that only lead on.
    pub(super) fn past(&self, mut at: usize, any: &[&str]) -> usize {
        while self.is(at, any) {
            at += 1;
        }
        at
    }

    pub(super) fn unit(&self, at: usize) -> Option<Unit> {
        Some(match self.low(at) {
            "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
            "day" | "days" | "dys" | "dy" => Unit::Day,
            "week" | "weeks" | "wk" | "wks" | "wek" | "weks" => Unit::Week,
            "month" | "months" | "mth" | "mths" | "mnth" | "mnths" | "mo" | "mos" => Unit::Month,
            "quarter" | "quarters" | "qtr" => Unit::Quarter,
            "year" | "years" | "yr" | "yrs" => Unit::Year,
            _ => return None,
        })
    }

    pub(super) fn at(&self, at: usize) -> Found {
        let one = |period: Period, to: usize| Some((Days::One(period), to));
        if let Some(found) = self.future(at) {
            return Some(found);
        }
        if self.is(at, &["since", "starting"])
            || self.is(at, &["after"]) && !self.is(at + 1, &["they", "the"])
        {
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
                return self
                    .is(begin, &["start", "beginning"])
                    .then(|| (Days::One(Period::all(self.today)), begin + 1));
            }
            let said = self.point(begin).or_else(|| self.note(begin));
            let (period, to) = match said {
                Some(said) => said,
                None => return self.invalid(begin),
            };
            if let Some(found) = self.until(&period, to) {
                return Some(found);
            }
            if self.low(at) == "after" && !self.is(at.wrapping_sub(1), &["or"]) {
                let from = period.to.tomorrow().ok()?;
                let label = format!("since:{from}");
                return one(Period::days(label, from.min(self.today), self.today), to);
            }
            return one(self.since(&period)?, to);
        }
        if self.is(at, &["until", "till", "before", "through"])
            && !self.is(at + 1, &["that", "last"])
        {
            let (period, to) = self.point(self.past(at + 1, &["the", "end", "of"]))?;
            let end = if self.low(at) == "before" {
                period.from?.yesterday().ok()?
            } else {
                period.to
            };
            return one(
                Period {
                    label: format!("until:{end}"),
                    from: None,
                    to: end,
                    shape: Shape::All,
                },
                to,
            );
        }
        if self.is(at, &["up"])
            && self.is(at + 1, &["to", "until", "till"])
            && let Some((Days::One(until), to)) = self.at_until(at + 2)
        {
            return one(until, to);
        }
        if self.is(at, &["from", "between"]) {
            let begin = self.past(at + 1, &["the"]);
            let Some((first, to)) = self.point(begin) else {
                return self.invalid(begin);
            };
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

    /// "up to 10 June": all days to it.
    fn at_until(&self, at: usize) -> Found {
        let (period, to) = self.point(self.past(at, &["the", "end", "of"]))?;
        let until = Period {
            label: format!("until:{}", period.to),
            from: None,
            to: period.to,
            shape: Shape::All,
        };
        Some((Days::One(until), to))
    }

    pub(super) fn since(&self, period: &Period) -> Option<Period> {
        let from = period.from?;
        Some(Period::days(
            format!("since:{from}"),
            from,
            self.today.max(from),
        ))
    }

    /// `to …` after a beginning.
    pub(super) fn until(&self, first: &Period, at: usize) -> Found {
        if !self.is(
            at,
            &[
                "to", "until", "till", "through", "thru", "..", "-", "–", "—", "and", "up",
            ],
        ) {
            return None;
        }
        let next = self.past(
            at + 1,
            &["the", "to", "until", "and", "including", "end", "of"],
        );
        if self.is(next, &["now", "today"]) {
            return Some((Days::One(self.since(first)?), next + 1));
        }
        let Some((mut last, to)) = self.point(next).or_else(|| self.day_of(first, next)) else {
            return self.invalid(next);
        };
        let (said_first, said_last) = (first.clone(), last.clone());
        let mut first = first.clone();
        // The year that stands behind the last one is meant of both.
        let has_year = |from: usize, to: usize| {
            (from..to).any(|at| self.year(at).is_some() || self.low(at).len() == 10)
        };
        if has_year(next, to) && !has_year(at.saturating_sub(3), at) {
            let years = i32::from(last.to.year()) - i32::from(first.to.year());
            first = shifted(&first, years);
            if first.from > Some(last.to) {
                first = shifted(&first, -1);
            }
        }
        // "Friday to Monday"
        let begin = (at.saturating_sub(3)..at).rfind(|at| self.weekday(*at).is_some());
        if first.from > Some(last.to) && begin.is_some() && self.weekday(next).is_some() {
            first = Period::day(first.to.saturating_sub(7.days()));
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
                let months = i32::from(last.to.year() - from.year()) * 12
                    + i32::from(last.to.month() - from.month())
                    + 1;
                Shape::Whole(Unit::Month, months)
            }
            _ => Shape::Days,
        };
        Some((
            Days::Range(
                Box::new(said_first),
                Box::new(said_last),
                Period { shape, ..period },
            ),
            to,
        ))
    }

    /// The second day of `1 to 10 June` and `June 1 - 10`.
    pub(super) fn day_of(&self, first: &Period, at: usize) -> Option<(Period, usize)> {
        let day = self.number(at).filter(|day| (1..=31).contains(day))?;
        let from = first.from.filter(|from| *from == first.to)?;
        let date = Date::new(from.year(), from.month(), day as i8).ok()?;
        (self.month(at + 1).is_none()).then(|| (Period::day(date), at + 1))
    }

    /// One run of days.
    pub(super) fn point(&self, at: usize) -> Option<(Period, usize)> {
        let today = self.today;
        let days_ago = |days: i64| today.saturating_sub(days.days());
        let begin = self.past(at, &["the"]);
        let named = |label: &str, day: Date| Period {
            label: label.into(),
            ..Period::day(day)
        };
        const TO_DATE: [(&str, Unit); 4] = [
            ("ytd", Unit::Year),
            ("qtd", Unit::Quarter),
            ("mtd", Unit::Month),
            ("wtd", Unit::Week),
        ];
        let to_date = TO_DATE.iter().find(|(word, _)| *word == self.low(begin));
        if let Some((word, unit)) = to_date {
            let period = Period {
                label: (*word).into(),
                ..Period::this(*unit, today)
            };
            return Some((period, begin + 1));
        }
        match self.low(begin) {
            "today" | "tonight" => return Some((named("today", today), begin + 1)),
            "yesterday" | "yday" => return Some((named("yesterday", days_ago(1)), begin + 1)),
            "lifetime" if !self.is(begin + 1, &["value", "values"]) => {
                return Some((Period::all(today), begin + 1));
            }
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
            if phrase
                .iter()
                .enumerate()
                .all(|(place, word)| self.low(begin + place) == *word)
            {
                let period = if days < 0 {
                    Period::all(today)
                } else {
                    Period::day(days_ago(i64::from(days)))
                };
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
                return Some((
                    Period::of(format!("week:{day}"), Unit::Week, day, today),
                    to,
                ));
            }
        }
        self.ordinal(begin)
            .or_else(|| self.relative(begin))
            .or_else(|| self.ago(begin))
            .or_else(|| self.named(begin))
    }

    /// On Mondays, at weekends.
    pub(super) fn recurring(&self, at: usize) -> Found {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        if self.is(at, &["weekends"]) {
            return Some((Days::Weekdays(vec![Saturday, Sunday]), at + 1));
        }
        if self.is(at, &["weekdays"]) && at > 0 && self.is(at - 1, &["on", "during"]) {
            return Some((
                Days::Weekdays(vec![Monday, Tuesday, Wednesday, Thursday, Friday]),
                at + 1,
            ));
        }
        let single = self.low(at).strip_suffix('s')?;
        let place = WEEKDAYS.iter().position(|name| *name == single)?;
        let weekday = Weekday::from_monday_zero_offset(place as i8).ok()?;
        Some((Days::Weekdays(vec![weekday]), at + 1))
    }
}

/// The same in another year.
fn shifted(period: &Period, years: i32) -> Period {
    let to = if period.to.tomorrow().is_ok_and(|next| next.day() == 1)
        && matches!(period.shape, Shape::Whole(Unit::Month, _))
    {
        period.to.saturating_add(years.years()).last_of_month()
    } else {
        period.to.saturating_add(years.years())
    };
    let from = period.from.map(|from| from.saturating_add(years.years()));
    let label = match (period.shape, from) {
        (Shape::Whole(Unit::Month, 1), Some(from)) => {
            format!("month:{}-{:02}", from.year(), from.month())
        }
        (Shape::Whole(Unit::Day, 1), Some(from)) => from.to_string(),
        _ => period.label.clone(),
    };
    Period {
        label,
        from,
        to,
        shape: period.shape,
    }
}
