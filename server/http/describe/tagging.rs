//! Of the tags of links.

use super::{Api, FROM, Kind, TO, WEBSITE, asked, parameter, schema};

pub(in crate::http) const TAGGING: Api = asked(&[WEBSITE, FROM, TO], schema::tagging);
pub(in crate::http) const TAGGED_LINK: Api = asked(
    &[
        WEBSITE,
        parameter(
            "url",
            Kind::Needed,
            "https://example.com/pricing",
            "The address of the page",
        ),
        parameter("source", Kind::Needed, "google", "Who sends people"),
        parameter("medium", Kind::Needed, "cpc", "How they are sent"),
        parameter("campaign", Kind::Text, "spring_sale", "Which campaign"),
        parameter("term", Kind::Text, "shoes", "Which search term"),
        parameter("content", Kind::Text, "banner_b", "Which ad or link"),
    ],
    schema::tagged_link,
);
