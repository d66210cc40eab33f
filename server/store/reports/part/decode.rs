//! The bytes of a part → columns, and rows. What is damaged says so.

use std::cell::Cell;
use std::sync::Arc;

use super::super::bytes::{Bytes, Damaged, Numbers};
use super::super::row::{self, Revenue, Row};
use super::{Head, Kind};
use crate::store::session::{Place, Shared};

/// A column of whole numbers, such as times.
pub(in crate::store::reports) fn numbers(column: &[u8], rows: usize) -> Result<Vec<i64>, Damaged> {
    Ok(Bytes(column).numbers(rows)?.to_vec(|number| number))
}

/// A column of small whole numbers, such as steps.
pub(in crate::store::reports) fn small_numbers(
    column: &[u8],
    rows: usize,
) -> Result<Vec<u32>, Damaged> {
    Ok(Bytes(column).numbers(rows)?.to_vec(|number| number as u32))
}

/// Which rows are the first of their session.
pub(in crate::store::reports) fn begins(column: &[u8], rows: usize) -> Result<Vec<bool>, Damaged> {
    Ok(Bytes(column).numbers(rows)?.to_vec(|ago| ago == 1))
}

/// The log's numbers of the rows.
pub(in crate::store::reports) fn ids(column: &[u8], rows: usize) -> Result<Vec<i64>, Damaged> {
    let mut ids = numbers(column, rows)?;
    ids.iter_mut()
        .zip(0..)
        .for_each(|(id, at)| *id = id.wrapping_add(at));
    Ok(ids)
}

/// What occurs in a column, and for each row its place in that.
pub(in crate::store::reports) struct Codes<T> {
    pub(in crate::store::reports) occurs: Vec<T>,
    pub(in crate::store::reports) rows: Vec<u32>,
}

/// A column of codes of which only some are looked at.
pub(in crate::store::reports) struct Coded<'a> {
    pub(in crate::store::reports) occurs: Vec<u32>,
    rows: Numbers<'a>,
}

impl<'a> Coded<'a> {
    pub(in crate::store::reports) fn read(
        column: &'a [u8],
        rows: usize,
    ) -> Result<Coded<'a>, Damaged> {
        let mut left = Bytes(column);
        let count = counted(&mut left, rows)?;
        let occurs = left.numbers(count)?.to_vec(|number| number as u32);
        let rows = left.numbers(rows)?;
        Ok(Coded { occurs, rows })
    }

    /// What a table of as many entries as `occurs` says of each row.
    pub(in crate::store::reports) fn of_each(&self, table: &[bool]) -> Result<Vec<bool>, Damaged> {
        let most = Cell::new(0);
        let of = |code: i64| {
            most.set(most.get().max(code as usize));
            table.get(code as usize).copied().unwrap_or_default()
        };
        let rows = self.rows.to_vec(of);
        let is_whole = rows.is_empty() || most.get() < table.len();
        is_whole.then_some(rows).ok_or(Damaged)
    }

    /// The place in `occurs` of what stands in a row.
    pub(in crate::store::reports) fn place(&self, row: usize) -> Result<usize, Damaged> {
        let place = self.rows.get(row)? as usize;
        match place < self.occurs.len() {
            true => Ok(place),
            false => Err(Damaged),
        }
    }
}

/// A column of whole numbers of which only some are looked at.
pub(in crate::store::reports) fn numbered(
    column: &[u8],
    rows: usize,
) -> Result<Numbers<'_>, Damaged> {
    Bytes(column).numbers(rows)
}

/// A column of codes.
pub(in crate::store::reports) fn codes(column: &[u8], rows: usize) -> Result<Codes<u32>, Damaged> {
    let mut left = Bytes(column);
    let count = counted(&mut left, rows)?;
    let occurs = left.numbers(count)?.to_vec(|number| number as u32);
    let rows = left.numbers(rows)?.to_vec(|number| number as u32);
    checked(Codes { occurs, rows })
}

/// A column of metadata; the first thing that occurs is its absence.
pub(in crate::store::reports) fn values(
    column: &[u8],
    rows: usize,
) -> Result<Codes<Option<Arc<str>>>, Damaged> {
    let mut left = Bytes(column);
    let count = counted(&mut left, rows)?;
    let ends = left.numbers(count)?.to_vec(|number| number as usize);
    let texts = left.take(ends.last().copied().unwrap_or_default())?;
    let mut occurs = vec![None];
    let mut from = 0;
    for end in ends {
        let text = texts
            .get(from..end)
            .and_then(|t| std::str::from_utf8(t).ok())
            .ok_or(Damaged)?;
        occurs.push(Some(text.into()));
        from = end;
    }
    if left.take(1)?[0] == 0 {
        let rows = left.numbers(rows)?.to_vec(|number| number as u32);
        return checked(Codes { occurs, rows });
    }
    let cells = counted(&mut left, rows)?;
    let places = left.numbers(cells)?.to_vec(|number| number as usize);
    let values = left.numbers(cells)?.to_vec(|number| number as u32);
    let mut codes = vec![0; rows];
    for (at, value) in places.into_iter().zip(values) {
        *codes.get_mut(at).ok_or(Damaged)? = value;
    }
    checked(Codes {
        occurs,
        rows: codes,
    })
}

/// What a key without a column of its own says, out of the column of the rest.
pub(in crate::store::reports) fn of_rest(
    column: &[u8],
    rows: usize,
    key: &str,
) -> Result<Codes<Option<Arc<str>>>, Damaged> {
    let mut codes = values(column, rows)?;
    for text in &mut codes.occurs {
        *text = text.as_deref().and_then(|text| row::value(text, key));
    }
    Ok(codes)
}

/// How many things follow: no more than there are rows.
fn counted(left: &mut Bytes, rows: usize) -> Result<usize, Damaged> {
    let count = left.u32()? as usize;
    if count > rows {
        Err(Damaged)
    } else {
        Ok(count)
    }
}

/// Codes of which each means something.
fn checked<T>(codes: Codes<T>) -> Result<Codes<T>, Damaged> {
    let most = codes.rows.iter().fold(0, |most, code| most.max(*code));
    if !codes.rows.is_empty() && most as usize >= codes.occurs.len() {
        return Err(Damaged);
    }
    Ok(codes)
}

/// Which rows brought what.
pub(in crate::store::reports) fn revenue(column: &[u8]) -> Result<Vec<(usize, Revenue)>, Damaged> {
    let mut left = Bytes(column);
    let mut out = Vec::new();
    while !left.0.is_empty() {
        let at = left.u32()? as usize;
        let minor = i64::from_le_bytes(left.array()?);
        out.push((
            at,
            Revenue {
                minor,
                currency: left.array()?,
            },
        ));
    }
    Ok(out)
}

/// The rows of a part, as they went in but for the form of their metadata.
pub(crate) fn decode(bytes: &[u8], site: i64, day: i32) -> Result<Vec<Row>, Damaged> {
    let head = Head::read(bytes)?;
    let column = |kind| {
        let range = head.column(kind, "").ok_or(Damaged)?;
        bytes.get(range).ok_or(Damaged)
    };
    let n = head.rows;
    let ids = ids(column(Kind::Id)?, n)?;
    let at = numbers(column(Kind::At)?, n)?;
    let session = numbers(column(Kind::Session)?, n)?;
    let steps = numbers(column(Kind::Step)?, n)?;
    let of = |kind| -> Result<Vec<u32>, Damaged> {
        let codes = codes(column(kind)?, n)?;
        Ok(codes
            .rows
            .iter()
            .map(|code| codes.occurs[*code as usize])
            .collect())
    };
    let (goal, visitor, url) = (of(Kind::Goal)?, of(Kind::Visitor)?, of(Kind::Url)?);
    let (entry, origin, client) = (of(Kind::Entry)?, of(Kind::Origin)?, of(Kind::Client)?);
    let mut rows: Vec<Row> = (0..n)
        .map(|i| Row {
            id: ids[i],
            site,
            day,
            at: at[i],
            goal: goal[i],
            visitor: visitor[i],
            place: Place {
                session: match session[i] {
                    0 => 0,
                    1 => ids[i],
                    ago => ids[i].wrapping_sub(ago.wrapping_sub(1)),
                },
                begins: session[i] == 1,
                seconds: (steps[i] / 2) as u16,
                engages: steps[i] % 2 == 1,
                shared: Shared {
                    entry: entry[i],
                    origin: origin[i],
                    client: client[i],
                },
            },
            url: url[i],
            revenue: None,
            metadata: None,
        })
        .collect();
    for (at, revenue) in revenue(column(Kind::Revenue)?)? {
        rows.get_mut(at).ok_or(Damaged)?.revenue = Some(revenue);
    }
    let mut pairs: Vec<Vec<(Arc<str>, Arc<str>)>> = vec![Vec::new(); n];
    for (key, range) in head.keys() {
        let key: Arc<str> = key.into();
        let codes = values(bytes.get(range).ok_or(Damaged)?, n)?;
        for (at, code) in codes.rows.iter().enumerate() {
            if let Some(value) = &codes.occurs[*code as usize] {
                pairs[at].push((key.clone(), value.clone()));
            }
        }
    }
    if let Some(range) = head.column(Kind::Rest, "") {
        let codes = values(bytes.get(range).ok_or(Damaged)?, n)?;
        for (at, code) in codes.rows.iter().enumerate() {
            if let Some(rest) = &codes.occurs[*code as usize] {
                row::each_pair(rest, |key, value| {
                    pairs[at].push(((*key).into(), (*value).into()));
                });
                pairs[at].sort();
            }
        }
    }
    for (row, pairs) in rows.iter_mut().zip(&pairs) {
        row.metadata = row::metadata(pairs.iter().map(|(key, value)| (&**key, &**value)));
    }
    Ok(rows)
}
