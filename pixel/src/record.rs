//! Records: how the shim writes down what it saw, in the browser's memory and in the body of a raw request alike.
//!
//! A record is fields of UTF-8 text, each ended from the next by [`FIELD`]. The shim takes both separators out of
//! what it writes, so that no page can forge one. Fields marked *JSON* hold a JSON value as the browser wrote it, or
//! nothing. Every record starts with the same seven:
//!
//! | field | what |
//! |---|---|
//! | kind | one letter, see below |
//! | time | when, milliseconds since 1970 |
//! | id | the first 35 of the 36 characters of a UUID; the last one numbers the events of the record |
//! | call | *JSON* object: of a click or submit, the metadata of the call of the same goal that a handler of it made |
//! | url | *JSON* the page's address, cut to 2,048 bytes |
//! | name | *JSON* the goal's name, trimmed (of `i` the user id) |
//! | metadata | *JSON* object |
//!
//! and goes on with those of its kind:
//!
//! | kind | fields |
//! |---|---|
//! | `p` page view | referrer (*JSON*) |
//! | `g` call of `admx.goal` | |
//! | `i` call of `admx.identify` | |
//! | `c` click | why it is no goal (`d` disabled, `l` second half of a label's click), button, the link's scheme, host and page's host, file name and `download` attribute, what a click out tells (*JSON* object), what a download tells (*JSON* object) |
//! | `f` submit | `1` when default prevented, what a form tells (*JSON* object) |
//! | `v` video plays | what it tells (*JSON* object) |
//! | `s` scroll | percent of the page's height seen before, percent seen now, what a scroll tells (*JSON* object) |
//!
//! What the shim decides alone, so that it need not write a record a frame or keep records back: which call was made in
//! a handler of which click; a page view's record is written only when
//! the address is new, a scroll's only when it passes one of the three marks, a video's only for a source not yet seen.

/// Ends one field from the next.
pub const FIELD: u8 = 0x1f;

/// Ends one record from the next.
pub const RECORD: u8 = 0x1e;

/// The version that a raw request carries; the server takes this one.
pub const VERSION: u64 = 1;

pub(crate) const KIND: usize = 0;
pub(crate) const TIME: usize = 1;
pub(crate) const ID: usize = 2;
pub(crate) const CALL: usize = 3;
pub(crate) const URL: usize = 4;
pub(crate) const NAME: usize = 5;
pub(crate) const METADATA: usize = 6;
/// The first of the kind's own fields.
pub(crate) const OWN: usize = 7;

/// The fields of a record in order; those it doesn't have are empty.
pub(crate) type Fields<'a> = [&'a [u8]; 16];

#[inline(never)]
pub(crate) fn fields(mut record: &[u8]) -> Fields<'_> {
    let mut all: Fields = [b""; 16];
    for place in &mut all {
        *place = take(&mut record, FIELD);
    }
    all
}

/// Takes what stands before the first `separator` off `text`, and the separator too.
#[inline(never)]
pub(crate) fn take<'a>(text: &mut &'a [u8], separator: u8) -> &'a [u8] {
    let end = text
        .iter()
        .position(|b| *b == separator)
        .unwrap_or(text.len());
    let (first, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    *text = rest.get(1..).unwrap_or(b"");
    first
}
