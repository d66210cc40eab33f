//! Prompts: questions worth asking, ready to be filled in. Resources: what figures and dimensions mean, and the goals.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{
    GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, ReadResourceResult,
    Resource, ResourceContents, Role,
};
use serde_json::{Map, Value, json};

use super::super::ask::Desk;
use super::{Caller, call};
use crate::query::dimension::NAMED;
use crate::query::metric::METRICS;

const GOALS: &str = "admx://goals";
const WORDS: &str = "admx://words";

/// A prompt: its name, what it is for, its argument, and its text, in which `{}` is the argument.
type Row = (&'static str, &'static str, &'static str, &'static str);

const PROMPTS: [Row; 3] = [
    (
        "weekly_review",
        "The goals of last week beside the week before",
        "website",
        "Review last week for the website {} (empty: my first one). List the goals, compare last week with the week before for each of the five most fired, \
         explain the greatest change with explain_change, and finish with three sentences. Name the days of every figure.",
    ),
    (
        "why_did_it_change",
        "What a change of a goal is made of",
        "goal",
        "Find out what the change of the goal “{}” is made of: compare the last 7 whole days with the 7 before, call explain_change, and say which part moved most \
         with its share. Say that this is a decomposition and no cause.",
    ),
    (
        "where_do_they_come_from",
        "What brings people to a goal",
        "goal",
        "Which channels and sources bring people to the goal “{}”? Compare last touch with the Markov model over the last 90 days by the attribution tool, and say \
         where the two disagree.",
    ),
];

pub(super) fn prompts() -> Vec<Prompt> {
    let prompt = |(name, words, argument, _): &Row| {
        let argument = PromptArgument::new(*argument).with_required(*argument == "goal");
        Prompt::new(*name, Some(*words), Some(vec![argument]))
    };
    PROMPTS.iter().map(prompt).collect()
}

pub(super) fn prompt(name: &str, sent: &JsonObject) -> Result<GetPromptResult, ErrorData> {
    let found = PROMPTS.iter().find(|(known, ..)| *known == name);
    let Some((_, words, argument, text)) = found else {
        let known: Vec<_> = PROMPTS.iter().map(|(name, ..)| *name).collect();
        return Err(ErrorData::invalid_params(
            format!(
                "there is no prompt {name:.40}; there are {}",
                known.join(", ")
            ),
            None,
        ));
    };
    let value = sent
        .get(*argument)
        .and_then(Value::as_str)
        .unwrap_or_default();
    if value.is_empty() && *argument == "goal" {
        return Err(ErrorData::invalid_params(
            "goal: wanted the name of a goal; list_goals tells them",
            None,
        ));
    }
    let message = PromptMessage::new_text(Role::User, text.replace("{}", value));
    Ok(GetPromptResult::new(vec![message]).with_description(*words))
}

pub(super) fn resources() -> Vec<Resource> {
    vec![
        Resource::new(GOALS, "goals")
            .with_title("Goals")
            .with_description("The goals of the workspace's first site")
            .with_mime_type("application/json"),
        Resource::new(WORDS, "words")
            .with_title("Figures and dimensions")
            .with_description("What each metric and dimension of a query means")
            .with_mime_type("application/json"),
    ]
}

pub(super) async fn read(
    desk: &Arc<Desk>,
    caller: Caller,
    uri: &str,
) -> Result<ReadResourceResult, ErrorData> {
    let text = match uri {
        WORDS => {
            let metrics: Map<String, Value> = METRICS
                .iter()
                .map(|(name, metric)| ((*name).to_owned(), json!(metric.meaning())))
                .collect();
            let dimensions: Map<String, Value> = NAMED
                .iter()
                .map(|(name, named)| ((*name).to_owned(), json!(named.meaning())))
                .collect();
            json!({ "metrics": metrics, "dimensions": dimensions }).to_string()
        }
        GOALS => {
            let told = call::call(desk, caller, "list_goals", Map::new()).await?;
            told.structured_content.unwrap_or_default().to_string()
        }
        _ => {
            return Err(ErrorData::resource_not_found(
                format!("there is no {uri:.60}; there are {GOALS}, {WORDS}"),
                None,
            ));
        }
    };
    let contents = ResourceContents::text(text, uri).with_mime_type("application/json");
    Ok(ReadResourceResult::new(vec![contents]))
}
