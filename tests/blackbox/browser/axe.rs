//! Every page for people, at a desk and on a phone, light and dark: axe-core finds nothing against WCAG 2.2 AA, and
//! nothing is wider than the window. With `ADMX_SHOTS=FOLDER` in the environment each is put there as a picture.

use serde_json::{Value, json};

use super::block_on;
use super::driver::Browser;
use crate::server::Server;

/// Pages; `SITE` is the site's id.
const PAGES: [&str; 58] = [
    "/",
    "/demo",
    "/login",
    "/login/forgotten",
    "/docs",
    "/docs/install",
    "/docs/goals",
    "/docs/attribution",
    "/docs/mix",
    "/docs/api",
    "/docs/ask",
    "/docs/mcp",
    "/docs/webhooks",
    "/docs/payments",
    "/docs/proxy",
    "/docs/host",
    "/docs/script",
    "/docs/privacy",
    "/docs/csp",
    "/docs/operate",
    "/docs/scaling",
    "/nowhere",
    "/dashboard/analytics?site=SITE&compare=before&filter=is_not:page:/nowhere",
    "/dashboard/analytics?site=SITE&range=today&figure=fires",
    "/dashboard/analytics?site=EMPTY",
    "/dashboard/by/source?site=SITE",
    "/dashboard/by/metadata.plan?site=SITE",
    "/dashboard/filter?site=SITE&dimension=goal",
    "/dashboard/goals/Trial%20Started?site=SITE",
    "/dashboard/visitors/1?site=SITE",
    "/dashboard/attribution?site=EMPTY",
    "/dashboard/cohorts?site=EMPTY",
    "/dashboard/mix?site=EMPTY",
    "/dashboard/mix?site=SITE&goals=Trial%20Started&organic=Organic%20Search",
    "/dashboard/attribution?site=SITE&range=90d&goals=Trial%20Started&of=value:Email",
    "/dashboard/cohorts?site=SITE&range=90d&returns=Trial%20Started&of=all",
    "/dashboard/cohorts?site=SITE&range=90d&measure=revenue&fired=Trial%20Started&predict=true",
    "/dashboard/experiments?site=SITE&range=90d&goals=Trial%20Started&variant_key=plan&experiment_key=none",
    "/dashboard/experiments?site=EMPTY",
    "/dashboard/tagging?site=SITE&url=https://shop.example/&source=acme&medium=e-mial",
    "/dashboard/tagging?site=EMPTY",
    "/dashboard/ask?site=SITE",
    "/dashboard/ask?site=SITE&question=Trial%20Started%20by%20channel%20last%2030%20days",
    "/dashboard/ask?site=SITE&question=conversions",
    "/dashboard/funnels?site=SITE&step=page:/&step=goal:Trial%20Started",
    "/settings/websites",
    "/settings/websites/SITE",
    "/settings/websites/SITE/goals",
    "/settings/websites/SITE/spend",
    "/settings/websites/SITE/controls",
    "/settings/websites/SITE/share",
    "/settings/websites/SITE/payments",
    "/settings/api-keys",
    "/settings/reports",
    "/settings/rates",
    "/settings/webhooks",
    "/settings/team",
    "/settings/account",
];

/// Rules of WCAG 2.0 to 2.2, levels A and AA.
const RULES: &str = "{ runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }, resultTypes: ['violations'] }";

/// The script that looks for barriers.
pub fn axe() -> String {
    let modules = std::env::var("ADMX_TEST_NPM").expect("tests/run says where packages are");
    std::fs::read_to_string(format!("{modules}/node_modules/axe-core/axe.min.js"))
        .expect("tests/run installed axe-core")
}

/// Barriers of the page that is open; a picture of it under this name where pictures are wanted.
pub async fn look(browser: &Browser, axe: &str, name: &str, width: u32) -> Vec<String> {
    browser.script(axe).await;
    if let Ok(folder) = std::env::var("ADMX_SHOTS") {
        let name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let file = format!("{folder}/{}.webp", name.trim_matches('-'));
        let picture = browser.picture(width).await;
        std::fs::write(file, picture).unwrap();
    }
    let run = format!(
        "const done = arguments[arguments.length - 1]; axe.run({RULES}).then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 150)).join(' '))), e => done([String(e)]))"
    );
    let found = browser
        .client
        .execute_async(&run, Vec::new())
        .await
        .unwrap();
    let wide = browser.script("const d = document.documentElement; return d.scrollWidth > d.clientWidth ? ['wider than the window: ' + d.scrollWidth] : []").await;
    let lists = [found, wide];
    let all = lists.iter().flat_map(|list| list.as_array().unwrap());
    all.map(|barrier| barrier.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn no_page_has_a_barrier() {
    block_on(async {
        let server = Server::start();
        let (site, empty) = (
            server.add_site("shop.example"),
            server.add_site("empty.example"),
        );
        server.run(&["seed", "--site", &site, "--days", "40", "--events", "4000"]);
        let axe = axe();
        let browser = Browser::start().await;
        browser.client.goto(&server.login).await.unwrap();
        browser.left("main button").await;
        let mut barriers = Vec::new();
        for (width, scheme) in [
            (1200, "light"),
            (390, "dark"),
            (1200, "dark"),
            (390, "light"),
        ] {
            browser.look(width, scheme).await;
            for page in PAGES {
                let path = page.replace("SITE", &site).replace("EMPTY", &empty);
                browser
                    .client
                    .goto(&format!("{}{path}", server.url))
                    .await
                    .unwrap();
                let name = page
                    .replace("?site=SITE", "")
                    .replace("?site=EMPTY", "-empty")
                    .replace("SITE", "site");
                for barrier in
                    look(&browser, &axe, &format!("{name}-{width}-{scheme}"), width).await
                {
                    barriers.push(format!("{page} {width} {scheme}: {barrier}"));
                }
            }
        }
        assert_eq!(json!(barriers), Value::Array(Vec::new()));
        browser.close().await;
    });
}
