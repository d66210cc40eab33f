//! Which goal some words mean: all words of its name in any order, endings and synonyms aside; a part of the name that no
//! other goal has; or a text that is like it by Jaro-Winkler, from [`LIKE`] on. Whatever is less than [`LEAD`] ahead of
//! another goal is told as doubt.

use super::lexicon::{MEANT, NO_GOAL, RESERVED_WORDS, SAME};
use super::typo::alike;
use super::word::{Kind, Word, stem};

/// How like a goal's name some words must be, and how far ahead of the next goal.
pub const LIKE: f64 = 0.85;
/// See [`LIKE`].
pub const LEAD: f64 = 0.05;
/// From here on a name may be what was meant.
pub const MAYBE: f64 = 0.7;

/// Words of a name that tell nothing.
const EMPTY: [&str; 13] = [
    "a", "an", "the", "to", "for", "of", "on", "in", "our", "my", "and", "out", "s",
];

/// Words that stand between those of a name where it is said as a sentence.
const BETWEEN: [&str; 9] = [
    "was", "were", "is", "are", "been", "being", "got", "get", "that",
];

struct Goal {
    name: String,
    low: String,
    /// Stems of its words, each with how much it tells.
    parts: Vec<(String, f64)>,
}

/// The goals of a site.
pub struct Names {
    goals: Vec<Goal>,
}

/// Some words, and what they mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The first word, and the one behind the last.
    pub from: usize,
    #[allow(missing_docs)]
    pub to: usize,
    /// The goals, the most like first, with how like they are.
    pub goals: Vec<(String, f64)>,
    /// Whether the whole name was said.
    pub is_whole: bool,
}

impl Match {
    /// Whether it is sure which goal is meant.
    pub fn is_sure(&self) -> bool {
        let first = self.goals.first().map_or(0.0, |(_, like)| *like);
        let second = self.goals.get(1).map_or(0.0, |(_, like)| *like);
        first >= LIKE && first - second >= LEAD - 1e-9
    }
}

/// One word for all that mean the same.
fn meaning(stem_: &str, low: &str) -> String {
    let same = SAME.iter().find(|list| list.contains(&low));
    match same {
        Some(list) => format!("={}", list[0]),
        None => stem_.to_owned(),
    }
}

fn parts(name: &str) -> Vec<String> {
    let low = name.to_lowercase();
    let words = low
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut all: Vec<String> = Vec::new();
    let mut before = "";
    for word in words {
        if before == "sign" && matches!(word, "up" | "ups") {
            all.pop();
            all.push("=signup".into());
        } else if !EMPTY.contains(&word) || low.len() < 4 {
            all.push(meaning(&stem(word), word));
        }
        before = word;
    }
    all
}

fn is_like(a: &str, b: &str) -> bool {
    a == b || !a.starts_with('=') && !b.starts_with('=') && alike(a, b)
}

impl Names {
    /// Of these.
    pub fn new(goals: &[String]) -> Names {
        let all: Vec<Vec<String>> = goals.iter().map(|goal| parts(goal)).collect();
        let weight = |part: &String| {
            let with = all.iter().filter(|parts| parts.contains(part)).count();
            let told = 1.0 / (with.max(1) as f64).sqrt();
            if part.starts_with('=') || NO_GOAL.contains(&&**part) {
                told * 0.6
            } else {
                told
            }
        };
        let goal = |(name, parts): (&String, &Vec<String>)| Goal {
            name: name.clone(),
            low: name.to_lowercase(),
            parts: parts
                .iter()
                .map(|part| (part.clone(), weight(part)))
                .collect(),
        };
        Names {
            goals: goals.iter().zip(&all).map(goal).collect(),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.goals.iter().map(|goal| &*goal.name)
    }

    /// The goal of exactly this name, in any letter case.
    pub fn exact(&self, name: &str) -> Option<&str> {
        let same = self.goals.iter().find(|goal| goal.name == name);
        let low = name.trim().to_lowercase();
        let same = same.or_else(|| self.goals.iter().find(|goal| goal.low == low));
        same.map(|goal| &*goal.name)
    }

    /// Goals with this word in their name.
    pub fn with(&self, low: &str) -> Vec<String> {
        let part = meaning(&stem(low), low);
        let goals = self
            .goals
            .iter()
            .filter(|goal| goal.parts.iter().any(|(own, _)| is_like(own, &part)));
        goals.map(|goal| goal.name.clone()).collect()
    }

    /// What a text is like, the most first.
    pub fn like(&self, text: &str, least: f64) -> Vec<(String, f64)> {
        let low = text.to_lowercase();
        let parts = parts(text);
        let mut all: Vec<(String, f64)> = Vec::new();
        for goal in self
            .goals
            .iter()
            .filter(|goal| !goal.name.starts_with("__"))
        {
            let common = parts
                .iter()
                .filter(|part| goal.parts.iter().any(|(own, _)| is_like(own, part)))
                .count();
            let like = strsim::jaro_winkler(&low, &goal.low);
            let like = if common > 0 { like.max(MAYBE) } else { like };
            if like >= least && (common > 0 || like >= 0.8) {
                all.push((goal.name.clone(), like));
            }
        }
        for (name, words) in RESERVED_WORDS {
            if words
                .iter()
                .any(|word| low.split(' ').any(|part| part.len() > 3 && *word == part))
            {
                all.push((name.to_owned(), MAYBE));
            }
        }
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all
    }

    /// The goals that these words may mean. None where they mean none.
    fn of(&self, span: &[&Word]) -> (Vec<(String, f64)>, bool) {
        let told: Vec<&&Word> = span
            .iter()
            .filter(|word| !EMPTY.contains(&&*word.low) && !BETWEEN.contains(&&*word.low))
            .collect();
        if told.is_empty() {
            return (Vec::new(), false);
        }
        let text = span
            .iter()
            .map(|word| &*word.low)
            .collect::<Vec<_>>()
            .join(" ");
        let content = told
            .iter()
            .map(|word| &*word.low)
            .collect::<Vec<_>>()
            .join(" ");
        let words: Vec<String> = told
            .iter()
            .flat_map(|word| match word.kind {
                Kind::Quoted => parts(&word.low),
                _ => vec![meaning(&word.stem, &word.low)],
            })
            .collect();
        if told
            .iter()
            .all(|word| NO_GOAL.contains(&&*word.low) && word.kind != Kind::Quoted)
        {
            let exact = self
                .goals
                .iter()
                .find(|goal| goal.low == text && told.len() > 1);
            let mut with = self.goals.iter().filter(|goal| {
                words
                    .iter()
                    .all(|word| goal.parts.iter().any(|(part, _)| is_like(part, word)))
            });
            // "converted to paid": some words that only one has.
            if exact.is_none()
                && told.len() > 1
                && span.len() > 2
                && let (Some(only), None) = (with.next(), with.next())
            {
                return (vec![(only.name.clone(), 0.9)], false);
            }
            return (
                exact
                    .map(|goal| (goal.name.clone(), 1.0))
                    .into_iter()
                    .collect(),
                exact.is_some(),
            );
        }
        let mut all: Vec<(String, f64)> = Vec::new();
        let mut is_whole = false;
        for goal in &self.goals {
            if goal.low == text || goal.low == content {
                all.push((goal.name.clone(), 1.0));
                is_whole = true;
                continue;
            }
            if goal.name.starts_with("__") {
                continue;
            }
            let mut used = vec![false; goal.parts.len()];
            let mut found = 0;
            for word in &words {
                let place = goal
                    .parts
                    .iter()
                    .enumerate()
                    .position(|(place, (part, _))| !used[place] && is_like(part, word));
                if let Some(place) = place {
                    used[place] = true;
                    found += 1;
                }
            }
            let whole: f64 = goal.parts.iter().map(|(_, weight)| weight).sum();
            let said: f64 = goal
                .parts
                .iter()
                .zip(&used)
                .filter(|(_, used)| **used)
                .map(|((_, weight), _)| weight)
                .sum();
            let like = strsim::jaro_winkler(&content, &goal.low);
            if found == words.len() && found > 0 {
                let share = said / whole.max(f64::EPSILON);
                if share > 0.999 {
                    is_whole = true;
                    all.push((goal.name.clone(), 0.98));
                } else {
                    // What a part tells of the whole, and whether it is how the name begins.
                    let begins = if used.first() == Some(&true) {
                        0.04
                    } else {
                        0.0
                    };
                    all.push((
                        goal.name.clone(),
                        (0.6 + 0.36 * share + begins).max(if like >= LIKE {
                            like.min(0.95)
                        } else {
                            0.0
                        }),
                    ));
                }
            } else if like >= 0.93 && content.len() > 5 {
                all.push((goal.name.clone(), like.min(0.95)));
            }
        }
        for (meant, names) in MEANT {
            if told.len() == 1 && meant.contains(&&*told[0].low) {
                for goal in self.goals.iter().filter(|goal| names.contains(&&*goal.low)) {
                    match all.iter_mut().find(|(name, _)| *name == goal.name) {
                        Some(known) => known.1 = known.1.max(0.96),
                        None => all.push((goal.name.clone(), 0.96)),
                    }
                }
            }
        }
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        // Where one is all that has these words, they are enough.
        let only = |name: &str| {
            let of = |goal: &&Goal| {
                words
                    .iter()
                    .all(|word| goal.parts.iter().any(|(part, _)| is_like(part, word)))
            };
            let mut with = self.goals.iter().filter(of);
            with.next().is_some_and(|goal| goal.name == name) && with.next().is_none()
        };
        if let [first, ..] = &mut *all
            && first.1 < LIKE
            && first.1 > 0.65
            && told
                .iter()
                .any(|word| word.low.len() > 3 && !NO_GOAL.contains(&&*word.low))
            && only(&first.0)
        {
            first.1 = 0.9;
        }
        (all, is_whole)
    }

    /// The best match that begins with this word.
    pub fn at(
        &self,
        words: &[Word],
        from: usize,
        is_free: &dyn Fn(usize) -> bool,
    ) -> Option<Match> {
        if let Some(reserved) = reserved(words, from, is_free) {
            return Some(reserved);
        }
        let first = &*words[from].low;
        if EMPTY.contains(&first) || BETWEEN.contains(&first) || !is_free(from) {
            return None;
        }
        let mut best: Option<Match> = None;
        let most = (from + 8).min(words.len());
        for to in from + 1..=most {
            let last = &words[to - 1];
            if !is_free(to - 1) || last.kind == Kind::Sign || last.kind == Kind::Path {
                break;
            }
            if (EMPTY.contains(&&*last.low) || BETWEEN.contains(&&*last.low)) && to > from + 1 {
                continue;
            }
            let span: Vec<&Word> = words[from..to].iter().collect();
            let (goals, is_whole) = self.of(&span);
            let Some((_, like)) = goals.first() else {
                continue;
            };
            if *like < MAYBE {
                continue;
            }
            let found = Match {
                from,
                to,
                is_whole,
                goals,
            };
            let is_better = best.as_ref().is_none_or(|best| {
                let rank = |found: &Match| (found.is_whole, found.is_sure());
                let longer = found.goals[0].1 >= best.goals[0].1 - 0.02;
                rank(&found) > rank(best) || rank(&found) == rank(best) && longer
            });
            if is_better {
                best = Some(found);
            }
        }
        best
    }
}

/// A goal that fires by itself, by what it is called.
fn reserved(words: &[Word], from: usize, is_free: &dyn Fn(usize) -> bool) -> Option<Match> {
    let mut best: Option<(usize, &str)> = None;
    for (name, phrases) in RESERVED_WORDS {
        for phrase in phrases {
            let mut to = from;
            let fits = phrase.split(' ').all(|part| {
                // "forms were submitted"
                while to > from
                    && to < words.len()
                    && BETWEEN.contains(&&*words[to].low)
                    && !phrase.contains(&*words[to].low)
                {
                    to += 1;
                }
                let is_it = words.get(to).is_some_and(|word| {
                    is_free(to)
                        && word.kind != Kind::Quoted
                        && (part == word.low || part.len() > 4 && stem(part) == word.stem)
                });
                to += 1;
                is_it
            });
            let count = to - from;
            if fits && best.is_none_or(|(most, _)| count > most) {
                best = Some((count, name));
            }
        }
    }
    best.map(|(count, name)| Match {
        from,
        to: from + count,
        goals: vec![(name.to_owned(), 0.97)],
        is_whole: true,
    })
}
