//! Of what moves goals beside channels.

use super::{Answer, Api, Body, CSV, INTO, Kind, Parameter, TO, WEBSITE, asked, parameter, schema};

const FROM: Parameter = parameter("from", Kind::Day, "2026-11-01", "The first day");
const NAME: Parameter = parameter("name", Kind::Text, "Price", "Of this control only");

pub(in crate::http) const CONTROLS: Api = asked(&[WEBSITE, NAME, FROM, TO], schema::controls);
pub(in crate::http) const NEW_CONTROLS: Api = Api {
    parameters: &[INTO],
    body: Body::FileOrJson(
        CSV,
        schema::control_rows,
        r#"{"rows":[{"date":"2026-11-23","name":"Price","value":49.9}]}"#,
    ),
    answer: Answer::Data(200, schema::stored_spend),
};
pub(in crate::http) const DELETE_CONTROLS: Api = asked(
    &[
        INTO,
        parameter("name", Kind::Needed, "Price", "Which control"),
        FROM,
        TO,
    ],
    schema::gone_spend,
);
