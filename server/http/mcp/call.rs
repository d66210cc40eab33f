//! What answers a call: arguments → the question of a room → its answer, as data and as a sentence. What is wrong with a
//! call is said so that it can be put right.

use std::sync::Arc;

use jiff::ToSpan;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::super::api::reading;
use super::super::ask::{self, Desk};
use super::super::events::list;
use super::super::mix;
use super::super::reply::Error;
use super::tools::{self, Days, ROWS, names};
use super::{Caller, words};
use crate::account::Site;
use crate::account::spend::SpentBy;
use crate::ask::answer::find;
use crate::ask::plan::Asked;
use crate::ask::reading::Mix;
use crate::ask::{mixed, told};
use crate::mix::fits;
use crate::query::dimension::{Dimension, Named};
use crate::query::events;
use crate::query::range::Range;
use crate::query::read::{MOST_ROWS, Sent};
use crate::query::{Query, fires, funnel, sentence};
use crate::{attribution, cohort};

/// Why a call isn't answered: in words that say how to put it right.
pub(super) type Wrong = String;

pub(super) fn arguments<T: DeserializeOwned>(sent: Map<String, Value>) -> Result<T, Wrong> {
    serde_json::from_value(Value::Object(sent))
        .map_err(|error| format!("{error}; see the tool's input schema"))
}

/// A site of the caller's workspace.
pub(super) fn site(desk: &Desk, caller: &Caller, website_id: &str) -> Result<Arc<Site>, Wrong> {
    let sites = desk
        .accounts
        .sites(caller.workspace)
        .map_err(|_| "the sites can't be read just now; try again".to_owned())?;
    let found = match website_id {
        "" => sites.first(),
        id => sites.iter().find(|site| site.website_id == id),
    };
    found.cloned().ok_or_else(|| {
        let known: Vec<_> = sites
            .iter()
            .map(|site| format!("{} ({})", site.website_id, site.label()))
            .collect();
        format!("website_id: no such site; there are {}", known.join(", "))
    })
}

fn part(object: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    let value = value.into();
    let is_empty = match &value {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        _ => false,
    };
    if !is_empty {
        object.insert(name.to_owned(), value);
    }
}

fn days(object: &mut Map<String, Value>, days: &Days) {
    range(object, "range", &days.from, &days.to);
}

fn range(object: &mut Map<String, Value>, name: &str, from: &str, to: &str) {
    let mut range = Map::new();
    part(&mut range, "from", from);
    part(&mut range, "to", to);
    if !range.is_empty() {
        object.insert(name.to_owned(), range.into());
    }
}

/// As a query string, for rooms that read one.
fn written(object: &Map<String, Value>) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in object {
        match value {
            Value::String(text) => {
                out.append_pair(name, text);
            }
            Value::Array(list) if name == "filters" => {
                out.append_pair(name, &Value::Array(list.clone()).to_string());
            }
            Value::Array(list) if name == "ages" => {
                let ages: Vec<_> = list.iter().map(Value::to_string).collect();
                out.append_pair(name, &ages.join(","));
            }
            Value::Array(list) => list.iter().filter_map(Value::as_str).for_each(|text| {
                out.append_pair(name, text);
            }),
            other => {
                out.append_pair(name, &other.to_string());
            }
        }
    }
    out.finish()
}

fn query(desk: &Desk, caller: &Caller, sent: tools::Query) -> Result<(Arc<Site>, Query), Wrong> {
    let site = site(desk, caller, &sent.days.website_id)?;
    if sent.limit > ROWS {
        return Err(format!(
            "limit: wanted 1 to {ROWS}; the rows after them come with the answer's next as cursor"
        ));
    }
    let mut object = Map::new();
    part(&mut object, "metrics", sent.metrics);
    part(&mut object, "goals", sent.goals);
    part(&mut object, "dimensions", sent.dimensions);
    part(&mut object, "filters", sent.filters);
    days(&mut object, &sent.days);
    range(&mut object, "compare", &sent.compare_from, &sent.compare_to);
    part(&mut object, "order", sent.order);
    part(&mut object, "limit", sent.limit);
    part(&mut object, "cursor", sent.cursor);
    let body = Value::Object(object).to_string();
    let mut query = Sent::json(body.as_bytes())?.read(&site, desk.clock.now())?;
    query.limit = query.limit.min(ROWS);
    Ok((site, query))
}

/// A query beside the days before where no other are named, split by nothing or by what is asked.
fn compared(
    desk: &Desk,
    caller: &Caller,
    sent: tools::Compare,
) -> Result<(Arc<Site>, Query), Wrong> {
    let sent = tools::Query {
        metrics: vec![sent.metric],
        goals: sent.goals,
        dimensions: sent.dimensions,
        filters: sent.filters,
        days: sent.days,
        compare_from: sent.compare_from,
        compare_to: sent.compare_to,
        order: Vec::new(),
        limit: 0,
        cursor: String::new(),
    };
    let (site, mut query) = query(desk, caller, sent)?;
    let length = (query.range.to - query.range.from).get_days() + 1;
    let before = Range {
        from: query.range.from.saturating_sub(length.days()),
        to: query.range.to.saturating_sub(length.days()),
        zone: query.range.zone.clone(),
    };
    query.compare.get_or_insert(before);
    query.limit = MOST_ROWS;
    Ok((site, query))
}

/// Goals that nothing is known of, so that no 0 is told of a name with a typing error.
fn known_goals(desk: &Desk, site: &Site, goals: &[String]) -> Result<(), Wrong> {
    if goals.is_empty() {
        return Ok(());
    }
    let vocabulary = ask::vocabulary(desk, site)
        .map_err(|_| "the goals can't be read just now; try again".to_owned())?;
    for goal in goals {
        let shown = site.goals.shown(goal);
        let is_known = vocabulary.names.all().any(|known| known == shown);
        if !is_known {
            let like: Vec<String> = vocabulary
                .names
                .like(goal, 0.6)
                .into_iter()
                .map(|(name, _)| name)
                .take(3)
                .collect();
            let near = if like.is_empty() {
                "list_goals tells all".to_owned()
            } else {
                format!("near to it: {}", like.join(", "))
            };
            return Err(format!("goals: no goal is called {goal:?}; {near}"));
        }
    }
    Ok(())
}

/// What a tool's arguments ask of which room.
fn asked(
    desk: &Desk,
    caller: &Caller,
    tool: &str,
    sent: Map<String, Value>,
) -> Result<(Arc<Site>, Asked), Wrong> {
    let now = desk.clock.now();
    match tool {
        "list_goals" => {
            let sent: tools::OfSite = arguments(sent)?;
            Ok((site(desk, caller, &sent.website_id)?, Asked::Goals))
        }
        "query" => {
            let (site, query) = query(desk, caller, arguments(sent)?)?;
            known_goals(desk, &site, &query.goals)?;
            Ok((site, Asked::Query(query)))
        }
        "compare" => {
            let (site, query) = compared(desk, caller, arguments(sent)?)?;
            known_goals(desk, &site, &query.goals)?;
            Ok((
                site,
                Asked::Change {
                    query,
                    ascending: false,
                    limit: ROWS,
                },
            ))
        }
        "explain_change" => {
            let (site, query) = compared(desk, caller, arguments(sent)?)?;
            known_goals(desk, &site, &query.goals)?;
            let usual = [
                Named::Channel,
                Named::Source,
                Named::Campaign,
                Named::Country,
                Named::Device,
                Named::EntryPage,
            ]
            .map(Dimension::Named);
            let by = if query.dimensions.is_empty() {
                usual.to_vec()
            } else {
                query.dimensions.clone()
            };
            let of = |dimension: Dimension| Query {
                dimensions: vec![dimension],
                order: Vec::new(),
                ..query.clone()
            };
            Ok((site, Asked::Why(by.into_iter().map(of).collect())))
        }
        "funnel" => {
            let sent: tools::Funnel = arguments(sent)?;
            let site = site(desk, caller, &sent.days.website_id)?;
            let mut object = Map::new();
            part(&mut object, "steps", sent.steps);
            part(&mut object, "window_minutes", sent.window_minutes);
            part(&mut object, "filters", sent.filters);
            days(&mut object, &sent.days);
            let funnel = funnel::Sent::json(Value::Object(object).to_string().as_bytes())?
                .read(&site, now)?;
            let goals: Vec<String> = funnel
                .steps
                .iter()
                .filter_map(|step| match step {
                    funnel::Step::Goal(goal) => Some(goal.clone()),
                    funnel::Step::Page(_) => None,
                })
                .collect();
            known_goals(desk, &site, &goals)?;
            Ok((site, Asked::Funnel(funnel)))
        }
        "cohort" => {
            let sent: tools::Cohort = arguments(sent)?;
            let site = site(desk, caller, &sent.days.website_id)?;
            let mut object = Map::new();
            part(&mut object, "goal", sent.goal.clone());
            part(&mut object, "by", sent.by);
            part(&mut object, "measure", sent.measure);
            part(&mut object, "returns", sent.returns);
            part(&mut object, "unit", sent.unit);
            part(&mut object, "ages", sent.ages);
            part(&mut object, "filters", sent.filters);
            part(&mut object, "from", sent.days.from);
            part(&mut object, "to", sent.days.to);
            if sent.predict {
                object.insert("predict".into(), "true".into());
            }
            let goals: Vec<String> = Some(sent.goal)
                .filter(|goal| !goal.is_empty())
                .into_iter()
                .collect();
            known_goals(desk, &site, &goals)?;
            let question =
                cohort::question::Sent::query_string(&written(&object))?.read(&site, now)?;
            Ok((site, Asked::Cohorts(vec![question])))
        }
        "attribution" => {
            let sent: tools::Attribution = arguments(sent)?;
            let site = site(desk, caller, &sent.days.website_id)?;
            known_goals(desk, &site, &sent.goals)?;
            let mut object = Map::new();
            part(&mut object, "goals", sent.goals);
            part(&mut object, "by", sent.by);
            part(&mut object, "model", sent.model);
            part(&mut object, "window_days", sent.window_days);
            part(&mut object, "half_life_days", sent.half_life_days);
            part(&mut object, "filters", sent.filters);
            part(&mut object, "from", sent.days.from);
            part(&mut object, "to", sent.days.to);
            let question =
                attribution::question::Sent::query_string(&written(&object))?.read(&site, now)?;
            Ok((site, Asked::Credit(vec![question.model], question)))
        }
        _ => Err(format!(
            "there is no tool {tool:.40}; there are {}",
            names()
        )),
    }
}

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
            let asked = Asked::Mix(Mix::Contribution);
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
            let (site, asked) = asked(desk, caller, tool, sent)?;
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
            bounded(&mut data);
            Ok(result(data, &format!("{words} ({})", asked.sentence())))
        }
    }
}

/// No more rows than a call may give.
pub(super) fn bounded(data: &mut Value) {
    if let Some(Value::Array(rows)) = data.get_mut("rows")
        && rows.len() > ROWS
    {
        rows.truncate(ROWS);
        if let Some(Value::Array(notes)) = data.get_mut("notes") {
            notes.push(json!(format!("only the first {ROWS} rows")));
        }
    }
}
