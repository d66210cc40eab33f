//! `admx user`

use jiff::Timestamp;

use super::print;
use crate::account::Accounts;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a person, or find them, and print a link that logs them in once
    Add {
        /// Who
        email: String,
        /// Where people reach the server
        #[arg(
            long,
            env = "ADMX_BASE_URL",
            default_value = "http://127.0.0.1:8080",
            value_name = "URL"
        )]
        base_url: String,
    },
}

pub(super) fn run(accounts: &Accounts, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Add { email, base_url } => {
            let is_address = email
                .split_once('@')
                .is_some_and(|(who, host)| !who.is_empty() && !host.is_empty());
            anyhow::ensure!(is_address, "{email:?} is no e-mail address");
            let link = accounts.new_link(accounts.first_workspace()?, &email, Timestamp::now())?;
            print(&format!("{}/login/{link}", base_url.trim_end_matches('/')))?;
        }
    }
    Ok(())
}
