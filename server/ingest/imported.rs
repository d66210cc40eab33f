//! The door for events that happened elsewhere and are brought here: lines of an export, of this product or another.
//! What holds of them is what holds of a server's events, but for reserved goals, which they may be, and for with what
//! the visitor came, which they say themselves.
//!
//! An event has no id in an export, so it is given one made of what it says: where it goes, when it was, who, what, on
//! which page, with what attached. Events that say exactly the same are told apart by which of them comes first, as far
//! as they lie close together. So the same events brought twice are stored once, in whatever file they come, and the
//! user and the browser, which the log may know better later, don't matter.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Builder;

use super::agent::{self, Device};
use super::refusal::{self, Refusal};
use super::{body, field, metadata};
use crate::account::Site;
use crate::recent::Recent;
use crate::store::event::{Client, Event, EventId, Origin, VisitorKey, What};

/// A line: the fields of `POST /api/event` by the same names, and with what the visit came.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Line<'a> {
    #[allow(missing_docs)]
    #[serde(default)]
    pub fired_at: Cow<'a, str>,
    #[allow(missing_docs)]
    pub name: Option<Cow<'a, str>>,
    #[allow(missing_docs)]
    pub anonymous_id: Option<Cow<'a, str>>,
    #[allow(missing_docs)]
    pub user_id: Option<Cow<'a, str>>,
    #[allow(missing_docs)]
    pub url: Option<Cow<'a, str>>,
    #[allow(missing_docs)]
    pub referrer: Option<Cow<'a, str>>,
    /// JSON.
    pub metadata: Option<Cow<'a, RawValue>>,
    #[allow(missing_docs)]
    pub browser: Option<Cow<'a, str>>,
    #[allow(missing_docs)]
    pub os: Option<Cow<'a, str>>,
    #[allow(missing_docs)]
    pub device: Option<Cow<'a, str>>,
    /// ISO 3166, two capital letters.
    pub country: Option<Cow<'a, str>>,
}

/// Events whose likes are remembered while others come, at least.
const ALIKE: usize = 100_000;

/// Takes lines for a site.
pub struct Imported {
    site: Arc<Site>,
    now: Timestamp,
    alike: Recent<[u8; 16], u32>,
}

impl Imported {
    /// `now` is when they are brought: nothing may lie after it.
    pub fn new(site: Arc<Site>, now: Timestamp) -> Imported {
        Imported {
            site,
            now,
            alike: Recent::new(ALIKE),
        }
    }

    /// Where the events go.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The event that a line means.
    ///
    /// # Errors
    /// What is wrong with the line, in words.
    pub fn event(&mut self, line: &Line) -> Result<Event, Refusal> {
        let mut json = serde_json::to_vec(line)
            .map_err(|error| refusal::body(format!("no JSON can be made of it: {error}")))?;
        body::mend_surrogates(&mut json);
        let json = String::from_utf8_lossy(&json);
        let object = body::object(&json)?;
        let at = match field::text(object.fired_at, "fired_at")?.filter(|at| !at.is_empty()) {
            Some(at) => field::fired_at(&at, self.now)?,
            None => return Err(refusal::field("fired_at", "wanted the time of the event")),
        };
        let name = field::name(object.name, true)?;
        let user = field::user(object.user_id)?;
        let url = field::address(object.url, "url")?;
        let referrer = field::address(object.referrer, "referrer")?;
        let attached = metadata::metadata(object.metadata, metadata::Said::default())?;
        let what = match (name, &url) {
            (Some(name), _) => What::Goal(name),
            (None, Some(_)) => What::View,
            (None, None) => {
                let wanted = "a page view needs the page's absolute address, a goal needs a name";
                return Err(refusal::field("url", wanted));
            }
        };
        let visitor = field::visitor(object.anonymous_id)?;
        let visitor = visitor.or_else(|| user.clone().map(VisitorKey::User));
        let site = &self.site;
        let client = client(line);
        let mut event = Event {
            workspace: site.workspace,
            site: site.id,
            at,
            day: site.day(at),
            id: EventId::Given(uuid::Uuid::nil()),
            what,
            visitor,
            user,
            origin: Origin::of(url.as_ref(), referrer.as_ref(), |host| site.is_host(host)),
            begins: url.is_some() || client != Client::default(),
            client,
            url,
            referrer,
            metadata: attached.metadata,
            revenue: attached.revenue,
            transaction: attached.transaction,
        };
        event.id = self.id(&event);
        Ok(event)
    }

    /// UUID version 7 of the event's time and of a digest of the rest, so that ids of one time lie side by side.
    fn id(&mut self, event: &Event) -> EventId {
        let said = (
            &self.site.website_id,
            event.at.as_millisecond(),
            &event.what,
            &event.visitor,
            (&event.url, &event.referrer, &event.metadata),
        );
        let digest = |count: u32| -> [u8; 16] {
            let digest = Sha256::digest(format!("{said:?} {count}"));
            std::array::from_fn(|at| digest[at])
        };
        let first = digest(0);
        let count = self.alike.get(&first).copied().unwrap_or_default();
        self.alike.insert(first, count + 1);
        let digest = digest(count);
        let random = std::array::from_fn(|at| digest[at]);
        let at = event.at.as_millisecond().unsigned_abs();
        EventId::Given(Builder::from_unix_timestamp_millis(at, &random).into_uuid())
    }
}

/// Names that are not in this server's own table are left out: they would be told apart from those that mean the same.
fn client(line: &Line) -> Client {
    let text = |text: &Option<Cow<str>>| text.as_deref().unwrap_or_default().to_owned();
    let country = text(&line.country).to_ascii_uppercase();
    let country = <[u8; 2]>::try_from(country.as_bytes()).ok();
    Client {
        browser: agent::browser(&text(&line.browser)).unwrap_or_default(),
        os: agent::system(&text(&line.os)).unwrap_or_default(),
        device: Device::named(&text(&line.device)).map_or("", Device::name),
        country: country.filter(|code| code.iter().all(u8::is_ascii_uppercase)),
    }
}
