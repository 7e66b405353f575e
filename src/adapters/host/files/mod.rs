//! Files and directories. Written whole or not at all; absent is a value, every other failure an error.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Gid, Mode, Uid};

use super::WorkloadUser;
use crate::domain::words::Timestamp;

/// Who owns what is written. A charm that is not root writes as itself in both cases.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    /// The user of the workload.
    Workload(&'a WorkloadUser),
    /// The user who runs the charm: root on a machine.
    Root,
}

/// Something could not be done to a file.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum FileError {
    #[error("read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("read {}: it is not UTF-8 text", path.display())]
    NotText { path: PathBuf },
    #[error("write {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("create the directory {}", path.display())]
    MakeDir {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("rename {} to {}", from.display(), to.display())]
    Rename {
        from: PathBuf,
        to: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("remove {}", path.display())]
    Remove {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("remove {}: it does not lie below {}", path.display(), volume.display())]
    OutsideVolume { path: PathBuf, volume: PathBuf },
    #[error("list {}", path.display())]
    List {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("ask for the free space of {}", path.display())]
    FreeSpace {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// What is in the file; `None` when there is none.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::Read {
            path: path.into(),
            source,
        }),
    }
}

/// The text in the file; `None` when there is none.
pub fn read_text(path: &Path) -> Result<Option<String>, FileError> {
    read(path)?
        .map(|content| {
            String::from_utf8(content).map_err(|_| FileError::NotText { path: path.into() })
        })
        .transpose()
}

/// Whether there is anything at `path`; a link that leads nowhere counts.
pub fn exists(path: &Path) -> Result<bool, FileError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(source) if is_absent(&source) => Ok(false),
        Err(source) => Err(FileError::Read {
            path: path.into(),
            source,
        }),
    }
}

/// When the file got the content or the name it has; `None` when there is none.
pub fn changed(path: &Path) -> Result<Option<Timestamp>, FileError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(source) if is_absent(&source) => return Ok(None),
        Err(source) => {
            return Err(FileError::Read {
                path: path.into(),
                source,
            });
        }
    };
    // A file that takes the place of another keeps the time at which its content was written; this one is of then.
    let nanoseconds = i32::try_from(metadata.ctime_nsec()).unwrap_or(0);
    Ok(Timestamp::new(metadata.ctime(), nanoseconds).ok())
}

/// Writes the file whole, with its final mode and owner from the first byte on, and tells whether anything changed.
///
/// The content goes to a new file beside it, which is flushed to the disk and then takes the name, so a reader or a
/// power loss meets the old content or the new one and nothing between. A file that is already as wanted is left alone.
pub fn write_atomic(
    path: &Path,
    content: &[u8],
    mode: u32,
    owner: Owner<'_>,
) -> Result<bool, FileError> {
    let failed = |source| FileError::Write {
        path: path.into(),
        source,
    };
    if is_as_wanted(path, content, mode, owner).map_err(failed)? {
        return Ok(false);
    }
    replace(path, content, mode, owner).map_err(failed)?;
    Ok(true)
}

fn is_as_wanted(path: &Path, content: &[u8], mode: u32, owner: Owner<'_>) -> io::Result<bool> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let attributes_fit = metadata.is_file()
        && metadata.permissions().mode() & 0o7777 == mode
        && ids(owner).is_none_or(|(uid, gid)| (metadata.uid(), metadata.gid()) == (uid, gid));
    Ok(attributes_fit && metadata.len() == content.len() as u64 && fs::read(path)? == content)
}

fn replace(path: &Path, content: &[u8], mode: u32, owner: Owner<'_>) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.ok_or(io::ErrorKind::InvalidInput)?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    // Created closed (0600) whatever the umask; the mode is widened only once the owner is right.
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".new")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(directory)?;
    file.write_all(content)?;
    give(file.as_file(), mode, owner)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(directory)?.sync_all()
}

fn give(file: impl AsFd, mode: u32, owner: Owner<'_>) -> io::Result<()> {
    if let Some((uid, gid)) = ids(owner) {
        rustix::fs::fchown(&file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
    Ok(())
}

/// The owner as numbers; `None` when the charm may not choose.
fn ids(owner: Owner<'_>) -> Option<(u32, u32)> {
    match owner {
        Owner::Workload(user) if user.differs_from_invoker() => Some((user.uid(), user.gid())),
        Owner::Root if rustix::process::geteuid().is_root() => Some((0, 0)),
        Owner::Workload(_) | Owner::Root => None,
    }
}

/// Makes the directory with this mode and owner; one that exists gets them. Missing directories above it get mode 0755
/// and belong to who runs the charm. Tells whether the directory is new.
pub fn make_dir(path: &Path, mode: u32, owner: Owner<'_>) -> Result<bool, FileError> {
    let failed = |source| FileError::MakeDir {
        path: path.into(),
        source,
    };
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(parent)
            .map_err(failed)?;
    }
    let new = match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(failed(error)),
    };
    // Not through a link: a workload that swapped its directory for one must not receive somebody else's.
    let directory = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nofollow_directory())
        .open(path)
        .map_err(failed)?;
    give(&directory, mode, owner).map_err(failed)?;
    Ok(new)
}

fn nofollow_directory() -> i32 {
    use rustix::fs::OFlags;
    (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed()
}

/// Renames a file or directory and flushes both directories to the disk. What is at `to` is replaced if it is a file.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::Rename {
        from: from.into(),
        to: to.into(),
        source,
    };
    fs::rename(from, to).map_err(failed)?;
    for directory in [from.parent(), to.parent()].into_iter().flatten() {
        fs::File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed)?;
    }
    Ok(())
}

/// Removes a file; tells whether there was one.
pub fn remove_file(path: &Path) -> Result<bool, FileError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(FileError::Remove {
            path: path.into(),
            source,
        }),
    }
}

/// Removes a directory with everything in it, following no links; tells whether there was one.
///
/// It has to lie below `volume` (`Layout::volume`), so that no mistake in a path can reach anything else.
pub fn remove_tree(path: &Path, volume: &Path) -> Result<bool, FileError> {
    let failed = |source| FileError::Remove {
        path: path.into(),
        source,
    };
    let outside = || FileError::OutsideVolume {
        path: path.into(),
        volume: volume.into(),
    };
    let plain = path
        .components()
        .all(|part| !matches!(part, Component::ParentDir));
    if !plain || path == volume || !path.starts_with(volume) {
        return Err(outside());
    }
    if !exists(path)? {
        return Ok(false);
    }
    let parent = path.parent().ok_or_else(outside)?;
    let real_volume = fs::canonicalize(volume).map_err(failed)?;
    if !fs::canonicalize(parent)
        .map_err(failed)?
        .starts_with(real_volume)
    {
        return Err(outside());
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).map_err(failed)?,
        Ok(_) => fs::remove_file(path).map_err(failed)?,
        Err(error) => return Err(failed(error)),
    }
    Ok(true)
}

/// The names in a directory, sorted; `None` when there is no such directory.
pub fn list(path: &Path) -> Result<Option<Vec<OsString>>, FileError> {
    let failed = |source| FileError::List {
        path: path.into(),
        source,
    };
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut names = entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(failed)?;
    names.sort();
    Ok(Some(names))
}

/// Bytes an ordinary user can still write on the volume that holds `path`.
pub fn free_bytes(path: &Path) -> Result<u64, FileError> {
    let volume = rustix::fs::statvfs(path).map_err(|error| FileError::FreeSpace {
        path: path.into(),
        source: error.into(),
    })?;
    Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
}

/// Bytes that the files below `path` occupy on the disk; zero when there is nothing. Links are not followed, and files
/// that vanish meanwhile do not count: a running database removes some all the time.
pub fn tree_size(path: &Path) -> Result<u64, FileError> {
    let mut total = 0;
    let mut pending = vec![path.to_owned()];
    while let Some(next) = pending.pop() {
        let failed = |source| FileError::List {
            path: next.clone(),
            source,
        };
        let metadata = match fs::symlink_metadata(&next) {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(failed(error)),
        };
        total += metadata.blocks() * 512;
        if metadata.is_dir() {
            match fs::read_dir(&next) {
                Ok(entries) => {
                    for entry in entries {
                        pending.push(entry.map_err(failed)?.path());
                    }
                }
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
    Ok(total)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests;
