//! The control file of a data directory, through `pg_controldata`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files::{self, FileError};
use crate::adapters::host::process::{Command, ProcessError};
use crate::domain::backups::Requirements;
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
    /// When the last checkpoint was written, in whole seconds.
    pub checkpoint_time: Option<Timestamp>,
    /// Recovery is consistent only from here on; `None` when there is no recovery to finish.
    pub min_recovery: Option<MinRecovery>,
    /// The settings that a recovery of it needs at least.
    pub requirements: Requirements,
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
    #[error("look for the control file of {}", data_dir.display())]
    Look {
        data_dir: PathBuf,
        #[source]
        source: FileError,
    },
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
    let path = data_dir.join("global/pg_control");
    let there = files::exists(&path).map_err(|source| ControlError::Look {
        data_dir: data_dir.into(),
        source,
    })?;
    if !there {
        return Ok(None);
    }
    let output = Command::new(programs.join("pg_controldata"))
        .arg("-D")
        .arg(data_dir)
        .as_workload(user)
        // It prints the local time without its offset.
        .env("TZ", "UTC")
        .run(deadline)
        .map_err(|source| ControlError::Run {
            data_dir: data_dir.into(),
            source,
        })?;
    // A file whose checksum does not fit is printed all the same, after a warning on standard output.
    let text = output.text();
    let warning = text.lines().find(|line| line.starts_with("WARNING"));
    if !output.succeeded() || warning.is_some() {
        return Err(ControlError::Refused {
            data_dir: data_dir.into(),
            said: warning.unwrap_or(output.stderr.trim()).to_owned(),
        });
    }
    parse(&text)
        .map(Some)
        .map_err(|field| ControlError::Unreadable {
            data_dir: data_dir.into(),
            field,
        })
}

fn read_as<T: FromStr>(name: &'static str, value: &str) -> Result<T, &'static str> {
    value.parse().map_err(|_| name)
}

/// The error is the field that is missing or strange.
fn parse(text: &str) -> Result<Control, &'static str> {
    let field = |name: &'static str| -> Result<&str, &'static str> {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
            .ok_or(name)
    };
    let number = |name| field(name).and_then(|value| read_as::<u32>(name, value));
    let min_recovery: Lsn = field(MIN_RECOVERY).and_then(|value| read_as(MIN_RECOVERY, value))?;
    let min_recovery_timeline = Timeline::new(number(MIN_RECOVERY_TIMELINE)?);
    Ok(Control {
        system_identifier: field(SYSTEM_ID).and_then(|value| read_as(SYSTEM_ID, value))?,
        state: State::of(field(STATE)?),
        timeline: Timeline::new(number(TIMELINE)?).map_err(|_| TIMELINE)?,
        checkpoint: field(CHECKPOINT).and_then(|value| read_as(CHECKPOINT, value))?,
        checkpoint_time: moment(field(CHECKPOINT_TIME)?),
        min_recovery: min_recovery_timeline.ok().map(|timeline| MinRecovery {
            lsn: min_recovery,
            timeline,
        }),
        requirements: Requirements::new([
            number(CONNECTIONS)?,
            number(WORKERS)?,
            number(WAL_SENDERS)?,
            number(PREPARED)?,
            number(LOCKS)?,
        ]),
        checksums: number(CHECKSUMS)? != 0,
        control_version: number(VERSION)?,
    })
}

const VERSION: &str = "pg_control version number";
const SYSTEM_ID: &str = "Database system identifier";
const STATE: &str = "Database cluster state";
const CHECKPOINT: &str = "Latest checkpoint location";
const TIMELINE: &str = "Latest checkpoint's TimeLineID";
const CHECKPOINT_TIME: &str = "Time of latest checkpoint";
const MIN_RECOVERY: &str = "Minimum recovery ending location";
const MIN_RECOVERY_TIMELINE: &str = "Min recovery ending loc's timeline";
const CONNECTIONS: &str = "max_connections setting";
const WORKERS: &str = "max_worker_processes setting";
const WAL_SENDERS: &str = "max_wal_senders setting";
const PREPARED: &str = "max_prepared_xacts setting";
const LOCKS: &str = "max_locks_per_xact setting";
const CHECKSUMS: &str = "Data page checksum version";

/// Such as `Fri Nov 27 16:40:23 2026`, in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let local = jiff::civil::DateTime::strptime("%a %b %e %H:%M:%S %Y", text).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(local).ok()
}

impl State {
    fn of(words: &str) -> Self {
        match words {
            "starting up" => Self::StartingUp,
            "shut down" => Self::ShutDown,
            "shut down in recovery" => Self::ShutDownInRecovery,
            "shutting down" => Self::ShuttingDown,
            "in crash recovery" => Self::InCrashRecovery,
            "in archive recovery" => Self::InArchiveRecovery,
            "in production" => Self::InProduction,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether the database was shut down cleanly.
    pub fn is_clean(&self) -> bool {
        matches!(self, Self::ShutDown | Self::ShutDownInRecovery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("recorded/controldata-standby-15.20.txt");

    #[test]
    fn the_control_file_of_a_standby() {
        assert_eq!(
            parse(RECORDED),
            Ok(Control {
                system_identifier: "7712894678953139472".parse().unwrap(),
                state: State::ShutDownInRecovery,
                timeline: Timeline::FIRST,
                checkpoint: "0/3000088".parse().unwrap(),
                checkpoint_time: "2026-11-27T16:50:53Z".parse().ok(),
                min_recovery: Some(MinRecovery {
                    lsn: "0/3000100".parse().unwrap(),
                    timeline: Timeline::FIRST,
                }),
                requirements: Requirements::new([100, 8, 10, 0, 64]),
                checksums: true,
                control_version: 1300,
            })
        );
    }

    #[test]
    fn a_time_is_read_whether_its_day_has_one_digit_or_two() {
        assert_eq!(
            moment("Fri Nov 27 16:40:23 2026"),
            "2026-11-27T16:40:23Z".parse().ok()
        );
        assert_eq!(
            moment("Thu Nov  5 06:40:23 2026"),
            "2026-11-05T06:40:23Z".parse().ok()
        );
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn a_missing_field_is_named() {
        let text = RECORDED.replace("Database system identifier", "Something else");
        assert_eq!(parse(&text), Err("Database system identifier"));
        assert_eq!(parse(""), Err("Minimum recovery ending location"));
    }
}
