//! Passwords: which are taken, and what is stored of them (argon2id, crate `argon2`, with its own parameters, which are
//! those that OWASP's password storage sheet names first: 19 MiB, two passes). Slow on purpose: never on a thread that
//! serves.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use super::{ChangeError, Email};

/// The passwords of ten characters and more that leaks hold most often.
const COMMON: &str = include_str!("common-passwords.txt");

/// A password that may be set.
pub struct Password(String);

impl Password {
    /// 10 to 200 characters, none that everybody guesses first, and not the address it belongs to.
    pub fn parse(text: &str, email: &str) -> Result<Password, ChangeError> {
        let wrong = |why: &str| Err(ChangeError::Wrong(format!("password: {why}")));
        let length = text.chars().count();
        if !(10..=200).contains(&length) {
            return wrong("wanted are 10 to 200 characters");
        }
        let lower = text.to_lowercase();
        let is_one_character = lower.chars().all(|c| lower.starts_with(c));
        if is_one_character || COMMON.lines().any(|common| common == lower) {
            return wrong("this one is among the first that are guessed; take another");
        }
        if lower == email {
            return wrong("the e-mail address is guessed first; take another");
        }
        Ok(Password(text.to_owned()))
    }

    /// What is stored. Takes a tenth of a second and 19 MiB.
    pub fn hash(&self) -> Result<Hashed, argon2::password_hash::Error> {
        Ok(Hashed(
            Argon2::default()
                .hash_password(self.0.as_bytes())?
                .to_string(),
        ))
    }
}

/// What is stored of a password, as a PHC string.
pub struct Hashed(pub(super) String);

/// What is compared where nothing is stored, so that an address that nobody has takes as long as a wrong password.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password(b"nobody's password");
    hash.map_or_else(|_| String::new(), |hash| hash.to_string())
});

/// Whether `text` is the password that `stored` was made of. Takes as long whether it is, isn't, or none is stored.
pub fn is_right(text: &str, stored: Option<&str>) -> bool {
    // Whoever asks first waits for it to be made, known or not.
    let nobodys: &str = &NOBODYS;
    let is_right = PasswordHash::new(stored.unwrap_or(nobodys)).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(text.as_bytes(), &hash)
            .is_ok()
    });
    is_right && stored.is_some()
}

/// A stored password of somebody, to compare; `None` where there is nobody or no password.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Whose it is.
    pub user: i64,
    /// In which address's name it was asked for.
    pub email: Email,
    pub(super) hash: Option<String>,
}

impl Stored {
    /// Whether `text` is this password.
    pub fn is_right(&self, text: &str) -> bool {
        is_right(text, self.hash.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_or_common_is_refused() {
        let long = "x1".repeat(101);
        for (text, is_taken) in [
            ("correct horse battery", true),
            ("ten chars!", true),
            ("ninechars", false),
            ("1234567890", false),
            ("Password123", false),
            ("aaaaaaaaaaaa", false),
            ("me@example.com", false),
            ("žluťoučký kůň", true),
            (&long, false),
        ] {
            let taken = Password::parse(text, "me@example.com").is_ok();
            assert_eq!(taken, is_taken, "{text}");
        }
        assert!(COMMON.lines().all(|common| common.chars().count() >= 10
            && common == common.to_lowercase().trim()
            && !common.is_empty()));
    }

    #[test]
    fn only_the_password_is_right() {
        let stored = Password::parse("correct horse", "")
            .unwrap()
            .hash()
            .unwrap()
            .0;
        assert!(stored.starts_with("$argon2id$"));
        assert!(is_right("correct horse", Some(&stored)));
        assert!(!is_right("correct horse ", Some(&stored)));
        assert!(!is_right("nobody's password", None));
    }
}
