//! `POST /api/event`: contract §6.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use serde::Serialize;
use serde_json::json;
use tokio::sync::SemaphorePermit;

use super::metrics::Counted;
use super::reply::{self, Data, Error};
use super::{App, Peer, auth, extract, peer};
use crate::account::Scope;
use crate::ingest::caller::Caller;
use crate::ingest::refusal::Refusal;
use crate::ingest::{Judged, body};
use crate::store::Outcome;

/// How long a client may take to send its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is read and thrown away of a body that is too large, so that a client that is still sending hears the answer.
const GRACE: usize = 1024 * 1024;

/// Pages of any origin may post and read the answer; whether it counts is for the site's hosts to say.
const ANYWHERE: HeaderValue = HeaderValue::from_static("*");

/// What a page may read of an answer that asks it to wait.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset",
);

/// Answers a browser that asks first.
pub(super) async fn preflight() -> Response {
    let asked = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("content-type, authorization"),
        ),
        (
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("86400"),
        ),
    ];
    let anywhere = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYWHERE)];
    (StatusCode::NO_CONTENT, anywhere, asked).into_response()
}

/// Answers what is neither a post nor a question before one.
pub(super) async fn only_posts() -> Error {
    let allowed = HeaderValue::from_static("POST, OPTIONS");
    reply::method_not_allowed()
        .await
        .with_header(header::ALLOW, allowed)
}

/// Where events are posted.
pub(super) const PATH: &str = "/api/event";

/// Takes events. This is nearly all that a server does all day, so it is called without the router and its layers.
pub(super) async fn receive(app: &App, peer: Peer, request: Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    let taken = AssertUnwindSafe(take(app, peer, &head.headers, body)).catch_unwind();
    let mut response = match taken.await {
        Ok(Ok(data)) => data.enveloped(),
        Ok(Err(error)) => reply::enveloped(error.into_response()),
        Err(panic) => reply::enveloped(reply::panicked(panic)),
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANYWHERE);
    if headers.contains_key(header::RETRY_AFTER) {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

async fn take(app: &App, peer: Peer, headers: &HeaderMap, body: Incoming) -> Result<Data, Error> {
    // What is refused before it is known whose it is counts for no site.
    let count = |error: &Error| {
        app.ingest.count(None, error.code());
        app.metrics.refused(error.code(), 1);
    };
    let caller = match caller(app, peer, headers) {
        Ok(caller) => caller,
        Err(error) => {
            count(&error);
            // A client that is still sending when the connection ends may never see why.
            let _ = tokio::time::timeout(PATIENCE, drain(body)).await;
            return Err(error);
        }
    };
    // What it takes of the room for bodies is given back when the answer is made.
    let (mut bytes, _taken) = read(app, body, content_length(headers))
        .await
        .inspect_err(count)?;
    let judged = app.ingest.judge(&mut bytes, &caller);
    let judged = judged.inspect_err(|refusal| app.metrics.refused(refusal.code, 1))?;
    store(app, judged, body::is_array(&bytes)).await
}

/// Who sends, if they may send now.
fn caller<'a>(app: &App, peer: Peer, headers: &'a HeaderMap) -> Result<Caller<'a>, Error> {
    if let Some(key) = auth::key(app, headers, Some(Scope::EventWrite))? {
        return Ok(Caller::Server { key });
    }
    let text = |name| extract::text(headers, name);
    let address = peer::client(peer, headers, &app.trusted_proxies);
    app.limits.address(address)?;
    Ok(Caller::Browser {
        origin: text(header::ORIGIN),
        host: text(header::HOST),
        address,
        user_agent: text(header::USER_AGENT).unwrap_or_default(),
    })
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    extract::text(headers, header::CONTENT_LENGTH)?.parse().ok()
}

/// Reads the body, no more of it than it may have and only while there is room.
async fn read(
    app: &App,
    body: Incoming,
    announced: Option<usize>,
) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Error> {
    let mut reading = pin!(async {
        let mut body = body;
        let mut bytes = Vec::new();
        let mut taken: Option<SemaphorePermit<'_>> = None;
        while !body.is_end_stream()
            && let Some(frame) = body.frame().await
        {
            let frame = frame.map_err(|_| {
                Error::new(
                    StatusCode::BAD_REQUEST,
                    "invalid_body",
                    "the body ended before its end",
                )
            })?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            match (app.room.bytes(data.len()).await, &mut taken) {
                (Ok(more), Some(taken)) => taken.merge(more),
                (Ok(first), None) => taken = Some(first),
                (Err(overloaded), _) => {
                    drop((bytes, taken));
                    drain(body).await;
                    return Err(overloaded
                        .with_header(header::CONNECTION, HeaderValue::from_static("close")));
                }
            }
            bytes.extend_from_slice(&data);
            let limit = body::limit(&bytes);
            if bytes.len() > limit || announced.is_some_and(|length| length > limit) {
                drain(body).await;
                return Err(Error::from(crate::ingest::refusal::body_too_large())
                    .with_header(header::CONNECTION, HeaderValue::from_static("close")));
            }
        }
        Ok((bytes, taken))
    });
    // Most bodies came with their headers: no clock is set for those.
    if let Some(read) = reading.as_mut().now_or_never() {
        return read;
    }
    tokio::time::timeout(PATIENCE, reading)
        .await
        .unwrap_or_else(|_| {
            Err(Error::new(
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                "the body took more than 10 s to arrive",
            )
            .with_header(header::CONNECTION, HeaderValue::from_static("close")))
        })
}

async fn drain(mut body: Incoming) {
    let mut left = GRACE;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, |d| d.len()));
        if left == 0 {
            break;
        }
    }
}

/// Stores what is to be stored and answers. One object, and a raw request that made one, is answered by itself; of
/// several, each has its own result, and the whole is 200 when any is on disk, 202 when none was to be, and the first
/// error's when all were wrong.
async fn store(app: &App, judged: Vec<Judged>, is_batch: bool) -> Result<Data, Error> {
    let mut events = Vec::new();
    let mut verdicts: Vec<_> = judged
        .into_iter()
        .map(|judged| match judged {
            Judged::Event(event) => {
                let id = event.id.uuid();
                events.push(*event);
                Verdict::Stored {
                    id,
                    is_duplicate: false,
                }
            }
            Judged::Filtered(reason) => {
                app.metrics.filtered(reason);
                Verdict::Filtered(reason)
            }
            Judged::Refused(refusal) => {
                app.metrics.refused(refusal.code, 1);
                Verdict::Refused(refusal)
            }
        })
        .collect();
    if !events.is_empty() {
        let waiting = events.len();
        let in_queue = Counted::new(&app.metrics.queue);
        let outcomes = app.store.writer().append(events).await;
        drop(in_queue);
        let outcomes = outcomes
            .map_err(Error::from)
            .inspect_err(|error| app.metrics.refused(error.code(), waiting))?;
        let stored = verdicts.iter_mut().filter_map(|verdict| match verdict {
            Verdict::Stored { is_duplicate, .. } => Some(is_duplicate),
            _ => None,
        });
        for (is_duplicate, outcome) in stored.zip(outcomes) {
            *is_duplicate = outcome == Outcome::Duplicate;
        }
    }
    match <[Verdict; 1]>::try_from(verdicts) {
        Ok([Verdict::Refused(refusal)]) if !is_batch => Err(refusal.into()),
        Ok([only]) if !is_batch => Ok(Data::new(only.status(), &only.told())),
        Ok(one) => batch(&one),
        Err(several) => batch(&several),
    }
}

fn batch(verdicts: &[Verdict]) -> Result<Data, Error> {
    let any = |wanted: StatusCode| verdicts.iter().any(|v| v.status() == wanted);
    let refusal = verdicts.iter().find_map(|verdict| match verdict {
        Verdict::Refused(refusal) => Some(refusal.clone()),
        _ => None,
    });
    let results = Results {
        results: verdicts.iter().map(Verdict::result).collect(),
    };
    match refusal {
        _ if any(StatusCode::OK) => Ok(Data::new(StatusCode::OK, &results)),
        _ if any(StatusCode::ACCEPTED) => Ok(Data::new(StatusCode::ACCEPTED, &results)),
        Some(refusal) => Err(Error::from(refusal).with_details(json!(results))),
        None => Ok(Data::new(StatusCode::OK, &results)),
    }
}

#[derive(Serialize)]
struct Results<'a> {
    results: Vec<Told<'a>>,
}

/// What is told of an event; its status where it was sent among several.
#[derive(Default, Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Wrong<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

#[derive(Serialize)]
struct Wrong<'a> {
    code: &'static str,
    message: &'a str,
}

enum Verdict {
    Stored { id: uuid::Uuid, is_duplicate: bool },
    Filtered(&'static str),
    Refused(Refusal),
}

impl Verdict {
    fn status(&self) -> StatusCode {
        match self {
            Verdict::Stored { .. } => StatusCode::OK,
            Verdict::Filtered(_) => StatusCode::ACCEPTED,
            Verdict::Refused(refusal) => {
                StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST)
            }
        }
    }

    /// What is told of an event that was sent by itself.
    fn told(&self) -> Told<'_> {
        match self {
            Verdict::Stored { id, is_duplicate } => Told {
                event_id: Some(*id),
                duplicate: Some(*is_duplicate),
                ..Told::default()
            },
            Verdict::Filtered(reason) => Told {
                reason: Some(reason),
                ..Told::default()
            },
            Verdict::Refused(refusal) => Told {
                error: Some(Wrong {
                    code: refusal.code,
                    message: &refusal.message,
                }),
                ..Told::default()
            },
        }
    }

    /// The same among several, with its status.
    fn result(&self) -> Told<'_> {
        Told {
            status: Some(self.status().as_u16()),
            ..self.told()
        }
    }
}
