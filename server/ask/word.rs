//! A question as words: lower case, with where each stood.

use std::ops::Range;

/// Bytes of a question that are looked at, and words of it.
pub const LENGTH: usize = 600;
const WORDS: usize = 100;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters, digits too.
    Word,
    /// Digits.
    Number,
    /// What stood in quotes.
    Quoted,
    /// A path of a page.
    Path,
    /// A comma, a percent sign, an amount's sign, an arrow.
    Sign,
}

/// A word of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// In lower case, its typing errors put right.
    pub low: String,
    /// Its stem.
    pub stem: String,
    /// Where it stands in the question, in bytes.
    pub at: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// Whether it was written in capitals.
    pub is_upper: bool,
}

impl Word {
    fn new(text: &str, at: Range<usize>, kind: Kind) -> Word {
        let low = text.to_lowercase();
        Word {
            stem: stem(&low),
            low,
            at,
            kind,
            is_upper: text.chars().any(char::is_alphabetic)
                && !text.chars().any(char::is_lowercase),
        }
    }

    /// The number that it is.
    pub fn number(&self) -> Option<u32> {
        match self.kind {
            Kind::Number => self.low.parse().ok(),
            _ => small_number(&self.low),
        }
    }
}

/// Numbers as words.
pub fn small_number(low: &str) -> Option<u32> {
    const NUMBERS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    let place = NUMBERS.iter().position(|word| *word == low);
    match low {
        "couple" => Some(2),
        "dozen" => Some(12),
        "thirty" => Some(30),
        "sixty" => Some(60),
        "ninety" => Some(90),
        _ => place
            .filter(|number| *number > 0)
            .map(|number| number as u32),
    }
}

/// The words of a question, as far as [`LENGTH`] and a bound of words go.
pub fn words(question: &str) -> Vec<Word> {
    let mut end = question.len().min(LENGTH);
    while !question.is_char_boundary(end) {
        end -= 1;
    }
    let text = &question[..end];
    let mut found = Vec::new();
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let mut at = 0;
    while at < characters.len() && found.len() < WORDS {
        let (start, c) = characters[at];
        if c.is_whitespace() {
            at += 1;
        } else if let Some(close) = closing(c)
            && (at == 0 || !characters[at - 1].1.is_alphanumeric())
            && let Some(length) = characters[at + 1..].iter().position(|(_, c)| *c == close)
            && length > 0
        {
            let inner = characters[at + 1].0..characters[at + 1 + length].0;
            let quoted = text[inner.clone()].trim();
            if !quoted.is_empty() {
                found.push(Word::new(quoted, inner, Kind::Quoted));
            }
            at += length + 2;
        } else {
            let stop = characters[at..]
                .iter()
                .enumerate()
                .position(|(place, (_, c))| {
                    c.is_whitespace()
                        || matches!(c, ',' | ';' | '→' | '"' | '“' | '”')
                            && !(*c == ',' && is_thousands(&characters, at + place))
                })
                .map_or(characters.len(), |length| at + length);
            if stop == at {
                if matches!(c, ',' | '→') {
                    found.push(Word::new(
                        &c.to_string(),
                        start..start + c.len_utf8(),
                        Kind::Sign,
                    ));
                }
                at += 1;
                continue;
            }
            let end = characters.get(stop).map_or(text.len(), |(at, _)| *at);
            chunk(&text[start..end], start, &mut found);
            at = stop;
        }
    }
    found.truncate(WORDS);
    joined(found)
}

/// Whether a comma stands between the thousands of a number.
fn is_thousands(characters: &[(usize, char)], at: usize) -> bool {
    let is_digit = |at: usize| characters.get(at).is_some_and(|(_, c)| c.is_ascii_digit());
    let before = (1..=4)
        .take_while(|back| *back <= at && is_digit(at - back))
        .count();
    (1..=3).contains(&before) && (at + 1..at + 4).all(is_digit) && !is_digit(at + 4)
}

fn closing(c: char) -> Option<char> {
    match c {
        '"' => Some('"'),
        '\'' => Some('\''),
        '“' => Some('”'),
        '‘' => Some('’'),
        '«' => Some('»'),
        '`' => Some('`'),
        _ => None,
    }
}

/// One run of characters without a space.
fn chunk(text: &str, start: usize, found: &mut Vec<Word>) {
    let is_rest = |c: char| {
        matches!(
            c,
            '?' | '!' | ':' | '(' | ')' | '.' | '[' | ']' | '\'' | '’'
        )
    };
    let kept = text.trim_start_matches(is_rest);
    let start = start + text.len() - kept.len();
    let has_percent = kept.trim_end_matches(is_rest).ends_with('%') && kept.len() > 1;
    let text = kept.trim_end_matches(|c| is_rest(c) || c == '%');
    if text.is_empty() {
        if kept.starts_with('%') {
            found.push(Word::new("%", start..start + 1, Kind::Sign));
        }
        return;
    }
    if text.starts_with('/') && text.len() > 1 {
        found.push(Word {
            low: text.to_owned(),
            ..Word::new(text, start..start + text.len(), Kind::Path)
        });
        return;
    }
    let plain = text.replace(',', "");
    if plain.len() < text.len() && plain.bytes().all(|b| b.is_ascii_digit()) {
        found.push(Word::new(&plain, start..start + text.len(), Kind::Number));
        return;
    }
    // 20k
    if let Some(thousands) = text.strip_suffix(['k', 'K'])
        && (1..=4).contains(&thousands.len())
        && thousands.bytes().all(|b| b.is_ascii_digit())
    {
        let number = format!("{thousands}000");
        found.push(Word::new(&number, start..start + text.len(), Kind::Number));
        return;
    }
    for separator in [
        "..", "->", "=>", "!=", "=", "+", "&", "→", "–", "—", ">", "›", "»",
    ] {
        if let Some((before, after)) = text.split_once(separator) {
            let middle = start + before.len();
            if !before.is_empty() {
                chunk(before, start, found);
            }
            found.push(Word::new(
                separator,
                middle..middle + separator.len(),
                Kind::Sign,
            ));
            if !after.is_empty() {
                chunk(after, middle + separator.len(), found);
            }
            return;
        }
    }
    // 's, n't and the like.
    let text = match text.find(['\'', '’']) {
        Some(at) if text[at..].chars().count() <= 3 => {
            if matches!(
                &text[..at],
                "don"
                    | "didn"
                    | "doesn"
                    | "haven"
                    | "hasn"
                    | "isn"
                    | "won"
                    | "weren"
                    | "wasn"
                    | "aren"
            ) {
                let whole = start..start + text.len();
                let verb = if &text[..at] == "won" { "will" } else { "did" };
                found.push(Word::new(verb, whole.clone(), Kind::Word));
                found.push(Word::new("not", whole, Kind::Word));
                return;
            }
            // "we'll"
            if matches!(&text[at..], "'ll" | "’ll") {
                found.push(Word::new(&text[..at], start..start + at, Kind::Word));
                found.push(Word::new("will", start..start + text.len(), Kind::Word));
                return;
            }
            &text[..at]
        }
        _ => text,
    };
    if text.is_empty() {
        return;
    }
    if let Some(amount) = text.strip_prefix(['$', '€', '£']) {
        let plain = amount.replace(',', "");
        let (plain, thousand) = match plain.strip_suffix(['k', 'K']) {
            Some(plain) => (plain.to_owned(), "000"),
            None => (plain, ""),
        };
        let whole = plain.split('.').next().unwrap_or_default();
        if !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) {
            found.push(Word::new("$", start..start + 1, Kind::Sign));
            found.push(Word::new(
                &format!("{whole}{thousand}"),
                start..start + text.len(),
                Kind::Number,
            ));
            return;
        }
    }
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if text.contains('-') && !is_date_like(text) {
        let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
        let is_plain = |part: &&str| is_number(part) || part.chars().all(char::is_alphabetic);
        let has_letters = parts
            .iter()
            .any(|part| part.chars().all(char::is_alphabetic));
        if parts.iter().all(is_plain) && (has_letters || parts.len() == 2) && !is_code(&parts) {
            let mut at = start;
            let count = parts.len();
            for (place, part) in parts.into_iter().enumerate() {
                let begin = at + text[at - start..].find(part).unwrap_or(0);
                at = begin + part.len();
                let kind = if is_number(part) {
                    Kind::Number
                } else {
                    Kind::Word
                };
                found.push(Word::new(part, begin..at, kind));
                let rest = &text[at - start..];
                let is_range = kind == Kind::Number
                    && rest.starts_with('-')
                    && rest[1..].starts_with(|c: char| c.is_ascii_digit())
                    || rest.starts_with('-') && is_month(part) && is_month(&rest[1..]);
                if is_range && place + 1 < count {
                    found.push(Word::new("-", at..at + 1, Kind::Sign));
                }
            }
            return;
        }
    }
    // 14d, 3rd, 24h
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    if digits > 0 && matches!(rest, "st" | "nd" | "rd" | "th") {
        found.push(Word::new(
            &text[..digits],
            start..start + text.len(),
            Kind::Number,
        ));
    } else if digits > 0
        && matches!(
            &*rest.to_lowercase(),
            "d" | "day"
                | "days"
                | "h"
                | "hr"
                | "hrs"
                | "w"
                | "wk"
                | "wks"
                | "m"
                | "mo"
                | "y"
                | "yr"
        )
    {
        let unit = match &*rest.to_lowercase() {
            "d" => "days",
            "h" | "hr" | "hrs" => "hours",
            "w" | "wk" | "wks" => "weeks",
            "m" | "mo" => "months",
            "y" | "yr" => "years",
            other => return push_both(found, &text[..digits], other, start),
        };
        push_both(found, &text[..digits], unit, start);
    } else {
        let kind = if is_number(text) {
            Kind::Number
        } else {
            Kind::Word
        };
        found.push(Word::new(text, start..start + text.len(), kind));
        if has_percent {
            let at = start + text.len();
            found.push(Word::new("%", at..at + 1, Kind::Sign));
        }
    }
}

fn push_both(found: &mut Vec<Word>, number: &str, unit: &str, start: usize) {
    let middle = start + number.len();
    found.push(Word::new(number, start..middle, Kind::Number));
    found.push(Word::new(unit, middle..middle, Kind::Word));
}

fn is_month(text: &str) -> bool {
    let low = text.to_lowercase();
    low.len() >= 3
        && low.is_ascii()
        && super::calendar::MONTHS
            .iter()
            .any(|month| *month == low || month[..3] == low)
}

/// `2026-06`, `2026-06-30`, `2026-q2`.
fn is_date_like(text: &str) -> bool {
    let first = text.split('-').next().unwrap_or_default();
    first.len() == 4 && first.bytes().all(|b| b.is_ascii_digit())
}

/// A number after letters, as in `exp-42`: a name.
fn is_code(parts: &[&str]) -> bool {
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let counts = ["top", "bottom", "last", "past", "first", "best", "worst"];
    let is_count = parts
        .first()
        .is_some_and(|first| counts.contains(&&*first.to_lowercase()));
    parts.len() == 2 && !is_number(parts[0]) && is_number(parts[1]) && !is_count
}

/// Two words that people also write as one.
fn joined(words: Vec<Word>) -> Vec<Word> {
    const PAIRS: [(&str, &str, &str); 15] = [
        ("sign", "up", "signup"),
        ("sign", "ups", "signups"),
        ("signed", "up", "signup"),
        ("signing", "up", "signup"),
        ("page", "view", "pageview"),
        ("page", "views", "pageviews"),
        ("e", "mail", "email"),
        ("e", "mails", "emails"),
        ("week", "day", "weekday"),
        ("week", "days", "weekdays"),
        ("week", "end", "weekend"),
        ("time", "frame", "period"),
        ("chat", "gpt", "chatgpt"),
        ("you", "tube", "youtube"),
        ("linked", "in", "linkedin"),
    ];
    let mut found: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        let pair = found.last().and_then(|last| {
            let is_it = |pair: &&(&str, &str, &str)| {
                pair.0 == last.low && pair.1 == word.low && last.kind == Kind::Word
            };
            PAIRS.iter().find(is_it)
        });
        match (pair, found.last_mut()) {
            (Some((_, _, whole)), Some(last)) => {
                *last = Word::new(whole, last.at.start..word.at.end, Kind::Word);
            }
            _ => found.push(word),
        }
    }
    found
}

/// What is left of a word without its ending; the same for started and starts, or purchasers and purchase.
pub fn stem(low: &str) -> String {
    const ENDINGS: [(&str, usize); 18] = [
        ("ations", 4),
        ("ation", 4),
        ("ments", 4),
        ("ings", 4),
        ("ions", 4),
        ("ment", 4),
        ("ors", 4),
        ("ies", 3),
        ("ers", 3),
        ("ion", 4),
        ("ing", 3),
        ("ed", 3),
        ("er", 4),
        ("or", 4),
        ("es", 3),
        ("e", 3),
        ("s", 3),
        ("y", 3),
    ];
    if !low.is_ascii() || low.ends_with("ss") {
        return low.to_owned();
    }
    let cut = ENDINGS
        .iter()
        .find(|(ending, least)| low.len() >= ending.len() + least && low.ends_with(ending));
    let mut stem = cut.map_or(low, |(ending, _)| &low[..low.len() - ending.len()]);
    let bytes = stem.as_bytes();
    if cut.is_some()
        && let [.., a, b] = bytes
        && a == b
        && !matches!(b, b'l' | b's' | b'a'..=b'e' | b'i' | b'o')
    {
        stem = &stem[..stem.len() - 1];
    }
    stem.trim_end_matches('e').to_owned()
}
