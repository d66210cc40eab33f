//! Prices, promotions and the like: sent as a file, by form and as JSON, all or nothing.

use serde_json::json;

use crate::server::{day, set_up};

#[test]
fn values_are_stored_told_replaced_and_taken_away() {
    let (server, site, _) = set_up(&[]);
    let key = server.full_key();
    let path = format!("/api/v1/controls?website_id={site}");
    let file = format!(
        "date;Price;Shops open\n{};49,90;3\n{};;4\n{};39,90;\n",
        day(3),
        day(2),
        day(1)
    );
    let stored = server.send(&key, "POST", &path, "text/csv", &file);
    assert_eq!(
        stored.json()["data"],
        json!({ "website_id": site, "rows": 4, "added": 4, "replaced": 0 })
    );
    let again = json!({ "rows": [
        { "date": day(1), "name": "Price", "value": 44.5 }, { "date": day(0), "name": "Price", "value": "-1.5" },
    ] });
    let again = server.send(&key, "POST", &path, "application/json", &again.to_string());
    assert_eq!(
        (
            &again.json()["data"]["added"],
            &again.json()["data"]["replaced"]
        ),
        (&json!(1), &json!(1))
    );
    let get =
        |more: &str| server.get_with_key(&key, &format!("{path}{more}")).json()["data"].clone();
    let told = get("&name=Price");
    let row =
        |before: i64, value: f64| json!({ "date": day(before), "name": "Price", "value": value });
    assert_eq!(
        told["rows"],
        json!([row(3, 49.9), row(1, 44.5), row(0, -1.5)])
    );
    assert_eq!(
        told["controls"],
        json!([
            { "name": "Price", "days": 3, "first": day(3), "last": day(0), "least": -1.5, "most": 49.9 },
            { "name": "Shops open", "days": 2, "first": day(3), "last": day(2), "least": 3.0, "most": 4.0 },
        ])
    );
    assert_eq!(
        get(&format!("&from={}", day(1)))["rows"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // Of a file with one wrong line nothing is stored.
    let wrong = format!("date,Price\n{},1\n{},cheap\n", day(9), day(8));
    let refused = server.send(&key, "POST", &path, "text/csv", &wrong);
    assert_eq!((refused.status, &*refused.code()), (400, "invalid_rows"));
    assert_eq!(refused.json()["error"]["details"]["wrong"][0]["line"], 3);
    assert_eq!(get("")["rows"].as_array().unwrap().len(), 5);
    // Nothing goes without saying which.
    let delete = |more: &str| server.send(&key, "DELETE", &format!("{path}{more}"), "", "");
    assert_eq!(delete("").status, 400);
    assert_eq!(delete("&name=Price&from=tomorrow").status, 400);
    assert_eq!(
        delete(&format!("&name=Price&to={}", day(2))).json()["data"]["deleted"],
        1
    );
    assert_eq!(delete("&name=Price").json()["data"]["deleted"], 2);
    assert_eq!(get("")["controls"].as_array().unwrap().len(), 1);
    // Who may only send events stores none, and nobody into another workspace's site.
    let events = server.new_key();
    assert_eq!(
        server
            .send(&events, "POST", &path, "text/csv", &file)
            .status,
        403
    );
    server.run(&["workspace", "add", "Other"]);
    let foreign = server.run(&["site", "add", "other.test", "--workspace", "Other"]);
    let foreign = format!("/api/v1/controls?website_id={foreign}");
    assert_eq!(
        server
            .send(&key, "POST", &foreign, "text/csv", &file)
            .status,
        404
    );
}

#[test]
fn the_page_takes_a_file_says_what_is_wrong_and_shows_what_is_known() {
    let (server, site, _) = set_up(&[]);
    let cookie = server.person("editor@example.com", "editor", &[]);
    let path = format!("/settings/websites/{site}/controls");
    let page = |path: &str| server.get(path, &[("cookie", &cookie)]).text;
    assert!(page(&path).contains("There are none yet"));
    let today = day(0);
    let refused = server.upload(&path, &cookie, "", &format!("date,<b>\n{today},x"));
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("is no number"), "{}", refused.text);
    let stored = server.upload(&path, &cookie, &format!("date,<i>Price\n{today},49.9"), "");
    let told = page(stored.header("location").unwrap());
    assert!(
        told.contains("1 row stored.")
            && told.contains("&#60;i&#62;Price")
            && told.contains("49.9"),
        "{told}"
    );
    let gone = server.form(
        &format!("{path}/delete"),
        &cookie,
        &[("name", "<i>Price"), ("from", ""), ("to", "")],
    );
    assert!(gone.header("location").unwrap().ends_with("?deleted=1"));
    let viewer = server.person("viewer@example.com", "viewer", &[]);
    assert_eq!(server.upload(&path, &viewer, "", "date,A").status, 403);
}
