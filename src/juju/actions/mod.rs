//! Actions: one file each. Parameters in, results out; what to do is decided in `domain`.

mod create_backup;
mod get_password;
mod get_primary;
mod jobs;
mod list_backups;
mod plan_restore;
mod promote_to_primary;
mod recover_quorum;
mod restore;
mod restore_point;
mod set_password;
mod set_tls_private_key;
mod take_over_repository;

use std::fmt;

use juju_charm::{Juju, ToolError};

use crate::domain::refusal::Refusal;
use crate::error::StepError;

/// Why an action did not do what was asked.
#[derive(Debug)]
pub enum ActionError {
    /// It was refused, and nothing was changed.
    Refused(Refusal),
    /// It failed on the way.
    Failed(StepError),
}

impl From<StepError> for ActionError {
    fn from(error: StepError) -> Self {
        Self::Failed(error)
    }
}

impl From<ToolError> for ActionError {
    fn from(error: ToolError) -> Self {
        Self::Failed(StepError::because(&error))
    }
}

impl From<Refusal> for ActionError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (message, hint) = match self {
            Self::Refused(refusal) => (refusal.to_string(), refusal.hint()),
            Self::Failed(error) => (error.problem().to_owned(), error.hint().to_owned()),
        };
        write!(f, "{message}")?;
        if hint.is_empty() {
            Ok(())
        } else {
            write!(f, "\nhint: {hint}")
        }
    }
}

/// Runs an action. What is refused or fails becomes the action's failure, with its hint; it is never a crash.
///
/// # Errors
///
/// When Juju cannot be told.
pub fn run(name: &str, juju: &Juju) -> Result<(), StepError> {
    let done = match name {
        "create-backup" => create_backup::run(juju),
        "list-backups" => list_backups::run(juju),
        "restore" => restore::run(juju),
        "accept-restore" => restore::accept(juju),
        "plan-restore" => plan_restore::run(juju),
        "undo-restore" => restore::undo(juju),
        "create-restore-point" => restore_point::run(juju),
        "list-jobs" => jobs::list(juju),
        "cancel-job" => jobs::cancel(juju),
        "get-password" => get_password::run(juju),
        "set-password" => set_password::run(juju),
        "set-tls-private-key" => set_tls_private_key::run(juju),
        "get-primary" => get_primary::run(juju),
        "promote-to-primary" => promote_to_primary::run(juju),
        "take-over-repository" => take_over_repository::run(juju),
        "recover-quorum" => recover_quorum::run(juju),
        other => Err(StepError::expected(format!("there is no action {other}"), "").into()),
    };
    if let Err(error) = done {
        match &error {
            ActionError::Refused(refusal) => tracing::info!("{name} was refused: {refusal}"),
            ActionError::Failed(failure) => tracing::error!("{name} failed: {failure}"),
        }
        juju.action_fail(error.to_string());
    }
    Ok(())
}
