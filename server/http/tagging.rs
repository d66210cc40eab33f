//! Tagging: whether links say rightly what brings people, for programs and as a page.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Access, Person};
use super::analytics::{again, asked, look, parameter};
use super::api::reading;
use super::extract::Asked;
use super::page::{NoPage, page};
use super::reply::{Data, Error};
use super::{App, auth};
use crate::pages::analytics::tagging::{Built, Tagging};
use crate::query::range::Range;
use crate::tagging::check::{Finding, Problem, Tags};
use crate::tagging::link::{Link, Wanted, link};
use crate::tagging::report;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfDays {
    website_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

fn tags(tags: &Tags) -> Value {
    json!({ "source": tags.source, "medium": tags.medium, "campaign": tags.campaign, "channel": tags.channel() })
}

/// `GET /api/v1/tagging`
pub(super) async fn tagging(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfDays>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let (from, to) = (asked.from.as_deref(), asked.to.as_deref());
    let range = Range::parse(from, to, &site.zone, app.clock.now())
        .map_err(|error| Error::field(error.to_string()))?;
    let (of, days) = (site.clone(), range.clone());
    let found = reading(move || report(&app.store, &of, &days)).await?;
    let finding = |finding: &Finding| {
        let about = finding.problem.about();
        json!({
            "problem": about.code,
            "message": about.title,
            "advice": about.advice,
            "source": finding.tags.source,
            "medium": finding.tags.medium,
            "campaign": finding.tags.campaign,
            "click_id": Some(&finding.click).filter(|click| !click.is_empty()),
            "sessions": finding.sessions,
            "channel": finding.channel,
            "better": finding.better.as_ref().map(tags),
        })
    };
    Ok(Data::new(
        StatusCode::OK,
        &json!({
            "website_id": site.website_id,
            "range": { "from": range.from.to_string(), "to": range.to.to_string() },
            "sessions": found.sessions,
            "wrong": found.wrong,
            "findings": found.findings.iter().map(finding).collect::<Vec<_>>(),
        }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToBuild {
    website_id: Option<String>,
    url: Option<String>,
    source: Option<String>,
    medium: Option<String>,
    campaign: Option<String>,
    term: Option<String>,
    content: Option<String>,
}

/// `GET /api/v1/tagging/link`
pub(super) async fn build(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<ToBuild>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let wanted = Wanted {
        url: asked.url.unwrap_or_default(),
        tags: Tags {
            source: asked.source.unwrap_or_default(),
            medium: asked.medium.unwrap_or_default(),
            campaign: asked.campaign.unwrap_or_default(),
        },
        term: asked.term.unwrap_or_default(),
        content: asked.content.unwrap_or_default(),
    };
    let Link {
        url,
        channel,
        problems,
    } = link(&wanted, |host| site.is_host(host)).map_err(Error::field)?;
    let problem = |(problem, better): &(Problem, Option<Tags>)| {
        let about = problem.about();
        let better = better.as_ref().map(tags);
        json!({ "problem": about.code, "message": about.title, "advice": about.advice, "better": better })
    };
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "url": url, "channel": channel, "problems": problems.iter().map(problem).collect::<Vec<_>>() }),
    ))
}

/// What the page is asked for beside the view: the link to be.
const ASKED: [&str; 6] = ["url", "source", "medium", "campaign", "term", "content"];

/// `GET /dashboard/tagging`
pub(super) async fn tagging_page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let mut frame = look(&app, &user, &query, "tagging".into())?;
    // Tags are looked at as they came, whoever came.
    frame.view.filters.clear();
    frame.asked = again(&asked(&query, &ASKED));
    let part = |name: &str| parameter(&query, name).unwrap_or_default();
    let wanted = Wanted {
        url: part("url"),
        tags: Tags {
            source: part("source"),
            medium: part("medium"),
            campaign: part("campaign"),
        },
        term: part("term"),
        content: part("content"),
    };
    let site = frame.site.clone();
    let built = parameter(&query, "url").map(|_| link(&wanted, |host| site.is_host(host)));
    let range = frame.range.clone();
    let found = reading(move || report(&app.store, &site, &range)).await?;
    let built = Built { wanted, built };
    page(StatusCode::OK, &Tagging::new(frame, &found, built))
}
