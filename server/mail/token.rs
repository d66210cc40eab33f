//! What stands in the link that ends a report: which site's and whose, signed. It works from any mail that ever went out,
//! without a login and as often as one likes, since it does nothing but end.

use hmac::{Hmac, Mac};
use sha2::Sha256;

type Signature = Hmac<Sha256>;

/// The token of a site's report for somebody, by their numbers.
pub(super) fn make(secret: &str, site: i64, user: i64) -> String {
    let signature = signature(secret, site, user).map(|mac| mac.finalize().into_bytes());
    let hex: String = signature
        .into_iter()
        .flatten()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{site}-{user}-{hex}")
}

/// The site and the person that a token names, if we made it.
pub(super) fn read(secret: &str, token: &str) -> Option<(i64, i64)> {
    let mut parts = token.splitn(3, '-');
    let mut number = || {
        let text = parts.next()?;
        let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        is_plain.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (site, user) = (number()?, number()?);
    let given = bytes(parts.next()?)?;
    // In the same time, whatever is given.
    signature(secret, site, user)?.verify_slice(&given).ok()?;
    Some((site, user))
}

fn signature(secret: &str, site: i64, user: i64) -> Option<Signature> {
    // A key may have any length.
    let mut mac = Signature::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(format!("unsubscribe {site} {user}").as_bytes());
    Some(mac)
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn only_our_own_are_read(site in 0i64.., user in 0i64.., stranger in ".*", at in 0usize..100, other: char) {
            let token = make("secret", site, user);
            prop_assert_eq!(read("secret", &token), Some((site, user)));
            prop_assert_eq!(read("another", &token), None);
            prop_assert_eq!(read("secret", &stranger), None);
            let mut changed: Vec<char> = token.chars().collect();
            let at = at % changed.len();
            changed[at] = other;
            let changed: String = changed.into_iter().collect();
            if !changed.eq_ignore_ascii_case(&token) {
                prop_assert_eq!(read("secret", &changed), None);
            }
        }

        #[test]
        fn what_looks_like_one_is_none(text in "[0-9]{0,25}-[0-9-]{0,25}-[0-9a-fA-F]{60,66}") {
            prop_assert_eq!(read("secret", &text), None);
        }
    }
}
