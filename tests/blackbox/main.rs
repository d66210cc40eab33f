//! Black-box tests: the built binary, from outside.
//!
//! - `server`: starts it in a folder of its own on a free port, and asks it things
//! - `event`: every row of the status table; `limit`: what is turned away; `hostile`: what strangers send
//! - `revenue`: money, and payments that several report
//! - `payment`: payments that Stripe and Paddle tell of
//! - `durable`: kills, stops, power cuts and failing disks; `fault`: makes the disk fail; `load`: what runs meanwhile
//! - `watch`: what a server says of itself; `query`: what the API answers
//! - `ask`: questions in plain words; `ask_model`: those that a language model reads; `chat`: a language model
//! - `access`: each route of the table for each kind of caller; `account`: how people come in and go; `team`: who belongs
//!   where; `manage`: sites and keys; `goals`: what is set of goals; `share`: notes, saved views, public links
//! - `markup`: hostile strings in every place that takes some, on every page
//! - `people`: who is one person, attribution, cohorts; `mix`: what spend brought
//! - `openapi`: requests of every kind that the API's own description allows, and many that it doesn't
//! - `webhook`: who is told; `reports`, `mail`: what is mailed; `smtp`: a mail server; `transfer`: events as files, out and in; `events`: single events
//! - `command`: the command line; `page`: our own pages; `docs`: the docs; `size`: what ships, held against `wasm-pack.toml`
//! - `sample`: every code sample of the product's page and of the docs, run as written
//! - `npm`: the package in an app made with Vite and React
//! - `browser`: real Chromium, real clicks, and what the server stored
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod access;
mod account;
mod ask;
mod ask_model;
mod browser;
mod care;
mod chat;
mod clickhouse;
mod command;
mod controls;
mod docs;
mod durable;
mod engine;
mod event;
mod events;
mod experiment;
mod fault;
mod forget;
mod front;
mod goals;
mod hostile;
mod limit;
mod load;
mod mail;
mod manage;
mod markup;
mod mcp;
mod mix;
mod npm;
mod openapi;
mod page;
mod payment;
mod people;
mod query;
mod rates;
mod reports;
mod revenue;
mod sample;
mod server;
mod share;
mod size;
mod smtp;
mod spend;
mod tagging;
mod team;
mod transfer;
mod watch;
mod webhook;
