//! Whether a word that may be a value is meant as one, and whether the value is to be left out: "in" is a country in
//! capitals only, "5" in "more than 5 seats" is a bound, "direct and email" may both stand behind "except".

use super::calendar::{MONTHS, WEEKDAYS};
use super::lexicon;
use super::parse::{Parse, Role};
use super::word::Kind;
use crate::query::dimension::Dimension;

/// Words that turn a condition round.
pub(super) const NEGATIONS: [&str; 14] = [
    "excluding",
    "exclude",
    "except",
    "without",
    "not",
    "ignoring",
    "besides",
    "minus",
    "outside",
    "non",
    "excludes",
    "nor",
    "neither",
    "omitting",
];

/// Words of one or two letters that everyone has in every sentence.
pub(super) fn is_function(low: &str) -> bool {
    const WORDS: [&str; 33] = [
        "a", "i", "am", "an", "as", "at", "be", "by", "do", "go", "he", "hi", "if", "in", "is",
        "it", "me", "my", "no", "of", "ok", "on", "or", "so", "to", "up", "us", "we", "vs", "v",
        "u", "r", "n",
    ];
    WORDS.contains(&low)
}

/// Words that stand for nothing by themselves, so that they are values nowhere but behind their key.
const CLOSED: [&str; 58] = [
    "the", "a", "an", "this", "that", "these", "those", "all", "any", "each", "every", "some",
    "our", "your", "their", "its", "them", "they", "you", "she", "what", "which", "who", "whom",
    "whose", "how", "many", "much", "for", "with", "from", "and", "are", "was", "were", "been",
    "has", "had", "have", "did", "does", "done", "can", "could", "would", "should", "may", "might",
    "will", "than", "then", "but", "now", "one", "most", "more", "least", "less",
];

/// Words that everyone has in sentences, or that questions are made of: which end, how many, when.
pub(super) fn is_common(low: &str) -> bool {
    is_function(low)
        || matches!(low, "new" | "first" | "1st" | "second" | "third" | "final")
        || CLOSED.contains(&low)
        || lexicon::MOST.contains(&low)
        || lexicon::LEAST.contains(&low)
        || lexicon::DAY_WORDS.contains(&low)
        || MONTHS.contains(&low)
        || WEEKDAYS.contains(&low)
}

impl Parse<'_> {
    /// Whether a word that is a verb of questions too, as "display", is a name here: in capitals within a sentence, behind
    /// what leads to names, or listed with others.
    pub(super) fn is_name(&self, at: usize) -> bool {
        let Some(word) = self.words.get(at) else {
            return false;
        };
        if CLOSED.contains(&&*word.low) || is_function(&word.low) {
            return false;
        }
        let is_capital = |word: &super::word::Word| {
            let mut letters = self.question.get(word.at.clone()).unwrap_or("").chars();
            letters.next().is_some_and(char::is_uppercase) && letters.any(char::is_lowercase)
        };
        let is_title = self.words.iter().all(|word| {
            let first = self
                .question
                .get(word.at.clone())
                .unwrap_or("")
                .chars()
                .next();
            word.low.len() < 4 || !first.is_some_and(char::is_lowercase)
        });
        if at > 0 && is_capital(word) && !is_title {
            return true;
        }
        let (place, before) = self.before(at, &["the"]);
        let leads = [
            "from",
            "via",
            "through",
            "vs",
            "versus",
            "vs.",
            "than",
            "against",
            "excluding",
            "except",
            "without",
            "=",
            "or",
            "of",
            "for",
            "on",
            "in",
        ];
        let is_value = |at: usize| {
            self.words.get(at).is_some_and(|word| {
                !CLOSED.contains(&&*word.low) && !self.vocabulary.values_of(&word.low).is_empty()
            })
        };
        let is_listed =
            self.is(at + 1, &["or", "vs", "versus", "vs.", "and", "against"]) && is_value(at + 2);
        let ends = matches!(before, "and" | "," | "nor" | "&") && place > 0 && is_value(place - 1);
        at > 0 && leads.contains(&before) || is_listed || ends
    }

    /// Where a word stands that turns the value here round: right before it, or before others that it is listed with.
    pub(super) fn negation(&self, at: usize) -> Option<usize> {
        let over = [
            "the", "a", "an", "from", "in", "on", "any", "by", "for", "=", "coming", "came", "via",
            "all", "come", "comes", "through",
        ];
        let (place, word) = self.before(at, &over);
        let after = |words: &[&str]| place > 0 && self.is(place - 1, words);
        if NEGATIONS.contains(&word)
            || word == "than" && after(&["other", "rather"])
            || word == "from" && after(&["apart", "aside"])
            || word == "but"
                && (place.saturating_sub(3)..place)
                    .any(|at| self.is(at, &["all", "every", "any", "everything", "anything"]))
            || word == "!="
        {
            return Some(place);
        }
        // "excluding the campaign brand-eu"
        let is_key = lexicon::DIMENSION_NAMES
            .iter()
            .any(|(name, ..)| name == word);
        if is_key && place + 3 > at {
            return self.negation(place);
        }
        let (place, word) = self.before(at, &["the", "a", "an", "our"]);
        if !matches!(word, "and" | "or" | "nor" | "," | "&") {
            return None;
        }
        let end = if word != "," && place > 0 && self.is(place - 1, &[","]) {
            place - 1
        } else {
            place
        };
        let begin = (1..=3).rev().find_map(|length| {
            let begin = end.checked_sub(length)?;
            let name: Vec<&str> = (begin..end).map(|at| self.low(at)).collect();
            (!self.vocabulary.values_of(&name.join(" ")).is_empty()).then_some(begin)
        })?;
        self.negation(begin)
    }

    /// Whether a word that means something else to everyone is meant as a value here: in capitals, behind "=", or by
    /// itself behind its key.
    pub(super) fn is_meant(&self, at: usize, is_keyed: bool) -> bool {
        const LEADS: [&str; 10] = ["in", "on", "at", "by", "of", "to", "as", "up", "is", "an"];
        let Some(word) = self.words.get(at) else {
            return false;
        };
        let shouts = !self.question.chars().any(char::is_lowercase);
        if word.kind == Kind::Quoted || word.is_upper && !shouts {
            return true;
        }
        let before = self.low(at.wrapping_sub(1));
        if matches!(before, "=" | "equals") {
            return true;
        }
        if !is_function(&word.low) {
            return false;
        }
        if word.low == "us" {
            return matches!(before, "the" | "in" | "outside" | "within");
        }
        let ends = self.words.get(at + 1).is_none_or(|next| {
            next.kind == Kind::Sign
                || matches!(
                    &*next.low,
                    "vs" | "versus"
                        | "vs."
                        | "or"
                        | "and"
                        | "beat"
                        | "beats"
                        | "against"
                        | "for"
                        | "in"
                        | "on"
                        | "during"
                        | "last"
                        | "this"
                        | "from"
                        | "than"
                        | "by"
                )
        });
        is_keyed && ends && !LEADS.contains(&&*word.low)
    }

    /// "from any source other than google", "from all channels but direct": of the source all is said.
    pub(super) fn other_than(&mut self, place: usize, dimension: &Dimension) {
        let mut end = place;
        if self.is(place, &["than", "from"])
            && self.is(
                place.wrapping_sub(1),
                &["other", "rather", "apart", "aside"],
            )
        {
            end -= 1;
            self.mark(end, place + 1, Role::Sign);
        }
        let Some(at) = end.checked_sub(1) else { return };
        let low = self.low(at);
        let is_name = lexicon::DIMENSION_NAMES
            .iter()
            .any(|(name, named, _)| name == low && *dimension == Dimension::Named(*named));
        let (_, before) = self.before(at, &["any", "all", "every", "some", "the", "our"]);
        let leads = ["from", "via", "in", "on", "through", "for", "across", "of"];
        if is_name && leads.contains(&before) {
            self.dimensions.retain(|mentioned| mentioned.at != at);
            self.mark(at, at + 1, Role::Value);
        }
    }

    /// "more than 5 seats": a bound, no value.
    pub(super) fn is_bound(&self, at: usize) -> bool {
        let is_number = self
            .words
            .get(at)
            .is_some_and(|word| word.kind == Kind::Number);
        let (place, before) = self.before(at, &["$", "the", "a"]);
        let is_than = before == "than" && place > 0 && !self.is(place - 1, &["other", "rather"]);
        is_number
            && (is_than
                || matches!(
                    before,
                    "over"
                        | "under"
                        | "above"
                        | "below"
                        | ">"
                        | "<"
                        | "least"
                        | "most"
                        | "beyond"
                        | "exceeding"
                        | "minimum"
                        | "maximum"
                ))
    }

    /// Whether something of two letters stands where a country, a source or a device does.
    pub(super) fn is_place(&self, at: usize) -> bool {
        let (_, before) = self.before(at, &["the"]);
        let is_listed = matches!(before, "and" | "or" | ",")
            && self
                .values
                .iter()
                .any(|value| value.to < at && value.to + 2 >= at);
        (is_listed || matches!(before, "in" | "from" | "outside" | "via" | "on" | "non"))
            && !is_function(self.low(at))
    }
}
