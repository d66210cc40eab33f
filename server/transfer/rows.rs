//! CSV of unknown making, a record at a time. A record that has no end takes no more memory than one may have.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use csv::ByteRecord;

/// Bytes that a record may have, about.
pub(super) const RECORD: usize = 1 << 20;

/// Gives so many bytes and no more, until there is room again.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.left.get().min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            return Err(io::Error::other("a line is longer than 1 MiB"));
        }
        let read = self.inner.read(&mut buffer[..most])?;
        self.left.set(self.left.get() - read);
        Ok(read)
    }
}

/// A file's records.
pub(super) struct Rows<R> {
    reader: csv::Reader<Bounded<R>>,
    left: Rc<Cell<usize>>,
    header: Rc<[String]>,
    is_over: bool,
}

/// A record.
pub(super) struct Row {
    header: Rc<[String]>,
    fields: Vec<String>,
}

impl Row {
    /// The field in the column of this name; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        let at = self.header.iter().position(|known| known == name);
        at.and_then(|at| self.fields.get(at))
            .map_or("", |field| field)
    }
}

impl<R: Read> Rows<R> {
    /// Reads the header, which must have these columns.
    pub(super) fn open(file: R, wanted: &[&str]) -> Result<Rows<R>, String> {
        let left = Rc::new(Cell::new(RECORD));
        let bounded = Bounded {
            inner: file,
            left: left.clone(),
        };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(bounded);
        let header = reader
            .byte_headers()
            .map_err(|error| format!("the header can't be read: {error}"))?;
        let header: Rc<[String]> = header
            .iter()
            .map(|name| {
                String::from_utf8_lossy(name)
                    .trim_start_matches('\u{feff}')
                    .trim()
                    .to_owned()
            })
            .collect();
        if let Some(name) = wanted
            .iter()
            .find(|name| !header.iter().any(|known| known == *name))
        {
            return Err(format!(
                "there is no column {name:?}; this is no such file, or its first line is missing"
            ));
        }
        Ok(Rows {
            reader,
            left,
            header,
            is_over: false,
        })
    }
}

impl<R: Read> Iterator for Rows<R> {
    /// The number of the line, and what stands there or what is wrong with it; an error when nothing more can be read.
    type Item = Result<(u64, Result<Row, String>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        self.left.set(RECORD);
        let mut record = ByteRecord::new();
        match self.reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                self.is_over = true;
                return Some(Err(error.to_string()));
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        let (has, wanted) = (record.len(), self.header.len());
        if has != wanted {
            let wrong = format!("it has {has} fields, and the first line {wanted}");
            return Some(Ok((line, Err(wrong))));
        }
        let text = |field: &[u8]| String::from_utf8(field.to_vec());
        let fields: Result<Vec<_>, _> = record.iter().map(text).collect();
        let row = fields
            .map_err(|_| "it is no UTF-8".to_owned())
            .map(|fields| Row {
                header: self.header.clone(),
                fields,
            });
        Some(Ok((line, row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_field_without_an_end_takes_no_memory_without_end() {
        let endless = io::Cursor::new("a,b\n1,\"").chain(io::repeat(b'x'));
        let mut rows = Rows::open(endless, &["a"]).unwrap();
        let said = rows.next().unwrap().err().unwrap();
        assert!(said.contains("longer than 1 MiB"), "{said}");
        assert!(rows.next().is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            if let Ok(rows) = Rows::open(&*bytes, &[]) {
                prop_assert!(rows.count() <= bytes.len() + 1);
            }
        }
    }
}
