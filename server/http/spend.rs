//! What a site's channels cost: `/settings/websites/{website_id}/spend`, and `/api/v1/spend` for programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use serde_json::{Number, Value, json};

use super::access::{Access, Person};
use super::api::money;
use super::extract::{Asked, Form, Part};
use super::page::NoPage;
use super::reply::{Data, Error};
use super::settings::{done, shell, shown};
use super::upload::{Sent, Told};
use super::{App, auth, upload, work};
use crate::account::sheet::{self, Refused, Stored, Written};
use crate::account::spend::file::Known;
use crate::account::spend::{Days, Spend, SpentBy};
use crate::account::{Site, User};
use crate::pages::{SpendPage, Uploaded};
use crate::query::channel;
use crate::query::range::Range;
use crate::store::event::Money;
use crate::store::reports::cell::currency;

const HERE: &str = "/settings/websites";

/// Rows of one answer, and months on the page.
const ROWS: usize = 10_000;
const MONTHS: usize = 24;

/// Reads and stores what was sent, or says which rows are wrong.
async fn store(app: &Arc<App>, site: &Site, sent: Sent) -> Result<Result<Stored, Refused>, Error> {
    let (id, last) = (site.id, last_day(site, app.clock.now()));
    work::changing(app, move |accounts| {
        let channels: Vec<_> = channel::all().collect();
        let known = Known {
            channels: &channels,
            last,
        };
        match sent.rows(&known, sheet::read) {
            Ok(rows) => accounts.set_spend(id, &rows).map(Ok),
            Err(refused) => Ok(Err(refused)),
        }
    })
    .await
}

/// Money may be spent up to tomorrow: somewhere it is that day already.
fn last_day(site: &Site, now: Timestamp) -> Date {
    now.to_zoned(site.zone.clone())
        .date()
        .saturating_add(1.day())
}

#[derive(Deserialize)]
pub(super) struct OfDays {
    website_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
    channel: Option<String>,
}

fn known_channel(name: Option<&str>) -> Result<Option<String>, Error> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let known = channel::all().find(|known| known.eq_ignore_ascii_case(name));
    let known = known.ok_or_else(|| {
        let all: Vec<_> = channel::all().collect();
        Error::field(format!(
            "channel: {name:.60?} is none; there are {}",
            all.join(", ")
        ))
    })?;
    Ok(Some(known.to_owned()))
}

/// `GET /api/v1/spend`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfDays>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, asked.website_id.as_deref())?;
    let (from, to) = (asked.from.as_deref(), asked.to.as_deref());
    let range = Range::parse(from, to, &site.zone, app.clock.now())
        .map_err(|error| Error::field(error.to_string()))?;
    let days = Days {
        from: range.from,
        to: range.to,
        channel: known_channel(asked.channel.as_deref())?,
    };
    let (id, known, of) = (site.id, site.clone(), days.clone());
    let (rows, spent) = work::changing(&app, move |accounts| {
        Ok::<_, rusqlite::Error>((
            accounts.spend(id, &of, ROWS + 1)?,
            accounts.spent(&known, &of, SpentBy::Channel, false)?,
        ))
    })
    .await?;
    let mut all: BTreeMap<[u8; 3], i64> = BTreeMap::new();
    for (code, minor) in spent.values().flatten() {
        *all.entry(*code).or_default() += minor;
    }
    let channels: Vec<_> = spent
        .iter()
        .map(|(channel, spent)| json!({ "channel": channel, "spend": sums(spent) }))
        .collect();
    Ok(Data::new(
        StatusCode::OK,
        &json!({
            "website_id": site.website_id,
            "range": { "from": days.from.to_string(), "to": days.to.to_string() },
            "rows": rows.iter().take(ROWS).map(row).collect::<Vec<_>>(),
            "more": rows.len() > ROWS,
            "channels": channels,
            "spend": sums(&all),
        }),
    ))
}

fn row(spend: &Spend) -> Value {
    json!({
        "date": spend.day.to_string(),
        "channel": spend.channel,
        "source": spend.source,
        "campaign": spend.campaign,
        "amount": spend.money.major(),
        "currency": spend.money.currency.code(),
        "impressions": spend.impressions,
        "clicks": spend.clicks,
    })
}

/// Sums in major units, a currency each.
pub(super) fn sums(sums: &BTreeMap<[u8; 3], i64>) -> Value {
    let sum = |(code, minor): (&[u8; 3], &i64)| {
        let (minor, currency) = (*minor, currency(code)?);
        Some(money(&Money { minor, currency }))
    };
    sums.iter().filter_map(sum).collect()
}

/// A row as JSON: its amount as a number, or as text so that no digit is lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentRow {
    date: String,
    channel: String,
    amount: Amount,
    currency: String,
    source: Option<String>,
    campaign: Option<String>,
    impressions: Option<Number>,
    clicks: Option<Number>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Number(Number),
    Text(String),
}

impl From<SentRow> for Written {
    /// In the order of the columns.
    fn from(row: SentRow) -> Written {
        let count = |number: Option<Number>| number.map_or_else(String::new, |n| n.to_string());
        let amount = match row.amount {
            // A whole number stays one when it comes as `120.0`.
            Amount::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
            Amount::Text(text) => text.trim().to_owned(),
        };
        let text = |text: String| text.trim().to_owned();
        vec![
            text(row.date),
            text(row.channel),
            amount,
            text(row.currency),
            text(row.source.unwrap_or_default()),
            text(row.campaign.unwrap_or_default()),
            count(row.impressions),
            count(row.clicks),
        ]
    }
}

/// `POST /api/v1/spend`
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

fn days(from: &str, to: &str, channel: Option<&str>) -> Result<Days, Error> {
    // Both have to be said.
    upload::day("from", from).and(upload::day("to", to))?;
    let (from, to) = upload::days(Some(from), Some(to))?;
    Ok(Days {
        from,
        to,
        channel: known_channel(channel)?,
    })
}

async fn take_away(app: &Arc<App>, site: &Site, days: Days) -> Result<u64, Error> {
    let id = site.id;
    work::changing(app, move |accounts| accounts.remove_spend(id, &days)).await
}

/// `DELETE /api/v1/spend`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    access: Access,
    Asked(asked): Asked<OfDays>,
) -> Result<Data, Error> {
    let named = asked.website_id.as_deref();
    let named =
        named.ok_or_else(|| Error::field("website_id: wanted the site whose spend it is"))?;
    let site = auth::site(&app, access.workspace, Some(named))?;
    let day = |day: &Option<String>| day.clone().unwrap_or_default();
    let days = days(&day(&asked.from), &day(&asked.to), asked.channel.as_deref())?;
    let deleted = take_away(&app, &site, days).await?;
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "website_id": site.website_id, "deleted": deleted }),
    ))
}

/// `GET /settings/spend`
pub(super) async fn to_first(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    let sites = app.accounts.sites(user.workspace)?;
    let to = sites.first().map_or_else(
        || HERE.to_owned(),
        |site| format!("{HERE}/{}/spend", site.website_id),
    );
    Ok(Redirect::to(&to).into_response())
}

/// `GET /settings/websites/{website_id}/spend`
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
    let sums = work::changing(app, move |accounts| accounts.spent_by_month(id, MONTHS)).await?;
    let today = app.clock.now().to_zoned(site.zone.clone()).date();
    shown(
        &SpendPage {
            shell: shell(app, user, HERE, problem)?,
            site,
            sums: SpendPage::rows(&sums),
            channels: channel::all().collect(),
            today,
            uploaded,
        },
        problem,
    )
}

/// `POST /settings/websites/{website_id}/spend`
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
            "{HERE}/{id}/spend?added={added}&replaced={replaced}"
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

/// `POST /settings/websites/{website_id}/spend/delete`
pub(super) async fn delete_by_form(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    form: Form,
) -> Result<Response, NoPage> {
    let site = auth::site(&app, user.workspace, Some(&id))?;
    let channel = Some(form.text("channel"));
    let deleted = match days(form.text("from"), form.text("to"), channel) {
        Ok(days) => take_away(&app, &site, days).await,
        Err(error) => Err(error),
    };
    match deleted {
        Ok(deleted) => Ok(done(&format!("{HERE}/{id}/spend?deleted={deleted}"))),
        Err(error) => show(&app, &user, &site, Uploaded::default(), Some(&error)).await,
    }
}
