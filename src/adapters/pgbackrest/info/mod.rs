//! The answer of `info --output=json`.

mod wire;

use serde::de::Error as _;

use crate::domain::words::{BackupKind, BackupLabel, Lsn, SystemId, Timestamp, WalSegment};

/// A stanza of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// Its name.
    pub name: String,
    /// What pgBackRest says of it.
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
    /// Code: 0 is ok, 1 missing, 2 without backups.
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
    let stanzas: Vec<wire::Stanza> = serde_json::from_slice(json)?;
    stanzas.into_iter().map(stanza).collect()
}

fn stanza(stanza: wire::Stanza) -> Result<Stanza, serde_json::Error> {
    let lock = stanza
        .status
        .lock
        .and_then(|lock| lock.backup)
        .filter(|backup| backup.held);
    let segment = |name: Option<String>| name.map(|name| read(&name)).transpose();
    let archives = stanza.archive.into_iter().map(|archive| {
        Ok(Archive {
            id: archive.id,
            database: archive.database.id,
            min: segment(archive.min)?,
            max: segment(archive.max)?,
        })
    });
    Ok(Stanza {
        name: stanza.name,
        status: Status {
            code: stanza.status.code,
            message: match stanza.repo.into_iter().next() {
                Some(repository) => repository.status.message,
                None => stanza.status.message,
            },
            running: lock.map(|backup| Running {
                done: backup.size_cplt,
                total: backup.size,
            }),
        },
        databases: stanza
            .db
            .into_iter()
            .map(|db| Db {
                id: db.id,
                system_id: db.system_id,
                version: db.version,
            })
            .collect(),
        archives: archives.collect::<Result<_, serde_json::Error>>()?,
        backups: stanza
            .backup
            .into_iter()
            .map(backup)
            .collect::<Result<_, _>>()?,
    })
}

fn backup(backup: wire::Backup) -> Result<Backup, serde_json::Error> {
    let moment = |seconds| Timestamp::from_second(seconds).map_err(serde_json::Error::custom);
    let archive = backup.archive.unwrap_or_default();
    let lsn = backup.lsn.unwrap_or_default();
    Ok(Backup {
        label: backup.label,
        kind: BackupKind::from_pgbackrest(&backup.kind).map_err(serde_json::Error::custom)?,
        prior: backup.prior,
        database: backup.database.id,
        start: moment(backup.timestamp.start)?,
        stop: moment(backup.timestamp.stop)?,
        lsn_start: lsn.start,
        lsn_stop: lsn.stop,
        wal_start: archive.start.map(|name| read(&name)).transpose()?,
        wal_stop: archive.stop.map(|name| read(&name)).transpose()?,
        size: backup.info.size,
        delta: backup.info.delta,
        repository_size: backup.info.repository.size,
        repository_delta: backup.info.repository.delta,
        error: backup.error,
        annotations: backup.annotation.unwrap_or_default(),
    })
}

fn read(name: &str) -> Result<WalSegment, serde_json::Error> {
    name.parse().map_err(serde_json::Error::custom)
}

#[cfg(test)]
mod tests;
