//! Payment providers of a site: the secret that their webhooks are signed with, what came from them, and whom they mean.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Accounts, ChangeError, WorkspaceId, site};
use crate::store::event::SiteId;

/// How long it is kept what came, and how long it may wait for somebody to be known.
const KEPT_MS: i64 = 30 * 24 * 3600 * 1000;

/// Characters of a secret.
const SECRET: usize = 200;

/// Who takes the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    #[allow(missing_docs)]
    Stripe,
    /// Paddle Billing.
    Paddle,
}

impl Provider {
    /// All of them.
    pub const ALL: [Provider; 2] = [Provider::Stripe, Provider::Paddle];

    /// As it stands in addresses and in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Provider::Stripe => "stripe",
            Provider::Paddle => "paddle",
        }
    }

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Stripe => "Stripe",
            Provider::Paddle => "Paddle",
        }
    }
}

impl FromStr for Provider {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Provider, ChangeError> {
        let found = Provider::ALL.into_iter().find(|p| p.as_str() == text);
        found.ok_or_else(|| ChangeError::Wrong("provider: wanted is stripe or paddle".into()))
    }
}

/// Whom a provider's customer, subscription or payment means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payer {
    /// The visitor's id.
    pub visitor: Option<String>,
    /// The user's id.
    pub user: Option<String>,
}

impl Payer {
    /// Whether it is nobody.
    pub fn is_nobody(&self) -> bool {
        self.visitor.is_none() && self.user.is_none()
    }
}

/// Something that came from a provider.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What it is known by here.
    pub id: i64,
    /// From whom.
    pub provider: Provider,
    /// What the provider calls it.
    pub event: String,
    /// Of what kind, in the provider's words.
    pub kind: String,
    /// When it came.
    pub came_at: Timestamp,
    /// What it fired, or why nothing.
    pub outcome: String,
    /// What is to be fired once it is known for whom.
    pub waiting: Option<String>,
}

/// The same before it has a number.
pub struct NewDelivery<'a> {
    /// What the provider calls it.
    pub event: &'a str,
    /// Of what kind, in the provider's words.
    pub kind: &'a str,
    /// What it fired, or why nothing.
    pub outcome: &'a str,
    /// What is to be fired once it is known for whom.
    pub waiting: Option<&'a str>,
}

const COLUMNS: &str = "SELECT id, provider, event, kind, came_at, outcome, waiting FROM payment_delivery WHERE site = ?1";

fn delivery(row: &Row) -> rusqlite::Result<Delivery> {
    let provider: String = row.get(1)?;
    Ok(Delivery {
        id: row.get(0)?,
        // The file takes no other.
        provider: provider.parse().unwrap_or(Provider::Stripe),
        event: row.get(2)?,
        kind: row.get(3)?,
        came_at: super::time(row.get(4)?),
        outcome: row.get(5)?,
        waiting: row.get(6)?,
    })
}

/// Forgets all that providers told of a site.
pub(super) fn forget_site(connection: &Connection, site: i64) -> rusqlite::Result<()> {
    for table in [
        "payment_secret",
        "payment_payer",
        "payment_refunded",
        "payment_delivery",
    ] {
        connection.execute(&format!("DELETE FROM {table} WHERE site = ?1"), [site])?;
    }
    Ok(())
}

impl Accounts {
    /// Sets the secret of a provider's webhook, or takes it away.
    pub fn set_payment_secret(
        &self,
        workspace: WorkspaceId,
        website_id: &str,
        provider: Provider,
        secret: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let is_right = |text: &str| {
            (8..=SECRET).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        if secret.is_some_and(|secret| !is_right(secret)) {
            return Err(ChangeError::Wrong(
                "secret: wanted are 8 to 200 letters and digits, as the provider shows them".into(),
            ));
        }
        self.change(|connection| {
            let site = site::row_of(connection, workspace, website_id)?;
            match secret {
                Some(secret) => connection.execute(
                    "INSERT OR REPLACE INTO payment_secret VALUES (?1, ?2, ?3, ?4)",
                    params![site, provider.as_str(), secret, now.as_millisecond()],
                )?,
                None => connection.execute(
                    "DELETE FROM payment_secret WHERE site = ?1 AND provider = ?2",
                    params![site, provider.as_str()],
                )?,
            };
            Ok(())
        })
    }

    /// The secret of a provider's webhook.
    pub fn payment_secret(
        &self,
        site: SiteId,
        provider: Provider,
    ) -> rusqlite::Result<Option<String>> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT secret FROM payment_secret WHERE site = ?1 AND provider = ?2",
                )?
                .query_row(params![site.0, provider.as_str()], |row| row.get(0))
                .optional()
        })
    }

    /// Since when a provider's secret is set.
    pub fn payment_secret_set(
        &self,
        site: SiteId,
        provider: Provider,
    ) -> rusqlite::Result<Option<Timestamp>> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT set_at FROM payment_secret WHERE site = ?1 AND provider = ?2",
                )?
                .query_row(params![site.0, provider.as_str()], |row| {
                    row.get(0).map(super::time)
                })
                .optional()
        })
    }

    /// Keeps whom these things of a provider mean: instead of what was known where the provider has just said so.
    pub fn remember_payer(
        &self,
        site: SiteId,
        provider: Provider,
        things: &[String],
        payer: &Payer,
        is_said: bool,
    ) -> rusqlite::Result<()> {
        let word = if is_said { "REPLACE" } else { "IGNORE" };
        let sql = format!("INSERT OR {word} INTO payment_payer VALUES (?1, ?2, ?3, ?4, ?5)");
        self.change(|connection| {
            let transaction = connection.transaction()?;
            for thing in things {
                transaction.prepare_cached(&sql)?.execute(params![
                    site.0,
                    provider.as_str(),
                    thing,
                    payer.visitor,
                    payer.user
                ])?;
            }
            transaction.commit()
        })
    }

    /// Whom the first of these things means of which that is known.
    pub fn payer(
        &self,
        site: SiteId,
        provider: Provider,
        things: &[String],
    ) -> rusqlite::Result<Option<Payer>> {
        self.read(|connection| {
            let mut find = connection.prepare_cached(
                "SELECT visitor, user FROM payment_payer WHERE site = ?1 AND provider = ?2 AND thing = ?3",
            )?;
            for thing in things {
                let found = find.query_row(params![site.0, provider.as_str(), thing], |row| {
                    Ok(Payer { visitor: row.get(0)?, user: row.get(1)? })
                });
                if let Some(payer) = found.optional()? {
                    return Ok(Some(payer));
                }
            }
            Ok(None)
        })
    }

    /// Forgets whom things of providers mean, where it is this visitor or this user.
    pub fn forget_payer(&self, visitor: Option<&str>, user: Option<&str>) -> rusqlite::Result<()> {
        self.change(|connection| {
            connection.execute(
                "DELETE FROM payment_payer WHERE visitor = ?1 OR user = ?2",
                params![visitor, user],
            )
        })?;
        Ok(())
    }

    /// How much of a payment has been counted as paid back, in smallest units.
    pub fn refunded(
        &self,
        site: SiteId,
        provider: Provider,
        payment: &str,
    ) -> rusqlite::Result<i64> {
        let found = self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT amount FROM payment_refunded WHERE site = ?1 AND provider = ?2 AND thing = ?3",
                )?
                .query_row(params![site.0, provider.as_str(), payment], |row| row.get(0))
                .optional()
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Keeps how much of a payment has been counted as paid back.
    pub fn set_refunded(
        &self,
        site: SiteId,
        provider: Provider,
        payment: &str,
        amount: i64,
    ) -> rusqlite::Result<()> {
        self.change(|connection| {
            connection.execute(
                "INSERT OR REPLACE INTO payment_refunded VALUES (?1, ?2, ?3, ?4)",
                params![site.0, provider.as_str(), payment, amount],
            )
        })?;
        Ok(())
    }

    /// Whether this came before.
    pub fn knows_delivery(
        &self,
        site: SiteId,
        provider: Provider,
        event: &str,
    ) -> rusqlite::Result<bool> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM payment_delivery WHERE site = ?1 AND provider = ?2 AND event = ?3",
                )?
                .exists(params![site.0, provider.as_str(), event])
        })
    }

    /// Keeps what came and what became of it, for a month.
    pub fn note_delivery(
        &self,
        site: SiteId,
        provider: Provider,
        new: &NewDelivery,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let now = now.as_millisecond();
        self.change(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "DELETE FROM payment_delivery WHERE site = ?1 AND came_at < ?2",
                params![site.0, now - KEPT_MS],
            )?;
            transaction.execute(
                "INSERT OR IGNORE INTO payment_delivery (site, provider, event, kind, came_at, outcome, waiting)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![site.0, provider.as_str(), new.event, new.kind, now, new.outcome, new.waiting],
            )?;
            transaction.commit()
        })
    }

    /// Says what became of what waited.
    pub fn settle_delivery(&self, id: i64, outcome: &str) -> rusqlite::Result<()> {
        self.change(|connection| {
            connection.execute(
                "UPDATE payment_delivery SET outcome = ?2, waiting = NULL WHERE id = ?1",
                params![id, outcome],
            )
        })?;
        Ok(())
    }

    /// What waits for somebody to be known, oldest first.
    pub fn waiting_deliveries(
        &self,
        site: SiteId,
        provider: Provider,
    ) -> rusqlite::Result<Vec<Delivery>> {
        self.read(|connection| {
            let sql = format!("{COLUMNS} AND provider = ?2 AND waiting IS NOT NULL ORDER BY id");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![site.0, provider.as_str()], delivery)?;
            rows.collect()
        })
    }

    /// What came last, latest first.
    pub fn payment_deliveries(&self, site: SiteId, most: u32) -> rusqlite::Result<Vec<Delivery>> {
        self.read(|connection| {
            let sql = format!("{COLUMNS} ORDER BY id DESC LIMIT ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![site.0, most], delivery)?;
            rows.collect()
        })
    }
}
