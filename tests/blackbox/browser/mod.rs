//! Real browsers, driven by WebDriver: pages on hosts of their own, a real server as the collector, and what it stored.
//!
//! - `engine`: Chromium, Firefox, WebKit; `driver`: what a person does in one; `site`: the pages
//! - `row`: how a case is run and judged; `rows`: the cases
//! - `page`: our own pages in the browser; `axe`: barriers on them; `asking`: questions; `hostile`: what was stored doesn't run on them; `sample`: the docs' samples

mod asking;
mod axe;
pub mod driver;
mod engine;
mod hostile;
mod page;
mod row;
mod rows;
mod sample;
pub mod site;

use engine::Engine::{Chromium, Firefox, WebKit};
use row::Mode::{Deleted, Refused, Wasm};

fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work);
}

#[test]
fn every_row_holds_in_chromium() {
    row::run(Chromium, Wasm);
}

#[test]
fn every_row_holds_in_chromium_where_a_csp_refuses_wasm() {
    row::run(Chromium, Refused);
}

#[test]
fn every_row_holds_in_chromium_where_there_is_no_wasm() {
    row::run(Chromium, Deleted);
}

#[test]
fn every_row_holds_in_firefox() {
    row::run(Firefox, Wasm);
}

#[test]
fn every_row_holds_in_firefox_where_a_csp_refuses_wasm() {
    row::run(Firefox, Refused);
}

#[test]
fn every_row_holds_in_firefox_where_there_is_no_wasm() {
    row::run(Firefox, Deleted);
}

#[test]
fn every_row_holds_in_webkit() {
    row::run(WebKit, Wasm);
}

#[test]
fn every_row_holds_in_webkit_where_a_csp_refuses_wasm() {
    row::run(WebKit, Refused);
}

#[test]
fn every_row_holds_in_webkit_where_there_is_no_wasm() {
    row::run(WebKit, Deleted);
}
