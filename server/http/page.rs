//! Pages: who may see them, and what they are asked for. What is on them is [`pages`](crate::pages)'.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use url::form_urlencoded;

use super::api::reading;
use super::reply::{self, Error};
use super::{App, auth, extract, stream};
use crate::pages;

/// What our own pages may do: their own files, nothing inline, nobody else's. The pixel and the live part are
/// WebAssembly.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; media-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Why no page is shown.
pub(super) enum NoPage {
    /// Log in first, and then go on to this path of ours.
    LogIn(Option<String>),
    /// As the API says it.
    Error(Error),
    /// The template failed, which is a bug.
    Template(askama::Error),
}

impl<E: Into<Error>> From<E> for NoPage {
    fn from(error: E) -> NoPage {
        NoPage::Error(error.into())
    }
}

impl IntoResponse for NoPage {
    fn into_response(self) -> Response {
        match self {
            NoPage::LogIn(None) => Redirect::to("/login").into_response(),
            NoPage::LogIn(Some(next)) => {
                let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
                Redirect::to(&format!("/login?next={next}")).into_response()
            }
            NoPage::Error(error) => problem(&error).unwrap_or_else(|_| error.into_response()),
            NoPage::Template(error) => {
                tracing::error!(%error, "a page could not be made");
                Error::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "the page could not be made; the log has the request's id",
                )
                .into_response()
            }
        }
    }
}

/// A page, with what it may do.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Result<Response, NoPage> {
    let html = Html(template.render().map_err(NoPage::Template)?);
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // One-time links are in addresses; where a form comes from is still said.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
    ];
    Ok((status, headers, html).into_response())
}

/// A page that says what went wrong, with the form that it went wrong in.
pub(super) fn again(error: &Error, template: &impl Template) -> Result<Response, NoPage> {
    let mut response = page(error.status(), template)?;
    for (name, value) in error.headers() {
        response.headers_mut().insert(name, value.clone());
    }
    Ok(response)
}

/// An error as a person reads it.
fn problem(error: &Error) -> Result<Response, NoPage> {
    let title = match error.status() {
        StatusCode::NOT_FOUND => "Not found",
        status if status.is_client_error() => "That didn't work",
        _ => "Something is wrong here",
    };
    again(
        error,
        &pages::Problem {
            title,
            message: error.message(),
        },
    )
}

/// What lives nowhere: a page for people, an error for programs.
pub(super) async fn not_found(headers: HeaderMap) -> Response {
    let error = reply::not_found().await;
    let accepts = extract::text(&headers, header::ACCEPT).unwrap_or_default();
    if accepts.contains("text/html") {
        NoPage::Error(error).into_response()
    } else {
        error.into_response()
    }
}

/// `GET /`
pub(super) async fn home(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, NoPage> {
    let sites = app.accounts.sites(app.accounts.first_workspace()?)?;
    let first = sites.first();
    let website_id = first.map_or("admx_…", |site| &site.website_id);
    let is_demo = first.is_none_or(|site| site.is_demo);
    let is_logged_in = auth::user(&app, &headers, app.clock.now())?.is_some();
    page(
        StatusCode::OK,
        &pages::Home {
            base_url: &app.base_url,
            website_id,
            is_demo,
            is_logged_in,
        },
    )
}

/// `GET /demo`
pub(super) async fn demo(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    let website_id = app.demo.website_id.clone();
    let (after, latest) = reading(move || {
        Ok((
            app.store.last_id()?,
            stream::latest(&app.store, &app.demo, 30)?,
        ))
    })
    .await?;
    page(
        StatusCode::OK,
        &pages::Demo {
            website_id: &website_id,
            latest: &latest,
            after,
        },
    )
}

/// `GET /dashboard`
pub(super) async fn to_dashboard() -> Redirect {
    Redirect::to("/dashboard/analytics")
}
