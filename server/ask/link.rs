//! Values and dimensions in a question: channels, sources, countries, metadata.

use super::lexicon::{self, STOP};
use super::meant::{is_common, is_function};
use super::parse::{Linked, Parse, Role};
use super::reading::Condition;
use super::vocabulary::Value;
use super::word::{Kind, Word};
use crate::query::dimension::{Dimension, Named};
use crate::query::operator::Operator;

/// Words between a key and its value.
const EQUALS: [&str; 10] = [
    "is", "=", "equals", "equal", "of", "was", "are", "named", "called", "being",
];

/// Which dimension is meant where several have a value, first.
const FIRST: [Named; 14] = [
    Named::Channel,
    Named::Source,
    Named::Country,
    Named::Device,
    Named::Browser,
    Named::Os,
    Named::Campaign,
    Named::Medium,
    Named::Term,
    Named::Content,
    Named::Referrer,
    Named::Page,
    Named::EntryPage,
    Named::Goal,
];

impl Parse<'_> {
    pub(super) fn add(
        &mut self,
        dimension: Dimension,
        operator: Operator,
        value: String,
        from: usize,
        to: usize,
        is_seen: bool,
    ) {
        let negation = self.negation(from);
        let negated = negation.is_some();
        let operator = match (operator, negated) {
            (Operator::Is, true) => Operator::IsNot,
            (Operator::Contains, true) => Operator::NotContains,
            (operator, _) => operator,
        };
        if let Some(place) = negation {
            if self.is_free(place) {
                self.roles[place] = Role::Sign;
            }
            self.other_than(place, &dimension);
        }
        self.mark(from, to, Role::Value);
        let known = self.values.iter_mut().find(|known| {
            known.condition.dimension == dimension && known.condition.operator == operator
        });
        match known {
            Some(known) if !known.condition.values.contains(&value) => {
                known.condition.values.push(value);
                known.to = to;
                known.is_seen &= is_seen;
            }
            Some(_) => {}
            None => self.values.push(Linked {
                condition: Condition {
                    dimension,
                    operator,
                    values: vec![value],
                },
                at: from,
                to,
                is_seen,
            }),
        }
    }

    /// Keys of metadata beside a value of theirs: "plan pro", "the pro plan", "plan = pro", "the 2026-q2 webinar". Paths.
    pub(super) fn pairs(&mut self) {
        for at in 0..self.words.len() {
            if self.words[at].kind == Kind::Path && self.is_free(at) {
                let path = self.words[at].low.clone();
                let is_entry = self.says(&[
                    "landing page",
                    "landing on",
                    "landed on",
                    "entry page",
                    "started on",
                    "entered on",
                    "entering on",
                    "entered at",
                ]);
                let named = if is_entry {
                    Named::EntryPage
                } else {
                    Named::Page
                };
                let (operator, path) = if path.ends_with('*') {
                    (Operator::Matches, path)
                } else {
                    (Operator::Is, path)
                };
                self.add(Dimension::Named(named), operator, path, at, at + 1, true);
                let (place, word) = self.before(at, &["the", "is", "="]);
                if matches!(word, "page" | "pages" | "path" | "url") && self.is_free(place) {
                    self.roles[place] = Role::Value;
                }
            }
        }
        let keys: Vec<String> = self
            .vocabulary
            .keys
            .iter()
            .map(|key| key.to_lowercase())
            .collect();
        for (place, key) in keys.iter().enumerate() {
            let dimension = Dimension::Metadata(self.vocabulary.keys[place].clone());
            for at in 0..self.words.len() {
                let is_key = self.is_free(at)
                    && (self.words[at].low == *key || self.words[at].low == lexicon::plural(key));
                if !is_key {
                    continue;
                }
                let mut begin = at + 1;
                while self.is(begin, &EQUALS) && self.is_free(begin) {
                    begin += 1;
                }
                let value = |from: usize, parse: &Self| {
                    (1..=3usize).rev().find_map(|length| {
                        let to = from + length;
                        let is_free =
                            to <= parse.words.len() && (from..to).all(|at| parse.is_free(at));
                        let text = parse
                            .words
                            .get(from..to)?
                            .iter()
                            .map(|word| &*word.low)
                            .collect::<Vec<_>>()
                            .join(" ");
                        let is_meant = !is_common(&text) || from > at && parse.is_meant(from, true);
                        let value = (is_free && is_meant && !parse.is_bound(from))
                            .then(|| parse.vocabulary.value(&dimension, &text))
                            .flatten()?;
                        Some((value.to_owned(), to))
                    })
                };
                if let Some((found, to)) = value(begin, self) {
                    self.mark(at, to, Role::Value);
                    self.add(dimension.clone(), Operator::Is, found, at, to, true);
                    // "… or B", "… beat A"
                    let mut next = to;
                    while self.is(
                        next,
                        &[
                            "or",
                            "and",
                            "vs",
                            "versus",
                            "vs.",
                            "beat",
                            "beats",
                            "than",
                            "against",
                            "outperform",
                            "over",
                            ",",
                            "better",
                            "perform",
                            "do",
                            "did",
                            "more",
                            "to",
                            key.as_str(),
                        ],
                    ) {
                        next += 1;
                    }
                    if next > to
                        && let Some((other, end)) = value(next, self)
                    {
                        self.add(dimension.clone(), Operator::Is, other, next, end, true);
                        self.mark(next, end, Role::Value);
                        for between in to..next {
                            if self.low(between) == *key && self.is_free(between) {
                                self.roles[between] = Role::Value;
                            }
                            if self.is(
                                between,
                                &[
                                    "beat",
                                    "beats",
                                    "better",
                                    "more",
                                    "outperform",
                                    "vs",
                                    "versus",
                                    "vs.",
                                    "than",
                                ],
                            ) {
                                self.signs.is_comparative = true;
                                self.signs.end.get_or_insert(false);
                                self.roles[between] = Role::Sign;
                            }
                        }
                    }
                } else if at > 0 {
                    let before = at - 1;
                    if self.is_free(before)
                        && let Some((found, to)) = value(before, self)
                        && to == at
                        && !matches!(&*self.words[before].low, "by" | "per" | "which")
                    {
                        self.add(dimension.clone(), Operator::Is, found, before, at, true);
                        self.mark(before, at + 1, Role::Value);
                    }
                }
            }
        }
    }

    /// Values of several words, or of one.
    pub(super) fn find_values(&mut self, least: usize) {
        let mut at = 0;
        while at < self.words.len() {
            let longest = (least..=self.vocabulary.longest)
                .rev()
                .find_map(|length| self.value_at(at, length));
            match longest {
                // "Video ads", where spend is known of "Video"
                Some((value, to))
                    if to == at + 2
                        && self.is(at + 1, &["ads", "ad", "advertising"])
                        && !value.iter().any(|value| value.is_seen)
                        && self
                            .vocabulary
                            .values_of(self.low(at))
                            .iter()
                            .any(|value| value.is_seen) =>
                {
                    let plain = self.vocabulary.values_of(self.low(at)).to_vec();
                    self.link(plain, at, to);
                    at = to;
                }
                Some((value, to)) => {
                    self.link(value, at, to);
                    at = to;
                }
                None => at += 1,
            }
        }
        if least == 1 {
            self.parts_of_values();
        }
    }

    /// A value behind "from" or "via", whatever else it may be.
    pub(super) fn sourced(&mut self) {
        for at in 1..self.words.len() {
            let (_, before) = self.before(at, &["the", "our"]);
            // "form google" is a typing error; "source is newsletter" says what it is.
            let is_name = lexicon::DIMENSION_NAMES
                .iter()
                .any(|(name, _, is_plural)| !is_plural && name == self.low(at - 1));
            let is_keyed = (is_name
                || self.is(at - 1, &["is", "=", "equals", "was", "named", "called"]))
                && self.value_at(at, 1).is_some_and(|(values, to)| {
                    values
                        .iter()
                        .any(|value| self.is_beside(&value.dimension, at, to))
                });
            if !matches!(before, "from" | "via" | "through" | "form") && !is_keyed {
                continue;
            }
            let longest = (1..=self.vocabulary.longest)
                .rev()
                .find_map(|length| self.value_at(at, length));
            if let Some((value, to)) = longest
                && !matches!(
                    self.low(to),
                    "to" | "signup" | "signups" | "click" | "submit"
                )
            {
                // "from the newsletter campaign", which is no source
                let campaign = Dimension::Named(Named::Campaign);
                if self.is(to, &["campaign", "campaigns"])
                    && !value.iter().any(|value| value.dimension == campaign)
                {
                    let text = self.text(at, to).to_lowercase();
                    self.add(campaign, Operator::Contains, text, at, to + 1, true);
                    continue;
                }
                if self.low(at - 1) == "form" && self.is_free(at - 1) {
                    self.roles[at - 1] = Role::Sign;
                }
                self.link(value, at, to);
            }
        }
    }

    fn value_at(&self, at: usize, length: usize) -> Option<(Vec<Value>, usize)> {
        let to = at + length;
        let words: &[Word] = self.words.get(at..to)?;
        if !(at..to).all(|at| self.is_free(at)) || words.iter().any(|word| word.kind == Kind::Sign)
        {
            return None;
        }
        let name = words
            .iter()
            .map(|word| &*word.low)
            .collect::<Vec<_>>()
            .join(" ");
        let is_named = |value: &Value| self.is_beside(&value.dimension, at, to);
        let found: Vec<Value> = self.vocabulary.values_of(&name).to_vec();
        let hyphened = || self.vocabulary.values_of(&name.replace(' ', "-")).to_vec();
        let found = if found.is_empty() && length > 1 {
            hyphened()
        } else {
            found
        };
        let found = if found.is_empty() && length == 1 && name.len() > 4 {
            self.vocabulary
                .values_of(name.strip_suffix('s').unwrap_or(&name))
                .to_vec()
        } else {
            found
        };
        if found.is_empty() {
            return None;
        }
        let is_quoted = words.iter().any(|word| word.kind == Kind::Quoted);
        if self.is_bound(at) {
            return None;
        }
        if length == 1 && is_common(&name) && !self.is_meant(at, found.iter().any(is_named)) {
            return None;
        }
        let is_weak = length == 1
            && !is_quoted
            && !(is_function(&name) && name == "us")
            && (name.chars().count() <= 2 && !self.is_place(at)
                || STOP.contains(&&*name) && !self.is_name(at)
                || words[0].kind == Kind::Number);
        let shouts = !self.question.chars().any(char::is_lowercase);
        let is_loud = words[0].is_upper && !shouts && name.chars().count() == 2;
        if is_weak && !is_loud && !found.iter().any(is_named) {
            return None;
        }
        let mut found = found;
        if is_loud && is_weak {
            let is_short = |value: &Value| {
                matches!(
                    value.dimension,
                    Dimension::Named(Named::Country | Named::Source | Named::Device | Named::Os)
                ) || is_named(value)
            };
            found.retain(is_short);
        }
        (!found.is_empty()).then_some((found, to))
    }

    /// Whether a dimension is named right beside a value.
    fn is_beside(&self, dimension: &Dimension, from: usize, to: usize) -> bool {
        let names: Vec<String> = match dimension {
            Dimension::Metadata(key) => {
                vec![key.to_lowercase(), lexicon::plural(&key.to_lowercase())]
            }
            Dimension::Named(named) => lexicon::DIMENSION_NAMES
                .iter()
                .filter(|(_, known, _)| known == named)
                .map(|(name, ..)| name.clone())
                .collect(),
        };
        let over = [
            "is", "=", "the", "a", "named", "called", "of", "equals", "was",
        ];
        let (_, before) = self.before(from, &over);
        let is_name = |word: &str| names.iter().any(|name| name == word);
        is_name(before) || is_name(self.low(to))
    }

    fn link(&mut self, mut found: Vec<Value>, from: usize, to: usize) {
        let beside: Vec<Value> = found
            .iter()
            .filter(|value| self.is_beside(&value.dimension, from, to))
            .cloned()
            .collect();
        let is_named = !beside.is_empty();
        if is_named {
            found = beside;
        }
        let rank = |value: &Value| {
            let place = match &value.dimension {
                Dimension::Named(named) => FIRST
                    .iter()
                    .position(|known| known == named)
                    .unwrap_or(FIRST.len()),
                Dimension::Metadata(_) => FIRST.len() + 1,
            };
            // What the site has comes before what it might have.
            (!value.is_seen, place)
        };
        found.sort_by_key(rank);
        // "US" is no source
        let is_code = to == from + 1
            && self.low(from).len() == 2
            && (self.words[from].is_upper || self.low(from) == "us");
        let is_country = |value: &Value| value.dimension == Dimension::Named(Named::Country);
        if is_code && let Some(place) = found.iter().position(is_country) {
            found.swap(0, place);
        }
        let Some(value) = found.first().cloned() else {
            return;
        };
        let seen = found.iter().filter(|value| value.is_seen).count();
        if seen > 1 && !is_named {
            let others: Vec<String> = found[1..]
                .iter()
                .filter(|value| value.is_seen)
                .map(|value| value.dimension.name().replace("metadata.", "metadata "))
                .collect();
            self.assumed.push(format!(
                "{} is meant as a {}; it is a {} too",
                value.value,
                value.dimension.name(),
                others.join(", a ")
            ));
        }
        if is_named {
            let names = |word: &str| {
                lexicon::DIMENSION_NAMES
                    .iter()
                    .any(|(name, ..)| name == word)
                    || self
                        .vocabulary
                        .keys
                        .iter()
                        .any(|key| key.eq_ignore_ascii_case(word))
            };
            let (place, before) = self.before(
                from,
                &[
                    "is", "=", "the", "a", "named", "called", "of", "equals", "was",
                ],
            );
            if names(before) && place < self.roles.len() && self.is_free(place) {
                self.roles[place] = Role::Value;
            } else if names(self.low(to)) && self.is_free(to) {
                self.roles[to] = Role::Value;
            }
        }
        if self.is(
            to,
            &[
                "traffic", "visitors", "channel", "users", "device", "devices",
            ],
        ) && self.is_free(to)
            && self.low(to) == "traffic"
        {
            self.roles[to] = Role::Value;
        }
        self.add(
            value.dimension,
            Operator::Is,
            value.value,
            from,
            to,
            value.is_seen,
        );
    }
}
