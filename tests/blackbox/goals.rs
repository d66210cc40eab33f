//! What is set of a site's goals: names, values, hidden ones, and goals that are pages; by page and by API, and that
//! every number holds it, for what came before too.

use serde_json::{Value, json};

use crate::account::get;
use crate::server::{Server, set_up};

/// The rest of the API for a key that may everything.
fn asker<'a>(
    server: &'a Server,
    key: &'a str,
) -> impl Fn(&str, &str, Value) -> crate::server::Reply + 'a {
    move |method, path, body| {
        let bearer = format!("Bearer {key}");
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        server.ask(method, path, &[("authorization", &bearer)], body)
    }
}

/// Two visitors: pages, two names of one goal, one of them with money.
fn visits(server: &Server, key: &str) {
    let event = |visitor: u8, name: Option<&str>, path: &str, metadata: Value| {
        let mut event = json!({
            "anonymous_id": format!("00000000-0000-4000-8000-0000000000{visitor:02}"),
            "url": format!("https://example.com{path}"),
            "metadata": metadata,
        });
        if let Some(name) = name {
            event["name"] = json!(name);
        }
        event
    };
    let nothing = json!({});
    let events = json!([
        event(1, None, "/", nothing.clone()),
        event(1, None, "/thanks/a", nothing.clone()),
        event(
            1,
            Some("Buy"),
            "/",
            json!({ "value": 20, "currency": "EUR" })
        ),
        event(1, Some("Bought"), "/", nothing.clone()),
        event(2, None, "/Thanks/b", nothing.clone()),
        event(2, Some("Buy"), "/", nothing.clone()),
        event(2, Some("Noise"), "/", nothing),
    ]);
    assert_eq!(server.post_with_key(key, events.to_string()).status, 200);
}

#[test]
fn goals_are_renamed_merged_hidden_valued_and_defined_in_every_number() {
    let (server, site, _) = set_up(&[]);
    let key = server.full_key();
    visits(&server, &key);
    let ask = asker(&server, &key);
    let made = ask(
        "POST",
        "/api/v1/goals",
        json!({ "website_id": site, "name": "Bought", "names": ["Buy"], "description": "Paid",
                "value": { "amount": 5, "currency": "eur" } }),
    );
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json()["data"]["id"].clone();
    assert_eq!(
        made.json()["data"],
        json!({ "id": id, "name": "Bought", "names": ["Buy"], "description": "Paid", "hidden": false,
                "value": { "amount": 5.0, "currency": "EUR" }, "page": null })
    );
    let page = ask(
        "POST",
        "/api/v1/goals",
        json!({ "name": "Signed up", "page": "/thanks/*", "value": { "amount": 2.5, "currency": "EUR" } }),
    );
    assert_eq!(page.status, 201, "{}", page.text);
    let noise = ask(
        "POST",
        "/api/v1/goals",
        json!({ "name": "Noise", "hidden": true }),
    );
    assert_eq!(noise.status, 201, "{}", noise.text);

    let query = |mut question: Value| {
        question["website_id"] = json!(site);
        server.query(&key, question)
    };
    let metrics = json!(["fires", "visitors", "conversion_rate", "revenue"]);
    let eur = |amount: f64| json!([{ "currency": "EUR", "amount": amount }]);
    assert_eq!(
        query(json!({ "metrics": metrics, "dimensions": ["goal"] })),
        json!([
            { "dimensions": ["Bought"], "metrics": [3, 2, 1.0, eur(30.0)] },
            { "dimensions": ["Signed up"], "metrics": [2, 2, 1.0, eur(5.0)] },
        ])
    );
    // All together; what is hidden still happened.
    assert_eq!(
        query(json!({ "metrics": ["fires", "pageviews", "conversion_rate", "revenue"] })),
        json!([{ "dimensions": [], "metrics": [6, 3, 1.0, eur(35.0)] }])
    );
    // By any of its names, and by what filters say.
    for goals in [["Buy"], ["Bought"]] {
        assert_eq!(
            query(json!({ "metrics": ["fires"], "goals": goals })),
            json!([{ "dimensions": [], "metrics": [3] }])
        );
        assert_eq!(
            query(
                json!({ "metrics": ["fires"], "filters": [["is", "goal", goals]], "dimensions": ["page"] })
            ),
            json!([{ "dimensions": ["/"], "metrics": [3] }])
        );
    }
    assert_eq!(
        query(
            json!({ "metrics": ["fires", "revenue"], "goals": ["Signed up"], "dimensions": ["page"], "order": [["page", "asc"]] })
        ),
        json!([
            { "dimensions": ["/Thanks/b"], "metrics": [1, eur(2.5)] },
            { "dimensions": ["/thanks/a"], "metrics": [1, eur(2.5)] },
        ])
    );
    assert_eq!(
        query(
            json!({ "metrics": ["visitors"], "filters": [["has_fired", "goal", ["Noise"]], ["has_fired", "goal", ["Signed up"]]] })
        ),
        json!([{ "dimensions": [], "metrics": [1] }])
    );
    assert_eq!(
        query(json!({ "metrics": ["fires"], "goals": ["Noise"], "dimensions": ["goal"] })),
        json!([{ "dimensions": ["Noise"], "metrics": [1] }])
    );
    let path = format!("/api/v1/analytics/goals?website_id={site}");
    let goals = server.get_with_key(&key, &path).json()["data"].clone();
    let told: Vec<_> = goals["goals"].as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 2, "{goals}");
    assert_eq!(
        (
            &told[0]["name"],
            &told[0]["fires"],
            &told[0]["visitors"],
            &told[0]["revenue"]
        ),
        (&json!("Bought"), &json!(3), &json!(2), &eur(30.0))
    );
    assert_eq!(told[1]["name"], "Signed up");
    assert_eq!(goals["visitors"], 2);
    let funnel =
        json!({ "website_id": site, "steps": [{ "goal": "Signed up" }, { "goal": "Buy" }] });
    let steps = server
        .post_to("/api/v1/funnel", &key, funnel.to_string())
        .json()["data"]["steps"]
        .clone();
    assert_eq!(
        (&steps[0]["visitors"], &steps[1]["visitors"]),
        (&json!(2), &json!(2)),
        "{steps}"
    );

    // The drill-down of either name shows all fires by what they are called.
    let owner = server.person("o@example.com", "owner", &[]);
    for name in ["Bought", "Buy", "Signed%20up"] {
        let (status, text) = get(
            &server,
            &owner,
            &format!("/dashboard/goals/{name}?site={site}"),
        );
        assert_eq!(status, 200);
        assert!(
            text.contains("example.com") || text.contains("/thanks/a"),
            "{text}"
        );
    }

    // A name of one's own again; and the numbers after a restart.
    let changed = ask(
        "PATCH",
        &format!("/api/v1/goals/{id}"),
        json!({ "name": "Paid", "names": ["Buy", "Bought"], "value": null }),
    );
    assert_eq!(changed.status, 200, "{}", changed.text);
    drop(ask);
    let server = Server::on(server.stop(), &[]);
    assert_eq!(
        server.query(
            &key,
            json!({ "website_id": site, "metrics": ["fires", "revenue"], "goals": ["Paid"] })
        ),
        json!([{ "dimensions": [], "metrics": [3, eur(20.0)] }])
    );
    let ask = asker(&server, &key);
    assert_eq!(
        ask("DELETE", &format!("/api/v1/goals/{id}"), Value::Null).status,
        200
    );
    assert_eq!(
        server.query(&key, json!({ "website_id": site, "metrics": ["fires"], "dimensions": ["goal"], "order": [["goal", "asc"]] })),
        json!([
            { "dimensions": ["Bought"], "metrics": [1] },
            { "dimensions": ["Buy"], "metrics": [2] },
            { "dimensions": ["Signed up"], "metrics": [2] },
        ])
    );
}

#[test]
fn what_is_wrong_with_a_goal_is_said_and_others_see_nothing() {
    let (server, site, _) = set_up(&[]);
    let key = server.full_key();
    let ask = asker(&server, &key);
    let add = |body: Value| ask("POST", "/api/v1/goals", body);
    assert_eq!(add(json!({ "name": "A", "names": ["B"] })).status, 201);
    for (body, status) in [
        (json!({ "name": "" }), 400),
        (json!({ "name": "__admx_nothing" }), 400),
        (json!({ "name": "x".repeat(101) }), 400),
        (json!({ "name": "C", "names": ["__admx_form_submit"] }), 400),
        (json!({ "name": "__admx_form_submit", "names": ["C"] }), 400),
        (json!({ "name": "C", "page": "thanks" }), 400),
        (
            json!({ "name": "C", "page": format!("/{}", "x".repeat(1000)) }),
            400,
        ),
        (
            json!({ "name": "C", "value": { "amount": -1, "currency": "EUR" } }),
            400,
        ),
        (
            json!({ "name": "C", "value": { "amount": 1e300, "currency": "EUR" } }),
            400,
        ),
        (
            json!({ "name": "C", "value": { "amount": 1, "currency": "XXXX" } }),
            400,
        ),
        (json!({ "name": "C", "value": { "amount": 1 } }), 400),
        (json!({ "name": "C", "description": "x".repeat(501) }), 400),
        (json!({ "name": "C", "surprise": 1 }), 400),
        (json!({ "name": "C", "website_id": "admx_nowhere" }), 404),
        (json!({ "name": "A" }), 409),
        (json!({ "name": "B" }), 409),
        (json!({ "name": "C", "names": ["A"] }), 409),
        (json!({ "name": "C", "names": ["B"] }), 409),
        (json!({ "name": "__admx_form_submit", "hidden": true }), 201),
    ] {
        let reply = add(body.clone());
        assert_eq!(reply.status, status, "{body}: {}", reply.text);
    }
    let goals = server
        .get_with_key(&key, &format!("/api/v1/goals?website_id={site}"))
        .json();
    let id = goals["data"]["goals"][0]["id"].as_i64().unwrap();
    let path = format!("/api/v1/goals/{id}");
    assert_eq!(
        ask("PATCH", &path, json!({ "website_id": "admx_other" })).status,
        400
    );
    // Another workspace neither sees nor changes it.
    server.run(&["workspace", "add", "Elsewhere"]);
    let stranger = server.run(&[
        "key",
        "new",
        "--name",
        "x",
        "--scope",
        "manage",
        "--scope",
        "analytics:read",
        "--workspace",
        "Elsewhere",
    ]);
    let other = asker(&server, &stranger);
    assert_eq!(other("PATCH", &path, json!({ "hidden": true })).status, 404);
    assert_eq!(other("DELETE", &path, Value::Null).status, 404);
    assert_eq!(
        other(
            "GET",
            &format!("/api/v1/goals?website_id={site}"),
            Value::Null
        )
        .status,
        404
    );
    let body = json!({ "name": "C", "website_id": site });
    assert_eq!(other("POST", "/api/v1/goals", body).status, 404);
}

#[test]
fn the_page_of_goals_sets_them_and_shows_names_as_text() {
    let (server, site, _) = set_up(&[]);
    let key = server.full_key();
    visits(&server, &key);
    let owner = server.person("o@example.com", "owner", &[]);
    let path = format!("/settings/websites/{site}/goals");
    let (_, text) = get(&server, &owner, &path);
    for name in ["Buy", "Bought", "Noise"] {
        assert!(text.contains(&format!("<bdi>{name}</bdi>")), "{text}");
    }
    let (_, text) = get(&server, &owner, &format!("{path}?name=S&page=/thanks/*"));
    assert!(
        text.contains("2 page views of 2 visitors match this in the last 30 days, 2 in all"),
        "{text}"
    );
    let save = |fields: &[(&str, &str)]| server.form(&path, &owner, fields);
    let hostile = "<script>alert(1)</script>";
    let fields = [
        ("name", hostile),
        ("names", "Buy\r\n Bought \r\n"),
        ("description", "\"><b>x"),
        ("value", "9,90"),
        ("currency", "usd"),
    ];
    assert_eq!(save(&fields).status, 303);
    let (_, text) = get(&server, &owner, &path);
    assert!(
        text.contains("&#60;script&#62;") && !text.contains(hostile) && !text.contains("<b>x"),
        "{text}"
    );
    assert!(
        text.contains("With <bdi>Bought</bdi>, <bdi>Buy</bdi>") && text.contains("$9.90"),
        "{text}"
    );
    let reply = save(&[("name", "X"), ("value", "9.90")]);
    assert_eq!(reply.status, 400);
    assert!(
        reply.text.contains("currency") && reply.text.contains("value=\"9.90\""),
        "{}",
        reply.text
    );
    let (_, text) = get(&server, &owner, &format!("{path}?goal=Buy"));
    let id = crate::account::between(&text, "name=\"id\" value=\"", "\"").to_owned();
    let delete = format!("{path}/delete");
    assert_eq!(server.form(&delete, &owner, &[("id", &id)]).status, 303);
    assert_eq!(server.form(&delete, &owner, &[("id", &id)]).status, 404);
    let viewer = server.person("v@example.com", "viewer", &[]);
    assert_eq!(server.form(&path, &viewer, &[("name", "X")]).status, 403);
}
