//! What the init hands to a launcher.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct ExecRequest {
    pub program: String,
    /// Including the zeroth.
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
    /// Names (or `NAME=value` pairs) taken out of the environment in the end.
    pub unset_environment: Vec<String>,
    pub search_path: String,
    pub working_directory: Option<PathBuf>,
    pub working_directory_optional: bool,
    /// The working directory is the user's home.
    pub working_directory_home: bool,
    pub user: Option<String>,
    pub group: Option<String>,
    pub supplementary_groups: Vec<String>,
    pub umask: u32,
    pub nice: Option<i32>,
    pub limits: Vec<(String, Option<u64>, Option<u64>)>,
    pub input: Source,
    pub output: Destination,
    pub error: Destination,
    /// A named pipe whose closing tells that the program runs.
    pub started: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// What the launcher was started with.
    Inherited,
    File(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    Inherited,
    /// The same as standard output.
    LikeOutput,
    Append(PathBuf),
    Truncate(PathBuf),
    /// Written from the start without truncating.
    File(PathBuf),
}

/// Without the environment, which may hold secrets.
impl fmt::Debug for ExecRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExecRequest")
            .field("program", &self.program)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
