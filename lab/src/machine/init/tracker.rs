//! Which processes belong to which unit, also after they left their parents.
//!
//! Every process of the machine is below the init, because orphans fall to it. A process is of the unit of
//! its parent; an orphan that was never seen below its parent is told by the marker in its environment, or
//! else by its session. What is known stays known: a process does not change units.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::machine::proc_fs::{self, ProcessId, Stat};

/// In the environment of every process of a machine: the machine's root, and the unit.
pub(crate) const MACHINE_MARKER: &str = "JUJU_LAB_MACHINE";
pub(crate) const UNIT_MARKER: &str = "JUJU_LAB_UNIT";

pub(crate) struct Tracker {
    machine: String,
    known: HashMap<ProcessId, Option<String>>,
    sessions: HashMap<u32, String>,
    list: PathBuf,
    listed: String,
}

impl Tracker {
    pub(crate) fn new(machine: String, list: PathBuf) -> Self {
        Self {
            machine,
            known: HashMap::new(),
            sessions: HashMap::new(),
            list,
            listed: String::new(),
        }
    }

    /// A process that the init has just started for `unit`. It makes a session of its own.
    pub(crate) fn register(&mut self, pid: u32, unit: &str) {
        self.sessions.insert(pid, unit.to_owned());
        if let Some(id) = ProcessId::of(pid) {
            self.known.insert(id, Some(unit.to_owned()));
        }
        self.write_list();
    }

    /// Looks at all processes of the machine. To be called before the dead are reaped: as long as a zombie
    /// is there its id cannot be reused.
    pub(crate) fn refresh(&mut self) {
        let init = std::process::id();
        let alive = proc_fs::descendants(init);
        let mut by_pid: HashMap<u32, Option<String>> = HashMap::new();
        let mut known = HashMap::with_capacity(alive.len());
        for stat in &alive {
            let unit = match self.known.remove(&stat.id) {
                Some(Some(unit)) => Some(unit),
                _ if stat.parent != init => by_pid.get(&stat.parent).cloned().flatten(),
                _ => None,
            };
            let unit = unit.or_else(|| self.orphan(stat));
            by_pid.insert(stat.id.pid, unit.clone());
            known.insert(stat.id, unit);
        }
        self.known = known;
        let Self {
            sessions, known, ..
        } = self;
        sessions.retain(|leader, unit| {
            known.keys().any(|id| id.pid == *leader)
                || alive.iter().any(|stat| {
                    stat.session == *leader && known.get(&stat.id) == Some(&Some(unit.clone()))
                })
        });
        for stat in &alive {
            if let Some(Some(unit)) = self.known.get(&stat.id) {
                self.sessions
                    .entry(stat.session)
                    .or_insert_with(|| unit.clone());
            }
        }
        self.write_list();
    }

    fn orphan(&self, stat: &Stat) -> Option<String> {
        let marked = proc_fs::initial_environment(stat.id.pid, MACHINE_MARKER)
            .filter(|machine| *machine == self.machine)
            .and_then(|_| proc_fs::initial_environment(stat.id.pid, UNIT_MARKER));
        marked.or_else(|| self.sessions.get(&stat.session).cloned())
    }

    /// The live processes of a unit, by process id.
    pub(crate) fn of_unit(&mut self, unit: &str) -> Vec<ProcessId> {
        self.refresh();
        let mut processes: Vec<ProcessId> = self
            .known
            .iter()
            .filter(|(_, owner)| owner.as_deref() == Some(unit))
            .map(|(id, _)| *id)
            .collect();
        processes.sort();
        processes
    }

    /// The unit of a process, looking again when it is not known yet.
    pub(crate) fn unit_of(&mut self, pid: u32) -> Option<String> {
        let id = ProcessId::of(pid)?;
        if !self.known.contains_key(&id) {
            self.refresh();
        }
        self.known.get(&id).cloned().flatten()
    }

    /// All live processes of the machine and their units.
    pub(crate) fn all(&mut self) -> Vec<(ProcessId, Option<String>)> {
        self.refresh();
        let mut all: Vec<_> = self
            .known
            .iter()
            .map(|(id, unit)| (*id, unit.clone()))
            .collect();
        all.sort();
        all
    }

    /// Sends a signal to everything below the init.
    pub(crate) fn signal_all(&mut self, signal: Signal) {
        for (id, _) in self.all() {
            id.signal(signal);
        }
    }

    /// Keeps the list for a successor that has to clean up. A failure only makes that harder, not wrong:
    /// the successor also looks for the marker.
    fn write_list(&mut self) {
        let mut lines: Vec<String> = self
            .known
            .keys()
            .map(|id| format!("{} {}\n", id.pid, id.started))
            .collect();
        lines.sort();
        lines.insert(0, format!("{}\n", kernel_boot_id()));
        let text = lines.concat();
        if text == self.listed {
            return;
        }
        let temporary = self.list.with_extension("new");
        let written =
            fs::write(&temporary, &text).and_then(|()| fs::rename(&temporary, &self.list));
        if written.is_ok() {
            self.listed = text;
        }
    }
}

/// The processes in a list that an earlier init left. After a boot of the computer the numbers mean nothing.
pub(crate) fn read_list(text: &str) -> Vec<ProcessId> {
    let mut lines = text.lines();
    if lines.next() != Some(&kernel_boot_id()) {
        return Vec::new();
    }
    lines
        .filter_map(|line| {
            let (pid, started) = line.split_once(' ')?;
            Some(ProcessId {
                pid: pid.parse().ok()?,
                started: started.parse().ok()?,
            })
        })
        .collect()
}

fn kernel_boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_from_before_the_computers_boot_counts_for_nothing() {
        let now = format!("{}\n12 345\n", kernel_boot_id());
        assert_eq!(
            read_list(&now),
            [ProcessId {
                pid: 12,
                started: 345
            }]
        );
        assert_eq!(read_list("another-boot\n12 345\n"), []);
        assert_eq!(read_list(""), []);
    }
}
