//! The cases, by theme; and which of them an engine can't run.
//!
//! - `goal`, `click`: what people define; `reserved`: what fires by itself; `view`: page views
//! - `delivery`: what is fired arrives; `privacy`: who is counted; `guest`: manners

mod click;
mod delivery;
mod goal;
mod guest;
mod privacy;
mod reserved;
mod view;

use serde_json::Value;

use super::engine::Engine;
use super::row::Row;

const NONE: Value = Value::Null;

/// Every case. Their names tell them apart.
pub fn rows() -> Vec<Row> {
    let themes = [
        goal::rows,
        click::rows,
        reserved::rows,
        view::rows,
        delivery::rows,
        privacy::rows,
        guest::rows,
    ];
    themes.into_iter().flat_map(|rows| rows()).collect()
}

/// Why a row is not run in an engine: what it can't do.
pub fn missing(engine: Engine, row: &str) -> Option<&'static str> {
    MISSING
        .iter()
        .find(|(of, name, _)| *of == engine && *name == row)
        .map(|(_, _, why)| *why)
}

const MISSING: &[(Engine, &str, &str)] = &[
    (
        Engine::Firefox,
        "a submit that a program tells of",
        "there such an event does submit the form",
    ),
    (
        Engine::WebKit,
        "a right click is none",
        "its driver releases every button as the left one",
    ),
    (
        Engine::WebKit,
        "a middle click on a button is none, on a link it is",
        "its driver releases every button as the left one",
    ),
    (
        Engine::WebKit,
        "a call of a right click",
        "its driver releases every button as the left one",
    ),
];
