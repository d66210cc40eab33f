//! Keys and logins: who a request is. What that is good for is `access`'s.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;

use super::reply::Error;
use super::{App, secure};
use crate::account::{Key, KeyError, LOGIN, Scope, Site, User, WorkspaceId};

/// The cookie that a login leaves. By https its name makes browsers take it from this host alone.
fn cookie_name(base_url: &str) -> &'static str {
    if secure::is_https(base_url) {
        "__Host-admx_login"
    } else {
        "admx_login"
    }
}

/// A header that sets the cookie, or with an empty `login` takes it away.
pub(super) fn set_cookie(base_url: &str, login: &str) -> Result<HeaderValue, Error> {
    let name = cookie_name(base_url);
    let secure = if secure::is_https(base_url) {
        "; Secure"
    } else {
        ""
    };
    let age = if login.is_empty() { 0 } else { LOGIN.as_secs() };
    let cookie = format!("{name}={login}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::try_from(cookie).map_err(|_| Error::field("the login could not be kept"))
}

pub(super) fn unauthorized(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(StatusCode::UNAUTHORIZED, code, message)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// The key of a request, when it carries an `Authorization` header; checked for `scope`, if one is needed, and for its
/// rate.
pub(super) fn key(
    app: &App,
    headers: &HeaderMap,
    scope: Option<Scope>,
) -> Result<Option<Arc<Key>>, Error> {
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
    if let Some(scope) = scope.filter(|scope| !key.scopes.contains(scope)) {
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
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
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
    match cookie(headers, cookie_name(&app.base_url)) {
        Some(login) => Ok(app.accounts.user(login, now)?),
        None => Ok(None),
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
