//! Cells of CSV that a spreadsheet takes for text. What begins with `=`, `+`, `-`, `@`, a tab or a carriage return is
//! taken for a formula, so an apostrophe is put before it. What begins with apostrophes and then such a character gets
//! one more, so that taking one off gives what was there, whatever it was.

use std::borrow::Cow;

/// Whether it begins as formulas do, apostrophes aside.
fn is_like_a_formula(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Text as a cell.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if is_like_a_formula(text) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// The text of a cell that [`safe`] made.
pub(super) fn text(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_like_a_formula(rest) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text() {
        for (given, expected) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("\tx", "'\tx"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("'it's", "'it's"),
            ("", ""),
            ("'", "'"),
        ] {
            assert_eq!(safe(given), expected);
            assert_eq!(text(expected), given);
        }
    }

    proptest! {
        #[test]
        fn a_cell_gives_back_its_text(given in "['=+@\t\r a-]{0,5}\\PC{0,3}") {
            let cell = safe(&given);
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
            prop_assert_eq!(text(&cell), &given);
        }
    }
}
