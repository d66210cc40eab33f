//! A message as it travels: headers, text and HTML (crate `lettre`, which writes and encodes them).

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::token;

/// What is in one.
pub(super) struct Content {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    /// Where one says that one doesn't want more of it.
    pub(super) unsubscribe: Option<String>,
}

/// From one to another.
pub(super) fn envelope(from: &Mailbox, to: &str) -> anyhow::Result<Envelope> {
    let to: Address = to.parse()?;
    Ok(Envelope::new(Some(from.email.clone()), vec![to])?)
}

/// Writes a message. It has its number (`Message-ID`) for good: where it is sent twice after all, that says so.
pub(super) fn write(
    from: &Mailbox,
    to: &str,
    content: Content,
    now: Timestamp,
) -> anyhow::Result<Vec<u8>> {
    let to = Mailbox::new(None, to.parse()?);
    let id = format!("<{}@{}>", token::random(30), from.email.domain());
    let mut message = Message::builder()
        .message_id(Some(id))
        .date(SystemTime::from(now))
        .from(from.clone())
        .to(to)
        .subject(content.subject)
        .raw_header(header("Auto-Submitted", "auto-generated"));
    if let Some(address) = content.unsubscribe {
        // RFC 8058: a mail program posts there without asking.
        message = message
            .raw_header(header("List-Unsubscribe", &format!("<{address}>")))
            .raw_header(header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click",
            ));
    }
    let body = MultiPart::alternative_plain_html(content.text, content.html);
    Ok(message.multipart(body)?.formatted())
}

/// One of ours: its value is ASCII on one line, and is not to be folded within an address.
fn header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_chose_adds_no_header() {
        let content = Content {
            subject: "a\r\nBcc: you@evil.test\r\n\r\n<b>".into(),
            text: "t\r\n.\r\nQUIT".into(),
            html: "<p>ž</p>".into(),
            unsubscribe: Some(format!(
                "https://stats.test/unsubscribe/{}",
                "x".repeat(100)
            )),
        };
        let from = "admx <admx@stats.test>".parse().unwrap();
        let text = write(&from, "me@example.com", content, Timestamp::UNIX_EPOCH).unwrap();
        let text = String::from_utf8(text).unwrap();
        let head = text.split_once("\r\n\r\n").unwrap().0;
        assert!(!head.contains("\nBcc:"), "{head}");
        assert!(head.contains("\nList-Unsubscribe: <https://stats.test/unsubscribe/xxx"));
        assert!(head.contains("\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
        assert!(
            head.contains("\nDate: Thu, 01 Jan 1970 00:00:00 +0000\r\n"),
            "{head}"
        );
        assert!(text.is_ascii() && text.lines().all(|line| line.len() < 998));
    }

    #[test]
    fn who_has_no_address_gets_nothing() {
        let from = "admx@stats.test".parse().unwrap();
        for (to, is_one) in [
            ("me@example.com", true),
            ("a@localhost", true),
            ("a b@c", false),
            ("x", false),
        ] {
            assert_eq!(envelope(&from, to).is_ok(), is_one, "{to}");
        }
    }
}
