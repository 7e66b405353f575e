//! What `list-backups` shows: a table for people, JSON for machines.
//!
//! Its rows are the finished backups, those that failed, the one that runs, and one for each timeline that began with
//! a promotion or a restore, which is a place to restore from as well.

mod chunks;
mod json;
mod table;

use std::collections::BTreeMap;

pub use chunks::{CHUNK, chunks};
pub use json::json;
pub use table::{Location, table};

use super::{Backup, Catalogue, Database, FailedBackup, HistoryFile, RunningBackup};
use crate::domain::words::{
    BackupId, BackupKind, BackupLabel, Lsn, Stanza, Timeline, Timestamp, WalSegment,
};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    pub id: BackupId,
    pub action: Action,
    pub status: Status<'a>,
    pub started: Timestamp,
    pub finished: Option<Timestamp>,
    /// The one a backup was made on, or a restore began.
    pub timeline: Option<Timeline>,
    pub stanza: &'a Stanza,
    /// The database it is of; of a backup that finished.
    pub database: Option<&'a Database>,
    /// Only of a backup that finished.
    pub backup: Option<&'a Backup>,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Backup(BackupKind),
    Restore,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status<'a> {
    Finished,
    /// Finished, and pages with wrong checksums were copied.
    Damaged,
    Failed(&'a str),
    Running {
        unit: &'a str,
        percent: Option<u8>,
    },
}

/// The rows of these stanzas, by id. A repository that belongs to others may hold several.
pub fn rows<'a>(catalogues: impl IntoIterator<Item = &'a Catalogue>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for catalogue in catalogues {
        let stanza = &catalogue.stanza;
        rows.extend(
            catalogue
                .backups
                .iter()
                .map(|backup| Row::of_backup(backup, catalogue)),
        );
        rows.extend(
            catalogue
                .failed
                .iter()
                .map(|failed| Row::of_failed(failed, stanza)),
        );
        rows.extend(
            catalogue
                .running
                .iter()
                .map(|running| Row::of_running(running, stanza)),
        );
        rows.extend(
            one_for_each_restore(catalogue.timelines.files())
                .map(|file| Row::of_restore(file, stanza)),
        );
    }
    rows.sort_by_key(|row| row.id);
    rows
}

/// How many rows `list-backups` shows unless told otherwise. A year of four backups a day is more than anybody reads; the
/// rest is a `limit` away.
pub const SHOWN: usize = 1000;

/// The newest rows up to a limit, and how many older ones that leaves out.
pub fn newest<'rows, 'a>(rows: &'rows [Row<'a>], limit: usize) -> (&'rows [Row<'a>], usize) {
    let left_out = rows.len().saturating_sub(limit);
    (rows.get(left_out..).unwrap_or_default(), left_out)
}

/// A restore begins two timelines at once: the copy is promoted beside the database, and again when Patroni takes it over.
/// The newer one is the one that was lived on.
fn one_for_each_restore(files: &[HistoryFile]) -> impl Iterator<Item = &HistoryFile> {
    let newer = files.iter().skip(1).map(Some).chain([None]);
    files
        .iter()
        .zip(newer)
        .filter(|(file, newer)| newer.is_none_or(|newer| newer.id() != file.id()))
        .map(|(file, _)| file)
}

impl<'a> Row<'a> {
    fn of_backup(backup: &'a Backup, catalogue: &'a Catalogue) -> Self {
        let mut databases = catalogue.databases.iter();
        Self {
            id: backup.id(),
            action: Action::Backup(backup.kind()),
            status: if backup.damaged_pages {
                Status::Damaged
            } else {
                Status::Finished
            },
            started: backup.started,
            finished: Some(backup.finished),
            timeline: backup.timeline(),
            stanza: &catalogue.stanza,
            database: databases.find(|database| database.id == backup.database),
            backup: Some(backup),
        }
    }

    fn of_failed(failed: &'a FailedBackup, stanza: &'a Stanza) -> Self {
        Self {
            id: failed.id(),
            action: Action::Backup(failed.kind),
            status: Status::Failed(&failed.error),
            started: failed.started,
            finished: Some(failed.failed),
            timeline: None,
            stanza,
            database: None,
            backup: None,
        }
    }

    fn of_running(running: &'a RunningBackup, stanza: &'a Stanza) -> Self {
        Self {
            id: running.id(),
            action: Action::Backup(running.kind),
            status: Status::Running {
                unit: &running.unit,
                percent: running.percent,
            },
            started: running.started,
            finished: None,
            timeline: None,
            stanza,
            database: None,
            backup: None,
        }
    }

    fn of_restore(file: &HistoryFile, stanza: &'a Stanza) -> Self {
        Self {
            id: file.id(),
            action: Action::Restore,
            status: Status::Finished,
            started: file.stored,
            finished: None,
            timeline: Some(file.timeline),
            stanza,
            database: None,
            backup: None,
        }
    }

    /// The newest of the backups that this one needs.
    pub fn reference(&self) -> Option<BackupId> {
        let backup = self.backup?;
        backup
            .references
            .last()
            .copied()
            .or(backup.prior)
            .map(BackupLabel::id)
    }

    /// Where its WAL begins and ends.
    pub fn lsn(&self) -> Option<(Lsn, Lsn)> {
        self.backup?.lsn_start.zip(self.backup?.lsn_stop)
    }

    /// The WAL segments it begins and ends in.
    pub fn wal(&self) -> Option<(WalSegment, WalSegment)> {
        self.backup?.wal_start.zip(self.backup?.wal_stop)
    }

    /// Its folder, below the folder of backups.
    pub fn path(&self) -> Option<String> {
        Some(format!("/{}/{}", self.stanza, self.backup?.label))
    }

    fn annotations(&self) -> Option<&'a BTreeMap<String, String>> {
        self.backup
            .map(|backup| &backup.annotations)
            .filter(|all| !all.is_empty())
    }
}

#[cfg(test)]
mod tests;
