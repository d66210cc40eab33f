//! What people ask of the log, as types, and what answers it. Knows neither SQL nor HTTP.
//!
//! - [`range`]: days of a zone, and the instants they are
//! - [`goals`]: fires, visitors, conversion and revenue a goal and a day

pub mod goals;
pub mod range;
