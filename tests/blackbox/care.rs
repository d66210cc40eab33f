//! Looking after what is stored: upgrades, backups, seeds.

use std::path::Path;

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::server::{Server, run, set_up, wait_for};

/// A folder as schema version 1 left it.
fn version_1() -> TempDir {
    older(include_str!("../data/accounts-version-1.sql"))
}

/// A folder with such accounts, and events of version 1.
fn older(accounts: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, sql) in [
        ("accounts.db", accounts),
        ("events.db", include_str!("../data/events-version-1.sql")),
    ] {
        Connection::open(folder.path().join(name))
            .unwrap()
            .execute_batch(sql)
            .unwrap();
    }
    folder
}

#[test]
fn a_folder_of_version_1_is_copied_and_brought_up_to_date() {
    let server = Server::on(version_1(), &["--clock", "2026-11-24T12:00:00Z"]);
    let key = server.new_key();
    let site = "admx_scyqtw3kwtmcpwaha3ok";
    let events = server.events(&key, site);
    assert_eq!(events.len(), 8);
    assert_eq!(
        events[0]["url"],
        "https://example.com/?utm_source=news&utm_medium=email"
    );
    assert_eq!(events[0]["referrer"], "https://mail.test/inbox");
    assert_eq!(
        events[2]["metadata"],
        json!({ "plan": "pro", "value": 49, "currency": "USD" })
    );
    assert_eq!(events[5]["url"], "https://example.com/pricing#plans");
    let metrics = json!([
        "sessions",
        "pageviews",
        "fires",
        "bounce_rate",
        "session_duration",
        "revenue"
    ]);
    assert_eq!(
        server.query(&key, json!({ "website_id": site, "metrics": metrics })),
        // Two of the first visitor, the second of them a look at one page; one across midnight.
        json!([{ "dimensions": [], "metrics": [3, 5, 3, 1.0 / 3.0, 540.0, [{ "currency": "USD", "amount": 98.0 }]] }])
    );
    assert_eq!(
        server.query(
            &key,
            json!({ "website_id": site, "metrics": ["sessions"], "dimensions": ["source"] })
        ),
        json!([{ "dimensions": [null], "metrics": [2] }, { "dimensions": ["news"], "metrics": [1] }])
    );
    // An id that was stored then is known now.
    let again = json!({ "website_id": site, "name": "x", "event_id": "0190f3c2-7d1a-4c33-8a5e-0000000000aa" });
    let reply = server.post_with_key(&key, again.to_string());
    assert_eq!(reply.json()["data"]["duplicate"], true);
    let copy = Connection::open(server.data.path().join("events.db.version-1")).unwrap();
    let old: i64 = copy
        .query_row("SELECT count(*) FROM event", [], |row| row.get(0))
        .unwrap();
    assert_eq!(old, 8);
    server.run(&["check"]);
}

#[test]
fn people_of_version_2_keep_their_logins() {
    let server = Server::on(
        older(include_str!("../data/accounts-version-2.sql")),
        &["--clock", "2026-11-25T12:00:00Z"],
    );
    for (login, email, role) in [
        ("login-1", "admin@localhost", "owner"),
        ("login-2", "me@example.com", "viewer"),
        ("login-3", "me@example.com", "viewer"),
    ] {
        let cookie = format!("admx_login={login}");
        let me = server.get("/api/v1/me", &[("cookie", &cookie)]).json();
        assert_eq!(
            (&me["data"]["email"], &me["data"]["role"]),
            (&json!(email), &json!(role)),
            "{login}"
        );
        assert_eq!(me["data"]["sites"][0]["keep_days"], 365);
    }
    assert_eq!(
        server.run(&["user", "list"]),
        "admin@localhost\towner\thas no password\nme@example.com\tviewer\thas no password"
    );
    assert!(
        server.login.ends_with("/dashboard/analytics"),
        "a link was used"
    );
    server.run(&["check"]);
}

#[test]
fn sites_of_version_3_have_goals_of_which_nothing_is_set() {
    let server = Server::on(
        older(include_str!("../data/accounts-version-3.sql")),
        &["--clock", "2026-11-24T12:00:00Z"],
    );
    let cookie = ("cookie", "admx_login=login-1");
    let me = server.get("/api/v1/me", &[cookie]).json();
    let site = &me["data"]["sites"][0];
    assert_eq!(
        (&site["name"], &site["currency"]),
        (&json!("Shop"), &json!("EUR"))
    );
    let goals = server.get("/api/v1/goals", &[cookie]).json();
    assert_eq!(goals["data"]["goals"], json!([]));
    let key = server.new_key();
    let question = json!({ "website_id": site["website_id"], "metrics": ["fires"] });
    assert_eq!(server.query(&key, question)[0]["metrics"], json!([3]));
    server.run(&["check"]);
}

#[test]
fn links_and_people_of_version_6_go_on_and_get_no_reports() {
    let server = Server::on(
        older(include_str!("../data/accounts-version-6.sql")),
        &["--clock", "2026-11-24T12:00:00Z"],
    );
    let cookie = ("cookie", "admx_login=login-2");
    let me = server.get("/api/v1/me", &[cookie]).json();
    assert_eq!(me["data"]["email"], "me@example.com");
    let reports = server.get("/api/v1/reports", &[cookie]).json();
    assert_eq!(reports["data"]["reports"], json!([]));
    // A link that was given out logs in, and sets no password by itself.
    let link = "/login/password/link-1";
    assert_eq!(server.get(link, &[]).status, 403);
    assert_eq!(server.form("/login/link-1", "", &[]).status, 303);
    let views = server.get("/dashboard/analytics", &[cookie]).text;
    assert!(views.contains("A saved one"), "{views}");
    server.run(&["check"]);
}

#[test]
fn a_backup_taken_under_way_is_whole_and_is_put_back() {
    let (server, site, key) = set_up(&[]);
    for n in 0..20 {
        assert_eq!(
            server
                .post_with_key(&key, json!({ "name": format!("g{n}") }).to_string())
                .status,
            200
        );
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("backup");
    let name = file.to_str().unwrap();
    std::thread::scope(|scope| {
        let more = scope.spawn(|| {
            for _ in 0..50 {
                server.post_with_key(&key, r#"{"name":"later"}"#);
            }
        });
        assert!(
            server
                .run(&["backup", name])
                .contains("read back and whole")
        );
        more.join().unwrap();
    });
    let refused = |data: &Path, words: &[&str], wanted: &str| {
        let output = run(data, words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(wanted), "{said}");
    };
    refused(server.data.path(), &["backup", name], "overwrites nothing");
    refused(
        server.data.path(),
        &["restore", name],
        "stop the server first",
    );
    let data = server.stop();
    // A byte of its first file.
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    let damaged = elsewhere.path().join("damaged");
    std::fs::write(&damaged, &bytes).unwrap();
    refused(
        data.path(),
        &["restore", damaged.to_str().unwrap()],
        "is damaged",
    );
    std::fs::write(&damaged, b"nothing of the kind").unwrap();
    refused(
        data.path(),
        &["restore", damaged.to_str().unwrap()],
        "is no backup of admx",
    );
    let output = run(data.path(), &["restore", name]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let server = Server::on(data, &[]);
    let events = server.events(&key, &site);
    let names = |wanted: &str| {
        events
            .iter()
            .filter(|e| e["name"].as_str().unwrap().starts_with(wanted))
            .count()
    };
    assert_eq!(names("g"), 20);
    assert!(names("later") <= 50);
    server.run(&["check"]);
    let kept = std::fs::read_dir(server.data.path()).unwrap();
    let kept = kept.filter(|e| {
        e.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("before-restore")
    });
    assert_eq!(kept.count(), 1);
}

#[test]
fn seeds_are_the_same_for_the_same_seed_and_show_up_at_once() {
    let (server, site, key) = set_up(&[]);
    let seed = |seed: &str| {
        server.run(&[
            "seed",
            "--days",
            "20",
            "--events",
            "3000",
            "--seed",
            seed,
            "--until",
            "2026-11-24T00:00:00Z",
        ])
    };
    assert_eq!(seed("1"), "3000 events stored for example.com");
    assert_eq!(seed("1"), "0 events stored for example.com");
    let first = server.events(&key, &site);
    assert_eq!(first.len(), 3000);
    assert_eq!(
        server
            .post_with_key(
                &key,
                json!({ "name": "Beside", "website_id": site }).to_string()
            )
            .status,
        200
    );
    assert_eq!(seed("2"), "3000 events stored for example.com");
    let question = json!({ "website_id": site, "metrics": ["visitors", "pageviews", "fires"], "dimensions": ["source"],
        "range": { "from": "2026-11-01", "to": "2026-11-30" } });
    let rows = wait_for("what was seeded", || {
        let rows = server.query(&key, question.clone());
        let seen: u64 = rows
            .as_array()?
            .iter()
            .map(|row| row["metrics"][1].as_u64().unwrap() + row["metrics"][2].as_u64().unwrap())
            .sum();
        (seen >= 6000).then_some(rows)
    });
    assert!(rows.as_array().unwrap().len() > 8, "{rows}");
    server.run(&["check"]);
}
