//! Of what channels cost.

use super::{
    Answer, Api, Body, CSV, FROM, INTO, Kind, Parameter, TO, WEBSITE, asked, parameter, schema,
};

const CHANNEL: Parameter = parameter("channel", Kind::Text, "Paid Search", "Of this channel only");

pub(in crate::http) const SPEND: Api = asked(&[WEBSITE, CHANNEL, FROM, TO], schema::spend);
pub(in crate::http) const NEW_SPEND: Api = Api {
    parameters: &[INTO],
    body: Body::FileOrJson(
        CSV,
        schema::spend_rows,
        r#"{"rows":[{"date":"2026-11-23","channel":"Paid Search","amount":120.5,"currency":"EUR","campaign":"spring"}]}"#,
    ),
    answer: Answer::Data(200, schema::stored_spend),
};
pub(in crate::http) const DELETE_SPEND: Api = asked(
    &[
        INTO,
        parameter("from", Kind::Needed, "2026-11-01", "The first day"),
        parameter("to", Kind::Needed, "2026-11-30", "The last day, too"),
        CHANNEL,
    ],
    schema::gone_spend,
);
