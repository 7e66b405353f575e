//! Services that exist for one run, started outside the hook.

use std::ffi::OsString;

use super::SystemdError;
use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::process::Command;

/// A service to start without a unit file.
///
/// Everybody on the machine can read its command and its environment: no secrets in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransientUnit {
    /// Name with suffix, such as `postgresql-charm-backup.service`.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// Who runs it; `None` is who runs the charm.
    pub user: Option<WorkloadUser>,
    /// Properties of the unit, such as `("KillSignal", "SIGTERM")`.
    pub properties: Vec<(String, String)>,
    /// Its environment.
    pub env: Vec<(String, OsString)>,
}

/// Starts the service and returns once it is started.
///
/// systemd remembers a service of this name that failed, and takes that for one that is there: it is made to forget it.
/// One that runs is left alone and is [`SystemdError::UnitExists`].
pub fn run_transient(unit: &TransientUnit, deadline: Deadline) -> Result<(), SystemdError> {
    let operation = format!("systemd-run --unit={}", unit.name);
    let command = command(unit);
    match super::run(&operation, &command, deadline) {
        Err(SystemdError::UnitExists { .. }) => {
            super::reset_failed(&unit.name, deadline)?;
            super::run(&operation, &command, deadline).map(|_| ())
        }
        result => result.map(|_| ()),
    }
}

fn command(unit: &TransientUnit) -> Command {
    let mut command = Command::new("systemd-run")
        .arg(format!("--unit={}", unit.name))
        .arg(format!("--description={}", unit.description));
    if let Some(user) = unit
        .user
        .as_ref()
        .filter(|user| user.differs_from_invoker())
    {
        command = command.arg(format!("--uid={}", user.name()));
    }
    for (name, value) in &unit.properties {
        command = command.arg(format!("--property={name}={value}"));
    }
    for (name, value) in &unit.env {
        let mut argument = OsString::from(format!("--setenv={name}="));
        argument.push(value);
        command = command.arg(argument);
    }
    command.arg("--").args(unit.command.iter().cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_becomes_one_command_line() {
        let unit = TransientUnit {
            name: "job.service".to_owned(),
            description: "take a backup".to_owned(),
            command: vec!["/bin/program".into(), "--flag".into()],
            user: None,
            properties: vec![("KillSignal".to_owned(), "SIGTERM".to_owned())],
            env: vec![("PATH".to_owned(), "/bin".into())],
        };
        assert_eq!(
            format!("{:?}", command(&unit)),
            "systemd-run --unit=job.service --description=take a backup \
             --property=KillSignal=SIGTERM --setenv=PATH=/bin -- /bin/program --flag"
        );
    }
}
