//! Workspaces, sites, keys and logins: always SQLite, in `accounts.db`, apart from the event log.
//!
//! What every request needs (sites, keys) is held in memory and read anew when another process, such as
//! `admx site add` beside a running server, has changed the file. Leaves to [`http`](crate::http): what a key's scope
//! is good for.

mod key;
mod login;
mod schema;
mod site;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::token::Hash;
pub use key::{Key, KeyError, Scope};
pub(crate) use login::LOGIN;
pub use login::{LinkError, User};
pub use site::{Site, SiteError};

/// Which workspace something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkspaceId(pub(crate) i64);

/// The file of accounts.
pub struct Accounts {
    inner: Mutex<Inner>,
}

struct Inner {
    connection: Connection,
    /// SQLite's `data_version` that the maps below are of.
    version: Option<i64>,
    sites: HashMap<String, Arc<Site>>,
    keys: HashMap<Hash, Arc<Key>>,
}

impl Accounts {
    /// Opens the accounts in `folder`, making the file and a first workspace where there is none.
    pub fn open(folder: &Path, now: Timestamp) -> anyhow::Result<Accounts> {
        let connection = schema::open(&folder.join("accounts.db"))?;
        connection.execute(
            "INSERT INTO workspace (name, created_at) SELECT 'My workspace', ?1 WHERE NOT EXISTS (SELECT 1 FROM workspace)",
            params![now.as_millisecond()],
        )?;
        let inner = Inner {
            connection,
            version: None,
            sites: HashMap::new(),
            keys: HashMap::new(),
        };
        Ok(Accounts {
            inner: Mutex::new(inner),
        })
    }

    /// The workspace that the command line works in: the first.
    pub fn first_workspace(&self) -> anyhow::Result<WorkspaceId> {
        let id = self
            .lock()
            .connection
            .query_row("SELECT min(id) FROM workspace", [], |row| row.get(0))?;
        Ok(WorkspaceId(id))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, with what is held in memory as it is in the file now.
    fn fresh(&self) -> rusqlite::Result<MutexGuard<'_, Inner>> {
        let mut inner = self.lock();
        let version = inner
            .connection
            .query_row_and_then("PRAGMA data_version", [], |row| row.get(0))?;
        if inner.version != Some(version) {
            inner.sites = site::all(&inner.connection)?;
            inner.keys = key::all(&inner.connection)?;
            inner.version = Some(version);
        }
        Ok(inner)
    }

    /// Runs `work` on the file and forgets what is held in memory: SQLite doesn't count a connection's own changes.
    fn change<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut inner = self.lock();
        inner.version = None;
        work(&mut inner.connection)
    }
}
