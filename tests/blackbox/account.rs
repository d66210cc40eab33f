//! How people come in and go: the first link, passwords, logins.

use serde_json::{Value, json};

use crate::page::log_in;
use crate::server::{OWN, PASSWORD, Server};

/// What is between two pieces of text.
pub fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text
        .split(from)
        .nth(1)
        .unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split(to).next().unwrap()
}

/// Asks as somebody who is logged in.
pub fn get(server: &Server, cookie: &str, path: &str) -> (u16, String) {
    let reply = server.get(path, &[("cookie", cookie)]);
    (reply.status, reply.text)
}

pub fn me(server: &Server, cookie: &str) -> Value {
    server.get("/api/v1/me", &[("cookie", cookie)]).json()["data"].clone()
}

pub fn log_in_by(server: &Server, email: &str, password: &str) -> crate::server::Reply {
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

#[test]
fn a_live_stream_ends_soon_after_its_login() {
    use std::io::Read;
    let server = Server::start();
    let cookie = log_in(&server);
    let agent = ("user-agent", crate::server::AGENT);
    let fields = [
        ("email", "a@example.com"),
        ("password", PASSWORD),
        ("workspace", "W"),
    ];
    assert_eq!(server.form("/welcome", &cookie, &fields).status, 303);
    let other = server.form_with(
        "/login",
        &[OWN, agent],
        &[("email", "a@example.com"), ("password", PASSWORD)],
    );
    let (_, page) = get(&server, &cookie, "/settings/account");
    assert!(page.contains("<bdi>Chrome on Linux</bdi>"), "{page}");
    let other = other.cookie();
    let mut stream = server.open(format!(
        "GET /dashboard/analytics/live HTTP/1.1\r\nhost: x\r\ncookie: {other}\r\nconnection: close\r\n\r\n"
    ));
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    server.form("/settings/account/logins/revoke", &cookie, &[]);
    // It ends; a stream that went on would be read until the time is over.
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
}
