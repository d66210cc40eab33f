//! Everything a site has, streamed a line an event.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_stream::wrappers::ReceiverStream;

use super::access::Access;
use super::extract::Asked;
use super::reply::Error;
use super::{App, auth};
use crate::store::Fire;

#[derive(Deserialize)]
pub(super) struct Parameters {
    website_id: Option<String>,
}

/// Bytes of lines that are gathered before they are sent.
const CHUNK: usize = 32 * 1024;

/// `GET /api/v1/export/events.ndjson`: in the order they were stored. Memory doesn't grow with the site.
pub(super) async fn ndjson(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<Parameters>,
) -> Result<Response, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
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

/// One line of the export.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    name: Option<&'a str>,
    visitor: Option<u32>,
    url: Option<&'a str>,
    referrer: Option<&'a str>,
    /// As it was stored, whatever its depth.
    metadata: Option<Box<RawValue>>,
}

fn line(fire: &Fire) -> String {
    let line = Line {
        at: fire.at.to_string(),
        name: fire.goal.as_ref().map(|goal| goal.as_str()),
        visitor: fire.visitor,
        url: fire.url.as_deref(),
        referrer: fire.referrer.as_deref(),
        metadata: fire
            .metadata
            .as_ref()
            .and_then(|m| RawValue::from_string(m.0.clone()).ok()),
    };
    // Strings and numbers are always JSON.
    serde_json::to_string(&line).map_or_else(|_| String::new(), |line| line + "\n")
}
