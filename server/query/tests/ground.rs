//! A site's events, as the store has them and as a plain list.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use iso_currency::Currency;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;
use uuid::Uuid;

use crate::account::rate::{Exchange, Rate};
use crate::account::{Goal, GoalBook, GoalSettings, Site};
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::WEEKDAYS;
use crate::query::range::Range;
use crate::store::event::{
    Address, Client, Event, EventId, GoalName, Metadata, Money, Origin, UserId, VisitorKey, What,
};
use crate::store::{Settings, Store};

/// Enough that most are sealed and some are not.
const EVENTS: usize = 40_000;
const DAYS: i64 = 20;
const FROM: &str = "2026-10-20T00:00:00Z";
pub(super) const NOW: Timestamp = Timestamp::constant(1_795_521_600, 0);

/// What is known of an event.
#[derive(Clone)]
pub(super) struct Fact {
    pub(super) at: Timestamp,
    pub(super) visitor: Option<u8>,
    pub(super) user: Option<String>,
    /// Who that is: by the user who signed in there last before, else first; by the visitor where nobody did.
    pub(super) person: Option<String>,
    pub(super) goal: Option<String>,
    pub(super) path: String,
    pub(super) source: Option<&'static str>,
    pub(super) plan: Option<String>,
    pub(super) money: Option<Money>,
}

pub(super) struct Ground {
    _folder: TempDir,
    pub(super) store: Arc<Store>,
    pub(super) site: Site,
    pub(super) facts: Vec<Fact>,
}

pub(super) static GROUND: LazyLock<Ground> = LazyLock::new(ground);

/// None at first, then two that binary fractions hold: a yen is a cent, then two.
fn rates() -> [Rate; 2] {
    [("2026-10-26", 0.01), ("2026-10-30", 0.02)].map(|(day, rate)| Rate {
        day: day.parse().unwrap(),
        from: *b"JPY",
        to: *b"EUR",
        rate,
    })
}

pub(super) fn site() -> Site {
    Site {
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        exchange: Arc::new(Exchange::new(Some(Currency::EUR), &rates())),
        ..Site::sample()
    }
}

fn facts() -> Vec<Fact> {
    let mut rng = StdRng::seed_from_u64(11);
    let from: Timestamp = FROM.parse().unwrap();
    let fact = |n: usize| {
        let second = from.as_second() + n as i64 * DAYS * 86_400 / EVENTS as i64;
        let visitor = rng.random_ratio(19, 20).then(|| rng.random_range(1..=90u8));
        let user = visitor
            .filter(|v| v % 3 == 0 && rng.random_ratio(1, 5))
            .map(|v| {
                // Some browsers change hands half-way.
                let is_late = v % 9 == 0 && n > EVENTS / 2;
                format!("user {}", v % 12 + u8::from(is_late))
            });
        let goal = match rng.random_range(0..12) {
            0 => Some("Trial Started"),
            1 => Some("Buy, now"),
            2 => Some("__admx_scroll_50"),
            _ => None,
        };
        let currency = if rng.random_ratio(1, 3) {
            Currency::JPY
        } else {
            Currency::EUR
        };
        Fact {
            at: Timestamp::from_second(second).unwrap(),
            visitor,
            user,
            person: None,
            goal: goal.map(str::to_owned),
            path: format!("/p{}", rng.random_range(0..12)),
            source: visitor
                .and_then(|v| [Some("google"), Some("chatgpt.com"), None][usize::from(v % 3)]),
            plan: goal
                .filter(|_| rng.random_ratio(2, 3))
                .map(|_| ["pro", "free"][n % 2].to_owned()),
            money: goal.filter(|_| rng.random_ratio(1, 2)).map(|_| Money {
                minor: rng.random_range(1..5000),
                currency,
            }),
        }
    };
    let mut facts: Vec<Fact> = (0..EVENTS).map(fact).collect();
    let mut users: BTreeMap<u8, String> = BTreeMap::new();
    let signed_in = |fact: &Fact| Some((fact.visitor?, fact.user.clone()?));
    for (visitor, user) in facts.iter().filter_map(signed_in) {
        users.entry(visitor).or_insert(user);
    }
    for fact in &mut facts {
        users.extend(signed_in(fact));
        let person = |visitor: u8| match users.get(&visitor) {
            Some(user) => user.clone(),
            None => visitor.to_string(),
        };
        fact.person = fact.visitor.map(person);
    }
    facts
}

fn event(fact: &Fact, site: &Site) -> Event {
    let query = fact.source.map(|source| format!("?utm_source={source}"));
    let url = Address(format!(
        "https://a.test{}{}",
        fact.path,
        query.unwrap_or_default()
    ));
    Event {
        workspace: site.workspace,
        site: site.id,
        at: fact.at,
        day: site.day(fact.at),
        id: EventId::Made(Uuid::nil()),
        what: match &fact.goal {
            Some(goal) => What::Goal(GoalName::parse(goal).or(GoalName::reserved(goal)).unwrap()),
            None => What::View,
        },
        visitor: fact
            .visitor
            .map(|v| VisitorKey::Uuid(Uuid::from_u128(v.into()))),
        user: fact.user.clone().map(UserId),
        origin: Origin::of(Some(&url), None, |_| false),
        client: Client::default(),
        begins: true,
        url: Some(url),
        referrer: None,
        metadata: fact
            .plan
            .as_ref()
            .map(|plan| Metadata(format!(r#"{{"plan":"{plan}"}}"#))),
        revenue: fact.money.clone(),
        transaction: None,
    }
}

fn ground() -> Ground {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::of_test(folder.path());
    let store = Store::open(folder.path(), &settings).unwrap();
    let (site, facts) = (site(), facts());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for facts in facts.chunks(500) {
        let events = facts.iter().map(|fact| event(fact, &site)).collect();
        runtime.block_on(store.writer().append(events)).unwrap();
    }
    Ground {
        _folder: folder,
        store,
        site,
        facts,
    }
}

impl Fact {
    pub(super) fn value(&self, dimension: &Dimension) -> Option<String> {
        let zoned = self.at.to_zoned(GROUND.site.zone.clone());
        let date = zoned.date();
        let Dimension::Named(named) = dimension else {
            return self.plan.clone();
        };
        match named {
            Named::Goal => self.goal.clone(),
            Named::Day => Some(date.to_string()),
            Named::Week => {
                let back = i64::from(date.weekday().to_monday_zero_offset());
                Some((date - jiff::Span::new().days(back)).to_string())
            }
            Named::Month => Some(date.first_of_month().to_string()),
            Named::Weekday => {
                Some(WEEKDAYS[date.weekday().to_monday_zero_offset() as usize].into())
            }
            Named::Hour => Some(format!("{:02}", zoned.hour())),
            Named::Page => Some(self.path.clone()),
            Named::Source => self.source.map(str::to_owned),
            Named::Channel => Some(
                match self.source {
                    Some("google") => "Organic Search",
                    Some(_) => "AI Assistants",
                    None => "Direct",
                }
                .to_owned(),
            ),
            other => panic!("{other:?} is not counted here"),
        }
    }

    pub(super) fn is_in(&self, range: &Range) -> bool {
        let date = self.at.to_zoned(range.zone.clone()).date();
        (range.from..=range.to).contains(&date)
    }
}

/// The same site with something set of its goals, and its events as they are then: page views that are fires are there
/// as both.
pub(super) static BOOKED: LazyLock<(Site, Vec<Fact>)> = LazyLock::new(|| {
    let set = |name: &str| GoalSettings::named(name).unwrap();
    let eur = |amount| Some((amount, Currency::EUR));
    let mut any = set("Any page").with_page("*").unwrap();
    any.is_hidden = true;
    let mut scrolled = set("__admx_scroll_50").with_value(eur(0.01)).unwrap();
    scrolled.is_hidden = true;
    let trial = set("Trial Started").with_page("/p1*").unwrap();
    let sets = [
        set("Bought")
            .with_names(["Buy, now"].into_iter())
            .and_then(|set| set.with_value(eur(10.0)))
            .unwrap(),
        trial.with_value(Some((250.0, Currency::JPY))).unwrap(),
        set("Saw p2")
            .with_page("/P2")
            .and_then(|set| set.with_value(eur(1.5)))
            .unwrap(),
        any,
        scrolled,
    ];
    let goal = |(id, set)| Goal { id, set };
    let book = GoalBook::new((1..).zip(sets.clone()).map(goal).collect());
    let mut facts = Vec::new();
    for fact in &GROUND.facts {
        let mut stored = fact.clone();
        if let Some(name) = &mut stored.goal {
            if name == "Buy, now" {
                *name = "Bought".into();
            }
            let set = sets.iter().find(|set| set.name.as_str() == name);
            let worth = set.and_then(|set| set.value.clone());
            stored.money = stored.money.or(worth);
        }
        facts.push(stored);
        for set in sets.iter().filter(|_| fact.goal.is_none()) {
            let is_fire = match set.page.as_deref() {
                Some("*") => true,
                Some("/p1*") => fact.path.starts_with("/p1"),
                Some(_) => fact.path == "/p2",
                None => false,
            };
            if is_fire {
                facts.push(Fact {
                    goal: Some(set.name.to_string()),
                    money: set.value.clone(),
                    ..fact.clone()
                });
            }
        }
    }
    let site = Site {
        goals: Arc::new(book),
        ..site()
    };
    (site, facts)
});
