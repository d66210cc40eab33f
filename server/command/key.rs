//! `admx key`

use jiff::Timestamp;

use super::print;
use crate::account::{Accounts, Scope};

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
    },
    /// Print each key: id, name, scopes, and whether it is good
    List,
    /// Revoke a key by its id
    Revoke {
        /// As `key list` prints it
        id: i64,
    },
}

pub(super) fn run(accounts: &Accounts, command: Command) -> anyhow::Result<()> {
    let workspace = accounts.first_workspace()?;
    let now = Timestamp::now();
    match command {
        Command::New {
            name,
            scopes,
            expires,
        } => print(&accounts.new_key(workspace, &name, &scopes, expires, now)?)?,
        Command::List => {
            for key in accounts.keys(workspace)? {
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
                    key.name.replace(['\t', '\n'], " "),
                    scopes.join(",")
                ))?;
            }
        }
        Command::Revoke { id } => {
            anyhow::ensure!(
                accounts.revoke_key(workspace, id, now)?,
                "there is no key {id}; `admx key list` prints those there are"
            );
            print(&format!("revoked {id}"))?;
        }
    }
    Ok(())
}
