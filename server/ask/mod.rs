//! Questions in plain words: words → a [`reading`](reading::Reading) → what the rooms that answer are asked.
//!
//! - [`word`]: words, stems, typing errors; [`lexicon`]: the words of questions; [`vocabulary`]: the names of a site
//! - [`name`]: which goal some words mean; [`when`]: which days, [`period`]: as dates; `link`: values and dimensions
//! - [`parse`]: the steps in order; `sign`: what kind of question; `compose`: what it asks in the end
//! - [`refusal`]: what isn't answered; [`reading`]: what a question was read as
//!
//! Nothing here does I/O: the names of the site, the time and the zone are arguments. A question whose every word has a
//! meaning is read; one with a word that has none, or with two meanings, is asked back; what can't be known is refused.

mod compose;
pub mod lexicon;
mod link;
pub mod name;
pub mod parse;
pub mod period;
pub mod reading;
pub mod refusal;
mod sign;
pub mod vocabulary;
pub mod when;
pub mod word;
#[cfg(test)]
mod tests;
