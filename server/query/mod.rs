//! What people ask of the store, as types, and what answers it. Knows neither SQL nor HTTP. One [`Query`] is behind every
//! number (contract §10).
//!
//! - [`metric`], [`dimension`], [`filter`], [`operator`]: which figures, split by what, of what; [`range`]: days of a zone
//! - [`channel`]: which kind of traffic an origin is
//! - [`read`]: JSON → a query, and back; `query_string`: the same in an address; [`sentence`]: a query in words
//! - `layer`: what is counted, by what is set of the site's goals
//! - `plan`: what the store is asked; `table`: the groups that it gives, and their figures; `rank`: which rows come first;
//!   [`answer`]: the rows
//! - [`events`]: which single events are meant; [`fires`]: those; [`people`]: what people did, one after the other; [`funnel`]: how far visitors get; [`goals`]: fires, visitors, conversion and revenue a goal and a day

pub mod answer;
pub mod channel;
pub mod dimension;
pub mod events;
pub mod filter;
pub mod fires;
pub mod funnel;
pub mod goals;
mod layer;
pub mod metric;
pub mod operator;
pub mod origins;
pub mod people;
mod plan;
pub(crate) mod query_string;
pub mod range;
mod rank;
pub mod read;
pub mod sent;
pub mod sentence;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::account::rate::Exchange;
use crate::account::{GoalBook, Site};
use crate::store::event::SiteId;
use dimension::Dimension;
use filter::Filter;
use metric::Metric;
use range::Range;

/// One question, whoever asks it: which figures, of which events, on which days, split by what.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Of which site.
    pub site: SiteId,
    /// The same as people know it.
    pub website_id: Arc<str>,
    /// What is set of its goals.
    pub book: Arc<GoalBook>,
    /// How money becomes the site's currency.
    pub exchange: Arc<Exchange>,
    /// Which figures, in this order.
    pub metrics: Vec<Metric>,
    /// Of fires of these goals only; of everything where there are none.
    pub goals: Vec<String>,
    /// Split by these, up to three; not at all where there are none.
    pub dimensions: Vec<Dimension>,
    /// Of events that pass all of these.
    pub filters: Vec<Filter>,
    /// On these days.
    pub range: Range,
    /// Beside the figures of these other days.
    pub compare: Option<Range>,
    /// What rows are ordered by, first by the first. Rows that are alike in that are ordered by their dimensions.
    pub order: Vec<Order>,
    /// So many rows.
    pub limit: usize,
    /// After so many.
    pub offset: usize,
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What.
    pub by: OrderBy,
    /// Whether the least comes first. What is unknown comes last either way.
    pub ascending: bool,
}

/// Something that rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderBy {
    /// A figure, asked for or not.
    Metric(Metric),
    /// One of the query's dimensions, by its place.
    Dimension(usize),
}

impl Query {
    /// Asks a site nothing yet: of everything, without figures, not split, all rows that there may be.
    pub fn of(site: &Site, range: Range) -> Query {
        Query {
            site: site.id,
            website_id: site.website_id.as_str().into(),
            book: site.goals.clone(),
            exchange: site.exchange.clone(),
            metrics: Vec::new(),
            goals: Vec::new(),
            dimensions: Vec::new(),
            filters: Vec::new(),
            range,
            compare: None,
            order: Vec::new(),
            limit: read::MOST_ROWS,
            offset: 0,
        }
    }

    /// Whether a figure is asked for, to be shown or to be ordered by.
    fn asks(&self, metric: Metric) -> bool {
        let by = OrderBy::Metric(metric);
        self.metrics.contains(&metric) || self.order.iter().any(|order| order.by == by)
    }

    /// Whether the query wants fires of this goal, if it wants some only, by what it is called.
    fn wants_goal(&self, shown: &str) -> bool {
        let is_it = |name: &String| self.book.shown(name) == shown;
        self.goals.iter().any(is_it)
    }

    /// Whether a goal has a row: one that lists leave out where it was asked for by name.
    fn lists_goal(&self, shown: &str) -> bool {
        let is_it = |name: &str| self.book.shown(name) == shown;
        !self.book.is_hidden(shown)
            || self.wants_goal(shown)
            || self.filters.iter().any(|filter| filter.names_goal(&is_it))
    }
}
