//! An object's fields, one by one: JSON → the type that is stored, or words that say what would be right.
//! `null` is the same as absent.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use iso_currency::Currency;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;
use uuid::Uuid;

use super::body::Object;
use super::caller::Caller;
use super::goal_name;
use super::plain;
use super::refusal::{self, Refusal};
use crate::store::event::{Address, GoalName, Metadata, Money, UserId, VisitorKey};

type Field<'a> = Option<&'a RawValue>;

/// The oldest that an event may be by its `age_ms`; older ones are taken for this old.
const OLDEST: i64 = 7 * 24 * 3600 * 1000;

/// A backend's clock may be this far ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_secs(5);

/// Characters that an id of the site's own making may have.
const ID_CHARACTERS: usize = 128;

fn present(field: Field<'_>) -> Option<&str> {
    field.map(RawValue::get).filter(|text| *text != "null")
}

/// What kind of JSON value it is, in a word.
fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}

/// A string.
pub(super) fn text(field: Field, name: &str) -> Result<Option<String>, Refusal> {
    let Some(json) = present(field) else {
        return Ok(None);
    };
    match serde_json::from_str(json) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(refusal::field(
            name,
            format!("wanted a string, found {}", kind(json)),
        )),
    }
}

/// The goal's name, if it is a goal: of a sender who may fire the pixel's own, too, or not.
pub(super) fn name(field: Field, is_pixels: bool) -> Result<Option<GoalName>, Refusal> {
    let Some(json) = present(field) else {
        return Ok(None);
    };
    let Ok(text) = serde_json::from_str::<String>(json) else {
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
pub(super) fn visitor_key(text: String) -> Result<VisitorKey, Refusal> {
    if let Ok(id) = Uuid::try_parse(&text) {
        return Ok(VisitorKey::Uuid(id));
    }
    let right = !text.is_empty()
        && text.chars().count() <= ID_CHARACTERS
        && !text.chars().any(char::is_control);
    if right {
        Ok(VisitorKey::Text(text))
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
    if !text.starts_with('/') && plain::host(&text).is_none() {
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
    let mut text = text;
    text.truncate(text.floor_char_boundary(pixel::URL_BYTES));
    Ok(Some(Address(text)))
}

/// What the site attached, as it wrote it without white space, and the revenue in it. Of a key that stands twice the
/// later one counts.
pub(crate) fn metadata(field: Field) -> Result<(Option<Metadata>, Option<Money>), Refusal> {
    let Some(json) = present(field) else {
        return Ok((None, None));
    };
    if !json.starts_with('{') {
        let found = kind(json);
        return Err(refusal::metadata(format!(
            "metadata: wanted a JSON object, found {found}"
        )));
    }
    let Pairs(pairs) = serde_json::from_str(json).map_err(|e| {
        refusal::metadata(format!("metadata: no JSON as this server takes it: {e}"))
    })?;
    let mut compact = String::with_capacity(json.len());
    for (key, value) in &pairs {
        compact.push(if compact.is_empty() { '{' } else { ',' });
        compact.push_str(&Value::from(key.as_str()).to_string());
        compact.push(':');
        push_compact(value.get(), &mut compact);
    }
    compact.push('}');
    if compact.len() > pixel::METADATA_BYTES {
        return Err(refusal::metadata_too_large(compact.len()));
    }
    let revenue = revenue(&pairs);
    Ok(((!pairs.is_empty()).then_some(Metadata(compact)), revenue))
}

/// The pairs of a JSON object in order, values unread: numbers keep their digits, and depth costs nothing.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs<'de>, A::Error> {
                let mut pairs: Vec<(String, &RawValue)> = Vec::new();
                let mut places: HashMap<String, usize> = HashMap::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    match places.entry(key.clone()) {
                        Entry::Occupied(place) => pairs[*place.get()].1 = value,
                        Entry::Vacant(place) => {
                            place.insert(pairs.len());
                            pairs.push((key, value));
                        }
                    }
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Appends JSON that is known to be right, without the white space between its parts, and strings in UTF-8 rather than
/// escapes. Numbers keep their digits.
fn push_compact(json: &str, out: &mut String) {
    let mut rest = json;
    while let Some(at) = rest.find(['"', ' ', '\t', '\n', '\r']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        if !found.starts_with('"') {
            rest = &found[1..];
            continue;
        }
        let mut escaped = false;
        let end = found.bytes().skip(1).position(|b| {
            let is_end = b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            is_end
        });
        let (string, after) = found.split_at(end.map_or(found.len(), |end| end + 2));
        match serde_json::from_str::<String>(string) {
            Ok(text) if string.contains('\\') => out.push_str(&Value::from(text).to_string()),
            _ => out.push_str(string),
        }
        rest = after;
    }
    out.push_str(rest);
}

/// `value` in major units and `currency`, both right, are revenue; anything else stays plain metadata.
fn revenue(metadata: &[(String, &RawValue)]) -> Option<Money> {
    let get = |name: &str| {
        metadata
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.get())
    };
    let value: f64 = serde_json::from_str(get("value")?).ok()?;
    let code: String = serde_json::from_str(get("currency")?).ok()?;
    let currency = Currency::from_code(&code.to_ascii_uppercase())?;
    Money::of_major(value, currency)
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
    use proptest::prelude::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn revenue_is_in_the_currencys_smallest_unit() {
        for (json, expected) in [
            (r#"{"value":99,"currency":"USD"}"#, Some((9900, "USD"))),
            (r#"{"value":0.29,"currency":"usd"}"#, Some((29, "USD"))),
            (r#"{"value":1500,"currency":"JPY"}"#, Some((1500, "JPY"))),
            (r#"{"value":1.234,"currency":"KWD"}"#, Some((1234, "KWD"))),
            (r#"{"value":-5,"currency":"EUR"}"#, Some((-500, "EUR"))),
            (r#"{"value":"99","currency":"USD"}"#, None),
            (r#"{"value":99}"#, None),
            (r#"{"value":99,"currency":"XQQ"}"#, None),
            (r#"{"value":1e300,"currency":"USD"}"#, None),
        ] {
            let (_, money) = metadata(Some(&raw(json))).unwrap();
            assert_eq!(
                money.map(|m| (m.minor, m.currency.code())),
                expected,
                "{json}"
            );
        }
    }

    #[test]
    fn metadata_is_measured_as_compact_json() {
        let of = |length: usize| {
            format!(
                "{{ \"k\" : \"{}\" }}",
                "x".repeat(length - r#"{"k":""}"#.len())
            )
        };
        assert_eq!(
            metadata(Some(&raw(&of(8192)))).unwrap().0.unwrap().0.len(),
            8192
        );
        assert_eq!(
            metadata(Some(&raw(&of(8193)))).unwrap_err().code,
            "metadata_too_large"
        );
    }

    #[test]
    fn metadata_keeps_its_digits_its_depth_and_the_last_of_a_key() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        for (json, expected) in [
            (
                r#"{"n":12345678901234567890123, "e":1e400}"#,
                r#"{"n":12345678901234567890123,"e":1e400}"#,
            ),
            (
                r#"{"a":1,"b":2,"a":{ "x" : "y  \" z" }}"#,
                r#"{"a":{"x":"y  \" z"},"b":2}"#,
            ),
            (
                r#"{"$serde_json::private::RawValue":"[1,"}"#,
                r#"{"$serde_json::private::RawValue":"[1,"}"#,
            ),
            (
                r#"{"a":["\u65e5\\\"\n",  "\ud83d\ude00"]}"#,
                r#"{"a":["日\\\"\n","😀"]}"#,
            ),
            (&deep, &deep),
        ] {
            assert_eq!(metadata(Some(&raw(json))).unwrap().0.unwrap().0, expected);
        }
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
        fn no_field_makes_it_panic(json in any::<String>()) {
            let quoted = serde_json::to_string(&json).unwrap();
            for value in [quoted.as_str(), json.as_str()] {
                let text = format!(r#"{{"name":{value},"url":{value},"metadata":{value},"age_ms":{value},"fired_at":{value},"event_id":{value},"user_id":{value},"anonymous_id":{value}}}"#);
                if let Ok(object) = body::object(&text) {
                    let _ = address(object.url, "url");
                    let _ = metadata(object.metadata);
                    let _ = event_id(object.event_id);
                    let _ = user(object.user_id);
                    let _ = visitor(object.anonymous_id);
                }
            }
        }

        #[test]
        fn metadata_is_stored_as_it_was_meant(keys in proptest::collection::vec("[a-c\"\\\\ ]{0,2}", 0..6), value: f64, text: String) {
            let value = serde_json::json!({ "n": value, "t": text, "l": [null, true, " "] });
            let mut object = serde_json::Map::new();
            for key in keys {
                object.insert(key, value.clone());
            }
            let pretty = serde_json::to_string_pretty(&object).unwrap();
            match metadata(Some(&raw(&pretty))) {
                Ok((stored, _)) => {
                    let stored = stored.map_or("{}".to_owned(), |m| m.0);
                    prop_assert_eq!(stored, Value::Object(object).to_string());
                }
                Err(refusal) => prop_assert_eq!(refusal.code, "metadata_too_large"),
            }
        }

        #[test]
        fn any_age_gives_an_instant_of_the_last_week(age in 0f64..1e300) {
            let text = format!(r#"{{"age_ms":{age}}}"#);
            let object = body::object(&text).unwrap();
            let now = Timestamp::from_second(1_800_000_000).unwrap();
            let caller = Caller::Browser { origin: None, host: None, address: [127, 0, 0, 1].into(), user_agent: String::new() };
            let at = instant(&object, &caller, now).unwrap();
            prop_assert!(at <= now && at >= now - SignedDuration::from_millis(OLDEST));
        }
    }
}
