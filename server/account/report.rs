//! Reports by mail: who gets one of which site, how often; and what links in mails are signed with.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, params};

use super::{Accounts, ChangeError, Site, WorkspaceId, site};
use crate::store::event::SiteId;
use crate::token;

/// How often a report comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Every {
    /// Each morning, of the day before.
    Day,
    /// On Mondays, of the week before.
    Week,
}

impl Every {
    /// Each.
    pub const ALL: [Every; 2] = [Every::Day, Every::Week];

    /// As it is stored and written in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Every::Day => "day",
            Every::Week => "week",
        }
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Every {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Every, ChangeError> {
        let found = Every::ALL.into_iter().find(|every| every.as_str() == text);
        found.ok_or_else(|| ChangeError::Wrong("every: wanted is day or week".into()))
    }
}

impl FromSql for Every {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Every> {
        value
            .as_str()?
            .parse()
            .map_err(|_| FromSqlError::InvalidType)
    }
}

/// A report that somebody gets.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it is known by.
    pub id: i64,
    /// Of which site, by its public id.
    pub website_id: String,
    /// Who gets it.
    pub user: i64,
    /// Where to.
    pub email: String,
    /// How often.
    pub every: Every,
    /// What was due before isn't sent.
    pub since: Timestamp,
}

/// Of people who still belong to the site's workspace.
const COLUMNS: &str = "SELECT report.id, website_id, report.user, email, every, since
     FROM report JOIN site ON site.id = report.site JOIN user ON user.id = report.user
     JOIN membership ON membership.user = report.user AND membership.workspace = site.workspace
     WHERE deleted_at IS NULL";

fn report(row: &Row) -> rusqlite::Result<Report> {
    Ok(Report {
        id: row.get(0)?,
        website_id: row.get(1)?,
        user: row.get(2)?,
        email: row.get(3)?,
        every: row.get(4)?,
        since: super::time(row.get(5)?),
    })
}

fn several(
    connection: &Connection,
    workspace: Option<WorkspaceId>,
    user: Option<i64>,
) -> rusqlite::Result<Vec<Report>> {
    let sql = format!(
        "{COLUMNS} AND (?1 IS NULL OR site.workspace = ?1) AND (?2 IS NULL OR report.user = ?2) ORDER BY report.id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![workspace.map(|w| w.0), user], report)?;
    rows.collect()
}

impl Accounts {
    /// Has a member get a report of a site, this often from now on.
    pub fn set_report(
        &self,
        workspace: WorkspaceId,
        website_id: &str,
        user: i64,
        every: Every,
        now: Timestamp,
    ) -> Result<Report, ChangeError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let site = site::row_of(&transaction, workspace, website_id)?;
            let is_member: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM membership WHERE workspace = ?1 AND user = ?2)",
                params![workspace.0, user],
                |row| row.get(0),
            )?;
            if !is_member {
                return Err(ChangeError::Missing(
                    "there is no such person in this workspace",
                ));
            }
            transaction.execute(
                "INSERT INTO report (site, user, every, since) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (site, user) DO UPDATE SET every = excluded.every,
                    since = CASE every WHEN excluded.every THEN since ELSE excluded.since END",
                params![site, user, every.as_str(), now.as_millisecond()],
            )?;
            let sql = format!("{COLUMNS} AND report.site = ?1 AND report.user = ?2");
            let set = transaction.query_row(&sql, params![site, user], report)?;
            transaction.commit()?;
            Ok(set)
        })
    }

    /// The reports of a workspace's people, or of one of them, oldest first.
    pub fn reports(
        &self,
        workspace: WorkspaceId,
        user: Option<i64>,
    ) -> rusqlite::Result<Vec<Report>> {
        self.read(|connection| several(connection, Some(workspace), user))
    }

    /// Those of all workspaces, and their sites.
    pub fn every_report(&self) -> rusqlite::Result<Vec<(Report, Arc<Site>)>> {
        let all = self.read(|connection| several(connection, None, None))?;
        let mut found = Vec::new();
        for report in all {
            if let Some(site) = self.site(&report.website_id)? {
                found.push((report, site));
            }
        }
        Ok(found)
    }

    /// Sends somebody no more reports of a site; says whether they got any.
    pub fn end_report(&self, site: SiteId, user: i64) -> rusqlite::Result<bool> {
        self.change(|connection| {
            let ended = connection.execute(
                "DELETE FROM report WHERE site = ?1 AND user = ?2",
                params![site.0, user],
            )?;
            Ok(ended > 0)
        })
    }

    /// What links in mails are signed with: made on first use, and kept, so that old mails' links go on working.
    pub fn mail_secret(&self) -> rusqlite::Result<String> {
        let secret = token::random(43);
        self.change(|connection| {
            connection.execute(
                "INSERT INTO secret (name, value) VALUES ('mail', ?1) ON CONFLICT (name) DO NOTHING",
                [secret],
            )?;
            connection.query_row("SELECT value FROM secret WHERE name = 'mail'", [], |row| {
                row.get(0)
            })
        })
    }
}
