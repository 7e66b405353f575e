//! Services that exist for one run, started outside the hook.

use std::ffi::OsString;

use super::SystemdError;
use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::Deadline;

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
pub fn run_transient(unit: &TransientUnit, deadline: Deadline) -> Result<(), SystemdError> {
    let _ = (unit, deadline);
    unimplemented!()
}
