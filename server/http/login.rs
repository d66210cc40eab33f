//! Logging in and out: by e-mail address and password, or by a link that works once.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::access::Person;
use super::extract::{Asked, Form, Part};
use super::page::{NoPage, again, page as made};
use super::reply::Error;
use super::secure::next_path;
use super::{App, Peer, auth, peer, work};
use crate::account::{Email, Stored};
use crate::pages;

/// Where one goes from here when nothing else was asked for.
pub(super) const HOME: &str = "/dashboard/analytics";

#[derive(Deserialize)]
pub(super) struct Parameters {
    next: Option<String>,
}

/// `GET /login`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Asked(asked): Asked<Parameters>,
) -> Result<Response, NoPage> {
    let next = next_path(asked.next.as_deref()).unwrap_or(HOME);
    if auth::user(&app, &headers, app.clock.now())?.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    made(
        StatusCode::OK,
        &pages::Login {
            problem: None,
            email: "",
            next,
        },
    )
}

/// `POST /login`: the same answer, after the same time, for an address that nobody has and a password that is wrong.
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    Extension(from): Extension<Peer>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, NoPage> {
    let next = next_path(Some(form.text("next"))).unwrap_or(HOME);
    match by_password(
        &app,
        from,
        &headers,
        form.text("email"),
        form.raw("password"),
    )
    .await
    {
        Ok(user) => {
            let (agent, now) = (work::agent(&headers), app.clock.now());
            let login = work::changing(&app, move |accounts| {
                accounts.begin_login(user, &agent, now)
            })
            .await?;
            Ok(came_in(&app, &login, next)?)
        }
        Err(error) => again(
            &error,
            &pages::Login {
                problem: Some(error.message()),
                email: form.text("email"),
                next,
            },
        ),
    }
}

/// The person with this address and password.
async fn by_password(
    app: &App,
    from: Peer,
    headers: &HeaderMap,
    email: &str,
    password: &str,
) -> Result<i64, Error> {
    let wrong = || {
        Error::new(
            StatusCode::FORBIDDEN,
            "wrong_password",
            "there is nobody with this e-mail address and this password",
        )
    };
    let email = Email::parse(email).map_err(|_| wrong())?;
    let stored = app.accounts.stored_password(&email)?;
    let user = stored.user;
    if knows_password(app, from, headers, stored, password).await? {
        Ok(user)
    } else {
        Err(wrong())
    }
}

/// Whether somebody knows a password; how often they may try is limited.
pub(super) async fn knows_password(
    app: &App,
    from: Peer,
    headers: &HeaderMap,
    stored: Stored,
    password: &str,
) -> Result<bool, Error> {
    let address = peer::client(from, headers, &app.trusted_proxies);
    app.limits.guess(address, stored.email.as_str())?;
    // No password is longer.
    let password: String = password.chars().take(201).collect();
    work::is_right(app, stored, password).await
}

/// A browser that is logged in from now on, sent to a page of ours.
pub(super) fn came_in(app: &App, login: &str, to: &str) -> Result<Response, Error> {
    let cookie = auth::set_cookie(&app.base_url, login)?;
    let mut response = Redirect::to(to).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        axum::http::HeaderValue::from_static("no-store"),
    );
    Ok(response)
}

/// `GET /login/{link}`: what looks at a link before a person does, as mail programs and previews do, doesn't use it up.
pub(super) async fn look_at_link(
    State(app): State<Arc<App>>,
    Part(link): Part,
) -> Result<Response, NoPage> {
    match app.accounts.look_at_link(&link, app.clock.now()) {
        Ok(email) => made(
            StatusCode::OK,
            &pages::Link {
                link: &link,
                email: &email,
            },
        ),
        Err(problem) => no_link(problem.into()),
    }
}

/// `POST /login/{link}`
pub(super) async fn use_link(
    State(app): State<Arc<App>>,
    Part(link): Part,
    headers: HeaderMap,
) -> Result<Response, NoPage> {
    let (agent, now) = (work::agent(&headers), app.clock.now());
    let used = work::changing(&app, move |accounts| accounts.log_in(&link, &agent, now)).await;
    let login = match used {
        Ok(login) => login,
        Err(error) => return no_link(error),
    };
    let user = app.accounts.user(&login, now)?;
    let to = match user {
        Some(user) if !user.has_password => "/welcome",
        // Who asked for a link has lost it.
        _ => "/settings/account",
    };
    Ok(came_in(&app, &login, to)?)
}

fn no_link(error: Error) -> Result<Response, NoPage> {
    if error.status().is_server_error() {
        return Err(error.into());
    }
    again(
        &error,
        &pages::Login {
            problem: Some(error.message()),
            email: "",
            next: HOME,
        },
    )
}

/// `POST /logout`
pub(super) async fn log_out(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    work::changing(&app, move |accounts| {
        accounts.end_login(user.id, user.login)
    })
    .await?;
    Ok(came_in(&app, "", "/login")?)
}
