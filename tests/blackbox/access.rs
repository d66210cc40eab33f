//! Each route of the table for each kind of caller: what the table says a route needs is what the server asks for.

use admx::account::{Role, Scope};
use admx::http::access::Needs;
use admx::http::routes::{ROUTES, Route};

use crate::server::{OWN, Server};

/// Who asks: by which header, and what they are.
struct Caller {
    name: &'static str,
    header: (&'static str, String),
    role: Option<Role>,
    scope: Option<Scope>,
}

/// What a caller is answered by what stands in front of the handlers.
#[derive(Debug, PartialEq)]
enum Door {
    Open,
    /// Sent to where one logs in.
    LogIn,
    Shut(u16),
}

fn expected(route: &Route, caller: &Caller) -> Door {
    let by_role = |needed: Role, closed: Door| match caller.role {
        Some(role) if role >= needed => Door::Open,
        Some(_) => Door::Shut(403),
        None => closed,
    };
    match route.needs {
        Needs::Nothing | Needs::Path | Needs::Sender => Door::Open,
        // The tests are on this machine.
        Needs::Metrics => Door::Open,
        Needs::Login(role) => by_role(role, Door::LogIn),
        Needs::KeyOrLogin if caller.scope.is_some() => Door::Open,
        Needs::KeyOrLogin => by_role(Role::Viewer, Door::Shut(401)),
        Needs::Scope(scope, role) => match caller.scope {
            Some(own) if own == scope => Door::Open,
            Some(_) => Door::Shut(403),
            None => by_role(role, Door::Shut(401)),
        },
    }
}

#[test]
fn every_route_asks_for_what_the_table_says() {
    let server = Server::start();
    server.person("owner@example.com", "owner", &[]);
    let key = |scope: &str| {
        let key = server.run(&["key", "new", "--name", scope, "--scope", scope]);
        ("authorization", format!("Bearer {key}"))
    };
    let login = |role: &str| {
        let cookie = server.person(&format!("{role}.2@example.com"), role, &[]);
        ("cookie", cookie)
    };
    let caller = |name, header, role, scope| Caller {
        name,
        header,
        role,
        scope,
    };
    let callers = [
        caller("nobody", ("x-nothing", String::new()), None, None),
        caller(
            "a stranger",
            ("cookie", "admx_login=nonsense".into()),
            None,
            None,
        ),
        caller("a viewer", login("viewer"), Some(Role::Viewer), None),
        caller("an editor", login("editor"), Some(Role::Editor), None),
        caller("an owner", login("owner"), Some(Role::Owner), None),
        caller(
            "a sender",
            key("event:write"),
            None,
            Some(Scope::EventWrite),
        ),
        caller(
            "a reader",
            key("analytics:read"),
            None,
            Some(Scope::AnalyticsRead),
        ),
        caller("a manager", key("manage"), None, Some(Scope::Manage)),
    ];
    // Of what they ask for there is nothing, so that no row changes what the next one finds.
    let fill = |path: &str| {
        path.replace("{website_id}", "admx_nowhere")
            .replace("{id}", "999999")
            .replace("{user}", "999999")
            .replace("{link}", "nowhere")
            .replace("{file}", "nowhere")
    };
    for route in ROUTES {
        if matches!(route.path, "/logout" | "/settings/team/leave")
            || route.path.ends_with("/live")
            || route.path == "/settings/account/logins/revoke"
        {
            // These change the caller or don't end; they have tests of their own.
            continue;
        }
        for caller in &callers {
            let headers = [(caller.header.0, &*caller.header.1), OWN];
            let reply = server.ask(route.method.as_str(), &fill(route.path), &headers, "");
            let to_login = reply
                .header("location")
                .is_some_and(|to| to.starts_with("/login"));
            let is_role = reply.text.contains("this needs the role");
            let is_scope = reply.text.contains("insufficient_scope");
            let door = match reply.status {
                303 if to_login => Door::LogIn,
                401 if route.needs != Needs::Sender => Door::Shut(401),
                403 if is_role || is_scope && route.needs != Needs::Sender => Door::Shut(403),
                status => {
                    assert!(
                        status < 500,
                        "{} {}: {}",
                        route.method,
                        route.path,
                        reply.text
                    );
                    Door::Open
                }
            };
            assert_eq!(
                door,
                expected(route, caller),
                "{} {} for {}: {} {}",
                route.method,
                route.path,
                caller.name,
                reply.status,
                reply.text
            );
        }
    }
}

#[test]
fn a_route_says_what_it_is_for_and_stands_once() {
    let mut seen = std::collections::HashSet::new();
    for route in ROUTES {
        assert!(seen.insert((&route.method, route.path)), "{}", route.path);
        assert!(!route.summary.is_empty() && !route.summary.ends_with('.'));
        let changes = !matches!(route.method.as_str(), "GET" | "OPTIONS");
        let is_open = matches!(route.needs, Needs::Nothing);
        assert!(
            !(changes && is_open)
                || ["/login", "/invitation", "/share"]
                    .iter()
                    .any(|p| route.path.starts_with(p)),
            "{} {}",
            route.method,
            route.path
        );
        // What any page may send does one thing, which the path has to name, or it is signed.
        assert!(
            route.needs != Needs::Path
                || route.path == "/unsubscribe/{token}"
                || matches!(
                    route.path,
                    "/api/v1/webhooks/stripe/{website_id}" | "/api/v1/webhooks/paddle/{website_id}"
                ),
            "{}",
            route.path
        );
    }
}

#[test]
fn no_form_is_taken_from_another_site() {
    let server = Server::start();
    let cookie = server.person("owner@example.com", "owner", &[]);
    let host = server.url.strip_prefix("http://").unwrap().to_owned();
    let same = format!("http://{host}");
    let rows: [(&[(&str, &str)], bool); 8] = [
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "none")], false),
        (
            &[("sec-fetch-site", "cross-site"), ("origin", &same)],
            false,
        ),
        (&[("origin", &same)], true),
        (&[("origin", "https://evil.test")], false),
        (&[], false),
    ];
    for route in ROUTES {
        let is_change = !matches!(route.method.as_str(), "GET" | "OPTIONS");
        let is_anybodys = matches!(route.needs, Needs::Sender | Needs::Path);
        if !is_change || is_anybodys || route.path == "/logout" {
            continue;
        }
        // Agents show a key; a cookie means nothing there.
        if ["/settings/team/leave", "/mcp"].contains(&route.path) {
            continue;
        }
        let path = route
            .path
            .replace("{website_id}", "admx_nowhere")
            .replace("{id}", "999999")
            .replace("{user}", "999999")
            .replace("{link}", "nowhere");
        for (headers, is_taken) in rows {
            let headers = [headers, &[("cookie", &*cookie)]].concat();
            let reply = server.ask(route.method.as_str(), &path, &headers, "");
            let is_refused =
                reply.status == 403 && reply.text.contains("not sent by a page of this server");
            assert_eq!(
                is_refused, !is_taken,
                "{} {path} {headers:?}: {} {}",
                route.method, reply.status, reply.text
            );
        }
    }
}
