//! What a site has as a file: its events, streamed a line an event, and the rows of a query.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio_stream::wrappers::ReceiverStream;
use url::form_urlencoded;

use super::access::Access;
use super::api::reading;
use super::reply::Error;
use super::{App, auth};
use crate::query::answer::{Answer, Figure, answer};
use crate::query::dimension::Dimension;
use crate::query::events::Sent;
use crate::query::metric::Metric;
use crate::query::{Query, fires, read};
use crate::store::event::Money;
use crate::transfer::line::{Format, csv_record};

/// Bytes of lines that are gathered before they are sent.
const CHUNK: usize = 32 * 1024;

/// `GET /api/v1/export/events.ndjson`
pub(super) async fn ndjson(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(asked): RawQuery,
) -> Result<Response, Error> {
    events(app, access, &asked.unwrap_or_default(), Format::Ndjson).await
}

/// `GET /api/v1/export/events.csv`
pub(super) async fn csv(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(asked): RawQuery,
) -> Result<Response, Error> {
    events(app, access, &asked.unwrap_or_default(), Format::Csv).await
}

/// In the order they were stored. Memory doesn't grow with the site, but for few bits an event that say which are meant.
async fn events(
    app: Arc<App>,
    access: Access,
    asked: &str,
    format: Format,
) -> Result<Response, Error> {
    let sent = Sent::query_string(asked).map_err(Error::field)?;
    let site = auth::site(&app, access.workspace, sent.website_id.as_deref())?;
    let asked = sent.read_all(&site, app.clock.now());
    let query = asked.map_err(Error::field)?.query;
    let store = app.store.clone();
    let ids = reading(move || fires::numbers(&store, &query)).await?;
    let (lines, stream) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    tokio::task::spawn_blocking(move || {
        let mut chunk = format.header().into_bytes();
        let read = app.store.each_whole(site.id, &ids, |event| {
            chunk.extend_from_slice(&format.line(&event));
            chunk.len() < CHUNK
                || lines
                    .blocking_send(Ok(Bytes::from(std::mem::take(&mut chunk))))
                    .is_ok()
        });
        // A stream that breaks off is seen by the client; one that ends early would pass for the whole.
        let _ = lines.blocking_send(
            read.map(|()| Bytes::from(chunk))
                .map_err(std::io::Error::other),
        );
    });
    let body = Body::from_stream(ReceiverStream::new(stream));
    Ok((kind(format), body).into_response())
}

fn kind(format: Format) -> [(header::HeaderName, HeaderValue); 1] {
    let kind = HeaderValue::from_static(format.media_type());
    [(header::CONTENT_TYPE, kind)]
}

/// `GET /api/v1/query.csv`: as many rows as there may be where no limit is given. Where there are more, the header
/// `Link` has the address of the next ones.
pub(super) async fn query(
    State(app): State<Arc<App>>,
    access: Access,
    RawQuery(asked): RawQuery,
) -> Result<Response, Error> {
    let asked = asked.unwrap_or_default();
    let sent = read::Sent::query_string(&asked).map_err(Error::field)?;
    let site = auth::site(&app, access.workspace, sent.website_id.as_deref())?;
    let mut query = sent.read(&site, app.clock.now()).map_err(Error::field)?;
    if !form_urlencoded::parse(asked.as_bytes()).any(|(name, _)| name == "limit") {
        query.limit = read::MOST_ROWS;
    }
    let (store, question) = (app.store.clone(), query.clone());
    let answer = reading(move || answer(&store, &question)).await?;
    let mut response = (kind(Format::Csv), table(&query, &answer)).into_response();
    if answer.next.is_some() {
        let next = query.next().query_string();
        let link = format!("</api/v1/query.csv?{next}>; rel=\"next\"");
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

/// Of money a column a currency, so that each can be added up.
fn table(query: &Query, answer: &Answer) -> Vec<u8> {
    let mut columns = Vec::new();
    for is_beside in [false, true] {
        for (at, metric) in query.metrics.iter().enumerate() {
            let figures = answer.rows.iter().filter_map(|row| match is_beside {
                false => row.figures.get(at),
                true => row.compare.as_ref()?.get(at),
            });
            let codes: BTreeSet<&str> = figures.flat_map(currencies).collect();
            let before = if is_beside { "compare." } else { "" };
            let name = format!("{before}{}", metric.name());
            match metric {
                _ if is_beside && query.compare.is_none() => {}
                Metric::Revenue | Metric::TotalRevenue | Metric::AverageValue => columns.extend(
                    codes
                        .iter()
                        .map(|code| (format!("{name}.{code}"), is_beside, at, *code)),
                ),
                _ => columns.push((name, is_beside, at, "")),
            }
        }
    }
    let dimensions: Vec<String> = query.dimensions.iter().map(Dimension::name).collect();
    let names = dimensions.iter().map(String::as_str);
    let mut out = csv_record(names.chain(columns.iter().map(|(name, ..)| name.as_str())));
    for row in &answer.rows {
        let values = row
            .values
            .iter()
            .map(|value| value.clone().unwrap_or_default());
        let figures = columns.iter().map(|(_, is_beside, at, code)| {
            let figures = match is_beside {
                false => Some(&row.figures),
                true => row.compare.as_ref(),
            };
            figures.map_or_else(String::new, |figures| figure(&figures[*at], code))
        });
        let cells: Vec<String> = values.chain(figures).collect();
        out.extend(csv_record(cells.iter().map(String::as_str)));
    }
    out
}

fn currencies(figure: &Figure) -> Vec<&'static str> {
    match figure {
        Figure::Money(sums) => sums.iter().map(|money| money.currency.code()).collect(),
        Figure::Total(total) => {
            let sums = total.sum.iter().chain(&total.left);
            sums.map(|money| money.currency.code()).collect()
        }
        Figure::Average(averages) => averages
            .iter()
            .map(|(_, currency)| currency.code())
            .collect(),
        Figure::Count(_) | Figure::Ratio(_) => Vec::new(),
    }
}

fn in_code<'a>(mut sums: impl Iterator<Item = &'a Money>, code: &str) -> String {
    let sum = sums.find(|money| money.currency.code() == code);
    sum.map_or_else(String::new, |money| money.major().to_string())
}

fn figure(figure: &Figure, code: &str) -> String {
    match figure {
        Figure::Count(count) => count.to_string(),
        Figure::Ratio(ratio) => ratio.map_or_else(String::new, |ratio| ratio.to_string()),
        Figure::Money(sums) => in_code(sums.iter(), code),
        Figure::Total(total) => in_code(total.sum.iter().chain(&total.left), code),
        Figure::Average(averages) => {
            let average = averages
                .iter()
                .find(|(_, currency)| currency.code() == code);
            average.map_or_else(String::new, |(amount, _)| amount.to_string())
        }
    }
}
