//! Single events as a table, and the page of one visitor.

use askama::Template;

use super::frame::Frame;
use super::view::View;
use crate::account::{GoalSettings, Site};
use crate::pages::words;
use crate::query::events::moment_text;
use crate::query::fires::{Fired, Fires, is_fire};

/// A table of single events, fetched anew when something happened.
#[derive(Template)]
#[template(path = "fires.html", config = "www/askama.toml")]
pub struct FiresTable {
    fires: Vec<Line>,
    next: Option<String>,
    /// Whether each says what it is: a table of one goal need not.
    shows_what: bool,
    /// Whether each says what part of it something earned.
    shows_share: bool,
}

/// One event.
struct Line {
    /// Words over it, where a visit begins.
    begins: Option<String>,
    at: String,
    time: String,
    what: String,
    is_goal: bool,
    is_reserved: bool,
    page: String,
    channel: &'static str,
    source: String,
    visitor: Option<(String, String)>,
    revenue: String,
    metadata: String,
    share: String,
}

impl FiresTable {
    /// Fires of one goal; `page` is the address of the table's page.
    pub fn of_goal(view: &View, site: &Site, fires: &Fires, page: &str) -> FiresTable {
        let line = |fired: &Fired| Line::new(view, site, fired);
        FiresTable {
            fires: fires.fires.iter().map(line).collect(),
            next: next(fires, page),
            shows_what: false,
            shows_share: false,
        }
    }

    /// Fires to which something earned a part, 0 to 1 each.
    pub(super) fn of_shares(
        view: &View,
        site: &Site,
        fires: &Fires,
        shares: impl Iterator<Item = f64>,
    ) -> FiresTable {
        let mut table = FiresTable::of_goal(view, site, fires, "");
        for (line, share) in table.fires.iter_mut().zip(shares) {
            line.share = words::percent(Some(share));
        }
        FiresTable {
            shows_share: true,
            ..table
        }
    }
    /// Everything one visitor did, visit by visit.
    fn of_visitor(view: &View, site: &Site, fires: &Fires, page: &str) -> FiresTable {
        let mut visit = None;
        let line = |fired: &Fired| {
            let is_next = visit != Some(fired.detail.session);
            visit = Some(fired.detail.session);
            Line {
                begins: is_next.then(|| visit_words(site, fired)),
                ..Line::new(view, site, fired)
            }
        };
        FiresTable {
            fires: fires.fires.iter().map(line).collect(),
            next: next(fires, page),
            shows_what: true,
            shows_share: false,
        }
    }
}

fn next(fires: &Fires, page: &str) -> Option<String> {
    let before = moment_text(fires.next?);
    Some(format!("{page}&before={before}#fires"))
}

/// What a visit is: when it was, and what brought it.
fn visit_words(site: &Site, fired: &Fired) -> String {
    let day = fired.detail.fire.at.to_zoned(site.zone.clone());
    let day = day.strftime("%A, %-d %B %Y");
    match fired.channel {
        Some(channel) if fired.detail.origin.source.is_empty() => format!("{day} · {channel}"),
        Some(channel) => format!("{day} · {channel}, {}", fired.detail.origin.source),
        None => format!("{day} · from a server"),
    }
}

/// A page of the site's own by its path, any other by its address.
fn page(site: &Site, url: &str) -> String {
    let own = url.split_once("://").and_then(|(_, rest)| {
        let at = rest.find('/').unwrap_or(rest.len());
        let host = rest[..at].split(':').next().unwrap_or_default();
        (host == site.domain || host.strip_prefix("www.") == Some(&site.domain))
            .then(|| &rest[at..])
    });
    match own {
        Some("") => "/".into(),
        Some(path) => path.to_owned(),
        None => url.to_owned(),
    }
}

impl Line {
    fn new(view: &View, site: &Site, fired: &Fired) -> Line {
        let fire = &fired.detail.fire;
        let at = fire.at.to_zoned(site.zone.clone());
        let name = fire.goal.as_ref().map(|goal| goal.as_str());
        // A view of a page that is a goal is a fire of it.
        let is_page = |set: &&GoalSettings| {
            name.is_none() && set.page.is_some() && is_fire(&site.goals, set.name.as_str(), fire)
        };
        let set = site.goals.goals().iter().map(|goal| &goal.set);
        let pages: Vec<&str> = set.filter(is_page).map(|set| set.name.as_str()).collect();
        let visitor = |number: u32| {
            (
                view.address(&format!("visitors/{number}")),
                format!("#{number}"),
            )
        };
        Line {
            begins: None,
            at: fire.at.to_string(),
            time: at.strftime("%-d %b %H:%M:%S").to_string(),
            is_goal: name.is_some() || !pages.is_empty(),
            what: match name {
                Some(name) => live::fire::plain_name(name).to_owned(),
                None if pages.is_empty() => "Page view".into(),
                None => pages.join(", "),
            },
            is_reserved: name.is_some_and(|name| name.starts_with("__")),
            page: page(site, fire.url.as_deref().unwrap_or_default()),
            channel: fired.channel.unwrap_or("Server"),
            source: fired.detail.origin.source.clone(),
            visitor: fire.visitor.map(visitor),
            revenue: fired
                .detail
                .revenue
                .as_ref()
                .map(words::money)
                .unwrap_or_default(),
            metadata: fire
                .metadata
                .as_ref()
                .map(|metadata| metadata.0.clone())
                .unwrap_or_default(),
            share: String::new(),
        }
    }
}

/// `/dashboard/visitors/{number}`
#[derive(Template)]
#[template(path = "visitor.html", config = "www/askama.toml")]
pub struct Visitor {
    frame: Frame,
    name: String,
    facts: Vec<(&'static str, String)>,
    fires: FiresTable,
}

impl Visitor {
    /// Makes the page; `user` is whom the site calls them.
    pub fn new(frame: Frame, number: u32, user: Option<&str>, journey: &Fires) -> Visitor {
        let mut facts = Vec::new();
        if let Some(user) = user {
            facts.push(("User", user.to_owned()));
        }
        if let Some(latest) = journey.fires.first() {
            let at = latest.detail.fire.at.to_zoned(frame.site.zone.clone());
            facts.push(("Last seen", at.strftime("%-d %b %Y %H:%M").to_string()));
        }
        if let Some(known) = journey
            .fires
            .iter()
            .find(|fired| !fired.detail.client.browser.is_empty())
        {
            let client = &known.detail.client;
            facts.push(("Browser", client.browser.clone()));
            facts.push(("System", client.os.clone()));
            facts.push(("Device", client.device.clone()));
            facts.push(("Country", super::country(&client.country)));
        }
        facts.retain(|(_, value)| !value.is_empty());
        let page = frame.to(&frame.page);
        Visitor {
            name: format!("Visitor #{number}"),
            fires: FiresTable::of_visitor(&frame.view, &frame.site, journey, &page),
            facts,
            frame,
        }
    }
}
