//! How people come in, go, and are kept apart: passwords, links, invitations, logins, roles, workspaces.

use serde_json::{Value, json};

use crate::page::log_in;
use crate::server::{OWN, PASSWORD, Server};

/// What is between two pieces of text.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text
        .split(from)
        .nth(1)
        .unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split(to).next().unwrap()
}

/// Asks as somebody who is logged in.
fn get(server: &Server, cookie: &str, path: &str) -> (u16, String) {
    let reply = server.get(path, &[("cookie", cookie)]);
    (reply.status, reply.text)
}

fn me(server: &Server, cookie: &str) -> Value {
    server.get("/api/v1/me", &[("cookie", cookie)]).json()["data"].clone()
}

fn log_in_by(server: &Server, email: &str, password: &str) -> crate::server::Reply {
    server.form("/login", "", &[("email", email), ("password", password)])
}

#[test]
fn the_first_link_leads_to_a_password_a_site_and_its_first_event() {
    let server = Server::start();
    let cookie = log_in(&server);
    let (_, page) = get(&server, &cookie, "/welcome");
    assert!(
        page.contains("<option>Europe/Berlin</option>") && page.contains("<option selected>UTC")
    );
    let fields = [
        ("email", "Boss@Example.com"),
        ("password", PASSWORD),
        ("workspace", "Shop & Sons"),
        ("domain", "shop.test"),
        ("timezone", "Europe/Berlin"),
    ];
    for (field, wrong, said) in [
        ("email", "nobody", "email: wanted"),
        ("password", "short", "password: wanted"),
        ("password", "Password123", "first that are guessed"),
        ("workspace", "", "workspace: wanted"),
        ("domain", "https://shop.test", "no host name"),
        ("timezone", "Mars/Olympus", "timezone: wanted"),
    ] {
        let fields = fields.map(|(name, value)| (name, if name == field { wrong } else { value }));
        let reply = server.form("/welcome", &cookie, &fields);
        assert!(
            reply.status == 400 && reply.text.contains(said),
            "{field}: {}",
            reply.text
        );
    }
    let set = server.form("/welcome", &cookie, &fields);
    assert_eq!(set.status, 303, "{}", set.text);
    let install = set.header("location").unwrap();
    let me = me(&server, &cookie);
    assert_eq!(
        (&me["email"], &me["role"], &me["workspace"]["name"]),
        (
            &json!("boss@example.com"),
            &json!("owner"),
            &json!("Shop & Sons")
        )
    );
    assert_eq!(me["sites"][0]["timezone"], "Europe/Berlin");
    let site = me["sites"][0]["website_id"].as_str().unwrap();
    let (_, waiting) = get(&server, &cookie, install);
    assert!(waiting.contains("Waiting for the first event") && waiting.contains(site));
    assert!(waiting.contains("No page on shop.test has fetched the script"));
    // What was refused says why; a page that fetches the script is seen.
    let view = json!({ "website_id": site, "url": "https://shop.test/a", "anonymous_id": "0190f3c2-7d1a-4c33-8a5e-000000000001" });
    assert_eq!(
        server
            .post(&[("origin", "https://other.test")], view.to_string())
            .status,
        403
    );
    server.get(
        "/js/script.plus.js",
        &[("referer", "https://www.shop.test/a")],
    );
    let why = crate::server::wait_for("the reason", || {
        let (_, page) = get(&server, &cookie, install);
        page.contains("origin not allowed").then_some(page)
    });
    assert!(why.contains("A page on www.shop.test fetched the script"));
    let (_, asked) = get(
        &server,
        &cookie,
        &format!("{install}?page=https://other.test/"),
    );
    assert!(asked.contains("Events from other.test are refused"));
    assert_eq!(
        server
            .post(&[("origin", "https://shop.test")], view.to_string())
            .status,
        200
    );
    let (_, seen) = get(&server, &cookie, &format!("{install}?part=seen"));
    assert!(
        seen.contains("Seen: Page view") && seen.contains("https://shop.test/a"),
        "{seen}"
    );
    // It is over, and the password logs in.
    assert_eq!(get(&server, &cookie, "/welcome").0, 303);
    assert_eq!(
        log_in_by(&server, " BOSS@example.com ", PASSWORD).status,
        303
    );
}

#[test]
fn nobody_learns_who_has_an_account() {
    let server = Server::start();
    server.person("a@example.com", "viewer", &[]);
    let wrong = log_in_by(&server, "a@example.com", "wrong password");
    let unknown = log_in_by(&server, "b@example.com", "wrong password");
    assert_eq!((wrong.status, unknown.status), (403, 403));
    assert_eq!(
        wrong.text.replace("a@example.com", "x"),
        unknown.text.replace("b@example.com", "x")
    );
    assert_eq!(
        (wrong.header("set-cookie"), unknown.header("set-cookie")),
        (None, None)
    );
    // Who has no password has none that is right.
    server.run(&["user", "add", "c@example.com"]);
    assert_eq!(log_in_by(&server, "c@example.com", "").status, 403);
}

#[test]
fn passwords_can_be_tried_ten_times() {
    let server = Server::with(&["--trusted-proxy", "127.0.0.1/32"]);
    server.person("a@example.com", "viewer", &[]);
    let guess = |from: &str, email: &str, password: &str| {
        let fields = [("email", email), ("password", password)];
        server.form_with("/login", &[OWN, ("x-forwarded-for", from)], &fields)
    };
    // At an account from anywhere, whether or not there is one.
    for (nth, email) in ["a@example.com", "nobody@example.com"].iter().enumerate() {
        for guessed in 0..12 {
            let from = format!("192.0.2.{}", 20 * nth + guessed);
            let reply = guess(&from, email, "wrong password");
            let expected = if guessed < 10 { 403 } else { 429 };
            assert_eq!(reply.status, expected, "{email} {guessed}");
        }
    }
    let limited = guess("198.51.100.1", "a@example.com", PASSWORD);
    assert_eq!(limited.status, 429, "the right one too");
    assert!(limited.header("retry-after").is_some());
    // From an address at any account.
    let last = (0..21).map(|n| guess("198.51.100.2", &format!("{n}@example.com"), "x").status);
    assert_eq!(last.collect::<Vec<_>>()[19..], [403, 429]);
    // A link logs in all the same.
    server.follow(&server.run(&["user", "link", "a@example.com", "--base-url", &server.url]));
}

#[test]
fn one_goes_on_to_pages_of_this_server_only() {
    let server = Server::start();
    server.person("a@example.com", "viewer", &[]);
    for (next, to) in [
        ("/settings/team", "/settings/team"),
        ("//evil.test", "/dashboard/analytics"),
        ("/\\evil.test", "/dashboard/analytics"),
        ("https://evil.test", "/dashboard/analytics"),
        ("", "/dashboard/analytics"),
    ] {
        let fields = [
            ("email", "a@example.com"),
            ("password", PASSWORD),
            ("next", next),
        ];
        let reply = server.form("/login", "", &fields);
        assert_eq!(reply.header("location"), Some(to), "{next}");
    }
    let shown = server.get("/login?next=%2F%2Fevil.test", &[]).text;
    assert!(shown.contains("value=\"/dashboard/analytics\"") && !shown.contains("evil"));
}

#[test]
fn logins_end_at_once_and_a_new_password_ends_the_others() {
    let server = Server::start();
    let here = server.person("a@example.com", "viewer", &[]);
    let elsewhere = || log_in_by(&server, "a@example.com", PASSWORD).cookie();
    let is_in = |cookie: &str| server.get("/api/v1/me", &[("cookie", cookie)]).status == 200;
    let (one, two, three) = (elsewhere(), elsewhere(), elsewhere());
    // One by one.
    let (_, page) = get(&server, &here, "/settings/account");
    assert_eq!(
        page.matches("/revoke\"><button class=\"plain\">Log out")
            .count(),
        3
    );
    let other = between(&page, "action=\"/settings/account/logins/", "/revoke\"").to_owned();
    let revoke = format!("/settings/account/logins/{other}/revoke");
    assert_eq!(server.form(&revoke, &here, &[]).status, 303);
    assert_eq!([&one, &two, &three].iter().filter(|c| is_in(c)).count(), 2);
    assert_eq!(
        server.form(&revoke, &here, &[]).status,
        404,
        "there is none any more"
    );
    // All others.
    server.form("/settings/account/logins/revoke", &here, &[]);
    assert!(is_in(&here) && [&one, &two, &three].iter().all(|c| !is_in(c)));
    // By another password, which needs the present one.
    let four = elsewhere();
    let set = |cookie: &str, current: &str, new: &str| {
        let fields = [("current", current), ("password", new)];
        server
            .form("/settings/account/password", cookie, &fields)
            .status
    };
    assert_eq!(set(&four, "wrong password", "another long one"), 403);
    assert_eq!(set(&four, PASSWORD, "short"), 400);
    assert!(is_in(&here));
    assert_eq!(set(&four, PASSWORD, "another long one"), 303);
    assert!(is_in(&four) && !is_in(&here));
    assert_eq!(log_in_by(&server, "a@example.com", PASSWORD).status, 403);
    // A link replaces a lost one, and then the others are out too.
    let link = server.run(&["user", "link", "a@example.com", "--base-url", &server.url]);
    let unused = server.run(&["user", "link", "a@example.com", "--base-url", &server.url]);
    let found = server.follow(&link);
    assert!(
        get(&server, &found, "/settings/account")
            .1
            .contains("Set the password")
    );
    assert_eq!(set(&found, "", "a third long one"), 303);
    assert!(is_in(&found) && !is_in(&four));
    assert_eq!(
        server.get(server.path(&unused), &[]).status,
        403,
        "used up with it"
    );
    // Out, here.
    let out = server.form("/logout", &found, &[]);
    assert_eq!(out.header("location"), Some("/login"));
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(!is_in(&found));
}

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
            assert!(
                get(&server, &cookie, "/settings/account")
                    .1
                    .contains("action=\"/settings/workspace\"")
            );
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

#[test]
fn a_key_is_shown_once_and_gives_on_only_what_it_has() {
    let server = Server::with(&["--clock", "2026-11-24T12:00:00Z"]);
    let owner = server.first("owner@example.com");
    let make = |fields: &[(&str, &str)]| server.form("/settings/api-keys", &owner, fields);
    let made = make(&[
        ("name", "shop"),
        ("scope", "manage"),
        ("scope", "event:write"),
        ("days", "30"),
    ]);
    let key = between(&made.text, "<code id=\"new-key\">", "<").to_owned();
    assert!(key.starts_with("admx_sk_"));
    assert!(!get(&server, &owner, "/settings/api-keys").1.contains(&key));
    assert_eq!(make(&[("name", "x")]).status, 400, "no scope");
    assert_eq!(make(&[("name", "x"), ("scope", "all")]).status, 400);
    assert_eq!(
        make(&[("name", "x"), ("scope", "manage"), ("days", "0")]).status,
        400
    );
    let ask = |method: &str, path: &str, body: &str| {
        let bearer = format!("Bearer {key}");
        server.ask(method, path, &[("authorization", &bearer)], body)
    };
    let me = ask("GET", "/api/v1/me", "").json()["data"].clone();
    assert_eq!((&me["kind"], &me["name"]), (&json!("key"), &json!("shop")));
    assert_eq!(me["scopes"], json!(["event:write", "manage"]));
    let new = |scopes: &str| {
        ask(
            "POST",
            "/api/v1/keys",
            &format!(r#"{{"name":"n","scopes":{scopes},"expires_in_days":90}}"#),
        )
    };
    assert_eq!(new(r#"["analytics:read"]"#).code(), "insufficient_scope");
    let second = new(r#"["event:write"]"#);
    assert_eq!(
        (second.status, &second.json()["data"]["expires_at"]),
        (201, &json!("2027-02-22T12:00:00Z"))
    );
    let listed = ask("GET", "/api/v1/keys", "").json()["data"]["keys"].clone();
    assert_eq!(listed[0]["last_used_at"], "2026-11-24T12:00:00Z");
    assert_eq!(listed[1]["last_used_at"], json!(null));
    assert!(!listed.to_string().contains("admx_sk_"));
    let id = listed[1]["id"].as_i64().unwrap();
    assert_eq!(ask("DELETE", &format!("/api/v1/keys/{id}"), "").status, 200);
    let revoked = second.json()["data"]["key"].as_str().unwrap().to_owned();
    assert_eq!(
        server.get_with_key(&revoked, "/api/v1/me").code(),
        "api_key_revoked"
    );
    // When it was used is still known after a stop; and its time ends.
    let data = server.stop();
    let server = Server::on(data, &["--clock", "2026-12-24T12:00:00Z"]);
    let cookie = log_in_by(&server, "owner@example.com", PASSWORD).cookie();
    let (_, page) = get(&server, &cookie, "/settings/api-keys");
    assert!(
        page.contains("24 November 2026, 12:00 UTC") && page.contains("Expired 24 December 2026"),
        "{page}"
    );
    assert_eq!(
        server.get_with_key(&key, "/api/v1/me").code(),
        "api_key_expired"
    );
}

#[test]
fn a_site_is_changed_and_deleted_with_its_events() {
    let server = Server::start();
    let key = server.run(&[
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
    ]);
    let bearer = format!("Bearer {key}");
    let ask = |method: &str, path: &str, body: Value| {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        server.ask(method, path, &[("authorization", &bearer)], body)
    };
    let added = ask(
        "POST",
        "/api/v1/sites",
        json!({ "domain": "Example.com", "timezone": "Asia/Tokyo" }),
    );
    assert_eq!(added.status, 201, "{}", added.text);
    let site = added.json()["data"]["website_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/sites/{site}");
    let change =
        json!({ "name": "Shop", "hosts": ["pay.test"], "currency": "eur", "keep_days": 400 });
    assert_eq!(
        ask("PATCH", &path, change).json()["data"],
        json!({ "website_id": site, "domain": "example.com", "name": "Shop", "hosts": ["pay.test"],
                "timezone": "Asia/Tokyo", "currency": "EUR", "keep_days": 400, "is_demo": false })
    );
    let less =
        ask("PATCH", &path, json!({ "name": null, "keep_days": null })).json()["data"].clone();
    assert_eq!(
        (&less["name"], &less["keep_days"], &less["currency"]),
        (&json!(null), &json!(null), &json!("EUR"))
    );
    for wrong in [
        json!({ "currency": "XQQ" }),
        json!({ "timezone": "Nowhere" }),
        json!({ "hosts": ["https://x"] }),
        json!({ "keep_days": 1_000_000 }),
        json!({ "domain": "other.test" }),
    ] {
        assert_eq!(ask("PATCH", &path, wrong.clone()).status, 400, "{wrong}");
    }
    let fire = json!({ "website_id": site, "name": "x" }).to_string();
    assert_eq!(server.post_with_key(&key, &fire).status, 200);
    // The form wants the domain.
    let owner = server.person("owner@example.com", "owner", &[]);
    let delete = format!("/settings/websites/{site}/delete");
    assert_eq!(
        server
            .form(&delete, &owner, &[("domain", "example")])
            .status,
        400
    );
    assert_eq!(
        server
            .form(&delete, &owner, &[("domain", "example.com")])
            .status,
        303
    );
    assert_eq!(server.post_with_key(&key, &fire).code(), "unknown_website");
    assert_eq!(ask("PATCH", &path, json!({ "name": "x" })).status, 404);
    assert!(!get(&server, &owner, "/settings/websites").1.contains(&site));
    // Its events are gone from the log.
    let log = server.data.path().join("events.db");
    crate::server::wait_for("the events to go", || {
        let log = rusqlite::Connection::open(&log).unwrap();
        let count: i64 = log
            .query_row("SELECT count(*) FROM event", [], |row| row.get(0))
            .unwrap();
        (count == 0).then_some(())
    });
    // The demo's stays.
    let demo =
        ask("GET", "/api/v1/sites", Value::Null).json()["data"]["sites"][0]["website_id"].clone();
    assert_eq!(
        ask(
            "DELETE",
            &format!("/api/v1/sites/{}", demo.as_str().unwrap()),
            Value::Null
        )
        .status,
        409
    );
    server.run(&["check"]);
}

#[test]
fn what_people_call_things_is_never_html() {
    let server = Server::start();
    let owner = server.person("owner@example.com", "owner", &[]);
    let site = server.add_site("example.com");
    let long = "x".repeat(10_000);
    for bad in [
        "<script>alert(1)</script>",
        "\"'><img src=x>",
        "\u{202e}gpj.exe",
        "{{ 7*7 }}",
    ] {
        let renamed = server.form("/settings/workspace/name", &owner, &[("name", bad)]);
        assert_eq!(renamed.status, 303, "{bad}");
        let fields = [("name", bad), ("timezone", "UTC")];
        assert_eq!(
            server
                .form(&format!("/settings/websites/{site}"), &owner, &fields)
                .status,
            303
        );
        let made = server.form(
            "/settings/api-keys",
            &owner,
            &[("name", bad), ("scope", "manage")],
        );
        assert_eq!(made.status, 200);
        let email = format!("{}@evil.test", bad.replace(' ', ""));
        let fields = [("email", &*email), ("role", "viewer")];
        let invited = server.form("/settings/team/invitations", &owner, &fields);
        assert_eq!(invited.status, 200, "{email}");
        let link = server
            .path(between(&invited.text, "<code id=\"new-link\">", "<"))
            .to_owned();
        for path in [
            &*link,
            "/dashboard/analytics",
            "/settings/websites",
            &format!("/settings/websites/{site}"),
            &format!("/settings/websites/{site}/install"),
            "/settings/api-keys",
            "/settings/team",
            "/settings/account",
        ] {
            let (status, page) = get(&server, &owner, path);
            assert_eq!(status, 200, "{path}");
            assert!(
                !page.contains("<script>alert") && !page.contains("<img src=x"),
                "{path}"
            );
        }
    }
    for (path, field) in [
        ("/settings/workspace/name", "name"),
        ("/settings/api-keys", "name"),
        ("/settings/team/invitations", "email"),
        ("/settings/websites", "domain"),
    ] {
        let fields = [
            (field, &*long),
            ("scope", "manage"),
            ("role", "viewer"),
            ("timezone", "UTC"),
        ];
        let reply = server.form(path, &owner, &fields);
        assert_eq!(reply.status, 400, "{path}");
    }
}

#[test]
fn by_https_the_cookie_is_this_hosts_alone() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let (listen, base) = (
        format!("127.0.0.1:{port}"),
        format!("https://stats.example.com:{port}"),
    );
    let mut server = Server::with(&["--listen", &listen, "--base-url", &base]);
    server.url = format!("http://{listen}");
    let path = server.login.strip_prefix(&base).unwrap();
    // Links are of the address that people reach the server by, whatever a request says.
    let reply = server.form_with(path, &[OWN, ("host", "evil.test")], &[]);
    let cookie = reply.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-admx_login=") && cookie.contains("; Secure"),
        "{cookie}"
    );
    assert!(cookie.contains("HttpOnly; SameSite=Lax") && cookie.contains("Path=/;"));
    assert!(reply.header("strict-transport-security").is_some());
    let cookie = reply.cookie();
    let fields = [("email", "b@example.com"), ("role", "viewer")];
    let headers = [OWN, ("cookie", &*cookie), ("host", "evil.test")];
    let invited = server
        .form_with("/settings/team/invitations", &headers, &fields)
        .text;
    assert!(invited.contains(&format!("{base}/invitation/")) && !invited.contains("evil.test"));
    // Other sites load the script all the same.
    let script = server.get("/js/script.js", &[]);
    assert_eq!(
        script.header("cross-origin-resource-policy"),
        Some("cross-origin")
    );
}
