//! What is found at a start: of which log the rows are that are there, and whether they end where they are said to.

use clickhouse::Row as Fields;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::care;
use super::client::Client;
use super::shipped::Shipped;
use crate::store::{ReadError, care as log_care};

/// Events behind the end of which is asked whether they are there.
const NEAR: i64 = 10_000_000;

#[derive(Fields, Serialize, Deserialize)]
struct About {
    log: String,
}

#[derive(Fields, Deserialize)]
struct Last {
    last: i64,
}

/// The ids of the logs whose events a place has had.
fn known(client: &Client) -> Result<Vec<About>, ReadError> {
    client.rows(&format!(
        "SELECT log FROM {} ORDER BY at DESC",
        client.tables().asked("about")
    ))
}

/// Whether a place has events of this log.
pub(super) fn is_known(client: &Client, log: &str) -> Result<bool, ReadError> {
    Ok(known(client)?.iter().any(|known| known.log == log))
}

/// Makes sure that what is there is of this log, before anything of it is changed.
pub(super) fn is_ours(client: &Client, shipped: &Shipped) -> Result<(), ReadError> {
    let (log, was) = shipped.ids()?;
    let known = known(client)?;
    let is_ours = |known: &About| known.log == log || Some(&known.log) == was.as_ref();
    match known.is_empty() || known.iter().any(is_ours) {
        true => Ok(()),
        false => Err(others(client)),
    }
}

fn others(client: &Client) -> ReadError {
    ReadError::ClickHouse(format!(
        "the database {} has the events of another log: name another one in ADMX_STORE",
        client.tables().database()
    ))
}

/// Makes sure that what is there is of this log. A log that was put back from a copy takes out what came after the copy;
/// what a ClickHouse has lost is shipped again, as far as the log still has it.
pub(super) fn claim(
    client: &Client,
    shipped: &Shipped,
    events: &Connection,
) -> Result<(), ReadError> {
    let last = log_care::last_given(events)?;
    let tables = client.tables();
    let (log, was) = shipped.ids()?;
    let known = known(client)?;
    let is_ours = |known: &About| known.log == log || Some(&known.log) == was.as_ref();
    match known.first() {
        Some(About { log: known }) if *known == log => {}
        None => client.insert("about", vec![About { log: log.clone() }], log)?,
        Some(_) if known.iter().any(is_ours) => {
            client.insert("about", vec![About { log: log.clone() }], log)?;
        }
        Some(_) => return Err(others(client)),
    }
    let through = shipped.state()?.through;
    let there: Vec<Last> = client.rows(&format!(
        "SELECT max(id) AS last FROM {} WHERE id > {}",
        tables.asked("event"),
        through.min(last) - NEAR
    ))?;
    let there = there.first().map_or(0, |there| there.last);
    let is_put_back = was.is_some() || there > last;
    // What was shipped after the copy was made may be there under the name of a block that this log never sends.
    let through = match is_put_back {
        true => through.min(last),
        false => through,
    };
    if there > through && is_put_back {
        tracing::warn!(
            through,
            there,
            "the log was put back from a copy: what went to the ClickHouse after it is taken out there"
        );
        care::forget_after(client, shipped, through)?;
    }
    // The log keeps its last event; where it has none of those that aren't there, they were taken out.
    let is_lost = there < through && is_any(events, there, through)?;
    if is_lost {
        tracing::warn!(
            through,
            there,
            "the ClickHouse has less than it had: what the log still has goes there again"
        );
        // Sums may have been kept of what is gone.
        let wrong = care::wrongly_summed(client, "1")?;
        shipped.mark(&wrong, true)?;
        care::sum_anew(client, shipped, &wrong)?;
    }
    match (is_lost, is_put_back) {
        (false, false) => Ok(()),
        (true, _) => Ok(shipped.ends(there)?),
        (false, true) => Ok(shipped.ends(through)?),
    }
}

/// Whether the log has an event with a number above `after` and not above `through`.
fn is_any(events: &Connection, after: i64, through: i64) -> rusqlite::Result<bool> {
    let is_any = "SELECT EXISTS (SELECT 1 FROM event WHERE id > ?1 AND id <= ?2)";
    events.query_row(is_any, [after, through], |row| row.get(0))
}
