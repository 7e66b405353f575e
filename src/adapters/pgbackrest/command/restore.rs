//! The arguments of a restore.

use std::path::PathBuf;

use crate::domain::backups::target::{self, TargetKind};
use crate::domain::words::{BackupLabel, Lsn, Stanza, Timeline, Timestamp};

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
    pub timeline: Option<Timeline>,
    /// Whether the server becomes a primary at the target.
    pub promote: bool,
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

impl Restore {
    /// What a request was found to mean, into an empty directory.
    pub fn of(stanza: Stanza, target: &target::Target, pg_path: PathBuf) -> Self {
        let latest = target.kind == TargetKind::Latest;
        Self {
            stanza,
            set: Some(target.set),
            target: Target::of(target),
            timeline: target.timeline,
            // At the end of the log it is promoted in any case, and pgBackRest refuses to be told.
            promote: !latest,
            pg_path: Some(pg_path),
            delta: false,
            tablespace_map_all: None,
            recovery_options: Vec::new(),
            process_max: None,
        }
    }
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
}

impl Target {
    fn of(target: &target::Target) -> Self {
        let exclusive = target.exclusive;
        match &target.kind {
            TargetKind::Immediate => Self::Immediate,
            TargetKind::Time(at) => Self::Time { at: *at, exclusive },
            TargetKind::Lsn(at) => Self::Lsn { at: *at, exclusive },
            TargetKind::Xid(at) => Self::Xid { at: *at, exclusive },
            TargetKind::Name(at) => Self::Name { at: at.clone() },
            TargetKind::Latest => Self::Default,
        }
    }
}

impl Restore {
    pub(super) fn add_to(&self, arguments: &mut Vec<String>) {
        let mut add = |argument: String| arguments.push(argument);
        add(format!("--stanza={}", self.stanza));
        if let Some(set) = &self.set {
            add(format!("--set={set}"));
        }
        let (kind, at, exclusive) = self.target.parts();
        add(format!("--type={kind}"));
        if let Some(at) = at {
            add(format!("--target={at}"));
        }
        if exclusive {
            add("--target-exclusive".to_owned());
        }
        if let Some(timeline) = self.timeline {
            add(format!("--target-timeline={timeline}"));
        }
        if self.promote {
            add("--target-action=promote".to_owned());
        }
        if let Some(path) = &self.pg_path {
            add(format!("--pg1-path={}", path.display()));
        }
        if self.delta {
            add("--delta".to_owned());
        }
        if let Some(path) = &self.tablespace_map_all {
            add(format!("--tablespace-map-all={}", path.display()));
        }
        for (name, value) in &self.recovery_options {
            add(format!("--recovery-option={name}={value}"));
        }
        if let Some(processes) = self.process_max {
            add(format!("--process-max={processes}"));
        }
    }
}

impl Target {
    /// Type, place, and whether the place itself is left out.
    fn parts(&self) -> (&'static str, Option<String>, bool) {
        match self {
            Self::Default => ("default", None, false),
            Self::Immediate => ("immediate", None, false),
            Self::Time { at, exclusive } => {
                // In UTC and to the microsecond, which is as fine as PostgreSQL counts.
                let at = at.strftime("%Y-%m-%d %H:%M:%S%.6f+00").to_string();
                ("time", Some(at), *exclusive)
            }
            Self::Lsn { at, exclusive } => ("lsn", Some(at.to_string()), *exclusive),
            Self::Xid { at, exclusive } => ("xid", Some(at.to_string()), *exclusive),
            Self::Name { at } => ("name", Some(at.clone()), false),
            Self::Standby => ("standby", None, false),
        }
    }
}
