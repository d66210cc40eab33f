//! `/settings/websites/{website_id}/controls`: what moves a site's goals beside its channels, and how that is uploaded.

use askama::Template;
use jiff::civil::Date;

use super::settings::Shell;
use super::upload::Uploaded;
use super::words;
use crate::account::Site;
use crate::account::control::Summary;

/// The page.
#[derive(Template)]
#[template(path = "settings-controls.html", config = "www/askama.toml")]
pub struct ControlsPage<'a> {
    /// Around it.
    pub shell: Shell,
    /// Whose.
    pub site: &'a Site,
    /// By name.
    pub controls: Vec<ControlRow>,
    /// For the samples.
    pub today: Date,
    /// What became of what was sent.
    pub uploaded: Uploaded,
}

/// A control, in words.
pub struct ControlRow {
    name: String,
    days: String,
    first: String,
    last: String,
    between: String,
}

impl ControlsPage<'_> {
    /// Controls in words.
    pub fn rows(known: &[Summary]) -> Vec<ControlRow> {
        let row = |of: &Summary| ControlRow {
            name: of.name.clone(),
            days: words::count(of.days),
            first: of.first.clone(),
            last: of.last.clone(),
            between: match of.least == of.most {
                true => of.most.to_string(),
                false => format!("{} to {}", of.least, of.most),
            },
        };
        known.iter().map(row).collect()
    }
}
