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

pub use crate::store::event::WorkspaceId;
use crate::token::Hash;
pub use key::{Key, KeyError, Scope};
pub(crate) use login::LOGIN;
pub use login::{LinkError, User};
pub use site::{Site, SiteError};

/// The file of accounts. Two connections: nobody who reads waits for one who writes.
pub struct Accounts {
    known: Mutex<Known>,
    writer: Mutex<Connection>,
}

/// What every request needs.
struct Known {
    connection: Connection,
    /// SQLite's `data_version` that the maps below are of.
    version: Option<i64>,
    sites: HashMap<String, Arc<Site>>,
    keys: HashMap<Hash, Arc<Key>>,
}

impl Accounts {
    /// Opens the accounts in `folder`, making the file and a first workspace where there is none.
    pub fn open(folder: &Path, now: Timestamp) -> anyhow::Result<Accounts> {
        let file = folder.join("accounts.db");
        let writer = schema::open(&file)?;
        writer.execute(
            "INSERT INTO workspace (name, created_at)
             SELECT 'My workspace', ?1 WHERE NOT EXISTS (SELECT 1 FROM workspace)",
            params![now.as_millisecond()],
        )?;
        let known = Known {
            connection: schema::open(&file)?,
            version: None,
            sites: HashMap::new(),
            keys: HashMap::new(),
        };
        Ok(Accounts {
            known: Mutex::new(known),
            writer: Mutex::new(writer),
        })
    }

    /// The workspace that the command line works in: the first.
    pub fn first_workspace(&self) -> rusqlite::Result<WorkspaceId> {
        self.read(|connection| {
            connection.query_row("SELECT min(id) FROM workspace", [], |row| {
                row.get(0).map(WorkspaceId)
            })
        })
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        work(
            &self
                .known
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .connection,
        )
    }

    /// What is held in memory, as it is in the file now.
    fn known(&self) -> rusqlite::Result<MutexGuard<'_, Known>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Every request asks, so the statement is kept.
        let version = known
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if known.version != Some(version) {
            known.sites = site::all(&known.connection)?;
            known.keys = key::all(&known.connection)?;
            known.version = Some(version);
        }
        Ok(known)
    }

    fn change<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        work(&mut self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
