//! Mail: through a server that is down, refuses or takes, and into the outbox; links for another password; invitations.

use std::ffi::OsString;
use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::account::{between, get, log_in_by, me};
use crate::reports::folder;
use crate::server::{PASSWORD, Server, run, wait_for};
use crate::smtp::{self, Says, Smtp, YES, mails, outbox};

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
    let key = server.full_key();
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
