//! Asking in a browser: the palette of every page, and what a language model read.

use std::time::{Duration, Instant};

use fantoccini::key::Key;
use serde_json::json;

use super::axe;
use super::block_on;
use super::driver::Browser;
use crate::chat::{Chat, Says};
use crate::server::Server;

/// Waits until a script answers true.
async fn until(browser: &Browser, script: &str) {
    let began = Instant::now();
    while browser.script(&format!("return ({script})")).await != json!(true) {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{script}\n{}",
            browser.script("return document.body.innerText").await
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_key_opens_the_palette_and_its_question_is_answered() {
    block_on(async {
        let server = Server::start();
        let site = server.add_site("shop.example");
        server.run(&["seed", "--site", &site, "--days", "5", "--events", "200"]);
        let browser = Browser::start().await;
        browser.client.goto(&server.login).await.unwrap();
        browser.left("main button").await;
        until(&browser, "!location.pathname.startsWith('/login/')").await;
        let page = format!("{}/dashboard/analytics?site={site}", server.url);
        browser.client.goto(&page).await.unwrap();
        let is_open = "document.querySelector('[data-palette]').open";
        let has_focus = format!("{is_open} && document.activeElement.id == 'palette'");
        let is_closed = format!("!{is_open} && document.activeElement.matches('.me a')");
        browser
            .script("document.querySelector('.me a').focus()")
            .await;
        // The module that listens comes after the page.
        let began = Instant::now();
        while browser.script(&format!("return {is_open}")).await != json!(true) {
            assert!(began.elapsed() < Duration::from_secs(5), "it opens");
            browser.chord(Key::Control, 'k').await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        until(&browser, &has_focus).await;
        // Away by Escape and by the same keys, and the focus is where it was.
        browser.key(Key::Escape).await;
        until(&browser, &is_closed).await;
        browser.chord(Key::Meta, 'k').await;
        until(&browser, &has_focus).await;
        browser.chord(Key::Control, 'k').await;
        until(&browser, &is_closed).await;
        browser.chord(Key::Control, 'k').await;
        until(&browser, &has_focus).await;
        let field = browser.client.active_element().await.unwrap();
        field
            .send_keys("visitors by day last 3 days")
            .await
            .unwrap();
        browser.key(Key::Enter).await;
        until(
            &browser,
            "location.pathname == '/dashboard/ask' && document.body.innerText.includes('Read as: Visitors by day')",
        )
        .await;
        assert!(
            browser
                .client
                .current_url()
                .await
                .unwrap()
                .query()
                .is_some_and(|query| query.contains(&site))
        );
        // There the keys lead to the page's own field.
        browser
            .script("document.activeElement && document.activeElement.blur()")
            .await;
        let own = "document.activeElement.id == 'question'";
        let began = Instant::now();
        while browser.script(&format!("return {own}")).await != json!(true) {
            assert!(began.elapsed() < Duration::from_secs(5), "the page's field");
            browser.chord(Key::Control, 'k').await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        browser.close().await;
    });
}

#[test]
fn what_a_model_read_and_why_it_didnt_has_no_barrier() {
    block_on(async {
        let chat = Chat::start();
        let url = chat.url();
        let server = Server::with(&["--ask-model-url", &url, "--ask-model", "qwen3:8b"]);
        let site = server.add_site("shop.example");
        server.run(&["seed", "--site", &site, "--days", "40", "--events", "4000"]);
        let axe = axe::axe();
        let browser = Browser::start().await;
        browser.client.goto(&server.login).await.unwrap();
        browser.left("main button").await;
        let read = json!({ "metrics": ["fires", "visitors"], "goals": ["Trial Started"], "dimensions": ["channel"] });
        let mut barriers = Vec::new();
        for (width, scheme) in [
            (1280, "light"),
            (390, "dark"),
            (1280, "dark"),
            (390, "light"),
        ] {
            browser.look(width, scheme).await;
            for (name, says, question, words) in [
                (
                    "read",
                    Says::Text(read.to_string()),
                    "trials+by+channel+banana",
                    "Read by the language model qwen3:8b",
                ),
                (
                    "choose",
                    Says::Raw(503, String::new()),
                    "conversions+please",
                    "The language model’s server answered 503.",
                ),
                (
                    "refuse",
                    Says::Text("{\"refuse\":\"no\"}".into()),
                    "how+many+lead+magnets+downloaded+last+week",
                    "The language model has no reading of it either.",
                ),
            ] {
                chat.says(says);
                let page = format!(
                    "{}/dashboard/ask?site={site}&question={question}",
                    server.url
                );
                browser.client.goto(&page).await.unwrap();
                until(
                    &browser,
                    &format!("document.body.innerText.includes('{words}')"),
                )
                .await;
                let name = format!("ask-model-{name}-{width}-{scheme}");
                for barrier in axe::look(&browser, &axe, &name, width).await {
                    barriers.push(format!("{name}: {barrier}"));
                }
            }
        }
        assert_eq!(barriers, Vec::<String>::new());
        browser.close().await;
    });
}
