//! Load: connections that send one event after another until told to stop, and remember which were acknowledged.
//!
//! Every event has an id and a name of its own, so that one that is lost or stored twice is seen. What isn't
//! acknowledged is sent again under the same id, as clients do.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::Server;

/// A connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn open(port: u16) -> Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Connection {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends a request and gives the answer's status and body.
    pub fn ask(&mut self, request: &[u8]) -> Result<(usize, &[u8])> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let mut part = [0; 4096];
        loop {
            match self.stream.read(&mut part)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => self.buffer.extend_from_slice(&part[..n]),
            }
            if let Some(shape) = Shape::of(&self.buffer)? {
                return Ok((shape.status, &self.buffer[shape.head..shape.whole]));
            }
        }
    }
}

/// Where an answer's parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub status: usize,
    /// Bytes before the body.
    pub head: usize,
    /// Bytes of all of it.
    pub whole: usize,
}

impl Shape {
    /// The shape of an answer with a `content-length`; `None` until all of it is there.
    pub fn of(bytes: &[u8]) -> Result<Option<Shape>> {
        let number = |bytes: &[u8]| {
            std::str::from_utf8(bytes)
                .ok()?
                .trim()
                .parse::<usize>()
                .ok()
        };
        let (mut head, mut length) = (0, None);
        loop {
            let Some(end) = bytes[head..].iter().position(|byte| *byte == b'\n') else {
                return Ok(None);
            };
            let line = bytes[head..head + end].trim_ascii_end();
            head += end + 1;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_at_checked(15)
                && name.eq_ignore_ascii_case(b"content-length:")
            {
                length = number(value);
            }
        }
        let status = bytes.get(9..12).and_then(number);
        let (Some(status), Some(length)) = (status, length) else {
            let head = String::from_utf8_lossy(&bytes[..head]);
            return Err(Error::other(head.into_owned()));
        };
        let whole = head + length;
        Ok((bytes.len() >= whole).then_some(Shape {
            status,
            head,
            whole,
        }))
    }
}

/// One event of a load.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    id: Uuid,
    name: String,
}

impl Event {
    fn new(round: usize, connection: usize, n: usize) -> Event {
        Event {
            id: Uuid::now_v7(),
            name: format!("{round}-{connection}-{n}"),
        }
    }

    fn request(&self, key: &str) -> Vec<u8> {
        let body = json!({
            "event_id": self.id,
            "name": self.name,
            "anonymous_id": format!("visitor {}", self.id.as_u128() % 500),
            "url": page(&self.name),
        })
        .to_string();
        format!(
            "POST /api/event HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// The page of the event of this name. What repeats is stored by number, and a number that is off shows here.
fn page(name: &str) -> String {
    let n: usize = name
        .rsplit('-')
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or_default();
    format!("https://example.com/{}", n / 4)
}

/// What came of a load.
#[derive(Debug, Default)]
pub struct Sent {
    /// Answered with 200.
    pub acknowledged: HashSet<Event>,
    /// Neither acknowledged nor, for certain, left out.
    pub unsure: Vec<Event>,
    /// Other answers, by status and code, and how often.
    pub refused: BTreeMap<String, usize>,
}

impl Sent {
    fn add(&mut self, other: Sent) {
        self.acknowledged.extend(other.acknowledged);
        self.unsure.extend(other.unsure);
        for (answer, times) in other.refused {
            *self.refused.entry(answer).or_default() += times;
        }
    }
}

/// Sends from so many connections at once while `meanwhile` runs.
pub fn load(
    server: &Server,
    key: &str,
    round: usize,
    connections: usize,
    meanwhile: impl FnOnce(),
) -> Sent {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections)
            .map(|connection| {
                let events = (0..).map(move |n| Event::new(round, connection, n));
                let over = &over;
                scope.spawn(move || send(server.port, key, events, || over.load(Ordering::Relaxed)))
            })
            .collect();
        meanwhile();
        over.store(true, Ordering::Relaxed);
        let mut sent = Sent::default();
        for sender in senders {
            sent.add(sender.join().unwrap());
        }
        sent
    })
}

/// Sends again what a load left unsure, for ten seconds at the most. What is unsure then was not taken.
pub fn send_again(server: &Server, key: &str, unsure: Vec<Event>) -> Sent {
    let began = Instant::now();
    let mut rest = unsure.into_iter();
    let mut sent = send(server.port, key, rest.by_ref(), || {
        began.elapsed() > Duration::from_secs(10)
    });
    sent.unsure.extend(rest);
    sent
}

fn send(
    port: u16,
    key: &str,
    events: impl Iterator<Item = Event>,
    is_over: impl Fn() -> bool,
) -> Sent {
    let mut sent = Sent::default();
    let mut connection = None;
    for event in events {
        let request = event.request(key);
        loop {
            if connection.is_none() {
                connection = Connection::open(port).ok();
            }
            // Nobody listens any more.
            let Some(open) = &mut connection else {
                sent.unsure.push(event);
                return sent;
            };
            match open.ask(&request) {
                Ok((200, _)) => {
                    sent.acknowledged.insert(event);
                    if is_over() {
                        return sent;
                    }
                    break;
                }
                Ok((status, body)) => {
                    let body: Value = serde_json::from_slice(body).unwrap_or_default();
                    let answer =
                        format!("{status} {}", body["error"]["code"].as_str().unwrap_or("?"));
                    *sent.refused.entry(answer).or_default() += 1;
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(_) => connection = None,
            }
            if is_over() {
                sent.unsure.push(event);
                return sent;
            }
        }
    }
    sent
}

/// What is wrong with what was stored, a name each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Acknowledged, and not there.
    pub missing: Vec<String>,
    /// There more than once.
    pub doubled: Vec<String>,
    /// There with another event's page.
    pub garbled: Vec<String>,
}

/// Compares every event of a site with those that were acknowledged.
pub fn compare(acknowledged: &HashSet<Event>, stored: &[Value]) -> Faults {
    let mut times: HashMap<&str, usize> = HashMap::new();
    let mut faults = Faults::default();
    for event in stored {
        let name = event["name"].as_str().unwrap_or_default();
        *times.entry(name).or_default() += 1;
        if event["url"] != page(name) {
            faults.garbled.push(name.to_owned());
        }
    }
    let names = acknowledged.iter().map(|event| &event.name);
    faults.missing = names
        .filter(|name| !times.contains_key(name.as_str()))
        .cloned()
        .collect();
    faults.doubled = times
        .into_iter()
        .filter(|(_, times)| *times > 1)
        .map(|(name, _)| name.to_owned())
        .collect();
    faults
}

/// Asks the server for everything it has and finds nothing lost, nothing doubled.
pub fn assert_kept(
    server: &Server,
    key: &str,
    site: &str,
    acknowledged: &HashSet<Event>,
    when: &str,
) {
    let faults = compare(acknowledged, &server.events(key, site));
    assert_eq!(faults, Faults::default(), "{when}");
}
