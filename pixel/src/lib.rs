//! The tracker's core: what a page's shim saw goes in, events come out.
//!
//! One pure function, [`moment`], is the whole of it: no clock, no randomness, no memory of earlier calls, no
//! allocation, no I/O. In the browser it runs as WebAssembly behind `shim/shim.js`; where WebAssembly is refused
//! the shim sends its records as they are and the server runs the very same function on them.
//!
//! - `record`: how the shim writes down what it saw
//! - `event`: one record to its events; every decision
//! - `name`: what a goal may be called, and the seven reserved names
//! - `abi`: the raw exports of what ships to visitors (feature `abi`)
//!
//! Left to the shim: reading the DOM, writing strings as JSON, storage, time, sending. Left to the server: whether the
//! site may receive it. The code is written for size: what ships is measured in bytes, and JSON that the browser can
//! write is not written here.
#![cfg_attr(feature = "abi", no_std)]

#[cfg(feature = "abi")]
mod abi;
mod event;
pub mod name;
pub mod record;

/// Metadata of more bytes than this (compact JSON, UTF-8) is left out by the pixel and refused by the server.
pub const METADATA_BYTES: usize = 8192;

/// Addresses are cut to this many bytes: by the shim, and by the server.
pub const URL_BYTES: usize = 2048;

/// Takes the bytes of the events as they are made: a fixed buffer in the browser, a `Vec` at the server.
pub trait Sink {
    /// Appends `bytes`.
    fn put(&mut self, bytes: &[u8]);
}

#[cfg(not(feature = "abi"))]
impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Turns all that happened in one moment of a page into events.
///
/// `records` are the shim's [records](record), each ended from the next by [`record::RECORD`]. What is written to
/// `out` is one line an event: the time it happened (milliseconds since 1970 by the browser's clock), a comma, and
/// the inside of the JSON object that `POST /api/event` takes, without `website_id`, `anonymous_id` and `age_ms`,
/// which the sender adds. A line that starts with `!` is no event but a warning for the page's author.
///
/// The same records always give the same bytes, event ids included, so a moment may be sent twice and is stored once.
pub fn moment(records: &[u8], out: &mut impl Sink) {
    let mut rest = records;
    while !rest.is_empty() {
        event::write(record::take(&mut rest, record::RECORD), out);
    }
}
