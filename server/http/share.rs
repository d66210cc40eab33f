//! A site's public link: the sums of a site for whoever has it, after a password where one is set; and its settings.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::access::Person;
use super::analytics::{choose, list, numbers};
use super::extract::{Form, Part, Two};
use super::page::{NoPage, page as made};
use super::reply::Error;
use super::settings::{done, shell, shown};
use super::{App, Peer, auth, peer, work};
use crate::account::{Password, Share, Site, User};
use crate::pages;
use crate::pages::analytics::by::encoded;
use crate::pages::analytics::frame::{Frame, Looks};
use crate::pages::analytics::view::View;

/// The cookie of a browser that has given a link's password.
const COOKIE: &str = "admx_share";

/// Bytes of a password that are looked at.
const PASSWORD: usize = 1000;

fn unknown() -> Error {
    Error::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such public link; it may have been taken back",
    )
}

fn found(app: &App, token: &str) -> Result<(Share, Arc<Site>), Error> {
    let share = app.accounts.share_with(token)?.ok_or_else(unknown)?;
    let sites = app.accounts.every_site()?;
    let site = sites.into_iter().find(|site| site.id == share.site);
    Ok((share, site.ok_or_else(unknown)?))
}

/// The frame of a public page, or the form that asks for the password.
fn look(
    app: &App,
    headers: &HeaderMap,
    token: &str,
    query: &str,
    name: String,
) -> Result<Result<Frame, Response>, NoPage> {
    let (share, site) = found(app, token)?;
    if share.wants_password() && auth::cookie(headers, COOKIE) != Some(&share.proof()) {
        return asked(&site, token, None).map(Err);
    }
    let view = View::read(&format!("/share/{token}"), &site, query).map_err(Error::field)?;
    let range = view.range(&site, app.clock.now()).map_err(Error::field)?;
    if !view.is_public() {
        return Err(Error::field("filter: metadata isn't public").into());
    }
    Ok(Ok(Frame {
        sites: Vec::new().into(),
        workspace: site.workspace,
        workspaces: Vec::new(),
        page: name,
        asked: String::new(),
        notes: app.accounts.notes(site.id, range.from, range.to)?,
        saved: Vec::new(),
        looks: Looks::Anybody,
        range,
        view,
        site,
    }))
}

fn asked(site: &Site, token: &str, problem: Option<&str>) -> Result<Response, NoPage> {
    let status = problem.map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN);
    let template = pages::SharePassword {
        name: site.label(),
        token,
        problem,
    };
    made(status, &template)
}

/// `GET /share/{token}`
pub(super) async fn index(Part(token): Part) -> Redirect {
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    Redirect::to(&format!("/share/{token}/analytics"))
}

/// `POST /share/{token}`: the password.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    Extension(from): Extension<Peer>,
    headers: HeaderMap,
    Part(token): Part,
    form: Form,
) -> Result<Response, NoPage> {
    let (share, site) = found(&app, &token)?;
    let address = peer::client(from, &headers, &app.trusted_proxies);
    app.limits.guess(address, &share.token)?;
    let text = form.raw("password");
    let proof = share.proof();
    let is_right = text.len() <= PASSWORD && work::opens(&app, share, text.to_owned()).await?;
    if !is_right {
        return asked(&site, &token, Some("that isn't the password"));
    }
    let secure = if app.base_url.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!(
        "{COOKIE}={proof}; Path=/share/{token}; HttpOnly; SameSite=Lax; Max-Age=2592000{secure}"
    );
    let cookie = HeaderValue::try_from(cookie).map_err(|_| unknown())?;
    let to = Redirect::to(&format!("/share/{token}/analytics"));
    Ok(([(header::SET_COOKIE, cookie)], to).into_response())
}

/// `GET /share/{token}/analytics`
pub(super) async fn analytics(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Part(token): Part,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    match look(&app, &headers, &token, &query, "analytics".into())? {
        Ok(frame) => numbers(app, frame, &query).await,
        Err(form) => Ok(form),
    }
}

/// `GET /share/{token}/by/{dimension}`
pub(super) async fn by(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Two(token, name): Two,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let path = format!("by/{}", encoded(&name));
    match look(&app, &headers, &token, &query, path)? {
        Ok(frame) => list(app, frame, &name, &query).await,
        Err(form) => Ok(form),
    }
}

/// `GET /share/{token}/filter`
pub(super) async fn filter(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Part(token): Part,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    match look(&app, &headers, &token, &query, "filter".into())? {
        Ok(frame) => choose(app, frame, &query).await,
        Err(form) => Ok(form),
    }
}

/// `GET /settings/websites/{website_id}/share`
pub(super) async fn settings(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
) -> Result<Response, NoPage> {
    show(&app, &user, &id, None)
}

fn show(app: &App, user: &User, id: &str, problem: Option<&Error>) -> Result<Response, NoPage> {
    let site = auth::site(app, user.workspace, Some(id))?;
    let share = app.accounts.share_of(site.id)?;
    let address = |share: &Share| format!("{}/share/{}", app.base_url, share.token);
    shown(
        &pages::ShareSettings {
            shell: shell(app, user, "/settings/websites", problem)?,
            address: share.as_ref().map(address),
            wants_password: share.as_ref().is_some_and(Share::wants_password),
            site: &site,
        },
        problem,
    )
}

/// `POST /settings/websites/{website_id}/share`
pub(super) async fn make(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    form: Form,
) -> Result<Response, NoPage> {
    let (site, now) = (
        auth::site(&app, user.workspace, Some(&id))?,
        app.clock.now(),
    );
    let password = match form.raw("password") {
        "" => None,
        text => match Password::parse(text, "") {
            Ok(password) => Some(work::hashed(&app, password).await?),
            Err(error) => return show(&app, &user, &id, Some(&error.into())),
        },
    };
    work::changing(&app, move |accounts| accounts.share(site.id, password, now)).await?;
    Ok(done(&format!("/settings/websites/{id}/share")))
}

/// `POST /settings/websites/{website_id}/share/end`
pub(super) async fn end(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    work::changing(&app, move |accounts| accounts.unshare(site.id)).await?;
    Ok(done(&format!("/settings/websites/{id}/share")))
}
