//! The image below every machine with systemd: a minimal system of this computer's distribution, made once.

use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine::MachineError;

/// Where images are kept, for every lab of this computer.
const CACHE: &str = "/var/cache/juju-lab";
/// Grows when what an image holds changes.
const EDITION: u32 = 1;
/// Packages beyond the essential ones.
const PACKAGES: &str =
    "systemd,systemd-sysv,dbus,libpam-systemd,iproute2,procps,ca-certificates,gpgv,python3,adduser";

/// Where the image is, or will be.
pub(crate) fn path() -> Result<PathBuf, MachineError> {
    Ok(Path::new(CACHE).join(format!("machine-{}-{EDITION}", codename()?)))
}

/// Makes the image unless it is there. `tell` hears about it before.
pub(crate) fn make(tell: impl FnOnce(&Path)) -> Result<(), MachineError> {
    let image = path()?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(CACHE)
        .map_err(MachineError::io("create", Path::new(CACHE)))?;
    let lock = image.with_extension("lock");
    // Two labs that start at once make one image.
    let held = File::create(&lock).map_err(MachineError::io("create", &lock))?;
    held.lock().map_err(MachineError::io("lock", &lock))?;
    if image.is_dir() {
        return Ok(());
    }
    tell(&image);
    let draft = image.with_extension("new");
    remove(&draft)?;
    let made = Command::new("mmdebstrap")
        .args(["--quiet", "--variant=minbase"])
        // A mirror may be busy for a moment.
        .arg("--aptopt=Acquire::Retries \"5\"")
        .arg(format!("--include={PACKAGES}"))
        .arg(codename()?)
        .arg(&draft)
        .args(sources()?)
        .output()
        .map_err(MachineError::io("run", Path::new("mmdebstrap")))?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr);
        let last = said.trim().lines().next_back().unwrap_or_default();
        remove(&draft)?;
        return Err(MachineError::Image {
            image,
            cause: format!("mmdebstrap ended with {}: {last}", made.status),
        });
    }
    finish(&draft)?;
    fs::rename(&draft, &image).map_err(MachineError::io("rename", &draft))
}

/// Each machine gets a name and an identity of its own, and package lists as fresh as its first look for them.
fn finish(image: &Path) -> Result<(), MachineError> {
    let hostname = image.join("etc/hostname");
    match fs::remove_file(&hostname) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(MachineError::io("remove", &hostname)(error));
        }
        _ => {}
    }
    let identity = image.join("etc/machine-id");
    fs::write(&identity, "").map_err(MachineError::io("empty", &identity))?;
    // Where the distribution has /tmp in memory, it would hide a lab's home below it.
    let hidden = image.join("etc/systemd/system/tmp.mount");
    std::os::unix::fs::symlink("/dev/null", &hidden)
        .map_err(MachineError::io("create", &hidden))?;
    fs::set_permissions(image, Permissions::from_mode(0o755))
        .map_err(MachineError::io("set the mode of", image))
}

fn remove(draft: &Path) -> Result<(), MachineError> {
    match fs::remove_dir_all(draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(MachineError::io("remove", draft)(error))
        }
        _ => Ok(()),
    }
}

/// `bookworm`, `noble` and so on.
fn codename() -> Result<String, MachineError> {
    let file = Path::new("/etc/os-release");
    let text = fs::read_to_string(file).map_err(MachineError::io("read", file))?;
    codename_in(&text).ok_or_else(|| MachineError::Image {
        image: CACHE.into(),
        cause: "/etc/os-release has no VERSION_CODENAME".to_owned(),
    })
}

fn codename_in(os_release: &str) -> Option<String> {
    let name = os_release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
    Some(name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty())
}

/// The files that tell this computer's apt where packages come from.
fn sources() -> Result<Vec<PathBuf>, MachineError> {
    let folder = Path::new("/etc/apt/sources.list.d");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(MachineError::io("read", folder))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "sources" || end == "list")
        })
        .collect();
    files.sort();
    let single = Path::new("/etc/apt/sources.list");
    if single.metadata().is_ok_and(|file| file.len() > 0) {
        files.insert(0, single.to_owned());
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_s_name_is_read_with_and_without_quotes() {
        let named = |text| codename_in(text);
        assert_eq!(
            named("ID=debian\nVERSION_CODENAME=bookworm\n").as_deref(),
            Some("bookworm")
        );
        assert_eq!(
            named("VERSION_CODENAME=\"noble\"\n").as_deref(),
            Some("noble")
        );
        assert_eq!(named("ID=arch\n"), None);
    }
}
