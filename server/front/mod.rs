//! A server in front of another: `admx front`. It hands every request on and every answer back, so that any number of them
//! may stand behind one address, none of which knows anything. What it adds is patience: events that the server behind it
//! doesn't take just now are written to its own disk ([`spool`]), answered with 200, and handed on in order when that is
//! back. So a server may be started anew, moved or lose its network, and nobody's event is lost.
//!
//! Every event is of one server in the end, which numbers it: visits, ids that come twice and what is seen live are right
//! whichever front took it. [`amend`]: an event's id, and how long it has waited; [`pass`]: requests to the server behind.

mod amend;
mod pass;
mod spool;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::http::asset;
use crate::ingest::body;
use pass::{Behind, Sent};
use spool::{Full, Spool, Waiting};

/// How a front is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server behind.
    pub behind: url::Url,
    /// Bytes of events that may wait on disk.
    pub most_bytes: u64,
}

/// What all requests share.
struct Front {
    behind: Behind,
    spool: Spool,
    passed: AtomicU64,
    spooled: AtomicU64,
    given_up: AtomicU64,
}

/// Events that are handed on at a time once they have waited: those of one visitor nearly always in order.
const AT_ONCE: usize = 8;

/// Rounds after which events are put behind others, where the server behind broke at all that it was given.
const BROKEN: usize = 20;

/// How long it waits before it tries the server behind again.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until `stop` comes.
///
/// # Errors
/// When the spool can't be opened, or the listener breaks.
pub async fn serve(
    listener: TcpListener,
    folder: &Path,
    settings: &Settings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let front = Arc::new(Front {
        behind: Behind::new(&settings.behind),
        spool: Spool::open(folder, settings.most_bytes)?,
        passed: AtomicU64::default(),
        spooled: AtomicU64::default(),
        given_up: AtomicU64::default(),
    });
    let drains = tokio::spawn(drain(front.clone()));
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(all)
        .with_state(front);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop);
    let served = served.await;
    drains.abort();
    Ok(served?)
}

/// Events can be taken as long as they can be written down.
async fn ready(State(front): State<Arc<Front>>) -> Response {
    match front.spool.has_room() {
        Ok(true) => "ready\n".into_response(),
        Ok(false) => (StatusCode::SERVICE_UNAVAILABLE, "the spool is full\n").into_response(),
        Err(error) => {
            let why = format!("the spool can't be written: {error}\n");
            (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
        }
    }
}

/// The front's own numbers, for programs on this machine.
async fn metrics(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if !peer.ip().to_canonical().is_loopback() || headers.contains_key(pass::FORWARDED) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (waiting, bytes) = front.spool.waiting().unwrap_or_default();
    let count = |name: &str, help: &str, kind: &str, value: u64| {
        format!("# HELP {name} {help}.\n# TYPE {name} {kind}\n{name} {value}\n")
    };
    let text = [
        count(
            "admx_front_requests_passed_total",
            "Requests with events that the server behind answered at once",
            "counter",
            front.passed.load(Ordering::Relaxed),
        ),
        count(
            "admx_front_requests_spooled_total",
            "Requests with events that were written down for later",
            "counter",
            front.spooled.load(Ordering::Relaxed),
        ),
        count(
            "admx_front_requests_refused_total",
            "Requests that waited and then were refused by the server behind, which says why in its own numbers",
            "counter",
            front.given_up.load(Ordering::Relaxed),
        ),
        count(
            "admx_front_requests_waiting",
            "Requests that wait on disk",
            "gauge",
            waiting,
        ),
        count("admx_front_bytes_waiting", "Their bytes", "gauge", bytes),
    ];
    let kind = HeaderValue::from_static("text/plain; version=0.0.4");
    ([(header::CONTENT_TYPE, kind)], text.concat()).into_response()
}

async fn all(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let path = request.uri().path();
    match path.strip_prefix("/js/").map(str::to_owned) {
        Some(name) if request.method() == "GET" || request.method() == "HEAD" => {
            script(&front, peer, request, &name).await
        }
        _ if path == "/api/event" && request.method() == "POST" => {
            event(&front, peer, request).await
        }
        _ => front.behind.pass(peer, request).await,
    }
}

/// Hands the script on; this program's own where the server behind gives none, so that pages go on being counted.
async fn script(front: &Front, peer: SocketAddr, request: Request, name: &str) -> Response {
    let headers = request.headers().clone();
    let passed = tokio::time::timeout(pass::PATIENCE, front.behind.pass(peer, request)).await;
    let passed = passed.unwrap_or_else(|_| pass::away());
    if !passed.status().is_server_error() {
        return passed;
    }
    asset::script_file(name, &headers).unwrap_or(passed)
}

/// Hands events on, or writes them down.
async fn event(front: &Front, peer: SocketAddr, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, body::BODY_BYTES).await else {
        return refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "the body is too large, or ended before its end",
        );
    };
    // The same ones go out again if nobody hears the answer.
    let bytes = amend::with_ids(&bytes).map_or(bytes, Into::into);
    let headers = pass::kept(&head.headers, peer);
    match front.behind.event(&headers, bytes.clone()).await {
        Sent::Answered(response) => {
            front.passed.fetch_add(1, Ordering::Relaxed);
            response
        }
        Sent::Not | Sent::Broken => {
            let Some(ids) = amend::ids(&bytes) else {
                return away("the server can't be reached, and this is no JSON of events");
            };
            let waiting = Waiting {
                headers,
                body: bytes,
                at: Timestamp::now(),
            };
            match front.spool.add(waiting).await {
                Ok(()) => {
                    front.spooled.fetch_add(1, Ordering::Relaxed);
                    taken(&ids)
                }
                Err(Full::Full) => away("the server can't be reached, and too much waits for it"),
                Err(Full::Failed(error)) => {
                    tracing::error!(%error, "events could not be written down");
                    away("the server can't be reached, and this one's disk can't be written")
                }
            }
        }
    }
}

/// What the server behind would answer of events that are on disk.
fn taken(ids: &amend::Ids) -> Response {
    let one = |id: &Option<Uuid>| json!({ "event_id": id, "duplicate": false });
    let data = match ids {
        amend::Ids::One(id) => one(id),
        amend::Ids::Several(ids) => {
            let with_status = |id| {
                let mut told = one(id);
                told["status"] = json!(200);
                told
            };
            json!({ "results": ids.iter().map(with_status).collect::<Vec<_>>() })
        }
    };
    told(StatusCode::OK, &json!({ "data": data, "meta": meta() }))
}

fn meta() -> serde_json::Value {
    json!({ "request_id": Uuid::now_v7() })
}

fn away(why: &str) -> Response {
    let mut response = refused(
        StatusCode::SERVICE_UNAVAILABLE,
        "overloaded",
        &format!("{why}; nothing of this request was stored, send it again"),
    );
    let after = HeaderValue::from_static("5");
    response.headers_mut().insert(header::RETRY_AFTER, after);
    response
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "code": code, "message": message });
    told(status, &json!({ "error": error, "meta": meta() }))
}

fn told(status: StatusCode, answer: &serde_json::Value) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    (status, headers, Body::from(answer.to_string())).into_response()
}

/// What becomes of events that waited.
enum After {
    /// They are where they belong.
    Goes(i64),
    /// They wait on.
    Stays,
    /// They wait on behind all others, so that these don't wait for them.
    Last(i64),
}

/// Hands on what waits, the oldest first, for as long as there is any.
async fn drain(front: Arc<Front>) {
    // Rounds in which the server behind broke at all of them.
    let mut broken = 0;
    loop {
        let some = match front.spool.first(AT_ONCE).await {
            Ok(some) => some,
            Err(error) => {
                tracing::error!(%error, "what waits can't be read");
                Vec::new()
            }
        };
        if some.is_empty() {
            front.spool.news(PAUSE).await;
            continue;
        }
        let each = some.into_iter().map(|(number, waiting)| {
            let front = &front;
            async move {
                let waited = waiting.at.duration_until(Timestamp::now());
                let body = amend::aged(&waiting.body, waited.as_millis().max(0));
                let body = body.map_or(waiting.body, Into::into);
                match front.behind.event(&waiting.headers, body).await {
                    // Too many at once: later.
                    Sent::Answered(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
                        After::Stays
                    }
                    Sent::Answered(answer) => {
                        if answer.status().is_client_error() {
                            front.given_up.fetch_add(1, Ordering::Relaxed);
                            let status = answer.status().as_u16();
                            tracing::warn!(status, "events that waited were refused");
                        }
                        After::Goes(number)
                    }
                    Sent::Not => After::Stays,
                    Sent::Broken => After::Last(number),
                }
            }
        });
        let done = futures_util::future::join_all(each).await;
        let is_all = done.iter().all(|after| matches!(after, After::Goes(_)));
        let numbers = |which: fn(&After) -> Option<i64>| -> Vec<i64> {
            done.iter().filter_map(which).collect()
        };
        let goes = numbers(|after| match after {
            After::Goes(number) => Some(*number),
            _ => None,
        });
        if let Err(error) = front.spool.remove(goes).await {
            tracing::error!(%error, "what was handed on can't be removed; it goes on again, and counts once");
        }
        let is_any = done.iter().any(|after| matches!(after, After::Goes(_)));
        broken = if is_any { 0 } else { broken + 1 };
        let mut last = numbers(|after| match after {
            After::Last(number) => Some(*number),
            _ => None,
        });
        // A server that breaks at everything for a while gets all in order afterwards.
        if !is_any && broken < BROKEN {
            last.clear();
        }
        if let Err(error) = front.spool.put_last(last).await {
            tracing::error!(%error, "what the server behind breaks at stays before what waits");
        }
        if !is_all {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
