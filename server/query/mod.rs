//! What people ask of the store, as types, and what answers it. Knows neither SQL nor HTTP.
//!
//! - [`range`]: days of a zone, and the instants they are
//! - [`dimension`]: what figures are split and filtered by
//! - [`question`]: one question, whoever asks it; [`answer`]: its rows
//! - [`goals`]: fires, visitors, conversion and revenue a goal and a day

pub mod answer;
pub mod dimension;
pub mod goals;
pub mod question;
pub mod range;
