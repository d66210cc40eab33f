//! Files of spend: bytes → rows that can't be wrong, or for each wrong line what is wrong and what would be right. All or
//! nothing: of a file with one wrong line nothing is taken.
//!
//! Columns stand in any order under a header. Commas, semicolons or tabs between fields, a byte order mark, any line
//! ends, quoted fields: whatever spreadsheets write. In files with semicolons an amount may have a decimal comma.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use iso_currency::Currency;
use jiff::civil::Date;

use super::Spend;
use crate::store::event::Money;

/// Bytes of one file.
pub const BYTES: usize = 5_000_000;
/// And rows.
pub const ROWS: usize = 100_000;

/// Characters of a source or campaign, as an event keeps them.
const CHARACTERS: usize = 200;

/// The most of an amount, in smallest units, so that no sum of rows is too large to count.
const MOST: i64 = 1_000_000_000_000;

/// The first day that is taken.
const FIRST_YEAR: i16 = 2000;

/// Wrong lines that are told.
const TOLD: usize = 50;

/// The columns, those that have to be there first.
pub const COLUMNS: [&str; 8] = [
    "date",
    "channel",
    "amount",
    "currency",
    "source",
    "campaign",
    "impressions",
    "clicks",
];
const NEEDED: usize = 4;

/// A row as it was written: a text for each of the columns, empty where nothing stands.
pub type Written = [String; COLUMNS.len()];

/// What rows are checked against.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The channels that there are.
    pub channels: &'a [&'static str],
    /// The last day for which money may have been spent.
    pub last: Date,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its number, from 1; of rows that came as a list their place in it.
    pub line: u64,
    /// And what would be right.
    pub words: String,
}

/// Why nothing was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// The first wrong lines.
    pub wrong: Vec<Wrong>,
    /// How many there are beside.
    pub more: usize,
}

impl Refused {
    fn of(line: u64, words: impl Into<String>) -> Refused {
        let mut refused = Refused::default();
        refused.add(line, words.into());
        refused
    }

    fn add(&mut self, line: u64, words: String) {
        match self.wrong.len() < TOLD {
            true => self.wrong.push(Wrong { line, words }),
            false => self.more += 1,
        }
    }

    /// How many lines are wrong.
    pub fn count(&self) -> usize {
        self.wrong.len() + self.more
    }
}

/// Reads a file.
///
/// # Errors
/// Every wrong line, the first of them in words.
pub fn read(file: &[u8], known: &Known) -> Result<Vec<Spend>, Refused> {
    if file.len() > BYTES {
        return Err(Refused::of(
            1,
            "the file is larger than 5 MB; send it in parts",
        ));
    }
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let text = std::str::from_utf8(file).map_err(|wrong| {
        let line = lines(&file[..wrong.valid_up_to()]);
        Refused::of(line, "not UTF-8: save the file as CSV in UTF-8")
    })?;
    let (between, header) = header(text)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(between)
        .from_reader(text.as_bytes());
    let (mut line, mut counted) = (1, 0);
    let mut rows = Rows::new(known, between == b';');
    for (place, record) in reader.records().enumerate() {
        let record = record.map_err(|error| Refused::of(line, error.to_string()))?;
        // Where a record begins; blank lines before it are passed over without being told.
        let at = record.position().map_or(0, csv::Position::byte) as usize;
        let blank = text[at..].len() - text[at..].trim_start_matches(['\r', '\n']).len();
        line += lines(&text.as_bytes()[counted..at + blank]) - 1;
        counted = at + blank;
        let is_blank = record.iter().all(|field| field.trim().is_empty());
        if place == 0 || is_blank {
            continue;
        }
        if record.len() != header.len() {
            let (found, wanted) = (record.len(), header.len());
            rows.refuse(
                line,
                format!("{found} fields under a header of {wanted}; a field with {} in it needs quotes around it", char::from(between)),
            );
            continue;
        }
        let mut written = Written::default();
        for (column, field) in header.iter().zip(&record) {
            written[*column] = field.trim().to_owned();
        }
        rows.take(line, &written)?;
    }
    rows.done()
}

/// Reads rows that came as a list.
///
/// # Errors
/// As of a file.
pub fn read_rows(written: &[Written], known: &Known) -> Result<Vec<Spend>, Refused> {
    let mut rows = Rows::new(known, false);
    for (row, line) in written.iter().zip(1..) {
        rows.take(line, row)?;
    }
    rows.done()
}

/// The number of the line that comes after these bytes.
fn lines(before: &[u8]) -> u64 {
    let ends = before.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => before.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    1 + ends.count() as u64
}

/// What stands between fields, and which column each field of the header names.
fn header(text: &str) -> Result<(u8, Vec<usize>), Refused> {
    let first = text.trim_start_matches(['\r', '\n']);
    let line = lines(&text.as_bytes()[..text.len() - first.len()]);
    let first = first.lines().next().unwrap_or_default();
    let first = first.split('\r').next().unwrap_or_default();
    let between = [b';', b'\t', b','];
    let count = |byte: u8| first.bytes().filter(|b| *b == byte).count();
    let between = between.into_iter().max_by_key(|byte| count(*byte));
    let between = between.unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(between)
        .from_reader(first.as_bytes());
    let names = reader.records().next().and_then(Result::ok);
    let names = names.unwrap_or_default();
    let (mut columns, mut refused) = (Vec::new(), Refused::default());
    for name in &names {
        let name = name.trim().to_lowercase();
        match COLUMNS.iter().position(|known| *known == name) {
            Some(column) if columns.contains(&column) => {
                refused.add(line, format!("the column {name} stands twice"));
            }
            Some(column) => columns.push(column),
            None => {
                let hint = nearest(&name, &COLUMNS)
                    .map_or_else(String::new, |known| format!("; {known} may be meant"));
                refused.add(
                    line,
                    format!(
                        "{name:.40?} is no column{hint}; there are {}",
                        COLUMNS.join(", ")
                    ),
                );
            }
        }
    }
    let missing = COLUMNS.iter().take(NEEDED).enumerate();
    let missing: Vec<_> = missing
        .filter(|(column, _)| !columns.contains(column))
        .map(|(_, name)| *name)
        .collect();
    if !missing.is_empty() {
        refused.add(
            line,
            format!(
                "the header has to name {}: wanted is a first line such as date,channel,amount,currency",
                missing.join(", ")
            ),
        );
    }
    match refused.count() {
        0 => Ok((between, columns)),
        _ => Err(refused),
    }
}

/// The known word that is most like this one, if any is.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let like = |known: &&str| strsim::jaro_winkler(&word.to_lowercase(), &known.to_lowercase());
    let best = known.iter().map(|known| (like(known), *known));
    let best = best.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(like, _)| *like > 0.7).map(|(_, known)| known)
}

/// The rows of a file so far.
struct Rows<'a> {
    known: &'a Known<'a>,
    has_commas: bool,
    rows: Vec<Spend>,
    refused: Refused,
    /// In which line each row stands, by what makes it one of its own.
    lines: HashMap<(Date, String, String, String), u64>,
}

impl<'a> Rows<'a> {
    fn new(known: &'a Known<'a>, has_commas: bool) -> Rows<'a> {
        Rows {
            known,
            has_commas,
            rows: Vec::new(),
            refused: Refused::default(),
            lines: HashMap::new(),
        }
    }

    fn refuse(&mut self, line: u64, words: String) {
        self.refused.add(line, words);
    }

    fn take(&mut self, line: u64, written: &Written) -> Result<(), Refused> {
        if self.rows.len() + self.refused.count() >= ROWS {
            return Err(Refused::of(
                line,
                "more than 100,000 rows; send them in parts",
            ));
        }
        let row = match row(written, self.known, self.has_commas) {
            Ok(row) => row,
            Err(words) => {
                self.refuse(line, words);
                return Ok(());
            }
        };
        let (source, campaign) = (row.source.clone(), row.campaign.clone());
        match self
            .lines
            .entry((row.day, row.channel.clone(), source, campaign))
        {
            Entry::Vacant(place) => {
                place.insert(line);
                self.rows.push(row);
            }
            Entry::Occupied(first) => {
                let words = format!(
                    "the same day, channel, source and campaign as {}: add the two up, or say what differs as source or campaign",
                    first.get()
                );
                self.refuse(line, words);
            }
        }
        Ok(())
    }

    fn done(self) -> Result<Vec<Spend>, Refused> {
        match (self.refused.count(), self.rows.is_empty()) {
            (0, false) => Ok(self.rows),
            (0, true) => Err(Refused::of(1, "there is no row below the header")),
            _ => Err(self.refused),
        }
    }
}

fn row(written: &Written, known: &Known, has_commas: bool) -> Result<Spend, String> {
    let [
        day,
        channel,
        amount,
        code,
        source,
        campaign,
        impressions,
        clicks,
    ] = written;
    let named = known.channels.iter();
    let channel = match named
        .clone()
        .find(|name| name.eq_ignore_ascii_case(channel))
    {
        Some(name) => (*name).to_owned(),
        None => {
            let hint = nearest(channel, known.channels).map_or_else(
                || format!("there are {}", known.channels.join(", ")),
                |known| format!("{known} may be meant"),
            );
            return Err(format!("channel: {channel:.60?} is none; {hint}"));
        }
    };
    let currency = Currency::from_code(&code.to_uppercase())
        .filter(|currency| currency.exponent().is_some())
        .ok_or_else(|| {
            format!("currency: {code:.20?} is none; wanted is an ISO 4217 code such as EUR")
        })?;
    Ok(Spend {
        day: date(day, known.last)?,
        channel,
        source: named_by("source", source)?,
        campaign: named_by("campaign", campaign)?,
        money: money(amount, currency, has_commas)?,
        impressions: number("impressions", impressions)?,
        clicks: number("clicks", clicks)?,
    })
}

fn date(text: &str, last: Date) -> Result<Date, String> {
    let is_form = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let day = is_form.then(|| text.parse::<Date>().ok()).flatten();
    let day = day.ok_or_else(|| {
        format!("date: {text:.40?} is no day; wanted is YYYY-MM-DD, such as 2026-11-23")
    })?;
    match day {
        day if day > last => Err(format!(
            "date: {day} is still to come; wanted is a day up to {last}"
        )),
        day if day.year() < FIRST_YEAR => Err(format!(
            "date: {day} is too long ago; wanted is a day from {FIRST_YEAR}-01-01 on"
        )),
        day => Ok(day),
    }
}

fn named_by(what: &str, text: &str) -> Result<String, String> {
    match text.chars().count() > CHARACTERS || text.contains(char::is_control) {
        true => Err(format!(
            "{what}: wanted are at most {CHARACTERS} characters on one line"
        )),
        false => Ok(text.to_owned()),
    }
}

fn number(what: &str, text: &str) -> Result<Option<u64>, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 12;
    match is_number {
        true if text.is_empty() => Ok(None),
        true => Ok(text.parse().ok()),
        false => Err(format!(
            "{what}: {text:.40?} is no count; wanted is a whole number such as 1250"
        )),
    }
}

/// An amount to the last digit: never by way of a binary fraction.
fn money(text: &str, currency: Currency, has_commas: bool) -> Result<Money, String> {
    let exponent = usize::from(currency.exponent().unwrap_or(0));
    let such = match exponent {
        0 => "1250".to_owned(),
        digits => format!("1250.{:0<digits$}", "5"),
    };
    if text.starts_with(['-', '−']) {
        return Err(format!(
            "amount: {text:.40?} is below 0; spend is 0 or more: take what was paid back off the day it was spent on"
        ));
    }
    let plain = match has_commas && !text.contains('.') {
        true => text.replacen(',', ".", 1),
        false => text.to_owned(),
    };
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) || plain.ends_with('.') {
        return Err(format!(
            "amount: {text:.40?} is no number; wanted are digits and a point, such as {such}, without signs or spaces"
        ));
    }
    if part.len() > exponent {
        return Err(format!(
            "amount: {text:.40?} has {} digits behind the point; {} has {exponent}, such as {such}",
            part.len(),
            currency.code()
        ));
    }
    let digits = format!("{whole}{part:0<exponent$}");
    let minor = digits.parse().ok().filter(|minor| *minor <= MOST);
    let minor = minor.ok_or_else(|| {
        let most = MOST / 10i64.pow(exponent as u32);
        format!("amount: {text:.40?} is more than {most}, the most that a row may have")
    })?;
    Ok(Money { minor, currency })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
