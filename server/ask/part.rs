//! Parts of values: "brand campaigns", "campaigns with summer in the name", "from social".

use super::lexicon::{self, STOP};
use super::meant::NEGATIONS;
use super::parse::Parse;
use super::word::Kind;
use crate::query::dimension::{Dimension, Named};
use crate::query::operator::Operator;

/// Words between a dimension and a part of its values.
const CONTAINS: [&str; 9] = [
    "containing",
    "contains",
    "contain",
    "like",
    "matching",
    "including",
    "includes",
    "with",
    "having",
];

impl Parse<'_> {
    /// "campaigns containing summer".
    pub(super) fn contained(&mut self) {
        for at in 0..self.words.len() {
            let named = match self.low(at) {
                "campaign" | "campaigns" => Named::Campaign,
                "term" | "keyword" | "keywords" => Named::Term,
                "referrer" | "referrers" => Named::Referrer,
                "page" | "pages" | "url" | "urls" => Named::Page,
                "source" | "sources" => Named::Source,
                _ => continue,
            };
            let is_sure = self.is(at + 1, &["containing", "contains", "contain", "matching"])
                || self.is(at + 1, &["with", "having", "including"])
                    && self.is(at + 3, &["in"])
                    && (at + 4..at + 6).any(|at| self.is(at, &["name", "names", "url", "path"]));
            let is_word =
                self.words.get(at + 2).is_some_and(|word| {
                    matches!(word.kind, Kind::Word | Kind::Quoted | Kind::Path)
                }) && self.is_free(at)
                    && self.is_free(at + 2);
            if is_sure && is_word {
                let value = self.words[at + 2].low.clone();
                let mut to = at + 3;
                while self.is(
                    to,
                    &["in", "the", "their", "its", "name", "names", "url", "path"],
                ) && self.is_free(to)
                    && to < at + 6
                {
                    to += 1;
                }
                self.add(
                    Dimension::Named(named),
                    Operator::Contains,
                    value,
                    at,
                    to,
                    true,
                );
            }
        }
    }

    /// "brand campaigns", "campaigns with summer in the name", "from social".
    pub(super) fn parts_of_values(&mut self) {
        let texts = [
            ("campaign", Named::Campaign),
            ("campaigns", Named::Campaign),
            ("term", Named::Term),
            ("keyword", Named::Term),
            ("keywords", Named::Term),
            ("referrer", Named::Referrer),
            ("referrers", Named::Referrer),
            ("page", Named::Page),
            ("pages", Named::Page),
            ("source", Named::Source),
            ("sources", Named::Source),
            ("medium", Named::Medium),
            ("url", Named::Page),
            ("urls", Named::Page),
        ];
        for at in 0..self.words.len() {
            let Some((_, named)) = texts
                .iter()
                .find(|(word, _)| *word == self.low(at) && self.is_free(at))
            else {
                continue;
            };
            let is_part = |at: usize| {
                self.words.get(at).is_some_and(|word| {
                    self.is_free(at)
                        && matches!(word.kind, Kind::Word | Kind::Quoted)
                        && (word.kind == Kind::Quoted
                            || word.number().is_none()
                                && !STOP.contains(&&*word.low)
                                && !lexicon::CHANGED.contains(&&*word.low)
                                && !lexicon::GREW.contains(&&*word.low)
                                && !lexicon::FELL.contains(&&*word.low)
                                && !lexicon::FURTHER.contains(&&*word.low)
                                && !lexicon::MOST.contains(&&*word.low)
                                && !lexicon::LEAST.contains(&&*word.low))
                        && word.low.len() > 2
                })
            };
            if CONTAINS.contains(&self.low(at + 1)) && is_part(at + 2) {
                let value = self.words[at + 2].low.clone();
                let mut to = at + 3;
                for word in ["in", "the", "their", "its", "name", "names"] {
                    if self.is(to, &[word]) {
                        to += 1;
                    }
                }
                self.add(
                    Dimension::Named(*named),
                    Operator::Contains,
                    value,
                    at,
                    to,
                    true,
                );
            } else if matches!(named, Named::Campaign | Named::Page)
                && at > 0
                && is_part(at - 1)
                && self.words[at - 1].kind != Kind::Path
            {
                let is_metric = lexicon::METRIC_NAMES
                    .iter()
                    .any(|(name, _)| name == self.low(at - 1))
                    || lexicon::DIMENSION_NAMES
                        .iter()
                        .any(|(name, ..)| name == self.low(at - 1));
                if !is_metric
                    && (*named == Named::Campaign
                        || self.is(at.wrapping_sub(2), &["the", "on", "our"]))
                {
                    let value = self.words[at - 1].low.clone();
                    self.add(
                        Dimension::Named(*named),
                        Operator::Contains,
                        value,
                        at - 1,
                        at + 1,
                        true,
                    );
                }
            } else if is_part(at + 1)
                && matches!(named, Named::Campaign)
                && self.low(at) == "campaign"
                && (self.words[at + 1].kind == Kind::Quoted
                    || !self.is(at.wrapping_sub(1), &["by", "per", "which", "what"]))
            {
                let value = self.words[at + 1].low.clone();
                self.add(
                    Dimension::Named(*named),
                    Operator::Contains,
                    value,
                    at,
                    at + 2,
                    true,
                );
            }
        }
        for (word, part) in [("social", "Social"), ("search", "Search"), ("paid", "Paid")] {
            for at in 0..self.words.len() {
                if self.low(at) != word || !self.is_free(at) {
                    continue;
                }
                let (_, before) = self.before(at, &["the"]);
                let is_meant = matches!(before, "from" | "via" | "through")
                    || NEGATIONS.contains(&before)
                    || self.is(at + 1, &["traffic", "channels", "channel", "media"])
                    || before == "is"
                    || before == "did";
                if is_meant {
                    let to = if self.is(at + 1, &["traffic", "channels", "channel", "media"]) {
                        at + 2
                    } else {
                        at + 1
                    };
                    self.assumed.push(format!(
                        "{word} means all channels with {part} in their name"
                    ));
                    self.add(
                        Dimension::Named(Named::Channel),
                        Operator::Contains,
                        part.into(),
                        at,
                        to,
                        true,
                    );
                }
            }
        }
    }
}
