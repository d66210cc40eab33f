//! Hostile strings in every place that takes some, opened in Chromium: none runs, with the pages' policy switched off; and
//! with it, nothing would run that got through.

use std::time::Duration;

use serde_json::{Value, json};

use super::block_on;
use super::driver::Browser;
use crate::markup::ground::{HOSTILE, ground};

#[test]
fn nothing_that_was_stored_runs() {
    block_on(async {
        let ground = tokio::task::spawn_blocking(ground).await.unwrap();
        let browser = Browser::start().await;
        let open = async |path: &str| {
            let there = format!("{}{path}", ground.server.url);
            browser.client.goto(&there).await.unwrap();
        };
        open("/login").await;
        browser
            .script(&format!("document.cookie = '{}; path=/'", ground.owner))
            .await;
        let lax = json!({ "enabled": true });
        browser.tools("Page.setBypassCSP", lax).await;
        let site = &ground.site;
        let mut pages = vec![
            format!("/dashboard/analytics?site={site}"),
            format!("/dashboard/by/page?site={site}"),
            format!("/dashboard/by/metadata.plan?site={site}"),
            format!("/dashboard/by/campaign?site={site}"),
            format!("/dashboard/filter?site={site}&dimension=goal"),
            format!("/dashboard/visitors/1?site={site}"),
            format!("/settings/websites/{site}/goals"),
            "/settings/websites".into(),
            "/settings/api-keys".into(),
            "/settings/webhooks".into(),
            "/settings/team".into(),
        ];
        let encoded = |text: &str| -> String {
            let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            text.replace('+', "%20")
        };
        let goals = HOSTILE
            .iter()
            .map(|text| encoded(&format!("goalname{text}")));
        pages.extend(goals.map(|goal| format!("/dashboard/goals/{goal}?site={site}")));
        pages.extend(
            ground
                .begin
                .iter()
                .filter(|p| p.starts_with("/share/"))
                .take(1)
                .cloned(),
        );
        pages.extend(
            ground
                .begin
                .iter()
                .rev()
                .filter(|p| p.starts_with("/login/"))
                .take(1)
                .cloned(),
        );
        for page in pages {
            open(&page).await;
            // A picture that isn't there says so a moment later.
            tokio::time::sleep(Duration::from_millis(60)).await;
            let ran = browser.script("return localStorage.ran ?? null").await;
            assert_eq!(ran, Value::Null, "{page}");
        }
        // The control: it would have run.
        let put = "const box = document.createElement('div'); box.innerHTML = '\"><img src=x onerror=localStorage.ran=1>'; document.body.append(box)";
        let ran = async || {
            browser.script(put).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            browser
                .script("const ran = localStorage.ran ?? null; localStorage.clear(); return ran")
                .await
        };
        assert_eq!(ran().await, json!("1"));
        let strict = json!({ "enabled": false });
        browser.tools("Page.setBypassCSP", strict).await;
        open(&format!("/dashboard/analytics?site={site}")).await;
        assert_eq!(ran().await, Value::Null, "the policy is the second line");
        browser.close().await;
    });
}
