//! What a process costs: CPU, memory, disk. From `/proc`.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// A clock tick of `/proc/*/stat`, the same on every Linux that Debian builds.
const TICK: f64 = 0.01;

/// Seconds of CPU that a process has used, user and system.
pub fn cpu(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name before may hold anything; after it come the state and numbers.
    let fields = stat.rsplit(')').next().unwrap();
    let ticks = |nth| fields.split_whitespace().nth(nth).unwrap().parse::<f64>();
    (ticks(11).unwrap() + ticks(12).unwrap()) * TICK
}

/// Proportional memory in MiB; `None` when it is gone.
pub fn memory(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// Runs `work` and gives beside its result the seconds of CPU that the process and this one used, and the most memory
/// that the process had.
pub fn watch<T>(pid: u32, work: impl FnOnce() -> T) -> (T, Use) {
    let most = AtomicU64::new(0);
    let look = || {
        let kib = memory(pid).unwrap_or_default() * 1024.0;
        most.fetch_max(kib as u64, Ordering::Relaxed);
    };
    let (done, is_done) = channel::<()>();
    let before = (cpu(pid), cpu(std::process::id()));
    let result = std::thread::scope(|scope| {
        scope.spawn(move || {
            while is_done.recv_timeout(Duration::from_millis(200)) == Err(RecvTimeoutError::Timeout)
            {
                look();
            }
            look();
        });
        let result = work();
        drop(done);
        result
    });
    let used = Use {
        cpu: cpu(pid) - before.0,
        client: cpu(std::process::id()) - before.1,
        memory: most.into_inner() as f64 / 1024.0,
    };
    (result, used)
}

/// What a process and its client used.
pub struct Use {
    /// Seconds of CPU.
    pub cpu: f64,
    /// Seconds of the client's CPU.
    pub client: f64,
    /// The most memory, in MiB.
    pub memory: f64,
}

/// Bytes of all files of a folder.
pub fn bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap())
        .filter(|is| is.is_file())
        .map(|is| is.len())
        .sum()
}

/// Milliseconds that a write of 4 KiB takes until it is on this folder's disk, the median of a hundred.
pub fn sync(folder: &Path) -> f64 {
    use std::io::Write;
    let mut file = std::fs::File::create(folder.join("sync")).unwrap();
    let mut all: Vec<f64> = (0..100)
        .map(|_| {
            let began = std::time::Instant::now();
            file.write_all(&[1; 4096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
