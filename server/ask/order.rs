//! Which figure, which end comes first, how many rows, and what changed.

use super::lexicon::{self, CHANGED, FELL, GREW, LEAST, MOST};
use super::parse::{Parse, Role};
use super::reading::{Mix, Reading, Sort, What};
use super::word::{Kind, Word};
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;

/// What sources do, not people.
pub(super) const SENDS: [&str; 16] = [
    "sends",
    "send",
    "sent",
    "brings",
    "bring",
    "brought",
    "drives",
    "drove",
    "gives",
    "gave",
    "delivers",
    "delivered",
    "generates",
    "generated",
    "refers",
    "referred",
];

impl Parse<'_> {
    /// Figures of several words.
    pub(super) fn metric_phrases(&mut self) {
        let names: Vec<&(String, Metric)> = lexicon::METRIC_NAMES
            .iter()
            .filter(|(name, _)| name.contains(' '))
            .collect();
        for at in 0..self.words.len() {
            let longest = names
                .iter()
                .filter_map(|(name, metric)| Some((self.phrase(at, name)?, *metric)))
                .max_by_key(|(length, _)| *length);
            if let Some((length, metric)) = longest {
                let best = (at..at + length).find(|at| self.is(*at, &["best", "better", "worst"]));
                if let Some(best) = best {
                    self.signs.end = Some(self.is(best, &["worst"]));
                    self.signs.end_at = best;
                    self.signs.is_comparative = self.is(best, &["better"]);
                }
                self.mark(at, at + length, Role::Figure);
                self.metrics.push((metric, at));
            }
        }
    }

    /// Figures of one.
    pub(super) fn metric_words(&mut self) {
        let names: Vec<&(String, Metric)> = lexicon::METRIC_NAMES
            .iter()
            .filter(|(name, _)| !name.contains(' '))
            .collect();
        for at in 0..self.words.len() {
            if !self.is_free(at) || self.words[at].kind != Kind::Word {
                continue;
            }
            let low = self.low(at).to_owned();
            let Some((_, metric)) = names
                .iter()
                .find(|(name, _)| *name == low || *name == lexicon::plural(&low) && low.len() > 4)
            else {
                continue;
            };
            let metric = match (&*low, metric) {
                ("who", _) if at > 0 && !self.is_free(at - 1) => continue,
                ("who", _) if !self.is(0, &["who"]) => continue,
                (
                    "duration" | "hits" | "views" | "rate" | "rates" | "conversion" | "converts"
                    | "cr",
                    metric,
                ) => *metric,
                (_, metric) => *metric,
            };
            // "who sends us the most trials": what does, not who.
            const WINS: [&str; 12] = [
                "wins",
                "won",
                "win",
                "is",
                "does",
                "did",
                "performs",
                "performed",
                "has",
                "had",
                "gets",
                "leads",
            ];
            let several = self
                .values
                .iter()
                .any(|value| value.condition.values.len() > 1);
            if low == "who" && several && self.is(at + 1, &WINS) {
                self.mark(at, at + 1, Role::Sign);
                continue;
            }
            if low == "who" && self.is(at + 1, &SENDS) {
                if several {
                    self.mark(at, at + 1, Role::Sign);
                }
                continue;
            }
            // "trials from Firefox users": of whom, not how many.
            let follows = at > 0
                && self.roles[at - 1] == Role::Value
                && self.goals.iter().any(|goal| goal.to < at);
            let of_goal = (at.saturating_sub(4)..at)
                .any(|lead| self.is(lead, &["by", "from", "of", "among"]))
                && self.goals.iter().any(|goal| {
                    (goal.to..goal.to + 2).any(|lead| {
                        lead < at && self.is(lead, &["by", "from", "of", "among"]) && at <= lead + 3
                    })
                });
            if metric == Metric::Visitors
                && (of_goal || follows && !matches!(&*low, "visitors" | "uniques"))
            {
                self.mark(at, at + 1, Role::Sign);
                continue;
            }
            if metric == Metric::Fires && !self.is(at, &["fires"]) {
                continue;
            }
            self.mark(at, at + 1, Role::Figure);
            self.metrics.push((metric, at));
        }
        self.metrics.sort_by_key(|(_, at)| *at);
    }

    /// Which end comes first, how many rows, what changed.
    pub(super) fn order(&mut self) {
        for (words, is_least) in [(MOST, false), (LEAST, true)] {
            for at in 0..self.words.len() {
                let longest = words
                    .iter()
                    .filter_map(|phrase| self.phrase(at, phrase))
                    .max();
                let Some(length) = longest else { continue };
                let low = self.low(at).to_owned();
                if low == "most"
                    && self.is(at + 1, &["often", "recent", "recently", "of"])
                    && self.is(at + 1, &["recent", "recently", "of"])
                {
                    continue;
                }
                if (at..at + length).any(|at| self.is(at, &["converting"])) {
                    self.metrics.push((Metric::ConversionRate, at));
                }
                let first =
                    usize::from(self.is(at + length, &["first"]) && self.is_free(at + length));
                self.mark(at, at + length + first, Role::Sign);
                let comparative = matches!(
                    &*low,
                    "more"
                        | "better"
                        | "beat"
                        | "beats"
                        | "higher"
                        | "outperform"
                        | "outperforms"
                        | "fewer"
                        | "less"
                        | "lower"
                        | "worse"
                );
                self.signs.is_comparative |= comparative;
                let is_other = self.signs.end == Some(!is_least) && !comparative;
                let before = self.signs.end_at;
                if is_other
                    && (before.min(at)..before.max(at)).any(|at| self.is(at, &["and", "or", "&"]))
                {
                    self.signs.has_both_ends = true;
                }
                if !comparative || self.signs.end.is_none() {
                    self.signs.end = Some(is_least);
                    self.signs.end_at = at;
                }
                let number = |at: usize| {
                    self.words
                        .get(at)
                        .filter(|word| self.is_free(at) && word.kind != Kind::Quoted)
                        .and_then(Word::number)
                };
                let behind = number(at + length).map(|number| (number, at + length));
                let ahead = at.checked_sub(1).and_then(|at| Some((number(at)?, at)));
                if let Some((number, place)) = behind.or(ahead)
                    && (1..=1000).contains(&number)
                {
                    self.signs.limit = Some(number as usize);
                    self.mark(place, place + 1, Role::Sign);
                }
            }
        }
        // "the 5 channels with the most"
        if self.signs.limit.is_none() {
            for mentioned in &self.dimensions {
                if self.signs.end.is_none() && !mentioned.is_plural {
                    continue;
                }
                let ahead = mentioned.at.checked_sub(1).filter(|at| self.is_free(*at));
                let number = ahead.and_then(|at| {
                    self.words[at]
                        .number()
                        .filter(|_| self.words[at].kind != Kind::Quoted)
                });
                if let (Some(number @ 1..=1000), Some(at)) = (number, ahead) {
                    self.signs.limit = Some(number as usize);
                    self.roles[at] = Role::Sign;
                    break;
                }
            }
        }
        // "limit 3"
        if let Some((at, _)) = self.find(&["limit", "limited to", "limit to"])
            && let Some(place) = (at + 1..at + 3).find(|at| {
                self.is_free(*at)
                    && self
                        .words
                        .get(*at)
                        .is_some_and(|word| word.kind == Kind::Number)
            })
            && let Some(number @ 1..=1000) = self.words[place].number()
        {
            self.mark(at, place + 1, Role::Sign);
            self.signs.limit = Some(number as usize);
        }
        let up_or_down = [
            "up or down",
            "down or up",
            "rise or fall",
            "more or less",
            "increase or decrease",
            "grow or shrink",
            "better or worse",
            "increased or decreased",
            "growing or shrinking",
            "going up or down",
        ];
        if self.take(&up_or_down, Role::Sign).is_some() {
            self.signs.change = Some(None);
            self.signs.end = None;
            return;
        }
        for (words, change) in [(GREW, Some(false)), (FELL, Some(true)), (CHANGED, None)] {
            for at in 0..self.words.len() {
                let Some(length) = words
                    .iter()
                    .filter_map(|phrase| self.phrase(at, phrase))
                    .max()
                else {
                    continue;
                };
                let low = self.low(at).to_owned();
                if matches!(&*low, "down") && self.is(at.wrapping_sub(1), &["broken", "break"])
                    || low == "up"
                        && !self.is(
                            at.wrapping_sub(1),
                            &[
                                "is", "are", "went", "was", "were", "go", "going", "trending",
                                "much",
                            ],
                        )
                        && at > 0
                        && at + 1 < self.words.len()
                        && !(matches!(self.roles[at - 1], Role::Goal | Role::Figure)
                            && self.says(&["is", "are", "was", "were"]))
                {
                    continue;
                }
                // "how many did we gain": that many, whatever was before.
                let is_gain = matches!(&*low, "gain" | "gained" | "gains")
                    && self.signs.end.is_none()
                    && self.signs.versus.is_empty()
                    && self.signs.previous.is_none();
                // "how many did we lose": of that nothing is known.
                if matches!(&*low, "lose" | "lost" | "losing")
                    && self.signs.end.is_none()
                    && self.is(at.wrapping_sub(1), &["we", "i", "were", "got"])
                    && self.says(&["how many", "how much", "number of"])
                {
                    continue;
                }
                self.mark(at, at + length, Role::Sign);
                if is_gain {
                    continue;
                }
                // "down from last week", "up since last week"
                let behind = at + length;
                self.since_last(behind);
                let is_days = self
                    .days
                    .iter()
                    .any(|(from, ..)| (behind..behind + 3).contains(from));
                if is_days && self.is(behind, &["from", "on", "over", "against", "vs"]) {
                    self.signs.versus.push(behind);
                }
                if low == "compare" {
                    self.signs.compares = true;
                } else if low != "compared" && self.signs.change.is_none() {
                    self.signs.change = Some(change);
                }
            }
        }
    }

    /// "up since last month": not all days since, this month beside the last.
    fn since_last(&mut self, at: usize) {
        let day = self.today;
        let said = self.days.iter_mut().find(|(from, ..)| *from == at);
        let is_since = self.words.get(at).is_some_and(|word| word.low == "since");
        if let Some((from, to, days)) = said
            && is_since
        {
            let before = super::when::When::new(&self.words, day, &[]).point(at + 1);
            let is_last = self
                .words
                .get(at + 1)
                .is_some_and(|word| matches!(&*word.low, "last" | "yesterday"));
            if let Some((period, end)) = before
                && end == *to
                && is_last
            {
                *days = super::when::Days::One(period);
                *from = at + 1;
                self.signs.versus.push(at);
            }
        }
    }
}

/// "which one", "which of our campaigns did best": a single row, though many are named.
fn asks_for_one(parse: &Parse) -> bool {
    let one = [
        "which one",
        "what one",
        "which single",
        "the one that",
        "the one with",
        "the one which",
    ];
    let of =
        (0..parse.words.len()).find(|at| parse.is(*at, &["which"]) && parse.is(at + 1, &["of"]));
    let is_of = of.is_some_and(|of| {
        parse.dimensions.iter().any(|mentioned| {
            mentioned.at > of
                && mentioned.at <= of + 4
                && !(mentioned.at + 1..mentioned.at + 3)
                    .any(|at| parse.is(at, &["are", "were", "have", "do"]))
        })
    });
    // "of the channels, which brought the fewest"
    let verbs = [
        "brought",
        "brings",
        "had",
        "has",
        "got",
        "gets",
        "gave",
        "gives",
        "made",
        "makes",
        "did",
        "does",
        "produced",
        "produces",
        "generated",
        "generates",
        "drove",
        "drives",
        "delivered",
        "sent",
        "is",
        "was",
        "performed",
        "saw",
    ];
    let is_alone = (1..parse.words.len())
        .any(|at| parse.is(at, &["which"]) && parse.is(at + 1, &verbs))
        && parse
            .values
            .iter()
            .all(|value| value.condition.values.len() < 2);
    parse.says(&one) || is_of || is_alone
}

/// Which rows come first, and how many of them.
pub(super) fn sort(parse: &Parse, reading: &mut Reading) {
    if matches!(
        reading.what,
        What::Why(_)
            | What::Funnel
            | What::TimeToConvert
            | What::First
            | What::Last
            | What::Goals
            | What::Help
            | What::Mix(Mix::Optimize(_))
            | What::Retention(..)
    ) {
        return;
    }
    let Some(first) = reading.by.first() else {
        return;
    };
    let is_time = first.is_time();
    let is_one = asks_for_one(parse);
    // "which of the three devices": one of them
    let said = parse
        .signs
        .limit
        .filter(|_| !is_one || parse.signs.end.is_none());
    let mentioned = parse
        .dimensions
        .iter()
        .find(|mentioned| mentioned.dimension == *first);
    let end = parse
        .signs
        .end
        .filter(|_| !(parse.signs.is_comparative && mentioned.is_none()));
    let changes = parse.signs.change.flatten();
    if let (Some(falls), true) = (changes, reading.compare.is_some() && !is_time) {
        let least = end == Some(true);
        reading.sort = Some(Sort {
            by_change: true,
            ascending: falls != least,
        });
        let single = mentioned
            .is_some_and(|mentioned| is_one || !mentioned.is_plural && !mentioned.is_split);
        reading.limit = said.or((end.is_some() && single).then_some(1));
        return;
    }
    let explicit_goals = *first == Dimension::Named(Named::Goal)
        && !reading.goals.is_empty()
        && reading.by.len() == 1;
    let several = matches!(&reading.what, What::Credit(models, ..) if models.len() > 1);
    match end {
        Some(is_least) if mentioned.is_some() => {
            reading.sort = Some(Sort {
                by_change: false,
                ascending: is_least,
            });
            let single = mentioned
                .is_some_and(|mentioned| is_one || !mentioned.is_plural && !mentioned.is_split);
            reading.limit = said.or((single && !parse.signs.is_comparative).then_some(1));
        }
        _ if is_time || several => {}
        _ if explicit_goals && mentioned.is_none() => {}
        _ => {
            reading.sort = Some(Sort {
                by_change: false,
                ascending: end == Some(true),
            });
            reading.limit = parse.signs.limit;
        }
    }
}
