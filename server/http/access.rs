//! Who may do what: each route of the table says what it needs, and this looks once, in front of the handler, which then
//! takes an [`Access`].

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::page::NoPage;
use super::reply::Error;
use super::{App, Peer, auth, mcp, metrics, secure};
use crate::account::{Key, Role, Scope, User, WorkspaceId};

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is everybody's.
    Nothing,
    /// A login of somebody who is at least this in the workspace. Without one, people are sent to where one logs in.
    Login(Role),
    /// A key with this scope, or a login of somebody who is at least this.
    Scope(Scope, Role),
    /// Any key, or any login.
    KeyOrLogin,
    /// What `--metrics` says.
    Metrics,
    /// What its path holds is enough: no login is looked at, so that any page and program may send it.
    Path,
    /// A key with `event:write`, or a page of the site: the door for events looks itself.
    Sender,
}

/// Who asks, and for which workspace: it is never taken from the request itself.
#[derive(Clone, Debug)]
pub(super) struct Access {
    /// Everything that is read or changed is this one's.
    pub(super) workspace: WorkspaceId,
    /// By what they may.
    pub(super) who: Who,
}

/// A program or a person.
#[derive(Clone, Debug)]
pub(super) enum Who {
    Key(Arc<Key>),
    User(User),
}

/// The person who asks, where a route needs a login.
pub(super) struct Person(pub(super) User);

impl<S: Send + Sync> FromRequestParts<S> for Access {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Access, Error> {
        parts.extensions.get().cloned().ok_or_else(unchecked)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Person, Error> {
        match parts.extensions.get() {
            Some(Access {
                who: Who::User(user),
                ..
            }) => Ok(Person(user.clone())),
            _ => Err(unchecked()),
        }
    }
}

/// A handler that asks who it is for, under a route that needs nothing: a mistake of ours.
fn unchecked() -> Error {
    tracing::error!("a route needs less than its handler");
    Error::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "the server made a mistake; its log has the request's id",
    )
}

/// Lets through what a route needs.
pub(super) async fn check(
    State((app, needs)): State<(Arc<App>, Needs)>,
    mut request: Request,
    next: Next,
) -> Response {
    match access(&app, needs, &request) {
        Ok(access) => {
            if let Some(access) = access {
                request.extensions_mut().insert(access);
            }
            next.run(request).await
        }
        Err(error) if request.uri().path() == mcp::PATH => {
            mcp::refused(&app.base_url, request.headers(), error).into_response()
        }
        Err(error) => refuse(needs, request.method(), request.uri(), error),
    }
}

fn access(app: &App, needs: Needs, request: &Request) -> Result<Option<Access>, Error> {
    let headers = request.headers();
    // A browser adds a cookie by itself, but no key.
    let is_change = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if is_change && needs != Needs::Path && !headers.contains_key(header::AUTHORIZATION) {
        secure::own(headers, &app.base_url)?;
    }
    let (scope, role) = match needs {
        Needs::Nothing | Needs::Path | Needs::Sender => return Ok(None),
        Needs::Metrics => {
            let peer = request.extensions().get::<Peer>();
            return metrics::may_read(app, peer, headers).map(|()| None);
        }
        Needs::Login(role) => return person(app, request, role).map(Some),
        Needs::Scope(scope, role) => (Some(scope), role),
        Needs::KeyOrLogin => (None, Role::Viewer),
    };
    match auth::key(app, headers, scope)? {
        Some(key) => Ok(Some(Access {
            workspace: key.workspace,
            who: Who::Key(key),
        })),
        None => person(app, request, role).map(Some),
    }
}

fn person(app: &App, request: &Request, role: Role) -> Result<Access, Error> {
    let user = auth::user(app, request.headers(), app.clock.now())?.ok_or_else(|| {
        auth::unauthorized(
            "missing_authorization",
            "wanted the header Authorization: Bearer admx_sk_…, or a login",
        )
    })?;
    if user.role < role {
        let message = format!(
            "this needs the role {role}, and yours in this workspace is {}; an owner can change that",
            user.role
        );
        return Err(Error::new(
            StatusCode::FORBIDDEN,
            "insufficient_role",
            message,
        ));
    }
    Ok(Access {
        workspace: user.workspace,
        who: Who::User(user),
    })
}

/// People are sent to log in and come back, programs are told. So is what fetches a part of a page whose login ran out:
/// it must not take the login page for it.
fn refuse(needs: Needs, method: &Method, uri: &Uri, error: Error) -> Response {
    if !matches!(needs, Needs::Login(_) | Needs::Nothing | Needs::Path) {
        return error.into_response();
    }
    let query = uri.query().unwrap_or_default();
    let is_part = query.split('&').any(|pair| pair.starts_with("part="));
    if error.status() != StatusCode::UNAUTHORIZED || is_part {
        return NoPage::Error(error).into_response();
    }
    let back = uri.path_and_query().map(|path| path.as_str());
    let back = secure::next_path(back).filter(|_| method == Method::GET);
    NoPage::LogIn(back.map(str::to_owned)).into_response()
}
