//! `admx key`

use jiff::Timestamp;

use super::print;
use super::workspace::In;
use crate::account::{Accounts, Name, NewKey, Scope};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Make a key and print it, this once
    New {
        /// What you call it
        #[arg(long)]
        name: String,
        /// What it may do; give it once for each
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Scope>,
        /// When it ends, RFC 3339 such as 2027-01-31T00:00:00Z
        #[arg(long, value_name = "TIME")]
        expires: Option<Timestamp>,
        #[command(flatten)]
        workspace: In,
    },
    /// Print each key: id, name, scopes, and whether it is good
    List {
        #[command(flatten)]
        workspace: In,
    },
    /// Revoke a key by its id
    Revoke {
        /// As `key list` prints it
        id: i64,
        #[command(flatten)]
        workspace: In,
    },
}

pub(super) fn run(accounts: &Accounts, command: Command) -> anyhow::Result<()> {
    let now = Timestamp::now();
    match command {
        Command::New {
            name,
            scopes,
            expires,
            workspace,
        } => {
            let new = NewKey {
                name: &Name::parse("name", &name)?,
                scopes: &scopes,
                expires_at: expires,
            };
            let (_, secret) = accounts.new_key(workspace.find(accounts)?, &new, now)?;
            print(&secret)?;
        }
        Command::List { workspace } => {
            for key in accounts.keys(workspace.find(accounts)?)? {
                let scopes: Vec<_> = key.scopes.iter().map(Scope::to_string).collect();
                let state = match (key.revoked_at, key.expires_at) {
                    (Some(at), _) => format!("revoked {at}"),
                    (None, Some(at)) if at <= now => format!("expired {at}"),
                    (None, Some(at)) => format!("good until {at}"),
                    (None, None) => "good".to_owned(),
                };
                print(&format!(
                    "{}\t{}\t{}\t{state}",
                    key.id,
                    key.name,
                    scopes.join(",")
                ))?;
            }
        }
        Command::Revoke { id, workspace } => {
            anyhow::ensure!(
                accounts.revoke_key(workspace.find(accounts)?, id, now)?,
                "there is no key {id}; `admx key list` prints those there are"
            );
            print(&format!("revoked {id}"))?;
        }
    }
    Ok(())
}
