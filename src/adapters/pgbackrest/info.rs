//! The answer of `info --output=json`.

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

/// The JSON as pgBackRest writes it, as far as it is read.
mod wire {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use crate::domain::words::{BackupLabel, Lsn, SystemId};

    #[derive(Deserialize)]
    pub(super) struct Stanza {
        pub(super) name: String,
        pub(super) status: Status,
        /// What is wrong is told in full for each repository; we have one.
        #[serde(default)]
        pub(super) repo: Vec<Repository>,
        #[serde(default)]
        pub(super) db: Vec<Db>,
        #[serde(default)]
        pub(super) archive: Vec<Archive>,
        #[serde(default)]
        pub(super) backup: Vec<Backup>,
    }

    #[derive(Deserialize)]
    pub(super) struct Repository {
        pub(super) status: RepositoryStatus,
    }

    #[derive(Deserialize)]
    pub(super) struct RepositoryStatus {
        pub(super) message: String,
    }

    #[derive(Deserialize)]
    pub(super) struct Status {
        pub(super) code: u32,
        pub(super) message: String,
        pub(super) lock: Option<Lock>,
    }

    #[derive(Deserialize)]
    pub(super) struct Lock {
        pub(super) backup: Option<BackupLock>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub(super) struct BackupLock {
        pub(super) held: bool,
        pub(super) size: Option<u64>,
        pub(super) size_cplt: Option<u64>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub(super) struct Db {
        pub(super) id: u32,
        pub(super) system_id: SystemId,
        pub(super) version: String,
    }

    #[derive(Deserialize)]
    pub(super) struct Archive {
        pub(super) id: String,
        pub(super) database: DbId,
        pub(super) min: Option<String>,
        pub(super) max: Option<String>,
    }

    #[derive(Deserialize)]
    pub(super) struct DbId {
        pub(super) id: u32,
    }

    #[derive(Deserialize)]
    pub(super) struct Backup {
        pub(super) label: BackupLabel,
        #[serde(rename = "type")]
        pub(super) kind: String,
        pub(super) prior: Option<BackupLabel>,
        pub(super) database: DbId,
        pub(super) timestamp: Span<i64>,
        pub(super) lsn: Option<Ends<Lsn>>,
        pub(super) archive: Option<Ends<String>>,
        pub(super) info: Sizes,
        pub(super) error: Option<bool>,
        pub(super) annotation: Option<BTreeMap<String, String>>,
    }

    #[derive(Deserialize)]
    pub(super) struct Span<T> {
        pub(super) start: T,
        pub(super) stop: T,
    }

    #[derive(Deserialize)]
    pub(super) struct Ends<T> {
        pub(super) start: Option<T>,
        pub(super) stop: Option<T>,
    }

    impl<T> Default for Ends<T> {
        fn default() -> Self {
            Self {
                start: None,
                stop: None,
            }
        }
    }

    #[derive(Deserialize)]
    pub(super) struct Sizes {
        pub(super) size: u64,
        pub(super) delta: u64,
        pub(super) repository: RepositorySizes,
    }

    #[derive(Deserialize)]
    pub(super) struct RepositorySizes {
        pub(super) size: Option<u64>,
        pub(super) delta: u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Stanza {
        let mut stanzas = parse(json.as_bytes()).unwrap();
        assert_eq!(stanzas.len(), 1);
        stanzas.remove(0)
    }

    #[test]
    fn two_versions_tell_the_same_of_one_repository() {
        use BackupKind::{Differential, Full, Incremental};
        let older = parsed(include_str!("recorded/multi-backup-2.45.json"));
        let newer = parsed(include_str!("recorded/multi-backup-2.55.1.json"));
        assert_eq!(older, newer);
        assert_eq!((older.status.code, older.status.running), (0, None));
        let kinds: Vec<_> = older.backups.iter().map(|backup| backup.kind).collect();
        assert_eq!(
            kinds,
            [
                Full,
                Differential,
                Incremental,
                Full,
                Full,
                Differential,
                Full
            ]
        );
        assert_eq!(
            older.databases[0].system_id.to_string(),
            "7710562568803166094"
        );
    }

    #[test]
    fn a_backup_is_read_whole() {
        let stanza = parsed(include_str!("recorded/multi-backup-2.45.json"));
        assert_eq!(
            stanza.backups[1],
            Backup {
                label: "20261121-100128F_20261121-100139D".parse().unwrap(),
                kind: BackupKind::Differential,
                prior: Some("20261121-100128F".parse().unwrap()),
                database: 1,
                start: "2026-11-21T10:01:39Z".parse().unwrap(),
                stop: "2026-11-21T10:01:42Z".parse().unwrap(),
                lsn_start: Some("0/38000028".parse().unwrap()),
                lsn_stop: Some("0/38000100".parse().unwrap()),
                wal_start: Some("000000010000000000000038".parse().unwrap()),
                wal_stop: Some("000000010000000000000038".parse().unwrap()),
                size: 809_786_171,
                delta: 787_464_452,
                repository_size: Some(91_334_727),
                repository_delta: 86_938_623,
                error: Some(false),
                annotations: std::collections::BTreeMap::new(),
            }
        );
        assert_eq!(
            stanza.archives,
            [Archive {
                id: "15-1".to_owned(),
                database: 1,
                min: Some("000000010000000000000001".parse().unwrap()),
                max: Some("000000010000000000000049".parse().unwrap()),
            }]
        );
    }

    #[test]
    fn a_stanza_that_is_not_there_has_a_code_and_no_backups() {
        for json in [
            include_str!("recorded/missing-stanza-2.45.json"),
            include_str!("recorded/missing-stanza-2.55.1.json"),
        ] {
            let stanza = parsed(json);
            assert_eq!(stanza.status.code, 1);
            assert_eq!(stanza.status.message, "missing stanza path");
            assert!(stanza.backups.is_empty() && stanza.archives.is_empty());
        }
    }

    #[test]
    fn a_backup_that_runs_is_seen() {
        let stanza = parsed(include_str!("recorded/backup-running-2.45.json"));
        assert_eq!(stanza.status.running, Some(Running::default()));
    }

    #[test]
    fn progress_is_read_where_it_is_told() {
        let json = include_str!("recorded/backup-running-2.45.json").replace(
            "\"held\":true",
            "\"held\":true,\"size\":100,\"size-cplt\":40",
        );
        let running = parsed(&json).status.running;
        assert_eq!(
            running,
            Some(Running {
                done: Some(40),
                total: Some(100)
            })
        );
    }

    #[test]
    fn an_empty_repository_has_no_stanzas_and_half_an_answer_is_no_answer() {
        assert_eq!(parse(b"[]").unwrap(), []);
        assert!(parse(b"[{\"name\":").is_err());
    }
}
