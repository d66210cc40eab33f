//! What is asked, for people and programs: as the room's JSON, as a sentence, as the page of the dashboard that shows it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::plan::{Asked, ROWS};
use super::reading::Statistic;
use crate::account::Site;
use crate::cohort::question as cohort;
use crate::query::filter::Filter;
use crate::query::funnel::Step;
use crate::query::range::Range;
use crate::query::{Query, sentence};

impl Asked {
    /// The room that answers.
    pub fn room(&self) -> &'static str {
        match self {
            Asked::Query(_) | Asked::Change { .. } | Asked::Values(..) | Asked::Moment { .. } => {
                "query"
            }
            Asked::Why(_) => "explain",
            Asked::Funnel(_) => "funnel",
            Asked::Cohorts(_) => "cohorts",
            Asked::Credit(..) | Asked::CostPerGoal(_) => "attribution",
            Asked::Spend { .. } => "spend",
            Asked::Goals => "goals",
            Asked::Help => "help",
            Asked::Mix(..) => "mix",
        }
    }

    /// What is asked, as the room's own JSON.
    pub fn json(&self) -> Value {
        match self {
            Asked::Query(query)
            | Asked::Values(_, query)
            | Asked::Moment { query, .. }
            | Asked::Spend { query, .. } => query.json(),
            Asked::Change { query, limit, .. } => Query {
                limit: *limit,
                ..query.clone()
            }
            .json(),
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
            Asked::Goals | Asked::Help | Asked::Mix(..) => json!({}),
        }
    }

    /// The same in words.
    pub fn sentence(&self) -> String {
        match self {
            Asked::Query(query) => sentence::sentence(query),
            Asked::Change {
                query,
                ascending,
                limit,
            } => {
                let plain = sentence::sentence(&Query {
                    order: Vec::new(),
                    limit: ROWS,
                    ..query.clone()
                });
                let end = if *ascending {
                    "what fell most first"
                } else {
                    "what grew most first"
                };
                match *limit {
                    1 => format!("{plain}, {end}, the first row"),
                    ROWS => format!("{plain}, {end}"),
                    limit => format!("{plain}, {end}, the first {limit} rows"),
                }
            }
            Asked::Why(queries) => queries.first().map_or_else(String::new, |query| {
                let plain = Query {
                    dimensions: Vec::new(),
                    order: Vec::new(),
                    ..query.clone()
                };
                format!("{}: what the change is made of", sentence::sentence(&plain))
            }),
            Asked::Values(statistic, query) => {
                let (key, by) = match query.dimensions.split_last() {
                    Some((key, by)) => (sentence::dimension_words(key), by.to_vec()),
                    None => (String::new(), Vec::new()),
                };
                let plain = sentence::sentence(&Query {
                    dimensions: by,
                    order: Vec::new(),
                    limit: ROWS,
                    ..query.clone()
                });
                let rest = plain.strip_prefix("Fires").unwrap_or(&plain);
                let rest = if query.goals.is_empty() {
                    format!(" of all fires{rest}")
                } else {
                    rest.to_owned()
                };
                format!("{} {key}{rest}", statistic.words())
            }
            Asked::Moment { query, is_first } => {
                let goals = sentence::goals(&query.goals);
                format!(
                    "When {goals} fired {}{}",
                    if *is_first { "first" } else { "last" },
                    sentence::filters(&query.filters)
                )
            }
            Asked::Funnel(funnel) => funnel.sentence(),
            Asked::Cohorts(questions) => {
                let all: Vec<String> = questions.iter().map(cohort::Question::sentence).collect();
                all.join("; ")
            }
            Asked::Credit(models, question) => {
                let models = models
                    .iter()
                    .map(|model| model.about().label.to_owned())
                    .collect();
                format!(
                    "{}, by {}",
                    question.sentence(),
                    sentence::list(models, "and")
                )
            }
            Asked::CostPerGoal(question) => format!(
                "What a fire cost. {}, by {}",
                question.sentence(),
                question.model.about().label
            ),
            Asked::Spend { query, is_roas } => {
                let by = query
                    .dimensions
                    .iter()
                    .map(sentence::dimension_words)
                    .collect();
                let what = if *is_roas {
                    "Revenue for what was spent"
                } else {
                    "Spend"
                };
                format!(
                    "{what} by {}{}, {}",
                    sentence::list(by, "and"),
                    sentence::filters(&query.filters),
                    sentence::range(&query.range)
                )
            }
            Asked::Goals => "The goals of the site".into(),
            Asked::Help => "What may be asked".into(),
            Asked::Mix(..) => "What the marketing mix says".into(),
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
            Asked::Query(query)
            | Asked::Change { query, .. }
            | Asked::Values(_, query)
            | Asked::Moment { query, .. } => Some(page_of(query, &view)),
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
            Asked::Credit(_, question) | Asked::CostPerGoal(question) => Some(format!(
                "attribution?range=custom&{}",
                text(question.query_string())
            )),
            Asked::Spend { .. } => None,
            Asked::Goals => Some(format!("analytics?site={}", site.website_id)),
            Asked::Help => None,
            Asked::Mix(_, None) => Some(format!("mix?site={}", site.website_id)),
            Asked::Mix(_, Some(fitted)) => Some(format!("mix?{}", text(fitted.clone()))),
        }
    }
}

/// The page that shows a query: of one goal its own, by a dimension the whole list, else the first page.
fn page_of(
    query: &Query,
    view: &dyn Fn(&Range, &[Filter]) -> url::form_urlencoded::Serializer<'static, String>,
) -> String {
    let mut filters = query.filters.clone();
    let list = query
        .dimensions
        .iter()
        .find(|dimension| !dimension.is_time());
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
