//! Invitations, from the side of whoever was invited.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::extract::{Form, Part};
use super::login::{HOME, came_in, knows_password};
use super::page::{NoPage, again, page};
use super::reply::Error;
use super::{App, Peer, auth, work};
use crate::account::{Hashed, Invitation, Password};
use crate::pages;

/// `GET /invitation/{link}`
pub(super) async fn look(
    State(app): State<Arc<App>>,
    Part(link): Part,
    headers: HeaderMap,
) -> Result<Response, NoPage> {
    let invitation = good(&app, &link)?;
    let is_here = is_here(&app, &headers, &invitation)?;
    page(StatusCode::OK, &shown(&link, &invitation, is_here, None))
}

/// `POST /invitation/{link}`
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Extension(from): Extension<Peer>,
    Part(link): Part,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, NoPage> {
    let invitation = good(&app, &link)?;
    let is_here = is_here(&app, &headers, &invitation)?;
    let known = if is_here {
        Ok(None)
    } else {
        password(&app, from, &headers, &invitation, form.raw("password")).await
    };
    let password = match known {
        Ok(password) => password,
        Err(error) => {
            let problem = Some(error.message());
            return again(&error, &shown(&link, &invitation, is_here, problem));
        }
    };
    let (agent, now) = (work::agent(&headers), app.clock.now());
    let login = work::changing(&app, move |accounts| {
        accounts.accept(&link, password.as_ref(), &agent, now)
    })
    .await?;
    Ok(came_in(&app, &login, HOME)?)
}

fn good(app: &App, link: &str) -> Result<Invitation, Error> {
    Ok(app.accounts.look_at_invitation(link, app.clock.now())?)
}

/// Whether whoever asks is logged in as the one who is invited.
fn is_here(app: &App, headers: &HeaderMap, invitation: &Invitation) -> Result<bool, Error> {
    let user = auth::user(app, headers, app.clock.now())?;
    Ok(user.is_some_and(|user| user.email == invitation.email.as_str()))
}

/// The password of somebody new, to be stored; nothing of somebody who knows theirs.
async fn password(
    app: &App,
    from: Peer,
    headers: &HeaderMap,
    invitation: &Invitation,
    typed: &str,
) -> Result<Option<Hashed>, Error> {
    if !invitation.has_account {
        let password = Password::parse(typed, invitation.email.as_str())?;
        return work::hashed(app, password).await.map(Some);
    }
    let stored = app.accounts.stored_password(&invitation.email)?;
    if knows_password(app, from, headers, stored, typed).await? {
        return Ok(None);
    }
    Err(Error::new(
        StatusCode::FORBIDDEN,
        "wrong_password",
        "that is not the password of this person; they can also log in first and then open this link",
    ))
}

fn shown<'a>(
    link: &'a str,
    invitation: &'a Invitation,
    is_here: bool,
    problem: Option<&'a str>,
) -> pages::Invited<'a> {
    pages::Invited {
        link,
        invitation,
        is_here,
        problem,
    }
}
