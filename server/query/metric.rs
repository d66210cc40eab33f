//! Figures: what is counted of the events of a row. One table, from which the parser and what is shown come.

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Goals fired.
    Fires,
    /// Different visitors.
    Visitors,
    /// Different persons: a user with every visitor ever seen as them, else the visitor alone.
    People,
    /// Sessions that began with such an event: where the page is filtered by, those that began on it, not those that
    /// came by it later. So it is for the three figures of sessions below.
    Sessions,
    /// Pages shown.
    Pageviews,
    /// The share of a row's visitors who fired: 0 to 1, nothing where there were none. Who fired is who fired one of the
    /// query's goals, else any goal that isn't reserved; in the row of a goal, that one. All visitors are those with any
    /// event that passes the filters; what only fires have, the goal and metadata, isn't asked of them when it is a
    /// dimension.
    ConversionRate,
    /// Money, a sum a currency.
    Revenue,
    /// All of it in the site's currency, by the rate of the day; what has no rate is left beside it.
    TotalRevenue,
    /// Money a fire that brought any, an average a currency.
    AverageValue,
    /// Share of sessions that were a look at one page: 0 to 1.
    BounceRate,
    /// Seconds a session, on average.
    SessionDuration,
    /// Pages a session, on average.
    PagesPerSession,
}

/// Names, as the contract has them.
pub const METRICS: [(&str, Metric); 12] = [
    ("fires", Metric::Fires),
    ("visitors", Metric::Visitors),
    ("people", Metric::People),
    ("sessions", Metric::Sessions),
    ("pageviews", Metric::Pageviews),
    ("conversion_rate", Metric::ConversionRate),
    ("revenue", Metric::Revenue),
    ("total_revenue", Metric::TotalRevenue),
    ("average_value", Metric::AverageValue),
    ("bounce_rate", Metric::BounceRate),
    ("session_duration", Metric::SessionDuration),
    ("pages_per_session", Metric::PagesPerSession),
];

impl Metric {
    /// What it is, in a line.
    pub fn meaning(self) -> &'static str {
        match self {
            Metric::Fires => "Goals fired",
            Metric::Visitors => "Different visitors",
            Metric::People => {
                "Different persons: a user with all browsers that were theirs, else the visitor alone"
            }
            Metric::Sessions => "Visits, which end after 30 idle minutes",
            Metric::Pageviews => "Pages shown",
            Metric::ConversionRate => "The share of visitors who fired, 0 to 1",
            Metric::Revenue => "Money, a sum a currency",
            Metric::TotalRevenue => {
                "Money in the site's currency, by the rate of the day; what has no rate stands beside it"
            }
            Metric::AverageValue => "Money a fire that brought any, a currency each",
            Metric::BounceRate => "The share of visits that were a look at one page, 0 to 1",
            Metric::SessionDuration => "Seconds a visit, on average",
            Metric::PagesPerSession => "Pages a visit, on average",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Metric> {
        METRICS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, metric)| *metric)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        METRICS
            .iter()
            .find(|(_, metric)| *metric == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether it is known of the last pages of sessions.
    pub(super) fn is_of_exits(self) -> bool {
        matches!(self, Metric::Visitors | Metric::People | Metric::Sessions)
    }
}
