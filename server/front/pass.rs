//! Requests to the server behind a front.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// How long the server behind may take to answer an event before it is written down, and to give the script.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Where the addresses of those who asked stand.
pub(super) const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Headers that are of one connection.
const OF_ONE: [HeaderName; 7] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
];

/// What became of events.
pub(super) enum Sent {
    /// The server behind has spoken.
    Answered(Response),
    /// It can't be reached, or takes nothing just now.
    Not,
    /// It breaks at these events; it may take others.
    Broken,
}

/// The server behind.
pub(super) struct Behind {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    scheme: Scheme,
    authority: Option<Authority>,
}

impl Behind {
    pub(super) fn new(address: &url::Url) -> Behind {
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .build();
        let host = address.host_str().unwrap_or_default();
        let authority = match address.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Behind {
            client: Client::builder(TokioExecutor::new()).build(connector),
            scheme: match address.scheme() {
                "https" => Scheme::HTTPS,
                _ => Scheme::HTTP,
            },
            authority: authority.parse().ok(),
        }
    }

    fn uri(&self, path: Option<PathAndQuery>) -> Result<Uri, axum::http::Error> {
        let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
        let builder = Uri::builder().scheme(self.scheme.clone());
        let builder = match &self.authority {
            Some(authority) => builder.authority(authority.clone()),
            None => builder,
        };
        builder.path_and_query(path).build()
    }

    /// Hands a request on, and its answer back, as they are.
    pub(super) async fn pass(&self, peer: SocketAddr, mut request: Request) -> Response {
        let uri = self.uri(request.uri().path_and_query().cloned());
        let Ok(uri) = uri else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        *request.uri_mut() = uri;
        of_all(request.headers_mut());
        forwarded(request.headers_mut(), peer);
        match self.client.request(request).await {
            Ok(answer) => {
                let mut answer = answer.map(Body::new);
                of_all(answer.headers_mut());
                answer
            }
            Err(error) => {
                tracing::debug!(%error, "the server behind gives no answer");
                away()
            }
        }
    }

    /// Hands events on.
    pub(super) async fn event(&self, headers: &[(String, String)], body: Bytes) -> Sent {
        let path = PathAndQuery::from_static("/api/event");
        let Ok(uri) = self.uri(Some(path)) else {
            return Sent::Not;
        };
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = axum::http::Method::POST;
        *request.uri_mut() = uri;
        for (name, value) in headers {
            let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
            if let (Ok(name), Ok(value)) = pair {
                request.headers_mut().append(name, value);
            }
        }
        let asked = tokio::time::timeout(PATIENCE, self.client.request(request));
        match asked.await {
            Ok(Ok(answer)) if !answer.status().is_server_error() => {
                let mut answer = answer.map(Body::new);
                of_all(answer.headers_mut());
                Sent::Answered(answer)
            }
            Ok(Ok(answer)) => {
                tracing::debug!(status = answer.status().as_u16(), "events were not taken");
                match answer.status() {
                    StatusCode::INTERNAL_SERVER_ERROR => Sent::Broken,
                    _ => Sent::Not,
                }
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "the server behind gives no answer");
                Sent::Not
            }
            Err(_) => Sent::Not,
        }
    }
}

/// What is said while the server behind gives no answer.
pub(super) fn away() -> Response {
    let after = [(header::RETRY_AFTER, HeaderValue::from_static("5"))];
    let why = "The server behind this one can't be reached just now.\n";
    (StatusCode::BAD_GATEWAY, after, why).into_response()
}

/// The headers of a request with events that the server behind is to know, with who sent it.
pub(super) fn kept(headers: &HeaderMap, peer: SocketAddr) -> Vec<(String, String)> {
    let mut headers = headers.clone();
    of_all(&mut headers);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::EXPECT);
    forwarded(&mut headers, peer);
    let pairs = headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    pairs.collect()
}

/// Leaves the headers that are not of one connection.
fn of_all(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    for name in OF_ONE.iter().chain(&named) {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

/// Adds who sent it behind those who are said to have.
fn forwarded(headers: &mut HeaderMap, peer: SocketAddr) {
    let before = headers.get_all(FORWARDED).iter();
    let before = before.filter_map(|value| value.to_str().ok());
    let mut all: Vec<String> = before.map(str::to_owned).collect();
    all.push(peer.ip().to_canonical().to_string());
    if let Ok(all) = HeaderValue::try_from(all.join(", ")) {
        headers.insert(FORWARDED, all);
    }
}
