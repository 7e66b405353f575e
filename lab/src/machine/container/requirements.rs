//! What a computer must have for machines with systemd.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::machine::network;

/// Why there can be no such machines here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Missing {
    #[error("machines with systemd need root\nhint: run as root, or without '--machines systemd'")]
    Root,
    #[error(
        "machines with systemd need the program {program}\nhint: apt-get install --yes --no-install-recommends {package}"
    )]
    Program {
        program: &'static str,
        package: &'static str,
    },
    #[error(
        "machines with systemd need {what}, which this computer's kernel does not offer\nhint: use another computer, or leave out '--machines systemd'"
    )]
    Kernel { what: &'static str },
    #[error(
        "machines with systemd cannot lie in {0}: its path has one of the characters ',', ':' and '\\'\nhint: set JUJU_LAB_HOME to another path"
    )]
    Path(String),
}

const PROGRAMS: [(&str, &str); 5] = [
    ("systemd-nspawn", "systemd-container"),
    ("mmdebstrap", "mmdebstrap"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("mount", "mount"),
];

/// Looks for all of it, and names the first thing that is missing.
pub(crate) fn check(home: &Path) -> Result<(), Missing> {
    if !rustix::process::geteuid().is_root() {
        return Err(Missing::Root);
    }
    for (program, package) in PROGRAMS {
        if !is_on_path(program) {
            return Err(Missing::Program { program, package });
        }
    }
    let filesystems = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let offers = |name: &str| filesystems.split_whitespace().any(|word| word == name);
    if !offers("overlay") {
        return Err(Missing::Kernel {
            what: "the overlay file system",
        });
    }
    let probe = home.join("m/probe");
    let group = network::members(&probe).is_some();
    network::forget(&probe);
    if !offers("cgroup2") || !group {
        return Err(Missing::Kernel {
            what: "control groups (version 2), mounted below /sys/fs/cgroup",
        });
    }
    let path = home.display().to_string();
    if path.contains([',', ':', '\\']) {
        return Err(Missing::Path(path));
    }
    if !can_mount(home) {
        return Err(Missing::Kernel {
            what: "mounts in a namespace of their own, with an overlay on the file system of the lab's home",
        });
    }
    Ok(())
}

/// Mounts, and gives up in the same step, what a machine mounts. A container may offer the file systems and forbid this.
fn can_mount(home: &Path) -> bool {
    let mount = "cd \"$1\"; mkdir lower upper work root
        mount -t tmpfs tmpfs lower; mount -t cgroup2 cgroup2 lower
        mount -t overlay overlay root -o lowerdir=/usr,upperdir=upper,workdir=work";
    let Some(existing) = home.ancestors().find(|path| path.is_dir()) else {
        return false;
    };
    let Ok(folder) = tempfile::tempdir_in(existing) else {
        return false;
    };
    Command::new("unshare")
        .args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-ec",
            mount,
            "sh",
        ])
        .arg(folder.path())
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|tried| tried.status.success())
}

fn is_on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    })
}
