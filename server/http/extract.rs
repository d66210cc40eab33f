//! What a handler takes from a request, with our own answers when it is wrong.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use serde::de::DeserializeOwned;

use super::reply::Error;

/// The query string.
pub(super) struct Asked<T>(pub(super) T);

/// A part of the path.
pub(super) struct Part(pub(super) String);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        query
            .map(|Query(asked)| Asked(asked))
            .map_err(|wrong| Error::field(wrong.body_text()))
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

/// A header's text, if it is there and is text.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
