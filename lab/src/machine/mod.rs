//! One machine of the lab. A simple one is a directory that is its file system root, a long-lived `machine-init`
//! that supervises its services the way systemd does, and the tools that talk to it (`systemctl`,
//! `systemd-run`, `journalctl`) under `usr/bin`. The other kind is a `container` with a real systemd.
//!
//! This module is what the rest of the lab uses: every function here blocks and may be called from any
//! thread. A machine's init outlives the process that started it.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;

mod accounts;
pub mod address;
mod boot;
mod client;
pub(crate) mod clock;
pub(crate) mod container;
pub(crate) mod disk;
mod error;
mod init;
mod journal;
mod kind;
mod launcher;
mod layout;
pub(crate) mod network;
mod power;
mod prepare;
mod proc_fs;
mod protocol;
mod signal;
mod tool;
mod unit;

pub use error::MachineError;
pub use kind::Kind;

use layout::Layout;
use protocol::{Answer, Request};

/// What is needed to find, build and run one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineSpec {
    /// The machine's root directory, `<home>/m/<number>`.
    pub dir: PathBuf,
    /// The lab's home; `<home>/bin/juju-lab` is the program the machine's tools run.
    pub home: PathBuf,
    pub number: u32,
    /// What `%H` in a unit file and `/etc/hostname` say.
    pub hostname: String,
    /// The machine's own loopback address.
    pub address: Ipv4Addr,
}

impl MachineSpec {
    fn kind(&self) -> Kind {
        Kind::of_machine(&self.dir)
    }
}

/// One live process of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    /// The unit it belongs to, for example `patroni.service`; none for the machine's init itself.
    pub unit: Option<String>,
    pub command: String,
}

/// Creates the machine's directories and tools. Safe to repeat; never removes anything.
pub fn prepare(spec: &MachineSpec) -> Result<(), MachineError> {
    match spec.kind() {
        Kind::Simple => prepare::prepare(spec),
        Kind::Systemd => container::prepare(spec),
    }
}

/// Boots the machine unless its init already answers. After a crash of the init this is a reboot: what
/// was left of the machine is killed, `/run` is emptied, and enabled units start.
pub fn ensure_running(spec: &MachineSpec) -> Result<(), MachineError> {
    match spec.kind() {
        Kind::Simple => power::ensure_running(spec),
        Kind::Systemd => container::ensure_running(spec),
    }
}

/// Whether the machine's init answers.
pub fn is_running(spec: &MachineSpec) -> bool {
    match spec.kind() {
        Kind::Simple => power::is_running(&Layout::new(spec.dir.clone())),
        Kind::Systemd => container::is_running(spec),
    }
}

/// Shuts the machine down in order: units stop in reverse order, then whatever is left is killed.
pub fn stop(spec: &MachineSpec) -> Result<(), MachineError> {
    match spec.kind() {
        Kind::Simple => power::stop(spec),
        Kind::Systemd => container::stop(spec),
    }
}

/// Cuts the power: every process of the machine dies by SIGKILL at once.
pub fn power_off(spec: &MachineSpec) -> Result<(), MachineError> {
    match spec.kind() {
        Kind::Simple => power::power_off(spec),
        Kind::Systemd => container::power_off(spec),
    }
}

/// Halts every process of the machine but its init, as if the computer had stopped; `thaw` goes on.
pub fn freeze(spec: &MachineSpec) -> Result<(), MachineError> {
    match spec.kind() {
        Kind::Simple => ask(spec, &Request::Freeze).map(|_| ()),
        Kind::Systemd => container::freeze(spec, true),
    }
}

pub fn thaw(spec: &MachineSpec) -> Result<(), MachineError> {
    match spec.kind() {
        Kind::Simple => ask(spec, &Request::Thaw).map(|_| ()),
        Kind::Systemd => container::freeze(spec, false),
    }
}

/// The machine's live processes, init first.
pub fn processes(spec: &MachineSpec) -> Result<Vec<Process>, MachineError> {
    if spec.kind() == Kind::Systemd {
        return container::processes(spec);
    }
    let Answer::Processes(reports) = ask(spec, &Request::Processes)? else {
        return Ok(Vec::new());
    };
    Ok(reports
        .into_iter()
        .map(|report| Process {
            pid: report.pid,
            unit: report.unit,
            command: report.command,
        })
        .collect())
}

/// What processes on the machine in this directory have as their file system root.
pub(crate) fn root_inside(dir: &std::path::Path) -> PathBuf {
    match Kind::of_machine(dir) {
        Kind::Simple => dir.to_owned(),
        Kind::Systemd => PathBuf::from("/"),
    }
}

fn ask(spec: &MachineSpec, request: &Request) -> Result<Answer, MachineError> {
    let machine = spec.hostname.clone();
    match client::ask(&Layout::new(spec.dir.clone()), request) {
        Ok(Answer::Refused(cause)) => Err(MachineError::Refused { machine, cause }),
        Ok(answer) => Ok(answer),
        Err(source) => Err(MachineError::NoAnswer { machine, source }),
    }
}

/// `juju-lab machine-init …`: `args` is what follows the word `machine-init`.
pub fn main_machine_init(args: &[String]) -> ExitCode {
    init::main(args)
}

/// `juju-lab machine-tool --machine ROOT TOOL …`: `args` is what follows the word `machine-tool`.
pub fn main_machine_tool(args: &[String]) -> ExitCode {
    tool::main(args)
}
