//! Commands as values, and their arguments.

mod backup;
mod restore;

pub use backup::{Backup, Primary};
pub use restore::{Restore, Target};

use crate::domain::words::{BackupLabel, Stanza};

/// A command of pgBackRest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named as pgBackRest's options")]
pub enum Command {
    /// Creates the stanza in the repository, or finds that it is there.
    StanzaCreate { stanza: Stanza, online: bool },
    /// Proves that a segment switched now reaches the repository.
    Check {
        stanza: Stanza,
        archive_timeout: Option<u64>,
    },
    /// Takes a backup.
    Backup(Backup),
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
    /// Lets commands of the stanza run again.
    Start { stanza: Stanza },
    /// Ends commands of the stanza and lets none start.
    Stop { stanza: Stanza, force: bool },
    /// The version.
    Version,
}

impl Command {
    /// The command's own word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::StanzaCreate { .. } => "stanza-create",
            Self::Check { .. } => "check",
            Self::Backup(_) => "backup",
            Self::Info { .. } => "info",
            Self::RepoGet { .. } => "repo-get",
            Self::RepoLs { .. } => "repo-ls",
            Self::Restore(_) => "restore",
            Self::Start { .. } => "start",
            Self::Stop { .. } => "stop",
            Self::Version => "version",
        }
    }

    /// Whether standard output is the answer, so that no log line may come between.
    pub fn answers_on_stdout(&self) -> bool {
        matches!(
            self,
            Self::Info { .. } | Self::RepoGet { .. } | Self::RepoLs { .. } | Self::Version
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
            Self::StanzaCreate { stanza, online } => {
                add(format!("--stanza={stanza}"));
                if !online {
                    add("--no-online".to_owned());
                }
            }
            Self::Stop { stanza, force } => {
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
            Self::Version => {}
        }
        arguments
    }
}

#[cfg(test)]
mod tests;
