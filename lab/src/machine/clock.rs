//! Moves a machine's clock: programs that ask the C library for the time are told another one, by libfaketime.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ClockError {
    #[error("libfaketime is not installed\nhint: 'apt-get install libfaketime' installs it")]
    NoLibrary,
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// The library for programs with threads, wherever the distribution put it.
fn library() -> Option<PathBuf> {
    let name = "faketime/libfaketimeMT.so.1";
    let multiarch = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let places = multiarch
        .map(|entry| entry.path())
        .chain(["/usr/lib".into()]);
    places
        .map(|place| place.join(name))
        .find(|path| path.exists())
}

fn offset_file(machine: &Path) -> PathBuf {
    machine.join("etc/faketimerc")
}

/// Sets how far the machine's clock is off. True if the machine must boot for its services to see it: from then on
/// they follow every change within a second.
pub(crate) fn set(machine: &Path, seconds: i64) -> Result<bool, ClockError> {
    if library().is_none() {
        return Err(ClockError::NoLibrary);
    }
    let path = offset_file(machine);
    let is_new = !path.exists();
    if is_new && seconds == 0 {
        return Ok(false);
    }
    let draft = path.with_extension("new");
    fs::write(&draft, format!("{seconds:+}\n"))
        .and_then(|()| fs::rename(&draft, &path))
        .map_err(|source| ClockError::Write { path, source })?;
    Ok(is_new)
}

/// What the environment of every program on the machine says if its clock was ever moved.
pub(crate) fn environment(machine: &Path) -> Vec<(&'static str, String)> {
    let file = offset_file(machine);
    let Some(library) = library().filter(|_| file.exists()) else {
        return Vec::new();
    };
    vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_CACHE_DURATION", "1".to_owned()),
        // Timeouts go on as before, and files keep their times.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("NO_FAKE_STAT", "1".to_owned()),
    ]
}
