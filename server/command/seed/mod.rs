//! `admx seed`: fills a site with visits that look like those of a small software company, the same for the same seed.
//!
//! Visitors come by a source, at hours and on weekdays as people do, a third of them again; they look at some pages and
//! fire goals, more of them the better the source fits. Each event's id is of the seed and its time, so that seeding twice
//! up to the same instant adds nothing.

mod visits;

use std::sync::Arc;

use anyhow::Context;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use jiff::Timestamp;

use super::{accounts, print, progress, store};
use crate::account::Site;
use crate::store::event::Event;
use crate::store::{Outcome, Role, Store};
use visits::Visits;

#[derive(clap::Args)]
pub(super) struct Flags {
    /// Which site, by its website id; the first one where none is named
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// Over so many days, up to the end of the last one
    #[arg(long, default_value_t = 90, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    /// So many events
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    events: u64,
    /// So many visits of each visitor, on average
    #[arg(long, default_value_t = 1.5, value_name = "N", value_parser = visits)]
    visits_each: f64,
    /// Of the many ways it could have been, this one
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// The days end before this instant; now where none is given
    #[arg(long, env = "ADMX_CLOCK", value_name = "TIME")]
    until: Option<Timestamp>,
}

/// From one visit each to a hundred.
fn visits(text: &str) -> Result<f64, String> {
    let visits = text.parse().ok().filter(|n| (1.0..=100.0).contains(n));
    visits.ok_or_else(|| "wanted 1 to 100".into())
}

/// Events that are stored as one request, and requests that are under way at once.
const BATCH: usize = 1000;
const UNDER_WAY: usize = 4;

pub(super) fn run(data: &std::path::Path, flags: &Flags) -> anyhow::Result<()> {
    let accounts = accounts(data)?;
    let sites = accounts.sites(accounts.first_workspace()?)?;
    let site = match &flags.site {
        Some(id) => sites.iter().find(|site| site.website_id == *id),
        None => sites.first(),
    };
    let site = site.context("there is no such site; `admx site list` prints those there are")?;
    let store = store(data, Role::Command, UNDER_WAY * 2, None)?;
    let until = flags.until.unwrap_or_else(Timestamp::now);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let stored = runtime.block_on(fill(&store, site, flags, until));
    store.stop();
    print(&format!("{} events stored for {}", stored?, site.domain))
}

async fn fill(
    store: &Arc<Store>,
    site: &Site,
    flags: &Flags,
    until: Timestamp,
) -> anyhow::Result<u64> {
    let bar = progress::bar("events", flags.events);
    let mut visits = Visits::new(site, flags, until);
    let mut under_way = FuturesOrdered::new();
    let mut left = flags.events;
    let mut stored = 0;
    let fresh =
        |outcomes: Vec<Outcome>| outcomes.iter().filter(|o| **o == Outcome::Stored).count() as u64;
    while left > 0 {
        let batch: Vec<Event> = visits.by_ref().take(BATCH.min(left as usize)).collect();
        left -= batch.len() as u64;
        bar.inc(batch.len() as u64);
        under_way.push_back(store.writer().append(batch));
        if under_way.len() >= UNDER_WAY
            && let Some(done) = under_way.next().await
        {
            stored += fresh(done?);
        }
    }
    while let Some(done) = under_way.next().await {
        stored += fresh(done?);
    }
    bar.finish_and_clear();
    Ok(stored)
}
