//! One record to its events: every decision of the tracker stands here.

use crate::name::{USER_CHARACTERS, is_goal, is_label};
use crate::record::{CALL, Fields, ID, KIND, METADATA, NAME, OWN, TIME, URL, fields};
use crate::{METADATA_BYTES, Sink};

/// Writes the events of one record.
pub(crate) fn write(one: &[u8], out: &mut impl Sink) {
    let f = fields(one);
    let Some(kind) = f[KIND].first() else { return };
    match kind {
        b'p' => {
            start(&f, b"0", out);
            end(&f, b",\"referrer\":", f[OWN], out);
        }
        b'i' if is_label(f[NAME], USER_CHARACTERS) => {
            start(&f, b"0\",\"user_id\":", out);
            end(&f, b"", f[NAME], out);
        }
        b'g' => goal(&f, out),
        b'c' => {
            // A middle click opens links; on anything else it is no click, and no further button makes one.
            let button = f[OWN + 1];
            if button != b"0" && (button != b"1" || f[OWN + 2].is_empty()) {
                return;
            }
            tagged(&f, out);
            #[cfg(feature = "plus")]
            link(&f, out);
        }
        b'f' => {
            let _told = tagged(&f, out);
            #[cfg(feature = "plus")]
            if !_told && f[OWN] != b"1" {
                reserved(&f, b"0", b"form_submit", f[OWN + 1], out);
            }
        }
        #[cfg(feature = "plus")]
        b'v' => reserved(&f, b"0", b"video_play", f[OWN], out),
        #[cfg(feature = "plus")]
        b's' => {
            let percent = |digits: &[u8]| {
                digits.iter().fold(0u32, |n, d| {
                    n.wrapping_mul(10).wrapping_add(u32::from(*d & 15))
                })
            };
            let (from, to) = (percent(f[OWN]), percent(f[OWN + 1]));
            for (nth, mark, name) in [
                (b"0", 50, b"scroll_50"),
                (b"1", 75, b"scroll_75"),
                (b"2", 90, b"scroll_90"),
            ] {
                if from < mark && mark <= to {
                    reserved(&f, nth, name, f[OWN + 2], out);
                }
            }
        }
        _ => {}
    }
}

/// Writes the goal of a tagged element, if it is one and counts, and says whether there is one.
fn tagged(f: &Fields, out: &mut impl Sink) -> bool {
    let is = !f[NAME].is_empty();
    if is && (f[KIND] != b"c" || f[OWN].is_empty()) {
        goal(f, out);
    }
    is
}

/// Writes a goal that people defined. Of the metadata of a call made of the same click the keys win, since of a key
/// that stands twice in JSON the later one counts.
#[inline(never)]
fn goal(f: &Fields, out: &mut impl Sink) {
    if !is_goal(f[NAME]) {
        return out.put(b"!goal name refused\n");
    }
    start(f, b"0\",\"name\":", out);
    out.put(f[NAME]);
    let key = b",\"metadata\":";
    // An empty object tells nothing; and what is over the limit must not cost the goal.
    let tells = |m: &&[u8]| (3..=METADATA_BYTES).contains(&m.len());
    let (own, call) = (Some(f[METADATA]).filter(tells), Some(f[CALL]).filter(tells));
    match (own, call) {
        (Some([own @ .., _]), Some([_, call @ ..])) if own.len() + call.len() < METADATA_BYTES => {
            out.put(key);
            out.put(own);
            end(f, b",", call, out);
        }
        (own, call) => {
            end(f, key, call.or(own).unwrap_or(b""), out);
            if own.is_some() && call.is_some() {
                out.put(b"!metadata left out: over 8192 bytes\n");
            }
        }
    }
}

/// Writes the time and the id of an event, up to where `nth` (its number within the record) and what it starts with goes.
#[inline(never)]
fn start(f: &Fields, nth: &[u8], out: &mut impl Sink) {
    for part in &[f[TIME], b",\"event_id\":\"", f[ID], nth] {
        out.put(part);
    }
    if nth.len() < 2 {
        out.put(b"\"");
    }
}

/// Writes the last field of an event, if it has a value, and the page's address, and ends the event.
#[inline(never)]
fn end(f: &Fields, key: &[u8], value: &[u8], out: &mut impl Sink) {
    for (key, value) in &[(key, value), (b",\"url\":", f[URL])] {
        if !value.is_empty() {
            out.put(key);
            out.put(value);
        }
    }
    out.put(b"\n");
}

#[cfg(feature = "plus")]
#[inline(never)]
fn reserved(f: &Fields, nth: &[u8], name: &[u8], metadata: &[u8], out: &mut impl Sink) {
    start(f, nth, out);
    out.put(b",\"name\":\"__admx_");
    out.put(name);
    end(f, b"\",\"metadata\":", metadata, out);
}

#[cfg(feature = "plus")]
fn link(f: &Fields, out: &mut impl Sink) {
    let (host, here) = (f[OWN + 3], f[OWN + 4]);
    if f[OWN + 2].starts_with(b"http") && host != here {
        reserved(f, b"1", b"outbound_click", f[OWN + 7], out);
    }
    for file in &[f[OWN + 6], f[OWN + 5]] {
        // The letters behind the last dot, in lower case, as one number.
        let mut ending = 0u64;
        for b in *file {
            ending = if *b == b'.' {
                1
            } else {
                ending << 8 | u64::from(b | 32)
            };
        }
        if let Some(known) = DOWNLOADS.iter().find(|known| packed(known) == ending) {
            start(f, b"2", out);
            out.put(b",\"name\":\"__admx_file_download\",\"metadata\":{\"extension\":\"");
            out.put(known.trim_ascii_end());
            return end(f, b"\",", f[OWN + 8].get(1..).unwrap_or(b""), out);
        }
    }
}

/// The endings that make a link a download.
#[cfg(feature = "plus")]
const DOWNLOADS: [[u8; 4]; 10] = [
    *b"pdf ", *b"zip ", *b"dmg ", *b"pkg ", *b"exe ", *b"csv ", *b"xlsx", *b"docx", *b"pptx",
    *b"mp4 ",
];

#[cfg(feature = "plus")]
fn packed(ending: &[u8; 4]) -> u64 {
    ending
        .iter()
        .filter(|b| **b != b' ')
        .fold(1, |n, b| n << 8 | u64::from(*b))
}
