//! `backup.info`: which backups a stanza has.
//!
//! Read with `repo-get` and parsed here. pgBackRest's own `info` takes 160 times as long and 550 MiB for ten thousand
//! backups, because it builds a document of what fits in one line each.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::backup::{Backup, Database, DatabaseId};
use super::databases::Sections;
use super::ini::{Entry, Unreadable, entries};
use crate::domain::words::{BackupLabel, Lsn, Timestamp, WalSegment};

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
    /// Parses the text of the file in one pass.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        Self::parse_newest(text, usize::MAX)
    }

    /// The same with the newest backups only: a line that nobody asked for costs a glance at its label.
    pub fn parse_newest(text: &str, limit: usize) -> Result<Self, Unreadable> {
        let mut sections = Sections::of(FILE);
        let mut lines = Vec::new();
        for entry in entries(FILE, text) {
            let entry = entry?;
            match entry.section {
                "backup:current" => lines.push((label(&entry)?, entry)),
                _ => sections.take(&entry)?,
            }
        }
        let encrypted = sections.encrypted;
        let (current, databases) = sections.finish()?;
        lines.sort_by_key(|(label, _)| label.id());
        let older = lines.len().saturating_sub(limit);
        let mut backups = (lines.into_iter().skip(older))
            .map(|(label, entry)| backup(label, &entry))
            .collect::<Result<Vec<_>, _>>()?;
        backups.sort_by_key(|backup| backup.label);
        Ok(Self {
            current,
            databases,
            backups,
            older,
            encrypted,
        })
    }
}

fn label(entry: &Entry<'_>) -> Result<BackupLabel, Unreadable> {
    (entry.key.parse()).map_err(|source| Unreadable::Word {
        file: FILE,
        line: entry.line,
        source,
    })
}

fn backup(label: BackupLabel, entry: &Entry<'_>) -> Result<Backup, Unreadable> {
    let line: Line<'_> = entry.read(FILE)?;
    Ok(Backup {
        label,
        prior: line.backup_prior,
        references: line.backup_reference.unwrap_or_default(),
        database: line.db_id,
        lsn_start: line.backup_lsn_start,
        lsn_stop: line.backup_lsn_stop,
        wal_start: line.backup_archive_start,
        wal_stop: line.backup_archive_stop,
        started: moment(line.backup_timestamp_start, entry)?,
        finished: moment(line.backup_timestamp_stop, entry)?,
        size: line.backup_info_size,
        delta: line.backup_info_size_delta,
        repo_size: line.backup_info_repo_size,
        repo_delta: line.backup_info_repo_size_delta,
        damaged_pages: line.backup_error == Some(true),
        annotations: (line.backup_annotation.into_iter().flatten())
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect(),
    })
}

fn moment(seconds: i64, entry: &Entry<'_>) -> Result<Timestamp, Unreadable> {
    Timestamp::from_second(seconds).map_err(|error| Unreadable::Value {
        file: FILE,
        line: entry.line,
        source: serde::de::Error::custom(error),
    })
}

#[cfg(test)]
mod tests;
