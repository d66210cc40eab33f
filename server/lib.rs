//! admx: goal analytics that people host themselves.
//!
//! Data walks one way through the rooms, and each may use only those below it in this list:
//!
//! - [`http`]: routes, replies, limits, live streams. The only room that knows HTTP.
//! - [`mail`]: reports, links and invitations by mail.
//! - [`pages`]: what a person sees, from the templates in `www/pages`.
//! - [`ask`]: questions in plain words → what the rooms below are asked.
//! - [`payment`]: payments that providers tell of, as fires.
//! - [`webhook`]: telling others what happened.
//! - [`experiment`]: which variant of something brings more people to a goal.
//! - [`attribution`]: which visits earned a conversion.
//! - [`mix`]: what the spend of channels brought.
//! - [`cohort`]: people who joined alike, how many came back, and what they brought.
//! - [`query`]: what people ask, as types, and what answers it.
//! - [`transfer`]: events as files: what leaves, and what comes from here or from elsewhere.
//! - [`ingest`]: a body → a checked event. The pixel's core judges raw records here.
//! - [`account`]: workspaces, sites, keys, logins. SQLite, in a file of its own.
//! - [`store`]: the event log. Commits, then answers, then tells [`live`](store::live).
//!
//! [`command`] is what one types in a shell; [`clock`] and [`token`] are where time and chance come
//! from; [`private`] keeps files to their owner; [`recent`] is a map that forgets; [`queue`] is the file
//! of what is still to be told; `plain` reads addresses that need no parser; `outgoing` posts to the servers of others.

pub mod account;
pub mod ask;
pub mod attribution;
pub mod clock;
pub mod cohort;
pub mod command;
pub mod experiment;
pub mod front;
pub mod http;
pub mod ingest;
pub mod mail;
pub mod mix;
mod outgoing;
pub mod pages;
pub mod payment;
mod plain;
pub mod private;
pub mod query;
pub mod queue;
pub mod recent;
pub mod store;
pub mod tagging;
pub mod token;
pub mod transfer;
pub mod webhook;
