//! GoatCounter's CSV export: a line a page view or event, with the time. The name of its first column begins with the
//! version of the format.
//!
//! Its sessions become visitors, since it knows no others. Where it has an address for the page before, that is kept;
//! where it has only a name or a campaign, it goes into the page's address, as `ref` or `utm_source`, from which the
//! source is read. Crawlers are left. Screen sizes and titles have no place here.

use std::borrow::Cow;
use std::io::Read;

use url::form_urlencoded::byte_serialize;

use super::rows::{Row, Rows};
use super::{Found, Item, in_order, mark};
use crate::ingest::imported::Line;

/// Columns without which it is another file.
const WANTED: [&str; 4] = ["2Path", "Event", "Session", "Date"];

/// What stands in a file, in the order of time; `domain` is the site's.
///
/// # Errors
/// When it is another file, in words.
pub fn read(file: impl Read, domain: &str) -> Result<Vec<Item>, String> {
    let rows = Rows::open(file, &WANTED)?;
    Ok(in_order(rows.map(|row| {
        let (number, row) = row?;
        Ok((
            number,
            row.map_or_else(Found::Bad, |row| found(&row, domain)),
        ))
    })))
}

fn found(row: &Row, domain: &str) -> Found {
    if !matches!(row.get("Bot"), "" | "0") {
        return Found::Left("bot");
    }
    let path = row.get("2Path");
    let is_event = matches!(row.get("Event"), "true" | "1");
    let referrer = row.get("Referrer");
    let named = |name: &str| {
        let referrer: String = byte_serialize(referrer.as_bytes()).collect();
        let sign = if path.contains('?') { '&' } else { '?' };
        format!("{sign}{name}={referrer}")
    };
    let (tag, referrer) = match row.get("Referrer scheme") {
        _ if referrer.is_empty() => (String::new(), None),
        "c" => (named("utm_source"), None),
        "g" => (named("ref"), None),
        "o" if referrer.contains("://") => (String::new(), Some(referrer.to_owned())),
        _ => (String::new(), Some(format!("https://{referrer}"))),
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let session = row.get("Session");
    let some = |text: &str| (!text.is_empty()).then(|| Cow::from(text.to_owned()));
    Found::Line(Box::new(Line {
        fired_at: row.get("Date").to_owned().into(),
        name: is_event.then(|| path.to_owned().into()),
        anonymous_id: (!matches!(session, "" | "0"))
            .then(|| format!("goatcounter:{session}").into()),
        url: (!is_event).then(|| format!("https://{domain}{slash}{path}{tag}").into()),
        referrer: referrer.map(Cow::from),
        metadata: mark("goatcounter", false),
        browser: some(without_version(row.get("Browser"))),
        os: some(without_version(row.get("System"))),
        country: row.get("Location").get(..2).and_then(some),
        ..Line::default()
    }))
}

/// `Firefox 122` → `Firefox`.
fn without_version(name: &str) -> &str {
    match name.rsplit_once(' ') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "[\\PC,\"\n]{0,60}") {
            let file = format!("2Path,Event,Session,Date,Bot,Location,Browser\n{line}");
            prop_assert!(read(file.as_bytes(), "example.com").unwrap().len() <= line.len() + 1);
        }
    }
}
