//! Who belongs where: invitations, roles, and workspaces that see nothing of each other.

use serde_json::json;

use crate::account::{between, get, me};
use crate::server::{OWN, PASSWORD, Server};

#[test]
fn an_invitation_makes_a_member_once() {
    let server = Server::start();
    let owner = server.person("owner@example.com", "owner", &[]);
    let invite = |email: &str, role: &str| {
        let fields = [("email", email), ("role", role)];
        let reply = server.form("/settings/team/invitations", &owner, &fields);
        assert_eq!(reply.status, 200, "{}", reply.text);
        let link = between(&reply.text, "<code id=\"new-link\">", "<");
        server.path(link).to_owned()
    };
    let link = invite("New@example.com", "editor");
    assert!(server.get(&link, &[]).text.contains("new@example.com"));
    assert_eq!(server.form(&link, "", &[("password", "short")]).status, 400);
    let accepted = server.form(&link, "", &[("password", PASSWORD)]);
    assert_eq!(accepted.status, 303, "{}", accepted.text);
    assert_eq!(me(&server, &accepted.cookie())["role"], "editor");
    let again = server.form(&link, "", &[("password", PASSWORD)]);
    assert!(
        again.status == 403 && again.text.contains("used already"),
        "{}",
        again.text
    );
    // Taken back, by hand and by a later one.
    let first = invite("late@example.com", "viewer");
    let second = invite("late@example.com", "viewer");
    assert!(server.get(&first, &[]).text.contains("taken back"));
    let (_, team) = get(&server, &owner, "/settings/team");
    let id = between(&team, "action=\"/settings/team/invitations/", "/revoke");
    let revoke = format!("/settings/team/invitations/{id}/revoke");
    assert_eq!(server.form(&revoke, &owner, &[]).status, 303);
    assert_eq!(
        server.form(&second, "", &[("password", PASSWORD)]).status,
        403
    );
    // Whoever is here already.
    let fields = [("email", "new@example.com"), ("role", "owner")];
    assert_eq!(
        server
            .form("/settings/team/invitations", &owner, &fields)
            .status,
        409
    );
}

#[test]
fn an_invitation_lasts_seven_days() {
    let server = Server::with(&["--clock", "2026-11-24T12:00:00Z"]);
    let owner = server.first("owner@example.com");
    let fields = [("email", "late@example.com"), ("role", "viewer")];
    let shown = server
        .form("/settings/team/invitations", &owner, &fields)
        .text;
    let link = between(&shown, "<code id=\"new-link\">", "<");
    let path = server.path(link).to_owned();
    let data = server.stop();
    let server = Server::on(data, &["--clock", "2026-12-01T11:59:59Z"]);
    assert_eq!(server.get(&path, &[]).status, 200);
    let data = server.stop();
    let server = Server::on(data, &["--clock", "2026-12-01T12:00:00Z"]);
    let late = server.form(&path, "", &[("password", PASSWORD)]);
    assert!(
        late.status == 403 && late.text.contains("older than 7 days"),
        "{}",
        late.text
    );
}

#[test]
fn an_invitation_is_no_way_into_what_else_a_person_sees() {
    let server = Server::start();
    server.run(&["workspace", "add", "Other"]);
    // Somebody without a password, in the first workspace.
    server.run(&["user", "add", "ann@example.com"]);
    server.person("bob@example.com", "viewer", &[]);
    let owner = server.person("eve@example.com", "owner", &["--workspace", "Other"]);
    for email in ["ann@example.com", "bob@example.com"] {
        let fields = [("email", email), ("role", "viewer")];
        let shown = server
            .form("/settings/team/invitations", &owner, &fields)
            .text;
        let link = server
            .path(between(&shown, "<code id=\"new-link\">", "<"))
            .to_owned();
        let taken = server.form(&link, "", &[("password", "chosen by eve")]);
        assert_eq!(
            (taken.status, taken.header("set-cookie")),
            (403, None),
            "{email}"
        );
        // Eve, who is logged in, isn't them.
        assert_eq!(
            server
                .form(&link, &owner, &[("password", "chosen by eve")])
                .status,
            403
        );
        if email.starts_with("bob") {
            let cookie = server.form(&link, "", &[("password", PASSWORD)]).cookie();
            assert_eq!(me(&server, &cookie)["workspace"]["id"], 2);
            // And goes back to the first one.
            assert_eq!(
                server
                    .form("/settings/workspace", &cookie, &[("workspace", "1")])
                    .status,
                303
            );
            assert_eq!(me(&server, &cookie)["workspace"]["id"], 1);
            for path in ["/settings/account", "/dashboard/analytics"] {
                let (_, text) = get(&server, &cookie, path);
                assert!(text.contains("action=\"/settings/workspace\""), "{path}");
            }
        }
    }
    // Nobody goes where they don't belong.
    assert_eq!(
        server
            .form("/settings/workspace", &owner, &[("workspace", "1")])
            .status,
        404
    );
}

#[test]
fn a_workspace_keeps_an_owner() {
    let server = Server::start();
    let owner = server.first("a@example.com");
    let editor = server.person("e@example.com", "editor", &[]);
    let (_, team) = get(&server, &owner, "/settings/team");
    let my_role = format!(
        "/settings/team/members/{}/role",
        between(&team, "/settings/team/members/", "/role")
    );
    assert_eq!(
        server.form(&my_role, &owner, &[("role", "editor")]).status,
        409
    );
    assert_eq!(server.form("/settings/team/leave", &owner, &[]).status, 409);
    assert_eq!(
        server.form(&my_role, &owner, &[("role", "king")]).status,
        400
    );
    assert_eq!(
        server.form(&my_role, &editor, &[("role", "viewer")]).status,
        403
    );
    // With another owner it goes, and holds at once.
    server.run(&["user", "add", "e@example.com", "--role", "owner"]);
    assert_eq!(server.form("/settings/team/leave", &owner, &[]).status, 303);
    assert_eq!(server.get("/api/v1/me", &[("cookie", &owner)]).status, 401);
}

#[test]
fn workspaces_see_nothing_of_each_other() {
    let server = Server::start();
    server.run(&["workspace", "add", "Other"]);
    let site = server.add_site("example.com");
    let key = server.new_key();
    let fire = json!({ "website_id": site, "name": "Secret" });
    assert_eq!(server.post_with_key(&key, fire.to_string()).status, 200);
    let owner = server.person("eve@example.com", "owner", &["--workspace", "2"]);
    let manage = [
        "key",
        "new",
        "--name",
        "k",
        "--scope",
        "manage",
        "--scope",
        "analytics:read",
        "--scope",
        "event:write",
        "--workspace",
        "2",
    ];
    let theirs = server.run(&manage);
    let by_key = [("authorization", format!("Bearer {theirs}"))];
    let by_cookie = [("cookie", owner.clone())];
    for (name, value) in by_key.iter().chain(&by_cookie) {
        let headers = [(*name, value.as_str()), OWN];
        for (method, path, body, status) in [
            (
                "GET",
                format!("/api/v1/analytics/goals?website_id={site}"),
                "",
                404,
            ),
            ("GET", "/api/v1/analytics/goals".into(), "", 404),
            (
                "GET",
                format!("/api/v1/export/events.ndjson?website_id={site}"),
                "",
                404,
            ),
            (
                "GET",
                format!("/dashboard/analytics/live?site={site}"),
                "",
                404,
            ),
            (
                "POST",
                "/api/v1/query".into(),
                &*format!(r#"{{"website_id":"{site}","metrics":["fires"]}}"#),
                404,
            ),
            (
                "PATCH",
                format!("/api/v1/sites/{site}"),
                r#"{"name":"mine"}"#,
                404,
            ),
            ("DELETE", format!("/api/v1/sites/{site}"), "", 404),
            ("DELETE", "/api/v1/keys/1".into(), "", 404),
        ] {
            let reply = server.ask(method, &path, &headers, body);
            assert_eq!(
                reply.status, status,
                "{name} {method} {path}: {}",
                reply.text
            );
        }
        for path in [
            "/api/v1/me",
            "/api/v1/sites",
            "/api/v1/keys",
            "/api/v1/members",
        ] {
            let told = server.get(path, &headers).text;
            assert!(
                !told.contains("example.com\"") || told.contains("eve@"),
                "{path}: {told}"
            );
            assert!(
                !told.contains(&site) && !told.contains("\"test\""),
                "{path}: {told}"
            );
        }
    }
    assert_eq!(
        server.post_with_key(&theirs, fire.to_string()).code(),
        "unknown_website"
    );
    for path in [
        format!("/settings/websites/{site}"),
        format!("/settings/websites/{site}/install"),
    ] {
        assert_eq!(get(&server, &owner, &path).0, 404, "{path}");
    }
    let delete = format!("/settings/websites/{site}/delete");
    assert_eq!(
        server
            .form(&delete, &owner, &[("domain", "example.com")])
            .status,
        404
    );
    // With no site of their own, the analytics page leads to where one is added.
    let reply = server.get("/dashboard/analytics", &[("cookie", &owner)]);
    assert_eq!(reply.header("location"), Some("/settings/websites"));
    assert_eq!(server.events(&key, &site).len(), 1);
}
