//! The decisions: which of a record's drafts are events.
//!
//! Facts are text: one letter for the kind, the goal's name (of `i` the user) as the browser writes it into JSON or
//! nothing, then the kind's own facts, each of them, the name too, ended by [`FACT`].
//!
//! | kind | facts | drafts |
//! |---|---|---|
//! | `p` page view | | 1 the view |
//! | `g` call of `admx.goal`, or `data-admx-scroll` | | 0 the goal |
//! | `i` call of `admx.identify` | | 1 the user |
//! | `c` click | the link's scheme, `1` if its host isn't the page's, the endings of its file and of its `download` attribute, in lower case | 0 the element's goal, 1 outbound click, 2 download by its file, 3 download by its attribute |
//! | `f` submit | `1` when the default was prevented | 0 the form's goal, 1 form submit |
//! | `v` video plays | | 1 video play |
//! | `s` scroll | percent of the height seen before, percent seen now | 1, 2, 3 scroll past 50, 75, 90 |
//!
//! One loop over the bytes keeps what any of them needs: three functions that read well weighed a third more.

/// Ends one fact from the next. No fact holds it: JSON escapes it.
pub const FACT: u8 = b'\r';

/// The bit that says: the name is none that a goal may have.
pub const NAME_REFUSED: u32 = 16;

/// Characters that a goal's name may have at the most.
const GOAL_CHARACTERS: u32 = 100;

/// Characters that a user's id may have at the most.
const USER_CHARACTERS: u32 = 256;

/// Which drafts of a record with these facts are events: bit n for draft n, or [`NAME_REFUSED`].
///
/// - A name has 1 to 100 characters (a user's id 1 to 256), none of them a control character (C0, DEL, C1), and a
///   goal's doesn't start with `__`. JSON escapes only the quote, the backslash and the C0 controls, so a backslash
///   before anything but those two is a control character, however it is written.
/// - A link to another host by http or https is an outbound click. One whose file, or whose `download` attribute, ends
///   in one of the ten endings is a download; the attribute names it.
/// - A form that carries a goal fires that and nothing else; another one counts unless its default was prevented.
/// - Each mark fires in the one step that passes it.
pub fn verdict(facts: &[u8]) -> u32 {
    let [kind, rest @ ..] = facts else { return 0 };
    let mut verdict = if matches!(kind, b'p' | b'v') { 2 } else { 0 };
    let mut nth = 0;
    // Of the fact that is being read: how many characters it has, its last four bytes, its digits as a number, its last
    // byte unless that was escaped, and whether it is no name.
    let (mut characters, mut tail, mut before, mut is_bad) = (0, 0, 0, false);
    #[cfg(feature = "plus")]
    let (mut number, mut last, mut is_web) = (0, 0, false);
    for &byte in rest {
        if byte != FACT {
            #[cfg(feature = "plus")]
            {
                number = u32::wrapping_add(u32::wrapping_mul(number, 10), u32::from(byte & 15));
            }
            tail = packed(tail, byte);
            let escaped = before == b'\\';
            is_bad |= escaped && !matches!(byte, b'"' | b'\\')
                || byte == 0x7f
                || before == 0xc2 && byte < 0xa0
                || tail == UNDERSCORES && *kind != b'i';
            // Neither the middle of a character nor the second half of an escape is a character of its own.
            characters += u32::from(byte & 0xc0 != 0x80 && !escaped);
            before = if escaped { 0 } else { byte };
            continue;
        }
        if nth == 0 && characters > 0 {
            let most = if *kind == b'i' {
                USER_CHARACTERS
            } else {
                GOAL_CHARACTERS
            };
            // The two quotes count along.
            verdict = if is_bad || characters < 3 || characters > most + 2 {
                NAME_REFUSED
            } else if *kind == b'i' {
                2
            } else {
                1
            };
        }
        #[cfg(feature = "plus")]
        {
            match kind {
                b'f' if nth == 1 && verdict == 0 && number == 0 => verdict = 2,
                b's' if nth == 2 => {
                    let mut bit = 2;
                    for mark in MARKS {
                        if last < mark && mark <= number {
                            verdict |= bit;
                        }
                        bit <<= 1;
                    }
                }
                b'c' if nth == 1 => is_web = tail == HTTP || tail == HTTPS,
                b'c' if nth == 2 && is_web => verdict |= (number & 1) * 2,
                b'c' if nth > 2 && DOWNLOADS.contains(&tail) => {
                    verdict = verdict & !4 | ((nth - 2) * 4)
                }
                _ => {}
            }
            (last, number) = (number, 0);
        }
        nth += 1;
        (characters, tail, before, is_bad) = (0, 0, 0, false);
    }
    verdict
}

/// One more byte of a text's last four.
const fn packed(tail: u32, byte: u8) -> u32 {
    tail << 8 | byte as u32
}

/// A text of at most four bytes as the loop packs it.
const fn word(text: &[u8]) -> u32 {
    let (mut tail, mut at) = (0, 0);
    while at < text.len() {
        tail = packed(tail, text[at]);
        at += 1;
    }
    tail
}

/// How a name that is not for people begins, as JSON.
const UNDERSCORES: u32 = word(b"\"__");

/// The last four letters of `http` and `https`; no other scheme that a link may have ends so.
#[cfg(feature = "plus")]
const HTTP: u32 = word(b"http");
#[cfg(feature = "plus")]
const HTTPS: u32 = word(b"ttps");

/// Shares of the page's height that are goals, in percent.
#[cfg(feature = "plus")]
const MARKS: [u32; 3] = [50, 75, 90];

/// The endings that make a link a download. The shim gives endings of three or four letters only.
#[cfg(feature = "plus")]
const DOWNLOADS: [u32; 10] = [
    word(b"pdf"),
    word(b"zip"),
    word(b"dmg"),
    word(b"pkg"),
    word(b"exe"),
    word(b"csv"),
    word(b"xlsx"),
    word(b"docx"),
    word(b"pptx"),
    word(b"mp4"),
];
