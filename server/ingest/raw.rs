//! Records of pages where WebAssembly is refused: the shim sends what it saw, and the pixel's core runs here.

use pixel::record::Told;
use serde::Deserialize;

use super::body::{OBJECTS, Object, mend_surrogates};
use super::caller::Caller;
use super::field;
use super::refusal::{self, Refusal};

/// Records of one request: the shim sends as many events as an array may have, and a record makes three at the most.
const RECORDS: usize = OBJECTS;

/// The value of `raw`: see `pixel/src/record.rs` for the records.
#[derive(Deserialize)]
pub(super) struct Raw {
    v: u64,
    /// The browser's clock when it sent, milliseconds since 1970.
    now: f64,
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
            refusal::body("raw: wanted an object with v, now, anonymous_id and records")
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
        let count = 1 + self.records.matches(pixel::record::RECORD).count();
        if count > RECORDS {
            return Err(refusal::body(format!(
                "raw: {count} records; send at most {RECORDS} at a time"
            )));
        }
        // It is written into every event, so that a long one would be made much of.
        if let Some(id) = &self.anonymous_id {
            field::visitor_key(id.into())?;
        }
        // Metadata stands in the records as JSON within JSON.
        let mut records = self.records.clone().into_bytes();
        mend_surrogates(&mut records);
        let records = String::from_utf8_lossy(&records);
        let visitor = serde_json::json!(self.anonymous_id);
        Ok(pixel::record::events(&records)
            .map(|Told { at, draft }| {
                let age = (self.now - at).max(0.0);
                format!("{{\"anonymous_id\":{visitor},\"age_ms\":{age}{draft}}}")
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::body;

    #[test]
    fn a_visitor_that_is_none_is_refused_before_it_is_written_into_every_event() {
        let caller = Caller::Browser {
            origin: None,
            host: None,
            address: [127, 0, 0, 1].into(),
            user_agent: "",
        };
        for (length, expected) in [(128, None), (129, Some("invalid_field"))] {
            let visitor = "x".repeat(length);
            let text =
                format!(r#"{{"raw":{{"v":2,"now":0,"anonymous_id":"{visitor}","records":""}}}}"#);
            let object = body::object(&text).unwrap();
            let made = Raw::of(&object, &caller).unwrap().objects();
            assert_eq!(made.err().map(|refusal| refusal.code), expected);
        }
    }
}
