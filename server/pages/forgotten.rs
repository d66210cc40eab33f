//! What is opened from a mail: setting another password, and ending reports; and where one asks for the first.

use askama::Template;

/// `/login/forgotten`
#[derive(Template)]
#[template(path = "forgotten.html", config = "www/askama.toml")]
pub struct Forgotten<'a> {
    /// Whether mail really leaves.
    pub is_mailed: bool,
    /// Whether it was asked for just now.
    pub is_asked: bool,
    /// What was typed.
    pub email: &'a str,
    /// Why it didn't work.
    pub problem: Option<&'a str>,
}

/// `/login/password/{link}`
#[derive(Template)]
#[template(path = "reset.html", config = "www/askama.toml")]
pub struct Reset<'a> {
    /// Its token.
    pub link: &'a str,
    /// Whose password it sets.
    pub email: &'a str,
    /// Why it didn't work.
    pub problem: Option<&'a str>,
}

/// `/unsubscribe/{token}`
#[derive(Template)]
#[template(path = "unsubscribe.html", config = "www/askama.toml")]
pub struct Unsubscribe<'a> {
    /// What the link carries.
    pub token: &'a str,
    /// What the site is called, while it is there.
    pub site: Option<&'a str>,
    /// Whether it has been ended.
    pub is_over: bool,
}
