//! People, and what they are in which workspace.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};

use super::password::Stored;
use super::{Accounts, ChangeError, Email, Hashed, Name, WorkspaceId};

/// The address of whoever opens the first link, until they give their own.
pub const ADMINISTRATOR: &str = "admin@localhost";

/// What somebody may do in a workspace: each more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Changes sites and keys too.
    Editor,
    /// Changes people too.
    Owner,
}

impl Role {
    /// Each, the one who may most first.
    pub const ALL: [Role; 3] = [Role::Owner, Role::Editor, Role::Viewer];

    /// As it is stored and written in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Editor => "editor",
            Role::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Role, ChangeError> {
        let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| ChangeError::Wrong("role: wanted is owner, editor or viewer".into()))
    }
}

impl FromSql for Role {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Role> {
        value
            .as_str()?
            .parse()
            .map_err(|_| FromSqlError::InvalidType)
    }
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The key in every table.
    pub id: WorkspaceId,
    /// What its people call it.
    pub name: String,
}

/// Somebody in a workspace.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub user: i64,
    /// Their address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
    /// Whether they can log in by a password.
    pub has_password: bool,
}

const LAST_OWNER: ChangeError = ChangeError::Conflict(
    "a workspace needs an owner, and it would have none; make somebody else an owner first",
);

const NO_MEMBER: ChangeError = ChangeError::Missing("there is no such person in this workspace");

/// Refuses what would leave a workspace without an owner.
fn needs_owner(connection: &Connection, workspace: WorkspaceId) -> Result<(), ChangeError> {
    let has_owner: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM membership WHERE workspace = ?1 AND role = 'owner')",
        [workspace.0],
        |row| row.get(0),
    )?;
    if has_owner { Ok(()) } else { Err(LAST_OWNER) }
}

/// The person with this address, added where unknown.
pub(super) fn person(
    connection: &Connection,
    email: &Email,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    connection.execute(
        "INSERT INTO user (email, created_at) VALUES (?1, ?2) ON CONFLICT (email) DO NOTHING",
        params![email.as_str(), now.as_millisecond()],
    )?;
    connection.query_row(
        "SELECT id FROM user WHERE email = ?1",
        [email.as_str()],
        |row| row.get(0),
    )
}

/// Makes somebody a member; who is one already has that role from now on.
pub(super) fn join(
    connection: &Connection,
    workspace: WorkspaceId,
    user: i64,
    role: Role,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO membership VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (workspace, user) DO UPDATE SET role = excluded.role",
        params![workspace.0, user, role.as_str(), now.as_millisecond()],
    )?;
    Ok(())
}

/// Sets a password, ends all logins but `kept`, and uses up the links that wait.
pub(super) fn replace_password(
    connection: &Connection,
    user: i64,
    password: &Hashed,
    kept: Option<i64>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE user SET password = ?2 WHERE id = ?1",
        params![user, password.0],
    )?;
    connection.execute(
        "DELETE FROM login WHERE user = ?1 AND id IS NOT ?2",
        params![user, kept],
    )?;
    connection.execute(
        "UPDATE login_link SET used_at = ?2 WHERE user = ?1 AND used_at IS NULL",
        params![user, now.as_millisecond()],
    )?;
    Ok(())
}

impl Accounts {
    /// All workspaces, oldest first.
    pub fn workspaces(&self) -> rusqlite::Result<Vec<Workspace>> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, name FROM workspace ORDER BY id")?;
            let rows = statement.query_map([], workspace)?;
            rows.collect()
        })
    }

    /// The workspaces of a person, oldest first.
    pub fn workspaces_of(&self, user: i64) -> rusqlite::Result<Vec<Workspace>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name FROM workspace JOIN membership ON membership.workspace = workspace.id
                 WHERE membership.user = ?1 ORDER BY id",
            )?;
            let rows = statement.query_map([user], workspace)?;
            rows.collect()
        })
    }

    /// What a workspace is called.
    pub fn workspace_name(&self, workspace: WorkspaceId) -> rusqlite::Result<String> {
        self.read(|connection| {
            connection.query_row(
                "SELECT name FROM workspace WHERE id = ?1",
                [workspace.0],
                |row| row.get(0),
            )
        })
    }

    /// Makes a workspace.
    pub fn add_workspace(&self, name: &Name, now: Timestamp) -> rusqlite::Result<WorkspaceId> {
        self.change(|connection| {
            connection.execute(
                "INSERT INTO workspace (name, created_at) VALUES (?1, ?2)",
                params![name.as_str(), now.as_millisecond()],
            )?;
            Ok(WorkspaceId(connection.last_insert_rowid()))
        })
    }

    /// Calls a workspace something else.
    pub fn rename_workspace(&self, workspace: WorkspaceId, name: &Name) -> rusqlite::Result<()> {
        self.change(|connection| {
            connection.execute(
                "UPDATE workspace SET name = ?2 WHERE id = ?1",
                params![workspace.0, name.as_str()],
            )?;
            Ok(())
        })
    }

    /// A workspace's people: those who may most first, then by address.
    pub fn members(&self, workspace: WorkspaceId) -> rusqlite::Result<Vec<Member>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT user.id, email, role, membership.created_at, password IS NOT NULL
                 FROM membership JOIN user ON user.id = membership.user WHERE workspace = ?1 ORDER BY email",
            )?;
            let rows = statement.query_map([workspace.0], |row| {
                Ok(Member {
                    user: row.get(0)?,
                    email: row.get(1)?,
                    role: row.get(2)?,
                    since: super::time(row.get(3)?),
                    has_password: row.get(4)?,
                })
            })?;
            let mut members: Vec<_> = rows.collect::<Result<_, _>>()?;
            members.sort_by_key(|member| std::cmp::Reverse(member.role));
            Ok(members)
        })
    }

    /// Adds somebody to a workspace, or gives them another role in it.
    pub fn add_member(
        &self,
        workspace: WorkspaceId,
        email: &Email,
        role: Role,
        now: Timestamp,
    ) -> Result<i64, ChangeError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let user = person(&transaction, email, now)?;
            join(&transaction, workspace, user, role, now)?;
            needs_owner(&transaction, workspace)?;
            transaction.commit()?;
            Ok(user)
        })
    }

    /// Gives a member another role.
    pub fn set_role(
        &self,
        workspace: WorkspaceId,
        user: i64,
        role: Role,
    ) -> Result<(), ChangeError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let changed = transaction.execute(
                "UPDATE membership SET role = ?3 WHERE workspace = ?1 AND user = ?2",
                params![workspace.0, user, role.as_str()],
            )?;
            if changed == 0 {
                return Err(NO_MEMBER);
            }
            needs_owner(&transaction, workspace)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Takes somebody out of a workspace, at once; their logins go on where they are in another one.
    pub fn remove_member(&self, workspace: WorkspaceId, user: i64) -> Result<(), ChangeError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let removed = transaction.execute(
                "DELETE FROM membership WHERE workspace = ?1 AND user = ?2",
                params![workspace.0, user],
            )?;
            if removed == 0 {
                return Err(NO_MEMBER);
            }
            transaction.execute(
                "DELETE FROM report WHERE user = ?2 AND site IN (SELECT id FROM site WHERE workspace = ?1)",
                params![workspace.0, user],
            )?;
            needs_owner(&transaction, workspace)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// The member of a workspace with this address.
    pub fn member(&self, workspace: WorkspaceId, email: &Email) -> Result<Member, ChangeError> {
        let members = self.members(workspace)?;
        let found = members.into_iter().find(|m| m.email == email.as_str());
        found.ok_or(NO_MEMBER)
    }

    /// What is stored of the password of the person with this address. There is an answer for an address that nobody
    /// has, too: comparing with it takes as long, and nothing is right.
    pub fn stored_password(&self, email: &Email) -> rusqlite::Result<Stored> {
        let found = self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, password FROM user WHERE email = ?1")?;
            statement
                .query_row([email.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })?;
        let (user, hash) = found.unwrap_or((0, None));
        Ok(Stored {
            user,
            email: email.clone(),
            hash,
        })
    }

    /// Sets a password and ends all of this person's logins but `kept`; links that wait for them are used up.
    pub fn set_password(
        &self,
        user: i64,
        password: &Hashed,
        kept: i64,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            replace_password(&transaction, user, password, Some(kept), now)?;
            transaction.execute("UPDATE login SET is_by_link = 0 WHERE id = ?1", [kept])?;
            transaction.commit()
        })
    }

    /// Gives whoever opened the first link their own address.
    pub fn name_administrator(&self, user: i64, email: &Email) -> Result<(), ChangeError> {
        self.change(|connection| {
            let taken: bool = connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM user WHERE email = ?1 AND id <> ?2)",
                params![email.as_str(), user],
                |row| row.get(0),
            )?;
            if taken {
                return Err(ChangeError::Conflict(
                    "email: there is a person with this address already; `admx user link` prints a link for them",
                ));
            }
            connection.execute(
                "UPDATE user SET email = ?2 WHERE id = ?1 AND email = ?3",
                params![user, email.as_str(), ADMINISTRATOR],
            )?;
            Ok(())
        })
    }
}

fn workspace(row: &rusqlite::Row) -> rusqlite::Result<Workspace> {
    Ok(Workspace {
        id: WorkspaceId(row.get(0)?),
        name: row.get(1)?,
    })
}
