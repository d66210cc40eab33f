//! What ships to visitors, as served: sizes against `wasm-pack.toml`, headers, names with a hash.

use std::collections::BTreeSet;
use std::io::Read;

use crate::server::{Server, set_up};

#[test]
fn scripts_are_within_the_build_sheets_budgets() {
    let sheet: toml::Table = std::fs::read_to_string("wasm-pack.toml")
        .unwrap()
        .parse()
        .unwrap();
    let server = Server::start();
    for (name, script) in sheet["script"].as_table().unwrap() {
        let plain = server.get(&format!("/js/{name}"), &[("accept-encoding", "identity")]);
        assert_eq!(
            plain.header("content-type"),
            Some("text/javascript; charset=utf-8")
        );
        assert!(
            plain
                .header("cache-control")
                .unwrap()
                .contains("max-age=3600")
        );
        assert_eq!(plain.header("access-control-allow-origin"), Some("*"));
        let length = |encoding: &str| {
            let reply = server.get(&format!("/js/{name}"), &[("accept-encoding", encoding)]);
            assert_eq!(reply.header("content-encoding"), Some(encoding));
            reply
                .header("content-length")
                .unwrap()
                .parse::<i64>()
                .unwrap()
        };
        let budget = script["brotli"].as_integer().unwrap();
        assert!(
            length("br") <= budget,
            "{name}: {} > {budget}",
            length("br")
        );
        println!(
            "{name}: raw {}, gzip {}, brotli {}",
            plain.header("content-length").unwrap(),
            length("gzip"),
            length("br")
        );
        let etag = plain.header("etag").unwrap();
        let packed = server.get(&format!("/js/{name}"), &[("accept-encoding", "br")]);
        assert_ne!(
            packed.header("etag"),
            Some(etag),
            "each form has a tag of its own"
        );
        assert_eq!(
            server
                .get(&format!("/js/{name}"), &[("if-none-match", etag)])
                .status,
            304
        );
        let hashed = format!(
            "/js/{}.{}.js",
            name.trim_end_matches(".js"),
            etag.trim_matches('"')
        );
        let forever = server.get(&hashed, &[("accept-encoding", "identity")]);
        assert!(
            forever.status == 200
                && forever
                    .header("cache-control")
                    .unwrap()
                    .contains("immutable")
        );
        assert_eq!(forever.text, plain.text);
    }
    assert_eq!(
        server.get("/js/script.0000000000000000.js", &[]).status,
        404
    );
    assert_eq!(server.get("/js/script.js.br", &[]).status, 404);
}

/// Bytes of the analytics page and of all that it asks for, as browsers get them.
const FIRST_LOAD: usize = 60_000;

#[test]
fn the_analytics_page_is_light_to_load_first() {
    let (server, site, _) = set_up(&[]);
    server.run(&["seed", "--site", &site, "--days", "90", "--events", "5000"]);
    let cookie = server.first("owner@example.com");
    let page = format!("/dashboard/analytics?site={site}");
    let text = server.get(&page, &[("cookie", &cookie)]).text;
    let bytes = |path: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\ncookie: {cookie}\r\naccept-encoding: gzip, br\r\n\r\n",
            server.port
        );
        let mut answer = Vec::new();
        server.open(request).read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
        answer.len()
    };
    let linked: BTreeSet<&str> = text
        .split('"')
        .filter(|word| word.starts_with("/assets/"))
        .collect();
    assert!(linked.contains("/assets/live_bg.js"), "{linked:?}");
    // What the module asks for by itself.
    let all = linked.into_iter().chain(["/assets/live_bg.wasm"]);
    let sizes: Vec<_> = all.map(|path| (path, bytes(path))).collect();
    let all = bytes(&page) + sizes.iter().map(|(_, size)| size).sum::<usize>();
    println!("the analytics page: {all} bytes, of these {sizes:?}");
    assert!(all <= FIRST_LOAD, "{all}: {sizes:?}");
}

#[test]
fn what_is_sent_compressed_is_the_same() {
    let server = Server::start();
    let mut plain = Vec::new();
    let raw = |encoding: &str| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        let request = format!(
            "GET /js/script.plus.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept-encoding: {encoding}\r\n\r\n"
        );
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let body = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        answer.split_off(body)
    };
    brotli::BrotliDecompress(&mut &raw("gzip;q=0.5, br")[..], &mut plain).unwrap();
    assert_eq!(plain, raw("identity"));
    assert_eq!(plain, raw("br;q=0"));
}
