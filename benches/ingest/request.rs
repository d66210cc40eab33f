//! What is sent: requests that are made before the clock runs. 20,000 distinct ones of 20,000 visitors, 500 pages, ten
//! referrers and 50 browsers; 27 in a hundred are page views, the others have one of 22 names, the first ones often.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

const REQUESTS: usize = 20_000;
const VISITORS: usize = 20_000;
const PAGES: usize = 500;

/// The most events an array may have.
pub const BATCH: usize = 100;

const NAMES: [&str; 22] = [
    "Signed Up",
    "Trial Started",
    "Buy Now",
    "Newsletter",
    "Contact",
    "Demo Booked",
    "Plan Chosen",
    "Checkout Started",
    "Checkout Done",
    "Invite Sent",
    "Invite Accepted",
    "Project Created",
    "File Uploaded",
    "Report Shared",
    "Search",
    "Filter Used",
    "Video Watched",
    "Docs Opened",
    "Chat Started",
    "Upgrade",
    "Downgrade",
    "Cancelled",
];

const REFERRERS: [&str; 10] = [
    "https://www.google.com/",
    "https://duckduckgo.com/",
    "https://www.bing.com/",
    "https://news.ycombinator.com/",
    "https://www.reddit.com/r/rust/",
    "https://t.co/",
    "https://www.linkedin.com/",
    "https://github.com/",
    "https://chatgpt.com/",
    "https://lobste.rs/",
];

/// Who sends.
pub enum Sender {
    /// The pixel on a page of this site; every event has an id of its own.
    Browser { website_id: String },
    /// A backend with this key; one event a request.
    Server { key: String },
    /// A backend with this key; a hundred events a request.
    Batches { key: String },
    /// The same, with the events' times: so many, spread over the last thirty days, oldest first.
    History { key: String, events: u64 },
}

/// Bytes of a request that differ each time it is sent.
enum Patch {
    EventId(usize),
    FiredAt(Vec<usize>),
}

/// Requests, sent round and round.
pub struct Requests {
    all: Vec<(Vec<u8>, Option<Patch>)>,
    next: usize,
    /// Events in a request.
    pub events: u64,
    /// The least and the most bytes of a single event.
    pub bytes: (usize, usize),
    /// When the first event of a history was, and how many milliseconds are between two.
    history: (f64, f64),
}

const NO_ID: &str = "00000000-0000-0000-0000-000000000000";
const NO_TIME: &str = "0000-00-00T00:00:00.000Z";

impl Requests {
    pub fn new(sender: &Sender) -> Requests {
        let mut random = StdRng::seed_from_u64(22);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = now.as_millis() as u64;
        let visitors: Vec<Uuid> = (0..VISITORS)
            .map(|_| {
                let at = now - random.random_range(0..30 * 86_400_000);
                uuid::Builder::from_unix_timestamp_millis(at, &random.random()).into_uuid()
            })
            .collect();
        let agents = agents();
        let mut bytes = (usize::MAX, 0);
        let mut event = || {
            let visitor = visitors.choose(&mut random).unwrap();
            let event = event(&mut random, visitor, sender);
            bytes = (bytes.0.min(event.len()), bytes.1.max(event.len()));
            event
        };
        let mut all = Vec::new();
        match sender {
            Sender::Browser { .. } => {
                for n in 0..REQUESTS {
                    let head = format!(
                        "origin: https://example.com\r\nuser-agent: {}\r\ncontent-type: text/plain;charset=UTF-8",
                        agents[n % agents.len()]
                    );
                    let request = request(&head, &event());
                    let at = positions(&request, NO_ID)[0];
                    all.push((request, Some(Patch::EventId(at))));
                }
            }
            Sender::Server { key } => {
                for _ in 0..REQUESTS {
                    all.push((request(&bearer(key), &event()), None));
                }
            }
            Sender::Batches { key } | Sender::History { key, .. } => {
                for _ in 0..REQUESTS / BATCH {
                    let events: Vec<_> = (0..BATCH).map(|_| event()).collect();
                    let request = request(&bearer(key), &format!("[{}]", events.join(",")));
                    let at = positions(&request, NO_TIME);
                    all.push((request, (!at.is_empty()).then_some(Patch::FiredAt(at))));
                }
            }
        }
        let (events, history) = match sender {
            Sender::Browser { .. } | Sender::Server { .. } => (1, (0.0, 0.0)),
            Sender::Batches { .. } => (BATCH as u64, (0.0, 0.0)),
            Sender::History { events, .. } => {
                // Up to a minute ago: nothing may be in the future, whatever the server's clock says.
                let span = 30.0 * 86_400_000.0;
                let from = now as f64 - 60_000.0 - span;
                (BATCH as u64, (from, span / *events as f64))
            }
        };
        Requests {
            all,
            next: 0,
            events,
            bytes,
            history,
        }
    }

    /// Puts the next request into `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) {
        let (request, patch) = &self.all[self.next % self.all.len()];
        buffer.clear();
        buffer.extend_from_slice(request);
        match patch {
            Some(Patch::EventId(at)) => {
                Uuid::now_v7()
                    .hyphenated()
                    .encode_lower(&mut buffer[*at..*at + NO_ID.len()]);
            }
            Some(Patch::FiredAt(positions)) => {
                let (from, step) = self.history;
                for (nth, at) in positions.iter().enumerate() {
                    let event = (self.next * BATCH + nth) as f64;
                    let time = Timestamp::from_millisecond((from + event * step) as i64).unwrap();
                    let text = format!("{time:.3}");
                    buffer[*at..*at + NO_TIME.len()].copy_from_slice(text.as_bytes());
                }
            }
            None => {}
        }
        self.next += 1;
    }
}

fn bearer(key: &str) -> String {
    format!("authorization: Bearer {key}\r\ncontent-type: application/json")
}

fn request(head: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /api/event HTTP/1.1\r\nhost: stats.example.com\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn positions(request: &[u8], wanted: &str) -> Vec<usize> {
    let text = std::str::from_utf8(request).unwrap();
    text.match_indices(wanted).map(|(at, _)| at).collect()
}

/// One event as a body.
fn event(random: &mut StdRng, visitor: &Uuid, sender: &Sender) -> String {
    let is_browser = matches!(sender, Sender::Browser { .. });
    let mut event = serde_json::Map::new();
    let mut put = |name: &str, value: Value| event.insert(name.to_owned(), value);
    if let Sender::Browser { website_id } = sender {
        put("website_id", json!(website_id));
        put("event_id", json!(NO_ID));
    }
    if let Sender::History { .. } = sender {
        put("fired_at", json!(NO_TIME));
    }
    put("anonymous_id", json!(visitor));
    let page = random.random_range(0..PAGES);
    let query = match random.random_range(0..10) {
        0..3 => format!(
            "?utm_source={}&utm_medium=email&utm_campaign=c{}",
            ["letter", "partner", "x"][page % 3],
            page % 20
        ),
        _ => String::new(),
    };
    put(
        "url",
        json!(format!(
            "https://example.com/docs/guides/first-steps/{page}{query}"
        )),
    );
    if random.random_bool(0.27) {
        put("referrer", json!(REFERRERS.choose(random).unwrap()));
        return Value::Object(event).to_string();
    }
    // The first name is eight times as frequent as the last.
    let weight = |nth: &usize| 1.0 / (3.0 + *nth as f64);
    let ranks: Vec<usize> = (0..NAMES.len()).collect();
    let rank = ranks.choose_weighted(random, weight).unwrap();
    put("name", json!(NAMES[*rank]));
    let plan = ["free", "pro", "team"].choose(random).unwrap();
    let mut metadata = if random.random_bool(0.2) {
        json!({ "plan": plan, "value": random.random_range(500..20_000) as f64 / 100.0, "currency": "USD" })
    } else {
        json!({ "plan": plan, "seats": random.random_range(1..50) })
    };
    if !is_browser {
        // Without the ids that a browser adds the bodies would be shorter than the load that the peers got.
        put("referrer", json!(REFERRERS.choose(random).unwrap()));
        metadata["order"] = json!(format!("ord_{:012x}", random.random::<u32>()));
    }
    put("metadata", metadata);
    Value::Object(event).to_string()
}

/// Fifty user agents.
fn agents() -> Vec<String> {
    let mut agents = Vec::new();
    for version in 147..157 {
        for platform in [
            "Windows NT 10.0; Win64; x64",
            "Macintosh; Intel Mac OS X 10_15_7",
            "X11; Linux x86_64",
            "Linux; Android 10; K",
        ] {
            agents.push(format!("Mozilla/5.0 ({platform}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"));
        }
    }
    for version in 148..153 {
        agents.push(format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"));
    }
    for version in 1..6 {
        agents.push(format!("Mozilla/5.0 (iPhone; CPU iPhone OS 26_{version} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.{version} Mobile/15E148 Safari/604.1"));
    }
    agents
}
