//! The pages of settings, and those on which people come in.

use std::sync::{Arc, LazyLock};

use askama::Template;
use jiff::Timestamp;

use super::words;
use crate::account::{
    Invitation, Key, Login as Session, Member, Role, Scope, Site, User, Workspace, WorkspaceId,
};
use crate::store::clickhouse::Queue;

/// `/login`
#[derive(Template)]
#[template(path = "login.html", config = "www/askama.toml")]
pub struct Login<'a> {
    /// Why it didn't work.
    pub problem: Option<&'a str>,
    /// What was typed.
    pub email: &'a str,
    /// Where one goes on to.
    pub next: &'a str,
}

/// `/login/{link}`
#[derive(Template)]
#[template(path = "link.html", config = "www/askama.toml")]
pub struct Link<'a> {
    /// Its token.
    pub link: &'a str,
    /// Whom it logs in.
    pub email: &'a str,
}

/// `/invitation/{link}`
#[derive(Template)]
#[template(path = "invitation.html", config = "www/askama.toml")]
pub struct Invited<'a> {
    /// Its token.
    pub link: &'a str,
    /// To what.
    pub invitation: &'a Invitation,
    /// Whether the one who is invited is logged in here.
    pub is_here: bool,
    /// Why it didn't work.
    pub problem: Option<&'a str>,
}

/// `/welcome`
#[derive(Template)]
#[template(path = "welcome.html", config = "www/askama.toml")]
pub struct Welcome<'a> {
    /// Whether they give their address here.
    pub is_first: bool,
    /// Whether they name the workspace and a site.
    pub wants_site: bool,
    /// Their address, as far as it is known.
    pub email: &'a str,
    /// What the workspace is called.
    pub workspace: &'a str,
    /// What was typed.
    pub domain: &'a str,
    /// To choose from.
    pub zones: Vec<Choice>,
    /// Why it didn't work.
    pub problem: Option<&'a str>,
}

/// Something to choose, and whether it is chosen.
pub struct Choice {
    /// What it is called and sent as.
    pub name: &'static str,
    /// Whether it is the one.
    pub is_chosen: bool,
}

static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let is_place = |name: &String| {
        let area = name.split_once('/').map(|(area, _)| area);
        area.is_some_and(|area| {
            ![
                "Etc", "SystemV", "posix", "right", "US", "Brazil", "Canada", "Chile", "Mexico",
            ]
            .contains(&area)
        })
    };
    let places = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .filter(is_place);
    let mut zones: Vec<_> = std::iter::once("UTC".to_owned()).chain(places).collect();
    zones[1..].sort();
    zones
});

/// The time zones of the IANA database, with the chosen one; UTC where it is none of them.
pub fn zones(chosen: &str) -> Vec<Choice> {
    let is_known = ZONES.iter().any(|zone| zone == chosen);
    let chosen = if is_known { chosen } else { "UTC" };
    let choice = |name: &'static String| Choice {
        name,
        is_chosen: name == chosen,
    };
    ZONES.iter().map(choice).collect()
}

/// What all pages of settings have around them.
pub struct Shell {
    /// The path of the entry that is shown.
    pub here: &'static str,
    /// Who looks.
    pub email: String,
    /// What they are here.
    pub role: Role,
    /// Where they are.
    pub workspace: WorkspaceId,
    /// Where they may go.
    pub workspaces: Vec<Workspace>,
    /// Why something didn't work.
    pub problem: Option<String>,
}

impl Shell {
    /// The entries that this person may open: words, path, whether it is the one shown.
    pub(super) fn entries(&self) -> Vec<(&'static str, &'static str, bool)> {
        let all = [
            ("Websites", "/settings/websites", Role::Viewer),
            ("API keys", "/settings/api-keys", Role::Editor),
            ("Webhooks", "/settings/webhooks", Role::Editor),
            ("Rates", "/settings/rates", Role::Editor),
            ("Reports", "/settings/reports", Role::Viewer),
            ("Team", "/settings/team", Role::Viewer),
            ("Account", "/settings/account", Role::Viewer),
        ];
        let open = all.into_iter().filter(|(_, _, role)| self.role >= *role);
        open.map(|(words, path, _)| (words, path, path == self.here))
            .collect()
    }

    fn may_edit(&self) -> bool {
        self.role >= Role::Editor
    }

    fn is_owner(&self) -> bool {
        self.role == Role::Owner
    }
}

/// `/settings/websites`
#[derive(Template)]
#[template(path = "settings-websites.html", config = "www/askama.toml")]
pub struct Websites<'a> {
    /// Around it.
    pub shell: Shell,
    /// The workspace's.
    pub sites: &'a [Arc<Site>],
    /// What was typed.
    pub domain: &'a str,
    /// To choose from.
    pub zones: Vec<Choice>,
    /// How events go to where they are kept, where that is elsewhere.
    pub shipping: Option<Shipping>,
}

/// How events go to a ClickHouse, in words.
pub struct Shipping {
    place: String,
    waiting: Option<String>,
    /// When it began to take none, and why.
    trouble: Option<(String, String)>,
}

impl From<Queue> for Shipping {
    fn from(queue: Queue) -> Shipping {
        let since = |at: Timestamp| at.strftime("%-d %B %Y, %H:%M UTC").to_string();
        Shipping {
            place: queue.place,
            waiting: (queue.waiting > 0).then(|| words::count(queue.waiting)),
            trouble: queue.trouble.map(|(at, why)| (since(at), why)),
        }
    }
}

/// `/settings/websites/{website_id}`
#[derive(Template)]
#[template(path = "settings-website.html", config = "www/askama.toml")]
pub struct Website<'a> {
    /// Around it.
    pub shell: Shell,
    /// Which.
    pub site: &'a Site,
    /// To choose from.
    pub zones: Vec<Choice>,
    /// For the snippet.
    pub base_url: &'a str,
}

/// `/settings/api-keys`
#[derive(Template)]
#[template(path = "settings-api-keys.html", config = "www/askama.toml")]
pub struct Keys<'a> {
    /// Around it.
    pub shell: Shell,
    /// The workspace's.
    pub keys: Vec<KeyRow>,
    /// For the sample.
    pub base_url: &'a str,
    /// The one that was made now.
    pub secret: Option<&'a str>,
}

/// A key, in words.
pub struct KeyRow {
    id: i64,
    name: String,
    scopes: String,
    created: String,
    used: String,
    state: String,
    is_good: bool,
}

impl Keys<'_> {
    /// Keys in words, the newest first and those that are good before the others.
    pub fn rows(keys: &[Key], now: Timestamp) -> Vec<KeyRow> {
        let row = |key: &Key| {
            let state = match (key.revoked_at, key.expires_at) {
                (Some(at), _) => format!("Revoked {}", day(at)),
                (None, Some(at)) if at <= now => format!("Expired {}", day(at)),
                (None, Some(at)) => format!("Until {}", day(at)),
                (None, None) => "Until it is revoked".to_owned(),
            };
            KeyRow {
                id: key.id,
                name: key.name.clone(),
                scopes: key
                    .scopes
                    .iter()
                    .map(Scope::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
                created: day(key.created_at),
                used: key.used_at.map_or_else(|| "Never".to_owned(), moment),
                state,
                is_good: key.revoked_at.is_none() && key.expires_at.is_none_or(|at| at > now),
            }
        };
        let mut rows: Vec<_> = keys.iter().rev().map(row).collect();
        rows.sort_by_key(|row| !row.is_good);
        rows
    }

    fn scopes(&self) -> [(Scope, &'static str); 3] {
        [
            (Scope::EventWrite, "send events"),
            (Scope::AnalyticsRead, "read every number"),
            (Scope::Manage, "change sites and keys"),
        ]
    }
}

/// `/settings/team`
#[derive(Template)]
#[template(path = "settings-team.html", config = "www/askama.toml")]
pub struct Team<'a> {
    /// Around it.
    pub shell: Shell,
    /// What the workspace is called.
    pub name: &'a str,
    /// Who looks.
    pub me: i64,
    /// Its people.
    pub members: &'a [Member],
    /// Those who are invited.
    pub invitations: &'a [Invitation],
    /// The link of the invitation that was made now.
    pub link: Option<&'a str>,
    /// Whether mail really leaves.
    pub is_mailed: bool,
}

/// `/settings/websites/{website_id}/share`
#[derive(Template)]
#[template(path = "settings-share.html", config = "www/askama.toml")]
pub struct ShareSettings<'a> {
    /// Around it.
    pub shell: Shell,
    /// The site.
    pub site: &'a Site,
    /// The link there is.
    pub address: Option<String>,
    /// Whether it asks for a password.
    pub wants_password: bool,
}

/// `/share/{token}`: asks for the password.
#[derive(Template)]
#[template(path = "share-password.html", config = "www/askama.toml")]
pub struct SharePassword<'a> {
    /// What the site is called.
    pub name: &'a str,
    /// What stands in the address.
    pub token: &'a str,
    /// Why it didn't work.
    pub problem: Option<&'a str>,
}

/// `/settings/account`
#[derive(Template)]
#[template(path = "settings-account.html", config = "www/askama.toml")]
pub struct Account<'a> {
    /// Around it.
    pub shell: Shell,
    /// Who.
    pub user: &'a User,
    /// Where they are logged in.
    pub logins: Vec<LoginRow>,
}

/// A login, in words.
pub struct LoginRow {
    id: i64,
    agent: String,
    created: String,
    seen: String,
    is_this: bool,
}

impl Account<'_> {
    /// Logins in words.
    pub fn rows(logins: &[Session], this: i64, now: Timestamp) -> Vec<LoginRow> {
        let row = |login: &Session| LoginRow {
            id: login.id,
            agent: if login.agent.is_empty() {
                "A program that doesn't say its name".to_owned()
            } else {
                login.agent.clone()
            },
            created: day(login.created_at),
            seen: if now.as_second() - login.seen_at.as_second() < 120 {
                "Now".to_owned()
            } else {
                moment(login.seen_at)
            },
            is_this: login.id == this,
        };
        logins.iter().map(row).collect()
    }
}

/// `24 November 2026`
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%-d %B %Y").to_string()
}

/// `24 November 2026, 15:04 UTC`
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}
