//! Runs commands.

use std::path::PathBuf;

use super::capabilities::Version;
use super::{Command, PgBackRestError, info};
use crate::adapters::host::WorkloadUser;
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::process;
use crate::domain::words::Stanza;

/// pgBackRest with one configuration file, run as the user of the workload.
#[derive(Clone, Debug)]
pub struct PgBackRest {
    config: PathBuf,
    user: WorkloadUser,
}

impl PgBackRest {
    /// pgBackRest with this configuration file (`Layout::pgbackrest_config`).
    pub fn new(config: PathBuf, user: WorkloadUser) -> Self {
        Self { config, user }
    }

    /// The process that runs the command, for a job to start it elsewhere.
    pub fn argv(&self, command: &Command) -> Vec<String> {
        let _ = (&self.config, &self.user, command);
        unimplemented!()
    }

    /// Runs the command and returns its standard output.
    pub fn run(
        &self,
        command: &Command,
        deadline: Deadline,
    ) -> Result<process::Output, PgBackRestError> {
        let _ = (command, deadline);
        unimplemented!()
    }

    /// Runs the command and hands over each line it logs.
    pub fn run_streaming(
        &self,
        command: &Command,
        deadline: Deadline,
        line: &mut dyn FnMut(&str),
    ) -> Result<(), PgBackRestError> {
        let _ = (command, deadline, line);
        unimplemented!()
    }

    /// What the repository holds.
    pub fn info(
        &self,
        stanza: Option<&Stanza>,
        deadline: Deadline,
    ) -> Result<Vec<info::Stanza>, PgBackRestError> {
        let _ = (stanza, deadline);
        unimplemented!()
    }

    /// A file of the repository; `None` when it is not there.
    pub fn repo_get(
        &self,
        path: &str,
        deadline: Deadline,
    ) -> Result<Option<Vec<u8>>, PgBackRestError> {
        let _ = (path, deadline);
        unimplemented!()
    }

    /// The names directly below a path of the repository, sorted; none when it is not there.
    pub fn repo_ls(&self, path: &str, deadline: Deadline) -> Result<Vec<String>, PgBackRestError> {
        let _ = (path, deadline);
        unimplemented!()
    }

    /// The installed version.
    pub fn version(&self, deadline: Deadline) -> Result<Version, PgBackRestError> {
        let _ = deadline;
        unimplemented!()
    }
}
