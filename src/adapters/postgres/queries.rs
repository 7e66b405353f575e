//! What the charm asks a server, and the few things it tells it.

use super::{Database, PostgresError};
use crate::domain::words::{Lsn, SystemId, Timeline, Timestamp, WalSegment};

/// Where a server is in the write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Timeline.
    pub timeline: Timeline,
    /// Position: written on a primary, replayed in recovery.
    pub lsn: Lsn,
}

/// `pg_stat_archiver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archiver {
    /// Segments archived since the statistics were reset.
    pub archived: u64,
    /// The last one archived.
    pub last_archived: Option<(String, Timestamp)>,
    /// Failed attempts since the statistics were reset.
    pub failed: u64,
    /// The last one that failed.
    pub last_failed: Option<(String, Timestamp)>,
}

/// A setting whose file value differs from the one in force until a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name.
    pub name: String,
    /// Value in force.
    pub value: String,
}

/// How far recovery is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Last position received by streaming.
    pub received: Option<Lsn>,
    /// Last position replayed.
    pub replayed: Option<Lsn>,
    /// When the last replayed transaction was committed.
    pub last_commit: Option<Timestamp>,
    /// Whether replay is paused, as it is at a recovery target.
    pub paused: bool,
}

impl Database {
    /// Whether the server is in recovery.
    pub fn in_recovery(&mut self) -> Result<bool, PostgresError> {
        unimplemented!()
    }

    /// Timeline and position.
    pub fn position(&mut self) -> Result<Position, PostgresError> {
        unimplemented!()
    }

    /// The system identifier.
    pub fn system_identifier(&mut self) -> Result<SystemId, PostgresError> {
        unimplemented!()
    }

    /// The archiver's statistics.
    pub fn archiver(&mut self) -> Result<Archiver, PostgresError> {
        unimplemented!()
    }

    /// Settings that wait for a restart.
    pub fn pending_restart(&mut self) -> Result<Vec<Setting>, PostgresError> {
        unimplemented!()
    }

    /// The value of one setting, as `SHOW` prints it.
    pub fn setting(&mut self, name: &str) -> Result<String, PostgresError> {
        let _ = name;
        unimplemented!()
    }

    /// When the last transaction was committed; `None` when `track_commit_timestamp` is off or none was.
    pub fn last_committed(&mut self) -> Result<Option<Timestamp>, PostgresError> {
        unimplemented!()
    }

    /// How far recovery is; `None` on a primary.
    pub fn replay(&mut self) -> Result<Option<Replay>, PostgresError> {
        unimplemented!()
    }

    /// Ends the current segment of the log and returns its name: the file to see archived.
    pub fn switch_wal(&mut self) -> Result<WalSegment, PostgresError> {
        unimplemented!()
    }

    /// Marks a point that recovery can go to by name, and returns its position.
    pub fn create_restore_point(&mut self, name: &str) -> Result<Lsn, PostgresError> {
        let _ = name;
        unimplemented!()
    }

    /// Writes everything to the data files.
    pub fn checkpoint(&mut self) -> Result<(), PostgresError> {
        unimplemented!()
    }

    /// Makes the server read its configuration anew.
    pub fn reload_configuration(&mut self) -> Result<(), PostgresError> {
        unimplemented!()
    }

    /// Names of the databases that can be connected to, sorted.
    pub fn databases(&mut self) -> Result<Vec<String>, PostgresError> {
        unimplemented!()
    }

    /// Size of all databases in bytes.
    pub fn total_size(&mut self) -> Result<u64, PostgresError> {
        unimplemented!()
    }

    /// Runs statements in one transaction: all of them or none.
    pub fn execute_all(&mut self, statements: &[String]) -> Result<(), PostgresError> {
        let _ = statements;
        unimplemented!()
    }

    /// Runs one statement outside a transaction, as `CREATE DATABASE` wants.
    pub fn execute(&mut self, statement: &str) -> Result<(), PostgresError> {
        let _ = statement;
        unimplemented!()
    }
}
