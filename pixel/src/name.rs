//! What a goal may be called: contract §5. The browser, the server and the command line all ask here.

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

/// Characters that a name may have at the most.
pub const CHARACTERS: usize = 100;

/// Characters that a user id may have at the most.
pub const USER_CHARACTERS: usize = 256;

/// Whether `json`, a trimmed string as JSON, has 1 to `most` characters and no control character (C0, DEL, C1).
///
/// JSON escapes only the quote, the backslash and the C0 controls, so a backslash before anything but those two is a
/// control character, however it is written.
#[inline(never)]
pub(crate) fn is_label(json: &[u8], most: usize) -> bool {
    let mut count = 0;
    let mut before = 0;
    for b in json {
        let escape = before == b'\\';
        if escape && !matches!(b, b'"' | b'\\') || *b == 0x7f || before == 0xc2 && *b < 0xa0 {
            return false;
        }
        // Neither the middle of a character nor the second half of an escape is a character of its own.
        count += usize::from(*b & 0xc0 != 0x80 && !escape);
        before = if escape { 0 } else { *b };
    }
    // The two quotes count along.
    count > 2 && count <= most + 2
}

/// Whether `json`, a trimmed string as JSON, may be the name of a goal that people define.
pub(crate) fn is_goal(json: &[u8]) -> bool {
    is_label(json, CHARACTERS) && !json.starts_with(b"\"__")
}

/// Native checks: of text that is no JSON yet.
#[cfg(not(feature = "abi"))]
mod native {
    use super::*;

    /// What `String.prototype.trim` takes for white space.
    fn is_space(c: char) -> bool {
        c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
    }

    /// The text as JSON, as far as [`is_label`] looks at it.
    fn quoted(text: &str) -> Vec<u8> {
        let mut json = vec![b'"'];
        for b in text.bytes() {
            match b {
                0..=31 => json.extend(b"\\u"),
                b'"' | b'\\' => json.extend([b'\\', b]),
                b => json.push(b),
            }
        }
        json.push(b'"');
        json
    }

    /// Trims `text` as JavaScript does and gives it back if it may be the name of a goal that people define: 1 to 100
    /// characters, none of them a control character, not starting with `__`.
    pub fn parse(text: &str) -> Option<&str> {
        Some(text.trim_matches(is_space)).filter(|t| is_goal(&quoted(t)))
    }

    /// Trims `text` as JavaScript does and gives it back if it may be a user id: 1 to 256 characters, none of them a
    /// control character.
    pub fn parse_user(text: &str) -> Option<&str> {
        Some(text.trim_matches(is_space)).filter(|t| is_label(&quoted(t), USER_CHARACTERS))
    }

    /// Whether `name` is one of the seven that only the pixel may fire.
    #[cfg(feature = "plus")]
    pub fn is_reserved(name: &str) -> bool {
        RESERVED.contains(&name)
    }
}
#[cfg(not(feature = "abi"))]
pub use native::*;
