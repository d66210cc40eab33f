//! An object's fields, one by one: JSON → the type that is stored, or words that say what would be right.
//! `null` is the same as absent.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use url::Url;
use uuid::Uuid;

use super::body::Object;
use super::caller::Caller;
use super::goal_name;
use super::metadata::Said;
use super::refusal::{self, Refusal};
use crate::plain;
use crate::store::event::{Address, GoalName, UserId, VisitorKey};

pub(super) type Field<'a> = Option<&'a RawValue>;

/// The oldest that an event may be by its `age_ms`; older ones are taken for this old.
const OLDEST: i64 = 7 * 24 * 3600 * 1000;

/// A backend's clock may be this far ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_secs(5);

/// Characters that an id of the site's own making may have.
const ID_CHARACTERS: usize = 128;

pub(super) fn present(field: Field<'_>) -> Option<&str> {
    field.map(RawValue::get).filter(|text| *text != "null")
}

/// What kind of JSON value it is, in a word.
pub(super) fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

/// What a string says, from JSON that is known to be right; `None` when it is none, or says what no text can.
pub(super) fn string(json: &str) -> Option<Cow<'_, str>> {
    let said = json.strip_prefix('"')?.strip_suffix('"')?;
    match memchr::memchr(b'\\', said.as_bytes()) {
        None => Some(Cow::Borrowed(said)),
        Some(_) => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

/// A string.
pub(super) fn text<'a>(field: Field<'a>, name: &str) -> Result<Option<Cow<'a, str>>, Refusal> {
    let Some(json) = present(field) else {
        return Ok(None);
    };
    string(json).map(Some).ok_or_else(|| {
        let found = kind(json);
        refusal::field(name, format!("wanted a string, found {found}"))
    })
}

/// The goal's name, if it is a goal: of a sender who may fire the pixel's own, too, or not.
pub(super) fn name(field: Field, is_pixels: bool) -> Result<Option<GoalName>, Refusal> {
    let Some(json) = present(field) else {
        return Ok(None);
    };
    let Some(text) = string(json) else {
        return Err(refusal::name(format!(
            "name: wanted a string, found {}",
            kind(json)
        )));
    };
    goal_name(&text, is_pixels).map(Some).ok_or_else(|| {
        refusal::name("name: wanted 1 to 100 characters without control characters, not starting with __ (those names are admx's own)")
    })
}

/// The user, if one is named.
pub(super) fn user(field: Field) -> Result<Option<UserId>, Refusal> {
    let Some(text) = text(field, "user_id")? else {
        return Ok(None);
    };
    match pixel::name::parse_user(&text) {
        Some(user) => Ok(Some(UserId(user.to_owned()))),
        None => Err(refusal::field(
            "user_id",
            "wanted 1 to 256 characters without control characters",
        )),
    }
}

/// The visitor, if one is named: a UUID from the pixel, or an id of the site's own.
pub(super) fn visitor(field: Field) -> Result<Option<VisitorKey>, Refusal> {
    text(field, "anonymous_id")?.map(visitor_key).transpose()
}

/// The visitor of this id.
pub(crate) fn visitor_key(text: Cow<str>) -> Result<VisitorKey, Refusal> {
    if let Ok(id) = Uuid::try_parse(&text) {
        return Ok(VisitorKey::Uuid(id));
    }
    let right = !text.is_empty()
        && text.chars().count() <= ID_CHARACTERS
        && !text.chars().any(char::is_control);
    if right {
        Ok(VisitorKey::Text(text.into_owned()))
    } else {
        Err(refusal::field(
            "anonymous_id",
            "wanted a UUID, or 1 to 128 characters without control characters",
        ))
    }
}

/// The event's id, if it has one.
pub(super) fn event_id(field: Field) -> Result<Option<Uuid>, Refusal> {
    match text(field, "event_id")? {
        None => Ok(None),
        Some(text) => Uuid::try_parse(&text).map(Some).map_err(|_| {
            refusal::field(
                "event_id",
                "wanted a UUID such as 0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f",
            )
        }),
    }
}

/// A page's address: absolute, or a path of the site. Cut to 2,048 bytes.
pub(crate) fn address(field: Field, name: &str) -> Result<Option<Address>, Refusal> {
    let Some(text) = text(field, name)?.filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    let wanted = "wanted an absolute address such as https://example.com/pricing";
    if plain::host(&text).is_none() {
        if !text.starts_with('/') {
            let scheme = Url::parse(&text).map_err(|_| refusal::field(name, wanted))?;
            if matches!(scheme.scheme(), "data" | "blob" | "javascript") {
                return Err(refusal::field(
                    name,
                    format!("{wanted}; {}: addresses are not taken", scheme.scheme()),
                ));
            }
        }
        if text.chars().any(char::is_control) {
            return Err(refusal::field(name, wanted));
        }
    }
    let end = text.floor_char_boundary(pixel::URL_BYTES);
    Ok(Some(Address(text[..end].to_owned())))
}

/// What a server says of money beside the metadata. A page writes it into the metadata.
pub(super) fn money(object: &Object, caller: &Caller) -> Result<Said, Refusal> {
    if matches!(caller, Caller::Browser { .. }) {
        let wanted = "only a server's call with a key may set it; a page writes";
        for (field, name, instead) in [
            (object.revenue, "revenue", "value and currency"),
            (object.transaction_id, "transaction_id", "transaction_id"),
        ] {
            if present(field).is_some() {
                let wanted = format!("{wanted} {instead} into metadata");
                return Err(refusal::field(name, wanted));
            }
        }
        return Ok(Said::default());
    }
    Said::of(object.revenue, object.transaction_id)
}

/// When it happened.
pub(super) fn instant(
    object: &Object,
    caller: &Caller,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    if let Some(text) = text(object.fired_at, "fired_at")? {
        if matches!(caller, Caller::Browser { .. }) {
            return Err(refusal::field(
                "fired_at",
                "only a server's call with a key may set it; a page sends age_ms",
            ));
        }
        return fired_at(&text, now);
    }
    let Some(json) = present(object.age_ms) else {
        return Ok(now);
    };
    match serde_json::from_str::<f64>(json) {
        Ok(age) if age >= 0.0 => Ok(now - SignedDuration::from_millis((age as i64).min(OLDEST))),
        _ => Err(refusal::field(
            "age_ms",
            format!("wanted milliseconds, 0 or more, found {}", kind(json)),
        )),
    }
}

/// When it happened, as a server says it.
pub(super) fn fired_at(text: &str, now: Timestamp) -> Result<Timestamp, Refusal> {
    let at = rfc_3339(text).ok_or_else(|| {
        refusal::field("fired_at", "wanted RFC 3339, such as 2026-11-23T10:30:00Z")
    })?;
    if at > now + AHEAD {
        Err(refusal::field("fired_at", "lies in the future"))
    } else if at < Timestamp::UNIX_EPOCH {
        Err(refusal::field("fired_at", "lies before 1970"))
    } else {
        Ok(at.min(now))
    }
}

/// RFC 3339 and nothing else that looks like a time.
fn rfc_3339(text: &str) -> Option<Timestamp> {
    let form = text.get(..19)?.bytes().enumerate().all(|(at, b)| match at {
        4 | 7 => b == b'-',
        10 => matches!(b, b'T' | b't' | b' '),
        13 | 16 => b == b':',
        _ => b.is_ascii_digit(),
    });
    if form && !text.contains('[') {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::body;
    use crate::ingest::metadata::metadata;
    use proptest::prelude::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn addresses_are_absolute_or_a_path_and_cut() {
        for (json, expected) in [
            (
                r#""https://example.com/a?b#c""#,
                Ok(Some("https://example.com/a?b#c")),
            ),
            (r#""/pricing""#, Ok(Some("/pricing"))),
            (
                r#""android-app://com.example""#,
                Ok(Some("android-app://com.example")),
            ),
            (r#""""#, Ok(None)),
            ("null", Ok(None)),
            (r#""pricing""#, Err(())),
            (r#""data:text/html,x""#, Err(())),
            (r#""DATA:text/html,x""#, Err(())),
            (r#""blob:https://example.com/0190""#, Err(())),
            ("7", Err(())),
        ] {
            let found = address(Some(&raw(json)), "url")
                .map(|a| a.map(|a| a.0))
                .map_err(|_| ());
            assert_eq!(
                found,
                expected.map(|a: Option<&str>| a.map(str::to_owned)),
                "{json}"
            );
        }
        let long = format!("\"https://example.com/{}é\"", "x".repeat(2048 - 20 - 1));
        assert_eq!(
            address(Some(&raw(&long)), "url").unwrap().unwrap().0.len(),
            2047
        );
    }

    proptest! {
        #[test]
        fn a_string_says_what_a_parser_reads(said: String, json in "\"?[a\\\\\"u0-9dü\\x00]{0,8}\"?") {
            let written = serde_json::to_string(&said).unwrap();
            prop_assert_eq!(string(&written).map(Cow::into_owned), Some(said));
            if let Ok(right) = serde_json::from_str::<&RawValue>(&json) {
                let parsed: Option<String> = serde_json::from_str(&json).ok();
                prop_assert_eq!(string(right.get()).map(Cow::into_owned), parsed);
            }
        }

        #[test]
        fn no_field_makes_it_panic(json in any::<String>()) {
            let quoted = serde_json::to_string(&json).unwrap();
            for value in [quoted.as_str(), json.as_str()] {
                let text = format!(r#"{{"name":{value},"url":{value},"metadata":{value},"revenue":{value},"transaction_id":{value},"age_ms":{value},"fired_at":{value},"event_id":{value},"user_id":{value},"anonymous_id":{value}}}"#);
                if let Ok(object) = body::object(&text) {
                    let _ = address(object.url, "url");
                    let _ = metadata(object.metadata, Said::default());
                    let _ = Said::of(object.revenue, object.transaction_id);
                    let _ = event_id(object.event_id);
                    let _ = user(object.user_id);
                    let _ = visitor(object.anonymous_id);
                }
            }
        }

        #[test]
        fn any_age_gives_an_instant_of_the_last_week(age in 0f64..1e300) {
            let text = format!(r#"{{"age_ms":{age}}}"#);
            let object = body::object(&text).unwrap();
            let now = Timestamp::from_second(1_800_000_000).unwrap();
            let caller = Caller::Browser { origin: None, host: None, address: [127, 0, 0, 1].into(), user_agent: "" };
            let at = instant(&object, &caller, now).unwrap();
            prop_assert!(at <= now && at >= now - SignedDuration::from_millis(OLDEST));
        }
    }
}
