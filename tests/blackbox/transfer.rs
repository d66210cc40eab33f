//! Events as files: what is exported comes back as it was, once, and other products' exports become events.

use serde_json::{Value, json};

use crate::server::{AGENT, ORIGIN, Server, set_up, wait_for};

/// Everything that makes trouble in a file: formulas, quotes, ends of lines, other scripts, depth, likes of each other.
fn fill(server: &Server, site: &str, key: &str) {
    let page = json!({ "website_id": site, "url": "https://example.com/?utm_source=n%C3%A4ws&q=\"a,b\"",
        "referrer": "https://search.test/?q=x", "anonymous_id": "0190f3c2-7d1a-4c33-8a5e-2f1b9c0d4e6f" });
    assert_eq!(
        server
            .post(&[ORIGIN, ("user-agent", AGENT)], page.to_string())
            .status,
        200
    );
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let mut events: Vec<String> = [
        json!({ "name": "=HYPERLINK(\"http://evil.test\")", "anonymous_id": "-1+1", "user_id": "@ada" }),
        json!({ "name": "'=x", "anonymous_id": "'", "metadata": { "k": "line\nline\r\n\t\"quoted\", '=1" } }),
        json!({ "name": "購入 🎉", "anonymous_id": "ünïcode", "metadata": { "value": 12.50, "currency": "EUR", "😀": "\u{0}" } }),
        json!({ "name": "Nobody" }),
        json!({ "name": "Only a user", "user_id": "+49" }),
        json!({ "name": "Twice", "anonymous_id": "twin", "fired_at": "2026-11-03T10:00:00.123Z" }),
        json!({ "name": "Twice", "anonymous_id": "twin", "fired_at": "2026-11-03T10:00:00.123Z" }),
        json!({ "url": "https://example.com/a#=b?c", "anonymous_id": "twin", "fired_at": "2026-11-03T10:01:00Z" }),
    ]
    .into_iter()
    .map(|mut event| {
        event["website_id"] = json!(site);
        event.to_string()
    })
    .collect();
    events.push(format!(
        r#"{{"website_id":"{site}","name":"Deep","metadata":{{"n":1.00000000000000000001,"deep":{deep}}}}}"#
    ));
    let reply = server.post_with_key(key, format!("[{}]", events.join(",")));
    assert_eq!(reply.status, 200, "{}", reply.text);
    let click = json!({ "website_id": site, "name": "__admx_scroll_50", "url": "https://example.com/",
        "anonymous_id": "0190f3c2-7d1a-4c33-8a5e-2f1b9c0d4e6f", "user_id": "late", "metadata": { "path": "/" } });
    assert_eq!(server.post(&[ORIGIN], click.to_string()).status, 200);
}

fn export(server: &Server, key: &str, site: &str, kind: &str) -> String {
    let path = format!("/api/v1/export/events.{kind}?website_id={site}");
    let reply = server.get_with_key(key, &path);
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text
}

fn manager(server: &Server) -> String {
    server.run(&["key", "new", "--name", "m", "--scope", "manage"])
}

#[test]
fn what_is_exported_comes_back_as_it_was_and_once() {
    let (server, site, key) = set_up(&[]);
    let manage = manager(&server);
    fill(&server, &site, &key);
    for kind in ["csv", "ndjson"] {
        let there = export(&server, &key, &site, kind);
        if kind == "csv" {
            assert!(
                there.contains("\"'=HYPERLINK(\"\"http://evil.test\"\")\",'-1+1,'@ada"),
                "{there}"
            );
            assert!(
                there.contains(",''=x,") && there.contains(",Chrome,Linux,Desktop,"),
                "{there}"
            );
        }
        let other = server.add_site(&format!("{kind}.test"));
        let path = format!("/api/v1/import/events.{kind}?website_id={other}");
        for (stored, known) in [(11, 0), (0, 11)] {
            let reply = server.post_to(&path, &manage, &there);
            assert_eq!(reply.status, 200, "{}", reply.text);
            let data = reply.json()["data"].clone();
            assert_eq!(
                data,
                json!({ "lines": 11, "stored": stored, "known": known, "left": 0, "bad": [], "stopped": null })
            );
        }
        assert_eq!(export(&server, &key, &other, kind), there);
        let figures = |site: &str| {
            server.query(&key, json!({ "website_id": site, "metrics": ["fires", "visitors", "people", "sessions", "pageviews", "revenue"],
                "range": { "from": "2026-11-01" } }))
        };
        assert_eq!(figures(&other), figures(&site));
    }
    // The command writes and reads the same.
    let file = server.data.path().join("events.ndjson");
    let file = file.to_str().unwrap();
    assert_eq!(
        server.run(&["export", file, "--site", &site]),
        "11 events of example.com written"
    );
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        export(&server, &key, &site, "ndjson")
    );
    let third = server.add_site("third.test");
    assert_eq!(
        server.run(&["import", file, "--site", &third]),
        "third.test\t11 events stored, 0 there before, 0 lines left on purpose, 0 wrong"
    );
    assert_eq!(
        server.run(&["export", "--site", &third, "--format", "csv"]),
        export(&server, &key, &site, "csv").trim()
    );
}

#[test]
fn an_export_is_of_what_is_asked_for() {
    let (server, site, key) = set_up(&[]);
    fill(&server, &site, &key);
    let names = |asked: &str| -> Vec<Value> {
        let path = format!("/api/v1/export/events.ndjson?website_id={site}&{asked}");
        let reply = server.get_with_key(&key, &path);
        assert_eq!(reply.status, 200, "{}", reply.text);
        let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["name"].clone();
        reply.text.lines().map(name).collect()
    };
    assert_eq!(names("goals=Twice"), [json!("Twice"), json!("Twice")]);
    assert_eq!(
        names("from=2026-11-03&to=2026-11-03"),
        [json!("Twice"), json!("Twice"), json!(null)]
    );
    assert_eq!(
        names("filter=is:metadata.path:/"),
        [json!("__admx_scroll_50")]
    );
    assert_eq!(names("filter=is:page:/nowhere").len(), 0);
    for wrong in ["from=x", "filter=x", "page=1"] {
        let path = format!("/api/v1/export/events.csv?website_id={site}&{wrong}");
        assert_eq!(server.get_with_key(&key, &path).status, 400, "{wrong}");
    }
}

#[test]
fn bad_lines_are_told_and_a_file_of_them_is_given_up() {
    let (server, site, key) = set_up(&[]);
    let manage = manager(&server);
    let post = |kind: &str, body: &str| {
        let path = format!("/api/v1/import/events.{kind}?website_id={site}");
        server.post_to(&path, &manage, body)
    };
    let some = "fired_at,name,metadata\n2026-11-03T10:00:00Z,a,\nnever,b,\n2999-01-01T00:00:00Z,c,\n2026-11-03T10:00:00Z,d,{\n\
                2026-11-03T10:00:00Z,__e,\nx\n2026-11-03T10:00:01Z,f,\"{\"\"k\"\":1}\"\n";
    let data = post("csv", some).json()["data"].clone();
    assert_eq!(
        (&data["lines"], &data["stored"]),
        (&json!(7), &json!(2)),
        "{data}"
    );
    let lines: Vec<_> = data["bad"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bad| bad["line"].clone())
        .collect();
    assert_eq!(lines, [3, 4, 5, 6, 7]);
    let given_up = post("ndjson", &"{}\n".repeat(500));
    assert_eq!(
        (given_up.status, given_up.code()),
        (400, "invalid_file".into())
    );
    let details = given_up.json()["error"]["details"].clone();
    assert_eq!(details["bad"].as_array().unwrap().len(), 100);
    assert_eq!(details["lines"], 100);
    let endless = "x".repeat(3 << 20);
    assert_eq!(post("ndjson", &endless).code(), "invalid_file");
    assert_eq!(
        post("csv", &format!("fired_at\n\"{endless}")).code(),
        "invalid_file"
    );
    assert_eq!(post("csv", "when,what\n1,2\n").code(), "invalid_field");
    assert_eq!(
        server
            .post_to("/api/v1/import/events.csv", &manage, some)
            .code(),
        "invalid_field"
    );
    let path = format!("/api/v1/import/events.csv?website_id={site}");
    assert_eq!(server.post_to(&path, &key, some).status, 403);
    assert_eq!(server.events(&key, &site).len(), 2);
}

#[test]
fn exports_of_other_products_become_events() {
    let (server, _, key) = set_up(&[]);
    let sample = |name: &str| format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let import = |from: &str, files: &[&str], said: [&str; 2]| {
        let site = server.add_site(&format!("{from}.test"));
        let files: Vec<String> = files.iter().map(|name| sample(name)).collect();
        let mut arguments = vec!["import", "--from", from, "--site", &site];
        arguments.extend(files.iter().map(String::as_str));
        for said in said {
            assert_eq!(server.run(&arguments), format!("{from}.test\t{said}"));
        }
        site
    };
    let rows = |site: &str, metrics: &[&str], dimensions: &[&str]| {
        // The server looks a few times a second what commands did beside it.
        wait_for("the events", || {
            let found = server.events(&key, site).len();
            (found > 0).then_some(())
        });
        let order: Vec<_> = dimensions.iter().map(|name| json!([name, "asc"])).collect();
        let rows = server.query(&key, json!({ "website_id": site, "metrics": metrics, "dimensions": dimensions, "order": order,
            "range": { "from": "2026-10-01", "to": "2026-10-31" } }));
        let row = |row: &Value| json!([row["dimensions"], row["metrics"]]);
        rows.as_array().unwrap().iter().map(row).collect::<Value>()
    };
    let site = import(
        "goatcounter",
        &["goatcounter.csv"],
        [
            "5 events stored, 0 there before, 1 lines left on purpose, 1 wrong",
            "0 events stored, 5 there before, 1 lines left on purpose, 1 wrong",
        ],
    );
    assert_eq!(
        rows(
            &site,
            &["visitors", "pageviews", "fires"],
            &["source", "browser", "country"]
        ),
        json!([
            [["Google", "Safari", "GB"], [1, 1, 0]],
            [["news.example", "Firefox", "DE"], [1, 2, 1]],
            [["spring", "Chrome", null], [1, 1, 0]],
        ])
    );
    let site = import(
        "umami",
        &["umami.csv"],
        [
            "4 events stored, 0 there before, 0 lines left on purpose, 0 wrong",
            "0 events stored, 4 there before, 0 lines left on purpose, 0 wrong",
        ],
    );
    assert_eq!(
        rows(
            &site,
            &["visitors", "pageviews", "fires", "session_duration"],
            &["source", "os", "device"]
        ),
        json!([
            [["duckduckgo.com", "iOS", "Mobile"], [1, 1, 0, 0.0]],
            [["letter", "Windows", "Desktop"], [1, 2, 1, 300.0]],
        ])
    );
    let site = import(
        "plausible",
        &[
            "imported_custom_events_20261005_20261006.csv",
            "imported_pages_20261005_20261006.csv",
            "imported_visitors_20261005_20261006.csv",
        ],
        [
            "8 events stored, 0 there before, 0 lines left on purpose, 0 wrong",
            "0 events stored, 8 there before, 0 lines left on purpose, 0 wrong",
        ],
    );
    assert_eq!(
        rows(&site, &["visitors", "pageviews"], &["page"]),
        json!([[["/"], [4, 4]], [["/pricing"], [2, 2]]])
    );
    assert_eq!(
        rows(&site, &["visitors", "fires"], &[]),
        json!([[[], [4, 2]]])
    );
    assert_eq!(
        rows(&site, &["fires", "visitors"], &["goal"]),
        json!([[["Signup"], [2, 1]]])
    );
}
