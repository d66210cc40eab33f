//! The accept loop: connections, their timeouts and limits, and the stop that loses nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::Method;
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_io_timeout::TimeoutStream;
use tower::Service;

use super::metrics::{Counted, Route};
use super::{App, Peer, event, reply, room};

/// How long a client may take to send its headers, and how long an idle connection is kept.
const HEADERS: Duration = Duration::from_secs(10);

/// Bytes of headers that are read.
const HEADER_BYTES: usize = 32 * 1024;

/// How long requests in flight may take to end once the server stops.
const FAREWELL: Duration = Duration::from_secs(8);

/// How often full rate-limit buckets are forgotten, and it is written when keys and logins were used last.
const TIDY: Duration = Duration::from_secs(60);

/// How long a connection that is turned away may take to read why.
const LINGER: Duration = Duration::from_secs(1);

/// Serves until `stop` comes, then takes no more, ends what is in flight, and comes back with the moment when it was to
/// stop. `stopping` ends live streams.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stopping: watch::Sender<bool>,
    stop: impl Future<Output = ()>,
) -> Instant {
    let router = super::router(app.clone());
    let connections = GracefulShutdown::new();
    let mut tidy = tokio::time::interval(TIDY);
    let mut told = 0;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            // Whether to stop is asked first: a signal that comes with the first connection is heard.
            biased;
            () = &mut stop => break,
            _ = tidy.tick() => {
                app.limits.forget_the_idle();
                reply::tell_of_those_turned_away();
                drop(write_used(app.clone()));
                let turned_away = app.metrics.turned_away.get();
                if turned_away > told {
                    let connections = turned_away - told;
                    tracing::warn!(connections, "connections were turned away: as many are open as may be");
                    told = turned_away;
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => {
                    let Some(place) = app.room.connection() else {
                        turn_away(&app, stream);
                        continue;
                    };
                    // Answers are small and written whole.
                    let _ = stream.set_nodelay(true);
                    let routed = Routed { router: router.clone(), app: app.clone(), peer: Peer(from) };
                    let connection = connection(routed, stream);
                    let connection = connections.watch(connection);
                    tokio::spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!(%error, "a connection broke");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection could be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    let asked = Instant::now();
    drop(listener);
    let _ = stopping.send(true);
    if tokio::time::timeout(FAREWELL, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("connections that were still open have been closed");
    }
    let _ = tokio::time::timeout(LINGER, write_used(app)).await;
    asked
}

/// Writes when keys and logins were used last.
fn write_used(app: Arc<App>) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || {
        if let Err(error) = app.accounts.write_used() {
            tracing::debug!(%error, "when keys were used last could not be written");
        }
    })
}

/// Tells a connection that there is no room for it.
fn turn_away(app: &App, mut stream: TcpStream) {
    app.metrics.turned_away.inc();
    let answer = reply::farewell(&room::overloaded(
        "this server has as many connections as it takes",
    ));
    let Some(place) = app.room.farewell() else {
        // There is always room for so little in a new socket; who has sent something already may not get to read it.
        if let Ok(mut stream) = stream.into_std() {
            let _ = std::io::Write::write(&mut stream, &answer);
        }
        return;
    };
    tokio::spawn(async move {
        let _ = tokio::time::timeout(LINGER, async {
            stream.write_all(&answer).await?;
            stream.shutdown().await?;
            // What was sent and not read would make the kernel take the answer back.
            let mut scrap = [0; 1024];
            while stream.read(&mut scrap).await? > 0 {}
            Ok::<_, std::io::Error>(())
        })
        .await;
        drop(place);
    });
}

/// A client that takes nothing of its answer for a while is let go, with what the answer holds.
type Patient = TokioIo<Pin<Box<TimeoutStream<TcpStream>>>>;

type Connection = http1::Connection<Patient, Routed>;

fn connection(routed: Routed, stream: TcpStream) -> Connection {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(routed.app.room.bounds().write));
    let stream = TokioIo::new(Box::pin(stream));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        // Of headers it reads a hundred, as it is.
        .max_buf_size(HEADER_BYTES)
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
        let (app, peer) = (self.app.clone(), self.peer);
        if request.method() == Method::POST && request.uri().path() == event::PATH {
            return Box::pin(async move {
                let began = Instant::now();
                let _in_flight = Counted::new(&app.metrics.in_flight);
                let response = event::receive(&app, peer, request).await;
                app.metrics.ingest.observe(began.elapsed().as_secs_f64());
                app.metrics.answered(Route::Event, response.status());
                Ok(response)
            });
        }
        let mut router = self.router.clone();
        let route = Route::of(request.uri().path());
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        Box::pin(async move {
            let _in_flight = Counted::new(&app.metrics.in_flight);
            // A router is always ready.
            let response = router.call(request).await?;
            app.metrics.answered(route, response.status());
            Ok(response)
        })
    }
}
