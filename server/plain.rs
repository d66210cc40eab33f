//! Addresses that are plainly right, which nearly all are: they need no parser.

/// The host of an address such as `https://www.example.com:8080/a?b`, where it is all ASCII and nothing in it has two
/// readings; `None` where a parser has to look. The host is in lower case and no IP address.
pub(crate) fn host(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let bytes = rest.as_bytes();
    let is_label = |label: &[u8]| {
        let is_edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        is_edge(label.first()) && is_edge(label.last()) && !label.starts_with(b"xn--")
    };
    let (mut label, mut end) = (0, bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => {}
            b'.' if is_label(&bytes[label..at]) => label = at + 1,
            b':' | b'/' | b'?' | b'#' => {
                end = at;
                break;
            }
            _ => return None,
        }
    }
    let last = &bytes[label..end];
    let is_host = end <= 253 && is_label(last) && last[0].is_ascii_lowercase();
    let (host, after) = rest.split_at(end);
    let path = match after.strip_prefix(':') {
        None => after,
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (port, path) = after.split_at(digits);
            port.parse::<u16>().ok()?;
            path
        }
    };
    let is_path = path.is_empty() || path.starts_with(['/', '?', '#']);
    let is_plain = is_host && is_path && path.bytes().all(|b| (b'!'..=b'~').contains(&b));
    is_plain.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::Url;

    #[test]
    fn only_what_has_one_reading_is_plain() {
        for (address, expected) in [
            ("https://example.com", Some("example.com")),
            (
                "http://www.example.com:8080/a?b=%20#c",
                Some("www.example.com"),
            ),
            ("https://localhost/", Some("localhost")),
            ("https://127.0.0.1/", None),
            ("https://0x7f.1/", None),
            ("https://Example.com/", None),
            ("https://user@example.com/", None),
            ("https://example.com:99999/", None),
            ("https://example.com:/", None),
            ("https://example.com:80x", None),
            ("https://example.com:8:0/", None),
            ("https://example.com?a", Some("example.com")),
            ("https://a.-b.com/", None),
            ("https://example.com./", None),
            ("https://example..com/", None),
            ("https://xn--a.com/", None),
            ("https://example.com\\@evil.test/", None),
            ("https://example.com/ä", None),
            ("/path", None),
            ("", None),
        ] {
            assert_eq!(host(address), expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn a_parser_agrees(address in "https?://[a-z0-9.:@\\-]{0,12}[/?#]?[ -~]{0,8}") {
            if let Some(host) = host(&address) {
                let parsed = Url::parse(&address).unwrap();
                prop_assert_eq!(parsed.host_str(), Some(host));
            }
        }
    }
}
