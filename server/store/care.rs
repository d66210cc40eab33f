//! Looking after the log: what commands do beside the server, or instead of it.

use rusqlite::{Connection, OptionalExtension};

/// How often events were taken out of the log. Whoever holds in memory what the log said reads it anew when this has
/// changed.
pub(super) fn erased(connection: &Connection) -> rusqlite::Result<i64> {
    let count = connection
        .prepare_cached("SELECT value FROM about WHERE name = 'erased'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(count.unwrap_or_default())
}
