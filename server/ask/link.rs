//! Values and dimensions in a question: channels, sources, countries, metadata.

use super::lexicon::{self, GRAIN_WORDS, STOP};
use super::parse::{Linked, Mentioned, Parse, Role};
use super::reading::Condition;
use super::vocabulary::Value;
use super::when::Days;
use super::word::{Kind, Word, stem};
use crate::query::dimension::{Dimension, Named};
use crate::query::operator::Operator;

/// Words that a dimension to split by stands behind.
const SPLITS: [&str; 12] = ["by", "per", "each", "every", "across", "which", "what", "among", "different", "various", "all", "single"];

/// Words that turn a condition round.
const NEGATIONS: [&str; 12] = ["excluding", "exclude", "except", "without", "not", "ignoring", "besides", "minus", "outside", "non", "excludes", "nor"];

/// Words between a key and its value.
const EQUALS: [&str; 10] = ["is", "=", "equals", "equal", "of", "was", "are", "named", "called", "being"];

/// Words between a dimension and a part of its values.
const CONTAINS: [&str; 9] = ["containing", "contains", "contain", "like", "matching", "including", "includes", "with", "having"];

/// Which dimension is meant where several have a value, first.
const FIRST: [Named; 14] = [
    Named::Channel, Named::Source, Named::Country, Named::Device, Named::Browser, Named::Os, Named::Campaign, Named::Medium, Named::Term, Named::Content, Named::Referrer, Named::Page, Named::EntryPage, Named::Goal,
];

impl Parse<'_> {
    fn is_negated(&self, at: usize) -> bool {
        let over = ["the", "a", "an", "from", "in", "on", "any", "by", "for", "=", "coming", "came", "via", "all"];
        let (place, word) = self.before(at, &over);
        NEGATIONS.contains(&word) || word == "than" && place > 0 && self.is(place - 1, &["other", "rather"]) || word == "from" && place > 0 && self.is(place - 1, &["apart"]) || word == "!="
    }

    fn add(&mut self, dimension: Dimension, operator: Operator, value: String, from: usize, to: usize, is_seen: bool) {
        let negated = self.is_negated(from);
        let operator = match (operator, negated) {
            (Operator::Is, true) => Operator::IsNot,
            (Operator::Contains, true) => Operator::NotContains,
            (operator, _) => operator,
        };
        if negated {
            let (place, _) = self.before(from, &["the", "a", "an", "from", "in", "on", "any", "by", "for", "=", "coming", "came", "via", "all"]);
            if place < self.roles.len() && self.is_free(place) {
                self.roles[place] = Role::Sign;
            }
        }
        self.mark(from, to, Role::Value);
        let known = self.values.iter_mut().find(|known| known.condition.dimension == dimension && known.condition.operator == operator);
        match known {
            Some(known) if !known.condition.values.contains(&value) => {
                known.condition.values.push(value);
                known.to = to;
                known.is_seen &= is_seen;
            }
            Some(_) => {}
            None => self.values.push(Linked {
                condition: Condition { dimension, operator, values: vec![value] },
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
                let is_entry = self.says(&["landing page", "landing on", "landed on", "entry page", "started on", "entered on", "entering on", "entered at"]);
                let named = if is_entry { Named::EntryPage } else { Named::Page };
                let (operator, path) = if path.ends_with('*') { (Operator::Matches, path) } else { (Operator::Is, path) };
                self.add(Dimension::Named(named), operator, path, at, at + 1, true);
                let (place, word) = self.before(at, &["the", "is", "="]);
                if matches!(word, "page" | "pages" | "path" | "url") && self.is_free(place) {
                    self.roles[place] = Role::Value;
                }
            }
        }
        let keys: Vec<String> = self.vocabulary.keys.iter().map(|key| key.to_lowercase()).collect();
        for place in 0..keys.len() {
            let dimension = Dimension::Metadata(self.vocabulary.keys[place].clone());
            for at in 0..self.words.len() {
                let is_key = self.is_free(at) && (self.words[at].low == keys[place] || self.words[at].low == lexicon::plural(&keys[place]));
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
                        let is_free = to <= parse.words.len() && (from..to).all(|at| parse.is_free(at));
                        let text = parse.words.get(from..to)?.iter().map(|word| &*word.low).collect::<Vec<_>>().join(" ");
                        let value = is_free.then(|| parse.vocabulary.value(&dimension, &text)).flatten()?;
                        Some((value.to_owned(), to))
                    })
                };
                if let Some((found, to)) = value(begin, self) {
                    self.mark(at, to, Role::Value);
                    self.add(dimension.clone(), Operator::Is, found, at, to, true);
                    // "… or B", "… beat A"
                    let mut next = to;
                    while self.is(next, &["or", "and", "vs", "versus", "vs.", "beat", "beats", "than", "against", "outperform", "over", ",", "better", "perform", "do", "did", "more", "to", keys[place].as_str()]) {
                        next += 1;
                    }
                    if next > to
                        && let Some((other, end)) = value(next, self)
                    {
                        self.add(dimension.clone(), Operator::Is, other, next, end, true);
                        self.mark(next, end, Role::Value);
                        for between in to..next {
                            if self.is(between, &["beat", "beats", "better", "more", "outperform", "vs", "versus", "vs.", "than"]) {
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
            let longest = (least..=self.vocabulary.longest).rev().find_map(|length| self.value_at(at, length));
            match longest {
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
            // "form google" is a typing error.
            if !matches!(before, "from" | "via" | "through" | "form") {
                continue;
            }
            let longest = (1..=self.vocabulary.longest).rev().find_map(|length| self.value_at(at, length));
            if let Some((value, to)) = longest
                && !matches!(self.low(to), "to" | "signup" | "signups" | "click" | "submit")
            {
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
        if !(at..to).all(|at| self.is_free(at)) || words.iter().any(|word| word.kind == Kind::Sign) {
            return None;
        }
        let name = words.iter().map(|word| &*word.low).collect::<Vec<_>>().join(" ");
        let is_named = |value: &Value| self.is_beside(&value.dimension, at, to);
        let found: Vec<Value> = self.vocabulary.values_of(&name).to_vec();
        let hyphened = || self.vocabulary.values_of(&name.replace(' ', "-")).to_vec();
        let found = if found.is_empty() && length > 1 { hyphened() } else { found };
        let found = if found.is_empty() && length == 1 && name.len() > 4 {
            self.vocabulary.values_of(name.strip_suffix('s').unwrap_or(&name)).to_vec()
        } else {
            found
        };
        if found.is_empty() {
            return None;
        }
        let is_quoted = words.iter().any(|word| word.kind == Kind::Quoted);
        let is_weak = length == 1 && !is_quoted && (name.chars().count() <= 2 || STOP.contains(&&*name) || words[0].kind == Kind::Number);
        let shouts = !self.question.chars().any(char::is_lowercase);
        let is_loud = words[0].is_upper && !shouts && name.chars().count() == 2;
        if is_weak && !is_loud && !found.iter().any(is_named) {
            return None;
        }
        let mut found = found;
        if is_loud && is_weak {
            let is_short = |value: &Value| matches!(value.dimension, Dimension::Named(Named::Country | Named::Source | Named::Device | Named::Os)) || is_named(value);
            found.retain(is_short);
        }
        (!found.is_empty()).then_some((found, to))
    }

    /// Whether a dimension is named right beside a value.
    fn is_beside(&self, dimension: &Dimension, from: usize, to: usize) -> bool {
        let names: Vec<String> = match dimension {
            Dimension::Metadata(key) => vec![key.to_lowercase(), lexicon::plural(&key.to_lowercase())],
            Dimension::Named(named) => lexicon::DIMENSION_NAMES.iter().filter(|(_, known, _)| known == named).map(|(name, ..)| name.clone()).collect(),
        };
        let over = ["is", "=", "the", "a", "named", "called", "of", "equals", "was"];
        let (_, before) = self.before(from, &over);
        let is_name = |word: &str| names.iter().any(|name| name == word);
        is_name(before) || is_name(self.low(to))
    }

    fn link(&mut self, mut found: Vec<Value>, from: usize, to: usize) {
        let beside: Vec<Value> = found.iter().filter(|value| self.is_beside(&value.dimension, from, to)).cloned().collect();
        let is_named = !beside.is_empty();
        if is_named {
            found = beside;
        }
        let rank = |value: &Value| {
            let place = match &value.dimension {
                Dimension::Named(named) => FIRST.iter().position(|known| known == named).unwrap_or(FIRST.len()),
                Dimension::Metadata(_) => FIRST.len() + 1,
            };
            // What the site has comes before what it might have.
            (!value.is_seen, place)
        };
        found.sort_by_key(rank);
        let Some(value) = found.first().cloned() else { return };
        let seen = found.iter().filter(|value| value.is_seen).count();
        if seen > 1 && !is_named {
            let others: Vec<String> = found[1..].iter().filter(|value| value.is_seen).map(|value| value.dimension.name().replace("metadata.", "metadata ")).collect();
            self.assumed.push(format!("{} is meant as a {}; it is a {} too", value.value, value.dimension.name(), others.join(", a ")));
        }
        if is_named {
            let names = |word: &str| lexicon::DIMENSION_NAMES.iter().any(|(name, ..)| name == word) || self.vocabulary.keys.iter().any(|key| key.eq_ignore_ascii_case(word));
            let (place, before) = self.before(from, &["is", "=", "the", "a", "named", "called", "of", "equals", "was"]);
            if names(before) && place < self.roles.len() && self.is_free(place) {
                self.roles[place] = Role::Value;
            } else if names(self.low(to)) && self.is_free(to) {
                self.roles[to] = Role::Value;
            }
        }
        if self.is(to, &["traffic", "visitors", "channel", "users", "device", "devices"]) && self.is_free(to) && self.low(to) == "traffic" {
            self.roles[to] = Role::Value;
        }
        self.add(value.dimension, Operator::Is, value.value, from, to, value.is_seen);
    }

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
            let is_sure = self.is(at + 1, &["containing", "contains", "contain", "matching"]) || self.is(at + 1, &["with", "having", "including"]) && self.is(at + 3, &["in"]) && (at + 4..at + 6).any(|at| self.is(at, &["name", "names", "url", "path"]));
            let is_word = self.words.get(at + 2).is_some_and(|word| matches!(word.kind, Kind::Word | Kind::Quoted | Kind::Path)) && self.is_free(at) && self.is_free(at + 2);
            if is_sure && is_word {
                let value = self.words[at + 2].low.clone();
                let mut to = at + 3;
                while self.is(to, &["in", "the", "their", "its", "name", "names", "url", "path"]) && self.is_free(to) && to < at + 6 {
                    to += 1;
                }
                self.add(Dimension::Named(named), Operator::Contains, value, at, to, true);
            }
        }
    }

    /// "brand campaigns", "campaigns with summer in the name", "from social".
    fn parts_of_values(&mut self) {
        let texts = [
            ("campaign", Named::Campaign), ("campaigns", Named::Campaign), ("term", Named::Term), ("keyword", Named::Term), ("keywords", Named::Term), ("referrer", Named::Referrer), ("referrers", Named::Referrer), ("page", Named::Page),
            ("pages", Named::Page), ("source", Named::Source), ("sources", Named::Source), ("medium", Named::Medium), ("url", Named::Page), ("urls", Named::Page),
        ];
        for at in 0..self.words.len() {
            let Some((_, named)) = texts.iter().find(|(word, _)| *word == self.low(at) && self.is_free(at)) else { continue };
            let is_part = |at: usize| {
                self.words.get(at).is_some_and(|word| {
                    self.is_free(at) && matches!(word.kind, Kind::Word | Kind::Quoted) && (word.kind == Kind::Quoted || !STOP.contains(&&*word.low) && !lexicon::MOST.contains(&&*word.low) && !lexicon::LEAST.contains(&&*word.low))
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
                self.add(Dimension::Named(*named), Operator::Contains, value, at, to, true);
            } else if matches!(named, Named::Campaign | Named::Page) && at > 0 && is_part(at - 1) && self.words[at - 1].kind != Kind::Path {
                let is_metric = lexicon::METRIC_NAMES.iter().any(|(name, _)| name == self.low(at - 1)) || lexicon::DIMENSION_NAMES.iter().any(|(name, ..)| name == self.low(at - 1));
                if !is_metric && (*named == Named::Campaign || self.is(at.wrapping_sub(2), &["the", "on", "our"])) {
                    let value = self.words[at - 1].low.clone();
                    self.add(Dimension::Named(*named), Operator::Contains, value, at - 1, at + 1, true);
                }
            } else if is_part(at + 1) && matches!(named, Named::Campaign) && self.low(at) == "campaign" && (self.words[at + 1].kind == Kind::Quoted || !self.is(at.wrapping_sub(1), &["by", "per", "which", "what"])) {
                let value = self.words[at + 1].low.clone();
                self.add(Dimension::Named(*named), Operator::Contains, value, at, at + 2, true);
            }
        }
        for (word, part) in [("social", "Social"), ("search", "Search"), ("paid", "Paid")] {
            for at in 0..self.words.len() {
                if self.low(at) != word || !self.is_free(at) {
                    continue;
                }
                let (_, before) = self.before(at, &["the"]);
                let is_meant = matches!(before, "from" | "via" | "through") || NEGATIONS.contains(&before) || self.is(at + 1, &["traffic", "channels", "channel", "media"]) || before == "is" || before == "did";
                if is_meant {
                    let to = if self.is(at + 1, &["traffic", "channels", "channel", "media"]) { at + 2 } else { at + 1 };
                    self.assumed.push(format!("{word} means all channels with {part} in their name"));
                    self.add(Dimension::Named(Named::Channel), Operator::Contains, part.into(), at, to, true);
                }
            }
        }
    }

    fn mention(&mut self, dimension: Dimension, from: usize, to: usize, is_plural: bool) {
        let (_, before) = self.before(from, &["the", "our", "my", "of", "kind", "type", "their", "its", "an", "a", "each"]);
        let is_split = matches!(before, "by" | "per" | "across" | "each" | "every" | "and") && (before != "and" || self.dimensions.last().is_some_and(|last| last.is_split)) || self.is(from.wrapping_sub(1), &["each", "every", "a"]) && before != "which";
        self.mark(from, to, Role::Dimension);
        if is_split && self.is(from.wrapping_sub(1), &["by", "per"]) && self.is_free(from - 1) {
            self.roles[from - 1] = Role::Dimension;
        }
        if !self.dimensions.iter().any(|known| known.dimension == dimension) {
            self.dimensions.push(Mentioned { dimension, at: from, is_plural, is_split });
        }
    }

    /// The dimension that stands here: the longest.
    fn dimension_at(&self, at: usize) -> Option<(Named, usize, bool)> {
        let found = lexicon::DIMENSION_NAMES.iter().filter_map(|(name, named, is_plural)| Some((*named, self.phrase(at, name)?, *is_plural)));
        found.max_by_key(|(_, length, _)| *length)
    }

    /// Dimensions behind "by", "per", "which" and the like, and how often as an adverb.
    pub(super) fn split_dimensions(&mut self) {
        for (word, named) in GRAIN_WORDS {
            while let Some((at, length)) = self.find(&[word]) {
                self.mark(at, at + length, Role::Dimension);
                let dimension = Dimension::Named(named);
                if !self.dimensions.iter().any(|known| known.dimension == dimension) {
                    self.dimensions.push(Mentioned { dimension, at, is_plural: false, is_split: true });
                }
            }
        }
        for at in 0..self.words.len() {
            let (_, before) = self.before(at, &["the", "our", "my", "of", "a"]);
            let follows = self.dimensions.last().is_some_and(|last| last.is_split) && matches!(self.low(at.wrapping_sub(1)), "and" | ",");
            if !SPLITS.contains(&before) && !follows {
                continue;
            }
            if let Some((named, length, is_plural)) = self.dimension_at(at)
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
                Some((named, length, is_plural)) if !matches!((named, self.low(at)), (Named::Hour | Named::Day | Named::Week | Named::Month, "date" | "dates")) => {
                    let is_plain_goal = named == Named::Goal && !is_plural && !self.is(at.wrapping_sub(1), &["top", "best", "worst", "popular", "fired", "performing", "converting", "completed"]);
                    if is_plain_goal || named == Named::Goal && self.is(at, &["events", "event"]) && !self.goals.is_empty() {
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
        let scrolls = self.goals.iter().any(|goal| goal.goals.first().is_some_and(|(name, _)| name.starts_with("__admx_scroll")));
        if scrolls {
            for mentioned in &mut self.dimensions {
                if mentioned.dimension == Dimension::Named(Named::Page) {
                    mentioned.dimension = Dimension::Metadata("path".into());
                }
            }
        }
        self.dimensions.sort_by_key(|mentioned| mentioned.at);
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
                self.add(Dimension::Named(Named::Weekday), Operator::Is, name, from, to, true);
            }
        }
    }

    /// What goals that fire by themselves know: hosts of outbound clicks, kinds of downloads.
    pub(super) fn reserved_words(&mut self) {
        let goal = |parse: &Self, name: &str| parse.goals.iter().any(|goal| goal.goals.first().is_some_and(|(known, _)| known == name));
        if goal(self, "__admx_file_download") {
            for at in 0..self.words.len() {
                let extension = ["pdf", "zip", "dmg", "pkg", "exe", "csv", "xlsx", "docx", "pptx", "mp4"];
                let low = self.low(at).trim_start_matches('.').to_owned();
                let found = extension.iter().find(|known| **known == low || stem(&low) == **known);
                if let Some(found) = found
                    && self.is_free(at)
                {
                    self.add(Dimension::Metadata("extension".into()), Operator::Is, (*found).to_owned(), at, at + 1, true);
                }
            }
        }
        let keys: [(&str, &[&str], &str); 8] = [
            ("__admx_outbound_click", &["host", "hosts", "domain", "domains", "websites", "sites"], "host"),
            ("__admx_outbound_click", &["url", "urls", "href", "hrefs", "destination", "destinations"], "href"),
            ("__admx_file_download", &["extension", "extensions", "file type", "file types", "file extension", "file extensions", "filetype", "filetypes", "type", "types"], "extension"),
            ("__admx_file_download", &["filename", "filenames", "file name", "file names", "file", "document", "documents"], "filename"),
            ("__admx_form_submit", &["form id", "form ids", "formid"], "formId"),
            ("__admx_form_submit", &["action", "actions"], "action"),
            ("__admx_video_play", &["src", "video file", "video files", "clip", "clips"], "src"),
            ("__admx_outbound_click", &["link text", "text", "texts"], "text"),
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
