//! What mail is sent by: flags of `admx serve`.

use lettre::message::Mailbox;
use url::Url;

use crate::mail::{Server, Settings};

#[derive(clap::Args)]
#[group(skip)]
pub(super) struct Flags {
    /// The server that mail is given to, smtp://name:password@mail.example.com:587 or smtps://…; without it messages are
    /// put into the folder `outbox`. Better as the variable: others on this machine can read flags
    // Not parsed here: an error of clap's repeats what was given, and help shows what variables hold.
    #[arg(long, env = "ADMX_SMTP", hide_env_values = true, value_name = "URL")]
    smtp: Option<String>,
    /// Whom mail is from; admx@ and the host of --base-url unless set
    #[arg(long, env = "ADMX_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<Mailbox>,
}

impl Flags {
    /// Without `--base-url` nobody can say where links in reports lead.
    pub(super) fn settings(self, base_url: Option<&Url>) -> anyhow::Result<Settings> {
        let host = base_url.and_then(Url::domain).map(str::to_owned);
        let from = match self.mail_from {
            Some(from) => from,
            None => format!("admx <admx@{}>", host.as_deref().unwrap_or("localhost")).parse()?,
        };
        Ok(Settings {
            smtp: self.smtp.as_deref().map(Server::parse).transpose()?,
            from,
            base_url: base_url.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            name: host,
        })
    }
}
