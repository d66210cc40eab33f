//! What a front changes about events: one without an id gets one, so that it may be sent twice, and one that waited says for
//! how long. Everything else stays as it was written, and what can't be read is left to the server behind to judge.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

type Object = BTreeMap<String, Box<RawValue>>;

/// The ids of a body's events; none where an event's id is within what the pixel recorded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ids {
    One(Option<Uuid>),
    Several(Vec<Option<Uuid>>),
}

/// The body with an id for each event that has none; `None` where all have one, or it can't be read.
pub(super) fn with_ids(body: &[u8]) -> Option<String> {
    let mut is_changed = false;
    let amended = each(body, |object| {
        if !object.contains_key("event_id") && !object.contains_key("raw") {
            let id = to_raw_value(&Uuid::now_v7()).ok();
            object.extend(id.map(|id| ("event_id".to_owned(), id)));
            is_changed = true;
        }
    })?;
    is_changed.then_some(amended)
}

/// The ids of a body's events; `None` where it can't be read.
pub(super) fn ids(body: &[u8]) -> Option<Ids> {
    let id = |object: &Object| serde_json::from_str(object.get("event_id")?.get()).ok();
    match read(body)? {
        Body::One(object) => Some(Ids::One(id(&object))),
        Body::Several(objects) => Some(Ids::Several(objects.iter().map(id).collect())),
    }
}

/// The body with events that are so many milliseconds older; `None` where it can't be read.
pub(super) fn aged(body: &[u8], waited: i128) -> Option<String> {
    each(body, |object| {
        let older = |said: Option<&Box<RawValue>>| {
            let said = said.map_or(Some(0.0), |said| {
                serde_json::from_str::<f64>(said.get()).ok()
            });
            to_raw_value(&(said? + waited as f64)).ok()
        };
        if let Some(raw) = object.get("raw") {
            // Its records have times of their own, beside the browser's clock when it sent.
            let Ok(mut raw) = serde_json::from_str::<Object>(raw.get()) else {
                return;
            };
            let now = raw.get("now").and_then(|now| older(Some(now)));
            raw.extend(now.map(|now| ("now".to_owned(), now)));
            object.extend(to_raw_value(&raw).ok().map(|raw| ("raw".to_owned(), raw)));
        } else if !object.contains_key("fired_at") {
            let age = older(object.get("age_ms").filter(|age| age.get() != "null"));
            object.extend(age.map(|age| ("age_ms".to_owned(), age)));
        }
    })
}

enum Body {
    One(Object),
    Several(Vec<Object>),
}

fn read(body: &[u8]) -> Option<Body> {
    let one = serde_json::from_slice(body).map(Body::One);
    one.or_else(|_| serde_json::from_slice(body).map(Body::Several))
        .ok()
}

fn each(body: &[u8], mut change: impl FnMut(&mut Object)) -> Option<String> {
    match read(body)? {
        Body::One(mut object) => {
            change(&mut object);
            json_of(&object)
        }
        Body::Several(mut objects) => {
            objects.iter_mut().for_each(change);
            json_of(&objects)
        }
    }
}

fn json_of(value: &impl serde::Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_event_gets_an_id_once_and_stays_as_it_was_written() {
        let body = br#"{"name":"x","metadata":{"price":4.50,"big":123456789012345678901}}"#;
        let once = with_ids(body).unwrap();
        assert!(
            once.contains(r#""metadata":{"price":4.50,"big":123456789012345678901}"#),
            "{once}"
        );
        assert_eq!(with_ids(once.as_bytes()), None);
        let Some(Ids::One(Some(_))) = ids(once.as_bytes()) else {
            panic!("{once}");
        };
        let two =
            with_ids(br#"[{"name":"a"},{"event_id":"0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f"}]"#);
        let Some(Ids::Several(ids)) = ids(two.unwrap().as_bytes()) else {
            panic!("no array");
        };
        assert!(ids.iter().all(Option::is_some) && ids.len() == 2);
        assert_eq!(with_ids(br#"{"raw":{"v":2}}"#), None);
        assert_eq!(with_ids(b"[1]"), None);
    }

    #[test]
    fn what_waited_says_for_how_long() {
        for (body, expected) in [
            (r#"{"name":"x"}"#, r#"{"age_ms":1500.0,"name":"x"}"#),
            (
                r#"{"age_ms":20,"name":"x"}"#,
                r#"{"age_ms":1520.0,"name":"x"}"#,
            ),
            (
                r#"{"age_ms":null,"name":"x"}"#,
                r#"{"age_ms":1500.0,"name":"x"}"#,
            ),
            (
                r#"{"fired_at":"2026-11-03T10:00:00Z"}"#,
                r#"{"fired_at":"2026-11-03T10:00:00Z"}"#,
            ),
            (
                r#"{"raw":{"now":7,"v":2}}"#,
                r#"{"raw":{"now":1507.0,"v":2}}"#,
            ),
            (r#"[{"age_ms":"old"}]"#, r#"[{"age_ms":"old"}]"#),
        ] {
            assert_eq!(aged(body.as_bytes(), 1500).unwrap(), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_amended_or_left(body: Vec<u8>) {
            let _ = (with_ids(&body), aged(&body, 1), ids(&body));
        }

        #[test]
        fn json_stays_json(text in r#"(\[|\{|"raw":|"age_ms":|[0-9]{1,3}|"a"|,|\}|\]|null|:){0,12}"#) {
            if let Some(aged) = aged(text.as_bytes(), 5) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&aged).is_ok());
            }
        }
    }
}
