//! Runs commands.

use std::path::PathBuf;

use super::capabilities::Version;
use super::exit::{UNREADABLE_REPOSITORY, failure, reported};
use super::{Command, ExitKind, PgBackRestError, info};
use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::process::{self, Output, Status};
use crate::domain::words::Stanza;

/// The program, looked up on `PATH`.
const PROGRAM: &str = "pgbackrest";

/// pgBackRest with one configuration file, run as the user of the workload.
#[derive(Clone, Debug)]
pub struct PgBackRest {
    config: PathBuf,
    user: WorkloadUser,
    locks: Option<PathBuf>,
}

impl PgBackRest {
    /// pgBackRest with this configuration file (`Layout::pgbackrest_config`).
    pub fn new(config: PathBuf, user: WorkloadUser) -> Self {
        Self {
            config,
            user,
            locks: None,
        }
    }

    /// The same with locks of its own, in another directory than the configuration's.
    ///
    /// Asynchronous archiving without a stanza holds its lock while it retries, and `stanza-create` waits for the same
    /// one: neither would ever come to its end.
    #[must_use]
    pub fn with_locks_in(self, directory: PathBuf) -> Self {
        Self {
            locks: Some(directory),
            ..self
        }
    }

    /// Program and arguments, for a job that runs the command elsewhere. Its log, errors included, goes to standard
    /// output.
    pub fn argv(&self, command: &Command) -> Vec<String> {
        let mut argv = vec![PROGRAM.to_owned()];
        argv.extend(self.arguments(command, "off"));
        argv
    }

    fn arguments(&self, command: &Command, errors: &str) -> Vec<String> {
        let mut arguments = command.arguments();
        if *command != Command::Version {
            // Options may stand anywhere after the command; paths of commands that take some stay last this way.
            arguments.splice(
                1..1,
                [
                    format!("--config={}", self.config.display()),
                    format!("--log-level-console={}", command.log_level()),
                    format!("--log-level-stderr={errors}"),
                ]
                .into_iter()
                .chain(
                    self.locks
                        .iter()
                        .map(|locks| format!("--lock-path={}", locks.display())),
                ),
            );
        }
        arguments
    }

    fn process(&self, command: &Command) -> process::Command {
        process::Command::new(PROGRAM)
            .args(self.arguments(command, "error"))
            .as_workload(&self.user)
    }

    /// Runs the command; anything but exit code 0 is an error.
    pub fn run(&self, command: &Command, deadline: Deadline) -> Result<Output, PgBackRestError> {
        finished(command, self.process(command).run(deadline))
    }

    /// Runs the command and hands over each line it logs.
    pub fn run_streaming(
        &self,
        command: &Command,
        deadline: Deadline,
        line: &mut dyn FnMut(&str),
    ) -> Result<(), PgBackRestError> {
        let output = self.process(command).run_streaming(deadline, line);
        finished(command, output).map(|_| ())
    }

    /// What the repository holds. A stanza that is not there answers with status code 1; a repository that cannot be
    /// read is an error, although pgBackRest exits with 0 then.
    pub fn info(
        &self,
        stanza: Option<&Stanza>,
        deadline: Deadline,
    ) -> Result<Vec<info::Stanza>, PgBackRestError> {
        let command = Command::Info {
            stanza: stanza.cloned(),
            set: None,
        };
        let output = self.run(&command, deadline)?;
        let stanzas = info::parse(&output.stdout).map_err(|source| unreadable(&command, source))?;
        match stanzas
            .iter()
            .find(|stanza| stanza.status.code == UNREADABLE_REPOSITORY)
        {
            Some(failed) => Err(reported(command.name(), &failed.status.message)),
            None => Ok(stanzas),
        }
    }

    /// A file of the repository; `None` when it is not there.
    pub fn repo_get(
        &self,
        path: &str,
        deadline: Deadline,
    ) -> Result<Option<Vec<u8>>, PgBackRestError> {
        let mut content = Vec::new();
        let mut collect = |piece: &[u8]| content.extend_from_slice(piece);
        let found = self.repo_get_in_pieces(path, deadline, &mut collect)?;
        Ok(found.then_some(content))
    }

    /// The same in pieces, while pgBackRest fetches the next ones. Answers whether the file is there; what came before an error
    /// counts for nothing.
    ///
    /// To `repo-get` a bucket that does not exist is one without the file. A listing knows the difference, so that is
    /// asked for before a file is called absent.
    pub fn repo_get_in_pieces(
        &self,
        path: &str,
        deadline: Deadline,
        piece: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, PgBackRestError> {
        let command = Command::RepoGet {
            path: path.to_owned(),
        };
        let output = self.process(&command).run_in_pieces(deadline, piece);
        match finished(&command, output) {
            Ok(_) => Ok(true),
            // Its own configuration can be the missing file, too.
            Err(PgBackRestError::Failed {
                kind: ExitKind::Missing,
                message,
                ..
            }) if message.contains(&format!("/{path}'")) => {
                let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
                self.repo_ls(directory, deadline).map(|_| false)
            }
            Err(error) => Err(error),
        }
    }

    /// The names directly below a path of the repository, sorted; none when it is not there.
    pub fn repo_ls(&self, path: &str, deadline: Deadline) -> Result<Vec<String>, PgBackRestError> {
        let command = Command::RepoLs {
            path: path.to_owned(),
            recursive: false,
        };
        let output = self.run(&command, deadline)?;
        let entries: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&output.stdout)
                .map_err(|source| unreadable(&command, source))?;
        let mut names: Vec<_> = entries.into_iter().map(|(name, _)| name).collect();
        names.retain(|name| name != ".");
        names.sort();
        Ok(names)
    }

    /// The installed version.
    pub fn version(&self, deadline: Deadline) -> Result<Version, PgBackRestError> {
        let said = self.run(&Command::Version, deadline)?.text();
        said.parse().map_err(|()| PgBackRestError::NoVersion {
            said: said.trim().to_owned(),
        })
    }
}

fn finished(
    command: &Command,
    output: Result<Output, process::ProcessError>,
) -> Result<Output, PgBackRestError> {
    let command = command.name();
    let output = output.map_err(|source| PgBackRestError::Run { command, source })?;
    match output.status {
        Status::Exited(0) => Ok(output),
        Status::Exited(code) => Err(failure(command, code, &output.stderr)),
        Status::Signalled(signal) => Err(PgBackRestError::Killed { command, signal }),
    }
}

fn unreadable(command: &Command, source: serde_json::Error) -> PgBackRestError {
    PgBackRestError::Unreadable {
        command: command.name(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_last_and_a_job_logs_everything_to_one_place() {
        let user = WorkloadUser::find().unwrap();
        let pgbackrest = PgBackRest::new("/c/pgbackrest.conf".into(), user);
        let get = Command::RepoGet {
            path: "backup/s/backup.info".to_owned(),
        };
        assert_eq!(
            format!("{:?}", pgbackrest.process(&get)),
            "pgbackrest repo-get --config=/c/pgbackrest.conf --log-level-console=off \
             --log-level-stderr=error backup/s/backup.info"
        );
        let check = Command::Check {
            stanza: "s".parse().unwrap(),
            archive_timeout: None,
        };
        assert_eq!(
            pgbackrest.argv(&check).join(" "),
            "pgbackrest check --config=/c/pgbackrest.conf --log-level-console=info \
             --log-level-stderr=off --stanza=s"
        );
        assert_eq!(
            pgbackrest.argv(&Command::Version),
            ["pgbackrest", "version"]
        );
    }
}
