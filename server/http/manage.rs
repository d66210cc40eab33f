//! The JSON API of sites, keys and people: contract §8. It does what the pages of settings do, for keys with the scope
//! `manage` and for people who are editors.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::access::{Access, Who};
use super::extract::{Json, Part};
use super::reply::{Data, Error};
use super::{App, auth, keys as key_page, websites, work};
use crate::account::{
    ChangeError, Key, Name, NewKey, NewSite, Scope, Site, SiteChange, currency, keep_days, zone,
};

/// `GET /api/v1/me`
pub(super) async fn me(State(app): State<Arc<App>>, access: Access) -> Result<Data, Error> {
    let sites = app.accounts.sites(access.workspace)?;
    let mut data = match &access.who {
        Who::Key(key) => json!({ "kind": "key", "name": key.name, "scopes": scopes(key) }),
        Who::User(user) => {
            json!({ "kind": "user", "email": user.email, "role": user.role.as_str() })
        }
    };
    data["workspace"] = json!({
        "id": access.workspace.0,
        "name": app.accounts.workspace_name(access.workspace)?,
    });
    data["sites"] = sites.iter().map(|site| site_json(site)).collect();
    Ok(Data::new(StatusCode::OK, &data))
}

fn scopes(key: &Key) -> Vec<&'static str> {
    key.scopes.iter().map(|scope| scope.as_str()).collect()
}

fn site_json(site: &Site) -> Value {
    json!({
        "website_id": site.website_id,
        "domain": site.domain,
        "name": site.name,
        "hosts": site.hosts,
        "timezone": site.zone_name(),
        "currency": site.exchange.own().map(|currency| currency.code()),
        "keep_days": site.keep_days,
        "is_demo": site.is_demo,
    })
}

/// `GET /api/v1/sites`
pub(super) async fn sites(State(app): State<Arc<App>>, access: Access) -> Result<Data, Error> {
    let sites = app.accounts.sites(access.workspace)?;
    let sites: Vec<_> = sites.iter().map(|site| site_json(site)).collect();
    Ok(Data::new(StatusCode::OK, &json!({ "sites": sites })))
}

/// A site to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentSite {
    domain: String,
    #[serde(default)]
    hosts: Vec<String>,
    timezone: Option<String>,
}

/// `POST /api/v1/sites`
pub(super) async fn add_site(
    State(app): State<Arc<App>>,
    access: Access,
    Json(sent): Json<SentSite>,
) -> Result<Data, Error> {
    let (workspace, now) = (access.workspace, app.clock.now());
    let id = work::changing(&app, move |accounts| {
        let new = NewSite {
            domain: &sent.domain,
            hosts: &sent.hosts,
            zone: zone(sent.timezone.as_deref().unwrap_or("UTC"))?,
            is_demo: false,
        };
        accounts.add_site(workspace, &new, now)
    })
    .await?;
    let site = auth::site(&app, workspace, Some(&id))?;
    Ok(Data::new(StatusCode::CREATED, &site_json(&site)))
}

/// What of a site is changed: a field that is left out stays, `null` takes away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentChange {
    #[serde(default, deserialize_with = "given")]
    name: Option<Option<String>>,
    hosts: Option<Vec<String>>,
    timezone: Option<String>,
    #[serde(default, deserialize_with = "given")]
    currency: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    keep_days: Option<Option<u64>>,
}

/// A field that is there, be it `null`.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl SentChange {
    fn read(self) -> Result<SiteChange, ChangeError> {
        let name = |name: Option<String>| name.map(|n| Name::parse("name", &n)).transpose();
        let code = |code: Option<String>| code.map(|code| currency(&code)).transpose();
        Ok(SiteChange {
            name: self.name.map(name).transpose()?,
            hosts: self.hosts,
            zone: self.timezone.as_deref().map(zone).transpose()?,
            currency: self.currency.map(code).transpose()?,
            keep_days: self
                .keep_days
                .map(|days| keep_days(days.unwrap_or(0)))
                .transpose()?,
        })
    }
}

/// `PATCH /api/v1/sites/{website_id}`
pub(super) async fn change_site(
    State(app): State<Arc<App>>,
    access: Access,
    Part(id): Part,
    Json(sent): Json<SentChange>,
) -> Result<Data, Error> {
    let workspace = access.workspace;
    auth::site(&app, workspace, Some(&id))?;
    let change = sent.read()?;
    let changed = id.clone();
    work::changing(&app, move |accounts| {
        accounts.change_site(workspace, &changed, &change)
    })
    .await?;
    let site = auth::site(&app, workspace, Some(&id))?;
    Ok(Data::new(StatusCode::OK, &site_json(&site)))
}

/// `DELETE /api/v1/sites/{website_id}`
pub(super) async fn delete_site(
    State(app): State<Arc<App>>,
    access: Access,
    Part(id): Part,
) -> Result<Data, Error> {
    websites::remove(&app, access.workspace, id.clone()).await?;
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "website_id": id, "deleted": true }),
    ))
}

/// `GET /api/v1/keys`
pub(super) async fn keys(State(app): State<Arc<App>>, access: Access) -> Result<Data, Error> {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let key = |key: &Key| {
        json!({
            "id": key.id,
            "name": key.name,
            "scopes": scopes(key),
            "created_at": key.created_at.to_string(),
            "expires_at": time(key.expires_at),
            "revoked_at": time(key.revoked_at),
            "last_used_at": time(key.used_at),
        })
    };
    let keys = app.accounts.keys(access.workspace)?;
    let keys: Vec<_> = keys.iter().map(key).collect();
    Ok(Data::new(StatusCode::OK, &json!({ "keys": keys })))
}

/// A key to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentKey {
    name: String,
    scopes: Vec<String>,
    expires_in_days: Option<u32>,
}

/// `POST /api/v1/keys`. A key gives on only what it has itself: one that may `manage` alone makes none that may read. A
/// person gives any.
pub(super) async fn new_key(
    State(app): State<Arc<App>>,
    access: Access,
    Json(sent): Json<SentKey>,
) -> Result<Data, Error> {
    let (workspace, now) = (access.workspace, app.clock.now());
    let name = Name::parse("name", &sent.name)?;
    let wanted: Vec<Scope> = sent
        .scopes
        .iter()
        .map(|scope| scope.parse())
        .collect::<Result<_, ChangeError>>()?;
    if let Who::Key(own) = &access.who
        && let Some(more) = wanted.iter().find(|scope| !own.scopes.contains(scope))
    {
        return Err(Error::new(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            format!("the key lacks the scope {more} itself, so it can't give it on"),
        ));
    }
    let days = sent.expires_in_days.map(|days| days.to_string());
    let expires_at = key_page::ends(days.as_deref().unwrap_or_default(), now)?;
    let (id, secret) = work::changing(&app, move |accounts| {
        let new = NewKey {
            name: &name,
            scopes: &wanted,
            expires_at,
        };
        accounts.new_key(workspace, &new, now)
    })
    .await?;
    Ok(Data::new(
        StatusCode::CREATED,
        &json!({ "id": id, "key": secret, "expires_at": expires_at.map(|at| at.to_string()) }),
    ))
}

/// `DELETE /api/v1/keys/{id}`
pub(super) async fn revoke_key(
    State(app): State<Arc<App>>,
    access: Access,
    id: Part,
) -> Result<Data, Error> {
    let (workspace, id, now) = (access.workspace, id.number()?, app.clock.now());
    let revoked = work::changing(&app, move |accounts| {
        accounts.revoke_key(workspace, id, now)
    })
    .await?;
    if !revoked {
        return Err(ChangeError::Missing("there is no such key in this workspace").into());
    }
    Ok(Data::new(
        StatusCode::OK,
        &json!({ "id": id, "revoked": true }),
    ))
}

/// `GET /api/v1/members`
pub(super) async fn members(State(app): State<Arc<App>>, access: Access) -> Result<Data, Error> {
    let members: Vec<_> = app
        .accounts
        .members(access.workspace)?
        .iter()
        .map(|member| {
            json!({
                "id": member.user,
                "email": member.email,
                "role": member.role.as_str(),
                "since": member.since.to_string(),
            })
        })
        .collect();
    Ok(Data::new(StatusCode::OK, &json!({ "members": members })))
}
