//! A site's snippet, whether its events arrive, and if not, why: from what the server has seen, without asking the network.

use askama::Template;
use jiff::Timestamp;
use live::Fire;
use url::Url;

use super::settings::{Shell, moment};
use crate::account::Site;

/// `/settings/websites/{website_id}/install`
#[derive(Template)]
#[template(path = "settings-install.html", config = "www/askama.toml")]
pub struct Install<'a> {
    /// Around it.
    pub shell: Shell,
    /// Which.
    pub site: &'a Site,
    /// For the snippet.
    pub base_url: &'a str,
    /// The part that moves.
    pub seen: Seen<'a>,
    /// The last event in the log when the page was made.
    pub after: i64,
    /// When a page of the site last fetched the script.
    pub fetched: String,
    /// The address of a page that somebody asks about.
    pub page: &'a str,
    /// What is to be said of it.
    pub verdicts: Vec<String>,
    /// What was refused lately: how often, what, and what to do.
    pub dropped: Vec<Reason>,
    /// The same of what named no site that is known.
    pub unknown: Vec<Reason>,
}

/// What arrived, which is fetched anew when something does.
#[derive(Template)]
#[template(path = "seen.html", config = "www/askama.toml")]
pub struct Seen<'a> {
    /// Of which site.
    pub site: &'a Site,
    /// Newest first.
    pub latest: &'a [Fire],
}

/// Something that was not stored.
pub struct Reason {
    count: u64,
    what: String,
    advice: String,
}

impl Install<'_> {
    /// When a page of the site last fetched the script, in words.
    pub fn fetched(site: &Site, last: Option<(Timestamp, String)>) -> String {
        match last {
            Some((at, host)) => format!("A page on {host} fetched the script at {}.", moment(at)),
            None => format!(
                "No page on {} has fetched the script since this server started. Either the snippet isn't on the page that visitors get (look at the page's source), a cache still serves the page without it, or a blocker keeps the script from loading: serve it from your own domain by a proxy, and say where events go with data-api.",
                site.domain
            ),
        }
    }

    /// What the address of a page says about whether it can be counted.
    pub fn verdicts(site: &Site, page: &str, base_url: &str) -> Vec<String> {
        let page = page.trim();
        if page.is_empty() {
            return Vec::new();
        }
        let Some(url) = Url::parse(page)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https" | "file"))
        else {
            return vec![
                "This is no address of a page; wanted is one such as https://example.com/pricing."
                    .into(),
            ];
        };
        let mut verdicts = Vec::new();
        let host = url.host_str().unwrap_or_default();
        let is_local = url.scheme() == "file"
            || host == "localhost"
            || host.ends_with(".localhost")
            || host.starts_with("127.")
            || host == "[::1]";
        if is_local {
            verdicts.push("The script sends nothing from localhost and from files, so that your own work isn't counted. To try it there, put data-allow-localhost into the tag, and add the host below.".into());
        }
        if url.scheme() != "file" && !site.is_host(host) {
            verdicts.push(format!(
                "Events from {host} are refused: the site is {}, with its sub-domains and the hosts that were added. Add {host} in the site's settings.",
                site.domain
            ));
        }
        if url.scheme() == "https" && base_url.starts_with("http:") {
            verdicts.push("This page is https and this server is http: browsers refuse that. Put the server behind https and start it with --base-url.".into());
        }
        if verdicts.is_empty() {
            verdicts.push("Events from this page are taken. If none arrive, look at the list below, or open the page with ?admx_debug in its address: it then says what was fired, sent and answered.".into());
        }
        verdicts
    }

    /// Counts of what was not stored, each with what it means.
    pub fn reasons(dropped: &[(String, u64)], site: &Site) -> Vec<Reason> {
        let reason = |(code, count): &(String, u64)| Reason {
            count: *count,
            what: code.replace('_', " "),
            advice: advice(code, site),
        };
        dropped.iter().map(reason).collect()
    }
}

/// What to do about events that were not stored, by the code of why.
fn advice(code: &str, site: &Site) -> String {
    match code {
        "origin_not_allowed" => format!(
            "They came from pages of another host than {}. If it is yours, add it in the site's settings.",
            site.domain
        ),
        "unknown_website" => "The tag's data-website-id is none of this server's. Copy the snippet anew.".into(),
        "bot" => "Crawlers and automated browsers are not counted. If that is your own test, put data-allow-automation into the tag.".into(),
        "excluded_address" => "They came from an address that the server was told not to count (--exclude-address), perhaps yours.".into(),
        "rate_limited" => "One address sent more than it may. Behind a proxy, start the server with --trusted-proxy, so that visitors are told apart.".into(),
        "missing_authorization" => "They named no site: the tag has no data-website-id, or a server sent them without its key.".into(),
        "invalid_api_key" | "api_key_expired" | "api_key_revoked" | "insufficient_scope" => {
            "A server sent them with a key that isn't good for it. Make one with the scope event:write.".into()
        }
        "payment_ignored" => "They came from a payment provider and mean nothing here, such as invoices of 0 or events of other kinds. The site's payments say which.".into(),
        "invalid_signature" => "A payment webhook was signed with another secret than the one that is set, or not by the provider.".into(),
        "storage_full" | "overloaded" => "The server had no room for them; they are sent again by themselves.".into(),
        "metadata_too_large" | "body_too_large" => "They were larger than is taken: metadata has 8 KB.".into(),
        _ => "Something in them was wrong. Open the page with ?admx_debug in its address: it shows each answer in words.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::WorkspaceId;
    use crate::store::event::SiteId;

    #[test]
    fn an_address_says_why_it_is_not_counted() {
        let site = Site {
            id: SiteId(1),
            workspace: WorkspaceId(1),
            website_id: "admx_x".into(),
            domain: "example.com".into(),
            name: None,
            hosts: vec![],
            zone: jiff::tz::TimeZone::UTC,
            exchange: Default::default(),
            keep_days: None,
            is_demo: false,
            goals: Default::default(),
        };
        for (page, expected) in [
            ("https://www.example.com/x", "are taken"),
            ("https://other.test/", "Events from other.test are refused"),
            ("http://localhost:3000/", "sends nothing from localhost"),
            ("file:///home/page.html", "sends nothing from localhost"),
            ("example", "no address of a page"),
        ] {
            let verdicts = Install::verdicts(&site, page, "https://stats.test");
            assert!(verdicts[0].contains(expected), "{page}: {verdicts:?}");
        }
        let mixed = Install::verdicts(&site, "https://example.com/", "http://stats.test");
        assert!(mixed[0].contains("browsers refuse"), "{mixed:?}");
    }
}
