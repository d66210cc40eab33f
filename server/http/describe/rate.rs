//! Of what currencies are worth.

use super::{Answer, Api, Body, CSV, Kind, Parameter, TO, asked, parameter, schema};

const FROM: Parameter = parameter("from", Kind::Day, "2026-11-01", "The first day");
const CURRENCY: Parameter = parameter(
    "currency",
    Kind::Text,
    "EUR",
    "What one unit of this currency is worth only",
);
const INTO: Parameter = parameter("into", Kind::Text, "USD", "In this currency only");

pub(in crate::http) const RATES: Api = asked(&[FROM, TO, CURRENCY, INTO], schema::rates);
pub(in crate::http) const NEW_RATES: Api = Api {
    parameters: &[],
    body: Body::FileOrJson(
        CSV,
        schema::rate_rows,
        r#"{"rows":[{"date":"2026-11-23","from":"EUR","to":"USD","rate":1.0837}]}"#,
    ),
    answer: Answer::Data(200, schema::stored_rates),
};
pub(in crate::http) const DELETE_RATES: Api =
    asked(&[FROM, TO, CURRENCY, INTO], schema::gone_rates);
