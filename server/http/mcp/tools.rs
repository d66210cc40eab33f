//! What agents may call, in one table: names, what each is for, and the schema of what it takes. Which words a figure, a
//! dimension or a model may be comes from the query's own tables.

use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::attribution::model::ALL;
use crate::attribution::question::BY;
use crate::query::dimension::NAMED;
use crate::query::metric::METRICS;

/// Rows that a call gives at most.
pub(super) const ROWS: usize = 1000;

fn metric(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = METRICS.iter().map(|(name, _)| *name).collect();
    json_schema!({ "type": "string", "enum": names })
}

fn metrics(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": metric(generator), "minItems": 1 })
}

fn dimensions(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = NAMED.iter().map(|(name, _)| *name).collect();
    json_schema!({ "type": "array", "maxItems": 3, "items": { "type": "string", "description": format!("One of {}, or metadata.KEY", names.join(", ")) } })
}

fn by(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = BY.iter().map(|(name, _)| *name).collect();
    json_schema!({ "type": "string", "enum": names })
}

fn model(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = ALL.iter().map(|about| about.name).collect();
    json_schema!({ "type": "string", "enum": names })
}

fn filters(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<_> = crate::query::filter::words()
        .map(|(name, _)| name)
        .collect();
    json_schema!({
        "type": "array", "items": { "type": "array", "items": { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "anyOf": [{ "type": "string" }, { "type": "array" }] } }] } },
        "description": format!("All must hold. Each is [operator, dimension, [value, …]] with one of {}; or [\"and\", […]], [\"or\", […]], [\"not\", …]", words.join(", ")),
        "examples": [[["is", "channel", ["Email"]]]],
    })
}

fn order(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "array", "items": { "type": "string" } }, "examples": [[["fires", "desc"]]] })
}

fn steps(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array", "minItems": 2, "maxItems": 8,
        "items": { "type": "object", "properties": { "goal": { "type": "string" }, "page": { "type": "string" } } },
        "description": "Two to eight, each {\"goal\": name} or {\"page\": \"/path*\"}",
    })
}

/// What every tool takes that is about days of a site. Empty means what is usual.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Days {
    /// The site's id; the workspace's first where it is empty
    pub(super) website_id: String,
    /// The first day, YYYY-MM-DD; 29 days before the last where it is empty
    pub(super) from: String,
    /// The last day; today where it is empty
    pub(super) to: String,
}

/// What figures are of.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Of {
    /// Of fires of these goals only; of everything where there are none
    pub(super) goals: Vec<String>,
    /// Split by these; the whole alone where there are none
    #[schemars(schema_with = "dimensions")]
    pub(super) dimensions: Vec<String>,
    #[schemars(schema_with = "filters")]
    pub(super) filters: Vec<Value>,
    #[serde(flatten)]
    pub(super) days: Days,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OfSite {
    /// The site's id; the workspace's first where it is empty
    pub(super) website_id: String,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Goals {
    /// The site's id; the workspace's first where it is empty
    pub(super) website_id: String,
    /// The "next" of an answer, for the rows that follow it
    pub(super) cursor: String,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// A question in English, such as "which channel drove the most Trial Started last week?"
    pub(super) question: String,
    /// The site's id; the workspace's first where it is empty
    #[serde(default)]
    pub(super) website_id: String,
    /// The "next" of an answer, for the rows that follow it
    #[serde(default)]
    pub(super) cursor: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Query {
    /// Which figures
    #[schemars(schema_with = "metrics")]
    pub(super) metrics: Vec<String>,
    #[serde(flatten)]
    pub(super) of: Of,
    /// Beside the figures of other days: their first
    #[serde(default)]
    pub(super) compare_from: String,
    /// And their last
    #[serde(default)]
    pub(super) compare_to: String,
    /// Pairs of a metric or dimension and asc or desc
    #[serde(default)]
    #[schemars(schema_with = "order")]
    pub(super) order: Vec<Value>,
    /// So many rows, at most 1000; 100 where it is 0
    #[serde(default)]
    pub(super) limit: usize,
    /// The "next" of an answer, for the rows that follow it
    #[serde(default)]
    pub(super) cursor: String,
}

/// Two ranges beside each other.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Compare {
    /// Which figure
    #[schemars(schema_with = "metric")]
    pub(super) metric: String,
    #[serde(flatten)]
    pub(super) of: Of,
    /// The first of the other days; as many right before where it is empty
    #[serde(default)]
    pub(super) compare_from: String,
    /// The last of them
    #[serde(default)]
    pub(super) compare_to: String,
    /// The "next" of an answer, for the rows that follow it
    #[serde(default)]
    pub(super) cursor: String,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Fires {
    /// Of these goals; of all, and page views, where there are none
    pub(super) goals: Vec<String>,
    #[schemars(schema_with = "filters")]
    pub(super) filters: Vec<Value>,
    #[serde(flatten)]
    pub(super) days: Days,
    /// So many, at most 1000; 100 where it is 0
    pub(super) limit: usize,
    /// The "next" of an answer, for those before it
    pub(super) before: String,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Cohort {
    /// People join with their first fire of this goal; with their first visit where it is empty
    pub(super) goal: String,
    /// Split by day, week or month of joining, or by a dimension such as channel; by week where it is empty
    pub(super) by: String,
    /// retention: who came back; revenue: what they brought
    #[schemars(extend("enum" = ["", "retention", "revenue"]))]
    pub(super) measure: String,
    /// Fires of these are returns; anything where there are none
    pub(super) returns: Vec<String>,
    /// What ages of retention are counted in
    #[schemars(extend("enum" = ["", "day", "week", "month"]))]
    pub(super) unit: String,
    /// Ages: periods of retention, or days of revenue
    pub(super) ages: Vec<u32>,
    /// Whether what isn't known yet is predicted
    pub(super) predict: bool,
    #[schemars(schema_with = "filters")]
    pub(super) filters: Vec<Value>,
    #[serde(flatten)]
    pub(super) days: Days,
    /// The "next" of an answer, for the rows that follow it
    pub(super) cursor: String,
}

fn usual_by() -> String {
    "channel".into()
}

fn usual_model() -> String {
    "last".into()
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Attribution {
    /// Fires of these are the conversions
    pub(super) goals: Vec<String>,
    /// Shared among these
    #[serde(default = "usual_by")]
    #[schemars(schema_with = "by")]
    pub(super) by: String,
    /// By which model
    #[serde(default = "usual_model")]
    #[schemars(schema_with = "model")]
    pub(super) model: String,
    /// Visits of so many days before count; 30 where it is 0
    #[serde(default)]
    pub(super) window_days: u32,
    /// Days in which a visit loses half its weight, for time decay; 7 where it is 0
    #[serde(default)]
    pub(super) half_life_days: u32,
    #[serde(default)]
    #[schemars(schema_with = "filters")]
    pub(super) filters: Vec<Value>,
    #[serde(flatten)]
    pub(super) days: Days,
    /// The "next" of an answer, for the rows that follow it
    #[serde(default)]
    pub(super) cursor: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Funnel {
    #[schemars(schema_with = "steps")]
    pub(super) steps: Vec<Value>,
    /// Minutes from the first step in which the others must follow; 30 days where it is 0
    #[serde(default)]
    pub(super) window_minutes: u64,
    #[serde(default)]
    #[schemars(schema_with = "filters")]
    pub(super) filters: Vec<Value>,
    #[serde(flatten)]
    pub(super) days: Days,
}

/// A tool: its name, what it is called, what it is for, and what it takes.
type Row = (&'static str, &'static str, &'static str, fn() -> Schema);

const TOOLS: [Row; 12] = [
    (
        "list_goals",
        "List goals",
        "The goals of a site, with fires and visitors of the last 90 days. Call it first: every other tool wants goals by these exact names.",
        || schemars::schema_for!(Goals),
    ),
    (
        "query",
        "Query figures",
        "Exact figures: fires, visitors, conversion rate, revenue and more, of goals, split by dimensions, filtered, beside other days.",
        || schemars::schema_for!(Query),
    ),
    (
        "ask",
        "Ask in words",
        "Answers a question in plain English and says what it was read as. It may answer with choices, or say that it can't: then no figure is known.",
        || schemars::schema_for!(Ask),
    ),
    (
        "fires",
        "Single fires",
        "Single fires of goals, latest first, with page, channel, visitor and metadata.",
        || schemars::schema_for!(Fires),
    ),
    (
        "cohort",
        "Cohorts",
        "People who joined alike: who came back (retention), or what they brought (revenue, lifetime value).",
        || schemars::schema_for!(Cohort),
    ),
    (
        "attribution",
        "Attribution",
        "Which visits earned the fires of a goal, by one of eleven models.",
        || schemars::schema_for!(Attribution),
    ),
    (
        "mix",
        "Marketing mix",
        "What the spend of channels brought, by the latest fit of the marketing mix: contributions, return and marginal return on spend with intervals of 94 %, saturation, and the best split of what is spent now. Observational: no experiment.",
        || schemars::schema_for!(OfSite),
    ),
    (
        "funnel",
        "Funnel",
        "How many visitors get to each step, and how long they take.",
        || schemars::schema_for!(Funnel),
    ),
    (
        "compare",
        "Compare days",
        "A figure beside that of other days, with the change, also split; what changed most comes first.",
        || schemars::schema_for!(Compare),
    ),
    (
        "explain_change",
        "Explain a change",
        "Which channel, source, campaign, country, device or entry page most of a change is made of, with its share. Arithmetic, no cause.",
        || schemars::schema_for!(Compare),
    ),
    (
        "get_install_snippet",
        "Install snippet",
        "The line that goes into a site's pages so that it counts.",
        || schemars::schema_for!(OfSite),
    ),
    (
        "whoami",
        "Who am I",
        "Which key calls, and which sites it sees.",
        || schemars::schema_for!(Nothing),
    ),
];

fn object(schema: Schema) -> Map<String, Value> {
    let mut value = schema.to_value();
    if let Value::Object(object) = &mut value {
        object.remove("title");
        object.remove("description");
    }
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// What every tool gives: a sentence, and beside it what it is of.
fn output() -> Map<String, Value> {
    let schema = json!({
        "type": "object",
        "properties": {
            "sentence": { "type": "string", "description": "What the answer is of" },
            "answer": { "type": "string", "description": "The answer in a sentence" },
            "kind": { "type": "string", "description": "answer, choose or refuse" },
            "read_by": { "type": "string", "description": "Of a question: grammar, or model where a language model read it, so that the sentence has to be checked" },
            "rows": { "type": "array", "items": { "type": "object" } },
            "next": { "anyOf": [{ "type": "string" }, { "type": "null" }], "description": "Where there are more rows: the cursor of a call for those" },
        },
        "required": ["answer"],
    });
    match schema {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// All of them, each of which only reads.
pub(super) fn all() -> Vec<Tool> {
    let reads = |title: &str| {
        ToolAnnotations::with_title(title)
            .read_only(true)
            .destructive(false)
            .idempotent(true)
            .open_world(false)
    };
    let tool = |(name, title, words, schema): &Row| {
        Tool::new(*name, *words, Arc::new(object(schema())))
            .with_title(*title)
            .with_raw_output_schema(Arc::new(output()))
            .with_annotations(reads(title))
    };
    TOOLS.iter().map(tool).collect()
}

/// Their names.
pub(super) fn names() -> String {
    TOOLS
        .iter()
        .map(|(name, ..)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}
