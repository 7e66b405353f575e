//! Commands as values, and their arguments.

use std::path::PathBuf;

use crate::domain::words::{BackupKind, BackupLabel, Lsn, Stanza, Timeline, Timestamp};

/// A command of pgBackRest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Creates the stanza in the repository, or finds that it is there.
    StanzaCreate { stanza: Stanza, online: bool },
    /// Makes the stanza fit a database that was upgraded.
    StanzaUpgrade { stanza: Stanza, online: bool },
    /// Removes the stanza with all its backups and archives.
    StanzaDelete { stanza: Stanza, force: bool },
    /// Proves that a segment switched now reaches the repository.
    Check {
        stanza: Stanza,
        archive_timeout: Option<u64>,
    },
    /// Takes a backup.
    Backup(Backup),
    /// Removes what retention does not keep, or one backup set.
    Expire {
        stanza: Stanza,
        set: Option<BackupLabel>,
    },
    /// What the repository holds, as JSON.
    Info {
        stanza: Option<Stanza>,
        set: Option<BackupLabel>,
    },
    /// One file of the repository, by its path in it.
    RepoGet { path: String },
    /// The names below a path of the repository, as JSON.
    RepoLs { path: String, recursive: bool },
    /// Restores.
    Restore(Restore),
    /// Archives one segment.
    ArchivePush { stanza: Stanza, segment: PathBuf },
    /// Fetches one segment.
    ArchiveGet {
        stanza: Stanza,
        segment: String,
        to: PathBuf,
    },
    /// Lets commands of the stanza run again.
    Start { stanza: Stanza },
    /// Ends commands of the stanza and lets none start.
    Stop { stanza: Stanza, force: bool },
    /// Verifies files of the repository against their checksums.
    Verify {
        stanza: Stanza,
        set: Option<BackupLabel>,
    },
    /// The version.
    Version,
}

/// Which backup to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Stanza.
    pub stanza: Stanza,
    /// Kind.
    pub kind: BackupKind,
    /// Annotations, from pgBackRest 2.41 on.
    pub annotations: Vec<(String, String)>,
    /// Whether it is read from a standby (`backup-standby`); `None` leaves it to the configuration.
    pub from_standby: Option<bool>,
    /// Processes at work; `None` leaves it to the configuration.
    pub process_max: Option<u32>,
    /// Whether each file is logged, which is what progress is read from.
    pub log_detail: bool,
    /// Whether to expire afterwards; `None` leaves it to the configuration.
    pub expire_auto: Option<bool>,
}

/// What to restore, to where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    /// Stanza.
    pub stanza: Stanza,
    /// Label of the backup; `None` is the newest that fits the target.
    pub set: Option<BackupLabel>,
    /// Where recovery ends.
    pub target: Target,
    /// Timeline to follow; `None` leaves it to pgBackRest.
    pub timeline: Option<TargetTimeline>,
    /// What happens at the target.
    pub action: Option<TargetAction>,
    /// Data directory to write; `None` leaves it to the configuration.
    pub pg_path: Option<PathBuf>,
    /// Whether files that are there and fit are kept.
    pub delta: bool,
    /// A directory that takes all tablespaces.
    pub tablespace_map_all: Option<PathBuf>,
    /// Settings for recovery, such as `("restore_command", "…")`. No secrets.
    pub recovery_options: Vec<(String, String)>,
    /// Processes at work; `None` leaves it to the configuration.
    pub process_max: Option<u32>,
}

/// Where recovery ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The end of the archive.
    Default,
    /// As soon as the backup is consistent.
    Immediate,
    /// A moment.
    Time { at: Timestamp, exclusive: bool },
    /// A position.
    Lsn { at: Lsn, exclusive: bool },
    /// A transaction.
    Xid { at: u64, exclusive: bool },
    /// A restore point.
    Name { at: String },
    /// A standby: recovery goes on.
    Standby,
    /// The data directory as it was preserved, without new recovery settings.
    Preserve,
    /// No recovery settings at all.
    None,
}

/// Timeline for recovery to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetTimeline {
    /// The newest one.
    Latest,
    /// The backup's own.
    Current,
    /// This one.
    Number(Timeline),
}

/// What happens at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetAction {
    /// Recovery pauses and the server can be read.
    Pause,
    /// The server becomes a primary.
    Promote,
    /// The server shuts down.
    Shutdown,
}

impl Command {
    /// The arguments, without the program and without `--config`.
    pub fn arguments(&self) -> Vec<String> {
        unimplemented!()
    }
}
