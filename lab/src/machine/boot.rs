//! What the boots of both kinds of machines share: a log, and a process that is up or not.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::MachineError;

/// Why a machine does not come up.
pub(super) enum Failed {
    Ended(ExitStatus),
    Late,
}

/// Starts what runs the machine, with its output at the end of the log.
pub(super) fn start(command: &mut Command, log: &Path) -> Result<Child, MachineError> {
    let output = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o640)
        .open(log)
        .map_err(MachineError::io("open", log))?;
    let program = Path::new(command.get_program()).to_owned();
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(copy_of(&output, log)?)
        .stderr(output)
        .spawn()
        .map_err(MachineError::io("run", &program))
}

fn copy_of(output: &File, log: &Path) -> Result<File, MachineError> {
    output.try_clone().map_err(MachineError::io("open", log))
}

/// Waits until the machine is up, or what runs it has ended, or the limit is over.
pub(super) fn await_up(
    child: &mut Child,
    limit: Duration,
    between_looks: Duration,
    is_up: impl Fn() -> bool,
) -> Result<(), Failed> {
    let end = Instant::now() + limit;
    loop {
        if is_up() {
            return Ok(());
        }
        match child.try_wait() {
            Ok(Some(status)) => return Err(Failed::Ended(status)),
            _ if Instant::now() >= end => return Err(Failed::Late),
            _ => std::thread::sleep(between_looks),
        }
    }
}

/// Its parent collects it when it ends; there is nobody else to do so while this process lives.
pub(super) fn collect(mut child: Child) {
    std::thread::spawn(move || child.wait());
}
