//! Addresses: a page's in the first line, that of the page before in the rest.

use std::time::Duration;

use serde_json::value::to_raw_value;
use url::Url;

use crate::cost::quick;
use crate::ingest::field;
use crate::plain;
use crate::store::event::{Address, Origin};
use crate::store::origin;

/// What reading an address may take. Builds that fuzz are slow.
const QUICK: Duration = Duration::from_millis(100);

/// Bytes that a body leaves for an address. One input in sixteen is repeated up to there.
const LONG: usize = 60_000;

pub fn url(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (url, referrer) = text.split_once('\n').unwrap_or((&text, ""));
    let (url, referrer) = (stored(url), stored(referrer));
    let mut asked = Vec::new();
    let origin = Origin::of(url.as_ref(), referrer.as_ref(), |host| {
        asked.push(host.to_owned());
        false
    });
    for part in [
        &origin.referrer,
        &origin.source,
        &origin.medium,
        &origin.campaign,
        &origin.term,
        &origin.content,
        &origin.click,
    ] {
        assert!(part.chars().count() <= 200);
    }
    if let Some(Address(referrer)) = &referrer {
        assert!(referrer.starts_with(&origin.referrer));
        if let Some(host) = plain::host(referrer) {
            assert_eq!(asked, [host]);
        }
    }
    if let Some(Address(url)) = &url {
        tagged(url, &origin);
    }
    let known = Origin::of(url.as_ref(), referrer.as_ref(), |_| true);
    assert!(known.referrer.is_empty());
}

/// The address as it is stored, if it is one.
fn stored(text: &str) -> Option<Address> {
    if let Some(host) = plain::host(text) {
        let parsed = Url::parse(text).expect("what is plain is right");
        assert_eq!(parsed.host_str(), Some(host));
        assert!(matches!(parsed.scheme(), "http" | "https"));
        assert!(parsed.username().is_empty() && parsed.password().is_none());
    }
    if text.len() % 16 == 1 {
        read(&text.repeat(LONG / text.len()));
    }
    let address = read(text)?;
    let Address(kept) = &address;
    assert!(!kept.is_empty() && kept.len() <= 2048);
    assert!(text.starts_with(kept));
    assert!(kept.len() > 2044 || kept == text);
    assert!(!kept.chars().any(char::is_control));
    if let Ok(parsed) = Url::parse(kept) {
        assert!(!matches!(parsed.scheme(), "data" | "blob" | "javascript"));
    }
    if kept == text {
        assert_eq!(read(kept).as_ref(), Some(&address));
    }
    let (page, rest) = origin::split(kept);
    assert_eq!(format!("{page}{rest}"), *kept);
    assert!(!page.contains(['?', '#']) && (rest.is_empty() || rest.starts_with(['?', '#'])));
    Some(address)
}

fn read(text: &str) -> Option<Address> {
    let json = to_raw_value(text).expect("a text is JSON");
    quick(QUICK, || field::address(Some(&json), "url"))
        .ok()
        .flatten()
}

/// Campaign parameters are those that a parser finds, where the address is plain.
fn tagged(url: &str, origin: &Origin) {
    if plain::host(url).is_none() {
        return;
    }
    let parsed = Url::parse(url).expect("what is plain is right");
    let raw = parsed.query().unwrap_or_default();
    let last = |name: &str| {
        // A name that is written with escapes isn't looked for.
        let pair = raw
            .split('&')
            .rfind(|pair| pair.split_once('=').map_or(*pair, |(name, _)| name) == name)?;
        let (_, value) = url::form_urlencoded::parse(pair.as_bytes()).next()?;
        Some(value.trim().chars().take(200).collect::<String>())
    };
    for (name, found) in [
        ("utm_medium", &origin.medium),
        ("utm_campaign", &origin.campaign),
        ("utm_term", &origin.term),
        ("utm_content", &origin.content),
    ] {
        assert_eq!(&last(name).unwrap_or_default(), found, "{name} of {url}");
    }
}
