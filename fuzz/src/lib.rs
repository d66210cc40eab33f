//! What strangers write, and what a disk may have spoiled, against the server's own code. A module a target, each with
//! what must hold whatever comes; `fuzz_targets` has nothing but their names.
//!
//! The server's rooms are compiled into this crate rather than linked: HTTP, pages and the scripts that build.rs makes
//! would take longer to build than all of this, and what is tried here needs no more to be public than the crate itself.
#![allow(
    dead_code,
    unfulfilled_lint_expectations,
    unused_imports,
    reason = "of the server's rooms only what judges input is called, and the main workspace has the lints of them"
)]

#[path = "../../server/account/mod.rs"]
mod account;
#[path = "../../server/clock.rs"]
mod clock;
#[path = "../../server/ingest/mod.rs"]
mod ingest;
#[path = "../../server/mail/server.rs"]
mod mail_server;
#[path = "../../server/mail/token.rs"]
mod mail_token;
#[path = "../../server/ask/model/read.rs"]
mod model_read;
#[path = "../../server/payment/mod.rs"]
mod payment;
#[path = "../../server/plain.rs"]
mod plain;
#[path = "../../server/private.rs"]
mod private;
#[path = "../../server/query/mod.rs"]
mod query;
#[path = "../../server/recent.rs"]
mod recent;
#[path = "../../server/store/mod.rs"]
mod store;
#[path = "../../server/token.rs"]
mod token;
#[path = "../../server/transfer/mod.rs"]
mod transfer;

mod cost;
mod ground;
#[path = "."]
mod target {
    pub mod body;
    pub mod link;
    pub mod metadata;
    pub mod model;
    pub mod part;
    pub mod payment;
    pub mod query;
    pub mod records;
    pub mod sheet;
    pub mod transfer;
    pub mod url;
    pub mod user_agent;
}

pub use target::body::body;
pub use target::link::link;
pub use target::metadata::metadata;
pub use target::model::model;
pub use target::part::part;
pub use target::payment::payment;
pub use target::query::query;
pub use target::records::records;
pub use target::sheet::sheet;
pub use target::transfer::transfer;
pub use target::url::url;
pub use target::user_agent::user_agent;
