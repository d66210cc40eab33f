//! Of the marketing mix.

use super::{
    Answer, Api, Body, CSV, FROM, Kind, Parameter, TO, WEBSITE, asked, file, parameter, schema,
};

const OUTCOME: Parameter = parameter(
    "outcome",
    Kind::Text,
    "revenue",
    "What is explained: fires (where nothing is said), visitors or revenue",
);
const GOALS: Parameter = parameter(
    "goals",
    Kind::Each,
    "Trial Started",
    "Of this goal only; may stand several times",
);
const CURRENCY: Parameter = parameter(
    "currency",
    Kind::Text,
    "EUR",
    "Of spend and revenue; the one that most was spent in where none is named",
);
const GRAIN: Parameter = parameter("grain", Kind::Text, "day", "A number a day or a week");
const CHANNEL: Parameter = parameter(
    "channel",
    Kind::Each,
    "Paid Search",
    "A channel with spend; all that have some where none is named",
);
const ORGANIC: Parameter = parameter(
    "organic",
    Kind::Each,
    "Organic Search",
    "A channel that costs nothing and enters by its sessions",
);
const DRIVER: Parameter = parameter(
    "driver",
    Kind::Each,
    "Display:impressions",
    "What drives a channel instead of its spend: impressions or clicks",
);
const PRIOR: Parameter = parameter(
    "prior",
    Kind::Each,
    "Paid Search:2:0.5",
    "What is thought of a channel beforehand: the return on spend (of revenue) or the cost of one (of anything else), and the standard \
     deviation of its logarithm",
);
const MEASURED: Parameter = parameter(
    "measured",
    Kind::Each,
    "Paid Search:2.4:0.3",
    "What an experiment measured in the same, and its standard error",
);
const LIFT: Parameter = parameter(
    "lift",
    Kind::Each,
    "Paid Search:2026-03-02..2026-03-15:-1:-4000:900",
    "An experiment: days, the change of the channel's driver in parts of it, what the outcome changed by in all, its standard error",
);
const EVENT: Parameter = parameter(
    "event",
    Kind::Each,
    "Sale:2026-11-27..2026-11-30",
    "Something that happened on some days, with a strength behind it (:2.5) where it has one",
);
const CONTROL: Parameter = parameter(
    "control",
    Kind::Each,
    "Price",
    "A column of what was uploaded as controls, all of them where none is named; a value holds until the next, with :zero behind the name \
     for its day only",
);
const CONTROLS: Parameter = parameter(
    "controls",
    Kind::Text,
    "true",
    "Whether uploaded controls count",
);
const NOTES: Parameter = parameter(
    "notes",
    Kind::Text,
    "true",
    "Whether notes on days are events, too",
);
const FIT: Parameter = parameter("id", Kind::PathNumber, "1", "Which fit");

const QUESTION: &[Parameter] = &[
    WEBSITE, OUTCOME, GOALS, CURRENCY, GRAIN, CHANNEL, ORGANIC, DRIVER, PRIOR, MEASURED, LIFT,
    EVENT, CONTROL, CONTROLS, NOTES, FROM, TO,
];

pub(in crate::http) const MIX: Api = asked(QUESTION, schema::mix);
pub(in crate::http) const MIX_CSV: Api = file(QUESTION, CSV);
pub(in crate::http) const MIX_BUDGET: Api = asked(
    &[
        WEBSITE,
        OUTCOME,
        GOALS,
        CURRENCY,
        GRAIN,
        CHANNEL,
        ORGANIC,
        DRIVER,
        PRIOR,
        MEASURED,
        LIFT,
        EVENT,
        CONTROL,
        CONTROLS,
        NOTES,
        FROM,
        TO,
        parameter(
            "total",
            Kind::Text,
            "2500",
            "The budget a day or week; what is spent now where nothing is said",
        ),
        parameter(
            "target",
            Kind::Text,
            "6000",
            "What the channels should bring a day or week: the least budget that does",
        ),
        parameter(
            "bound",
            Kind::Each,
            "Paid Search:100:900",
            "The least and the most of a channel; from nothing to twice of now where nothing is said",
        ),
    ],
    schema::mix_budget,
);
pub(in crate::http) const MIX_FITS: Api = asked(&[WEBSITE], schema::mix_fits);
pub(in crate::http) const NEW_MIX_FIT: Api = Api {
    parameters: QUESTION,
    body: Body::Nothing,
    answer: Answer::Data(202, schema::asked_fit),
};
pub(in crate::http) const CANCEL_MIX_FIT: Api = asked(&[FIT, WEBSITE], schema::cancelled_fit);
