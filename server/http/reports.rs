//! `/settings/reports`: who looks gets reports by mail, or none; the link in each that ends them; and
//! `/api/v1/reports` for programs, which may set them for anybody in the workspace.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Access, Person, Who};
use super::extract::{Form, Json, Part};
use super::page::{NoPage, page as made};
use super::reply::{Data, Error};
use super::settings::{done, shell, shown};
use super::{App, auth, work};
use crate::account::{ChangeError, Email, Every, Report, Site, User};
use crate::mail::Sent;
use crate::pages;

const HERE: &str = "/settings/reports";

/// Reports that were sent and are shown.
const SHOWN: u32 = 20;

/// `GET /settings/reports`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let is_new = query.as_deref() == Some("sent");
    let said = match app.mail.is_set_up() {
        true => "A report is on its way to you",
        false => "A report was made",
    };
    show(&app, &user, is_new.then_some(said), None).await
}

async fn show(
    app: &Arc<App>,
    user: &User,
    done: Option<&str>,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    let (from, workspace, id) = (app.clone(), user.workspace, user.id);
    let (sites, reports, sent) = work::changing(app, move |accounts| {
        let sites = accounts.sites(workspace)?;
        let reports = accounts.reports(workspace, Some(id))?;
        let sent = from.mail.latest(id, SHOWN)?;
        Ok::<_, ChangeError>((sites, reports, sent))
    })
    .await?;
    let row = |sent: &Sent| {
        let site = sites.iter().find(|site| site.id.0 == sent.site)?;
        let state = state(sent);
        Some(pages::SentRow::new(
            site.label(),
            &sent.days,
            sent.made_at,
            state,
        ))
    };
    shown(
        &pages::Reports {
            shell: shell(app, user, HERE, problem)?,
            sites: pages::Reports::rows(&sites, &reports),
            sent: sent.iter().filter_map(row).collect(),
            is_mailed: app.mail.is_set_up(),
            done,
        },
        problem,
    )
}

/// What became of a report, in words.
fn state(sent: &Sent) -> String {
    match (sent.waits, sent.is_sent, sent.tries) {
        (true, _, 0) => "Waits".into(),
        (true, _, tries) => format!("Is tried again, {tries} times so far: {}", sent.outcome),
        (false, true, _) => sent.outcome.clone(),
        (false, false, _) => format!("Failed: {}", sent.outcome),
    }
}

/// `POST /settings/reports`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(form.text("website_id")));
    let saved = match (site, form.text("every")) {
        (Ok(site), "never") => end(&app, site, user.id).await.map(drop),
        (Ok(site), every) => {
            let to = (user.id, user.email.as_str());
            set(&app, site, to, every.to_owned()).await.map(drop)
        }
        (Err(error), _) => Err(error),
    };
    match saved {
        Ok(()) => Ok(done(HERE)),
        Err(error) => show(&app, &user, None, Some(&error)).await,
    }
}

async fn set(
    app: &Arc<App>,
    site: Arc<Site>,
    (user, email): (i64, &str),
    every: String,
) -> Result<Report, Error> {
    reachable(app, email)?;
    let now = app.clock.now();
    work::changing(app, move |accounts| {
        accounts.set_report(site.workspace, &site.website_id, user, every.parse()?, now)
    })
    .await
}

fn reachable(app: &App, email: &str) -> Result<(), Error> {
    match app.mail.can_reach(email) {
        true => Ok(()),
        false => Err(Error::field("email: no mail can be addressed to it")),
    }
}

async fn end(app: &Arc<App>, site: Arc<Site>, user: i64) -> Result<bool, Error> {
    let from = app.clone();
    work::changing(app, move |_| {
        Ok::<_, ChangeError>(from.mail.end_report(&site, user)?)
    })
    .await
}

/// `POST /settings/reports/now`: the latest one, as often as it comes; the week's where none comes.
pub(super) async fn send_now(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    match mail_now(&app, &user, form.text("website_id")).await {
        Ok(()) => Ok(done("/settings/reports?sent")),
        Err(error) => show(&app, &user, None, Some(&error)).await,
    }
}

async fn mail_now(app: &Arc<App>, user: &User, website_id: &str) -> Result<(), Error> {
    let site = auth::site(app, user.workspace, Some(website_id))?;
    reachable(app, &user.email)?;
    app.limits.report(user.id)?;
    let (from, user) = (app.clone(), user.clone());
    let made = work::changing(app, move |accounts| {
        let reports = accounts.reports(user.workspace, Some(user.id))?;
        let mine = |report: &&Report| report.website_id == site.website_id;
        let every = reports.iter().find(mine).map_or(Every::Week, |r| r.every);
        let to = (user.id, user.email.as_str());
        Ok::<_, ChangeError>(from.mail.report_now(&site, to, every))
    })
    .await?;
    made.map_err(|error| {
        tracing::error!(%error, "a report could not be made");
        Error::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the report could not be made; the log says why",
        )
    })
}

/// The site and the person that the link in a report names.
fn named(app: &App, token: &str) -> Result<(Option<Arc<Site>>, i64), Error> {
    app.mail.unsubscribe(token)?.ok_or_else(|| {
        Error::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "this link is in no report of ours; it may have been cut off",
        )
    })
}

/// `GET /unsubscribe/{token}`: looking ends nothing, since mail programs look by themselves.
pub(super) async fn look(
    State(app): State<Arc<App>>,
    Part(token): Part,
) -> Result<Response, NoPage> {
    let (site, _) = named(&app, &token)?;
    unsubscribed(&token, site.as_deref(), site.is_none())
}

/// `POST /unsubscribe/{token}`: from the page's button, or by a mail program (RFC 8058).
pub(super) async fn unsubscribe(
    State(app): State<Arc<App>>,
    Part(token): Part,
) -> Result<Response, NoPage> {
    let (site, user) = named(&app, &token)?;
    if let Some(site) = &site {
        end(&app, site.clone(), user).await?;
    }
    unsubscribed(&token, site.as_deref(), true)
}

fn unsubscribed(token: &str, site: Option<&Site>, is_over: bool) -> Result<Response, NoPage> {
    let template = pages::Unsubscribe {
        token,
        site: site.map(Site::label),
        is_over,
    };
    made(StatusCode::OK, &template)
}

/// Whose reports one may see and set: one's own by a login, anybody's in the workspace by a key.
fn whose(access: &Access) -> Option<&User> {
    match &access.who {
        Who::User(user) => Some(user),
        Who::Key(_) => None,
    }
}

/// `GET /api/v1/reports`
pub(super) async fn list(State(app): State<Arc<App>>, access: Access) -> Result<Data, Error> {
    let (workspace, user) = (access.workspace, whose(&access).map(|user| user.id));
    let reports = app.accounts.reports(workspace, user)?;
    let reports: Vec<_> = reports.iter().map(report_json).collect();
    Ok(Data::new(StatusCode::OK, &json!({ "reports": reports })))
}

fn report_json(report: &Report) -> Value {
    json!({
        "id": report.id,
        "website_id": report.website_id,
        "email": report.email,
        "every": report.every.as_str(),
        "since": report.since.to_string(),
    })
}

/// A report to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentReport {
    website_id: Option<String>,
    email: Option<String>,
    every: String,
}

/// `POST /api/v1/reports`: who gets one of the site already gets it this often from now on.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    access: Access,
    Json(sent): Json<SentReport>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, sent.website_id.as_deref())?;
    let email = sent.email.as_deref().map(Email::parse).transpose()?;
    let user = match (whose(&access), email) {
        (Some(user), None) => (user.id, user.email.clone()),
        (Some(user), Some(email)) if user.email == email.as_str() => (user.id, user.email.clone()),
        (Some(_), Some(_)) => {
            return Err(Error::new(
                StatusCode::FORBIDDEN,
                "insufficient_role",
                "email: a login sets its own reports only",
            ));
        }
        (None, Some(email)) => {
            let member = app.accounts.member(access.workspace, &email)?;
            (member.user, member.email)
        }
        (None, None) => return Err(Error::field("email: wanted is whose report it is")),
    };
    let report = set(&app, site, (user.0, &user.1), sent.every).await?;
    Ok(Data::new(StatusCode::CREATED, &report_json(&report)))
}

/// `DELETE /api/v1/reports/{id}`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    access: Access,
    id: Part,
) -> Result<Data, Error> {
    let id = id.number()?;
    let user = whose(&access).map(|user| user.id);
    let reports = app.accounts.reports(access.workspace, user)?;
    let report = reports.into_iter().find(|report| report.id == id);
    let report = report.ok_or(ChangeError::Missing("there is no such report"))?;
    let site = auth::site(&app, access.workspace, Some(&report.website_id))?;
    end(&app, site, report.user).await?;
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "id": id, "deleted": true }),
    ))
}
