//! Which site saw a visitor last, of the visitors that were seen lately: so that a backend's event that names no site
//! needs no look into the file.

use std::sync::{Mutex, PoisonError};

use super::event::{Event, SiteId, VisitorKey};
use crate::recent::Recent;

/// Visitors that are remembered, at least.
const HELD: usize = 50_000;

/// Visitors and their sites.
pub(super) struct Seen(Mutex<Recent<VisitorKey, SiteId>>);

impl Default for Seen {
    fn default() -> Self {
        Seen(Mutex::new(Recent::new(HELD)))
    }
}

impl Seen {
    pub(super) fn site(&self, visitor: &VisitorKey) -> Option<SiteId> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(visitor).copied()
    }

    /// Takes in what was committed.
    pub(super) fn events<'a>(&self, events: impl Iterator<Item = &'a Event>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            let Some(visitor) = &event.visitor else {
                continue;
            };
            match held.get(visitor) {
                Some(site) => *site = event.site,
                None => held.insert(visitor.clone(), event.site),
            }
        }
    }

    /// Forgets all: events were taken out of the log.
    pub(super) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Recent::new(HELD);
    }
}
