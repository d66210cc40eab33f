//! A question → a reading. Words are given meanings from the surest to the least sure: what stands in quotes, names of
//! models and figures of several words, values of metadata beside their key, days, goals, other values, dimensions,
//! figures. What is left without a meaning is never passed over: then it is asked back.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::lexicon::{OTHER_LANGUAGE, STOP};
use super::name::Match;
use super::period::{Period, Unit};
use super::reading::{Condition, Outcome, Refusal};
use super::vocabulary::Vocabulary;
use super::when::{Days, When};
use super::word::{self, Kind, Word};
use super::{compose, refusal, typo};
use crate::attribution::model::Model;
use crate::query::dimension::Dimension;
use crate::query::metric::Metric;

/// What a word was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Not known yet.
    Free,
    /// A goal.
    Goal,
    /// Days.
    Days,
    /// A value, or its key.
    Value,
    /// A dimension.
    Dimension,
    /// A figure.
    Figure,
    /// An order, a change, a comparison, what kind of question it is.
    Sign,
}

/// A dimension that was named.
#[derive(Clone, Debug, PartialEq)]
pub struct Mentioned {
    /// Which.
    pub dimension: Dimension,
    /// Where.
    pub at: usize,
    /// Whether as many.
    pub is_plural: bool,
    /// Whether behind "by", "per" and the like.
    pub is_split: bool,
}

/// A value that was named.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    /// As a condition.
    pub condition: Condition,
    /// Where.
    pub at: usize,
    #[allow(missing_docs)]
    pub to: usize,
    /// Whether the site has it.
    pub is_seen: bool,
}

/// A question while it is read.
pub struct Parse<'a> {
    pub(super) words: Vec<Word>,
    pub(super) roles: Vec<Role>,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) today: jiff::civil::Date,
    pub(super) question: &'a str,
    /// Where days stand, and which.
    pub(super) days: Vec<(usize, usize, Days)>,
    pub(super) goals: Vec<Match>,
    pub(super) values: Vec<Linked>,
    pub(super) dimensions: Vec<Mentioned>,
    pub(super) metrics: Vec<(Metric, usize)>,
    pub(super) models: Vec<Model>,
    pub(super) assumed: Vec<String>,
    pub(super) signs: Signs,
    pub(super) kind: Option<super::sign::Kind>,
}

/// What kind of question it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signs {
    /// So many rows.
    pub limit: Option<usize>,
    /// Which end: the least first where true.
    pub end: Option<bool>,
    /// Where that was said.
    pub end_at: usize,
    /// Whether the most and the least are asked for at once.
    pub has_both_ends: bool,
    /// Comparing words such as "more", which ask for no single row.
    pub is_comparative: bool,
    /// A change: more, less, either.
    pub change: Option<Option<bool>>,
    /// Whether it is asked by how much.
    pub compares: bool,
    /// Days and ages that belong to the kind of question: so many of which unit.
    pub spans: Vec<(u32, Unit, usize)>,
    /// A comparison with the days before, or the year before.
    pub previous: Option<(bool, Option<Unit>)>,
    /// Where a comparing word such as "vs" stands.
    pub versus: Vec<usize>,
    /// A comparison with the same days of the week, month or quarter before.
    pub same: Option<Unit>,
    /// Amount of money.
    pub amount: Option<u32>,
}

/// Reads a question of a site, at an instant and in a zone. Takes time and names as arguments and knows nothing else.
pub fn read(question: &str, vocabulary: &Vocabulary, now: Timestamp, zone: &TimeZone) -> Outcome {
    if question.len() > word::LENGTH {
        return Outcome::Refuse(Refusal::TooLong);
    }
    if let Some(refusal) = refusal::of_text(question) {
        return Outcome::Refuse(refusal);
    }
    let mut words = word::words(question);
    if words.iter().all(|word| word.kind == Kind::Sign) {
        return Outcome::Refuse(Refusal::OffTopic);
    }
    let foreign = words
        .iter()
        .filter(|word| OTHER_LANGUAGE.contains(&&*word.low))
        .count();
    let alien = words
        .iter()
        .filter(|word| {
            word.kind == Kind::Word
                && word
                    .low
                    .chars()
                    .any(|c| c as u32 > 0x24f && c.is_alphabetic())
        })
        .count();
    typo::corrected(&mut words, &vocabulary.known);
    let mut parse = Parse {
        roles: vec![Role::Free; words.len()],
        words,
        vocabulary,
        today: now.to_zoned(zone.clone()).date(),
        question,
        days: Vec::new(),
        goals: Vec::new(),
        values: Vec::new(),
        dimensions: Vec::new(),
        metrics: Vec::new(),
        models: Vec::new(),
        assumed: Vec::new(),
        signs: Signs::default(),
        kind: None,
    };
    parse.quoted();
    parse.whole_goals();
    if foreign >= 2 || alien >= 2 && parse.goals.is_empty() {
        return Outcome::Refuse(Refusal::Language);
    }
    let refused = {
        let roles = &parse.roles;
        refusal::of_words(&parse.words, &|at| roles[at] == Role::Free)
    };
    if let Some(refusal) = refused {
        return Outcome::Refuse(refusal);
    }
    parse.signs();
    parse.pairs();
    parse.find_days();
    if let Some(refused) = parse.refused_days() {
        return refused;
    }
    parse.split_dimensions();
    parse.contained();
    parse.metric_phrases();
    parse.sourced();
    parse.find_values(if matches!(parse.kind, Some(super::sign::Kind::Mix(_))) {
        1
    } else {
        2
    });
    parse.find_goals();
    parse.find_values(1);
    parse.find_dimensions();
    parse.metric_words();
    parse.order();
    compose::outcome(parse)
}

impl Parse<'_> {
    pub(super) fn is_free(&self, at: usize) -> bool {
        self.roles.get(at) == Some(&Role::Free)
    }

    pub(super) fn low(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.low)
    }

    pub(super) fn is(&self, at: usize, any: &[&str]) -> bool {
        any.contains(&self.low(at))
    }

    /// The word before, over those that only lead on.
    pub(super) fn before(&self, at: usize, over: &[&str]) -> (usize, &str) {
        let mut at = at;
        while at > 0 {
            at -= 1;
            if !over.contains(&self.low(at)) {
                return (at, self.low(at));
            }
        }
        (usize::MAX, "")
    }

    pub(super) fn mark(&mut self, from: usize, to: usize, role: Role) {
        self.roles[from..to].fill(role);
    }

    /// How many free words from here on are this phrase; none where they aren't.
    pub(super) fn phrase(&self, at: usize, phrase: &str) -> Option<usize> {
        let mut place = at;
        for part in phrase.split(' ') {
            let word = self.words.get(place)?;
            if word.low != part || word.kind == Kind::Quoted || self.roles[place] != Role::Free {
                return None;
            }
            place += 1;
        }
        Some(place - at)
    }

    /// Finds one of some phrases in free words and takes it: the longest of the first place.
    pub(super) fn take(&mut self, phrases: &[&str], role: Role) -> Option<usize> {
        let (at, length) = self.find(phrases)?;
        self.mark(at, at + length, role);
        Some(at)
    }

    pub(super) fn find(&self, phrases: &[&str]) -> Option<(usize, usize)> {
        (0..self.words.len()).find_map(|at| {
            let longest = phrases
                .iter()
                .filter_map(|phrase| self.phrase(at, phrase))
                .max();
            longest.map(|length| (at, length))
        })
    }

    /// Whether the question has one of these phrases, taken or not.
    pub(super) fn says(&self, phrases: &[&str]) -> bool {
        let fits = |at: usize, phrase: &str| {
            phrase
                .split(' ')
                .enumerate()
                .all(|(place, part)| self.low(at + place) == part)
        };
        (0..self.words.len()).any(|at| phrases.iter().any(|phrase| fits(at, phrase)))
    }

    fn find_days(&mut self) {
        let roles = self.roles.clone();
        let is_free = |at: usize| roles[at] == Role::Free;
        let said = When::new(&self.words, self.today, &self.vocabulary.notes).all(&is_free);
        for said in said {
            self.mark(said.from, said.to, Role::Days);
            self.days.push((said.from, said.to, said.days));
        }
        // "for the month of May": May, not a row a month
        for place in 0..self.days.len() {
            let (from, ..) = self.days[place];
            let units = ["month", "quarter", "year", "day", "week"];
            let skips = usize::from(self.is(from.wrapping_sub(1), &["of"]));
            let Some(unit) = from.checked_sub(1 + skips) else {
                continue;
            };
            let is_split = self.is(
                unit.wrapping_sub(1),
                &[
                    "by", "per", "each", "every", "which", "what", "best", "worst",
                ],
            );
            if self.is(unit, &units) && self.is(unit.wrapping_sub(1), &["the"]) && !is_split {
                self.mark(unit, from, Role::Days);
            }
        }
        // "this quarter's purchases so far"
        let is_now = |days: &Days| matches!(days, Days::One(period) if period.to == self.today);
        if self.days.iter().any(|(_, _, days)| is_now(days)) {
            let so_far = [
                "so far",
                "to date",
                "up to now",
                "until now",
                "till now",
                "up to today",
                "thus far",
                "as of now",
                "as of today",
                "already",
            ];
            self.take(&so_far, Role::Days);
        }
        // "weekend purchases last month": such days of those.
        if self.periods().len() > 1 {
            for place in 0..self.days.len() {
                let (from, to, days) = &self.days[place];
                if matches!(days, Days::One(period) if period.shape == super::period::Shape::Weekend)
                    && to - from == 1
                    && self.is(*from, &["weekend"])
                {
                    use jiff::civil::Weekday::{Saturday, Sunday};
                    self.days[place].2 = Days::Weekdays(vec![Saturday, Sunday]);
                }
            }
        }
    }

    fn refused_days(&self) -> Option<Outcome> {
        for (from, to, days) in &self.days {
            match days {
                Days::Invalid => {
                    return Some(Outcome::Refuse(Refusal::InvalidDate(self.text(*from, *to))));
                }
                Days::Future => return Some(Outcome::Refuse(Refusal::Forecast)),
                Days::One(period) if period.from.is_some_and(|from| from > self.today) => {
                    return Some(Outcome::Refuse(Refusal::Forecast));
                }
                Days::Range(_, _, period)
                    if period.to > self.today
                        || period.from.is_some_and(|from| from > self.today) =>
                {
                    return Some(Outcome::Refuse(Refusal::Forecast));
                }
                _ => {}
            }
        }
        None
    }

    /// The question from one word to another, as it was written.
    pub(super) fn text(&self, from: usize, to: usize) -> String {
        let start = self.words.get(from).map_or(0, |word| word.at.start);
        let end = self
            .words
            .get(to.saturating_sub(1))
            .map_or(start, |word| word.at.end);
        self.question
            .get(start..end.max(start))
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// Words that nothing is known of, each with its place.
    pub(super) fn unknown(&self) -> Vec<usize> {
        let is_unknown = |at: &usize| {
            let word = &self.words[*at];
            let is_step = matches!(&*word.low, ">" | "›" | "»");
            self.roles[*at] == Role::Free
                && (word.kind != Kind::Sign
                    || is_step && self.kind != Some(super::sign::Kind::Funnel))
                && (!(STOP.contains(&&*word.low) && word.kind != Kind::Quoted)
                    || self.may_be_country(*at)
                    // "by now" may be a goal's name, said wrongly
                    || word.low == "by" && self.is(*at + 1, &["now"])
                    // "more than one"
                    || word.low == "one" && self.is(at.wrapping_sub(1), &["than"])
                    // "at the end of May"
                    || word.low == "end" && self.is(*at + 1, &["of"])
                    || *at == 0 && self.is(0, &["who"]) && self.is(1, &super::order::SENDS))
        };
        (0..self.words.len()).filter(is_unknown).collect()
    }

    /// "visitors from us": from here, or from the United States?
    fn may_be_country(&self, at: usize) -> bool {
        const TAKES: [&str; 12] = [
            "buy",
            "buys",
            "bought",
            "buying",
            "purchased",
            "ordered",
            "order",
            "hear",
            "heard",
            "got",
            "get",
            "purchase",
        ];
        let word = &self.words[at];
        word.low.len() == 2
            && at > 1
            && self.is(at - 1, &["from", "in", "outside"])
            && !self.is(at - 2, &TAKES)
            && matches!(&*word.low, "us" | "it" | "me" | "my")
            && !self.vocabulary.countries(&word.low).is_empty()
    }

    /// The days that are meant by a period that was said.
    pub(super) fn periods(&self) -> Vec<(usize, usize, Period)> {
        let period = |(from, to, days): &(usize, usize, Days)| match days {
            Days::One(period) => Some((*from, *to, period.clone())),
            Days::Range(_, _, period) => Some((*from, *to, period.clone())),
            _ => None,
        };
        self.days.iter().filter_map(period).collect()
    }
}
