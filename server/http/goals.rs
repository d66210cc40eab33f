//! What is set of a site's goals: `/settings/websites/{website_id}/goals`, and `/api/v1/goals` for programs.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use iso_currency::Currency;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Access, Person};
use super::api::reading;
use super::extract::{Asked, Form, Json, Part};
use super::manage::given;
use super::page::NoPage;
use super::reply::{Data, Error};
use super::settings::{done, shell, shown};
use super::{App, auth, work};
use crate::account::{
    ChangeError, Goal, GoalBook, GoalSettings, Site, User, WorkspaceId, currency,
};
use crate::pages::{self, Counted};
use crate::query::Query;
use crate::query::answer::{Answer, Figure, answer};
use crate::query::dimension::{Dimension, Named};
use crate::query::metric::Metric;
use crate::query::range::Range;
use crate::store::{ReadError, Store};

const HERE: &str = "/settings/websites";

/// Days that the page counts, and days that a pattern is tried on: all that a range may have.
const LATELY: i32 = 30;
const EVER: i32 = 3660;

#[derive(Deserialize)]
pub(super) struct Parameters {
    /// The goal that is to be changed, by what it is called.
    goal: Option<String>,
    /// What stands in the form while a pattern is tried.
    #[serde(flatten)]
    form: HashMap<String, String>,
}

/// `GET /settings/websites/{website_id}/goals`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    Asked(asked): Asked<Parameters>,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    let editor = match asked.goal {
        Some(name) => {
            let known = site.goals.goal(site.goals.shown(&name));
            pages::Editor::of(known, &name)
        }
        None => editor(|field| asked.form.get(field).map_or("", String::as_str)),
    };
    show(&app, &user, site, editor, None).await
}

/// The form as it was sent.
fn editor<'a>(field: impl Fn(&'static str) -> &'a str) -> pages::Editor {
    let text = |name| field(name).trim().to_owned();
    pages::Editor {
        id: text("id").parse().ok(),
        name: text("name"),
        names: text("names"),
        description: text("description"),
        is_hidden: text("hidden") == "yes",
        value: text("value"),
        currency: text("currency"),
        page: text("page"),
        tried: None,
    }
}

async fn show(
    app: &Arc<App>,
    user: &User,
    site: Arc<Site>,
    mut editor: pages::Editor,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    let (store, of, now) = (app.store.clone(), site.clone(), app.clock.now());
    let tried = GoalSettings::named("tried")
        .and_then(|set| set.with_page(&editor.page))
        .ok()
        .filter(|set| set.page.is_some());
    let (lately, tried) = reading(move || {
        let lately = Range::last(LATELY, &of.zone, now);
        let tried = tried.map(|set| {
            let count = |days| try_page(&store, &of, &set, Range::last(days, &of.zone, now));
            Ok::<_, ReadError>((count(LATELY)?, count(EVER)?))
        });
        Ok((all(&store, &of, lately)?, tried.transpose()?))
    })
    .await?;
    editor.tried = tried.map(|(lately, ever)| pages::Editor::tried(lately, ever));
    shown(
        &pages::Goals {
            shell: shell(app, user, HERE, problem)?,
            site: &site,
            goals: pages::Goals::rows(&site.goals, &lately),
            editor,
        },
        problem,
    )
}

/// A question of a site, whatever is set of its goals being `book`.
fn ask(site: &Site, book: GoalBook, range: Range) -> Query {
    Query {
        book: Arc::new(book),
        metrics: vec![Metric::Fires, Metric::Visitors],
        ..Query::of(site, range)
    }
}

/// Every goal, hidden ones too: what it is called, fires and visitors.
fn all(
    store: &Arc<Store>,
    site: &Site,
    range: Range,
) -> Result<HashMap<String, Counted>, ReadError> {
    let mut goals = site.goals.goals().to_vec();
    goals.iter_mut().for_each(|goal| goal.set.is_hidden = false);
    let query = Query {
        dimensions: vec![Dimension::Named(Named::Goal)],
        ..ask(site, GoalBook::new(goals), range)
    };
    let rows = answer(store, &query)?.rows.into_iter();
    let named = rows.filter_map(|row| Some((row.values.first()?.clone()?, counted(&row.figures))));
    Ok(named.collect())
}

/// How often a goal would have fired that is a page.
fn try_page(
    store: &Arc<Store>,
    site: &Site,
    set: &GoalSettings,
    range: Range,
) -> Result<Counted, ReadError> {
    let book = GoalBook::new(vec![Goal {
        id: 0,
        set: set.clone(),
    }]);
    let query = Query {
        goals: vec![set.name.to_string()],
        ..ask(site, book, range)
    };
    let Answer { rows, .. } = answer(store, &query)?;
    Ok(rows
        .first()
        .map_or_else(Counted::default, |row| counted(&row.figures)))
}

fn counted(figures: &[Figure]) -> Counted {
    let count = |at: usize| match figures.get(at) {
        Some(Figure::Count(count)) => *count,
        _ => 0,
    };
    Counted {
        fires: count(0),
        visitors: count(1),
    }
}

/// `POST /settings/websites/{website_id}/goals`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    form: Form,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    let number = form.text("id").parse().ok();
    let saved = match read(&form, &site) {
        Ok(set) => set_goal(&app, user.workspace, &site, number, set).await,
        Err(error) => Err(error.into()),
    };
    match saved {
        Ok(_) => Ok(done(&format!("{HERE}/{id}/goals"))),
        Err(error) => {
            let editor = editor(|name| form.text(name));
            show(&app, &user, site, editor, Some(&error)).await
        }
    }
}

fn read(form: &Form, site: &Site) -> Result<GoalSettings, ChangeError> {
    let names = form.raw("names").lines().map(str::trim);
    let value = match form.text("value") {
        "" => None,
        text => Some(text.replace(',', ".").parse().unwrap_or(f64::NAN)),
    };
    let code = match form.text("currency") {
        "" => None,
        code => Some(currency(code)?),
    };
    let mut set = GoalSettings::named(form.text("name"))?
        .with_names(names.filter(|name| !name.is_empty()))?
        .with_description(form.raw("description"))?
        .with_page(form.text("page"))?
        .with_value(money(value, code, site)?)?;
    set.is_hidden = form.text("hidden") == "yes";
    Ok(set)
}

/// An amount in a currency: in the site's where none is said.
fn money(
    value: Option<f64>,
    code: Option<Currency>,
    site: &Site,
) -> Result<Option<(f64, Currency)>, ChangeError> {
    let Some(value) = value else { return Ok(None) };
    match code.or(site.exchange.own()) {
        Some(code) => Ok(Some((value, code))),
        None => Err(ChangeError::Wrong(
            "currency: wanted is an ISO 4217 code such as EUR, since the site has none".into(),
        )),
    }
}

async fn set_goal(
    app: &Arc<App>,
    workspace: WorkspaceId,
    site: &Site,
    id: Option<i64>,
    set: GoalSettings,
) -> Result<i64, Error> {
    let website_id = site.website_id.clone();
    work::changing(app, move |accounts| {
        accounts.set_goal(workspace, &website_id, id, &set)
    })
    .await
}

/// `POST /settings/websites/{website_id}/goals/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(website_id): Part,
    form: Form,
) -> Result<Response, NoPage> {
    auth::site(&app, user.workspace, Some(&website_id))?;
    let id = Part(form.text("id").to_owned()).number()?;
    let workspace = user.workspace;
    work::changing(&app, move |accounts| accounts.unset_goal(workspace, id)).await?;
    Ok(done(&format!("{HERE}/{website_id}/goals")))
}

#[derive(Deserialize)]
pub(super) struct OfSite {
    website_id: Option<String>,
}

/// `GET /api/v1/goals`: what is set of a site's goals. How often each fired is for a query to say.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfSite>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let goals: Vec<_> = site.goals.goals().iter().map(goal_json).collect();
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "website_id": site.website_id, "goals": goals }),
    ))
}

fn goal_json(goal: &Goal) -> Value {
    let set = &goal.set;
    let value = |money: &crate::store::event::Money| json!({ "amount": money.major(), "currency": money.currency.code() });
    json!({
        "id": goal.id,
        "name": set.name.as_str(),
        "names": set.names.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "description": set.description,
        "hidden": set.is_hidden,
        "value": set.value.as_ref().map(value),
        "page": set.page,
    })
}

/// What is set of a goal: a field that is left out stays, `null` takes away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentGoal {
    website_id: Option<String>,
    name: Option<String>,
    names: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    description: Option<Option<String>>,
    hidden: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    value: Option<Option<SentValue>>,
    #[serde(default, deserialize_with = "given")]
    page: Option<Option<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentValue {
    amount: f64,
    currency: Option<String>,
}

impl SentGoal {
    /// Over what is set already, if anything is.
    fn read(self, known: Option<GoalSettings>, site: &Site) -> Result<GoalSettings, ChangeError> {
        let mut set = match (known, self.name) {
            (Some(known), None) => known,
            (Some(known), Some(name)) => GoalSettings {
                name: GoalSettings::named(&name)?.name,
                ..known
            },
            (None, name) => GoalSettings::named(&name.unwrap_or_default())?,
        };
        let names: Vec<_> = match &self.names {
            Some(names) => names.clone(),
            None => set.names.iter().map(ToString::to_string).collect(),
        };
        set = set.with_names(names.iter().map(String::as_str))?;
        if let Some(text) = self.description {
            set = set.with_description(&text.unwrap_or_default())?;
        }
        if let Some(page) = self.page {
            set = set.with_page(&page.unwrap_or_default())?;
        }
        if let Some(value) = self.value {
            let code = value.as_ref().and_then(|value| value.currency.as_deref());
            let code = code.map(currency).transpose()?;
            set = set.with_value(money(value.map(|value| value.amount), code, site)?)?;
        }
        set.is_hidden = self.hidden.unwrap_or(set.is_hidden);
        Ok(set)
    }
}

/// `POST /api/v1/goals`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    access: Access,
    Json(sent): Json<SentGoal>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, sent.website_id.as_deref())?;
    let set = sent.read(None, &site)?;
    let id = set_goal(&app, access.workspace, &site, None, set).await?;
    let (_, goal) = app.accounts.goal(access.workspace, id)?;
    Ok(Data::new(StatusCode::CREATED, &goal_json(&goal)))
}

/// `PATCH /api/v1/goals/{id}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    access: Access,
    id: Part,
    Json(sent): Json<SentGoal>,
) -> Result<Data, Error> {
    let id = id.number()?;
    let (site, known) = app.accounts.goal(access.workspace, id)?;
    if sent
        .website_id
        .as_ref()
        .is_some_and(|of| *of != site.website_id)
    {
        return Err(Error::field("website_id: a goal stays with its site"));
    }
    let set = sent.read(Some(known.set), &site)?;
    set_goal(&app, access.workspace, &site, Some(id), set).await?;
    let (_, goal) = app.accounts.goal(access.workspace, id)?;
    Ok(Data::new(StatusCode::OK, &goal_json(&goal)))
}

/// `DELETE /api/v1/goals/{id}`: what fires goes on by its own names.
pub(super) async fn unset(
    State(app): State<Arc<App>>,
    access: Access,
    id: Part,
) -> Result<Data, Error> {
    let (workspace, id) = (access.workspace, id.number()?);
    work::changing(&app, move |accounts| accounts.unset_goal(workspace, id)).await?;
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "id": id, "deleted": true }),
    ))
}
