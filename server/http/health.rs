//! For whoever watches the server: whether it lives, and whether it can work.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use crate::store::ReadError;

/// How long the files may take to be read.
const PATIENCE: Duration = Duration::from_secs(5);

/// `GET /healthz`: it lives. Nothing is looked at, so that a full disk is no reason to start it anew.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: events can be stored and reports read, now.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let (status, text) = match problem(app).await {
        None => (StatusCode::OK, "ready\n".to_owned()),
        // Whoever would send events elsewhere for this would lose some.
        Some(Problem::Reports) => (
            StatusCode::OK,
            "ready for events; the ClickHouse that has them gives no answer\n".to_owned(),
        ),
        // One line, whatever the words of an error are.
        Some(Problem::All(why)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            why.replace(['\n', '\r'], " ") + "\n",
        ),
    };
    let fresh = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, fresh, text).into_response()
}

/// What is wrong.
enum Problem {
    /// Everything.
    All(String),
    /// Events are stored, but what reports are read from is away.
    Reports,
}

async fn problem(app: Arc<App>) -> Option<Problem> {
    if *app.stopping.borrow() {
        return Some(Problem::All("the server is stopping".into()));
    }
    if let Some(why) = app.store.writer().state().failure() {
        return Some(Problem::All(format!("events can't be stored: {why}")));
    }
    let is_away = app.store.reports().queue().is_some();
    let read = tokio::task::spawn_blocking(move || {
        app.accounts.first_workspace()?;
        // Both the log and what reports are made of.
        app.store.latest(app.demo.id, 1)?;
        Ok::<_, ReadError>(())
    });
    let why = match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(Ok(()))) => return None,
        Ok(Ok(Err(ReadError::ClickHouse(_)))) => return Some(Problem::Reports),
        Ok(Ok(Err(error))) => error.to_string(),
        Ok(Err(_)) => "reading them died".into(),
        Err(_) if is_away => return Some(Problem::Reports),
        Err(_) => "it takes too long".into(),
    };
    Some(Problem::All(format!(
        "the server can't read its own files: {why}"
    )))
}
