//! Exchange rates: `/settings/rates`, and `/api/v1/rates` for programs.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Access, Person};
use super::extract::{Asked, Form};
use super::page::NoPage;
use super::reply::{Data, Error};
use super::settings::{done, shell, shown};
use super::upload::{Figure, Sent, Told};
use super::{App, upload, work};
use crate::account::rate::{Rate, Which, file};
use crate::account::sheet::{Refused, Stored, Written};
use crate::account::{User, WorkspaceId, currency};
use crate::pages::{RatesPage, Uploaded};

const HERE: &str = "/settings/rates";

/// Rates of one answer.
const ROWS: usize = 10_000;

/// Rates may be of days up to tomorrow: somewhere it is that day already.
fn last_day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date().saturating_add(1.day())
}

/// Reads and stores what was sent, or says which rows are wrong.
async fn store(
    app: &Arc<App>,
    workspace: WorkspaceId,
    sent: Sent,
) -> Result<Result<Stored, Refused>, Error> {
    let last = last_day(app.clock.now());
    work::changing(app, move |accounts| match sent.rows(&last, file::read) {
        Ok(rows) => accounts.set_rates(workspace, &rows).map(Ok),
        Err(refused) => Ok(Err(refused)),
    })
    .await
}

#[derive(Deserialize)]
pub(super) struct OfDays {
    from: Option<String>,
    to: Option<String>,
    currency: Option<String>,
    into: Option<String>,
}

impl OfDays {
    fn which(&self) -> Result<Which, Error> {
        let (from, to) = upload::days(self.from.as_deref(), self.to.as_deref())?;
        let code = |name: &str, text: &Option<String>| -> Result<Option<String>, Error> {
            let text = text.as_deref().filter(|text| !text.is_empty());
            let code = |text: &str| match currency(text) {
                Ok(currency) => Ok(currency.code().to_owned()),
                Err(_) => Err(Error::field(format!(
                    "{name}: {text:.20?} is none; wanted is an ISO 4217 code such as EUR"
                ))),
            };
            text.map(code).transpose()
        };
        Ok(Which {
            from,
            to,
            currency: code("currency", &self.currency)?,
            into: code("into", &self.into)?,
        })
    }
}

/// `GET /api/v1/rates`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfDays>,
) -> Result<Data, Error> {
    let which = asked.which()?;
    let workspace = access.workspace;
    let rates = work::changing(&app, move |accounts| {
        accounts.rates(workspace, &which, ROWS + 1)
    })
    .await?;
    let code = |code: &[u8; 3]| String::from_utf8_lossy(code).into_owned();
    let row = |rate: &Rate| -> Value {
        let (from, to) = (code(&rate.from), code(&rate.to));
        json!({ "date": rate.day.to_string(), "from": from, "to": to, "rate": rate.rate })
    };
    let rows: Vec<_> = rates.iter().take(ROWS).map(row).collect();
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "rows": rows, "more": rates.len() > ROWS }),
    ))
}

/// A rate as JSON: as a number, or as text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentRow {
    date: String,
    from: String,
    to: String,
    rate: Figure,
}

impl From<SentRow> for Written {
    /// In the order of the columns.
    fn from(row: SentRow) -> Written {
        let all = [row.date, row.from, row.to, row.rate.written()];
        all.into_iter().map(|text| text.trim().to_owned()).collect()
    }
}

/// `POST /api/v1/rates`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    access: Access,
    headers: HeaderMap,
    body: Body,
) -> Result<Data, Error> {
    let sent = Sent::read::<SentRow>(&headers, body).await?;
    let what = sent.what();
    let stored = store(&app, access.workspace, sent).await?;
    upload::answered(stored, what, json!({}))
}

/// `DELETE /api/v1/rates`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfDays>,
) -> Result<Data, Error> {
    let which = asked.which()?;
    let workspace = access.workspace;
    let deleted = work::changing(&app, move |accounts| {
        accounts.remove_rates(workspace, &which)
    })
    .await?;
    Ok(Data::new(StatusCode::OK, &json!({ "deleted": deleted })))
}

/// `GET /settings/rates`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Asked(told): Asked<Told>,
) -> Result<Response, NoPage> {
    show(&app, &user, told.into(), None).await
}

async fn show(
    app: &Arc<App>,
    user: &User,
    uploaded: Uploaded,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    let workspace = user.workspace;
    let (pairs, sites) = work::changing(app, move |accounts| {
        Ok::<_, rusqlite::Error>((accounts.rate_pairs(workspace)?, accounts.sites(workspace)?))
    })
    .await?;
    let today = app.clock.now().to_zoned(TimeZone::UTC).date();
    shown(
        &RatesPage {
            shell: shell(app, user, HERE, problem)?,
            pairs: RatesPage::rows(&pairs),
            sites: &sites,
            today,
            uploaded,
        },
        problem,
    )
}

/// `POST /settings/rates`
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Person(user): Person,
    sent: Result<Multipart, MultipartRejection>,
) -> Result<Response, NoPage> {
    let form = match upload::form(sent).await {
        Ok(form) => form,
        Err(error) => return show(&app, &user, Uploaded::default(), Some(&error)).await,
    };
    let again = Uploaded {
        typed: form.typed,
        ..Uploaded::default()
    };
    match store(&app, user.workspace, Sent::File(form.rows)).await {
        Ok(Ok(Stored { added, replaced })) => {
            Ok(done(&format!("{HERE}?added={added}&replaced={replaced}")))
        }
        Ok(Err(refused)) => {
            let error = upload::refusal(&refused, "line");
            let wrong = Uploaded {
                refused: Some(refused),
                ..again
            };
            show(&app, &user, wrong, Some(&error)).await
        }
        Err(error) => show(&app, &user, again, Some(&error)).await,
    }
}

/// `POST /settings/rates/delete`
pub(super) async fn delete_by_form(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let text = |name: &str| Some(form.text(name).to_owned());
    let asked = OfDays {
        from: text("from"),
        to: text("to"),
        currency: text("currency"),
        into: text("into"),
    };
    let deleted = match asked.which() {
        Ok(which) => {
            let workspace = user.workspace;
            work::changing(&app, move |accounts| {
                accounts.remove_rates(workspace, &which)
            })
            .await
        }
        Err(error) => Err(error),
    };
    match deleted {
        Ok(deleted) => Ok(done(&format!("{HERE}?deleted={deleted}"))),
        Err(error) => show(&app, &user, Uploaded::default(), Some(&error)).await,
    }
}
