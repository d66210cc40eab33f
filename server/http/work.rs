//! Work that isn't for the threads that serve: writing accounts, hashing passwords.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};

use super::reply::Error;
use super::{App, extract};
use crate::account::{Accounts, ChangeError, Hashed, LinkError, Password, Share, Stored};

/// Changes accounts.
pub(super) async fn changing<T, E>(
    app: &Arc<App>,
    work: impl FnOnce(&Accounts) -> Result<T, E> + Send + 'static,
) -> Result<T, Error>
where
    T: Send + 'static,
    E: Into<Error> + Send + 'static,
{
    let app = app.clone();
    blocking(move || work(&app.accounts))
        .await?
        .map_err(E::into)
}

/// What is stored of a password.
pub(super) async fn hashed(app: &App, password: Password) -> Result<Hashed, Error> {
    let _place = app.room.hashing().await?;
    blocking(move || password.hash()).await?.map_err(died)
}

/// Whether `text` is the password.
pub(super) async fn is_right(app: &App, stored: Stored, text: String) -> Result<bool, Error> {
    let _place = app.room.hashing().await?;
    blocking(move || stored.is_right(&text)).await
}

/// Whether `text` is the password of a public link.
pub(super) async fn opens(app: &App, share: Share, text: String) -> Result<bool, Error> {
    let _place = app.room.hashing().await?;
    blocking(move || share.is_right(&text)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(died)
}

fn died(error: impl std::fmt::Display) -> Error {
    tracing::error!(%error, "work on accounts died");
    Error::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "the server made a mistake; its log has the request's id",
    )
}

/// What a browser calls itself.
pub(super) fn agent(headers: &HeaderMap) -> String {
    extract::text(headers, header::USER_AGENT)
        .unwrap_or_default()
        .to_owned()
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Error {
        match error {
            ChangeError::Wrong(message) => Error::field(message),
            ChangeError::Missing(message) => {
                Error::new(StatusCode::NOT_FOUND, "not_found", message)
            }
            ChangeError::Conflict(message) => Error::new(StatusCode::CONFLICT, "conflict", message),
            ChangeError::File(error) => error.into(),
        }
    }
}

impl From<LinkError> for Error {
    fn from(error: LinkError) -> Error {
        match error {
            LinkError::File(error) => error.into(),
            error => Error::new(StatusCode::FORBIDDEN, "invalid_link", error.to_string()),
        }
    }
}
