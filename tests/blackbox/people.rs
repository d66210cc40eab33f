//! People over time: who is one person, journeys shared by attribution, cohorts that come back, over the API.

use serde_json::{Value, json};

use crate::server::{Server, set_up};

const KEY: &str = "2026-11-0";

/// Stores events of a day in November 2026 at a time, as the site's backend.
fn store(server: &Server, key: &str, site: &str, events: &[(&str, &str, Value)]) {
    for (visitor, at, more) in events {
        let mut event = json!({ "anonymous_id": visitor, "website_id": site, "fired_at": format!("{KEY}{at}:00Z") });
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        let reply = server.post_with_key(key, event.to_string());
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

fn page(url: &str) -> Value {
    json!({ "url": format!("https://example.com{url}") })
}

fn goal(name: &str, metadata: Value) -> Value {
    json!({ "name": name, "metadata": metadata })
}

fn figures(server: &Server, key: &str, site: &str, filters: Value) -> Value {
    let rows = server.query(
        key,
        json!({ "website_id": site, "metrics": ["visitors", "people", "fires", "sessions"], "filters": filters,
            "range": { "from": "2026-11-01", "to": "2026-11-09" } }),
    );
    rows[0]["metrics"].clone()
}

fn get(server: &Server, key: &str, path: &str) -> Value {
    let reply = server.get_with_key(key, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()["data"].clone()
}

#[test]
fn two_people_at_one_browser_are_two_from_the_moment_the_second_signs_in() {
    let (server, site, key) = set_up(&["--clock", "2026-11-10T12:00:00Z"]);
    let user = |name: &str| json!({ "name": "Signed in", "user_id": name });
    store(
        &server,
        &key,
        &site,
        &[
            ("shared", "1T10:00", page("/?utm_source=google")),
            ("shared", "1T10:01", user("ada")),
            ("shared", "1T10:02", goal("Bought", json!({ "by": "ada" }))),
            // Two hours later somebody else.
            ("shared", "1T12:00", user("bob")),
            ("shared", "1T12:01", goal("Bought", json!({ "by": "bob" }))),
            ("shared", "1T12:02", page("/account")),
            // Ada comes back; on her phone she was before.
            ("shared", "2T09:00", user("ada")),
            ("shared", "2T09:01", goal("Bought", json!({ "by": "ada" }))),
            ("phone", "1T08:00", page("/")),
            ("phone", "3T08:00", user("ada")),
            // What is told late is of who was there then.
            ("shared", "1T12:30", goal("Bought", json!({ "by": "bob" }))),
            ("shared", "1T09:00", goal("Bought", json!({ "by": "ada" }))),
        ],
    );
    // One browser and one phone; two people.
    let all = figures(&server, &key, &site, json!([]));
    assert_eq!((&all[0], &all[1]), (&json!(2), &json!(2)), "{all}");
    // By visitor, as single fires tell.
    let fires = get(
        &server,
        &key,
        &format!("/api/v1/fires?website_id={site}&goals=Bought&from=2026-11-01&to=2026-11-09"),
    );
    let mut of: Vec<(String, u64)> = fires["fires"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fire| {
            (
                fire["metadata"]["by"].as_str().unwrap().to_owned(),
                fire["visitor"].as_u64().unwrap(),
            )
        })
        .collect();
    of.sort();
    of.dedup();
    assert_eq!(of.len(), 2, "each of them is one visitor: {of:?}");
    for (who, visitor) in &of {
        let visitor = get(
            &server,
            &key,
            &format!("/api/v1/visitors/{visitor}?website_id={site}&from=2026-11-01&to=2026-11-09"),
        );
        assert_eq!(visitor["user_id"], json!(who));
    }
    // The same after a restart, and bob's next event is bob's.
    let server = Server::on(server.stop(), &["--clock", "2026-11-10T12:00:00Z"]);
    store(
        &server,
        &key,
        &site,
        &[
            ("shared", "4T09:00", user("bob")),
            ("shared", "4T09:01", page("/account")),
        ],
    );
    assert_eq!(figures(&server, &key, &site, json!([]))[1], json!(2));
    // What leaves comes back as it was: elsewhere both are people, too.
    let exported = server.get_with_key(
        &key,
        &format!("/api/v1/export/events.ndjson?website_id={site}"),
    );
    let other = server.add_site("other.example");
    let manager = server.run(&["key", "new", "--name", "m", "--scope", "manage"]);
    let reply = server.post_to(
        &format!("/api/v1/import/events.ndjson?website_id={other}"),
        manager.trim(),
        &exported.text,
    );
    assert_eq!(reply.status, 200, "{}", reply.text);
    let there = figures(&server, &key, &other, json!([]));
    assert_eq!((&there[0], &there[1]), (&json!(2), &json!(2)), "{there}");
    // Bob is forgotten, Ada is not.
    server.run(&["erase", "--user", "bob"]);
    let left = crate::server::wait_for("the server to notice", || {
        let left = figures(&server, &key, &site, json!([]));
        (left[1] == json!(1)).then_some(left)
    });
    assert_eq!(
        left[2],
        json!(6),
        "three of Ada’s purchases, and three times a name: {left}"
    );
}

/// Ada: a search, an e-mail, then buys for 100; Bob types the address and buys for 50 at once; Cleo comes by e-mail and
/// doesn't buy; Dan buys without a visit.
fn shop(server: &Server, key: &str, site: &str) {
    let buys = |value: u32| {
        goal(
            "Bought",
            json!({ "value": value, "currency": "EUR", "plan": "pro" }),
        )
    };
    store(
        server,
        key,
        site,
        &[
            (
                "ada",
                "1T10:00",
                page("/?utm_source=google&utm_medium=organic"),
            ),
            ("ada", "3T10:00", page("/?utm_source=news&utm_medium=email")),
            ("ada", "3T10:05", buys(100)),
            ("bob", "4T10:00", page("/")),
            ("bob", "4T10:01", buys(50)),
            ("bob", "6T10:01", buys(50)),
            (
                "cleo",
                "5T10:00",
                page("/?utm_source=news&utm_medium=email"),
            ),
        ],
    );
    let server_event = json!({ "name": "Bought", "user_id": "dan", "website_id": site, "fired_at": "2026-11-05T10:00:00Z",
        "metadata": { "value": 7, "currency": "EUR" } });
    assert_eq!(
        server.post_with_key(key, server_event.to_string()).status,
        200
    );
}

#[test]
fn attribution_shares_fires_among_visits() {
    let (server, site, key) = set_up(&["--clock", "2026-11-10T12:00:00Z"]);
    shop(&server, &key, &site);
    let days = "from=2026-11-01&to=2026-11-09";
    let found = get(
        &server,
        &key,
        &format!("/api/v1/attribution?website_id={site}&goals=Bought&{days}"),
    );
    assert_eq!(found["conversions"], json!(4));
    assert_eq!(found["people"], json!(3));
    assert_eq!(found["not_converted"], json!(1));
    assert_eq!(
        found["revenue"],
        json!([{ "currency": "EUR", "amount": 207.0 }])
    );
    let row = |value: Value, kind: &str| {
        let rows = found["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["kind"] == kind)
            .find(|row| row["value"] == value)
            .unwrap_or_else(|| panic!("{value}"))
    };
    let (search, email, direct) = (
        row(json!("Organic Search"), "value"),
        row(json!("Email"), "value"),
        row(json!("Direct"), "value"),
    );
    let none = row(Value::Null, "no_visit");
    for (model, expected) in [
        ("first", [1.0, 0.0, 2.0, 1.0]),
        ("last", [0.0, 1.0, 2.0, 1.0]),
        ("linear", [0.5, 0.5, 2.0, 1.0]),
        ("shapley", [0.5, 0.5, 2.0, 1.0]),
    ] {
        let found =
            [search, email, direct, none].map(|row| row["credits"][model].as_f64().unwrap());
        assert_eq!(found, expected, "{model}");
    }
    assert_eq!(
        search["revenue"]["linear"],
        json!([{ "currency": "EUR", "amount": 50.0 }])
    );
    for model in found["models"].as_array().unwrap() {
        let name = model["name"].as_str().unwrap();
        let sum: f64 = found["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["credits"][name].as_f64().unwrap())
            .sum();
        assert_eq!(sum, 4.0, "{name}");
    }
    // A window of a day leaves Ada the e-mail alone, and Bob's second purchase no visit.
    let short = get(
        &server,
        &key,
        &format!("/api/v1/attribution?website_id={site}&goals=Bought&window_days=1&{days}"),
    );
    let kinds: Vec<_> = short["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["value"].clone(), row["credits"]["first"].clone()))
        .collect();
    assert!(
        kinds.contains(&(json!("Email"), json!(1.0))) && kinds.contains(&(Value::Null, json!(2.0))),
        "{kinds:?}"
    );
    // What a number is made of.
    let behind = get(
        &server,
        &key,
        &format!(
            "/api/v1/attribution/conversions?website_id={site}&goals=Bought&model=linear&of=value:Email&{days}"
        ),
    );
    let conversions = behind["conversions"].as_array().unwrap();
    assert_eq!(conversions.len(), 1);
    assert_eq!(
        (
            &conversions[0]["share"],
            &conversions[0]["revenue"]["amount"]
        ),
        (&json!(0.5), &json!(100.0))
    );
    // A goal that nobody fired, and days before the first event.
    for query in [
        format!("goals=Nothing&{days}"),
        "goals=Bought&from=2025-01-01&to=2025-01-31".to_owned(),
    ] {
        let found = get(
            &server,
            &key,
            &format!("/api/v1/attribution?website_id={site}&{query}"),
        );
        assert_eq!(
            (&found["conversions"], &found["revenue"]),
            (&json!(0), &json!([])),
            "{query}"
        );
    }
    let refused = server.get_with_key(&key, &format!("/api/v1/attribution?website_id={site}"));
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (400, "invalid_field")
    );
}

#[test]
fn cohorts_say_who_came_back_and_what_they_brought() {
    let (server, site, key) = set_up(&["--clock", "2026-11-16T12:00:00Z"]);
    shop(&server, &key, &site);
    let days = "from=2026-11-01&to=2026-11-09";
    let of = |query: &str| {
        get(
            &server,
            &key,
            &format!("/api/v1/cohorts?website_id={site}&{days}&{query}"),
        )
    };
    let found = of("by=channel&unit=day&ages=0,1,2,4-9");
    let cohorts: Vec<_> = found["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cohort| {
            let people: Vec<_> = cohort["cells"]
                .as_array()
                .unwrap()
                .iter()
                .map(|cell| cell["people"].clone())
                .collect();
            (
                cohort["of"].as_str().unwrap().to_owned(),
                cohort["size"].clone(),
                json!(people),
            )
        })
        .collect();
    assert_eq!(
        cohorts,
        [
            ("value:Direct".to_owned(), json!(2), json!([2, 0, 1, 0])),
            ("value:Email".to_owned(), json!(1), json!([1, 0, 0, 0])),
            (
                "value:Organic Search".to_owned(),
                json!(1),
                json!([1, 0, 1, 0])
            ),
        ]
    );
    let money = of("by=week&measure=revenue&goal=Bought&ages=0,2");
    assert_eq!(money["currency"], json!("EUR"));
    let cells = |cohort: &Value| {
        cohort["cells"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| cell["revenue"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(cells(&money["all"]), [json!(157.0), json!(207.0)]);
    // Who bought the plan that Dan has none of.
    let fired = of("by=fired&fired=Bought&measure=revenue&ages=0,5");
    let sizes: Vec<_> = fired["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cohort| (cohort["of"].clone(), cohort["size"].clone()))
        .collect();
    assert_eq!(
        sizes,
        [(json!("fired"), json!(3)), (json!("not_fired"), json!(1))]
    );
    assert!(fired["warning"].as_str().unwrap().contains("no experiment"));
    let people = get(
        &server,
        &key,
        &format!(
            "/api/v1/cohorts/people?website_id={site}&{days}&by=channel&unit=day&ages=0,2&of=value:Direct&age=2"
        ),
    );
    let came_back: Vec<_> = people["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| person["came_back"].clone())
        .collect();
    assert_eq!(
        (&people["count"], came_back),
        (&json!(2), vec![json!(false), json!(true)])
    );
    let csv = server.get_with_key(
        &key,
        &format!("/api/v1/cohorts.csv?website_id={site}&{days}&by=channel&unit=day&ages=0,2"),
    );
    assert!(
        csv.text.starts_with("cohort,people,day 0,day 2\n")
            && csv.text.contains("value:Direct,2,1,0.5\n"),
        "{}",
        csv.text
    );
}

#[test]
fn a_return_counts_whatever_the_same_person_did_before_they_joined_that_day() {
    let (server, site, key) = set_up(&["--clock", "2026-11-16T12:00:00Z"]);
    let fires = |name: &str| goal(name, json!({}));
    store(
        &server,
        &key,
        &site,
        &[
            ("eve", "1T09:00", fires("Used")),
            ("eve", "1T10:00", fires("Trial")),
            ("eve", "1T11:00", fires("Used")),
            // Who did it only before didn't come back.
            ("fay", "1T09:00", fires("Used")),
            ("fay", "1T10:00", fires("Trial")),
            ("fay", "2T10:00", page("/")),
        ],
    );
    let of = |query: &str| {
        get(
            &server,
            &key,
            &format!(
                "/api/v1/cohorts?website_id={site}&from=2026-11-01&to=2026-11-09&goal=Trial&{query}"
            ),
        )
    };
    for windows in ["calendar", "rolling"] {
        let found = of(&format!(
            "by=week&unit=day&ages=0,1&returns=Used&windows={windows}"
        ));
        let cells = &found["all"]["cells"];
        assert_eq!(
            (&cells[0]["people"], &cells[1]["people"]),
            (&json!(1), &json!(0)),
            "{windows}"
        );
        let found = of(&format!("by=fired&fired=Used&ages=0&windows={windows}"));
        let sizes = found["cohorts"].as_array().unwrap().iter();
        let sizes: Vec<_> = sizes
            .map(|cohort| (&cohort["of"], &cohort["size"]))
            .collect();
        assert_eq!(
            sizes,
            [
                (&json!("fired"), &json!(1)),
                (&json!("not_fired"), &json!(1))
            ]
        );
    }
}

#[test]
fn whoever_is_seen_at_two_browsers_joins_once_and_has_one_journey() {
    let (server, site, key) = set_up(&["--clock", "2026-11-16T12:00:00Z"]);
    let is = |name: &str| json!({ "name": "Signed in", "user_id": name });
    store(
        &server,
        &key,
        &site,
        &[
            (
                "phone",
                "1T10:00",
                page("/?utm_source=google&utm_medium=cpc"),
            ),
            ("phone", "1T10:05", is("ada")),
            (
                "laptop",
                "3T10:00",
                page("/?utm_source=news&utm_medium=email"),
            ),
            ("laptop", "3T10:05", is("ada")),
            ("bob", "3T10:00", page("/?utm_source=news&utm_medium=email")),
            (
                "tablet",
                "4T10:00",
                page("/?utm_source=google&utm_medium=cpc"),
            ),
            ("tablet", "4T10:05", is("cleo")),
            ("desktop", "5T10:00", page("/")),
            ("desktop", "5T10:05", is("cleo")),
            ("desktop", "5T10:06", goal("Bought", json!({}))),
        ],
    );
    let days = "from=2026-11-01&to=2026-11-09";
    let found = get(
        &server,
        &key,
        &format!("/api/v1/cohorts?website_id={site}&by=channel&unit=day&ages=1,2&{days}"),
    );
    let cohorts = found["cohorts"].as_array().unwrap().iter();
    let cohorts: Vec<_> = cohorts
        .map(|cohort| {
            let people = |nth: usize| &cohort["cells"][nth]["people"];
            (&cohort["of"], &cohort["size"], people(0), people(1))
        })
        .collect();
    assert_eq!(
        cohorts,
        [
            (&json!("value:Paid Search"), &json!(2), &json!(1), &json!(1)),
            (&json!("value:Email"), &json!(1), &json!(0), &json!(0))
        ]
    );
    let found = get(
        &server,
        &key,
        &format!("/api/v1/attribution?website_id={site}&goals=Bought&{days}"),
    );
    assert_eq!(
        (&found["people"], &found["not_converted"]),
        (&json!(1), &json!(2))
    );
    let rows = found["rows"].as_array().unwrap().iter();
    let linear: Vec<_> = rows
        .map(|row| (&row["value"], &row["credits"]["linear"]))
        .filter(|(_, credits)| **credits != json!(0.0))
        .collect();
    assert_eq!(linear.len(), 2, "{linear:?}");
    // Cleo bought when nobody had paid for her visit: of paid visits she and Ada came to nothing, and Bob had none.
    let found = get(
        &server,
        &key,
        &format!(
            "/api/v1/attribution?website_id={site}&goals=Bought&{days}&filter=is:channel:Paid+Search"
        ),
    );
    assert_eq!(found["not_converted"], json!(2));
}
