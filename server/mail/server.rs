//! `--smtp`: which server mail is given to. Its password is in no log and no error.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// An SMTP server.
#[derive(Clone)]
pub struct Server {
    /// As `lettre` reads it.
    url: String,
    /// What is never repeated: the password, in each way of writing it.
    secrets: Vec<String>,
}

/// Nothing of it.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

/// Why an address names no SMTP server. It doesn't repeat the address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--smtp (ADMX_SMTP): {0}; wanted is an address such as smtp://name:password@mail.example.com:587, or smtps://… for a port that is safe from the start; what is no letter or digit in name and password is written as %40 and the like"
)]
pub struct ServerError(&'static str);

impl Server {
    /// `smtp://` is made safe by STARTTLS before anything is said, but on this machine; `?tls=none` leaves that away
    /// elsewhere, and `?tls=required` wants it here. `smtps://` is safe from the start.
    pub fn parse(text: &str) -> Result<Server, ServerError> {
        let mut url = Url::parse(text.trim()).map_err(|_| ServerError("it is no address"))?;
        let is_plain = match url.scheme() {
            "smtp" => true,
            "smtps" => false,
            _ => return Err(ServerError("it begins with neither smtp:// nor smtps://")),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(ServerError("it has no host"))?.to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(ServerError("something stands behind the host"));
        }
        if url.username().is_empty() != url.password().is_none_or(str::is_empty) {
            return Err(ServerError("it has a name or a password, and not both"));
        }
        if url.port() == Some(0) {
            return Err(ServerError("its port is 0"));
        }
        let is_safe = match url.query() {
            None => !is_here(&host),
            Some("tls=none") if is_plain => false,
            Some("tls=required") => true,
            Some(_) => return Err(ServerError("behind ? it knows tls=none and tls=required")),
        };
        url.set_query((is_plain && is_safe).then_some("tls=required"));
        url.set_path("");
        let written = url.password().unwrap_or_default();
        let given = text.rsplit_once('@').and_then(|(before, _)| {
            let (_, login) = before.split_once("://")?;
            Some(login.split_once(':')?.1.to_owned())
        });
        let mut secrets = vec![written.to_owned(), decoded(written)];
        secrets.extend(given);
        secrets.retain(|secret| !secret.is_empty());
        Ok(Server {
            url: url.into(),
            secrets,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// `text`, should it repeat what it must not.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let without = |text: String, secret: &String| text.replace(secret.as_str(), "…");
        self.secrets.iter().fold(text.to_owned(), without)
    }
}

/// What `%40` and the like stand for.
fn decoded(written: &str) -> String {
    // As one name of a form, in which three more letters mean something.
    let form = written
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let name = url::form_urlencoded::parse(form.as_bytes()).next();
    name.map_or_else(String::new, |(name, _)| name.into_owned())
}

/// Whether a host is this machine, so that nobody is in between.
fn is_here(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Ok(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn an_address_says_which_server_and_how_safe() {
        for (text, expected) in [
            (
                "smtp://a:b@mail.test:587",
                Some("smtp://a:b@mail.test:587?tls=required"),
            ),
            (
                "smtp://a%40c:b%2Fd@mail.test",
                Some("smtp://a%40c:b%2Fd@mail.test?tls=required"),
            ),
            ("smtp://mail.test:25?tls=none", Some("smtp://mail.test:25")),
            ("smtp://127.0.0.1:2525", Some("smtp://127.0.0.1:2525")),
            ("smtp://localhost/", Some("smtp://localhost")),
            ("smtp://[::1]:25", Some("smtp://[::1]:25")),
            (
                "smtp://localhost?tls=required",
                Some("smtp://localhost?tls=required"),
            ),
            (
                "smtp://localhost.evil.test",
                Some("smtp://localhost.evil.test?tls=required"),
            ),
            ("smtps://a:b@mail.test", Some("smtps://a:b@mail.test")),
            ("smtps://a:b@mail.test?tls=none", None),
            ("smtp://a:b@mail.test?tls=maybe", None),
            ("smtp://a@mail.test", None),
            ("smtp://:b@mail.test", None),
            ("smtp://mail.test/x", None),
            ("smtp://mail.test:0", None),
            ("smtp://", None),
            ("http://mail.test", None),
            ("mail.test:587", None),
            ("", None),
        ] {
            let read = Server::parse(text);
            assert_eq!(read.as_ref().ok().map(Server::url), expected, "{text}");
        }
    }

    #[test]
    fn a_password_is_not_repeated() {
        let server = Server::parse("smtp://me:p%40ss%2B=w@mail.test").unwrap();
        assert_eq!(
            server.without_secrets("535 me: p@ss+=w and p%40ss%2B=w are wrong"),
            "535 me: … and … are wrong"
        );
        assert_eq!(format!("{server:?}"), "Server");
    }

    proptest! {
        #[test]
        fn whatever_is_given_is_read_or_refused_without_repeating_it(text in ".*", secret in "[a-z]{12}") {
            let _ = Server::parse(&text);
            for text in [
                format!("smtp://me:{secret}@{text}"),
                format!("{text}://me:{secret}@mail.test"),
                format!("smtp://me:{secret}@mail.test:{text}"),
            ] {
                let said = match Server::parse(&text) {
                    Ok(server) => format!("{server:?}"),
                    Err(error) => error.to_string(),
                };
                prop_assert!(!said.contains(&secret));
            }
        }
    }
}
