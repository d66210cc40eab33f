//! Files that are their owner's alone.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

/// Makes a folder, and those above it, where there are none, for its owner only.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let mut make = std::fs::DirBuilder::new();
    make.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.create(folder)
}

/// Makes the file where there is none, readable and writable by its owner only. What SQLite puts beside its file has
/// the file's own mode.
pub fn create(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
