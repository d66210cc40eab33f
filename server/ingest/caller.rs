//! Who sends: a page in a browser, or a server with a key.

use std::net::IpAddr;
use std::sync::Arc;

use url::Url;

use crate::account::{Key, Site};
use crate::store::event::Address;

/// Who sends.
#[derive(Debug)]
pub enum Caller {
    /// A page.
    Browser {
        /// The `Origin` header, if there is one.
        origin: Option<String>,
        /// Where the request came from, proxies aside. Never stored.
        address: IpAddr,
        /// The `User-Agent` header, or nothing.
        user_agent: String,
    },
    /// A backend, by its key.
    Server {
        /// The key, checked.
        key: Arc<Key>,
    },
}

/// Whether a page of this origin may send to the site. A missing origin, or the `null` of a sandboxed frame, is made
/// up for by the address of a page on one of the site's hosts.
pub(super) fn may_send(origin: &Option<String>, url: Option<&Address>, site: &Site) -> bool {
    let on_site = |text: &str| {
        Url::parse(text)
            .ok()
            .and_then(|u| u.host_str().map(|h| site.is_host(h)))
            .unwrap_or(false)
    };
    match origin.as_deref() {
        None | Some("null") => url.is_some_and(|url| on_site(&url.0)),
        Some(origin) => on_site(origin),
    }
}
