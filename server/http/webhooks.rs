//! `/settings/webhooks`, and `/api/v1/webhooks` for programs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Access, Person};
use super::extract::{Form, Json, Part};
use super::page::NoPage;
use super::reply::{Data, Error};
use super::settings::{done, shell, shown};
use super::{App, auth, work};
use crate::account::{ChangeError, FIGURES, NewWebhook, Trigger, User, Webhook, WorkspaceId};
use crate::pages;

const HERE: &str = "/settings/webhooks";

/// Deliveries of each that are shown.
const SHOWN: u32 = 10;

/// What the page says beside the list.
#[derive(Default)]
struct News {
    secret: Option<String>,
    tested: Option<String>,
}

/// `GET /settings/webhooks`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    show(&app, &user, &Form::default(), News::default(), None).await
}

async fn show(
    app: &Arc<App>,
    user: &User,
    form: &Form,
    news: News,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    let workspace = user.workspace;
    let from = app.clone();
    let rows = work::changing(app, move |accounts| {
        let sites = accounts.sites(workspace)?;
        let domain = |id: &str| {
            let site = sites.iter().find(|site| site.website_id == id);
            site.map_or_else(String::new, |site| site.label().to_owned())
        };
        let row = |webhook: Webhook| {
            let latest = from.webhooks.latest(webhook.id, SHOWN)?;
            let site = domain(&webhook.website_id);
            Ok(pages::Webhooks::row(webhook, site, latest))
        };
        let webhooks = accounts.webhooks(workspace)?.into_iter();
        webhooks.map(row).collect::<Result<Vec<_>, ChangeError>>()
    })
    .await?;
    shown(
        &pages::Webhooks {
            shell: shell(app, user, HERE, problem)?,
            sites: &app.accounts.sites(workspace)?,
            webhooks: rows,
            url: form.text("url"),
            goal: form.text("goal"),
            figures: FIGURES,
            secret: news.secret.as_deref(),
            tested: news.tested.as_deref(),
        },
        problem,
    )
}

/// `POST /settings/webhooks`: shows the secret, this once.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let number = form.text("number").parse().ok();
    let sent = SentWebhook {
        website_id: Some(form.text("website_id").to_owned()),
        url: form.text("url").to_owned(),
        goal: given(form.text("goal")),
        metric: given(form.text("goal")).map_or_else(|| given(form.text("metric")), |_| None),
        is: Some(form.text("is").to_owned()),
        number,
    };
    match new_webhook(&app, user.workspace, sent).await {
        Ok(webhook) => {
            let news = News {
                secret: Some(webhook.secret),
                ..News::default()
            };
            show(&app, &user, &Form::default(), news, None).await
        }
        Err(error) => show(&app, &user, &form, News::default(), Some(&error)).await,
    }
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// `POST /settings/webhooks/{id}/test`
pub(super) async fn test(
    State(app): State<Arc<App>>,
    Person(user): Person,
    id: Part,
) -> Result<Response, NoPage> {
    let webhook = app.accounts.webhook(user.workspace, id.number()?);
    let webhook = webhook.map_err(Error::from)?;
    let outcome = app.webhooks.test(&webhook).await;
    let news = News {
        tested: Some(format!("{}: {outcome}", webhook.url)),
        ..News::default()
    };
    show(&app, &user, &Form::default(), news, None).await
}

/// `POST /settings/webhooks/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Person(user): Person,
    id: Part,
) -> Result<Response, NoPage> {
    remove(&app, user.workspace, id.number()?).await?;
    Ok(done(HERE))
}

async fn remove(app: &Arc<App>, workspace: WorkspaceId, id: i64) -> Result<(), Error> {
    let from = app.clone();
    work::changing(app, move |accounts| {
        accounts.remove_webhook(workspace, id)?;
        Ok::<_, ChangeError>(from.webhooks.forget(id)?)
    })
    .await
}

/// `GET /api/v1/webhooks`: without secrets, with the latest deliveries.
pub(super) async fn list(State(app): State<Arc<App>>, access: Access) -> Result<Data, Error> {
    let (from, workspace) = (app.clone(), access.workspace);
    let webhooks = work::changing(&app, move |accounts| {
        let webhooks = accounts.webhooks(workspace)?.into_iter();
        let row = |webhook: Webhook| {
            let mut json = webhook_json(&webhook);
            let latest = from.webhooks.latest(webhook.id, SHOWN)?;
            json["deliveries"] = latest.iter().map(delivery_json).collect();
            Ok(json)
        };
        webhooks.map(row).collect::<Result<Vec<_>, ChangeError>>()
    })
    .await?;
    Ok(Data::new(StatusCode::OK, &json!({ "webhooks": webhooks })))
}

fn delivery_json(delivery: &crate::webhook::Delivery) -> Value {
    json!({
        "id": delivery.id,
        "made_at": delivery.made_at.to_string(),
        "tries": delivery.tries,
        "tried_at": delivery.tried_at.map(|at| at.to_string()),
        "waits": delivery.waits,
        "status": delivery.status,
        "outcome": delivery.outcome,
    })
}

fn webhook_json(webhook: &Webhook) -> Value {
    let mut json = json!({
        "id": webhook.id,
        "website_id": webhook.website_id,
        "url": webhook.url,
        "created_at": webhook.created_at.to_string(),
        "off_at": webhook.off.as_ref().map(|(at, _)| at.to_string()),
        "off_because": webhook.off.as_ref().map(|(_, because)| because),
    });
    match &webhook.trigger {
        Trigger::Goal(goal) => json["goal"] = json!(goal),
        Trigger::Threshold {
            metric,
            is_over,
            number,
        } => {
            json["metric"] = json!(metric);
            json["is"] = json!(if *is_over { "over" } else { "under" });
            json["number"] = json!(number);
        }
    }
    json
}

/// A webhook to be: on a goal, or on a figure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentWebhook {
    website_id: Option<String>,
    url: String,
    goal: Option<String>,
    metric: Option<String>,
    is: Option<String>,
    number: Option<u32>,
}

impl SentWebhook {
    fn trigger(&self) -> Result<Trigger, ChangeError> {
        let wrong = |message: &str| ChangeError::Wrong(message.to_owned());
        match (&self.goal, &self.metric) {
            (Some(goal), None) => Ok(Trigger::Goal(goal.trim().to_owned())),
            (None, Some(metric)) => Ok(Trigger::Threshold {
                metric: metric.clone(),
                is_over: match self.is.as_deref() {
                    Some("over") => true,
                    Some("under") => false,
                    _ => return Err(wrong("is: wanted is over or under")),
                },
                number: self
                    .number
                    .ok_or_else(|| wrong("number: wanted is a whole number"))?,
            }),
            _ => Err(wrong("goal: wanted is a goal, or a metric with a number")),
        }
    }
}

async fn new_webhook(
    app: &Arc<App>,
    workspace: WorkspaceId,
    sent: SentWebhook,
) -> Result<Webhook, Error> {
    let site = auth::site(app, workspace, sent.website_id.as_deref())?;
    let new = NewWebhook::new(&sent.url, sent.trigger()?)?;
    let (from, now) = (app.clone(), app.clock.now());
    work::changing(app, move |accounts| {
        let webhook = accounts.add_webhook(workspace, &site, &new, now)?;
        from.webhooks.begin(webhook.id)?;
        Ok::<_, ChangeError>(webhook)
    })
    .await
}

/// `POST /api/v1/webhooks`: the secret is in this answer only.
pub(super) async fn add_by_key(
    State(app): State<Arc<App>>,
    access: Access,
    Json(sent): Json<SentWebhook>,
) -> Result<Data, Error> {
    let webhook = new_webhook(&app, access.workspace, sent).await?;
    let mut json = webhook_json(&webhook);
    json["secret"] = json!(webhook.secret);
    Ok(Data::new(StatusCode::CREATED, &json))
}

/// `DELETE /api/v1/webhooks/{id}`
pub(super) async fn delete_by_key(
    State(app): State<Arc<App>>,
    access: Access,
    id: Part,
) -> Result<Data, Error> {
    let id = id.number()?;
    remove(&app, access.workspace, id).await?;
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "id": id, "deleted": true }),
    ))
}
