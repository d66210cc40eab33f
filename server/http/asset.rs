//! Files that are part of the binary: the pixel's scripts and its npm package, and what our own pages load. Compressed by
//! the build.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use rust_embed::{EmbeddedFile, RustEmbed};
use url::Url;

use super::App;
use super::extract::{self, Part};
use super::reply::{self, Error};
use crate::store::event::SiteId;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/embedded"]
struct Embedded;

/// For how long a script is taken from a browser's own cache before it asks again: upgrades reach pages within it.
const SHORT: &str = "public, max-age=3600";

/// For names that carry their content's hash.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// The pixel's scripts under the names that carry their hash: `script.<hash>.js`.
static HASHED: LazyLock<Vec<(String, &'static str)>> = LazyLock::new(|| {
    ["script.js", "script.plus.js"]
        .into_iter()
        .filter_map(|name| Some((hashed_name(name)?, name)))
        .collect()
});

/// The name under which a script never changes.
pub(super) fn hashed_name(name: &str) -> Option<String> {
    let file = Embedded::get(&format!("js/{name}"))?;
    Some(format!(
        "{}.{}.js",
        name.trim_end_matches(".js"),
        short_hash(&file)
    ))
}

fn short_hash(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash()[..8]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// When pages of each site last fetched the script, and on which host that was: for whoever looks why nothing arrives.
/// Only in memory; one entry a site.
#[derive(Default)]
pub struct Fetched(Mutex<HashMap<SiteId, (Timestamp, String)>>);

impl Fetched {
    fn noted(&self) -> MutexGuard<'_, HashMap<SiteId, (Timestamp, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last time since the server started.
    pub(super) fn last(&self, site: SiteId) -> Option<(Timestamp, String)> {
        self.noted().get(&site).cloned()
    }

    /// Notes a page that fetches the script, which it says in `Referer` or `Origin`.
    fn note(&self, app: &App, headers: &HeaderMap) {
        let page = extract::text(headers, header::REFERER)
            .or_else(|| extract::text(headers, header::ORIGIN));
        let Some(host) = page.and_then(|page| Some(Url::parse(page).ok()?.host_str()?.to_owned()))
        else {
            return;
        };
        // What can't be read is only not noted.
        for site in app.accounts.sites_on(&host).unwrap_or_default() {
            self.noted().insert(site, (app.clock.now(), host.clone()));
        }
    }
}

/// `/js/…`: loaded by pages of any origin.
pub(super) async fn script(
    State(app): State<Arc<App>>,
    Part(name): Part,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if name.starts_with("script") {
        app.fetched.note(&app, &headers);
    }
    found(script_file(&name, &headers)).await
}

/// A file of the script by its name, by the one with its hash too.
pub(crate) fn script_file(name: &str, headers: &HeaderMap) -> Option<Response> {
    let hashed = HASHED
        .iter()
        .find(|(hashed, _)| *hashed == name)
        .map(|(_, plain)| *plain);
    let (name, cache) = hashed.map_or((name, SHORT), |plain| (plain, FOREVER));
    serve(&format!("js/{name}"), cache, headers).map(open)
}

/// `/assets/…`: loaded by our own pages, and by the debug overlay on a site's.
pub(super) async fn asset(Part(name): Part, headers: HeaderMap) -> Result<Response, Error> {
    found(serve(&format!("assets/{name}"), "no-cache", &headers).map(open)).await
}

/// Lets pages of any origin load a file.
fn open(file: Response) -> Response {
    let open = [
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
    ];
    (open, file).into_response()
}

async fn found(file: Option<Response>) -> Result<Response, Error> {
    match file {
        Some(file) => Ok(file),
        None => Err(reply::not_found().await),
    }
}

/// `/favicon.ico`, which browsers ask for unasked.
pub(super) async fn favicon(headers: HeaderMap) -> Result<Response, Error> {
    asset(Part("favicon.svg".into()), headers).await
}

fn serve(path: &str, cache: &'static str, headers: &HeaderMap) -> Option<Response> {
    if path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let file = Embedded::get(path)?;
    let accepted = extract::text(headers, header::ACCEPT_ENCODING).unwrap_or_default();
    let accepts = |coding: &str| {
        accepted.split(',').any(|offer| {
            let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
            name.trim() == coding && weight.replace(' ', "") != "q=0"
        })
    };
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .find(|(coding, _)| accepts(coding))
        .and_then(|(coding, end)| Some((coding, Embedded::get(&format!("{path}.{end}"))?)));
    // Each form of a file has a tag of its own.
    let form = packed
        .as_ref()
        .map_or(String::new(), |(coding, _)| format!("-{coding}"));
    let etag = format!("\"{}{form}\"", short_hash(&file));
    let common = [
        (header::ETAG, HeaderValue::from_str(&etag).ok()?),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    let known = extract::text(headers, header::IF_NONE_MATCH);
    let is_tag = |tag: &str| tag.trim().trim_start_matches("W/") == etag;
    if known.is_some_and(|known| known.split(',').any(is_tag)) {
        return Some((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(path)),
    )];
    Some(match packed {
        Some((coding, packed)) => {
            let coding = [(header::CONTENT_ENCODING, HeaderValue::from_static(coding))];
            (common, kind, coding, packed.data).into_response()
        }
        None => (common, kind, file.data).into_response(),
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        // The pixel holds its module as Latin-1 characters in UTF-8: without the charset it would not be it.
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("tgz") => "application/gzip",
        Some("wasm") => "application/wasm",
        Some("pdf") => "application/pdf",
        Some("webm") => "video/webm",
        _ => "application/octet-stream",
    }
}
