//! The control file of a data directory, through `pg_controldata`.

use std::path::{Path, PathBuf};

use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::process::ProcessError;
use crate::domain::words::{Lsn, SystemId, Timeline, Timestamp};

/// What the control file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// System identifier.
    pub system_identifier: SystemId,
    /// State of the cluster of databases.
    pub state: State,
    /// Timeline of the last checkpoint.
    pub timeline: Timeline,
    /// Position of the last checkpoint.
    pub checkpoint: Lsn,
    /// When the last checkpoint was written, in whole seconds; read in the machine's time zone.
    pub checkpoint_time: Option<Timestamp>,
    /// Recovery is consistent only from here on; `None` when it always is.
    pub min_recovery: Option<MinRecovery>,
    /// Whether pages carry checksums.
    pub checksums: bool,
    /// Version of the control file's layout, such as 1300; it distinguishes major versions of PostgreSQL.
    pub control_version: u32,
}

/// How far recovery has to go at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinRecovery {
    /// Position.
    pub lsn: Lsn,
    /// Timeline of the position.
    pub timeline: Timeline,
}

/// State of a cluster of databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being created.
    StartingUp,
    /// Shut down cleanly.
    ShutDown,
    /// Shut down cleanly while in recovery.
    ShutDownInRecovery,
    /// It was shutting down.
    ShuttingDown,
    /// It recovers, or crashed doing so.
    InCrashRecovery,
    /// It replays an archive or streams, or was stopped hard doing so.
    InArchiveRecovery,
    /// It runs, or crashed.
    InProduction,
    /// Another word.
    Other(String),
}

/// The control file could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum ControlError {
    #[error("read the control file of {}", data_dir.display())]
    Run {
        data_dir: PathBuf,
        #[source]
        source: ProcessError,
    },
    #[error("read the control file of {}: {said}", data_dir.display())]
    Refused { data_dir: PathBuf, said: String },
    #[error("read the control file of {}: no readable \"{field}\"", data_dir.display())]
    Unreadable {
        data_dir: PathBuf,
        field: &'static str,
    },
}

/// Reads the control file; `programs` is `Layout::programs` of the right major version. `None` when there is no data
/// directory, or one without a control file.
pub fn read(
    programs: &Path,
    data_dir: &Path,
    user: &WorkloadUser,
    deadline: Deadline,
) -> Result<Option<Control>, ControlError> {
    let _ = (programs, data_dir, user, deadline);
    unimplemented!()
}
