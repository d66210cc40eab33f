//! Addresses that are plainly right, which nearly all are: they need no parser.

/// The host of an address such as `https://www.example.com:8080/a?b`, where it is all ASCII and nothing in it has two
/// readings; `None` where a parser has to look. The host is in lower case and no IP address.
pub(crate) fn host(address: &str) -> Option<&str> {
    let rest = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = match authority.split_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && !port.starts_with('+') => host,
        Some(_) => return None,
        None => authority,
    };
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let is_edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        is_edge(bytes.first())
            && is_edge(bytes.last())
            && !label.starts_with("xn--")
            && bytes
                .iter()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let last = host.rsplit('.').next()?;
    let is_plain = host.len() <= 253
        && host.split('.').all(is_label)
        && last.starts_with(|c: char| c.is_ascii_lowercase())
        && path.bytes().all(|b| (b'!'..=b'~').contains(&b));
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
