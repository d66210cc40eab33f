//! Files that people upload. The first byte says of what: `r` of exchange rates, `c` of controls, anything else of spend.

use jiff::civil::Date;

use crate::account::control;
use crate::account::rate;
use crate::account::sheet::{self, Refused, Row};
use crate::account::spend::Spend;
use crate::account::spend::file::Known;
use crate::cost::within;

const LAST: Date = Date::constant(2026, 11, 26);
const CHANNELS: [&str; 3] = ["Paid Search", "Paid Social", "Email"];

pub fn sheet(input: &[u8]) {
    let Some((what, file)) = input.split_first() else {
        return;
    };
    let enough = (1 << 20) + 512 * file.len();
    match what {
        b'c' => {
            let rows = within(enough, || control::file::read(file, &LAST));
            for control in read(&rows) {
                assert!(control.value.is_finite() && !control.name.is_empty());
                assert!(control.day <= LAST);
            }
        }
        b'r' => {
            let rows = within(enough, || rate::file::read(file, &LAST));
            for rate in read(&rows) {
                assert!(rate.rate > 0.0 && rate.rate.is_finite() && rate.from != rate.to);
                assert!(rate.day <= LAST);
            }
        }
        _ => {
            let known = Known {
                channels: &CHANNELS,
                last: LAST,
            };
            let rows = within(enough, || sheet::read::<Spend>(file, &known));
            for spend in read(&rows) {
                assert!(CHANNELS.contains(&&*spend.channel) && spend.money.minor >= 0);
                assert!(spend.day <= LAST);
            }
        }
    }
}

/// No two rows are for the same; who is refused is told why.
fn read<R: Row>(rows: &Result<Vec<R>, Refused>) -> &[R] {
    match rows {
        Ok(rows) => {
            let keys: std::collections::HashSet<_> = rows.iter().map(Row::key).collect();
            assert_eq!(keys.len(), rows.len());
            assert!(!rows.is_empty());
            rows
        }
        Err(refused) => {
            let is_told = |wrong: &sheet::Wrong| wrong.line > 0 && !wrong.words.is_empty();
            assert!(!refused.wrong.is_empty() && refused.wrong.iter().all(is_told));
            &[]
        }
    }
}
