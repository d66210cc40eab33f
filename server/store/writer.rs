//! The one writer: a thread that takes what waits, commits it as one transaction with `synchronous=FULL`, and only
//! then answers all of it. What many send at once shares one sync of the disk.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};
use tokio::sync::oneshot::{self, error::RecvError};

use super::checkpoint::{self, Checkpoints};
use super::event::{Address, Event, EventId, SiteId, What};
use super::insert::{Held, Insert};
use super::live::Live;
use super::read::Fire;
use super::reports::{Reports, Role};
use super::seen::Seen;
use super::state::State;
use super::{Settings, care, id, schema};

/// Events in one transaction at the most; past that even a fast disk keeps the first ones waiting.
const BATCH: usize = 4096;

/// How often the writer lets other threads run before it takes what waits. On a busy machine requests that are nearly read
/// come to share the transaction, and what one costs whatever is in it, its sync of the disk above all, is dearer than an
/// event; on an idle one it comes back at once.
const YIELDS: u32 = 3;

/// How long counts of dropped events may wait to be written.
const DROPS: Duration = Duration::from_millis(250);

/// The site of drops that are of none.
pub(super) const NO_SITE: i64 = 0;

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

/// The outcomes, and the events again: whoever made them lets them go.
type Answer = Result<(Vec<Outcome>, Vec<Event>), WriteError>;

struct Request {
    events: Vec<Event>,
    answer: oneshot::Sender<Answer>,
}

type Drops = Mutex<HashMap<(i64, i64, &'static str), u64>>;

/// Where events go in.
pub struct Writer {
    requests: Mutex<Option<SyncSender<Request>>>,
    drops: Arc<Drops>,
    state: Arc<State>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        file: PathBuf,
        connection: Connection,
        settings: Settings,
        ids: Arc<id::Maker>,
        reports: Arc<Reports>,
        live: Live,
        seen: Arc<Seen>,
    ) -> anyhow::Result<Writer> {
        let (requests, inbox) = sync_channel(settings.queue);
        let drops = Arc::new(Drops::default());
        let mut held = Held::new();
        held.reset(&connection)?;
        settings.apply(&connection)?;
        let checkpoints = Checkpoints::start(&file, &connection)?;
        let state = Arc::<State>::default();
        let mut log = Log {
            erased: care::erased(&connection)?,
            noticed: (0, 0),
            file,
            settings,
            connection,
            is_broken: false,
            held,
            ids,
            reports,
            checkpoints,
            live,
            seen,
            drops: drops.clone(),
            state: state.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || log.run(&inbox))?;
        Ok(Writer {
            requests: Mutex::new(Some(requests)),
            drops,
            state,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Stores `events`, all or none, and answers when they are on disk: one outcome an event, in order.
    pub async fn append(&self, events: Vec<Event>) -> Result<Vec<Outcome>, WriteError> {
        outcomes(self.send(events)?.await)
    }

    /// The same, and the thread waits: not for those that serve.
    pub fn append_here(&self, events: Vec<Event>) -> Result<Vec<Outcome>, WriteError> {
        outcomes(self.send(events)?.blocking_recv())
    }

    fn send(&self, events: Vec<Event>) -> Result<oneshot::Receiver<Answer>, WriteError> {
        let (answer, outcome) = oneshot::channel();
        let sent = match &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(requests) => requests.try_send(Request { events, answer }),
            None => return Err(WriteError::Failed("the server is stopping".into())),
        };
        match sent {
            Ok(()) => Ok(outcome),
            Err(TrySendError::Full(_)) => Err(WriteError::Overloaded),
            Err(TrySendError::Disconnected(_)) => {
                self.state.stopped();
                Err(WriteError::Failed("the writer stopped".into()))
            }
        }
    }

    /// How it fares.
    pub fn state(&self) -> &State {
        &self.state
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

fn outcomes(received: Result<Answer, RecvError>) -> Result<Vec<Outcome>, WriteError> {
    let stopped = |_| Err(WriteError::Failed("the writer stopped".into()));
    received
        .unwrap_or_else(stopped)
        .map(|(outcomes, _)| outcomes)
}

/// Days since 1970, UTC.
pub(super) fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

/// The writer's side of it.
struct Log {
    file: PathBuf,
    settings: Settings,
    connection: Connection,
    /// Whether the connection and what is held are to be made anew: after a transaction that failed.
    is_broken: bool,
    held: Held,
    ids: Arc<id::Maker>,
    /// How often events were taken out of the log by commands when `held` was read.
    erased: i64,
    /// The same, and the last number, when a change by others was noticed last.
    noticed: (i64, i64),
    reports: Arc<Reports>,
    checkpoints: Arc<Checkpoints>,
    live: Live,
    seen: Arc<Seen>,
    drops: Arc<Drops>,
    state: Arc<State>,
}

impl Log {
    fn run(&mut self, inbox: &Receiver<Request>) {
        let mut written = Instant::now();
        loop {
            match inbox.recv_timeout(DROPS) {
                Ok(first) => {
                    for _ in 0..YIELDS {
                        std::thread::yield_now();
                    }
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
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = self.notice() {
                        tracing::warn!(%error, "the log can't be read");
                        self.broke(&error);
                    } else if let Err(error) = self.state.try_again(&mut self.connection) {
                        self.broke(&error);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.write_drops();
                    // So that the next start, and whoever copies the file, has less to read.
                    return checkpoint::all(&self.connection);
                }
            }
            if written.elapsed() >= DROPS {
                self.write_drops();
                written = Instant::now();
            }
            self.checkpoints.finish(&self.connection);
        }
    }

    fn answer(&mut self, batch: Vec<Request>) {
        let began = Instant::now();
        match self.mend().and_then(|()| self.commit(&batch)) {
            Ok(outcomes) => {
                self.state.committed(&outcomes, began.elapsed());
                for (request, outcomes) in batch.into_iter().zip(outcomes) {
                    // A client that hung up has no use for its answer.
                    let _ = request.answer.send(Ok((outcomes, request.events)));
                }
            }
            Err(error) => {
                tracing::error!(%error, "events could not be stored");
                self.broke(&error);
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

    fn broke(&mut self, error: &rusqlite::Error) {
        self.is_broken = true;
        self.state.failed(error);
    }

    /// Makes the connection anew if the last transaction failed, and reads what it should hold: a commit that was
    /// reported as failed may have reached the disk all the same.
    fn mend(&mut self) -> rusqlite::Result<()> {
        if self.is_broken {
            self.connection = schema::connect(&self.file)?;
            self.settings.apply(&self.connection)?;
            self.held.reset(&self.connection)?;
            reload(&self.reports, &self.connection);
            self.is_broken = false;
        }
        Ok(())
    }

    /// Sees what commands beside the server did to the log, while there is nothing to store.
    fn notice(&mut self) -> rusqlite::Result<()> {
        if self.settings.role == Role::Command {
            return Ok(());
        }
        let now = (
            care::erased(&self.connection)?,
            care::last_given(&self.connection)?,
        );
        let is_ours = now.0 == self.erased && self.held.is_current(now.1);
        if !is_ours && self.noticed != now {
            reload(&self.reports, &self.connection);
            self.seen.clear();
            self.noticed = now;
        }
        Ok(())
    }

    /// Commits the requests as one transaction, then tells whoever looks.
    fn commit(&mut self, batch: &[Request]) -> rusqlite::Result<Vec<Vec<Outcome>>> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let erased = care::erased(&transaction)?;
        if erased != self.erased || !self.held.is_current(care::last_given(&transaction)?) {
            // A command beside the server has changed the log.
            self.held.reset(&transaction)?;
            reload(&self.reports, &transaction);
            self.seen.clear();
            self.erased = erased;
        }
        let mut insert = Insert::new(&transaction, &mut self.held)?;
        let mut rows = Vec::new();
        let mut stored = Vec::new();
        let mut outcomes = Vec::with_capacity(batch.len());
        let is_heard = self.live.is_heard();
        for request in batch {
            let mut of_request = Vec::with_capacity(request.events.len());
            for event in &request.events {
                let row = match event.id {
                    EventId::Given(id) if self.ids.made(&id) => None,
                    _ => insert.event(event)?,
                };
                of_request.push(if row.is_some() {
                    Outcome::Stored
                } else {
                    Outcome::Duplicate
                });
                if let Some(row) = row.flatten() {
                    stored.extend(is_heard.then_some((event, row.id, row.visitor)));
                    rows.push(row);
                }
            }
            outcomes.push(of_request);
        }
        drop(insert);
        transaction.commit()?;
        self.reports.add(rows);
        self.seen
            .events(batch.iter().flat_map(|request| &request.events));
        for (event, id, visitor) in stored {
            self.live.tell(event.site, fire(event, id, visitor));
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
        if let Err(error) = self.mend().and_then(|()| self.add_drops(&drops)) {
            tracing::warn!(%error, "counts of dropped events wait");
            self.broke(&error);
            let mut waiting = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, count) in drops {
                *waiting.entry(key).or_default() += count;
            }
        }
    }

    fn add_drops(
        &mut self,
        drops: &HashMap<(i64, i64, &'static str), u64>,
    ) -> rusqlite::Result<()> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for ((site, day, reason), count) in drops {
            transaction.execute(
                "INSERT INTO dropped VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = count + excluded.count",
                params![site, day, reason, *count as i64],
            )?;
        }
        transaction.commit()
    }
}

/// Lets reports read the log's end anew. Events are stored whether that succeeds or not; a start makes up for it.
fn reload(reports: &Reports, connection: &Connection) {
    if let Err(error) = reports.reload(connection) {
        tracing::error!(%error, "reports could not read the log's end; they may miss events until the server is started anew");
    }
}

/// An event as people read it.
fn fire(event: &Event, id: i64, visitor: u32) -> Fire {
    let text = |address: &Option<Address>| address.as_ref().map(|a| a.0.clone());
    Fire {
        id,
        at: event.at,
        goal: match &event.what {
            What::Goal(name) => Some(name.clone()),
            What::View | What::Identify => None,
        },
        url: text(&event.url),
        referrer: text(&event.referrer),
        metadata: event.metadata.clone(),
        visitor: (visitor != 0).then_some(visitor),
    }
}
