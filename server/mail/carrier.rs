//! What takes messages away: an SMTP server, or where there is none a folder that whoever runs the server looks into.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::server::Server;
use crate::private;

/// How long a command of the protocol may take, and all of them together.
const PATIENCE: Duration = Duration::from_secs(20);
const PATIENCE_IN_ALL: Duration = Duration::from_secs(60);

/// Letters of a server's answer that are kept.
const ANSWER: usize = 200;

/// What takes messages away.
pub(super) enum Carrier {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>, Server),
    Outbox(PathBuf),
}

/// Why a message wasn't taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// In words.
    pub(super) because: String,
    /// Whether it would be of no use to try again.
    pub(super) is_final: bool,
}

impl Carrier {
    /// An SMTP server, to which we call ourselves `name`.
    pub(super) fn smtp(server: Server, name: Option<&str>) -> anyhow::Result<Carrier> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.url())
            // What it says may hold the address, password and all.
            .map_err(|_| anyhow::anyhow!("--smtp: no server can be made of this address"))?;
        let builder = match name {
            Some(name) => builder.hello_name(ClientId::Domain(name.to_owned())),
            None => builder,
        };
        let transport = builder.timeout(Some(PATIENCE)).build();
        Ok(Carrier::Smtp(Box::new(transport), server))
    }

    /// A folder in the data folder.
    pub(super) fn outbox(data: &Path) -> Carrier {
        Carrier::Outbox(data.join("outbox"))
    }

    /// Whether mail really leaves.
    pub(super) fn is_smtp(&self) -> bool {
        matches!(self, Carrier::Smtp(..))
    }

    /// Takes a message away; gives in words where it is then.
    pub(super) async fn send(
        &self,
        (id, made_at): (i64, Timestamp),
        envelope: &Envelope,
        text: &[u8],
    ) -> Result<&'static str, Failure> {
        match self {
            Carrier::Smtp(transport, server) => {
                let send = transport.send_raw(envelope, text);
                match tokio::time::timeout(PATIENCE_IN_ALL, send).await {
                    Ok(Ok(_)) => Ok("Sent"),
                    Ok(Err(error)) => Err(failure(&error, server)),
                    Err(_) => Err(again("the mail server took too long".into())),
                }
            }
            Carrier::Outbox(folder) => {
                let (folder, text) = (folder.clone(), text.to_owned());
                let name = format!("{}-{id}.eml", made_at.strftime("%Y%m%dT%H%M%SZ"));
                let put = move || put(&folder, &name, &text);
                match tokio::task::spawn_blocking(put).await {
                    Ok(Ok(())) => Ok("Put into the outbox"),
                    Ok(Err(error)) => Err(again(format!("the outbox can't be written: {error}"))),
                    Err(error) => Err(again(error.to_string())),
                }
            }
        }
    }
}

fn again(because: String) -> Failure {
    Failure {
        because,
        is_final: false,
    }
}

/// Why, without what nobody but the operator may know: an answer could repeat a password.
fn failure(error: &Error, server: &Server) -> Failure {
    let code = error.status().map(u16::from);
    match code {
        // Not of this message: whoever runs the server can set it right.
        Some(code @ (530 | 534 | 535 | 538 | 454)) => again(format!(
            "the mail server didn't take the name and password of --smtp ({code})"
        )),
        Some(_) => Failure {
            because: format!(
                "the mail server refused it: {}",
                server.without_secrets(&said(error))
            ),
            is_final: error.is_permanent(),
        },
        None if error.is_timeout() => again("the mail server took too long".into()),
        None if error.is_tls() => again("no safe connection to the mail server".into()),
        None => again(format!(
            "the mail server can't be reached: {}",
            server.without_secrets(&said(error))
        )),
    }
}

/// The innermost of what went wrong, on one line.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    let code = error.status().map(|code| format!("{code} "));
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(ANSWER)
        .collect();
    match code {
        Some(code) if !text.starts_with(code.trim()) => code + &text,
        _ => text,
    }
}

/// Writes a file that is there whole or not at all, its owner's alone. Once more it is the same file.
fn put(folder: &Path, name: &str, text: &[u8]) -> std::io::Result<()> {
    private::create_folder(folder)?;
    let unnamed = folder.join(format!(".{name}.part"));
    private::create(&unnamed)?;
    let mut file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(&unnamed)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&unnamed, folder.join(name))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_the_outbox_is_whole_and_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = folder.path().join("outbox");
        put(&outbox, "1.eml", b"longer than the second").unwrap();
        put(&outbox, "1.eml", b"second").unwrap();
        assert_eq!(fs::read(outbox.join("1.eml")).unwrap(), b"second");
        assert_eq!(fs::read_dir(&outbox).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&outbox), 0o700);
            assert_eq!(mode(&outbox.join("1.eml")), 0o600);
        }
    }
}
