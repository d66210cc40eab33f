//! The visits themselves: who comes from where, when, looks at what and fires which goals. Chance is given by a seed.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use uuid::{Builder, Uuid};

use super::Flags;
use crate::account::Site;
use crate::store::event::{
    Address, Client, Event, EventId, GoalName, Metadata, Money, Origin, VisitorKey, What,
};

/// Where visitors come from: source, medium, campaign, referrer; how many of a thousand; how well they fit, in percent.
const SOURCES: [(&str, &str, &str, &str, u32, u32); 12] = [
    ("", "", "", "", 260, 100),
    ("google.com", "", "", "https://www.google.com/", 250, 120),
    ("google", "cpc", "brand", "https://www.google.com/", 90, 150),
    (
        "google",
        "cpc",
        "competitors",
        "https://www.google.com/",
        50,
        60,
    ),
    ("newsletter", "email", "monthly", "", 80, 220),
    (
        "news.ycombinator.com",
        "",
        "",
        "https://news.ycombinator.com/item",
        60,
        40,
    ),
    ("github.com", "", "", "https://github.com/", 60, 130),
    (
        "linkedin",
        "paid_social",
        "launch",
        "https://www.linkedin.com/",
        40,
        50,
    ),
    ("chatgpt.com", "", "", "https://chatgpt.com/", 40, 180),
    ("bing.com", "", "", "https://www.bing.com/", 30, 100),
    ("youtube.com", "", "", "https://www.youtube.com/", 20, 70),
    (
        "partner.example",
        "referral",
        "",
        "https://partner.example/tools",
        20,
        200,
    ),
];

/// Pages that visits begin on and go on to, and how many of a thousand views they are.
const PAGES: [(&str, u32); 14] = [
    ("/", 290),
    ("/pricing", 150),
    ("/features", 110),
    ("/docs", 90),
    ("/docs/install", 60),
    ("/docs/api", 40),
    ("/blog", 60),
    ("/blog/why-goals", 50),
    ("/blog/self-hosting", 40),
    ("/changelog", 20),
    ("/about", 30),
    ("/contact", 20),
    ("/signup", 30),
    ("/download", 10),
];

/// Goals, and how many of ten thousand views fire them.
const GOALS: [(&str, u32); 10] = [
    ("__admx_scroll_50", 1200),
    ("__admx_scroll_75", 700),
    ("__admx_scroll_90", 400),
    ("Pricing Click", 450),
    ("__admx_outbound_click", 300),
    ("Demo Watched", 220),
    ("Trial Started", 150),
    ("Newsletter Signup", 120),
    ("__admx_file_download", 110),
    ("Subscription Paid", 60),
];

/// Browser, system, device and how many of a thousand visitors have them.
const CLIENTS: [(&str, &str, &str, u32); 9] = [
    ("Chrome", "Windows", "Desktop", 260),
    ("Chrome", "Android", "Mobile", 210),
    ("Safari", "iOS", "Mobile", 190),
    ("Chrome", "macOS", "Desktop", 120),
    ("Safari", "macOS", "Desktop", 70),
    ("Edge", "Windows", "Desktop", 60),
    ("Firefox", "Linux", "Desktop", 40),
    ("Firefox", "Windows", "Desktop", 30),
    ("Safari", "iPadOS", "Tablet", 20),
];

const COUNTRIES: [([u8; 2], u32); 8] = [
    (*b"US", 340),
    (*b"DE", 170),
    (*b"GB", 140),
    (*b"FR", 90),
    (*b"IN", 90),
    (*b"NL", 60),
    (*b"CA", 60),
    (*b"BR", 50),
];

/// Of a thousand visits by hour of the day, UTC.
const HOURS: [u32; 24] = [
    18, 14, 12, 11, 13, 18, 27, 39, 52, 60, 63, 61, 57, 61, 66, 67, 64, 58, 52, 48, 44, 40, 33, 22,
];

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// The share of all events that is over when each day ends: half as many at weekends, a third more at the end, and no
/// day like the other.
fn ends(days: u32, from: Timestamp, rng: &mut StdRng) -> Vec<f64> {
    let weight = |day: u32| {
        let at = from + SignedDuration::from_hours(24 * i64::from(day));
        let weekday = at.to_zoned(jiff::tz::TimeZone::UTC).weekday();
        let is_weekend = weekday.to_monday_zero_offset() >= 5;
        let growth = 1.0 + f64::from(day) / f64::from(days) / 3.0;
        growth * if is_weekend { 0.5 } else { 1.0 }
    };
    let weights: Vec<f64> = (0..days)
        .map(|day| weight(day) * rng.random_range(0.85..1.15))
        .collect();
    let all: f64 = weights.iter().sum();
    let sums = weights.iter().scan(0.0, |sum, weight| {
        *sum += weight;
        Some(*sum / all)
    });
    sums.collect()
}

/// Visitors who are remembered to come again.
const POOL: usize = 200_000;

/// A visitor: who, with what, from where.
#[derive(Clone, Copy)]
struct Person {
    id: Uuid,
    client: usize,
    country: usize,
    number: u64,
}

/// All visits, event by event, nearly in the order of time.
pub(super) struct Visits<'a> {
    site: &'a Site,
    rng: StdRng,
    /// Milliseconds since 1970.
    from: i64,
    /// The share of all events that is over when each day ends.
    ends: Vec<f64>,
    /// Events that are asked for, and visits and events that are planned.
    wanted: u64,
    begun: u64,
    /// The share of visits that are somebody's who was here before.
    returns: f64,
    people: Vec<Person>,
    waiting: BinaryHeap<Reverse<(i64, u64)>>,
    events: HashMap<u64, Event>,
    numbered: u64,
}

impl<'a> Visits<'a> {
    pub(super) fn new(site: &'a Site, flags: &Flags, until: Timestamp) -> Visits<'a> {
        let from = until - SignedDuration::from_hours(24 * i64::from(flags.days));
        let mut rng = StdRng::seed_from_u64(flags.seed);
        let ends = ends(flags.days, from, &mut rng);
        Visits {
            site,
            rng,
            from: from.as_millisecond(),
            ends,
            wanted: flags.events,
            begun: 0,
            returns: 1.0 - 1.0 / flags.visits_each,
            people: Vec::new(),
            waiting: BinaryHeap::new(),
            events: Default::default(),
            numbered: 0,
        }
    }

    /// When the next visit begins: the days pass as the events that are planned do, and each day's hours as busy as they are.
    fn next_start(&mut self) -> i64 {
        let share = (self.numbered as f64 + self.rng.random::<f64>()) / self.wanted as f64;
        let day = self.day_of(share);
        let before = day.checked_sub(1).map_or(0.0, |before| self.ends[before]);
        let within = (share - before) / (self.ends[day] - before);
        let total: u32 = HOURS.iter().sum();
        let mut left = within.clamp(0.0, 1.0) * f64::from(total);
        let mut hours = 0.0;
        for weight in HOURS.map(f64::from) {
            if left < weight {
                hours += left / weight;
                break;
            }
            left -= weight;
            hours += 1.0;
        }
        let at = self.from + day as i64 * DAY + (hours * 3_600_000.0) as i64;
        at.min(self.end() - 1)
    }

    /// The day on which so many of the events are planned.
    fn day_of(&self, share: f64) -> usize {
        self.ends
            .partition_point(|end| *end < share)
            .min(self.ends.len() - 1)
    }

    fn end(&self) -> i64 {
        self.from + self.ends.len() as i64 * DAY
    }

    fn person(&mut self) -> Person {
        if !self.people.is_empty() && self.rng.random_bool(self.returns) {
            return self.people[self.rng.random_range(0..self.people.len())];
        }
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        let person = Person {
            id: Builder::from_random_bytes(bytes).into_uuid(),
            client: weighted(&mut self.rng, CLIENTS.iter().map(|c| c.3)),
            country: weighted(&mut self.rng, COUNTRIES.iter().map(|c| c.1)),
            number: self.begun,
        };
        if self.people.len() < POOL {
            self.people.push(person);
        } else {
            let at = self.rng.random_range(0..POOL);
            self.people[at] = person;
        }
        person
    }

    /// Plans one visit.
    fn visit(&mut self) {
        let mut at = self.next_start();
        self.begun += 1;
        let person = self.person();
        let (source, medium, campaign, referrer, _, fit) =
            SOURCES[weighted(&mut self.rng, SOURCES.iter().map(|s| s.4))];
        let mut first = true;
        loop {
            let page = PAGES[weighted(&mut self.rng, PAGES.iter().map(|p| p.1))].0;
            let tagged = first && !medium.is_empty();
            let query = if tagged {
                format!("?utm_source={source}&utm_medium={medium}&utm_campaign={campaign}")
            } else {
                String::new()
            };
            let url = Address(format!("https://{}{page}{query}", self.site.domain));
            let referrer = (first && !referrer.is_empty()).then(|| Address(referrer.to_owned()));
            self.plan(
                at,
                &person,
                What::View,
                Some(url.clone()),
                referrer.clone(),
                None,
                None,
            );
            for (name, of_ten_thousand) in GOALS {
                if self.rng.random_range(0..10_000 * 100) < of_ten_thousand * fit {
                    let after = self.rng.random_range(2_000..60_000);
                    let Some(goal) = GoalName::reserved(name).or_else(|| GoalName::parse(name))
                    else {
                        continue;
                    };
                    let (metadata, money) = self.attached(name, page, person.number);
                    self.plan(
                        at + after,
                        &person,
                        What::Goal(goal),
                        Some(url.clone()),
                        None,
                        metadata,
                        money,
                    );
                }
            }
            first = false;
            if self.rng.random_ratio(42, 100) {
                return;
            }
            at += self.rng.random_range(5_000..180_000);
        }
    }

    /// What a site would attach to a goal.
    fn attached(
        &mut self,
        goal: &str,
        page: &str,
        person: u64,
    ) -> (Option<Metadata>, Option<Money>) {
        let plan = ["starter", "pro", "team"][self.rng.random_range(0..3)];
        let text = match goal {
            "Trial Started" => format!(r#"{{"plan":"{plan}","seats":{}}}"#, self.rng.random_range(1..20)),
            "Pricing Click" => format!(r#"{{"plan":"{plan}"}}"#),
            "Subscription Paid" => {
                let value = [9, 29, 99][self.rng.random_range(0..3)];
                let order = self.rng.random_range(0..1_000_000_000u32);
                let text = format!(r#"{{"plan":"{plan}","value":{value},"currency":"USD","order":"A{order:09}"}}"#);
                let money = Money { minor: value * 100, currency: Currency::USD };
                return (Some(Metadata(text)), Some(money));
            }
            "Demo Watched" => format!(r#"{{"variant":"{}"}}"#, ["a", "b"][(person % 2) as usize]),
            "__admx_file_download" => r#"{"href":"https://files.example/guide.pdf","extension":"pdf","filename":"guide.pdf"}"#.to_owned(),
            "__admx_outbound_click" => r#"{"href":"https://github.com/","host":"github.com","text":"Source"}"#.to_owned(),
            name if name.starts_with("__admx_scroll") => format!(r#"{{"path":"{page}"}}"#),
            _ => return (None, None),
        };
        (Some(Metadata(text)), None)
    }

    #[allow(clippy::too_many_arguments)]
    fn plan(
        &mut self,
        at: i64,
        person: &Person,
        what: What,
        url: Option<Address>,
        referrer: Option<Address>,
        metadata: Option<Metadata>,
        revenue: Option<Money>,
    ) {
        let at = at.min(self.end() - 1);
        let time = Timestamp::from_millisecond(at).unwrap_or_default();
        let mut random = [0; 10];
        self.rng.fill_bytes(&mut random);
        let id = Builder::from_unix_timestamp_millis(at.unsigned_abs(), &random).into_uuid();
        let (browser, os, device, _) = CLIENTS[person.client];
        let event = Event {
            workspace: self.site.workspace,
            site: self.site.id,
            at: time,
            day: self.site.day(time),
            id: EventId::Given(id),
            what,
            visitor: Some(VisitorKey::Uuid(person.id)),
            user: None,
            origin: Origin::of(url.as_ref(), referrer.as_ref(), |host| {
                self.site.is_host(host)
            }),
            client: Client {
                browser,
                os,
                device,
                country: Some(COUNTRIES[person.country].0),
            },
            begins: true,
            url,
            referrer,
            metadata,
            revenue,
            transaction: None,
        };
        self.numbered += 1;
        self.waiting.push(Reverse((at, self.numbered)));
        self.events.insert(self.numbered, event);
    }
}

/// Visits last less than this, so that what is older than it before the next visit is in order.
const LONGEST: i64 = 2 * 3_600_000;

impl Iterator for Visits<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            let is_due = self.waiting.peek().is_some_and(|Reverse((at, _))| {
                let day = self.day_of(self.numbered as f64 / self.wanted as f64) as i64;
                *at + LONGEST < self.from + day * DAY || self.events.len() > 20_000
            });
            if is_due {
                let Reverse((_, number)) = self.waiting.pop()?;
                return self.events.remove(&number);
            }
            self.visit();
        }
    }
}

/// The place of one of several things, by their weights.
fn weighted(rng: &mut StdRng, weights: impl Iterator<Item = u32> + Clone) -> usize {
    let total: u32 = weights.clone().sum();
    let mut left = rng.random_range(0..total);
    weights
        .take_while(|weight| {
            let passed = left >= *weight;
            left = left.saturating_sub(*weight);
            passed
        })
        .count()
}
