//! Live streams: server-sent events of what was stored a moment ago.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, KeepAliveStream, Sse};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::broadcast;

use super::access::Access;
use super::api::reading;
use super::extract::Asked;
use super::reply::Error;
use super::room::Place;
use super::{App, Peer, auth, peer};
use crate::account::{Scope, Site, WorkspaceId};
use crate::store::event::{GoalName, SiteId};
use crate::store::{Fire, ReadError, Store};

/// How long a stream may be silent before it says that it is alive; as often it is asked whether it still may be read.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Events of the log that are told at a time to whoever was away.
const BACKLOG: usize = 100;

#[derive(Deserialize)]
pub(super) struct Parameters {
    site: Option<String>,
    after: Option<i64>,
}

type Fires = Sse<KeepAliveStream<BoxStream<'static, Result<Event, Infallible>>>>;

/// `GET /dashboard/analytics/live`: a site of the workspace that is logged in.
pub(super) async fn site(
    State(app): State<Arc<App>>,
    access: Access,
    Extension(from): Extension<Peer>,
    headers: HeaderMap,
    Asked(asked): Asked<Parameters>,
) -> Result<Fires, Error> {
    let site = auth::site(&app, access.workspace, asked.site.as_deref())?;
    let place = Place::take(&app, peer::client(from, &headers, &app.trusted_proxies))?;
    let after = heard(&headers).or(asked.after);
    let gone = gone(app.clone(), headers, access.workspace);
    Ok(fires(app, site, after, place, gone))
}

/// Comes back when the key or login of a request no longer reads the workspace.
async fn gone(app: Arc<App>, headers: HeaderMap, workspace: WorkspaceId) {
    loop {
        tokio::time::sleep(KEEP_ALIVE).await;
        let reads = match auth::key(&app, &headers, Some(Scope::AnalyticsRead)) {
            Ok(Some(key)) => Some(key.workspace),
            Ok(None) => auth::user(&app, &headers, app.clock.now())
                .ok()
                .flatten()
                .map(|user| user.workspace),
            Err(_) => None,
        };
        if reads != Some(workspace) {
            return;
        }
    }
}

/// `GET /demo/live`: the demo's site, for everybody.
pub(super) async fn demo(
    State(app): State<Arc<App>>,
    Extension(from): Extension<Peer>,
    headers: HeaderMap,
    Asked(asked): Asked<Parameters>,
) -> Result<Fires, Error> {
    let demo = app.demo.clone();
    let place = Place::take(&app, peer::client(from, &headers, &app.trusted_proxies))?;
    let after = heard(&headers).or(asked.after);
    Ok(fires(app, demo, after, place, std::future::pending()))
}

/// The last event that a browser heard of before it connected again.
fn heard(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// A site's events from the one after `after` on, without one from now on, until whoever hears them is `gone`.
fn fires(
    app: Arc<App>,
    site: Arc<Site>,
    after: Option<i64>,
    place: Place,
    gone: impl Future<Output = ()> + Send + 'static,
) -> Fires {
    let mut stopping = app.stopping.clone();
    let last = app.store.last_id().unwrap_or(i64::MAX);
    let feed = Feed {
        news: app.store.live().listen(),
        waiting: VecDeque::new(),
        is_behind: after.is_some(),
        // A log that was put back from a copy may end before what a page has heard.
        after: after.map_or(last, |after| after.min(last)),
        site,
        app,
        _place: place,
    };
    let events = stream::unfold(feed, |mut feed| async move {
        let fire = feed.next().await?;
        let event = Event::default()
            .event("fire")
            .id(fire.id.to_string())
            .json_data(told(&fire, &feed.site));
        // What was stored can be written as JSON; if not, it is on the page at the next look.
        Some((Ok(event.unwrap_or_default()), feed))
    });
    let stop = async move {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = gone => {}
        }
    };
    Sse::new(events.take_until(Box::pin(stop)).boxed())
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// What one listener hears: first what the log has that they don't, then the news.
struct Feed {
    app: Arc<App>,
    site: Arc<Site>,
    news: broadcast::Receiver<(SiteId, Fire)>,
    waiting: VecDeque<Fire>,
    after: i64,
    is_behind: bool,
    _place: Place,
}

impl Feed {
    async fn next(&mut self) -> Option<Fire> {
        loop {
            if let Some(fire) = self.waiting.pop_front() {
                if fire.id > self.after {
                    self.after = fire.id;
                    return Some(fire);
                }
            } else if self.is_behind {
                let (app, site, after) = (self.app.clone(), self.site.id, self.after);
                let missed = reading(move || app.store.after(site, after, BACKLOG))
                    .await
                    .ok()?;
                self.is_behind = missed.len() == BACKLOG;
                self.waiting.extend(missed);
            } else {
                match self.news.recv().await {
                    Ok((site, fire)) if site == self.site.id => self.waiting.push_back(fire),
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => self.is_behind = true,
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        }
    }
}

/// A fire as pages show it.
fn told(fire: &Fire, site: &Site) -> live::Fire {
    let shown = |name: &GoalName| site.goals.shown(name.as_str()).to_owned();
    live::Fire {
        name: fire.goal.as_ref().map(shown),
        reserved: fire.goal.as_ref().is_some_and(|goal| goal.is_reserved()),
        time: fire
            .at
            .to_zoned(site.zone.clone())
            .strftime("%H:%M:%S")
            .to_string(),
        url: fire.url.clone(),
        metadata: fire.metadata.as_ref().map(|m| m.0.clone()),
    }
}

/// The latest fires as pages show them, newest first.
pub(super) fn latest(
    store: &Store,
    site: &Site,
    most: usize,
) -> Result<Vec<live::Fire>, ReadError> {
    Ok(store
        .latest(site.id, most)?
        .iter()
        .map(|fire| told(fire, site))
        .collect())
}
