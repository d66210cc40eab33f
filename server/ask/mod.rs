//! Questions in plain words: words → a [`reading`](reading::Reading) → what the rooms that answer are asked.
//!
//! - [`word`]: words, stems, typing errors; [`lexicon`]: the words of questions; [`vocabulary`]: the names of a site
//! - [`name`]: which goal some words mean; [`when`]: which days, [`period`]: as dates; `link`: values and dimensions
//! - [`parse`]: the steps in order; `sign`: what kind of question; `compose`: what it asks in the end
//! - [`refusal`]: what isn't answered; [`reading`]: what a question was read as
//! - [`plan`]: a reading → a query, or the question of the room that knows; [`answer`]: that → a table, `explain` what a
//!   change is made of; [`told`]: the table in a sentence; [`gather`]: the names of a site
//!
//! Reading does no I/O: the names of the site, the time and the zone are arguments. A question whose every word has a
//! meaning is read; one with a word that has none, or with two meanings, is asked back; what can't be known is refused.

pub mod answer;
mod compose;
mod explain;
pub mod gather;
pub mod lexicon;
mod link;
pub mod name;
pub mod parse;
pub mod period;
pub mod plan;
pub mod reading;
pub mod refusal;
mod sign;
pub mod told;
pub mod vocabulary;
pub mod when;
pub mod word;
#[cfg(test)]
mod tests;
