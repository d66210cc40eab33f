//! What a site's questions may name: its goals, the keys and values of its metadata, what brings its visits. A question is
//! read against this and nothing else, so that whatever a reading names exists.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

use super::calendar::{MONTHS, WEEKDAYS};
use super::lexicon::{self, CHANNEL_WORDS, RESERVED_WORDS, SAME, VALUE_WORDS};
use super::name::Names;
use super::typo::Known;
use crate::query::dimension::{Dimension, Named};

/// What a site has, as it was found. What is empty is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Goals as they are called, the most fired first.
    pub goals: Vec<String>,
    /// Values seen of dimensions, of metadata too, the most frequent first.
    pub values: Vec<(Dimension, Vec<String>)>,
    /// Channels of which spend is known.
    pub spend: Vec<String>,
    /// What was noted of days.
    pub notes: Vec<(Date, String)>,
}

/// The same, ready to be looked up.
pub struct Vocabulary {
    /// Goals, to be found by what people call them.
    pub names: Names,
    /// Keys of metadata.
    pub keys: Vec<Arc<str>>,
    /// By what they are called, in lower case, the values that this means.
    pub values: HashMap<String, Vec<Value>>,
    /// The most words of one of these.
    pub longest: usize,
    /// What was noted of days.
    pub notes: Vec<(Date, String)>,
    /// Every word that is known, for typing errors.
    pub known: Known,
    /// Words that stand in names and values.
    found: Found,
}

/// A value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Of which.
    pub dimension: Dimension,
    /// As the site has it.
    pub value: String,
    /// Whether it was seen there.
    pub is_seen: bool,
}

impl Vocabulary {
    /// Of what was found on a site.
    pub fn new(found: Found) -> Vocabulary {
        let mut goals = found.goals.clone();
        for (reserved, _) in RESERVED_WORDS {
            if !goals.iter().any(|goal| goal == reserved) {
                goals.push(reserved.to_owned());
            }
        }
        let mut values: HashMap<String, Vec<Value>> = HashMap::new();
        let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut add = |name: &str, value: Value| {
            let all = values.entry(spaced(name)).or_default();
            if !all.iter().any(|known| known.dimension == value.dimension) {
                all.push(value);
            }
        };
        for (dimension, list) in &found.values {
            for value in list
                .iter()
                .filter(|value| !value.trim().is_empty() && value.len() <= 100)
            {
                seen.insert((dimension.name(), value.to_lowercase()), value.clone());
                let named = Value {
                    dimension: dimension.clone(),
                    value: value.clone(),
                    is_seen: true,
                };
                add(value, named);
            }
        }
        for channel in &found.spend {
            let dimension = Dimension::Named(Named::Channel);
            seen.entry((dimension.name(), channel.to_lowercase()))
                .or_insert_with(|| channel.clone());
            add(
                channel,
                Value {
                    dimension,
                    value: channel.clone(),
                    is_seen: true,
                },
            );
        }
        let tables = CHANNEL_WORDS
            .iter()
            .map(|(value, words)| (Named::Channel, *value, *words));
        for (named, value, words) in tables.chain(VALUE_WORDS) {
            let dimension = Dimension::Named(named);
            let own = seen.get(&(dimension.name(), value.to_lowercase()));
            let known = Value {
                dimension,
                is_seen: own.is_some(),
                value: own.cloned().unwrap_or_else(|| value.to_owned()),
            };
            add(value, known.clone());
            words.iter().for_each(|word| add(word, known.clone()));
        }
        for (code, name) in countries() {
            let dimension = Dimension::Named(Named::Country);
            let is_seen = seen.contains_key(&(dimension.name(), code.to_lowercase()));
            add(
                &name,
                Value {
                    dimension,
                    value: code,
                    is_seen,
                },
            );
        }
        let keys = found
            .values
            .iter()
            .filter_map(|(dimension, _)| match dimension {
                Dimension::Metadata(key) => Some(key.clone()),
                Dimension::Named(_) => None,
            });
        let mut keys: Vec<Arc<str>> = keys.collect();
        for key in ["host", "href", "extension", "filename", "path"] {
            if !keys.iter().any(|known| **known == *key) {
                keys.push(key.into());
            }
        }
        let longest = values
            .keys()
            .map(|name| name.split(' ').count())
            .max()
            .unwrap_or(1);
        let known = Known::new(every_word(&goals, &keys, values.keys(), &found.notes));
        Vocabulary {
            names: Names::new(&goals),
            keys,
            longest: longest.min(6),
            values,
            notes: found.notes.clone(),
            known,
            found,
        }
    }

    /// What was found.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Values that are called so.
    pub fn values_of(&self, name: &str) -> &[Value] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The country of this code, where it was seen.
    pub fn countries(&self, code: &str) -> &[Value] {
        let found = self.values_of(code);
        let is_country = |value: &Value| value.dimension == Dimension::Named(Named::Country);
        if found.iter().any(is_country) {
            found
        } else {
            &[]
        }
    }

    /// Whether most values of a dimension are numbers, as far as any are known.
    pub fn is_number(&self, dimension: &Dimension) -> bool {
        let values = self
            .found
            .values
            .iter()
            .find(|(known, _)| known == dimension)
            .map_or(&[][..], |(_, values)| values);
        let numbers = values
            .iter()
            .filter(|value| value.trim().parse::<f64>().is_ok())
            .count();
        numbers * 2 > values.len()
    }

    /// Whether a dimension has this value, in any letter case; as it is written there.
    pub fn value(&self, dimension: &Dimension, value: &str) -> Option<&str> {
        let is_it = |known: &&Value| known.dimension == *dimension && known.is_seen;
        let found = self.values_of(&spaced(value)).iter().find(is_it);
        found.map(|value| &*value.value)
    }
}

/// In lower case, with single spaces for what stands between words.
pub fn spaced(name: &str) -> String {
    let low = name.trim().to_lowercase();
    low.split([' ', '\t'])
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn countries() -> impl Iterator<Item = (String, String)> {
    rust_iso3166::ALL.iter().map(|country| {
        let name = country.name.split([',', '(']).next().unwrap_or_default();
        let name = name.split(" of ").next().unwrap_or(name);
        (country.alpha2.to_owned(), name.trim().to_lowercase())
    })
}

fn every_word<'a>(
    goals: &[String],
    keys: &[Arc<str>],
    values: impl Iterator<Item = &'a String>,
    notes: &[(Date, String)],
) -> impl Iterator<Item = String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        all.extend(
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase),
        );
    };
    goals.iter().for_each(|goal| add(goal));
    keys.iter().for_each(|key| add(key));
    values.for_each(|value| add(value));
    notes.iter().for_each(|(_, note)| add(note));
    lexicon::METRIC_NAMES.iter().for_each(|(name, _)| add(name));
    lexicon::DIMENSION_NAMES
        .iter()
        .for_each(|(name, ..)| add(name));
    lexicon::MODEL_NAMES.iter().for_each(|(name, _)| add(name));
    lexicon::GRAIN_WORDS.iter().for_each(|(name, _)| add(name));
    let lists = [
        lexicon::MOST,
        lexicon::LEAST,
        lexicon::GREW,
        lexicon::FELL,
        lexicon::CHANGED,
        lexicon::STOP,
        lexicon::OTHER_LANGUAGE,
        lexicon::DAY_WORDS,
        lexicon::FURTHER,
    ];
    let lists = lists
        .into_iter()
        .chain(SAME)
        .chain(RESERVED_WORDS.iter().map(|(_, words)| *words));
    let lists = lists.chain(lexicon::MEANT.iter().map(|(words, _)| *words));
    lists.for_each(|list| list.iter().for_each(|word| add(word)));
    MONTHS.iter().for_each(|month| {
        add(month);
        add(&month[..3]);
    });
    WEEKDAYS.iter().for_each(|day| {
        add(day);
        add(&format!("{day}s"));
    });
    super::refusal::WORDS.iter().for_each(|word| add(word));
    let no_data = super::refusal::NO_DATA.iter();
    no_data.for_each(|(list, _)| list.iter().for_each(|word| add(word)));
    super::sign::PHRASES
        .iter()
        .chain(&super::compare::PHRASES)
        .chain(&super::refusal::PHRASES)
        .for_each(|list| list.iter().for_each(|word| add(word)));
    all.into_iter()
}
