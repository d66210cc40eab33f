//! What a handler takes from a request, with our own answers when it is wrong.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use serde::de::DeserializeOwned;

use super::page::NoPage;
use super::reply::Error;

/// The query string.
pub(super) struct Asked<T>(pub(super) T);

/// A form that was posted: its fields in order. A field that isn't there is empty.
#[derive(Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// A field without the space around it.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// A field as it was typed: a password may begin and end with a space.
    pub(super) fn raw(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// Each value of a field that may be given more than once.
    pub(super) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(n, _)| n == name);
        named.map(|(_, value)| value.trim())
    }

    /// A field of several words: one a line, or with commas between them.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let words = self
            .raw(name)
            .split(|c: char| c == ',' || c.is_whitespace());
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = NoPage;

    async fn from_request(request: Request, _: &S) -> Result<Form, NoPage> {
        let body = body(request.into_body()).await?;
        Ok(Form(
            url::form_urlencoded::parse(&body).into_owned().collect(),
        ))
    }
}

/// A body of JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Json<T>, Error> {
        let body = body(request.into_body()).await?;
        serde_json::from_slice(&body).map(Json).map_err(|error| {
            Error::new(
                StatusCode::BAD_REQUEST,
                "invalid_body",
                format!("the body is not as wanted: {error}"),
            )
        })
    }
}

/// Bytes of a form.
const FORM: usize = 64 * 1024;

/// How long a form may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

async fn body(body: Body) -> Result<Bytes, Error> {
    let too_large = || {
        Error::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "a form may have 64 KiB",
        )
    };
    let read = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, FORM)).await;
    read.map_err(|_| {
        Error::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "the body took too long",
        )
    })?
    .map_err(|_| too_large())
}

/// A part of the path.
pub(super) struct Part(pub(super) String);

/// Two parts of the path.
pub(super) struct Two(pub(super) String, pub(super) String);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        query
            .map(|Query(asked)| Asked(asked))
            .map_err(|wrong| Error::field(wrong.body_text()))
    }
}

impl Part {
    /// A number that things of ours are known by.
    pub(super) fn number(&self) -> Result<i64, Error> {
        self.0.parse().map_err(|_| {
            Error::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is no such number",
            )
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path: Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        path.map(|Path(part)| Part(part))
            .map_err(|wrong| Error::field(wrong.body_text()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Two {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path: Result<Path<(String, String)>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        path.map(|Path((first, second))| Two(first, second))
            .map_err(|wrong| Error::field(wrong.body_text()))
    }
}

/// A header's text, if it is there and is text.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
