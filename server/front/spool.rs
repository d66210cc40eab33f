//! What waits on a front's disk: `spool.db`, requests in the order in which they came.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use tokio::sync::Notify;

use crate::private;
use crate::store::checkpoint;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS waiting (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        headers TEXT NOT NULL,
        body BLOB NOT NULL
     ) STRICT;";

/// A request that waits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waiting {
    /// What the server behind is to know of who sent it.
    pub(super) headers: Vec<(String, String)>,
    /// JSON.
    pub(super) body: Bytes,
    /// When it came.
    pub(super) at: Timestamp,
}

/// Why a request can't wait.
#[derive(Debug)]
pub(super) enum Full {
    /// As much waits as may.
    Full,
    /// The disk.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Full {
    fn from(error: E) -> Full {
        Full::Failed(error.into())
    }
}

pub(super) struct Spool {
    file: Arc<Mutex<File>>,
    news: Notify,
}

struct File {
    connection: Connection,
    /// Bytes of bodies and headers that wait, and that may.
    bytes: u64,
    most: u64,
}

impl Spool {
    pub(super) fn open(folder: &Path, most: u64) -> anyhow::Result<Spool> {
        let path = folder.join("spool.db");
        private::create(&path)?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // Addresses and keys are gone from the files once nothing waits.
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.execute_batch(TABLE)?;
        let bytes: i64 = connection.query_row(
            "SELECT coalesce(sum(length(body) + length(headers)), 0) FROM waiting",
            [],
            |row| row.get(0),
        )?;
        checkpoint::all(&connection);
        Ok(Spool {
            file: Arc::new(Mutex::new(File {
                connection,
                bytes: bytes.unsigned_abs(),
                most,
            })),
            news: Notify::new(),
        })
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether more may wait.
    pub(super) fn has_room(&self) -> rusqlite::Result<bool> {
        let file = self.file();
        file.connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?;
        Ok(file.bytes < file.most)
    }

    /// How many wait, and their bytes.
    pub(super) fn waiting(&self) -> rusqlite::Result<(u64, u64)> {
        let file = self.file();
        let count: i64 = file
            .connection
            .query_row("SELECT count(*) FROM waiting", [], |row| row.get(0))?;
        Ok((count.unsigned_abs(), file.bytes))
    }

    /// Writes a request down, and comes back when it is on disk.
    pub(super) async fn add(&self, waiting: Waiting) -> Result<(), Full> {
        let file = self.file.clone();
        let added = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let headers = serde_json::to_string(&waiting.headers)?;
            let bytes = (headers.len() + waiting.body.len()) as u64;
            if file.bytes + bytes > file.most {
                return Err(Full::Full);
            }
            file.connection
                .prepare_cached("INSERT INTO waiting (at, headers, body) VALUES (?1, ?2, ?3)")?
                .execute(params![
                    waiting.at.as_millisecond(),
                    headers,
                    &waiting.body[..]
                ])?;
            file.bytes += bytes;
            Ok(())
        });
        added.await??;
        self.news.notify_one();
        Ok(())
    }

    /// The oldest of those that wait, with their numbers.
    pub(super) async fn first(&self, most: usize) -> anyhow::Result<Vec<(i64, Waiting)>> {
        let file = self.file.clone();
        let first = tokio::task::spawn_blocking(move || {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let mut statement = file
                .connection
                .prepare_cached("SELECT id, at, headers, body FROM waiting ORDER BY id LIMIT ?1")?;
            let mut rows = statement.query([most as i64])?;
            let mut first = Vec::new();
            while let Some(row) = rows.next()? {
                let headers: String = row.get(2)?;
                let waiting = Waiting {
                    headers: serde_json::from_str(&headers)?,
                    body: row.get::<_, Vec<u8>>(3)?.into(),
                    at: Timestamp::from_millisecond(row.get(1)?)?,
                };
                first.push((row.get(0)?, waiting));
            }
            Ok::<_, anyhow::Error>(first)
        });
        first.await?
    }

    /// Removes those with these numbers.
    pub(super) async fn remove(&self, numbers: Vec<i64>) -> anyhow::Result<()> {
        let file = self.file.clone();
        let removed = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = file.connection.transaction()?;
            let mut bytes = 0;
            for number in numbers {
                bytes += transaction
                    .prepare_cached(
                        "DELETE FROM waiting WHERE id = ?1 RETURNING length(body) + length(headers)",
                    )?
                    .query_row([number], |row| row.get::<_, i64>(0))?
                    .unsigned_abs();
            }
            transaction.commit()?;
            file.bytes = file.bytes.saturating_sub(bytes);
            if file.bytes == 0 {
                checkpoint::all(&file.connection);
            }
            Ok::<_, anyhow::Error>(())
        });
        removed.await?
    }

    /// Puts those with these numbers behind all others.
    pub(super) async fn put_last(&self, numbers: Vec<i64>) -> anyhow::Result<()> {
        if numbers.is_empty() {
            return Ok(());
        }
        let file = self.file.clone();
        let put = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = file.connection.transaction()?;
            for number in numbers {
                transaction
                    .prepare_cached(
                        "UPDATE waiting SET id = (SELECT max(id) FROM waiting) + 1 WHERE id = ?1",
                    )?
                    .execute([number])?;
            }
            Ok::<_, anyhow::Error>(transaction.commit()?)
        });
        put.await?
    }

    /// Waits until more is there, for so long at most.
    pub(super) async fn news(&self, most: Duration) {
        let _ = tokio::time::timeout(most, self.news.notified()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_outlives_a_start_and_stays_within_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let waiting = |body: &str| Waiting {
            headers: vec![("user-agent".into(), "x".into())],
            body: body.to_owned().into(),
            at: Timestamp::from_second(1_700_000_000).unwrap(),
        };
        let spool = Spool::open(folder.path(), 100).unwrap();
        spool.add(waiting(r#"{"n":1}"#)).await.unwrap();
        spool.add(waiting(r#"{"n":2}"#)).await.unwrap();
        assert!(matches!(
            spool.add(waiting(&"x".repeat(60))).await,
            Err(Full::Full)
        ));
        drop(spool);
        let spool = Spool::open(folder.path(), 100).unwrap();
        let first = spool.first(5).await.unwrap();
        assert_eq!(first.len(), 2);
        spool.put_last(vec![first[0].0]).await.unwrap();
        let bodies = |some: Vec<(i64, Waiting)>| -> Vec<Bytes> {
            some.into_iter().map(|(_, waiting)| waiting.body).collect()
        };
        let turned = bodies(spool.first(5).await.unwrap());
        assert_eq!(turned, [&br#"{"n":2}"#[..], br#"{"n":1}"#]);
        let first = spool.first(1).await.unwrap();
        spool.put_last(vec![first[0].0]).await.unwrap();
        let first = spool.first(5).await.unwrap();
        assert_eq!(first[0].1, waiting(r#"{"n":1}"#));
        let (count, bytes) = spool.waiting().unwrap();
        assert_eq!((count, bytes), (2, 54));
        spool.remove(vec![first[0].0]).await.unwrap();
        assert_eq!(spool.waiting().unwrap(), (1, 27));
        assert!(spool.has_room().unwrap());
    }
}
