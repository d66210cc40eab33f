//! Mail: reports once a period, links for another password, invitations; through a mail server and into the outbox.

use std::ffi::OsString;
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::account::{between, get, log_in_by, me};
use crate::server::{ORIGIN, OWN, PASSWORD, Reply, Server, run, wait_for};
use crate::smtp::{self, Mail, Says, Smtp, YES, outbox};

/// A folder with a site, and a member.
fn folder() -> (TempDir, String) {
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

/// A key that may everything.
fn key(server: &Server) -> String {
    let mut words = vec!["key", "new", "--name", "all"];
    for scope in ["event:write", "analytics:read", "manage"] {
        words.extend(["--scope", scope]);
    }
    server.run(&words)
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

/// The messages in the outbox once there are so many, and no more a moment later.
fn mails(server: &Server, wanted: usize) -> Vec<Mail> {
    wait_for("mail", || {
        (outbox(server.data.path()).len() >= wanted).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300));
    let mails = outbox(server.data.path());
    assert_eq!(mails.len(), wanted);
    mails
}

#[test]
fn a_report_is_sent_once_a_period_over_restarts_and_clocks_that_jump() {
    let (data, site) = folder();
    // A Wednesday.
    let server = at(data, "2026-11-18T12:00:00Z");
    let key = key(&server);
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
    let key = key(&server);
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
    let key = key(&server);
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
    let key = key(&server);
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

/// A server that gives mail to this one, by a variable as its operator should.
fn mailing(data: TempDir, url: &str) -> Server {
    Server::with_environment(
        data,
        &["--mail-from", "Numbers <numbers@stats.test>"],
        &[("ADMX_SMTP", OsString::from(url))],
    )
}

#[test]
fn a_mail_server_takes_mail_with_name_and_password_and_is_waited_for() {
    // Nobody listens there yet.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (data, site) = folder();
    let server = mailing(data, &format!("smtp://{}@127.0.0.1:{port}", smtp::LOGIN));
    let owner = server.person("owner@example.com", "owner", &[]);
    let send = [("website_id", &*site)];
    assert_eq!(
        server.form("/settings/reports/now", &owner, &send).status,
        303
    );
    let page = |server: &Server| get(server, &owner, "/settings/reports").1;
    wait_for("a failure", || {
        page(&server)
            .contains("the mail server can&#39;t be reached")
            .then_some(())
    });
    // Events don't wait for it.
    let key = key(&server);
    assert_eq!(
        server
            .post_with_key(&key, json!({ "name": "Buy" }).to_string())
            .status,
        200
    );
    // The queue outlives the server.
    let server = mailing(
        server.kill(),
        &format!("smtp://{}@127.0.0.1:{port}", smtp::LOGIN),
    );
    let mail = Smtp::on(TcpListener::bind(("127.0.0.1", port)).unwrap(), YES);
    wait_for("the message", || (mail.taken().len() == 1).then_some(()));
    wait_for("its end", || {
        page(&server).contains("<td>Sent</td>").then_some(())
    });
    let taken = mail.taken().remove(0);
    assert_eq!(
        (&*taken.from, &*taken.to),
        ("numbers@stats.test", "owner@example.com")
    );
    assert_eq!(
        taken.mail.header("from"),
        Some("Numbers <numbers@stats.test>")
    );
    // Without --base-url nobody knows where links would lead.
    assert!(taken.mail.header("list-unsubscribe").is_none() && !taken.mail.html.contains("href"));
    assert!(taken.mail.text.contains("open Settings, Reports there"));
    let data = server.stop();
    let server = mailing(data, &mail.url());
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(mail.taken().len(), 1);
    assert!(!page(&server).contains("isn't set up"), "{}", page(&server));
    assert!(outbox(server.data.path()).is_empty());
}

#[test]
fn what_a_mail_server_refuses_is_tried_again_or_given_up_and_never_says_a_password() {
    let mail = Smtp::start(Says {
        recipient: "451 later",
        ..YES
    });
    let (data, site) = folder();
    let server = mailing(data, &mail.url());
    let owner = server.person("owner@example.com", "owner", &[]);
    let send = || {
        let sent = server.form("/settings/reports/now", &owner, &[("website_id", &*site)]);
        assert_eq!(sent.status, 303, "{}", sent.text);
    };
    let wait = |words: &str| {
        wait_for(words, || {
            let (_, page) = get(&server, &owner, "/settings/reports");
            assert!(
                !page.contains(smtp::PASSWORD) && !page.contains("s3cret"),
                "{page}"
            );
            page.contains(words).then_some(())
        });
    };
    // For now: it is tried again.
    send();
    wait("Is tried again, 1 times so far: the mail server refused it: 451");
    let says = |says: Says| *mail.says.lock().unwrap() = says;
    says(YES);
    wait("<td>Sent</td>");
    // For good: it is not.
    says(Says {
        recipient: "550 nobody here, s3cret:word s3cret%3Aword",
        ..YES
    });
    send();
    wait("Failed: the mail server refused it: 550 ");
    let asked = mail.asked.lock().unwrap().len();
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(mail.asked.lock().unwrap().len(), asked);
    // The password is wrong, which whoever runs the server can set right.
    says(Says {
        login: "535 wrong: s3cret:word",
        ..YES
    });
    send();
    wait("times so far: the mail server didn&#39;t take the name and password of --smtp (535)");
    says(YES);
    wait_for("the second message", || {
        (mail.taken().len() == 2).then_some(())
    });
}

#[test]
fn name_and_password_are_not_said_where_others_could_hear_them() {
    let mail = Smtp::start(YES);
    let (data, site) = folder();
    let server = mailing(data, &format!("{}?tls=required", mail.url()));
    let owner = server.person("owner@example.com", "owner", &[]);
    let sent = server.form("/settings/reports/now", &owner, &[("website_id", &*site)]);
    assert_eq!(sent.status, 303, "{}", sent.text);
    wait_for("a failure", || {
        let (_, page) = get(&server, &owner, "/settings/reports");
        page.contains("Is tried again").then_some(())
    });
    assert!(mail.asked.lock().unwrap().is_empty() && mail.taken().is_empty());
    assert!(!*mail.is_told.lock().unwrap());
}

#[test]
fn an_address_of_a_mail_server_that_is_wrong_ends_the_start_without_repeating_it() {
    let (data, _) = folder();
    for (flag, is_start) in [
        ("http://me:hunter22@mail.test", false),
        ("smtp://me:hunter22@mail.test/x", false),
    ] {
        let output = run(
            data.path(),
            &["serve", "--listen", "127.0.0.1:0", "--smtp", flag],
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), is_start);
        assert!(
            said.contains("--smtp (ADMX_SMTP): ") && !said.contains("hunter22"),
            "{said}"
        );
    }
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_admx"))
        .args(["serve", "--help"])
        .env("ADMX_SMTP", "smtp://me:hunter22@mail.test")
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains("hunter22"));
}

#[test]
fn a_lost_password_is_set_anew_by_a_link_that_works_once() {
    let mail = Smtp::start(YES);
    let server = mailing(tempfile::tempdir().unwrap(), &mail.url());
    let old = server.person("owner@example.com", "owner", &[]);
    let forgotten = server.get("/login/forgotten", &[]);
    assert!(
        server
            .get("/login", &[])
            .text
            .contains("href=\"/login/forgotten\"")
    );
    assert!(!forgotten.text.contains("isn't set up"));
    let ask = |email: &str| server.form("/login/forgotten", "", &[("email", email)]);
    // The same answer whether or not there is somebody.
    let (known, unknown) = (ask("Owner@Example.com"), ask("nobody@example.com"));
    assert_eq!((known.status, unknown.status), (200, 200));
    assert_eq!(
        known.text.replace("owner@example.com", "X"),
        unknown.text.replace("nobody@example.com", "X")
    );
    wait_for("the message", || (mail.taken().len() == 1).then_some(()));
    std::thread::sleep(Duration::from_millis(1500));
    let taken = mail.taken();
    assert_eq!((taken.len(), &*taken[0].to), (1, "owner@example.com"));
    let link = taken[0].mail.link(&server.url);
    assert!(taken[0].mail.html.contains(&link));
    let path = server.path(&link).to_owned();
    // Neither kind of link is taken for the other.
    let token = path.rsplit('/').next().unwrap();
    assert_eq!(server.get(&format!("/login/{token}"), &[]).status, 403);
    let login = server.run(&[
        "user",
        "link",
        "owner@example.com",
        "--base-url",
        &server.url,
    ]);
    let login = server.path(&login).replace("/login/", "/login/password/");
    assert_eq!(server.get(&login, &[]).status, 403);
    assert!(server.get(&path, &[]).text.contains("owner@example.com"));
    assert_eq!(server.form(&path, "", &[("password", "short")]).status, 400);
    let set = server.form(&path, "", &[("password", "quite another one")]);
    assert_eq!(set.status, 303, "{}", set.text);
    assert_eq!(me(&server, &set.cookie())["email"], "owner@example.com");
    // All other logins are over, and so are all links.
    assert_eq!(server.get("/api/v1/me", &[("cookie", &old)]).status, 401);
    let again = server.form(&path, "", &[("password", "quite another one")]);
    assert!(
        again.status == 403 && again.text.contains("used already"),
        "{}",
        again.text
    );
    let login = login.replace("/login/password/", "/login/");
    assert_eq!(server.form(&login, "", &[]).status, 403);
    assert_eq!(
        log_in_by(&server, "owner@example.com", PASSWORD).status,
        403
    );
    assert_eq!(
        log_in_by(&server, "owner@example.com", "quite another one").status,
        303
    );
    // Not as often as one likes, whether or not there is somebody.
    for email in ["owner@example.com", "nobody@example.com"] {
        let statuses: Vec<_> = (0..3).map(|_| ask(email).status).collect();
        assert_eq!(statuses, [200, 200, 429], "{email}");
    }
    assert_eq!(ask("no address").status, 400);
}

#[test]
fn a_link_for_another_password_lasts_an_hour_and_lies_in_the_outbox_without_a_mail_server() {
    let server = Server::with(&["--clock", "2026-11-24T12:00:00Z"]);
    let owner = server.first("owner@example.com");
    let asked = server.form("/login/forgotten", "", &[("email", "owner@example.com")]);
    assert!(
        asked.text.contains("isn't set up to send mail"),
        "{}",
        asked.text
    );
    let mail = mails(&server, 1).remove(0);
    let path = server.path(&mail.link(&server.url)).to_owned();
    let server = Server::on(server.stop(), &["--clock", "2026-11-24T12:59:59Z"]);
    assert_eq!(server.get(&path, &[]).status, 200);
    let server = Server::on(server.stop(), &["--clock", "2026-11-24T13:00:00Z"]);
    let late = server.form(&path, "", &[("password", PASSWORD)]);
    assert!(
        late.status == 403 && late.text.contains("older than an hour"),
        "{}",
        late.text
    );
    assert_eq!(server.get("/api/v1/me", &[("cookie", &owner)]).status, 200);
}

#[test]
fn an_invitation_is_mailed_and_shown() {
    let mail = Smtp::start(YES);
    let server = mailing(tempfile::tempdir().unwrap(), &mail.url());
    let owner = server.person("owner@example.com", "owner", &[]);
    let name = "Shop\u{202e} <b>&</b>";
    server.form("/settings/workspace/name", &owner, &[("name", name)]);
    let fields = [("email", "new@example.com"), ("role", "editor")];
    let made = server.form("/settings/team/invitations", &owner, &fields);
    assert!(made.text.contains("goes out by mail"), "{}", made.text);
    let shown = between(&made.text, "<code id=\"new-link\">", "<").to_owned();
    wait_for("the message", || (mail.taken().len() == 1).then_some(()));
    let taken = mail.taken().remove(0);
    assert_eq!(taken.to, "new@example.com");
    let link = taken.mail.link(&server.url);
    assert_eq!(link, shown);
    assert!(taken.mail.text.contains("owner@example.com invites you to"));
    assert!(!taken.mail.html.contains("<b>"), "{}", taken.mail.html);
    let accepted = server.form(server.path(&link), "", &[("password", PASSWORD)]);
    assert_eq!(accepted.status, 303, "{}", accepted.text);
    assert_eq!(me(&server, &accepted.cookie())["role"], "editor");
    // Without a mail server it lies in the outbox, and the page says so.
    let server = Server::on(server.stop(), &[]);
    let fields = [("email", "newer@example.com"), ("role", "viewer")];
    let made = server.form("/settings/team/invitations", &owner, &fields);
    assert!(
        made.text.contains("isn't set up to send mail"),
        "{}",
        made.text
    );
    let link = mails(&server, 1)[0].link(&server.url);
    assert!(made.text.contains(&link));
}
