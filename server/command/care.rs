//! `admx check`, `prune`, `erase`, `vacuum`: looking after what is stored, beside a running server or without one.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

use super::retention::first_kept;
use super::{accounts, print, progress, store_for_command};
use crate::store::care::{Who, integrity};
use crate::store::event::{UserId, VisitorKey};

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Whom {
    /// A visitor, by the id that `admx.visitorId()` gives
    #[arg(long, value_name = "ID")]
    visitor: Option<String>,
    /// A user, by the id that the site gives them, with all browsers that were theirs
    #[arg(long, value_name = "ID")]
    user: Option<String>,
}

#[derive(clap::Args)]
pub(super) struct Old {
    /// Which site, by its website id; each one that has a number of days where none is named
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// Keep so many days, today among them; the site's own number where none is given
    #[arg(long, requires = "site", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
}

/// `admx check`
pub(super) fn check(data: &Path) -> anyhow::Result<()> {
    let store = store_for_command(data)?;
    let spinner = progress::spinner("everything is read");
    let mut findings = store.check()?;
    findings.extend(integrity(
        &Connection::open(data.join("accounts.db"))?,
        "accounts.db",
    )?);
    spinner.finish_and_clear();
    store.stop();
    for finding in &findings {
        eprintln!("admx: {finding}");
    }
    ensure!(
        findings.is_empty(),
        "something is wrong; reports.db may be deleted, and is made anew at the next start; days of a ClickHouse that differ are made anew by `admx migrate-store --to` it as long as the log has all of them; for the others there is `admx restore`"
    );
    print("all is well: the files are whole, and the reports say what the log says")
}

/// `admx prune`
pub(super) fn prune(data: &Path, old: &Old) -> anyhow::Result<()> {
    let accounts = accounts(data)?;
    let sites = accounts.sites(accounts.first_workspace()?)?;
    let meant: Vec<_> = match &old.site {
        Some(id) => vec![
            sites
                .iter()
                .find(|site| site.website_id == *id)
                .context("there is no such site; `admx site list` prints those there are")?,
        ],
        None => sites.iter().collect(),
    };
    let meant: Vec<_> = meant
        .into_iter()
        .filter_map(|site| Some((site, old.days.or(site.keep_days)?)))
        .collect();
    ensure!(
        !meant.is_empty(),
        "no site has a number of days to keep; `admx site keep` gives it one, or say --site and --days"
    );
    let store = store_for_command(data)?;
    for (site, days) in meant {
        let spinner = progress::spinner("events are taken out");
        let taken = store.prune(site.id, first_kept(site.day(Timestamp::now()), days))?;
        spinner.finish_and_clear();
        print(&format!(
            "{}\t{taken} events taken out, {days} days kept",
            site.domain
        ))?;
    }
    store.stop();
    Ok(())
}

/// `admx erase`
pub(super) fn erase(data: &Path, whom: &Whom) -> anyhow::Result<()> {
    let who = match (&whom.visitor, &whom.user) {
        (Some(id), None) => Who::Visitor(match Uuid::try_parse(id) {
            Ok(id) => VisitorKey::Uuid(id),
            Err(_) => VisitorKey::Text(id.clone()),
        }),
        (None, Some(id)) => Who::User(UserId(id.clone())),
        _ => bail!("wanted --visitor or --user"),
    };
    let key = match &who {
        Who::Visitor(key) => Some(key.clone()),
        Who::User(user) => Some(VisitorKey::User(user.clone())),
    };
    let store = store_for_command(data)?;
    let spinner = progress::spinner("events are taken out");
    // What payment providers call them first: where this is broken off, the log still knows who they are.
    let accounts = accounts(data)?;
    for key in store.keys_of(&who)?.into_iter().chain(key) {
        match key {
            VisitorKey::Uuid(id) => accounts.forget_payer(Some(&id.to_string()), None)?,
            VisitorKey::Text(id) => accounts.forget_payer(Some(&id), None)?,
            VisitorKey::User(UserId(id)) => accounts.forget_payer(None, Some(&id))?,
        }
    }
    let taken = store.erase(&who)?;
    spinner.finish_and_clear();
    store.stop();
    print(&format!(
        "{taken} events taken out; backups made before still hold them"
    ))
}

/// `admx vacuum`
pub(super) fn vacuum(data: &Path) -> anyhow::Result<()> {
    let size = || std::fs::metadata(data.join("events.db")).map(|file| file.len());
    let before = size()?;
    let spinner = progress::spinner("the log is written anew");
    let store = store_for_command(data)?;
    store.vacuum()?;
    store.stop();
    spinner.finish_and_clear();
    print(&format!(
        "events.db had {before} bytes and has {} now",
        size()?
    ))
}
