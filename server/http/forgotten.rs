//! A lost password: a link by mail that sets another one.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::extract::{Form, Part};
use super::login::{HOME, came_in};
use super::page::{NoPage, again, page as made};
use super::reply::Error;
use super::{App, Peer, peer, work};
use crate::account::{Email, Password};
use crate::pages;

/// `GET /login/forgotten`
pub(super) async fn page(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    made(StatusCode::OK, &shown(&app, "", false, None))
}

fn shown<'a>(
    app: &App,
    email: &'a str,
    is_asked: bool,
    problem: Option<&'a str>,
) -> pages::Forgotten<'a> {
    pages::Forgotten {
        is_mailed: app.mail.is_set_up(),
        is_asked,
        email,
        problem,
    }
}

/// `POST /login/forgotten`: the same answer, after the same time, for an address that nobody has: what there is to do is
/// done afterwards.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Extension(from): Extension<Peer>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, NoPage> {
    let email = match may_ask(&app, from, &headers, form.text("email")) {
        Ok(email) => email,
        Err(error) => {
            let problem = Some(error.message());
            return again(&error, &shown(&app, form.text("email"), false, problem));
        }
    };
    let answer = made(StatusCode::OK, &shown(&app, email.as_str(), true, None));
    tokio::task::spawn_blocking(move || {
        if let Err(error) = app.mail.reset(&email, &app.base_url) {
            tracing::error!(%error, "a link for another password could not be mailed");
        }
    });
    answer
}

fn may_ask(app: &App, from: Peer, headers: &HeaderMap, text: &str) -> Result<Email, Error> {
    let email = Email::parse(text)?;
    let address = peer::client(from, headers, &app.trusted_proxies);
    app.limits.reset(address, email.as_str())?;
    Ok(email)
}

/// `GET /login/password/{link}`
pub(super) async fn look(
    State(app): State<Arc<App>>,
    Part(link): Part,
) -> Result<Response, NoPage> {
    let email = whose(&app, &link)?;
    let template = pages::Reset {
        link: &link,
        email: &email,
        problem: None,
    };
    made(StatusCode::OK, &template)
}

fn whose(app: &App, link: &str) -> Result<String, Error> {
    Ok(app.accounts.look_at_reset(link, app.clock.now())?)
}

/// `POST /login/password/{link}`: sets it, logs everybody out who is logged in by the one before, and logs in.
pub(super) async fn set(
    State(app): State<Arc<App>>,
    Part(link): Part,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, NoPage> {
    let email = whose(&app, &link)?;
    let password = match Password::parse(form.raw("password"), &email) {
        Ok(password) => work::hashed(&app, password).await?,
        Err(error) => {
            let error = Error::from(error);
            let template = pages::Reset {
                link: &link,
                email: &email,
                problem: Some(error.message()),
            };
            return again(&error, &template);
        }
    };
    let (agent, now) = (work::agent(&headers), app.clock.now());
    let login = work::changing(&app, move |accounts| {
        accounts.reset_password(&link, &password, &agent, now)
    })
    .await?;
    Ok(came_in(&app, &login, HOME)?)
}
