//! One simple machine of the lab: a directory that is its file system root, a long-lived `machine-init`
//! that supervises its services the way systemd does, and the tools that talk to it (`systemctl`,
//! `systemd-run`, `journalctl`) under `usr/bin`.
//!
//! This module is what the rest of the lab uses: every function here blocks and may be called from any
//! thread. A machine's init outlives the process that started it.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;

pub mod address;
mod error;
mod layout;
mod signal;
mod unit;

pub use error::MachineError;

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

/// One live process of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    /// The unit it belongs to, for example `patroni.service`; none for the machine's init itself.
    pub unit: Option<String>,
    pub command: String,
}

/// Creates the machine's directories and tools. Safe to repeat; never removes anything.
pub fn prepare(_spec: &MachineSpec) -> Result<(), MachineError> {
    Err(MachineError::NotReady)
}

/// Boots the machine unless its init already answers. After a crash of the init this is a reboot: what
/// was left of the machine is killed, `/run` is emptied, and enabled units start.
pub fn ensure_running(_spec: &MachineSpec) -> Result<(), MachineError> {
    Err(MachineError::NotReady)
}

/// Whether the machine's init answers.
pub fn is_running(_spec: &MachineSpec) -> bool {
    false
}

/// Shuts the machine down in order: units stop in reverse order, then whatever is left is killed.
pub fn stop(_spec: &MachineSpec) -> Result<(), MachineError> {
    Err(MachineError::NotReady)
}

/// Cuts the power: every process of the machine dies by SIGKILL at once.
pub fn power_off(_spec: &MachineSpec) -> Result<(), MachineError> {
    Err(MachineError::NotReady)
}

/// The machine's live processes, init first.
pub fn processes(_spec: &MachineSpec) -> Result<Vec<Process>, MachineError> {
    Err(MachineError::NotReady)
}

/// `juju-lab machine-init …`: `args` is what follows the word `machine-init`.
pub fn main_machine_init(_args: &[String]) -> ExitCode {
    ExitCode::FAILURE
}

/// `juju-lab machine-tool --machine ROOT TOOL …`: `args` is what follows the word `machine-tool`.
pub fn main_machine_tool(_args: &[String]) -> ExitCode {
    ExitCode::FAILURE
}
