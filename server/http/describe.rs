//! What programs need to know of each route of the API beside what its row in the table says: what it takes and gives.

mod ask;
mod control;
mod experiment;
mod mix;
mod people;
mod rate;
mod spend;
mod tagging;

use serde_json::Value;

use super::schema;
pub(super) use ask::{ASK_BODY, ASK_IN_ADDRESS};
pub(super) use control::{CONTROLS, DELETE_CONTROLS, NEW_CONTROLS};
pub(super) use experiment::EXPERIMENTS;
pub(super) use mix::{CANCEL_MIX_FIT, MIX, MIX_BUDGET, MIX_CSV, MIX_FITS, NEW_MIX_FIT};
pub(super) use people::{ATTRIBUTION, COHORT_PEOPLE, COHORTS, COHORTS_CSV, CONVERSIONS};
pub(super) use rate::{DELETE_RATES, NEW_RATES, RATES};
pub(super) use spend::{DELETE_SPEND, NEW_SPEND, SPEND};
pub(super) use tagging::{TAGGED_LINK, TAGGING};

/// What a route takes and gives.
#[derive(Debug)]
pub struct Api {
    /// What stands in the path and behind the `?`.
    pub parameters: &'static [Parameter],
    /// What is sent.
    pub body: Body,
    /// What comes back.
    pub answer: Answer,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// What it means, in a line.
    pub words: &'static str,
    /// One that would do.
    pub example: &'static str,
}

/// How a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A part of the path.
    Path,
    /// A part of the path that is a number.
    PathNumber,
    /// Text.
    Text,
    /// Text that has to be there.
    Needed,
    /// Text, as often as there is some.
    Each,
    /// A day.
    Day,
    /// A whole number from 1 to this.
    Number(u32),
}

/// What is sent.
#[derive(Debug)]
pub enum Body {
    /// Nothing.
    Nothing,
    /// JSON of this schema, and one that would do.
    Json(fn() -> Value, &'static str),
    /// A file of this media type.
    File(&'static str),
    /// A file of this media type, or JSON of this schema, and one that would do.
    FileOrJson(&'static str, fn() -> Value, &'static str),
}

/// What comes back.
#[derive(Debug)]
pub enum Answer {
    /// An envelope around data of this schema, with this status.
    Data(u16, fn() -> Value),
    /// Events: each may be stored, or left on purpose.
    Taken,
    /// A file of this media type.
    File(&'static str),
    /// Nothing.
    Nothing,
}

const fn parameter(
    name: &'static str,
    kind: Kind,
    example: &'static str,
    words: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind,
        words,
        example,
    }
}

const WEBSITE: Parameter = parameter(
    "website_id",
    Kind::Text,
    "admx_7f3k",
    "Which site; the workspace's first where none is named",
);
const INTO: Parameter = parameter(
    "website_id",
    Kind::Needed,
    "admx_7f3k",
    "The site to store into",
);
const SITE: Parameter = parameter("website_id", Kind::Path, "admx_7f3k", "Which site");
const FROM: Parameter = parameter(
    "from",
    Kind::Day,
    "2026-11-01",
    "The first day, in the site's zone",
);
const TO: Parameter = parameter("to", Kind::Day, "2026-11-30", "The last day, too");
const METRICS: Parameter = parameter(
    "metrics",
    Kind::Needed,
    "fires,visitors",
    "Which figures, commas between them",
);
const GOALS: Parameter = parameter(
    "goals",
    Kind::Each,
    "Trial Started",
    "Fires of this goal only; may stand several times",
);
const DIMENSIONS: Parameter = parameter(
    "dimensions",
    Kind::Text,
    "channel",
    "Split by up to three, commas between them",
);
const CONVERTED: Parameter = parameter(
    "goals",
    Kind::Needed,
    "Trial Started",
    "Fires of this goal are the conversions; may stand several times",
);
const CONVERT: Parameter = parameter(
    "convert",
    Kind::Text,
    "true",
    "Whether money becomes the site's currency by uploaded rates: true or false",
);
const FILTER: Parameter = parameter(
    "filter",
    Kind::Each,
    "is:source:Google",
    "A filter on a line: operator:dimension:value|value; may stand several times",
);
const FILTERS: Parameter = parameter(
    "filters",
    Kind::Text,
    "[[\"is\",\"source\",[\"Google\"]]]",
    "Filters as a JSON list",
);
const COMPARE_FROM: Parameter = parameter(
    "compare_from",
    Kind::Day,
    "2026-10-01",
    "The first day of a range beside",
);
const COMPARE_TO: Parameter =
    parameter("compare_to", Kind::Day, "2026-10-31", "The last day of it");
const ORDER: Parameter = parameter(
    "order",
    Kind::Text,
    "fires:desc",
    "What rows are ordered by, commas between them",
);
const LIMIT: Parameter = parameter("limit", Kind::Number(10_000), "100", "How many rows");
const CURSOR: Parameter = parameter(
    "cursor",
    Kind::Text,
    "100.5f2a9c01d4e6",
    "The \"next\" of an answer to the same query",
);
const STEP: Parameter = parameter(
    "step",
    Kind::Each,
    "page:/pricing*",
    "A step, page:/path* or goal:Name; two to eight of them",
);
const WINDOW: Parameter = parameter(
    "window_minutes",
    Kind::Number(129_600),
    "43200",
    "How long visitors may take",
);
const EVENTS: Parameter = parameter("limit", Kind::Number(1000), "100", "How many events");
const BEFORE: Parameter = parameter(
    "before",
    Kind::Text,
    "1795521600000.42",
    "The \"next\" of an answer",
);
const NUMBER: Parameter = parameter(
    "number",
    Kind::PathNumber,
    "7",
    "The visitor, as single events name them",
);
const GOAL: Parameter = parameter("id", Kind::PathNumber, "1", "Which goal");
const WEBHOOK: Parameter = parameter("id", Kind::PathNumber, "1", "Which webhook");
const REPORT: Parameter = parameter("id", Kind::PathNumber, "1", "Which report");
const KEY: Parameter = parameter("id", Kind::PathNumber, "2", "Which key");

const QUERY: &[Parameter] = &[
    WEBSITE,
    METRICS,
    GOALS,
    DIMENSIONS,
    FILTER,
    FILTERS,
    FROM,
    TO,
    COMPARE_FROM,
    COMPARE_TO,
    ORDER,
    LIMIT,
    CURSOR,
];
const CHOSEN: &[Parameter] = &[WEBSITE, GOALS, FILTER, FILTERS, FROM, TO];

const fn asked(parameters: &'static [Parameter], data: fn() -> Value) -> Api {
    Api {
        parameters,
        body: Body::Nothing,
        answer: Answer::Data(200, data),
    }
}

/// Some parameters, and those of another route.
const fn with<const FIRST: usize, const ALL: usize>(
    first: [Parameter; FIRST],
    others: &[Parameter],
) -> [Parameter; ALL] {
    let mut all = [WEBSITE; ALL];
    let mut place = 0;
    while place < ALL {
        all[place] = match place < FIRST {
            true => first[place],
            false => others[place - FIRST],
        };
        place += 1;
    }
    all
}

const fn file(parameters: &'static [Parameter], media_type: &'static str) -> Api {
    Api {
        parameters,
        body: Body::Nothing,
        answer: Answer::File(media_type),
    }
}

const fn sent(
    parameters: &'static [Parameter],
    body: fn() -> Value,
    example: &'static str,
    status: u16,
    data: fn() -> Value,
) -> Api {
    Api {
        parameters,
        body: Body::Json(body, example),
        answer: Answer::Data(status, data),
    }
}

const fn brought(media_type: &'static str) -> Api {
    Api {
        parameters: &[INTO],
        body: Body::File(media_type),
        answer: Answer::Data(200, schema::report),
    }
}

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";

pub(super) const OPENAPI: Api = file(&[], "application/json");
pub(super) const SEND: Api = Api {
    parameters: &[],
    body: Body::Json(
        schema::events,
        r#"{"name":"Subscription Paid","user_id":"customer-42","metadata":{"value":49,"currency":"EUR"}}"#,
    ),
    answer: Answer::Taken,
};
pub(super) const PREFLIGHT: Api = Api {
    parameters: &[],
    body: Body::Nothing,
    answer: Answer::Nothing,
};
pub(super) const GOALS_BY_DAY: Api = asked(&[WEBSITE, FROM, TO], schema::goals);
pub(super) const QUERY_IN_ADDRESS: Api = asked(QUERY, schema::rows);
pub(super) const QUERY_CSV: Api = file(QUERY, CSV);
pub(super) const QUERY_BODY: Api = sent(
    &[],
    schema::query_body,
    r#"{"metrics":["fires","visitors"],"dimensions":["channel"],"filters":[["is","country",["DE"]]]}"#,
    200,
    schema::rows,
);
pub(super) const FUNNEL_IN_ADDRESS: Api = asked(
    &[WEBSITE, STEP, WINDOW, FILTER, FILTERS, FROM, TO],
    schema::steps,
);
pub(super) const FUNNEL_BODY: Api = sent(
    &[],
    schema::funnel_body,
    r#"{"steps":[{"page":"/pricing*"},{"goal":"Trial Started"}]}"#,
    200,
    schema::steps,
);
pub(super) const FIRES: Api = asked(
    &[WEBSITE, GOALS, FILTER, FILTERS, FROM, TO, EVENTS, BEFORE],
    schema::fires,
);
pub(super) const VISITOR: Api = asked(&[NUMBER, WEBSITE, EVENTS, BEFORE], schema::visitor);
pub(super) const LIVE: Api = asked(&[WEBSITE], schema::live);
pub(super) const METADATA_KEYS: Api = asked(CHOSEN, schema::metadata_keys);
pub(super) const EXPORT_CSV: Api = file(CHOSEN, CSV);
pub(super) const EXPORT_NDJSON: Api = file(CHOSEN, NDJSON);
pub(super) const IMPORT_CSV: Api = brought(CSV);
pub(super) const IMPORT_NDJSON: Api = brought(NDJSON);
pub(super) const ME: Api = asked(&[], schema::me);
pub(super) const SITES: Api = asked(&[], schema::sites);
pub(super) const ADD_SITE: Api = sent(
    &[],
    schema::new_site,
    r#"{"domain":"example.com","timezone":"Europe/Berlin"}"#,
    201,
    schema::one_site,
);
pub(super) const CHANGE_SITE: Api = sent(
    &[SITE],
    schema::site_change,
    r#"{"name":"Shop","currency":"EUR","keep_days":365}"#,
    200,
    schema::one_site,
);
pub(super) const DELETE_SITE: Api = asked(&[SITE], schema::gone_site);
pub(super) const KEYS: Api = asked(&[], schema::keys);
pub(super) const NEW_KEY: Api = sent(
    &[],
    schema::new_key,
    r#"{"name":"backend","scopes":["event:write"]}"#,
    201,
    schema::made_key,
);
pub(super) const REVOKE_KEY: Api = asked(&[KEY], schema::revoked_key);
pub(super) const MEMBERS: Api = asked(&[], schema::members);

pub(super) const SET_GOALS: Api = asked(&[WEBSITE], schema::set_goals);
pub(super) const SET_GOAL: Api = sent(
    &[],
    schema::new_goal,
    r#"{"name":"Signed up","names":["Signup","Sign Up"],"value":{"amount":20,"currency":"EUR"}}"#,
    201,
    schema::one_goal,
);
pub(super) const CHANGE_GOAL: Api = sent(
    &[GOAL],
    schema::goal_change,
    r#"{"description":"Whoever finished the form"}"#,
    200,
    schema::one_goal,
);
pub(super) const UNSET_GOAL: Api = asked(&[GOAL], schema::gone);
pub(super) const WEBHOOKS: Api = asked(&[], schema::webhooks);
pub(super) const NEW_WEBHOOK: Api = sent(
    &[],
    schema::new_webhook,
    r#"{"url":"https://example.com/hook","goal":"Trial Started"}"#,
    201,
    schema::one_webhook,
);
pub(super) const DELETE_WEBHOOK: Api = asked(&[WEBHOOK], schema::gone);
pub(super) const STRIPE: Api = sent(
    &[SITE],
    schema::provider_event,
    r#"{"id":"evt_1","object":"event","type":"invoice.paid","created":1763990000,"data":{"object":{"id":"in_1","object":"invoice","customer":"cus_1","amount_paid":4990,"currency":"eur"}}}"#,
    200,
    schema::taken_payment,
);
pub(super) const PADDLE: Api = sent(
    &[SITE],
    schema::provider_event,
    r#"{"event_id":"evt_1","event_type":"subscription.canceled","occurred_at":"2026-11-24T10:30:00Z","data":{"id":"sub_1","customer_id":"ctm_1"}}"#,
    200,
    schema::taken_payment,
);
pub(super) const PAYMENTS: Api = asked(&[SITE], schema::payments);
pub(super) const CHANGE_PAYMENTS: Api = sent(
    &[SITE],
    schema::payment_secrets,
    r#"{"stripe_secret":"whsec_0123456789abcdef"}"#,
    200,
    schema::payments,
);
pub(super) const REPORTS: Api = asked(&[], schema::reports);
pub(super) const NEW_REPORT: Api = sent(
    &[],
    schema::new_report,
    r#"{"email":"me@example.com","every":"week"}"#,
    201,
    schema::one_report,
);
pub(super) const DELETE_REPORT: Api = asked(&[REPORT], schema::gone);
