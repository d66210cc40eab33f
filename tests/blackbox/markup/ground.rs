//! A server on which every place that takes a string holds hostile ones.

use serde_json::json;

use super::check;
use crate::server::{AGENT, OWN, Reply, Server};

/// What would run, or be markup, if a page took it for anything but text. Run, each leaves a note in the browser.
pub const HOSTILE: [&str; 16] = [
    "<script>localStorage.ran=1</script>",
    "\"><img src=x onerror=localStorage.ran=1>",
    "'><hostile a='",
    "\" onmouseover=\"localStorage.ran=1\" autofocus onfocus=\"localStorage.ran=1\" hostile=\"",
    "' onfocus='localStorage.ran=1' autofocus hostile='",
    "javascript:localStorage.ran=1",
    "java\tscript:localStorage.ran=1",
    "data:text/html,<script>localStorage.ran=1</script>",
    "</script></title></style></textarea><svg onload=localStorage.ran=1>",
    "--><hostile><!--",
    "]]><hostile><![CDATA[",
    "&lt;hostile&gt;&quot; onclick=localStorage.ran=1",
    "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "\u{202e}\u{2066}<hostile>\u{200f}",
    "`><hostile onclick=localStorage.ran=1>`",
    "LONG",
];

/// A hostile string for a place that takes `most` characters. The place's name is in front, so that it is seen where it
/// came to, but for strings that must be whole.
fn hostile(place: &str, nth: usize, most: usize) -> String {
    let text = match HOSTILE[nth] {
        "LONG" => "<hostile>".repeat(most / 9),
        text => text.to_owned(),
    };
    let whole = match text.contains("script:") || text.starts_with("data:") {
        true => text,
        false => format!("{place}{text}"),
    };
    whole.chars().take(most).collect()
}

/// A server on which every place holds them all, who owns it, and where to begin looking.
pub struct Ground {
    pub server: Server,
    pub owner: String,
    pub site: String,
    /// Pages to begin looking at.
    pub begin: Vec<String>,
}

/// Places, by the mark that their strings begin with, and whether a page shows it.
pub const PLACES: [&str; 22] = [
    "goalname",
    "metakey",
    "metavalue",
    "referrer",
    "pagepath",
    "utmsource",
    "utmcampaign",
    "visitorid",
    "userid",
    "workspace",
    "sitename",
    "member",
    "invited",
    "note",
    "savedview",
    "keyname",
    "hookgoal",
    "hookurl",
    "setgoal",
    "described",
    "spentwith",
    "spenton",
];

pub fn ground() -> Ground {
    let server = Server::start();
    let site = server.add_site("shop.example");
    let key = server.new_key();
    let owner = server.first("owner@example.com");
    let mut begin = vec![
        format!("/dashboard/analytics?site={site}"),
        // No link leads there: they come by mail.
        "/login/password/nowhere".to_owned(),
        "/unsubscribe/nowhere".to_owned(),
    ];
    let post = |path: &str, fields: &[(&str, &str)]| server.form(path, &owner, fields);
    // What was refused in words is on a page too, and that is looked at as well.
    let refused = |reply: &Reply, path: &str| {
        assert!(
            reply.status < 500,
            "{path}: {} {}",
            reply.status,
            reply.text
        );
        if reply.text.contains("<!doctype") {
            check(path, &reply.text);
        }
    };
    for nth in 0..HOSTILE.len() {
        let text = |place: &str, most| hostile(place, nth, most);
        let escaped = |place: &str, most| {
            url::form_urlencoded::byte_serialize(text(place, most).as_bytes()).collect::<String>()
        };
        // By key and by browser, with the string as it is and escaped; some are refused, and then are nowhere.
        for (raw, plain) in [(true, false), (false, true)] {
            let part = |place, most| {
                if raw {
                    text(place, most)
                } else {
                    escaped(place, most)
                }
            };
            let event = json!({
                "website_id": site,
                "name": if plain { json!(text("goalname", 100)) } else { json!(null) },
                "anonymous_id": text("visitorid", 60),
                "user_id": text("userid", 60),
                "url": format!(
                    "https://shop.example/{}?utm_source={}&utm_medium={}&utm_campaign={}&utm_term={}&utm_content={}",
                    part("pagepath", 200), part("utmsource", 100), part("utmmedium", 100), part("utmcampaign", 100),
                    part("utmterm", 100), part("utmcontent", 100),
                ),
                "referrer": match nth % 2 {
                    0 => text("referrer", 200),
                    _ => format!("https://from.example/{}", part("referrer", 200)),
                },
                "metadata": if plain { json!({ text("metakey", 100): text("metavalue", 500), "plan": text("metavalue", 50) }) } else { json!(null) },
            });
            let event: serde_json::Map<_, _> = event
                .as_object()
                .unwrap()
                .clone()
                .into_iter()
                .filter(|(_, v)| !v.is_null())
                .collect();
            let reply = server.post_with_key(&key, serde_json::to_string(&event).unwrap());
            assert!(reply.status < 500, "{}", reply.text);
            let visible: String = text("agent", 200)
                .chars()
                .filter(|c| c.is_ascii() && !c.is_ascii_control())
                .collect();
            let agent = format!("{AGENT} {visible}");
            let origin = ("origin", "https://shop.example");
            let mut event = event;
            event.remove("user_id");
            event.insert("anonymous_id".into(), json!(format!("v{nth}")));
            let reply = server.post(
                &[origin, ("user-agent", &agent)],
                serde_json::to_string(&event).unwrap(),
            );
            assert!(reply.status < 500, "{}", reply.text);
        }
        let name = text("setgoal", 100);
        let goals = format!("/settings/websites/{site}/goals");
        let (names, described) = (text("goalname", 100), text("described", 500));
        let set = [
            ("name", &*name),
            ("names", &*names),
            ("description", &*described),
            ("value", "9.90"),
            ("currency", "USD"),
        ];
        // Half of the goals are set, half stay as they came.
        if nth % 2 == 0 {
            refused(&post(&goals, &set), &goals);
        }
        let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        // What it cost: taken by the API, refused by the form.
        let spent = json!({ "rows": [{
            "date": today, "channel": "Email", "amount": 1, "currency": "EUR", "source": text("spentwith", 200),
            "campaign": text("spenton", 200),
        }] });
        let headers = [
            ("cookie", &*owner),
            ("content-type", "application/json"),
            OWN,
        ];
        let path = format!("/api/v1/spend?website_id={site}");
        refused(
            &server.ask("POST", &path, &headers, spent.to_string()),
            &path,
        );
        let rows = format!(
            "date,channel,amount,currency\n{today},\"{}\",1,EUR",
            text("x", 100).replace('"', "\"\"")
        );
        let body = format!(
            "--X\r\nContent-Disposition: form-data; name=\"rows\"\r\n\r\n{rows}\r\n--X--\r\n"
        );
        let headers = [
            ("cookie", &*owner),
            ("content-type", "multipart/form-data; boundary=X"),
            OWN,
        ];
        let path = format!("/settings/websites/{site}/spend");
        refused(&server.ask("POST", &path, &headers, body), &path);
        let back = format!(
            "analytics?site={site}&filter=is:page:{}",
            escaped("back", 40)
        );
        for (path, fields) in [
            (
                "/dashboard/notes",
                [
                    ("site", &*site),
                    ("day", &*today),
                    ("text", &*text("note", 90)),
                    ("back", &*back),
                ],
            ),
            (
                "/dashboard/views",
                [
                    ("site", &*site),
                    ("name", &*text("savedview", 90)),
                    ("back", &*back),
                    ("x", ""),
                ],
            ),
        ] {
            refused(&post(path, &fields), path);
        }
        let path = "/settings/api-keys";
        refused(
            &post(path, &[("name", &text("keyname", 90)), ("scope", "manage")]),
            path,
        );
        let path = "/settings/webhooks";
        let address = format!(
            "https://hooks.example/{}",
            part_of_url(&text("hookurl", 200))
        );
        refused(
            &post(
                path,
                &[
                    ("url", &*address),
                    ("website_id", &site),
                    ("goal", &text("hookgoal", 100)),
                    ("metric", "fires"),
                    ("is", "over"),
                ],
            ),
            path,
        );
        refused(
            &post(
                path,
                &[
                    ("url", &text("hookurl", 200)),
                    ("website_id", &site),
                    ("goal", "x"),
                ],
            ),
            path,
        );
        let path = "/settings/team/invitations";
        let email = format!("{}@evil.test", text("invited", 60).replace([' ', '\t'], ""));
        let invited = post(path, &[("email", &email), ("role", "viewer")]);
        refused(&invited, path);
        if let Some((_, rest)) = invited.text.split_once("<code id=\"new-link\">") {
            begin.push(server.path(rest.split('<').next().unwrap()).to_owned());
        }
        let path = "/settings/websites";
        let site_name = format!("{}.example", text("sitename", 40));
        refused(
            &post(
                path,
                &[
                    ("domain", &site_name),
                    ("timezone", "UTC"),
                    ("hosts", &text("host", 40)),
                ],
            ),
            path,
        );
        for path in [
            "/login",
            "/welcome",
            "/settings/account/password",
            "/settings/websites/x",
            "/login/x",
        ] {
            let (hostile, long) = (text("x", 60), text("x", 3000));
            refused(
                &post(
                    path,
                    &[
                        ("email", &hostile),
                        ("password", &long),
                        ("next", &hostile),
                        ("domain", &hostile),
                    ],
                ),
                path,
            );
        }
        // What stands in an address is no better.
        let word = escaped("word", 60);
        begin.extend([
            format!("/{word}"),
            format!("/login?next={word}"),
            format!("/login/{word}"),
            format!("/invitation/{word}"),
            format!("/share/{word}"),
            format!("/dashboard/analytics?site={word}"),
            format!("/dashboard/analytics?site={site}&range={word}&figure={word}&compare={word}&reserved={word}"),
            format!("/dashboard/analytics?site={site}&filter=is:page:{word}&filter={word}&filter=is:{word}:x"),
            format!("/dashboard/by/{word}?site={site}"),
            format!("/dashboard/by/metadata.{word}?site={site}"),
            format!("/dashboard/goals/{word}?site={site}&by=metadata.{word}&before={word}"),
            format!("/dashboard/filter?site={site}&dimension={word}&q={word}"),
            format!("/dashboard/funnels?site={site}&step=goal:{word}&step=page:{word}&step={word}"),
            format!("/settings/websites/{site}/goals?name={word}&id={word}"),
            format!("/settings/websites/{site}/spend?added={word}&replaced={word}&deleted={word}"),
            format!("/dashboard/attribution?site={site}&by=source&goals={word}"),
            format!("/dashboard/experiments?site={site}&goals={word}&experiment_key={word}&variant_key={word}&experiment={word}&control={word}"),
            format!("/dashboard/experiments?site={site}&experiment_key=none&variant_key=plan&weight={word}"),
            format!("/dashboard/attribution?site={site}&by=campaign&goals={word}"),
            format!("/dashboard/mix?site={site}&goals={word}&event=e{word}:2026-11-01"),
            format!("/dashboard/mix?site={site}&outcome={word}&channel={word}"),
        ]);
    }
    // One string in each place of which there is one, all of them in what was named last.
    let every = HOSTILE[1];
    for nth in [0, 1, 8, 14] {
        let name = hostile("workspace", nth, 90);
        refused(
            &post("/settings/workspace/name", &[("name", &name)]),
            "workspace",
        );
        let name = hostile("sitename", nth, 90);
        let path = format!("/settings/websites/{site}");
        refused(&post(&path, &[("name", &name), ("timezone", "UTC")]), &path);
    }
    let email = format!("member{}@evil.test", every.replace(' ', "/"));
    server.run(&[
        "user",
        "add",
        &email,
        "--role",
        "editor",
        "--base-url",
        &server.url,
    ]);
    let share = format!("/settings/websites/{site}/share");
    assert_eq!(post(&share, &[("password", "")]).status, 303);
    let text = server.get(&share, &[("cookie", &owner)]).text;
    let from = text.find("/share/").unwrap();
    begin.push(text[from..from + "/share/".len() + 22].to_owned());
    let link = server.run(&["user", "link", &email, "--base-url", &server.url]);
    begin.push(server.path(&link).to_owned());
    Ground {
        server,
        owner,
        site,
        begin,
    }
}

/// A string as a part of an address, where only what ends one is escaped.
fn part_of_url(text: &str) -> String {
    text.replace([' ', '\t'], "+").replace('#', "%23")
}
