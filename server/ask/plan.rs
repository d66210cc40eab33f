//! A reading → what the rooms that answer are asked: one [`Query`] wherever a query can say it, else the question of the
//! room that knows.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

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
use crate::query::{Order, OrderBy, Query, sentence};

/// Rows that an answer has where nothing else is asked.
const ROWS: usize = 100;
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
    /// What the marketing mix says.
    Mix(Mix),
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
            Range { from: from.min(to), to, zone: site.zone.clone() }
        };
        let period = reading.period.as_ref();
        let common = Common {
            site,
            range: period.map_or_else(|| range(Some(today.saturating_sub(30.days())), today), |period| range(period.from, period.to)),
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
        .map(|condition| Filter::Value(condition.operator, condition.dimension.clone(), condition.values.clone().into()))
        .collect();
    if let Some(Shape::Hours(hours)) = reading.period.as_ref().map(|period| period.shape) {
        // Whole hours of the site's zone: of the first day from one on, of the last up to one.
        let zoned = |at: Timestamp| at.to_zoned(site.zone.clone());
        let (first, last) = (zoned(now.saturating_sub(jiff::SignedDuration::from_hours(i64::from(hours))).unwrap_or(now)), zoned(now));
        let values = |named: Named, values: Vec<String>| Filter::Value(Operator::Is, Dimension::Named(named), values.into());
        let hours = |hours: std::ops::RangeInclusive<i8>| values(Named::Hour, hours.map(|hour| format!("{hour:02}")).collect());
        let day = |date: Date| values(Named::Day, vec![date.to_string()]);
        if first.date() == last.date() {
            filters.push(hours(first.hour()..=last.hour()));
        } else {
            let mut any = vec![
                Filter::And(vec![day(first.date()), hours(first.hour()..=23)]),
                Filter::And(vec![day(last.date()), hours(0..=last.hour())]),
            ];
            let between: Vec<String> = first.date().series(1.day()).skip(1).take_while(|date| *date < last.date()).map(|date| date.to_string()).collect();
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
            What::Why => {
                let metric = if reading.goals.is_empty() { Metric::Revenue } else { Metric::Fires };
                let known = [Named::Channel, Named::Source, Named::Campaign, Named::Country, Named::Device, Named::EntryPage];
                let named = reading.by.first().cloned();
                let others = known.into_iter().map(Dimension::Named).filter(|dimension| Some(dimension) != named.as_ref());
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
                query.dimensions.push(Dimension::Metadata(key.as_str().into()));
                query.limit = MOST_ROWS;
                query.compare = None;
                match query.dimensions.len() <= 3 {
                    true => Ok(Asked::Values(*statistic, query)),
                    false => Err("values are split by two things at most".into()),
                }
            }
            What::First | What::Last => Ok(Asked::Moment {
                query: Query { limit: 1, dimensions: Vec::new(), ..self.query(reading, Metric::Fires) },
                is_first: reading.what == What::First,
            }),
            What::Funnel | What::TimeToConvert => Ok(Asked::Funnel(Funnel {
                site: self.site.id,
                website_id: self.site.website_id.as_str().into(),
                book: self.site.goals.clone(),
                steps: reading.goals.iter().map(|goal| Step::Goal(goal.clone())).take(8).collect(),
                window: WINDOW,
                filters: self.filters.clone(),
                range: self.range.clone(),
            })),
            What::Lifetime(_) | What::Predicted(_) | What::Retention(..) => self.cohorts(reading),
            What::Credit(models, half_life, window) => {
                let question = self.attribution(reading, models.first().copied().unwrap_or(Model::Last), *half_life, *window)?;
                Ok(Asked::Credit(models.clone(), question))
            }
            What::CostPerGoal => Ok(Asked::CostPerGoal(self.attribution(reading, Model::Last, None, None)?)),
            What::Roas | What::Spend => {
                let by = reading.by.first().cloned().unwrap_or(Dimension::Named(Named::Channel));
                if !matches!(by, Dimension::Named(Named::Channel | Named::Source | Named::Campaign)) || reading.by.len() > 1 {
                    return Err("spend is known by channel, source or campaign".into());
                }
                let is_of_it = |filter: &Filter| matches!(filter, Filter::Value(Operator::Is, dimension, _) if *dimension == by);
                if !self.filters.iter().all(is_of_it) {
                    return Err("spend is known by channel, source or campaign, and not of single devices, countries or the like".into());
                }
                let query = Query { dimensions: vec![by], limit: MOST_ROWS, compare: None, ..self.query(reading, Metric::Revenue) };
                Ok(Asked::Spend { query, is_roas: reading.what == What::Roas })
            }
            What::Mix(mix) => Ok(Asked::Mix(*mix)),
            What::Goals => Ok(Asked::Goals),
            What::Help => Ok(Asked::Help),
        }
    }

    /// A query of what a reading says beside its figure.
    fn query(&self, reading: &Reading, metric: Metric) -> Query {
        let mut filters = self.filters.clone();
        let mut goals = reading.goals.clone();
        let fired = |goals: &[String]| Filter::Fired(true, goals.to_vec().into());
        let is_of_visits = matches!(metric, Metric::Sessions | Metric::Pageviews | Metric::BounceRate | Metric::SessionDuration | Metric::PagesPerSession);
        if reading.combine == Combine::All {
            filters.extend(goals.drain(..).map(|goal| fired(&[goal])));
        } else if is_of_visits && !goals.is_empty() {
            filters.push(fired(&goals));
            goals.clear();
        }
        filters.extend(reading.without.iter().map(|goal| Filter::Fired(false, [goal.clone()].into())));
        let is_time = matches!(&*reading.by, [only] if only.is_time());
        let default = if is_time { MOST_ROWS } else { ROWS };
        let order = match reading.sort {
            Some(sort) => vec![Order { by: OrderBy::Metric(metric), ascending: sort.ascending }],
            None if reading.by.first().is_some_and(Dimension::is_time) => vec![Order { by: OrderBy::Dimension(0), ascending: true }],
            None => vec![Order { by: OrderBy::Metric(metric), ascending: false }],
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
            let is_known = matches!(metric, Metric::Visitors | Metric::People | Metric::Sessions) && query.goals.is_empty();
            if !is_known || query.dimensions.len() > 1 {
                return Err("of last pages only visitors and visits are known".into());
            }
        }
        match reading.sort {
            Some(sort) if sort.by_change => Ok(Asked::Change {
                ascending: sort.ascending,
                limit: query.limit,
                query: Query { limit: MOST_ROWS, ..query },
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
            What::Lifetime(days) => vec![Age { from: 0, to: oldest(*days) }],
            What::Predicted(months) => vec![Age { from: 0, to: oldest(months.saturating_mul(365) / 12) }],
            What::Retention(_, Some(age)) => vec![Age { from: oldest(*age), to: oldest(*age) }],
            _ => (0..AGES).map(|age| Age { from: age, to: age }).collect(),
        };
        let is_retention = matches!(reading.what, What::Retention(..));
        let of = |start: cohort::Start| cohort::Question {
            website_id: self.site.website_id.as_str().into(),
            start,
            split: split.clone(),
            what: if is_retention { cohort::What::Retention } else { cohort::What::Revenue },
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
            false => reading.goals.iter().cloned().map(cohort::Start::Goal).take(3).collect(),
        };
        Ok(Asked::Cohorts(starts.into_iter().map(of).collect()))
    }

    fn attribution(&self, reading: &Reading, model: Model, half_life: Option<u32>, window: Option<u32>) -> Result<attribution::Question, String> {
        if reading.goals.is_empty() {
            return Err("attribution is of a goal’s fires; name one".into());
        }
        let by = match &*reading.by {
            [] => Named::Channel,
            [Dimension::Named(named)] if attribution::BY.iter().any(|(_, known)| known == named) => *named,
            _ => {
                let known: Vec<_> = attribution::BY.iter().map(|(name, _)| name.replace('_', " ")).collect();
                return Err(format!("credit is shared among {}", known.join(", ")));
            }
        };
        // What a credited row is picks rows, not conversions.
        let is_row = |filter: &Filter| matches!(filter, Filter::Value(Operator::Is, dimension, _) if *dimension == Dimension::Named(by));
        let days = |days: Option<u32>, usual: u64| days.map_or(usual, |days| u64::from(days).clamp(1, 90));
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
            filters: self.filters.iter().filter(|filter| !is_row(filter)).cloned().collect(),
            range: self.range.clone(),
        })
    }
}

impl Asked {
    /// The room that answers.
    pub fn room(&self) -> &'static str {
        match self {
            Asked::Query(_) | Asked::Change { .. } | Asked::Values(..) | Asked::Moment { .. } => "query",
            Asked::Why(_) => "explain",
            Asked::Funnel(_) => "funnel",
            Asked::Cohorts(_) => "cohorts",
            Asked::Credit(..) | Asked::CostPerGoal(_) => "attribution",
            Asked::Spend { .. } => "spend",
            Asked::Goals => "goals",
            Asked::Help => "help",
            Asked::Mix(_) => "mix",
        }
    }

    /// What is asked, as the room's own JSON.
    pub fn json(&self) -> Value {
        match self {
            Asked::Query(query) | Asked::Values(_, query) | Asked::Moment { query, .. } | Asked::Spend { query, .. } => query.json(),
            Asked::Change { query, limit, .. } => Query { limit: *limit, ..query.clone() }.json(),
            Asked::Why(queries) => queries.first().map_or(Value::Null, Query::json),
            Asked::Funnel(funnel) => funnel.json(),
            Asked::Cohorts(questions) => match &**questions {
                [only] => only.json(),
                all => all.iter().map(cohort::Question::json).collect(),
            },
            Asked::Credit(models, question) => {
                let mut json = question.json();
                json["models"] = models.iter().map(|model| model.about().name).collect();
                json
            }
            Asked::CostPerGoal(question) => question.json(),
            Asked::Goals | Asked::Help | Asked::Mix(_) => json!({}),
        }
    }

    /// The same in words.
    pub fn sentence(&self) -> String {
        match self {
            Asked::Query(query) => sentence::sentence(query),
            Asked::Change { query, ascending, limit } => {
                let plain = sentence::sentence(&Query { order: Vec::new(), limit: ROWS, ..query.clone() });
                let end = if *ascending { "what fell most first" } else { "what grew most first" };
                match *limit {
                    1 => format!("{plain}, {end}, the first row"),
                    ROWS => format!("{plain}, {end}"),
                    limit => format!("{plain}, {end}, the first {limit} rows"),
                }
            }
            Asked::Why(queries) => queries.first().map_or_else(String::new, |query| {
                let plain = Query { dimensions: Vec::new(), order: Vec::new(), ..query.clone() };
                format!("{}: what the change is made of", sentence::sentence(&plain))
            }),
            Asked::Values(statistic, query) => {
                let (key, by) = match query.dimensions.split_last() {
                    Some((key, by)) => (sentence::dimension_words(key), by.to_vec()),
                    None => (String::new(), Vec::new()),
                };
                let plain = sentence::sentence(&Query { dimensions: by, order: Vec::new(), limit: ROWS, ..query.clone() });
                let rest = plain.strip_prefix("Fires").unwrap_or(&plain);
                let rest = if query.goals.is_empty() { format!(" of all fires{rest}") } else { rest.to_owned() };
                format!("{} {key}{rest}", statistic.words())
            }
            Asked::Moment { query, is_first } => {
                let goals = sentence::goals(&query.goals);
                format!("When {goals} fired {}{}", if *is_first { "first" } else { "last" }, sentence::filters(&query.filters))
            }
            Asked::Funnel(funnel) => funnel.sentence(),
            Asked::Cohorts(questions) => {
                let all: Vec<String> = questions.iter().map(cohort::Question::sentence).collect();
                all.join("; ")
            }
            Asked::Credit(models, question) => {
                let models = models.iter().map(|model| model.about().label.to_owned()).collect();
                format!("{}, by {}", question.sentence(), sentence::list(models, "and"))
            }
            Asked::CostPerGoal(question) => format!("What a fire cost. {}, by {}", question.sentence(), question.model.about().label),
            Asked::Spend { query, is_roas } => {
                let by = query.dimensions.iter().map(sentence::dimension_words).collect();
                let what = if *is_roas { "Revenue for what was spent" } else { "Spend" };
                format!("{what} by {}{}, {}", sentence::list(by, "and"), sentence::filters(&query.filters), sentence::range(&query.range))
            }
            Asked::Goals => "The goals of the site".into(),
            Asked::Help => "What may be asked".into(),
            Asked::Mix(_) => "What the marketing mix says".into(),
        }
    }

    /// The page of the dashboard that shows the same, from its name on.
    pub fn page(&self, site: &Site) -> Option<String> {
        let text = |query: String| query.replacen("website_id=", "site=", 1);
        let view = |range: &Range, filters: &[Filter]| {
            let mut out = url::form_urlencoded::Serializer::new(String::new());
            out.append_pair("site", &site.website_id);
            out.append_pair("range", "custom");
            out.append_pair("from", &range.from.to_string());
            out.append_pair("to", &range.to.to_string());
            for filter in filters {
                match filter.line() {
                    Some(line) => out.append_pair("filter", &line),
                    None => out.append_pair("filters", &format!("[{}]", filter.json())),
                };
            }
            out
        };
        match self {
            Asked::Query(query) | Asked::Change { query, .. } | Asked::Values(_, query) | Asked::Moment { query, .. } => Some(page_of(query, &view)),
            Asked::Why(queries) => queries.first().map(|query| page_of(query, &view)),
            Asked::Funnel(funnel) => {
                let mut out = view(&funnel.range, &funnel.filters);
                for step in &funnel.steps {
                    if let Step::Goal(goal) = step {
                        out.append_pair("step", &format!("goal:{goal}"));
                    }
                }
                Some(format!("funnels?{}", out.finish()))
            }
            Asked::Cohorts(questions) => {
                let question = questions.first()?;
                let mut out = view(&question.range, &question.filters);
                if let cohort::Start::Goal(goal) = &question.start {
                    out.append_pair("goal", goal);
                }
                out.append_pair("by", &question.split.name());
                if question.what == cohort::What::Revenue {
                    out.append_pair("measure", "revenue");
                } else {
                    out.append_pair("unit", question.unit.name());
                }
                if question.predicts {
                    out.append_pair("predict", "true");
                }
                Some(format!("cohorts?{}", out.finish()))
            }
            Asked::Credit(_, question) | Asked::CostPerGoal(question) => Some(format!("attribution?range=custom&{}", text(question.query_string()))),
            Asked::Spend { .. } => None,
            Asked::Goals => Some(format!("analytics?site={}", site.website_id)),
            Asked::Help => None,
            Asked::Mix(_) => None,
        }
    }
}

/// The page that shows a query: of one goal its own, by a dimension the whole list, else the first page.
fn page_of(query: &Query, view: &dyn Fn(&Range, &[Filter]) -> url::form_urlencoded::Serializer<'static, String>) -> String {
    let mut filters = query.filters.clone();
    let list = query.dimensions.iter().find(|dimension| !dimension.is_time());
    let page = match (&*query.goals, list) {
        (_, Some(dimension)) => {
            if !query.goals.is_empty() {
                let goals: Arc<[String]> = query.goals.clone().into();
                filters.push(Filter::Fired(true, goals));
            }
            format!("by/{}", encoded(&dimension.name()))
        }
        ([goal], None) => format!("goals/{}", encoded(goal)),
        (goals, None) => {
            if !goals.is_empty() {
                filters.push(Filter::Fired(true, goals.to_vec().into()));
            }
            "analytics".into()
        }
    };
    let mut out = view(&query.range, &filters);
    if query.compare.is_some() {
        out.append_pair("compare", "before");
    }
    format!("{page}?{}", out.finish())
}

/// As a part of a path.
fn encoded(text: &str) -> String {
    let bytes = url::form_urlencoded::byte_serialize(text.as_bytes());
    bytes.collect::<String>().replace('+', "%20")
}

impl Statistic {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Statistic::Average => "Average of",
            Statistic::Sum => "Sum of",
            Statistic::Least => "Least",
            Statistic::Most => "Greatest",
            Statistic::Median => "Median of",
        }
    }
}
