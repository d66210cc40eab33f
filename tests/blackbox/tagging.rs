//! Tags that look wrong, and links that are right.

use serde_json::{Value, json};

use crate::server::{Server, set_up};

fn get(server: &Server, key: &str, path: &str) -> Value {
    let reply = server.get_with_key(key, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.json()["data"].clone()
}

#[test]
fn visits_with_wrong_tags_are_found_and_a_link_is_written() {
    let (server, site, _) = set_up(&[]);
    let key = server.run(&[
        "key",
        "new",
        "--name",
        "a",
        "--scope",
        "event:write",
        "--scope",
        "analytics:read",
    ]);
    let visits = [
        "?utm_source=google&utm_medium=cpc&utm_campaign=spring",
        "?utm_source=Google&utm_medium=cpc&utm_campaign=spring",
        "?utm_source=mail&utm_medium=e-mial",
        "?gclid=abc",
        "?utm_source=facebook&utm_medium=paid&utm_campaign=%7B%7Bcampaign.name%7D%7D",
        "",
    ];
    for (who, query) in visits.iter().enumerate() {
        let event = json!({
            "website_id": site, "anonymous_id": format!("00000000-0000-4000-8000-0000000000{who:02}"),
            "url": format!("https://example.com/{query}"),
        });
        assert_eq!(server.post_with_key(&key, event.to_string()).status, 200);
    }
    let found = get(&server, &key, &format!("/api/v1/tagging?website_id={site}"));
    assert_eq!(
        (&found["sessions"], &found["wrong"]),
        (&json!(6), &json!(4))
    );
    let findings = found["findings"].as_array().unwrap();
    let told = |code: &str| {
        let found = findings.iter().find(|finding| finding["problem"] == code);
        found.unwrap_or_else(|| panic!("no {code} in {findings:?}"))
    };
    assert_eq!(findings.len(), 4, "{findings:?}");
    assert_eq!(told("letter_case")["better"]["source"], "google");
    assert_eq!(told("unknown_medium")["better"]["channel"], "Email");
    assert_eq!(told("click_without_tags")["click_id"], "gclid");
    assert_eq!(told("placeholder")["better"], Value::Null);
    let path = format!(
        "/api/v1/tagging/link?website_id={site}&url=example.com/pricing&source=Google&medium=cpc&campaign=May+sale"
    );
    assert_eq!(
        get(&server, &key, &path),
        json!({
            "url": "https://example.com/pricing?utm_source=google&utm_medium=cpc&utm_campaign=May_sale",
            "channel": "Paid Search", "problems": [],
        })
    );
    let wrong = server.get_with_key(
        &key,
        &format!(
            "/api/v1/tagging/link?website_id={site}&url=mailto:a@example.com&source=a&medium=b"
        ),
    );
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.text.contains("url: wanted the address of a page"),
        "{}",
        wrong.text
    );
    // The page: each finding leads to its visits, and what strangers wrote is text.
    let cookie = server.person("viewer@example.com", "viewer", &[]);
    let page = |query: &str| {
        server
            .get(
                &format!("/dashboard/tagging?site={site}{query}"),
                &[("cookie", &cookie)],
            )
            .text
    };
    let shown = page("");
    assert!(
        shown.contains("4 of 6 visits (66.7 %) have tags that look wrong"),
        "{shown}"
    );
    assert!(shown.contains("filter=is%3Asource%3Amail"), "{shown}");
    let built = page("&url=https://example.com/&source=%3Cb%3E&medium=cpc");
    assert!(
        built.contains("utm_source=%3Cb%3E") && !built.contains("<b>"),
        "{built}"
    );
    assert!(
        page("&url=mailto:a@example.com&source=a&medium=b").contains("url: wanted the address")
    );
}
