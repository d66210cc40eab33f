//! `admx export` and `admx import`: a site's events as a file, and back, beside a running server or without one.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use jiff::Timestamp;

use super::workspace::In;
use super::{accounts, print, progress, store_for_command};
use crate::account::{Accounts, Site};
use crate::ingest::imported::Imported;
use crate::query::events::Sent;
use crate::query::fires;
use crate::store::Store;
use crate::transfer::import::{Report, import};
use crate::transfer::line::Format;
use crate::transfer::{Item, goatcounter, plausible, umami};

/// Lines that an import of sums may gather before they are stored.
const GATHERED: usize = 10_000;

#[derive(Clone, Copy, clap::ValueEnum)]
enum Kind {
    Csv,
    Ndjson,
}

impl Kind {
    fn format(self) -> Format {
        match self {
            Kind::Csv => Format::Csv,
            Kind::Ndjson => Format::Ndjson,
        }
    }

    /// By what a file is called.
    fn of(path: &Path) -> Option<Kind> {
        match path.extension()?.to_str()? {
            "csv" => Some(Kind::Csv),
            "ndjson" | "jsonl" => Some(Kind::Ndjson),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Product {
    Plausible,
    Umami,
    Goatcounter,
}

#[derive(clap::Args)]
pub(super) struct Export {
    /// Where to; it must not be there yet. Standard output where none is named
    file: Option<PathBuf>,
    /// Which site, by its website id; the first one where none is named
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// How; by the file's name where nothing is said, else CSV
    #[arg(long, value_enum)]
    format: Option<Kind>,
    #[command(flatten)]
    workspace: In,
}

#[derive(clap::Args)]
pub(super) struct Import {
    /// What `admx export` made, or another product's export; `-` for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Which site, by its website id; the first one where none is named
    #[arg(long, value_name = "ID")]
    site: Option<String>,
    /// How it is written; by the file's name where nothing is said, else CSV
    #[arg(long, value_enum, conflicts_with = "from")]
    format: Option<Kind>,
    /// The product whose export it is
    #[arg(long, value_enum, value_name = "PRODUCT")]
    from: Option<Product>,
    #[command(flatten)]
    workspace: In,
}

fn site(accounts: &Accounts, workspace: &In, named: Option<&str>) -> anyhow::Result<Arc<Site>> {
    let sites = accounts.sites(workspace.find(accounts)?)?;
    let found = match named {
        Some(id) => sites.iter().find(|site| site.website_id == id),
        None => sites.iter().find(|site| !site.is_demo),
    };
    let site = found.context("there is no such site; `admx site list` prints those there are")?;
    Ok(site.clone())
}

/// `admx export`
pub(super) fn export(data: &Path, flags: &Export) -> anyhow::Result<()> {
    let site = site(&accounts(data)?, &flags.workspace, flags.site.as_deref())?;
    let named = flags.file.as_deref().and_then(Kind::of);
    let format = flags.format.or(named).unwrap_or(Kind::Csv).format();
    let out: Box<dyn Write> = match &flags.file {
        Some(path) => Box::new(
            File::create_new(path).with_context(|| format!("{} can't be made", path.display()))?,
        ),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::new(out);
    let store = store_for_command(data)?;
    let all = Sent::query_string("").map_err(|error| anyhow!(error))?;
    let all = all.read_all(&site, Timestamp::now());
    let ids = fires::numbers(&store, &all.map_err(|error| anyhow!(error))?.query)?;
    let bar = progress::bar("events", ids.len());
    let mut written = out.write_all(format.header().as_bytes());
    store.each_whole(site.id, &ids, |event| {
        bar.inc(1);
        written = out.write_all(&format.line(&event));
        written.is_ok()
    })?;
    bar.finish_and_clear();
    written
        .and_then(|()| out.flush())
        .context("the events can't be written")?;
    store.stop();
    if flags.file.is_some() {
        print(&format!("{} events of {} written", ids.len(), site.domain))?;
    }
    Ok(())
}

/// `admx import`
pub(super) fn run(data: &Path, flags: &Import) -> anyhow::Result<()> {
    let site = site(&accounts(data)?, &flags.workspace, flags.site.as_deref())?;
    let store = store_for_command(data)?;
    let spinner = progress::spinner("events are brought in");
    let mut imported = Imported::new(site.clone(), Timestamp::now());
    let reports = match flags.from {
        Some(Product::Plausible) => sums(&store, &mut imported, &flags.files).map(|all| vec![all]),
        from => flags
            .files
            .iter()
            .map(|path| one(&store, &mut imported, path, flags.format, from))
            .collect(),
    };
    spinner.finish_and_clear();
    store.stop();
    let reports = reports?;
    for report in &reports {
        for bad in &report.bad {
            eprintln!("admx: line {}: {}", bad.line, bad.reason);
        }
    }
    if flags.from == Some(Product::Plausible) {
        eprintln!(
            "admx: Plausible exports sums a day, so these events are made up to give the same sums: page views, goals and visitors a day are right; the hour, who saw what, sources and devices are not known"
        );
    }
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    print(&format!(
        "{}\t{} events stored, {} there before, {} lines left on purpose, {} wrong",
        site.domain,
        sum(|report| report.stored),
        sum(|report| report.known),
        sum(|report| report.left),
        sum(|report| report.bad.len() as u64),
    ))?;
    let stopped = reports.iter().find_map(|report| report.stopped.as_deref());
    ensure!(
        stopped.is_none(),
        "{}; the rest was not read. Importing the file again stores nothing twice",
        stopped.unwrap_or_default()
    );
    Ok(())
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    Ok(Box::new(file))
}

fn one(
    store: &Store,
    imported: &mut Imported,
    path: &Path,
    format: Option<Kind>,
    from: Option<Product>,
) -> anyhow::Result<Report> {
    let file = open(path)?;
    let domain = imported.site().domain.clone();
    let wrong = |error| anyhow!("{}: {error}", path.display());
    let items: Box<dyn Iterator<Item = Item>> = match from {
        Some(Product::Umami) => Box::new(umami::read(file, &domain).map_err(wrong)?.into_iter()),
        Some(Product::Goatcounter) => {
            Box::new(goatcounter::read(file, &domain).map_err(wrong)?.into_iter())
        }
        Some(Product::Plausible) | None => {
            let format = format.or(Kind::of(path)).unwrap_or(Kind::Csv).format();
            format.read(file).map_err(wrong)?
        }
    };
    Ok(import(store, imported, items))
}

/// Of sums much is made, so that it is stored while it is made.
fn sums(store: &Store, imported: &mut Imported, files: &[PathBuf]) -> anyhow::Result<Report> {
    let domain = imported.site().domain.clone();
    let mut all = Report::default();
    let mut gathered = Vec::new();
    let read = plausible::read(files, &domain, |item| {
        gathered.push(item);
        if gathered.len() >= GATHERED {
            all.add(import(store, imported, gathered.drain(..)));
        }
        all.stopped.is_none()
    });
    read.map_err(|error| anyhow!(error))?;
    if all.stopped.is_none() {
        all.add(import(store, imported, gathered.into_iter()));
    }
    Ok(all)
}
