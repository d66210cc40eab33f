//! Invitations: a link that makes somebody a member, once, within seven days, unless it is taken back.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::login::{LinkError, begin};
use super::{Accounts, ChangeError, Email, Hashed, Role, WorkspaceId, member};
use crate::token;

/// How long it waits.
const INVITATION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An invitation, without its link.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// To take it back by.
    pub id: i64,
    /// Whom it is for.
    pub email: Email,
    /// Where to.
    pub workspace: WorkspaceId,
    /// What that workspace is called.
    pub workspace_name: String,
    /// What they will be.
    pub role: Role,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether there is such a person already. They accept by showing that it's them: the link went through other hands,
    /// and whoever has it must not get into other workspaces of theirs.
    pub has_account: bool,
}

const COLUMNS: &str = "SELECT invitation.id, invitation.email, invitation.workspace, name, invitation.role, expires_at,
        EXISTS (SELECT 1 FROM user LEFT JOIN membership ON membership.user = user.id
                WHERE user.email = invitation.email AND (password IS NOT NULL OR membership.role IS NOT NULL)), accepted_at, revoked_at
     FROM invitation JOIN workspace ON workspace.id = invitation.workspace";

fn invitation(row: &rusqlite::Row) -> rusqlite::Result<Invitation> {
    let email: String = row.get(1)?;
    Ok(Invitation {
        id: row.get(0)?,
        email: Email::parse(&email).map_err(|_| rusqlite::Error::InvalidQuery)?,
        workspace: WorkspaceId(row.get(2)?),
        workspace_name: row.get(3)?,
        role: row.get(4)?,
        expires_at: super::time(row.get(5)?),
        has_account: row.get(6)?,
    })
}

fn find(connection: &Connection, link: &str, now: Timestamp) -> Result<Invitation, LinkError> {
    let sql = format!("{COLUMNS} WHERE hash = ?1");
    let found = connection
        .query_row(&sql, params![token::hash(link)], |row| {
            let is_used = row.get::<_, Option<i64>>(7)?.is_some();
            let is_revoked = row.get::<_, Option<i64>>(8)?.is_some();
            Ok((invitation(row)?, is_used, is_revoked))
        })
        .optional()?;
    match found {
        None => Err(LinkError::Unknown),
        Some((_, true, _)) => Err(LinkError::Used),
        Some((_, _, true)) => Err(LinkError::Revoked),
        Some((invitation, _, _)) if invitation.expires_at <= now => Err(LinkError::Expired),
        Some((invitation, _, _)) => Ok(invitation),
    }
}

impl Accounts {
    /// Invites the person with this address and gives the token of the link. An earlier invitation of theirs to the same
    /// workspace is taken back.
    pub fn invite(
        &self,
        workspace: WorkspaceId,
        email: &Email,
        role: Role,
        now: Timestamp,
    ) -> Result<String, ChangeError> {
        let secret = token::random(43);
        if self.member(workspace, email).is_ok() {
            return Err(ChangeError::Conflict(
                "email: this person is in the workspace already",
            ));
        }
        self.change(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "UPDATE invitation SET revoked_at = ?3
                 WHERE workspace = ?1 AND email = ?2 AND revoked_at IS NULL AND accepted_at IS NULL",
                params![workspace.0, email.as_str(), now.as_millisecond()],
            )?;
            transaction.execute(
                "INSERT INTO invitation (hash, workspace, email, role, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    token::hash(&secret),
                    workspace.0,
                    email.as_str(),
                    role.as_str(),
                    now.as_millisecond(),
                    (now + INVITATION).as_millisecond()
                ],
            )?;
            transaction.commit()?;
            Ok(secret)
        })
    }

    /// A workspace's invitations that wait, oldest first.
    pub fn invitations(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> rusqlite::Result<Vec<Invitation>> {
        self.read(|connection| {
            let sql = format!(
                "{COLUMNS} WHERE invitation.workspace = ?1 AND expires_at > ?2
                 AND accepted_at IS NULL AND revoked_at IS NULL ORDER BY invitation.id"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows =
                statement.query_map(params![workspace.0, now.as_millisecond()], invitation)?;
            rows.collect()
        })
    }

    /// Takes an invitation back; says whether there was one that waited.
    pub fn revoke_invitation(
        &self,
        workspace: WorkspaceId,
        id: i64,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        self.change(|connection| {
            let changed = connection.execute(
                "UPDATE invitation SET revoked_at = ?3
                 WHERE workspace = ?1 AND id = ?2 AND accepted_at IS NULL AND revoked_at IS NULL",
                params![workspace.0, id, now.as_millisecond()],
            )?;
            Ok(changed > 0)
        })
    }

    /// What a link invites to, if it is good. It isn't used up.
    pub fn look_at_invitation(&self, link: &str, now: Timestamp) -> Result<Invitation, LinkError> {
        let known = self.known(super::Freshness::Now)?;
        find(&known.connection, link, now)
    }

    /// Makes the invited person a member, uses the link up, and gives the token of a login in that workspace. The
    /// `password` is that of somebody new; of somebody who was there already it must be known that it's them.
    pub fn accept(
        &self,
        link: &str,
        password: Option<&Hashed>,
        agent: &str,
        now: Timestamp,
    ) -> Result<String, LinkError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let invitation = find(&transaction, link, now)?;
            let user = member::person(&transaction, &invitation.email, now)?;
            match (password, invitation.has_account) {
                (None, true) => {}
                (Some(password), false) => {
                    transaction.execute(
                        "UPDATE user SET password = ?2 WHERE id = ?1",
                        params![user, password.0],
                    )?;
                }
                // What the person is has changed since the page was asked for.
                _ => return Err(LinkError::Unknown),
            }
            member::join(
                &transaction,
                invitation.workspace,
                user,
                invitation.role,
                now,
            )?;
            transaction.execute(
                "UPDATE invitation SET accepted_at = ?2 WHERE id = ?1",
                params![invitation.id, now.as_millisecond()],
            )?;
            let login = begin(
                &transaction,
                user,
                Some(invitation.workspace),
                agent,
                false,
                now,
            )?;
            transaction.commit()?;
            Ok(login)
        })
    }
}
