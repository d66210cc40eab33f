//! `admx migrate-store`: the events of a log to a ClickHouse, or back.

use std::path::Path;

use anyhow::Context;

use super::{place, print, progress};
use crate::store::clickhouse::{Place, moved};

#[derive(clap::Args)]
pub(super) struct Flags {
    /// Where to: `clickhouse://user:password@host:8123/database`, or `sqlite` for back from where `ADMX_STORE` says
    #[arg(long, value_name = "PLACE")]
    to: String,
}

pub(super) fn run(data: &Path, flags: &Flags) -> anyhow::Result<()> {
    let bar = progress::bar("events", 0);
    let mut told = |done: u64, all: u64| {
        bar.set_length(all);
        bar.set_position(done);
    };
    let moved = match flags.to.as_str() {
        "sqlite" => {
            let place = place()?.context("ADMX_STORE must say from where")?;
            moved::to_sqlite(data, &place, &mut told)?
        }
        to => {
            let place: Place = to.parse().context("--to can't be read")?;
            moved::to_clickhouse(data, &place, &mut told)?
        }
    };
    bar.finish_and_clear();
    if moved.mended > 0 {
        eprintln!(
            "admx: {} days were made anew there, since events were taken out of the log",
            moved.mended
        );
    }
    let end = match moved.are_compared {
        true => "are the same in both",
        false => {
            "are there, and some of them no longer here: `admx check` looks whether they are whole"
        }
    };
    print(&format!(
        "{} events of {} days of sites {end}",
        moved.events, moved.days
    ))
}
