//! Dimensions: what figures may be split and filtered by. One table, from which the parser, what is shown and what the
//! store is asked for come.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;

use super::{channel, range};
use crate::store::event::Origin;
use crate::store::reports::test::Of;
use crate::store::{ClientNames, Store};

/// Something that figures are split or filtered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// One of [`NAMED`].
    Named(Named),
    /// A key of metadata.
    Metadata(Arc<str>),
}

/// A dimension that has a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The goal's name; page views have none.
    Goal,
    /// The days, weeks (from Monday) or months of the site's zone, by their first date.
    Day,
    #[allow(missing_docs)]
    Week,
    #[allow(missing_docs)]
    Month,
    /// `00` to `23`, of the day in the site's zone.
    Hour,
    /// `Monday` to `Sunday`.
    Weekday,
    /// Paths.
    Page,
    #[allow(missing_docs)]
    EntryPage,
    #[allow(missing_docs)]
    ExitPage,
    /// What kind of traffic brought the session: see [`channel`].
    Channel,
    /// What brought the session.
    Source,
    #[allow(missing_docs)]
    Medium,
    #[allow(missing_docs)]
    Campaign,
    #[allow(missing_docs)]
    Term,
    #[allow(missing_docs)]
    Content,
    #[allow(missing_docs)]
    Referrer,
    /// With what the visitor came.
    Country,
    #[allow(missing_docs)]
    Device,
    #[allow(missing_docs)]
    Browser,
    #[allow(missing_docs)]
    Os,
}

/// Names, as the contract has them.
pub const NAMED: [(&str, Named); 20] = [
    ("goal", Named::Goal),
    ("day", Named::Day),
    ("week", Named::Week),
    ("month", Named::Month),
    ("hour", Named::Hour),
    ("weekday", Named::Weekday),
    ("page", Named::Page),
    ("entry_page", Named::EntryPage),
    ("exit_page", Named::ExitPage),
    ("channel", Named::Channel),
    ("source", Named::Source),
    ("medium", Named::Medium),
    ("campaign", Named::Campaign),
    ("term", Named::Term),
    ("content", Named::Content),
    ("referrer", Named::Referrer),
    ("country", Named::Country),
    ("device", Named::Device),
    ("browser", Named::Browser),
    ("os", Named::Os),
];

impl Dimension {
    /// From its name: one of [`NAMED`], or `metadata.KEY`.
    pub fn parse(name: &str) -> Option<Dimension> {
        if let Some(key) = name.strip_prefix("metadata.").filter(|key| !key.is_empty()) {
            return Some(Dimension::Metadata(key.into()));
        }
        let found = NAMED.iter().find(|(known, _)| *known == name);
        found.map(|(_, named)| Dimension::Named(*named))
    }

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Dimension::Named(named) => named.name().to_owned(),
            Dimension::Metadata(key) => format!("metadata.{key}"),
        }
    }

    /// Whether it is a part of time, so that its values have an order and none is missing.
    pub fn is_time(&self) -> bool {
        match self {
            Dimension::Named(named) => named.is_of_day() || *named == Named::Hour,
            Dimension::Metadata(_) => false,
        }
    }

    /// Whether it says something of a fire, not of the visitor: whoever didn't fire has no value of it.
    pub(super) fn is_of_fire(&self) -> bool {
        matches!(self, Dimension::Metadata(_) | Dimension::Named(Named::Goal))
    }
}

impl Named {
    /// What it is, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Named::Goal => "The goal's name",
            Named::Day => "The day in the site's zone, as YYYY-MM-DD",
            Named::Week => "The week, by its Monday",
            Named::Month => "The month, by its first day",
            Named::Hour => "The hour of the day, 00 to 23",
            Named::Weekday => "Monday to Sunday",
            Named::Page => "The path of the page",
            Named::EntryPage => "The path that the visit began on",
            Named::ExitPage => "The path of the last page seen; not to filter by",
            Named::Channel => "The kind of traffic that brought the visit",
            Named::Source => "Where the visit came from: utm_source, else the site before",
            Named::Medium => "utm_medium",
            Named::Campaign => "utm_campaign",
            Named::Term => "utm_term",
            Named::Content => "utm_content",
            Named::Referrer => "The page before, of another site",
            Named::Country => "Two letters, where the server has a file of places",
            Named::Device => "Desktop, Mobile, Tablet or Other",
            Named::Browser => "Such as Firefox",
            Named::Os => "The operating system, such as Windows",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMED
            .iter()
            .find(|(_, named)| *named == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether a day settles it.
    pub fn is_of_day(self) -> bool {
        matches!(
            self,
            Named::Day | Named::Week | Named::Month | Named::Weekday
        )
    }

    /// What the store's numbers stand for, where they settle the value.
    pub(super) fn of(self) -> Option<Of> {
        match self {
            Named::Goal => Some(Of::Goal),
            Named::Page => Some(Of::Page),
            Named::EntryPage => Some(Of::Entry),
            Named::Channel
            | Named::Source
            | Named::Medium
            | Named::Campaign
            | Named::Term
            | Named::Content
            | Named::Referrer => Some(Of::Origin),
            Named::Country | Named::Device | Named::Browser | Named::Os => Some(Of::Client),
            Named::Day
            | Named::Week
            | Named::Month
            | Named::Hour
            | Named::Weekday
            | Named::ExitPage => None,
        }
    }

    /// The value that a number of the store, or an hour, stands for; `None` where there is none.
    pub(super) fn value(self, store: &Store, number: u32) -> rusqlite::Result<Option<String>> {
        let origin = |of: fn(&Origin) -> &str| Ok(some(of(&*store.origin(number)?)));
        let client = |of: fn(&ClientNames) -> &str| Ok(some(of(&*store.client(number)?)));
        match self {
            Named::Goal => Ok(store.goal(number)?.map(|name| name.as_str().to_owned())),
            Named::Page | Named::EntryPage | Named::ExitPage => {
                Ok(some(path(&store.address(number)?)))
            }
            Named::Channel => Ok(Some(channel::channel(&*store.origin(number)?).to_owned())),
            Named::Hour => Ok(Some(format!("{number:02}"))),
            Named::Source => origin(|o| &o.source),
            Named::Medium => origin(|o| &o.medium),
            Named::Campaign => origin(|o| &o.campaign),
            Named::Term => origin(|o| &o.term),
            Named::Content => origin(|o| &o.content),
            Named::Referrer => origin(|o| &o.referrer),
            Named::Country => client(|c| &c.country),
            Named::Device => client(|c| &c.device),
            Named::Browser => client(|c| &c.browser),
            Named::Os => client(|c| &c.os),
            Named::Day | Named::Week | Named::Month | Named::Weekday => Ok(None),
        }
    }

    /// The value of a day, for what is made of days.
    pub fn of_day(self, day: i32) -> Option<String> {
        let date: Date = range::date(day)?;
        let weekday = date.weekday();
        match self {
            Named::Day => Some(date.to_string()),
            Named::Week => range::date(day - i32::from(weekday.to_monday_zero_offset()))
                .map(|monday| monday.to_string()),
            Named::Month => Some(date.first_of_month().to_string()),
            Named::Weekday => Some(date.strftime("%A").to_string()),
            _ => None,
        }
    }

    /// The day at the same place in a range that begins on `to`, of one in a range that begins on `from`: first day to
    /// first day, first week to first week.
    pub(super) fn moved(self, day: i32, from: Date, to: Date) -> i32 {
        let monday =
            |date: Date| range::number(date) - i32::from(date.weekday().to_monday_zero_offset());
        match self {
            Named::Day => day - range::number(from) + range::number(to),
            Named::Week => day - monday(from) + monday(to),
            Named::Month => {
                let month = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
                let months = range::date(day).map_or(0, |date| month(date) - month(from));
                let moved = to.first_of_month().saturating_add(months.months());
                range::number(moved)
            }
            _ => day,
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The path of an address, which is what a page is called.
pub(super) fn path(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    match rest.find('/') {
        Some(at) => &rest[at..],
        None if address.is_empty() => "",
        None => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_called_by_their_paths() {
        for (address, expected) in [
            ("https://example.com/pricing", "/pricing"),
            ("https://example.com", "/"),
            ("/pricing", "/pricing"),
            ("", ""),
        ] {
            assert_eq!(path(address), expected);
        }
    }

    #[test]
    fn days_make_weeks_months_and_weekdays() {
        let day = range::number("2026-11-24".parse().unwrap());
        for (named, expected) in [
            (Named::Day, "2026-11-24"),
            (Named::Week, "2026-11-23"),
            (Named::Month, "2026-11-01"),
            (Named::Weekday, "Tuesday"),
        ] {
            assert_eq!(named.of_day(day).as_deref(), Some(expected));
        }
    }
}
