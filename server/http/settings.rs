//! What all pages of settings share, one's own account, and which workspace one is in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::access::Person;
use super::extract::{Form, Part};
use super::login::knows_password;
use super::page::{NoPage, again, page as made};
use super::reply::Error;
use super::{App, Peer, work};
use crate::account::{ChangeError, Email, Password, User, WorkspaceId};
use crate::pages;

/// The frame of a page: where in the settings it is, and who looks.
pub(super) fn shell(
    app: &App,
    user: &User,
    here: &'static str,
    problem: Option<&Error>,
) -> Result<pages::Shell, Error> {
    Ok(pages::Shell {
        here,
        email: user.email.clone(),
        role: user.role,
        workspace: user.workspace,
        workspaces: app.accounts.workspaces_of(user.id)?,
        problem: problem.map(|error| error.message().to_owned()),
    })
}

/// A page, with the status of what went wrong on it.
pub(super) fn shown(
    template: &impl askama::Template,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    match problem {
        Some(error) if error.status().is_server_error() => Err(error.clone().into()),
        Some(error) => again(error, template),
        None => made(StatusCode::OK, template),
    }
}

/// After a change that went well: to a page that shows it.
pub(super) fn done(to: &str) -> Response {
    Redirect::to(to).into_response()
}

/// `GET /settings`
pub(super) async fn index() -> Redirect {
    Redirect::to("/settings/websites")
}

/// `POST /settings/workspace`
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let no_workspace = || ChangeError::Missing("there is no such workspace of yours");
    let to = form.text("workspace").parse().map_err(|_| no_workspace())?;
    let is_theirs = work::changing(&app, move |accounts| {
        accounts.switch_workspace(&user, WorkspaceId(to))
    })
    .await?;
    if is_theirs {
        Ok(done("/dashboard/analytics"))
    } else {
        Err(no_workspace().into())
    }
}

/// `GET /settings/account`
pub(super) async fn account(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    account_page(&app, &user, None)
}

fn account_page(app: &App, user: &User, problem: Option<&Error>) -> Result<Response, NoPage> {
    let now = app.clock.now();
    let mut logins = app.accounts.logins(user.id, now)?;
    for login in &mut logins {
        login.agent = app.ingest.described(&login.agent);
    }
    shown(
        &pages::Account {
            shell: shell(app, user, "/settings/account", problem)?,
            user,
            logins: pages::Account::rows(&logins, user.login, now),
        },
        problem,
    )
}

/// `POST /settings/account/password`: signs all other browsers out.
pub(super) async fn set_password(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Extension(from): Extension<Peer>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, NoPage> {
    match replace_password(&app, &user, from, &headers, &form).await {
        Ok(()) => Ok(done("/settings/account")),
        Err(error) => account_page(&app, &user, Some(&error)),
    }
}

async fn replace_password(
    app: &Arc<App>,
    user: &User,
    from: Peer,
    headers: &HeaderMap,
    form: &Form,
) -> Result<(), Error> {
    let password = Password::parse(form.raw("password"), &user.email)?;
    if !user.may_replace_password {
        let stored = app.accounts.stored_password(&Email::parse(&user.email)?)?;
        if !knows_password(app, from, headers, stored, form.raw("current")).await? {
            return Err(Error::new(
                StatusCode::FORBIDDEN,
                "wrong_password",
                "that is not your present password",
            ));
        }
    }
    let password = work::hashed(app, password).await?;
    let (id, login, now) = (user.id, user.login, app.clock.now());
    work::changing(app, move |accounts| {
        accounts.set_password(id, &password, login, now)
    })
    .await
}

/// `POST /settings/account/logins/{id}/revoke`
pub(super) async fn end_login(
    State(app): State<Arc<App>>,
    Person(user): Person,
    id: Part,
) -> Result<Response, NoPage> {
    let id = id.number()?;
    let ended = work::changing(&app, move |accounts| accounts.end_login(user.id, id)).await?;
    if ended {
        Ok(done("/settings/account"))
    } else {
        Err(ChangeError::Missing("there is no such login of yours").into())
    }
}

/// `POST /settings/account/logins/revoke`
pub(super) async fn end_other_logins(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    work::changing(&app, move |accounts| {
        accounts.end_other_logins(user.id, user.login)
    })
    .await?;
    Ok(done("/settings/account"))
}
