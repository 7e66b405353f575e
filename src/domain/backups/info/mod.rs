//! `backup.info`: which backups a stanza has.
//!
//! Read with `repo-get` and parsed here. pgBackRest's own `info` takes 160 times as long and 550 MiB for ten thousand
//! backups, because it builds a document of what fits in one line each.

mod reader;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::backup::{Backup, Database, DatabaseId};
use super::ini::{Entry, Unreadable};
use crate::domain::words::{BackupLabel, Lsn, Timestamp, WalSegment};

pub use reader::Reader;

const FILE: &str = "backup.info";

/// What `backup.info` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupInfo {
    /// The database the next backup is of.
    pub current: DatabaseId,
    /// All databases the stanza ever knew, oldest first.
    pub databases: Vec<Database>,
    /// By label.
    pub backups: Vec<Backup>,
    /// How many older ones were not looked at.
    pub older: usize,
    /// Whether the repository is encrypted. The key stays in the file.
    pub encrypted: bool,
}

/// A line of section `[backup:current]`. The key is the label.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Line<'a> {
    db_id: DatabaseId,
    #[serde(default)]
    backup_prior: Option<BackupLabel>,
    #[serde(default)]
    backup_reference: Option<Vec<BackupLabel>>,
    #[serde(default)]
    backup_archive_start: Option<WalSegment>,
    #[serde(default)]
    backup_archive_stop: Option<WalSegment>,
    #[serde(default)]
    backup_lsn_start: Option<Lsn>,
    #[serde(default)]
    backup_lsn_stop: Option<Lsn>,
    backup_timestamp_start: i64,
    backup_timestamp_stop: i64,
    backup_info_size: u64,
    backup_info_size_delta: u64,
    #[serde(default)]
    backup_info_repo_size: Option<u64>,
    backup_info_repo_size_delta: u64,
    #[serde(default)]
    backup_error: Option<bool>,
    #[serde(default, borrow)]
    backup_annotation: Option<BTreeMap<Cow<'a, str>, Cow<'a, str>>>,
}

impl BackupInfo {
    /// Parses the text of the file.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        Self::parse_newest(text, usize::MAX)
    }

    /// The same with the newest backups only.
    pub fn parse_newest(text: &str, limit: usize) -> Result<Self, Unreadable> {
        let mut reader = Reader::of_newest(limit);
        reader.push(text.as_bytes());
        reader.finish()
    }
}

fn label(entry: &Entry<'_>) -> Result<BackupLabel, Unreadable> {
    (entry.key.parse()).map_err(|source| Unreadable::Word {
        file: FILE,
        line: entry.line,
        source,
    })
}

/// The line of a backup, whose value is JSON.
fn backup(label: BackupLabel, value: &str, line: usize) -> Result<Backup, Unreadable> {
    let unreadable = |source| Unreadable::Value {
        file: FILE,
        line,
        source,
    };
    let moment = |seconds| {
        Timestamp::from_second(seconds).map_err(|error| unreadable(serde::de::Error::custom(error)))
    };
    let read: Line<'_> = serde_json::from_str(value).map_err(unreadable)?;
    Ok(Backup {
        label,
        prior: read.backup_prior,
        references: read.backup_reference.unwrap_or_default(),
        database: read.db_id,
        lsn_start: read.backup_lsn_start,
        lsn_stop: read.backup_lsn_stop,
        wal_start: read.backup_archive_start,
        wal_stop: read.backup_archive_stop,
        started: moment(read.backup_timestamp_start)?,
        finished: moment(read.backup_timestamp_stop)?,
        size: read.backup_info_size,
        delta: read.backup_info_size_delta,
        repo_size: read.backup_info_repo_size,
        repo_delta: read.backup_info_repo_size_delta,
        damaged_pages: read.backup_error == Some(true),
        annotations: (read.backup_annotation.into_iter().flatten())
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect(),
    })
}

#[cfg(test)]
mod tests;
