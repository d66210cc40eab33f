//! Of questions in plain words.

use super::{Api, Kind, WEBSITE, asked, parameter, schema, sent};

pub(in crate::http) const ASK_IN_ADDRESS: Api = asked(
    &[
        WEBSITE,
        parameter(
            "question",
            Kind::Needed,
            "Trial Started by channel last week",
            "A question in English, of at most 600 bytes",
        ),
    ],
    schema::answer,
);
pub(in crate::http) const ASK_BODY: Api = sent(
    &[],
    schema::question,
    r#"{"question":"which channel drove the most Trial Started last week?"}"#,
    200,
    schema::answer,
);
