//! What people keep beside a site's numbers, and what everybody sees who has its public link.

use serde_json::json;

use crate::page::log_in;
use crate::server::{Reply, Server};

/// Posts a form as a page of our own does.
fn form(server: &Server, cookie: &str, path: &str, body: &str) -> Reply {
    let fields: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).collect();
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    server.form(path, cookie, &fields)
}

fn set_up() -> (Server, String, String) {
    let server = Server::start();
    let site = server.add_site("shop.example");
    let key = server.new_key();
    for metadata in [json!({ "plan": "secret-plan" }), json!({})] {
        let event = json!({ "website_id": site, "name": "Trial", "anonymous_id": "v1", "url": "https://shop.example/pricing", "metadata": metadata });
        assert_eq!(server.post_with_key(&key, event.to_string()).status, 200);
    }
    let cookie = log_in(&server);
    (server, site, cookie)
}

#[test]
fn notes_and_views_are_kept_and_taken_away() {
    let (server, site, cookie) = set_up();
    let page = format!("/dashboard/analytics?site={site}");
    let get = |path: &str| server.get(path, &[("cookie", &cookie)]).text;
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let note =
        format!("site={site}&day={today}&text=New+%3Cb%3Eprices&back=analytics%3Fsite%3D{site}");
    let reply = form(&server, &cookie, "/dashboard/notes", &note);
    assert_eq!(
        (reply.status, reply.header("location")),
        (
            303,
            Some(format!("/dashboard/analytics?site={site}").as_str())
        )
    );
    let shown = get(&page);
    assert!(shown.contains("New &#60;b&#62;prices") && shown.contains("class=\"noted\""));
    assert!(!shown.contains("New <b>"));
    let view = format!("site={site}&name=Week&back=analytics%3Fsite%3D{site}%26range%3D7d");
    assert_eq!(
        form(&server, &cookie, "/dashboard/views", &view).status,
        303
    );
    assert!(get(&page).contains(&format!(
        "/dashboard/analytics?site={site}&#38;range=7d\"><bdi>Week"
    )));
    // What leads elsewhere is refused or led back.
    for back in [
        "https://evil.test/",
        "//evil.test",
        "settings?x",
        "goals/..%2F..%2Fx",
    ] {
        let body = format!("site={site}&name=x&back={back}");
        assert_eq!(
            form(&server, &cookie, "/dashboard/views", &body).status,
            400,
            "{back}"
        );
        let body = format!("site={site}&day={today}&text=x&back={back}");
        let reply = form(&server, &cookie, "/dashboard/notes", &body);
        assert_eq!(
            reply.header("location"),
            Some("/dashboard/analytics"),
            "{back}"
        );
    }
    let gone = format!("site={site}&back=analytics");
    for path in ["/dashboard/notes/1/remove", "/dashboard/views/1/remove"] {
        assert_eq!(form(&server, &cookie, path, &gone).status, 303);
        assert_eq!(form(&server, &cookie, path, &gone).status, 404);
    }
    let shown = get(&page);
    assert!(!shown.contains("New &#60;b&#62;prices") && !shown.contains("<bdi>Week"));
}

#[test]
fn a_public_link_shows_sums_and_nothing_more() {
    let (server, site, cookie) = set_up();
    let settings = format!("/settings/websites/{site}/share");
    let link = || {
        let page = server.get(&settings, &[("cookie", &cookie)]).text;
        let from = page.find("/share/").unwrap();
        page[from..from + "/share/".len() + 22].to_owned()
    };
    assert_eq!(form(&server, &cookie, &settings, "password=").status, 303);
    let first = link();
    let numbers = server.get(&format!("{first}/analytics"), &[]);
    assert_eq!(numbers.status, 200);
    assert!(numbers.text.contains("Trial") && numbers.text.contains("noindex"));
    for secret in ["secret-plan", "/dashboard/", "visitors/", "/settings"] {
        assert!(!numbers.text.contains(secret), "{secret}");
    }
    assert_eq!(server.get(&format!("{first}/by/page"), &[]).status, 200);
    assert!(
        !server
            .get(&format!("{first}/filter"), &[])
            .text
            .contains("plan")
    );
    for path in [
        "by/metadata.plan",
        "filter?dimension=metadata.plan",
        "analytics?filter=is:metadata.plan:pro",
        "analytics?filters=[[\"or\",[[\"is\",\"metadata.plan\",[\"pro\"]]]]]",
    ] {
        let path = path.replace('"', "%22");
        assert_eq!(
            server.get(&format!("{first}/{path}"), &[]).status,
            400,
            "{path}"
        );
    }
    for path in ["goals/Trial", "visitors/1", "funnels"] {
        assert_eq!(
            server.get(&format!("{first}/{path}"), &[]).status,
            404,
            "{path}"
        );
    }
    // Another one, with a password: the first has ended.
    let password = "password=correct+horse+battery";
    assert_eq!(form(&server, &cookie, &settings, password).status, 303);
    let second = link();
    assert_eq!(server.get(&format!("{first}/analytics"), &[]).status, 404);
    let asked = server.get(&format!("{second}/analytics"), &[]);
    assert!(asked.status == 200 && !asked.text.contains("Trial"));
    assert_eq!(form(&server, "", &second, "password=wrong").status, 403);
    let entered = form(&server, "", &second, password);
    let proof = entered
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let shown = |proof: &str| server.get(&format!("{second}/analytics"), &[("cookie", proof)]);
    assert!(shown(&proof).text.contains("Trial"));
    assert!(!shown("admx_share=0").text.contains("Trial"));
    assert_eq!(
        form(&server, &cookie, &format!("{settings}/end"), "").status,
        303
    );
    assert_eq!(shown(&proof).status, 404);
}
