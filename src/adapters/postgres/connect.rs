//! Sessions with a PostgreSQL server.

use std::path::PathBuf;

use super::PostgresError;
use crate::adapters::host::clock::Deadline;

/// A server of this machine, reached through its Unix socket; peer authentication says who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Directory of the socket.
    pub socket_dir: PathBuf,
    /// Port, which is part of the socket's name.
    pub port: u16,
    /// Role to log in as.
    pub user: String,
    /// Database to log in to.
    pub database: String,
}

/// A session. All its calls share one deadline, the one it was opened with until [`Database::until`] sets another.
pub struct Database {
    deadline: Deadline,
}

impl Database {
    /// Opens a session.
    pub fn connect(target: &Target, deadline: Deadline) -> Result<Self, PostgresError> {
        let _ = target;
        let _ = Self { deadline };
        unimplemented!()
    }

    /// From now on calls may take until `deadline`.
    pub fn until(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }
}
