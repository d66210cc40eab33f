//! Questions in plain words, for programs. The page and MCP ask the same here. `model`: where a language model is asked too.

pub(super) mod model;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::access::{Access, Person};
use super::analytics::{look, parameter};
use super::api::reading;
use super::page::{NoPage, page};
use super::reply::{Data, Error};
use super::{App, auth};
use crate::account::spend::{Days, Spent, SpentBy};
use crate::account::{Accounts, Site};
use crate::ask::answer::find;
use crate::ask::model::Model;
use crate::ask::parse;
use crate::ask::plan::Asked;
use crate::ask::reading::{Outcome, Reading, Refusal, What};
use crate::ask::table::Table;
use crate::ask::vocabulary::Vocabulary;
use crate::ask::{gather, mixed, told};
use crate::clock::Clock;
use crate::mix::fits;
use crate::pages::analytics::ask::{self as pages, Ask};
use crate::query::range::Range;
use crate::query::{Query, read};
use crate::recent::Recent;
use crate::store::event::SiteId;
use crate::store::{ReadError, Store};
use model::{By, Told, ask};

/// How long the names of a site are kept, and of how many sites.
const KEPT: Duration = Duration::from_secs(10);
const SITES: usize = 64;

/// Characters of a question.
const LENGTH: usize = crate::ask::word::LENGTH;

/// The names of sites, as they were lately.
pub struct Vocabularies(Mutex<Recent<SiteId, (Instant, Arc<Vocabulary>)>>);

impl Default for Vocabularies {
    fn default() -> Self {
        Vocabularies(Mutex::new(Recent::new(SITES)))
    }
}

impl Vocabularies {
    fn lately(&self, site: SiteId) -> Option<Arc<Vocabulary>> {
        let mut kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (at, vocabulary) = kept.get(&site)?;
        (at.elapsed() < KEPT).then(|| vocabulary.clone())
    }

    fn keep(&self, site: SiteId, vocabulary: &Arc<Vocabulary>) {
        let mut kept = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.insert(site, (Instant::now(), vocabulary.clone()));
    }
}

/// What questions are answered from.
pub struct Desk {
    /// Sites, spend, notes.
    pub accounts: Arc<Accounts>,
    /// The event log.
    pub store: Arc<Store>,
    /// The time.
    pub clock: Clock,
    /// Where people reach this server, without a slash at the end.
    pub base_url: String,
    /// What questions of each site may name.
    pub vocabularies: Vocabularies,
    /// What reads questions that the grammar doesn't, where the operator wants it.
    pub model: Option<Model>,
}

/// What a site's questions may name; reads files.
pub(super) fn vocabulary(app: &Desk, site: &Site) -> Result<Arc<Vocabulary>, ReadError> {
    if let Some(known) = app.vocabularies.lately(site.id) {
        return Ok(known);
    }
    let now = app.clock.now();
    let all = Range::last(3660, &site.zone, now);
    let spent = spent(app, site, &all, SpentBy::Channel)?;
    let notes = app.accounts.notes(site.id, all.from, all.to)?;
    let notes = notes
        .into_iter()
        .map(|note| (note.day, note.text))
        .collect();
    let spend = spent.into_keys().collect();
    let found = gather::found(&app.store, site, now, spend, notes)?;
    let vocabulary = Arc::new(Vocabulary::new(found));
    app.vocabularies.keep(site.id, &vocabulary);
    Ok(vocabulary)
}

pub(super) fn spent(
    app: &Desk,
    site: &Site,
    range: &Range,
    by: SpentBy,
) -> Result<Spent, ReadError> {
    let days = Days {
        from: range.from,
        to: range.to,
        channel: None,
    };
    Ok(app.accounts.spent(site, &days, by, true)?)
}

/// An answered question.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) reading: Reading,
    pub(super) asked: Asked,
    pub(super) table: Table,
}

/// What became of a question.
#[derive(Debug)]
pub(super) enum Became {
    Answer(Box<Answered>),
    /// In words what isn't sure, and what may be meant.
    Choose(String, Vec<(Reading, Asked)>),
    /// A code, in words, and what may be asked instead.
    Refuse(&'static str, String, Vec<String>),
}

/// What the grammar makes of a question; reads files.
fn by_grammar(
    app: &Desk,
    site: &Site,
    question: &str,
    vocabulary: &Vocabulary,
) -> Result<Became, ReadError> {
    let now = app.clock.now();
    match parse::read(question, vocabulary, now, &site.zone) {
        Outcome::Read(reading) => answered(app, site, *reading, vocabulary),
        Outcome::Choose(message, _, readings) => {
            let of = |reading: Reading| {
                let asked = Asked::of(&reading, site, now).ok()?;
                Some((reading, asked))
            };
            let choices: Vec<_> = readings.into_iter().filter_map(of).collect();
            match choices.is_empty() {
                true => Ok(Became::Refuse("unclear", message, examples(vocabulary))),
                false => Ok(Became::Choose(message, choices)),
            }
        }
        Outcome::Refuse(refusal) => {
            let (code, message) = refused(&refusal);
            let suggestions = match refusal {
                Refusal::UnknownGoal(_, goals) if !goals.is_empty() => goals
                    .iter()
                    .map(|goal| format!("{} last 30 days", shown(goal)))
                    .collect(),
                _ => examples(vocabulary),
            };
            Ok(Became::Refuse(code, message, suggestions))
        }
    }
}

/// Answers a reading.
pub(super) fn answered(
    app: &Desk,
    site: &Site,
    reading: Reading,
    vocabulary: &Vocabulary,
) -> Result<Became, ReadError> {
    let now = app.clock.now();
    match Asked::of(&reading, site, now) {
        Err(message) => Ok(Became::Refuse("unsupported", message, examples(vocabulary))),
        Ok(Asked::Mix(mix, _)) => {
            let Some((stored, fit)) = fits::newest(&app.accounts, site.id)? else {
                let words = "no marketing mix is fitted for this site yet: fit one at /dashboard/mix, which needs spend; attribution shares fires among visits instead";
                return Ok(Became::Refuse("no_mix", words.into(), examples(vocabulary)));
            };
            match mixed::table(mix, &fit, &reading.filters) {
                Err(words) => Ok(Became::Refuse("unsupported", words, examples(vocabulary))),
                Ok(table) => {
                    let asked = Asked::Mix(mix, Some(stored.key));
                    Ok(Became::Answer(Box::new(Answered {
                        reading,
                        asked,
                        table,
                    })))
                }
            }
        }
        Ok(asked) => {
            let spent = |range: &Range, by: SpentBy| spent(app, site, range, by);
            let table = find(&app.store, site, &asked, now, &spent)?;
            Ok(Became::Answer(Box::new(Answered {
                reading,
                asked,
                table,
            })))
        }
    }
}

/// Answers a query.
fn queried(
    app: &Desk,
    site: &Site,
    query: Query,
    assumed: Vec<String>,
) -> Result<Became, ReadError> {
    let asked = Asked::Query(query);
    let spent = |range: &Range, by: SpentBy| spent(app, site, range, by);
    let table = find(&app.store, site, &asked, app.clock.now(), &spent)?;
    let reading = Reading {
        assumed,
        ..Reading::of(What::Goals)
    };
    Ok(Became::Answer(Box::new(Answered {
        reading,
        asked,
        table,
    })))
}

/// A goal as one would write it in a question.
fn shown(goal: &str) -> String {
    format!("“{goal}”")
}

/// Questions that this site can answer.
pub(super) fn examples(vocabulary: &Vocabulary) -> Vec<String> {
    let mut goals = vocabulary
        .names
        .all()
        .filter(|goal| !goal.starts_with("__"))
        .take(2);
    let first = goals.next().map_or_else(|| "visitors".to_owned(), shown);
    let mut all = vec![
        format!("Which channel drove the most {first} last week?"),
        format!("{first} by day, last 30 days"),
        format!("Why did {first} drop last week?"),
    ];
    if let Some(second) = goals.next() {
        all.push(format!(
            "Funnel from {first} to {}, last 90 days",
            shown(second)
        ));
    }
    all.push("List my goals".into());
    all
}

fn refused(refusal: &Refusal) -> (&'static str, String) {
    match refusal {
        Refusal::UnknownGoal(text, goals) => {
            let near = match goals.is_empty() {
                true => String::new(),
                false => format!(
                    "; near to it {} {}",
                    if goals.len() == 1 { "is" } else { "are" },
                    goals.join(", ")
                ),
            };
            ("unknown_goal", format!("no goal is called “{text}”{near}"))
        }
        Refusal::InvalidDate(text) => (
            "invalid_date",
            format!(
                "there is no such day, or it can be read in two ways: {text}; wanted a date such as 2026-06-30 or 30 June"
            ),
        ),
        Refusal::Forecast => (
            "forecast",
            "this tells what happened, not what will; ask about days that are over".into(),
        ),
        Refusal::NoData(what) => ("no_data", format!("nothing is stored of {what}")),
        Refusal::OffTopic => (
            "off_topic",
            "this answers questions about the goals and visitors of the site".into(),
        ),
        Refusal::Language => ("language", "questions are read in English".into()),
        Refusal::ReadOnly => (
            "read_only",
            "questions change nothing; goals, keys and people are changed in the settings".into(),
        ),
        Refusal::Personal => (
            "personal_data",
            "answers are sums and tell of no single person".into(),
        ),
        Refusal::NoQuestion => ("not_a_question", "this is no question about goals".into()),
        Refusal::TooLong => ("too_long", format!("a question may have {LENGTH} bytes")),
    }
}

/// As JSON; `choices` and suggestions at the end.
pub(super) fn json_of(told: &Told, site: &Site) -> Value {
    let link = |asked: &Asked| asked.page(site).map(|page| format!("/dashboard/{page}"));
    let choice = |(_, asked): &(Reading, Asked)| json!({ "sentence": asked.sentence(), "room": asked.room(), "query": asked.json(), "link": link(asked) });
    let choices = |all: &[(Reading, Asked)]| all.iter().map(choice).collect::<Vec<_>>();
    let note = told.by.note();
    match &told.became {
        Became::Answer(answered) => {
            let (read_by, model, instead) = match &told.by {
                By::Model(name, instead) => ("model", Some(name), &**instead),
                By::Grammar | By::Neither(_) => ("grammar", None, &[][..]),
            };
            let mut json = json!({
                "kind": "answer",
                "room": answered.asked.room(),
                "query": answered.asked.json(),
                "sentence": answered.asked.sentence(),
                "answer": told::sentence(&answered.asked, &answered.table),
                "assumed": answered.reading.assumed,
                "link": link(&answered.asked),
                "read_by": read_by,
                "model": model,
            });
            if let (Value::Object(json), Value::Object(table)) = (&mut json, answered.table.json())
            {
                json.extend(table);
            }
            json["choices"] = choices(instead).into();
            json
        }
        Became::Choose(message, all) => {
            json!({ "kind": "choose", "message": message, "model_note": note, "choices": choices(all) })
        }
        Became::Refuse(reason, message, suggestions) => {
            json!({ "kind": "refuse", "reason": reason, "message": message, "model_note": note, "suggestions": suggestions })
        }
    }
}

async fn told_of(
    app: Arc<App>,
    access: Access,
    website_id: Option<String>,
    question: Option<String>,
) -> Result<Data, Error> {
    let question = question.filter(|question| !question.trim().is_empty());
    let question = question.ok_or_else(|| {
        Error::field("question: wanted a question, such as “Trial Started by channel last week”")
    })?;
    let site = auth::site(&app, access.workspace, website_id.as_deref())?;
    let told = ask(&app.desk, &site, question).await?;
    Ok(Data::new(StatusCode::OK, &json_of(&told, &site)))
}

/// `POST /api/v1/ask`: contract §10.
pub(super) async fn ask_body(
    State(app): State<Arc<App>>,
    access: Access,
    body: Bytes,
) -> Result<Data, Error> {
    let mut parts = crate::query::read::Parts::of_json(&body, &["website_id", "question"])
        .map_err(Error::field)?;
    let mut text = |name: &str| parts.text(name).map_err(Error::field);
    let (website_id, question) = (text("website_id")?, text("question")?);
    told_of(app, access, website_id, question).await
}

/// `GET /api/v1/ask`: the same in the address.
pub(super) async fn ask_in_address(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(query): RawQuery,
) -> Result<Data, Error> {
    let (website_id, question) = in_address(&query.unwrap_or_default()).map_err(Error::field)?;
    told_of(app, access, website_id, question).await
}

/// The site and the question that stand in an address.
pub(super) fn in_address(query: &str) -> Result<(Option<String>, Option<String>), String> {
    let (mut website_id, mut question) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "website_id" => website_id = Some(value.into_owned()),
            "question" => question = Some(value.into_owned()),
            other => {
                return Err(format!(
                    "{other:.40}: there is no such part; there are website_id, question"
                ));
            }
        }
    }
    Ok((website_id, question))
}

/// `GET /dashboard/ask`: with `question`, and with `edit` a query that its reading was changed to.
pub(super) async fn ask_page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let frame = look(&app, &user, &query, "ask".into())?;
    let site = frame.site.clone();
    let question = parameter(&query, "question")
        .unwrap_or_default()
        .trim()
        .to_owned();
    let edited = parameter(&query, "edit");
    let edited = edited.map(|edit| {
        let sent = read::Sent::query_string(&edit)?;
        // Of this site, whatever it names.
        sent.read(&site, app.clock.now())
    });
    let edited = edited.transpose().map_err(Error::field)?;
    let asks = !question.is_empty() || edited.is_some();
    let history = app.accounts.questions(user.id, site.id)?;
    if !question.is_empty() && edited.is_none() {
        let text: String = question.chars().take(LENGTH).collect();
        app.accounts
            .keep_question(user.id, site.id, &text, app.clock.now())?;
    }
    let told = match edited {
        _ if !asks => None,
        Some(query) => {
            let (app, site) = (app.clone(), site.clone());
            let became = reading(move || queried(&app.desk, &site, query, Vec::new())).await?;
            Some(Told::plain(became))
        }
        None => Some(ask(&app.desk, &site, question.clone()).await?),
    };
    let desk = app.desk.clone();
    let names = reading(move || vocabulary(&desk, &site)).await?;
    let goals: Vec<String> = names.names.all().map(str::to_owned).collect();
    let examples = examples(&names);
    let asked = |choices: &[(Reading, Asked)]| {
        let asked = choices.iter().map(|(_, asked)| asked.clone());
        asked.collect::<Vec<_>>()
    };
    let shown = told.as_ref().map(|told| &told.became);
    let choices = match shown {
        Some(Became::Choose(_, choices)) => asked(choices),
        _ => Vec::new(),
    };
    let became = match shown {
        None => pages::Became::Nothing,
        Some(Became::Answer(answered)) => {
            pages::Became::Answer(&answered.asked, &answered.table, &answered.reading.assumed)
        }
        Some(Became::Choose(message, _)) => pages::Became::Choose(message, &choices),
        Some(Became::Refuse(_, message, suggestions)) => {
            pages::Became::Refuse(message, suggestions)
        }
    };
    let by = match told.as_ref().map(|told| &told.by) {
        None | Some(By::Grammar) => pages::By::Grammar,
        Some(By::Model(name, instead)) => pages::By::Model(name, asked(instead)),
        Some(By::Neither(failure)) => pages::By::Neither(failure.to_string()),
    };
    let shown = Ask::new(frame, question, &goals, &examples, &history, &became, &by);
    let model = app.desk.model.as_ref().map(Model::name);
    page(StatusCode::OK, &shown.told_to(model))
}
