//! `admx front`: a server in front of another, with patience.

use std::path::Path;

use anyhow::Context;
use tokio::net::TcpListener;
use url::Url;

use super::serve::{LogFormat, asked_to_stop, listen_address, web_address};
use crate::front::{self, Settings};

#[derive(clap::Args)]
pub(super) struct Flags {
    /// The server behind: where requests are handed on to
    #[arg(long, env = "ADMX_BEHIND", value_name = "URL", value_parser = web_address)]
    behind: Url,
    /// Where to listen
    #[arg(
        long,
        env = "ADMX_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS",
        value_parser = listen_address
    )]
    listen: String,
    /// Bytes of events that may wait on this disk while the server behind is away
    #[arg(
        long,
        env = "ADMX_SPOOL_LIMIT",
        default_value_t = 4 << 30,
        value_name = "BYTES",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    spool_limit: u64,
    /// What is logged: error, warn, info, debug, trace, or filters such as admx=debug
    #[arg(long, env = "ADMX_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    /// How it is logged
    #[arg(long, env = "ADMX_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

pub(super) fn run(data: &Path, flags: &Flags) -> anyhow::Result<()> {
    flags.log_format.start(&flags.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(&flags.listen)
            .await
            .with_context(|| format!("{} can't be listened on", flags.listen))?;
        let line = format!(
            "admx {} is at http://{}, in front of {}",
            env!("CARGO_PKG_VERSION"),
            listener.local_addr()?,
            flags.behind
        );
        flags.log_format.say(&line);
        let settings = Settings {
            behind: flags.behind.clone(),
            most_bytes: flags.spool_limit,
        };
        front::serve(listener, data, &settings, asked_to_stop()).await
    })
}
