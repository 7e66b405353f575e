//! One backup of the repository, and the database it is of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::extensions;
use super::requirements::{self, Requirements};
use crate::domain::words::{
    BackupId, BackupKind, BackupLabel, Lsn, SystemId, Timeline, Timestamp, WalSegment,
};

/// The number a stanza gives a database: 1 for the first, and one more each time the stanza was upgraded to another
/// major version or re-made for another cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(transparent)]
pub struct DatabaseId(pub u32);

impl fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A database a stanza knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    pub id: DatabaseId,
    pub system: SystemId,
    /// PostgreSQL's version without its minor part: `15`, and `9.6` before 10.
    pub version: String,
}

impl Database {
    /// The folder of its WAL under `archive/<stanza>`: `15-1`.
    pub fn archive_folder(&self) -> String {
        format!("{}-{}", self.version, self.id)
    }
}

/// A finished backup, as `backup.info` knows it. A backup that failed never gets there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    pub label: BackupLabel,
    /// The backup it was made from; a full one has none.
    pub prior: Option<BackupLabel>,
    /// All backups whose files it needs, oldest first; a full one needs none.
    pub references: Vec<BackupLabel>,
    pub database: DatabaseId,
    /// Both are absent from a backup of a stopped database.
    pub lsn_start: Option<Lsn>,
    pub lsn_stop: Option<Lsn>,
    pub wal_start: Option<WalSegment>,
    pub wal_stop: Option<WalSegment>,
    /// To the second.
    pub started: Timestamp,
    /// To the second, rounded down: the backup is consistent before the second ends.
    pub finished: Timestamp,
    /// Bytes of the database.
    pub size: u64,
    /// Bytes of the database that this backup copied.
    pub delta: u64,
    /// Bytes in the repository of everything it needs; pgBackRest omits it for block incremental backups.
    pub repo_size: Option<u64>,
    /// Bytes in the repository that this backup added.
    pub repo_delta: u64,
    /// Pages whose checksum was wrong were copied: the backup is there, and so is the damage.
    pub damaged_pages: bool,
    /// What the one who asked for it wrote on it.
    pub annotations: BTreeMap<String, String>,
}

impl Backup {
    /// The operator's name for it.
    pub fn id(&self) -> BackupId {
        self.label.id()
    }

    /// How much it copied.
    pub fn kind(&self) -> BackupKind {
        self.label.kind()
    }

    /// The settings that its recovery needs; unknown for a backup that was not made by this charm.
    pub fn requirements(&self) -> Option<Requirements> {
        self.annotations.get(requirements::ANNOTATION)?.parse().ok()
    }

    /// The extensions of the databases in it that are not among those installed here; unknown for a backup that was not made
    /// by this charm.
    pub fn extensions_missing_in(&self, here: &BTreeSet<String>) -> Option<Vec<String>> {
        let written = self.annotations.get(extensions::ANNOTATION)?;
        Some(extensions::missing(written, here))
    }

    /// The timeline it was made on; unknown for a backup of a stopped database.
    pub fn timeline(&self) -> Option<Timeline> {
        self.wal_stop.or(self.wal_start).map(WalSegment::timeline)
    }
}

/// A full backup on timeline 1 that took ten seconds.
#[cfg(test)]
pub(super) fn sample(label: &str, started: i64) -> Backup {
    let moment = |second| Timestamp::from_second(second).unwrap();
    Backup {
        label: label.parse().unwrap(),
        prior: None,
        references: vec![],
        database: DatabaseId(1),
        lsn_start: Some("0/3000028".parse().unwrap()),
        lsn_stop: Some("0/3000100".parse().unwrap()),
        wal_start: Some("000000010000000000000003".parse().unwrap()),
        wal_stop: Some("000000010000000000000003".parse().unwrap()),
        started: moment(started),
        finished: moment(started + 10),
        size: 23_213_860,
        delta: 23_213_860,
        repo_size: Some(2_827_235),
        repo_delta: 2_827_235,
        damaged_pages: false,
        annotations: BTreeMap::new(),
    }
}
