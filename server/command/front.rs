//! `admx front`: a server in front of another, with patience.

use std::path::Path;

use url::Url;

use super::process::{Process, asked_to_stop, web_address};
use crate::front::{self, Settings};

#[derive(clap::Args)]
pub(super) struct Flags {
    /// The server behind: where requests are handed on to
    #[arg(long, env = "ADMX_BEHIND", value_name = "URL", value_parser = web_address)]
    behind: Url,
    #[command(flatten)]
    process: Process,
    /// Bytes of events that may wait on this disk while the server behind is away
    #[arg(
        long,
        env = "ADMX_SPOOL_LIMIT",
        default_value_t = 4 << 30,
        value_name = "BYTES",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    spool_limit: u64,
}

pub(super) fn run(data: &Path, flags: &Flags) -> anyhow::Result<()> {
    flags.process.start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = flags.process.bind().await?;
        let line = format!(
            "admx {} is at http://{}, in front of {}",
            env!("CARGO_PKG_VERSION"),
            listener.local_addr()?,
            flags.behind
        );
        flags.process.say(&line);
        let settings = Settings {
            behind: flags.behind.clone(),
            most_bytes: flags.spool_limit,
        };
        front::serve(listener, data, &settings, asked_to_stop()).await
    })
}
