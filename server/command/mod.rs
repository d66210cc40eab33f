//! What one types in a shell: contract §9. Results go to standard output, one plain value or line each; everything else
//! to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage.

mod backup;
mod care;
mod front;
mod key;
mod mail;
mod mcp;
mod migrate;
mod model;
mod process;
mod progress;
mod retention;
mod seed;
mod serve;
mod site;
mod transfer;
mod user;
mod workspace;

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, Subcommand};
use jiff::Timestamp;
use rusqlite::{ErrorCode, ffi};

use crate::account::Accounts;
use crate::private;
use crate::store::clickhouse::Place;
use crate::store::{Role, Settings, Store};

/// What all commands read beside their flags.
const AFTER: &str = "ADMX_STORE=clickhouse://user:password@host:8123/database keeps the events of large sites in a ClickHouse: /docs/scaling";

/// Goal analytics that you host yourself: one binary, one script tag.
#[derive(Parser)]
#[command(name = "admx", version, about, flatten_help = true, after_help = AFTER)]
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
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (what `admx` alone does)
    Serve(Box<serve::Flags>),
    /// Stand in front of another server: hand requests on, and keep events on this disk while that is away
    Front(front::Flags),
    /// Sites: what is measured
    #[command(subcommand)]
    Site(site::Command),
    /// API keys for servers
    #[command(subcommand)]
    Key(key::Command),
    /// People, and what they may do
    #[command(subcommand)]
    User(user::Command),
    /// Workspaces: each with sites, keys and people of its own
    #[command(subcommand)]
    Workspace(workspace::Command),
    /// Put everything into one file, while the server runs, and read it back
    Backup {
        /// Where to; it must not be there yet
        file: PathBuf,
    },
    /// Put everything back as it was in a backup; the server must not run
    Restore {
        /// What `admx backup` made
        file: PathBuf,
    },
    /// Read everything, and say whether it is whole
    Check,
    /// Take old events out
    Prune(care::Old),
    /// Take everything of one visitor or user out
    Erase(care::Whom),
    /// Write a site's events into a file that can be brought back, here or on another server
    Export(transfer::Export),
    /// Store events from such a file, or from another product's; twice stores nothing twice
    Import(transfer::Import),
    /// Serve the tools for agents on standard input and output
    Mcp(mcp::Flags),
    /// Give unused room of the event log back to the disk
    Vacuum,
    /// Move the events to a ClickHouse, or back, while the server runs
    MigrateStore(migrate::Flags),
    /// Fill a site with believable visits, the same for the same seed
    Seed(seed::Flags),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    forget_empty_variables();
    let cli = Cli::parse_from(with_serve(std::env::args_os().collect()));
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With its causes, once, where it ends.
            eprintln!("admx: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A variable of ours that is set to nothing is one that isn't set: that is how compose files and unit files leave one
/// out.
fn forget_empty_variables() {
    for (name, value) in std::env::vars_os() {
        if value.is_empty() && name.to_string_lossy().starts_with("ADMX_") {
            // SAFETY: the first thing the program does; no other thread is there yet.
            unsafe { std::env::remove_var(name) };
        }
    }
}

/// `admx` alone, and with nothing but serve's flags, is `admx serve`.
fn with_serve(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut at = 1;
    while let Some(argument) = arguments.get(at).and_then(|a| a.to_str()) {
        match argument {
            "--data" => at += 2,
            known if known.starts_with("--data=") => at += 1,
            "-h" | "--help" | "-V" | "--version" => return arguments,
            flag if flag.starts_with('-') => break,
            _ => return arguments,
        }
    }
    arguments.insert(at.min(arguments.len()), "serve".into());
    arguments
}

/// Opens the event log: where `ADMX_STORE` says, or in the folder alone.
fn store(
    data: &Path,
    role: Role,
    queue: usize,
    most_bytes: Option<u64>,
) -> anyhow::Result<Arc<Store>> {
    let settings = Settings {
        queue,
        role,
        most_bytes,
        clickhouse: place()?,
    };
    opened(Store::open(data, &settings), &data.join("events.db"))
}

/// The same for a command that stores nothing, or waits for each step it stores.
fn store_for_command(data: &Path) -> anyhow::Result<Arc<Store>> {
    store(data, Role::Command, 1, None)
}

/// What `ADMX_STORE` names.
fn place() -> anyhow::Result<Option<Place>> {
    let Some(text) = std::env::var_os("ADMX_STORE") else {
        return Ok(None);
    };
    let place = text.to_string_lossy().parse();
    // The text may have a password in it.
    place.map(Some).context("ADMX_STORE can't be read")
}

fn run(cli: Cli) -> anyhow::Result<()> {
    make_folder(&cli.data)?;
    let is_alone = matches!(cli.command, Command::Restore { .. });
    anyhow::ensure!(
        is_alone || !cli.data.join(backup::UNDER_WAY).exists(),
        "a restore of {} was broken off; restore it once more",
        cli.data.display()
    );
    // Held until the end.
    let _lock = lock(&cli.data, is_alone)?;
    match cli.command {
        Command::Serve(flags) => serve::run(&cli.data, *flags),
        Command::Front(flags) => front::run(&cli.data, &flags),
        Command::Site(command) => site::run(&accounts(&cli.data)?, command),
        Command::Key(command) => key::run(&accounts(&cli.data)?, command),
        Command::User(command) => user::run(&accounts(&cli.data)?, command),
        Command::Workspace(command) => workspace::run(&accounts(&cli.data)?, command),
        Command::Backup { file } => backup::backup(&cli.data, &file),
        Command::Restore { file } => backup::restore(&cli.data, &file),
        Command::Check => care::check(&cli.data),
        Command::Prune(old) => care::prune(&cli.data, &old),
        Command::Erase(whom) => care::erase(&cli.data, &whom),
        Command::Export(flags) => transfer::export(&cli.data, &flags),
        Command::Import(flags) => transfer::run(&cli.data, &flags),
        Command::Mcp(flags) => mcp::run(&cli.data, &flags),
        Command::Vacuum => care::vacuum(&cli.data),
        Command::MigrateStore(flags) => migrate::run(&cli.data, &flags),
        Command::Seed(flags) => seed::run(&cli.data, &flags),
    }
}

fn accounts(data: &Path) -> anyhow::Result<Accounts> {
    opened(
        Accounts::open(data, Timestamp::now()),
        &data.join("accounts.db"),
    )
}

/// Says of a file that can't be opened which it is, and why where SQLite's own words leave that open.
fn opened<T>(result: anyhow::Result<T>, file: &Path) -> anyhow::Result<T> {
    let file = file.display();
    result.map_err(|error| match hint(&error) {
        Some(why) => error.context(format!("{file} can't be opened: {why}")),
        None => error.context(format!("{file} can't be opened")),
    })
}

fn hint(error: &anyhow::Error) -> Option<&'static str> {
    let found = error.chain().find_map(|cause| cause.downcast_ref());
    let failure = rusqlite::Error::sqlite_error(found?)?;
    match (failure.extended_code, failure.code) {
        // The second is the file beside it that is mapped: on a full disk it can't be made.
        (ffi::SQLITE_FULL | ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_WRITE, _) => {
            Some("the disk is full or can't be written")
        }
        (_, ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            Some("this user may not write to it or to its folder")
        }
        _ => None,
    }
}

/// Makes the data folder where there is none, for its owner alone, and says so.
fn make_folder(data: &Path) -> anyhow::Result<()> {
    if data.is_dir() {
        return Ok(());
    }
    private::create_folder(data)
        .with_context(|| format!("the data folder {} can't be made", data.display()))?;
    eprintln!("admx: {} is a new data folder", data.display());
    Ok(())
}

/// Marks the folder as in use: by one alone, or by the server and commands beside it.
fn lock(data: &Path, is_alone: bool) -> anyhow::Result<File> {
    let path = data.join("in-use");
    private::create(&path).with_context(|| format!("{} can't be made", path.display()))?;
    let file = File::open(&path)?;
    let locked = if is_alone {
        file.try_lock()
    } else {
        file.try_lock_shared()
    };
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) if is_alone => {
            anyhow::bail!("{} is in use; stop the server first", data.display())
        }
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!(
                "{} is being restored; try again when that is over",
                data.display()
            )
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} can't be locked", path.display()))
        }
    }
}

/// Prints one line of a result. A result that nobody gets is a failure.
fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .context("the result can't be printed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serve_may_be_left_out() {
        for (given, expected) in [
            ("admx", "admx serve"),
            ("admx --listen x", "admx serve --listen x"),
            ("admx --data d", "admx --data d serve"),
            ("admx --data=d --listen x", "admx --data=d serve --listen x"),
            ("admx --data d site list", "admx --data d site list"),
            ("admx serve --listen x", "admx serve --listen x"),
            ("admx --help", "admx --help"),
            ("admx --data", "admx --data serve"),
        ] {
            let given = given.split(' ').map(OsString::from).collect();
            let expected: Vec<_> = expected.split(' ').map(OsString::from).collect();
            assert_eq!(with_serve(given), expected);
        }
    }

    #[test]
    fn a_full_disk_is_called_one() {
        for (code, expected) in [
            (
                4874,
                "a.db can't be opened: the disk is full or can't be written: Error code 4874: ",
            ),
            (
                13,
                "a.db can't be opened: the disk is full or can't be written: Error code 13: ",
            ),
            (
                14,
                "a.db can't be opened: this user may not write to it or to its folder: Error code 14: ",
            ),
            (11, "a.db can't be opened: Error code 11: "),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let said = opened::<()>(Err(error.into()), Path::new("a.db")).unwrap_err();
            assert!(format!("{said:#}").starts_with(expected), "{said:#}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
