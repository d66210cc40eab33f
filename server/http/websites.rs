//! `/settings/websites`: the workspace's sites, and for each why nothing arrives from it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::SignedDuration;
use serde::Deserialize;

use super::access::Person;
use super::api::reading;
use super::extract::{Asked, Form, Part};
use super::page::{NoPage, page as made};
use super::reply::Error;
use super::settings::{done, shell, shown};
use super::{App, auth, stream, work};
use crate::account::{
    ChangeError, Name, NewSite, Site, SiteChange, User, WorkspaceId, currency, keep_days, zone,
};
use crate::pages;

const HERE: &str = "/settings/websites";

/// `GET /settings/websites`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    show(&app, &user, &Form::default(), None)
}

fn show(app: &App, user: &User, form: &Form, problem: Option<&Error>) -> Result<Response, NoPage> {
    shown(
        &pages::Websites {
            shell: shell(app, user, HERE, problem)?,
            sites: &app.accounts.sites(user.workspace)?,
            domain: form.text("domain"),
            shipping: app.store.reports().queue().map(Into::into),
            zones: pages::zones(form.text("timezone")),
        },
        problem,
    )
}

/// `POST /settings/websites`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let (workspace, now) = (user.workspace, app.clock.now());
    let (domain, hosts) = (form.text("domain").to_owned(), form.words("hosts"));
    let in_zone = form.text("timezone").to_owned();
    let added = work::changing(&app, move |accounts| {
        let new = NewSite {
            domain: &domain,
            hosts: &hosts,
            zone: zone(&in_zone)?,
            is_demo: false,
        };
        accounts.add_site(workspace, &new, now)
    })
    .await;
    match added {
        Ok(id) => Ok(done(&format!("{HERE}/{id}/install"))),
        Err(error) => show(&app, &user, &form, Some(&error)),
    }
}

/// `GET /settings/websites/{website_id}`
pub(super) async fn site(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    show_site(&app, &user, &site, None)
}

fn show_site(
    app: &App,
    user: &User,
    site: &Site,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    shown(
        &pages::Website {
            shell: shell(app, user, HERE, problem)?,
            site,
            zones: pages::zones(site.zone_name()),
            base_url: &app.base_url,
        },
        problem,
    )
}

/// `POST /settings/websites/{website_id}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    form: Form,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    let workspace = user.workspace;
    let changed = match read(&form) {
        Ok(change) => {
            work::changing(&app, move |accounts| {
                accounts.change_site(workspace, &id, &change)
            })
            .await
        }
        Err(error) => Err(error.into()),
    };
    match changed {
        Ok(()) => Ok(done(HERE)),
        Err(error) => show_site(&app, &user, &site, Some(&error)),
    }
}

/// The form of a site: every field is there, an empty one takes away.
fn read(form: &Form) -> Result<SiteChange, ChangeError> {
    let given = |name| Some(form.text(name)).filter(|text| !text.is_empty());
    let days = given("keep_days").map_or(Ok(0), str::parse);
    Ok(SiteChange {
        name: Some(
            given("name")
                .map(|text| Name::parse("name", text))
                .transpose()?,
        ),
        hosts: Some(form.words("hosts")),
        zone: Some(zone(form.text("timezone"))?),
        currency: Some(given("currency").map(currency).transpose()?),
        keep_days: Some(keep_days(days.unwrap_or(u64::MAX))?),
    })
}

/// `POST /settings/websites/{website_id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    form: Form,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    let deleted = if form.text("domain").eq_ignore_ascii_case(&site.domain) {
        remove(&app, user.workspace, id).await
    } else {
        Err(Error::field(format!(
            "domain: to delete the site, type {}",
            site.domain
        )))
    };
    match deleted {
        Ok(()) => Ok(done(HERE)),
        Err(error) => show_site(&app, &user, &site, Some(&error)),
    }
}

/// Deletes a site: it is hidden before this answers, and its events are taken out as those are that are too old, now and
/// if that is broken off within the hour.
pub(super) async fn remove(
    app: &Arc<App>,
    workspace: WorkspaceId,
    id: String,
) -> Result<(), Error> {
    let now = app.clock.now();
    let site = auth::site(app, workspace, Some(&id))?;
    work::changing(app, move |accounts| {
        accounts.delete_site(workspace, &id, now)
    })
    .await?;
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = app.store.prune(site.id, i32::MAX) {
            tracing::warn!(%error, "the events of a deleted site could not be taken out yet");
        }
    });
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct Parameters {
    /// The address of a page that should be counted and isn't.
    page: Option<String>,
    /// `seen`: only the part that moves.
    part: Option<String>,
}

/// How far back it is looked for what was refused.
const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// `GET /settings/websites/{website_id}/install`
pub(super) async fn install(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    Asked(asked): Asked<Parameters>,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    let (from, looked, at) = (app.clone(), site.clone(), app.clock.now() - LATELY);
    let (after, latest, dropped, unknown) = reading(move || {
        Ok((
            from.store.last_id()?,
            stream::latest(&from.store, &looked, 5)?,
            from.store.dropped(Some(looked.id), at)?,
            from.store.dropped(None, at)?,
        ))
    })
    .await?;
    let seen = pages::Seen {
        site: &site,
        latest: &latest,
    };
    if asked.part.as_deref() == Some("seen") {
        return made(StatusCode::OK, &seen);
    }
    let typed = asked.page.as_deref().unwrap_or_default();
    made(
        StatusCode::OK,
        &pages::Install {
            shell: shell(&app, &user, HERE, None)?,
            site: &site,
            base_url: &app.base_url,
            seen,
            after,
            fetched: pages::Install::fetched(&site, app.fetched.last(site.id)),
            page: typed,
            verdicts: pages::Install::verdicts(&site, typed, &app.base_url),
            dropped: pages::Install::reasons(&dropped, &site),
            unknown: pages::Install::reasons(&unknown, &site),
        },
    )
}
