//! What a goal and a user may be called: contract §5. The rule is the [`verdict`](crate::verdict())'s; here the server
//! and the command line ask for it with text that is no JSON yet.

use crate::verdict;

/// The seven goals that fire by themselves.
#[cfg(feature = "plus")]
pub const RESERVED: [&str; 7] = [
    "__admx_outbound_click",
    "__admx_file_download",
    "__admx_form_submit",
    "__admx_video_play",
    "__admx_scroll_50",
    "__admx_scroll_75",
    "__admx_scroll_90",
];

/// Trims `text` as JavaScript does and gives it back if it may be the name of a goal that people define: 1 to 100
/// characters, none of them a control character, not starting with `__`.
pub fn parse(text: &str) -> Option<&str> {
    named(b'g', text)
}

/// Trims `text` as JavaScript does and gives it back if it may be a user id: 1 to 256 characters, none of them a
/// control character.
pub fn parse_user(text: &str) -> Option<&str> {
    named(b'i', text)
}

/// Whether `name` is one of the seven that only the pixel may fire.
#[cfg(feature = "plus")]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

fn named(kind: u8, text: &str) -> Option<&str> {
    let name = text.trim_matches(is_space);
    // As JSON, as far as the rule looks at it.
    let mut facts = Vec::with_capacity(name.len() + 4);
    facts.extend([kind, b'"']);
    for byte in name.bytes() {
        match byte {
            0..=31 => facts.extend(b"\\n"),
            b'"' | b'\\' => facts.extend([b'\\', byte]),
            byte => facts.push(byte),
        }
    }
    facts.extend([b'"', crate::FACT]);
    Some(name).filter(|_| matches!(verdict(&facts), 1 | 2))
}

/// What `String.prototype.trim` takes for white space.
fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}
