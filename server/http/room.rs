//! How much there may be at once: connections, bytes of bodies, live streams, passwords. What is past that is turned away, so that
//! no flood takes the memory of what was taken already.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::App;
use super::reply::Error;

/// How long a body waits for room.
const PATIENCE: Duration = Duration::from_secs(1);

/// Passwords that are hashed at once, each with 19 MiB, and how long one waits for its turn.
const HASHING: usize = 2;
const QUEUE: Duration = Duration::from_secs(5);

/// Connections that are told why they are turned away and may read it; past that one is just closed.
const FAREWELLS: usize = 64;

/// How much there may be at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections.
    pub connections: usize,
    /// Bytes of bodies that have no answer yet.
    pub body_bytes: usize,
    /// Live streams.
    pub streams: usize,
    /// Live streams of one address.
    pub streams_address: usize,
    /// How long a client may take nothing of its answer.
    pub write: Duration,
}

/// What is taken, and what is left.
pub struct Room {
    bounds: Bounds,
    connections: Arc<Semaphore>,
    farewells: Arc<Semaphore>,
    bodies: Semaphore,
    hashing: Semaphore,
    imports: Semaphore,
    streams: Mutex<HashMap<IpAddr, usize>>,
}

impl Room {
    /// All of it.
    pub fn new(bounds: Bounds) -> Room {
        Room {
            bounds,
            connections: Arc::new(Semaphore::new(bounds.connections)),
            farewells: Arc::new(Semaphore::new(FAREWELLS)),
            bodies: Semaphore::new(bounds.body_bytes),
            hashing: Semaphore::new(HASHING),
            imports: Semaphore::new(1),
            streams: Mutex::default(),
        }
    }

    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Room for a connection.
    pub(super) fn connection(&self) -> Option<OwnedSemaphorePermit> {
        self.connections.clone().try_acquire_owned().ok()
    }

    /// Room to tell a connection that there is none for it.
    pub(super) fn farewell(&self) -> Option<OwnedSemaphorePermit> {
        self.farewells.clone().try_acquire_owned().ok()
    }

    /// Room for bytes of a body, for which it waits a while. They are counted as they come: what a client only announces
    /// costs it nothing, and should keep nobody else out.
    pub(super) async fn bytes(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Error> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if let Ok(taken) = self.bodies.try_acquire_many(bytes) {
            return Ok(taken);
        }
        let waited = tokio::time::timeout(PATIENCE, self.bodies.acquire_many(bytes)).await;
        waited.ok().and_then(Result::ok).ok_or_else(|| {
            overloaded("more bytes are being sent to this server than it takes at once")
        })
    }

    /// Room to hash a password, for which it waits a while.
    pub(super) async fn hashing(&self) -> Result<SemaphorePermit<'_>, Error> {
        let waited = tokio::time::timeout(QUEUE, self.hashing.acquire()).await;
        waited
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| overloaded("more people are logging in than this server takes at once"))
    }

    /// Room to bring a file in.
    pub(super) fn import(&self) -> Result<SemaphorePermit<'_>, Error> {
        let taken = self.imports.try_acquire();
        taken.map_err(|_| {
            overloaded("another file is being brought in; this server takes one at a time")
        })
    }

    pub(super) fn open_connections(&self) -> usize {
        self.bounds.connections - self.connections.available_permits()
    }

    pub(super) fn body_bytes(&self) -> usize {
        self.bounds.body_bytes - self.bodies.available_permits()
    }

    pub(super) fn open_streams(&self) -> usize {
        self.streams().values().sum()
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for a live stream, until it is dropped.
pub(super) struct Place {
    app: Arc<App>,
    address: IpAddr,
}

impl Place {
    pub(super) fn take(app: &Arc<App>, address: IpAddr) -> Result<Place, Error> {
        let Bounds {
            streams: most,
            streams_address: most_here,
            ..
        } = app.room.bounds;
        let mut streams = app.room.streams();
        if streams.values().sum::<usize>() >= most {
            return Err(overloaded("this server has as many live streams as it may"));
        }
        let here = streams.entry(address).or_default();
        if *here >= most_here {
            return Err(overloaded(
                "this address has as many live streams as it may",
            ));
        }
        *here += 1;
        Ok(Place {
            app: app.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut streams = self.app.room.streams();
        if let Some(here) = streams.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                streams.remove(&self.address);
            }
        }
    }
}

/// There is no room now; there may be in a moment.
pub(super) fn overloaded(message: &'static str) -> Error {
    Error::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message)
        .with_header(header::RETRY_AFTER, 1)
}
