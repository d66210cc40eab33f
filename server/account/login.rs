//! Logging in: a one-time link for now, and the cookie it leaves. Passwords come with the accounts.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::{Accounts, WorkspaceId};
use crate::token;

/// How long a link waits to be opened.
const LINK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a login lasts.
pub(crate) const LOGIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A person who may look at a workspace.
#[derive(Clone, Debug)]
pub struct User {
    /// What they may see.
    pub workspace: WorkspaceId,
    /// Who they are.
    pub email: String,
}

/// Why a link doesn't log in.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Never given out.
    #[error("no such link was ever given out")]
    Unknown,
    /// A second visit.
    #[error("this link was used already; a link works once")]
    Used,
    /// Too late.
    #[error("this link is older than 7 days")]
    Expired,
    /// The file of accounts can't be read or written.
    #[error(transparent)]
    File(#[from] rusqlite::Error),
}

impl Accounts {
    /// Whether anyone has ever been logged in.
    pub fn has_logins(&self) -> rusqlite::Result<bool> {
        self.read(|connection| {
            connection.query_row("SELECT EXISTS (SELECT 1 FROM login)", [], |row| row.get(0))
        })
    }

    /// The token of a fresh one-time link for the person with this address, who is added where unknown.
    pub fn new_link(
        &self,
        workspace: WorkspaceId,
        email: &str,
        now: Timestamp,
    ) -> rusqlite::Result<String> {
        let secret = token::random(43);
        self.change(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO user (workspace, email, created_at) VALUES (?1, ?2, ?3) ON CONFLICT (email) DO NOTHING",
                params![workspace.0, email, now.as_millisecond()],
            )?;
            transaction.execute(
                "INSERT INTO login_link (hash, user, expires_at) SELECT ?1, id, ?3 FROM user WHERE email = ?2",
                params![token::hash(&secret), email, (now + LINK).as_millisecond()],
            )?;
            transaction.commit()?;
            Ok(secret)
        })
    }

    /// Uses a link up and gives the token of the login it made.
    pub fn log_in(&self, link: &str, now: Timestamp) -> Result<String, LinkError> {
        let login = token::random(43);
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let found: Option<(i64, i64, Option<i64>)> = transaction
                .query_row(
                    "SELECT user, expires_at, used_at FROM login_link WHERE hash = ?1",
                    params![token::hash(link)],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()?;
            let user = match found {
                None => return Err(LinkError::Unknown),
                Some((_, _, Some(_))) => return Err(LinkError::Used),
                Some((_, expires_at, _)) if expires_at <= now.as_millisecond() => {
                    return Err(LinkError::Expired);
                }
                Some((user, _, None)) => user,
            };
            transaction.execute(
                "UPDATE login_link SET used_at = ?2 WHERE hash = ?1",
                params![token::hash(link), now.as_millisecond()],
            )?;
            transaction.execute(
                "INSERT INTO login (hash, user, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
                params![
                    token::hash(&login),
                    user,
                    now.as_millisecond(),
                    (now + LOGIN).as_millisecond()
                ],
            )?;
            transaction.commit()?;
            Ok(login)
        })
    }

    /// Who this login is.
    pub fn user(&self, login: &str, now: Timestamp) -> rusqlite::Result<Option<User>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT workspace, email FROM login JOIN user ON user.id = login.user
                 WHERE hash = ?1 AND expires_at > ?2",
            )?;
            statement
                .query_row(params![token::hash(login), now.as_millisecond()], |row| {
                    Ok(User {
                        workspace: WorkspaceId(row.get(0)?),
                        email: row.get(1)?,
                    })
                })
                .optional()
        })
    }
}
