//! Commands as values, and their arguments.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::domain::backups::target::{self, TargetKind};
use crate::domain::render::POSTGRESQL_PORT;
use crate::domain::words::{BackupKind, BackupLabel, Lsn, Stanza, Timeline, Timestamp};

/// A command of pgBackRest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named as pgBackRest's options")]
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
    /// The primary, when this unit is a replica: files are then read here, and the primary is asked for the rest.
    pub primary: Option<Primary>,
    /// Processes at work; `None` leaves it to the configuration.
    pub process_max: Option<u32>,
    /// Whether each file is logged, which is what progress is read from.
    pub log_detail: bool,
    /// Whether to expire afterwards; `None` leaves it to the configuration.
    pub expire_auto: Option<bool>,
}

/// Where a primary is and how its pgBackRest server is reached. The fields are named as pgBackRest's options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primary {
    /// Its address.
    pub host: IpAddr,
    /// The port of its server.
    pub port: u16,
    /// Its own configuration, on its own machine.
    pub config: PathBuf,
    /// Its data directory.
    pub path: PathBuf,
    /// The directory of its socket.
    pub socket_path: PathBuf,
    /// The user of its database.
    pub user: String,
    /// The user of this unit's database: it is told to make a checkpoint, which before PostgreSQL 15 only a superuser may.
    pub local_user: String,
    /// The authorities that are trusted here.
    pub ca_file: PathBuf,
    /// What this unit proves itself with: private key and certificate.
    pub identity_file: PathBuf,
}

impl Primary {
    fn options(&self) -> [String; 12] {
        let path = |option: &str, path: &Path| format!("--pg2-{option}={}", path.display());
        [
            format!("--pg2-host={}", self.host),
            "--pg2-host-type=tls".to_owned(),
            format!("--pg2-host-port={}", self.port),
            path("host-config", &self.config),
            path("host-ca-file", &self.ca_file),
            path("host-cert-file", &self.identity_file),
            path("host-key-file", &self.identity_file),
            path("path", &self.path),
            path("socket-path", &self.socket_path),
            format!("--pg2-port={POSTGRESQL_PORT}"),
            format!("--pg2-user={}", self.user),
            format!("--pg1-user={}", self.local_user),
        ]
    }
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

impl Restore {
    /// What a request was found to mean, into an empty directory.
    pub fn of(stanza: Stanza, target: &target::Target, pg_path: PathBuf) -> Self {
        let latest = target.kind == TargetKind::Latest;
        Self {
            stanza,
            set: Some(target.set),
            target: Target::of(target),
            timeline: target.timeline.map(TargetTimeline::Number),
            // At the end of the log it is promoted in any case, and pgBackRest refuses to be told.
            action: (!latest).then_some(TargetAction::Promote),
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
    /// The data directory as it was preserved, without new recovery settings.
    Preserve,
    /// No recovery settings at all.
    None,
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
    /// The command's own word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StanzaCreate { .. } => "stanza-create",
            Self::StanzaUpgrade { .. } => "stanza-upgrade",
            Self::StanzaDelete { .. } => "stanza-delete",
            Self::Check { .. } => "check",
            Self::Backup(_) => "backup",
            Self::Expire { .. } => "expire",
            Self::Info { .. } => "info",
            Self::RepoGet { .. } => "repo-get",
            Self::RepoLs { .. } => "repo-ls",
            Self::Restore(_) => "restore",
            Self::ArchivePush { .. } => "archive-push",
            Self::ArchiveGet { .. } => "archive-get",
            Self::Start { .. } => "start",
            Self::Stop { .. } => "stop",
            Self::Verify { .. } => "verify",
            Self::Version => "version",
        }
    }

    /// Whether standard output is the answer, so that no log line may come between.
    pub fn answers_on_stdout(&self) -> bool {
        matches!(
            self,
            Self::Info { .. }
                | Self::RepoGet { .. }
                | Self::RepoLs { .. }
                | Self::Verify { .. }
                | Self::Version
        )
    }

    /// The level of its log on standard output: what progress is read from, where there is some.
    pub(super) fn log_level(&self) -> &'static str {
        match self {
            Self::Backup(Backup {
                log_detail: true, ..
            })
            | Self::Restore(_) => "detail",
            command if command.answers_on_stdout() => "off",
            _ => "info",
        }
    }

    /// The arguments, the command first, without the program and without `--config`.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![self.name().to_owned()];
        let mut add = |argument: String| arguments.push(argument);
        match self {
            Self::StanzaCreate { stanza, online } | Self::StanzaUpgrade { stanza, online } => {
                add(format!("--stanza={stanza}"));
                if !online {
                    add("--no-online".to_owned());
                }
            }
            Self::StanzaDelete { stanza, force } | Self::Stop { stanza, force } => {
                add(format!("--stanza={stanza}"));
                if *force {
                    add("--force".to_owned());
                }
            }
            Self::Start { stanza } => add(format!("--stanza={stanza}")),
            Self::Check {
                stanza,
                archive_timeout,
            } => {
                add(format!("--stanza={stanza}"));
                if let Some(seconds) = archive_timeout {
                    add(format!("--archive-timeout={seconds}"));
                }
            }
            Self::Backup(backup) => backup.add_to(&mut arguments),
            Self::Restore(restore) => restore.add_to(&mut arguments),
            Self::Expire { stanza, set } | Self::Verify { stanza, set } => {
                add(format!("--stanza={stanza}"));
                if let Some(set) = set {
                    add(format!("--set={set}"));
                }
            }
            Self::Info { stanza, set } => {
                add("--output=json".to_owned());
                if let Some(stanza) = stanza {
                    add(format!("--stanza={stanza}"));
                }
                if let Some(set) = set {
                    add(format!("--set={set}"));
                }
            }
            Self::RepoGet { path } => add(path.clone()),
            Self::RepoLs { path, recursive } => {
                add("--output=json".to_owned());
                if *recursive {
                    add("--recurse".to_owned());
                }
                // The top of the repository is asked for without a path.
                if !path.is_empty() {
                    add(path.clone());
                }
            }
            Self::ArchivePush { stanza, segment } => {
                add(format!("--stanza={stanza}"));
                add(segment.display().to_string());
            }
            Self::ArchiveGet {
                stanza,
                segment,
                to,
            } => {
                add(format!("--stanza={stanza}"));
                add(segment.clone());
                add(to.display().to_string());
            }
            Self::Version => {}
        }
        arguments
    }
}

impl Backup {
    fn add_to(&self, arguments: &mut Vec<String>) {
        let mut add = |argument: String| arguments.push(argument);
        add(format!("--stanza={}", self.stanza));
        add(format!("--type={}", self.kind.pgbackrest()));
        for (name, value) in &self.annotations {
            add(format!("--annotation={name}={value}"));
        }
        if let Some(primary) = &self.primary {
            add("--backup-standby".to_owned());
            primary.options().into_iter().for_each(&mut add);
        }
        if let Some(processes) = self.process_max {
            add(format!("--process-max={processes}"));
        }
        if let Some(on) = self.expire_auto {
            add(flag("expire-auto", on));
        }
    }
}

impl Restore {
    fn add_to(&self, arguments: &mut Vec<String>) {
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
        match self.timeline {
            Some(TargetTimeline::Latest) => add("--target-timeline=latest".to_owned()),
            Some(TargetTimeline::Current) => add("--target-timeline=current".to_owned()),
            Some(TargetTimeline::Number(timeline)) => add(format!("--target-timeline={timeline}")),
            None => {}
        }
        if let Some(action) = self.action {
            let action = match action {
                TargetAction::Pause => "pause",
                TargetAction::Promote => "promote",
                TargetAction::Shutdown => "shutdown",
            };
            add(format!("--target-action={action}"));
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
            Self::Preserve => ("preserve", None, false),
            Self::None => ("none", None, false),
        }
    }
}

fn flag(name: &str, on: bool) -> String {
    format!("--{}{name}", if on { "" } else { "no-" })
}

#[cfg(test)]
mod tests;
