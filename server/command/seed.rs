//! `admx seed`: fills a site with visits that look like those of a small software company, the same for the same seed.
//!
//! Visitors come by a source, at hours and on weekdays as people do, a third of them again; they look at some pages and
//! fire goals, more of them the better the source fits. Each event's id is of the seed too, so that seeding twice adds
//! nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use anyhow::Context;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use uuid::{Builder, Uuid};

use super::{accounts, print, progress};
use crate::account::Site;
use crate::store::event::{
    Address, Client, Event, EventId, GoalName, Metadata, Money, Origin, VisitorKey, What,
};
use crate::store::{Settings, Store};

#[derive(clap::Args)]
pub(super) struct Flags {
    /// Which site, by its website id; the first one where none is named
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// Over so many days, up to the end of the last one
    #[arg(long, default_value_t = 90, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    /// So many events
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    events: u64,
    /// Of the many ways it could have been, this one
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// The days end before this instant; now where none is given
    #[arg(long, env = "ADMX_CLOCK", value_name = "TIME")]
    until: Option<Timestamp>,
}

/// Events that are stored as one request, and requests that are under way at once.
const BATCH: usize = 1000;
const UNDER_WAY: usize = 4;

pub(super) fn run(data: &std::path::Path, flags: &Flags) -> anyhow::Result<()> {
    let accounts = accounts(data)?;
    let sites = accounts.sites(accounts.first_workspace()?)?;
    let site = match &flags.site {
        Some(id) => sites.iter().find(|site| site.website_id == *id),
        None => sites.first(),
    };
    let site = site.context("there is no such site; `admx site list` prints those there are")?;
    let settings = Settings {
        queue: UNDER_WAY * 2,
        most_bytes: None,
    };
    let store = Store::open(data, &settings)?;
    let until = flags.until.unwrap_or_else(Timestamp::now);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let stored = runtime.block_on(fill(&store, site, flags, until));
    store.stop();
    print(&format!("{} events stored for {}", stored?, site.domain))
}

async fn fill(
    store: &Arc<Store>,
    site: &Site,
    flags: &Flags,
    until: Timestamp,
) -> anyhow::Result<u64> {
    let bar = progress::bar("events", flags.events);
    let mut visits = Visits::new(site, flags, until);
    let mut under_way = FuturesOrdered::new();
    let mut left = flags.events;
    let mut stored = 0;
    let fresh = |outcomes: Vec<crate::store::Outcome>| {
        outcomes
            .iter()
            .filter(|o| **o == crate::store::Outcome::Stored)
            .count() as u64
    };
    while left > 0 {
        let batch: Vec<Event> = visits.by_ref().take(BATCH.min(left as usize)).collect();
        left -= batch.len() as u64;
        bar.inc(batch.len() as u64);
        under_way.push_back(store.writer().append(batch));
        if under_way.len() >= UNDER_WAY
            && let Some(done) = under_way.next().await
        {
            stored += fresh(done?);
        }
    }
    while let Some(done) = under_way.next().await {
        stored += fresh(done?);
    }
    bar.finish_and_clear();
    Ok(stored)
}

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
struct Visits<'a> {
    site: &'a Site,
    rng: StdRng,
    /// Milliseconds since 1970.
    from: i64,
    days: i64,
    /// Events that are asked for, and visits and events that are planned.
    wanted: u64,
    begun: u64,
    people: Vec<Person>,
    waiting: BinaryHeap<Reverse<(i64, u64)>>,
    events: std::collections::HashMap<u64, Event>,
    numbered: u64,
}

impl<'a> Visits<'a> {
    fn new(site: &'a Site, flags: &Flags, until: Timestamp) -> Visits<'a> {
        let day = until - SignedDuration::from_hours(24 * i64::from(flags.days));
        Visits {
            site,
            rng: StdRng::seed_from_u64(flags.seed),
            from: day.as_millisecond(),
            days: i64::from(flags.days),
            wanted: flags.events,
            begun: 0,
            people: Vec::new(),
            waiting: BinaryHeap::new(),
            events: Default::default(),
            numbered: 0,
        }
    }

    /// When the next visit begins: the days pass as the events that are planned do, and each day's hours as busy as they are.
    fn next_start(&mut self) -> i64 {
        let span = self.days * 86_400_000;
        let share = (self.numbered as f64 + self.rng.random::<f64>()) / self.wanted as f64;
        let even = (share.min(1.0) * span as f64) as i64;
        let day = even.div_euclid(86_400_000);
        let within = even.rem_euclid(86_400_000) as f64 / 86_400_000.0;
        let total: u32 = HOURS.iter().sum();
        let mut sum = 0.0;
        for (hour, weight) in HOURS.iter().enumerate() {
            let part = f64::from(*weight) / f64::from(total);
            if within < sum + part {
                let into = (within - sum) / part;
                let hours = hour as f64 + into;
                return (self.from + day * 86_400_000 + (hours * 3_600_000.0) as i64)
                    .min(self.from + span - 1);
            }
            sum += part;
        }
        self.from + even
    }

    fn person(&mut self) -> Person {
        if !self.people.is_empty() && self.rng.random_ratio(1, 3) {
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
        let at = at.min(self.from + self.days * 86_400_000 - 1);
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
                let share = self.numbered as f64 / self.wanted as f64;
                let day = (share * self.days as f64).floor() as i64;
                *at + LONGEST < self.from + day * 86_400_000 || self.events.len() > 20_000
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
