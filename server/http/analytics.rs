//! The pages of a site's numbers: who may see them, and what they are asked for. Every part of that is in the address.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde_json::json;
use url::form_urlencoded::{Serializer, parse};

use super::access::Person;
use super::api::reading;
use super::events::nobody;
use super::extract::Part;
use super::page::{NoPage, page};
use super::reply::Error;
use super::{App, auth};
use crate::account::{Role, User};
use crate::pages::analytics::Analytics;
use crate::pages::analytics::by::{self, By, ChooseFilter};
use crate::pages::analytics::fires::{FiresTable, Visitor};
use crate::pages::analytics::frame::{Frame, Looks};
use crate::pages::analytics::funnels::{Filled, Funnels};
use crate::pages::analytics::goal::{self, Asked, GoalPage};
use crate::pages::analytics::overview::Overview;
use crate::pages::analytics::report::{self, Lists, Moving};
use crate::pages::analytics::view::View;
use crate::query::Query;
use crate::query::answer::answer;
use crate::query::dimension::{Dimension, Named};
use crate::query::events::moment;
use crate::query::filter::{self, Filter};
use crate::query::fires;
use crate::query::funnel::{self, Funnel};
use crate::query::metric::Metric;
use crate::store::{ReadError, Store};

/// What stands before the name of each of these pages.
const BASE: &str = "/dashboard";

/// Rows of a whole list, fires on a page, events of a visitor, steps that are proposed.
const ROWS: usize = 100;
const FIRES: usize = 50;
const JOURNEY: usize = 200;
const PROPOSED: usize = 50;

/// Days that a funnel's visitors may take where nothing is said.
const WITHIN: &str = "30";

pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = parse(query.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// Who looks at what: the frame of a page.
pub(super) fn look(app: &App, user: &User, query: &str, name: String) -> Result<Frame, NoPage> {
    let now = app.clock.now();
    let site = auth::site(app, user.workspace, parameter(query, "site").as_deref())?;
    let view = View::read(BASE, &site, query).map_err(Error::field)?;
    let range = view.range(&site, now).map_err(Error::field)?;
    Ok(Frame {
        sites: app.accounts.sites(user.workspace)?,
        workspace: user.workspace,
        workspaces: app.accounts.workspaces_of(user.id)?,
        page: name,
        asked: String::new(),
        notes: app.accounts.notes(site.id, range.from, range.to)?,
        saved: app.accounts.saved_views(site.id)?,
        looks: if user.role >= Role::Editor {
            Looks::Editor
        } else {
            Looks::Member
        },
        range,
        view,
        site,
    })
}

/// `GET /dashboard/analytics`; with `part=overview` only the part of it that moves.
pub(super) async fn analytics(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    if app.accounts.sites(user.workspace)?.is_empty() {
        // A new workspace.
        return Ok(Redirect::to("/settings/websites").into_response());
    }
    let frame = look(&app, &user, &query, "analytics".into())?;
    numbers(app, frame, &query).await
}

/// The analytics page in this frame.
pub(super) async fn numbers(app: Arc<App>, frame: Frame, query: &str) -> Result<Response, NoPage> {
    let is_part = parameter(query, "part").as_deref() == Some("overview");
    let (base_url, now) = (app.base_url.clone(), app.clock.now());
    let (view, site, range) = (frame.view.clone(), frame.site.clone(), frame.range.clone());
    let (after, moving, lists) = reading(move || {
        // Read first: what is stored while the report is made is told by the stream once more, and not lost.
        let after = app.store.last_id()?;
        let moving = Moving::read(&app.store, &site, &view, &range, now)?;
        let lists = match is_part {
            true => None,
            false => Some(Lists::read(&app.store, &site, &view, &range)?),
        };
        Ok((after, moving, lists))
    })
    .await?;
    let overview = Overview::new(&frame, moving, &base_url);
    match lists {
        None => page(StatusCode::OK, &overview),
        Some(lists) => page(
            StatusCode::OK,
            &Analytics::new(frame, overview, lists, after),
        ),
    }
}

fn dimension(name: &str, looks: Looks) -> Result<Dimension, NoPage> {
    let is_told = |dimension: &Dimension| {
        looks != Looks::Anybody || !matches!(dimension, Dimension::Metadata(_))
    };
    Ok(Dimension::parse(name)
        .filter(|dimension| name.len() <= 300 && !dimension.is_time() && is_told(dimension))
        .ok_or_else(|| Error::field(format!("by: there is no list by {name:.40}")))?)
}

/// Asks for a list.
pub(super) fn listed(frame: &Frame, dimension: &Dimension, metrics: &[Metric]) -> Query {
    Query {
        metrics: metrics.to_vec(),
        dimensions: vec![dimension.clone()],
        order: vec![report::most(metrics[0])],
        limit: ROWS,
        compare: None,
        ..frame.view.ask(&frame.site, &frame.range)
    }
}

/// The keys of metadata that may be chosen; who has a public link isn't told of any.
fn keys(store: &Arc<Store>, asked: &Query, looks: Looks) -> Result<Vec<(String, u64)>, ReadError> {
    match looks {
        Looks::Anybody => Ok(Vec::new()),
        Looks::Member | Looks::Editor => fires::keys(store, asked),
    }
}

/// `GET /dashboard/by/{dimension}`: one list whole.
pub(super) async fn by(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(name): Part,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let path = format!("by/{}", by::encoded(&name));
    let frame = look(&app, &user, &query, path)?;
    list(app, frame, &name, &query).await
}

/// One list whole in this frame. Who has a public link isn't told of metadata.
pub(super) async fn list(
    app: Arc<App>,
    frame: Frame,
    name: &str,
    query: &str,
) -> Result<Response, NoPage> {
    let dimension = dimension(name, frame.looks)?;
    let looks = frame.looks;
    let mut asked = listed(&frame, &dimension, by::metrics(&dimension));
    if let Some(cursor) = parameter(query, "cursor") {
        asked = asked.after(&cursor).map_err(Error::field)?;
    }
    let (keys, rows) = reading(move || {
        let keys = keys(&app.store, &asked, looks)?;
        Ok((keys, answer(&app.store, &asked)?))
    })
    .await?;
    page(StatusCode::OK, &By::new(frame, &dimension, &keys, &rows))
}

/// Whether a filter can lead back there: one of these pages, and nothing else that an address could say.
pub(super) fn is_page(back: &str) -> bool {
    let is_plain = !back.contains(['?', '#', '\\']) && !back.contains("..");
    let below = |page: &str| {
        back.strip_prefix(page)
            .is_some_and(|name| !name.contains('/'))
    };
    is_plain
        && ([
            "analytics",
            "funnels",
            "attribution",
            "cohorts",
            "experiments",
            "mix",
        ]
        .contains(&back)
            || below("goals/")
            || below("by/"))
}

/// `GET /dashboard/filter`: choosing one. With an operator and a value it leads back, with the filter added.
pub(super) async fn filter(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let frame = look(&app, &user, &query, "filter".into())?;
    choose(app, frame, &query).await
}

/// Choosing a filter in this frame.
pub(super) async fn choose(
    app: Arc<App>,
    mut frame: Frame,
    query: &str,
) -> Result<Response, NoPage> {
    let looks = frame.looks;
    let back = parameter(query, "back").filter(|back| is_page(back));
    let back = back.unwrap_or_else(|| "analytics".into());
    // Written anew, so that it is a query and nothing else.
    let beside = parameter(query, "asked").unwrap_or_default();
    let beside: Vec<_> = parse(beside.trim_start_matches('&').as_bytes())
        .into_owned()
        .collect();
    if !beside.is_empty() {
        frame.asked = again(&beside);
    }
    let or = parameter(query, "or").and_then(|place| place.parse::<usize>().ok());
    let or = or.filter(|place| *place < frame.view.filters.len());
    let chosen = parameter(query, "dimension")
        .map(|name| dimension(&name, frame.looks))
        .transpose()?;
    if let (Some(dimension), Some(operator), Some(value)) = (
        &chosen,
        parameter(query, "operator"),
        parameter(query, "value"),
    ) {
        let values: Vec<&str> = value.split('|').map(str::trim).collect();
        let list = json!([[operator, dimension.name(), values]]).to_string();
        let added = filter::written(&[], &[list]).map_err(Error::field)?;
        let view = frame.view.with(|view| match or {
            None => view.filters.extend(added),
            Some(place) => {
                let known = std::mem::replace(&mut view.filters[place], Filter::Or(Vec::new()));
                let mut any = match known {
                    Filter::Or(any) => any,
                    one => vec![one],
                };
                any.extend(added);
                view.filters[place] = Filter::Or(any);
            }
        });
        let address = view.address(&back) + &frame.asked;
        return Ok(Redirect::to(&address).into_response());
    }
    let asked = chosen
        .as_ref()
        .map(|dimension| listed(&frame, dimension, &[Metric::Visitors]));
    let all = listed(&frame, &Dimension::Named(Named::Goal), &[Metric::Visitors]);
    let (keys, values) = reading(move || {
        let values = asked.map(|asked| answer(&app.store, &asked)).transpose()?;
        Ok((keys(&app.store, &all, looks)?, values))
    })
    .await?;
    let chosen = chosen.as_ref().zip(values.as_ref());
    page(
        StatusCode::OK,
        &ChooseFilter::new(frame, &back, or, &keys, chosen),
    )
}

/// `GET /dashboard/goals/{name}`; with `part=fires` only the table of its fires.
pub(super) async fn goal(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(name): Part,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let is_part = parameter(&query, "part").as_deref() == Some("fires");
    let path = format!("goals/{}", by::encoded(&name));
    let mut frame = look(&app, &user, &query, path)?;
    let by = match parameter(&query, "by") {
        Some(name) => match Dimension::parse(&name) {
            Some(by) if by != Dimension::Named(Named::ExitPage) => by,
            _ => return Err(Error::field(format!("by: there is no list by {name:.40}")).into()),
        },
        None => Dimension::Named(Named::Channel),
    };
    frame.asked = format!("&by={}", by::encoded(&by.name()));
    let before = parameter(&query, "before").and_then(|text| moment(&text));
    let ask = Query {
        goals: vec![name.clone()],
        ..frame.view.ask(&frame.site, &frame.range)
    };
    let part = by.clone();
    let range = frame.range.clone();
    let (after, fires, asked) = reading(move || {
        let after = app.store.last_id()?;
        let fires = fires::fires(&app.store, &ask, before, FIRES)?;
        let asked = match is_part {
            true => None,
            false => Some(of_goal(&app.store, &ask, part, report::step(&range))?),
        };
        Ok((after, fires, asked))
    })
    .await?;
    let address = format!("{}{}", frame.view.address(&frame.page), frame.asked);
    let table = FiresTable::of_goal(&frame.view, &frame.site, &fires, &address);
    match asked {
        None => page(StatusCode::OK, &table),
        Some(asked) => page(
            StatusCode::OK,
            &GoalPage::new(frame, &name, &by, asked, table, after),
        ),
    }
}

fn of_goal(
    store: &Arc<Store>,
    ask: &Query,
    by: Dimension,
    step: Named,
) -> Result<Asked, ReadError> {
    let totals = Query {
        metrics: goal::FIGURES.to_vec(),
        ..ask.clone()
    };
    let series = Query {
        metrics: vec![Metric::Fires],
        dimensions: vec![Dimension::Named(step)],
        order: report::forward(),
        limit: 10_000,
        ..ask.clone()
    };
    let parts = Query {
        metrics: goal::OF_PART.to_vec(),
        dimensions: vec![by],
        order: vec![report::most(Metric::Fires)],
        limit: ROWS,
        compare: None,
        ..ask.clone()
    };
    Ok(Asked {
        totals: report::pairs(&totals, answer(store, &totals)?),
        series: answer(store, &series)?.rows,
        parts: answer(store, &parts)?,
        keys: fires::keys(store, ask)?,
    })
}

/// `GET /dashboard/visitors/{number}`: what one visitor did.
pub(super) async fn visitor(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(number): Part,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let number: u32 = number.parse().map_err(|_| nobody())?;
    let frame = look(&app, &user, &query, format!("visitors/{number}"))?;
    let before = parameter(&query, "before").and_then(|text| moment(&text));
    let site = frame.site.clone();
    let (journey, user) = reading(move || {
        Ok((
            fires::journey(&app.store, &site, number, before, JOURNEY)?,
            app.store.user(number)?,
        ))
    })
    .await?;
    if journey.fires.is_empty() {
        return Err(nobody().into());
    }
    page(
        StatusCode::OK,
        &Visitor::new(frame, number, user.as_deref(), &journey),
    )
}

/// `GET /dashboard/funnels`
pub(super) async fn funnels(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let mut frame = look(&app, &user, &query, "funnels".into())?;
    let steps = parse(query.as_bytes()).filter(|(name, _)| name == "step");
    let steps: Vec<String> = steps
        .map(|(_, step)| step.trim().to_owned())
        .filter(|step| !step.is_empty())
        .collect();
    let filled = Filled {
        within: parameter(&query, "within").unwrap_or_else(|| WITHIN.into()),
        steps,
    };
    let steps = filled
        .steps
        .iter()
        .map(|step| ("step".to_owned(), step.clone()));
    let within = [("within".to_owned(), filled.within.clone())];
    frame.asked = again(&within.into_iter().chain(steps).collect::<Vec<_>>());
    let funnel = match filled.steps.is_empty() {
        true => Ok(None),
        false => funnel_of(&frame, &filled, app.clock.now()).map(Some),
    };
    let goals = listed(&frame, &Dimension::Named(Named::Goal), &[Metric::Fires]);
    let pages = Query {
        limit: PROPOSED,
        ..listed(&frame, &Dimension::Named(Named::Page), &[Metric::Visitors])
    };
    let (known, found) = reading(move || {
        let values = |kind: &str, query: &Query| {
            let rows = answer(&app.store, query)?.rows.into_iter();
            let values = rows.filter_map(|row| row.values.into_iter().next().flatten());
            Ok::<_, ReadError>(values.map(|value| format!("{kind}:{value}")).collect())
        };
        let mut known: Vec<String> = values("goal", &goals)?;
        known.extend::<Vec<_>>(values("page", &pages)?);
        let found = match funnel {
            Ok(Some(asked)) => {
                let reached = funnel::funnel(&app.store, &asked)?;
                Ok(Some((asked, reached)))
            }
            Ok(None) => Ok(None),
            Err(problem) => Err(problem),
        };
        Ok((known, found))
    })
    .await?;
    page(StatusCode::OK, &Funnels::new(frame, filled, known, found))
}

/// What a page is asked for beside the view: those parts of an address that have these names.
pub(super) fn asked(query: &str, names: &[&str]) -> Vec<(String, String)> {
    let pairs = parse(query.as_bytes());
    pairs
        .filter(|(name, value)| names.contains(&&**name) && !value.is_empty())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The same as it stands in an address.
pub(super) fn again(asked: &[(String, String)]) -> String {
    format!(
        "&{}",
        Serializer::new(String::new()).extend_pairs(asked).finish()
    )
}

/// The same with the view's filters and days.
pub(super) fn written(frame: &Frame, asked: &[(String, String)]) -> String {
    let filters: Vec<_> = frame.view.filters.iter().map(Filter::json).collect();
    Serializer::new(String::new())
        .extend_pairs(asked)
        .append_pair("filters", &json!(filters).to_string())
        .append_pair("from", &frame.range.from.to_string())
        .append_pair("to", &frame.range.to.to_string())
        .finish()
}

/// The goals that fired on the days of a frame, the most often fired first.
pub(super) async fn goals_of(app: &Arc<App>, frame: &Frame) -> Result<Vec<String>, Error> {
    let goals = listed(frame, &Dimension::Named(Named::Goal), &[Metric::Fires]);
    let store = app.store.clone();
    let rows = reading(move || Ok(answer(&store, &goals)?.rows)).await?;
    let names = rows
        .into_iter()
        .filter_map(|row| row.values.into_iter().next().flatten());
    Ok(names.collect())
}

/// The funnel that a form means.
fn funnel_of(frame: &Frame, filled: &Filled, now: Timestamp) -> Result<Funnel, String> {
    let days: u64 = filled
        .within
        .parse()
        .map_err(|_| "wanted a whole number of days".to_owned())?;
    let minutes = days.saturating_mul(1440).to_string();
    let steps = filled
        .steps
        .iter()
        .map(|step| ("step".to_owned(), step.clone()));
    let asked: Vec<_> = steps
        .chain([("window_minutes".to_owned(), minutes)])
        .collect();
    let query = written(frame, &asked);
    funnel::Sent::query_string(&query)?.read(&frame.site, now)
}
