//! How answers look: `{"status":"success","data":…,"meta":{"request_id"}}`, and errors as
//! `{"error":{"code","message","details"?},"meta":{"request_id"}}`.
//!
//! A handler answers with [`Data`] or [`Error`]; the request's id is put around it here, in one place.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::ingest::refusal::Refusal;
use crate::store::{ReadError, WriteError};

/// A success, and its data as JSON.
pub(super) struct Data(StatusCode, String);

impl Data {
    pub(super) fn new(status: StatusCode, data: &impl Serialize) -> Data {
        // What is answered is made of strings, numbers and lists, which are always JSON.
        Data(status, serde_json::to_string(data).unwrap_or_default())
    }

    /// The answer whole, where no layer puts the envelope around it.
    pub(super) fn enveloped(self) -> Response {
        let id = Id::new();
        let mut response = Response::new(Body::from(success(&self.1, &id)));
        *response.status_mut() = self.0;
        response.headers_mut().reserve(HEADERS);
        is_json(response.headers_mut());
        finish(&mut response, &id);
        response
    }
}

/// A failure.
#[derive(Clone, Debug)]
pub(super) struct Error(Box<Failure>);

#[derive(Clone, Debug)]
struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Option<Value>,
    headers: HeaderMap,
}

#[derive(Clone)]
enum Payload {
    Data(String),
    Error {
        code: &'static str,
        message: String,
        details: Option<Value>,
    },
}

impl IntoResponse for Data {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(Payload::Data(self.1));
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let Failure {
            status,
            code,
            message,
            details,
            headers,
        } = *self.0;
        let mut response = (status, headers).into_response();
        response.extensions_mut().insert(Payload::Error {
            code,
            message,
            details,
        });
        response
    }
}

impl Error {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Error {
        let (message, headers) = (message.into(), HeaderMap::new());
        Error(Box::new(Failure {
            status,
            code,
            message,
            details: None,
            headers,
        }))
    }

    pub(super) fn code(&self) -> &'static str {
        self.0.code
    }

    pub(super) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(super) fn message(&self) -> &str {
        &self.0.message
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    pub(super) fn with_details(mut self, details: Value) -> Error {
        self.0.details = Some(details);
        self
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Error {
        self.0.headers.insert(name, value.into());
        self
    }

    /// A field of the query string that is wrong.
    pub(super) fn field(message: impl Into<String>) -> Error {
        Error::new(StatusCode::BAD_REQUEST, "invalid_field", message)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
        let error = Error::new(status, refusal.code, refusal.message);
        match status {
            StatusCode::SERVICE_UNAVAILABLE => error.with_header(header::RETRY_AFTER, 1),
            StatusCode::UNAUTHORIZED => {
                error.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            _ => error,
        }
    }
}

impl From<WriteError> for Error {
    fn from(write: WriteError) -> Error {
        let (code, after) = match write {
            WriteError::Full => ("storage_full", 60),
            WriteError::Overloaded | WriteError::Failed(_) => ("overloaded", 1),
        };
        let message = format!("{write}; nothing of this request was stored, send it again");
        Error::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
            .with_header(header::RETRY_AFTER, after)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        ReadError::from(error).into()
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Error {
        if let ReadError::ClickHouse(_) = &error {
            tracing::error!(%error, "a question has no answer");
            return Error::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "the ClickHouse that has the events gives no answer just now; events are stored all the same, and the numbers come back with it",
            )
            .with_header(header::RETRY_AFTER, 5);
        }
        tracing::error!(%error, "a file could not be read");
        Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "the server can't read its own files just now; try again in a moment",
        )
        .with_header(header::RETRY_AFTER, 1)
    }
}

/// Requests answered with 503 since that was last told. A server that is overloaded has better things to do than to write
/// a line for each.
static TURNED_AWAY: AtomicU64 = AtomicU64::new(0);

/// Says in one line how many requests were answered with 503 since it was called before.
pub(super) fn tell_of_those_turned_away() {
    let requests = TURNED_AWAY.swap(0, Relaxed);
    if requests > 0 {
        tracing::warn!(
            requests,
            "requests were answered with 503, to be sent again"
        );
    }
}

/// Headers that an answer has, at the most of most.
const HEADERS: usize = 8;

/// Gives every request an id, every answer its envelope, and every failure a line in the log.
pub(super) async fn envelope(request: Request, next: Next) -> Response {
    enveloped(next.run(request).await)
}

/// The same of one answer.
pub(super) fn enveloped(mut response: Response) -> Response {
    let id = Id::new();
    if let Some(payload) = response.extensions_mut().remove::<Payload>() {
        let body = match payload {
            Payload::Data(data) => success(&data, &id),
            Payload::Error {
                code,
                message,
                details,
            } => failure(code, &message, details, &id),
        };
        *response.body_mut() = Body::from(body);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        is_json(response.headers_mut());
    }
    finish(&mut response, &id);
    response
}

/// A request's id, as it is told.
struct Id([u8; Hyphenated::LENGTH]);

impl Id {
    fn new() -> Id {
        let mut text = [0; Hyphenated::LENGTH];
        Uuid::now_v7().hyphenated().encode_lower(&mut text);
        Id(text)
    }

    fn as_str(&self) -> &str {
        // It is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn is_json(headers: &mut HeaderMap) {
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Gives an answer the request's id, and a failure its line in the log.
fn finish(response: &mut Response, id: &Id) {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        TURNED_AWAY.fetch_add(1, Relaxed);
    } else if response.status().is_server_error() {
        tracing::warn!(
            request_id = id.as_str(),
            status = response.status().as_u16(),
            "a request failed"
        );
    }
    if let Ok(id) = HeaderValue::from_bytes(&id.0) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    for (name, value) in QUIET {
        response.headers_mut().entry(name).or_insert(value);
    }
}

fn success(data: &str, id: &Id) -> String {
    [
        r#"{"status":"success","data":"#,
        data,
        r#","meta":{"request_id":""#,
        id.as_str(),
        r#""}}"#,
    ]
    .concat()
}

fn failure(code: &str, message: &str, details: Option<Value>, id: &Id) -> String {
    let mut error = json!({ "code": code, "message": message });
    if let Some(details) = details {
        error["details"] = details;
    }
    json!({ "error": error, "meta": { "request_id": id.as_str() } }).to_string()
}

/// A failure as bytes, for a connection that is closed after it and never asked what it wants.
pub(super) fn farewell(error: &Error) -> Vec<u8> {
    let Failure {
        status,
        code,
        message,
        headers,
        ..
    } = &*error.0;
    let id = Id::new();
    let body = failure(code, message, None, &id);
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            head += &format!("{name}: {value}\r\n");
        }
    }
    // Pages of other origins may read it: it may be the answer to an event.
    head += &format!(
        "content-type: application/json\r\ncontent-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n\
         access-control-allow-origin: *\r\naccess-control-expose-headers: retry-after\r\n{REQUEST_ID}: {}\r\n\r\n",
        body.len(),
        id.as_str()
    );
    (head + &body).into_bytes()
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer says unless it says otherwise.
const QUIET: [(HeaderName, HeaderValue); 2] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    ),
];

pub(super) async fn not_found() -> Error {
    Error::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "nothing lives at this path",
    )
}

pub(super) async fn method_not_allowed() -> Error {
    Error::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path doesn't take this method; Allow says which it takes",
    )
}

/// A bug of ours: the client hears of it, the server goes on.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Error::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "the server made a mistake; its log has the request's id",
    )
    .into_response()
}
