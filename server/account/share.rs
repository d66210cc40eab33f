//! Public links: one a site at most, on which everybody who has it sees the site's sums, after a password where one is set.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::password::is_right;
use super::{Accounts, ChangeError, Hashed};
use crate::store::event::SiteId;
use crate::token;

/// A site's public link.
#[derive(Clone, Debug)]
pub struct Share {
    /// Of which site.
    pub site: SiteId,
    /// What stands in the address. Whoever has it may see, so it is kept as it is, to be shown again.
    pub token: String,
    password: Option<String>,
}

impl Share {
    /// Whether one has to know a password.
    pub fn wants_password(&self) -> bool {
        self.password.is_some()
    }

    /// Whether `text` is the password. Slow on purpose.
    pub fn is_right(&self, text: &str) -> bool {
        is_right(text, self.password.as_deref())
    }

    /// What a browser shows that has given the password: of this link and password alone.
    pub fn proof(&self) -> String {
        let password = self.password.as_deref().unwrap_or_default();
        let digest = token::hash(&format!("{} {password}", self.token));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Accounts {
    /// Makes a site's public link; the one before ends.
    pub fn share(
        &self,
        site: SiteId,
        password: Option<Hashed>,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let secret = token::random(22);
        let password = password.map(|hashed| hashed.0);
        self.change(|connection| {
            connection.execute(
                "INSERT OR REPLACE INTO share (site, token, password, created_at) VALUES (?1, ?2, ?3, ?4)",
                params![site.0, secret, password, now.as_millisecond()],
            )?;
            Ok(())
        })
    }

    /// Ends a site's public link.
    pub fn unshare(&self, site: SiteId) -> Result<(), ChangeError> {
        self.change(|connection| {
            connection.execute("DELETE FROM share WHERE site = ?1", [site.0])?;
            Ok(())
        })
    }

    /// A site's public link.
    pub fn share_of(&self, site: SiteId) -> rusqlite::Result<Option<Share>> {
        self.one_share("site = ?1", site.0)
    }

    /// The public link with this token.
    pub fn share_with(&self, token: &str) -> rusqlite::Result<Option<Share>> {
        self.one_share("token = ?1", token)
    }

    fn one_share(
        &self,
        which: &str,
        value: impl rusqlite::ToSql,
    ) -> rusqlite::Result<Option<Share>> {
        self.read(|connection| {
            let sql = format!("SELECT site, token, password FROM share WHERE {which}");
            let mut statement = connection.prepare_cached(&sql)?;
            let share = |row: &rusqlite::Row| {
                Ok(Share {
                    site: SiteId(row.get(0)?),
                    token: row.get(1)?,
                    password: row.get(2)?,
                })
            };
            statement.query_row([value], share).optional()
        })
    }
}
