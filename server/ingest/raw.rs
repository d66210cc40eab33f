//! Records of pages where WebAssembly is refused: the shim sends what it saw, and the pixel's core runs here.

use serde::Deserialize;

use super::body::{OBJECTS, Object, mend_surrogates};
use super::caller::Caller;
use super::refusal::{self, Refusal};

/// Records of one request: the shim sends as many events as an array may have, and a record makes three at the most.
const RECORDS: usize = OBJECTS;

/// The value of `raw`: see `pixel/src/record.rs` for the records.
#[derive(Deserialize)]
pub(super) struct Raw {
    v: u64,
    /// The browser's clock when it sent, milliseconds since 1970.
    now: f64,
    website_id: String,
    anonymous_id: Option<String>,
    records: String,
}

impl Raw {
    pub(super) fn of(object: &Object, caller: &Caller) -> Result<Raw, Refusal> {
        if matches!(caller, Caller::Server { .. }) {
            return Err(refusal::body(
                "raw: only the pixel sends it; a server sends events",
            ));
        }
        let json = object.raw.map_or("null", |raw| raw.get());
        let raw: Raw = serde_json::from_str(json).map_err(|_| {
            refusal::body("raw: wanted an object with v, now, website_id, anonymous_id and records")
        })?;
        match raw.v {
            pixel::record::VERSION => Ok(raw),
            other => Err(refusal::body(format!(
                "raw: version {other} is not known here; reload the page's script"
            ))),
        }
    }

    /// The objects that the pixel would have sent, as JSON.
    pub(super) fn objects(&self) -> Result<Vec<String>, Refusal> {
        let records = self.records.as_bytes();
        let count = 1 + records
            .iter()
            .filter(|b| **b == pixel::record::RECORD)
            .count();
        if count > RECORDS {
            return Err(refusal::body(format!(
                "raw: {count} records; send at most {RECORDS} at a time"
            )));
        }
        let mut lines = Vec::new();
        pixel::moment(records, &mut lines);
        // Metadata stands in the records as JSON within JSON.
        mend_surrogates(&mut lines);
        let lines = String::from_utf8(lines)
            .map_err(|_| refusal::body("raw: a record was cut inside of a character"))?;
        let whose =
            serde_json::json!({ "website_id": self.website_id, "anonymous_id": self.anonymous_id })
                .to_string();
        let whose = whose.trim_end_matches('}');
        let object = |line: &str| {
            let (at, inside) = line.split_once(',')?;
            let age = (self.now - at.parse::<f64>().ok()?).max(0.0);
            Some(format!("{whose},\"age_ms\":{age},{inside}}}"))
        };
        Ok(lines.lines().filter_map(object).collect())
    }
}
