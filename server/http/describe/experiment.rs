//! Of experiments.

use super::{Api, CONVERT, CONVERTED, FROM, Kind, TO, WEBSITE, asked, parameter, schema};

pub(in crate::http) const EXPERIMENTS: Api = asked(
    &[
        WEBSITE,
        CONVERTED,
        parameter(
            "experiment",
            Kind::Text,
            "Checkout",
            "Which experiment; the one that fired most often where none is named",
        ),
        parameter(
            "control",
            Kind::Text,
            "A",
            "The variant that the others are compared with; the first by name where none is named",
        ),
        parameter(
            "experiment_key",
            Kind::Text,
            "experiment",
            "The key of metadata that says which experiment",
        ),
        parameter(
            "variant_key",
            Kind::Text,
            "variant",
            "The key of metadata that says which variant",
        ),
        parameter(
            "weight",
            Kind::Each,
            "A:1",
            "How people are given out: a variant, a colon and its part; equally where nothing is said",
        ),
        CONVERT,
        FROM,
        TO,
    ],
    schema::experiment,
);
