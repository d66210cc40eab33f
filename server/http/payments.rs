//! Payments that providers tell of: where their webhooks go, and what is set of them, by page and for programs.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Access, Person};
use super::extract::{self, Form, Json, Part};
use super::manage::given;
use super::page::NoPage;
use super::reply::{Data, Error};
use super::settings::{done, shell, shown};
use super::{App, Peer, auth, peer, work};
use crate::account::{PaymentDelivery, Provider, Site, User};
use crate::pages;
use crate::payment::{self, TakeError, signature};

/// Deliveries that are shown.
const SHOWN: u32 = 20;

/// How long a provider may take to send its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// `POST /api/v1/webhooks/stripe/{website_id}`
pub(super) async fn stripe(
    State(app): State<Arc<App>>,
    Extension(from): Extension<Peer>,
    headers: HeaderMap,
    Part(id): Part,
    body: Body,
) -> Result<Data, Error> {
    receive(app, Provider::Stripe, from, &headers, &id, body).await
}

/// `POST /api/v1/webhooks/paddle/{website_id}`
pub(super) async fn paddle(
    State(app): State<Arc<App>>,
    Extension(from): Extension<Peer>,
    headers: HeaderMap,
    Part(id): Part,
    body: Body,
) -> Result<Data, Error> {
    receive(app, Provider::Paddle, from, &headers, &id, body).await
}

async fn receive(
    app: Arc<App>,
    provider: Provider,
    from: Peer,
    headers: &HeaderMap,
    id: &str,
    body: Body,
) -> Result<Data, Error> {
    let address = peer::client(from, headers, &app.trusted_proxies);
    app.limits.address(address)?;
    // Whether it is the site or the secret that isn't there is nobody's business.
    let missing = || {
        let message =
            "there is no such site, or no secret is set for this provider in its settings";
        Error::new(StatusCode::NOT_FOUND, "not_found", message)
    };
    let site = app.accounts.site(id)?.ok_or_else(missing)?;
    let secret = app.accounts.payment_secret(site.id, provider)?;
    let secret = secret.ok_or_else(missing)?;
    let told = read(&app, provider, headers, body, &secret).await;
    let notice = told.inspect_err(|error| {
        app.ingest.count(Some(site.id), error.code());
        app.metrics.refused(error.code(), 1);
    })?;
    if notice.fire.is_err() {
        app.ingest.count(Some(site.id), "payment_ignored");
        app.metrics.filtered("payment_ignored");
    }
    let (from, now) = (app.clone(), app.clock.now());
    let outcome = work::changing(&app, move |_| {
        from.payments.take(&site, provider, &notice, now)
    })
    .await?;
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "duplicate": outcome.is_none(), "outcome": outcome }),
    ))
}

/// What is told, if it is the provider who tells.
async fn read(
    app: &App,
    provider: Provider,
    headers: &HeaderMap,
    body: Body,
    secret: &str,
) -> Result<payment::Notice, Error> {
    let too_large = || {
        let message = "a payment webhook may have 1 MiB";
        Error::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    };
    let announced = extract::text(headers, header::CONTENT_LENGTH);
    let announced = announced.map_or(Some(payment::BODY), |length| length.parse().ok());
    let bytes = announced.filter(|bytes| *bytes <= payment::BODY);
    let _taken = app.room.bytes(bytes.ok_or_else(too_large)?).await?;
    let reading = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, payment::BODY));
    let body = reading.await.map_err(|_| {
        let message = "the body took more than 10 s to arrive";
        Error::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message)
    })?;
    let body = body.map_err(|_| too_large())?;
    let signed = headers.get(signature::header(provider));
    let signed = signed.and_then(|value| value.to_str().ok());
    let now = app.clock.now();
    if !signed.is_some_and(|signed| signature::is_right(provider, signed, &body, secret, now)) {
        return Err(Error::new(
            StatusCode::UNAUTHORIZED,
            "invalid_signature",
            "the signature isn't right",
        ));
    }
    payment::read(provider, &body).ok_or_else(|| {
        let message = "the body is signed, but no event of this provider";
        Error::new(StatusCode::BAD_REQUEST, "invalid_body", message)
    })
}

impl From<TakeError> for Error {
    fn from(error: TakeError) -> Error {
        match error {
            TakeError::File(error) => error.into(),
            TakeError::Log(error) => error.into(),
        }
    }
}

/// Where a provider's webhooks go.
fn address(app: &App, provider: Provider, site: &Site) -> String {
    let (base, id) = (&app.base_url, &site.website_id);
    format!("{base}/api/v1/webhooks/{}/{id}", provider.as_str())
}

/// `GET /settings/websites/{website_id}/payments`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
) -> Result<Response, NoPage> {
    show(&app, &user, &id, None)
}

fn show(app: &App, user: &User, id: &str, problem: Option<&Error>) -> Result<Response, NoPage> {
    let site = auth::site(app, user.workspace, Some(id))?;
    let mut providers = Vec::new();
    for provider in Provider::ALL {
        let set_at = app.accounts.payment_secret_set(site.id, provider)?;
        providers.push(pages::Payments::provider(
            provider,
            address(app, provider, &site),
            set_at,
        ));
    }
    let deliveries = app.accounts.payment_deliveries(site.id, SHOWN)?;
    shown(
        &pages::Payments {
            shell: shell(app, user, "/settings/websites", problem)?,
            site: &site,
            providers,
            deliveries: deliveries.into_iter().map(pages::Payments::row).collect(),
        },
        problem,
    )
}

/// `POST /settings/websites/{website_id}/payments`: without a secret, the one that is set is taken away.
pub(super) async fn set(
    State(app): State<Arc<App>>,
    Person(user): Person,
    Part(id): Part,
    form: Form,
) -> Result<Response, NoPage> {
    let (workspace, now) = (user.workspace, app.clock.now());
    let (provider, secret) = (
        form.text("provider").to_owned(),
        form.text("secret").to_owned(),
    );
    let website_id = id.clone();
    let set = work::changing(&app, move |accounts| {
        let secret = Some(&*secret).filter(|secret| !secret.is_empty());
        accounts.set_payment_secret(workspace, &website_id, provider.parse()?, secret, now)
    })
    .await;
    match set {
        Ok(()) => Ok(done(&format!("/settings/websites/{id}/payments"))),
        Err(error) => show(&app, &user, &id, Some(&error)),
    }
}

/// `GET /api/v1/sites/{website_id}/payments`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    access: Access,
    Part(id): Part,
) -> Result<Data, Error> {
    told(&app, &*auth::site(&app, access.workspace, Some(&id))?)
}

fn told(app: &App, site: &Site) -> Result<Data, Error> {
    let mut providers = Vec::new();
    for provider in Provider::ALL {
        let set_at = app.accounts.payment_secret_set(site.id, provider)?;
        providers.push(json!({
            "provider": provider.as_str(),
            "url": address(app, provider, site),
            "secret_set_at": set_at.map(|at| at.to_string()),
        }));
    }
    let deliveries = app.accounts.payment_deliveries(site.id, SHOWN)?;
    let deliveries: Vec<_> = deliveries.iter().map(delivery_json).collect();
    let data =
        json!({ "website_id": site.website_id, "providers": providers, "deliveries": deliveries });
    Ok(Data::new(StatusCode::OK, &data))
}

fn delivery_json(delivery: &PaymentDelivery) -> Value {
    json!({
        "provider": delivery.provider.as_str(),
        "event": delivery.event,
        "kind": delivery.kind,
        "came_at": delivery.came_at.to_string(),
        "outcome": delivery.outcome,
        "waits": delivery.waiting.is_some(),
    })
}

/// Secrets: one that is left out stays, `null` takes away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentSecrets {
    #[serde(default, deserialize_with = "given")]
    stripe_secret: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    paddle_secret: Option<Option<String>>,
}

/// `PATCH /api/v1/sites/{website_id}/payments`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    access: Access,
    Part(id): Part,
    Json(sent): Json<SentSecrets>,
) -> Result<Data, Error> {
    let site = auth::site(&app, access.workspace, Some(&id))?;
    let (workspace, now) = (access.workspace, app.clock.now());
    work::changing(&app, move |accounts| {
        for (provider, secret) in [
            (Provider::Stripe, sent.stripe_secret),
            (Provider::Paddle, sent.paddle_secret),
        ] {
            if let Some(secret) = secret {
                accounts.set_payment_secret(workspace, &id, provider, secret.as_deref(), now)?;
            }
        }
        Ok::<_, crate::account::ChangeError>(())
    })
    .await?;
    told(&app, &site)
}
