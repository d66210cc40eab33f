//! A reading → what the rooms that answer are asked: one [`Query`] wherever a query can say it, else the question of the
//! room that knows.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::period::{Shape, Unit};
use super::reading::{Combine, Mix, Reading, Statistic, What};
use crate::account::Site;
use crate::attribution::model::Model;
use crate::attribution::question as attribution;
use crate::cohort::period::{Unit as CohortUnit, Windows};
use crate::cohort::question as cohort;
use crate::cohort::table::Age;
use crate::query::dimension::{Dimension, Named};
use crate::query::filter::Filter;
use crate::query::funnel::{Funnel, Step};
use crate::query::metric::Metric;
use crate::query::operator::Operator;
use crate::query::range::Range;
use crate::query::read::MOST_ROWS;
use crate::query::{Order, OrderBy, Query};

/// Rows that an answer has where nothing else is asked.
pub(super) const ROWS: usize = 100;
/// Days that all time is: as many as a range may have.
const ALL: i64 = 3659;
/// Minutes that a funnel may take: 30 days.
const WINDOW: u64 = 30 * 1440;
/// Ages of retention that a table shows.
const AGES: i32 = 12;

/// What is asked, and of which room.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// A query.
    Query(Query),
    /// The same, ordered by how much it changed.
    Change {
        /// With days to compare with.
        query: Query,
        /// Whether the least comes first.
        ascending: bool,
        /// So many rows.
        limit: usize,
    },
    /// The same of several dimensions, to find the one that explains the most.
    Why(Vec<Query>),
    /// Something of the values of a key, by which the query is split last.
    Values(Statistic, Query),
    /// When it fired first, or last.
    Moment {
        /// Of these fires.
        query: Query,
        /// First or last.
        is_first: bool,
    },
    /// A funnel.
    Funnel(Funnel),
    /// Cohorts, one question each.
    Cohorts(Vec<cohort::Question>),
    /// What visits earned, by these models.
    Credit(Vec<Model>, attribution::Question),
    /// What a goal cost, by the model of the question.
    CostPerGoal(attribution::Question),
    /// What was spent, and what of the revenue of the query came back for it.
    Spend {
        /// Revenue, split as spend is.
        query: Query,
        /// Revenue by spend, or spend alone.
        is_roas: bool,
    },
    /// The site's goals.
    Goals,
    /// What may be asked.
    Help,
    /// What the marketing mix says; by which fit, as it stands in an address, once that is known.
    Mix(Mix, Option<String>),
}

/// The parts of a question to a room that are the same for all.
struct Common<'a> {
    site: &'a Site,
    range: Range,
    compare: Option<Range>,
    filters: Vec<Filter>,
}

impl Asked {
    /// From a reading.
    ///
    /// # Errors
    /// In words: why no room can answer it.
    pub fn of(reading: &Reading, site: &Site, now: Timestamp) -> Result<Asked, String> {
        let today = now.to_zoned(site.zone.clone()).date();
        let range = |from: Option<Date>, to: Date| {
            let earliest = today.saturating_sub(ALL.days());
            let from = from.unwrap_or(earliest).max(earliest);
            Range {
                from: from.min(to),
                to,
                zone: site.zone.clone(),
            }
        };
        let period = reading.period.as_ref();
        let common = Common {
            site,
            range: period.map_or_else(
                || range(Some(today.saturating_sub(30.days())), today),
                |period| range(period.from, period.to),
            ),
            compare: reading.compared().map(|(from, to)| range(Some(from), to)),
            filters: filters(reading, site, now),
        };
        common.asked(reading)
    }
}

/// Conditions as filters of a query; hours as well.
fn filters(reading: &Reading, site: &Site, now: Timestamp) -> Vec<Filter> {
    let mut filters: Vec<Filter> = reading
        .filters
        .iter()
        .map(|condition| {
            Filter::Value(
                condition.operator,
                condition.dimension.clone(),
                condition.values.clone().into(),
            )
        })
        .collect();
    if let Some(Shape::Hours(hours)) = reading.period.as_ref().map(|period| period.shape) {
        // Whole hours of the site's zone: of the first day from one on, of the last up to one.
        let zoned = |at: Timestamp| at.to_zoned(site.zone.clone());
        let (first, last) = (
            zoned(
                now.saturating_sub(jiff::SignedDuration::from_hours(i64::from(hours)))
                    .unwrap_or(now),
            ),
            zoned(now),
        );
        let values = |named: Named, values: Vec<String>| {
            Filter::Value(Operator::Is, Dimension::Named(named), values.into())
        };
        let hours = |hours: std::ops::RangeInclusive<i8>| {
            values(
                Named::Hour,
                hours.map(|hour| format!("{hour:02}")).collect(),
            )
        };
        let day = |date: Date| values(Named::Day, vec![date.to_string()]);
        if first.date() == last.date() {
            filters.push(hours(first.hour()..=last.hour()));
        } else {
            let mut any = vec![
                Filter::And(vec![day(first.date()), hours(first.hour()..=23)]),
                Filter::And(vec![day(last.date()), hours(0..=last.hour())]),
            ];
            let between: Vec<String> = first
                .date()
                .series(1.day())
                .skip(1)
                .take_while(|date| *date < last.date())
                .map(|date| date.to_string())
                .collect();
            if !between.is_empty() {
                any.push(values(Named::Day, between));
            }
            filters.push(Filter::Or(any));
        }
    }
    filters
}

impl Common<'_> {
    fn asked(&self, reading: &Reading) -> Result<Asked, String> {
        match &reading.what {
            What::Figure(metric) => self.figure(reading, *metric),
            What::Why(metric) => {
                let metric = *metric;
                let known = [
                    Named::Channel,
                    Named::Source,
                    Named::Campaign,
                    Named::Country,
                    Named::Device,
                    Named::EntryPage,
                ];
                let named = reading.by.first().cloned();
                let others = known
                    .into_iter()
                    .map(Dimension::Named)
                    .filter(|dimension| Some(dimension) != named.as_ref());
                let by = named.iter().cloned().chain(others).collect::<Vec<_>>();
                let of = |dimension: Dimension| Query {
                    dimensions: vec![dimension],
                    limit: MOST_ROWS,
                    ..self.query(reading, metric)
                };
                Ok(Asked::Why(by.into_iter().map(of).collect()))
            }
            What::Values(statistic, key) => {
                let mut query = self.query(reading, Metric::Fires);
                query
                    .dimensions
                    .push(Dimension::Metadata(key.as_str().into()));
                query.limit = MOST_ROWS;
                query.compare = None;
                match query.dimensions.len() <= 3 {
                    true => Ok(Asked::Values(*statistic, query)),
                    false => Err("values are split by two things at most".into()),
                }
            }
            What::First | What::Last => Ok(Asked::Moment {
                query: Query {
                    limit: 1,
                    dimensions: Vec::new(),
                    ..self.query(reading, Metric::Fires)
                },
                is_first: reading.what == What::First,
            }),
            What::Funnel | What::TimeToConvert => Ok(Asked::Funnel(Funnel {
                site: self.site.id,
                website_id: self.site.website_id.as_str().into(),
                book: self.site.goals.clone(),
                steps: reading
                    .goals
                    .iter()
                    .map(|goal| Step::Goal(goal.clone()))
                    .take(8)
                    .collect(),
                window: WINDOW,
                filters: self.filters.clone(),
                range: self.range.clone(),
            })),
            What::Lifetime(_) | What::Predicted(_) | What::Retention(..) => self.cohorts(reading),
            What::Credit(models, half_life, window) => {
                let question = self.attribution(
                    reading,
                    models.first().copied().unwrap_or(Model::Last),
                    *half_life,
                    *window,
                )?;
                Ok(Asked::Credit(models.clone(), question))
            }
            What::CostPerGoal => Ok(Asked::CostPerGoal(self.attribution(
                reading,
                Model::Last,
                None,
                None,
            )?)),
            What::Roas | What::Spend => {
                let by = reading
                    .by
                    .first()
                    .cloned()
                    .unwrap_or(Dimension::Named(Named::Channel));
                if !matches!(
                    by,
                    Dimension::Named(Named::Channel | Named::Source | Named::Campaign)
                ) || reading.by.len() > 1
                {
                    return Err("spend is known by channel, source or campaign".into());
                }
                let is_of_it = |filter: &Filter| matches!(filter, Filter::Value(Operator::Is, dimension, _) if *dimension == by);
                if !self.filters.iter().all(is_of_it) {
                    return Err("spend is known by channel, source or campaign, and not of single devices, countries or the like".into());
                }
                let query = Query {
                    dimensions: vec![by],
                    limit: MOST_ROWS,
                    compare: None,
                    // As spend is: in the site's currency where there are rates.
                    ..self.query(reading, Metric::TotalRevenue)
                };
                Ok(Asked::Spend {
                    query,
                    is_roas: reading.what == What::Roas,
                })
            }
            What::Mix(mix) => Ok(Asked::Mix(*mix, None)),
            What::Goals => Ok(Asked::Goals),
            What::Help => Ok(Asked::Help),
        }
    }

    /// A query of what a reading says beside its figure.
    fn query(&self, reading: &Reading, metric: Metric) -> Query {
        // Of a site with a currency revenue is one sum.
        let metric = match metric {
            Metric::Revenue if self.site.exchange.own().is_some() => Metric::TotalRevenue,
            metric => metric,
        };
        let mut filters = self.filters.clone();
        let mut goals = reading.goals.clone();
        let fired = |goals: &[String]| Filter::Fired(true, goals.to_vec().into());
        let is_of_visits = matches!(
            metric,
            Metric::Sessions
                | Metric::Pageviews
                | Metric::BounceRate
                | Metric::SessionDuration
                | Metric::PagesPerSession
        );
        if reading.combine == Combine::All {
            filters.extend(goals.drain(..).map(|goal| fired(&[goal])));
        } else if is_of_visits && !goals.is_empty() {
            filters.push(fired(&goals));
            goals.clear();
        }
        filters.extend(
            reading
                .without
                .iter()
                .map(|goal| Filter::Fired(false, [goal.clone()].into())),
        );
        let is_time = matches!(&*reading.by, [only] if only.is_time());
        let default = if is_time { MOST_ROWS } else { ROWS };
        let order = match reading.sort {
            Some(sort) => vec![Order {
                by: OrderBy::Metric(metric),
                ascending: sort.ascending,
            }],
            None if reading.by.first().is_some_and(Dimension::is_time) => vec![Order {
                by: OrderBy::Dimension(0),
                ascending: true,
            }],
            None => vec![Order {
                by: OrderBy::Metric(metric),
                ascending: false,
            }],
        };
        Query {
            metrics: vec![metric],
            goals,
            dimensions: reading.by.clone(),
            filters,
            compare: self.compare.clone(),
            order,
            limit: reading.limit.unwrap_or(default).clamp(1, MOST_ROWS),
            ..Query::of(self.site, self.range.clone())
        }
    }

    fn figure(&self, reading: &Reading, metric: Metric) -> Result<Asked, String> {
        let query = self.query(reading, metric);
        let exit = Dimension::Named(Named::ExitPage);
        if query.dimensions.contains(&exit) {
            let is_known = matches!(metric, Metric::Visitors | Metric::People | Metric::Sessions)
                && query.goals.is_empty();
            if !is_known || query.dimensions.len() > 1 {
                return Err("of last pages only visitors and visits are known".into());
            }
        }
        match reading.sort {
            Some(sort) if sort.by_change => Ok(Asked::Change {
                ascending: sort.ascending,
                limit: query.limit,
                query: Query {
                    limit: MOST_ROWS,
                    ..query
                },
            }),
            _ => Ok(Asked::Query(query)),
        }
    }

    fn cohorts(&self, reading: &Reading) -> Result<Asked, String> {
        let is_goal = |dimension: &Dimension| *dimension == Dimension::Named(Named::Goal);
        let mut by = reading.by.iter().filter(|dimension| !is_goal(dimension));
        let split = match (by.next(), by.next()) {
            (None, _) => cohort::Split::Time(match &reading.what {
                What::Retention(Unit::Day, None) => CohortUnit::Day,
                What::Retention(Unit::Week, None) => CohortUnit::Week,
                _ => CohortUnit::Month,
            }),
            (Some(Dimension::Named(Named::Day)), None) => cohort::Split::Time(CohortUnit::Day),
            (Some(Dimension::Named(Named::Week)), None) => cohort::Split::Time(CohortUnit::Week),
            (Some(Dimension::Named(Named::Month)), None) => cohort::Split::Time(CohortUnit::Month),
            (Some(dimension), None) if !dimension.is_time() && *dimension != Dimension::Named(Named::ExitPage) => cohort::Split::Value(dimension.clone()),
            _ => return Err("people who joined are split by one thing: a day, week or month of joining, or something such as the channel".into()),
        };
        let unit = match &reading.what {
            What::Retention(Unit::Day, _) => CohortUnit::Day,
            What::Retention(Unit::Month | Unit::Quarter | Unit::Year, _) => CohortUnit::Month,
            _ => CohortUnit::Week,
        };
        let oldest = |age: u32| i32::try_from(age).unwrap_or(i32::MAX).min(1000);
        let ages = match &reading.what {
            What::Lifetime(days) => vec![Age {
                from: 0,
                to: oldest(*days),
            }],
            What::Predicted(months) => vec![Age {
                from: 0,
                to: oldest(months.saturating_mul(365) / 12),
            }],
            What::Retention(_, Some(age)) => vec![Age {
                from: oldest(*age),
                to: oldest(*age),
            }],
            _ => (0..AGES).map(|age| Age { from: age, to: age }).collect(),
        };
        let is_retention = matches!(reading.what, What::Retention(..));
        let of = |start: cohort::Start| cohort::Question {
            website_id: self.site.website_id.as_str().into(),
            start,
            split: split.clone(),
            what: if is_retention {
                cohort::What::Retention
            } else {
                cohort::What::Revenue
            },
            returns: Vec::new(),
            unit,
            ages: ages.clone(),
            or_later: false,
            windows: Windows::Calendar,
            currency: None,
            predicts: matches!(reading.what, What::Predicted(_)),
            filters: self.filters.clone(),
            range: self.range.clone(),
        };
        let starts: Vec<cohort::Start> = match reading.goals.is_empty() {
            true => vec![cohort::Start::Visit],
            false => reading
                .goals
                .iter()
                .cloned()
                .map(cohort::Start::Goal)
                .take(3)
                .collect(),
        };
        Ok(Asked::Cohorts(starts.into_iter().map(of).collect()))
    }

    fn attribution(
        &self,
        reading: &Reading,
        model: Model,
        half_life: Option<u32>,
        window: Option<u32>,
    ) -> Result<attribution::Question, String> {
        if reading.goals.is_empty() {
            return Err("attribution is of a goal’s fires; name one".into());
        }
        let by = match &*reading.by {
            [] => Named::Channel,
            [Dimension::Named(named)]
                if attribution::BY.iter().any(|(_, known)| known == named) =>
            {
                *named
            }
            _ => {
                let known: Vec<_> = attribution::BY
                    .iter()
                    .map(|(name, _)| name.replace('_', " "))
                    .collect();
                return Err(format!("credit is shared among {}", known.join(", ")));
            }
        };
        // What a credited row is picks rows, not conversions.
        let is_row = |filter: &Filter| matches!(filter, Filter::Value(Operator::Is, dimension, _) if *dimension == Dimension::Named(by));
        let days =
            |days: Option<u32>, usual: u64| days.map_or(usual, |days| u64::from(days).clamp(1, 90));
        Ok(attribution::Question {
            website_id: self.site.website_id.as_str().into(),
            goals: reading.goals.clone(),
            by,
            model,
            window_days: days(window, 30),
            half_life_days: days(half_life, 7),
            markov_order: 1,
            null_journeys: true,
            lead_goal: None,
            convert: true,
            filters: self
                .filters
                .iter()
                .filter(|filter| !is_row(filter))
                .cloned()
                .collect(),
            range: self.range.clone(),
        })
    }
}
