//! An event as reports need it: numbers that stand for what the log's tables say.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::store::event::Money;
use crate::store::session::Place;

/// One event that is neither a sign-in nor anything else without a row in the log. A number 0 is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub(in crate::store) id: i64,
    pub(in crate::store) site: i64,
    /// Days since 1970 in the site's zone.
    pub(in crate::store) day: i32,
    /// Milliseconds since 1970.
    pub(in crate::store) at: i64,
    /// 0 for a page view.
    pub(in crate::store) goal: u32,
    pub(in crate::store) visitor: u32,
    pub(in crate::store) place: Place,
    pub(in crate::store) url: u32,
    pub(in crate::store) revenue: Option<Revenue>,
    /// A JSON object.
    pub(crate) metadata: Option<Box<str>>,
}

/// Money with its currency's three letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Revenue {
    pub(in crate::store) minor: i64,
    pub(in crate::store) currency: [u8; 3],
}

impl Revenue {
    pub(in crate::store) fn of(money: &Money) -> Revenue {
        Revenue {
            minor: money.minor,
            currency: letters(money.currency.code()),
        }
    }
}

/// A currency's code as it was stored.
pub(super) fn letters(code: &str) -> [u8; 3] {
    code.as_bytes().try_into().unwrap_or(*b"XXX")
}

/// Pairs of one event that can be asked for, the first ones, and bytes of a value that are compared.
const PAIRS: usize = 64;
const VALUE: usize = 500;

/// The top-level pairs of metadata, values as people read them: a string without its quotes, anything else as it was
/// written. Metadata was checked when it came; what is no object all the same has no pairs.
pub(crate) fn pairs(metadata: &str) -> Vec<(Arc<str>, Arc<str>)> {
    struct Pairs(Vec<(Arc<str>, Arc<str>)>);
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Pairs;

        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
            let mut pairs = Vec::new();
            while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                if pairs.len() < PAIRS {
                    pairs.push((key.into(), plain(value.get())));
                }
            }
            Ok(Pairs(pairs))
        }
    }
    impl<'de> serde::Deserialize<'de> for Pairs {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Visitor)
        }
    }
    serde_json::from_str::<Pairs>(metadata).map_or_else(|_| Vec::new(), |Pairs(pairs)| pairs)
}

/// The value of a key of a row's metadata.
pub(super) fn value(row: &Row, key: &str) -> Option<Arc<str>> {
    let pairs = pairs(row.metadata.as_deref()?);
    pairs
        .into_iter()
        .find(|(name, _)| **name == *key)
        .map(|(_, value)| value)
}

fn plain(json: &str) -> Arc<str> {
    let cut = |text: &str| text[..text.floor_char_boundary(VALUE)].into();
    match json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(text) if !text.contains('\\') => cut(text),
        Some(_) => {
            serde_json::from_str::<String>(json).map_or_else(|_| cut(json), |text| cut(&text))
        }
        None => cut(json),
    }
}

/// Metadata that has these pairs.
pub(crate) fn metadata<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<Box<str>> {
    let map: serde_json::Map<String, serde_json::Value> = pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect();
    (!map.is_empty()).then(|| serde_json::Value::from(map).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_people_read_them() {
        let found: Vec<_> =
            pairs(r#"{"a":"pro","b":4.50,"c":true,"d":"é\n\"","e":[1,"x"],"f":null}"#)
                .into_iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
        assert_eq!(
            found,
            [
                "a=pro",
                "b=4.50",
                "c=true",
                "d=é\n\"",
                "e=[1,\"x\"]",
                "f=null"
            ]
        );
    }

    #[test]
    fn pairs_come_back_from_the_metadata_made_of_them() {
        let first = pairs(r#"{"a":"x","b":5,"c":{"d":"\\"}}"#);
        let again = metadata(first.iter().map(|(k, v)| (&**k, &**v))).unwrap();
        assert_eq!(pairs(&again), first);
    }
}
