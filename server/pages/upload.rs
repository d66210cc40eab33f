//! What became of rows that were uploaded.

use super::words;
use crate::account::sheet::Refused;

/// What became of what was sent.
#[derive(Default)]
pub struct Uploaded {
    /// Rows that are new, and rows that took the place of others.
    pub stored: Option<(u64, u64)>,
    /// Rows that were taken away.
    pub deleted: Option<u64>,
    /// Why nothing was stored.
    pub refused: Option<Refused>,
    /// What was typed.
    pub typed: String,
}

fn rows(count: u64) -> String {
    match count {
        1 => "1 row".into(),
        count => format!("{} rows", words::count(count)),
    }
}

impl Uploaded {
    /// What is told.
    pub(super) fn words(&self) -> Option<String> {
        if let Some(deleted) = self.deleted {
            return Some(format!("{} taken away", rows(deleted)));
        }
        self.stored.map(|(added, replaced)| match replaced {
            0 => format!("{} stored", rows(added)),
            replaced => format!(
                "{} stored; {replaced} of them took the place of what was there",
                rows(added.saturating_add(replaced)),
                replaced = words::count(replaced)
            ),
        })
    }
}
