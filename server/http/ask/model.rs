//! A question that the grammar doesn't answer, read by a language model: what it says is a query or nothing, and is
//! answered as every query is. What the grammar reads, and what it refuses for good, is sent nowhere.

use std::sync::Arc;

use super::super::api::reading;
use super::super::reply::Error;
use super::{Became, Desk, by_grammar, queried, vocabulary};
use crate::account::Site;
use crate::ask::model::prompt::Prompt;
use crate::ask::model::read::{Names, Read, read};
use crate::ask::model::{Failure, Model};
use crate::ask::plan::Asked;
use crate::ask::reading::Reading;
use crate::ask::vocabulary::Vocabulary;

/// What became of a question, and by whom it was read.
#[derive(Debug)]
pub(in crate::http) struct Told {
    pub(in crate::http) became: Became,
    pub(in crate::http) by: By,
}

/// Who read a question.
#[derive(Debug)]
pub(in crate::http) enum By {
    /// The grammar, or nobody.
    Grammar,
    /// The language model of this name; beside its reading those that the grammar had asked back with.
    Model(String, Vec<(Reading, Asked)>),
    /// Neither, and why the language model didn't.
    Neither(Failure),
}

impl By {
    /// Why the language model read nothing, in words.
    pub(in crate::http) fn note(&self) -> Option<String> {
        match self {
            By::Neither(failure) => Some(failure.to_string()),
            By::Grammar | By::Model(..) => None,
        }
    }
}

impl Told {
    /// Without a language model.
    pub(in crate::http) fn plain(became: Became) -> Told {
        Told {
            became,
            by: By::Grammar,
        }
    }
}

/// Asks: the grammar, and where that gives no answer and there is one, the language model.
///
/// # Errors
/// When files can't be read.
pub(in crate::http) async fn ask(
    desk: &Arc<Desk>,
    site: &Arc<Site>,
    question: String,
) -> Result<Told, Error> {
    let (app, of, text) = (desk.clone(), site.clone(), question.clone());
    let (became, names) = reading(move || {
        let names = vocabulary(&app, &of)?;
        Ok((by_grammar(&app, &of, &text, &names)?, names))
    })
    .await?;
    let Some(model) = desk.model.as_ref().filter(|_| is_open(&became)) else {
        return Ok(Told::plain(became));
    };
    let read = by_model(desk, model, site, &question, &names).await;
    model.note(read.as_ref().err().copied());
    let Read { query, has_days } = match read {
        Ok(read) => read,
        Err(failure) => {
            let by = By::Neither(failure);
            return Ok(Told { became, by });
        }
    };
    let assumed = match has_days {
        true => Vec::new(),
        false => vec!["no days were named: the last 30 before today".to_owned()],
    };
    let (app, of) = (desk.clone(), site.clone());
    let answered = reading(move || queried(&app, &of, query, assumed)).await?;
    let instead = match became {
        Became::Choose(_, choices) => choices,
        Became::Answer(_) | Became::Refuse(..) => Vec::new(),
    };
    Ok(Told {
        became: answered,
        by: By::Model(model.name().to_owned(), instead),
    })
}

/// Whether another reading could help. What would change something, tell of single people or of what is to come, or is
/// no question of this site, is settled; so is a day that there isn't, and what was understood and isn't known.
fn is_open(became: &Became) -> bool {
    match became {
        Became::Answer(_) => false,
        Became::Choose(..) => true,
        Became::Refuse(reason, ..) => {
            matches!(*reason, "unclear" | "unknown_goal" | "language")
        }
    }
}

async fn by_model(
    desk: &Desk,
    model: &Model,
    site: &Site,
    question: &str,
    names: &Vocabulary,
) -> Result<Read, Failure> {
    let now = desk.clock.now();
    let today = now.to_zoned(site.zone.clone()).date();
    let zone = site.zone.iana_name().unwrap_or("UTC");
    let prompt = Prompt::new(names, today, zone, question);
    let said = model.ask(site.id, &prompt).await?;
    let goals: Vec<String> = names.names.all().map(str::to_owned).collect();
    let names = Names {
        goals: &goals,
        keys: &names.keys,
        values: &names.found().values,
        question,
    };
    Ok(read(&said, site, &names, now)?)
}
