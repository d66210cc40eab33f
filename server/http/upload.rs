//! Files of rows that people upload: by forms and as bodies, within a time and a size; and what is said of wrong ones.
//! Whose rows they are says what they may be.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::http::{HeaderMap, StatusCode, header};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Number, json};

use super::extract;
use super::reply::{Data, Error};
use crate::account::sheet::{self, BYTES, Refused, Row, Stored, Written};
use crate::pages::Uploaded;

/// Bytes of a form with a file in it.
pub(super) const UPLOAD: usize = BYTES + 256 * 1024;

/// How long a file may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why nothing was stored, in one sentence; `what` is a line or a row.
pub(super) fn refusal(refused: &Refused, what: &str) -> Error {
    let count = refused.count();
    let first = refused.wrong.first();
    let first = first.map_or_else(String::new, |wrong| {
        format!("; {what} {}: {}", wrong.line, wrong.words)
    });
    let are = if count == 1 { "is" } else { "are" };
    let rows = if count == 1 { "line" } else { "lines" };
    Error::new(
        StatusCode::BAD_REQUEST,
        "invalid_rows",
        format!("{count} {rows} {are} wrong, and nothing was stored{first}"),
    )
}

/// What was sent.
pub(super) enum Sent {
    /// A file's bytes.
    File(Vec<u8>),
    /// Rows of a JSON body.
    Rows(Vec<Written>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentRows<R> {
    rows: Vec<R>,
}

impl Sent {
    /// What a program sent: JSON with rows that are written as `R`, else a file.
    pub(super) async fn read<R: DeserializeOwned + Into<Written>>(
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Sent, Error> {
        let kind = extract::text(headers, header::CONTENT_TYPE).unwrap_or_default();
        let is_json = kind.starts_with("application/json");
        let body = read_body(body).await?;
        match is_json {
            false => Ok(Sent::File(body)),
            true => {
                let SentRows { rows } = json::<SentRows<R>>(&body)?;
                Ok(Sent::Rows(rows.into_iter().map(Into::into).collect()))
            }
        }
    }

    /// What one of them is called.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Sent::File(_) => "line",
            Sent::Rows(_) => "row",
        }
    }

    /// The rows, where files are read by `file`.
    pub(super) fn rows<R: Row>(
        &self,
        known: &R::Known<'_>,
        file: impl Fn(&[u8], &R::Known<'_>) -> Result<Vec<R>, Refused>,
    ) -> Result<Vec<R>, Refused> {
        match self {
            Sent::File(bytes) => file(bytes, known),
            Sent::Rows(rows) => sheet::read_rows(rows, known),
        }
    }
}

/// A number of a JSON row: as one, or as text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Figure {
    Number(Number),
    Text(String),
}

impl Figure {
    /// As a file has it.
    pub(super) fn written(self) -> String {
        match self {
            // Small numbers come as 1e-5.
            Figure::Number(number) => match number.as_f64() {
                Some(figure) => figure.to_string(),
                None => number.to_string(),
            },
            Figure::Text(text) => text,
        }
    }
}

/// What the page is told that it has done.
#[derive(Deserialize)]
pub(super) struct Told {
    added: Option<u64>,
    replaced: Option<u64>,
    deleted: Option<u64>,
}

impl From<Told> for Uploaded {
    fn from(told: Told) -> Uploaded {
        Uploaded {
            stored: told.added.zip(told.replaced),
            deleted: told.deleted,
            ..Uploaded::default()
        }
    }
}

/// A day of an address or a form.
pub(super) fn day(name: &str, text: &str) -> Result<Date, Error> {
    let day = text.parse();
    day.map_err(|_| Error::field(format!("{name}: wanted a day as YYYY-MM-DD")))
}

/// The first day and the last; where none is said, of all days.
pub(super) fn days(from: Option<&str>, to: Option<&str>) -> Result<(Date, Date), Error> {
    let day = |name: &str, text: Option<&str>, otherwise: Date| {
        let text = text.filter(|text| !text.is_empty());
        text.map_or(Ok(otherwise), |text| day(name, text))
    };
    let (from, to) = (day("from", from, Date::MIN)?, day("to", to, Date::MAX)?);
    match to < from {
        true => Err(Error::field("to: wanted a day that isn't before from")),
        false => Ok((from, to)),
    }
}

/// A body, whole.
async fn read_body(body: Body) -> Result<Vec<u8>, Error> {
    let read = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, BYTES)).await;
    let read = read.map_err(|_| late())?;
    read.map(Vec::from).map_err(|_| too_large())
}

fn late() -> Error {
    let late = "the file took too long to come";
    Error::new(StatusCode::REQUEST_TIMEOUT, "timeout", late)
}

fn too_large() -> Error {
    Error::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "a file may have 5 MB; send it in parts",
    )
}

/// What a program is told: how many rows were stored, or each wrong one, with `what` it is: a line or a row.
pub(super) fn answered(
    outcome: Result<Stored, Refused>,
    what: &str,
    of: serde_json::Value,
) -> Result<Data, Error> {
    match outcome {
        Ok(stored) => {
            let mut json = of;
            json["rows"] = json!(stored.added + stored.replaced);
            json["added"] = json!(stored.added);
            json["replaced"] = json!(stored.replaced);
            Ok(Data::new(StatusCode::OK, &json))
        }
        Err(refused) => {
            let wrong = refused.wrong.iter();
            let wrong: Vec<_> = wrong
                .map(|wrong| json!({ what: wrong.line, "message": wrong.words }))
                .collect();
            let details = json!({ "wrong": wrong, "more": refused.more });
            Err(refusal(&refused, what).with_details(details))
        }
    }
}

/// The JSON of a body.
fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| {
        Error::new(
            StatusCode::BAD_REQUEST,
            "invalid_body",
            format!("the body is not as wanted: {error}"),
        )
    })
}

/// What a form sent: the file, else what was typed instead of one.
pub(super) struct Form {
    pub(super) rows: Vec<u8>,
    /// What was typed.
    pub(super) typed: String,
}

/// Reads a form.
pub(super) async fn form(sent: Result<Multipart, MultipartRejection>) -> Result<Form, Error> {
    let read = tokio::time::timeout(PATIENCE, fields(sent)).await;
    let (file, typed) = read.unwrap_or_else(|_| Err(late()))?;
    let words = String::from_utf8_lossy(&typed).into_owned();
    Ok(Form {
        rows: if file.is_empty() { typed } else { file },
        typed: words,
    })
}

/// The file, and what was typed instead of one.
async fn fields(sent: Result<Multipart, MultipartRejection>) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let broken = |error: &dyn std::fmt::Display| {
        let message = format!("the form did not come whole: {error}");
        Error::new(StatusCode::BAD_REQUEST, "invalid_body", message)
    };
    let mut sent = sent.map_err(|error| broken(&error.body_text()))?;
    let (mut file, mut typed) = (Vec::new(), Vec::new());
    while let Some(field) = sent
        .next_field()
        .await
        .map_err(|error| broken(&error.body_text()))?
    {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => broken(&error.body_text()),
        })?;
        match &*name {
            "file" => file = bytes.into(),
            "rows" => typed = bytes.into(),
            _ => {}
        }
    }
    Ok((file, typed))
}
