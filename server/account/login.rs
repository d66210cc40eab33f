//! Logging in: one-time links, logins (what a browser's cookie stands for), and who somebody who is logged in is.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Accounts, Email, Hashed, Role, WorkspaceId, member};
use crate::token;

/// How long a link waits to be opened.
const LINK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a link that sets another password waits: it came by mail, which others may read later.
const RESET: SignedDuration = SignedDuration::from_hours(1);

/// How long a login lasts.
pub(crate) const LOGIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long after a login by link a password may be set without the one before: that is how a lost one is replaced.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// Bytes of a browser's name that are kept.
const AGENT: usize = 200;

/// A person who is logged in, and in which workspace they are now.
#[derive(Clone, Debug)]
pub struct User {
    /// Who they are.
    pub id: i64,
    /// Their address.
    pub email: String,
    /// Where they are now, of the workspaces that they belong to.
    pub workspace: WorkspaceId,
    /// What they may do there.
    pub role: Role,
    /// By which login.
    pub login: i64,
    /// Whether they have set a password.
    pub has_password: bool,
    /// Whether they may set one without the one before.
    pub may_replace_password: bool,
}

/// A login, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Login {
    /// To revoke it by.
    pub id: i64,
    /// What the browser calls itself.
    pub agent: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last, to a minute.
    pub seen_at: Timestamp,
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
    /// Too late, for one that sets another password.
    #[error("this link is older than an hour; ask for another one")]
    ResetExpired,
    /// Its owner took it back.
    #[error("this link was taken back")]
    Revoked,
    /// The file of accounts can't be read or written.
    #[error(transparent)]
    File(#[from] rusqlite::Error),
}

/// What a link is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Login,
    Reset,
}

/// Whose a link is, if it is good for that.
fn linked(
    connection: &Connection,
    link: &str,
    wanted: For,
    now: Timestamp,
) -> Result<i64, LinkError> {
    let found: Option<(i64, i64, Option<i64>)> = connection
        .query_row(
            "SELECT user, expires_at, used_at FROM login_link WHERE hash = ?1 AND is_reset = ?2",
            params![token::hash(link), wanted == For::Reset],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    match found {
        None => Err(LinkError::Unknown),
        Some((_, _, Some(_))) => Err(LinkError::Used),
        Some((_, expires_at, _)) if expires_at <= now.as_millisecond() => match wanted {
            For::Login => Err(LinkError::Expired),
            For::Reset => Err(LinkError::ResetExpired),
        },
        Some((user, _, None)) => Ok(user),
    }
}

/// Makes a link and gives its token. Links that nobody opened in time are forgotten.
fn give_link(
    connection: &mut Connection,
    user: i64,
    made_for: For,
    now: Timestamp,
) -> rusqlite::Result<String> {
    let secret = token::random(43);
    let (is_reset, waits) = match made_for {
        For::Login => (false, LINK),
        For::Reset => (true, RESET),
    };
    let transaction = connection.transaction()?;
    transaction.execute(
        "DELETE FROM login_link WHERE used_at IS NULL AND expires_at <= ?1",
        [(now - LINK).as_millisecond()],
    )?;
    transaction.execute(
        "INSERT INTO login_link (hash, user, expires_at, is_reset) VALUES (?1, ?2, ?3, ?4)",
        params![
            token::hash(&secret),
            user,
            (now + waits).as_millisecond(),
            is_reset
        ],
    )?;
    transaction.commit()?;
    Ok(secret)
}

fn email_of(connection: &Connection, user: i64) -> rusqlite::Result<String> {
    let email = "SELECT email FROM user WHERE id = ?1";
    connection.query_row(email, [user], |row| row.get(0))
}

/// Makes a login and gives its token.
pub(super) fn begin(
    connection: &Connection,
    user: i64,
    workspace: Option<WorkspaceId>,
    agent: &str,
    is_by_link: bool,
    now: Timestamp,
) -> rusqlite::Result<String> {
    let login = token::random(43);
    let agent = &agent[..agent.floor_char_boundary(AGENT)];
    connection.execute(
        "INSERT INTO login (hash, user, workspace, agent, is_by_link, created_at, seen_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
        params![
            token::hash(&login),
            user,
            workspace.map(|w| w.0),
            agent,
            is_by_link,
            now.as_millisecond(),
            (now + LOGIN).as_millisecond()
        ],
    )?;
    connection.execute(
        "DELETE FROM login WHERE expires_at <= ?1",
        [now.as_millisecond()],
    )?;
    Ok(login)
}

impl Accounts {
    /// Whether anyone ever logged in or can by a password.
    pub fn has_logins(&self) -> rusqlite::Result<bool> {
        self.read(|connection| {
            connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM login_link WHERE used_at IS NOT NULL)
                     OR EXISTS (SELECT 1 FROM user WHERE password IS NOT NULL)",
                [],
                |row| row.get(0),
            )
        })
    }

    /// The token of a fresh one-time link for this person.
    pub fn new_link(&self, user: i64, now: Timestamp) -> rusqlite::Result<String> {
        self.change(|connection| give_link(connection, user, For::Login, now))
    }

    /// Whose address a link is for, if it is good. It isn't used up.
    pub fn look_at_link(&self, link: &str, now: Timestamp) -> Result<String, LinkError> {
        let known = self.known(super::Freshness::Now)?;
        let user = linked(&known.connection, link, For::Login, now)?;
        Ok(email_of(&known.connection, user)?)
    }

    /// The token of a fresh link that sets another password, for the person with this address who belongs anywhere.
    pub fn new_reset(&self, email: &Email, now: Timestamp) -> rusqlite::Result<Option<String>> {
        self.change(|connection| {
            let user = connection
                .query_row(
                    "SELECT id FROM user WHERE email = ?1
                     AND EXISTS (SELECT 1 FROM membership WHERE membership.user = user.id)",
                    [email.as_str()],
                    |row| row.get(0),
                )
                .optional()?;
            user.map(|user| give_link(connection, user, For::Reset, now))
                .transpose()
        })
    }

    /// Whose address a link that sets another password is for, if it is good. It isn't used up.
    pub fn look_at_reset(&self, link: &str, now: Timestamp) -> Result<String, LinkError> {
        let known = self.known(super::Freshness::Now)?;
        let user = linked(&known.connection, link, For::Reset, now)?;
        Ok(email_of(&known.connection, user)?)
    }

    /// Sets a password by a link, uses up all links that wait for this person, ends all their logins, and gives the token
    /// of a new one.
    pub fn reset_password(
        &self,
        link: &str,
        password: &Hashed,
        agent: &str,
        now: Timestamp,
    ) -> Result<String, LinkError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let user = linked(&transaction, link, For::Reset, now)?;
            member::replace_password(&transaction, user, password, None, now)?;
            let login = begin(&transaction, user, None, agent, false, now)?;
            transaction.commit()?;
            Ok(login)
        })
    }

    /// Uses a link up and gives the token of the login it made.
    pub fn log_in(&self, link: &str, agent: &str, now: Timestamp) -> Result<String, LinkError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let user = linked(&transaction, link, For::Login, now)?;
            transaction.execute(
                "UPDATE login_link SET used_at = ?2 WHERE hash = ?1",
                params![token::hash(link), now.as_millisecond()],
            )?;
            let login = begin(&transaction, user, None, agent, true, now)?;
            transaction.commit()?;
            Ok(login)
        })
    }

    /// Makes a login for somebody whose password was right, and gives its token.
    pub fn begin_login(&self, user: i64, agent: &str, now: Timestamp) -> rusqlite::Result<String> {
        self.change(|connection| begin(connection, user, None, agent, false, now))
    }

    /// Who this login is. Somebody who belongs to no workspace is nobody here.
    pub fn user(&self, login: &str, now: Timestamp) -> rusqlite::Result<Option<User>> {
        let user = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT user.id, email, membership.workspace, role, login.id, password IS NOT NULL,
                        password IS NULL OR (is_by_link AND login.created_at > ?3)
                 FROM login JOIN user ON user.id = login.user JOIN membership ON membership.user = user.id
                 WHERE hash = ?1 AND expires_at > ?2
                 ORDER BY membership.workspace = login.workspace DESC, membership.workspace LIMIT 1",
            )?;
            let fresh = (now - FRESH).as_millisecond();
            statement
                .query_row(
                    params![token::hash(login), now.as_millisecond(), fresh],
                    |row| {
                        Ok(User {
                            id: row.get(0)?,
                            email: row.get(1)?,
                            workspace: WorkspaceId(row.get(2)?),
                            role: row.get(3)?,
                            login: row.get(4)?,
                            has_password: row.get(5)?,
                            may_replace_password: row.get(6)?,
                        })
                    },
                )
                .optional()
        })?;
        if let Some(user) = &user {
            self.used.note_login(user.login, now);
        }
        Ok(user)
    }

    /// Somebody's logins that have not run out, the one used last first.
    pub fn logins(&self, user: i64, now: Timestamp) -> rusqlite::Result<Vec<Login>> {
        let mut logins: Vec<Login> = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, agent, created_at, seen_at FROM login WHERE user = ?1 AND expires_at > ?2",
            )?;
            let rows = statement.query_map(params![user, now.as_millisecond()], |row| {
                Ok(Login {
                    id: row.get(0)?,
                    agent: row.get(1)?,
                    created_at: super::time(row.get(2)?),
                    seen_at: super::time(row.get(3)?),
                })
            })?;
            rows.collect()
        })?;
        for login in &mut logins {
            login.seen_at = self.used.login(login.id).unwrap_or(login.seen_at);
        }
        logins.sort_by_key(|login| std::cmp::Reverse((login.seen_at, login.id)));
        Ok(logins)
    }

    /// Ends one of somebody's logins.
    pub fn end_login(&self, user: i64, login: i64) -> rusqlite::Result<bool> {
        self.change(|connection| {
            let ended = connection.execute(
                "DELETE FROM login WHERE user = ?1 AND id = ?2",
                params![user, login],
            )?;
            Ok(ended > 0)
        })
    }

    /// Ends all of somebody's logins but one.
    pub fn end_other_logins(&self, user: i64, kept: i64) -> rusqlite::Result<()> {
        self.change(|connection| {
            connection.execute(
                "DELETE FROM login WHERE user = ?1 AND id <> ?2",
                params![user, kept],
            )?;
            Ok(())
        })
    }

    /// Goes to another workspace, in this login; says whether the person belongs to it.
    pub fn switch_workspace(&self, user: &User, workspace: WorkspaceId) -> rusqlite::Result<bool> {
        self.change(|connection| {
            let changed = connection.execute(
                "UPDATE login SET workspace = ?2 WHERE id = ?1
                 AND EXISTS (SELECT 1 FROM membership WHERE workspace = ?2 AND user = ?3)",
                params![user.login, workspace.0, user.id],
            )?;
            Ok(changed > 0)
        })
    }
}
