//! `admx mcp`: the tools for agents on standard input and output, beside a running server or without one.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::workspace::In;
use super::{accounts, store_for_command};
use crate::clock::Clock;
use crate::http::{Desk, Vocabularies, mcp};

#[derive(clap::Args)]
pub(super) struct Flags {
    /// Where people reach the server, for links and the snippet
    #[arg(
        long,
        value_name = "URL",
        env = "ADMX_BASE_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    base_url: String,
    /// Stop the clock at this instant, for tests and demonstrations
    #[arg(long, value_name = "TIME", env = "ADMX_CLOCK", hide = true)]
    clock: Option<Timestamp>,
    #[command(flatten)]
    workspace: In,
    #[command(flatten)]
    model: super::model::Flags,
}

/// `admx mcp`
pub(super) fn run(data: &Path, flags: &Flags) -> anyhow::Result<()> {
    let accounts = Arc::new(accounts(data)?);
    let workspace = flags.workspace.find(&accounts)?;
    let store = store_for_command(data)?;
    let clock = flags.clock.map_or(Clock::System, Clock::Fixed);
    let model = flags.model.model(&accounts, clock)?;
    let desk = Arc::new(Desk {
        accounts,
        store,
        clock,
        base_url: flags.base_url.trim_end_matches('/').to_owned(),
        vocabularies: Vocabularies::default(),
        model,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(mcp::stdio(desk, workspace))
}
