//! systemd, through the `systemctl` and `systemd-run` on `PATH`.

mod state;
mod transient;

use super::host::clock::Deadline;
use super::host::process::ProcessError;
pub use state::{Active, ExecResult, Loaded, UnitState};
pub use transient::{TransientUnit, run_transient};

/// systemd was not reached or refused.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum SystemdError {
    #[error("run {operation}")]
    Run {
        operation: String,
        #[source]
        source: ProcessError,
    },
    #[error("{operation}: there is no such unit")]
    NoSuchUnit { operation: String },
    #[error("{operation} ended with status {status}: {said}")]
    Refused {
        operation: String,
        status: String,
        said: String,
    },
    #[error("{operation}: the answer has no {property}")]
    Unreadable {
        operation: String,
        property: &'static str,
    },
}

/// Reads unit files anew.
pub fn daemon_reload(deadline: Deadline) -> Result<(), SystemdError> {
    let _ = deadline;
    unimplemented!()
}

/// Enables the unit for the next boots and starts it now.
pub fn enable_and_start(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}

/// Disables the unit for the next boots and stops it now.
pub fn disable_and_stop(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}

/// Starts the unit and waits until it is started.
pub fn start(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}

/// Stops the unit and waits until it is stopped.
pub fn stop(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}

/// Restarts the unit, or starts it.
pub fn restart(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}

/// Tells the service to read its configuration anew.
pub fn reload(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}

/// Sends a signal (`TERM`, `INT`, `KILL`) to all processes of the unit.
pub fn kill(unit: &str, signal: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, signal, deadline);
    unimplemented!()
}

/// Forgets that the unit failed.
pub fn reset_failed(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}

/// What systemd knows about the unit; one that does not exist is [`Loaded::NotFound`].
pub fn show(unit: &str, deadline: Deadline) -> Result<UnitState, SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}
