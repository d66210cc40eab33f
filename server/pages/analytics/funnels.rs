//! How far visitors get: a form for the steps, and what became of them.

use askama::Template;

use super::frame::Frame;
use crate::pages::words;
use crate::query::funnel::{Funnel, Reached, Step};

/// Steps that a funnel may have.
const STEPS: usize = 8;

/// `/dashboard/funnels`
#[derive(Template)]
#[template(path = "funnels.html", config = "www/askama.toml")]
pub struct Funnels {
    frame: Frame,
    /// What stands in the form.
    fields: Vec<String>,
    within: String,
    /// Steps to choose from.
    known: Vec<String>,
    sentence: String,
    reached: Vec<Shown>,
    problem: Option<String>,
}

struct Shown {
    words: String,
    visitors: String,
    of_first: String,
    of_previous: String,
    median: String,
    share: u32,
}

/// What the form was filled with.
pub struct Filled {
    /// As they were written; empty ones are left out.
    pub steps: Vec<String>,
    /// Days.
    pub within: String,
}

impl Funnels {
    /// Makes the page; `found` is the funnel and what became of it, or why there is none.
    pub fn new(
        frame: Frame,
        filled: Filled,
        known: Vec<String>,
        found: Result<Option<(Funnel, Vec<Reached>)>, String>,
    ) -> Funnels {
        let (found, problem) = match found {
            Ok(found) => (found, None),
            Err(problem) => (None, Some(problem)),
        };
        let mut fields = filled.steps;
        fields.resize(STEPS.min(fields.len().max(2) + 1), String::new());
        let shown = |(step, reached): (&Step, &Reached)| Shown {
            words: match step {
                Step::Page(pattern) => pattern.clone(),
                Step::Goal(name) => live::fire::plain_name(name).to_owned(),
            },
            visitors: words::count(reached.visitors),
            of_first: words::percent(reached.of_first),
            of_previous: words::percent(reached.of_previous),
            median: words::duration(reached.median_seconds),
            share: (reached.of_first.unwrap_or_default() * 100.0).round() as u32,
        };
        Funnels {
            fields,
            within: filled.within,
            known,
            sentence: found
                .as_ref()
                .map(|(funnel, _)| funnel.sentence())
                .unwrap_or_default(),
            reached: found
                .iter()
                .flat_map(|(funnel, reached)| funnel.steps.iter().zip(reached))
                .map(shown)
                .collect(),
            problem,
            frame,
        }
    }

    /// What the form for other days keeps.
    fn asked(&self) -> Vec<(&'static str, &str)> {
        let steps = self.fields.iter().filter(|step| !step.is_empty());
        let mut asked: Vec<_> = steps.map(|step| ("step", step.as_str())).collect();
        asked.push(("within", &self.within));
        asked
    }
}
