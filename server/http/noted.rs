//! What people keep beside a site's numbers: notes on days, saved views. Forms lead back to where they stand.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;

use super::access::Person;
use super::analytics::is_page;
use super::extract::{Form, Part};
use super::page::NoPage;
use super::settings::done;
use super::{App, auth, work};
use crate::account::{ChangeError, Name, Site, User};

fn site(app: &App, user: &User, form: &Form) -> Result<Arc<Site>, NoPage> {
    Ok(auth::site(app, user.workspace, Some(form.text("site")))?)
}

/// Where the form stood: one of our own pages.
fn back(form: &Form) -> Option<&str> {
    let back = form.text("back");
    let (page, query) = back.split_once('?').unwrap_or((back, ""));
    let is_plain = query.bytes().all(|b| b.is_ascii_graphic());
    (is_plain && is_page(page)).then_some(back)
}

fn there(form: &Form) -> Response {
    done(&format!("/dashboard/{}", back(form).unwrap_or("analytics")))
}

/// `POST /dashboard/notes`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let (site, now) = (site(&app, &user, &form)?, app.clock.now());
    let wrong = |_| ChangeError::Wrong("day: wanted a day as YYYY-MM-DD".into());
    let day: Date = form.text("day").parse().map_err(wrong)?;
    let text = Name::parse("text", form.text("text"))?;
    work::changing(&app, move |accounts| {
        accounts.add_note(site.id, day, &text, now)
    })
    .await?;
    Ok(there(&form))
}

/// `POST /dashboard/notes/{id}/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Person(user): Person,
    id: Part,
    form: Form,
) -> Result<Response, NoPage> {
    let (site, id) = (site(&app, &user, &form)?, id.number()?);
    work::changing(&app, move |accounts| accounts.remove_note(site.id, id)).await?;
    Ok(there(&form))
}

/// `POST /dashboard/views`: saves the view that the form stood on.
pub(super) async fn save_view(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let (site, now) = (site(&app, &user, &form)?, app.clock.now());
    let name = Name::parse("name", form.text("name"))?;
    let address = back(&form)
        .ok_or_else(|| ChangeError::Wrong("back: this is no page of a site's numbers".into()))?
        .to_owned();
    work::changing(&app, move |accounts| {
        accounts.save_view(site.id, &name, &address, now)
    })
    .await?;
    Ok(there(&form))
}

/// `POST /dashboard/views/{id}/remove`
pub(super) async fn remove_view(
    State(app): State<Arc<App>>,
    Person(user): Person,
    id: Part,
    form: Form,
) -> Result<Response, NoPage> {
    let (site, id) = (site(&app, &user, &form)?, id.number()?);
    work::changing(&app, move |accounts| accounts.remove_view(site.id, id)).await?;
    Ok(there(&form))
}
