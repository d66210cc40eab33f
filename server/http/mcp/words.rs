//! The tool `ask`: a question in words, and what became of it in a sentence or two.

use std::sync::Arc;

use rmcp::model::CallToolResult;
use serde_json::{Map, Value, json};

use super::super::api::reading;
use super::super::ask::model::{By, Told, ask as by_anybody};
use super::super::ask::{Became, Desk, json_of};
use super::super::reply::Error;
use super::call::{bounded, result, row};
use super::question::{Wrong, arguments, site};
use super::{Caller, tools};
use crate::ask::plan::Asked;
use crate::ask::reading::Reading;
use crate::ask::told;

/// Asks, and tells what became of it.
pub(super) async fn ask(
    desk: &Arc<Desk>,
    caller: Caller,
    sent: Map<String, Value>,
) -> Result<CallToolResult, Wrong> {
    let again = |error: Error| format!("{}; try again", Error::message(&error));
    let sent: tools::Ask = arguments(sent)?;
    let from = row(&sent.cursor)?;
    let (of, website_id) = (desk.clone(), sent.website_id);
    let site = reading(move || Ok(site(&of, &caller, &website_id)));
    let site = site.await.map_err(again)??;
    let told = by_anybody(desk, &site, sent.question)
        .await
        .map_err(again)?;
    let mut data = json_of(&told, &site);
    let words = in_words(&told);
    bounded(&mut data, from)?;
    // A query's own cursor is for the tool that is called so.
    if data["next"].as_str().is_some_and(|next| next.contains('.')) {
        data["next"] = Value::Null;
    }
    if data.get("answer").is_none() {
        data["answer"] = json!(words);
    }
    Ok(result(data, &words))
}

/// What became of a question, in a sentence or two.
fn in_words(told: &Told) -> String {
    let choices = |choices: &[(Reading, Asked)]| {
        let choices: Vec<_> = choices.iter().map(|(_, asked)| asked.sentence()).collect();
        choices.join("; or: ")
    };
    let note = told.by.note().map(|note| format!(" ({note})"));
    let note = note.unwrap_or_default();
    match &told.became {
        Became::Answer(answered) => {
            let words = format!(
                "{} ({})",
                told::sentence(&answered.asked, &answered.table),
                answered.asked.sentence()
            );
            match &told.by {
                By::Model(name, instead) => {
                    let or = match instead.is_empty() {
                        true => String::new(),
                        false => format!(" It may also mean: {}", choices(instead)),
                    };
                    format!(
                        "{words} Read by the language model {name}: check that this is what was meant.{or}"
                    )
                }
                By::Grammar | By::Neither(_) => words,
            }
        }
        Became::Choose(message, all) => {
            format!("Not sure: {message}. It may mean: {}{note}", choices(all))
        }
        Became::Refuse(_, message, suggestions) => format!(
            "No answer: {message}. What can be asked: {}{note}",
            suggestions.join("; ")
        ),
    }
}
