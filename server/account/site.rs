//! Sites: what is measured, and from which hosts.

use std::collections::HashMap;
use std::sync::Arc;

use iso_currency::Currency;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, params};

use super::rate::{self, Exchange};
use super::{Accounts, ChangeError, Freshness, GoalBook, Name, WorkspaceId, goal};
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
    /// Where it lives, and what it is called unless it has a name.
    pub domain: String,
    /// What its people call it.
    pub name: Option<String>,
    /// Further hosts that may send its events.
    pub hosts: Vec<String>,
    /// The zone that its days are of.
    pub zone: TimeZone,
    /// The currency that it counts in, where it said one, and how others become it.
    pub exchange: Arc<Exchange>,
    /// Days of events that are kept, today among them; `None` for all.
    pub keep_days: Option<u32>,
    /// The one that shows admx off. Never meant when a request names no site.
    pub is_demo: bool,
    /// What is set of its goals.
    pub goals: Arc<GoalBook>,
}

impl Site {
    /// What people call it.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.domain)
    }

    /// The zone's name in the IANA database.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

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
            name: Default::default(),
            exchange: Arc::default(),
            hosts: Vec::new(),
            zone: TimeZone::UTC,
            keep_days: None,
            is_demo: false,
            goals: Arc::default(),
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

/// A site to be.
pub struct NewSite<'a> {
    /// Where it lives.
    pub domain: &'a str,
    /// Further hosts that may send its events.
    pub hosts: &'a [String],
    /// The zone that its days are of.
    pub zone: TimeZone,
    /// Whether it is the one that shows admx off.
    pub is_demo: bool,
}

/// What of a site is changed; `None` leaves it as it is, `Some(None)` takes it away.
#[derive(Default)]
pub struct SiteChange {
    /// What its people call it.
    pub name: Option<Option<Name>>,
    /// Further hosts, all of them.
    pub hosts: Option<Vec<String>>,
    /// The zone that its days are of.
    pub zone: Option<TimeZone>,
    /// The currency that it counts in.
    pub currency: Option<Option<Currency>>,
    /// Days of events that are kept; without a number all are.
    pub keep_days: Option<Option<u32>>,
}

/// A zone by its name in the IANA database.
pub fn zone(text: &str) -> Result<TimeZone, ChangeError> {
    let known = jiff::tz::db().get(text).ok();
    // Names such as `Etc/Unknown` have no rules of their own.
    known
        .filter(|zone| zone.iana_name().is_some())
        .ok_or_else(|| {
            ChangeError::Wrong("timezone: wanted is a name such as UTC or Europe/Berlin".into())
        })
}

/// A currency by its code.
pub fn currency(text: &str) -> Result<Currency, ChangeError> {
    Currency::from_code(&text.to_uppercase()).ok_or_else(|| {
        ChangeError::Wrong("currency: wanted is an ISO 4217 code such as EUR".into())
    })
}

/// How many days are kept; 0 is all.
pub fn keep_days(days: u64) -> Result<Option<u32>, ChangeError> {
    match u32::try_from(days) {
        Ok(days) if days <= 36_500 => Ok(Some(days).filter(|days| *days > 0)),
        _ => Err(ChangeError::Wrong(
            "keep_days: wanted is a number of days up to 36500, or 0 for all".into(),
        )),
    }
}

/// `text` as a host name in the form that browsers send it (lower case, punycode).
fn host(text: &str) -> Result<String, ChangeError> {
    let wrong = || {
        let start: String = text.chars().take(100).collect();
        ChangeError::Wrong(format!(
            "{start:?} is no host name; wanted is a name such as example.com, without scheme, path and port"
        ))
    };
    let text = text.trim();
    let parsed = url::Host::parse(text.strip_suffix('.').unwrap_or(text)).map_err(|_| wrong())?;
    match parsed {
        url::Host::Domain(name) if name.is_empty() || name.len() > 253 || name.contains('*') => {
            Err(wrong())
        }
        host => Ok(host.to_string()),
    }
}

fn hosts(texts: &[String]) -> Result<Vec<String>, ChangeError> {
    if texts.len() > 100 {
        return Err(ChangeError::Wrong("hosts: a site may have 100".into()));
    }
    texts.iter().map(|text| host(text)).collect()
}

fn add_hosts(connection: &Connection, site: i64, hosts: &[String]) -> rusqlite::Result<()> {
    for host in hosts {
        connection.execute(
            "INSERT OR IGNORE INTO site_host VALUES (?1, ?2)",
            params![site, host],
        )?;
    }
    Ok(())
}

/// A workspace's site in the table.
pub(super) fn row_of(
    connection: &Connection,
    workspace: WorkspaceId,
    website_id: &str,
) -> Result<i64, ChangeError> {
    let found = connection.query_row(
        "SELECT id FROM site WHERE workspace = ?1 AND website_id = ?2 AND deleted_at IS NULL",
        params![workspace.0, website_id],
        |row| row.get(0),
    );
    match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(ChangeError::Missing(
            "website_id: no such site in this workspace",
        )),
        found => Ok(found?),
    }
}

pub(super) fn all(
    connection: &Connection,
    rates: &mut rate::Held,
) -> rusqlite::Result<HashMap<String, Arc<Site>>> {
    let mut hosts: HashMap<i64, Vec<String>> = HashMap::new();
    let mut statement =
        connection.prepare_cached("SELECT site, host FROM site_host ORDER BY host")?;
    for row in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (site, host): (i64, String) = row?;
        hosts.entry(site).or_default().push(host);
    }
    let mut goals = goal::all(connection)?;
    let mut statement = connection.prepare_cached(
        "SELECT id, workspace, website_id, domain, zone, is_demo, keep_days, name, currency FROM site
         WHERE deleted_at IS NULL",
    )?;
    let sites = statement.query_map([], |row| {
        let id = row.get(0)?;
        let workspace = WorkspaceId(row.get(1)?);
        let zone: String = row.get(4)?;
        let currency: Option<String> = row.get(8)?;
        let currency = currency.as_deref().and_then(Currency::from_code);
        Ok(Site {
            id: SiteId(id),
            workspace,
            website_id: row.get(2)?,
            domain: row.get(3)?,
            hosts: hosts.remove(&id).unwrap_or_default(),
            zone: TimeZone::get(&zone).unwrap_or(TimeZone::UTC),
            is_demo: row.get(5)?,
            goals: goals.remove(&id).unwrap_or_default(),
            keep_days: row.get(6)?,
            name: row.get(7)?,
            exchange: rates.exchange(connection, workspace, currency)?,
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
    /// Adds a site and gives the id for its script tag.
    pub fn add_site(
        &self,
        workspace: WorkspaceId,
        new: &NewSite,
        now: Timestamp,
    ) -> Result<String, ChangeError> {
        let domain = host(new.domain)?;
        let hosts = hosts(new.hosts)?;
        let zone = new.zone.iana_name().unwrap_or("UTC");
        let website_id = format!("admx_{}", token::random_lowercase(20));
        self.change(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO site (workspace, website_id, domain, zone, is_demo, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![workspace.0, website_id, domain, zone, new.is_demo, now.as_millisecond()],
            )?;
            add_hosts(&transaction, transaction.last_insert_rowid(), &hosts)?;
            transaction.commit()?;
            Ok(website_id)
        })
    }

    /// Changes a site.
    pub fn change_site(
        &self,
        workspace: WorkspaceId,
        website_id: &str,
        change: &SiteChange,
    ) -> Result<(), ChangeError> {
        let hosts = change.hosts.as_deref().map(hosts).transpose()?;
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let site = row_of(&transaction, workspace, website_id)?;
            let set = |column: &str, value: &dyn rusqlite::ToSql| {
                let sql = format!("UPDATE site SET {column} = ?2 WHERE id = ?1");
                transaction.execute(&sql, params![site, value])
            };
            if let Some(name) = &change.name {
                set("name", &name.as_ref().map(Name::as_str))?;
            }
            if let Some(zone) = &change.zone {
                set("zone", &zone.iana_name().unwrap_or("UTC"))?;
            }
            if let Some(currency) = &change.currency {
                set("currency", &currency.map(|currency| currency.code()))?;
            }
            if let Some(days) = &change.keep_days {
                set("keep_days", days)?;
            }
            if let Some(hosts) = &hosts {
                transaction.execute("DELETE FROM site_host WHERE site = ?1", [site])?;
                add_hosts(&transaction, site, hosts)?;
            }
            transaction.commit()?;
            Ok(())
        })
    }

    /// Hides a site for good: nothing is stored for it any more, nobody sees it, and its events are for
    /// [`deleted_sites`](Accounts::deleted_sites) to find. Its row stays, so that its number is never given again.
    pub fn delete_site(
        &self,
        workspace: WorkspaceId,
        website_id: &str,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        self.change(|connection| {
            let site = row_of(connection, workspace, website_id)?;
            let changed = connection.execute(
                "UPDATE site SET deleted_at = ?2 WHERE id = ?1 AND NOT is_demo",
                params![site, now.as_millisecond()],
            )?;
            match changed {
                0 => Err(ChangeError::Conflict("the demo's site stays")),
                _ => {
                    connection.execute("DELETE FROM spend WHERE site = ?1", [site])?;
                    connection.execute("DELETE FROM control WHERE site = ?1", [site])?;
                    Ok(super::payment::forget_site(connection, site)?)
                }
            }
        })
    }

    /// The sites whose events are to be taken out.
    pub fn deleted_sites(&self) -> rusqlite::Result<Vec<SiteId>> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id FROM site WHERE deleted_at IS NOT NULL")?;
            let rows = statement.query_map([], |row| row.get(0).map(SiteId))?;
            rows.collect()
        })
    }

    /// The sites, of any workspace, that pages on `host` belong to.
    pub fn sites_on(&self, host: &str) -> rusqlite::Result<Vec<SiteId>> {
        let known = self.known(Freshness::Moment)?;
        let sites = known.sites.values().filter(|site| site.is_host(host));
        Ok(sites.map(|site| site.id).collect())
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
                self.change(|connection| add_hosts(connection, site.id.0, hosts))?;
            }
        } else {
            let new = NewSite {
                domain: "localhost",
                hosts,
                zone: TimeZone::UTC,
                is_demo: true,
            };
            self.add_site(workspace, &new, now)?;
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
            name: None,
            exchange: Arc::default(),
            hosts: vec!["shop.test".into()],
            zone: TimeZone::UTC,
            keep_days: None,
            is_demo: false,
            goals: Arc::default(),
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
