//! `POST /api/v1/import/events.csv` and `.ndjson`: what an export gave is stored, while it comes. One at a time.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::StatusCode;
use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::access::Access;
use super::extract::Asked;
use super::reply::{Data, Error};
use super::{App, auth};
use crate::ingest::imported::Imported;
use crate::transfer::import::{Report, import};
use crate::transfer::line::Format;

/// How long a client may send nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is read and thrown away of a file that was given up, so that a client that is still sending hears the answer.
const GRACE: usize = 16 * 1024 * 1024;

#[derive(Deserialize)]
pub(super) struct Parameters {
    website_id: Option<String>,
}

/// `POST /api/v1/import/events.csv`
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<Parameters>,
    body: Body,
) -> Result<Data, Error> {
    take(app, access, asked, body, Format::Csv).await
}

/// `POST /api/v1/import/events.ndjson`
pub(super) async fn ndjson(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<Parameters>,
    body: Body,
) -> Result<Data, Error> {
    take(app, access, asked, body, Format::Ndjson).await
}

async fn take(
    app: Arc<App>,
    access: Access,
    asked: Parameters,
    body: Body,
    format: Format,
) -> Result<Data, Error> {
    let named = asked.website_id.as_deref();
    let named = named.ok_or_else(|| Error::field("website_id: wanted the site to store into"))?;
    let site = auth::site(&app, access.workspace, Some(named))?;
    let _turn = app.room.import()?;
    let (chunks, file) = channel(2);
    let (store, now) = (app.store.clone(), app.clock.now());
    let work = tokio::task::spawn_blocking(move || {
        let mut imported = Imported::new(site, now);
        let items = format.read(Fed {
            chunks: file,
            chunk: Bytes::new(),
        });
        items.map(|items| import(&store, &mut imported, items))
    });
    let mut body = body.into_data_stream();
    feed(&mut body, chunks).await;
    let report = work.await.map_err(|error| {
        tracing::error!(%error, "an import died");
        Error::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server made a mistake; its log has the request's id",
        )
    })?;
    told(report.map_err(Error::field)?)
}

/// Hands on what comes, until the file ends or is given up.
async fn feed(body: &mut BodyDataStream, chunks: Sender<io::Result<Bytes>>) {
    let mut left = GRACE;
    while let Ok(next) = tokio::time::timeout(PATIENCE, body.next()).await {
        let sent = match next {
            None => return,
            Some(Ok(chunk)) if chunks.is_closed() => {
                left = left.saturating_sub(chunk.len());
                left > 0
            }
            Some(Ok(chunk)) => chunks.send(Ok(chunk)).await.is_ok() || left > 0,
            Some(Err(error)) => {
                let _ = chunks.send(Err(io::Error::other(error))).await;
                return;
            }
        };
        if !sent {
            return;
        }
    }
    let late = io::Error::other("the file took too long to come");
    let _ = chunks.send(Err(late)).await;
}

/// A file that comes in chunks, as something to read.
struct Fed {
    chunks: Receiver<io::Result<Bytes>>,
    chunk: Bytes,
}

impl Read for Fed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let read = buffer.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut buffer[..read]);
        Ok(read)
    }
}

fn told(report: Report) -> Result<Data, Error> {
    let details = json!(report);
    let Some(why) = report.stopped else {
        return Ok(Data::new(StatusCode::OK, &details));
    };
    let error = match report.failed {
        Some(error) => Error::from(error),
        None => Error::new(
            StatusCode::BAD_REQUEST,
            "invalid_file",
            format!("{why}; the rest of the file was not read"),
        ),
    };
    Err(error.with_details(details))
}
