//! What the site attached, and what of it means something here: revenue, and the transaction that it was of.
//!
//! - `value` (in major units) and `currency` in metadata, both right, are revenue, rounded to the currency's smallest unit
//!   by its ISO 4217 exponent; anything else in them stays plain metadata. Negative is a refund.
//! - `transaction_id` in metadata, text or a whole number, is the transaction: with the same goal it is stored once in a
//!   site, whoever reports it.
//! - A server may say both beside the metadata: `revenue` (`amount`, `currency`) and `transaction_id`. There what is wrong
//!   is refused, and what is right is written into the metadata in place of what stood there, so that an event says the
//!   same on every page, in every export, and when it comes back from one.

use std::borrow::Cow;
use std::collections::HashMap;

use iso_currency::Currency;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::field::{Field, kind, present, string, text};
use super::refusal::{self, Refusal};
use crate::store::event::{Metadata, Money, TransactionId};

/// Characters of a transaction's id.
pub(crate) const TRANSACTION: usize = 200;

/// What an event has of metadata.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Attached {
    /// As the site wrote it, without white space.
    pub(crate) metadata: Option<Metadata>,
    /// What it brought.
    pub(crate) revenue: Option<Money>,
    /// By which transaction.
    pub(crate) transaction: Option<TransactionId>,
}

/// What a server said of money beside the metadata: pairs as JSON, which go into it.
#[derive(Debug, Default)]
pub(crate) struct Said(Vec<(&'static str, String)>);

impl Said {
    /// # Errors
    /// When one of them is wrong, in words.
    pub(super) fn of(revenue: Field, transaction: Field) -> Result<Said, Refusal> {
        let mut pairs = Vec::new();
        if let Some(json) = present(revenue) {
            let (amount, code) = amount(json)?;
            pairs.push(("value", amount));
            pairs.push(("currency", Value::from(code).to_string()));
        }
        if let Some(json) = present(transaction) {
            let Some(TransactionId(id)) = transaction_id(json) else {
                return Err(refusal::field(
                    "transaction_id",
                    "wanted 1 to 200 characters without control characters, or a whole number",
                ));
            };
            pairs.push(("transaction_id", Value::from(id).to_string()));
        }
        Ok(Said(pairs))
    }
}

/// `{"amount": 49.9, "currency": "EUR"}` → the amount as it was written, and the code.
fn amount(json: &str) -> Result<(String, &'static str), Refusal> {
    #[derive(Deserialize)]
    struct Sent<'a> {
        #[serde(borrow)]
        amount: Option<&'a RawValue>,
        #[serde(borrow)]
        currency: Option<&'a RawValue>,
    }
    if !json.starts_with('{') {
        let wanted = "wanted an object such as {\"amount\":49.9,\"currency\":\"EUR\"}";
        return Err(refusal::field(
            "revenue",
            format!("{wanted}, found {}", kind(json)),
        ));
    }
    let sent: Sent = serde_json::from_str(json)
        .map_err(|error| refusal::field("revenue", format!("not as wanted: {error}")))?;
    let code = text(sent.currency, "revenue.currency")?.unwrap_or_default();
    let currency = currency(&code).ok_or_else(|| {
        refusal::field(
            "revenue.currency",
            "wanted an ISO 4217 code of money in use, such as EUR",
        )
    })?;
    let Some(written) = present(sent.amount) else {
        let wanted = "wanted a number in whole units, such as 49.9; below 0 it is a refund";
        return Err(refusal::field("revenue.amount", wanted));
    };
    let Ok(number) = serde_json::from_str::<f64>(written) else {
        let found = kind(written);
        let wanted = format!("wanted a number in whole units, such as 49.9, found {found}");
        return Err(refusal::field("revenue.amount", wanted));
    };
    match Money::of_major(number, currency) {
        Some(_) => Ok((written.to_owned(), currency.code())),
        None => Err(refusal::field(
            "revenue.amount",
            "is more than can be counted",
        )),
    }
}

/// A currency of amounts that can be counted, by its code in any letter case.
pub(crate) fn currency(code: &str) -> Option<Currency> {
    let currency = Currency::from_code(&code.to_ascii_uppercase())?;
    currency.exponent().map(|_| currency)
}

/// A transaction's id, from JSON.
fn transaction_id(json: &str) -> Option<TransactionId> {
    let text = match serde_json::from_str(json).ok()? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    let is_right = !text.is_empty()
        && text.chars().count() <= TRANSACTION
        && !text.chars().any(char::is_control);
    is_right.then_some(TransactionId(text))
}

/// What the site attached, as it wrote it without white space, with what a server said beside it, and what of it is
/// revenue and a transaction. Of a key that stands twice the later one counts.
pub(crate) fn metadata(field: Field, said: Said) -> Result<Attached, Refusal> {
    let json = match present(field) {
        Some(json) => json,
        None if said.0.is_empty() => return Ok(Attached::default()),
        None => "{}",
    };
    if !json.starts_with('{') {
        let found = kind(json);
        return Err(refusal::metadata(format!(
            "metadata: wanted a JSON object, found {found}"
        )));
    }
    let Pairs(mut pairs) = serde_json::from_str(json).map_err(|e| {
        refusal::metadata(format!("metadata: no JSON as this server takes it: {e}"))
    })?;
    for (key, value) in &said.0 {
        match pairs.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = value,
            None => pairs.push((Cow::Borrowed(key), value)),
        }
    }
    let mut compact = String::with_capacity(json.len());
    for (key, value) in &pairs {
        compact.push(if compact.is_empty() { '{' } else { ',' });
        push_string(key, &mut compact);
        compact.push(':');
        push_compact(value, &mut compact);
    }
    compact.push('}');
    if compact.len() > pixel::METADATA_BYTES {
        return Err(refusal::metadata_too_large(compact.len()));
    }
    let get = |name: &str| {
        let found = pairs.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| *value)
    };
    Ok(Attached {
        revenue: get("value")
            .zip(get("currency"))
            .and_then(|(value, currency)| revenue(value, currency)),
        transaction: get("transaction_id").and_then(transaction_id),
        metadata: (!pairs.is_empty()).then_some(Metadata(compact)),
    })
}

/// Pairs up to which a key is looked for among those before it, one by one.
const FEW: usize = 16;

/// The pairs of a JSON object in order, values unread: numbers keep their digits, and depth costs nothing.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a str)>);

#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

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
                let mut pairs: Vec<(Cow<str>, &str)> = Vec::new();
                let mut places: HashMap<Cow<str>, usize> = HashMap::new();
                while let Some((Key(key), value)) = map.next_entry::<Key, &RawValue>()? {
                    if pairs.len() == FEW && places.is_empty() {
                        let known = pairs.iter().enumerate();
                        places = known
                            .map(|(place, (key, _))| (key.clone(), place))
                            .collect();
                    }
                    let place = match pairs.len() {
                        ..FEW => pairs.iter().position(|(known, _)| *known == key),
                        _ => places.get(&key).copied(),
                    };
                    match place {
                        Some(place) => pairs[place].1 = value.get(),
                        None => {
                            if pairs.len() >= FEW {
                                places.insert(key.clone(), pairs.len());
                            }
                            pairs.push((key, value.get()));
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
    if json.starts_with('"') {
        return push_again(json, out);
    }
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
        push_again(string, out);
        rest = after;
    }
    out.push_str(rest);
}

/// Appends a string that is JSON already, in UTF-8 rather than escapes.
fn push_again(json: &str, out: &mut String) {
    match string(json) {
        Some(Cow::Owned(text)) => push_string(&text, out),
        _ => out.push_str(json),
    }
}

/// Appends a string as JSON.
fn push_string(text: &str, out: &mut String) {
    if text.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
        return out.push_str(&Value::from(text).to_string());
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// `value` in major units and `currency`, both right, are revenue; anything else stays plain metadata.
fn revenue(value: &str, code: &str) -> Option<Money> {
    let value: f64 = serde_json::from_str(value).ok()?;
    Money::of_major(value, currency(&string(code)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attached(json: &RawValue) -> Result<Attached, Refusal> {
        metadata(Some(json), Said::default())
    }

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
            let attached = attached(&raw(json)).unwrap();
            assert_eq!(
                attached.revenue.map(|m| (m.minor, m.currency.code())),
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
            attached(&raw(&of(8192))).unwrap().metadata.unwrap().0.len(),
            8192
        );
        assert_eq!(
            attached(&raw(&of(8193))).unwrap_err().code,
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
            assert_eq!(attached(&raw(json)).unwrap().metadata.unwrap().0, expected);
        }
    }

    fn said(revenue: &str, transaction: &str) -> Result<Said, Refusal> {
        Said::of(Some(&raw(revenue)), Some(&raw(transaction)))
    }

    #[test]
    fn what_a_server_says_of_money_is_right_or_refused() {
        let with =
            |amount: &str, code: &str| format!(r#"{{"amount":{amount},"currency":"{code}"}}"#);
        for (revenue, expected) in [
            (with("49.90", "eur"), Ok((4990, "EUR"))),
            (with("1500", "JPY"), Ok((1500, "JPY"))),
            (with("1.234", "KWD"), Ok((1234, "KWD"))),
            (with("0.295", "USD"), Ok((30, "USD"))),
            (with("-49.9", "EUR"), Ok((-4990, "EUR"))),
            (with("0", "EUR"), Ok((0, "EUR"))),
            (
                with("49", "EURO"),
                Err("revenue.currency: wanted an ISO 4217"),
            ),
            (
                with("49", "XAU"),
                Err("revenue.currency: wanted an ISO 4217"),
            ),
            (
                with("\"49\"", "EUR"),
                Err("revenue.amount: wanted a number"),
            ),
            (with("null", "EUR"), Err("revenue.amount: wanted a number")),
            (with("1e300", "EUR"), Err("revenue.amount: is more than")),
            (
                r#"{"amount":49}"#.to_owned(),
                Err("revenue.currency: wanted"),
            ),
            (
                r#"{"amount":49,"currency":7}"#.to_owned(),
                Err("revenue.currency: wanted a string"),
            ),
            ("49".to_owned(), Err("revenue: wanted an object")),
            ("[]".to_owned(), Err("revenue: wanted an object")),
        ] {
            match (said(&revenue, "null"), expected) {
                (Ok(said), Ok(expected)) => {
                    let money = metadata(None, said).unwrap().revenue.unwrap();
                    assert_eq!((money.minor, money.currency.code()), expected, "{revenue}");
                }
                (Err(refusal), Err(words)) => {
                    assert_eq!(refusal.code, "invalid_field");
                    assert!(refusal.message.starts_with(words), "{}", refusal.message);
                }
                (found, _) => panic!("{revenue}: {found:?}"),
            }
        }
    }

    #[test]
    fn what_a_server_says_stands_in_the_metadata() {
        let given = raw(r#"{"value":1,"plan":"pro","transaction_id":"old"}"#);
        let said = said(r#"{"amount":49.90,"currency":"eur"}"#, r#"" t-1 ""#).unwrap();
        let found = metadata(Some(&given), said).unwrap();
        let expected = r#"{"value":49.90,"plan":"pro","transaction_id":"t-1","currency":"EUR"}"#;
        assert_eq!(found.metadata, Some(Metadata(expected.into())));
        assert_eq!(attached(&raw(expected)).unwrap(), found);
    }

    #[test]
    fn a_transaction_is_text_or_a_whole_number() {
        let long = "x".repeat(TRANSACTION);
        for (json, expected) in [
            (r#""pi_1""#.to_owned(), Some("pi_1")),
            (r#"" 7 ""#.to_owned(), Some("7")),
            ("7".to_owned(), Some("7")),
            (format!("\"{long}\""), Some(&*long)),
            (format!("\"{long}x\""), None),
            ("7.5".to_owned(), None),
            ("true".to_owned(), None),
            (r#""""#.to_owned(), None),
            (r#""a\nb""#.to_owned(), None),
            (r#"["a"]"#.to_owned(), None),
        ] {
            let expected = expected.map(|text| TransactionId(text.to_owned()));
            let metadata = raw(&format!(r#"{{"transaction_id":{json}}}"#));
            assert_eq!(attached(&metadata).unwrap().transaction, expected, "{json}");
            assert_eq!(said("null", &json).is_ok(), expected.is_some(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn metadata_is_stored_as_it_was_meant(keys in proptest::collection::vec("[a-c\"\\\\ ]{0,2}", 0..40), value: f64, text: String) {
            let value = serde_json::json!({ "n": value, "t": text, "l": [null, true, " "] });
            let mut object = serde_json::Map::new();
            for key in keys {
                object.insert(key, value.clone());
            }
            let pretty = serde_json::to_string_pretty(&object).unwrap();
            match attached(&raw(&pretty)) {
                Ok(attached) => {
                    let stored = attached.metadata.map_or("{}".to_owned(), |m| m.0);
                    prop_assert_eq!(stored, Value::Object(object).to_string());
                }
                Err(refusal) => prop_assert_eq!(refusal.code, "metadata_too_large"),
            }
        }

        #[test]
        fn any_amount_that_is_taken_comes_back_the_same(amount: f64, at in 0usize..4, id in "\\PC{0,20}") {
            let code = ["EUR", "JPY", "KWD", "CLF"][at];
            let revenue = serde_json::json!({ "amount": amount, "currency": code }).to_string();
            let id = serde_json::to_string(&id).unwrap();
            if let Ok(said) = said(&revenue, &id) {
                let attached = metadata(None, said).unwrap();
                let stored = raw(&attached.metadata.as_ref().unwrap().0);
                prop_assert!(attached.revenue.is_some() && attached.transaction.is_some());
                prop_assert_eq!(self::attached(&stored).unwrap(), attached);
            }
        }

        #[test]
        fn no_json_makes_it_panic(json in "[-{}\\[\\]\":,a-z0-9.eE ]{0,40}") {
            if let Ok(raw) = RawValue::from_string(json) {
                let _ = Said::of(Some(&raw), Some(&raw));
                let _ = attached(&raw);
            }
        }
    }
}
