//! A machine's disk with an end: its directory becomes a file system of a given size, which can be filled.

use rustix::fs::FallocateFlags;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What takes up the room, below the machine's root.
const FILLER: &str = ".fault-filler";
/// Room for the file system's own tables, and for the machine to go on for a while.
const SPARE: u64 = 32 << 20;

#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    #[error(
        "only root can give a machine a disk of its own\nhint: run the lab as root, or fill a file system of your own"
    )]
    NotRoot,
    #[error("{} holds {used} MiB; a disk of {size} MiB is too small\nhint: at least {} MiB fit", path.display(), used + (SPARE >> 20))]
    TooSmall { path: PathBuf, used: u64, size: u64 },
    #[error("the machine has a disk of its own already")]
    Limited,
    #[error(
        "the machine shares the computer's disk, which is not filled\nhint: 'juju-lab fault limit-disk MACHINE SIZE' gives it one of its own; the machine reboots"
    )]
    Shared,
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot run {program}: {cause}")]
    Program {
        program: &'static str,
        cause: String,
    },
}

fn failed<'a>(operation: &'static str, path: &'a Path) -> impl Fn(io::Error) -> DiskError + 'a {
    move |source| DiskError::Io {
        operation,
        path: path.to_owned(),
        source,
    }
}

/// The file that holds the file system of a machine, `<home>/m/<number>`.
fn image(machine: &Path) -> PathBuf {
    let home = machine.parent().and_then(Path::parent).unwrap_or(machine);
    let name = machine.file_name().unwrap_or_default();
    home.join("disks").join(name).with_extension("img")
}

fn is_mounted(machine: &Path) -> bool {
    let parent = machine.parent().and_then(|parent| parent.metadata().ok());
    match (machine.metadata(), parent) {
        (Ok(own), Some(parent)) => own.dev() != parent.dev(),
        _ => false,
    }
}

/// Moves a machine that does not run onto a file system of `size` bytes.
pub(crate) fn limit(machine: &Path, size: u64) -> Result<(), DiskError> {
    if !rustix::process::geteuid().is_root() {
        return Err(DiskError::NotRoot);
    }
    let image = image(machine);
    if image.exists() {
        return Err(DiskError::Limited);
    }
    let used = size_of(machine).map_err(failed("measure", machine))?;
    if used + SPARE > size {
        return Err(DiskError::TooSmall {
            path: machine.to_owned(),
            used: used >> 20,
            size: size >> 20,
        });
    }
    if let Some(directory) = image.parent() {
        fs::create_dir_all(directory).map_err(failed("create", directory))?;
    }
    let draft = image.with_extension("new");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed("create", &draft))?;
    file.set_len(size).map_err(failed("create", &draft))?;
    drop(file);
    let prepared = (|| {
        run(
            "mkfs.ext4",
            Command::new("mkfs.ext4")
                .args(["-q", "-F", "-m", "0"])
                .arg(&draft),
        )?;
        let point = image.with_extension("mnt");
        fs::create_dir_all(&point).map_err(failed("create", &point))?;
        run(
            "mount",
            Command::new("mount")
                .args(["-o", "loop"])
                .arg(&draft)
                .arg(&point),
        )?;
        let filled = run(
            "cp",
            Command::new("cp")
                .arg("-a")
                .arg(machine.join("."))
                .arg(&point),
        );
        let _ = fs::remove_dir(point.join("lost+found"));
        run("umount", Command::new("umount").arg(&point))?;
        let _ = fs::remove_dir(&point);
        filled
    })();
    if let Err(error) = prepared {
        // Nothing was changed; the draft is of no use.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    // From here on the machine is what the image holds.
    fs::rename(&draft, &image).map_err(failed("rename", &draft))?;
    fs::remove_dir_all(machine).map_err(failed("clear", machine))?;
    attach(machine)
}

/// Mounts the machine's own disk if it has one.
pub(crate) fn attach(machine: &Path) -> Result<(), DiskError> {
    let image = image(machine);
    if !image.exists() || is_mounted(machine) {
        return Ok(());
    }
    fs::create_dir_all(machine).map_err(failed("create", machine))?;
    run(
        "mount",
        Command::new("mount")
            .args(["-o", "loop"])
            .arg(&image)
            .arg(machine),
    )
}

/// Unmounts the machine's own disk if it has one; what it holds stays.
pub(crate) fn detach(machine: &Path) -> Result<(), DiskError> {
    if !is_mounted(machine) {
        return Ok(());
    }
    run("umount", Command::new("umount").arg(machine))
}

/// Removes the machine's own disk with all that it holds.
pub(crate) fn remove(machine: &Path) -> Result<(), DiskError> {
    detach(machine)?;
    let image = image(machine);
    match fs::remove_file(&image) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", &image)(error))
        }
        _ => Ok(()),
    }
}

/// Takes up all room that is left.
pub(crate) fn fill(machine: &Path) -> Result<(), DiskError> {
    if !is_mounted(machine) {
        return Err(DiskError::Shared);
    }
    let path = machine.join(FILLER);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed("create", &path))?;
    let mut end = file.metadata().map_err(failed("measure", &path))?.len();
    let mut step = 64 << 20;
    // Ever smaller pieces, until not even the smallest fits.
    while step >= 1024 {
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), end, step) {
            Ok(()) => end += step,
            Err(rustix::io::Errno::NOSPC) => step /= 2,
            Err(error) => return Err(failed("fill the disk with", &path)(error.into())),
        }
    }
    Ok(())
}

/// Gives the room back. Nothing happens on a disk that is not full.
pub(crate) fn free(machine: &Path) -> Result<(), DiskError> {
    let path = machine.join(FILLER);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", &path)(error))
        }
        _ => Ok(()),
    }
}

fn size_of(path: &Path) -> io::Result<u64> {
    let metadata = path.symlink_metadata()?;
    let mut size = metadata.blocks() * 512;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            size += size_of(&entry?.path())?;
        }
    }
    Ok(size)
}

fn run(program: &'static str, command: &mut Command) -> Result<(), DiskError> {
    let fault = |cause: String| DiskError::Program { program, cause };
    let output = command
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .output()
        .map_err(|error| fault(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(fault(said.lines().last().unwrap_or_default().to_owned()))
}
