//! What is looked at. Every part of it is in the address, so that a page can be sent to a colleague.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use url::form_urlencoded::{Serializer, parse};

use crate::account::Site;
use crate::query::Query;
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::{self, Filter};
use crate::query::metric::Metric;
use crate::query::operator::Operator;
use crate::query::range::Range;

/// How far back one looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Days up to today: 1, 7, 30 or 90.
    Days(i32),
    /// A year up to today.
    Year,
    /// Between two days as they were written.
    Custom(String, String),
}

impl Span {
    /// Those with a name: in the address, and in words.
    pub const NAMED: [(&str, Span, &str); 5] = [
        ("today", Span::Days(1), "Today"),
        ("7d", Span::Days(7), "7 days"),
        ("30d", Span::Days(30), "30 days"),
        ("90d", Span::Days(90), "90 days"),
        ("12m", Span::Year, "12 months"),
    ];

    fn range(&self, zone: &TimeZone, now: Timestamp) -> Result<Range, String> {
        match self {
            Span::Days(days) => Ok(Range::last(*days, zone, now)),
            Span::Year => {
                let range = Range::last(1, zone, now);
                let from = range.to.saturating_sub(1.year()).saturating_add(1.day());
                Ok(Range { from, ..range })
            }
            Span::Custom(from, to) => {
                let given = |text: &String| (!text.is_empty()).then(|| text.clone());
                let (from, to) = (given(from), given(to));
                Range::parse(from.as_deref(), to.as_deref(), zone, now)
                    .map_err(|error| error.to_string())
            }
        }
    }
}

/// Lists that share a card, of which one is shown: the name of the choice in the address, and what there is to choose.
pub struct Tabs {
    /// In the address.
    pub name: &'static str,
    /// Over the card.
    pub title: &'static str,
    /// What rows are split by, and the word on its tab.
    pub choices: &'static [(Named, &'static str)],
    /// The figures of a row.
    pub metrics: &'static [Metric],
}

/// The cards.
pub const TABS: [Tabs; 3] = [
    Tabs {
        name: "traffic",
        title: "Traffic",
        choices: &[
            (Named::Channel, "Channels"),
            (Named::Source, "Sources"),
            (Named::Campaign, "Campaigns"),
            (Named::Referrer, "Referrers"),
        ],
        metrics: &[Metric::Visitors, Metric::Fires, Metric::ConversionRate],
    },
    Tabs {
        name: "pages",
        title: "Pages",
        choices: &[
            (Named::Page, "Pages"),
            (Named::EntryPage, "Entry"),
            (Named::ExitPage, "Exit"),
        ],
        metrics: &[Metric::Visitors],
    },
    Tabs {
        name: "visitors",
        title: "Visitors",
        choices: &[
            (Named::Country, "Countries"),
            (Named::Device, "Devices"),
            (Named::Browser, "Browsers"),
            (Named::Os, "Systems"),
        ],
        metrics: &[Metric::Visitors, Metric::ConversionRate],
    },
];

/// Figures that the page shows and draws.
pub const FIGURES: [Metric; 7] = [
    Metric::Visitors,
    Metric::Sessions,
    Metric::Pageviews,
    Metric::BounceRate,
    Metric::Fires,
    Metric::ConversionRate,
    Metric::TotalRevenue,
];

/// What a page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// What stands before every page's name, without a slash at the end: `/dashboard`.
    pub base: Arc<str>,
    /// The site's public id.
    pub site: String,
    /// How far back.
    pub span: Span,
    /// Whether the days before stand beside.
    pub compares: bool,
    /// What events must be.
    pub filters: Vec<Filter>,
    /// The figure that is drawn.
    pub figure: Metric,
    /// What each card of [`TABS`] shows.
    pub tabs: [Named; TABS.len()],
    /// Whether goals that fire by themselves are left out.
    pub hides_reserved: bool,
}

impl View {
    /// Reads what stands behind the `?` of an address. What is unknown is left aside.
    ///
    /// # Errors
    /// In words: which filter is wrong, and what would be right.
    pub fn read(base: &str, site: &Site, query: &str) -> Result<View, String> {
        let mut view = View {
            base: base.into(),
            site: site.website_id.clone(),
            span: Span::Days(30),
            compares: false,
            filters: Vec::new(),
            figure: Metric::Visitors,
            tabs: TABS.map(|tabs| tabs.choices[0].0),
            hides_reserved: false,
        };
        let (mut lines, mut trees) = (Vec::new(), Vec::new());
        let (mut from, mut to) = (String::new(), String::new());
        let mut is_custom = false;
        for (name, value) in parse(query.as_bytes()) {
            match &*name {
                "range" => {
                    is_custom = value == "custom";
                    let named = Span::NAMED
                        .into_iter()
                        .find(|(known, _, _)| *known == value);
                    view.span = named.map_or(view.span, |(_, span, _)| span);
                }
                "from" => from = value.into_owned(),
                "to" => to = value.into_owned(),
                "compare" => view.compares = value == "before",
                "filter" => lines.push(value.into_owned()),
                "filters" => trees.push(value.into_owned()),
                "figure" => {
                    let known = Metric::parse(&value).filter(|metric| FIGURES.contains(metric));
                    view.figure = known.unwrap_or(view.figure);
                }
                "reserved" => view.hides_reserved = value == "hide",
                _ => {
                    for (tabs, chosen) in TABS.iter().zip(&mut view.tabs) {
                        let found = tabs.choices.iter().find(|(named, _)| named.name() == value);
                        if let (true, Some((named, _))) = (tabs.name == name, found) {
                            *chosen = *named;
                        }
                    }
                }
            }
        }
        if is_custom {
            view.span = Span::Custom(from, to);
        }
        view.filters = filter::written(&lines, &trees)?;
        Ok(view)
    }

    /// The days that are meant.
    ///
    /// # Errors
    /// In words: what is wrong with the dates.
    pub fn range(&self, site: &Site, now: Timestamp) -> Result<Range, String> {
        self.span.range(&site.zone, now)
    }

    /// The address of a page, such as `analytics`, that shows this.
    pub fn address(&self, page: &str) -> String {
        format!("{}/{page}?{}", self.base, self.query())
    }

    /// What stands behind the `?`.
    pub fn query(&self) -> String {
        let mut out = Serializer::new(String::new());
        for (name, value) in self.pairs() {
            out.append_pair(name, &value);
        }
        out.finish()
    }

    /// The parts of the address, for forms too; what is as ever is left out.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("site", self.site.clone())];
        match &self.span {
            Span::Days(30) => {}
            Span::Custom(from, to) => pairs.extend([
                ("range", "custom".to_owned()),
                ("from", from.clone()),
                ("to", to.clone()),
            ]),
            span => {
                let named = Span::NAMED.iter().find(|(_, known, _)| known == span);
                pairs.extend(named.map(|(name, _, _)| ("range", (*name).to_owned())));
            }
        }
        if self.compares {
            pairs.push(("compare", "before".into()));
        }
        for filter in &self.filters {
            pairs.push(match filter.line() {
                Some(line) => ("filter", line),
                None => ("filters", format!("[{}]", filter.json())),
            });
        }
        if self.figure != Metric::Visitors {
            pairs.push(("figure", self.figure.name().into()));
        }
        for (tabs, chosen) in TABS.iter().zip(&self.tabs) {
            if *chosen != tabs.choices[0].0 {
                pairs.push((tabs.name, chosen.name().into()));
            }
        }
        if self.hides_reserved {
            pairs.push(("reserved", "hide".into()));
        }
        pairs
    }

    /// The page of a goal.
    pub fn goal_address(&self, name: &str) -> String {
        self.address(&format!("goals/{}", super::by::encoded(name)))
    }

    /// Whether whoever has a public link may see it: nothing in it is about metadata, whose values would tell more than sums.
    pub fn is_public(&self) -> bool {
        fn is_public(filter: &Filter) -> bool {
            match filter {
                Filter::Value(_, dimension, _) => !matches!(dimension, Dimension::Metadata(_)),
                Filter::Fired(..) => true,
                Filter::And(all) | Filter::Or(all) => all.iter().all(is_public),
                Filter::Not(one) => is_public(one),
            }
        }
        self.filters.iter().all(is_public)
    }

    /// The same with something changed.
    pub fn with(&self, change: impl FnOnce(&mut View)) -> View {
        let mut view = self.clone();
        change(&mut view);
        view
    }

    /// The same with one more filter, or without it where it is there.
    pub fn toggled(&self, dimension: &Dimension, value: Option<&str>) -> View {
        let filter = is(dimension, value);
        self.with(
            |view| match view.filters.iter().position(|known| *known == filter) {
                Some(at) => drop(view.filters.remove(at)),
                None => view.filters.push(filter),
            },
        )
    }

    /// Whether a row's value is what is filtered by.
    pub fn is_chosen(&self, dimension: &Dimension, value: Option<&str>) -> bool {
        self.filters.contains(&is(dimension, value))
    }

    /// The query of these days and filters, to which figures and dimensions are added.
    pub fn ask(&self, site: &Site, range: &Range) -> Query {
        Query {
            filters: self.filters.clone(),
            compare: self.compares.then(|| self.before(range)),
            limit: 1,
            ..Query::of(site, range.clone())
        }
    }

    /// As many days right before; of a year the same days a year ago.
    fn before(&self, range: &Range) -> Range {
        let shift = |date: Date| match self.span {
            Span::Year => date.saturating_sub(1.year()),
            _ => {
                let days = range.days();
                date.saturating_sub((days.end() - days.start() + 1).days())
            }
        };
        Range {
            from: shift(range.from),
            to: shift(range.to),
            zone: range.zone.clone(),
        }
    }
}

fn is(dimension: &Dimension, value: Option<&str>) -> Filter {
    let values = [value.unwrap_or_default().to_owned()];
    Filter::Value(Operator::Is, dimension.clone(), values.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site::sample()
    }

    #[test]
    fn an_address_says_all_that_a_view_is() {
        for query in [
            "site=admx_x",
            "site=admx_x&range=12m&compare=before&filter=is%3Asource%3AGoogle%7CBing&figure=fires&pages=exit_page&reserved=hide",
            "site=admx_x&range=custom&from=2026-01-01&to=2026-01-31&filters=%5B%5B%22not%22%2C%5B%22is%22%2C%22page%22%2C%5B%22%2Fa%22%5D%5D%5D%5D",
        ] {
            let view = View::read("/dashboard", &site(), query).unwrap();
            assert_eq!(
                View::read("/dashboard", &site(), &view.query()).unwrap(),
                view
            );
            assert_eq!(
                view.query().split_once('&').map(|(_, rest)| rest),
                query.split_once('&').map(|(_, rest)| rest)
            );
        }
    }

    #[test]
    fn a_row_adds_a_filter_and_takes_it_away() {
        let view = View::read("/dashboard", &site(), "").unwrap();
        let source = Dimension::Named(Named::Source);
        let google = view.toggled(&source, Some("Google: \\ | x"));
        assert!(google.is_chosen(&source, Some("Google: \\ | x")));
        let again = View::read("/dashboard", &site(), &google.query()).unwrap();
        assert_eq!(again.filters, google.filters);
        assert_eq!(again.toggled(&source, Some("Google: \\ | x")), view);
    }

    #[test]
    fn the_days_before_are_as_many() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        for (query, expected) in [
            ("range=7d", "2026-11-11 2026-11-17"),
            ("range=today", "2026-11-23 2026-11-23"),
            ("range=12m", "2024-11-25 2025-11-24"),
        ] {
            let view = View::read("/dashboard", &site(), query).unwrap();
            let before = view.before(&view.range(&site(), now).unwrap());
            assert_eq!(format!("{} {}", before.from, before.to), expected);
        }
    }
}
