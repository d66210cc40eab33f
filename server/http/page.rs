//! Pages: who may see them, and what they are asked for. What is on them is [`pages`](crate::pages)'.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::api::reading;
use super::extract::Part;
use super::reply::{self, Error};
use super::{App, auth, extract, stream};
use crate::account::LinkError;
use crate::pages;

/// What our own pages may do: their own files, nothing inline, nobody else's. The pixel and the live part are
/// WebAssembly.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; media-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Why no page is shown.
pub(super) enum NoPage {
    /// Log in first.
    LogIn,
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
            NoPage::LogIn => Redirect::to("/login").into_response(),
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
    ];
    Ok((status, headers, html).into_response())
}

/// An error as a person reads it.
fn problem(error: &Error) -> Result<Response, NoPage> {
    let title = match error.status() {
        StatusCode::NOT_FOUND => "Not found",
        status if status.is_client_error() => "That didn't work",
        _ => "Something is wrong here",
    };
    page(
        error.status(),
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

/// `GET /login`
pub(super) async fn login() -> Result<Response, NoPage> {
    page(StatusCode::OK, &pages::Login { problem: None })
}

/// `GET /login/{link}`: the one-time link.
pub(super) async fn open_link(
    State(app): State<Arc<App>>,
    Part(link): Part,
) -> Result<Response, NoPage> {
    let (accounts, now) = (app.accounts.clone(), app.clock.now());
    let logged_in = tokio::task::spawn_blocking(move || accounts.log_in(&link, now)).await;
    let logged_in = logged_in.unwrap_or_else(|error| {
        tracing::error!(%error, "a login died");
        Err(LinkError::Unknown)
    });
    match logged_in {
        Ok(login) => {
            let secure = if app.base_url.starts_with("https:") {
                "; Secure"
            } else {
                ""
            };
            let age = crate::account::LOGIN.as_secs();
            let cookie = format!(
                "{}={login}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}",
                auth::COOKIE
            );
            let cookie = HeaderValue::try_from(cookie)
                .map_err(|_| Error::field("the login could not be kept"))?;
            let headers = [
                (header::SET_COOKIE, cookie),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            Ok((headers, Redirect::to("/dashboard/analytics")).into_response())
        }
        Err(LinkError::File(error)) => Err(error.into()),
        Err(problem) => page(
            StatusCode::FORBIDDEN,
            &pages::Login {
                problem: Some(problem.to_string()),
            },
        ),
    }
}

/// `GET /dashboard`
pub(super) async fn to_dashboard() -> Redirect {
    Redirect::to("/dashboard/analytics")
}
