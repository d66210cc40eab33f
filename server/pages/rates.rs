//! `/settings/rates`: what currencies are worth, and how that is uploaded.

use std::sync::Arc;

use askama::Template;
use jiff::civil::Date;

use super::settings::Shell;
use super::upload::Uploaded;
use super::words;
use crate::account::Site;
use crate::account::rate::Pair;

/// The page.
#[derive(Template)]
#[template(path = "settings-rates.html", config = "www/askama.toml")]
pub struct RatesPage<'a> {
    /// Around it.
    pub shell: Shell,
    /// For which currencies there are rates.
    pub pairs: Vec<PairRow>,
    /// The sites that count in currencies.
    pub sites: &'a [Arc<Site>],
    /// For the samples.
    pub today: Date,
    /// What became of what was sent.
    pub uploaded: Uploaded,
}

/// A pair, in words.
pub struct PairRow {
    from: String,
    to: String,
    days: String,
    first: String,
    last: String,
    rate: String,
}

impl RatesPage<'_> {
    /// Pairs in words.
    pub fn rows(pairs: &[Pair]) -> Vec<PairRow> {
        let row = |pair: &Pair| PairRow {
            from: pair.from.clone(),
            to: pair.to.clone(),
            days: words::count(pair.days),
            first: pair.first.clone(),
            last: pair.last.clone(),
            rate: pair.rate.to_string(),
        };
        pairs.iter().map(row).collect()
    }
}
