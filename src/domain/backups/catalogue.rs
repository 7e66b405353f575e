//! Everything known about one stanza of a repository, and about the attempts that did not get into it.

use super::backup::{Backup, Database, DatabaseId};
use super::history::History;
use super::history_files::HistoryFile;
use super::info::BackupInfo;
use super::timelines::Timelines;
use crate::domain::words::{BackupId, BackupKind, Stanza, Timestamp};

/// A backup that failed. Nothing of it can be restored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailedBackup {
    pub kind: BackupKind,
    pub started: Timestamp,
    pub failed: Timestamp,
    /// pgBackRest's reason, without its prefix.
    pub error: String,
}

impl FailedBackup {
    /// The operator's name for the attempt.
    pub fn id(&self) -> BackupId {
        BackupId::at(self.started)
    }
}

/// A backup that runs now.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunningBackup {
    pub kind: BackupKind,
    pub started: Timestamp,
    /// The unit it runs on, as Juju names it.
    pub unit: String,
    /// From 0 to 100; unknown before pgBackRest says the first number.
    pub percent: Option<u8>,
}

impl RunningBackup {
    /// The operator's name for it, until its label is known.
    pub fn id(&self) -> BackupId {
        BackupId::at(self.started)
    }
}

/// What a stanza holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    pub stanza: Stanza,
    /// The database new backups are of; none before the stanza was made.
    pub current: Option<DatabaseId>,
    /// All databases the stanza ever knew.
    pub databases: Vec<Database>,
    /// By label.
    pub backups: Vec<Backup>,
    /// How many older backups there are that were not read: a listing shows the newest only.
    pub older: usize,
    /// Those of the current database.
    pub timelines: Timelines,
    pub failed: Vec<FailedBackup>,
    pub running: Option<RunningBackup>,
}

impl Catalogue {
    /// A stanza that was not made yet.
    pub fn empty(stanza: Stanza) -> Self {
        Self {
            stanza,
            current: None,
            databases: Vec::new(),
            backups: Vec::new(),
            older: 0,
            timelines: Timelines::default(),
            failed: Vec::new(),
            running: None,
        }
    }

    /// What was read from the repository. `files` are the history files of the current database's archive folder,
    /// `histories` those of them that were read: none is needed for a listing, and for a restore the one that
    /// [`target::history_needed`](super::target::history_needed) names.
    pub fn new(
        stanza: Stanza,
        info: BackupInfo,
        files: Vec<HistoryFile>,
        histories: impl IntoIterator<Item = History>,
    ) -> Self {
        let BackupInfo {
            current,
            databases,
            backups,
            older,
            encrypted: _,
        } = info;
        let of_current = backups.iter().filter(|backup| backup.database == current);
        let timelines = Timelines::new(files, histories, of_current);
        let current = Some(current);
        Self {
            stanza,
            current,
            databases,
            backups,
            older,
            timelines,
            failed: Vec::new(),
            running: None,
        }
    }

    /// Adds one more history file that was read.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.timelines.learn(history);
        self
    }

    /// Adds what the jobs of this cluster know: attempts that failed, and one that runs.
    #[must_use]
    pub fn with_attempts(
        mut self,
        failed: Vec<FailedBackup>,
        running: Option<RunningBackup>,
    ) -> Self {
        self.failed = failed;
        self.running = running;
        self
    }

    /// The backup an operator names.
    pub fn find(&self, id: BackupId) -> Option<&Backup> {
        self.backups.iter().find(|backup| backup.id() == id)
    }

    /// The backups of the current database.
    pub fn of_current(&self) -> impl Iterator<Item = &Backup> {
        self.backups
            .iter()
            .filter(|backup| Some(backup.database) == self.current)
    }
}
