//! An event as a line: of CSV, whose first line names the columns, or of JSON. Both say the same, and both are read back.
//!
//! The names are those of `POST /api/event`. What is told of a visit, its channel and campaign, isn't in it: it is read
//! from the address and the page before, here as there. The user is who the visitor was named as last, since that is who
//! they are for all their past.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use serde_json::value::RawValue;

use super::rows::{RECORD, Row, Rows};
use super::{Found, Item, cell};
use crate::ingest::imported::Line;
use crate::store::Whole;
use crate::store::event::VisitorKey;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For spreadsheets, and everything else.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

/// Columns of CSV, and names of JSON, in this order, each with what it holds.
pub const COLUMNS: [(&str, &str); 11] = [
    ("fired_at", "When, RFC 3339"),
    ("name", "The goal; a page view has none"),
    (
        "anonymous_id",
        "The visitor, as the browser or the site calls them",
    ),
    ("user_id", "The user that the visitor was named as last"),
    ("url", "The page, with its query"),
    ("referrer", "The page before"),
    ("metadata", "What was attached, a JSON object"),
    ("browser", "With what the visit came"),
    ("os", "The operating system"),
    ("device", "Desktop, Mobile, Tablet or Other"),
    ("country", "ISO 3166, two capital letters"),
];

impl Format {
    /// What stands before the first line.
    pub fn header(self) -> String {
        match self {
            Format::Csv => COLUMNS.map(|(name, _)| name).join(",") + "\n",
            Format::Ndjson => String::new(),
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Ndjson => "application/x-ndjson",
        }
    }

    /// An event's line, with its end.
    pub fn line(self, event: &Whole) -> Vec<u8> {
        let line = line(event);
        match self {
            // Strings and raw JSON are always JSON.
            Format::Ndjson => {
                let mut json = serde_json::to_vec(&line).unwrap_or_default();
                json.push(b'\n');
                json
            }
            Format::Csv => record(&line),
        }
    }

    /// What stands in a file, line by line.
    ///
    /// # Errors
    /// When the first line isn't as wanted, in words.
    pub fn read<'a>(
        self,
        file: impl Read + 'a,
    ) -> Result<Box<dyn Iterator<Item = Item> + 'a>, String> {
        Ok(match self {
            Format::Csv => Box::new(Rows::open(file, &["fired_at"])?.map(|row| {
                let (number, row) = row?;
                Ok((
                    number,
                    row.and_then(|row| read_row(&row))
                        .map_or_else(Found::Bad, found),
                ))
            })),
            Format::Ndjson => Box::new(Lines {
                file: BufReader::new(file),
                number: 0,
                is_over: false,
            }),
        })
    }
}

fn found(line: Line<'static>) -> Found {
    Found::Line(Box::new(line))
}

fn line(event: &Whole) -> Line<'_> {
    let fire = &event.fire;
    let some = |text: &'_ str| (!text.is_empty()).then(|| Cow::from(text.to_owned()));
    let metadata = fire.metadata.as_ref();
    Line {
        fired_at: fire.at.to_string().into(),
        name: fire.goal.as_ref().map(|goal| goal.as_str().into()),
        anonymous_id: match &event.visitor {
            Some(VisitorKey::Uuid(id)) => Some(id.to_string().into()),
            Some(VisitorKey::Text(id)) => Some(id.into()),
            Some(VisitorKey::User(_)) | None => None,
        },
        user_id: event.user.as_deref().map(Cow::from),
        url: fire.url.as_deref().map(Cow::from),
        referrer: fire.referrer.as_deref().map(Cow::from),
        metadata: metadata
            .and_then(|metadata| RawValue::from_string(metadata.0.clone()).ok())
            .map(Cow::Owned),
        browser: some(&event.client.browser),
        os: some(&event.client.os),
        device: some(&event.client.device),
        country: some(&event.client.country),
    }
}

fn record(line: &Line) -> Vec<u8> {
    let metadata = line
        .metadata
        .as_ref()
        .map(|metadata| Cow::from(metadata.get()));
    let cells = [
        &Some(line.fired_at.clone()),
        &line.name,
        &line.anonymous_id,
        &line.user_id,
        &line.url,
        &line.referrer,
        &metadata,
        &line.browser,
        &line.os,
        &line.device,
        &line.country,
    ];
    csv_record(cells.iter().map(|cell| cell.as_deref().unwrap_or_default()))
}

/// A record of CSV, with its end, none of whose cells is a formula.
pub fn csv_record<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory doesn't fail.
    let _ = writer.write_record(cells.map(|text| cell::safe(text).into_owned()));
    writer.into_inner().unwrap_or_default()
}

fn read_row(row: &Row) -> Result<Line<'static>, String> {
    let get = |name: &str| {
        let text = cell::text(row.get(name));
        (!text.is_empty()).then(|| Cow::from(text.to_owned()))
    };
    let metadata = match get("metadata") {
        None => None,
        Some(text) => {
            let raw = RawValue::from_string(text.into_owned());
            Some(Cow::Owned(
                raw.map_err(|error| format!("metadata: no JSON: {error}"))?,
            ))
        }
    };
    Ok(Line {
        fired_at: get("fired_at").unwrap_or_default(),
        name: get("name"),
        anonymous_id: get("anonymous_id"),
        user_id: get("user_id"),
        url: get("url"),
        referrer: get("referrer"),
        metadata,
        browser: get("browser"),
        os: get("os"),
        device: get("device"),
        country: get("country"),
    })
}

/// Lines of JSON.
struct Lines<R> {
    file: BufReader<R>,
    number: u64,
    is_over: bool,
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if self.is_over {
                return None;
            }
            let mut bytes = Vec::new();
            let most = RECORD as u64 + 1;
            let read = (&mut self.file).take(most).read_until(b'\n', &mut bytes);
            self.number += 1;
            let said = match read {
                Ok(0) => return None,
                Ok(read) if read as u64 == most => "a line is longer than 1 MiB".to_owned(),
                Ok(_) if bytes.trim_ascii().is_empty() => continue,
                Ok(_) => return Some(Ok((self.number, object(&mut bytes)))),
                Err(error) => error.to_string(),
            };
            self.is_over = true;
            return Some(Err(said));
        }
    }
}

fn object(bytes: &mut [u8]) -> Found {
    crate::ingest::body::mend_surrogates(bytes);
    match serde_json::from_slice::<Line<'static>>(bytes) {
        Ok(line) => found(line),
        Err(error) => Found::Bad(format!("no JSON object as wanted: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_record_is_read_back(texts in proptest::array::uniform5("['=@+\"\n\r,\\PC]{0,6}")) {
            let some = |text: &String| (!text.is_empty()).then(|| Cow::from(text.clone()));
            let json = serde_json::to_string(&texts[4]).unwrap();
            let line = Line {
                fired_at: "2026-11-03T10:00:00Z".into(),
                name: some(&texts[0]),
                anonymous_id: some(&texts[1]),
                user_id: some(&texts[2]),
                url: some(&texts[3]),
                metadata: RawValue::from_string(json).ok().map(Cow::Owned),
                ..Line::default()
            };
            let file = [Format::Csv.header().into_bytes(), record(&line)].concat();
            let read = Format::Csv.read(&*file).unwrap().next().unwrap().unwrap().1;
            let Found::Line(read) = read else { panic!("{read:?}") };
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), serde_json::to_string(&line).unwrap());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            for format in [Format::Csv, Format::Ndjson] {
                if let Ok(lines) = format.read(&*bytes) {
                    prop_assert!(lines.count() <= bytes.len() + 1);
                }
            }
        }
    }
}
