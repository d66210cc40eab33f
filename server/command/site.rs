//! `admx site`

use anyhow::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::print;
use super::workspace::In;
use crate::account::{Accounts, NewSite, SiteChange, keep_days};

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Add a site and print the website id for its script tag
    Add {
        /// Where it lives, such as example.com; sub-domains belong to it
        domain: String,
        /// A further host whose pages may send its events
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
        #[command(flatten)]
        workspace: In,
    },
    /// Print each site: website id, domain, further hosts
    List {
        #[command(flatten)]
        workspace: In,
    },
    /// Keep only some days of a site's events; the server takes older ones out once an hour
    Keep {
        /// The website id, as `site list` prints it
        site: String,
        /// How many days, today among them; 0 for all
        days: u32,
        #[command(flatten)]
        workspace: In,
    },
}

pub(super) fn run(accounts: &Accounts, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Add {
            domain,
            hosts,
            workspace,
        } => {
            let new = NewSite {
                domain: &domain,
                hosts: &hosts,
                zone: TimeZone::UTC,
                is_demo: false,
            };
            print(&accounts.add_site(workspace.find(accounts)?, &new, Timestamp::now())?)?
        }
        Command::Keep {
            site,
            days,
            workspace,
        } => {
            let days = keep_days(days.into())?;
            let change = SiteChange {
                keep_days: Some(days),
                ..SiteChange::default()
            };
            accounts
                .change_site(workspace.find(accounts)?, &site, &change)
                .context("`admx site list` prints the sites there are")?;
            print(&match days {
                Some(days) => format!("{site} keeps {days} days"),
                None => format!("{site} keeps everything"),
            })?;
        }
        Command::List { workspace } => {
            for site in accounts.sites(workspace.find(accounts)?)?.iter() {
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
