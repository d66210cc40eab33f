//! What events are grouped by, as SQL.

use std::collections::BTreeSet;

use super::condition::{Within, column, listed, quoted};
use crate::store::ReadError;
use crate::store::reports::cell::Key;
use crate::store::reports::group::{Axis, By, Fold};
use crate::store::reports::needs::Together;
use crate::store::reports::test::Of;

/// What events are grouped by: each thing as an expression.
pub(super) struct Grouping {
    /// The day that stands for an event's.
    day: String,
    axes: Vec<Expressed>,
    /// Whether a key is of several things.
    is_several: bool,
    /// What an event in a group is.
    has: String,
}

/// One of the things.
struct Expressed {
    axis: Axis,
    expression: String,
    /// Which numbers others stand for, and these.
    folds: Option<(Vec<u32>, Vec<u32>)>,
}

impl Expressed {
    fn is_text(&self) -> bool {
        matches!(self.axis.by, By::Metadata(_))
    }

    /// The expression, with numbers that are one being one.
    fn folded(&self, expression: &str) -> String {
        match &self.folds {
            Some((from, to)) if !from.is_empty() => {
                transformed(expression, "UInt32", from.iter(), to.iter())
            }
            _ => expression.to_owned(),
        }
    }
}

/// An expression with some of its values being others.
pub(super) fn transformed<T: ToString>(
    expression: &str,
    of: &str,
    from: impl Iterator<Item = T>,
    to: impl Iterator<Item = T>,
) -> String {
    let (from, to) = (listed(from), listed(to));
    format!(
        "transform({expression}, CAST([{from}], 'Array({of})'), CAST([{to}], 'Array({of})'), {expression})"
    )
}

impl Grouping {
    pub(super) fn new(within: &Within, by: &By) -> Result<Grouping, ReadError> {
        let (axes, is_several): (Vec<Axis>, bool) = match by {
            By::Several(axes) => (axes.to_vec(), true),
            by => (
                vec![Axis {
                    by: by.clone(),
                    fold: None,
                }],
                false,
            ),
        };
        let (mut expressed, mut has) = (Vec::new(), Vec::new());
        for axis in axes {
            let expression = match &axis.by {
                By::Total | By::Several(_) => "toUInt32(0)".into(),
                By::Number(of) => column(*of).to_owned(),
                By::Viewed => {
                    has.push("goal = 0".to_owned());
                    "url".into()
                }
                By::Exit => "url".into(),
                By::Metadata(key) => {
                    let key = quoted(key);
                    has.push(format!("mapContains(pairs, {key})"));
                    format!("pairs[{key}]")
                }
                By::Hour(zone) => within.hour(zone)?,
            };
            expressed.push(Expressed {
                axis,
                expression,
                folds: None,
            });
        }
        Ok(Grouping {
            day: "day".into(),
            axes: expressed,
            is_several,
            has: match has.is_empty() {
                true => "1".into(),
                false => has.join(" AND "),
            },
        })
    }

    /// The same, with groups that are counted as one being one.
    pub(super) fn together(
        mut self,
        within: &Within,
        together: &Together,
    ) -> Result<Grouping, ReadError> {
        let days = within.days()?;
        let one_of: Vec<i32> = days.iter().map(|day| (together.days)(*day)).collect();
        let different: BTreeSet<i32> = one_of.iter().copied().collect();
        if let (1, Some(one)) = (different.len(), different.first()) {
            self.day = format!("toInt32({one})");
        } else if different.len() < days.len() {
            self.day = transformed("day", "Int32", days.iter(), one_of.iter());
        }
        self.folded(within, together.fold)
    }

    /// The same, with each number replaced by the one that stands for all alike: by `fold` where one thing is grouped by.
    pub(super) fn folded(
        mut self,
        within: &Within,
        fold: Option<&Fold>,
    ) -> Result<Grouping, ReadError> {
        for expressed in &mut self.axes {
            if !self.is_several {
                expressed.axis.fold = fold.cloned();
            }
            let of = match expressed.axis.by {
                By::Number(of) => of,
                By::Viewed | By::Exit => Of::Page,
                _ => continue,
            };
            if let Some(Fold(fold)) = &expressed.axis.fold {
                let numbers = within.numbers(of)?.into_iter();
                let pairs = numbers.map(|number| (number, fold(number)));
                expressed.folds = Some(pairs.filter(|(from, to)| from != to).unzip());
            }
        }
        Ok(self)
    }

    /// What an event in a group is.
    pub(super) fn has(&self) -> &str {
        &self.has
    }

    /// The numbers of an event, each replaced by the one that stands for all alike.
    pub(super) fn numbers(&self) -> Vec<String> {
        let mine = self.axes.iter().filter(|one| !one.is_text());
        mine.map(|one| one.folded(&one.expression)).collect()
    }

    /// Its texts.
    pub(super) fn texts(&self) -> Vec<&str> {
        let mine = self.axes.iter().filter(|one| one.is_text());
        mine.map(|one| one.expression.as_str()).collect()
    }

    /// Whether there are any.
    pub(super) fn has_texts(&self) -> bool {
        self.axes.iter().any(Expressed::is_text)
    }

    /// The columns `numbers` and `texts` of an event.
    pub(super) fn columns(&self) -> String {
        arrays(&self.numbers().join(", "), &self.texts().join(", "))
    }

    /// The columns `n0`, `n1`, `n2` and `texts` of an event that is told by itself: at most three things are grouped by, and
    /// what is missing is 0.
    pub(super) fn columns_of_one(&self) -> String {
        let mut numbers = self.numbers();
        numbers.resize(3, "0".into());
        let numbers = numbers.iter().zip(0..);
        let numbers: Vec<String> = numbers
            .map(|(number, nth)| format!("toUInt32({number}) AS n{nth}"))
            .collect();
        format!(
            "{}, CAST([{}], 'Array(String)') AS texts",
            numbers.join(", "),
            self.texts().join(", ")
        )
    }

    /// The same of what has the one number that it is grouped by in this column.
    pub(super) fn columns_of(&self, column: &str) -> String {
        let number = self.axes.first().map(|one| one.folded(column));
        arrays(&number.unwrap_or_default(), "")
    }

    /// The day that stands for that of an event or of a sum.
    pub(super) fn day(&self) -> &str {
        &self.day
    }

    /// The key of a row's numbers and texts.
    pub(super) fn key(&self, numbers: &[u32], texts: &[String]) -> Option<Key> {
        let (mut numbers, mut texts) = (numbers.iter(), texts.iter());
        let mut keys = Vec::with_capacity(self.axes.len());
        for one in &self.axes {
            keys.push(match one.is_text() {
                true => Key::Text(texts.next()?.as_str().into()),
                false => one.axis.folded(Key::Number(*numbers.next()?)),
            });
        }
        match self.is_several {
            true => Some(Key::Several(keys.into())),
            false => keys.pop(),
        }
    }
}

fn arrays(numbers: &str, texts: &str) -> String {
    format!(
        "CAST([{numbers}], 'Array(UInt32)') AS numbers, CAST([{texts}], 'Array(String)') AS texts"
    )
}
