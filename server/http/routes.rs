//! The table of routes: for each its method, path, what it needs, and what it is for. The router is made of it, and so is
//! all that describes the API.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodRouter, get, options, patch, post};

use super::access::{self, Needs};
use super::describe::{self as about, Api};
use super::{
    App, analytics, api, api_docs, ask, asset, attribution, cohorts, controls, docs, event, events,
    experiments, export, forgotten, goals, health, import, invitation, keys, login, manage, mcp,
    metrics, mix, noted, openapi, page, payments, rates, reports, settings, share, spend, stream,
    tagging, team, upload, webhooks, websites, welcome,
};
use crate::account::{Role, Scope};

impl Tag {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Tag::Events => "Events",
            Tag::Analytics => "Analytics",
            Tag::Manage => "Manage",
            Tag::Pages => "Pages",
            Tag::Files => "Files",
            Tag::Watch => "Watch",
        }
    }
}

/// What a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// What happened on sites.
    Events,
    /// Numbers and exports.
    Analytics,
    /// Sites, keys and people.
    Manage,
    /// What people look at, and the forms on it.
    Pages,
    /// Files that pages load.
    Files,
    /// For whoever watches the server.
    Watch,
}

/// A route.
pub struct Route {
    /// Its method; what answers GET answers HEAD.
    pub method: Method,
    /// Its path, as the router matches it.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// What it is about.
    pub tag: Tag,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What it takes and gives, where programs use it.
    pub(super) api: Option<&'static Api>,
    /// What answers; `None` for what goes past the router.
    answers: Option<fn() -> MethodRouter<Arc<App>>>,
}

const NOTHING: Needs = Needs::Nothing;
const VIEWER: Needs = Needs::Login(Role::Viewer);
const EDITOR: Needs = Needs::Login(Role::Editor);
const OWNER: Needs = Needs::Login(Role::Owner);
const READER: Needs = Needs::Scope(Scope::AnalyticsRead, Role::Viewer);
const MINE: Needs = Needs::Scope(Scope::Manage, Role::Viewer);
const MANAGER: Needs = Needs::Scope(Scope::Manage, Role::Editor);

impl Route {
    /// The same route, which programs use so.
    const fn of(mut self, api: &'static Api) -> Route {
        self.api = Some(api);
        self
    }
}

/// A row of the table.
const fn row(
    method: Method,
    path: &'static str,
    needs: Needs,
    tag: Tag,
    summary: &'static str,
    answers: fn() -> MethodRouter<Arc<App>>,
) -> Route {
    Route {
        method,
        path,
        needs,
        tag,
        summary,
        api: None,
        answers: Some(answers),
    }
}

/// All of them.
#[rustfmt::skip]
pub const ROUTES: &[Route] = {
    use Tag::{Analytics, Events, Files, Manage, Pages, Watch};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    &[
        // What is posted there goes past the router: see `listen`.
        Route { method: POST, path: event::PATH, needs: Needs::Sender, tag: Events, summary: "Store page views and goals", api: Some(&about::SEND), answers: None },
        row(Method::OPTIONS, event::PATH, NOTHING, Events, "Answer a browser that asks before it posts", || options(event::preflight).fallback(event::only_posts)).of(&about::PREFLIGHT),

        row(GET, "/api/v1/analytics/goals", READER, Analytics, "Fires and visitors of each goal, a day at a time", || get(api::goals)).of(&about::GOALS_BY_DAY),
        row(GET, "/api/v1/query", READER, Analytics, "Answer a query that stands in the address", || get(api::query_in_address)).of(&about::QUERY_IN_ADDRESS),
        row(POST, "/api/v1/query", READER, Analytics, "Answer a query", || post(api::query)).of(&about::QUERY_BODY),
        row(GET, "/api/v1/funnel", READER, Analytics, "Answer a funnel that stands in the address", || get(api::funnel_in_address)).of(&about::FUNNEL_IN_ADDRESS),
        row(POST, "/api/v1/funnel", READER, Analytics, "How many visitors get to each step of a funnel", || post(api::funnel)).of(&about::FUNNEL_BODY),
        row(GET, "/api/v1/attribution", READER, Analytics, "Which visits earned the fires of a goal, by eleven models", || get(attribution::attribution)).of(&about::ATTRIBUTION),
        row(GET, "/api/v1/attribution/conversions", READER, Analytics, "The single fires to which a channel earned a part", || get(attribution::conversions)).of(&about::CONVERSIONS),
        row(GET, "/api/v1/cohorts", READER, Analytics, "How many people came back, and what they brought, by when or how they joined", || get(cohorts::cohorts)).of(&about::COHORTS),
        row(GET, "/api/v1/cohorts.csv", READER, Analytics, "The same as CSV", || get(cohorts::csv)).of(&about::COHORTS_CSV),
        row(GET, "/api/v1/cohorts/people", READER, Analytics, "The people of a cohort", || get(cohorts::people)).of(&about::COHORT_PEOPLE),
        row(GET, "/api/v1/tagging", READER, Analytics, "Visits whose campaign tags look wrong, and what would be right", || get(tagging::tagging)).of(&about::TAGGING),
        row(GET, "/api/v1/tagging/link", READER, Analytics, "A page's address with campaign tags, and which channel its visits will be of", || get(tagging::build)).of(&about::TAGGED_LINK),
        row(GET, "/api/v1/experiments", READER, Analytics, "Which variant of an experiment brings more people to a goal, and how sure that is", || get(experiments::experiments)).of(&about::EXPERIMENTS),
        row(GET, "/api/v1/mix", READER, Analytics, "What the spend of channels brought, with intervals, and what it could bring", || get(mix::mix)).of(&about::MIX),
        row(GET, "/api/v1/mix.csv", READER, Analytics, "What each channel brought over time, as CSV", || get(mix::csv)).of(&about::MIX_CSV),
        row(GET, "/api/v1/mix/budget", READER, Analytics, "The best split of a budget among channels, and its gain", || get(mix::budget)).of(&about::MIX_BUDGET),
        row(GET, "/api/v1/mix/fits", READER, Analytics, "A site's fits of the marketing mix, latest first", || get(mix::list)).of(&about::MIX_FITS),
        row(POST, "/api/v1/mix/fits", READER, Analytics, "Fit the marketing mix in the background", || post(mix::start)).of(&about::NEW_MIX_FIT),
        row(Method::DELETE, "/api/v1/mix/fits/{id}", READER, Analytics, "Cancel a fit that waits or runs", || axum::routing::delete(mix::cancel)).of(&about::CANCEL_MIX_FIT),
        row(GET, "/api/v1/ask", READER, Analytics, "Answer a question in plain words that stands in the address", || get(ask::ask_in_address)).of(&about::ASK_IN_ADDRESS),
        row(POST, "/api/v1/ask", READER, Analytics, "Answer a question in plain words, with the query it was read as", || post(ask::ask_body)).of(&about::ASK_BODY),
        row(GET, "/api/v1/query.csv", READER, Analytics, "The rows of a query as CSV", || get(export::query)).of(&about::QUERY_CSV),
        row(GET, "/api/v1/fires", READER, Analytics, "Single fires of goals, latest first", || get(events::fires)).of(&about::FIRES),
        row(GET, "/api/v1/visitors/{number}", READER, Analytics, "What one visitor did, latest first", || get(events::visitor)).of(&about::VISITOR),
        row(GET, "/api/v1/live", READER, Analytics, "How many visitors are there now", || get(events::live)).of(&about::LIVE),
        row(GET, "/api/v1/metadata-keys", READER, Analytics, "Which keys metadata has", || get(events::metadata_keys)).of(&about::METADATA_KEYS),
        row(GET, "/api/v1/export/events.csv", READER, Analytics, "Every event of a site as CSV", || get(export::csv)).of(&about::EXPORT_CSV),
        row(POST, "/api/v1/import/events.csv", MANAGER, Analytics, "Store events of such a file", || post(import::csv)).of(&about::IMPORT_CSV),
        row(POST, "/api/v1/import/events.ndjson", MANAGER, Analytics, "Store events of such a file, a line an event", || post(import::ndjson)).of(&about::IMPORT_NDJSON),
        row(GET, "/api/v1/export/events.ndjson", READER, Analytics, "Every event of a site, a line an event", || get(export::ndjson)).of(&about::EXPORT_NDJSON),
        row(GET, "/dashboard/analytics/live", READER, Analytics, "A site's events as they come", || get(stream::site)),

        row(GET, "/api/v1/openapi.json", NOTHING, Manage, "This description of the API", || get(openapi::document)).of(&about::OPENAPI),
        row(GET, "/api/v1/me", Needs::KeyOrLogin, Manage, "Who the key or login is, and which sites it sees", || get(manage::me)).of(&about::ME),
        row(GET, "/api/v1/sites", MANAGER, Manage, "The workspace's sites", || get(manage::sites)).of(&about::SITES),
        row(POST, "/api/v1/sites", MANAGER, Manage, "Add a site", || post(manage::add_site)).of(&about::ADD_SITE),
        row(Method::PATCH, "/api/v1/sites/{website_id}", MANAGER, Manage, "Change a site", || patch(manage::change_site)).of(&about::CHANGE_SITE),
        row(Method::DELETE, "/api/v1/sites/{website_id}", MANAGER, Manage, "Delete a site and its events", || axum::routing::delete(manage::delete_site)).of(&about::DELETE_SITE),
        row(GET, "/api/v1/keys", MANAGER, Manage, "The workspace's keys, without their secrets", || get(manage::keys)).of(&about::KEYS),
        row(POST, "/api/v1/keys", MANAGER, Manage, "Make a key; its secret is in this answer only", || post(manage::new_key)).of(&about::NEW_KEY),
        row(Method::DELETE, "/api/v1/keys/{id}", MANAGER, Manage, "Revoke a key", || axum::routing::delete(manage::revoke_key)).of(&about::REVOKE_KEY),
        row(GET, "/api/v1/members", MANAGER, Manage, "The workspace's people and their roles", || get(manage::members)).of(&about::MEMBERS),

        row(GET, "/api/v1/goals", READER, Manage, "What is set of a site's goals", || get(goals::list)).of(&about::SET_GOALS),
        row(POST, "/api/v1/goals", MANAGER, Manage, "Set a goal: its names, its value, or a page that it is", || post(goals::add)).of(&about::SET_GOAL),
        row(Method::PATCH, "/api/v1/goals/{id}", MANAGER, Manage, "Change what is set of a goal", || patch(goals::change)).of(&about::CHANGE_GOAL),
        row(Method::DELETE, "/api/v1/goals/{id}", MANAGER, Manage, "Take away what is set of a goal", || axum::routing::delete(goals::unset)).of(&about::UNSET_GOAL),

        row(GET, "/api/v1/rates", READER, Manage, "What currencies are worth, a day at a time", || get(rates::list)).of(&about::RATES),
        row(POST, "/api/v1/rates", MANAGER, Manage, "Store what currencies are worth; what is there for the same day and currencies is replaced", || post(rates::add)).of(&about::NEW_RATES),
        row(Method::DELETE, "/api/v1/rates", MANAGER, Manage, "Take rates away", || axum::routing::delete(rates::delete)).of(&about::DELETE_RATES),
        row(GET, "/api/v1/controls", READER, Manage, "Prices, promotions and the like, a day at a time", || get(controls::list)).of(&about::CONTROLS),
        row(POST, "/api/v1/controls", MANAGER, Manage, "Store prices, promotions and the like; what is there for the same day and name is replaced", || post(controls::add)).of(&about::NEW_CONTROLS),
        row(Method::DELETE, "/api/v1/controls", MANAGER, Manage, "Take a control away, or some days of it", || axum::routing::delete(controls::delete)).of(&about::DELETE_CONTROLS),
        row(GET, "/api/v1/spend", READER, Manage, "What channels cost, a day at a time and in sum", || get(spend::list)).of(&about::SPEND),
        row(POST, "/api/v1/spend", MANAGER, Manage, "Store what channels cost; what is there for the same day, channel, source and campaign is replaced", || post(spend::add)).of(&about::NEW_SPEND),
        row(Method::DELETE, "/api/v1/spend", MANAGER, Manage, "Take spend of some days away", || axum::routing::delete(spend::delete)).of(&about::DELETE_SPEND),

        row(GET, "/api/v1/webhooks", MANAGER, Manage, "The workspace's webhooks and their latest deliveries", || get(webhooks::list)).of(&about::WEBHOOKS),
        row(POST, "/api/v1/webhooks", MANAGER, Manage, "Add a webhook; its secret is in this answer only", || post(webhooks::add_by_key)).of(&about::NEW_WEBHOOK),
        row(Method::DELETE, "/api/v1/webhooks/{id}", MANAGER, Manage, "Take a webhook away", || axum::routing::delete(webhooks::delete_by_key)).of(&about::DELETE_WEBHOOK),

        row(POST, "/api/v1/webhooks/stripe/{website_id}", Needs::Path, Events, "Where Stripe tells of payments; its signature is looked at", || post(payments::stripe)).of(&about::STRIPE),
        row(POST, "/api/v1/webhooks/paddle/{website_id}", Needs::Path, Events, "Where Paddle tells of payments; its signature is looked at", || post(payments::paddle)).of(&about::PADDLE),
        row(GET, "/api/v1/sites/{website_id}/payments", MANAGER, Manage, "Who tells of a site's payments, and what came last", || get(payments::list)).of(&about::PAYMENTS),
        row(Method::PATCH, "/api/v1/sites/{website_id}/payments", MANAGER, Manage, "Set the secrets of payment webhooks", || patch(payments::change)).of(&about::CHANGE_PAYMENTS),

        row(GET, "/api/v1/reports", MINE, Manage, "Reports by mail: by a login one's own, by a key everybody's", || get(reports::list)).of(&about::REPORTS),
        row(POST, "/api/v1/reports", MINE, Manage, "Have somebody get a site's report by mail", || post(reports::add)).of(&about::NEW_REPORT),
        row(Method::DELETE, "/api/v1/reports/{id}", MINE, Manage, "End a report by mail", || axum::routing::delete(reports::delete)).of(&about::DELETE_REPORT),

        row(POST, mcp::PATH, READER, Analytics, "The tools of the Model Context Protocol, for agents", || post(mcp::serve)),
        row(GET, mcp::PATH, READER, Analytics, "A stream of the protocol; this server has none", || get(mcp::serve)),
        row(GET, mcp::METADATA, NOTHING, Watch, "How agents come in: by a key in a header", || get(mcp::metadata)),
        row(GET, "/.well-known/oauth-protected-resource", NOTHING, Watch, "The same", || get(mcp::metadata)),

        row(GET, "/", NOTHING, Pages, "What this is, and how to begin", || get(page::home)),
        row(GET, "/demo", NOTHING, Pages, "A page that fires every kind of goal", || get(page::demo)),
        row(GET, "/demo/live", NOTHING, Pages, "The demo's events as they come", || get(stream::demo)),
        row(GET, "/docs", NOTHING, Pages, "How to use it", || get(docs::index)),
        row(GET, "/docs/install", NOTHING, Pages, "How the script comes onto a site", || get(docs::install)),
        row(GET, "/docs/goals", NOTHING, Pages, "Names, metadata, goals from a backend", || get(docs::goals)),
        row(GET, "/docs/attribution", NOTHING, Pages, "Attribution, spend, cohorts and experiments, with their formulae", || get(docs::attribution)),
        row(GET, "/docs/ask", NOTHING, Pages, "What can be asked in plain words", || get(docs::ask)),
        row(GET, "/docs/mcp", NOTHING, Pages, "Connecting agents", || get(docs::mcp)),
        row(GET, "/docs/webhooks", NOTHING, Pages, "What webhooks are told, signed and again", || get(docs::webhooks)),
        row(GET, "/docs/proxy", NOTHING, Pages, "Script and events through one's own domain", || get(docs::proxy)),
        row(GET, "/docs/host", NOTHING, Pages, "How to host it", || get(docs::host)),
        row(GET, "/docs/payments", NOTHING, Pages, "Payments from Stripe and Paddle", || get(docs::payments)),
        row(GET, "/docs/script", NOTHING, Pages, "The script's attributes and calls", || get(docs::script)),
        row(GET, "/docs/mix", NOTHING, Pages, "The marketing mix, with its formulae", || get(docs::mix)),
        row(GET, "/docs/api", NOTHING, Pages, "The API, route by route", || get(api_docs::answer)),
        row(GET, "/docs/privacy", NOTHING, Pages, "What is stored and sent", || get(docs::privacy)),
        row(GET, "/docs/csp", NOTHING, Pages, "What a page's policy has to allow", || get(docs::csp)),
        row(GET, "/docs/scaling", NOTHING, Pages, "When one machine is not enough", || get(docs::scaling)),
        row(GET, "/docs/operate", NOTHING, Pages, "How to run the server", || get(docs::operate)),

        row(GET, "/login", NOTHING, Pages, "Where one logs in", || get(login::page)),
        row(POST, "/login", NOTHING, Pages, "Log in by e-mail address and password", || post(login::log_in)),
        row(GET, "/login/forgotten", NOTHING, Pages, "Where one asks for another password", || get(forgotten::page)),
        row(POST, "/login/forgotten", NOTHING, Pages, "Mail a link that sets another password", || post(forgotten::ask)),
        row(GET, "/login/password/{link}", NOTHING, Pages, "Where another password is set; the link isn't used up", || get(forgotten::look)),
        row(POST, "/login/password/{link}", NOTHING, Pages, "Set another password", || post(forgotten::set)),
        row(GET, "/login/{link}", NOTHING, Pages, "What a one-time link is for; it isn't used up", || get(login::look_at_link)),
        row(POST, "/login/{link}", NOTHING, Pages, "Use a one-time link", || post(login::use_link)),
        row(POST, "/logout", VIEWER, Pages, "End this login", || post(login::log_out)),
        row(GET, "/invitation/{link}", NOTHING, Pages, "What an invitation is for; it isn't used up", || get(invitation::look)),
        row(POST, "/invitation/{link}", NOTHING, Pages, "Accept an invitation", || post(invitation::accept)),
        row(GET, "/unsubscribe/{token}", Needs::Path, Pages, "What the link of a report ends; nothing ends by looking", || get(reports::look)),
        row(POST, "/unsubscribe/{token}", Needs::Path, Pages, "End reports by mail", || post(reports::unsubscribe)),
        row(GET, "/welcome", VIEWER, Pages, "A new person's password, and the first site", || get(welcome::page)),
        row(POST, "/welcome", VIEWER, Pages, "Set them", || post(welcome::set_up)),

        row(GET, "/dashboard", VIEWER, Pages, "To the analytics page", || get(page::to_dashboard)),
        row(GET, "/dashboard/analytics", VIEWER, Pages, "A site's figures and goals", || get(analytics::analytics)),
        row(GET, "/dashboard/by/{dimension}", VIEWER, Pages, "One list whole, with every figure", || get(analytics::by)),
        row(GET, "/dashboard/filter", VIEWER, Pages, "Choosing a filter", || get(analytics::filter)),
        row(GET, "/dashboard/goals/{name}", VIEWER, Pages, "A goal: figures, parts, every fire", || get(analytics::goal)),
        row(GET, "/dashboard/visitors/{number}", VIEWER, Pages, "What one visitor did", || get(analytics::visitor)),
        row(GET, "/dashboard/funnels", VIEWER, Pages, "How far visitors get", || get(analytics::funnels)),
        row(GET, "/dashboard/attribution", VIEWER, Pages, "Which visits earned a goal's fires, by eleven models", || get(attribution::attribution_page)),
        row(GET, "/dashboard/cohorts", VIEWER, Pages, "Who came back, and what they brought", || get(cohorts::cohorts_page)),
        row(GET, "/dashboard/tagging", VIEWER, Pages, "Visits whose campaign tags look wrong, and links that are right", || get(tagging::tagging_page)),
        row(GET, "/dashboard/experiments", VIEWER, Pages, "Which variant is better, and how sure that is", || get(experiments::experiments_page)),
        row(GET, "/dashboard/mix", VIEWER, Pages, "What the spend of channels brought, and how sure that is", || get(mix::mix_page)),
        row(POST, "/dashboard/mix/fits", EDITOR, Pages, "Fit the marketing mix in the background", || post(mix::start_by_form)),
        row(POST, "/dashboard/mix/fits/{id}/cancel", EDITOR, Pages, "Cancel a fit", || post(mix::cancel_by_form)),
        row(GET, "/dashboard/ask", VIEWER, Pages, "Asking in plain words", || get(ask::ask_page)),
        row(POST, "/dashboard/notes", EDITOR, Pages, "Write a note on a day", || post(noted::add)),
        row(POST, "/dashboard/notes/{id}/remove", EDITOR, Pages, "Take a note away", || post(noted::remove)),
        row(POST, "/dashboard/views", EDITOR, Pages, "Save a view", || post(noted::save_view)),
        row(POST, "/dashboard/views/{id}/remove", EDITOR, Pages, "Take a saved view away", || post(noted::remove_view)),
        row(GET, "/share/{token}", NOTHING, Pages, "To the numbers of a public link", || get(share::index)),
        row(POST, "/share/{token}", NOTHING, Pages, "Give a public link's password", || post(share::enter)),
        row(GET, "/share/{token}/analytics", NOTHING, Pages, "A public link's figures and goals", || get(share::analytics)),
        row(GET, "/share/{token}/by/{dimension}", NOTHING, Pages, "One list of a public link", || get(share::by)),
        row(GET, "/share/{token}/filter", NOTHING, Pages, "Choosing a filter on a public link", || get(share::filter)),

        row(GET, "/settings", VIEWER, Pages, "To the websites", || get(settings::index)),
        row(POST, "/settings/workspace", VIEWER, Pages, "Go to another workspace of one's own", || post(settings::switch)),
        row(POST, "/settings/workspace/name", OWNER, Pages, "Rename the workspace", || post(team::rename)),
        row(GET, "/settings/websites", VIEWER, Pages, "The workspace's sites", || get(websites::page)),
        row(POST, "/settings/websites", EDITOR, Pages, "Add a site", || post(websites::add)),
        row(GET, "/settings/websites/{website_id}", EDITOR, Pages, "A site's settings", || get(websites::site)),
        row(POST, "/settings/websites/{website_id}", EDITOR, Pages, "Change a site", || post(websites::change)),
        row(POST, "/settings/websites/{website_id}/delete", EDITOR, Pages, "Delete a site and its events", || post(websites::delete)),
        row(GET, "/settings/websites/{website_id}/install", VIEWER, Pages, "A site's snippet, and whether its events arrive", || get(websites::install)),
        row(GET, "/settings/websites/{website_id}/share", EDITOR, Pages, "A site's public link", || get(share::settings)),
        row(POST, "/settings/websites/{website_id}/share", EDITOR, Pages, "Make a site's public link", || post(share::make)),
        row(POST, "/settings/websites/{website_id}/share/end", EDITOR, Pages, "End a site's public link", || post(share::end)),
        row(GET, "/settings/websites/{website_id}/payments", EDITOR, Pages, "Who tells of a site's payments, and what came", || get(payments::page)),
        row(POST, "/settings/websites/{website_id}/payments", EDITOR, Pages, "Set the secret of a payment webhook, or take it away", || post(payments::set)),
        row(GET, "/settings/websites/{website_id}/goals", EDITOR, Pages, "A site's goals, and what is set of them", || get(goals::page)),
        row(POST, "/settings/websites/{website_id}/goals", EDITOR, Pages, "Set a goal", || post(goals::save)),
        row(POST, "/settings/websites/{website_id}/goals/delete", EDITOR, Pages, "Take away what is set of a goal", || post(goals::delete)),
        row(GET, "/settings/rates", EDITOR, Pages, "What currencies are worth", || get(rates::page)),
        row(POST, "/settings/rates", EDITOR, Pages, "Upload a file of rates", || post(rates::upload).layer(DefaultBodyLimit::max(upload::UPLOAD))),
        row(POST, "/settings/rates/delete", EDITOR, Pages, "Take rates of some days away", || post(rates::delete_by_form)),
        row(GET, "/settings/websites/{website_id}/controls", EDITOR, Pages, "Prices and promotions of a site", || get(controls::page)),
        row(POST, "/settings/websites/{website_id}/controls", EDITOR, Pages, "Upload a file of prices and promotions", || post(controls::upload).layer(DefaultBodyLimit::max(upload::UPLOAD))),
        row(POST, "/settings/websites/{website_id}/controls/delete", EDITOR, Pages, "Take a control away, or some days of it", || post(controls::delete_by_form)),
        row(GET, "/settings/spend", EDITOR, Pages, "To the spend of the first site", || get(spend::to_first)),
        row(GET, "/settings/websites/{website_id}/spend", EDITOR, Pages, "What a site's channels cost", || get(spend::page)),
        row(POST, "/settings/websites/{website_id}/spend", EDITOR, Pages, "Upload a file of spend", || post(spend::upload).layer(DefaultBodyLimit::max(upload::UPLOAD))),
        row(POST, "/settings/websites/{website_id}/spend/delete", EDITOR, Pages, "Take spend of some days away", || post(spend::delete_by_form)),
        row(GET, "/settings/api-keys", EDITOR, Pages, "The workspace's keys", || get(keys::page)),
        row(POST, "/settings/api-keys", EDITOR, Pages, "Make a key", || post(keys::add)),
        row(POST, "/settings/api-keys/{id}/revoke", EDITOR, Pages, "Revoke a key", || post(keys::revoke)),
        row(GET, "/settings/webhooks", EDITOR, Pages, "The workspace's webhooks", || get(webhooks::page)),
        row(POST, "/settings/webhooks", EDITOR, Pages, "Add a webhook", || post(webhooks::add)),
        row(POST, "/settings/webhooks/{id}/test", EDITOR, Pages, "Send a webhook a test", || post(webhooks::test)),
        row(POST, "/settings/webhooks/{id}/delete", EDITOR, Pages, "Take a webhook away", || post(webhooks::delete)),
        row(GET, "/settings/reports", VIEWER, Pages, "One's own reports by mail", || get(reports::page)),
        row(POST, "/settings/reports", VIEWER, Pages, "Get a site's report by mail, or none", || post(reports::save)),
        row(POST, "/settings/reports/now", VIEWER, Pages, "Get a site's report at once", || post(reports::send_now)),
        row(GET, "/settings/team", VIEWER, Pages, "The workspace's people", || get(team::page)),
        row(POST, "/settings/team/invitations", OWNER, Pages, "Invite somebody", || post(team::invite)),
        row(POST, "/settings/team/invitations/{id}/revoke", OWNER, Pages, "Take an invitation back", || post(team::revoke_invitation)),
        row(POST, "/settings/team/members/{user}/role", OWNER, Pages, "Give somebody another role", || post(team::set_role)),
        row(POST, "/settings/team/members/{user}/remove", OWNER, Pages, "Take somebody out of the workspace", || post(team::remove)),
        row(POST, "/settings/team/leave", VIEWER, Pages, "Leave the workspace", || post(team::leave)),
        row(GET, "/settings/account", VIEWER, Pages, "One's own address, password and logins", || get(settings::account)),
        row(POST, "/settings/account/password", VIEWER, Pages, "Set another password", || post(settings::set_password)),
        row(POST, "/settings/account/logins/{id}/revoke", VIEWER, Pages, "End a login of one's own", || post(settings::end_login)),
        row(POST, "/settings/account/logins/revoke", VIEWER, Pages, "End all other logins of one's own", || post(settings::end_other_logins)),

        row(GET, "/js/{file}", NOTHING, Files, "The script, for any site", || get(asset::script)),
        row(GET, "/assets/{file}", NOTHING, Files, "What pages of this server load", || get(asset::asset)),
        row(GET, "/favicon.ico", NOTHING, Files, "The icon", || get(asset::favicon)),
        row(GET, "/healthz", NOTHING, Watch, "Whether the server lives", || get(health::alive)),
        row(GET, "/readyz", NOTHING, Watch, "Whether it can work", || get(health::ready)),
        row(GET, "/metrics", Needs::Metrics, Watch, "What is counted of the server", || get(metrics::metrics)),
    ]
};

/// The table as a router, each route behind what it needs.
pub(super) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        let Some(answers) = route.answers else {
            return router;
        };
        let check = middleware::from_fn_with_state((app.clone(), route.needs), access::check);
        router.route(route.path, answers().route_layer(check))
    })
}
