//! Our own pages and the API behind them, without a browser: who sees what, and which numbers.

use serde_json::json;

use crate::account::between;
use crate::server::{Server, set_up};

/// Uses the one-time link and gives the cookie.
pub fn log_in(server: &Server) -> String {
    server.follow(&server.login)
}

#[test]
fn the_link_works_once() {
    let server = Server::start();
    // What looks at it before a person does, as previews do, doesn't use it up.
    let path = server.path(&server.login);
    assert_eq!(server.head(path).header("set-cookie"), None);
    let cookie = log_in(&server);
    assert_eq!(
        server
            .get("/dashboard/analytics", &[("cookie", &cookie)])
            .status,
        200
    );
    for again in [server.get(path, &[]), server.form(path, "", &[])] {
        assert!(again.status == 403 && again.text.contains("used already"));
    }
    assert!(
        server
            .get("/login/nonsense", &[])
            .text
            .contains("no such link")
    );
    server.follow(&server.run(&["user", "add", "b@example.com", "--base-url", &server.url]));
}

#[test]
fn nobody_sees_a_dashboard_without_a_login() {
    let server = Server::start();
    for cookie in ["", "admx_login=nonsense", "other=1; admx_login="] {
        let reply = server.get("/dashboard/analytics", &[("cookie", cookie)]);
        assert_eq!(
            (reply.status, reply.header("location")),
            (303, Some("/login?next=%2Fdashboard%2Fanalytics"))
        );
        assert_eq!(
            server
                .get("/dashboard/analytics/live", &[("cookie", cookie)])
                .status,
            401
        );
        assert_eq!(
            server
                .get("/api/v1/export/events.ndjson", &[("cookie", cookie)])
                .status,
            401
        );
    }
    let cookie = log_in(&server);
    assert_eq!(
        server
            .get(
                "/dashboard/analytics?site=admx_other",
                &[("cookie", &cookie)]
            )
            .status,
        404
    );
}

#[test]
fn what_is_wrong_is_a_page_for_people_and_an_error_for_programs() {
    let server = Server::start();
    let cookie = log_in(&server);
    let person = [("cookie", cookie.as_str()), ("accept", "text/html,*/*")];
    for path in [
        "/nowhere",
        "/dashboard/analytics?site=admx_x",
        "/dashboard/analytics?site=a&site=b",
    ] {
        let reply = server.get(path, &person);
        assert!(
            (400..500).contains(&reply.status) || path.contains("site=a"),
            "{path}"
        );
    }
    assert!(
        server
            .get("/nowhere", &person)
            .text
            .contains("<h1>Not found")
    );
    assert!(
        server
            .get("/dashboard/analytics?site=admx_x", &person)
            .text
            .contains("<h1>Not found")
    );
    for (path, status, code) in [
        ("/nowhere", 404, "not_found"),
        (
            "/api/v1/analytics/goals?website_id=a&website_id=b",
            400,
            "invalid_field",
        ),
        ("/demo/live?after=abc", 400, "invalid_field"),
        ("/js/%ff", 400, "invalid_field"),
    ] {
        let reply = server.get(path, &person[..1]);
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{path}"
        );
    }
    // What a page fetches when its login has run out is no login page.
    assert_eq!(
        server.get("/dashboard/analytics?part=goals", &[]).status,
        401
    );
}

#[test]
fn pages_carry_a_strict_policy_and_no_inline_script() {
    let server = Server::start();
    let cookie = log_in(&server);
    for (path, cookie) in [
        ("/", ""),
        ("/demo", ""),
        ("/login", ""),
        ("/dashboard/analytics", &*cookie),
        ("/welcome", &cookie),
        ("/settings/websites", &cookie),
        ("/settings/team", &cookie),
        ("/settings/account", &cookie),
        ("/settings/api-keys", &cookie),
    ] {
        let reply = server.get(path, &[("cookie", cookie)]);
        assert_eq!(reply.status, 200, "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"),
            "{path}: {policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path} {name}");
        }
        assert!(reply.header("permissions-policy").is_some());
        assert_eq!(reply.header("strict-transport-security"), None);
        for tag in reply.text.split("<script").skip(1) {
            assert!(
                tag.split('>').next().unwrap().contains("src=") || tag.starts_with(" defer data"),
                "{path}: <script{tag:.60}"
            );
        }
        assert!(!reply.text.contains("style="), "{path}");
    }
}

#[test]
fn the_goals_api_answers_as_the_contract_says() {
    let server = Server::with(&["--clock", "2026-11-23T12:00:00Z"]);
    let site = server.add_site("example.com");
    let key = server.new_key();
    let visitor = |n: u32| format!("0190f3c2-7d1a-7c33-8a5e-00000000000{n}");
    let fire = |n: u32, at: &str, value: Option<f64>| {
        let mut body = json!({ "name": "Buy Now", "anonymous_id": visitor(n), "fired_at": at });
        if let Some(value) = value {
            body["metadata"] = json!({ "value": value, "currency": "USD" });
        }
        assert_eq!(server.post_with_key(&key, body.to_string()).status, 200);
    };
    fire(1, "2026-11-23T10:00:00Z", Some(49.5));
    fire(1, "2026-11-23T10:01:00Z", Some(49.5));
    fire(2, "2026-11-23T00:00:00Z", None);
    for n in [3, 4] {
        let view = json!({ "url": "https://example.com/", "anonymous_id": visitor(n) });
        assert_eq!(server.post_with_key(&key, view.to_string()).status, 200);
    }
    // Outside of the range, by a moment.
    fire(5, "2026-11-22T23:59:59.999Z", None);
    let ask = |range: &str| {
        server.get_with_key(
            &key,
            &format!("/api/v1/analytics/goals?website_id={site}{range}"),
        )
    };
    let today = ask("&from=2026-11-23&to=2026-11-23").json();
    assert_eq!(
        today["data"],
        json!({ "goals": [{ "name": "Buy Now", "reserved": false, "fires": 3, "visitors": 2, "conversion_rate": 0.5,
                            "revenue": [{ "currency": "USD", "amount": 99.0 }],
                            "days": [{ "date": "2026-11-23", "fires": 3, "visitors": 2 }] }],
                "visitors": 4 })
    );
    assert_eq!(today["status"], "success");
    let month = ask("").json();
    assert_eq!(month["data"]["goals"][0]["fires"], 4);
    assert_eq!(
        month["data"]["goals"][0]["days"][0],
        json!({ "date": "2026-11-22", "fires": 1, "visitors": 1 })
    );
    assert_eq!(month["data"]["visitors"], 5);
    assert_eq!(
        ask("&from=2026-10-01&to=2026-10-31").json()["data"],
        json!({ "goals": [], "visitors": 0 })
    );
    for range in [
        "&from=2026-13-01",
        "&from=2026-11-23&to=2026-11-22",
        "&to=now",
    ] {
        assert_eq!(
            (ask(range).status, ask(range).code().as_str()),
            (400, "invalid_field"),
            "{range}"
        );
    }
    assert_eq!(
        server
            .get_with_key(&key, "/api/v1/analytics/goals?website_id=admx_x")
            .code(),
        "unknown_website"
    );
}

#[test]
fn a_live_stream_tells_what_was_missed_before_it_tells_what_is_new() {
    use std::io::{BufRead, Write};
    let server = Server::start();
    let key = server.new_key();
    let fire = |name: &str| {
        assert_eq!(
            server
                .post_with_key(&key, json!({ "name": name }).to_string())
                .status,
            200
        )
    };
    for name in ["one", "two", "three"] {
        fire(name);
    }
    let listen = |path: &str, header: &str| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n{header}\r\n").unwrap();
        stream
            .set_read_timeout(Some(std::time::Duration::from_secs(5)))
            .unwrap();
        std::io::BufReader::new(stream)
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| {
                let data: serde_json::Value =
                    serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
                Some(data["name"].as_str().unwrap_or_default().to_owned())
            })
    };
    // The only site is the demo's, so that the key's events are its.
    let mut heard = listen("/demo/live?after=1", "");
    assert_eq!(
        [heard.next().unwrap(), heard.next().unwrap()],
        ["two", "three"]
    );
    fire("four");
    assert_eq!(heard.next().unwrap(), "four");
    let mut again = listen("/demo/live?after=1", "last-event-id: 3\r\n");
    assert_eq!(again.next().unwrap(), "four");
}

#[test]
fn what_visitors_send_is_never_html() {
    let server = Server::start();
    let site = server.add_site("example.com");
    let key = server.new_key();
    let bad = "<img src=x onerror=alert(1)>\"'&";
    let body = json!({ "name": bad, "metadata": { "x": bad }, "url": "https://example.com/?<script>alert(1)</script>" });
    assert_eq!(server.post_with_key(&key, body.to_string()).status, 200);
    let cookie = log_in(&server);
    let page = server
        .get(
            &format!("/dashboard/analytics?site={site}"),
            &[("cookie", &cookie)],
        )
        .text;
    assert!(!page.contains("<img src=x"), "{page}");
    assert!(page.contains("&#60;img src=x") || page.contains("&lt;img src=x"));
}

#[test]
fn addresses_keep_what_was_asked_and_a_page_that_is_a_goal_says_so() {
    let (server, site, key) = set_up(&[]);
    let owner = log_in(&server);
    let get = |path: &str| {
        let reply = server.get(path, &[("cookie", &owner)]);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.text
    };
    let odd = "a?b#c/d%e &f";
    for nth in 0..60 {
        let event = json!({ "website_id": site, "name": "Trial", "anonymous_id": "v", "metadata": { odd: nth % 3 } });
        assert_eq!(server.post_with_key(&key, event.to_string()).status, 200);
    }
    // A key of metadata may have any characters: its list, and the links on it, are of that key.
    let encoded = "metadata.a%3Fb%23c%2Fd%25e%20%26f";
    let list = get(&format!("/dashboard/by/{encoded}?site={site}"));
    assert!(list.contains("a?b#c/d%e &#38;f"), "{list}");
    let days = format!("/dashboard/by/{encoded}?site={site}&#38;range=7d");
    assert!(list.contains(&days), "{days}");
    assert!(get(&days.replace("&#38;", "&")).contains("a?b#c/d%e"));
    // The next ones of a goal's fires come with the same break-down beside them.
    let goal = get(&format!("/dashboard/goals/Trial?site={site}&by={encoded}"));
    let earlier =
        between(&goal, "<p class=\"note\"><a href=\"", "\">Earlier").replace("&#38;", "&");
    assert!(
        earlier.contains(&format!("&by={encoded}&before=")),
        "{earlier}"
    );
    let chosen = format!(
        "aria-current=\"true\">{}",
        between(
            &goal,
            &format!("by={encoded}\" aria-current=\"true\">"),
            "<"
        )
    );
    assert!(
        get(earlier.split('#').next().unwrap()).contains(&chosen),
        "{chosen}"
    );
    // A page view that is a goal is called what the goal is.
    let view =
        json!({ "website_id": site, "anonymous_id": "v", "url": "https://example.com/thanks/a" });
    assert_eq!(server.post_with_key(&key, view.to_string()).status, 200);
    let journey = format!("/dashboard/visitors/1?site={site}");
    assert!(get(&journey).contains("<td>Page view</td>"));
    let set = [("name", "Bought"), ("page", "/thanks*")];
    let path = format!("/settings/websites/{site}/goals");
    assert_eq!(server.form(&path, &owner, &set).status, 303);
    assert!(get(&journey).contains("<strong>Bought</strong>"));
}

#[test]
fn filters_are_joined_and_turned_around_and_keep_what_a_page_is_asked() {
    let server = Server::start();
    let site = server.add_site("example.com");
    let cookie = server.first("ada@example.com");
    let get = |path: &str| {
        let page = server.get(path, &[("Cookie", &cookie)]);
        assert!([200, 303].contains(&page.status), "{path}: {}", page.status);
        page
    };
    let asked = "goals=Buy&by=source";
    let page = get(&format!(
        "/dashboard/attribution?site={site}&{asked}&filter=is:country:DE"
    ));
    // Other days, the filter's opposite and a further filter leave the goal and what it is shared among.
    let links: Vec<_> = page
        .text
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let link = |part: &str| {
        let found = links
            .iter()
            .find(|link| link.contains(part))
            .unwrap_or_else(|| panic!("{part}: {links:?}"));
        found.replace("&amp;", "&").replace("&#38;", "&")
    };
    for part in ["range=90d", "filters=%5B%5B%22not%22"] {
        assert!(
            link(part).contains("goals=Buy") && link(part).contains("by=source"),
            "{}",
            link(part)
        );
    }
    let or = link("or=0");
    let form = get(&format!("{or}&dimension=device"));
    assert!(form.text.contains("country is DE, or"), "{}", form.text);
    let added = get(&format!("{or}&dimension=device&operator=is&value=Mobile"));
    let there = added.header("location").unwrap().to_owned();
    assert!(
        there.starts_with("/dashboard/attribution?") && there.contains("goals=Buy"),
        "{there}"
    );
    assert!(
        get(&there)
            .text
            .contains("country is DE or device is Mobile")
    );
    // A place that isn't there is none, and what is asked beside is a query and nothing else.
    let odd = get(&format!(
        "/dashboard/filter?site={site}&back=analytics&or=7&asked=%22%3E%3Cscript%3E&dimension=device&operator=is&value=x"
    ));
    let there = odd.header("location").unwrap();
    assert!(
        !there.contains(['<', '"']) && there.contains("filter=is%3Adevice%3Ax"),
        "{there}"
    );
}
