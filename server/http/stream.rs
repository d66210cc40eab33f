//! Live streams: server-sent events of what was stored a moment ago.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use jiff::tz::TimeZone;
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

use super::reply::Error;
use super::{App, auth};
use crate::account::Site;
use crate::store::{Fire, Store};

/// How long a stream may be silent before it says that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub(super) struct Asked {
    site: Option<String>,
}

/// `GET /dashboard/analytics/live`: a site of the workspace that is logged in.
pub(super) async fn site(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Error> {
    let workspace = auth::reader(&app, &headers)?;
    let site = auth::site(&app, workspace, asked.site.as_deref())?;
    Ok(fires(&app, site))
}

/// `GET /demo/live`: the demo's site, for everybody.
pub(super) async fn demo(State(app): State<Arc<App>>) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    fires(&app, app.demo.clone())
}

fn fires(app: &App, site: Arc<Site>) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let heard = BroadcastStream::new(app.store.live().listen());
    let news = heard.filter_map(move |news| {
        let event = match news {
            Ok((of, fire)) if of == site.id => Event::default().event("fire").json_data(told(&fire, &site.zone)).ok(),
            Ok(_) => None,
            // Behind: whoever reads fetches the numbers anew.
            Err(_) => Some(Event::default().event("hello").data("missed")),
        };
        std::future::ready(event)
    });
    let hello = stream::once(std::future::ready(Event::default().event("hello").data("ready")));
    let stopping = app.stopping.clone();
    let stop = async move {
        let mut stopping = stopping;
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    Sse::new(hello.chain(news).take_until(stop).map(Ok)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// A fire as pages show it.
pub(super) fn told(fire: &Fire, zone: &TimeZone) -> live::Fire {
    live::Fire {
        name: fire.goal.as_ref().map(|goal| goal.as_str().to_owned()),
        reserved: fire.goal.as_ref().is_some_and(|goal| goal.is_reserved()),
        time: fire.at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string(),
        url: fire.url.clone(),
        metadata: fire.metadata.as_ref().map(|m| m.0.clone()),
    }
}

/// The latest fires as pages show them, newest first.
pub(super) fn latest(store: &Store, site: &Site, most: u32) -> rusqlite::Result<Vec<live::Fire>> {
    Ok(store.latest(site.id, most)?.iter().map(|fire| told(fire, &site.zone)).collect())
}
