//! One question, whoever asks it: which figures, of which events, on which days, split by what (contract §10).

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::dimension::Dimension;
use super::range::Range;
use crate::account::Site;
use crate::store::event::SiteId;

/// Rows that an answer has where nothing else is asked, and at most.
const ROWS: usize = 100;
const MOST_ROWS: usize = 10_000;

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Of which site.
    pub site: SiteId,
    /// Which figures, in this order.
    pub metrics: Vec<Metric>,
    /// Of these goals only; of everything where there are none.
    pub goals: Vec<String>,
    /// Split by this.
    pub dimension: Option<Dimension>,
    /// Of events that pass all of these.
    pub filters: Vec<Filter>,
    /// On these days.
    pub range: Range,
    /// By which figure rows are ordered, and whether the least comes first.
    pub order: (Metric, bool),
    /// So many rows.
    pub limit: usize,
}

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Goals fired.
    Fires,
    /// Different visitors.
    Visitors,
    /// Sessions that began.
    Sessions,
    /// Pages shown.
    Pageviews,
    /// Money, a sum a currency.
    Revenue,
    /// Share of sessions that were a look at one page: 0 to 1.
    BounceRate,
    /// Seconds a session, on average.
    SessionDuration,
    /// Pages a session, on average.
    PagesPerSession,
}

/// Names, as the contract has them.
pub const METRICS: [(&str, Metric); 8] = [
    ("fires", Metric::Fires),
    ("visitors", Metric::Visitors),
    ("sessions", Metric::Sessions),
    ("pageviews", Metric::Pageviews),
    ("revenue", Metric::Revenue),
    ("bounce_rate", Metric::BounceRate),
    ("session_duration", Metric::SessionDuration),
    ("pages_per_session", Metric::PagesPerSession),
];

impl Metric {
    fn parse(name: &str) -> Option<Metric> {
        METRICS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, metric)| *metric)
    }
}

/// A condition on a dimension.
#[derive(Clone, Debug)]
pub struct Filter {
    /// How the values are compared.
    pub operator: Operator,
    /// Of what.
    pub dimension: Dimension,
    /// With any of these.
    pub values: Arc<[String]>,
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equal to one of the values; an empty value means that there is none.
    Is,
    /// Equal to none of them.
    IsNot,
    /// With one of them somewhere in it, letter case aside.
    Contains,
    /// With none of them in it.
    NotContains,
}

impl Filter {
    /// Whether a value passes; `None` where there is none.
    pub(super) fn passes(&self, value: Option<&str>) -> bool {
        let value = value.unwrap_or_default();
        let is = || self.values.iter().any(|wanted| wanted == value);
        let contains = || {
            let value = value.to_lowercase();
            self.values
                .iter()
                .any(|wanted| value.contains(&wanted.to_lowercase()))
        };
        match self.operator {
            Operator::Is => is(),
            Operator::IsNot => !is(),
            Operator::Contains => contains(),
            Operator::NotContains => !contains(),
        }
    }
}

/// A question as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// The site's public id; read by whoever knows the workspace.
    pub website_id: Option<String>,
    metrics: Vec<String>,
    #[serde(default)]
    goals: Vec<String>,
    #[serde(default)]
    dimensions: Vec<String>,
    #[serde(default)]
    filters: Vec<(Operator, String, Vec<String>)>,
    range: Option<Days>,
    #[serde(default)]
    order: Vec<(String, Direction)>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    from: Option<String>,
    to: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    Asc,
    Desc,
}

impl Sent {
    /// Reads it for a site.
    ///
    /// # Errors
    /// In words: which part is wrong, and what would be right.
    pub fn read(self, site: &Site, now: Timestamp) -> Result<Question, String> {
        let names = |table: &[&str]| table.join(", ");
        let metric = |name: &str| {
            Metric::parse(name).ok_or_else(|| {
                let known: Vec<_> = METRICS.iter().map(|(name, _)| *name).collect();
                format!("metrics: {name:?} is none; there are {}", names(&known))
            })
        };
        let dimension = |name: &str| {
            Dimension::parse(name).ok_or_else(|| {
                let known: Vec<_> = super::dimension::NAMED
                    .iter()
                    .map(|(name, _)| *name)
                    .collect();
                format!(
                    "dimensions: {name:?} is none; there are {}, metadata.KEY",
                    names(&known)
                )
            })
        };
        let metrics = self
            .metrics
            .iter()
            .map(|name| metric(name))
            .collect::<Result<Vec<_>, _>>()?;
        let first = *metrics.first().ok_or("metrics: wanted at least one")?;
        if self.dimensions.len() > 1 {
            return Err("dimensions: one at a time is answered".into());
        }
        let days = self.range.as_ref();
        let range = Range::parse(
            days.and_then(|days| days.from.as_deref()),
            days.and_then(|days| days.to.as_deref()),
            &site.zone,
            now,
        )
        .map_err(|error| format!("range: {error}"))?;
        let filter = |(operator, name, values): (Operator, String, Vec<String>)| {
            let dimension = dimension(&name)?;
            if matches!(&dimension, Dimension::Named(named) if named.of().is_none()) {
                return Err(format!("filters: {name} can't be filtered by"));
            }
            Ok(Filter {
                operator,
                dimension,
                values: values.into(),
            })
        };
        let filters = self
            .filters
            .into_iter()
            .map(filter)
            .collect::<Result<_, _>>()?;
        let order = match self.order.first() {
            Some((name, direction)) => (metric(name)?, *direction == Direction::Asc),
            None => (first, false),
        };
        let limit = self.limit.unwrap_or(ROWS);
        if limit == 0 || limit > MOST_ROWS {
            return Err(format!("limit: wanted 1 to {MOST_ROWS}"));
        }
        Ok(Question {
            site: site.id,
            metrics,
            goals: self.goals,
            dimension: self
                .dimensions
                .first()
                .map(|name| dimension(name))
                .transpose()?,
            filters,
            range,
            order,
            limit,
        })
    }
}
