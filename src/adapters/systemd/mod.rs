//! systemd, through the `systemctl` and `systemd-run` on `PATH`.

mod state;
mod transient;

use super::host::clock::Deadline;
use super::host::process::{Command, Output, ProcessError};
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
    #[error("{operation}: systemd does not answer: {said}")]
    Unreachable { operation: String, said: String },
    #[error("{operation}: there is no such unit")]
    NoSuchUnit { operation: String },
    #[error("{operation}: a unit of this name is there already")]
    UnitExists { operation: String },
    #[error("{operation} failed with {status}: {said}")]
    Refused {
        operation: String,
        status: String,
        said: String,
    },
    #[error("{operation}: the answer has no readable {property}")]
    Unreadable {
        operation: String,
        property: &'static str,
    },
}

/// Reads unit files anew.
pub fn daemon_reload(deadline: Deadline) -> Result<(), SystemdError> {
    systemctl(&["daemon-reload"], deadline).map(|_| ())
}

/// Enables the unit for the next boots and starts it now.
pub fn enable_and_start(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    systemctl(&["enable", "--now", unit], deadline).map(|_| ())
}

/// Disables the unit for the next boots and stops it now.
pub fn disable_and_stop(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    systemctl(&["disable", "--now", unit], deadline).map(|_| ())
}

/// Starts the unit and waits until it is started.
pub fn start(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    systemctl(&["start", unit], deadline).map(|_| ())
}

/// Stops the unit and waits until it is stopped.
pub fn stop(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    systemctl(&["stop", unit], deadline).map(|_| ())
}

/// Restarts the unit, or starts it.
pub fn restart(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    systemctl(&["restart", unit], deadline).map(|_| ())
}

/// Tells the service to read its configuration anew.
pub fn reload(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    systemctl(&["reload", unit], deadline).map(|_| ())
}

/// Sends a signal (`TERM`, `INT`, `KILL`) to all processes of the unit.
pub fn kill(unit: &str, signal: &str, deadline: Deadline) -> Result<(), SystemdError> {
    systemctl(&["kill", &format!("--signal={signal}"), unit], deadline).map(|_| ())
}

/// Sends a signal to the main process of the unit and to no other.
pub fn kill_main(unit: &str, signal: &str, deadline: Deadline) -> Result<(), SystemdError> {
    let signal = format!("--signal={signal}");
    systemctl(&["kill", "--kill-who=main", &signal, unit], deadline).map(|_| ())
}

/// Forgets that the unit failed. One that is not loaded has nothing to forget.
pub fn reset_failed(unit: &str, deadline: Deadline) -> Result<(), SystemdError> {
    match systemctl(&["reset-failed", unit], deadline) {
        Ok(_) | Err(SystemdError::NoSuchUnit { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What systemd knows about the unit; one that does not exist is [`Loaded::NotFound`].
pub fn show(unit: &str, deadline: Deadline) -> Result<UnitState, SystemdError> {
    let properties = format!("--property={}", state::PROPERTIES.join(","));
    let arguments = ["show", &properties, unit];
    let output = systemctl(&arguments, deadline)?;
    state::parse(&output.text()).map_err(|property| SystemdError::Unreadable {
        operation: operation("systemctl", &arguments),
        property,
    })
}

/// The same for several units, in their order, with one question.
pub fn show_all(units: &[&str], deadline: Deadline) -> Result<Vec<UnitState>, SystemdError> {
    let properties = format!("--property={}", state::PROPERTIES.join(","));
    let arguments: Vec<&str> = ["show", &properties]
        .into_iter()
        .chain(units.iter().copied())
        .collect();
    let output = systemctl(&arguments, deadline)?;
    let unreadable = |property| SystemdError::Unreadable {
        operation: operation("systemctl", &arguments),
        property,
    };
    let states = state::parse_all(&output.text()).map_err(unreadable)?;
    if states.len() != units.len() {
        return Err(unreadable("LoadState"));
    }
    Ok(states)
}

fn operation(program: &str, arguments: &[&str]) -> String {
    format!("{program} {}", arguments.join(" "))
}

fn systemctl(arguments: &[&str], deadline: Deadline) -> Result<Output, SystemdError> {
    let command = Command::new("systemctl").args(arguments.iter().copied());
    run(&operation("systemctl", arguments), &command, deadline)
}

fn run(operation: &str, command: &Command, deadline: Deadline) -> Result<Output, SystemdError> {
    let output = command.run(deadline).map_err(|source| SystemdError::Run {
        operation: operation.to_owned(),
        source,
    })?;
    if output.succeeded() {
        return Ok(output);
    }
    Err(refusal(operation.to_owned(), &output))
}

fn refusal(operation: String, output: &Output) -> SystemdError {
    let said = output.stderr.trim().to_owned();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    if says(&["not been booted with systemd", "Failed to connect to bus"]) {
        return SystemdError::Unreachable { operation, said };
    }
    if says(&["was already loaded or has a fragment file"]) {
        return SystemdError::UnitExists { operation };
    }
    if says(&[" not loaded", "not found.", "does not exist"]) {
        return SystemdError::NoSuchUnit { operation };
    }
    SystemdError::Refused {
        operation,
        status: output.status.to_string(),
        said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::host::process::Status;

    fn refused(code: i32, stderr: &str) -> SystemdError {
        let output = Output {
            status: Status::Exited(code),
            stdout: Vec::new(),
            stderr: stderr.to_owned(),
        };
        refusal("systemctl stop x.service".to_owned(), &output)
    }

    #[test]
    fn a_unit_that_is_not_there_is_told_from_one_that_fails() {
        for stderr in [
            "Failed to stop x.service: Unit x.service not loaded.\n",
            "Failed to start x.service: Unit x.service not found.\n",
            "Failed to disable unit: Unit file x.service does not exist.\n",
        ] {
            let error = refused(5, stderr);
            assert!(matches!(error, SystemdError::NoSuchUnit { .. }), "{stderr}");
        }
        let stderr =
            "Job for x.service failed because the control process exited with error code.\n";
        assert_eq!(
            refused(1, stderr).to_string(),
            format!(
                "systemctl stop x.service failed with exit code 1: {}",
                stderr.trim()
            )
        );
    }

    #[test]
    fn a_unit_that_is_there_already_is_told_from_one_that_cannot_start() {
        let stderr = "Failed to start transient service unit: Unit j.service was already loaded or has \
            a fragment file.\n";
        assert!(matches!(
            refused(1, stderr),
            SystemdError::UnitExists { .. }
        ));
    }

    #[test]
    fn a_machine_without_systemd_is_no_machine_without_units() {
        let stderr = "System has not been booted with systemd as init system (PID 1). Can't operate.\n\
            Failed to connect to bus: Host is down\n";
        assert!(matches!(
            refused(1, stderr),
            SystemdError::Unreachable { .. }
        ));
    }
}
