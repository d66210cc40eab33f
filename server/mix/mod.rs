//! The marketing mix: what the spend of channels brought, with honest uncertainty.
//!
//! - [`series`]: a number a period of everything, and whether those can tell anything
//! - [`curve`]: adstock and saturation; [`design`]: level, trend, season, events; [`prior`], [`model`]: their posterior density
//!   and its derivatives; [`sample`]: draws from that; [`diagnose`]: whether chains agree
//! - [`fit`]: all of it, to what a page shows: `channel` what is told of a channel, `check` how well it tells; [`posterior`]: estimates with intervals; [`preview`]: a point within a moment;
//!   [`budget`]: the best split
//! - [`question`]: what is asked, `line` its lines; [`gather`]: its numbers, from what is stored, by `periods`, `control` prices and the like; [`fits`]: fits in the background, kept on disk.
//!   Only these read or write anything

pub mod budget;
mod channel;
mod check;
mod control;
pub mod curve;
pub mod design;
pub mod diagnose;
pub mod fit;
pub mod fits;
pub mod gather;
mod line;
pub mod model;
mod periods;
pub mod posterior;
pub mod preview;
pub mod prior;
pub mod question;
pub mod sample;
pub mod series;
