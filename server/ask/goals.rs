//! Where a question names goals: in quotes, by their whole names, by what people call them, by two words of one.

use super::lexicon::{self, NO_GOAL, STOP};
use super::name::{MAYBE, Match};
use super::parse::{Parse, Role};
use super::word::Kind;

impl Parse<'_> {
    /// What stands in quotes: a goal, a value, or a word of ours.
    pub(super) fn quoted(&mut self) {
        for at in 0..self.words.len() {
            if self.words[at].kind != Kind::Quoted {
                continue;
            }
            if let Some(goal) = self.vocabulary.names.exact(&self.words[at].low) {
                let goals = vec![(goal.to_owned(), 1.0)];
                self.goals.push(Match {
                    from: at,
                    to: at + 1,
                    goals,
                    is_whole: true,
                });
                self.mark(at, at + 1, Role::Goal);
            } else if self.vocabulary.values_of(&self.words[at].low).is_empty() {
                let low = &self.words[at].low;
                let is_ours = lexicon::DIMENSION_NAMES
                    .iter()
                    .any(|(name, ..)| *name == *low)
                    || lexicon::METRIC_NAMES.iter().any(|(name, _)| *name == *low);
                if is_ours && !low.contains(' ') {
                    self.words[at].kind = Kind::Word;
                }
            }
        }
    }

    /// Goals whose whole name stands there as it is.
    pub(super) fn whole_goals(&mut self) {
        for at in 0..self.words.len() {
            let names = &self.vocabulary.names;
            let found = (at + 1..=(at + 8).min(self.words.len()))
                .rev()
                .find_map(|to| {
                    let is_free =
                        (at..to).all(|at| self.is_free(at) && self.words[at].kind != Kind::Sign);
                    let text = &self.question[self.words[at].at.start
                        ..self.words[to - 1].at.end.max(self.words[at].at.start)];
                    let single = to == at + 1;
                    let goal = is_free.then(|| names.exact(text)).flatten()?;
                    // One common word, in small letters, may be meant otherwise.
                    let is_plain = single
                        && (STOP.contains(&&*self.words[at].low)
                            || NO_GOAL.contains(&&*self.words[at].low))
                        && text != goal;
                    let is_figure = single && self.is_of_figure(at);
                    (!is_plain && !is_figure).then(|| (goal.to_owned(), to))
                });
            if let Some((goal, to)) = found {
                self.goals.push(Match {
                    from: at,
                    to,
                    goals: vec![(goal, 1.0)],
                    is_whole: true,
                });
                self.mark(at, to, Role::Goal);
            }
        }
    }

    /// "average purchase value": a figure of several words, though one is a goal's name.
    fn is_of_figure(&self, at: usize) -> bool {
        (at.saturating_sub(3)..=at).any(|begin| {
            lexicon::METRIC_NAMES
                .iter()
                .filter_map(|(name, _)| self.phrase(begin, name))
                .any(|length| length > 1 && begin + length > at)
        })
    }

    /// Goals by what people call them.
    pub(super) fn find_goals(&mut self) {
        let mut at = 0;
        while at < self.words.len() {
            let found = {
                let roles = &self.roles;
                let is_free = |at: usize| roles[at] == Role::Free;
                if is_free(at)
                    && (!STOP.contains(&&*self.words[at].low)
                        || lexicon::SAME
                            .iter()
                            .any(|same| same.contains(&&*self.words[at].low)))
                {
                    self.vocabulary.names.at(&self.words, at, &is_free)
                } else {
                    None
                }
            };
            let found = found.filter(|found| {
                let is_plain = |at: usize| {
                    STOP.contains(&&*self.words[at].low) || NO_GOAL.contains(&&*self.words[at].low)
                };
                found.goals[0].1 >= MAYBE
                    && (found.is_whole || !(found.from..found.to).all(is_plain))
            });
            match found {
                Some(found) => {
                    let to = found.to;
                    self.mark(found.from, to, Role::Goal);
                    self.goals.push(found);
                    at = to;
                }
                None => at += 1,
            }
        }
        self.goals.sort_by_key(|goal| goal.from);
        // "which files got downloaded": one goal, said in two places.
        self.goals.dedup_by(|second, first| {
            let name = |found: &Match| found.goals.first().map(|(name, _)| name.clone());
            name(first) == name(second) && name(first).is_some_and(|name| name.starts_with("__"))
        });
        self.compound_goals();
        self.reserved_words();
    }

    /// "demo signups", "trial users upgraded to paid": two words of one goal, not two goals.
    fn compound_goals(&mut self) {
        const GENERIC: [&str; 10] = [
            "signup",
            "signups",
            "registration",
            "registrations",
            "subscription",
            "subscriptions",
            "sales",
            "orders",
            "order",
            "sale",
        ];
        const JOINS: [&str; 22] = [
            "and", "or", "vs", "versus", "vs.", "v", "against", ",", "plus", "+", "&", "then",
            "but", "never", "not", "without", "to", "no", "than", "also", "before", "after",
        ];
        use super::sign::Kind::{Funnel, TimeToConvert};
        let mut place = 0;
        while place + 1 < self.goals.len() {
            let (first, second) = (&self.goals[place], &self.goals[place + 1]);
            let is_exact = |goal: &Match| goal.goals.first().is_some_and(|(_, like)| *like > 0.999);
            let is_word = |goal: &Match| goal.to == goal.from + 1 && !is_exact(goal);
            let parts = |part: &Match, whole: &Match| {
                let with = self.vocabulary.names.with(self.low(part.from));
                is_word(part)
                    && whole
                        .goals
                        .first()
                        .is_some_and(|(name, _)| with.contains(name))
                    && part.goals.first().map(|(name, _)| name)
                        != whole.goals.first().map(|(name, _)| name)
            };
            let is_joined = (first.to..second.from).any(|at| self.is(at, &JOINS));
            let is_steps = matches!(self.kind, Some(Funnel | TimeToConvert));
            if first.to == second.from && is_word(second) && self.is(second.from, &GENERIC) {
                self.goals[place].to = second.to;
                self.goals.remove(place + 1);
            } else if !is_joined && !is_steps && parts(first, second) {
                self.goals.remove(place);
            } else if !is_joined && !is_steps && parts(second, first) {
                self.goals.remove(place + 1);
            } else {
                place += 1;
            }
        }
    }
}
