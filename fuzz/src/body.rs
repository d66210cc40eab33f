//! Bodies of `POST /api/event`. The first byte says who sends: `s` a server, `n` a page that says no origin, `o` a page
//! of another site, `c` a crawler, anything else a page of the site.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::cost::within;
use crate::ground::{BROWSER, GROUND, NOW, ORIGIN, WEBSITE};
use crate::ingest::caller::Caller;
use crate::ingest::{Judged, body as bodies};
use crate::store::event::{Address, Event, EventId, VisitorKey, What};
use jiff::{SignedDuration, Timestamp};

pub fn body(input: &[u8]) {
    let Some((sender, bytes)) = input.split_first() else {
        return;
    };
    let caller = match sender {
        b's' => GROUND.server(),
        b'n' => GROUND.page(None, BROWSER),
        b'o' => GROUND.page(Some("https://other.test"), BROWSER),
        b'c' => GROUND.page(Some(ORIGIN), "Googlebot/2.1"),
        _ => GROUND.browser(),
    };
    judged(bytes, &caller);
}

/// Judges a body as it would come by HTTP, and looks at every event that is made of it.
pub fn judged(bytes: &[u8], caller: &Caller) -> Vec<Judged> {
    if bytes.len() > bodies::limit(bytes) {
        return Vec::new();
    }
    let mut mended = bytes.to_vec();
    let enough = (1 << 20) + 64 * bytes.len();
    let judged = within(enough, || GROUND.ingest.judge(&mut mended, caller));
    let mut again = mended.clone();
    bodies::mend_surrogates(&mut again);
    assert_eq!(again, mended, "what was mended needs no mending");
    let judged = match judged {
        Ok(judged) => judged,
        Err(refusal) => {
            assert_eq!(refusal.status / 100, 4, "{}", refusal.message);
            return Vec::new();
        }
    };
    if bodies::is_array(bytes) {
        assert!((1..=bodies::OBJECTS).contains(&judged.len()));
    }
    for one in &judged {
        match one {
            Judged::Event(event) => {
                right(event, caller);
                comes_again(event, caller);
            }
            Judged::Filtered(reason) => assert_eq!(*reason, "bot"),
            Judged::Refused(refusal) => {
                assert_eq!(refusal.status / 100, 4, "{}", refusal.message)
            }
        }
    }
    judged
}

/// What every event promises, by the types in `store::event` and the contract.
fn right(event: &Event, caller: &Caller) {
    let is_browser = matches!(caller, Caller::Browser { .. });
    assert_eq!(event.workspace, GROUND.site.workspace);
    assert_eq!(event.site, GROUND.site.id);
    assert!(event.at <= NOW);
    if is_browser {
        assert!(event.at >= NOW - SignedDuration::from_hours(7 * 24));
        assert!(event.visitor.is_some());
    } else {
        assert!(event.at >= Timestamp::UNIX_EPOCH);
    }
    assert_eq!(event.day, GROUND.site.day(event.at));
    for Address(address) in [&event.url, &event.referrer].into_iter().flatten() {
        assert!(!address.is_empty() && address.len() <= 2048);
        plain(address);
    }
    match &event.what {
        What::Goal(name) => {
            assert!(is_browser || !name.as_str().starts_with("__"));
            assert!(!name.as_str().is_empty() && name.as_str().chars().count() <= 100);
            plain(name.as_str());
        }
        What::View => assert!(event.url.is_some()),
        What::Identify => assert!(event.user.is_some()),
    }
    if let Some(user) = &event.user {
        assert!(!user.0.is_empty() && user.0.chars().count() <= 256);
        plain(&user.0);
    }
    if let Some(VisitorKey::Text(text)) = &event.visitor {
        assert!(!text.is_empty() && text.chars().count() <= 128);
        plain(text);
    }
    if let Some(metadata) = &event.metadata {
        assert!(metadata.0.len() <= 8192 && metadata.0.starts_with('{'));
        let read: Result<&RawValue, _> = serde_json::from_str(&metadata.0);
        assert!(read.is_ok(), "{}", metadata.0);
    }
    if let Some(money) = &event.revenue {
        assert!(event.metadata.is_some() && money.minor.abs() < 9_000_000_000_000_000);
    }
}

fn plain(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// An event that was taken, written as a body, is taken as the same event.
fn comes_again(event: &Event, caller: &Caller) {
    // What was cut may end in the middle of an address.
    let is_cut = |address: &Option<Address>| address.as_ref().is_some_and(|a| a.0.len() > 2044);
    if is_cut(&event.url) || is_cut(&event.referrer) {
        return;
    }
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("website_id", WEBSITE.into());
    if let EventId::Given(id) = event.id {
        put("event_id", id.to_string().into());
    }
    if let What::Goal(name) = &event.what {
        put("name", name.as_str().into());
    }
    match &event.visitor {
        Some(VisitorKey::Uuid(id)) => drop(put("anonymous_id", id.to_string().into())),
        Some(VisitorKey::Text(id)) => drop(put("anonymous_id", id.as_str().into())),
        Some(VisitorKey::User(_)) | None => {}
    }
    if let Some(user) = &event.user {
        put("user_id", user.0.as_str().into());
    }
    if let Some(url) = &event.url {
        put("url", url.0.as_str().into());
    }
    if let Some(referrer) = &event.referrer {
        put("referrer", referrer.0.as_str().into());
    }
    if matches!(caller, Caller::Browser { .. }) {
        let age = NOW.duration_since(event.at);
        put("age_ms", (age.as_millis() as i64).into());
    } else {
        put("fired_at", event.at.to_string().into());
    }
    let mut text = Value::Object(object).to_string();
    if let Some(metadata) = &event.metadata {
        text.insert_str(1, &format!("\"metadata\":{},", metadata.0));
    }
    let mut bytes = text.into_bytes();
    let judged = GROUND.ingest.judge(&mut bytes, caller);
    let Ok([Judged::Event(again)]) = judged.as_deref() else {
        panic!("{} became {judged:?}", String::from_utf8_lossy(&bytes));
    };
    let mut again = again.clone();
    again.id = event.id;
    assert_eq!(format!("{again:?}"), format!("{event:?}"));
}
