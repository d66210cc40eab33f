//! Tagging: whether links say rightly what brings people, and how to write one that does.
//!
//! - [`check`]: what is wrong with tags, and what would be right; numbers and words in, words out
//! - [`link`]: a page's address and tags → a link, and which channel its visits will be of
//! - [`report()`]: the tags of a site's visits, checked

pub mod check;
pub mod link;

use std::sync::Arc;

use crate::account::Site;
use crate::query::origins::origins;
use crate::query::range::Range;
use crate::store::{ReadError, Store};
use check::Finding;

/// Findings that are told.
const TOLD: usize = 500;

/// What became of a site's tags.
#[derive(Debug)]
pub struct Report {
    /// Visits on the days that are asked about.
    pub sessions: u64,
    /// Those of them of which something is wrong.
    pub wrong: u64,
    /// What, the most visits first.
    pub findings: Vec<Finding>,
}

/// Checks the tags of the visits that began on these days.
///
/// # Errors
/// When the store's files can't be read.
pub fn report(store: &Arc<Store>, site: &Site, range: &Range) -> Result<Report, ReadError> {
    let origins = origins(store, site, range)?;
    let (mut findings, wrong) = check::all(&origins, |host| site.is_host(host));
    findings.truncate(TOLD);
    Ok(Report {
        sessions: origins.iter().map(|(_, sessions)| sessions).sum(),
        wrong,
        findings,
    })
}
