//! The only room that knows HTTP: the table of routes, and what they share.
//!
//! - [`listen`]: the accept loop, timeouts, the graceful stop
//! - [`reply`]: envelopes; `auth`: keys and logins; `limits`: rates; `room`: how much at once; `peer`: who is at the other
//!   end
//! - `health`, `metrics`: for whoever watches the server
//! - `extract`: what is taken from a request
//! - `event`, `api`, `export`, `page`, `analytics`, `docs`, `asset`, `stream`: what the routes do

mod analytics;
mod api;
mod asset;
mod auth;
mod docs;
mod event;
mod export;
mod extract;
mod health;
mod limits;
pub mod listen;
mod metrics;
mod page;
mod peer;
mod reply;
mod room;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, options};
use ipnet::IpNet;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;

use crate::account::{Accounts, Site};
use crate::clock::Clock;
use crate::ingest::Ingest;
use crate::store::Store;
pub use limits::{Limits, Rates};
pub use metrics::{Metrics, Readers};
pub use peer::Peer;
pub use room::{Bounds, Room};

/// What every route may use.
pub struct App {
    /// Sites, keys, logins.
    pub accounts: Arc<Accounts>,
    /// The event log.
    pub store: Arc<Store>,
    /// The door for events.
    pub ingest: Ingest,
    /// The time.
    pub clock: Clock,
    /// Where people reach this server, without a slash at the end.
    pub base_url: String,
    /// The site of `/demo`.
    pub demo: Arc<Site>,
    /// Proxies whose word is taken for an address.
    pub trusted_proxies: Vec<IpNet>,
    /// Rate limits.
    pub limits: Limits,
    /// How much there may be at once.
    pub room: Room,
    /// What is counted.
    pub metrics: Metrics,
    /// Turns true when the server stops; ends live streams.
    pub stopping: watch::Receiver<bool>,
}

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::home))
        .route("/demo", get(page::demo))
        .route("/demo/live", get(stream::demo))
        .route("/docs", get(docs::index))
        .route("/docs/script", get(docs::script))
        .route("/docs/privacy", get(docs::privacy))
        .route("/docs/csp", get(docs::csp))
        .route("/docs/operate", get(docs::operate))
        .route("/login", get(page::login))
        // A preview that asks for the head alone doesn't use the link up.
        .route("/login/{link}", get(page::open_link).head(page::login))
        .route("/dashboard", get(page::to_dashboard))
        .route("/dashboard/analytics", get(analytics::analytics))
        .route("/dashboard/by/{dimension}", get(analytics::by))
        .route("/dashboard/filter", get(analytics::filter))
        .route("/dashboard/goals/{name}", get(analytics::goal))
        .route("/dashboard/visitors/{number}", get(analytics::visitor))
        .route("/dashboard/funnels", get(analytics::funnels))
        .route("/dashboard/analytics/live", get(stream::site))
        // What is posted there goes past the router: see `listen`.
        .route(
            event::PATH,
            options(event::preflight).fallback(event::only_posts),
        )
        .route("/api/v1/analytics/goals", get(api::goals))
        .route("/api/v1/query", get(api::query_in_address).post(api::query))
        .route(
            "/api/v1/funnel",
            get(api::funnel_in_address).post(api::funnel),
        )
        .route("/api/v1/export/events.ndjson", get(export::ndjson))
        .route("/js/{file}", get(asset::script))
        .route("/assets/{file}", get(asset::asset))
        .route("/favicon.ico", get(asset::favicon))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .fallback(page::not_found)
        .method_not_allowed_fallback(reply::method_not_allowed)
        .layer(CatchPanicLayer::custom(reply::panicked))
        .layer(middleware::from_fn(reply::envelope))
        .with_state(app)
}
