//! The answer of `info --output=json`.

use crate::domain::words::{BackupKind, BackupLabel, Lsn, SystemId, Timestamp, WalSegment};

/// A stanza of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// Its name.
    pub name: String,
    /// What pgBackRest says of it: 0 is ok, 1 missing, 2 no backups, 3 missing data, …
    pub status: Status,
    /// Databases that lived under the name.
    pub databases: Vec<Db>,
    /// Archived segments.
    pub archives: Vec<Archive>,
    /// Backups, oldest first.
    pub backups: Vec<Backup>,
}

/// Status of a stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Code.
    pub code: u32,
    /// Message.
    pub message: String,
    /// A backup that runs now.
    pub running: Option<Running>,
}

/// A backup that runs now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// Bytes copied (from pgBackRest 2.48 on).
    pub done: Option<u64>,
    /// Bytes to copy (from pgBackRest 2.48 on).
    pub total: Option<u64>,
}

/// A database that lived under the stanza's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Db {
    /// Its number in the stanza.
    pub id: u32,
    /// System identifier.
    pub system_id: SystemId,
    /// Version of PostgreSQL.
    pub version: String,
}

/// Archived segments of one database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Name of the archive, such as `15-1`.
    pub id: String,
    /// Number of the database.
    pub database: u32,
    /// First segment.
    pub min: Option<WalSegment>,
    /// Last segment.
    pub max: Option<WalSegment>,
}

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Label.
    pub label: BackupLabel,
    /// Kind.
    pub kind: BackupKind,
    /// The backup it builds on.
    pub prior: Option<BackupLabel>,
    /// Number of the database.
    pub database: u32,
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub stop: Timestamp,
    /// Position it begins at.
    pub lsn_start: Option<Lsn>,
    /// Position it is consistent at.
    pub lsn_stop: Option<Lsn>,
    /// First segment it needs.
    pub wal_start: Option<WalSegment>,
    /// Last segment it needs.
    pub wal_stop: Option<WalSegment>,
    /// Bytes of the database.
    pub size: u64,
    /// Bytes this backup copied.
    pub delta: u64,
    /// Bytes in the repository, whatever it builds on included; absent for a bundle with block incremental.
    pub repository_size: Option<u64>,
    /// Bytes this backup added to the repository.
    pub repository_delta: u64,
    /// Whether pages were found that do not fit their checksum; `None` when it was not looked at.
    pub error: Option<bool>,
    /// Annotations.
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// Reads the answer.
pub fn parse(json: &[u8]) -> Result<Vec<Stanza>, serde_json::Error> {
    let _ = json;
    unimplemented!()
}
