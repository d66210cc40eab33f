//! The hour of the day at which something happened, in a zone, right across changes of its clocks.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::file::{Columns, ReadError};
use super::part::{self, Kind};

/// The hour of an instant in milliseconds since 1970: 0 to 23.
pub(super) fn of(at: i64, zone: &TimeZone) -> u32 {
    Hours::new(zone).of(at)
}

/// Hours of instants that come nearly in order: how far the zone is from UTC is looked up only when that may have changed.
pub(super) struct Hours<'a> {
    zone: &'a TimeZone,
    /// Seconds ahead of UTC, for instants from `from` to before `to`.
    offset: i64,
    from: i64,
    to: i64,
}

impl<'a> Hours<'a> {
    fn new(zone: &'a TimeZone) -> Hours<'a> {
        Hours {
            zone,
            offset: 0,
            from: 0,
            to: 0,
        }
    }

    /// The hour of each row of a part.
    pub(super) fn column(columns: &Columns, zone: &TimeZone) -> Result<Vec<u32>, ReadError> {
        let mut hours = Hours::new(zone);
        let at = part::numbers(&columns.column(Kind::At)?, columns.head.rows)?;
        Ok(at.into_iter().map(|at| hours.of(at)).collect())
    }

    fn of(&mut self, at: i64) -> u32 {
        if !(self.from..self.to).contains(&at) {
            let instant = Timestamp::from_millisecond(at).unwrap_or_default();
            self.offset = self.zone.to_offset(instant).seconds().into();
            let change = self.zone.following(instant).next();
            self.from = at;
            self.to = change.map_or(i64::MAX, |change| change.timestamp().as_millisecond());
        }
        let second = at.div_euclid(1000).saturating_add(self.offset);
        // Less than 24.
        (second.rem_euclid(86_400) / 3600) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_of_the_zone_on_both_sides_of_a_change() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut hours = Hours::new(&zone);
        for (at, expected) in [
            ("2026-03-28T23:00:00Z", 0),
            ("2026-03-29T00:59:59.999Z", 1),
            ("2026-03-29T01:00:00Z", 3),
            ("2026-10-25T00:30:00Z", 2),
            ("2026-10-25T01:30:00Z", 2),
            ("2026-10-25T02:00:00Z", 3),
            // Late.
            ("2026-03-29T00:30:00Z", 1),
        ] {
            let at = at.parse::<Timestamp>().unwrap().as_millisecond();
            assert_eq!((hours.of(at), of(at, &zone)), (expected, expected));
        }
        let kathmandu = TimeZone::get("Asia/Kathmandu").unwrap();
        assert_eq!(of(15 * 60_000, &kathmandu), 5);
    }
}
