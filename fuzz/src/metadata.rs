//! Metadata: from a body to what reports read.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::cost::within;
use crate::ground::GROUND;
use crate::ingest::body;
use crate::ingest::metadata::{Attached, Said, metadata as attach};
use crate::store::event::{self, Metadata, TransactionId};
use crate::store::reports::part;
use crate::store::reports::row::{self, Row};

/// What a payment is, as far as metadata says it.
type Money = (Option<event::Money>, Option<TransactionId>);

pub fn metadata(input: &[u8]) {
    let mut bytes = input.to_vec();
    body::mend_surrogates(&mut bytes);
    let Ok(Ok(given)) = std::str::from_utf8(&bytes).map(serde_json::from_str::<&RawValue>) else {
        return;
    };
    let enough = (1 << 16) + 64 * bytes.len();
    let Some((stored, revenue)) = within(enough, || read(given)) else {
        return;
    };
    assert!(stored.len() <= 8192);
    assert!(stored.starts_with('{') && !stored.contains(['\n', '\r', '\t']));
    // What a parser finds in it is what it finds in what was given, where it takes that: neither too deep nor too large.
    if let Ok(value) = serde_json::from_str::<Value>(given.get()) {
        let again: Value = serde_json::from_str(&stored).expect("what is stored is JSON");
        assert_eq!(again, value);
    }
    let again: &RawValue = serde_json::from_str(&stored).expect("what is stored is JSON");
    assert_eq!(read(again), Some((stored.clone(), revenue)));
    paired(&stored);
}

fn read(json: &RawValue) -> Option<(String, Money)> {
    match attach(Some(json), Said::default()) {
        Ok(Attached {
            metadata: Some(Metadata(stored)),
            revenue,
            transaction,
        }) => Some((stored, (revenue, transaction))),
        Ok(empty) => {
            assert_eq!(empty, Attached::default());
            None
        }
        Err(refusal) => {
            assert_eq!(refusal.status / 100, 4);
            None
        }
    }
}

/// Reports read the same pairs from memory and from a sealed part.
fn paired(stored: &str) {
    let pairs = pairs(stored);
    let keys: BTreeSet<_> = pairs.iter().map(|(key, _)| key).collect();
    assert!(!pairs.is_empty() && keys.len() == pairs.len());
    let written = row::metadata(
        pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    );
    let written = written.expect("some pairs make metadata");
    assert_eq!(self::pairs(&written), pairs);
    let sorted: BTreeSet<_> = pairs.into_iter().collect();
    assert_eq!(sealed(stored), sorted);
}

fn pairs(metadata: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    row::each_pair(metadata, |key, value| {
        pairs.push((key.into(), value.into()))
    });
    pairs
}

/// The pairs that come back from a sealed part.
fn sealed(stored: &str) -> BTreeSet<(String, String)> {
    static ROW: LazyLock<Row> = LazyLock::new(|| GROUND.rows().remove(0));
    let mut row = ROW.clone();
    row.metadata = Some(stored.into());
    let bytes = part::encode(&mut [&row]);
    let rows = part::decode(&bytes, 1, 1).expect("what was sealed is right");
    let metadata = rows[0].metadata.as_deref().expect("it had metadata");
    pairs(metadata).into_iter().collect()
}
