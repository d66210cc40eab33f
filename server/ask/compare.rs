//! What a question compares with what, beside the days that it names: "week over week", "the month before", "ahead of last
//! week", "side by side".

use super::parse::{Parse, Role};
use super::period::Unit;
use super::when::When;

/// Verbs that something is compared by, with what follows.
const MEASURES: &[&str] = &[
    "stack up", "stacks up", "stacked up", "measure up", "measures up", "measured up", "hold up", "holds up", "held up", "shape up", "shapes up", "match up", "matches up", "line up", "fare", "fares", "fared", "stand", "stands", "stack",
];
/// Where something stands that is compared with days.
const AHEAD: &[&str] = &["ahead of", "behind", "above", "below", "beyond", "in front of", "short of", "in excess of", "better off than", "on top of"];
/// Beside each other.
const BESIDE: &[&str] = &["side by side", "next to each other", "next to one another", "beside each other", "head to head", "back to back", "in comparison", "in one table", "in one chart", "alongside each other", "one against the other", "against each other", "against one another", "compared with each other", "compared to each other"];

/// Words of these phrases, for typing errors.
pub(super) const PHRASES: [&[&str]; 3] = [MEASURES, AHEAD, BESIDE];

impl Parse<'_> {
    /// What is compared with what.
    pub(super) fn comparisons(&mut self) {
        self.measures();
        let over: [(&[&str], bool, Unit); 5] = [
            (&["month over month", "month on month", "mom", "m/m", "month to month", "m o m"], false, Unit::Month),
            (&["week over week", "week on week", "wow", "w/w", "week to week"], false, Unit::Week),
            (&["year over year", "year on year", "yoy", "y/y", "year to year"], true, Unit::Year),
            (&["quarter over quarter", "quarter on quarter", "qoq", "q/q"], false, Unit::Quarter),
            (&["day over day", "day on day", "dod", "d/d", "day to day"], false, Unit::Day),
        ];
        for (phrases, is_year, unit) in over {
            if self.take(phrases, Role::Sign).is_some() {
                self.signs.previous = Some((is_year, Some(unit)));
            }
        }
        let year = [
            "same period last year", "same period of last year", "same time last year", "same month last year", "same week last year", "same quarter last year", "same day last year", "same days last year", "same period a year ago", "same period a year earlier", "same time a year ago", "same month a year ago",
            "same period the year before", "same month the year before", "same period in the previous year", "same period the previous year", "same period one year ago", "a year earlier", "one year earlier", "than a year ago", "to a year ago", "vs a year ago", "versus a year ago", "with a year ago", "against a year ago", "the year before", "year before",
            "previous year", "prior year", "a year before", "last year same period", "last year same time", "than one year ago", "same period in the year before", "same month of last year", "same quarter of last year", "year ago", "this time last year",
        ];
        if let Some(at) = self.take(&year, Role::Sign) {
            self.signs.previous = Some((true, None));
            self.signs.versus.push(at);
            return;
        }
        if self.same_days() {
            return;
        }
        let plain = [
            "previous period", "prior period", "preceding period", "period before", "previous one", "one before", "before that", "same period before", "previous equivalent period", "the period prior", "preceding one", "prior one", "last period", "than before", "than previously", "than earlier", "to before", "as before", "with before",
        ];
        if let Some(at) = self.take(&plain, Role::Sign) {
            // "the 14 days before that"
            let is_unit = |low: &str| matches!(low, "day" | "days" | "week" | "weeks" | "month" | "months" | "hours");
            if at > 1 && is_unit(self.low(at - 1)) && self.words[at - 2].number().is_some() {
                self.mark(at - 2, at, Role::Sign);
            }
            self.signs.previous = Some((false, None));
            self.signs.versus.push(at);
            return;
        }
        let unit = |low: &str| match low {
            "day" | "days" => Some(Unit::Day),
            "week" | "weeks" => Some(Unit::Week),
            "month" | "months" => Some(Unit::Month),
            "quarter" | "quarters" => Some(Unit::Quarter),
            "year" | "years" => Some(Unit::Year),
            "weekend" | "friday" | "monday" | "tuesday" | "wednesday" | "thursday" | "saturday" | "sunday" => Some(Unit::Week),
            _ => None,
        };
        // "lower this month than last"
        let last = (1..self.words.len()).find(|at| {
            self.is(*at, &["last"]) && self.is_free(*at) && self.is(at - 1, &["than", "vs", "versus", "against", "with"]) && (at + 1 == self.words.len() || self.is(at + 1, &["by", "for", "in", "per", ",", "one"]))
        });
        if let Some(at) = last {
            self.mark(at, at + 1 + usize::from(self.is(at + 1, &["one"])), Role::Sign);
            self.signs.previous = Some((false, None));
            self.signs.versus.push(at - 1);
            return;
        }
        const VERSUS: [&str; 12] = ["vs", "versus", "vs.", "to", "with", "than", "against", "over", "and", "from", "on", "v"];
        for at in 0..self.words.len() {
            // "the week before", "the 7 days before"
            if let Some(named) = unit(self.low(at))
                && self.is(at + 1, &["before", "prior", "earlier", "preceding"])
                && self.is_free(at)
                && !self.is(at + 2, &["last", "yesterday"])
                && self.vocabulary.notes.iter().all(|(_, note)| !note.to_lowercase().contains(self.low(at + 2)) || self.low(at + 2).is_empty())
                && When::new(&self.words, self.today, &[]).point(at + 2).is_none()
            {
                let begin = if at > 0 && self.words[at - 1].number().is_some() { at - 1 } else { at };
                self.mark(begin, at + 2, Role::Sign);
                self.signs.previous = Some((false, Some(named)));
                self.signs.versus.push(at);
                return;
            }
            // "vs the previous week", "compared to the previous 30 days"
            if self.is(at, &["previous", "prior", "preceding"]) && self.is_free(at) {
                let (before_at, before) = self.before(at, &["the"]);
                let number = self.words.get(at + 1).and_then(|word| word.number()).is_some();
                let unit_at = if number { at + 2 } else { at + 1 };
                if VERSUS.contains(&before)
                    && let Some(named) = unit(self.low(unit_at))
                    && !(matches!(before, "from" | "over" | "on") && self.signs.versus.is_empty() && !self.says(&["change", "changed", "grow", "grew", "up", "down", "drop", "dropped"]))
                {
                    self.mark(at, unit_at + 1, Role::Sign);
                    self.signs.previous = Some((false, Some(named)));
                    self.signs.versus.push(before_at);
                    return;
                }
            }
        }
        for at in 0..self.words.len() {
            let is_it = match self.low(at) {
                "vs" | "versus" | "vs." | "against" | "v" => true,
                "compared" | "relative" => self.is(at + 1, &["to", "with", "against"]),
                "than" => !self.is(at.wrapping_sub(1), &["other", "rather"]),
                "comparison" => self.is(at + 1, &["to", "with"]),
                "compare" => (at + 1..self.words.len()).any(|at| self.is(at, &["to", "with", "and", "against"])),
                _ => false,
            };
            if is_it && self.is_free(at) {
                self.signs.versus.push(at);
            }
        }
    }

    /// "the same day last week", "the same days of the previous month".
    fn same_days(&mut self) -> bool {
        const UNITS: [(&str, Unit); 3] = [("week", Unit::Week), ("month", Unit::Month), ("quarter", Unit::Quarter)];
        let Some(at) = (0..self.words.len()).find(|at| (self.is(*at, &["same"]) || self.is(*at, &["this"]) && self.is(at + 1, &["time"])) && self.is(at + 1, &["day", "days", "period", "time", "weekday", "stretch", "point", "dates"]) && self.is_free(*at)) else {
            return false;
        };
        let mut next = at + 2;
        while self.is(next, &["of", "in", "from", "the", "a", "one", "during"]) {
            next += 1;
        }
        let is_last = self.is(next, &["last", "previous", "prior", "preceding"]);
        let unit_at = if is_last { next + 1 } else { next };
        let Some((_, unit)) = UNITS.iter().find(|(name, _)| *name == self.low(unit_at)) else {
            return false;
        };
        let end = if is_last {
            unit_at + 1
        } else if self.is(unit_at + 1, &["ago", "earlier", "before", "prior"]) {
            unit_at + 2
        } else {
            return false;
        };
        self.mark(at, end, Role::Sign);
        self.signs.same = Some(*unit);
        self.signs.versus.push(at);
        true
    }

    /// "how does it stack up against", "ahead of last week", "side by side".
    fn measures(&mut self) {
        const AGAINST: [&str; 7] = ["against", "to", "with", "vs", "versus", "vs.", "next"];
        for at in 0..self.words.len() {
            let longest = |parse: &Self, phrases: &[&str]| phrases.iter().filter_map(|phrase| parse.phrase(at, phrase)).max();
            if let Some(length) = longest(self, BESIDE) {
                self.mark(at, at + length, Role::Sign);
                self.signs.versus.push(at);
            } else if let Some(length) = longest(self, MEASURES)
                && (at + length..at + length + 4).any(|at| self.is(at, &AGAINST))
            {
                self.mark(at, at + length, Role::Sign);
                if let Some(against) = (at + length..at + length + 4).find(|at| self.is(*at, &AGAINST) && self.is_free(*at)) {
                    self.signs.versus.push(against);
                    self.roles[against] = Role::Sign;
                }
            } else if let Some(length) = longest(self, AHEAD) {
                let mut next = at + length;
                while self.is(next, &["the", "our", "where", "we", "were", "in"]) {
                    next += 1;
                }
                let is_days = When::new(&self.words, self.today, &self.vocabulary.notes).point(next).is_some() || self.is(next, &["same"]);
                // "is mobile ahead of desktop"
                let is_value = self.is(at, &["ahead", "behind", "better"]) && !self.vocabulary.values_of(self.low(next)).is_empty();
                if is_days || is_value {
                    self.mark(at, next, Role::Sign);
                    self.signs.versus.push(at);
                }
            }
        }
    }
}
