//! Records: how the shim writes down what it saw, in the browser's queue and in the body of a raw request alike.
//!
//! A record is one line of text: the time (milliseconds since 1970), the facts (see [`verdict`](crate::verdict())), and
//! one draft or more, each ended from the next by [`FIELD`]. A draft is an event that the record may be: the rest of a
//! JSON object of `POST /api/event` from a comma on, or nothing where there is none. What is JSON in a record was
//! escaped by the browser, so that neither separator stands in any field and no page can forge one.
//!
//! What the shim decides without the core, because it must go on where the core doesn't run, or so that no frame and no
//! pause of a video costs a record:
//!
//! - whether anything is counted at all: automation, localhost, consent, opting out
//! - which element a click meant: the innermost that carries a goal. A right click, and a middle click on what is no
//!   link, mean none; a label and its control are clicked once; browsers give disabled controls no click
//! - which call a handler of a click made for the goal of that click, so that the two become one draft; and that
//!   metadata is too much, since the server would refuse the whole event
//! - whether an address is new, a scroll passes the next mark, a video's source was played within this session, an
//!   element was seen for long enough
//! - what waits, and when it is sent again: 256 records, 7 days, `Retry-After`, else a backoff that doubles to 5 minutes

use crate::verdict;

/// Ends one field from the next.
pub const FIELD: char = '\t';

/// Ends one record from the next.
pub const RECORD: char = '\n';

/// The version that a raw request carries; the server takes this one.
pub const VERSION: u64 = 2;

/// A draft that is an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told<'a> {
    /// When it happened by the browser's clock, milliseconds since 1970.
    pub at: f64,
    /// The event's JSON object from its first comma on, without what only the sender knows.
    pub draft: &'a str,
}

/// The events of these records, in order. What is no record makes none.
pub fn events(records: &str) -> impl Iterator<Item = Told<'_>> {
    records.split(RECORD).flat_map(|record| {
        let at = record.split(FIELD).next().and_then(|at| at.parse().ok());
        at.into_iter()
            .flat_map(move |at| drafts(record).map(move |draft| Told { at, draft }))
    })
}

/// The drafts of one record that are events, whenever that was.
pub fn drafts(record: &str) -> impl Iterator<Item = &str> {
    let mut fields = record.split(FIELD).skip(1);
    let verdict = verdict(fields.next().unwrap_or_default().as_bytes());
    (0..4)
        .zip(fields)
        .filter(move |(nth, draft)| verdict >> nth & 1 == 1 && draft.starts_with(','))
        .map(|(_, draft)| draft)
}
