//! What people type about accounts, as types that can't be wrong: names, e-mail addresses; and why a change isn't made.

use std::fmt;

/// Why something isn't changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// What was given is wrong.
    #[error("{0}")]
    Wrong(String),
    /// It isn't there, or isn't this workspace's.
    #[error("{0}")]
    Missing(&'static str),
    /// It can't be done as things are.
    #[error("{0}")]
    Conflict(&'static str),
    /// The file of accounts can't be read or written.
    #[error(transparent)]
    File(#[from] rusqlite::Error),
}

/// What something is called: 1 to 100 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// `text` without the space around it. `what` says in an error what it would have named.
    pub fn parse(what: &str, text: &str) -> Result<Name, ChangeError> {
        let text = text.trim();
        let length = text.chars().count();
        if !(1..=100).contains(&length) || text.chars().any(char::is_control) {
            return Err(ChangeError::Wrong(format!(
                "{what}: wanted is a name of 1 to 100 characters on one line"
            )));
        }
        Ok(Name(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Whether it is reached is for mail to find out; here it is a name, an `@` and a host.
    pub fn parse(text: &str) -> Result<Email, ChangeError> {
        let text = text.trim().to_lowercase();
        let is_address = text.split_once('@').is_some_and(|(who, host)| {
            !who.is_empty() && !host.is_empty() && !host.contains('@') && text.len() <= 254
        });
        if !is_address || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(ChangeError::Wrong(
                "email: wanted is an e-mail address such as you@example.com".into(),
            ));
        }
        Ok(Email(text))
    }

    /// In lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        let long = "x".repeat(101);
        for (text, expected) in [
            (" Shop ", Some("Shop")),
            ("<script>", Some("<script>")),
            ("", None),
            ("a\nb", None),
            (&long, None),
        ] {
            let name = Name::parse("name", text).ok();
            assert_eq!(name.as_ref().map(Name::as_str), expected, "{text:?}");
        }
        for (text, expected) in [
            (" Me@Example.COM ", Some("me@example.com")),
            ("@", None),
            ("nobody", None),
            ("a b@c", None),
            ("a@b@c", None),
        ] {
            let email = Email::parse(text).ok();
            assert_eq!(email.as_ref().map(Email::as_str), expected, "{text:?}");
        }
    }
}
