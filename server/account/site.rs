//! Sites: what is measured, and from which hosts.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, params};

use super::{Accounts, Freshness, WorkspaceId};
use crate::store::event::SiteId;
use crate::token;

/// A site.
#[derive(Debug)]
pub struct Site {
    /// The key in the event log.
    pub id: SiteId,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// What the script tag carries; public.
    pub website_id: String,
    /// What it is called and where it lives.
    pub domain: String,
    /// Further hosts that may send its events.
    pub hosts: Vec<String>,
    /// The zone that its days are of.
    pub zone: TimeZone,
    /// Days of events that are kept, today among them; `None` for all.
    pub keep_days: Option<u32>,
    /// The one that shows admx off. Never meant when a request names no site.
    pub is_demo: bool,
}

impl Site {
    /// The day of an instant in the site's zone: days since 1970.
    pub fn day(&self, at: Timestamp) -> i32 {
        let offset = i64::from(self.zone.to_offset(at).seconds());
        // Instants lie within some four million days.
        (at.as_second() + offset).div_euclid(86_400) as i32
    }

    /// One for tests.
    #[cfg(test)]
    pub(crate) fn sample() -> Site {
        Site {
            id: SiteId(1),
            workspace: WorkspaceId(1),
            website_id: "admx_aaaaaaaaaaaaaaaaaaaa".into(),
            domain: "a.test".into(),
            hosts: Vec::new(),
            zone: TimeZone::UTC,
            keep_days: None,
            is_demo: false,
        }
    }

    /// Whether `host` (lower case, without port) is the site's domain, below it, or one that was added.
    pub fn is_host(&self, host: &str) -> bool {
        let under = |domain: &str| {
            host.strip_suffix(domain)
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        under(&self.domain) || self.hosts.iter().any(|added| added == host)
    }
}

/// Why a site can't be added.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// What was given is no host name.
    #[error(
        "{0:?} is no host name; wanted is a name such as example.com, without scheme, path and port"
    )]
    Host(String),
    /// The file of accounts can't be written.
    #[error(transparent)]
    File(#[from] rusqlite::Error),
}

/// `text` as a host name in the form that browsers send it (lower case, punycode).
fn host(text: &str) -> Result<String, SiteError> {
    let wrong = || SiteError::Host(text.to_owned());
    let text = text.trim();
    let parsed = url::Host::parse(text.strip_suffix('.').unwrap_or(text)).map_err(|_| wrong())?;
    match parsed {
        url::Host::Domain(name) if name.is_empty() || name.contains('*') => Err(wrong()),
        host => Ok(host.to_string()),
    }
}

pub(super) fn all(connection: &Connection) -> rusqlite::Result<HashMap<String, Arc<Site>>> {
    let mut hosts: HashMap<i64, Vec<String>> = HashMap::new();
    let mut statement =
        connection.prepare_cached("SELECT site, host FROM site_host ORDER BY host")?;
    for row in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (site, host): (i64, String) = row?;
        hosts.entry(site).or_default().push(host);
    }
    let mut statement = connection.prepare_cached(
        "SELECT id, workspace, website_id, domain, zone, is_demo, keep_days FROM site",
    )?;
    let sites = statement.query_map([], |row| {
        let id = row.get(0)?;
        let zone: String = row.get(4)?;
        Ok(Site {
            id: SiteId(id),
            workspace: WorkspaceId(row.get(1)?),
            website_id: row.get(2)?,
            domain: row.get(3)?,
            hosts: hosts.remove(&id).unwrap_or_default(),
            zone: TimeZone::get(&zone).unwrap_or(TimeZone::UTC),
            is_demo: row.get(5)?,
            keep_days: row.get(6)?,
        })
    })?;
    sites
        .map(|site| site.map(|s| (s.website_id.clone(), Arc::new(s))))
        .collect()
}

/// Each workspace's sites, oldest first; the demo last.
pub(super) fn by_workspace<'a>(
    sites: impl Iterator<Item = &'a Arc<Site>>,
) -> HashMap<WorkspaceId, Arc<[Arc<Site>]>> {
    let mut by_workspace: HashMap<WorkspaceId, Vec<Arc<Site>>> = HashMap::new();
    for site in sites {
        by_workspace
            .entry(site.workspace)
            .or_default()
            .push(site.clone());
    }
    let sorted = |(workspace, mut sites): (WorkspaceId, Vec<Arc<Site>>)| {
        sites.sort_by_key(|site| (site.is_demo, site.id));
        (workspace, sites.into())
    };
    by_workspace.into_iter().map(sorted).collect()
}

impl Accounts {
    /// Adds a site and gives the id for its script tag. Days are of UTC until the site says otherwise.
    pub fn add_site(
        &self,
        workspace: WorkspaceId,
        domain: &str,
        hosts: &[String],
        is_demo: bool,
        now: Timestamp,
    ) -> Result<String, SiteError> {
        let domain = host(domain)?;
        let hosts = hosts
            .iter()
            .map(|h| host(h))
            .collect::<Result<Vec<_>, _>>()?;
        let website_id = format!("admx_{}", token::random_lowercase(20));
        self.change(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO site (workspace, website_id, domain, is_demo, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![workspace.0, website_id, domain, is_demo, now.as_millisecond()],
            )?;
            let site = transaction.last_insert_rowid();
            for host in hosts {
                transaction.execute("INSERT OR IGNORE INTO site_host VALUES (?1, ?2)", params![site, host])?;
            }
            transaction.commit()?;
            Ok(website_id)
        })
    }

    /// Sets how many days of events a site keeps; `None` for all. Says whether there is such a site.
    pub fn keep(
        &self,
        workspace: WorkspaceId,
        website_id: &str,
        days: Option<u32>,
    ) -> rusqlite::Result<bool> {
        self.change(|connection| {
            let changed = connection.execute(
                "UPDATE site SET keep_days = ?3 WHERE workspace = ?1 AND website_id = ?2",
                params![workspace.0, website_id, days],
            )?;
            Ok(changed > 0)
        })
    }

    /// The site with this public id.
    pub fn site(&self, website_id: &str) -> rusqlite::Result<Option<Arc<Site>>> {
        self.find(|known| known.sites.get(website_id).cloned())
    }

    /// All sites of all workspaces.
    pub fn every_site(&self) -> rusqlite::Result<Vec<Arc<Site>>> {
        Ok(self
            .known(Freshness::Now)?
            .sites
            .values()
            .cloned()
            .collect())
    }

    /// A workspace's sites, oldest first; the demo last, so that the first is the one that people mean.
    pub fn sites(&self, workspace: WorkspaceId) -> rusqlite::Result<Arc<[Arc<Site>]>> {
        let sites = self.find(|known| known.by_workspace.get(&workspace).cloned())?;
        Ok(sites.unwrap_or_default())
    }

    /// The demo's site, made on first use, for pages on any of `hosts`.
    pub fn demo_site(&self, hosts: &[String], now: Timestamp) -> anyhow::Result<Arc<Site>> {
        let workspace = self.first_workspace()?;
        let demo = |sites: Arc<[Arc<Site>]>| sites.iter().find(|s| s.is_demo).cloned();
        if let Some(site) = demo(self.sites(workspace)?) {
            let known = |host: &String| site.is_host(host);
            if !hosts.iter().all(known) {
                self.change(|connection| {
                    for host in hosts {
                        connection.execute(
                            "INSERT OR IGNORE INTO site_host VALUES (?1, ?2)",
                            params![site.id.0, host],
                        )?;
                    }
                    Ok::<_, rusqlite::Error>(())
                })?;
            }
        } else {
            self.add_site(workspace, "localhost", hosts, true, now)?;
        }
        drop(self.known(Freshness::Now)?);
        demo(self.sites(workspace)?)
            .ok_or_else(|| anyhow::anyhow!("the demo's site is gone as soon as it was made"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_match_on_label_boundaries() {
        let site = Site {
            id: SiteId(1),
            workspace: WorkspaceId(1),
            website_id: "admx_x".into(),
            domain: "example.com".into(),
            hosts: vec!["shop.test".into()],
            zone: TimeZone::UTC,
            keep_days: None,
            is_demo: false,
        };
        let rows = [
            ("example.com", true),
            ("www.example.com", true),
            ("a.b.example.com", true),
            ("notexample.com", false),
            ("example.com.evil.test", false),
            ("shop.test", true),
            ("www.shop.test", false),
            ("", false),
        ];
        for (host, expected) in rows {
            assert_eq!(site.is_host(host), expected, "{host}");
        }
    }

    #[test]
    fn a_domain_is_a_host_and_nothing_else() {
        for (given, expected) in [
            ("Example.COM", Some("example.com")),
            (" bücher.example ", Some("xn--bcher-kva.example")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]", Some("[::1]")),
            ("https://example.com", None),
            ("example.com:80", None),
            ("example.com/x", None),
            ("example.com.", Some("example.com")),
            ("*.example.com", None),
            ("", None),
            ("a b", None),
        ] {
            assert_eq!(host(given).ok().as_deref(), expected, "{given:?}");
        }
    }
}
