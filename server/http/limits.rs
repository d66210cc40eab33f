//! Rates: token buckets, one a browser's address, one a key, and those of passwords (crate `governor`).

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::reply::Error;
use crate::token::{self, Hash};

/// Requests a second, and how many at once after a pause; 0 a second turns a limit off.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// For a browser's address.
    pub address: u32,
    /// At once, for a browser's address.
    pub address_burst: u32,
    /// For a key; as many at once.
    pub key: u32,
}

type Limiter<K> =
    RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// The buckets.
pub struct Limits {
    addresses: Option<Limiter<IpAddr>>,
    keys: Option<Limiter<i64>>,
    guesses_from: Limiter<IpAddr>,
    guesses_at: Limiter<Hash>,
    resets_from: Limiter<IpAddr>,
    resets_at: Limiter<Hash>,
    reports: Limiter<i64>,
}

/// Passwords that may be tried from an address, and at an account: how many at once, and how long until one more. At an
/// account that is 8,640 a day, whoever tries; one-time links log in all the same.
const FROM_ADDRESS: (NonZeroU32, Duration) = (burst(20), Duration::from_secs(3));
const AT_ACCOUNT: (NonZeroU32, Duration) = (burst(10), Duration::from_secs(10));

/// Links for another password that an address may ask for, and that may be asked for an account; and reports that somebody
/// may have mailed at once.
const RESETS_FROM: (NonZeroU32, Duration) = (burst(10), Duration::from_secs(60));
const RESETS_AT: (NonZeroU32, Duration) = (burst(3), Duration::from_secs(600));
const REPORTS: (NonZeroU32, Duration) = (burst(5), Duration::from_secs(120));

const fn burst(of: u32) -> NonZeroU32 {
    match NonZeroU32::new(of) {
        Some(burst) => burst,
        None => NonZeroU32::MIN,
    }
}

impl Limits {
    /// Full buckets.
    pub fn new(rates: Rates) -> Limits {
        fn limiter<K: Clone + Eq + std::hash::Hash>(rate: u32, burst: u32) -> Option<Limiter<K>> {
            let quota = Quota::per_second(NonZeroU32::new(rate)?)
                .allow_burst(NonZeroU32::new(burst.max(1))?);
            Some(RateLimiter::keyed(quota).with_middleware())
        }
        fn guesses<K: Clone + Eq + std::hash::Hash>(
            (burst, every): (NonZeroU32, Duration),
        ) -> Limiter<K> {
            let quota = Quota::with_period(every).unwrap_or_else(|| Quota::per_second(burst));
            RateLimiter::keyed(quota.allow_burst(burst)).with_middleware()
        }
        Limits {
            guesses_from: guesses(FROM_ADDRESS),
            guesses_at: guesses(AT_ACCOUNT),
            resets_from: guesses(RESETS_FROM),
            resets_at: guesses(RESETS_AT),
            reports: guesses(REPORTS),
            addresses: limiter(rates.address, rates.address_burst),
            keys: limiter(rates.key, rates.key),
        }
    }

    pub(super) fn address(&self, address: IpAddr) -> Result<(), Error> {
        check(self.addresses.as_ref(), &address)
    }

    pub(super) fn key(&self, key: i64) -> Result<(), Error> {
        check(self.keys.as_ref(), &key)
    }

    /// A password is tried, from an address at the account of an e-mail address, whether or not anybody has it.
    pub(super) fn guess(&self, address: IpAddr, email: &str) -> Result<(), Error> {
        let account = token::hash(email);
        let waits = [
            wait(&self.guesses_from, &address),
            wait(&self.guesses_at, &account),
        ];
        unless(waits, "too many passwords were tried")
    }

    /// A link for another password is asked for, from an address for an e-mail address, whether or not anybody has it.
    pub(super) fn reset(&self, address: IpAddr, email: &str) -> Result<(), Error> {
        let account = token::hash(email);
        let waits = [
            wait(&self.resets_from, &address),
            wait(&self.resets_at, &account),
        ];
        unless(waits, "this was asked for too often")
    }

    /// Somebody has a report mailed at once.
    pub(super) fn report(&self, user: i64) -> Result<(), Error> {
        unless([wait(&self.reports, &user)], "this was asked for too often")
    }

    /// Forgets buckets that are full again, so that memory doesn't grow with every address ever seen.
    pub fn forget_the_idle(&self) {
        if let Some(limiter) = &self.addresses {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.keys {
            limiter.retain_recent();
        }
        self.guesses_from.retain_recent();
        self.guesses_at.retain_recent();
        self.resets_from.retain_recent();
        self.resets_at.retain_recent();
        self.reports.retain_recent();
    }
}

/// Refuses, and says for how long, where there is something to wait for.
fn unless<const N: usize>(waits: [Option<Duration>; N], because: &str) -> Result<(), Error> {
    match waits.into_iter().flatten().max() {
        None => Ok(()),
        Some(wait) => {
            let seconds = wait.as_secs() + 1;
            let message = format!("{because}; try again in {seconds} s");
            let error = Error::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
            Err(error.with_header(header::RETRY_AFTER, seconds))
        }
    }
}

/// How long to wait before the next one.
fn wait<K: Clone + Eq + std::hash::Hash>(limiter: &Limiter<K>, key: &K) -> Option<Duration> {
    let refused = limiter.check_key(key).err()?;
    Some(refused.wait_time_from(DefaultClock::default().now()))
}

fn check<K: Clone + Eq + std::hash::Hash>(
    limiter: Option<&Limiter<K>>,
    key: &K,
) -> Result<(), Error> {
    let Some(limiter) = limiter else {
        return Ok(());
    };
    match limiter.check_key(key) {
        Ok(_) => Ok(()),
        Err(not_until) => {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Err(limited(not_until.quota(), wait))
        }
    }
}

fn limited(quota: Quota, wait: Duration) -> Error {
    let seconds = wait.as_secs() + 1;
    let rate = (1.0 / quota.replenish_interval().as_secs_f64()).round();
    let number = |n: u64| HeaderValue::from(n);
    let mut error = Error::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        format!(
            "more than {rate} requests a second; try again in {seconds} s, and send up to 100 events in one request"
        ),
    );
    let headers: HeaderMap = [
        (header::RETRY_AFTER, number(seconds)),
        (
            HeaderName::from_static("x-ratelimit-limit"),
            number(u64::from(quota.burst_size().get())),
        ),
        (HeaderName::from_static("x-ratelimit-remaining"), number(0)),
        (
            HeaderName::from_static("x-ratelimit-reset"),
            number(seconds),
        ),
    ]
    .into_iter()
    .collect();
    for (name, value) in headers.iter() {
        error = error.with_header(name.clone(), value.clone());
    }
    error
}
