//! Sites and keys, by their pages and by the API; and names that are no HTML.

use serde_json::{Value, json};

use crate::account::{between, get, log_in_by};
use crate::server::{PASSWORD, Server};

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
            &format!("/settings/websites/{site}/payments"),
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
