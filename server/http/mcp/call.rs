//! What answers a call: the room's answer, as data and as a sentence.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use super::super::api::reading;
use super::super::ask::{self, Desk};
use super::super::events::list;
use super::super::mix;
use super::super::reply::Error;
use super::question::{Wrong, arguments, asked, known_goals, part, site, written};
use super::tools::{self, ROWS, names};
use super::{Caller, words};
use crate::account::spend::SpentBy;
use crate::ask::answer::find;
use crate::ask::plan::Asked;
use crate::ask::reading::Mix;
use crate::ask::{mixed, told};
use crate::mix::fits;
use crate::query::range::Range;
use crate::query::{events, fires, sentence};

/// What a tool gives: data, and a sentence.
pub(super) fn result(data: Value, answer: &str) -> CallToolResult {
    let mut result = CallToolResult::structured(data);
    result.content = vec![ContentBlock::text(answer)];
    result
}

fn wrong(message: impl Into<String>) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(message.into())])
}

/// Answers a call.
///
/// # Errors
/// When there is no such tool; all else is told as the tool's answer.
pub(super) async fn call(
    desk: &Arc<Desk>,
    caller: Caller,
    tool: &str,
    sent: Map<String, Value>,
) -> Result<CallToolResult, ErrorData> {
    if !tools::all().iter().any(|known| known.name == tool) {
        return Err(ErrorData::invalid_params(
            format!("there is no tool {tool:.40}; there are {}", names()),
            None,
        ));
    }
    if tool == "ask" {
        return Ok(match words::ask(desk, caller, sent).await {
            Ok(result) => result,
            Err(message) => wrong(message),
        });
    }
    let (desk, tool) = (desk.clone(), tool.to_owned());
    let done = reading(move || Ok(answer(&desk, &caller, &tool, sent))).await;
    Ok(match done {
        Ok(Ok(result)) => result,
        Ok(Err(message)) => wrong(message),
        Err(error) => wrong(format!("{}; try again", Error::message(&error))),
    })
}

fn answer(
    desk: &Arc<Desk>,
    caller: &Caller,
    tool: &str,
    sent: Map<String, Value>,
) -> Result<CallToolResult, Wrong> {
    let failed = |error: crate::store::ReadError| {
        tracing::error!(%error, "a tool could not read");
        "the store can't be read just now; try again".to_owned()
    };
    match tool {
        "fires" => {
            let sent: tools::Fires = arguments(sent)?;
            let site = site(desk, caller, &sent.days.website_id)?;
            known_goals(desk, &site, &sent.goals)?;
            let mut object = Map::new();
            part(&mut object, "goals", sent.goals);
            part(&mut object, "filters", sent.filters);
            part(&mut object, "from", sent.days.from);
            part(&mut object, "to", sent.days.to);
            part(&mut object, "limit", sent.limit);
            part(&mut object, "before", sent.before);
            let asked =
                events::Sent::query_string(&written(&object))?.read(&site, desk.clock.now())?;
            let found = fires::fires(&desk.store, &asked.query, asked.before, asked.limit)
                .map_err(failed)?;
            let goals = if asked.query.goals.is_empty() {
                "all events".to_owned()
            } else {
                sentence::goals(&asked.query.goals)
            };
            let words = format!(
                "{} fires of {goals}, {}, latest first.",
                found.fires.len(),
                sentence::range(&asked.query.range)
            );
            let mut data = list("fires", &found);
            data["answer"] = json!(words);
            Ok(result(data, &words))
        }
        "mix" => {
            let sent: tools::OfSite = arguments(sent)?;
            let site = site(desk, caller, &sent.website_id)?;
            let newest = fits::newest(&desk.accounts, site.id)
                .map_err(|_| "the fits can't be read just now; try again".to_owned())?;
            let (stored, fit) = newest.ok_or_else(|| {
                format!(
                    "no marketing mix is fitted for this site yet: somebody has to upload spend and fit one at {}/dashboard/mix",
                    desk.base_url
                )
            })?;
            let table = mixed::table(Mix::Contribution, &fit, &[])?;
            let asked = Asked::Mix(Mix::Contribution, Some(stored.key.clone()));
            let words = told::sentence(&asked, &table);
            let split = mixed::table(Mix::Optimize(None), &fit, &[]).ok();
            let mut data = json!({
                "answer": words, "sentence": asked.sentence(), "room": asked.room(),
                "link": asked.page(&site).map(|page| format!("{}/dashboard/{page}", desk.base_url)),
                "asked": stored.question, "done_at": stored.done_at.map(|at| at.to_string()),
                "channels": fit.channels.iter().map(mix::channel).collect::<Vec<_>>(),
                "best_split": split.map(|table| table.json()),
                "diagnostics": fit.diagnostics, "is_unreliable": fit.is_unreliable(), "warnings": fit.warnings,
            });
            if let (Value::Object(data), Value::Object(table)) = (&mut data, table.json()) {
                data.extend(table);
            }
            Ok(result(data, &words))
        }
        "get_install_snippet" => {
            let sent: tools::OfSite = arguments(sent)?;
            let site = site(desk, caller, &sent.website_id)?;
            let snippet = format!(
                "<script defer data-website-id=\"{}\" src=\"{}/js/script.plus.js\"></script>",
                site.website_id, desk.base_url
            );
            let words = format!(
                "Put this into the head of every page of {}: {snippet}",
                site.label()
            );
            Ok(result(
                json!({ "answer": words, "snippet": snippet, "website_id": site.website_id, "docs": format!("{}/docs/install", desk.base_url) }),
                &words,
            ))
        }
        "whoami" => {
            let _: tools::Nothing = arguments(sent)?;
            let sites = desk
                .accounts
                .sites(caller.workspace)
                .map_err(|_| "the sites can't be read just now; try again".to_owned())?;
            let sites: Vec<_> = sites.iter().map(|site| json!({ "website_id": site.website_id, "name": site.label(), "zone": site.zone.iana_name() })).collect();
            let words = format!(
                "The {} {} sees {} sites, and may only read.",
                caller.kind,
                caller.name,
                sites.len()
            );
            Ok(result(
                json!({ "answer": words, "kind": caller.kind, "name": caller.name, "scopes": ["analytics:read"], "websites": sites }),
                &words,
            ))
        }
        _ => {
            let (site, asked, cursor) = asked(desk, caller, tool, sent)?;
            let from = row(&cursor)?;
            let spent = |range: &Range, by: SpentBy| ask::spent(desk, &site, range, by);
            let table =
                find(&desk.store, &site, &asked, desk.clock.now(), &spent).map_err(failed)?;
            let words = told::sentence(&asked, &table);
            let mut data = json!({
                "answer": words, "sentence": asked.sentence(), "room": asked.room(), "query": asked.json(),
                "link": asked.page(&site).map(|page| format!("{}/dashboard/{page}", desk.base_url)),
            });
            if let (Value::Object(data), Value::Object(table)) = (&mut data, table.json()) {
                data.extend(table);
            }
            bounded(&mut data, from)?;
            Ok(result(data, &format!("{words} ({})", asked.sentence())))
        }
    }
}

/// The row that a cursor stands at.
pub(super) fn row(cursor: &str) -> Result<usize, Wrong> {
    let row = Some(cursor).filter(|cursor| cursor.len() <= 9);
    match row.map(|cursor| if cursor.is_empty() { "0" } else { cursor }) {
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(text.parse().unwrap_or_default())
        }
        _ => {
            let cursor: String = cursor.chars().take(40).collect();
            Err(format!(
                "cursor: {cursor:?} is none; wanted is the \"next\" of an answer to the same call"
            ))
        }
    }
}

/// No more rows than a call may give, from one of them on; which comes next, where there are more.
pub(super) fn bounded(data: &mut Value, from: usize) -> Result<(), Wrong> {
    let Some(Value::Array(rows)) = data.get_mut("rows") else {
        return Ok(());
    };
    let all = rows.len();
    if from > all {
        return Err(format!("cursor: there are {all} rows, none after {from}"));
    }
    rows.drain(..from);
    rows.truncate(ROWS);
    let next = from + rows.len();
    if next < all {
        data["next"] = json!(next.to_string());
    }
    Ok(())
}
