//! Signatures of webhooks: the time and one or several HMAC-SHA256 of time and body, in a header.
//!
//! Stripe writes `t=…,v1=…` and signs `t.body`, Paddle writes `ts=…;h1=…` and signs `ts:body`. While a secret is being
//! changed there are several signatures; one that is right is enough.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::account::Provider;

/// How far the time that was signed may be from now, in seconds. What is sent again is signed anew.
const TOLERANCE: u64 = 300;

/// Signatures that are looked at.
const MOST: usize = 16;

/// How a provider writes its header, and what is signed.
struct Form {
    between: char,
    time: &'static str,
    signature: &'static str,
    joint: &'static str,
}

fn form(provider: Provider) -> Form {
    match provider {
        Provider::Stripe => Form {
            between: ',',
            time: "t",
            signature: "v1",
            joint: ".",
        },
        Provider::Paddle => Form {
            between: ';',
            time: "ts",
            signature: "h1",
            joint: ":",
        },
    }
}

/// The header that a provider's signature stands in.
pub fn header(provider: Provider) -> &'static str {
    match provider {
        Provider::Stripe => "stripe-signature",
        Provider::Paddle => "paddle-signature",
    }
}

/// Whether `body` was signed with this secret a moment ago.
pub fn is_right(
    provider: Provider,
    header: &str,
    body: &[u8],
    secret: &str,
    now: Timestamp,
) -> bool {
    let form = form(provider);
    let Some((time, signatures)) = read(&form, header) else {
        return false;
    };
    let is_recent = |at: i64| at.abs_diff(now.as_second()) <= TOLERANCE;
    if !time.parse().is_ok_and(is_recent) {
        return false;
    }
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(time.as_bytes());
    mac.update(form.joint.as_bytes());
    mac.update(body);
    // Compared in constant time.
    signatures
        .iter()
        .any(|signature| mac.clone().verify_slice(signature).is_ok())
}

/// The time as it was signed, and the signatures. Other schemes are passed over.
fn read<'a>(form: &Form, header: &'a str) -> Option<(&'a str, Vec<[u8; 32]>)> {
    let (mut time, mut signatures) = (None, Vec::new());
    for part in header.split(form.between) {
        let Some((name, value)) = part.trim().split_once('=') else {
            continue;
        };
        if name == form.time {
            let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            // Two times would leave open which was signed.
            if !is_number || time.replace(value).is_some() {
                return None;
            }
        } else if name == form.signature && signatures.len() < MOST {
            signatures.extend(digest(value));
        }
    }
    time.map(|time| (time, signatures))
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let hex = hex.as_bytes();
    let mut digest = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
        let digit = |b: u8| char::from(b).to_digit(16);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_763_990_000;

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }

    fn hex(text: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        mac.update(text.as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_signature_is_of_the_secret_the_time_and_the_body() {
        // By `printf '1763990000.{}' | openssl dgst -sha256 -hmac secret`.
        let known = "f84cfb4afa55b5114793d53d8d3ee8ebb767bf077b7038746255dd829a124830";
        let (stripe, paddle) = (Provider::Stripe, Provider::Paddle);
        let right = hex(&format!("{NOW}.{{}}"));
        assert_eq!(right, known);
        let wrong = "0".repeat(64);
        let old = NOW - 301;
        let of_paddle = hex(&format!("{NOW}:{{}}"));
        for (provider, header, expected) in [
            (stripe, format!("t={NOW},v1={right}"), true),
            (stripe, format!("t={NOW},v1={}", right.to_uppercase()), true),
            (
                stripe,
                format!("t={NOW}, v1={wrong}, v1={right}, v0={wrong}"),
                true,
            ),
            (stripe, format!("v1={right},t={NOW}"), true),
            (stripe, format!("t={NOW},v1={wrong}"), false),
            (stripe, format!("t={NOW},v0={right}"), false),
            (stripe, format!("t={NOW}"), false),
            (stripe, format!("v1={right}"), false),
            (stripe, format!("t={NOW},t={NOW},v1={right}"), false),
            (stripe, format!("t={},v1={right}", NOW + 1), false),
            (
                stripe,
                format!("t={old},v1={}", hex(&format!("{old}.{{}}"))),
                false,
            ),
            (
                stripe,
                format!("t={},v1={}", old + 1, hex(&format!("{}.{{}}", old + 1))),
                true,
            ),
            (
                stripe,
                format!("t={},v1={}", NOW + 301, hex(&format!("{}.{{}}", NOW + 301))),
                false,
            ),
            (
                stripe,
                format!("t=+{NOW},v1={}", hex(&format!("+{NOW}.{{}}"))),
                false,
            ),
            (stripe, format!("t={NOW},v1={}", &right[..62]), false),
            (stripe, String::new(), false),
            (paddle, format!("ts={NOW};h1={of_paddle}"), true),
            (paddle, format!("ts={NOW};h1={wrong};h1={of_paddle}"), true),
            (paddle, format!("ts={NOW};h1={right}"), false),
            (paddle, format!("t={NOW},v1={right}"), false),
        ] {
            assert_eq!(
                is_right(provider, &header, b"{}", "secret", now()),
                expected,
                "{header}"
            );
        }
        let header = format!("t={NOW},v1={right}");
        assert!(!is_right(stripe, &header, b"{ }", "secret", now()));
        assert!(!is_right(stripe, &header, b"{}", "other", now()));
        assert!(!is_right(stripe, &header, b"{}", "", now()));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in "[tsvh01=,; a-f0-9]{0,200}|\\PC{0,200}", body: Vec<u8>) {
            for provider in Provider::ALL {
                prop_assert!(!is_right(provider, &header, &body, "a secret that nobody signs with", now()));
            }
        }

        #[test]
        fn what_was_signed_is_known_and_nothing_else(body in "\\PC{0,50}", at in NOW - 300..=NOW + 300, flipped in 0usize..64) {
            let mut signature = hex(&format!("{at}:{body}"));
            let header = |signature: &str| format!("ts={at};h1={signature}");
            prop_assert!(is_right(Provider::Paddle, &header(&signature), body.as_bytes(), "secret", now()));
            let other = if &signature[flipped..=flipped] == "0" { "1" } else { "0" };
            signature.replace_range(flipped..=flipped, other);
            prop_assert!(!is_right(Provider::Paddle, &header(&signature), body.as_bytes(), "secret", now()));
        }
    }
}
