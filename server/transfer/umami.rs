//! Umami's events (`website_event.csv`): a line a page view or event, with the time. Versions name more or fewer columns;
//! what isn't there is left out.
//!
//! Its sessions, which are one visitor each, become visitors. What is attached to events stands in another of its tables
//! and is not read.

use std::borrow::Cow;
use std::io::Read;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::rows::{Row, Rows};
use super::{Found, Item, in_order, mark};
use crate::ingest::imported::Line;

/// Columns without which it is another file.
const WANTED: [&str; 3] = ["session_id", "created_at", "url_path"];

/// Its names of browsers and systems, where they aren't ours.
const NAMES: [(&str, &str); 16] = [
    ("android", "Android Browser"),
    ("android os", "Android"),
    ("android-webview", "Chrome"),
    ("chromium-webview", "Chrome"),
    ("crios", "Chrome"),
    ("edge-chromium", "Edge"),
    ("edge-ios", "Edge"),
    ("facebook", "Facebook"),
    ("fxios", "Firefox"),
    ("ie", "Internet Explorer"),
    ("ios-webview", "Safari"),
    ("mac os", "macOS"),
    ("opera-mini", "Opera Mini"),
    ("samsung", "Samsung Internet"),
    ("silk", "Amazon Silk"),
    ("yandexbrowser", "Yandex Browser"),
];

/// What stands in a file, in the order of time; `domain` is the site's, for lines without a host.
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
    let created = row.get("created_at");
    let Some(at) = instant(created) else {
        return Found::Bad(format!(
            "created_at: {created:.40} is no time as wanted, such as 2026-11-23 10:30:00"
        ));
    };
    let some = |text: &str| (!text.is_empty()).then(|| Cow::from(text.to_owned()));
    let host = match row.get("hostname") {
        "" => domain,
        host => host,
    };
    let address = |host: &str, path: &str, query: &str| {
        let slash = if path.starts_with('/') { "" } else { "/" };
        let query = query.trim_start_matches('?');
        let sign = if query.is_empty() { "" } else { "?" };
        Cow::from(format!("https://{host}{slash}{path}{sign}{query}"))
    };
    let referrer = row.get("referrer_domain");
    let name = row.get("event_name");
    let is_event = row.get("event_type") == "2" || !name.is_empty();
    let device = match row.get("device") {
        "laptop" => "Desktop",
        device => device,
    };
    Found::Line(Box::new(Line {
        fired_at: at.to_string().into(),
        name: is_event.then(|| name.to_owned().into()),
        anonymous_id: some(row.get("session_id")),
        user_id: some(row.get("distinct_id")),
        url: Some(address(host, row.get("url_path"), row.get("url_query"))),
        referrer: (!referrer.is_empty()).then(|| {
            address(
                referrer,
                row.get("referrer_path"),
                row.get("referrer_query"),
            )
        }),
        metadata: mark("umami", false),
        browser: some(ours(row.get("browser"))),
        os: some(ours(row.get("os"))),
        device: some(device),
        country: some(row.get("country")),
    }))
}

/// A name of a browser or system as it stands in our table. Of Windows the version goes.
fn ours(name: &str) -> &str {
    if name.starts_with("Windows ") && name != "Windows Phone" {
        return "Windows";
    }
    let known = NAMES
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(name));
    known.map_or(name, |(_, ours)| ours)
}

/// A time as databases write it: in UTC where no zone is named.
fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let at: DateTime = text.parse().ok()?;
    let at = at.to_zoned(TimeZone::UTC).ok()?;
    Some(at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_as_databases_write_them() {
        for (text, expected) in [
            ("2026-11-23 10:30:00", Some("2026-11-23T10:30:00Z")),
            ("2026-11-23 10:30:00.5", Some("2026-11-23T10:30:00.5Z")),
            ("2026-11-23 10:30:00+01", Some("2026-11-23T09:30:00Z")),
            ("2026-11-23T10:30:00Z", Some("2026-11-23T10:30:00Z")),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(
                instant(text).map(|at| at.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "[\\PC,\"\n]{0,60}") {
            let file = format!("session_id,created_at,url_path,event_name,os\n{line}");
            prop_assert!(read(file.as_bytes(), "example.com").unwrap().len() <= line.len() + 1);
        }
    }
}
