//! What a question is split by: dimensions by their names, keys of metadata, how often as an adverb.

use super::lexicon::{self, GRAIN_WORDS};
use super::parse::{Mentioned, Parse, Role};
use super::when::Days;
use super::word::stem;
use crate::query::dimension::{Dimension, Named};
use crate::query::operator::Operator;

/// Words that a dimension to split by stands behind.
const SPLITS: [&str; 13] = [
    "compare",
    "by",
    "per",
    "each",
    "every",
    "across",
    "which",
    "what",
    "among",
    "different",
    "various",
    "all",
    "single",
];

impl Parse<'_> {
    pub(super) fn mention(
        &mut self,
        dimension: Dimension,
        from: usize,
        to: usize,
        is_plural: bool,
    ) {
        let (_, before) = self.before(
            from,
            &[
                "the", "our", "my", "of", "kind", "type", "their", "its", "an", "a", "each",
            ],
        );
        let is_split = matches!(before, "by" | "per" | "across" | "each" | "every" | "and")
            && (before != "and" || self.dimensions.last().is_some_and(|last| last.is_split))
            || self.is(from.wrapping_sub(1), &["each", "every", "a"]) && before != "which";
        self.mark(from, to, Role::Dimension);
        if is_split && self.is(from.wrapping_sub(1), &["by", "per"]) && self.is_free(from - 1) {
            self.roles[from - 1] = Role::Dimension;
        }
        if !self
            .dimensions
            .iter()
            .any(|known| known.dimension == dimension)
        {
            self.dimensions.push(Mentioned {
                dimension,
                at: from,
                is_plural,
                is_split,
            });
        }
    }

    /// The dimension that stands here: the longest.
    pub(super) fn dimension_at(&self, at: usize) -> Option<(Named, usize, bool)> {
        let found = lexicon::DIMENSION_NAMES
            .iter()
            .filter_map(|(name, named, is_plural)| {
                Some((*named, self.phrase(at, name)?, *is_plural))
            });
        found.max_by_key(|(_, length, _)| *length)
    }

    /// Dimensions behind "by", "per", "which" and the like, and how often as an adverb.
    pub(super) fn split_dimensions(&mut self) {
        for (word, named) in GRAIN_WORDS {
            while let Some((at, length)) = self.find(&[word]) {
                self.mark(at, at + length, Role::Dimension);
                let dimension = Dimension::Named(named);
                if !self
                    .dimensions
                    .iter()
                    .any(|known| known.dimension == dimension)
                {
                    self.dimensions.push(Mentioned {
                        dimension,
                        at,
                        is_plural: false,
                        is_split: true,
                    });
                }
            }
        }
        for at in 0..self.words.len() {
            let (_, before) = self.before(at, &["the", "our", "my", "of", "a"]);
            let follows = self.dimensions.last().is_some_and(|last| last.is_split)
                && matches!(self.low(at.wrapping_sub(1)), "and" | ",");
            // "best plan", "top 3 plans"
            const ENDS: [&str; 7] = [
                "best",
                "worst",
                "top",
                "bottom",
                "leading",
                "weakest",
                "strongest",
            ];
            let is_counted = self
                .words
                .get(at.wrapping_sub(1))
                .is_some_and(|word| word.number().is_some());
            let is_end = ENDS.contains(&before) || is_counted && at > 1 && self.is(at - 2, &ENDS);
            if !SPLITS.contains(&before) && !follows && !is_end {
                continue;
            }
            if !is_end
                && let Some((named, length, is_plural)) = self.dimension_at(at)
                && !(matches!(named, Named::Hour) && self.is(at + length, &["ago"]))
                && !(named == Named::Goal && follows)
            {
                if before == "all" && named != Named::Goal && !is_plural {
                    continue;
                }
                self.mention(Dimension::Named(named), at, at + length, is_plural);
                continue;
            }
            if before == "all" || before == "single" {
                continue;
            }
            let low = self.low(at).to_owned();
            let key = self.vocabulary.keys.iter().find(|key| {
                let key = key.to_lowercase();
                low == key || low == lexicon::plural(&key) || low == key.replace('_', " ")
            });
            if let Some(key) = key.cloned()
                && self.is_free(at)
            {
                let is_plural = low != key.to_lowercase();
                self.mention(Dimension::Metadata(key), at, at + 1, is_plural);
                if self.is(at + 1, &["field", "key", "type"]) && self.is_free(at + 1) {
                    self.roles[at + 1] = Role::Dimension;
                }
            }
        }
    }

    /// Other dimensions.
    pub(super) fn find_dimensions(&mut self) {
        let mut at = 0;
        while at < self.words.len() {
            match self.dimension_at(at) {
                Some((named, length, is_plural))
                    if !matches!(
                        (named, self.low(at)),
                        (
                            Named::Hour | Named::Day | Named::Week | Named::Month,
                            "date" | "dates"
                        )
                    ) =>
                {
                    let is_plain_goal = named == Named::Goal
                        && !is_plural
                        && !self.is(
                            at.wrapping_sub(1),
                            &[
                                "top",
                                "best",
                                "worst",
                                "popular",
                                "fired",
                                "performing",
                                "converting",
                                "completed",
                            ],
                        );
                    // "these days" are no rows
                    let is_said = self.is(
                        at.wrapping_sub(1),
                        &["these", "those", "business", "office", "working", "opening"],
                    ) && Dimension::Named(named).is_time();
                    if is_plain_goal
                        || is_said
                        || named == Named::Goal
                            && self.is(at, &["events", "event"])
                            && !self.goals.is_empty()
                    {
                        at += length;
                        continue;
                    }
                    self.mention(Dimension::Named(named), at, at + length, is_plural);
                    at += length;
                }
                _ => at += 1,
            }
        }
        // Of two keys with the same words the site's own is meant, where pages of scrolling are asked for.
        let scrolls = self.goals.iter().any(|goal| {
            goal.goals
                .first()
                .is_some_and(|(name, _)| name.starts_with("__admx_scroll"))
        });
        if scrolls {
            for mentioned in &mut self.dimensions {
                if mentioned.dimension == Dimension::Named(Named::Page) {
                    mentioned.dimension = Dimension::Metadata("path".into());
                }
            }
        }
        self.dimensions.sort_by_key(|mentioned| mentioned.at);
        self.one_grain();
        let weekdays: Vec<(usize, usize, Vec<String>)> = self
            .days
            .iter()
            .filter_map(|(from, to, days)| match days {
                Days::Weekdays(days) => {
                    let names = days.iter().map(|day| jiff_name(*day).to_owned());
                    Some((*from, *to, names.collect()))
                }
                _ => None,
            })
            .collect();
        for (from, to, names) in weekdays {
            for name in names {
                self.add(
                    Dimension::Named(Named::Weekday),
                    Operator::Is,
                    name,
                    from,
                    to,
                    true,
                );
            }
        }
    }

    /// "monthly trend": days are only meant by a trend where nothing else of time is named.
    fn one_grain(&mut self) {
        let words = &self.words;
        let is_implied = |mentioned: &Mentioned| {
            words.get(mentioned.at).is_some_and(|word| {
                matches!(
                    &*word.low,
                    "trend" | "trends" | "trending" | "timeline" | "over"
                )
            })
        };
        let is_named =
            |mentioned: &Mentioned| mentioned.dimension.is_time() && !is_implied(mentioned);
        if self.dimensions.iter().any(is_named) {
            self.dimensions.retain(|mentioned| !is_implied(mentioned));
        }
    }

    /// What goals that fire by themselves know: hosts of outbound clicks, kinds of downloads.
    pub(super) fn reserved_words(&mut self) {
        let goal = |parse: &Self, name: &str| {
            parse
                .goals
                .iter()
                .any(|goal| goal.goals.first().is_some_and(|(known, _)| known == name))
        };
        if goal(self, "__admx_file_download") {
            for at in 0..self.words.len() {
                let extension = [
                    "pdf", "zip", "dmg", "pkg", "exe", "csv", "xlsx", "docx", "pptx", "mp4",
                ];
                let low = self.low(at).trim_start_matches('.').to_owned();
                let found = extension
                    .iter()
                    .find(|known| **known == low || stem(&low) == **known);
                if let Some(found) = found
                    && self.is_free(at)
                {
                    self.add(
                        Dimension::Metadata("extension".into()),
                        Operator::Is,
                        (*found).to_owned(),
                        at,
                        at + 1,
                        true,
                    );
                }
            }
        }
        let keys: [(&str, &[&str], &str); 8] = [
            (
                "__admx_outbound_click",
                &["host", "hosts", "domain", "domains", "websites", "sites"],
                "host",
            ),
            (
                "__admx_outbound_click",
                &[
                    "url",
                    "urls",
                    "href",
                    "hrefs",
                    "destination",
                    "destinations",
                ],
                "href",
            ),
            (
                "__admx_file_download",
                &[
                    "extension",
                    "extensions",
                    "file type",
                    "file types",
                    "file extension",
                    "file extensions",
                    "filetype",
                    "filetypes",
                    "type",
                    "types",
                ],
                "extension",
            ),
            (
                "__admx_file_download",
                &[
                    "filename",
                    "filenames",
                    "file name",
                    "file names",
                    "file",
                    "document",
                    "documents",
                ],
                "filename",
            ),
            (
                "__admx_form_submit",
                &["form id", "form ids", "formid"],
                "formId",
            ),
            ("__admx_form_submit", &["action", "actions"], "action"),
            (
                "__admx_video_play",
                &["src", "video file", "video files", "clip", "clips"],
                "src",
            ),
            (
                "__admx_outbound_click",
                &["link text", "text", "texts"],
                "text",
            ),
        ];
        for (name, words, key) in keys {
            if goal(self, name)
                && let Some((at, length)) = self.find(words)
            {
                let is_plural = self.low(at + length - 1).ends_with('s');
                self.mention(Dimension::Metadata(key.into()), at, at + length, is_plural);
            }
        }
    }
}

fn jiff_name(day: jiff::civil::Weekday) -> &'static str {
    use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    match day {
        Monday => "Monday",
        Tuesday => "Tuesday",
        Wednesday => "Wednesday",
        Thursday => "Thursday",
        Friday => "Friday",
        Saturday => "Saturday",
        Sunday => "Sunday",
    }
}
