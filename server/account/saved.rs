//! Saved views: pages of a site's numbers with their filters, under a name.

use jiff::Timestamp;
use rusqlite::params;

use super::{Accounts, ChangeError, Name};
use crate::store::event::SiteId;

/// Views that a site may have, and bytes of an address.
const MOST: i64 = 100;
const BYTES: usize = 8192;

/// A view.
#[derive(Clone, Debug)]
pub struct SavedView {
    /// To take it away by.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// The page and what stands behind its `?`: `analytics?site=…&range=7d`.
    pub address: String,
}

impl Accounts {
    /// Saves a view; one of the same name is replaced.
    pub fn save_view(
        &self,
        site: SiteId,
        name: &Name,
        address: &str,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        if address.len() > BYTES {
            return Err(ChangeError::Wrong("the view's address is too long".into()));
        }
        self.change(|connection| {
            let saved = connection.execute(
                "INSERT INTO saved_view (site, name, address, created_at) SELECT ?1, ?2, ?3, ?4
                 WHERE (SELECT count(*) FROM saved_view WHERE site = ?1 AND name <> ?2) < ?5
                 ON CONFLICT (site, name) DO UPDATE SET address = excluded.address",
                params![site.0, name.as_str(), address, now.as_millisecond(), MOST],
            )?;
            match saved {
                0 => Err(ChangeError::Conflict(
                    "this site has as many views as it may",
                )),
                _ => Ok(()),
            }
        })
    }

    /// A site's views by name.
    pub fn saved_views(&self, site: SiteId) -> rusqlite::Result<Vec<SavedView>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name, address FROM saved_view WHERE site = ?1 ORDER BY name",
            )?;
            let views = statement.query_map([site.0], |row| {
                Ok(SavedView {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    address: row.get(2)?,
                })
            })?;
            views.collect()
        })
    }

    /// Takes a view away.
    pub fn remove_view(&self, site: SiteId, id: i64) -> Result<(), ChangeError> {
        self.change(|connection| {
            let gone = connection.execute(
                "DELETE FROM saved_view WHERE site = ?1 AND id = ?2",
                [site.0, id],
            )?;
            match gone {
                0 => Err(ChangeError::Missing("there is no such view")),
                _ => Ok(()),
            }
        })
    }
}
