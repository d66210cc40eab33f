//! Reports by mail: once a period, of what, and how they end.

use std::net::TcpListener;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::account::get;
use crate::server::{ORIGIN, OWN, Reply, Server, run};
use crate::smtp::{Mail, mails};

/// A folder with a site, and a member.
pub fn folder() -> (TempDir, String) {
    let data = tempfile::tempdir().unwrap();
    let done = |words: &[&str]| {
        let output = run(data.path(), words);
        assert!(output.status.success(), "{words:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let site = done(&["site", "add", "example.com"]);
    done(&["user", "add", "me@example.com"]);
    (data, site)
}

fn ask(server: &Server, key: &str, method: &str, path: &str, body: Value) -> Reply {
    let bearer = format!("Bearer {key}");
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    server.ask(method, path, &[("authorization", &bearer)], body)
}

/// Has a member get the report.
fn subscribe(server: &Server, key: &str, every: &str) -> Value {
    let body = json!({ "email": "me@example.com", "every": every });
    let reply = ask(server, key, "POST", "/api/v1/reports", body);
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()["data"].clone()
}

/// Has the site's days be those of Berlin.
fn in_berlin(server: &Server, key: &str, site: &str) {
    let path = format!("/api/v1/sites/{site}");
    let reply = ask(
        server,
        key,
        "PATCH",
        &path,
        json!({ "timezone": "Europe/Berlin" }),
    );
    assert_eq!(reply.status, 200, "{}", reply.text);
}

/// Starts with the clock stopped then, and mail into the outbox, at an address that it knows.
fn at(data: TempDir, clock: &str) -> Server {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let address = port.unwrap().to_string();
    let base_url = format!("http://{address}");
    let flags = [
        "--clock",
        clock,
        "--listen",
        &address,
        "--base-url",
        &base_url,
    ];
    Server::on(data, &flags)
}

#[test]
fn a_report_is_sent_once_a_period_over_restarts_and_clocks_that_jump() {
    let (data, site) = folder();
    // A Wednesday.
    let server = at(data, "2026-11-18T12:00:00Z");
    let key = server.full_key();
    in_berlin(&server, &key, &site);
    subscribe(&server, &key, "week");
    mails(&server, 0);
    // Three Mondays later: one of them only.
    let server = at(server.stop(), "2026-12-07T06:59:59Z");
    assert!(
        mails(&server, 1)[0]
            .text
            .contains("\n23 to 29 November 2026, beside 16 to 22 November 2026\n")
    );
    let server = at(server.kill(), "2026-12-07T06:59:59Z");
    mails(&server, 1);
    // Eight in Berlin.
    let server = at(server.stop(), "2026-12-07T07:00:00Z");
    let subject = |mail: &Mail| mail.header("subject").unwrap().to_owned();
    assert_eq!(
        subject(&mails(&server, 2)[1]),
        "example.com: 0 visitors, 30 November to 6 December 2026"
    );
    // Back, and far away, and back.
    let server = at(server.stop(), "2026-12-01T12:00:00Z");
    mails(&server, 2);
    let server = at(server.stop(), "2031-01-01T12:00:00Z");
    mails(&server, 3);
    let server = at(server.stop(), "2026-12-13T12:00:00Z");
    mails(&server, 3);
    let server = at(server.stop(), "2026-12-14T12:00:00Z");
    mails(&server, 4);
    // By the day from now on: not of the day that is over already.
    subscribe(&server, &key, "day");
    let server = at(server.stop(), "2026-12-15T06:30:00Z");
    mails(&server, 4);
    let server = at(server.stop(), "2026-12-15T07:30:00Z");
    assert!(subject(&mails(&server, 5)[4]).ends_with(", 14 December 2026"));
    // Nobody gets one of a workspace that they left.
    server.run(&["user", "add", "owner@example.com", "--role", "owner"]);
    server.run(&["user", "remove", "me@example.com"]);
    let server = at(server.stop(), "2026-12-16T07:30:00Z");
    mails(&server, 5);
}

#[test]
fn a_report_has_the_figures_of_the_query_and_what_strangers_chose_is_text() {
    let (data, site) = folder();
    let server = at(data, "2026-11-18T12:00:00Z");
    let key = server.full_key();
    in_berlin(&server, &key, &site);
    subscribe(&server, &key, "day");
    let hostile = "<img src=x onerror=alert(1)>";
    let post = |visitor: u32, at: &str, name: Option<&str>, page: &str| {
        let mut event = json!({
            "website_id": site, "fired_at": at, "url": format!("https://example.com{page}"),
            "anonymous_id": format!("00000000-0000-4000-8000-00000000000{visitor}"),
        });
        if let Some(name) = name {
            event["name"] = json!(name);
            event["metadata"] = json!({ "value": 5, "currency": "EUR" });
        }
        let reply = server.post_with_key(&key, event.to_string());
        assert_eq!(reply.status, 200, "{}", reply.text);
    };
    post(
        1,
        "2026-11-16T12:00:00Z",
        None,
        "/?utm_source=%3Cb%3Enews&utm_medium=email",
    );
    post(
        1,
        "2026-11-17T12:00:00Z",
        None,
        "/?utm_source=%3Cb%3Enews&utm_medium=email",
    );
    post(1, "2026-11-17T12:01:00Z", Some(hostile), "/");
    let scrolled = json!({
        "website_id": site, "age_ms": 86_340_000, "name": "__admx_scroll_50", "url": "https://example.com/",
        "anonymous_id": "00000000-0000-4000-8000-000000000001",
    });
    let reply = server.post(&[ORIGIN], scrolled.to_string());
    assert_eq!(reply.status, 200, "{}", reply.text);
    post(
        2,
        "2026-11-17T12:00:00Z",
        None,
        "/\"><script>alert(2)</script>",
    );
    post(
        2,
        "2026-11-17T12:00:30Z",
        None,
        "/\"><script>alert(2)</script>",
    );
    // Already the next day in Berlin.
    post(3, "2026-11-17T23:30:00Z", None, "/late");
    let server = at(server.stop(), "2026-11-18T12:00:01Z");
    mails(&server, 0);
    let owner = server.person("owner@example.com", "owner", &[]);
    let fields = [("website_id", &*site), ("every", "day")];
    assert_eq!(
        server.form("/settings/reports", &owner, &fields).status,
        303
    );
    let sent = server.form("/settings/reports/now", &owner, &fields[..1]);
    assert_eq!(
        (sent.status, sent.header("location")),
        (303, Some("/settings/reports?sent"))
    );
    let mail = mails(&server, 1).remove(0);
    assert_eq!(mail.header("to"), Some("owner@example.com"));
    assert_eq!(mail.header("from"), Some("admx <admx@localhost>"));
    assert_eq!(
        mail.header("subject"),
        Some("example.com: 2 visitors, 17 November 2026")
    );
    for line in [
        "17 November 2026, beside 16 November 2026",
        "Visitors: 2 (before: 1, ▲ 100 %)",
        "Page views: 3 (before: 1, ▲ 200 %)",
        "Sessions: 2 (before: 1, ▲ 100 %)",
        "Conversion rate: 50.0 % (before: 0.0 %)",
        "Revenue: €5.00 (before: –)",
        "- <img src=x onerror=alert(1)>",
        "  fires 1 (before: 0); visitors 1 (before: 0); conversion rate 50.0 % (before: 0.0 %); revenue €5.00 (before: –)",
        "Channels, visitors",
        "- Email: 1 (before: 1)",
        "- <b>news: 1 (before: 1)",
        "See these days in admx: BASE/dashboard/analytics?site=SITE&range=custom&from=2026-11-17&to=2026-11-17&compare=before",
    ] {
        let line = line.replace("SITE", &site).replace("BASE", &server.url);
        assert!(
            mail.text.lines().any(|have| have == line),
            "{line}\n{}",
            mail.text
        );
    }
    assert!(!mail.text.contains("scroll") && !mail.html.contains("scroll"));
    assert!(
        mail.html.contains("&#60;img src=x onerror=alert(1)&#62;"),
        "{}",
        mail.html
    );
    for tag in ["<script", "<img", "<b>"] {
        assert!(!mail.html.contains(tag), "{}", mail.html);
    }
    assert_eq!(mail.header("auto-submitted"), Some("auto-generated"));
    // The link leads to the same days.
    let link = mail.link(&format!("{}/dashboard/", server.url));
    let (_, dashboard) = get(&server, &owner, server.path(&link));
    assert!(
        dashboard.contains("17 November 2026")
            && dashboard.contains("name=\"to\" value=\"2026-11-17\""),
        "{dashboard}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let file = std::fs::read_dir(server.data.path().join("outbox"))
            .unwrap()
            .next();
        let mode = file
            .unwrap()
            .unwrap()
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // The page says what became of it, and that mail isn't set up.
    let (_, page) = get(&server, &owner, "/settings/reports");
    assert!(
        page.contains("Put into the outbox") && page.contains("isn't set up to send mail"),
        "{page}"
    );
    assert!(page.contains("<option value=\"day\" selected>"), "{page}");
    // Not as often as one likes.
    let statuses: Vec<_> = (0..6)
        .map(|_| {
            server
                .form("/settings/reports/now", &owner, &fields[..1])
                .status
        })
        .collect();
    assert_eq!((statuses[0], statuses[5]), (303, 429), "{statuses:?}");
}

#[test]
fn reports_are_ended_by_their_link_without_a_login_once_and_for_all() {
    let (data, site) = folder();
    let server = at(data, "2026-11-18T12:00:00Z");
    let key = server.full_key();
    in_berlin(&server, &key, &site);
    let report = subscribe(&server, &key, "day");
    assert_eq!(
        (&report["every"], &report["email"]),
        (&json!("day"), &json!("me@example.com"))
    );
    let server = at(server.stop(), "2026-11-19T07:00:00Z");
    let mail = mails(&server, 1).remove(0);
    let link = mail.link(&format!("{}/unsubscribe/", server.url));
    assert_eq!(mail.header("list-unsubscribe"), Some(&*format!("<{link}>")));
    assert_eq!(
        mail.header("list-unsubscribe-post"),
        Some("List-Unsubscribe=One-Click")
    );
    assert!(mail.html.contains(&link));
    let path = &*server.path(&link).to_owned();
    // Who looks ends nothing; a link that was changed is none.
    let shown = server.get(path, &[]);
    assert!(
        shown.status == 200 && shown.text.contains("Stop them"),
        "{}",
        shown.text
    );
    let last = path.chars().last().unwrap();
    let other = if last == '0' { '1' } else { '0' };
    let (site_number, rest) = path.split_once('-').unwrap();
    let (_, signature) = rest.split_once('-').unwrap();
    for wrong in [
        format!("{}{other}", &path[..path.len() - 1]),
        format!("{site_number}-2-{signature}"),
        format!("{path}-x"),
        "/unsubscribe/1-1-".into(),
        "/unsubscribe/%F0%9F%92%A9".into(),
    ] {
        for method in ["GET", "POST"] {
            let reply = server.ask(method, &wrong, &[], "");
            assert_eq!(reply.status, 404, "{method} {wrong}: {}", reply.text);
        }
    }
    let listed = |server: &Server| {
        ask(server, &key, "GET", "/api/v1/reports", Value::Null).json()["data"]["reports"].clone()
    };
    assert_eq!(listed(&server)[0]["website_id"], json!(site));
    // As a mail program does it: from elsewhere, without a cookie.
    let one_click = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://mail.test"),
        ("sec-fetch-site", "cross-site"),
    ];
    for _ in 0..2 {
        let reply = server.ask("POST", path, &one_click, "List-Unsubscribe=One-Click");
        assert!(
            reply.status == 200 && reply.text.contains("No more reports"),
            "{}",
            reply.text
        );
        assert_eq!(reply.header("set-cookie"), None);
    }
    assert_eq!(listed(&server), json!([]));
    let server = at(server.stop(), "2026-11-20T07:00:00Z");
    mails(&server, 1);
    // An old mail's link goes on working.
    subscribe(&server, &key, "day");
    assert_eq!(server.ask("POST", path, &[], "").status, 200);
    assert_eq!(listed(&server), json!([]));
}

#[test]
fn a_login_sets_its_own_reports_and_a_key_those_of_its_workspace() {
    let server = Server::start();
    server.add_site("example.com");
    let key = server.full_key();
    let owner = server.person("owner@example.com", "owner", &[]);
    let viewer = server.person("viewer@example.com", "viewer", &[]);
    let by_login = |cookie: &str, body: Value| {
        let headers = [("cookie", cookie), OWN];
        server
            .ask("POST", "/api/v1/reports", &headers, body.to_string())
            .status
    };
    for (cookie, body, status) in [
        (&viewer, json!({ "every": "week" }), 201),
        (
            &viewer,
            json!({ "every": "week", "email": "Viewer@example.com" }),
            201,
        ),
        (
            &viewer,
            json!({ "every": "week", "email": "owner@example.com" }),
            403,
        ),
        (
            &owner,
            json!({ "every": "week", "email": "viewer@example.com" }),
            403,
        ),
        (&owner, json!({ "every": "hour" }), 400),
        (
            &owner,
            json!({ "every": "day", "website_id": "admx_nowhere" }),
            404,
        ),
    ] {
        assert_eq!(by_login(cookie, body.clone()), status, "{body}");
    }
    for (body, status) in [
        (json!({ "every": "day", "email": "owner@example.com" }), 201),
        (
            json!({ "every": "day", "email": "nobody@example.com" }),
            404,
        ),
        (json!({ "every": "day", "email": "nobody" }), 400),
        (json!({ "every": "day" }), 400),
        (
            json!({ "every": "day", "email": "owner@example.com", "x": 1 }),
            400,
        ),
    ] {
        let reply = ask(&server, &key, "POST", "/api/v1/reports", body.clone());
        assert_eq!(reply.status, status, "{body}: {}", reply.text);
    }
    let emails = |reply: Reply| {
        let reports = reply.json()["data"]["reports"].clone();
        let email = |report: &Value| report["email"].as_str().unwrap().to_owned();
        reports
            .as_array()
            .unwrap()
            .iter()
            .map(email)
            .collect::<Vec<_>>()
    };
    let all = ask(&server, &key, "GET", "/api/v1/reports", Value::Null);
    let id =
        |reply: &Reply, nth: usize| reply.json()["data"]["reports"][nth]["id"].as_i64().unwrap();
    let (viewers, owners) = (id(&all, 0), id(&all, 1));
    assert_eq!(emails(all), ["viewer@example.com", "owner@example.com"]);
    let own = server.get("/api/v1/reports", &[("cookie", &viewer)]);
    assert_eq!(emails(own), ["viewer@example.com"]);
    let delete = |cookie: &str, id: i64| {
        let path = format!("/api/v1/reports/{id}");
        server
            .ask("DELETE", &path, &[("cookie", cookie), OWN], "")
            .status
    };
    assert_eq!(
        (delete(&viewer, owners), delete(&viewer, viewers)),
        (404, 200)
    );
    server.run(&["workspace", "add", "Elsewhere"]);
    let stranger = server.run(&[
        "key",
        "new",
        "--name",
        "x",
        "--scope",
        "manage",
        "--workspace",
        "Elsewhere",
    ]);
    let path = format!("/api/v1/reports/{owners}");
    assert_eq!(
        ask(&server, &stranger, "DELETE", &path, Value::Null).status,
        404
    );
    assert_eq!(
        emails(ask(
            &server,
            &stranger,
            "GET",
            "/api/v1/reports",
            Value::Null
        )),
        [""; 0]
    );
    assert_eq!(ask(&server, &key, "DELETE", &path, Value::Null).status, 200);
}
