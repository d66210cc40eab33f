//! `admx backup` and `admx restore`: everything in one file, a tar of the databases and a list that says what they are.
//!
//! A backup is taken while the server runs: each database is read in one transaction, which nobody waits for. It is read
//! back before it gets its name. Reports are not in it, since they are made from the log, nor is the day's salt, which is
//! to be forgotten.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{print, progress};
use crate::private;
use crate::store::{care, clickhouse};

/// What is backed up. The log comes first: so it never names a site that isn't among the accounts.
const FILES: [&str; 2] = ["events.db", "accounts.db"];

/// How far the log is shipped, where it goes to a ClickHouse.
const SHIPPED: &str = "shipped.db";

/// The list, first in the file.
const LIST: &str = "admx-backup.json";

/// Lies in a data folder while something is put back into it.
pub(super) const UNDER_WAY: &str = "restore-under-way";

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
struct List {
    /// Which admx made it.
    admx: String,
    at: Timestamp,
    files: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    name: String,
    bytes: u64,
    sha256: String,
}

/// `admx backup FILE`
pub(super) fn backup(data: &Path, to: &Path) -> anyhow::Result<()> {
    ensure!(
        !to.exists(),
        "{} is there already; a backup overwrites nothing",
        to.display()
    );
    let folder = Scratch::beside(to)?;
    // The log comes before: what is shipped meanwhile and not in it is taken out there when it is put back.
    let shipped = data.join(SHIPPED).exists().then_some(SHIPPED);
    let files: Vec<&'static str> = FILES.into_iter().chain(shipped).collect();
    for name in files.iter().copied() {
        let spinner = progress::spinner(name);
        copy(&data.join(name), &folder.0.join(name))
            .with_context(|| format!("{name} can't be copied"))?;
        spinner.finish_and_clear();
    }
    let list = List {
        admx: env!("CARGO_PKG_VERSION").to_owned(),
        at: Timestamp::now(),
        files: files
            .iter()
            .map(|name| entry(&folder.0, name))
            .collect::<anyhow::Result<_>>()?,
    };
    let unnamed = folder.0.join("backup");
    write(&folder.0, &list, &unnamed).context("the backup can't be written")?;
    let again = Scratch::beside(to)?;
    unpack(&unnamed, &again.0).context("the backup was written, and can't be read back")?;
    fs::rename(&unnamed, to)?;
    sync_folder_of(to)?;
    let bytes: u64 = list.files.iter().map(|file| file.bytes).sum();
    print(&format!(
        "{} holds {bytes} bytes of {}, read back and whole",
        to.display(),
        list.at
    ))
}

/// `admx restore FILE`
pub(super) fn restore(data: &Path, from: &Path) -> anyhow::Result<()> {
    let folder = Scratch::beside(&data.join("restored"))?;
    let list = unpack(from, &folder.0)?;
    renew(&folder.0)?;
    // While it is there nobody takes a folder that is half of this and half of that for a new one.
    let mark = data.join(UNDER_WAY);
    private::create(&mark)?;
    sync_folder_of(&mark)?;
    let kept = data.join(format!("before-restore-{}", Timestamp::now().as_second()));
    let mut is_kept = false;
    for name in FILES.iter().chain(&["reports.db", SHIPPED]) {
        for end in ["", "-wal", "-shm"] {
            let file = data.join(format!("{name}{end}"));
            if file.exists() {
                if !is_kept {
                    private::create_folder(&kept)?;
                    is_kept = true;
                }
                fs::rename(&file, kept.join(format!("{name}{end}")))?;
            }
        }
    }
    for file in &list.files {
        fs::rename(folder.0.join(&file.name), data.join(&file.name))?;
    }
    sync_folder_of(&mark)?;
    fs::remove_file(&mark)?;
    if is_kept {
        eprintln!("admx: what was there before is in {}", kept.display());
    }
    print(&format!(
        "restored what admx {} had at {}",
        list.admx, list.at
    ))
}

/// Makes a log another one than it was: the ids that its server gave out after the backup are of events that it has not,
/// and reports of it are to be made anew.
fn renew(folder: &Path) -> anyhow::Result<()> {
    let connection = Connection::open(folder.join("events.db"))?;
    connection.execute_batch(
        "UPDATE about SET value = randomblob(32) WHERE name = 'secret';
         UPDATE about SET value = randomblob(16) WHERE name = 'log';",
    )?;
    let shipped = folder.join(SHIPPED);
    if shipped.exists() {
        let log: Vec<u8> =
            connection.query_row("SELECT value FROM about WHERE name = 'log'", [], |row| {
                row.get(0)
            })?;
        clickhouse::renew(&shipped, &log)?;
    }
    Ok(())
}

/// A consistent copy of a database that may be in use.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    source.busy_timeout(std::time::Duration::from_secs(30))?;
    private::create(to)?;
    let mut copy = Connection::open(to)?;
    let done = Backup::new_with_names(&source, MAIN_DB, &mut copy, MAIN_DB)?.step(-1)?;
    ensure!(matches!(done, StepResult::Done), "the database is locked");
    let has_salt: bool = copy.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE name = 'about'",
        [],
        |row| row.get(0),
    )?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.pragma_update(None, "secure_delete", true)?;
    if has_salt {
        copy.execute("DELETE FROM about WHERE name LIKE 'salt %'", [])?;
    }
    Ok(())
}

fn entry(folder: &Path, name: &str) -> anyhow::Result<Entry> {
    let mut file = File::open(folder.join(name))?;
    let (bytes, sha256) = digest(&mut file)?;
    Ok(Entry {
        name: name.to_owned(),
        bytes,
        sha256,
    })
}

fn digest(from: &mut impl Read) -> io::Result<(u64, String)> {
    struct Digesting(Sha256);
    impl Write for Digesting {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut digesting = Digesting(Sha256::new());
    let bytes = io::copy(from, &mut digesting)?;
    let digest = digesting.0.finalize();
    Ok((
        bytes,
        digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    ))
}

fn write(folder: &Path, list: &List, to: &Path) -> anyhow::Result<()> {
    private::create(to)?;
    let mut tar = tar::Builder::new(File::options().write(true).open(to)?);
    let text = serde_json::to_vec_pretty(list)?;
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(list.at.as_second().unsigned_abs());
    tar.append_data(&mut header, LIST, text.as_slice())?;
    for file in &list.files {
        tar.append_path_with_name(folder.join(&file.name), &file.name)?;
    }
    tar.into_inner()?.sync_all()?;
    Ok(())
}

/// Unpacks a backup and makes sure that it is whole: the list's sums, and what SQLite says of each database.
fn unpack(from: &Path, to: &Path) -> anyhow::Result<List> {
    let file = File::open(from).with_context(|| format!("{} can't be opened", from.display()))?;
    let mut tar = tar::Archive::new(file);
    let mut list: Option<List> = None;
    let mut found = Vec::new();
    let none = || format!("{} is no backup of admx", from.display());
    for member in tar.entries().with_context(none)? {
        let mut member = member.with_context(none)?;
        let name = member.path()?.to_string_lossy().into_owned();
        if name == LIST {
            list = Some(serde_json::from_reader(&mut member).with_context(none)?);
        } else if FILES.contains(&name.as_str()) || name == SHIPPED {
            let path = to.join(&name);
            private::create(&path)?;
            let mut file = File::options().write(true).open(&path)?;
            io::copy(&mut member, &mut file)?;
            file.sync_all()?;
            found.push(entry(to, &name)?);
        } else {
            bail!("{}: it holds {name:?}, which is not of admx", none());
        }
    }
    let list = list.with_context(none)?;
    for wanted in &list.files {
        let is_whole = found.iter().any(|file| {
            (&file.name, file.bytes, &file.sha256) == (&wanted.name, wanted.bytes, &wanted.sha256)
        });
        ensure!(
            is_whole,
            "{} is damaged: {} is not what it was",
            from.display(),
            wanted.name
        );
        let connection = Connection::open(to.join(&wanted.name))?;
        let findings = care::integrity(&connection, &wanted.name)?;
        ensure!(
            findings.is_empty(),
            "{} is damaged: {}",
            from.display(),
            findings.join("; ")
        );
    }
    ensure!(
        FILES
            .iter()
            .all(|name| list.files.iter().any(|file| file.name == *name)),
        "{} is not the whole of a backup",
        from.display()
    );
    Ok(list)
}

fn sync_folder_of(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// A folder that goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    fn beside(file: &Path) -> anyhow::Result<Scratch> {
        let name = format!(".admx-{}", crate::token::random_lowercase(12));
        let folder = file.parent().unwrap_or(Path::new("")).join(name);
        private::create_folder(&folder)
            .with_context(|| format!("{} can't be made", folder.display()))?;
        Ok(Scratch(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of it holds nothing that is needed.
        let _ = fs::remove_dir_all(&self.0);
    }
}
