//! Records of pages where WebAssembly is refused: the shim sends what it saw, and the pixel's core runs here.

use serde::Deserialize;

use super::body::{OBJECTS, Object, mend_surrogates};
use super::refusal::{self, Refusal};

/// Events that a raw request may make: a record makes three at the most.
const EVENTS: usize = 3 * OBJECTS;

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
    pub(super) fn of(object: &Object) -> Result<Raw, Refusal> {
        let json = object.raw.map_or("null", |raw| raw.get());
        let raw: Raw =
            serde_json::from_str(json).map_err(|e| refusal::body(format!("raw: {e}")))?;
        match raw.v {
            pixel::record::VERSION => Ok(raw),
            other => Err(refusal::body(format!(
                "raw: version {other} is not known here; reload the page's script"
            ))),
        }
    }

    /// The objects that the pixel would have sent, as JSON.
    pub(super) fn objects(&self) -> Result<Vec<String>, Refusal> {
        let mut lines = Vec::new();
        pixel::moment(self.records.as_bytes(), &mut lines);
        // Metadata stands in the records as JSON within JSON.
        mend_surrogates(&mut lines);
        let lines = String::from_utf8(lines)
            .map_err(|_| refusal::body("raw: a record was cut inside of a character"))?;
        let whose =
            serde_json::json!({ "website_id": self.website_id, "anonymous_id": self.anonymous_id })
                .to_string();
        let whose = whose.trim_end_matches('}');
        let objects: Vec<_> = lines
            .lines()
            .filter_map(|line| line.split_once(','))
            .filter_map(|(at, inside)| {
                let age = (self.now - at.parse::<f64>().ok()?).max(0.0);
                Some(format!("{whose},\"age_ms\":{age},{inside}}}"))
            })
            .collect();
        match objects.len() {
            0..=EVENTS => Ok(objects),
            more => Err(refusal::body(format!(
                "raw: {more} events in one request; at most {EVENTS} are taken"
            ))),
        }
    }
}
