//! What `/proc` says about processes.

use std::fs;

use rustix::process::{Pid, Signal};

/// A process that cannot be mistaken for a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ProcessId {
    pub(crate) pid: u32,
    /// Clock ticks after the computer's boot.
    pub(crate) started: u64,
}

/// The part of `/proc/<pid>/stat` that is of interest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) id: ProcessId,
    pub(crate) parent: u32,
    pub(crate) session: u32,
    /// Dead but not yet reaped, or just dying.
    pub(crate) zombie: bool,
}

pub(crate) fn stat(pid: u32) -> Option<Stat> {
    parse_stat(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(pid: u32, text: &str) -> Option<Stat> {
    // The name in parentheses may hold spaces and parentheses itself.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    Some(Stat {
        id: ProcessId {
            pid,
            started: fields.get(19)?.parse().ok()?,
        },
        parent: fields.get(1)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        zombie: matches!(*fields.first()?, "Z" | "X" | "x"),
    })
}

impl ProcessId {
    pub(crate) fn of(pid: u32) -> Option<Self> {
        stat(pid).map(|stat| stat.id)
    }

    /// Whether this very process still runs.
    pub(crate) fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.id == self && !stat.zombie)
    }

    /// Sends a signal unless the process is gone. Between the look and the signal the id could only be
    /// reused if all other ids were used up meanwhile.
    pub(crate) fn signal(self, signal: Signal) {
        if self.is_alive()
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            // The only failure left is that it has just gone, or is not ours to signal.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

/// Every process below `ancestor`, parents before their children. Zombies are left out, but not what is
/// below them.
pub(crate) fn descendants(ancestor: u32) -> Vec<Stat> {
    let mut found = Vec::new();
    let mut level = vec![ancestor];
    while !level.is_empty() {
        let mut below = Vec::new();
        for parent in level {
            below.extend(children(parent));
        }
        found.extend(below.iter().filter_map(|pid| stat(*pid)));
        level = below;
    }
    found.retain(|stat| !stat.zombie);
    found
}

/// The children of all threads of `pid`.
fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let mut children = Vec::new();
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(list) => {
                children.extend(
                    list.split_ascii_whitespace()
                        .filter_map(|id| id.parse::<u32>().ok()),
                );
            }
            // A kernel without this file; a thread that has just ended has no children to speak of.
            Err(_) if thread.path().exists() => return children_by_parent(pid),
            Err(_) => {}
        }
    }
    children
}

fn children_by_parent(parent: u32) -> Vec<u32> {
    all()
        .into_iter()
        .filter(|pid| stat(*pid).is_some_and(|stat| stat.parent == parent))
        .collect()
}

/// The ids of all processes of the computer.
pub(crate) fn all() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// The value of a variable in the environment that `pid` was started with, as far as the process has not
/// overwritten it.
pub(crate) fn initial_environment(pid: u32, name: &str) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    environment.split(|byte| *byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        Some(String::from_utf8_lossy(value).into_owned())
    })
}

/// The command line on one line, or the bare name in brackets when it is empty.
pub(crate) fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
    let text = text.trim();
    if text.is_empty() {
        return format!("[{}]", name(pid));
    }
    text.to_owned()
}

/// The short name of a process.
pub(crate) fn name(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_parentheses_does_not_confuse() {
        let text = "42 (a) S 9 (x)) S 7 42 41 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        assert_eq!(
            parse_stat(42, text),
            Some(Stat {
                id: ProcessId {
                    pid: 42,
                    started: 12345
                },
                parent: 7,
                session: 41,
                zombie: false
            })
        );
    }

    #[test]
    fn grandchildren_are_descendants() {
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", "sleep 60 & wait"])
            .spawn()
            .unwrap();
        let ours = || {
            let found = descendants(std::process::id());
            let child_there = found.iter().any(|stat| stat.id.pid == child.id());
            let grandchild = found.iter().find(|stat| stat.parent == child.id());
            child_there.then_some(grandchild?.id)
        };
        let grandchild = loop {
            if let Some(id) = ours() {
                break id;
            }
        };
        assert!(grandchild.is_alive());
        grandchild.signal(Signal::KILL);
        child.wait().unwrap();
        assert!(!grandchild.is_alive());
    }

    #[test]
    fn another_start_time_is_another_process() {
        let this = ProcessId::of(std::process::id()).unwrap();
        assert!(this.is_alive());
        let other = ProcessId {
            started: this.started + 1,
            ..this
        };
        assert!(!other.is_alive());
    }
}
