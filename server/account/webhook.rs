//! Webhooks: addresses that are told of each fire of a goal, or of a figure that crosses a number.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use url::Url;

use super::{Accounts, ChangeError, Site, WorkspaceId, site};
use crate::token;

/// Webhooks that a site may have.
const MOST: i64 = 50;

/// Figures that are looked at, by the names of their metrics.
pub const FIGURES: [&str; 4] = ["visitors", "sessions", "pageviews", "fires"];

/// When something is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Each fire of this goal.
    Goal(String),
    /// When a figure of the last 24 hours gets over, or under, a number.
    Threshold {
        /// One of [`FIGURES`].
        metric: String,
        /// Over, else under.
        is_over: bool,
        /// Which number.
        number: u32,
    },
}

/// A webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// What it is known by.
    pub id: i64,
    /// Of which site, by its public id.
    pub website_id: String,
    /// Where to.
    pub url: String,
    /// What deliveries are signed with.
    pub secret: String,
    /// When.
    pub trigger: Trigger,
    /// Since when.
    pub created_at: Timestamp,
    /// Since when, and why, nothing is told any more.
    pub off: Option<(Timestamp, String)>,
}

/// A webhook to be.
pub struct NewWebhook {
    url: Url,
    trigger: Trigger,
}

impl NewWebhook {
    /// To an address of the web, by http or https and without a name and password in it.
    pub fn new(url: &str, trigger: Trigger) -> Result<NewWebhook, ChangeError> {
        let is_right = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.as_str().len() <= 2000
        };
        let url = Url::parse(url.trim()).ok().filter(is_right);
        let url = url.ok_or_else(|| {
            ChangeError::Wrong(
                "url: wanted is an address such as https://example.com/hook, without a name and password".into(),
            )
        })?;
        match &trigger {
            Trigger::Goal(name) => drop(super::GoalSettings::named(name)?),
            Trigger::Threshold { metric, .. } if !FIGURES.contains(&metric.as_str()) => {
                let known = FIGURES.join(", ");
                return Err(ChangeError::Wrong(format!(
                    "metric: wanted is one of {known}"
                )));
            }
            Trigger::Threshold { .. } => {}
        }
        Ok(NewWebhook { url, trigger })
    }
}

const COLUMNS: &str = "SELECT webhook.id, website_id, url, secret, goal, metric, is_over, number, webhook.created_at, off_at, off_because
     FROM webhook JOIN site ON site.id = webhook.site WHERE deleted_at IS NULL";

fn webhook(row: &Row) -> rusqlite::Result<Webhook> {
    let trigger = match row.get(4)? {
        Some(goal) => Trigger::Goal(goal),
        None => Trigger::Threshold {
            metric: row.get(5)?,
            is_over: row.get(6)?,
            number: row.get(7)?,
        },
    };
    let off_at: Option<i64> = row.get(9)?;
    let because: Option<String> = row.get(10)?;
    Ok(Webhook {
        id: row.get(0)?,
        website_id: row.get(1)?,
        url: row.get(2)?,
        secret: row.get(3)?,
        trigger,
        created_at: super::time(row.get(8)?),
        off: off_at.map(|at| (super::time(at), because.unwrap_or_default())),
    })
}

fn several(
    connection: &Connection,
    workspace: Option<WorkspaceId>,
) -> rusqlite::Result<Vec<Webhook>> {
    let sql = format!("{COLUMNS} AND (?1 IS NULL OR workspace = ?1) ORDER BY webhook.id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([workspace.map(|workspace| workspace.0)], webhook)?;
    rows.collect()
}

impl Accounts {
    /// Adds a webhook to a site of a workspace and gives it, with its secret.
    pub fn add_webhook(
        &self,
        workspace: WorkspaceId,
        site: &Site,
        new: &NewWebhook,
        now: Timestamp,
    ) -> Result<Webhook, ChangeError> {
        let secret = format!("admx_wh_{}", token::random(43));
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let site = site::row_of(&transaction, workspace, &site.website_id)?;
            let known: i64 = transaction.query_row(
                "SELECT count(*) FROM webhook WHERE site = ?1",
                [site],
                |row| row.get(0),
            )?;
            if known >= MOST {
                return Err(ChangeError::Conflict("a site may have 50 webhooks"));
            }
            let (goal, metric, is_over, number) = match &new.trigger {
                Trigger::Goal(name) => (Some(name), None, None, None),
                Trigger::Threshold {
                    metric,
                    is_over,
                    number,
                } => (None, Some(metric), Some(is_over), Some(number)),
            };
            transaction.execute(
                "INSERT INTO webhook (site, url, secret, goal, metric, is_over, number, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    site,
                    new.url.as_str(),
                    secret,
                    goal,
                    metric,
                    is_over,
                    number,
                    now.as_millisecond()
                ],
            )?;
            let sql = format!("{COLUMNS} AND webhook.id = ?1");
            let added = transaction.query_row(&sql, [transaction.last_insert_rowid()], webhook)?;
            transaction.commit()?;
            Ok(added)
        })
    }

    /// A workspace's webhooks, oldest first.
    pub fn webhooks(&self, workspace: WorkspaceId) -> rusqlite::Result<Vec<Webhook>> {
        self.read(|connection| several(connection, Some(workspace)))
    }

    /// Those of all workspaces that tell, and their sites.
    pub fn every_webhook(&self) -> rusqlite::Result<Vec<(Webhook, Arc<Site>)>> {
        let all = self.read(|connection| several(connection, None))?;
        let on = all.into_iter().filter(|webhook| webhook.off.is_none());
        let mut found = Vec::new();
        for webhook in on {
            if let Some(site) = self.site(&webhook.website_id)? {
                found.push((webhook, site));
            }
        }
        Ok(found)
    }

    /// A webhook of a workspace.
    pub fn webhook(&self, workspace: WorkspaceId, id: i64) -> Result<Webhook, ChangeError> {
        let sql = format!("{COLUMNS} AND workspace = ?1 AND webhook.id = ?2");
        let found = self.read(|connection| {
            connection
                .query_row(&sql, params![workspace.0, id], webhook)
                .optional()
        })?;
        found.ok_or(MISSING)
    }

    /// Takes a webhook away.
    pub fn remove_webhook(&self, workspace: WorkspaceId, id: i64) -> Result<(), ChangeError> {
        self.change(|connection| {
            let removed = connection.execute(
                "DELETE FROM webhook WHERE id = ?1 AND site IN (SELECT id FROM site WHERE workspace = ?2 AND deleted_at IS NULL)",
                params![id, workspace.0],
            )?;
            if removed == 0 { Err(MISSING) } else { Ok(()) }
        })
    }

    /// Switches a webhook off that nobody takes anything from.
    pub fn switch_webhook_off(
        &self,
        id: i64,
        because: &str,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        self.change(|connection| {
            connection.execute(
                "UPDATE webhook SET off_at = ?2, off_because = ?3 WHERE id = ?1 AND off_at IS NULL",
                params![id, now.as_millisecond(), because],
            )
        })?;
        Ok(())
    }
}

const MISSING: ChangeError = ChangeError::Missing("there is no such webhook in this workspace");
