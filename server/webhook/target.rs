//! Where webhooks go: to one address that was looked at before anything was sent, with nothing followed and little read.
//!
//! The client is hyper's own connection, which is in the tree, with rustls in front: a client with a pool would resolve
//! the name by itself, and then nobody would have looked at the address that it goes to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

/// How long all of it may take, the name's address included.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that the head of an answer may have. Its body is not read.
const HEAD: usize = 16 * 1024;

static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
});

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
    let work = attempt(url, headers, body, may_be_private);
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(answered) => answered,
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

async fn attempt(
    url: &Url,
    headers: &[(&'static str, String)],
    body: &str,
    may_be_private: bool,
) -> Result<u16, String> {
    let address = address(url, may_be_private).await?;
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| format!("no connection: {error}"))?;
    if url.scheme() == "http" {
        return exchange(stream, url, headers, body).await;
    }
    let host = url.host_str().unwrap_or_default();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    let name = name.map_err(|_| "the address has no name that a certificate could be of")?;
    let stream = TlsConnector::from(TLS.clone()).connect(name, stream).await;
    let stream = stream.map_err(|error| format!("no safe connection: {error}"))?;
    exchange(stream, url, headers, body).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    headers: &[(&'static str, String)],
    body: &str,
) -> Result<u16, String> {
    let words = |error: hyper::Error| format!("no answer: {error}");
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(words)?;
    // It ends with the sender, since nobody reads the answer's body.
    let connection = tokio::spawn(connection);
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::post(path)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/json")
        .header(
            header::USER_AGENT,
            concat!("admx/", env!("CARGO_PKG_VERSION")),
        );
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    let request = request.map_err(|error| format!("it could not be sent: {error}"))?;
    let answer = sender.send_request(request).await.map_err(words);
    connection.abort();
    Ok(answer?.status().as_u16())
}

/// The one address that is connected to.
async fn address(url: &Url, may_be_private: bool) -> Result<SocketAddr, String> {
    let port = url.port_or_known_default().unwrap_or(443);
    let found: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => tokio::net::lookup_host((name, port))
            .await
            .map_err(|_| "its host has no address".to_owned())?
            .collect(),
        None => Vec::new(),
    };
    if found.is_empty() {
        return Err("its host has no address".into());
    }
    let meant = |address: &SocketAddr| may_be_private || is_public(address.ip());
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
