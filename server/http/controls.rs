//! What moves a site's goals beside its channels: `/settings/websites/{website_id}/controls`, and `/api/v1/controls` for
//! programs.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Access, Person};
use super::extract::{Asked, Form, Part};
use super::page::NoPage;
use super::reply::{Data, Error};
use super::settings::{done, shell, shown};
use super::upload::{Figure, Sent, Told};
use super::{App, auth, upload, work};
use crate::account::control::{Control, Summary, Which, file};
use crate::account::sheet::{Refused, Stored, Written};
use crate::account::{Site, User};
use crate::pages::{ControlsPage, Uploaded};

const HERE: &str = "/settings/websites";

/// Values of one answer.
const ROWS: usize = 10_000;

/// Reads and stores what was sent, or says which rows are wrong.
async fn store(app: &Arc<App>, site: &Site, sent: Sent) -> Result<Result<Stored, Refused>, Error> {
    let (id, last) = (site.id, last_day(site, app.clock.now()));
    work::changing(app, move |accounts| match sent.rows(&last, file::read) {
        Ok(rows) => accounts.set_controls(id, &rows).map(Ok),
        Err(refused) => Ok(Err(refused)),
    })
    .await
}

/// A year ahead: prices and holidays are known before their days come.
fn last_day(site: &Site, now: Timestamp) -> file::Last {
    now.to_zoned(site.zone.clone())
        .date()
        .saturating_add(1.year())
}

#[derive(Deserialize)]
pub(super) struct OfDays {
    website_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
    name: Option<String>,
}

impl OfDays {
    fn which(&self) -> Result<Which, Error> {
        let (from, to) = upload::days(self.from.as_deref(), self.to.as_deref())?;
        let name = self.name.clone().filter(|name| !name.is_empty());
        Ok(Which { from, to, name })
    }
}

/// `GET /api/v1/controls`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfDays>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let (id, which) = (site.id, asked.which()?);
    let (rows, all) = work::changing(&app, move |accounts| {
        Ok::<_, rusqlite::Error>((
            accounts.controls(id, &which, ROWS + 1)?,
            accounts.control_names(id)?,
        ))
    })
    .await?;
    let row = |row: &Control| -> Value {
        json!({ "date": row.day.to_string(), "name": row.name, "value": row.value })
    };
    let of = |of: &Summary| -> Value {
        json!({ "name": of.name, "days": of.days, "first": of.first, "last": of.last, "least": of.least, "most": of.most })
    };
    Ok(Data::new(
        StatusCode::OK,
        &json!({
            "website_id": site.website_id,
            "controls": all.iter().map(of).collect::<Vec<_>>(),
            "rows": rows.iter().take(ROWS).map(row).collect::<Vec<_>>(),
            "more": rows.len() > ROWS,
        }),
    ))
}

/// A value as JSON: as a number, or as text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentRow {
    date: String,
    name: String,
    value: Figure,
}

impl From<SentRow> for Written {
    /// In the order of the columns.
    fn from(row: SentRow) -> Written {
        let all = [row.date, row.name, row.value.written()];
        all.into_iter().map(|text| text.trim().to_owned()).collect()
    }
}

/// `POST /api/v1/controls`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfDays>,
    headers: HeaderMap,
    body: Body,
) -> Result<Data, Error> {
    let named = asked.website_id.as_deref();
    let named = named.ok_or_else(|| Error::field("website_id: wanted the site to store into"))?;
    let site = auth::site(&app, access.workspace, Some(named))?;
    let sent = Sent::read::<SentRow>(&headers, body).await?;
    let what = sent.what();
    let stored = store(&app, &site, sent).await?;
    upload::answered(stored, what, json!({ "website_id": site.website_id }))
}

async fn take_away(app: &Arc<App>, site: &Site, which: Which) -> Result<u64, Error> {
    if which.name.is_none() {
        return Err(Error::field("name: wanted the control to take away"));
    }
    let id = site.id;
    work::changing(app, move |accounts| accounts.remove_controls(id, &which)).await
}

/// `DELETE /api/v1/controls`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfDays>,
) -> Result<Data, Error> {
    let named = asked.website_id.as_deref();
    let named =
        named.ok_or_else(|| Error::field("website_id: wanted the site whose control it is"))?;
    let site = auth::site(&app, access.workspace, Some(named))?;
    let deleted = take_away(&app, &site, asked.which()?).await?;
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "website_id": site.website_id, "deleted": deleted }),
    ))
}

/// `GET /settings/websites/{website_id}/controls`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    Asked(told): Asked<Told>,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    show(&app, &user, &site, told.into(), None).await
}

async fn show(
    app: &Arc<App>,
    user: &User,
    site: &Site,
    uploaded: Uploaded,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    let id = site.id;
    let known = work::changing(app, move |accounts| accounts.control_names(id)).await?;
    let today = app.clock.now().to_zoned(site.zone.clone()).date();
    shown(
        &ControlsPage {
            shell: shell(app, user, HERE, problem)?,
            site,
            controls: ControlsPage::rows(&known),
            today,
            uploaded,
        },
        problem,
    )
}

/// `POST /settings/websites/{website_id}/controls`
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    sent: Result<Multipart, MultipartRejection>,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    let form = match upload::form(sent).await {
        Ok(form) => form,
        Err(error) => return show(&app, &user, &site, Uploaded::default(), Some(&error)).await,
    };
    let again = Uploaded {
        typed: form.typed,
        ..Uploaded::default()
    };
    match store(&app, &site, Sent::File(form.rows)).await {
        Ok(Ok(Stored { added, replaced })) => Ok(done(&format!(
            "{HERE}/{id}/controls?added={added}&replaced={replaced}"
        ))),
        Ok(Err(refused)) => {
            let error = upload::refusal(&refused, "line");
            let wrong = Uploaded {
                refused: Some(refused),
                ..again
            };
            show(&app, &user, &site, wrong, Some(&error)).await
        }
        Err(error) => show(&app, &user, &site, again, Some(&error)).await,
    }
}

/// `POST /settings/websites/{website_id}/controls/delete`
pub(super) async fn delete_by_form(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    form: Form,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    let text = |name: &str| Some(form.text(name).to_owned());
    let asked = OfDays {
        website_id: None,
        from: text("from"),
        to: text("to"),
        name: text("name"),
    };
    let deleted = match asked.which() {
        Ok(which) => take_away(&app, &site, which).await,
        Err(error) => Err(error),
    };
    match deleted {
        Ok(deleted) => Ok(done(&format!("{HERE}/{id}/controls?deleted={deleted}"))),
        Err(error) => show(&app, &user, &site, Uploaded::default(), Some(&error)).await,
    }
}
