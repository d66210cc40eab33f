//! `/settings/team`: the workspace's name, its people, and who is invited. Anybody in it may look; owners change it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::App;
use super::access::Person;
use super::extract::{Form, Part};
use super::page::NoPage;
use super::reply::Error;
use super::settings::{done, shell, shown};
use super::work;
use crate::account::{ChangeError, Email, Name, Role, User};
use crate::pages;

const HERE: &str = "/settings/team";

/// `GET /settings/team`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    show(&app, &user, None, None)
}

fn show(
    app: &App,
    user: &User,
    link: Option<&str>,
    problem: Option<&Error>,
) -> Result<Response, NoPage> {
    let now = app.clock.now();
    let members = app.accounts.members(user.workspace)?;
    shown(
        &pages::Team {
            shell: shell(app, user, HERE, problem)?,
            name: &app.accounts.workspace_name(user.workspace)?,
            me: user.id,
            members: &members,
            invitations: &app.accounts.invitations(user.workspace, now)?,
            link,
            is_mailed: app.mail.is_set_up(),
        },
        problem,
    )
}

/// `POST /settings/workspace/name`
pub(super) async fn rename(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let workspace = user.workspace;
    let renamed = match Name::parse("workspace", form.text("name")) {
        Ok(name) => {
            work::changing(&app, move |accounts| {
                accounts.rename_workspace(workspace, &name)
            })
            .await
        }
        Err(error) => Err(error.into()),
    };
    after(&app, &user, renamed)
}

/// `POST /settings/team/invitations`: shows the link, this once.
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    Person(user): Person,
    form: Form,
) -> Result<Response, NoPage> {
    let (workspace, now) = (user.workspace, app.clock.now());
    let (email, role) = (form.text("email").to_owned(), form.text("role").to_owned());
    let invited = work::changing(&app, move |accounts| {
        accounts.invite(workspace, &Email::parse(&email)?, role.parse()?, now)
    })
    .await;
    match invited {
        Ok(secret) => {
            let link = format!("{}/invitation/{secret}", app.base_url);
            mail(&app, &user, &secret, &link).await;
            show(&app, &user, Some(&link), None)
        }
        Err(error) => show(&app, &user, None, Some(&error)),
    }
}

/// Mails an invitation. Where that fails there is still the link on the page.
async fn mail(app: &Arc<App>, user: &User, secret: &str, link: &str) {
    let (from, by) = (app.clone(), user.email.clone());
    let (secret, link) = (secret.to_owned(), link.to_owned());
    let mailed = tokio::task::spawn_blocking(move || {
        let invitation = from
            .accounts
            .look_at_invitation(&secret, from.clock.now())?;
        from.mail.invite(&invitation, &by, &link)
    });
    match mailed.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "an invitation could not be mailed"),
        Err(error) => tracing::error!(%error, "mailing an invitation died"),
    }
}

/// `POST /settings/team/invitations/{id}/revoke`
pub(super) async fn revoke_invitation(
    State(app): State<Arc<App>>,
    Person(user): Person,
    id: Part,
) -> Result<Response, NoPage> {
    let (workspace, now, id) = (user.workspace, app.clock.now(), id.number()?);
    let revoked = work::changing(&app, move |accounts| {
        accounts.revoke_invitation(workspace, id, now)
    })
    .await?;
    if revoked {
        Ok(done(HERE))
    } else {
        Err(ChangeError::Missing("there is no such invitation that waits").into())
    }
}

/// `POST /settings/team/members/{user}/role`
pub(super) async fn set_role(
    State(app): State<Arc<App>>,
    Person(user): Person,
    member: Part,
    form: Form,
) -> Result<Response, NoPage> {
    let (workspace, member) = (user.workspace, member.number()?);
    let role = form.text("role").to_owned();
    let changed = work::changing(&app, move |accounts| {
        let role: Role = role.parse()?;
        accounts.set_role(workspace, member, role)
    })
    .await;
    after(&app, &user, changed)
}

/// `POST /settings/team/members/{user}/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Person(user): Person,
    member: Part,
) -> Result<Response, NoPage> {
    let (workspace, member) = (user.workspace, member.number()?);
    let removed = work::changing(&app, move |accounts| {
        accounts.remove_member(workspace, member)
    })
    .await;
    after(&app, &user, removed)
}

/// `POST /settings/team/leave`
pub(super) async fn leave(
    State(app): State<Arc<App>>,
    Person(user): Person,
) -> Result<Response, NoPage> {
    let (workspace, id) = (user.workspace, user.id);
    let left = work::changing(&app, move |accounts| accounts.remove_member(workspace, id)).await;
    match left {
        Ok(()) => Ok(done("/dashboard/analytics")),
        Err(error) => show(&app, &user, None, Some(&error)),
    }
}

fn after(app: &App, user: &User, changed: Result<(), Error>) -> Result<Response, NoPage> {
    match changed {
        Ok(()) => Ok(done(HERE)),
        Err(error) => show(app, user, None, Some(&error)),
    }
}
