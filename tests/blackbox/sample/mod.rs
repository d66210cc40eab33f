//! Every code sample of the product's page runs as written: here those for backends, in `browser` those for pages; and those
//! of the docs, by what runs each (`docs`, `host`).

pub mod docs;
pub mod host;

use std::process::Command;

use crate::server::Server;

/// The text of a code sample's HTML, as a person copies it.
pub fn plain(html: &str) -> String {
    [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(html.to_owned(), |text, (entity, plain)| {
        text.replace(entity, plain)
    })
}

/// The samples of `/`, by name, as a person copies them.
pub fn samples(server: &Server) -> Vec<(String, String)> {
    let page = server.get("/", &[]).text;
    let samples: Vec<_> = page
        .split("data-sample=\"")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\">").unwrap();
            let text = plain(rest.split_once("</code>").unwrap().0);
            (name.to_owned(), text)
        })
        .collect();
    assert!(samples.len() >= 6);
    samples
}

#[test]
fn samples_for_backends_run_as_written() {
    let server = Server::start();
    let site = server.add_site("example.com");
    let key = server.new_key();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in samples(&server) {
        let (program, file) = match name.as_str() {
            "curl" => ("bash", "sample.sh"),
            "node" => ("node", "sample.mjs"),
            "python" => ("python3", "sample.py"),
            _ => continue,
        };
        let python = std::env::var("ADMX_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
        let program = if program == "python3" {
            python.as_str()
        } else {
            program
        };
        let path = folder.path().join(file);
        std::fs::write(&path, text).unwrap();
        let output = Command::new(program)
            .arg(&path)
            .env("ADMX_KEY", &key)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let events: Vec<_> = server
        .events(&key, &site)
        .iter()
        .map(|e| (e["name"].clone(), e["metadata"].clone()))
        .collect();
    use serde_json::json;
    assert_eq!(
        events,
        [
            (
                json!("Subscription Paid"),
                json!({ "value": 49, "currency": "USD" })
            ),
            (json!("Invoice Sent"), json!({ "seats": 3 })),
            (json!("Report Sent"), json!({ "pages": 12 })),
        ]
    );
}
