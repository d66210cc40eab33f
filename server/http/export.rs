//! Everything a site has, streamed a line an event.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio_stream::wrappers::ReceiverStream;

use super::reply::Error;
use super::{App, auth};
use crate::store::Fire;

#[derive(Deserialize)]
pub(super) struct Asked {
    website_id: Option<String>,
}

/// Bytes of lines that are gathered before they are sent.
const CHUNK: usize = 32 * 1024;

/// `GET /api/v1/export/events.ndjson`: in the order they were stored. Memory doesn't grow with the site.
pub(super) async fn ndjson(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let workspace = auth::reader(&app, &headers)?;
    let site = auth::site(&app, workspace, asked.website_id.as_deref())?;
    let (lines, stream) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    tokio::task::spawn_blocking(move || {
        let mut chunk = Vec::with_capacity(CHUNK * 2);
        let read = app.store.each_event(site.id, |fire| {
            chunk.extend_from_slice(line(&fire).as_bytes());
            chunk.len() < CHUNK
                || lines
                    .blocking_send(Ok(Bytes::from(std::mem::take(&mut chunk))))
                    .is_ok()
        });
        // A stream that breaks off is seen by the client; one that ends early would pass for the whole.
        let _ = lines.blocking_send(
            read.map(|()| Bytes::from(chunk))
                .map_err(std::io::Error::other),
        );
    });
    let kind = (
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    Ok(([kind], Body::from_stream(ReceiverStream::new(stream))).into_response())
}

fn line(fire: &Fire) -> String {
    let metadata = fire
        .metadata
        .as_ref()
        .and_then(|m| RawValue::from_string(m.0.clone()).ok());
    let line = json!({
        "at": fire.at.to_string(),
        "name": fire.goal.as_ref().map(|g| g.as_str()),
        "visitor": fire.visitor,
        "url": fire.url,
        "referrer": fire.referrer,
        "metadata": metadata,
    });
    format!("{line}\n")
}
