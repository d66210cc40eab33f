//! The pages of a site's numbers: who may see them, and what they are asked for. Every part of that is in the address.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use url::form_urlencoded::parse;

use super::api::reading;
use super::page::{NoPage, page};
use super::reply::Error;
use super::{App, auth};
use crate::account::{Site, User};
use crate::pages::analytics::report::{Lists, Moving};
use crate::pages::analytics::view::View;
use crate::pages::analytics::{Analytics, Overview};
use crate::query::range::Range;

/// What stands before the name of each of these pages.
const BASE: &str = "/dashboard";

/// Who looks at what.
struct Looked {
    user: User,
    sites: Arc<[Arc<Site>]>,
    site: Arc<Site>,
    view: View,
    range: Range,
}

fn parameter(query: &str, name: &str) -> Option<String> {
    parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

fn look(app: &App, headers: &HeaderMap, query: &str) -> Result<Looked, NoPage> {
    let now = app.clock.now();
    let user = auth::user(app, headers, now)?.ok_or(NoPage::LogIn)?;
    let site = auth::site(app, user.workspace, parameter(query, "site").as_deref())?;
    let view = View::read(BASE, &site, query).map_err(Error::field)?;
    let range = view.range(&site, now).map_err(Error::field)?;
    Ok(Looked {
        sites: app.accounts.sites(user.workspace)?,
        user,
        site,
        view,
        range,
    })
}

/// `GET /dashboard/analytics`; with `part=overview` only the part of it that moves.
pub(super) async fn analytics(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, NoPage> {
    let query = query.unwrap_or_default();
    let is_part = parameter(&query, "part").as_deref() == Some("overview");
    let looked = match look(&app, &headers, &query) {
        // The login ran out while the page was open: what fetches the part must not take the login page for it.
        Err(NoPage::LogIn) if is_part => return Err(auth::log_in_again().into()),
        looked => looked?,
    };
    let (base_url, now) = (app.base_url.clone(), app.clock.now());
    let Looked {
        user,
        sites,
        site,
        view,
        range,
    } = looked;
    let (asked, of) = (view.clone(), site.clone());
    let (after, moving, lists) = reading(move || {
        // Read first: what is stored while the report is made is told by the stream once more, and not lost.
        let after = app.store.last_id()?;
        let moving = Moving::read(&app.store, &of, &asked, &range, now)?;
        let lists = match is_part {
            true => None,
            false => Some(Lists::read(&app.store, &of, &asked, &range)?),
        };
        Ok((after, moving, lists))
    })
    .await?;
    let overview = Overview::new(view, moving, &base_url);
    match lists {
        None => page(StatusCode::OK, &overview),
        Some(lists) => page(
            StatusCode::OK,
            &Analytics::new(&sites, &site, &user.email, overview, lists, after),
        ),
    }
}
