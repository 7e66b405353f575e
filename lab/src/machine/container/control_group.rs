//! A machine's control group: who belongs to the machine, told by the kernel and not by files that may be stale.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::machine::{Kind, network};

const KILL_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// A control group, and all below it: a whole machine, or one unit of its systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part(PathBuf);

impl Part {
    /// The whole machine in this directory.
    pub(crate) fn machine(dir: &Path) -> Option<Self> {
        network::group(dir).map(Self)
    }

    /// The service that a hook, an action or a command is on the machine in this directory; none on a simple one.
    pub(crate) fn of_context(dir: &Path, context: &str) -> Option<Self> {
        if Kind::of_machine(dir) == Kind::Simple {
            return None;
        }
        let services = network::group(dir)?.join("payload/system.slice");
        Some(Self(services.join(unit_of_context(context))))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Kills all its processes at once.
    pub(crate) fn kill(&self) -> io::Result<()> {
        self.set("cgroup.kill", "1")
    }

    /// Halts all its processes, or lets them go on.
    pub(crate) fn freeze(&self, frozen: bool) -> io::Result<()> {
        self.set("cgroup.freeze", if frozen { "1" } else { "0" })
    }

    fn set(&self, file: &str, value: &str) -> io::Result<()> {
        match fs::write(self.0.join(file), value) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.0.exists() => Ok(()),
            other => other,
        }
    }

    /// Its processes, by the ids they have on this computer.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mut all = pids(&self.0);
        for child in children(&self.0) {
            all.extend(Self(child).processes());
        }
        all
    }

    /// Kills all its processes and waits for their end; those that survive are returned. An empty group below it is
    /// removed, so that the next boot begins with none.
    pub(crate) fn clear(&self) -> io::Result<Vec<u32>> {
        let end = Instant::now() + KILL_LIMIT;
        loop {
            self.kill()?;
            // What is frozen dies as well, but does not stay frozen for those who come.
            self.freeze(false)?;
            let left = self.processes();
            if left.is_empty() {
                for child in children(&self.0) {
                    remove_tree(&child);
                }
                return Ok(left);
            }
            if Instant::now() >= end {
                return Ok(left);
            }
            std::thread::sleep(POLL);
        }
    }
}

fn pids(group: &Path) -> Vec<u32> {
    let text = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

fn children(group: &Path) -> Vec<PathBuf> {
    fs::read_dir(group)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

fn remove_tree(group: &Path) {
    for child in children(group) {
        remove_tree(&child);
    }
    // A process that is just dying keeps it; an empty group harms nobody.
    let _ = fs::remove_dir(group);
}

/// The machine's first process, its systemd, by its id on this computer.
pub(crate) fn leader(dir: &Path) -> Option<u32> {
    let group = network::group(dir)?;
    pids(&group.join("payload/init.scope"))
        .into_iter()
        .find(|pid| is_first(*pid))
}

/// How this computer names the file system root of the machine's processes, if it is a container that runs.
pub(crate) fn root(dir: &Path) -> Option<PathBuf> {
    match Kind::of_machine(dir) {
        Kind::Simple => None,
        Kind::Systemd => leader(dir).map(root_of),
    }
}

/// How this computer names the file system root of the machine with this leader.
pub(crate) fn root_of(leader: u32) -> PathBuf {
    format!("/proc/{leader}/root").into()
}

/// Whether a process has the id 1 in a namespace below this one.
fn is_first(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))
        .is_some_and(|ids| {
            let ids: Vec<&str> = ids.split_whitespace().collect();
            ids.len() > 1 && ids.last() == Some(&"1")
        })
}

/// The name of the service in which a hook or an action runs.
pub(crate) fn unit_of_context(context: &str) -> String {
    let plain: String = context
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || letter == '-' {
                letter
            } else {
                '_'
            }
        })
        .collect();
    format!("juju-run-{plain}.service")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_names_a_service() {
        assert_eq!(
            unit_of_context("pg/0-install-1a2b"),
            "juju-run-pg_0-install-1a2b.service"
        );
    }
}
