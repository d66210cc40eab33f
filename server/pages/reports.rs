//! `/settings/reports`

use std::sync::Arc;

use askama::Template;
use jiff::Timestamp;

use super::settings::{Shell, moment};
use crate::account::{Every, Report, Site};

/// The page.
#[derive(Template)]
#[template(path = "settings-reports.html", config = "www/askama.toml")]
pub struct Reports<'a> {
    /// Around it.
    pub shell: Shell,
    /// The workspace's sites, and what one gets of them.
    pub sites: Vec<SiteRow>,
    /// What was sent lately.
    pub sent: Vec<SentRow>,
    /// Whether mail really leaves.
    pub is_mailed: bool,
    /// What was done just now.
    pub done: Option<&'a str>,
}

/// A site, and how often its report comes.
pub struct SiteRow {
    website_id: String,
    site: String,
    zone: String,
    every: Option<Every>,
}

/// A report that was sent, or not.
pub struct SentRow {
    /// Of which site.
    pub site: String,
    /// Its days.
    pub days: String,
    /// When it was made.
    pub made: String,
    /// What became of it.
    pub state: String,
}

impl Reports<'_> {
    /// Sites in words.
    pub fn rows(sites: &[Arc<Site>], reports: &[Report]) -> Vec<SiteRow> {
        let row = |site: &Arc<Site>| {
            let mine = |report: &&Report| report.website_id == site.website_id;
            SiteRow {
                website_id: site.website_id.clone(),
                site: site.label().to_owned(),
                zone: site.zone_name().to_owned(),
                every: reports.iter().find(mine).map(|report| report.every),
            }
        };
        sites.iter().map(row).collect()
    }
}

impl SentRow {
    /// In words.
    pub fn new(site: &str, days: &str, made_at: Timestamp, state: String) -> SentRow {
        SentRow {
            site: site.to_owned(),
            days: days.to_owned(),
            made: moment(made_at),
            state,
        }
    }
}
