//! What is stored, as types that can't be wrong: whoever holds one need not check it again.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

pub use super::id::EventId;
pub use super::origin::Origin;

/// Which site an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteId(pub(crate) i64);

/// Which workspace something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkspaceId(pub(crate) i64);

/// A goal's name: one that people defined, or one of the seven reserved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GoalName(String);

impl GoalName {
    /// The name of a goal that people define: 1 to 100 characters after trimming, no control character, not starting
    /// with `__`. The rule is the pixel core's.
    pub fn parse(text: &str) -> Option<GoalName> {
        pixel::name::parse(text).map(|name| GoalName(name.to_owned()))
    }

    /// A name of either kind.
    pub fn shown(text: &str) -> Option<GoalName> {
        GoalName::parse(text).or_else(|| GoalName::reserved(text))
    }

    /// One of the seven names that only the pixel may fire.
    pub fn reserved(text: &str) -> Option<GoalName> {
        pixel::name::is_reserved(text).then(|| GoalName(text.to_owned()))
    }

    /// A name that was stored, and so was checked when it came.
    pub(super) fn stored(text: String) -> GoalName {
        GoalName(text)
    }

    /// Whether it fires by itself.
    pub fn is_reserved(&self) -> bool {
        pixel::name::is_reserved(&self.0)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GoalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a payment is known by to who took it: 1 to 200 characters. With one goal it is stored once in a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionId(pub(crate) String);

/// A page's address, at most 2,048 bytes, neither `data:` nor `blob:`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address(pub(crate) String);

/// A signed-in user, as the site calls them: 1 to 256 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId(pub(crate) String);

/// Whose browser it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VisitorKey {
    /// The pixel's id, or one that the server derived.
    Uuid(Uuid),
    /// An id of the site's own making.
    Text(String),
    /// A server's event that names a user and no browser.
    User(UserId),
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// In the currency's smallest unit, by its ISO 4217 exponent.
    pub minor: i64,
    /// ISO 4217, three capital letters.
    pub currency: iso_currency::Currency,
}

impl Money {
    /// From what was stored; `None` for a currency that is no longer known.
    pub(super) fn stored(minor: i64, code: &str) -> Option<Money> {
        let currency = iso_currency::Currency::from_code(code)?;
        Some(Money { minor, currency })
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A page was shown.
    View,
    /// A goal fired.
    Goal(GoalName),
    /// The visitor was recognised as the event's user.
    Identify,
}

/// A JSON object of at most 8,192 bytes, compact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(pub(crate) String);

/// With what somebody came: names as people know them, empty where unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Client {
    /// Such as `Firefox`.
    pub browser: &'static str,
    /// Such as `Windows`.
    pub os: &'static str,
    /// `Desktop`, `Mobile`, `Tablet` or `Other`.
    pub device: &'static str,
    /// ISO 3166, two capital letters.
    pub country: Option<[u8; 2]>,
}

/// Something that happened on a site.
#[derive(Clone, Debug)]
pub struct Event {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Where.
    pub site: SiteId,
    /// When.
    pub at: Timestamp,
    /// Which day that was in the site's zone: days since 1970.
    pub day: i32,
    /// The same id is stored once in a workspace, ever.
    pub id: EventId,
    /// What.
    pub what: What,
    /// Who, as far as the browser goes; `None` when a server names nobody.
    pub visitor: Option<VisitorKey>,
    /// Who, as far as the site knows.
    pub user: Option<UserId>,
    /// The page.
    pub url: Option<Address>,
    /// The page before.
    pub referrer: Option<Address>,
    /// What the site attached.
    pub metadata: Option<Metadata>,
    /// What it brought.
    pub revenue: Option<Money>,
    /// By which transaction: of a goal it is stored once.
    pub transaction: Option<TransactionId>,
    /// What brought the visitor, as far as this event shows it. Kept of a session's first event.
    pub origin: Origin,
    /// With what they came. Kept of a session's first event.
    pub client: Client,
    /// Whether it may begin a session. What a backend reports without a page joins the visitor's session, and begins
    /// none.
    pub begins: bool,
}

impl Money {
    /// From major units; `None` where it is no amount that can be counted.
    pub fn of_major(amount: f64, currency: iso_currency::Currency) -> Option<Money> {
        let minor = (amount * 10f64.powi(i32::from(currency.exponent()?))).round();
        // Past this a double no longer tells one smallest unit from the next.
        (minor.abs() < 9e15).then_some(Money {
            minor: minor as i64,
            currency,
        })
    }

    /// In major units: euros rather than cents. For people to read; sums are made of minor units.
    pub fn major(&self) -> f64 {
        major(self.minor as f64, self.currency)
    }
}

/// An amount in a currency's smallest unit, or a part of one, in major units.
pub fn major(minor: f64, currency: iso_currency::Currency) -> f64 {
    minor / 10f64.powi(i32::from(currency.exponent().unwrap_or(0)))
}
