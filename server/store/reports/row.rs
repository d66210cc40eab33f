//! An event as reports need it: numbers that stand for what the log's tables say.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
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

impl Row {
    /// What its metadata says of a key.
    pub(in crate::store) fn metadata(&self, key: &str) -> Option<Arc<str>> {
        value(self.metadata.as_deref()?, key)
    }
}

/// Money with its currency's three letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Revenue {
    pub(in crate::store) minor: i64,
    pub(in crate::store) currency: [u8; 3],
}

impl Revenue {
    pub(in crate::store) fn money(self) -> Option<Money> {
        Money::stored(self.minor, std::str::from_utf8(&self.currency).ok()?)
    }

    pub(in crate::store) fn of(money: &Money) -> Revenue {
        Revenue {
            minor: money.minor,
            currency: letters(money.currency.code()),
        }
    }
}

/// A currency's code as it was stored.
pub(in crate::store) fn letters(code: &str) -> [u8; 3] {
    code.as_bytes().try_into().unwrap_or(*b"XXX")
}

/// Bytes of a value that are compared.
const VALUE: usize = 500;

/// Gives `each` the top-level pairs of metadata, values as people read them: a string without its quotes, anything else as
/// it was written. Metadata was checked when it came; what is no object all the same has no pairs.
pub(crate) fn each_pair<'a>(metadata: &'a str, each: impl FnMut(Cow<'a, str>, Cow<'a, str>)) {
    struct Each<F>(F);
    impl<'de, F: FnMut(Cow<'de, str>, Cow<'de, str>)> Visitor<'de> for Each<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some((Text(key), value)) = map.next_entry::<Text, &RawValue>()? {
                (self.0)(key, plain(value.get()));
            }
            Ok(())
        }
    }
    if !metadata.is_empty() {
        let _ = serde_json::Deserializer::from_str(metadata).deserialize_map(Each(each));
    }
}

/// What metadata says of a key.
pub(super) fn value(metadata: &str, key: &str) -> Option<Arc<str>> {
    let mut found = None;
    each_pair(metadata, |name, value| {
        if name == key {
            found = Some(Arc::from(&*value));
        }
    });
    found
}

/// A string, borrowed where it stands as it is meant.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Either)
    }
}

fn plain(json: &str) -> Cow<'_, str> {
    let cut = |text: &str| text.floor_char_boundary(VALUE);
    match json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(text) if !text.contains('\\') => Cow::Borrowed(&text[..cut(text)]),
        Some(_) => match serde_json::from_str::<String>(json) {
            Ok(mut text) => {
                text.truncate(cut(&text));
                Cow::Owned(text)
            }
            Err(_) => Cow::Borrowed(&json[..cut(json)]),
        },
        None => Cow::Borrowed(&json[..cut(json)]),
    }
}

/// Metadata that has these pairs.
pub(crate) fn metadata<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<Box<str>> {
    let mut out = Vec::new();
    for (key, value) in pairs {
        out.push(if out.is_empty() { b'{' } else { b',' });
        // A vector takes whatever is written to it.
        let _ = serde_json::to_writer(&mut out, key);
        out.push(b':');
        let _ = serde_json::to_writer(&mut out, value);
    }
    if out.is_empty() {
        return None;
    }
    out.push(b'}');
    String::from_utf8(out).ok().map(String::into_boxed_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(metadata: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        each_pair(metadata, |key, value| {
            pairs.push((key.into(), value.into()))
        });
        pairs
    }

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
        let again = metadata(first.iter().map(|(k, v)| (k.as_str(), v.as_str()))).unwrap();
        assert_eq!(pairs(&again), first);
    }
}
