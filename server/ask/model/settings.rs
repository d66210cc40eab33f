//! Which language model, where, and how much of it. Its key is in no log and no error.

use std::fmt;
use std::time::Duration;

use url::Url;

/// A language model of the operator's.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where chat completions are.
    pub(super) url: Url,
    pub(super) name: String,
    pub(super) key: Option<Key>,
    /// How long a question may take, all in all.
    pub(super) timeout: Duration,
    /// Requests a day (UTC).
    pub(super) budget: u32,
}

/// A key, which is never shown.
#[derive(Clone)]
pub(super) struct Key(pub(super) String);

/// Nothing of it.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Why these settings name no model. It repeats nothing of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// One without the other.
    #[error(
        "--ask-model-url (ADMX_ASK_MODEL_URL) needs --ask-model (ADMX_ASK_MODEL): which model is asked there"
    )]
    NoName,
    /// The other without the one.
    #[error(
        "--ask-model (ADMX_ASK_MODEL) and --ask-model-key (ADMX_ASK_MODEL_KEY) need --ask-model-url (ADMX_ASK_MODEL_URL): where the model is asked"
    )]
    NoUrl,
    /// No address.
    #[error(
        "--ask-model-url (ADMX_ASK_MODEL_URL): wanted the address in front of /chat/completions, such as http://localhost:11434/v1, without a name, a password, ? and #"
    )]
    Url,
    /// No name.
    #[error("--ask-model (ADMX_ASK_MODEL): wanted the name of a model, of at most 200 characters")]
    Name,
    /// No key.
    #[error(
        "--ask-model-key (ADMX_ASK_MODEL_KEY): wanted a key of visible characters without spaces"
    )]
    Key,
}

impl Settings {
    /// `None` where nothing is named.
    ///
    /// # Errors
    /// When what is named is not enough, or wrong.
    pub fn parse(
        url: Option<&str>,
        name: Option<&str>,
        key: Option<&str>,
        timeout: Duration,
        budget: u32,
    ) -> Result<Option<Settings>, SettingsError> {
        let (url, name) = match (url, name, key) {
            (None, None, None) => return Ok(None),
            (None, ..) => return Err(SettingsError::NoUrl),
            (Some(_), None, _) => return Err(SettingsError::NoName),
            (Some(url), Some(name), _) => (url, name.trim()),
        };
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(SettingsError::Name);
        }
        let key = key.map(str::trim);
        if key.is_some_and(|key| key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(SettingsError::Key);
        }
        Ok(Some(Settings {
            url: completions(url).ok_or(SettingsError::Url)?,
            name: name.to_owned(),
            key: key.map(|key| Key(key.to_owned())),
            timeout,
            budget,
        }))
    }
}

/// Where chat completions are, by what stands in front of them.
fn completions(base: &str) -> Option<Url> {
    let mut url = Url::parse(base.trim()).ok()?;
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.port() == Some(0) || !is_bare {
        return None;
    }
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/chat/completions").unwrap_or(path);
    let path = format!("{path}/chat/completions");
    url.set_path(&path);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    fn parse(
        url: Option<&str>,
        name: Option<&str>,
        key: Option<&str>,
    ) -> Result<Option<Settings>, SettingsError> {
        Settings::parse(url, name, key, Duration::from_secs(10), 500)
    }

    #[test]
    fn a_model_is_an_address_and_a_name() {
        for (base, url) in [
            (
                "http://localhost:11434/v1",
                Some("http://localhost:11434/v1/chat/completions"),
            ),
            (
                "http://10.0.0.7:8000/v1/",
                Some("http://10.0.0.7:8000/v1/chat/completions"),
            ),
            (
                "https://api.example.com",
                Some("https://api.example.com/chat/completions"),
            ),
            (
                "https://a.example/v1/chat/completions",
                Some("https://a.example/v1/chat/completions"),
            ),
            ("https://me:secret@a.example/v1", None),
            ("https://a.example/v1?key=secret", None),
            ("ftp://a.example", None),
            ("localhost:11434", None),
            ("http://localhost:0/v1", None),
            ("", None),
        ] {
            let read = parse(Some(base), Some("qwen3"), None);
            match url {
                Some(url) => assert_eq!(read.unwrap().unwrap().url.as_str(), url),
                None => assert_eq!(read.unwrap_err(), SettingsError::Url, "{base}"),
            }
        }
        let url = Some("http://localhost:11434/v1");
        assert!(parse(None, None, None).unwrap().is_none());
        for (url, name, key, error) in [
            (url, None, None, SettingsError::NoName),
            (None, Some("qwen3"), None, SettingsError::NoUrl),
            (None, None, Some("k"), SettingsError::NoUrl),
            (url, Some(" "), None, SettingsError::Name),
            (url, Some("qwen3"), Some("two words"), SettingsError::Key),
            (url, Some("qwen3"), Some("a\r\nb"), SettingsError::Key),
        ] {
            assert_eq!(parse(url, name, key).unwrap_err(), error);
        }
    }

    proptest! {
        #[test]
        fn a_key_is_not_repeated(secret in "[a-z]{12}", more in ".*") {
            let url = Some("http://localhost/v1");
            for key in [secret.clone(), format!("{secret}{more}"), format!("{more}{secret}")] {
                let read = parse(url, Some("m"), Some(&key));
                let said = format!("{read:?}");
                prop_assert!(!said.contains(&secret));
            }
            for base in [format!("http://me:{secret}@{more}"), format!("http://a/?{secret}{more}")] {
                let said = match parse(Some(&base), Some("m"), None) {
                    Ok(_) => String::new(),
                    Err(error) => error.to_string(),
                };
                prop_assert!(!said.contains(&secret));
            }
        }
    }
}
