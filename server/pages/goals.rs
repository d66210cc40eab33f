//! `/settings/websites/{website_id}/goals`: a site's goals, what is set of them, and how often each fired lately.

use std::collections::HashMap;

use askama::Template;

use super::settings::Shell;
use super::words;
use crate::account::{Goal, GoalBook, Site};
use crate::store::event::GoalName;

/// The page.
#[derive(Template)]
#[template(path = "settings-goals.html", config = "www/askama.toml")]
pub struct Goals<'a> {
    /// Around it.
    pub shell: Shell,
    /// Whose.
    pub site: &'a Site,
    /// All that fired lately, and all of which something is set.
    pub goals: Vec<GoalRow>,
    /// The form.
    pub editor: Editor,
}

/// How often something happened.
#[derive(Clone, Copy, Default)]
pub struct Counted {
    /// Fires.
    pub fires: u64,
    /// Different visitors.
    pub visitors: u64,
}

/// A goal, in words.
pub struct GoalRow {
    id: Option<i64>,
    name: String,
    names: Vec<String>,
    description: Option<String>,
    is_reserved: bool,
    is_hidden: bool,
    value: String,
    page: Option<String>,
    fires: String,
    visitors: String,
    /// Of the form that changes it.
    query: String,
}

/// What stands in the form.
#[derive(Default)]
pub struct Editor {
    /// Of the goal that is changed; of a new one none.
    pub id: Option<i64>,
    /// What it is called.
    pub name: String,
    /// A further name a line.
    pub names: String,
    /// What it means.
    pub description: String,
    /// Whether lists leave it out.
    pub is_hidden: bool,
    /// What a fire is worth, and in which currency.
    pub value: String,
    #[allow(missing_docs)]
    pub currency: String,
    /// A pattern of paths.
    pub page: String,
    /// What the pattern would have counted, in words.
    pub tried: Option<String>,
}

impl Editor {
    /// Of what is set, else of a goal of which only the name is known.
    pub fn of(goal: Option<&Goal>, name: &str) -> Editor {
        let Some(Goal { id, set }) = goal else {
            return Editor {
                name: name.to_owned(),
                ..Editor::default()
            };
        };
        let names: Vec<_> = set.names.iter().map(ToString::to_string).collect();
        let digits = |money: &crate::store::event::Money| {
            usize::from(money.currency.exponent().unwrap_or(0))
        };
        let value = set.value.as_ref();
        Editor {
            id: Some(*id),
            name: set.name.to_string(),
            names: names.join("\n"),
            description: set.description.clone().unwrap_or_default(),
            is_hidden: set.is_hidden,
            value: value.map_or_else(String::new, |money| {
                format!("{:.*}", digits(money), money.major())
            }),
            currency: value.map_or_else(String::new, |money| money.currency.code().to_owned()),
            page: set.page.clone().unwrap_or_default(),
            tried: None,
        }
    }

    /// What a pattern would have counted.
    pub fn tried(lately: Counted, ever: Counted) -> String {
        let views = |n: u64| match n {
            1 => "1 page view".to_owned(),
            n => format!("{} page views", words::count(n)),
        };
        if ever.fires == 0 {
            return "No page view matches this yet".into();
        }
        let visitors = match lately.visitors {
            1 => "1 visitor".to_owned(),
            n => format!("{} visitors", words::count(n)),
        };
        format!(
            "{} of {visitors} match this in the last 30 days, {} in all",
            views(lately.fires),
            words::count(ever.fires)
        )
    }

    fn is_reserved(&self) -> bool {
        GoalName::reserved(&self.name).is_some()
    }
}

impl Goals<'_> {
    /// In words, most fires first.
    pub fn rows(book: &GoalBook, lately: &HashMap<String, Counted>) -> Vec<GoalRow> {
        let set = book.goals().iter().map(|goal| goal.set.name.as_str());
        let quiet = set.filter(|name| !lately.contains_key(*name));
        let nothing = quiet.map(|name| (name, Counted::default()));
        let fired = lately
            .iter()
            .map(|(name, counted)| (name.as_str(), *counted));
        let mut all: Vec<(&str, Counted)> = fired.chain(nothing).collect();
        all.sort_by(|(a, of_a), (b, of_b)| of_b.fires.cmp(&of_a.fires).then_with(|| a.cmp(b)));
        all.into_iter()
            .map(|(name, counted)| row(book.goal(name), name, counted))
            .collect()
    }
}

fn row(goal: Option<&Goal>, name: &str, counted: Counted) -> GoalRow {
    let set = goal.map(|goal| &goal.set);
    let names = set.map(|set| set.names.iter().map(ToString::to_string).collect());
    GoalRow {
        id: goal.map(|goal| goal.id),
        names: names.unwrap_or_default(),
        description: set.and_then(|set| set.description.clone()),
        is_reserved: GoalName::reserved(name).is_some(),
        is_hidden: set.is_some_and(|set| set.is_hidden),
        value: set
            .and_then(|set| set.value.as_ref())
            .map_or_else(|| "–".into(), words::money),
        page: set.and_then(|set| set.page.clone()),
        fires: words::count(counted.fires),
        visitors: words::count(counted.visitors),
        query: url::form_urlencoded::Serializer::new(String::new())
            .append_pair("goal", name)
            .finish(),
        name: name.to_owned(),
    }
}
