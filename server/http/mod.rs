//! The only room that knows HTTP: the table of routes, and what they share.
//!
//! - [`routes`]: the table; [`access`]: who may do what, looked at once, in front of each route
//! - [`listen`]: the accept loop, timeouts, the graceful stop
//! - [`reply`]: envelopes; `auth`: keys and logins; `secure`: what browsers keep to; `limits`: rates; `room`: how much at
//!   once; `peer`: who is at the other end
//! - `health`, `metrics`: for whoever watches the server
//! - `extract`: what is taken from a request; `work`: what is done off the threads that serve
//! - `event`, `api`, `ask`, `events`, `export`, `import`, `page`, `analytics`, `noted`, `share`, `docs`, `asset`, `stream`: what the routes do
//! - `describe`, `schema`: what programs need to know of a route; `openapi`: all of it as a document; `api_docs`: the same
//!   for people
//! - `login`, `forgotten`, `welcome`, `invitation`: how people come in; `settings`, `websites`, `keys`, `goals`, `webhooks`,
//!   `payments`, `reports`, `team`: what they set; `manage`: the same for programs

pub mod access;
mod analytics;
mod api;
mod api_docs;
mod ask;
pub(crate) mod asset;
mod attribution;
mod auth;
mod cohorts;
mod controls;
mod describe;
mod docs;
mod event;
mod events;
mod experiments;
mod export;
mod extract;
mod forgotten;
mod goals;
mod health;
mod import;
mod invitation;
mod keys;
mod limits;
pub mod listen;
mod login;
mod manage;
pub mod mcp;
mod metrics;
mod mix;
mod noted;
mod openapi;
mod page;
mod payments;
mod peer;
mod rates;
mod reply;
mod reports;
mod room;
pub mod routes;
mod schema;
mod secure;
mod settings;
mod share;
mod spend;
mod stream;
mod tagging;
mod team;
mod upload;
mod webhooks;
mod websites;
mod welcome;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use axum::middleware;
use ipnet::IpNet;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::account::{Accounts, Site};
use crate::clock::Clock;
use crate::ingest::Ingest;
use crate::mail::Mail;
use crate::mix::fits::Fits;
use crate::payment::Payments;
use crate::store::Store;
use crate::webhook::Webhooks;
pub use ask::{Desk, Vocabularies};
pub use asset::Fetched;
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
    /// What tells others.
    pub webhooks: Arc<Webhooks>,
    /// What takes payments that providers tell of.
    pub payments: Payments,
    /// What mails.
    pub mail: Arc<Mail>,
    /// What fits the marketing mix.
    pub fits: Arc<Fits>,
    /// What questions are answered from.
    pub desk: Arc<Desk>,
    /// The same for agents.
    pub mcp: mcp::Service,
    /// When pages of each site last fetched the script.
    pub fetched: Fetched,
    /// Turns true when the server stops; ends live streams.
    pub stopping: watch::Receiver<bool>,
}

/// Pages are packed as they go out. Files are packed already, streams must not wait, and answers of the API are short.
fn is_page(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = extract::text(headers, header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    routes::router(&app)
        .fallback(page::not_found)
        .method_not_allowed_fallback(reply::method_not_allowed)
        .layer(CatchPanicLayer::custom(reply::panicked))
        .layer(CompressionLayer::new().compress_when(is_page))
        .layer(middleware::from_fn(reply::envelope))
        .layer(middleware::from_fn_with_state(app.clone(), secure::headers))
        .with_state(app)
}
