//! The docs: `/docs` and below. What is on them is [`pages::docs`]'s.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::page::{NoPage, page};
use super::{App, asset};
use crate::pages::docs;

/// `GET /docs`
pub(super) async fn index() -> Result<Response, NoPage> {
    page(StatusCode::OK, &docs::Index { here: "/docs" })
}

/// `GET /docs/script`
pub(super) async fn script(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Script {
            here: "/docs/script",
            base_url: &app.base_url,
        },
    )
}

/// `GET /docs/privacy`
pub(super) async fn privacy() -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Privacy {
            here: "/docs/privacy",
        },
    )
}

/// `GET /docs/csp`
pub(super) async fn csp(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    let hashed = asset::hashed_name("script.plus.js").unwrap_or_default();
    page(
        StatusCode::OK,
        &docs::Csp {
            here: "/docs/csp",
            base_url: &app.base_url,
            hashed: &hashed,
        },
    )
}

/// `GET /docs/scaling`
pub(super) async fn scaling() -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Scaling {
            here: "/docs/scaling",
        },
    )
}

/// `GET /docs/operate`
pub(super) async fn operate(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Operate {
            here: "/docs/operate",
            base_url: &app.base_url,
        },
    )
}

/// `GET /docs/install`
pub(super) async fn install(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Install {
            here: "/docs/install",
            base_url: &app.base_url,
        },
    )
}

/// `GET /docs/goals`
pub(super) async fn goals(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Goals {
            here: "/docs/goals",
            base_url: &app.base_url,
        },
    )
}

/// `GET /docs/attribution`
pub(super) async fn attribution() -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Attribution {
            here: "/docs/attribution",
        },
    )
}

/// `GET /docs/mix`
pub(super) async fn mix() -> Result<Response, NoPage> {
    page(StatusCode::OK, &docs::Mix { here: "/docs/mix" })
}

/// `GET /docs/ask`
pub(super) async fn ask() -> Result<Response, NoPage> {
    page(StatusCode::OK, &docs::Ask { here: "/docs/ask" })
}

/// `GET /docs/mcp`
pub(super) async fn mcp(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Mcp {
            here: "/docs/mcp",
            base_url: &app.base_url,
        },
    )
}

/// `GET /docs/webhooks`
pub(super) async fn webhooks() -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Webhooks {
            here: "/docs/webhooks",
        },
    )
}

/// `GET /docs/payments`
pub(super) async fn payments(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Payments {
            here: "/docs/payments",
            base_url: &app.base_url,
        },
    )
}

/// `GET /docs/proxy`
pub(super) async fn proxy(State(app): State<Arc<App>>) -> Result<Response, NoPage> {
    page(
        StatusCode::OK,
        &docs::Proxy {
            here: "/docs/proxy",
            base_url: &app.base_url,
        },
    )
}

/// `GET /docs/host`
pub(super) async fn host() -> Result<Response, NoPage> {
    page(StatusCode::OK, &docs::Host { here: "/docs/host" })
}
