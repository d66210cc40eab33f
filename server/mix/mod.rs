//! The marketing mix: what the spend of channels brought, with honest uncertainty.
//!
//! - [`series`]: a number a period of everything, and whether those can tell anything
//! - [`curve`]: adstock and saturation; [`design`]: level, trend, season, events; [`prior`], [`model`]: their posterior density
//!   and its derivatives; [`sample`]: draws from that; [`diagnose`]: whether chains agree
//! - [`fit`]: all of it, to what a page shows; [`posterior`]: estimates with intervals; [`preview`]: a point within a moment;
//!   [`budget`]: the best split

pub mod budget;
pub mod curve;
pub mod design;
pub mod diagnose;
pub mod fit;
pub mod model;
pub mod posterior;
pub mod preview;
pub mod prior;
pub mod sample;
pub mod series;
