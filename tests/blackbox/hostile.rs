//! What strangers send: none of it crashes the server, none of it stores half.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::server::Server;

/// Sends bytes and gives all that comes back until the server closes.
fn talk(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // The server may close while we still send.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(length: usize) -> String {
    format!(
        "POST /api/event HTTP/1.1\r\nhost: x\r\norigin: https://example.com\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[test]
fn bodies_that_are_no_events() {
    let server = Server::start();
    let site = server.add_site("example.com");
    let key = server.new_key();
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let metadata = |json: &str| {
        format!(r#"{{"website_id":"{site}","name":"x","metadata":{json}}}"#).into_bytes()
    };
    let raw = |record: &str, times: usize| {
        let records = vec![record; times].join("\n");
        serde_json::json!({ "raw": { "v": 2, "now": 1, "records": records } })
            .to_string()
            .into_bytes()
    };
    let rows: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "invalid_body"),
        (b" ".to_vec(), "invalid_body"),
        (b"{".to_vec(), "invalid_body"),
        (b"{}}".to_vec(), "invalid_body"),
        (b"null".to_vec(), "invalid_body"),
        (b"{\"name\":\"x\",}".to_vec(), "invalid_body"),
        (b"{\"name\":\"a\",\"name\":\"b\"}".to_vec(), "invalid_body"),
        (b"{\"name\":\"\xff\xfe\"}".to_vec(), "invalid_body"),
        (b"\xef\xbb\xbf{\"name\":\"x\"}".to_vec(), "invalid_body"),
        (deep("[", "]").into_bytes(), "invalid_body"),
        (deep("{\"a\":", "}").into_bytes(), "invalid_body"),
        (
            metadata(&format!("{{\"a\":{}}}", deep("[", "]"))),
            "metadata_too_large",
        ),
        (metadata("{\"a\":tru}"), "invalid_body"),
        (b"{\"raw\":{}}".to_vec(), "invalid_body"),
        (b"{\"raw\":7}".to_vec(), "invalid_body"),
        (b"[{\"raw\":{}},{\"raw\":{}}]".to_vec(), "invalid_body"),
        (raw("x", 101), "invalid_body"),
        (raw(&"x".repeat(70_000), 1), "body_too_large"),
    ];
    for (body, code) in rows {
        let reply = server.post(&[("origin", "https://example.com")], &body);
        assert_eq!(
            reply.code(),
            code,
            "{:.80} → {}",
            String::from_utf8_lossy(&body),
            reply.text
        );
        assert!((400..500).contains(&reply.status));
    }
    assert!(server.events(&key, &site).is_empty());
    // Depth within the limit costs no goal.
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(3000), "]".repeat(3000));
    assert_eq!(
        server
            .post(&[("origin", "https://example.com")], metadata(&deep))
            .status,
        200
    );
    assert_eq!(
        server
            .get_with_key(&key, "/api/v1/export/events.ndjson")
            .text
            .matches('[')
            .count(),
        3000
    );
    // A half of a surrogate pair costs no goal.
    assert_eq!(
        server
            .post(
                &[("origin", "https://example.com")],
                metadata(r#"{"a":"\ud83d"}"#)
            )
            .status,
        200
    );
    assert!(
        server
            .get_with_key(&key, "/api/v1/export/events.ndjson")
            .text
            .contains("{\"a\":\"\u{fffd}\"}")
    );
}

#[test]
fn requests_that_are_none() {
    let server = Server::start();
    let long = "x".repeat(100_000);
    for (bytes, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n"), "431"),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "4"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200)), "431"),
        ("POST /api/event HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".into(), "400"),
        ("POST /api/event HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".into(), "400"),
    ] {
        let answer = talk(&server, bytes.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{bytes:.60} → {answer:.100}");
    }
    for (method, path, allow) in [
        ("GET", "/api/event", "POST"),
        ("DELETE", "/api/v1/analytics/goals", "GET"),
        ("POST", "/demo", "GET"),
    ] {
        let answer = talk(
            &server,
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes(),
        );
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
        let allowed = answer
            .lines()
            .find_map(|l| l.strip_prefix("allow: "))
            .expect("405 says what is allowed");
        assert!(allowed.contains(allow), "{allowed}");
    }
    assert_eq!(server.get("/healthz", &[]).status, 200);
}

#[test]
fn a_body_that_is_too_large_is_cut_off_while_it_is_read() {
    let server = Server::start();
    // 100 MB are announced; hardly more than the limit is ever taken.
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream.write_all(request(100_000_000).as_bytes()).unwrap();
    let chunk = vec![b' '; 65_536];
    let sent = (0..1600)
        .take_while(|_| stream.write_all(&chunk).is_ok())
        .count();
    assert!(sent < 1000, "{sent} chunks of 64 KiB were taken");
    // A client that sends its whole body hears why it was refused.
    let body = vec![b'x'; 70_000];
    let answer = talk(&server, &[request(body.len()).as_bytes(), &body].concat());
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"),
        "{answer:.200}"
    );
    // Without a length, too.
    let chunked = format!(
        "POST /api/event HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{}0\r\n\r\n",
        format!("1000\r\n{}\r\n", "y".repeat(4096)).repeat(17)
    );
    assert!(talk(&server, chunked.as_bytes()).contains("body_too_large"));
}

#[test]
fn a_client_that_is_slow_is_let_go_after_ten_seconds() {
    let server = Server::start();
    let seconds = |bytes: String| {
        let began = Instant::now();
        let answer = talk(&server, bytes.as_bytes());
        (began.elapsed().as_secs(), answer)
    };
    let (headers, body, idle) = std::thread::scope(|scope| {
        let headers = scope.spawn(|| seconds("POST /api/event HTTP/1.1\r\nhost:".into()));
        let body = scope.spawn(|| seconds(request(100) + "{"));
        let idle = scope.spawn(|| seconds("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".into()));
        (
            headers.join().unwrap(),
            body.join().unwrap(),
            idle.join().unwrap(),
        )
    });
    for (what, (seconds, _)) in [("headers", &headers), ("body", &body), ("idle", &idle)] {
        assert!(
            (9..=12).contains(seconds),
            "{what}: closed after {seconds} s"
        );
    }
    assert!(body.1.contains("request_timeout"), "{}", body.1);
}

#[test]
fn a_client_that_hangs_up_stores_nothing_half() {
    let server = Server::start();
    let site = server.add_site("example.com");
    let key = server.new_key();
    let body = format!(
        r#"[{{"website_id":"{site}","name":"whole"}},{{"website_id":"{site}","name":"whole"}}]"#
    );
    for cut in [1, body.len() / 2, body.len() - 1] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.write_all(request(body.len()).as_bytes()).unwrap();
        stream.write_all(&body.as_bytes()[..cut]).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    }
    assert!(talk(&server, (request(body.len()) + &body).as_bytes()).starts_with("HTTP/1.1 200"));
    assert_eq!(server.events(&key, &site).len(), 2);
}

#[test]
fn who_may_not_send_hears_so_however_much_they_send() {
    let server = Server::start();
    for _ in 0..40 {
        let reply = server.post_with_key("admx_sk_nonsense", "x".repeat(60_000));
        assert_eq!(reply.status, 401);
    }
}
