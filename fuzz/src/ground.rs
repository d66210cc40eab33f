//! Where inputs are tried: a folder with one site, a key and some events, made once a process, at a moment that stays.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use crate::account::{Accounts, Key, Name, NewKey, NewSite, Scope, Site};
use crate::clock::Clock;
use crate::ingest::caller::Caller;
use crate::ingest::{Ingest, Judged};
use crate::store::reports::log;
use crate::store::reports::row::Row;
use crate::store::{Role, Settings, Store};

/// The site's public id, which inputs carry.
pub const WEBSITE: &str = "admx_aaaaaaaaaaaaaaaaaaaa";

/// Where the site lives.
pub const DOMAIN: &str = "example.com";
pub const ORIGIN: &str = "https://example.com";

/// A browser that is no crawler.
pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";

/// The moment.
pub const NOW: Timestamp = Timestamp::constant(1_795_521_600, 0);

/// Events that are there: what they say is in every target's reach.
const EVENTS: &str = include_str!("events.json");

pub struct Ground {
    pub folder: PathBuf,
    pub ingest: Ingest,
    pub store: Arc<Store>,
    pub site: Arc<Site>,
    pub key: Arc<Key>,
}

pub static GROUND: LazyLock<Ground> =
    LazyLock::new(|| Ground::new().expect("a folder for temporary files can be written"));

impl Ground {
    fn new() -> anyhow::Result<Ground> {
        let folder = std::env::temp_dir().join(format!("admx-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let accounts = Arc::new(Accounts::open(&folder, NOW)?);
        let workspace = accounts.first_workspace()?;
        let site = NewSite {
            domain: DOMAIN,
            hosts: &[],
            zone: TimeZone::UTC,
            is_demo: false,
        };
        accounts.add_site(workspace, &site, NOW)?;
        Connection::open(folder.join("accounts.db"))?
            .execute("UPDATE site SET website_id = ?1", [WEBSITE])?;
        let key = NewKey {
            name: &Name::parse("name", "fuzz")?,
            scopes: &[Scope::EventWrite],
            expires_at: None,
        };
        let (_, secret) = accounts.new_key(workspace, &key, NOW)?;
        let settings = Settings {
            role: Role::Command,
            queue: 64,
            most_bytes: None,
            clickhouse: None,
        };
        let store = Store::open(&folder, &settings)?;
        let site = accounts.site(WEBSITE)?;
        let ground = Ground {
            folder,
            site: site.ok_or_else(|| anyhow::anyhow!("the site is there"))?,
            key: accounts.key(&secret, NOW)?,
            ingest: Ingest::new(accounts, store.clone(), Clock::Fixed(NOW), Vec::new(), None),
            store,
        };
        ground.fill()?;
        Ok(ground)
    }

    /// Stores the events, each a second later than the one before.
    fn fill(&self) -> anyhow::Result<()> {
        let mut bytes = EVENTS.as_bytes().to_vec();
        let judged = self.ingest.judge(&mut bytes, &self.browser());
        let judged = judged.map_err(|refusal| anyhow::anyhow!("{}", refusal.message))?;
        let mut events = Vec::new();
        for one in judged {
            match one {
                Judged::Event(event) => events.push(*event),
                other => anyhow::bail!("{other:?}"),
            }
        }
        let waiting = tokio::runtime::Builder::new_current_thread().build()?;
        waiting.block_on(self.store.writer().append(events))?;
        Ok(())
    }

    /// A page of the site.
    pub fn browser(&self) -> Caller<'static> {
        self.page(Some(ORIGIN), BROWSER)
    }

    /// A page anywhere.
    pub fn page<'a>(&self, origin: Option<&'a str>, user_agent: &'a str) -> Caller<'a> {
        Caller::Browser {
            origin,
            host: Some("stats.example.com"),
            address: [192, 0, 2, 1].into(),
            user_agent,
        }
    }

    /// A backend.
    pub fn server(&self) -> Caller<'static> {
        Caller::Server {
            key: self.key.clone(),
        }
    }

    /// What is stored, as reports need it.
    pub fn rows(&self) -> Vec<Row> {
        let log = Connection::open(self.folder.join("events.db"));
        log.and_then(|log| log::after(&log, 0))
            .expect("the log can be read")
    }
}
