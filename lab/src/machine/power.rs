//! Booting a machine, shutting it down, and cutting its power.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::init::tracker::{MACHINE_MARKER, read_list};
use super::layout::Layout;
use super::proc_fs::{self, ProcessId};
use super::protocol::{Answer, Request};
use super::{MachineError, MachineSpec, boot, client};

const BOOT_LIMIT: Duration = Duration::from_secs(20);
const KILL_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

pub(super) fn is_running(layout: &Layout) -> bool {
    matches!(client::ask(layout, &Request::Ping), Ok(Answer::Done))
}

pub(super) fn ensure_running(spec: &MachineSpec) -> Result<(), MachineError> {
    let layout = Layout::new(spec.dir.clone());
    if is_running(&layout) {
        return Ok(());
    }
    // An init that is alive but silent has lost its socket, or is booting for somebody else right now.
    if init_is_alive(&layout) && wait_for_answer(&layout, Duration::from_secs(2)) {
        return Ok(());
    }
    kill_all(spec, &layout)?;
    let log = layout.init_log();
    let mut init = Command::new(spec.home.join("bin/juju-lab"));
    init.args(["machine-init", "--machine"])
        .arg(&spec.dir)
        .env_clear()
        .env("PATH", layout.service_path())
        .env("LANG", "C.UTF-8")
        .env(MACHINE_MARKER, &spec.dir);
    let mut child = boot::start(&mut init, &log)?;
    let up = boot::await_up(&mut child, BOOT_LIMIT, POLL, || is_running(&layout));
    boot::collect(child);
    let cause = match up {
        Ok(()) => return Ok(()),
        // Somebody else's init may have been first.
        Err(_) if is_running(&layout) => return Ok(()),
        Err(boot::Failed::Ended(status)) => format!("its init ended with {status}"),
        Err(boot::Failed::Late) => "its init does not answer in time".to_owned(),
    };
    Err(MachineError::Boot {
        machine: spec.hostname.clone(),
        cause,
        log,
    })
}

fn wait_for_answer(layout: &Layout, limit: Duration) -> bool {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if is_running(layout) {
            return true;
        }
        std::thread::sleep(POLL);
    }
    false
}

/// Whether somebody holds the init's lock.
fn init_is_alive(layout: &Layout) -> bool {
    fs::File::open(layout.init_lock())
        .is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
}

pub(super) fn stop(spec: &MachineSpec) -> Result<(), MachineError> {
    let layout = Layout::new(spec.dir.clone());
    let asked = client::ask(&layout, &Request::Shutdown { reboot: false });
    if let Ok(Answer::Refused(cause)) = asked {
        return Err(MachineError::Refused {
            machine: spec.hostname.clone(),
            cause,
        });
    }
    let end = Instant::now() + KILL_LIMIT;
    while asked.is_ok() && init_is_alive(&layout) && Instant::now() < end {
        std::thread::sleep(POLL);
    }
    kill_all(spec, &layout)
}

pub(super) fn power_off(spec: &MachineSpec) -> Result<(), MachineError> {
    kill_all(spec, &Layout::new(spec.dir.clone()))
}

/// Kills every process of the machine at once: all are halted first, so that none sees another die.
fn kill_all(spec: &MachineSpec, layout: &Layout) -> Result<(), MachineError> {
    let end = Instant::now() + KILL_LIMIT;
    let listed = fs::read_to_string(layout.process_list()).unwrap_or_default();
    let mut known: BTreeSet<ProcessId> = read_list(&listed).into_iter().collect();
    loop {
        let alive = halt_all(spec, &mut known);
        for process in &alive {
            process.signal(Signal::KILL);
        }
        if alive.is_empty() {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(MachineError::Unkillable {
                machine: spec.hostname.clone(),
                pids: alive.iter().map(|process| process.pid).collect(),
            });
        }
        std::thread::sleep(POLL);
    }
}

/// Stops all live processes of the machine and returns them. Looks again until no new one shows up.
fn halt_all(spec: &MachineSpec, known: &mut BTreeSet<ProcessId>) -> Vec<ProcessId> {
    let mut halted = BTreeSet::new();
    loop {
        known.extend(marked(spec));
        let mut below: Vec<ProcessId> = Vec::new();
        for process in known.iter().filter(|process| process.is_alive()) {
            below.extend(proc_fs::descendants(process.pid).iter().map(|stat| stat.id));
        }
        known.extend(below);
        let fresh: Vec<ProcessId> = known
            .iter()
            .copied()
            .filter(|process| process.is_alive() && !halted.contains(process))
            .collect();
        if fresh.is_empty() {
            return halted
                .into_iter()
                .filter(|process: &ProcessId| process.is_alive())
                .collect();
        }
        for process in fresh {
            process.signal(Signal::STOP);
            halted.insert(process);
        }
    }
}

/// The processes that carry the machine's marker, its init among them.
fn marked(spec: &MachineSpec) -> Vec<ProcessId> {
    let machine = spec.dir.display().to_string();
    proc_fs::all()
        .into_iter()
        .filter(|pid| {
            *pid != std::process::id()
                && proc_fs::initial_environment(*pid, MACHINE_MARKER).as_deref()
                    == Some(machine.as_str())
        })
        .filter_map(ProcessId::of)
        .collect()
}
