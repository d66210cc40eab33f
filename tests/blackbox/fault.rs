//! A disk that is full, broken or without power, under a running server: `fault.c` between it and libc.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::server::{Server, wait_for};

/// What writes of the log meet from now on.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// A sound disk.
    None,
    /// No room.
    Full,
    /// Neither writes nor syncs.
    Broken,
    /// One in so many writes and syncs fails; some of the writes that do have written a part.
    Some { one_in: u64, seed: u64 },
    /// After so many writes the power goes: what wasn't synced is there, or isn't, or is torn, sector by sector.
    PowerCut { after: u64, seed: u64 },
    /// The same, but only writes to the database itself count: in the midst of a checkpoint.
    CheckpointCut { after: u64, seed: u64 },
}

/// The library, compiled, and the file that tells it what to do.
pub struct Disk {
    folder: TempDir,
    control: File,
}

impl Disk {
    /// A sound disk.
    pub fn new() -> Disk {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/blackbox/fault.c");
        let compiler = std::env::var_os("CC").unwrap_or("cc".into());
        let output = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O2", "-U_FORTIFY_SOURCE", "-o"])
            .arg(folder.path().join("fault.so"))
            .arg(source)
            .args(["-ldl", "-pthread"])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let control = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(folder.path().join("control"))
            .unwrap();
        control.set_len(4096).unwrap();
        Disk { folder, control }
    }

    /// Starts a server whose folder is on this disk.
    pub fn serve(&self, data: TempDir, flags: &[&str]) -> Server {
        self.set(Fault::None);
        let environment = self.between(data.path());
        Server::with_environment(data, flags, &environment)
    }

    /// Runs a command on a folder that is on this disk.
    pub fn run(&self, data: &Path, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_admx"))
            .args(arguments)
            .env_clear()
            .env("ADMX_DATA", data)
            .envs(self.between(data))
            .output()
            .unwrap()
    }

    /// The variables that put the library between a program and the folder.
    fn between(&self, data: &Path) -> [(&'static str, OsString); 3] {
        let path = |path: PathBuf| path.into_os_string();
        [
            ("LD_PRELOAD", path(self.folder.path().join("fault.so"))),
            (
                "ADMX_FAULT_CONTROL",
                path(self.folder.path().join("control")),
            ),
            ("ADMX_FAULT_DIR", path(data.to_owned())),
        ]
    }

    pub fn set(&self, fault: Fault) {
        let (mode, count, seed) = match fault {
            Fault::None => (0, 0, 0),
            Fault::Full => (1, 0, 0),
            Fault::Broken => (2, 0, 0),
            Fault::Some { one_in, seed } => (3, one_in, seed),
            Fault::PowerCut { after, seed } => (4, after, seed),
            Fault::CheckpointCut { after, seed } => (5, after, seed),
        };
        // The mode last: the server reads them at any moment.
        self.put(0, 0);
        self.put(1, count);
        self.put(2, seed);
        self.put(0, mode);
    }

    /// Writes that the library saw so far.
    pub fn writes(&self) -> u64 {
        self.get(3)
    }

    /// Writes and syncs that failed so far, and sectors that a power cut put back.
    pub fn injected(&self) -> u64 {
        self.get(4)
    }

    fn put(&self, field: u64, value: u64) {
        self.control
            .write_all_at(&value.to_ne_bytes(), field * 8)
            .unwrap();
    }

    fn get(&self, field: u64) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, field * 8).unwrap();
        u64::from_ne_bytes(bytes)
    }
}

/// Waits until nobody listens: the power was cut.
pub fn wait_until_gone(server: &Server) {
    wait_for("the power cut", || {
        std::net::TcpStream::connect(("127.0.0.1", server.port))
            .is_err()
            .then_some(())
    });
}

/// What SQLite says of every database in the folder; empty when all are sound.
pub fn damage(data: &Path) -> Vec<String> {
    let mut damage = Vec::new();
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "db") {
            continue;
        }
        let said: rusqlite::Result<Vec<String>> = (|| {
            rusqlite::Connection::open(&path)?
                .prepare("PRAGMA integrity_check")?
                .query_map([], |row| row.get(0))?
                .collect()
        })();
        match said {
            Ok(said) if said == ["ok"] => {}
            said => damage.push(format!("{}: {said:?}", path.display())),
        }
    }
    damage
}
