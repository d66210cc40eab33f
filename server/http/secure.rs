//! What browsers are told to keep to, and which posts are taken from them: only those that a page of ours makes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use url::Url;

use super::reply::Error;
use super::{App, extract};

/// What every routed answer says unless it says otherwise (OWASP's list of secure headers; the policies of pages are
/// `page`'s, and `/js/…` and `/assets/…` say that other sites may load them).
const SAFE: [(HeaderName, HeaderValue); 4] = [
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()",
        ),
    ),
];

/// For two years, where people reach the server by https.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Puts the headers on.
pub(super) async fn headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in SAFE {
        headers.entry(name).or_insert(value);
    }
    if is_https(&app.base_url) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    response
}

/// Whether people reach this server by https.
pub(super) fn is_https(base_url: &str) -> bool {
    base_url.starts_with("https:")
}

/// Refuses what a page of somebody else's made a browser send. Browsers say where a request comes from in
/// `Sec-Fetch-Site`; where they don't (an old one, or an address without https), every post has an `Origin`, which must
/// be the host that was asked, or the one that people reach this server by.
pub(super) fn own(headers: &HeaderMap, base_url: &str) -> Result<(), Error> {
    let is_own = match extract::text(headers, HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin",
        None => extract::text(headers, header::ORIGIN).is_some_and(|origin| {
            let asked = extract::text(headers, header::HOST);
            is_origin_of(origin, asked) || origin == origin_of(base_url)
        }),
    };
    if is_own {
        return Ok(());
    }
    Err(Error::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "this was not sent by a page of this server; open the page here and send it again",
    ))
}

/// Whether an `Origin` is of this host, with the port where there is one.
fn is_origin_of(origin: &str, host: Option<&str>) -> bool {
    let (Some((scheme, rest)), Some(host)) = (origin.split_once("://"), host) else {
        return false;
    };
    matches!(scheme, "http" | "https") && rest.eq_ignore_ascii_case(host)
}

fn origin_of(base_url: &str) -> String {
    Url::parse(base_url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}

/// A path of our own to go on to: it begins with one slash, so that no browser takes it for another host.
pub(super) fn next_path(text: Option<&str>) -> Option<&str> {
    let text = text?;
    let is_ours = text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= 500
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    is_ours.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_post() {
        for (site, origin, expected) in [
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("null"), true),
            (Some("same-site"), Some("https://stats.test"), false),
            (Some("cross-site"), Some("https://stats.test"), false),
            (Some("none"), Some("https://stats.test"), false),
            (Some(""), None, false),
            (None, None, false),
            (None, Some("null"), false),
            (None, Some("https://stats.test"), true),
            (None, Some("http://10.0.0.5:8080"), true),
            (None, Some("http://10.0.0.5"), false),
            (None, Some("https://stats.test.evil.test"), false),
            (None, Some("https://evil.test"), false),
            (None, Some("10.0.0.5:8080"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("10.0.0.5:8080"));
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            if let Some(origin) = origin {
                headers.insert("origin", HeaderValue::from_static(origin));
            }
            let is_own = own(&headers, "https://stats.test").is_ok();
            assert_eq!(is_own, expected, "{site:?} {origin:?}");
        }
    }

    #[test]
    fn one_goes_on_to_paths_of_ours_only() {
        for text in ["/", "/dashboard/analytics?site=a&days=7", "/a//b"] {
            assert_eq!(next_path(Some(text)), Some(text));
        }
        for text in [
            "",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/a\\b",
            "https://evil.test",
            "javascript:alert(1)",
            "dashboard",
            " /x",
            "/\t/evil.test",
            "/\n",
            "/é",
            &"/x".repeat(300),
        ] {
            assert_eq!(next_path(Some(text)), None, "{text:?}");
        }
    }
}
