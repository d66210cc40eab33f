//! The accept loop: connections, their timeouts and limits, and the stop that loses nothing.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Method;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::Service;

use super::{App, Peer, event};

/// How long a client may take to send its headers, and how long an idle connection is kept.
const HEADERS: Duration = Duration::from_secs(10);

/// Bytes of headers that are read.
const HEADER_BYTES: usize = 32 * 1024;

/// Headers that are read.
const HEADER_COUNT: usize = 100;

/// How long requests in flight may take to end once the server stops.
const FAREWELL: Duration = Duration::from_secs(8);

/// How often full rate-limit buckets are forgotten.
const TIDY: Duration = Duration::from_secs(60);

/// Serves until `stop` comes, then takes no more, ends what is in flight, and comes back. `stopping` ends live streams.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stopping: watch::Sender<bool>,
    stop: impl Future<Output = ()>,
) {
    let router = super::router(app.clone());
    let connections = GracefulShutdown::new();
    let mut tidy = tokio::time::interval(TIDY);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    // Answers are small and written whole.
                    let _ = stream.set_nodelay(true);
                    let routed = Routed { router: router.clone(), app: app.clone(), peer: Peer(from) };
                    let connection = connection(routed, TokioIo::new(stream));
                    let connection = connections.watch(connection);
                    tokio::spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!(%error, "a connection broke");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            _ = tidy.tick() => app.limits.forget_the_idle(),
            () = &mut stop => break,
        }
    }
    drop(listener);
    let _ = stopping.send(true);
    if tokio::time::timeout(FAREWELL, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("connections that were still open have been closed");
    }
}

type Connection = http1::Connection<TokioIo<tokio::net::TcpStream>, Routed>;

fn connection(routed: Routed, stream: TokioIo<tokio::net::TcpStream>) -> Connection {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADER_COUNT)
        .serve_connection(stream, routed)
}

/// One connection's requests: the router, told who is at the other end.
#[derive(Clone)]
struct Routed {
    router: Router,
    app: Arc<App>,
    peer: Peer,
}

impl hyper::service::Service<hyper::Request<Incoming>> for Routed {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        if request.method() == Method::POST && request.uri().path() == event::PATH {
            let taken = event::receive(self.app.clone(), self.peer, request);
            return Box::pin(taken.map(Ok));
        }
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(self.peer);
        // A router is always ready.
        Box::pin(self.router.clone().call(request))
    }
}
