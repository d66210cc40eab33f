//! Payments that providers tell of, by webhook: Stripe and Paddle Billing. They become fires of five goals, of the visitor
//! or user that the page, or the backend, put into the checkout's metadata.
//!
//! - [`signature`]: whether it is the provider who tells; `stripe`, `paddle`: what their events say
//! - [`Payments`]: whom it means, and what is fired
//!
//! Whose it is stands in metadata as `admx_visitor_id` and `admx_user_id`: of the checkout, the subscription or the payment.
//! It is kept with the provider's ids of customer, subscription and payment, so that renewals and refunds, which name
//! nobody, are the same person's. An event that comes before the one that names somebody waits for it, up to 30 days. What
//! never names anybody isn't counted: a provider's account may well serve more than one site.
//!
//! What is fired has an event id made of the provider's, and a transaction: nothing is counted twice, whether the provider
//! sends it again, a page reports the same payment, or the server was killed in between.

mod paddle;
pub mod signature;
mod stripe;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use iso_currency::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Builder;

use crate::account::{Accounts, NewPaymentDelivery, Payer, PaymentDelivery, Provider, Site};
use crate::ingest::field;
use crate::store::event::{
    Client, Event, EventId, GoalName, Metadata, Money, Origin, TransactionId, UserId, VisitorKey,
    What,
};
use crate::store::{Outcome, Store, WriteError};

/// Bytes that a webhook's body may have.
pub const BODY: usize = 1024 * 1024;

/// Characters of a provider's id.
const ID: usize = 255;

/// Smallest units that can be counted.
const MOST: u64 = 9_000_000_000_000_000;

/// What a provider told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The provider's id of the event.
    pub id: String,
    /// Its kind, in the provider's words.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
    /// The provider's ids of the payment, the subscription, the customer.
    pub things: Vec<String>,
    /// Whom it names.
    pub payer: Payer,
    /// What is to be fired, or why nothing.
    pub fire: Result<Fire, &'static str>,
}

/// What is to be fired.
#[derive(Clone, Debug, PartialEq)]
pub struct Fire {
    goal: Goal,
    transaction: String,
    amount: Amount,
}

impl Fire {
    /// What it is known by.
    pub fn transaction(&self) -> &str {
        &self.transaction
    }

    /// What it brings, or has taken away until now.
    pub fn money(&self) -> Option<&Money> {
        match &self.amount {
            Amount::None => None,
            Amount::Of(money) | Amount::BackSoFar(money) => Some(money),
        }
    }

    fn of(goal: Goal, transaction: String) -> Fire {
        Fire {
            goal,
            transaction,
            amount: Amount::None,
        }
    }
}

/// The goals that payments fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Goal {
    TrialStarted,
    TrialConverted,
    SubscriptionCancelled,
    Payment,
    Refund,
}

impl Goal {
    fn name(self) -> &'static str {
        match self {
            Goal::TrialStarted => "Trial Started",
            Goal::TrialConverted => "Trial Converted",
            Goal::SubscriptionCancelled => "Subscription Cancelled",
            Goal::Payment => "Payment",
            Goal::Refund => "Refund",
        }
    }
}

/// What it brings.
#[derive(Clone, Debug, PartialEq)]
enum Amount {
    None,
    /// This.
    Of(Money),
    /// So much of the payment has gone back until now: what is more than before is taken away.
    BackSoFar(Money),
}

/// What a body says; `None` where it is no event of this provider's.
pub fn read(provider: Provider, body: &[u8]) -> Option<Notice> {
    let event: Value = serde_json::from_slice(body).ok()?;
    match provider {
        Provider::Stripe => stripe::read(&event),
        Provider::Paddle => paddle::read(&event),
    }
}

/// Text that stands at a place, if it can be an id or a name.
fn text(value: &Value, place: &str) -> Option<String> {
    let text = value.pointer(place)?.as_str()?.trim();
    let is_right =
        !text.is_empty() && text.chars().count() <= ID && !text.chars().any(char::is_control);
    is_right.then(|| text.to_owned())
}

/// Whom metadata names, as far as events may name them.
fn payer(metadata: &Value) -> Payer {
    let visitor = text(metadata, "/admx_visitor_id");
    let user = text(metadata, "/admx_user_id");
    Payer {
        visitor: visitor.and_then(|id| match field::visitor_key(id.into()) {
            Ok(VisitorKey::Uuid(id)) => Some(id.to_string()),
            Ok(VisitorKey::Text(id)) => Some(id),
            Ok(VisitorKey::User(_)) | Err(_) => None,
        }),
        user: user.filter(|id| pixel::name::parse_user(id).is_some()),
    }
}

/// What waits until it is known for whom.
#[derive(Serialize, Deserialize)]
struct Waiting {
    goal: Goal,
    transaction: String,
    /// Smallest units and the currency.
    money: Option<(i64, String)>,
    is_back_so_far: bool,
    at: i64,
    things: Vec<String>,
}

/// Why something could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The accounts' file.
    #[error(transparent)]
    File(#[from] rusqlite::Error),
    /// The log.
    #[error(transparent)]
    Log(#[from] WriteError),
}

/// Takes what providers told.
pub struct Payments {
    accounts: Arc<Accounts>,
    store: Arc<Store>,
    /// One after the other: what waits must see who is learned of meanwhile.
    one: Mutex<()>,
}

impl Payments {
    #[allow(missing_docs)]
    pub fn new(accounts: Arc<Accounts>, store: Arc<Store>) -> Payments {
        Payments {
            accounts,
            store,
            one: Mutex::default(),
        }
    }

    /// Takes a notice whose signature is right, and gives what became of it; nothing where it came before. The thread
    /// waits for the disk: not for those that serve.
    pub fn take(
        &self,
        site: &Site,
        provider: Provider,
        notice: &Notice,
        now: Timestamp,
    ) -> Result<Option<String>, TakeError> {
        let _one = self.one.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = &self.accounts;
        if accounts.knows_delivery(site.id, provider, &notice.id)? {
            return Ok(None);
        }
        let things = &notice.things;
        let is_said = !notice.payer.is_nobody();
        let payer = match is_said {
            true => Some(notice.payer.clone()),
            false => accounts.payer(site.id, provider, things)?,
        };
        if let Some(payer) = &payer {
            accounts.remember_payer(site.id, provider, things, payer, is_said)?;
        }
        let waiting = Waiting::of(notice);
        let (outcome, waiting) = match (&notice.fire, &payer) {
            (Err(reason), _) => (format!("Fired nothing: {reason}"), None),
            (Ok(fire), Some(payer)) => (
                self.fire(site, provider, &notice.id, fire, payer, notice.at.min(now))?,
                None,
            ),
            (Ok(fire), None) => (
                format!("{} waits: nobody is named yet", fire.goal.name()),
                serde_json::to_string(&waiting).ok(),
            ),
        };
        let noted = NewPaymentDelivery {
            event: &notice.id,
            kind: &notice.kind,
            outcome: &outcome,
            waiting: waiting.as_deref(),
        };
        accounts.note_delivery(site.id, provider, &noted, now)?;
        if let Some(payer) = payer {
            self.fire_what_waited(site, provider, things, &payer, now)?;
        }
        Ok(Some(outcome))
    }

    /// Fires what waited for one of these things to mean somebody.
    fn fire_what_waited(
        &self,
        site: &Site,
        provider: Provider,
        things: &[String],
        payer: &Payer,
        now: Timestamp,
    ) -> Result<(), TakeError> {
        for PaymentDelivery {
            id, event, waiting, ..
        } in self.accounts.waiting_deliveries(site.id, provider)?
        {
            let waiting = waiting.and_then(|json| serde_json::from_str::<Waiting>(&json).ok());
            let Some(waiting) = waiting.filter(|w| w.things.iter().any(|t| things.contains(t)))
            else {
                continue;
            };
            let Some((fire, at)) = waiting.read() else {
                continue;
            };
            self.accounts
                .remember_payer(site.id, provider, &waiting.things, payer, false)?;
            let outcome = self.fire(site, provider, &event, &fire, payer, at.min(now))?;
            self.accounts.settle_delivery(id, &outcome)?;
        }
        Ok(())
    }

    fn fire(
        &self,
        site: &Site,
        provider: Provider,
        event: &str,
        fire: &Fire,
        payer: &Payer,
        at: Timestamp,
    ) -> Result<String, TakeError> {
        let goal = fire.goal.name();
        let (money, transaction) = match &fire.amount {
            Amount::None => (None, fire.transaction.clone()),
            Amount::Of(money) => (Some(money.clone()), fire.transaction.clone()),
            Amount::BackSoFar(total) => {
                let before = self
                    .accounts
                    .refunded(site.id, provider, &fire.transaction)?;
                if total.minor <= before {
                    return Ok("Fired nothing: so much was taken away before".into());
                }
                let money = Money {
                    minor: before - total.minor,
                    currency: total.currency,
                };
                (Some(money), format!("{}:{}", fire.transaction, total.minor))
            }
        };
        let Some(name) = GoalName::parse(goal) else {
            return Ok(String::new());
        };
        let mut metadata = json!({ "provider": provider.as_str(), "transaction_id": transaction });
        if let Some(money) = &money {
            metadata["value"] = whole_units(money);
            metadata["currency"] = money.currency.code().into();
        }
        let user = payer.user.clone().map(UserId);
        let visitor = payer.visitor.as_deref();
        let visitor = visitor.and_then(|id| field::visitor_key(id.into()).ok());
        let outcomes = self.store.writer().append_here(vec![Event {
            workspace: site.workspace,
            site: site.id,
            at,
            day: site.day(at),
            id: event_id(site, provider, event, at),
            what: What::Goal(name),
            visitor: visitor.or_else(|| user.clone().map(VisitorKey::User)),
            user,
            url: None,
            referrer: None,
            metadata: Some(Metadata(metadata.to_string())),
            revenue: money.clone(),
            transaction: Some(TransactionId(transaction)),
            origin: Origin::of(None, None, |_| false),
            client: Client::default(),
            begins: false,
        }])?;
        if let Amount::BackSoFar(total) = &fire.amount {
            self.accounts
                .set_refunded(site.id, provider, &fire.transaction, total.minor)?;
        }
        let of = money.map_or_else(String::new, |money| {
            format!(" of {} {}", decimal(&money), money.currency.code())
        });
        Ok(match outcomes.first() {
            Some(Outcome::Stored) => format!("Fired {goal}{of}"),
            _ => format!("{goal}{of} was counted before"),
        })
    }
}

impl Waiting {
    fn of(notice: &Notice) -> Option<Waiting> {
        let fire = notice.fire.as_ref().ok()?;
        let money = fire.money();
        let money = money.map(|money| (money.minor, money.currency.code().to_owned()));
        Some(Waiting {
            goal: fire.goal,
            transaction: fire.transaction.clone(),
            money,
            is_back_so_far: matches!(fire.amount, Amount::BackSoFar(_)),
            at: notice.at.as_millisecond(),
            things: notice.things.clone(),
        })
    }

    fn read(&self) -> Option<(Fire, Timestamp)> {
        let amount = match &self.money {
            None => Amount::None,
            Some((minor, code)) => {
                let currency = Currency::from_code(code)?;
                let money = Money {
                    minor: *minor,
                    currency,
                };
                match self.is_back_so_far {
                    true => Amount::BackSoFar(money),
                    false => Amount::Of(money),
                }
            }
        };
        let fire = Fire {
            goal: self.goal,
            transaction: self.transaction.clone(),
            amount,
        };
        Some((fire, Timestamp::from_millisecond(self.at).ok()?))
    }
}

/// UUID version 7 of the event's time and a digest of what the provider calls it.
fn event_id(site: &Site, provider: Provider, event: &str, at: Timestamp) -> EventId {
    let said = ("payment", &site.website_id, provider.as_str(), event);
    let digest: [u8; 32] = Sha256::digest(format!("{said:?}")).into();
    let random = std::array::from_fn(|at| digest[at]);
    let at = at.as_millisecond().unsigned_abs();
    EventId::Given(Builder::from_unix_timestamp_millis(at, &random).into_uuid())
}

/// An amount in whole units, digit by digit.
fn decimal(money: &Money) -> String {
    let digits = usize::from(money.currency.exponent().unwrap_or(0));
    let sign = if money.minor < 0 { "-" } else { "" };
    let minor = format!("{:0width$}", money.minor.unsigned_abs(), width = digits + 1);
    match minor.split_at(minor.len() - digits) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, part) => format!("{sign}{whole}.{part}"),
    }
}

/// The same as JSON. A number of fewer than sixteen digits keeps them all.
fn whole_units(money: &Money) -> Value {
    serde_json::from_str(&decimal(money)).unwrap_or_else(|_| money.major().into())
}
