//! Where webhooks go: to one address that was looked at before anything was sent, with nothing followed and no body read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use url::Url;

use crate::outgoing::{self, Post};

/// How long all of it may take, the name's address included.
const PATIENCE: Duration = Duration::from_secs(10);

/// Posts JSON; gives the status of the answer.
///
/// # Errors
/// In words, when there was none.
pub(super) async fn post(
    url: &Url,
    headers: &[(&'static str, String)],
    body: &str,
    may_be_private: bool,
) -> Result<u16, String> {
    let work = async {
        let address = address(url, may_be_private).await?;
        let post = Post {
            url,
            headers,
            body,
            most: 0,
        };
        let answer = outgoing::post(&[address], &post).await?;
        Ok(answer.status)
    };
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(answered) => answered,
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

/// The one address that is connected to.
async fn address(url: &Url, may_be_private: bool) -> Result<SocketAddr, String> {
    let meant = |address: &SocketAddr| may_be_private || is_public(address.ip());
    let found = outgoing::addresses(url).await?;
    found.into_iter().find(meant).ok_or_else(|| {
        "its address is not a public one; --webhooks-private allows those of a network of one's own".into()
    })
}

/// Whether an address is of the public internet.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_public_v4(ip),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Global unicast, without tunnels to other networks and addresses for books.
    let is_special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x2002 || a == 0x3fff;
    (a & 0xe000) == 0x2000 && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for (ip, expected) in [
            ("1.1.1.1", true),
            ("93.184.216.34", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("0.0.0.0", false),
            ("192.0.0.8", false),
            ("192.0.2.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:1.1.1.1", true),
            ("::7f00:1", false),
            ("64:ff9b::a00:1", false),
            ("fe80::1", false),
            ("fd00::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("2002:7f00:1::", false),
            ("2606:4700:4700::1111", true),
        ] {
            assert_eq!(is_public(ip.parse().unwrap()), expected, "{ip}");
        }
    }
}
