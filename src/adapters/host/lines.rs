//! A log that grows line by line, and the identity of a file that does not grow.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Appends a line to a log, which is made when it is not there: for its owner and group alone.
///
/// # Errors
///
/// When the file cannot be opened or written.
pub fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o640)
        .open(path)?;
    file.write_all(format!("{line}\n").as_bytes())
}

/// What changes when a program file is replaced; none when there is no such file.
///
/// # Errors
///
/// When the file cannot be looked at, which is never taken for "absent".
pub fn identity(path: &Path) -> io::Result<Option<String>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(format!(
            "{}:{}:{}",
            found.ino(),
            found.size(),
            found.mtime()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
