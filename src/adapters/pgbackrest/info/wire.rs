//! The JSON as pgBackRest writes it, as far as it is read.

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
