//! The docs' samples for pages, in Chromium: each sends what it says, by nginx and by Caddy where it goes through them.

use std::process::{Command, Stdio};

use serde_json::json;

use super::block_on;
use super::driver::Browser;
use super::site::{self, Pages};
use crate::sample::docs::{Running, free_port, sample};
use crate::sample::host::nginx;
use crate::server::{Server, set_up, wait_for};

/// The tag with a site's id, for a browser that is driven.
fn tag(server: &Server, page: &str, id: &str, site: &str) -> String {
    let text = sample(server, page, id);
    assert!(text.contains("admx_…"), "{text}");
    let text = text.replace("admx_…", site);
    match text.contains("createElement") {
        true => text.replace(
            "document.head",
            "script.setAttribute('data-allow-automation', ''); script.setAttribute('data-allow-localhost', ''); document.head",
        ),
        false => text.replace("<script ", "<script data-allow-automation data-allow-localhost "),
    }
}

/// Waits until a site has a page view of this host.
fn view(server: &Server, key: &str, site: &str, host: &str) {
    wait_for(host, || {
        let events = server.events(key, site);
        let seen = |event: &serde_json::Value| {
            event["name"].is_null() && event["url"].as_str().is_some_and(|url| url.contains(host))
        };
        events.iter().any(seen).then_some(())
    });
}

#[test]
fn tags_of_the_docs_count() {
    block_on(async {
        let (server, _, key) = set_up(&[]);
        let site = server.add_site("sample.localhost");
        let page = |name| {
            let tag = tag(&server, "install", name, &site);
            (
                format!("<!doctype html><title>t</title><head>{tag}</head><body>"),
                String::new(),
            )
        };
        let (listener, port) = site::listen().await;
        let html = [
            ("a.sample.localhost".to_owned(), page("tag")),
            ("b.sample.localhost".to_owned(), page("gtm-html")),
        ];
        site::serve(
            listener,
            Pages {
                html: html.into(),
                ..Pages::default()
            },
        );
        let browser = Browser::start().await;
        for host in ["b.sample.localhost", "a.sample.localhost"] {
            browser
                .client
                .goto(&format!("http://{host}:{port}/"))
                .await
                .unwrap();
            view(&server, &key, &site, host);
        }
        // Of Shopify there is only what it is asked for: the cart is given the visitor.
        browser
            .script("window.fetch = (to, what) => { window.asked = [to, what] }")
            .await;
        browser
            .script(&sample(&server, "install", "shopify-cart"))
            .await;
        let asked = browser.script("return [asked[0], asked[1].method, JSON.parse(asked[1].body).attributes.admx_visitor_id == admx.visitorId(), admx.visitorId().length]").await;
        assert_eq!(asked, json!(["/cart/update.js", "POST", true, 36]));
        browser.close().await;
    });
}

#[test]
fn first_party_proxies_of_the_docs_pass_script_and_events_on() {
    block_on(async {
        let (server, _, key) = set_up(&["--trusted-proxy", "127.0.0.1"]);
        let site = server.add_site("sample.localhost");
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display().to_string();
        let tag = tag(&server, "proxy", "tag", &site);
        let html = format!("<!doctype html><title>t</title><head>{tag}</head><body>");
        std::fs::create_dir(folder.path().join("pages")).unwrap();
        std::fs::write(folder.path().join("pages/index.html"), html).unwrap();
        // Workers of nginx are somebody else, who has to come in.
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let (one, other) = (free_port(), free_port());
        let conf = sample(&server, "proxy", "nginx-conf");
        let conf = format!(
            "types {{ text/html html; }} server {{ listen {one}; root {here}/pages;\n{conf}\n}}"
        );
        let conf = nginx(folder.path(), &conf).display().to_string();
        let _nginx = Running::start(Command::new("nginx").args(["-e", "stderr", "-c", &conf]));
        let caddy = sample(&server, "proxy", "caddyfile");
        let caddy = format!(
            "{{\n admin off\n}}\nhttp://b.sample.localhost:{other} {{\n{caddy}\nhandle {{\n root * {here}/pages\n file_server\n}}\n}}\n"
        );
        std::fs::write(folder.path().join("Caddyfile"), caddy).unwrap();
        let _caddy = Running::start(
            Command::new("caddy")
                .args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"])
                .current_dir(folder.path())
                .env("HOME", &here)
                .stderr(Stdio::null()),
        );
        let browser = Browser::start().await;
        for (host, port) in [("a.sample.localhost", one), ("b.sample.localhost", other)] {
            wait_for(host, || {
                std::net::TcpStream::connect(("127.0.0.1", port)).ok()
            });
            browser
                .client
                .goto(&format!("http://{host}:{port}/"))
                .await
                .unwrap();
            view(&server, &key, &site, host);
        }
        browser.close().await;
    });
}
