//! Keys and logins: who a request is, and what they may do.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;

use super::App;
use super::reply::Error;
use crate::account::{Key, KeyError, Scope, Site, User, WorkspaceId};

/// The cookie that a login leaves.
pub(super) const COOKIE: &str = "admx_login";

pub(super) fn unauthorized(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(StatusCode::UNAUTHORIZED, code, message)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// The key of a request, when it carries an `Authorization` header; checked for `scope` and for its rate.
pub(super) fn key(app: &App, headers: &HeaderMap, scope: Scope) -> Result<Option<Arc<Key>>, Error> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let secret = authorization
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| secret.trim())
        .filter(|secret| !secret.is_empty())
        .ok_or_else(|| {
            unauthorized(
                "missing_authorization",
                "wanted the header Authorization: Bearer admx_sk_…",
            )
        })?;
    let key = app
        .accounts
        .key(secret, app.clock.now())
        .map_err(|error| match error {
            KeyError::Unknown => unauthorized(
                "invalid_api_key",
                "this server knows no such key; `admx key list` prints those there are",
            ),
            KeyError::Expired(at) => unauthorized(
                "api_key_expired",
                format!("the key expired at {at}; make a new one"),
            ),
            KeyError::Revoked(at) => unauthorized(
                "api_key_revoked",
                format!("the key was revoked at {at}; make a new one"),
            ),
            KeyError::File(error) => error.into(),
        })?;
    if !key.scopes.contains(&scope) {
        return Err(Error::new(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            format!("the key lacks the scope {scope}"),
        ));
    }
    app.limits.key(key.id)?;
    Ok(Some(key))
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok());
    all.flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v)
}

/// Who is logged in.
pub(super) fn user(app: &App, headers: &HeaderMap, now: Timestamp) -> Result<Option<User>, Error> {
    match cookie(headers, COOKIE) {
        Some(login) => Ok(app.accounts.user(login, now)?),
        None => Ok(None),
    }
}

/// For what is fetched by a page whose login ran out.
pub(super) fn log_in_again() -> Error {
    unauthorized(
        "missing_authorization",
        "the login has run out; log in again",
    )
}

/// The workspace that a request may read: of its key, or of its login.
pub(super) fn reader(app: &App, headers: &HeaderMap) -> Result<WorkspaceId, Error> {
    if let Some(key) = key(app, headers, Scope::AnalyticsRead)? {
        return Ok(key.workspace);
    }
    match user(app, headers, app.clock.now())? {
        Some(user) => Ok(user.workspace),
        None => Err(unauthorized(
            "missing_authorization",
            "wanted the header Authorization: Bearer admx_sk_…, or a login",
        )),
    }
}

/// The workspace's site that a request names, or its first when it names none.
pub(super) fn site(
    app: &App,
    workspace: WorkspaceId,
    website_id: Option<&str>,
) -> Result<Arc<Site>, Error> {
    let sites = app.accounts.sites(workspace)?;
    let found = match website_id {
        Some(id) => sites.iter().find(|site| site.website_id == id),
        None => sites.first(),
    };
    found.cloned().ok_or_else(|| {
        Error::new(
            StatusCode::NOT_FOUND,
            "unknown_website",
            "website_id: no such site in this workspace",
        )
    })
}
