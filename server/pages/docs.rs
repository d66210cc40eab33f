//! How to use it: the templates of `www/docs`, with this server's own address filled in.

use askama::Template;

/// Every page of the docs: what it is called, and its path.
pub const DOCS: [(&str, &str); 17] = [
    ("Docs", "/docs"),
    ("Install", "/docs/install"),
    ("Goals", "/docs/goals"),
    ("Payments", "/docs/payments"),
    ("Script", "/docs/script"),
    ("Attribution", "/docs/attribution"),
    ("Mix", "/docs/mix"),
    ("Ask", "/docs/ask"),
    ("Agents", "/docs/mcp"),
    ("API", "/docs/api"),
    ("Webhooks", "/docs/webhooks"),
    ("Privacy", "/docs/privacy"),
    ("CSP", "/docs/csp"),
    ("Proxy", "/docs/proxy"),
    ("Self-hosting", "/docs/host"),
    ("Operate", "/docs/operate"),
    ("Scaling", "/docs/scaling"),
];

/// `/docs`: what there is to read.
#[derive(Template)]
#[template(path = "docs/index.html", config = "www/askama.toml")]
pub struct Index {
    /// Its path.
    pub here: &'static str,
}

/// `/docs/script`: attributes, calls, goals.
#[derive(Template)]
#[template(path = "docs/script.html", config = "www/askama.toml")]
pub struct Script<'a> {
    /// Its path.
    pub here: &'static str,
    /// Where this server is reached.
    pub base_url: &'a str,
}

/// `/docs/privacy`: what is stored and sent.
#[derive(Template)]
#[template(path = "docs/privacy.html", config = "www/askama.toml")]
pub struct Privacy {
    /// Its path.
    pub here: &'static str,
}

/// `/docs/csp`: what a page's policy has to allow.
#[derive(Template)]
#[template(path = "docs/csp.html", config = "www/askama.toml")]
pub struct Csp<'a> {
    /// Its path.
    pub here: &'static str,
    /// Where this server is reached.
    pub base_url: &'a str,
    /// The name under which `script.plus.js` never changes.
    pub hashed: &'a str,
}

/// `/docs/scaling`: more than one machine.
#[derive(Template)]
#[template(path = "docs/scaling.html", config = "www/askama.toml")]
pub struct Scaling {
    /// Its path.
    pub here: &'static str,
}

/// `/docs/operate`: limits, what is told of the server, logs, signals.
#[derive(Template)]
#[template(path = "docs/operate.html", config = "www/askama.toml")]
pub struct Operate<'a> {
    /// Its path.
    pub here: &'static str,
    /// Where this server is reached.
    pub base_url: &'a str,
}

/// `/docs/install`: how the script comes onto a site.
#[derive(Template)]
#[template(path = "docs/install.html", config = "www/askama.toml")]
pub struct Install<'a> {
    /// Its path.
    pub here: &'static str,
    /// Where this server is reached.
    pub base_url: &'a str,
}

/// `/docs/goals`: names, metadata, from a backend.
#[derive(Template)]
#[template(path = "docs/goals.html", config = "www/askama.toml")]
pub struct Goals<'a> {
    /// Its path.
    pub here: &'static str,
    /// Where this server is reached.
    pub base_url: &'a str,
}

/// `/docs/attribution`: attribution, spend, cohorts and experiments, with their formulae.
#[derive(Template)]
#[template(path = "docs/attribution.html", config = "www/askama.toml")]
pub struct Attribution {
    /// Its path.
    pub here: &'static str,
}

/// `/docs/mix`: the marketing mix, with its formulae.
#[derive(Template)]
#[template(path = "docs/mix.html", config = "www/askama.toml")]
pub struct Mix {
    /// Its path.
    pub here: &'static str,
}

/// `/docs/ask`: what can be asked in plain words.
#[derive(Template)]
#[template(path = "docs/ask.html", config = "www/askama.toml")]
pub struct Ask {
    /// Its path.
    pub here: &'static str,
}

/// `/docs/mcp`: connecting agents.
#[derive(Template)]
#[template(path = "docs/mcp.html", config = "www/askama.toml")]
pub struct Mcp<'a> {
    /// Its path.
    pub here: &'static str,
    /// Where this server is reached.
    pub base_url: &'a str,
}

/// `/docs/webhooks`: what is sent, how it is signed, and when again.
#[derive(Template)]
#[template(path = "docs/webhooks.html", config = "www/askama.toml")]
pub struct Webhooks {
    /// Its path.
    pub here: &'static str,
}

/// `/docs/payments`: Stripe and Paddle.
#[derive(Template)]
#[template(path = "docs/payments.html", config = "www/askama.toml")]
pub struct Payments<'a> {
    /// Its path.
    pub here: &'static str,
    /// Where this server is reached.
    pub base_url: &'a str,
}

/// `/docs/proxy`: script and events through one's own domain.
#[derive(Template)]
#[template(path = "docs/proxy.html", config = "www/askama.toml")]
pub struct Proxy<'a> {
    /// Its path.
    pub here: &'static str,
    /// Where this server is reached.
    pub base_url: &'a str,
}

/// `/docs/host`: systemd, containers, reverse proxies, backups.
#[derive(Template)]
#[template(path = "docs/host.html", config = "www/askama.toml")]
pub struct Host {
    /// Its path.
    pub here: &'static str,
}

/// `/docs/api`: every route that programs use, and what a query is made of.
#[derive(Template)]
#[template(path = "docs/api.html", config = "www/askama.toml")]
pub struct Api {
    /// Its path.
    pub here: &'static str,
    /// A query as JSON.
    pub query: String,
    /// Words over a list of names, and those, each with what it means.
    pub lists: Vec<(&'static str, Vec<(&'static str, &'static str)>)>,
    /// Columns of an export, each with what it holds.
    pub columns: Vec<(&'static str, &'static str)>,
    /// Routes.
    pub routes: Vec<ApiRoute>,
}

/// A route on it.
pub struct ApiRoute {
    /// What links to it end in.
    pub id: String,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// What it needs, in words.
    pub needs: String,
    /// Name, meaning and an example of each parameter.
    pub parameters: Vec<(&'static str, &'static str, &'static str)>,
    /// How to call it.
    pub request: String,
    /// The shape of what comes back; empty for a file.
    pub answer: String,
}
