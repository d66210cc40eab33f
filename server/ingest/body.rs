//! Bytes → objects: JSON, whatever the `Content-Type` says, one object or an array of at most 100.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::refusal::{self, Refusal};

/// Bytes that one object may have.
pub const OBJECT_BYTES: usize = 64 * 1024;

/// Objects that an array may have.
pub const OBJECTS: usize = 100;

/// Bytes that a whole body may have: a full array, its brackets, commas and some white space.
pub const BODY_BYTES: usize = OBJECTS * OBJECT_BYTES + OBJECT_BYTES;

/// One object of a body, its fields unread. Fields that are not listed are ignored.
#[derive(Debug, Deserialize)]
pub struct Object<'a> {
    #[serde(borrow)]
    pub(super) raw: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) website_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) event_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) name: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) anonymous_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) revenue: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) transaction_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) url: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) referrer: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) age_ms: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) fired_at: Option<&'a RawValue>,
}

/// The bytes a body of this beginning may have, known as soon as its first byte is: an array may have more.
pub fn limit(beginning: &[u8]) -> usize {
    if is_array(beginning) {
        BODY_BYTES
    } else {
        OBJECT_BYTES
    }
}

/// Puts U+FFFD, by an escape of the same length, for each half of a surrogate pair that stands alone: browsers write
/// them into JSON, and no other goal should be lost for it.
pub fn mend_surrogates(bytes: &mut [u8]) {
    let code = |bytes: &[u8], at: usize| {
        let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += found;
        match code(bytes, at) {
            Some(0xd800..0xdc00) if matches!(code(bytes, at + 6), Some(0xdc00..0xe000)) => at += 12,
            Some(0xd800..0xe000) => {
                bytes[at..at + 6].copy_from_slice(b"\\ufffd");
                at += 6;
            }
            // Another escape: its second character is not the start of one.
            _ => at += 2,
        }
    }
}

/// The objects of a body, each by itself.
///
/// # Errors
/// When the body as such is none: no JSON, neither object nor array, or an array of 0 or more than 100.
pub fn objects(bytes: &[u8]) -> Result<Vec<Result<Object<'_>, Refusal>>, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        refusal::body(format!(
            "the body is no UTF-8 from byte {} on",
            e.valid_up_to()
        ))
    })?;
    if !is_array(bytes) {
        return object(text).map(|object| vec![Ok(object)]);
    }
    if bytes.len() <= OBJECT_BYTES
        && let Ok(All(objects)) = serde_json::from_str(text)
    {
        return Ok(objects.into_iter().map(Ok).collect());
    }
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(not_json)?;
    match items.len() {
        0 => Err(refusal::body("the array is empty; send 1 to 100 events")),
        1..=OBJECTS => Ok(items.into_iter().map(|item| object(item.get())).collect()),
        more => Err(refusal::body(format!(
            "the array has {more} events; send at most {OBJECTS} at a time"
        ))),
    }
}

/// The objects of an array that is right as a whole, which nearly all are, read at once.
struct All<'a>(Vec<Object<'a>>);

impl<'de> Deserialize<'de> for All<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;
        impl<'de> Visitor<'de> for Array {
            type Value = All<'de>;

            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let mut objects = Vec::new();
                while let Some(Braced(object)) = array.next_element()? {
                    if objects.len() == OBJECTS {
                        return Err(A::Error::custom("too many"));
                    }
                    objects.push(object);
                }
                match objects.is_empty() {
                    true => Err(A::Error::custom("none")),
                    false => Ok(All(objects)),
                }
            }
        }
        deserializer.deserialize_seq(Array)
    }
}

/// An object in braces: serde takes an array of its fields for one too.
struct Braced<'a>(Object<'a>);

impl<'de> Deserialize<'de> for Braced<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Braced<'de>;

            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Object::deserialize(MapAccessDeserializer::new(map)).map(Braced)
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// Whether a body, or its beginning, is an array's.
pub fn is_array(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"[")
}

/// One object.
///
/// # Errors
/// When it is no JSON object, or has more than 64 KiB.
pub fn object(text: &str) -> Result<Object<'_>, Refusal> {
    if text.len() > OBJECT_BYTES {
        return Err(refusal::body_too_large());
    }
    if !text.trim_start().starts_with('{') {
        serde_json::from_str::<&RawValue>(text).map_err(not_json)?;
        return Err(refusal::body("an event is a JSON object"));
    }
    serde_json::from_str(text).map_err(not_json)
}

fn not_json(error: serde_json::Error) -> Refusal {
    refusal::body(format!(
        "the body is no JSON as this server takes it: {error}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_of_surrogate_pairs_are_mended_in_place() {
        for (given, expected) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDE00 \ud83d\ude00""#, r#""\ufffd \ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\u00e9\n""#, r#""\u00e9\n""#),
            (r#""\ud83"#, r#""\ud83"#),
        ] {
            let mut bytes = given.as_bytes().to_vec();
            mend_surrogates(&mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        }
    }

    #[test]
    fn an_array_is_1_to_100_objects() {
        let array = |n: usize| format!("[{}]", vec!["{}"; n].join(","));
        for (body, expected) in [
            ("{}".to_owned(), Ok(1)),
            (" \n[{}]".to_owned(), Ok(1)),
            (array(100), Ok(100)),
            (array(0), Err(())),
            (array(101), Err(())),
            ("[1]".to_owned(), Ok(1)),
            ("\"x\"".to_owned(), Err(())),
            ("".to_owned(), Err(())),
            ("{".to_owned(), Err(())),
            ("[".repeat(10_000), Err(())),
            (format!("{{\"a\":{}", "[".repeat(10_000)), Err(())),
        ] {
            assert_eq!(
                objects(body.as_bytes()).map(|o| o.len()).map_err(|_| ()),
                expected,
                "{body:.20}"
            );
        }
    }

    /// What each object of an array says, and what it may not be.
    #[test]
    fn an_object_that_is_wrong_leaves_those_beside_it() {
        let fields = r#"null,null,"0190f3c2-7d1a-7c33-8a5e-2f1b9c0d4e6f","Trial",null,null,null,null,null,null,null,null,null"#;
        for (body, expected) in [
            (
                r#"[{"name":"a"},{"name":"b","more":[{}]}]"#.to_owned(),
                vec![Some("\"a\""), Some("\"b\"")],
            ),
            (
                r#"[{"name":"a"},7,{"name":{"x":[1]}}]"#.to_owned(),
                vec![Some("\"a\""), None, Some(r#"{"x":[1]}"#)],
            ),
            (
                format!(r#"[[{fields}],{{"name":"b"}}]"#),
                vec![None, Some("\"b\"")],
            ),
            (
                r#"[{"name":1,"name":2},{"name":"b"}]"#.to_owned(),
                vec![None, Some("\"b\"")],
            ),
        ] {
            let found = objects(body.as_bytes()).unwrap();
            let names: Vec<_> = found
                .iter()
                .map(|object| Some(object.as_ref().ok()?.name?.get()))
                .collect();
            assert_eq!(names, expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let mut bytes = bytes;
            let length = bytes.len();
            mend_surrogates(&mut bytes);
            prop_assert_eq!(bytes.len(), length);
            let _ = objects(&bytes);
        }

        #[test]
        fn an_array_read_at_once_is_what_its_objects_are(
            items in proptest::collection::vec(prop_oneof![
                4 => r#"\{("(name|url|x)":("[a-z\\\\n]{0,3}"|null|-?[0-9]{1,2}|\[\{\}\])){0,1}\}"#,
                1 => r#"(\{"name":1,"name":2\}|\[\]|\["a"\]|7|null|"x"|\{"name":\})"#,
            ], 0..103),
        ) {
            let text = format!("[{}]", items.join(","));
            // So much white space that no body of one object has it.
            let padded = format!("{text}{}", " ".repeat(OBJECT_BYTES));
            let told = |text: &str| {
                let told = objects(text.as_bytes()).ok()?.into_iter();
                Some(told.map(|object| format!("{object:?}")).collect::<Vec<_>>())
            };
            prop_assert_eq!(told(&text), told(&padded));
        }

        #[test]
        fn json_that_was_right_stays_as_it_was(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            let mut bytes = json.clone().into_bytes();
            mend_surrogates(&mut bytes);
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), json);
        }
    }
}
