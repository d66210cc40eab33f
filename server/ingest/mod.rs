//! A body → checked events: the door where input becomes types that can't be wrong.
//!
//! - [`body`]: bytes → objects
//! - `field`: an object's fields, one by one; `metadata`: what is attached, and the revenue and the
//!   transaction in it
//! - [`caller`]: who sends, and whether they may for this site
//! - [`imported`]: events that happened elsewhere and are brought here
//! - `raw`: the shim's records, judged by the pixel's core
//! - [`refusal`]: what is wrong, in words that help
//! - `client`: what a user agent says (`agent`, `bot`) and where an address is ([`place`]); `cookieless`: visitors
//!   without an id
//!
//! Leaves to [`http`](crate::http): keys, rate limits, how an answer looks. Leaves to [`store`](crate::store): writing.

pub(crate) mod agent;
pub mod body;
mod bot;
pub mod caller;
pub(crate) mod client;
mod cookieless;
pub(crate) mod field;
pub mod imported;
pub(crate) mod metadata;
pub mod place;
mod raw;
pub mod refusal;

use std::borrow::Cow;
use std::sync::Arc;

use ipnet::IpNet;

use crate::account::{Accounts, Site};
use crate::clock::Clock;
use crate::store::Store;
use crate::store::event::{
    Address, Client, Event, EventId, GoalName, Origin, SiteId, VisitorKey, What,
};
use body::Object;
use caller::Caller;
use refusal::Refusal;

/// What became of one object of a body.
#[derive(Debug)]
pub enum Judged {
    /// To be stored.
    Event(Box<Event>),
    /// Understood, and on purpose not stored.
    Filtered(&'static str),
    /// Wrong.
    Refused(Refusal),
}

/// Judges bodies.
pub struct Ingest {
    accounts: Arc<Accounts>,
    store: Arc<Store>,
    clock: Clock,
    clients: client::Clients,
    cookieless: cookieless::Salt,
    excluded: Vec<IpNet>,
}

impl Ingest {
    /// `excluded` addresses are not counted. Countries are known where there are `places`.
    pub fn new(
        accounts: Arc<Accounts>,
        store: Arc<Store>,
        clock: Clock,
        excluded: Vec<IpNet>,
        places: Option<place::Places>,
    ) -> Ingest {
        Ingest {
            accounts,
            store,
            clock,
            clients: client::Clients::new(places),
            cookieless: cookieless::Salt::default(),
            excluded,
        }
    }

    /// Judges a whole body: one verdict an object, in order. What is not stored is counted with its reason.
    ///
    /// # Errors
    /// When the body as such is none.
    pub fn judge(&self, bytes: &mut [u8], caller: &Caller) -> Result<Vec<Judged>, Refusal> {
        body::mend_surrogates(bytes);
        let came = self.came(caller);
        let judge_all = |bytes: &[u8]| -> Result<Vec<Judged>, Refusal> {
            let objects = body::objects(bytes)?;
            let made = match &objects[..] {
                [Ok(only)] if only.raw.is_some() => raw::Raw::of(only, caller)?.objects()?,
                _ => {
                    return Ok(objects
                        .into_iter()
                        .map(|o| self.judge_one(o, caller, &came))
                        .collect());
                }
            };
            Ok(made
                .iter()
                .map(|text| self.judge_one(body::object(text), caller, &came))
                .collect())
        };
        let judged = judge_all(bytes);
        if let Err(refusal) = &judged {
            self.count(None, refusal.code);
        }
        judged
    }

    fn judge_one(&self, object: Result<Object, Refusal>, caller: &Caller, came: &Came) -> Judged {
        let read = object.and_then(|object| Ok((Sender::of(&object)?, object)));
        let (sender, object) = match read {
            Ok(read) => read,
            Err(refusal) => return self.refused(refusal, None),
        };
        let site = match self.site(&sender, caller) {
            Ok(site) => site,
            Err((refusal, site)) => return self.refused(refusal, site),
        };
        let event = match self.event(&object, sender, caller, came, &site) {
            Ok(event) => event,
            Err(refusal) => return self.refused(refusal, Some(site.id)),
        };
        if let Some(reason) = came.filtered {
            self.count(Some(site.id), reason);
            return Judged::Filtered(reason);
        }
        Judged::Event(Box::new(event))
    }

    /// A backend's own user agent says nothing of its visitors.
    fn came(&self, caller: &Caller) -> Came {
        let Caller::Browser {
            address,
            user_agent,
            ..
        } = caller
        else {
            return Came::default();
        };
        let (client, is_bot) = self.clients.read(user_agent, *address);
        let is_excluded = || self.excluded.iter().any(|net| net.contains(address));
        let filtered = match is_bot {
            true => Some("bot"),
            false => is_excluded().then_some("excluded_address"),
        };
        Came { client, filtered }
    }

    fn refused(&self, refusal: Refusal, site: Option<SiteId>) -> Judged {
        self.count(site, refusal.code);
        Judged::Refused(refusal)
    }

    /// What a user agent is, in words such as `Firefox on Windows`; itself where that isn't known.
    pub fn described(&self, user_agent: &str) -> String {
        let described = self.clients.described(user_agent);
        described.unwrap_or_else(|| user_agent.to_owned())
    }

    /// Counts an event that is not stored.
    pub fn count(&self, site: Option<SiteId>, reason: &'static str) {
        self.store
            .writer()
            .count_drop(site, reason, self.clock.now());
    }

    /// Which site an object is for, and whether the caller may send to it; if not, which it would have been.
    fn site(
        &self,
        sender: &Sender,
        caller: &Caller,
    ) -> Result<Arc<Site>, (Refusal, Option<SiteId>)> {
        let unreadable = |error| (refusal::unreadable(error), None);
        let unknown = || (refusal::unknown_website(), None);
        match caller {
            Caller::Browser { origin, host, .. } => {
                let id = sender
                    .website_id
                    .as_deref()
                    .ok_or((refusal::missing_authorization(), None))?;
                let site = self
                    .accounts
                    .site(id)
                    .map_err(unreadable)?
                    .ok_or_else(unknown)?;
                if caller::may_send(*origin, *host, sender.url.as_ref(), &site) {
                    Ok(site)
                } else {
                    Err((refusal::origin_not_allowed(&site), Some(site.id)))
                }
            }
            Caller::Server { key } => {
                if let Some(id) = &sender.website_id {
                    let named = self.accounts.site(id).map_err(unreadable)?;
                    return named
                        .filter(|site| site.workspace == key.workspace)
                        .ok_or_else(unknown);
                }
                let sites = self.accounts.sites(key.workspace).map_err(unreadable)?;
                let is_known = |id| sites.iter().any(|site| site.id == id);
                let seen = match &sender.visitor {
                    Some(visitor) => self
                        .store
                        .site_that_saw(visitor, is_known)
                        .map_err(unreadable)?,
                    None => None,
                };
                let meant = match seen {
                    Some(id) => sites.iter().find(|s| s.id == id),
                    None => sites.first(),
                };
                meant.cloned().ok_or_else(unknown)
            }
        }
    }

    fn event(
        &self,
        object: &Object,
        sender: Sender,
        caller: &Caller,
        came: &Came,
        site: &Site,
    ) -> Result<Event, Refusal> {
        let now = self.clock.now();
        let Sender { url, visitor, .. } = sender;
        let name = field::name(object.name, matches!(caller, Caller::Browser { .. }))?;
        let user = field::user(object.user_id)?;
        let said = field::money(object, caller)?;
        let attached = metadata::metadata(object.metadata, said)?;
        let what = match (name, &url, &user) {
            (Some(name), _, _) => What::Goal(name),
            (None, Some(_), _) => What::View,
            (None, None, Some(_)) => What::Identify,
            (None, None, None) => {
                let wanted = "a page view needs the page's absolute address, a goal needs a name";
                return Err(refusal::field("url", wanted));
            }
        };
        let visitor = match (visitor, caller, &user) {
            (Some(visitor), _, _) => Some(visitor),
            (
                None,
                Caller::Browser {
                    address,
                    user_agent,
                    ..
                },
                _,
            ) => {
                let salt = |day| self.store.salt(day).map_err(refusal::unreadable);
                let id = self
                    .cookieless
                    .visitor(site.id, *address, user_agent, now, salt)?;
                Some(VisitorKey::Uuid(id))
            }
            (None, Caller::Server { .. }, user) => user.clone().map(VisitorKey::User),
        };
        let at = field::instant(object, caller, now)?;
        let referrer = field::address(object.referrer, "referrer")?;
        Ok(Event {
            workspace: site.workspace,
            site: site.id,
            at,
            day: site.day(at),
            id: match field::event_id(object.event_id)? {
                Some(id) => EventId::Given(id),
                None => EventId::Made(self.store.new_event_id(now)),
            },
            what,
            visitor,
            user,
            origin: Origin::of(url.as_ref(), referrer.as_ref(), |host| site.is_host(host)),
            client: came.client,
            begins: url.is_some() || matches!(caller, Caller::Browser { .. }),
            url,
            referrer,
            metadata: attached.metadata,
            revenue: attached.revenue,
            transaction: attached.transaction,
        })
    }
}

/// What holds of all of a body's objects, by who sent it.
#[derive(Default)]
struct Came {
    /// With what the visitor came.
    client: Client,
    /// Why they are not to be stored, if they aren't.
    filtered: Option<&'static str>,
}

/// The fields that settle which site an object is for.
struct Sender<'a> {
    website_id: Option<Cow<'a, str>>,
    visitor: Option<VisitorKey>,
    url: Option<Address>,
}

impl<'a> Sender<'a> {
    fn of(object: &Object<'a>) -> Result<Sender<'a>, Refusal> {
        if object.raw.is_some() {
            return Err(refusal::body("raw: such a body stands alone"));
        }
        Ok(Sender {
            website_id: field::text(object.website_id, "website_id")?,
            visitor: field::visitor(object.anonymous_id)?,
            url: field::address(object.url, "url")?,
        })
    }
}

/// A goal's name as who sends may fire it.
fn goal_name(text: &str, is_pixels: bool) -> Option<GoalName> {
    let reserved = GoalName::reserved(text).filter(|_| is_pixels);
    reserved.or_else(|| GoalName::parse(text))
}
