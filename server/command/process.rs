//! What every program that serves is told: where to listen, how to log, when to stop.

use anyhow::Context;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use url::Url;

#[derive(clap::Args)]
pub(super) struct Process {
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        env = "ADMX_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS",
        value_parser = listen_address
    )]
    listen: String,
    /// What is logged to standard error: error, warn, info, debug, or warn,admx=debug and the like
    #[arg(
        long,
        env = "ADMX_LOG",
        default_value = "warn,admx=info",
        value_name = "FILTER"
    )]
    log: String,
    /// How it is logged: as lines of text, or as one JSON object a line
    #[arg(
        long,
        env = "ADMX_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT"
    )]
    log_format: LogFormat,
}

impl Process {
    /// Begins the log.
    pub(super) fn start_log(&self) {
        self.log_format.start(&self.log);
    }

    /// Says a line whatever the log's filter is.
    pub(super) fn say(&self, line: &str) {
        self.log_format.say(line);
    }

    /// Listens.
    pub(super) async fn bind(&self) -> anyhow::Result<TcpListener> {
        TcpListener::bind(&self.listen)
            .await
            .with_context(|| format!("{} can't be listened on", self.listen))
    }
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    fn start(self, filter: &str) {
        let log = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::builder().parse_lossy(filter))
            .with_writer(std::io::stderr);
        match self {
            LogFormat::Text => log.init(),
            LogFormat::Json => log
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false)
                .init(),
        }
    }

    fn say(self, line: &str) {
        match self {
            LogFormat::Text => eprintln!("{line}"),
            LogFormat::Json => {
                let (now, line) = (Timestamp::now().to_string(), line.trim());
                eprintln!(
                    "{}",
                    json!({ "timestamp": now, "level": "INFO", "message": line, "target": "admx" })
                );
            }
        }
    }
}

/// An address or a name, and a port.
fn listen_address(text: &str) -> Result<String, String> {
    let port = text
        .rsplit_once(':')
        .filter(|(host, _)| !host.is_empty())
        .map(|(_, port)| port);
    match port.map(str::parse::<u16>) {
        Some(Ok(_)) => Ok(text.to_owned()),
        _ => Err("wanted an address and a port, such as 127.0.0.1:8080 or [::]:8080".into()),
    }
}

/// Where browsers go.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "wanted an address such as https://stats.example.com".into())
}

/// Comes back at the first signal; at a second one the program ends at once, wherever it is. What was answered with 200
/// is on disk even then.
pub(super) async fn asked_to_stop() {
    signal().await;
    tokio::spawn(async {
        signal().await;
        tracing::warn!("asked to stop a second time");
        std::process::exit(1);
    });
}

async fn signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let mut terminated =
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(signal) => signal,
                Err(error) => {
                    tracing::error!(%error, "SIGTERM can't be heard; stop with SIGINT");
                    let _ = interrupted.await;
                    return;
                }
            };
        tokio::select! {
            _ = interrupted => {},
            _ = terminated.recv() => {},
        }
    }
    #[cfg(not(unix))]
    let _ = interrupted.await;
}
