//! Fits of the marketing mix: what was asked, how far it is, and what came out. A fit that runs when the server stops is run again.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Accounts, ChangeError, time};
use crate::store::event::SiteId;

/// Fits that a site keeps; the oldest that are done go first.
const KEPT: i64 = 20;

/// Fits of a site that may wait.
const WAITING: i64 = 3;

/// How far a fit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitState {
    /// It will be run, or is.
    Waiting,
    /// There is a result.
    Done,
    /// Somebody stopped it.
    Cancelled,
    /// The data couldn't tell, or it failed; the words say why.
    Failed,
}

impl FitState {
    /// As it is stored and told.
    pub fn name(self) -> &'static str {
        match self {
            FitState::Waiting => "waiting",
            FitState::Done => "done",
            FitState::Cancelled => "cancelled",
            FitState::Failed => "failed",
        }
    }
}

/// A fit, without its result.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredFit {
    #[allow(missing_docs)]
    pub id: i64,
    #[allow(missing_docs)]
    pub site: SiteId,
    /// What it is found by again: what was asked, without days unless they were named, as it stands in an address.
    pub key: String,
    /// What was asked, as it stands in an address.
    pub question: String,
    #[allow(missing_docs)]
    pub state: FitState,
    /// SHA-256 of the numbers that it was made of, in hexadecimal; empty before it ran.
    pub data: String,
    /// What chance came from.
    pub seed: i64,
    /// Why there is no result.
    pub words: String,
    #[allow(missing_docs)]
    pub asked_at: Timestamp,
    #[allow(missing_docs)]
    pub done_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, site, question, state, data, seed, words, asked_at, done_at, key";

fn stored(row: &Row) -> rusqlite::Result<StoredFit> {
    let state: String = row.get(3)?;
    let done: Option<i64> = row.get(8)?;
    Ok(StoredFit {
        id: row.get(0)?,
        site: SiteId(row.get(1)?),
        key: row.get(9)?,
        question: row.get(2)?,
        state: match state.as_str() {
            "waiting" => FitState::Waiting,
            "done" => FitState::Done,
            "cancelled" => FitState::Cancelled,
            _ => FitState::Failed,
        },
        data: row.get(4)?,
        seed: row.get(5)?,
        words: row.get(6)?,
        asked_at: time(row.get(7)?),
        done_at: done.map(time),
    })
}

impl Accounts {
    /// Asks for a fit; one of the same question that waits already is that.
    pub fn ask_fit(
        &self,
        site: SiteId,
        key: &str,
        question: &str,
        seed: i64,
        now: Timestamp,
    ) -> Result<i64, ChangeError> {
        self.change(|connection| {
            let transaction = connection.transaction()?;
            let known: Option<i64> = transaction
                .query_row(
                    "SELECT id FROM mix_fit WHERE site = ?1 AND question = ?2 AND state = 'waiting'",
                    params![site.0, question],
                    |row| row.get(0),
                )
                .optional()?;
            if let Some(known) = known {
                return Ok(known);
            }
            let waiting: i64 = transaction.query_row(
                "SELECT count(*) FROM mix_fit WHERE site = ?1 AND state = 'waiting'",
                [site.0],
                |row| row.get(0),
            )?;
            if waiting >= WAITING {
                return Err(ChangeError::Conflict(
                    "three fits of this site wait already; cancel one, or wait for them",
                ));
            }
            transaction.execute(
                "INSERT INTO mix_fit (site, key, question, state, data, seed, words, asked_at) VALUES (?1, ?2, ?3, 'waiting', '', ?4, '', ?5)",
                params![site.0, key, question, seed, now.as_millisecond()],
            )?;
            let id = transaction.last_insert_rowid();
            transaction.execute(
                "DELETE FROM mix_fit WHERE site = ?1 AND state <> 'waiting' AND id NOT IN
                    (SELECT id FROM mix_fit WHERE site = ?1 ORDER BY id DESC LIMIT ?2)",
                params![site.0, KEPT],
            )?;
            transaction.commit()?;
            Ok(id)
        })
    }

    /// The fit that has waited longest, of any site.
    pub fn next_fit(&self) -> rusqlite::Result<Option<StoredFit>> {
        self.read(|connection| {
            let next = format!(
                "SELECT {COLUMNS} FROM mix_fit WHERE state = 'waiting' ORDER BY id LIMIT 1"
            );
            connection
                .prepare_cached(&next)?
                .query_row([], stored)
                .optional()
        })
    }

    /// A site's fits, latest first.
    pub fn fits(&self, site: SiteId) -> rusqlite::Result<Vec<StoredFit>> {
        self.read(|connection| {
            let all = format!("SELECT {COLUMNS} FROM mix_fit WHERE site = ?1 ORDER BY id DESC");
            let mut all = connection.prepare_cached(&all)?;
            all.query_map([site.0], stored)?.collect()
        })
    }

    /// The latest fit of a question without its days, in this state or in any.
    pub fn latest_fit(
        &self,
        site: SiteId,
        key: &str,
        state: Option<FitState>,
    ) -> rusqlite::Result<Option<StoredFit>> {
        self.read(|connection| {
            let latest = format!(
                "SELECT {COLUMNS} FROM mix_fit WHERE site = ?1 AND key = ?2 AND (?3 IS NULL OR state = ?3) ORDER BY id DESC LIMIT 1"
            );
            let mut latest = connection.prepare_cached(&latest)?;
            latest.query_row(params![site.0, key, state.map(FitState::name)], stored).optional()
        })
    }

    /// What came out of a fit: JSON.
    pub fn fit_result(&self, id: i64) -> rusqlite::Result<Option<String>> {
        self.read(|connection| {
            let mut result =
                connection.prepare_cached("SELECT result FROM mix_fit WHERE id = ?1")?;
            Ok(result
                .query_row([id], |row| row.get(0))
                .optional()?
                .flatten())
        })
    }

    /// Whether a fit still waits, or runs.
    pub fn fit_waits(&self, id: i64) -> rusqlite::Result<bool> {
        self.read(|connection| {
            let mut state =
                connection.prepare_cached("SELECT state = 'waiting' FROM mix_fit WHERE id = ?1")?;
            Ok(state
                .query_row([id], |row| row.get(0))
                .optional()?
                .unwrap_or(false))
        })
    }

    /// Ends a fit that waits: with a result, or with words that say why there is none. One that was cancelled stays so.
    pub fn end_fit(
        &self,
        id: i64,
        data: &str,
        result: Result<&str, &str>,
        now: Timestamp,
    ) -> Result<(), ChangeError> {
        let (state, result, words) = match result {
            Ok(result) => (FitState::Done, Some(result), ""),
            Err(words) => (FitState::Failed, None, words),
        };
        self.change(|connection| {
            connection.execute(
                "UPDATE mix_fit SET state = ?2, data = ?3, result = ?4, words = ?5, done_at = ?6 WHERE id = ?1 AND state = 'waiting'",
                params![id, state.name(), data, result, words, now.as_millisecond()],
            )?;
            Ok(())
        })
    }

    /// Cancels a site's fit.
    pub fn cancel_fit(&self, site: SiteId, id: i64, now: Timestamp) -> Result<(), ChangeError> {
        self.change(|connection| {
            let cancelled = connection.execute(
                "UPDATE mix_fit SET state = 'cancelled', done_at = ?3 WHERE site = ?1 AND id = ?2 AND state = 'waiting'",
                params![site.0, id, now.as_millisecond()],
            )?;
            match cancelled {
                0 => Err(ChangeError::Missing("there is no such fit that waits or runs")),
                _ => Ok(()),
            }
        })
    }
}
