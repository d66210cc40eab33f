//! Who is there: the visitors of the last minutes, held in memory as they come.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use roaring::RoaringBitmap;

use super::row::Row;

/// Milliseconds that are kept together, and how many such spans make "there": five minutes.
const SPAN: i64 = 10_000;
const SPANS: i64 = 30;

/// Visitors by site and span. What a start finds in the log's end is in it too.
#[derive(Default)]
pub(super) struct Present(Mutex<HashMap<i64, BTreeMap<i64, RoaringBitmap>>>);

impl Present {
    pub(super) fn saw<'a>(&self, rows: impl IntoIterator<Item = &'a Row>) {
        let mut sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows.into_iter().filter(|row| row.visitor != 0) {
            let spans = sites.entry(row.site).or_default();
            let span = row.at.div_euclid(SPAN);
            let latest = spans.last_key_value().map_or(span, |(latest, _)| *latest);
            if span > latest - SPANS {
                spans.entry(span).or_default().insert(row.visitor);
                while spans
                    .first_key_value()
                    .is_some_and(|(first, _)| *first <= span - SPANS)
                {
                    spans.pop_first();
                }
            }
        }
    }

    /// How many of a site's visitors did something in the five minutes before `now`, milliseconds since 1970.
    pub(super) fn count(&self, site: i64, now: i64) -> u64 {
        let sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(spans) = sites.get(&site) else {
            return 0;
        };
        let first = now.div_euclid(SPAN) - SPANS + 1;
        let mut all = RoaringBitmap::new();
        spans.range(first..).for_each(|(_, seen)| all |= seen);
        all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Row;
    use super::*;
    use crate::store::session::Place;

    fn row(at: i64, visitor: u32) -> Row {
        Row {
            id: at,
            site: 1,
            day: 0,
            at,
            goal: 0,
            visitor,
            place: Place::default(),
            url: 0,
            revenue: None,
            metadata: None,
        }
    }

    #[test]
    fn who_did_nothing_for_five_minutes_has_left() {
        let present = Present::default();
        present.saw(&[row(0, 1), row(100_000, 2), row(100_001, 2), row(105_000, 0)]);
        assert_eq!(present.count(1, 110_000), 2);
        assert_eq!(present.count(1, 300_000), 1);
        assert_eq!(present.count(2, 110_000), 0);
        // What happened long ago and is told now makes nobody present.
        present.saw(&[row(900_000, 3), row(200_000, 4)]);
        assert_eq!(present.count(1, 900_000), 1);
    }
}
