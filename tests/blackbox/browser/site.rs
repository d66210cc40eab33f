//! The visited sites: one server for all hosts, which gives each row its page on every path.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// Pages by host, and the policy they are sent with.
pub struct Pages {
    pub html: HashMap<String, String>,
    pub policy: Option<String>,
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
    let html = pages
        .html
        .get(host)
        .cloned()
        .unwrap_or_else(|| "<!doctype html><title>elsewhere</title>elsewhere".into());
    let mut response = Html(html).into_response();
    if let Some(policy) = &pages.policy {
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_str(policy).unwrap(),
        );
    }
    response
}
