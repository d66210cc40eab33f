//! What is wrong with what was sent: a status, a code that programs act on, and words that say what would be right.
//! None of them repeats a key or a body.

use crate::account::Site;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP's status.
    pub status: u16,
    /// The contract's code.
    pub code: &'static str,
    /// What was wrong with which field, and what would be right.
    pub message: String,
}

fn refusal(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal {
        status,
        code,
        message: message.into(),
    }
}

pub(crate) fn body(message: impl Into<String>) -> Refusal {
    refusal(400, "invalid_body", message)
}

pub(crate) fn name(message: impl Into<String>) -> Refusal {
    refusal(400, "invalid_name", message)
}

pub(crate) fn metadata(message: impl Into<String>) -> Refusal {
    refusal(400, "invalid_metadata", message)
}

pub(crate) fn field(field: &str, message: impl AsRef<str>) -> Refusal {
    refusal(
        400,
        "invalid_field",
        format!("{field}: {}", message.as_ref()),
    )
}

pub(crate) fn metadata_too_large(bytes: usize) -> Refusal {
    let most = pixel::METADATA_BYTES;
    refusal(
        413,
        "metadata_too_large",
        format!("metadata: {bytes} bytes as compact JSON, and at most {most} are taken"),
    )
}

pub(crate) fn body_too_large() -> Refusal {
    refusal(
        413,
        "body_too_large",
        "an event may have 64 KiB, and an array 100 events",
    )
}

pub(crate) fn missing_authorization() -> Refusal {
    refusal(
        401,
        "missing_authorization",
        "send Authorization: Bearer admx_sk_… from a server, or the website_id of the script tag from a page",
    )
}

pub(crate) fn unknown_website() -> Refusal {
    refusal(
        404,
        "unknown_website",
        "website_id: no such site in this workspace; `admx site list` prints those there are",
    )
}

pub(crate) fn origin_not_allowed(site: &Site) -> Refusal {
    let domain = &site.domain;
    refusal(
        403,
        "origin_not_allowed",
        format!(
            "this page is not on {domain}, below it, or on a host that was added to the site with --host"
        ),
    )
}

/// The accounts or the log can't be read just now: nothing that the sender did.
pub(crate) fn unreadable(error: rusqlite::Error) -> Refusal {
    tracing::error!(%error, "a request could not be judged");
    refusal(
        503,
        "overloaded",
        "the server can't read its own files just now; try again in a moment",
    )
}
