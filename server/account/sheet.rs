//! Files of rows that people upload: bytes → rows that can't be wrong, or for each wrong line what is wrong and what would
//! be right. All or nothing: of a file with one wrong line nothing is taken.
//!
//! Columns stand in any order under a header. Commas, semicolons or tabs between fields, a byte order mark, any line
//! ends, quoted fields: whatever spreadsheets write. In files with semicolons a number may have a decimal comma. What a
//! row may say is told by whoever asks: [`spend`](super::spend), [`rate`](super::rate), [`control`](super::control).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use iso_currency::Currency;
use jiff::civil::Date;

/// Bytes of one file.
pub const BYTES: usize = 5_000_000;
/// The first year that is taken.
const FIRST_YEAR: i16 = 1999;

/// Wrong lines that are told.
const TOLD: usize = 50;

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
    /// One wrong line.
    pub(super) fn of(line: u64, words: impl Into<String>) -> Refused {
        let mut refused = Refused::default();
        refused.add(line, words.into());
        refused
    }

    pub(super) fn add(&mut self, line: u64, words: String) {
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

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Those that are new.
    pub added: u64,
    /// Those that took the place of others.
    pub replaced: u64,
}

/// A row as it was written: a text for each of the columns, empty where nothing stands.
pub type Written = Vec<String>;

/// A row that can't be wrong.
pub trait Row: Sized {
    /// The columns, those that have to be there first.
    const COLUMNS: &'static [&'static str];
    /// How many have to be there.
    const NEEDED: usize;
    /// Rows of one file.
    const MOST: usize;
    /// What no two rows of a file may have in common, in words, and what to do about it.
    const TWICE: (&'static str, &'static str);
    /// What rows are checked against.
    type Known<'a>;
    /// What no two rows of a file may have in common.
    type Key: Hash + Eq;

    /// Reads one; with a decimal comma where `has_commas`.
    fn read(written: &Written, known: &Self::Known<'_>, has_commas: bool) -> Result<Self, String>;

    #[allow(missing_docs)]
    fn key(&self) -> Self::Key;
}

/// Reads a file.
///
/// # Errors
/// Every wrong line, the first of them in words.
pub fn read<R: Row>(file: &[u8], known: &R::Known<'_>) -> Result<Vec<R>, Refused> {
    let sheet = Sheet::new(file)?;
    let header = sheet.header(R::COLUMNS, R::NEEDED)?;
    let mut rows = Rows::new(known, sheet.has_commas());
    sheet.each(|line, record| {
        if record.len() != header.len() {
            rows.refused
                .add(line, sheet.uneven(record.len(), header.len()));
            return Ok(());
        }
        let mut written = vec![String::new(); R::COLUMNS.len()];
        for (column, field) in header.iter().zip(record) {
            written[*column] = field.trim().to_owned();
        }
        rows.take(line, &written)
    })?;
    rows.done()
}

/// Reads rows that came as a list.
///
/// # Errors
/// As of a file.
pub fn read_rows<R: Row>(written: &[Written], known: &R::Known<'_>) -> Result<Vec<R>, Refused> {
    let mut rows = Rows::new(known, false);
    for (row, line) in written.iter().zip(1..) {
        rows.take(line, row)?;
    }
    rows.done()
}

/// The number of the line that comes after these bytes.
pub(super) fn lines(before: &[u8]) -> u64 {
    let ends = before.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => before.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    1 + ends.count() as u64
}

/// A file's text, and what stands between its fields.
pub(super) struct Sheet<'a> {
    text: &'a str,
    between: u8,
    /// The header's line.
    line: u64,
    /// The names that stand in it.
    pub(super) names: Vec<String>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(file: &'a [u8]) -> Result<Sheet<'a>, Refused> {
        if file.len() > BYTES {
            let words = "the file is larger than 5 MB; send it in parts";
            return Err(Refused::of(1, words));
        }
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let text = std::str::from_utf8(file).map_err(|wrong| {
            let line = lines(&file[..wrong.valid_up_to()]);
            Refused::of(line, "not UTF-8: save the file as CSV in UTF-8")
        })?;
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
        Ok(Sheet {
            text,
            between,
            line,
            names: names.iter().map(|name| name.trim().to_owned()).collect(),
        })
    }

    /// Whether numbers may have a decimal comma.
    fn has_commas(&self) -> bool {
        self.between == b';'
    }

    /// Each record below the header that isn't blank, with the number of its line.
    fn each(
        &self,
        mut take: impl FnMut(u64, &csv::StringRecord) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let text = self.text;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.between)
            .from_reader(text.as_bytes());
        let (mut line, mut counted) = (1, 0);
        for (place, record) in reader.records().enumerate() {
            let record = record.map_err(|error| Refused::of(line, error.to_string()))?;
            // Where a record begins; blank lines before it are passed over without being told.
            let at = record.position().map_or(0, csv::Position::byte) as usize;
            let blank = text[at..].len() - text[at..].trim_start_matches(['\r', '\n']).len();
            line += lines(&text.as_bytes()[counted..at + blank]) - 1;
            counted = at + blank;
            let is_blank = record.iter().all(|field| field.trim().is_empty());
            if place > 0 && !is_blank {
                take(line, &record)?;
            }
        }
        Ok(())
    }

    /// Reads a file that has a line a day and a column each: of a day, a column's name and a cell that isn't empty `written`
    /// makes a row, or none.
    pub(super) fn wide<R: Row>(
        &self,
        known: &R::Known<'_>,
        written: impl Fn(&str, &str, &str) -> Option<Written>,
    ) -> Result<Vec<R>, Refused> {
        let mut rows = Rows::new(known, self.has_commas());
        self.each(|line, record| {
            if record.len() != self.names.len() {
                rows.refused
                    .add(line, self.uneven(record.len(), self.names.len()));
                return Ok(());
            }
            let day = record[0].trim();
            for (name, cell) in self.names.iter().zip(record).skip(1) {
                let cell = cell.trim();
                let row = (!cell.is_empty()).then(|| written(day, name, cell));
                if let Some(row) = row.flatten() {
                    rows.take(line, &row)?;
                }
            }
            Ok(())
        })?;
        rows.done()
    }

    /// What is wrong with a line of so many fields.
    fn uneven(&self, found: usize, wanted: usize) -> String {
        let between = char::from(self.between);
        format!(
            "{found} fields under a header of {wanted}; a field with {between} in it needs quotes around it"
        )
    }

    /// Which column each field of the header names.
    fn header(&self, known: &[&str], needed: usize) -> Result<Vec<usize>, Refused> {
        let (mut columns, mut refused) = (Vec::new(), Refused::default());
        for name in &self.names {
            let place = |known: &&str| known.eq_ignore_ascii_case(name);
            match known.iter().position(place) {
                Some(column) if columns.contains(&column) => {
                    refused.add(self.line, format!("the column {name} stands twice"));
                }
                Some(column) => columns.push(column),
                None => {
                    let hint = nearest(name, known)
                        .map_or_else(String::new, |known| format!("; {known} may be meant"));
                    let words = format!(
                        "{name:.40?} is no column{hint}; there are {}",
                        known.join(", ")
                    );
                    refused.add(self.line, words);
                }
            }
        }
        let needed = &known[..needed];
        let missing = needed.iter().enumerate();
        let missing: Vec<_> = missing
            .filter(|(column, _)| !columns.contains(column))
            .map(|(_, name)| *name)
            .collect();
        if !missing.is_empty() {
            let words = format!(
                "the header has to name {}: wanted is a first line such as {}",
                missing.join(", "),
                needed.join(",")
            );
            refused.add(self.line, words);
        }
        match refused.count() {
            0 => Ok(columns),
            _ => Err(refused),
        }
    }
}

/// The known word that is most like this one, if any is.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let like = |known: &&str| strsim::jaro_winkler(&word.to_lowercase(), &known.to_lowercase());
    let best = known.iter().map(|known| (like(known), *known));
    let best = best.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(like, _)| *like > 0.7).map(|(_, known)| known)
}

/// The rows of a file so far.
struct Rows<'k, 'a, R: Row> {
    known: &'k R::Known<'a>,
    has_commas: bool,
    rows: Vec<R>,
    refused: Refused,
    /// In which line each row stands, by what makes it one of its own.
    lines: HashMap<R::Key, u64>,
}

impl<'k, 'a, R: Row> Rows<'k, 'a, R> {
    fn new(known: &'k R::Known<'a>, has_commas: bool) -> Self {
        Rows {
            known,
            has_commas,
            rows: Vec::new(),
            refused: Refused::default(),
            lines: HashMap::new(),
        }
    }

    fn take(&mut self, line: u64, written: &Written) -> Result<(), Refused> {
        if self.rows.len() + self.refused.count() >= R::MOST {
            let words = format!("more than {} rows; send them in parts", R::MOST);
            return Err(Refused::of(line, words));
        }
        let row = match R::read(written, self.known, self.has_commas) {
            Ok(row) => row,
            Err(words) => {
                self.refused.add(line, words);
                return Ok(());
            }
        };
        match self.lines.entry(row.key()) {
            Entry::Vacant(place) => {
                place.insert(line);
                self.rows.push(row);
            }
            Entry::Occupied(first) => {
                let (same, advice) = R::TWICE;
                let words = format!("the same {same} as {}: {advice}", first.get());
                self.refused.add(line, words);
            }
        }
        Ok(())
    }

    fn done(self) -> Result<Vec<R>, Refused> {
        match (self.refused.count(), self.rows.is_empty()) {
            (0, false) => Ok(self.rows),
            (0, true) => Err(Refused::of(1, "there is no row below the header")),
            _ => Err(self.refused),
        }
    }
}

/// A currency that has minor units, by its code.
pub(super) fn currency(what: &str, code: &str) -> Result<Currency, String> {
    Currency::from_code(&code.to_uppercase())
        .filter(|currency| currency.exponent().is_some())
        .ok_or_else(|| {
            format!("{what}: {code:.20?} is none; wanted is an ISO 4217 code such as EUR")
        })
}

/// A number's text with a point where it may have a comma.
pub(super) fn plain(text: &str, has_commas: bool) -> String {
    match has_commas && !text.contains('.') {
        true => text.replacen(',', ".", 1),
        false => text.to_owned(),
    }
}

/// A day up to the last that may be.
pub(super) fn date(text: &str, last: Date) -> Result<Date, String> {
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
