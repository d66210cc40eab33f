//! Copies what was committed from the end of the log (SQLite's WAL) into its file, off the writer's path.
//!
//! A thread does the bulk on a connection of its own while the writer goes on. Since the writer is always some pages
//! ahead, it copies the last few itself, between two transactions, so that the WAL begins anew and doesn't grow.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::schema;

/// Pages in the WAL that are copied at a time.
const MANY: i32 = 2000;

/// Pages that the writer copies itself.
const FEW: i64 = 500;

thread_local! {
    /// Pages in the WAL after this thread's last commit.
    static PAGES: Cell<i32> = const { Cell::new(0) };
}

/// Says when to copy, and by whom.
pub(super) struct Checkpoints {
    /// Whether the bulk is copied and the writer should copy the rest.
    is_nearly_done: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpoints {
    /// Starts the thread for the log that `writer` writes.
    pub(super) fn start(file: &Path, writer: &Connection) -> anyhow::Result<Arc<Checkpoints>> {
        watch(writer);
        let connection = schema::connect(file)?;
        let is_nearly_done = Arc::new(AtomicBool::new(false));
        let is_over = Arc::new(AtomicBool::new(false));
        let (done, over) = (is_nearly_done.clone(), is_over.clone());
        let run = move || {
            while !over.load(Ordering::Acquire) {
                std::thread::park();
                match copy(&connection) {
                    Ok(left) => done.store(left <= FEW, Ordering::Release),
                    Err(error) => tracing::warn!(%error, "the log's end could not be copied"),
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(run)?;
        Ok(Arc::new(Checkpoints {
            is_nearly_done,
            is_over,
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// What the writer does between transactions.
    pub(super) fn finish(&self, writer: &Connection) {
        if PAGES.get() < MANY {
            return;
        }
        if self.is_nearly_done.swap(false, Ordering::AcqRel) {
            match copy(writer) {
                Ok(0) => return PAGES.set(0),
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the log's end could not be copied"),
            }
        }
        if let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.thread().unpark();
        }
    }
}

/// Lets the thread that commits on this connection know how many pages wait.
pub(super) fn watch(writer: &Connection) {
    writer.wal_hook(Some(|_: &Wal, pages| {
        PAGES.set(pages);
        Ok(())
    }));
}

/// Copies what can be copied now; gives how many pages are left.
fn copy(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (all, copied): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(all - copied)
    })
}

/// Copies everything and empties the WAL, as far as readers let it.
pub(crate) fn all(connection: &Connection) {
    let copied = connection
        .busy_timeout(Duration::from_millis(500))
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    if let Err(error) = copied {
        tracing::warn!(%error, "the log's end could not be copied");
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the thread that copies the log's end had died");
            }
        }
    }
}
