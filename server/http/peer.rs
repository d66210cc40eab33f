//! Who is at the other end of a connection, or behind the proxies that one trusts.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The other end of the connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The address of the client: the peer, unless it is a trusted proxy; then the last address in `X-Forwarded-For` that
/// is none. What a client writes into that header itself stands further left and is never reached.
pub(super) fn client(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer.0.ip().to_canonical();
    if !is_trusted(&client) {
        return client;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .collect();
    for hop in forwarded.iter().rev() {
        if !is_trusted(&client) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = [
            "10.0.0.0/8".parse().unwrap(),
            "127.0.0.1/32".parse().unwrap(),
        ];
        for (peer, forwarded, expected) in [
            ("192.0.2.1:9", "203.0.113.5", "192.0.2.1"),
            ("127.0.0.1:9", "203.0.113.5", "203.0.113.5"),
            (
                "127.0.0.1:9",
                "198.51.100.9, 203.0.113.5, 10.1.2.3",
                "203.0.113.5",
            ),
            ("127.0.0.1:9", "203.0.113.5, nonsense", "127.0.0.1"),
            ("127.0.0.1:9", "", "127.0.0.1"),
            ("[::ffff:127.0.0.1]:9", "2001:db8::1", "2001:db8::1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let found = client(Peer(peer.parse().unwrap()), &headers, &trusted);
            assert_eq!(found.to_string(), expected, "{peer} {forwarded}");
        }
    }
}
