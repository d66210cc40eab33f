//! `admx serve`: opens the files, starts the rooms, and says what to open.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use ipnet::IpNet;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::account::Accounts;
use crate::clock::Clock;
use crate::http::{App, Limits, Rates, listen};
use crate::ingest::Ingest;
use crate::ingest::place::Places;
use crate::store::{Settings, Store};

#[derive(clap::Args)]
pub(super) struct Flags {
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        env = "ADMX_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS",
        value_parser = listen_address
    )]
    listen: String,
    /// Where people reach this server, if not where it listens: https://stats.example.com
    #[arg(long, env = "ADMX_BASE_URL", value_name = "URL", value_parser = web_address)]
    base_url: Option<Url>,
    /// A proxy in front, whose X-Forwarded-For is believed; may be given more than once
    #[arg(
        long = "trusted-proxy",
        env = "ADMX_TRUSTED_PROXY",
        value_delimiter = ',',
        value_name = "CIDR"
    )]
    trusted_proxies: Vec<IpNet>,
    /// Addresses whose visits are not counted; may be given more than once
    #[arg(
        long = "exclude-address",
        env = "ADMX_EXCLUDE_ADDRESS",
        value_delimiter = ',',
        value_name = "CIDR"
    )]
    excluded: Vec<IpNet>,
    /// A MaxMind-format file (.mmdb) that knows countries; an address itself is never stored
    #[arg(long, env = "ADMX_PLACES", value_name = "FILE")]
    places: Option<PathBuf>,
    /// Requests a second from one browser's address; 0 for no limit
    #[arg(
        long,
        env = "ADMX_RATE_ADDRESS",
        default_value_t = 50,
        value_name = "N"
    )]
    rate_address: u32,
    /// Requests at once from one browser's address after a pause
    #[arg(
        long,
        env = "ADMX_RATE_ADDRESS_BURST",
        default_value_t = 500,
        value_name = "N"
    )]
    rate_address_burst: u32,
    /// Requests a second with one key; 0 for no limit
    #[arg(long, env = "ADMX_RATE_KEY", default_value_t = 5000, value_name = "N")]
    rate_key: u32,
    /// Requests that may wait to be stored; one more is answered 503
    #[arg(long, env = "ADMX_QUEUE", default_value_t = 8192, value_name = "N")]
    queue: usize,
    /// Bytes that the event log may have; past that, events are answered 503
    #[arg(long, env = "ADMX_STORAGE_LIMIT", value_name = "BYTES", value_parser = clap::value_parser!(u64).range(200_000..))]
    storage_limit: Option<u64>,
    /// What is logged to standard error: error, warn, info, debug, or warn,admx=debug and the like
    #[arg(
        long,
        env = "ADMX_LOG",
        default_value = "warn,admx=info",
        value_name = "FILTER"
    )]
    log: String,
    /// Stop the clock at this instant, for tests and demonstrations
    #[arg(long, env = "ADMX_CLOCK", value_name = "TIME")]
    clock: Option<Timestamp>,
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
fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "wanted an address such as https://stats.example.com".into())
}

/// The person that the first login link is for.
const ADMINISTRATOR: &str = "admin@localhost";

pub(super) fn run(data: &Path, flags: Flags) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse_lossy(&flags.log);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(data, flags))
}

async fn serve(data: &Path, flags: Flags) -> anyhow::Result<()> {
    let clock = flags.clock.map_or(Clock::System, Clock::Fixed);
    let listener = TcpListener::bind(&flags.listen)
        .await
        .with_context(|| format!("{} can't be listened on", flags.listen))?;
    let address = listener.local_addr()?;
    let base_url = flags.base_url.as_ref().map_or_else(
        || at(address),
        |url| url.as_str().trim_end_matches('/').to_owned(),
    );

    let accounts = Arc::new(super::accounts(data)?);
    let settings = Settings {
        queue: flags.queue,
        most_bytes: flags.storage_limit,
    };
    let store = Store::open(data, &settings)
        .with_context(|| format!("{} can't be opened", data.join("events.db").display()))?;
    let demo = accounts.demo_site(&demo_hosts(address, flags.base_url.as_ref()), clock.now())?;
    announce(&accounts, &base_url, clock)?;

    let places = flags.places.as_deref().map(Places::open).transpose()?;
    let (stop_streams, stopping) = watch::channel(false);
    let app = Arc::new(App {
        ingest: Ingest::new(
            accounts.clone(),
            store.clone(),
            clock,
            flags.excluded,
            places,
        ),
        accounts,
        store: store.clone(),
        clock,
        base_url,
        demo,
        trusted_proxies: flags.trusted_proxies,
        limits: Limits::new(Rates {
            address: flags.rate_address,
            address_burst: flags.rate_address_burst,
            key: flags.rate_key,
        }),
        stopping,
    });
    listen::serve(listener, app, stop_streams, asked_to_stop()).await;
    tokio::task::spawn_blocking(move || store.stop()).await?;
    Ok(())
}

/// Where a browser on this machine finds a server that listens at `address`.
fn at(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

/// The hosts that the demo may be opened on.
fn demo_hosts(address: SocketAddr, base_url: Option<&Url>) -> Vec<String> {
    let own = match address {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    };
    let mut hosts = vec!["127.0.0.1".to_owned(), "[::1]".to_owned(), own];
    hosts.extend(base_url.and_then(Url::host_str).map(str::to_owned));
    hosts
}

/// Says on standard error what to open. The login link is a new one until somebody has used one.
fn announce(accounts: &Accounts, base_url: &str, clock: Clock) -> anyhow::Result<()> {
    let workspace = accounts.first_workspace()?;
    eprintln!("admx {} is at {base_url}", env!("CARGO_PKG_VERSION"));
    eprintln!("  demo       {base_url}/demo");
    if accounts.has_logins()? {
        eprintln!("  dashboard  {base_url}/dashboard/analytics");
    } else {
        let link = accounts.new_link(workspace, ADMINISTRATOR, clock.now())?;
        eprintln!("  dashboard  {base_url}/login/{link}  (works once)");
    }
    if let Some(site) = accounts.sites(workspace)?.first() {
        let id = &site.website_id;
        if site.is_demo {
            eprintln!(
                "  your site  admx site add YOUR-DOMAIN prints its website id; until then this is the demo's:"
            );
        }
        eprintln!(
            "  snippet    <script defer data-website-id=\"{id}\" src=\"{base_url}/js/script.plus.js\"></script>"
        );
    }
    Ok(())
}

async fn asked_to_stop() {
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
