//! A row of `event`, written and read.

use clickhouse::Row as Fields;
use roaring::RoaringTreemap;
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::condition::is_among;
use crate::store::ReadError;
use crate::store::read::{Numbered, Rest};
use crate::store::reports::row::{Revenue, Row, each_pair, letters};
use crate::store::session::{Place, Shared};

/// In the order of the table's columns. A number 0 is none, and so is an empty text.
#[derive(Clone, Debug, Fields, Serialize, Deserialize)]
pub(super) struct Stored {
    site: i64,
    day: i32,
    id: i64,
    at: i64,
    goal: u32,
    visitor: u32,
    session: i64,
    begins: u8,
    engages: u8,
    seconds: u16,
    url: u32,
    entry: u32,
    origin: u32,
    client: u32,
    query: u32,
    query_text: String,
    referrer: u32,
    metadata: String,
    pairs: Vec<(String, String)>,
    amount: i64,
    currency: String,
    version: u32,
}

impl Stored {
    /// The row of an event, which replaces those of lower versions.
    pub(super) fn of(event: &Numbered, version: u32) -> Stored {
        let Numbered {
            row,
            rest,
            referrer,
        } = event;
        let mut pairs: Vec<(String, String)> = Vec::new();
        let metadata = row.metadata.as_deref().unwrap_or_default();
        each_pair(metadata, |key, value| {
            // Of a key that stands twice the last one counts.
            match pairs.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value.into_owned(),
                None => pairs.push((key.into_owned(), value.into_owned())),
            }
        });
        let (query, query_text) = match rest {
            Rest::None => (0, String::new()),
            Rest::Number(number) => (*number, String::new()),
            Rest::Text(text) => (0, text.clone()),
        };
        let currency = row.revenue.map(|money| money.currency);
        Stored {
            site: row.site,
            day: row.day,
            id: row.id,
            at: row.at,
            goal: row.goal,
            visitor: row.visitor,
            session: row.place.session,
            begins: row.place.begins.into(),
            engages: row.place.engages.into(),
            seconds: row.place.seconds,
            url: row.url,
            entry: row.place.shared.entry,
            origin: row.place.shared.origin,
            client: row.place.shared.client,
            query,
            query_text,
            referrer: *referrer,
            metadata: metadata.to_owned(),
            pairs,
            amount: row.revenue.map_or(0, |money| money.minor),
            currency: currency
                .map(|code| String::from_utf8_lossy(&code).into_owned())
                .unwrap_or_default(),
            version,
        }
    }

    pub(super) fn numbered(self) -> Numbered {
        let rest = match self.query {
            0 if self.query_text.is_empty() => Rest::None,
            0 => Rest::Text(self.query_text),
            number => Rest::Number(number),
        };
        Numbered {
            row: Row {
                id: self.id,
                site: self.site,
                day: self.day,
                at: self.at,
                goal: self.goal,
                visitor: self.visitor,
                place: Place {
                    session: self.session,
                    begins: self.begins != 0,
                    seconds: self.seconds,
                    engages: self.engages != 0,
                    shared: Shared {
                        entry: self.entry,
                        origin: self.origin,
                        client: self.client,
                    },
                },
                url: self.url,
                revenue: (!self.currency.is_empty()).then(|| Revenue {
                    minor: self.amount,
                    currency: letters(&self.currency),
                }),
                metadata: (!self.metadata.is_empty()).then(|| self.metadata.into()),
            },
            rest,
            referrer: self.referrer,
        }
    }

    /// All of it as whole numbers, in SQL.
    pub(super) const NUMBERS: [&str; 20] = [
        "site",
        "day",
        "id",
        "toUnixTimestamp64Milli(at)",
        "goal",
        "visitor",
        "session",
        "begins",
        "engages",
        "seconds",
        "url",
        "entry",
        "origin",
        "client",
        "query",
        "CRC32(query_text)",
        "referrer",
        "CRC32(metadata)",
        "amount",
        "CRC32(toString(currency))",
    ];

    /// The same.
    pub(super) fn numbers(&self) -> [i64; 20] {
        let sum = |text: &str| i64::from(crc32fast::hash(text.as_bytes()));
        [
            self.site,
            self.day.into(),
            self.id,
            self.at,
            self.goal.into(),
            self.visitor.into(),
            self.session,
            self.begins.into(),
            self.engages.into(),
            self.seconds.into(),
            self.url.into(),
            self.entry.into(),
            self.origin.into(),
            self.client.into(),
            self.query.into(),
            sum(&self.query_text),
            self.referrer.into(),
            sum(&self.metadata),
            self.amount,
            sum(&self.currency),
        ]
    }

    pub(super) fn version(&self) -> u32 {
        self.version
    }
}

/// The events that are as `condition` says, each once.
pub(super) fn rows(client: &Client, condition: &str) -> Result<Vec<Stored>, ReadError> {
    client.rows(&format!(
        "SELECT {} FROM {} FINAL WHERE {condition} SETTINGS use_skip_indexes_if_final = 1",
        Stored::COLUMN_NAMES.join(", "),
        client.tables().asked("event")
    ))
}

/// The events with these numbers, of a site where one is named, in order.
pub(super) fn numbered(
    client: &Client,
    site: Option<i64>,
    ids: &[i64],
) -> Result<Vec<Numbered>, ReadError> {
    let ids: RoaringTreemap = ids.iter().map(|id| *id as u64).collect();
    let site = site.map_or("1".into(), |site| format!("site = {site}"));
    let condition = format!("{site} AND {} ORDER BY id", is_among("id", &ids));
    let found = rows(client, &condition)?;
    Ok(found.into_iter().map(Stored::numbered).collect())
}
