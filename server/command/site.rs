//! `admx site`

use jiff::Timestamp;

use super::print;
use crate::account::Accounts;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a site and print the website id for its script tag
    Add {
        /// Where it lives, such as example.com; sub-domains belong to it
        domain: String,
        /// A further host whose pages may send its events
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
    },
    /// Print each site: website id, domain, further hosts
    List,
    /// Keep only some days of a site's events; the server takes older ones out once an hour
    Keep {
        /// The website id, as `site list` prints it
        site: String,
        /// How many days, today among them; 0 for all
        days: u32,
    },
}

pub(super) fn run(accounts: &Accounts, command: Command) -> anyhow::Result<()> {
    let workspace = accounts.first_workspace()?;
    match command {
        Command::Add { domain, hosts } => {
            print(&accounts.add_site(workspace, &domain, &hosts, false, Timestamp::now())?)?
        }
        Command::Keep { site, days } => {
            let days = Some(days).filter(|days| *days > 0);
            anyhow::ensure!(
                accounts.keep(workspace, &site, days)?,
                "there is no such site; `admx site list` prints those there are"
            );
            print(&match days {
                Some(days) => format!("{site} keeps {days} days"),
                None => format!("{site} keeps everything"),
            })?;
        }
        Command::List => {
            for site in accounts.sites(workspace)?.iter() {
                print(
                    format!(
                        "{}\t{}\t{}",
                        site.website_id,
                        site.domain,
                        site.hosts.join(",")
                    )
                    .trim_end(),
                )?;
            }
        }
    }
    Ok(())
}
