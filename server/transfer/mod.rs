//! Events as files: what leaves this server to come back, here or on another, and what other products exported.
//!
//! - [`line`]: an event as a line of CSV or JSON, both ways; `cell`: text that no spreadsheet takes for a formula
//! - `rows`: CSV of unknown making, a record at a time, with bounds
//! - [`import`]: lines → the log, with a report of what was not taken
//! - [`goatcounter`], [`umami`], [`plausible`]: their exports → the same lines
//!
//! Leaves to [`ingest`](crate::ingest): whether a line is an event.

mod cell;
pub mod goatcounter;
pub mod import;
pub mod line;
pub mod plausible;
mod rows;
pub mod umami;

use crate::ingest::imported::Line;

/// What a source gives for a line.
#[derive(Debug)]
pub enum Found {
    /// An event, as far as the source can tell.
    Line(Box<Line<'static>>),
    /// Nothing that is to be stored, for this reason.
    Left(&'static str),
    /// Something that can't be read, in words.
    Bad(String),
}

/// A line's number in its file, and what it is. After an error, in words, nothing comes.
pub type Item = Result<(u64, Found), String>;

/// Puts what was gathered in the order of time, which is how visits are made of it.
fn in_order(items: impl Iterator<Item = Item>) -> Vec<Item> {
    let mut items: Vec<Item> = items.collect();
    items.sort_by_cached_key(|item| match item {
        Ok((_, Found::Line(line))) => line.fired_at.parse::<jiff::Timestamp>().ok(),
        _ => None,
    });
    items
}

/// Metadata that says where an event is from.
fn mark(
    product: &str,
    is_approximate: bool,
) -> Option<std::borrow::Cow<'static, serde_json::value::RawValue>> {
    let text = match is_approximate {
        true => format!(r#"{{"imported":"{product}","approximate":true}}"#),
        false => format!(r#"{{"imported":"{product}"}}"#),
    };
    let raw = serde_json::value::RawValue::from_string(text).ok();
    raw.map(std::borrow::Cow::Owned)
}
