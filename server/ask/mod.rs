//! Questions in plain words: words → a [`reading`](reading::Reading) → what the rooms that answer are asked.
//!
//! - [`word`]: words and stems; `typo`, `plain`: typing errors, and what is none; [`lexicon`]: the words of questions;
//!   [`vocabulary`]: the names of a site
//! - [`name`], `goals`: which goal some words mean, and where they stand; [`when`], `calendar`, `relative`: which days,
//!   [`period`]: as dates; `link`, `part`, `meant`: values, and whether they are meant; `split`: dimensions; `order`: figures and
//!   which come first
//! - [`parse`]: the steps in order; `sign`: what kind of question, `compare`: what it compares; `compose`: what it asks in the
//!   end, `days`, `join`: of which days, and how several things go together; `doubt`, `twofold`: what
//!   isn't sure, and what asks for two things
//! - [`refusal`]: what isn't answered; [`reading`]: what a question was read as
//! - [`plan`]: a reading → a query, or the question of the room that knows, `asked`: told to people and programs; [`answer`], `earned`:
//!   that → a [`table`], `explain`: what a change is made of, [`mixed`]: what spend brought; [`told`]: the table in a sentence; [`gather`]: the names of a site
//! - [`model`]: a language model that reads what this doesn't, where the operator wants one
//!
//! Reading does no I/O: the names of the site, the time and the zone are arguments. A question whose every word has a
//! meaning is read; one with a word that has none, or with two meanings, is asked back; what can't be known is refused.

pub mod answer;
mod asked;
mod calendar;
#[rustfmt::skip] // tables of words
mod compare;
mod compose;
mod days;
mod doubt;
mod earned;
mod explain;
pub mod gather;
mod goals;
#[rustfmt::skip] // tables of words
pub mod lexicon;
mod join;
mod link;
mod meant;
pub mod mixed;
pub mod model;
pub mod name;
mod order;
pub mod parse;
mod part;
pub mod period;
#[rustfmt::skip] // the same
mod plain;
pub mod plan;
pub mod reading;
mod relative;
#[rustfmt::skip] // the same
pub mod refusal;
#[rustfmt::skip] // the same
mod sign;
mod split;
pub mod table;
#[cfg(test)]
mod tests;
pub mod told;
mod twofold;
mod typo;
pub mod vocabulary;
pub mod when;
pub mod word;
