//! What one types in a shell: contract §9. Results go to standard output, one plain value or line each; everything else
//! to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage.

mod key;
mod serve;
mod site;
mod user;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::account::Accounts;

/// Goal analytics that you host yourself: one binary, one script tag.
#[derive(Parser)]
#[command(name = "admx", version, about, subcommand_negates_reqs = true)]
struct Cli {
    /// The folder that holds everything.
    #[arg(
        long,
        env = "ADMX_DATA",
        default_value = "admx-data",
        global = true,
        value_name = "DIR"
    )]
    data: PathBuf,
    #[command(flatten)]
    serve: serve::Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (what `admx` alone does)
    Serve(serve::Flags),
    /// Sites: what is measured
    #[command(subcommand)]
    Site(site::Command),
    /// API keys for servers
    #[command(subcommand)]
    Key(key::Command),
    /// People who may look
    #[command(subcommand)]
    User(user::Command),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With its causes, once, where it ends.
            eprintln!("admx: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    make_folder(&cli.data)?;
    match cli.command {
        None => serve::run(&cli.data, cli.serve),
        Some(Command::Serve(flags)) => serve::run(&cli.data, flags),
        Some(Command::Site(command)) => site::run(&accounts(&cli.data)?, command),
        Some(Command::Key(command)) => key::run(&accounts(&cli.data)?, command),
        Some(Command::User(command)) => user::run(&accounts(&cli.data)?, command),
    }
}

fn accounts(data: &Path) -> anyhow::Result<Accounts> {
    Accounts::open(data, Timestamp::now())
        .with_context(|| format!("{} can't be opened", data.join("accounts.db").display()))
}

/// Makes the data folder, for its owner alone.
fn make_folder(data: &Path) -> anyhow::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder
        .create(data)
        .with_context(|| format!("the data folder {} can't be made", data.display()))
}

/// Prints one line of a result.
#[allow(clippy::print_stdout)]
fn print(line: &str) {
    println!("{line}");
}
