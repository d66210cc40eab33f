//! Attribution and cohorts.

use super::{
    Api, CONVERT, CONVERTED, CSV, EVENTS, FILTER, FILTERS, FROM, Kind, Parameter, TO, WEBSITE,
    asked, file, parameter, with,
};
use crate::http::schema;

const ATTRIBUTED_BY: Parameter = parameter(
    "by",
    Kind::Text,
    "channel",
    "Shared among these: channel, source, medium, campaign, referrer or entry_page",
);
const MODEL: Parameter = parameter(
    "model",
    Kind::Text,
    "last",
    "By whose credits rows are ordered, and conversions counted",
);
const WINDOW_DAYS: Parameter = parameter(
    "window_days",
    Kind::Number(90),
    "30",
    "Days before a conversion in which visits count",
);
const HALF_LIFE: Parameter = parameter(
    "half_life_days",
    Kind::Number(90),
    "7",
    "Of the time decay model",
);
const ORDER_OF_CHAIN: Parameter = parameter(
    "markov_order",
    Kind::Number(3),
    "1",
    "How many visits the Markov chain remembers",
);
const NULL_JOURNEYS: Parameter = parameter(
    "null_journeys",
    Kind::Text,
    "true",
    "Whether the Markov chain knows of those who didn't convert: true or false",
);
const LEAD_GOAL: Parameter = parameter(
    "lead_goal",
    Kind::Text,
    "Signed up",
    "The goal that makes a lead, for the W-shaped model",
);
const ATTRIBUTED: &[Parameter] = &[
    WEBSITE,
    CONVERTED,
    ATTRIBUTED_BY,
    MODEL,
    WINDOW_DAYS,
    HALF_LIFE,
    ORDER_OF_CHAIN,
    NULL_JOURNEYS,
    LEAD_GOAL,
    CONVERT,
    FILTER,
    FILTERS,
    FROM,
    TO,
];
const JOINS_WITH: Parameter = parameter(
    "goal",
    Kind::Text,
    "Trial Started",
    "People join with their first fire of this goal; with their first visit where none is named",
);
const COHORT_BY: Parameter = parameter(
    "by",
    Kind::Text,
    "week",
    "Split by day, week or month of joining, by a dimension such as channel or metadata.KEY, or by fired",
);
const MEASURE: Parameter = parameter(
    "measure",
    Kind::Text,
    "retention",
    "retention: who came back; revenue: what they brought",
);
const RETURNS: Parameter = parameter(
    "returns",
    Kind::Each,
    "App Opened",
    "Fires of this goal are returns; anything where none is named; may stand several times",
);
const UNIT: Parameter = parameter(
    "unit",
    Kind::Text,
    "week",
    "Ages of retention: day, week or month",
);
const AGES: Parameter = parameter(
    "ages",
    Kind::Text,
    "0,1,2,3,4-8",
    "Which ages, commas between them: periods, runs of them as 4-8, or days of revenue",
);
const RETENTION_KIND: Parameter = parameter(
    "kind",
    Kind::Text,
    "on",
    "on: at that age; on_or_after: then or later",
);
const WINDOWS: Parameter = parameter(
    "windows",
    Kind::Text,
    "calendar",
    "calendar: days, weeks and months of the site's zone; rolling: 24 hours, 7 or 30 times that",
);
const FIRED: Parameter = parameter(
    "fired",
    Kind::Text,
    "Demo Booked",
    "Two cohorts: who fired this goal after joining, and who didn't",
);
const OF_COHORTS: &[Parameter] = &[
    WEBSITE,
    JOINS_WITH,
    parameter(
        "start",
        Kind::Text,
        "visit",
        "What people join with: visit, goal, or match for the first of what passes the filters",
    ),
    COHORT_BY,
    MEASURE,
    RETURNS,
    UNIT,
    AGES,
    RETENTION_KIND,
    WINDOWS,
    FIRED,
    parameter(
        "currency",
        Kind::Text,
        "EUR",
        "Of revenue: the site's own where it was paid in, else the one paid in most often",
    ),
    parameter(
        "predict",
        Kind::Text,
        "false",
        "true: what blank cells may become",
    ),
    FILTER,
    FILTERS,
    FROM,
    TO,
];
pub(in crate::http) const ATTRIBUTION: Api = asked(ATTRIBUTED, schema::attribution);
pub(in crate::http) const CONVERSIONS: Api = asked(&OF_CONVERSIONS, schema::conversions);
const OF_CONVERSIONS: [Parameter; ATTRIBUTED.len() + 2] = with(
    [
        parameter(
            "of",
            Kind::Needed,
            "value:Email",
            "Of which row: value: and its value, none, other or no_visit",
        ),
        EVENTS,
    ],
    ATTRIBUTED,
);
pub(in crate::http) const COHORTS: Api = asked(OF_COHORTS, schema::cohorts);
pub(in crate::http) const COHORTS_CSV: Api = file(OF_COHORTS, CSV);
pub(in crate::http) const COHORT_PEOPLE: Api = asked(&OF_PEOPLE, schema::cohort_people);
const OF_PEOPLE: [Parameter; OF_COHORTS.len() + 3] = with(
    [
        parameter(
            "of",
            Kind::Text,
            "all",
            "Of which cohort: its first day, value: and its value, none, fired, not_fired, other or all",
        ),
        parameter("age", Kind::Text, "1", "At which of the ages"),
        EVENTS,
    ],
    OF_COHORTS,
);
