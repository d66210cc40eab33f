//! Typing errors: a word that isn't known becomes the one that is nearest to it.

use std::collections::{HashMap, HashSet};

use super::plain::is_plain;
use super::sign::{CATALOGUE, MONEY};
use super::word::{Kind, Word, stem};

/// Whether two stems are the same but for a typing error.
pub fn alike(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (a_len, b_len) = (a.chars().count(), b.chars().count());
    let shorter = a_len.min(b_len);
    let allowed = match shorter {
        0..=3 => return false,
        4..=6 => 1,
        _ => 2,
    };
    a_len.abs_diff(b_len) <= allowed
        && a.chars().next() == b.chars().next()
        && strsim::osa_distance(a, b) <= allowed
        && strsim::jaro_winkler(a, b) >= 0.88
}

/// What people write short.
const SHORT: [(&str, &str); 14] = [
    ("ths", "this"),
    ("mny", "many"),
    ("wher", "where"),
    ("pst", "past"),
    ("prev", "previous"),
    ("yest", "yesterday"),
    ("rte", "rate"),
    ("mst", "most"),
    ("frm", "from"),
    ("btw", "between"),
    ("smth", "something"),
    ("sth", "something"),
    ("wich", "which"),
    ("reqs", "requests"),
];

/// Puts typing errors right: a word that isn't known becomes the one that is nearest to it.
pub fn corrected(words: &mut [Word], known: &Known) {
    let mut found: HashMap<String, Option<String>> = HashMap::new();
    for word in words.iter_mut() {
        if word.kind == Kind::Word
            && let Some((_, whole)) = SHORT.iter().find(|(short, _)| *short == word.low)
        {
            word.low = (*whole).to_owned();
            word.stem = stem(whole);
        }
        let low = &&*word.low;
        let is_said = CATALOGUE.contains(low) || MONEY.contains(low);
        let is_right = is_said || known.has(low) || is_plain(low);
        if word.kind != Kind::Word || is_right || word.low.len() > 30 {
            continue;
        }
        let right = found
            .entry(word.low.clone())
            .or_insert_with(|| known.nearest(&word.low).map(str::to_owned));
        if let Some(right) = right {
            word.low.clone_from(right);
            word.stem = stem(right);
        }
    }
}

/// Letters that a word may lack, or have others for, where all its consonants are right.
const HEAVY: usize = 3;

/// Words that are known.
pub struct Known {
    words: HashSet<String>,
    /// By how they begin.
    listed: HashMap<char, Vec<String>>,
}

impl Known {
    /// Of all of these, in lower case.
    pub fn new(words: impl Iterator<Item = String>) -> Known {
        let words: HashSet<String> = words.collect();
        let mut listed: HashMap<char, Vec<String>> = HashMap::new();
        for word in words.iter().filter(|word| word.len() >= 3) {
            listed
                .entry(word.chars().next().unwrap_or_default())
                .or_default()
                .push(word.clone());
        }
        listed.values_mut().for_each(|words| words.sort_unstable());
        Known { words, listed }
    }

    fn has(&self, low: &str) -> bool {
        self.words.contains(low)
            || low.len() > 3
                && low
                    .strip_suffix('s')
                    .is_some_and(|single| self.words.contains(single))
            || low
                .chars()
                .any(|c| c.is_ascii_digit() || c == '_' || c == '/')
    }

    fn nearest(&self, low: &str) -> Option<&str> {
        let length = low.chars().count();
        let allowed = match length {
            0..=2 => return None,
            3..=5 => 1,
            _ => 2,
        };
        let mut best: Option<(usize, f64, &str)> = None;
        let mut heavy: Option<(usize, &str)> = None;
        let mut is_one = true;
        // The first letter is right, or stands second.
        let begins: Vec<char> = low.chars().take(2).collect();
        let listed = begins
            .iter()
            .filter_map(|letter| self.listed.get(letter))
            .flatten();
        let bones = bones(low);
        for known in listed {
            if known.len().abs_diff(low.len()) > HEAVY || length == 3 && known.len() != 3 {
                continue;
            }
            let distance = strsim::osa_distance(low, known);
            let is_heavy = length >= 4
                && bones.len() >= 3
                && distance <= HEAVY
                && (distance <= 1 || is_within(low, known) || length >= 6 && distance <= 2)
                && self::bones(known) == bones;
            if is_heavy {
                match heavy {
                    Some((least, other)) if least == distance => {
                        is_one &= stem(other) == stem(known);
                    }
                    Some((least, _)) if least < distance => {}
                    _ => {
                        heavy = Some((distance, known));
                        is_one = true;
                    }
                }
            }
            if known.len().abs_diff(low.len()) > allowed {
                continue;
            }
            let likeness = strsim::jaro_winkler(low, known);
            let is_swap =
                distance == 1 && length == 3 && known.len() == 3 && sorted(low) == sorted(known);
            let is_near = match length {
                3 => is_swap,
                4 => distance <= 1 && likeness >= 0.9,
                _ => distance <= allowed && likeness >= 0.88,
            };
            if is_near && best.is_none_or(|(d, l, _)| (distance, -likeness) < (d, -l)) {
                best = Some((distance, likeness, known));
            }
        }
        let heavy = heavy.filter(|_| is_one).map(|(_, known)| known);
        best.map(|(_, _, known)| known).or(heavy)
    }
}

/// Whether the letters of one stand in the other, in order.
fn is_within(part: &str, whole: &str) -> bool {
    let mut letters = whole.chars();
    part.chars()
        .all(|letter| letters.any(|other| other == letter))
}

/// What is left of a word without its vowels and doubled letters, the first one aside: where these agree, vowels were
/// left out or taken for others.
fn bones(low: &str) -> Vec<char> {
    let mut bones: Vec<char> = Vec::new();
    for (place, letter) in low.chars().enumerate() {
        let is_vowel = matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
        if place == 0 || !is_vowel && bones.last() != Some(&letter) {
            bones.push(letter);
        }
    }
    bones
}

fn sorted(text: &str) -> Vec<char> {
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters
}
