//! `queue.db`: what is still to be told to others. Webhooks and mail have tables of their own in it.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use rusqlite::Connection;

use crate::private;

/// Opens the file in `folder`, made where there is none, with these tables.
pub fn open(folder: &Path, tables: &str) -> anyhow::Result<Connection> {
    let file = folder.join("queue.db");
    private::create(&file)?;
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(tables)?;
    Ok(connection)
}

/// Between how long pauses something is tried again: the first, doubled each time up to the longest.
const PAUSE: SignedDuration = SignedDuration::from_secs(2);
/// The longest.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(2);

/// How long to wait after so many tries before.
pub fn pause(tries: u32) -> SignedDuration {
    let doubled = PAUSE.checked_mul(1i32.checked_shl(tries.min(20)).unwrap_or(i32::MAX));
    doubled.unwrap_or(LONGEST).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_two_hours() {
        for (tries, seconds) in [(0, 2), (1, 4), (5, 64), (11, 4096), (12, 7200), (90, 7200)] {
            assert_eq!(pause(tries).as_secs(), seconds, "{tries}");
        }
    }
}
