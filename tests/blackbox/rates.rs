//! What currencies are worth: sent as a file, by form and as JSON, all or nothing; and what figures and reports make of it.

use serde_json::{Value, json};

use crate::server::{Server, day, set_up};

/// A site that counts in euros, with a purchase in each of four currencies.
fn shop() -> (Server, String, String) {
    let (server, site, _) = set_up(&[]);
    let key = server.full_key();
    let path = format!("/api/v1/sites/{site}");
    let set = server.send(
        &key,
        "PATCH",
        &path,
        "application/json",
        r#"{"currency":"EUR"}"#,
    );
    assert_eq!(set.status, 200, "{}", set.text);
    for (who, value, currency, source) in [
        (1, 10.0, "EUR", "google"),
        (2, 20.0, "USD", "google"),
        (3, 1000.0, "JPY", "news"),
        (4, 5.0, "GBP", "news"),
    ] {
        let id = format!("00000000-0000-4000-8000-0000000000{who:02}");
        let events = json!([
            { "website_id": site, "anonymous_id": id, "url": format!("https://example.com/?utm_source={source}&utm_medium=email") },
            { "website_id": site, "anonymous_id": id, "name": "Buy", "metadata": { "value": value, "currency": currency, "experiment": "Mail", "variant": source } },
        ]);
        assert_eq!(server.post_with_key(&key, events.to_string()).status, 200);
    }
    (server, site, key)
}

fn get(server: &Server, key: &str, path: &str) -> Value {
    let reply = server.send(key, "GET", path, "", "");
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()["data"].clone()
}

#[test]
fn rates_make_one_sum_of_all_currencies() {
    let (server, site, key) = shop();
    let total = |more: &str| {
        let path = format!("/api/v1/query?website_id={site}&metrics=total_revenue,revenue{more}");
        get(&server, &key, &path)["rows"].clone()
    };
    let money = |currency: &str, amount: f64| json!({ "currency": currency, "amount": amount });
    let before = total("");
    assert_eq!(before[0]["metrics"][0]["sum"], money("EUR", 10.0));
    assert_eq!(
        before[0]["metrics"][0]["left"],
        json!([money("GBP", 5.0), money("JPY", 1000.0), money("USD", 20.0)])
    );
    // One direct, one inverse; of pounds nothing is known.
    let file = format!(
        "date,from,to,rate\n{},USD,EUR,0.5\n{},EUR,JPY,160\n",
        day(9),
        day(9)
    );
    let stored = server.send(&key, "POST", "/api/v1/rates", "text/csv", &file);
    assert_eq!(
        stored.json()["data"],
        json!({ "rows": 2, "added": 2, "replaced": 0 }),
        "{}",
        stored.text
    );
    let found = total("");
    assert_eq!(
        found[0]["metrics"],
        json!([
            {
                "sum": money("EUR", 26.25),
                "changed": [money("JPY", 1000.0), money("USD", 20.0)],
                "left": [money("GBP", 5.0)],
            },
            [money("EUR", 10.0), money("GBP", 5.0), money("JPY", 1000.0), money("USD", 20.0)],
        ])
    );
    // Ordered by the sum, not by digits.
    let by = total("&dimensions=source&order=total_revenue:desc");
    assert_eq!(by[0]["metrics"][0]["sum"], money("EUR", 20.0));
    assert_eq!(by[1]["metrics"][0]["sum"], money("EUR", 6.25));
    let csv = server.send(
        &key,
        "GET",
        &format!("/api/v1/query.csv?website_id={site}&metrics=total_revenue"),
        "",
        "",
    );
    assert_eq!(csv.text.lines().nth(1), Some("26.25,5"), "{}", csv.text);
    // Attribution: of all in euros, or of each on its own.
    let path = format!("/api/v1/attribution?website_id={site}&goals=Buy&by=source");
    assert_eq!(
        get(&server, &key, &path)["revenue"],
        json!([money("EUR", 26.25), money("GBP", 5.0)])
    );
    let apart = get(&server, &key, &format!("{path}&convert=false"));
    assert_eq!(apart["revenue"].as_array().unwrap().len(), 4);
    // Spend becomes the same currency, so that what came back can be said.
    let spend = format!(
        "date,channel,amount,currency,source\n{},Email,10,USD,google\n",
        day(0)
    );
    let to = format!("/api/v1/spend?website_id={site}");
    assert_eq!(
        server.send(&key, "POST", &to, "text/csv", &spend).status,
        200
    );
    let data = get(&server, &key, &path);
    let rows = data["rows"].as_array().unwrap();
    let google = rows.iter().find(|row| row["value"] == "google").unwrap();
    assert_eq!(google["spend"], json!([money("EUR", 5.0)]));
    assert_eq!(
        google["roas"]["last"],
        json!([{ "currency": "EUR", "roas": 4.0 }])
    );
    // Cohorts: in the site's currency, or in one that is named.
    let path = format!("/api/v1/cohorts?website_id={site}&measure=revenue&ages=0");
    let all = get(&server, &key, &path);
    assert_eq!(
        (&all["currency"], &all["all"]["revenue_to_date"]),
        (&json!("EUR"), &json!(26.25))
    );
    assert_eq!(all["other_currencies"], json!(["GBP"]));
    let dollars = get(&server, &key, &format!("{path}&currency=USD"));
    assert_eq!(dollars["all"]["revenue_to_date"], json!(20.0));
    // Experiments.
    let path = format!("/api/v1/experiments?website_id={site}&goals=Buy");
    let variants = get(&server, &key, &path)["variants"].clone();
    assert_eq!(
        variants[0]["revenue"][0]["amount"],
        json!(20.0),
        "{variants}"
    );
    // Another rate for the same day takes the place of the first, at once.
    let again = json!({ "rows": [{ "date": day(9), "from": "usd", "to": "eur", "rate": "0.25" }] });
    let stored = server.send(
        &key,
        "POST",
        "/api/v1/rates",
        "application/json",
        &again.to_string(),
    );
    assert_eq!(stored.json()["data"]["replaced"], 1, "{}", stored.text);
    assert_eq!(total("")[0]["metrics"][0]["sum"], money("EUR", 21.25));
    // Of a day that is still to come for the money, there is no rate.
    let gone = server.send(&key, "DELETE", "/api/v1/rates?currency=USD", "", "");
    assert_eq!(gone.json()["data"]["deleted"], 1);
    assert_eq!(total("")[0]["metrics"][0]["sum"], money("EUR", 16.25));
}

#[test]
fn a_file_is_stored_whole_or_not_at_all() {
    let (server, _, key) = shop();
    let post = |kind: &str, body: &str| server.send(&key, "POST", "/api/v1/rates", kind, body);
    let today = day(0);
    let wrong =
        format!("date,from,to,rate\n{today},EUR,USD,1.1\n{today},EUR,USD,1.2\n{today},EUR,XYZ,1\n");
    let refused = post("text/csv", &wrong);
    assert_eq!((refused.status, &*refused.code()), (400, "invalid_rows"));
    let told = &refused.json()["error"]["details"]["wrong"];
    assert_eq!(
        (&told[0]["line"], &told[1]["line"]),
        (&json!(3), &json!(4)),
        "{told}"
    );
    assert_eq!(get(&server, &key, "/api/v1/rates")["rows"], json!([]));
    for (body, code) in [
        (
            json!({ "rows": [{ "date": today, "from": "EUR", "to": "USD", "rate": 0 }] }),
            "invalid_rows",
        ),
        (json!({ "rows": [{ "date": today }] }), "invalid_body"),
    ] {
        let refused = post("application/json", &body.to_string());
        assert_eq!(
            (refused.status, &*refused.code()),
            (400, code),
            "{}",
            refused.text
        );
    }
    for (query, words) in [
        ("from=x", "from: wanted a day"),
        (
            "from=2026-02-02&to=2026-02-01",
            "to: wanted a day that isn't before from",
        ),
        ("currency=EURO", "currency: \"EURO\" is none"),
    ] {
        let refused = server.send(&key, "GET", &format!("/api/v1/rates?{query}"), "", "");
        assert_eq!(refused.status, 400);
        assert!(
            refused.text.contains(&words.replace('"', "\\\"")),
            "{}",
            refused.text
        );
    }
    // The bank's own form.
    let wide = format!(
        "Date,USD,JPY,BGN,\n{today},1.08,160.5,N/A,\n{},1.07,161,1.9558,\n",
        day(1)
    );
    assert_eq!(post("text/csv", &wide).json()["data"]["added"], 5);
    let rows = get(&server, &key, "/api/v1/rates?currency=eur&into=JPY");
    assert_eq!(
        rows["rows"][1],
        json!({ "date": today, "from": "EUR", "to": "JPY", "rate": 160.5 })
    );
    // Rates are a workspace's.
    server.run(&["workspace", "add", "Other"]);
    let foreign = server.run(&[
        "key",
        "new",
        "--name",
        "x",
        "--scope",
        "manage",
        "--scope",
        "analytics:read",
        "--workspace",
        "Other",
    ]);
    assert_eq!(get(&server, &foreign, "/api/v1/rates")["rows"], json!([]));
}

#[test]
fn the_page_takes_a_file_and_says_what_is_wrong() {
    let (server, site, _) = shop();
    let cookie = server.person("editor@example.com", "editor", &[]);
    let page = |path: &str| server.get(path, &[("cookie", &cookie)]).text;
    assert!(page("/settings/rates").contains("There are no rates yet"));
    let upload = |cookie: &str, typed: &str| server.upload("/settings/rates", cookie, "", typed);
    let today = day(0);
    let refused = upload(&cookie, &format!("date,from,to,rates\n{today},EUR,USD,1"));
    assert_eq!(refused.status, 400);
    assert!(
        refused.text.contains("rate may be meant"),
        "{}",
        refused.text
    );
    let stored = upload(&cookie, &format!("date,from,to,rate\n{today},USD,EUR,0.5"));
    let told = page(stored.header("location").unwrap());
    assert!(
        told.contains("1 row stored.") && told.contains("0.5 EUR"),
        "{told}"
    );
    // What came in today, by the rate of today.
    let overview = page(&format!("/dashboard/analytics?site={site}"));
    assert!(
        overview.contains("≈ €20.00 + £5.00 + ¥1,000") && overview.contains("With $20.00 by rates"),
        "{overview}"
    );
    let gone = server.form(
        "/settings/rates/delete",
        &cookie,
        &[("from", &*today), ("to", &*today)],
    );
    assert!(gone.header("location").unwrap().ends_with("?deleted=1"));
    let viewer = server.person("viewer@example.com", "viewer", &[]);
    assert_eq!(upload(&viewer, "date,from,to,rate").status, 403);
}
