//! Real Chromium, driven by WebDriver: pages on hosts of their own, a real server as the collector, and what it stored.
//!
//! - `driver`: the browser; `site`: the pages; `row`: how a case is run and judged; `rows`: the cases
//! - `page`: our own pages in the browser

mod driver;
mod page;
mod row;
mod rows;
mod site;

use row::Mode;

#[test]
fn every_kind_of_event_counts_with_wasm() {
    row::run(Mode::Wasm);
}

#[test]
fn every_kind_of_event_counts_where_a_csp_refuses_wasm() {
    row::run(Mode::Refused);
}

#[test]
fn every_kind_of_event_counts_where_there_is_no_wasm() {
    row::run(Mode::Deleted);
}
