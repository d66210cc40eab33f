//! The API against its own description: schemathesis makes requests of it, right and wrong ones, and no answer may be a
//! failure of the server's or one that the description doesn't know.

use std::path::PathBuf;
use std::process::Command;

use admx::http::routes::ROUTES;

use crate::server::{Server, set_up};

fn program() -> Option<PathBuf> {
    let python = std::env::var_os("ADMX_TEST_PYTHON").map(PathBuf::from)?;
    Some(python.with_file_name("schemathesis")).filter(|program| program.exists())
}

#[test]
fn every_route_of_the_api_is_in_the_document() {
    let server = Server::start();
    let reply = server.get("/api/v1/openapi.json", &[]);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut told: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            told.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    let of_api = ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/api/"));
    let mut known: Vec<_> = of_api
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    told.sort();
    known.sort();
    assert_eq!(told, known);
}

#[test]
fn whatever_is_asked_is_answered_as_described() {
    let Some(program) = program() else {
        println!("left out: tests/run installs schemathesis and names it");
        return;
    };
    let (server, site, key) = set_up(&["--rate-key", "0"]);
    let event = format!(r#"{{"website_id":"{site}","name":"Trial","metadata":{{"plan":"pro"}}}}"#);
    assert_eq!(server.post_with_key(&key, event).status, 200);
    let scopes = ["event:write", "analytics:read", "manage"];
    let mut arguments = vec!["key", "new", "--name", "all"];
    arguments.extend(scopes.iter().flat_map(|scope| ["--scope", *scope]));
    let key = server.run(&arguments);
    // What is deleted would be what the other requests need.
    let output = Command::new(program)
        .args(["run", &format!("{}/api/v1/openapi.json", server.url)])
        .args(["--header", &format!("Authorization: Bearer {key}")])
        .args(["--exclude-method", "DELETE", "--seed", "1"])
        // It makes no such files; `transfer` sends them.
        .args(["--exclude-path", "/api/v1/import/events.ndjson"])
        .args(["--max-examples", "10", "--phases", "examples,coverage,fuzzing"])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"])
        .args(["--max-time", "60", "--no-color", "--generation-database", "none"])
        .current_dir(server.data.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
