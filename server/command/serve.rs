//! `admx serve`: opens the files, starts the rooms, and says what to open.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use jiff::Timestamp;
use tokio::sync::watch;
use url::Url;

use super::process::{Process, asked_to_stop, web_address};
use super::retention;
use crate::account::{self, ADMINISTRATOR, Accounts, ChangeError, Email};
use crate::ask::model::Model;
use crate::clock::Clock;
use crate::http::{
    App, Bounds, Desk, Fetched, Limits, Metrics, Rates, Readers, Room, Vocabularies, listen, mcp,
};
use crate::ingest::place::Places;
use crate::ingest::{Ingest, body};
use crate::mail::Mail;
use crate::mix::fits::Fits;
use crate::payment::Payments;
use crate::store::Role;
use crate::webhook::Webhooks;

#[derive(clap::Args)]
pub(super) struct Flags {
    #[command(flatten)]
    process: Process,
    /// Where people reach this server, if not where it listens: https://stats.example.com
    #[arg(long, env = "ADMX_BASE_URL", value_name = "URL", value_parser = web_address)]
    base_url: Option<Url>,
    /// A proxy in front, whose X-Forwarded-For is believed; may be given more than once
    #[arg(
        long = "trusted-proxy",
        env = "ADMX_TRUSTED_PROXY",
        value_delimiter = ',',
        value_name = "ADDRESS or CIDR",
        value_parser = network
    )]
    trusted_proxies: Vec<IpNet>,
    /// Addresses whose visits are not counted; may be given more than once
    #[arg(
        long = "exclude-address",
        env = "ADMX_EXCLUDE_ADDRESS",
        value_delimiter = ',',
        value_name = "ADDRESS or CIDR",
        value_parser = network
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
    /// Connections at once; one more is answered 503 and closed
    #[arg(long, env = "ADMX_CONNECTIONS", default_value = "10000", value_name = "N", value_parser = at_least(1))]
    connections: usize,
    /// Bytes of events that may have no answer yet; what finds no room within a second is answered 503
    #[arg(long, env = "ADMX_IN_FLIGHT", default_value = "67108864", value_name = "BYTES", value_parser = at_least(body::BODY_BYTES))]
    in_flight: usize,
    /// Live streams at once; one more is answered 503
    #[arg(long, env = "ADMX_STREAMS", default_value_t = 1000, value_name = "N")]
    streams: usize,
    /// Live streams at once for one address
    #[arg(long, env = "ADMX_STREAMS_ADDRESS", default_value = "10", value_name = "N", value_parser = at_least(1))]
    streams_address: usize,
    /// Seconds after which a client that takes nothing of its answer is let go
    #[arg(long, env = "ADMX_WRITE_TIMEOUT", default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    write_timeout: u64,
    /// Bytes that the event log may have; past that, events are answered 503
    #[arg(long, env = "ADMX_STORAGE_LIMIT", value_name = "BYTES", value_parser = clap::value_parser!(u64).range(200_000..))]
    storage_limit: Option<u64>,
    /// Let webhooks go to addresses of private networks, this machine among them
    #[arg(long, env = "ADMX_WEBHOOKS_PRIVATE")]
    webhooks_private: bool,
    #[command(flatten)]
    mail: super::mail::Flags,
    #[command(flatten)]
    model: super::model::Flags,
    /// Who may read /metrics
    #[arg(
        long,
        env = "ADMX_METRICS",
        default_value = "local",
        value_name = "WHO"
    )]
    metrics: Readers,
    /// Stop the clock at this instant, for tests and demonstrations
    #[arg(long, env = "ADMX_CLOCK", value_name = "TIME")]
    clock: Option<Timestamp>,
}

/// A number that is no lower than `least`.
fn at_least(least: usize) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| match text.parse() {
        Ok(number) if (least..=MOST).contains(&number) => Ok(number),
        _ => Err(format!("wanted a number from {least} to {MOST}")),
    }
}

/// More of anything than a machine has.
const MOST: usize = u32::MAX as usize;

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(|_| address())
        .map_err(|_| "neither an address nor a network such as 10.0.0.0/8".into())
}

pub(super) fn run(data: &Path, flags: Flags) -> anyhow::Result<()> {
    flags.process.start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(serve(data, flags));
    // Whoever still reads a long report doesn't keep it.
    runtime.shutdown_timeout(PARTING);
    result
}

/// How long it may take from the signal until everything is closed. With what follows it is less than ten seconds, after
/// which containers are killed.
const STOP: Duration = Duration::from_secs(9);

/// How long a message that is on its way may take.
const LAST_MAIL: Duration = Duration::from_millis(1500);

/// How long threads may take to end once everything is closed.
const PARTING: Duration = Duration::from_millis(500);

async fn serve(data: &Path, flags: Flags) -> anyhow::Result<()> {
    let clock = flags.clock.map_or(Clock::System, Clock::Fixed);
    let listener = flags.process.bind().await?;
    let address = listener.local_addr()?;
    let base_url = flags.base_url.as_ref().map_or_else(
        || at(address),
        |url| url.as_str().trim_end_matches('/').to_owned(),
    );

    let accounts = Arc::new(super::accounts(data)?);
    let model = flags.model.model(&accounts, clock)?;
    let store = super::store(data, Role::Server, flags.queue, flags.storage_limit)?;
    let demo = accounts.demo_site(&demo_hosts(address, flags.base_url.as_ref()), clock.now())?;
    announce(&accounts, &base_url, clock, &flags.process)?;

    let places = flags.places.as_deref().map(Places::open).transpose()?;
    let (stop_streams, stopping) = watch::channel(false);
    tokio::spawn(retention::keep(accounts.clone(), store.clone(), clock));
    let webhooks = Webhooks::open(
        data,
        accounts.clone(),
        store.clone(),
        clock,
        flags.webhooks_private,
    )?;
    let webhooks = Arc::new(webhooks);
    tokio::spawn(webhooks.clone().run(stopping.clone()));
    let settings = flags.mail.settings(flags.base_url.as_ref())?;
    let mail = Mail::open(data, accounts.clone(), store.clone(), clock, settings)?;
    let mail = Arc::new(mail);
    let mailing = tokio::spawn(mail.clone().run(stopping.clone()));
    let payments = Payments::new(accounts.clone(), store.clone());
    let fits = Arc::new(Fits::new(accounts.clone(), store.clone(), clock));
    let fitting = tokio::spawn(fits.clone().run(stopping.clone()));
    let desk = Arc::new(Desk {
        accounts: accounts.clone(),
        store: store.clone(),
        clock,
        base_url: base_url.clone(),
        vocabularies: Vocabularies::default(),
        model,
    });
    let outcomes = desk.model.as_ref().map(Model::outcomes);
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
        room: Room::new(Bounds {
            connections: connections(flags.connections),
            body_bytes: flags.in_flight,
            streams: flags.streams,
            streams_address: flags.streams_address,
            write: Duration::from_secs(flags.write_timeout),
        }),
        webhooks,
        payments,
        mail,
        fits,
        fetched: Fetched::default(),
        mcp: mcp::Service::new(&desk),
        metrics: Metrics::new(
            flags.metrics,
            data.to_owned(),
            &store,
            flags.queue,
            outcomes,
        ),
        desk: desk.clone(),
        stopping,
    });
    let asked = listen::serve(listener, app, stop_streams, asked_to_stop()).await;
    // A message that the mail server has taken already isn't sent again.
    let _ = tokio::time::timeout(LAST_MAIL, mailing).await;
    let _ = tokio::time::timeout(LAST_MAIL, fitting).await;
    let left = STOP.saturating_sub(Instant::now() - asked);
    let stop = tokio::task::spawn_blocking(move || store.stop());
    match tokio::time::timeout(left, stop).await {
        Ok(stopped) => Ok(stopped?),
        Err(_) => anyhow::bail!(
            "the files could not be closed in time; what was answered with 200 is on disk"
        ),
    }
}

/// Files that may be open beside the connections: those of the data folder, a few for each thread that reads.
const FILES: usize = 512;

/// As many connections as are wanted, or as the system allows files for: without a free one the log couldn't be read.
fn connections(wanted: usize) -> usize {
    let files = wanted.saturating_add(FILES);
    let allowed = match rlimit::increase_nofile_limit(files as u64) {
        Ok(allowed) => usize::try_from(allowed).unwrap_or(usize::MAX),
        Err(error) => {
            tracing::warn!(%error, "how many files may be open is not known");
            return wanted;
        }
    };
    if allowed >= files {
        return wanted;
    }
    let possible = allowed.saturating_sub(FILES).max(allowed / 2).min(wanted);
    tracing::warn!(
        "{allowed} files may be open (ulimit -Hn), so {possible} connections are taken and not {wanted}"
    );
    possible
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
fn announce(
    accounts: &Accounts,
    base_url: &str,
    clock: Clock,
    process: &Process,
) -> anyhow::Result<()> {
    let workspace = accounts.first_workspace()?;
    let version = env!("CARGO_PKG_VERSION");
    process.say(&format!("admx {version} is at {base_url}"));
    process.say(&format!("  demo       {base_url}/demo"));
    if accounts.has_logins()? {
        process.say(&format!("  dashboard  {base_url}/dashboard/analytics"));
    } else {
        // On a disk that is full the server starts all the same: what is stored can be read.
        match first_link(accounts, clock.now()) {
            Ok(link) => process.say(&format!(
                "  dashboard  {base_url}/login/{link}  (works once)"
            )),
            Err(error) => tracing::error!(%error, "no login link could be made"),
        }
    }
    if let Some(site) = accounts.sites(workspace)?.first() {
        let id = &site.website_id;
        if site.is_demo {
            process.say("  your site  admx site add YOUR-DOMAIN prints its website id; until then this is the demo's:");
        }
        process.say(&format!(
            "  snippet    <script defer data-website-id=\"{id}\" src=\"{base_url}/js/script.plus.js\"></script>"
        ));
    }
    Ok(())
}

/// A link for whoever sets the server up: the first owner, who gives their own address then.
fn first_link(accounts: &Accounts, now: Timestamp) -> Result<String, ChangeError> {
    let workspace = accounts.first_workspace()?;
    let members = accounts.members(workspace)?;
    let user = match members
        .iter()
        .find(|member| member.role == account::Role::Owner)
    {
        Some(owner) => owner.user,
        None => {
            let administrator = Email::parse(ADMINISTRATOR)?;
            accounts.add_member(workspace, &administrator, account::Role::Owner, now)?
        }
    };
    Ok(accounts.new_link(user, now)?)
}
