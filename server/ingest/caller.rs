//! Who sends: a page in a browser, or a server with a key.

use std::net::IpAddr;
use std::sync::Arc;

use url::Url;

use crate::account::{Key, Site};
use crate::plain;
use crate::store::event::Address;

/// Who sends.
#[derive(Debug)]
pub enum Caller<'a> {
    /// A page.
    Browser {
        /// The `Origin` header, if there is one.
        origin: Option<&'a str>,
        /// The `Host` header: where the browser believes this server to be.
        host: Option<&'a str>,
        /// Where the request came from, proxies aside. Never stored.
        address: IpAddr,
        /// The `User-Agent` header, or nothing.
        user_agent: &'a str,
    },
    /// A backend, by its key.
    Server {
        /// The key, checked.
        key: Arc<Key>,
    },
}

/// Whether a page of this origin may send to the site. A missing origin, or the `null` of a sandboxed frame, is made
/// up for by the address of a page on one of the site's hosts. The demo may be opened wherever this server is reached.
pub(super) fn may_send(
    origin: Option<&str>,
    host: Option<&str>,
    url: Option<&Address>,
    site: &Site,
) -> bool {
    let page = match origin {
        None | Some("null") => url.map(|url| url.0.as_str()),
        origin => origin,
    };
    let Some(page) = page else {
        return false;
    };
    if plain::host(page).is_some_and(|host| site.is_host(host)) {
        return true;
    }
    let Ok(page) = Url::parse(page) else {
        return false;
    };
    let own = || host.and_then(|host| Url::parse(&format!("http://{host}")).ok());
    let Some(page) = page.host_str() else {
        return false;
    };
    site.is_host(page) || (site.is_demo && own().is_some_and(|own| own.host_str() == Some(page)))
}
