//! API keys: `admx_sk_…`, shown once, stored as SHA-256 and looked up by it. How long that takes tells at most how far
//! the hash of a guess is that of a key, which no guess gets nearer to; no secret is ever compared letter by letter.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{Accounts, ChangeError, Freshness, Name, WorkspaceId};
use crate::token::{self, Hash};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scope {
    /// Send events.
    #[value(name = "event:write")]
    EventWrite,
    /// Read every number.
    #[value(name = "analytics:read")]
    AnalyticsRead,
    /// Change sites, keys and people.
    #[value(name = "manage")]
    Manage,
}

impl Scope {
    /// Each.
    pub const ALL: [Scope; 3] = [Scope::EventWrite, Scope::AnalyticsRead, Scope::Manage];

    /// As it is stored and written in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::EventWrite => "event:write",
            Scope::AnalyticsRead => "analytics:read",
            Scope::Manage => "manage",
        }
    }
}

impl FromStr for Scope {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Scope, ChangeError> {
        let found = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| {
            ChangeError::Wrong("scopes: wanted are event:write, analytics:read or manage".into())
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key, without its secret.
#[derive(Clone, Debug)]
pub struct Key {
    /// For `key revoke`.
    pub id: i64,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is no longer taken.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, to a minute.
    pub used_at: Option<Timestamp>,
}

/// A key to be.
pub struct NewKey<'a> {
    /// What its owner calls it.
    pub name: &'a Name,
    /// What it may do.
    pub scopes: &'a [Scope],
    /// From when on it is no longer taken.
    pub expires_at: Option<Timestamp>,
}

/// Why a key isn't taken.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No such key.
    #[error("no key is known by this secret")]
    Unknown,
    /// Its time is over.
    #[error("the key expired at {0}")]
    Expired(Timestamp),
    /// Its owner took it back.
    #[error("the key was revoked at {0}")]
    Revoked(Timestamp),
    /// The file of accounts can't be read.
    #[error(transparent)]
    File(#[from] rusqlite::Error),
}

pub(super) fn all(connection: &Connection) -> rusqlite::Result<HashMap<Hash, Arc<Key>>> {
    let mut statement = connection.prepare_cached(
        "SELECT hash, id, workspace, name, scopes, created_at, expires_at, revoked_at, used_at FROM api_key",
    )?;
    let keys = statement.query_map([], |row| {
        let time = |column| {
            Ok::<_, rusqlite::Error>(
                row.get::<_, Option<i64>>(column)?
                    .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            )
        };
        let scopes: String = row.get(4)?;
        let key = Key {
            id: row.get(1)?,
            workspace: WorkspaceId(row.get(2)?),
            name: row.get(3)?,
            scopes: Scope::ALL
                .into_iter()
                .filter(|s| scopes.split(' ').any(|t| t == s.to_string()))
                .collect(),
            created_at: time(5)?.unwrap_or_default(),
            expires_at: time(6)?,
            revoked_at: time(7)?,
            used_at: time(8)?,
        };
        Ok((row.get(0)?, Arc::new(key)))
    })?;
    keys.collect()
}

impl Accounts {
    /// Makes a key and gives its number and its secret, which is shown this once.
    pub fn new_key(
        &self,
        workspace: WorkspaceId,
        new: &NewKey,
        now: Timestamp,
    ) -> Result<(i64, String), ChangeError> {
        if new.scopes.is_empty() {
            return Err(ChangeError::Wrong(
                "scopes: wanted is at least one of event:write, analytics:read, manage".into(),
            ));
        }
        let secret = format!("admx_sk_{}", token::random(43));
        let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        self.change(|connection| {
            connection.execute(
                "INSERT INTO api_key (workspace, name, hash, scopes, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    workspace.0,
                    new.name.as_str(),
                    token::hash(&secret),
                    scopes.join(" "),
                    now.as_millisecond(),
                    new.expires_at.map(Timestamp::as_millisecond)
                ],
            )?;
            Ok((connection.last_insert_rowid(), secret))
        })
    }

    /// The key with this secret, if it is good at `now`.
    pub fn key(&self, secret: &str, now: Timestamp) -> Result<Arc<Key>, KeyError> {
        let hash = token::hash(secret);
        let key = self
            .find(|known| known.keys.get(&hash).cloned())?
            .ok_or(KeyError::Unknown)?;
        match (key.revoked_at, key.expires_at) {
            (Some(at), _) => Err(KeyError::Revoked(at)),
            (_, Some(at)) if at <= now => Err(KeyError::Expired(at)),
            _ => {
                self.used.note_key(key.id, now);
                Ok(key)
            }
        }
    }

    /// A workspace's keys, oldest first.
    pub fn keys(&self, workspace: WorkspaceId) -> rusqlite::Result<Vec<Key>> {
        let known = self.known(Freshness::Now)?;
        let mut keys: Vec<_> = known
            .keys
            .values()
            .filter(|k| k.workspace == workspace)
            .map(|k| Key {
                used_at: self.used.key(k.id).or(k.used_at),
                ..Key::clone(k)
            })
            .collect();
        keys.sort_by_key(|k| k.id);
        Ok(keys)
    }

    /// Revokes a key; says whether there was one to revoke.
    pub fn revoke_key(
        &self,
        workspace: WorkspaceId,
        id: i64,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        self.change(|connection| {
            let changed = connection.execute(
                "UPDATE api_key SET revoked_at = coalesce(revoked_at, ?3) WHERE workspace = ?1 AND id = ?2",
                params![workspace.0, id, now.as_millisecond()],
            )?;
            Ok(changed > 0)
        })
    }
}
