//! The address of a ClickHouse: `clickhouse://user:password@host:8123/database?secure=true&cluster=name`.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// Where events are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// Of its HTTP interface, without user and password.
    pub(super) url: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: String,
    /// Whose servers hold the tables together; `None` for one server.
    pub(super) cluster: Option<String>,
    /// Whether what is sent is compressed.
    pub(super) compresses: bool,
    /// Whether every question first waits for what was stored to be shipped: for tests.
    pub(super) settles: bool,
}

/// Why an address is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlaceError {
    /// It is no URL.
    #[error("it is no URL: {0}")]
    NoUrl(#[from] url::ParseError),
    /// It is one of another kind.
    #[error("it must begin with clickhouse://")]
    Scheme,
    /// It has no host.
    #[error("it names no host")]
    NoHost,
    /// A name that can't be one in SQL.
    #[error(
        "{0:?} can't be the name of a {1}: letters, digits and _ are taken, and no digit first"
    )]
    Name(String, &'static str),
    /// A word that means nothing here.
    #[error("{0:?} is not known: it takes secure, cluster and compression")]
    Unknown(String),
    /// A value that means nothing there.
    #[error("{0} can't be {1:?}")]
    Value(&'static str, String),
}

/// The database where none is named.
const DATABASE: &str = "admx";

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Place, PlaceError> {
        let url = Url::parse(text)?;
        if url.scheme() != "clickhouse" {
            return Err(PlaceError::Scheme);
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(PlaceError::NoHost)?;
        let (mut secure, mut cluster, mut compresses, mut settles) = (false, None, true, false);
        for (word, value) in url.query_pairs() {
            match (&*word, &*value) {
                ("secure", "true") => secure = true,
                ("secure", "false") => {}
                ("secure", other) => return Err(PlaceError::Value("secure", other.into())),
                ("cluster", name) => cluster = Some(named(name, "cluster")?),
                ("compression", "none") => compresses = false,
                ("compression", "lz4") => {}
                ("compression", other) => {
                    return Err(PlaceError::Value("compression", other.into()));
                }
                ("settles", "true") => settles = true,
                (other, _) => return Err(PlaceError::Unknown(other.into())),
            }
        }
        let (scheme, port) = if secure {
            ("https", 8443)
        } else {
            ("http", 8123)
        };
        let port = url.port().unwrap_or(port);
        let database = match url.path().trim_matches('/') {
            "" => DATABASE.to_owned(),
            name => named(name, "database")?,
        };
        Ok(Place {
            url: format!("{scheme}://{host}:{port}"),
            user: Some(decoded(url.username())).filter(|user| !user.is_empty()),
            password: url.password().map(decoded),
            database,
            cluster,
            compresses,
            settles,
        })
    }
}

#[cfg(test)]
impl Place {
    /// A database of a folder's own in the ClickHouse that `ADMX_TEST_STORE` names, if it names one.
    pub(crate) fn of_test(folder: &std::path::Path) -> Option<Place> {
        let there: Place = std::env::var("ADMX_TEST_STORE").ok()?.parse().unwrap();
        let name = crc32fast::hash(folder.to_string_lossy().as_bytes());
        Some(Place {
            database: format!("admx_test_{name:08x}_{}", std::process::id()),
            settles: true,
            ..there
        })
    }
}

/// What stands percent-encoded in a URL.
fn decoded(text: &str) -> String {
    // A query's value is decoded by the same rules, but for the plus.
    let pair = format!("v={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn named(name: &str, of: &'static str) -> Result<String, PlaceError> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    match begins && name.len() <= 64 && name.chars().all(is_word) {
        true => Ok(name.to_owned()),
        false => Err(PlaceError::Name(name.to_owned(), of)),
    }
}

impl fmt::Display for Place {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let host = self.url.split_once("://").map_or("", |(_, host)| host);
        write!(f, "clickhouse://{host}/{}", self.database)?;
        match &self.cluster {
            Some(cluster) => write!(f, "?cluster={cluster}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_all_and_shows_no_password() {
        let place: Place = "clickhouse://me:p%40s&s+@db.example:9000/shop?secure=true&cluster=big"
            .parse()
            .unwrap();
        assert_eq!(place.url, "https://db.example:9000");
        assert_eq!(place.user.as_deref(), Some("me"));
        assert_eq!(place.password.as_deref(), Some("p@s&s+"));
        assert_eq!(
            format!("{place:?}"),
            "clickhouse://db.example:9000/shop?cluster=big"
        );
        let place: Place = "clickhouse://db.example".parse().unwrap();
        assert_eq!(
            (place.url.as_str(), place.database.as_str()),
            ("http://db.example:8123", "admx")
        );
        assert_eq!((place.user, place.cluster), (None, None));
    }

    #[test]
    fn what_is_no_address_is_said() {
        for (text, said) in [
            ("db.example", "it is no URL: relative URL without a base"),
            ("http://db.example", "it must begin with clickhouse://"),
            ("clickhouse:///x", "it names no host"),
            (
                "clickhouse://h/a-b",
                "\"a-b\" can't be the name of a database",
            ),
            (
                "clickhouse://h/a?cluster=1",
                "\"1\" can't be the name of a cluster",
            ),
            ("clickhouse://h/a?secure=maybe", "secure can't be \"maybe\""),
            ("clickhouse://h/a?wait=1", "\"wait\" is not known"),
        ] {
            let error = text.parse::<Place>().unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
