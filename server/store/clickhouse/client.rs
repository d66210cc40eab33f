//! Requests to a ClickHouse, from threads that wait for the answer.

use std::future::Future;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clickhouse::{Compression, Row, RowOwned, RowRead};
use tokio::runtime::Runtime;

use super::place::Place;
use super::tables::Tables;
use crate::store::ReadError;

/// How long a question may take, and a block; and what changes what is there.
const PATIENCE: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(600);

/// Bytes a question may have: lists of numbers stand in it.
const LONGEST: &str = "1000000000";

#[derive(Row, serde::Deserialize)]
struct Name {
    name: String,
}

pub(super) struct Client {
    inner: clickhouse::Client,
    tables: Tables,
    settles: bool,
    is_set_up: Mutex<bool>,
    runtime: Option<Runtime>,
}

impl From<clickhouse::error::Error> for ReadError {
    fn from(error: clickhouse::error::Error) -> Self {
        ReadError::ClickHouse(error.to_string().trim().to_owned())
    }
}

impl Client {
    pub(super) fn new(place: &Place) -> anyhow::Result<Client> {
        let compression = match place.compresses {
            true => Compression::Lz4,
            false => Compression::None,
        };
        let mut inner = clickhouse::Client::default()
            .with_url(&place.url)
            .with_compression(compression)
            .with_setting("max_query_size", LONGEST)
            .with_product_info("admx", env!("CARGO_PKG_VERSION"));
        if let Some(user) = &place.user {
            inner = inner.with_user(user);
        }
        if let Some(password) = &place.password {
            inner = inner.with_password(password);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .thread_name("clickhouse")
            .enable_all()
            .build()?;
        Ok(Client {
            inner,
            tables: Tables::new(place),
            settles: place.settles,
            is_set_up: Mutex::default(),
            runtime: Some(runtime),
        })
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Whether every question waits for what was stored.
    pub(super) fn settles(&self) -> bool {
        self.settles
    }

    /// Makes what is missing there, before anything else is asked.
    fn set_up(&self) -> Result<(), ReadError> {
        let mut is_set_up = self
            .is_set_up
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !*is_set_up {
            // Only what is missing: whoever may not make databases needs none to be made, and a cluster of which a server
            // is away can still be asked.
            let known = format!(
                "SELECT name FROM system.tables WHERE database = '{}'",
                self.tables.database()
            );
            let query = self.inner.query_raw(&known);
            let known = self.run(PATIENCE, async move { query.fetch_all::<Name>().await })?;
            let is_missing = |table: &String| !known.iter().any(|known| known.name == *table);
            for (_, sql) in self
                .tables
                .all()
                .iter()
                .filter(|(table, _)| is_missing(table))
            {
                let query = self.inner.query_raw(sql);
                self.run(PATIENCE, async move { query.execute().await })?;
            }
            *is_set_up = true;
        }
        Ok(())
    }

    /// What a question gives.
    pub(super) fn rows<T>(&self, sql: &str) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead + Send + 'static,
    {
        self.set_up()?;
        // Whoever has given up wants no more of it.
        let query = self
            .inner
            .query_raw(sql)
            .with_setting("max_execution_time", PATIENCE.as_secs().to_string())
            .with_setting("cancel_http_readonly_queries_on_client_close", "1");
        self.run(PATIENCE, async move { query.fetch_all::<T>().await })
    }

    /// What a question gives that reads all there is.
    pub(super) fn rows_of_all<T>(&self, sql: &str) -> Result<Vec<T>, ReadError>
    where
        T: RowOwned + RowRead + Send + 'static,
    {
        self.set_up()?;
        let query = self.inner.query_raw(sql);
        self.run(LONG, async move { query.fetch_all::<T>().await })
    }

    /// Does what it says, and waits until it is done.
    pub(super) fn execute(&self, sql: &str) -> Result<(), ReadError> {
        self.set_up()?;
        let query = self.inner.query_raw(sql);
        self.run(LONG, async move { query.execute().await })
    }

    /// Adds rows to a table as one block; one of the same name that is there already is not added again.
    pub(super) fn insert<T>(
        &self,
        table: &'static str,
        rows: Vec<T>,
        block: String,
    ) -> Result<(), ReadError>
    where
        T: for<'a> Row<Value<'a> = T> + serde::Serialize + Send + Sync + 'static,
    {
        self.set_up()?;
        let client = self.inner.clone();
        let database = self.tables.database().to_owned();
        self.run(PATIENCE, async move {
            let client = client.with_database(database);
            let mut insert = client
                .insert::<T>(table)
                .await?
                // A block is one already, and is to be there when it is answered.
                .with_setting("async_insert", "0")
                .with_setting("insert_deduplication_token", block)
                // An import may be of many months.
                .with_setting("max_partitions_per_insert_block", "0")
                .with_setting("deduplicate_blocks_in_dependent_materialized_views", "1")
                // On a cluster it is there when it is answered, not some time after.
                .with_setting("distributed_foreground_insert", "1");
            for row in &rows {
                insert.write(row).await?;
            }
            insert.end().await
        })
    }

    /// Runs on threads of its own, so that whoever waits may be any thread.
    fn run<T: Send + 'static>(
        &self,
        most: Duration,
        work: impl Future<Output = clickhouse::error::Result<T>> + Send + 'static,
    ) -> Result<T, ReadError> {
        let gone = || ReadError::ClickHouse("the server is stopping".into());
        let runtime = self.runtime.as_ref().ok_or_else(gone)?;
        let (tell, told) = sync_channel(1);
        runtime.spawn(async move {
            let done = tokio::time::timeout(most, work).await;
            // Who no longer waits has no use for it.
            let _ = tell.send(done);
        });
        let done = told.recv().map_err(|_| gone())?;
        let done = done
            .map_err(|_| ReadError::ClickHouse(format!("no answer within {} s", most.as_secs())))?;
        Ok(done?)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // One may be dropped where nobody may wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
