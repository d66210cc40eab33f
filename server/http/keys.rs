//! `/settings/api-keys`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::access::Person;
use super::extract::{Form, Part};
use super::page::NoPage;
use super::reply::Error;
use super::settings::{done, shell, shown};
use super::{App, work};
use crate::account::{ChangeError, Name, NewKey, Scope, User};
use crate::pages;

const HERE: &str = "/settings/api-keys";

/// `GET /settings/api-keys`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    show(&app, &user, None, None)
}

fn show(
    app: &App,
    user: &User,
    secret: Option<&str>,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    let keys = app.accounts.keys(user.workspace)?;
    shown(
        &pages::Keys {
            shell: shell(app, user, HERE, problem)?,
            keys: pages::Keys::rows(&keys, app.clock.now()),
            base_url: &app.base_url,
            secret,
        },
        problem,
    )
}

/// `POST /settings/api-keys`: shows the key, this once.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    match new_key(&app, &user, &form).await {
        Ok(secret) => show(&app, &user, Some(&secret), None),
        Err(error) => show(&app, &user, None, Some(&error)),
    }
}

async fn new_key(app: &Arc<App>, user: &User, form: &Form) -> Result<String, Error> {
    let name = Name::parse("name", form.text("name"))?;
    let scopes: Vec<Scope> = form
        .each("scope")
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let (workspace, now) = (user.workspace, app.clock.now());
    let expires_at = ends(form.text("days"), now)?;
    let new = move |accounts: &crate::account::Accounts| {
        let new = NewKey {
            name: &name,
            scopes: &scopes,
            expires_at,
        };
        accounts.new_key(workspace, &new, now)
    };
    let (_, secret) = work::changing(app, new).await?;
    Ok(secret)
}

/// When a key that is good for so many days ends.
pub(super) fn ends(days: &str, now: Timestamp) -> Result<Option<Timestamp>, ChangeError> {
    let days: i64 = match days {
        "" | "never" => return Ok(None),
        days => days.parse().unwrap_or(0),
    };
    if !(1..=3650).contains(&days) {
        return Err(ChangeError::Wrong(
            "expires_in_days: wanted is a number of days from 1 to 3650".into(),
        ));
    }
    Ok(Some(now + SignedDuration::from_hours(24 * days)))
}

/// `POST /settings/api-keys/{id}/revoke`
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Person(user): Person,
    id: Part,
) -> Result<Response, NoPage> {
    let (workspace, id, now) = (user.workspace, id.number()?, app.clock.now());
    let revoked = work::changing(&app, move |accounts| {
        accounts.revoke_key(workspace, id, now)
    })
    .await?;
    if revoked {
        Ok(done(HERE))
    } else {
        Err(ChangeError::Missing("there is no such key in this workspace").into())
    }
}
