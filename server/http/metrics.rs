//! What is counted for whoever watches the server, and `GET /metrics`, which tells it in Prometheus' text format.
//!
//! A label's values are words of this program, never of a request: no paths, sites or goals. What a request costs is a
//! few atomics; what can be looked up is looked up when somebody asks.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::api::reading;
use super::reply::Error;
use super::{App, Peer, auth};
use crate::account::Scope;
use crate::ask::model::Outcomes;
use crate::store::Store;

/// Who may read the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Readers {
    /// This machine, and whoever has a key of scope analytics:read
    Local,
    /// Whoever has a key of scope analytics:read
    Key,
    /// Everybody
    Public,
}

/// The files whose sizes are told.
const FILES: [&str; 6] = [
    "accounts.db",
    "accounts.db-wal",
    "events.db",
    "events.db-wal",
    "reports.db",
    "reports.db-wal",
];

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Event,
    Api,
    Export,
    Stream,
    Page,
    File,
    Watch,
    Other,
}

impl Route {
    const ALL: [(Route, &str); 8] = [
        (Route::Event, "event"),
        (Route::Api, "api"),
        (Route::Export, "export"),
        (Route::Stream, "stream"),
        (Route::Page, "page"),
        (Route::File, "file"),
        (Route::Watch, "watch"),
        (Route::Other, "other"),
    ];

    pub(super) fn of(path: &str) -> Route {
        match path {
            super::event::PATH => Route::Event,
            "/dashboard/analytics/live" | "/demo/live" => Route::Stream,
            "/healthz" | "/readyz" | "/metrics" => Route::Watch,
            "/favicon.ico" => Route::File,
            "/" => Route::Page,
            _ => {
                let under = |folders: &[&str]| folders.iter().any(|f| path.starts_with(f));
                if under(&["/api/v1/export/"]) {
                    Route::Export
                } else if under(&["/api/"]) {
                    Route::Api
                } else if under(&["/js/", "/assets/"]) {
                    Route::File
                } else if under(&[
                    "/dashboard",
                    "/demo",
                    "/docs",
                    "/login",
                    "/settings",
                    "/welcome",
                    "/invitation",
                    "/logout",
                ]) {
                    Route::Page
                } else {
                    Route::Other
                }
            }
        }
    }
}

const STATUSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

type Reasons = Family<[(&'static str, &'static str); 1], Counter>;

/// What is counted.
pub struct Metrics {
    readers: Readers,
    data: PathBuf,
    registry: Registry,
    filtered: Reasons,
    refused: Reasons,
    requests: [[Counter; STATUSES.len()]; Route::ALL.len()],
    /// Seconds from an event request's headers to its answer.
    pub(super) ingest: Histogram,
    /// Requests that have no answer yet.
    pub(super) in_flight: Gauge,
    /// Requests whose events wait to be on disk.
    pub(super) queue: Gauge,
    /// Connections that there was no room for.
    pub(super) turned_away: Counter,
    looked_up: LookedUp,
}

/// What is looked up when somebody asks.
#[derive(Default)]
struct LookedUp {
    body_bytes: Gauge,
    connections: Gauge,
    streams: Gauge,
    files: Family<[(&'static str, &'static str); 1], Gauge>,
    last_event: Gauge<f64, AtomicU64>,
    shipped: Counter,
    waiting: Gauge,
    fails: Gauge,
    memory: Gauge,
    processor: Counter<f64, AtomicU64>,
}

impl Metrics {
    /// Nothing counted yet. `data` is the folder of the files whose sizes are told; `queue` requests may wait; `model` is
    /// what a language model counts, where there is one.
    pub fn new(
        readers: Readers,
        data: PathBuf,
        store: &Store,
        queue: usize,
        model: Option<&Outcomes>,
    ) -> Metrics {
        let requests = Family::<[(&'static str, &'static str); 2], Counter>::default();
        let metrics = Metrics {
            readers,
            data,
            registry: Registry::default(),
            filtered: Reasons::default(),
            refused: Reasons::default(),
            requests: Route::ALL.map(|(_, route)| {
                STATUSES.map(|status| {
                    requests.get_or_create_owned(&[("route", route), ("status", status)])
                })
            }),
            ingest: Histogram::new(exponential_buckets(0.000_25, 4.0, 9)),
            in_flight: Gauge::default(),
            queue: Gauge::default(),
            turned_away: Counter::default(),
            looked_up: LookedUp::default(),
        };
        let capacity = Gauge::<i64>::default();
        capacity.set(i64::try_from(queue).unwrap_or(i64::MAX));
        Metrics {
            registry: registry(&metrics, store, capacity, requests, model),
            ..metrics
        }
    }

    /// Events of a request that are understood and not stored.
    pub(super) fn filtered(&self, reason: &'static str) {
        self.filtered.get_or_create(&[("reason", reason)]).inc();
    }

    /// Events that are not taken; a body as such counts as one.
    pub(super) fn refused(&self, code: &'static str, events: usize) {
        let counter = self.refused.get_or_create(&[("reason", code)]);
        counter.inc_by(events as u64);
    }

    pub(super) fn answered(&self, route: Route, status: StatusCode) {
        // 2xx first; there is no 1xx.
        let class = usize::from(status.as_u16() / 100).saturating_sub(2);
        self.requests[route as usize][class.min(STATUSES.len() - 1)].inc();
    }

    fn text(&self, app: &App) -> Result<String, std::fmt::Error> {
        let looked_up = &self.looked_up;
        looked_up.body_bytes.set(app.room.body_bytes() as i64);
        looked_up
            .connections
            .set(app.room.open_connections() as i64);
        looked_up.streams.set(app.room.open_streams() as i64);
        for file in FILES {
            let bytes = std::fs::metadata(self.data.join(file)).map_or(0, |file| file.len());
            let gauge = looked_up.files.get_or_create(&[("file", file)]);
            gauge.set(bytes as i64);
        }
        if let Some(queue) = app.store.reports().queue() {
            looked_up.waiting.set(queue.waiting as i64);
            looked_up.fails.set(queue.trouble.is_some().into());
            let shipped = looked_up.shipped.inner();
            shipped.store(queue.shipped, Ordering::Relaxed);
        }
        // A log that can't be read is no reason to tell nothing: /readyz says so.
        if let Ok(Some(at)) = app.store.last_event_at() {
            looked_up
                .last_event
                .set(at.as_millisecond() as f64 / 1000.0);
        }
        if let Some(process) = Process::look() {
            looked_up.memory.set(process.resident_bytes);
            let seconds = looked_up.processor.inner();
            seconds.store(process.processor_seconds.to_bits(), Ordering::Relaxed);
        }
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Everything that is told, with its name.
fn registry(
    metrics: &Metrics,
    store: &Store,
    capacity: Gauge,
    requests: Family<[(&'static str, &'static str); 2], Counter>,
    model: Option<&Outcomes>,
) -> Registry {
    let (state, looked_up) = (store.writer().state(), &metrics.looked_up);
    let mut registry = Registry::default();
    let admx = registry.sub_registry_with_prefix("admx");
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    admx.register("build", "Which admx this is", Info::new(version));
    admx.register(
        "events_stored",
        "Events that were stored since the start",
        state.stored.clone(),
    );
    admx.register(
        "events_duplicate",
        "Events that came again and were stored already",
        state.duplicates.clone(),
    );
    admx.register(
        "events_filtered",
        "Events that were understood and on purpose not stored",
        metrics.filtered.clone(),
    );
    admx.register(
        "events_refused",
        "Events that were not taken; a body that could not be read counts as one",
        metrics.refused.clone(),
    );
    admx.register(
        "last_event_timestamp_seconds",
        "When the event that was stored last happened",
        looked_up.last_event.clone(),
    );
    admx.register(
        "requests",
        "Requests that were answered, by what they are for",
        requests,
    );
    admx.register(
        "ingest_seconds",
        "From the headers of a request with events to its answer",
        metrics.ingest.clone(),
    );
    admx.register(
        "commit_events",
        "Events of one transaction",
        state.events.clone(),
    );
    admx.register(
        "commit_seconds",
        "Time of one transaction, with its sync to disk",
        state.seconds.clone(),
    );
    admx.register(
        "queue_length",
        "Requests whose events wait to be on disk",
        metrics.queue.clone(),
    );
    admx.register("queue_capacity", "Requests that may wait", capacity);
    admx.register(
        "requests_in_flight",
        "Requests that have no answer yet",
        metrics.in_flight.clone(),
    );
    admx.register(
        "body_bytes_in_flight",
        "Bytes of events that have no answer yet",
        looked_up.body_bytes.clone(),
    );
    admx.register(
        "connections",
        "Connections that are open",
        looked_up.connections.clone(),
    );
    admx.register(
        "connections_turned_away",
        "Connections that there was no room for",
        metrics.turned_away.clone(),
    );
    admx.register(
        "streams",
        "Live streams that are open",
        looked_up.streams.clone(),
    );
    admx.register(
        "file_bytes",
        "Sizes of the files in the data folder",
        looked_up.files.clone(),
    );
    if store.reports().queue().is_some() {
        admx.register(
            "clickhouse_events_shipped",
            "Events that went to the ClickHouse since the start",
            looked_up.shipped.clone(),
        );
        admx.register(
            "clickhouse_events_waiting",
            "Events that wait in the log to go there",
            looked_up.waiting.clone(),
        );
        admx.register(
            "clickhouse_failing",
            "Whether it didn't take them the last time",
            looked_up.fails.clone(),
        );
    }
    if let Some(outcomes) = model {
        admx.register(
            "ask_model_requests",
            "Questions that the language model was wanted for, by what became of them",
            outcomes.clone(),
        );
    }
    if Process::look().is_some() {
        registry.register(
            "process_resident_memory_bytes",
            "Memory that the server has",
            looked_up.memory.clone(),
        );
        registry.register(
            "process_cpu_seconds",
            "Processor time that the server has used",
            looked_up.processor.clone(),
        );
    }
    registry
}

/// One more, until it is dropped.
pub(super) struct Counted<'a>(&'a Gauge);

impl Counted<'_> {
    pub(super) fn new(gauge: &Gauge) -> Counted<'_> {
        gauge.inc();
        Counted(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What the kernel says of this process.
struct Process {
    resident_bytes: i64,
    processor_seconds: f64,
}

/// In which /proc counts processor time, on every Linux there is.
const TICKS_A_SECOND: f64 = 100.0;

impl Process {
    /// `None` where there is no /proc.
    fn look() -> Option<Process> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
        let kilobytes: i64 = resident.trim().strip_suffix(" kB")?.parse().ok()?;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is the program's name, in parentheses and with whatever spaces it has; utime is the 14th.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: Vec<f64> = ticks.map(str::parse).collect::<Result<_, _>>().ok()?;
        Some(Process {
            resident_bytes: kilobytes * 1024,
            processor_seconds: ticks.iter().sum::<f64>() / TICKS_A_SECOND,
        })
    }
}

/// What a proxy says of whom it asks for: a request that carries one comes from elsewhere, whatever the connection's other
/// end is.
const FORWARDED: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/// Whether a request may read the metrics.
pub(super) fn may_read(app: &App, peer: Option<&Peer>, headers: &HeaderMap) -> Result<(), Error> {
    let is_local = peer.is_some_and(|Peer(peer)| peer.ip().to_canonical().is_loopback())
        && !FORWARDED.iter().any(|name| headers.contains_key(*name));
    let is_open = match app.metrics.readers {
        Readers::Public => true,
        Readers::Local => is_local,
        Readers::Key => false,
    };
    if !is_open && auth::key(app, headers, Some(Scope::AnalyticsRead))?.is_none() {
        return Err(auth::unauthorized(
            "missing_authorization",
            "wanted the header Authorization: Bearer admx_sk_…, of a key with the scope analytics:read; or --metrics public",
        ));
    }
    Ok(())
}

/// `GET /metrics`
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let text = reading(move || Ok(app.metrics.text(&app))).await?;
    let kind = HeaderValue::from_static(prometheus_text::CONTENT_TYPE);
    let text = text.map_err(|_| {
        Error::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the metrics could not be written",
        )
    })?;
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_of_one_class() {
        for (path, expected) in [
            ("/api/event", "event"),
            ("/api/v1/analytics/goals", "api"),
            ("/api/v1/export/events.ndjson", "export"),
            ("/demo/live", "stream"),
            ("/demo", "page"),
            ("/", "page"),
            ("/dashboard/analytics", "page"),
            ("/js/script.js", "file"),
            ("/readyz", "watch"),
            ("/wp-login.php", "other"),
        ] {
            let route = Route::of(path);
            let (same, name) = Route::ALL[route as usize];
            assert_eq!((same, name), (route, expected), "{path}");
        }
    }
}
