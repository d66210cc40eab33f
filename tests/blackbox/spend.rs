//! What channels cost: sent as a file, by form and as JSON, all or nothing; and what attribution makes of it.

use serde_json::{Value, json};

use crate::server::{day, set_up};

const HEAD: &str = "date,channel,amount,currency,campaign\n";

#[test]
fn a_file_is_stored_whole_or_not_at_all_and_again_in_place() {
    let (server, site, _) = set_up(&[]);
    let key = server.full_key();
    let path = format!("/api/v1/spend?website_id={site}");
    let post = |kind: &str, body: &str| server.send(&key, "POST", &path, kind, body);
    let (today, before) = (day(0), day(1));
    let file = format!(
        "{HEAD}{today},paid search,120.50,EUR,spring\n{today},Email,9,USD,\n{before},Email,1,EUR,\n"
    );
    let stored = post("text/csv", &file);
    assert_eq!(stored.status, 200, "{}", stored.text);
    assert_eq!(
        stored.json()["data"],
        json!({ "website_id": site, "rows": 3, "added": 3, "replaced": 0 })
    );
    // One wrong line: nothing of it is stored.
    let wrong =
        format!("{HEAD}{today},Email,5,EUR,\n{today},Display,1.234,EUR,\n{today},Nothing,1,EUR,\n");
    let refused = post("text/csv", &wrong);
    assert_eq!((refused.status, &*refused.code()), (400, "invalid_rows"));
    let error = &refused.json()["error"];
    assert_eq!(error["details"]["wrong"][0]["line"], 3);
    assert_eq!(error["details"]["wrong"].as_array().unwrap().len(), 2);
    let words = error["message"].as_str().unwrap();
    assert!(
        words.starts_with("2 lines are wrong, and nothing was stored; line 3: amount:"),
        "{words}"
    );
    // As JSON, one row in the place of another.
    let rows = json!({ "rows": [
        { "date": today, "channel": "Paid Search", "amount": 100.25, "currency": "EUR", "campaign": "spring", "clicks": 7 },
        { "date": today, "channel": "Display", "amount": "3.00", "currency": "EUR" },
    ] });
    let stored = post("application/json", &rows.to_string());
    assert_eq!(stored.json()["data"]["replaced"], 1, "{}", stored.text);
    for (body, code) in [
        (
            json!({ "rows": [{ "date": today, "channel": "Display", "amount": -1, "currency": "EUR" }] }),
            "invalid_rows",
        ),
        (json!({ "rows": [{ "date": today }] }), "invalid_body"),
        (json!({ "rows": [] }), "invalid_rows"),
    ] {
        let refused = post("application/json", &body.to_string());
        assert_eq!(
            (refused.status, &*refused.code()),
            (400, code),
            "{}",
            refused.text
        );
    }
    let large = format!("{HEAD}{}", "x".repeat(5_000_001));
    assert_eq!(post("text/csv", &large).status, 413);
    let get = |more: &str| {
        let path = format!("{path}{more}");
        let reply = server.send(&key, "GET", &path, "", "");
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["data"].clone()
    };
    let all = get("");
    assert_eq!(all["rows"].as_array().unwrap().len(), 4);
    assert_eq!(
        all["spend"],
        json!([{ "currency": "EUR", "amount": 104.25 }, { "currency": "USD", "amount": 9.0 }])
    );
    assert_eq!(
        all["channels"][2],
        json!({ "channel": "Paid Search", "spend": [{ "currency": "EUR", "amount": 100.25 }] })
    );
    assert_eq!(all["rows"][3]["clicks"], 7);
    assert_eq!(get("&channel=email")["rows"].as_array().unwrap().len(), 2);
    // Taken away: of a channel, of days.
    let delete = |more: &str| server.send(&key, "DELETE", &format!("{path}{more}"), "", "");
    assert_eq!(delete("").status, 400);
    let gone = delete(&format!("&from={before}&to={today}&channel=Email"));
    assert_eq!(gone.json()["data"]["deleted"], 2, "{}", gone.text);
    assert_eq!(
        delete(&format!("&from={before}&to={before}")).json()["data"]["deleted"],
        0
    );
    assert_eq!(get("")["rows"].as_array().unwrap().len(), 2);
    // Another workspace's site is none.
    let other = server.run(&["workspace", "add", "Other"]);
    let _ = other;
    let foreign = server.run(&["site", "add", "other.test", "--workspace", "Other"]);
    let to = format!("/api/v1/spend?website_id={foreign}");
    assert_eq!(
        server.send(&key, "POST", &to, "text/csv", &file).status,
        404
    );
}

#[test]
fn the_page_takes_a_file_says_what_is_wrong_and_shows_sums() {
    let (server, site, _) = set_up(&[]);
    let cookie = server.person("editor@example.com", "editor", &[]);
    let path = format!("/settings/websites/{site}/spend");
    let page = || server.get(&path, &[("cookie", &cookie)]).text;
    assert!(page().contains("Nothing is known of what channels cost yet"));
    let today = day(0);
    let refused = server.upload(
        &path,
        &cookie,
        "",
        &format!("{HEAD}{today},Emial,1,EUR,<b>"),
    );
    assert_eq!(refused.status, 400);
    assert!(
        refused.text.contains("Email may be meant") && refused.text.contains("&#60;b&#62;"),
        "{}",
        refused.text
    );
    let stored = server.upload(
        &path,
        &cookie,
        &format!("\u{feff}Date;Channel;Amount;Currency\r\n{today};Email;1234,5;EUR\r\n"),
        "",
    );
    let to = stored.header("location").unwrap();
    let told = server.get(to, &[("cookie", &cookie)]).text;
    assert!(
        told.contains("1 row stored.") && told.contains("€1,234.50"),
        "{told}"
    );
    let again = server.upload(&path, &cookie, "", &format!("{HEAD}{today},Email,2,EUR,"));
    let told = server
        .get(again.header("location").unwrap(), &[("cookie", &cookie)])
        .text;
    assert!(
        told.contains("1 row stored; 1 of them took the place of what was there.")
            && told.contains("€2.00")
    );
    let gone = [("from", &*today), ("to", &*today), ("channel", "")];
    let gone = server.form(&format!("{path}/delete"), &cookie, &gone);
    assert!(gone.header("location").unwrap().ends_with("?deleted=1"));
    // The short address leads to the first site.
    let short = server.get("/settings/spend", &[("cookie", &cookie)]);
    assert!(short.header("location").unwrap().ends_with("/spend"));
    // Whoever may only look doesn't.
    let viewer = server.person("viewer@example.com", "viewer", &[]);
    assert_eq!(server.upload(&path, &viewer, HEAD, "").status, 403);
}

#[test]
fn attribution_says_what_a_goal_cost_and_what_came_back() {
    let (server, site, _) = set_up(&[]);
    let key = server.full_key();
    let visit = |who: u8, source: &str, medium: &str, value: f64| {
        json!([
            { "website_id": site, "anonymous_id": format!("00000000-0000-4000-8000-0000000000{who:02}"), "url": format!("https://example.com/?utm_source={source}&utm_medium={medium}") },
            { "website_id": site, "anonymous_id": format!("00000000-0000-4000-8000-0000000000{who:02}"), "name": "Buy", "metadata": { "value": value, "currency": "EUR" } },
        ])
    };
    for (who, source, medium, value) in [
        (1, "google", "cpc", 40.0),
        (2, "google", "cpc", 20.0),
        (3, "news", "email", 30.0),
    ] {
        assert_eq!(
            server
                .post_with_key(&key, visit(who, source, medium, value).to_string())
                .status,
            200
        );
    }
    let today = day(0);
    let file = format!(
        "date,channel,amount,currency,source\n{today},Paid Search,30,EUR,google\n{today},Paid Search,7,USD,bing\n{today},Display,5,EUR,\n"
    );
    let path = format!("/api/v1/spend?website_id={site}");
    assert_eq!(
        server.send(&key, "POST", &path, "text/csv", &file).status,
        200
    );
    let attributed = |more: &str| {
        let path = format!("/api/v1/attribution?website_id={site}&goals=Buy{more}");
        let reply = server.get_with_key(&key, &path);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["data"].clone()
    };
    let data = attributed("");
    let row = |data: &Value, kind: &str, value: &Value| {
        let rows = data["rows"].as_array().unwrap().iter();
        let mut rows = rows.filter(|row| row["kind"] == kind && row["value"] == *value);
        rows.next()
            .unwrap_or_else(|| panic!("no {value} in {data}"))
            .clone()
    };
    let eur = |amount: f64| json!({ "currency": "EUR", "amount": amount });
    let paid = row(&data, "value", &json!("Paid Search"));
    assert_eq!(
        paid["spend"],
        json!([eur(30.0), { "currency": "USD", "amount": 7.0 }])
    );
    for model in ["first", "markov", "shapley"] {
        assert_eq!(
            paid["cost_per_goal"][model],
            json!([eur(15.0), { "currency": "USD", "amount": 3.5 }])
        );
        assert_eq!(
            paid["roas"][model],
            json!([{ "currency": "EUR", "roas": 2.0 }])
        );
    }
    let display = row(&data, "value", &json!("Display"));
    assert_eq!(
        (
            &display["credits"]["last"],
            &display["cost_per_goal"]["last"]
        ),
        (&json!(0.0), &json!([]))
    );
    assert_eq!(
        display["roas"]["last"],
        json!([{ "currency": "EUR", "roas": 0.0 }])
    );
    assert_eq!(row(&data, "value", &json!("Email"))["spend"], json!([]));
    assert_eq!(
        data["spend"],
        json!([eur(35.0), { "currency": "USD", "amount": 7.0 }])
    );
    let credits = data["rows"].as_array().unwrap().iter();
    let sum: f64 = credits
        .map(|row| row["credits"]["linear"].as_f64().unwrap())
        .sum();
    assert!((sum - 3.0).abs() < 1e-12);
    // By source, what was spent on none of them stands alone.
    let data = attributed("&by=source");
    assert_eq!(
        row(&data, "value", &json!("google"))["roas"]["last"],
        json!([{ "currency": "EUR", "roas": 2.0 }])
    );
    assert_eq!(
        row(&data, "unsaid", &Value::Null)["spend"],
        json!([eur(5.0)])
    );
    assert_eq!(row(&data, "value", &json!("bing"))["credits"]["last"], 0.0);
    // Under a filter, and by what spend isn't known by, there is none.
    for more in ["&filter=is:source:google", "&by=medium"] {
        assert_eq!(attributed(more)["spend"], json!([]), "{more}");
    }
    let cookie = server.person("viewer@example.com", "viewer", &[]);
    let page = server
        .get(
            &format!("/dashboard/attribution?site={site}&goals=Buy"),
            &[("cookie", &cookie)],
        )
        .text;
    assert!(
        page.contains("What it cost")
            && page.contains("€15.00")
            && page.contains("<td class=\"n\">$7.00</td>"),
        "{page}"
    );
}
