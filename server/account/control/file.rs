//! Rows of controls: what each column may say. Files come in two forms. One has a row a day and control, under
//! `date,name,value`. The other has a row a day, under `date` and the names of the controls; an empty cell is no value.

use jiff::civil::Date;

use super::Control;
use crate::account::sheet::{self, Refused, Row, Sheet, Written};

/// What rows are checked against: the last day that a value may be of.
pub type Last = Date;

/// Characters of a name.
const NAME: usize = 100;

/// What stands behind a name in a question where a day without a value has 0.
pub const ELSE_ZERO: &str = ":zero";

/// The most of a value, either way.
const MOST: f64 = 1e12;

impl Row for Control {
    const COLUMNS: &'static [&'static str] = &["date", "name", "value"];
    const NEEDED: usize = 3;
    const MOST: usize = 100_000;
    const TWICE: (&'static str, &'static str) =
        ("day and name", "a day has one value, so leave one out");
    type Known<'a> = Last;
    type Key = (Date, String);

    fn read(written: &Written, last: &Last, has_commas: bool) -> Result<Control, String> {
        let text = |column: usize| written.get(column).map_or("", String::as_str);
        Ok(Control {
            day: sheet::date(text(0), *last)?,
            name: name(text(1))?,
            value: value(text(2), has_commas)?,
        })
    }

    fn key(&self) -> Self::Key {
        (self.day, self.name.clone())
    }
}

/// A control's name.
///
/// # Errors
/// What is wanted, where it is none.
pub fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_short = (1..=NAME).contains(&text.chars().count());
    match is_short && !text.contains(char::is_control) && !text.ends_with(ELSE_ZERO) {
        true => Ok(text.to_owned()),
        false => {
            let text: String = text.chars().take(120).collect();
            Err(format!(
                "name: {text:?} is none; wanted are 1 to {NAME} characters on one line that don't end in {ELSE_ZERO}"
            ))
        }
    }
}

fn value(text: &str, has_commas: bool) -> Result<f64, String> {
    let plain = sheet::plain(text, has_commas);
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    let is_number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: Option<f64> = is_number.then(|| plain.parse().ok()).flatten();
    value
        .filter(|value| value.abs() <= MOST)
        .ok_or_else(|| {
            format!("value: {text:.40?} is no number; wanted are digits and a point, such as 49.90, without signs of money or spaces")
        })
}

/// Reads a file of either form.
///
/// # Errors
/// Every wrong line, the first of them in words.
pub fn read(file: &[u8], last: &Last) -> Result<Vec<Control>, Refused> {
    let sheet = Sheet::new(file)?;
    if !is_wide(&sheet.names) {
        return sheet::read(file, last);
    }
    sheet.wide(last, |day, name, cell| {
        Some([day, name, cell].map(str::to_owned).to_vec())
    })
}

/// Whether a header is of the second form.
fn is_wide(names: &[String]) -> bool {
    let is_row = |name: &String| ["name", "value"].contains(&&*name.to_lowercase());
    match names.split_first() {
        Some((date, names)) => {
            date.eq_ignore_ascii_case("date") && !names.is_empty() && !names.iter().any(is_row)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn last() -> Date {
        "2026-11-26".parse().unwrap()
    }

    #[test]
    fn both_forms_are_taken() {
        for (file, expected) in [
            (
                "date,name,value\n2026-11-23,Price,49.9\n2026-11-23,Discount,-0.1",
                &["2026-11-23 Price 49.9", "2026-11-23 Discount -0.1"][..],
            ),
            (
                "value;date;name\n1,5;2026-11-23;Price",
                &["2026-11-23 Price 1.5"],
            ),
            (
                "Date;Price;Shops open\n2026-11-23;49,9;\n\n2026-11-24;;12\n",
                &["2026-11-23 Price 49.9", "2026-11-24 Shops open 12"],
            ),
        ] {
            let row = |r: &Control| format!("{} {} {}", r.day, r.name, r.value);
            let rows = read(file.as_bytes(), &last()).unwrap();
            let rows: Vec<String> = rows.iter().map(row).collect();
            assert_eq!(rows, expected, "{file}");
        }
    }

    #[test]
    fn each_wrong_line_is_told() {
        for (row, expected) in [
            ("2026-11-23,Price,", "value: \"\" is no number"),
            ("2026-11-23,Price,€49", "value: \"€49\" is no number"),
            ("2026-11-23,Price,1e3", "value: \"1e3\" is no number"),
            ("2026-11-23,Price,-", "value: \"-\" is no number"),
            ("2026-11-23,Price,9999999999999", "value: \"9999999999999\""),
            ("2026-11-23, ,1", "name: \"\" is none"),
            ("2026-11-27,Price,1", "date: 2026-11-27 is still to come"),
            ("2026-11-20,Price,2", "the same day and name as 2: a day"),
            ("2026-11-23,Price", "2 fields under a header of 3"),
        ] {
            let file = format!("date,name,value\n2026-11-20,Price,1\n{row}");
            let refused = read(file.as_bytes(), &last()).unwrap_err();
            assert_eq!((refused.count(), refused.wrong[0].line), (1, 3), "{row}");
            let words = &refused.wrong[0].words;
            assert!(words.starts_with(expected), "{row}: {words}");
        }
        let wide = "date,Price\n2026-11-20,x\n2026-11-21,1";
        let refused = read(wide.as_bytes(), &last()).unwrap_err();
        assert_eq!((refused.count(), refused.wrong[0].line), (1, 2));
        let twice = "date,Price,Price\n2026-11-20,1,2";
        assert_eq!(read(twice.as_bytes(), &last()).unwrap_err().count(), 1);
        assert!(read(b"date\n2026-11-20", &last()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(file in "(date,name,value|Date,A,B,)?\n?[0-9A-Z,;.\\-\n\"é ]{0,80}") {
            match read(file.as_bytes(), &last()) {
                Ok(rows) => prop_assert!(!rows.is_empty() && rows.iter().all(|row| row.value.is_finite())),
                Err(refused) => prop_assert!(refused.count() > 0),
            }
        }
    }
}
