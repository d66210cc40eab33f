//! The link that ends a report: only what we signed is read. And the address of a mail server: whatever is given, what says
//! why it is refused doesn't repeat it.

use crate::{mail_server, mail_token};

const SECRET: &str = "secret";

pub fn link(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Some((site, user)) = mail_token::read(SECRET, text) {
        let ours = mail_token::make(SECRET, site, user);
        // Only its zeros in front and the case of its letters are free.
        let signature = |token: &str| token.rsplit('-').next().map(str::to_lowercase);
        assert_eq!(signature(text), signature(&ours), "{text}");
    }
    if let Err(error) = mail_server::Server::parse(text) {
        let said = error.to_string();
        assert!(text.len() < 30 || !said.contains(text), "{text}");
    }
}
