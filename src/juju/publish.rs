//! Saying what happened: one status, derived last.

use juju_charm::{Juju, Status};

use crate::domain::decide::clients;
use crate::domain::decide::status::{self, Level};
use crate::domain::observed::{Observed, Packages};
use crate::error::StepError;
use crate::reconcile::Outcome;

/// Shows how a dispatch ended.
///
/// # Errors
///
/// A failed installation ends the hook in an error, because Juju then tries again sooner than the next regular look.
pub fn outcome(juju: &Juju, outcome: &Outcome) -> Result<(), StepError> {
    let (Outcome::Rest(seen, _) | Outcome::Failed(seen, _)) = outcome;
    told(juju, seen)?;
    match outcome {
        Outcome::Rest(seen, decision) => set(juju, &status::status(seen, decision)),
        Outcome::Failed(seen, error) => {
            tracing::error!("{error}");
            set(juju, &status::failed(&error.to_string()))?;
            if matches!(seen.host.packages, Packages::Missing { .. }) {
                return Err(StepError::expected(error.problem(), error.hint()));
            }
            Ok(())
        }
    }
}

/// Tells related applications where their databases are and how to log in.
///
/// # Errors
///
/// When Juju cannot be told.
pub fn told(juju: &Juju, seen: &Observed) -> Result<(), StepError> {
    super::clients::publish(juju, &clients::answers(seen))
        .map_err(|error| StepError::because(&error))
}

/// Shows what an action works on, for as long as it does.
///
/// # Errors
///
/// When Juju cannot be told.
pub fn working(juju: &Juju, on: &str) -> Result<(), StepError> {
    let status = status::Status {
        level: Level::Maintenance,
        message: on.to_owned(),
    };
    set(juju, &status)
}

/// Shows that the charm does nothing on this unit because somebody wants it so.
///
/// # Errors
///
/// When Juju cannot be told.
pub fn disabled(juju: &Juju) -> Result<(), StepError> {
    let status = status::Status {
        level: Level::Blocked,
        message: "disabled by a file in the charm's directory (remove it to go on)".to_owned(),
    };
    set(juju, &status)
}

fn set(juju: &Juju, status: &status::Status) -> Result<(), StepError> {
    // One line: `juju status` shows no more.
    let message = status.message.lines().collect::<Vec<_>>().join(" ");
    let status = match status.level {
        Level::Active => Status::active(message),
        Level::Waiting => Status::waiting(message),
        Level::Maintenance => Status::maintenance(message),
        Level::Blocked => Status::blocked(message),
    };
    juju.status_set(&status)
        .map_err(|error| StepError::because(&error))
}
