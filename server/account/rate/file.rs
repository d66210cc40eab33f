//! Rows of rates: what each column may say. Files come in two forms. One has a row a day and pair, under
//! `date,from,to,rate`. The other is that in which the European Central Bank gives its reference rates: a column `Date`,
//! then one a currency, with how much of it one euro was worth.

use jiff::civil::Date;

use super::{Code, Rate};
use crate::account::sheet::{self, Refused, Row, Sheet, Written};

/// What rows are checked against: the last day that a rate may be of.
pub type Last = Date;

/// Rates that are taken; both ends are beyond those of any two currencies.
const LEAST: f64 = 1e-9;
const MOST: f64 = 1e9;

impl Row for Rate {
    const COLUMNS: &'static [&'static str] = &["date", "from", "to", "rate"];
    const NEEDED: usize = 4;
    const MOST: usize = 500_000;
    const TWICE: (&'static str, &'static str) =
        ("day and currencies", "a day has one rate, so leave one out");
    type Known<'a> = Last;
    type Key = (Date, Code, Code);

    fn read(written: &Written, last: &Last, has_commas: bool) -> Result<Rate, String> {
        let text = |column: usize| written.get(column).map_or("", String::as_str);
        let code = |what: &str, column: usize| -> Result<Code, String> {
            let currency = sheet::currency(what, text(column))?;
            let letters = currency.code().as_bytes().try_into();
            letters.map_err(|_| format!("{what}: wanted are three letters"))
        };
        let day = sheet::date(text(0), *last)?;
        let (from, to) = (code("from", 1)?, code("to", 2)?);
        if from == to {
            return Err("to: it is the same currency as from; wanted is another".into());
        }
        let rate = rate(text(3), has_commas)?;
        Ok(Rate {
            day,
            from,
            to,
            rate,
        })
    }

    fn key(&self) -> Self::Key {
        (self.day, self.from, self.to)
    }
}

fn rate(text: &str, has_commas: bool) -> Result<f64, String> {
    let plain = sheet::plain(text, has_commas);
    let is_number = plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let rate: Option<f64> = is_number.then(|| plain.parse().ok()).flatten();
    rate.filter(|rate| (LEAST..=MOST).contains(rate)).ok_or_else(|| {
        format!("rate: {text:.40?} is none; wanted are digits and a point, such as 1.0837: how much of the one currency one unit of the other is worth")
    })
}

/// Reads a file of either form.
///
/// # Errors
/// Every wrong line, the first of them in words.
pub fn read(file: &[u8], last: &Last) -> Result<Vec<Rate>, Refused> {
    let sheet = Sheet::new(file)?;
    if !is_wide(&sheet.names) {
        return sheet::read(file, last);
    }
    sheet.wide(last, |day, code, cell| {
        // Bulgaria's and Croatia's money and the like went into the euro.
        let is_none = cell == "N/A" || sheet::currency("", code).is_err();
        (!is_none).then(|| [day, "EUR", code, cell].map(str::to_owned).to_vec())
    })
}

/// Whether a header is of the second form.
fn is_wide(names: &[String]) -> bool {
    let Some((date, codes)) = names.split_first() else {
        return false;
    };
    let is_code = |name: &&String| name.len() == 3 && name.bytes().all(|b| b.is_ascii_alphabetic());
    // The bank's lines end with a comma.
    date.eq_ignore_ascii_case("date")
        && codes.iter().any(|code| is_code(&code))
        && codes.iter().all(|code| code.is_empty() || is_code(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn last() -> Date {
        "2026-11-26".parse().unwrap()
    }

    fn taken(file: &str) -> Vec<String> {
        let code = |code: Code| String::from_utf8(code.to_vec()).unwrap();
        let rows = read(file.as_bytes(), &last()).unwrap();
        let row = |r: &Rate| format!("{} {}{} {}", r.day, code(r.from), code(r.to), r.rate);
        rows.iter().map(row).collect()
    }

    #[test]
    fn both_forms_are_taken() {
        for (file, expected) in [
            (
                "date,from,to,rate\n2026-11-23,EUR,USD,1.0837\n2026-11-23,gbp,eur,1.2",
                &["2026-11-23 EURUSD 1.0837", "2026-11-23 GBPEUR 1.2"][..],
            ),
            (
                "rate;to;from;date\n1,5;USD;EUR;2026-11-23",
                &["2026-11-23 EURUSD 1.5"],
            ),
            (
                "Date,USD,JPY,CYP,\n2026-11-24,1.08,160.5,N/A,\n2026-11-23,1.07,,N/A,\n",
                &[
                    "2026-11-24 EURUSD 1.08",
                    "2026-11-24 EURJPY 160.5",
                    "2026-11-23 EURUSD 1.07",
                ],
            ),
        ] {
            assert_eq!(taken(file), expected, "{file}");
        }
    }

    #[test]
    fn each_wrong_line_is_told() {
        for (row, expected) in [
            ("2026-11-23,EUR,USD,0", "rate: \"0\" is none"),
            ("2026-11-23,EUR,USD,-1", "rate: \"-1\" is none"),
            ("2026-11-23,EUR,USD,1e3", "rate: \"1e3\" is none"),
            ("2026-11-23,EUR,USD,", "rate: \"\" is none"),
            ("2026-11-23,EUR,EUR,1", "to: it is the same currency"),
            ("2026-11-23,EUR,EURO,1", "to: \"EURO\" is none"),
            ("2026-11-27,EUR,USD,1", "date: 2026-11-27 is still to come"),
            ("23.11.2026,EUR,USD,1", "date: \"23.11.2026\" is no day"),
            ("2026-11-23,EUR,USD", "3 fields under a header of 4"),
        ] {
            let file = format!("date,from,to,rate\n2026-11-20,EUR,USD,1\n{row}");
            let refused = read(file.as_bytes(), &last()).unwrap_err();
            assert_eq!((refused.count(), refused.wrong[0].line), (1, 3), "{row}");
            let words = &refused.wrong[0].words;
            assert!(words.starts_with(expected), "{row}: {words}");
        }
        let twice = "date,from,to,rate\n2026-11-20,EUR,USD,1\n2026-11-20,EUR,USD,2";
        let refused = read(twice.as_bytes(), &last()).unwrap_err();
        assert_eq!(
            refused.wrong[0].words,
            "the same day and currencies as 2: a day has one rate, so leave one out"
        );
        let wide = "Date,USD\n2026-11-20,x\n2026-11-21,1";
        let refused = read(wide.as_bytes(), &last()).unwrap_err();
        assert_eq!((refused.count(), refused.wrong[0].line), (1, 2));
        assert!(read(b"Date\n2026-11-20", &last()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(file in "(date,from,to,rate|Date,USD,JPY,)?\n?[0-9A-Z,;.\\-\n\"é ]{0,80}") {
            match read(file.as_bytes(), &last()) {
                Ok(rows) => prop_assert!(!rows.is_empty()),
                Err(refused) => prop_assert!(refused.count() > 0),
            }
        }
    }
}
