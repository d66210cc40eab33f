//! JSON that is posted to somebody else's server: one exchange on one connection, with nothing followed. Who asks says which
//! addresses may be connected to, how long it may take, and how much of the answer is read.
//!
//! The client is hyper's own connection, which is in the tree, with rustls in front: a client with a pool would resolve
//! the name by itself, and then nobody would have looked at the address that it goes to.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

/// Bytes that the head of an answer may have.
const HEAD: usize = 16 * 1024;

static TLS: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
});

/// What is posted.
pub(crate) struct Post<'a> {
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a [(&'static str, String)],
    /// JSON.
    pub(crate) body: &'a str,
    /// Bytes of the answer's body: none is read where it is 0, and a longer one is none.
    pub(crate) most: usize,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `None` where it broke off, or is too long.
    pub(crate) body: Option<Bytes>,
}

/// The addresses of a URL's host.
///
/// # Errors
/// In words, when there is none; below when there is no answer.
pub(crate) async fn addresses(url: &Url) -> Result<Vec<SocketAddr>, String> {
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
    match found.is_empty() {
        true => Err("its host has no address".into()),
        false => Ok(found),
    }
}

/// Posts to the first of these addresses that can be connected to.
pub(crate) async fn post(addresses: &[SocketAddr], post: &Post<'_>) -> Result<Answer, String> {
    let stream = TcpStream::connect(addresses)
        .await
        .map_err(|error| format!("no connection: {error}"))?;
    if post.url.scheme() == "http" {
        return exchange(stream, post).await;
    }
    let host = post.url.host_str().unwrap_or_default();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    let name = name.map_err(|_| "the address has no name that a certificate could be of")?;
    let stream = TlsConnector::from(TLS.clone()).connect(name, stream).await;
    let stream = stream.map_err(|error| format!("no safe connection: {error}"))?;
    exchange(stream, post).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    post: &Post<'_>,
) -> Result<Answer, String> {
    let words = |error: hyper::Error| format!("no answer: {error}");
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(words)?;
    // It ends with the sender and the answer's body, whoever drops them.
    let connection = tokio::spawn(connection);
    let url = post.url;
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
    for (name, value) in post.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(post.body.as_bytes())));
    let request = request.map_err(|error| format!("it could not be sent: {error}"))?;
    let answer = sender.send_request(request).await.map_err(words)?;
    let status = answer.status().as_u16();
    let body = match post.most {
        0 => None,
        most => {
            let whole = Limited::new(answer.into_body(), most).collect().await;
            whole.ok().map(|body| body.to_bytes())
        }
    };
    connection.abort();
    Ok(Answer { status, body })
}
