//! The one writer: a thread that takes what waits, commits it as one transaction with `synchronous=FULL`, and only
//! then answers all of it. What many send at once shares one sync of the disk.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::event::{Address, Event, SiteId, UserId, VisitorKey, What};
use super::live::Live;
use super::read::Fire;
use super::schema::VIEW;

/// Events in one transaction at the most; past that even a fast disk keeps the first ones waiting.
const BATCH: usize = 4096;

/// Numbers of goals and addresses that are held in memory.
const REMEMBERED: usize = 50_000;

/// How long counts of dropped events may wait to be written.
const DROPS: Duration = Duration::from_millis(250);

/// The site of drops that are of none.
pub(super) const NO_SITE: i64 = 0;

/// A visitor's `last_at` is written when it is this much older, in milliseconds.
const SEEN: i64 = 60_000;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is on disk.
    Stored,
    /// An event of the same id was on disk already.
    Duplicate,
}

/// Why nothing of a request was stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// More requests wait than may.
    #[error("more requests are waiting than this server takes")]
    Overloaded,
    /// No room: the disk is full, or the log has the size it may have.
    #[error("there is no room left to store events")]
    Full,
    /// The log can't be written just now.
    #[error("the event log can't be written: {0}")]
    Failed(String),
}

type Answer = Result<Vec<Outcome>, WriteError>;

struct Request {
    events: Vec<Event>,
    answer: oneshot::Sender<Answer>,
}

type Drops = Mutex<HashMap<(i64, i64, &'static str), u64>>;

/// Where events go in.
pub struct Writer {
    requests: Mutex<Option<SyncSender<Request>>>,
    drops: Arc<Drops>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        queue: usize,
        live: Live,
    ) -> anyhow::Result<Writer> {
        let (requests, inbox) = sync_channel(queue);
        let drops = Arc::new(Drops::default());
        let mut log = Log {
            connection,
            live,
            drops: drops.clone(),
            goals: HashMap::new(),
            addresses: HashMap::new(),
        };
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || log.run(&inbox))?;
        Ok(Writer {
            requests: Mutex::new(Some(requests)),
            drops,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Stores `events`, all or none, and answers when they are on disk: one outcome an event, in order.
    pub async fn append(&self, events: Vec<Event>) -> Answer {
        let (answer, outcome) = oneshot::channel();
        let sent = match &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(requests) => requests.try_send(Request { events, answer }),
            None => return Err(WriteError::Failed("the server is stopping".into())),
        };
        match sent {
            Ok(()) => outcome
                .await
                .unwrap_or_else(|_| Err(WriteError::Failed("the writer stopped".into()))),
            Err(TrySendError::Full(_)) => Err(WriteError::Overloaded),
            Err(TrySendError::Disconnected(_)) => {
                Err(WriteError::Failed("the writer stopped".into()))
            }
        }
    }

    /// Counts an event that is not stored. `site` is `None` when none is known.
    pub fn count_drop(&self, site: Option<SiteId>, reason: &'static str, at: Timestamp) {
        let key = (site.map_or(NO_SITE, |s| s.0), day(at), reason);
        *self
            .drops
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_default() += 1;
    }

    /// Takes no more, writes what waits, and comes back when all of it is on disk.
    pub fn stop(&self) {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|t| t.join().is_err()) {
            tracing::error!("the writer had died");
        }
    }
}

/// Days since 1970, UTC.
pub(super) fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

/// How a visitor stands in the log.
pub(super) fn key(visitor: &VisitorKey) -> Value {
    match visitor {
        VisitorKey::Uuid(id) => Value::Blob(id.as_bytes().to_vec()),
        VisitorKey::Text(id) => Value::Text(format!("a:{id}")),
        VisitorKey::User(UserId(id)) => Value::Text(format!("u:{id}")),
    }
}

/// The writer's side of it.
struct Log {
    connection: Connection,
    live: Live,
    drops: Arc<Drops>,
    goals: HashMap<(i64, String), i64>,
    addresses: HashMap<String, i64>,
}

impl Log {
    fn run(&mut self, inbox: &Receiver<Request>) {
        let mut written = Instant::now();
        loop {
            match inbox.recv_timeout(DROPS) {
                Ok(first) => {
                    let mut events = first.events.len();
                    let mut batch = vec![first];
                    while events < BATCH
                        && let Ok(request) = inbox.try_recv()
                    {
                        events += request.events.len();
                        batch.push(request);
                    }
                    self.answer(batch);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.write_drops(),
            }
            if written.elapsed() >= DROPS {
                self.write_drops();
                written = Instant::now();
            }
        }
    }

    fn answer(&mut self, batch: Vec<Request>) {
        match self.commit(&batch) {
            Ok(outcomes) => {
                for (request, outcomes) in batch.into_iter().zip(outcomes) {
                    // A client that hung up has no use for its answer.
                    let _ = request.answer.send(Ok(outcomes));
                }
            }
            Err(error) => {
                tracing::error!(%error, "events could not be stored");
                // A number given within the transaction that failed means nothing.
                self.goals.clear();
                self.addresses.clear();
                let error = match error.sqlite_error_code() {
                    Some(ErrorCode::DiskFull) => WriteError::Full,
                    _ => WriteError::Failed(error.to_string()),
                };
                for request in batch {
                    let _ = request.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Commits the requests as one transaction, then tells whoever looks.
    fn commit(&mut self, batch: &[Request]) -> rusqlite::Result<Vec<Vec<Outcome>>> {
        if self.goals.len() + self.addresses.len() > REMEMBERED {
            self.goals.clear();
            self.addresses.clear();
        }
        let mut rows = Vec::new();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut insert = Insert {
            connection: &transaction,
            goals: &mut self.goals,
            addresses: &mut self.addresses,
        };
        let mut outcomes = Vec::with_capacity(batch.len());
        for request in batch {
            let mut of_request = Vec::with_capacity(request.events.len());
            for event in &request.events {
                let stored = insert.event(event)?;
                of_request.push(if stored.is_some() {
                    Outcome::Stored
                } else {
                    Outcome::Duplicate
                });
                rows.extend(stored.flatten().map(|row| (event, row)));
            }
            outcomes.push(of_request);
        }
        transaction.commit()?;
        // Asked after the commit: whoever begins to listen from here on finds it in the log.
        if !self.live.is_heard() {
            return Ok(outcomes);
        }
        for (event, Inserted { id, visitor }) in rows {
            let goal = if let What::Goal(name) = &event.what {
                Some(name.clone())
            } else {
                None
            };
            let text = |address: &Option<Address>| address.as_ref().map(|a| a.0.clone());
            let fire = Fire {
                id,
                at: event.at,
                goal,
                url: text(&event.url),
                referrer: text(&event.referrer),
                metadata: event.metadata.clone(),
                visitor,
            };
            self.live.tell(event.site, fire);
        }
        Ok(outcomes)
    }

    /// Adds the counts of what was dropped since the last time. They are for people to see, not money: a crash may
    /// cost those of the last quarter of a second.
    fn write_drops(&mut self) {
        let drops = std::mem::take(&mut *self.drops.lock().unwrap_or_else(PoisonError::into_inner));
        if drops.is_empty() {
            return;
        }
        let written = (|| {
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            for ((site, day, reason), count) in &drops {
                transaction.execute(
                    "INSERT INTO dropped VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = count + excluded.count",
                    params![site, day, reason, *count as i64],
                )?;
            }
            transaction.commit()
        })();
        if let Err(error) = written {
            tracing::warn!(%error, "counts of dropped events wait");
            let mut waiting = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, count) in drops {
                *waiting.entry(key).or_default() += count;
            }
        }
    }
}

/// One transaction's statements.
struct Insert<'a> {
    connection: &'a Connection,
    goals: &'a mut HashMap<(i64, String), i64>,
    addresses: &'a mut HashMap<String, i64>,
}

/// A new row of the log.
#[derive(Clone, Copy)]
struct Inserted {
    id: i64,
    visitor: Option<i64>,
}

impl Insert<'_> {
    /// Stores an event and gives its row, if its kind has one; `None` when its id is stored already.
    fn event(&mut self, event: &Event) -> rusqlite::Result<Option<Option<Inserted>>> {
        let site = event.site.0;
        let at = event.at.as_millisecond();
        let is_new = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO event_key VALUES (?1, ?2)")?
            .execute(params![event.workspace.0, event.id.as_bytes()])?;
        if is_new == 0 {
            return Ok(None);
        }
        let visitor = event
            .visitor
            .as_ref()
            .map(|v| self.visitor(v, site, at))
            .transpose()?;
        if let (Some(visitor), Some(UserId(user))) = (visitor, &event.user) {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO identity VALUES (?1, ?2, ?3)")?
                .execute(params![visitor, at, user])?;
        }
        let goal = match &event.what {
            What::View => VIEW,
            What::Goal(name) => self.goal(site, name.as_str())?,
            What::Identify => return Ok(Some(None)),
        };
        let url = event.url.as_ref().map(|a| self.address(&a.0)).transpose()?;
        let referrer = event
            .referrer
            .as_ref()
            .map(|a| self.address(&a.0))
            .transpose()?;
        let id = self
            .connection
            .prepare_cached(
                "INSERT INTO event (site, at, goal, visitor, url, referrer, metadata, amount, currency)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .insert(params![
                site,
                at,
                goal,
                visitor,
                url,
                referrer,
                event.metadata.as_ref().map(|m| &m.0),
                event.revenue.as_ref().map(|r| r.minor),
                event.revenue.as_ref().map(|r| r.currency.code()),
            ])?;
        Ok(Some(Some(Inserted { id, visitor })))
    }

    fn visitor(&mut self, visitor: &VisitorKey, site: i64, at: i64) -> rusqlite::Result<i64> {
        let key = key(visitor);
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, site, last_at FROM visitor WHERE key = ?1")?;
        let mut rows = statement.query(params![key])?;
        let (mut here, mut is_elsewhere) = (None, false);
        while let Some(row) = rows.next()? {
            match row.get::<_, i64>(1)? == site {
                true => here = Some((row.get(0)?, row.get::<_, i64>(2)?)),
                false => is_elsewhere = true,
            }
        }
        let Some((id, last_at)) = here else {
            return self
                .connection
                .prepare_cached("INSERT INTO visitor (key, site, last_at) VALUES (?1, ?2, ?3)")?
                .insert(params![key, site, at]);
        };
        if at - last_at > if is_elsewhere { 0 } else { SEEN } {
            self.connection
                .prepare_cached("UPDATE visitor SET last_at = ?2 WHERE id = ?1")?
                .execute(params![id, at])?;
        }
        Ok(id)
    }

    fn goal(&mut self, site: i64, name: &str) -> rusqlite::Result<i64> {
        let key = (site, name.to_owned());
        if let Some(id) = self.goals.get(&key) {
            return Ok(*id);
        }
        let id = numbered(
            self.connection,
            "SELECT id FROM goal WHERE name = ?1",
            "INSERT INTO goal (name) VALUES (?1)",
            name,
        )?;
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO site_goal VALUES (?1, ?2)")?
            .execute(params![site, id])?;
        self.goals.insert(key, id);
        Ok(id)
    }

    fn address(&mut self, text: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.addresses.get(text) {
            return Ok(*id);
        }
        let id = numbered(
            self.connection,
            "SELECT id FROM address WHERE text = ?1",
            "INSERT INTO address (text) VALUES (?1)",
            text,
        )?;
        self.addresses.insert(text.to_owned(), id);
        Ok(id)
    }
}

/// The number of `text` in its table, given one where it is new.
fn numbered(connection: &Connection, find: &str, add: &str, text: &str) -> rusqlite::Result<i64> {
    let found = connection
        .prepare_cached(find)?
        .query_row([text], |row| row.get(0))
        .optional()?;
    found.map_or_else(|| connection.prepare_cached(add)?.insert([text]), Ok)
}
