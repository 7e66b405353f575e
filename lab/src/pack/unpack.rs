//! Unpacking an archive, whoever made it: first every entry is checked, then files are written, and links
//! last, so that nothing is ever written through a link.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;

use super::PackError;

/// Longest target of a link.
const MAX_LINK: u64 = 4096;

pub(super) fn unpack(archive: &Path, dest: &Path) -> Result<(), PackError> {
    let file = File::open(archive).map_err(PackError::io("open", archive))?;
    let broken = |cause: String| PackError::Archive {
        archive: archive.to_owned(),
        cause,
    };
    let mut zip = ZipArchive::new(file).map_err(|error| broken(error.to_string()))?;
    let mut links = Vec::new();
    let mut files = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip
            .by_index(index)
            .map_err(|error| broken(error.to_string()))?;
        let outside = || PackError::Outside {
            archive: archive.to_owned(),
            entry: entry.name().to_owned(),
        };
        let path = entry.enclosed_name().ok_or_else(outside)?;
        if !entry.is_symlink() {
            files.push((index, path));
            continue;
        }
        let refused = outside();
        let mut target = String::new();
        (&mut entry)
            .take(MAX_LINK)
            .read_to_string(&mut target)
            .map_err(|error| broken(error.to_string()))?;
        if !stays_inside(&path, Path::new(&target)) {
            return Err(refused);
        }
        links.push((path, target));
    }
    fs::create_dir_all(dest).map_err(PackError::io("create", dest))?;
    for (index, path) in files {
        let mut entry = zip
            .by_index(index)
            .map_err(|error| broken(error.to_string()))?;
        let target = dest.join(&path);
        let is_directory = entry.is_dir();
        let mode = entry.unix_mode().map(|mode| mode & 0o777);
        write_entry(&target, is_directory, mode, &mut entry)
            .map_err(PackError::io("write", &target))?;
    }
    for (path, target) in links {
        let link = dest.join(&path);
        make_link(dest, &path, &target).map_err(PackError::io("link", &link))?;
    }
    Ok(())
}

fn write_entry(
    target: &Path,
    is_directory: bool,
    mode: Option<u32>,
    content: &mut impl Read,
) -> io::Result<()> {
    if is_directory {
        fs::create_dir_all(target)?;
        // The owner must be able to fill it.
        return fs::set_permissions(
            target,
            Permissions::from_mode(mode.unwrap_or(0o755) | 0o700),
        );
    }
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    let mode = mode.filter(|mode| *mode != 0).unwrap_or(0o644);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(target)?;
    io::copy(content, &mut file)?;
    // The caller's umask shall not decide.
    file.set_permissions(Permissions::from_mode(mode))
}

fn make_link(dest: &Path, path: &Path, target: &str) -> io::Result<()> {
    let mut parent = dest.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        parent.push(part);
        match parent.symlink_metadata() {
            Ok(data) if data.is_dir() => {}
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(_) => fs::create_dir(&parent)?,
        }
    }
    symlink(target, dest.join(path))
}

/// Whether a link at `path` leads to something below the archive's root.
fn stays_inside(path: &Path, target: &Path) -> bool {
    let mut place: PathBuf = path.parent().map(Path::to_owned).unwrap_or_default();
    for part in target.components() {
        match part {
            Component::Normal(name) => place.push(name),
            Component::CurDir => {}
            Component::ParentDir if place.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_may_not_lead_out_of_the_charm() {
        let inside = |path: &str, target: &str| stays_inside(Path::new(path), Path::new(target));
        assert!(inside("hooks/start", "../dispatch"));
        assert!(inside("a", "b/../c"));
        assert!(!inside("a", "../x"));
        assert!(!inside("d/a", "../../x"));
        assert!(!inside("a", "/etc/passwd"));
    }
}
