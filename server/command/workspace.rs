//! `admx workspace`, and how other commands name one.

use jiff::Timestamp;

use super::print;
use crate::account::{Accounts, Name, WorkspaceId};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a workspace, with sites, keys and people of its own, and print its number
    Add {
        /// What its people call it
        name: String,
    },
    /// Print each workspace: number, name
    List,
}

/// The workspace that a command works in.
#[derive(clap::Args)]
#[group(skip)]
pub(super) struct In {
    /// The workspace, by its number or its name; the first where none is named
    #[arg(long, value_name = "NAME|ID")]
    workspace: Option<String>,
}

impl In {
    pub(super) fn find(&self, accounts: &Accounts) -> anyhow::Result<WorkspaceId> {
        let Some(named) = &self.workspace else {
            return Ok(accounts.first_workspace()?);
        };
        let all = accounts.workspaces()?;
        let by_number = all.iter().find(|w| w.id.0.to_string() == *named);
        let mut by_name = all.iter().filter(|w| w.name == *named);
        match (by_number, by_name.next(), by_name.next()) {
            (Some(found), _, _) | (None, Some(found), None) => Ok(found.id),
            (None, Some(_), Some(_)) => {
                anyhow::bail!("several workspaces are called {named:?}; name it by its number")
            }
            (None, None, _) => anyhow::bail!(
                "there is no workspace {named:?}; `admx workspace list` prints those there are"
            ),
        }
    }
}

pub(super) fn run(accounts: &Accounts, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Add { name } => {
            let name = Name::parse("name", &name)?;
            print(
                &accounts
                    .add_workspace(&name, Timestamp::now())?
                    .0
                    .to_string(),
            )?;
        }
        Command::List => {
            for workspace in accounts.workspaces()? {
                print(&format!("{}\t{}", workspace.id.0, workspace.name))?;
            }
        }
    }
    Ok(())
}
