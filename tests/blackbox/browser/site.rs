//! The visited sites: one server for all hosts, which gives each row its page on every path, and passes events on where
//! a site has a first-party proxy.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::server::AGENT;

/// Pages by host, each with the policy it is sent with, and where the collector is.
#[derive(Default)]
pub struct Pages {
    pub html: HashMap<String, (String, String)>,
    pub collector: String,
    /// How many requests each host's proxy has had.
    pub proxied: Mutex<HashMap<String, usize>>,
}

/// Listens on a free port.
pub async fn listen() -> (tokio::net::TcpListener, u16) {
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

pub fn serve(listener: tokio::net::TcpListener, pages: Pages) {
    let router = Router::new().fallback(answer).with_state(Arc::new(pages));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
}

async fn answer(State(pages): State<Arc<Pages>>, headers: HeaderMap, request: Request) -> Response {
    let path = request.uri().path();
    if path.ends_with(".webm") {
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("video/webm"))];
        return (
            kind,
            include_bytes!("../../../www/assets/sample.webm").as_slice(),
        )
            .into_response();
    }
    // The browser stays on the page for what would be a download.
    if path.starts_with("/files/") {
        return StatusCode::NO_CONTENT.into_response();
    }
    let host = headers
        .get(header::HOST)
        .and_then(|h| h.to_str().ok())
        .and_then(|h| h.split(':').next())
        .unwrap_or_default();
    if let Some(script) = path.strip_prefix("/collect/") {
        let (host, script) = (host.to_owned(), script.to_owned());
        return proxy(&pages, host, &script, &headers, request).await;
    }
    let (html, policy) = pages.html.get(host).map_or(
        ("<!doctype html><title>elsewhere</title>elsewhere", ""),
        |(html, policy)| (html, policy),
    );
    let mut response = Html(html.to_owned()).into_response();
    if !policy.is_empty() {
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_str(policy).unwrap(),
        );
    }
    response
}

/// A first-party proxy with a script: each request takes the next word of it, the last word holds on. `ok` passes the
/// request on and the answer back, `lost` passes it on and breaks the answer off, a number is answered with that status,
/// and `503-2` with that and `Retry-After: 2`.
async fn proxy(
    pages: &Pages,
    host: String,
    script: &str,
    headers: &HeaderMap,
    request: Request,
) -> Response {
    let nth = {
        let mut proxied = pages.proxied.lock().unwrap();
        let count = proxied.entry(host).or_default();
        *count += 1;
        *count - 1
    };
    let words: Vec<_> = script.split(',').collect();
    let word = words[nth.min(words.len() - 1)];
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|o| o.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body = axum::body::to_bytes(request.into_body(), usize::MAX)
        .await
        .unwrap_or_default();
    let url = format!("{}/api/event", pages.collector);
    let pass = move || {
        let reply = ureq::post(&url)
            .header("origin", &origin)
            .header("user-agent", AGENT)
            .config()
            .http_status_as_error(false)
            .build()
            .send(&body[..]);
        let mut reply = reply.unwrap();
        (
            reply.status(),
            reply.body_mut().read_to_string().unwrap_or_default(),
        )
    };
    match word.split_once('-').unwrap_or((word, "")) {
        ("ok", _) => tokio::task::spawn_blocking(pass)
            .await
            .unwrap()
            .into_response(),
        ("lost", _) => {
            tokio::task::spawn_blocking(pass).await.unwrap();
            let broken = futures_util::stream::once(async {
                Err::<String, _>(std::io::Error::other("lost"))
            });
            axum::body::Body::from_stream(broken).into_response()
        }
        (status, after) => {
            let status: u16 = status.parse().unwrap();
            let mut reply = StatusCode::from_u16(status).unwrap().into_response();
            if !after.is_empty() {
                reply
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from_str(after).unwrap());
            }
            reply
        }
    }
}
