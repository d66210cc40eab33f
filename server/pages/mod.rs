//! What a person sees: the templates of `www/pages`, filled. Made whole at the server; `www/live` only moves it.
//!
//! - [`analytics`]: the numbers of a site
//! - `chart`: series as SVG; `words`: figures as people read them
//! - [`docs`]: how to use it
//! - `goals`: what is set of a site's goals; `spend`: what its channels cost; `controls`: prices and promotions; `rates`: what currencies are worth; `upload`: what became of a file of these; `webhooks`; `reports`: who gets which, and [`mail`]: what they get
//! - `settings`: sites, keys, people, and the pages on which they come in; `forgotten`: a lost password, reports not wanted; `install`: whether a site's events arrive
//!
//! Leaves to [`http`](crate::http): who may see it.

pub mod analytics;
mod chart;
mod controls;
pub mod docs;
mod forgotten;
mod goals;
mod install;
pub mod mail;
mod payments;
mod rates;
mod reports;
mod settings;
mod spend;
mod upload;
mod webhooks;
mod words;

use askama::Template;
use live::Fire;

pub use controls::ControlsPage;
pub use forgotten::{Forgotten, Reset, Unsubscribe};
pub use goals::{Counted, Editor, Goals};
pub use install::{Install, Seen};
pub use payments::Payments;
pub use rates::RatesPage;
pub use reports::{Reports, SentRow};
pub use settings::{
    Account, Invited, Keys, Link, Login, SharePassword, ShareSettings, Shell, Team, Website,
    Websites, Welcome, zones,
};
pub use spend::SpendPage;
pub use upload::Uploaded;
pub use webhooks::Webhooks;

/// `/`: what this is, and how to begin.
#[derive(Template)]
#[template(path = "home.html", config = "www/askama.toml")]
pub struct Home<'a> {
    /// Where this server is reached.
    pub base_url: &'a str,
    /// For the snippet.
    pub website_id: &'a str,
    /// Whether that site is the demo's, because there is no other yet.
    pub is_demo: bool,
    /// Whether the dashboard will open.
    pub is_logged_in: bool,
}

/// `/demo`: a page that fires every kind of goal.
#[derive(Template)]
#[template(path = "demo.html", config = "www/askama.toml")]
pub struct Demo<'a> {
    /// The demo's site.
    pub website_id: &'a str,
    /// What arrived lately, newest first.
    pub latest: &'a [Fire],
    /// The last event in the log when the page was made; the live list goes on from there.
    pub after: i64,
}

/// What went wrong, for a person.
#[derive(Template)]
#[template(path = "problem.html", config = "www/askama.toml")]
pub struct Problem<'a> {
    /// In two or three words.
    pub title: &'a str,
    /// And what to do.
    pub message: &'a str,
}
