//! What a new person sets: a password, and whoever is first an address, the workspace's name and a site.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::access::Person;
use super::extract::Form;
use super::login::HOME;
use super::page::{NoPage, again, page as made};
use super::reply::Error;
use super::{App, work};
use crate::account::{
    ADMINISTRATOR, Email, Name, NewSite, Password, Role, User, WorkspaceId, zone,
};
use crate::pages;

/// `GET /welcome`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    if user.has_password {
        return Ok(Redirect::to(HOME).into_response());
    }
    let workspace = app.accounts.workspace_name(user.workspace)?;
    made(
        StatusCode::OK,
        &pages::Welcome {
            is_first: is_first(&user),
            wants_site: wants_site(&app, &user)?,
            email: if is_first(&user) { "" } else { &user.email },
            workspace: &workspace,
            domain: "",
            zones: pages::zones("UTC"),
            problem: None,
        },
    )
}

/// `POST /welcome`
pub(super) async fn set_up(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    if user.has_password {
        return Ok(Redirect::to("/settings/account").into_response());
    }
    let wants_site = wants_site(&app, &user)?;
    match set(&app, &user, wants_site, &form).await {
        Ok(Some(site)) => {
            let to = format!("/settings/websites/{site}/install");
            Ok(Redirect::to(&to).into_response())
        }
        Ok(None) => Ok(Redirect::to(HOME).into_response()),
        Err(error) => again(
            &error,
            &pages::Welcome {
                is_first: is_first(&user),
                wants_site,
                email: if is_first(&user) {
                    form.text("email")
                } else {
                    &user.email
                },
                workspace: form.text("workspace"),
                domain: form.text("domain"),
                zones: pages::zones(form.text("timezone")),
                problem: Some(error.message()),
            },
        ),
    }
}

/// Whether they have no address of their own yet.
fn is_first(user: &User) -> bool {
    user.email == ADMINISTRATOR
}

/// Whether they name the workspace and its first site.
fn wants_site(app: &App, user: &User) -> Result<bool, Error> {
    let sites = app.accounts.sites(user.workspace)?;
    Ok(user.role == Role::Owner && sites.iter().all(|site| site.is_demo))
}

/// What is typed is read before anything is set; the password comes last, after which this page is over.
async fn set(
    app: &Arc<App>,
    user: &User,
    wants_site: bool,
    form: &Form,
) -> Result<Option<String>, Error> {
    let email = if is_first(user) {
        let email = Email::parse(form.text("email"))?;
        if email.as_str() == ADMINISTRATOR {
            return Err(Error::field("email: wanted is your own e-mail address"));
        }
        email
    } else {
        Email::parse(&user.email)?
    };
    let password = Password::parse(form.raw("password"), email.as_str())?;
    let name = wants_site
        .then(|| Name::parse("workspace", form.text("workspace")))
        .transpose()?;
    let zone = zone(
        Some(form.text("timezone"))
            .filter(|text| !text.is_empty())
            .unwrap_or("UTC"),
    )?;
    let domain = Some(form.text("domain").to_owned()).filter(|text| wants_site && !text.is_empty());
    let password = work::hashed(app, password).await?;
    let (user, now) = (user.clone(), app.clock.now());
    work::changing(app, move |accounts| {
        if is_first(&user) {
            accounts.name_administrator(user.id, &email)?;
        }
        let workspace: WorkspaceId = user.workspace;
        let add = |domain: &str| {
            let new = NewSite {
                domain,
                hosts: &[],
                zone,
                is_demo: false,
            };
            accounts.add_site(workspace, &new, now)
        };
        let site = domain.as_deref().map(add).transpose()?;
        if let Some(name) = name {
            accounts.rename_workspace(workspace, &name)?;
        }
        accounts.set_password(user.id, &password, user.login, now)?;
        Ok::<_, crate::account::ChangeError>(site)
    })
    .await
}
