//! Workspaces, people, sites, keys and logins: always SQLite, in `accounts.db`, apart from the event log.
//!
//! - `member`: people and their roles; `invitation`: how they come; `login`: links and logins; `password`
//! - `site`, `key`: what is measured, and what programs show
//! - `goal`: what is set of a site's goals; `webhook`: who is told of what; `report`: who gets reports by mail
//! - `payment`: payment providers, and whom they mean; [`spend`]: what channels cost; [`rate`]: what currencies are worth;
//!   [`control`]: prices and the like by day; [`sheet`]: the files in which these come; `fit`: what spend brought, as it was found
//! - `word`: names and addresses that can't be wrong; `used`: when keys and logins were used last; `model_day`: how often
//!   the language model was asked today
//!
//! What every request needs (sites, keys) is held in memory and read anew when another process, such as
//! `admx site add` beside a running server, has changed the file. Leaves to [`http`](crate::http): what a key's scope
//! is good for.

pub mod control;
mod fit;
mod goal;
mod invitation;
mod key;
mod login;
mod member;
mod model_day;
mod note;
mod password;
mod payment;
mod question;
pub mod rate;
mod report;
mod saved;
mod schema;
mod share;
pub mod sheet;
mod site;
pub mod spend;
mod used;
mod webhook;
mod word;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, params};

pub use crate::store::event::WorkspaceId;
use crate::token::Hash;
pub use fit::{FitState, StoredFit};
pub use goal::{Goal, GoalBook, GoalSettings};
pub use invitation::Invitation;
pub use key::{Key, KeyError, NewKey, Scope};
pub(crate) use login::LOGIN;
pub use login::{LinkError, Login, User};
pub use member::{ADMINISTRATOR, Member, Role, Workspace};
pub use note::Note;
pub use password::{Hashed, Password, Stored};
pub use payment::{
    Delivery as PaymentDelivery, NewDelivery as NewPaymentDelivery, Payer, Provider,
};
pub use report::{Every, Report};
pub use saved::SavedView;
pub use share::Share;
pub use site::{NewSite, Site, SiteChange, currency, keep_days, zone};
pub use webhook::{FIGURES, NewWebhook, Trigger, Webhook};
pub use word::{ChangeError, Email, Name};

/// How old what is held in memory may be.
const MOMENT: Duration = Duration::from_millis(2);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Moment,
    Now,
}

/// The file of accounts. Two connections: nobody who reads waits for one who writes.
pub struct Accounts {
    known: Mutex<Known>,
    writer: Mutex<Connection>,
    used: used::Used,
}

/// A time as it is stored.
fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// What every request needs.
struct Known {
    connection: Connection,
    /// SQLite's `data_version` that the maps below are of.
    version: Option<i64>,
    /// When that was asked last.
    asked: Option<Instant>,
    sites: HashMap<String, Arc<Site>>,
    /// Each workspace's sites in the order in which they are meant.
    by_workspace: HashMap<WorkspaceId, Arc<[Arc<Site>]>>,
    keys: HashMap<Hash, Arc<Key>>,
    rates: rate::Held,
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
            asked: None,
            sites: HashMap::new(),
            by_workspace: HashMap::new(),
            keys: HashMap::new(),
            rates: rate::Held::default(),
        };
        Ok(Accounts {
            known: Mutex::new(known),
            writer: Mutex::new(writer),
            used: used::Used::default(),
        })
    }

    /// The workspace that the command line works in unless it names one: the first.
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

    /// What is held in memory, as it was in the file a moment ago: who finds nothing in it asks with `Freshness::Now`.
    fn known(&self, freshness: Freshness) -> rusqlite::Result<MutexGuard<'_, Known>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_recent = known.asked.is_some_and(|asked| now - asked < MOMENT);
        if freshness == Freshness::Moment && is_recent {
            return Ok(known);
        }
        // It is asked often, so the statement is kept.
        let version = known
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if known.version != Some(version) {
            let Known {
                connection, rates, ..
            } = &mut *known;
            rates.refresh(connection)?;
            let sites = site::all(connection, rates)?;
            known.sites = sites;
            known.by_workspace = site::by_workspace(known.sites.values());
            known.keys = key::all(&known.connection)?;
            known.version = Some(version);
        }
        known.asked = Some(now);
        Ok(known)
    }

    /// Finds something in what is held in memory; what isn't there is looked for in the file as it is now.
    fn find<T>(&self, look: impl Fn(&Known) -> Option<T>) -> rusqlite::Result<Option<T>> {
        let found = look(&*self.known(Freshness::Moment)?);
        match found {
            Some(found) => Ok(Some(found)),
            None => Ok(look(&*self.known(Freshness::Now)?)),
        }
    }

    /// Changes something; whoever looks from then on sees it.
    fn change<T>(&self, work: impl FnOnce(&mut Connection) -> T) -> T {
        let changed = work(&mut self.writer.lock().unwrap_or_else(PoisonError::into_inner));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.asked = None;
        changed
    }
}
