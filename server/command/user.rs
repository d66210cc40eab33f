//! `admx user`

use jiff::Timestamp;

use super::print;
use super::workspace::In;
use crate::account::{Accounts, Email, Role};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a person to the workspace and print a link that logs them in once, to set a password
    Add {
        /// Who
        email: String,
        /// What they may do; viewer unless given, and owner for the first. Who is there already has it from now on
        #[arg(long)]
        role: Option<Role>,
        #[command(flatten)]
        link: Link,
        #[command(flatten)]
        workspace: In,
    },
    /// Print each person: address, role, and whether they have a password
    List {
        #[command(flatten)]
        workspace: In,
    },
    /// Print a link that logs a person in once, to set another password
    Link {
        /// Who
        email: String,
        #[command(flatten)]
        link: Link,
        #[command(flatten)]
        workspace: In,
    },
    /// Take a person out of the workspace
    Remove {
        /// Who
        email: String,
        #[command(flatten)]
        workspace: In,
    },
}

/// Where a link leads.
#[derive(clap::Args)]
#[group(skip)]
pub(super) struct Link {
    /// Where people reach the server
    #[arg(
        long,
        env = "ADMX_BASE_URL",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    base_url: String,
}

impl Link {
    fn print(&self, accounts: &Accounts, user: i64) -> anyhow::Result<()> {
        let link = accounts.new_link(user, Timestamp::now())?;
        print(&format!(
            "{}/login/{link}",
            self.base_url.trim_end_matches('/')
        ))
    }
}

pub(super) fn run(accounts: &Accounts, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Add {
            email,
            role,
            link,
            workspace,
        } => {
            let workspace = workspace.find(accounts)?;
            let email = Email::parse(&email)?;
            let members = accounts.members(workspace)?;
            // Without a role, who is there keeps theirs, and who is first owns the workspace.
            let present = members.iter().find(|m| m.email == email.as_str());
            let has_owner = members.iter().any(|m| m.role == Role::Owner);
            let usual = if has_owner { Role::Viewer } else { Role::Owner };
            let role = role.or(present.map(|m| m.role)).unwrap_or(usual);
            let user = accounts.add_member(workspace, &email, role, Timestamp::now())?;
            link.print(accounts, user)?;
        }
        Command::List { workspace } => {
            for member in accounts.members(workspace.find(accounts)?)? {
                let password = if member.has_password {
                    "has a password"
                } else {
                    "has no password"
                };
                print(&format!("{}\t{}\t{password}", member.email, member.role))?;
            }
        }
        Command::Link {
            email,
            link,
            workspace,
        } => {
            let member = accounts.member(workspace.find(accounts)?, &Email::parse(&email)?)?;
            link.print(accounts, member.user)?;
        }
        Command::Remove { email, workspace } => {
            let workspace = workspace.find(accounts)?;
            let member = accounts.member(workspace, &Email::parse(&email)?)?;
            accounts.remove_member(workspace, member.user)?;
            print(&format!("removed {}", member.email))?;
        }
    }
    Ok(())
}
